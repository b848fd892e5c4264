"""HTML → ``Document``, with lxml. Read ``load.py`` first.

``parts.py`` and ``tables.py`` read what stands inside a page; ``markup.py`` is shared with EPUB.
"""
