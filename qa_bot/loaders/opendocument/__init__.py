"""OpenDocument texts and slides (.odt, .odp) → ``Document``, from their XML. Read ``text.py`` first.

``package.py`` opens the file and knows its styles, ``inline.py`` reads paragraphs, ``lists.py``
numbers them, ``tables.py`` reads tables; ``slides.py`` is for presentations. Spreadsheets are in
``sheets/``.
"""
