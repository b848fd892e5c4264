"""Presentations (.pptx, .odp) → ``Document``: a slide is a page, its title a heading.

``powerpoint.py`` and ``open_document.py`` read each kind into the ``Slide``s of ``slide.py``, which
orders and writes them; ``diagrams.py`` reads PowerPoint's tables and SmartArt.
"""
