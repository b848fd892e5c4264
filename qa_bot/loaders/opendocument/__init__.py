"""OpenDocument texts (.odt) → ``Document``, from their XML. Read ``text.py`` first.

``package.py`` opens the file and knows its styles, ``inline.py`` reads paragraphs, ``lists.py``
numbers them, ``tables.py`` reads tables. Presentations are in ``slides/``, spreadsheets in
``sheets/``.
"""
