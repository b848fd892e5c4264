"""PDF → ``Document``, through the pages' drawing operators. Read ``load.py`` first.

A page becomes glyphs (``drawing``, ``fonts``), lines and columns, tables, paragraphs and headings;
``outline`` and ``contents`` say how sections nest, ``ocr`` recognises pages without text.
"""
