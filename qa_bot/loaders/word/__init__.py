"""Word (.docx) → ``Document``, from its XML. Read ``load.py`` first.

``package.py`` opens the file, ``elements.py`` finds what stands in its parts, ``styles.py`` tells
headings and lists, ``tables.py`` reads tables.
"""
