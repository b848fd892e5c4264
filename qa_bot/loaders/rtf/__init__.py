"""Rich text (.rtf) → ``Document``: ``load.py`` follows its control words.

``words.py`` cuts them, ``state.py`` is what holds meanwhile. striprtf gives text alone: no
headings, notes in the middle of sentences, and of merged cells and headers no trace.
"""
