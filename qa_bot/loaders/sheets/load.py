"""Spreadsheets: a sheet is a section, and each line's place in the file are its cells."""

from __future__ import annotations

from pathlib import Path

from qa_bot.loaders.archive import Archive
from qa_bot.loaders.paging import with_places
from qa_bot.loaders.sheets.layout import Layout
from qa_bot.loaders.sheets.sheet import Workbook
from qa_bot.records import Document

_HEAD = 4096  # bytes
_NAMED = 5  # hidden sheets that are named


def load_excel(path: Path, document_id: str) -> Document:
    """Read an Excel workbook (.xlsx, .xlsm)."""
    from qa_bot.loaders.sheets.excel import read_excel

    with Archive(path) as archive:
        return laid_out(read_excel(archive), document_id)


def load_binary_excel(path: Path, document_id: str) -> Document:
    """Read a binary workbook of Excel (.xlsb)."""
    from qa_bot.loaders.sheets.binary import read_binary

    return laid_out(read_binary(path), document_id)


def load_old_excel(path: Path, document_id: str) -> Document:
    """Read an Excel workbook of before 2007 (.xls).

    Many programs write HTML under the old suffix, or a workbook of the newer kind.
    """
    from qa_bot.loaders.sheets.binary import read_old

    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(b"PK"):
        return load_excel(path, document_id)
    if b"<html" in head.lower() or b"<table" in head.lower():
        from qa_bot.loaders.html.load import load_web_page

        return load_web_page(path, document_id)

    return laid_out(read_old(path), document_id)


def load_open_sheets(path: Path, document_id: str) -> Document:
    """Read an OpenDocument spreadsheet (.ods)."""
    from qa_bot.loaders.sheets.open_document import read_open_sheets

    with Archive(path) as archive:
        return laid_out(read_open_sheets(archive), document_id)


def laid_out(workbook: Workbook, document_id: str) -> Document:
    """A workbook as a document; sheets that are hidden are named, and left out."""
    layout = Layout()
    for sheet in workbook.sheets:
        layout.add(sheet)
        sheet.rows.clear()  # the texts are kept once
    warnings = list(workbook.warnings)
    if workbook.hidden:
        names = ", ".join(f"“{name}”" for name in workbook.hidden[:_NAMED])
        more = len(workbook.hidden) - _NAMED
        warnings.append(
            f"hidden sheets are left out: {names}" + (f" and {more:,} more" if more > 0 else "")
        )
    document = layout.writer.document(document_id, workbook.title, warnings=tuple(warnings))
    return with_places(document, layout.marks, "cells")
