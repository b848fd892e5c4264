"""A document's tables in parts of a few rows, so that one row's cells are read without the rest.

A part holds its own cells and those of the group that its first row is in; the headers stand with
the table. Cells are lists of small numbers, mostly differences, deflated: 3 bytes for one, or so.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from itertools import groupby

from qa_bot.records import Document
from qa_bot.tables import KINDS, Cell, Span, Table

ROWS = 64  # of a part; what is read tells which rows it has, so this may change

_TABLES = """
SELECT ordinal, start, end, shape, headers FROM tables
WHERE document = :document AND (:start IS NULL OR max(start, :start) < min(end, :end))
ORDER BY ordinal
"""
_PARTS = """
SELECT cells FROM table_parts WHERE document = :document AND ordinal = :ordinal
AND (:start IS NULL OR max(start, :start) < min(end, :end)) ORDER BY start
"""


def save_tables(connection: sqlite3.Connection, number: int, document: Document) -> None:
    """Store the tables of the document with that internal id."""
    for ordinal, table in enumerate(document.tables):
        shape = [table.rows, table.columns, table.caption, table.unit]
        headers = [cell for cell in table.cells if cell.kind == "header"]
        connection.execute(
            "INSERT INTO tables VALUES (?, ?, ?, ?, ?, ?)",
            (number, ordinal, table.start, table.end, json.dumps(shape), _packed(headers)),
        )
        connection.executemany(
            "INSERT INTO table_parts VALUES (?, ?, ?, ?, ?)",
            [
                (number, ordinal, cells[0].start, cells[-1].end, _packed([*group, *cells]))
                for group, cells in _parts(table)
            ],
        )


def _parts(table: Table) -> Iterator[tuple[list[Cell], list[Cell]]]:
    """The cells of every so many rows, headers left out, after the group that they are in."""
    group: list[Cell] = []
    body = (cell for cell in table.cells if cell.kind != "header")
    for _, cells in groupby(body, lambda cell: cell.row // ROWS):
        part = list(cells)
        yield group, part
        group = [cell for cell in part if cell.kind == "group"][-1:] or group


def _packed(cells: Sequence[Cell]) -> bytes:
    numbers: list[int] = []
    row = column = place = 0
    for cell in cells:
        plain = cell.rows == cell.columns == 1
        numbers += (
            KINDS.index(cell.kind) if plain else KINDS.index(cell.kind) + len(KINDS),
            cell.row - row,
            cell.column - (column if cell.row == row else 0),
            cell.start - place,
            cell.end - cell.start,
        )
        if not plain:
            numbers += (cell.rows, cell.columns)
        row, column, place = cell.row, cell.column + 1, cell.end
    return zlib.compress(json.dumps(numbers, separators=(",", ":")).encode())


def _unpacked(packed: bytes) -> Iterator[Cell]:
    try:
        numbers = iter(json.loads(zlib.decompress(packed)))
    except zlib.error as error:
        raise sqlite3.DatabaseError("the cells of a table are damaged") from error
    row = column = place = 0
    for kind in numbers:
        down, right, gap, length = next(numbers), next(numbers), next(numbers), next(numbers)
        rows, columns = (next(numbers), next(numbers)) if kind >= len(KINDS) else (1, 1)
        column = (0 if down else column) + right
        row, start = row + down, place + gap
        place = start + length
        yield Cell(KINDS[kind % len(KINDS)], start, place, row, column, rows, columns)
        column += 1


def read_tables(
    connection: sqlite3.Connection, number: int, span: Span | None = None
) -> tuple[Table, ...]:
    """The tables of a document; with a span just the rows that share a character with it.

    Such rows come with the headers of their table, and the group that they are in.
    """
    bounds = {"document": number, "start": span and span[0], "end": span and span[1]}
    tables = []
    for ordinal, start, end, shape, headers in connection.execute(_TABLES, bounds).fetchall():
        parts = connection.execute(_PARTS, {**bounds, "ordinal": ordinal}).fetchall()
        cells = {cell for (packed,) in ((headers,), *parts) for cell in _unpacked(packed)}
        ordered = tuple(sorted(cells, key=lambda cell: (cell.start, cell.row)))
        rows, columns, caption, unit = json.loads(shape)
        table = Table(start, end, rows, columns, ordered, _span(caption), _span(unit))
        tables.append(table.within(*span) if span else table)
    return tuple(tables)


def _span(stored: Sequence[int] | None) -> Span | None:
    return (stored[0], stored[1]) if stored else None
