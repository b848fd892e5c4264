"""Spreadsheets (.xlsx, .xls, .xlsb, .ods) → ``Document``. Read ``load.py`` first.

``excel.py``, ``binary.py`` and ``open_document.py`` read each make of file into the ``Sheet``s of
``sheet.py``; ``formats.py`` writes a number as its format shows it, ``layout.py`` lays a sheet out.
"""
