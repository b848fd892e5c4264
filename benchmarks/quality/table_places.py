"""Cells of tables in real PDFs, looked up by eye: are they read in their row and column?

``python -m benchmarks.quality.table_places`` reads the shared PDFs that ``table_places.jsonl``
names, and prints each cell that is read elsewhere, and the share in the right place. A line of
the file says what stands in a cell of a page, a phrase of what names its row, and one of its
column's header ("" where it has none, as in forms). They were read off the drawn pages.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.datasets import SHARED
from qa_bot.loaders import load_document
from qa_bot.records import Document
from qa_bot.tables import Cell, Table

FILE = Path(__file__).with_suffix(".jsonl")


@dataclass(frozen=True, slots=True)
class Place:
    """What stands in a cell, and what it is of."""

    document: str
    page: int  # from 1
    cell: str
    row: str
    column: str


def places() -> list[Place]:
    """All cells that were looked up."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return [Place(**json.loads(line)) for line in lines]


def is_right(place: Place, document: Document) -> bool:
    """Whether a table of that page has such a cell, named by that row and that column."""
    for table in _tables_of(place.page, document):
        for cell in table.cells:
            if _said(document, [cell]) == _words(place.cell):
                row = _said(document, _names(table, cell))
                column = _said(document, table.headers(cell))
                named = _words(place.column) in column if place.column else not column
                if _words(place.row) in row and named:
                    return True
    return False


def _tables_of(page: int, document: Document) -> Iterator[Table]:
    for span in document.pages:
        if span.page.number == page:
            yield from (
                one for one in document.tables if one.start < span.end and span.start < one.end
            )


def _names(table: Table, cell: Cell) -> list[Cell]:
    """A cell's labels; where there are none, as in a row of words, what stands before it."""
    row = [one for one in table.of_row(cell.row) if one.column < cell.column]
    return table.labels(cell) or row


def _said(document: Document, cells: list[Cell]) -> str:
    return _words(" ".join(document.text[one.start : one.end] for one in cells))


def _words(text: str) -> str:
    return " ".join(text.split())


def main() -> None:
    """Read all, print what is in the wrong place, and the share in the right one."""
    folder = SHARED / "pdfs"

    @cache
    def read(name: str) -> Document:
        return load_document(folder / name, name)

    found = places()
    wrong = [place for place in found if not is_right(place, read(place.document))]
    for one in wrong:
        print(f"{one.document} p. {one.page}: {one.cell!r} of {one.row!r}, {one.column!r}")
    right = len(found) - len(wrong)
    print(f"{right} of {len(found)} cells in their row and column: {right / len(found):.3f}")


if __name__ == "__main__":
    main()
