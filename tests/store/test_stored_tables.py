"""Tables in the database: whole, or the rows of a span, each with what names it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from qa_bot.errors import IndexDamagedError
from qa_bot.loaders.writing import Writer
from qa_bot.records import Document
from qa_bot.store import database, rows, tables
from qa_bot.store.database import explain_errors
from qa_bot.tables import Table

COUNT = 300  # rows, which make several parts


@pytest.fixture
def connection(tmp_path: Path) -> sqlite3.Connection:
    return database.open_writer(tmp_path)


def sample() -> Document:
    """A long table with a header, groups of rows and a unit, and a short one after it."""
    writer = Writer()
    body = [
        [f"Group {n // 50}:", "", ""] if n % 50 == 0 else [f"item {n}", f"{n * 7}", f"{n * 9}"]
        for n in range(COUNT)
    ]
    writer.table([["(in thousands)", "2023", "2022"], *body], 1, "Table 1. Costs")
    writer.append("paragraph", "In between.")
    writer.table([["Bird", "Count"], ["heron", "3"], ["stork", "4"]], 1)
    return writer.document("a.md", "Costs")


def save(connection: sqlite3.Connection, document: Document) -> None:
    database.save_document(connection, document, (), (), staged=False)


def found(connection: sqlite3.Connection, start: int, end: int) -> Sequence[Table]:
    """What is read of a span."""
    read = rows.read_tables(connection, "a.md", (start, end))
    assert read is not None
    return read


def test_tables_come_back_as_they_were(connection: sqlite3.Connection) -> None:
    made = sample()
    save(connection, made)
    assert rows.read_document(connection, "a.md") == made
    assert rows.read_tables(connection, "a.md", None) == made.tables
    assert rows.read_tables(connection, "b.md", None) is None


@pytest.mark.parametrize("size", [1, 7, 64, 1_000])
def test_the_rows_of_a_span_come_with_their_headers_and_their_group(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(tables, "ROWS", size)
    made = sample()
    save(connection, made)
    for row in ("item 1 ", "item 49 ", "item 64 ", "item 65 ", "item 299 "):
        start = made.text.index(row)
        end = made.text.index("\n", start)
        (read,) = found(connection, start, end)
        shown = [made.text[cell.start : cell.end] for cell in read.cells]
        number = int(row.split()[1])
        assert shown == [
            *("(in thousands)", "2023", "2022"),
            f"Group {number // 50}:",
            *(f"item {number}", f"{number * 7}", f"{number * 9}"),
        ]
        assert read == made.tables[0].within(start, end)
    between = made.text.index("In between")
    assert found(connection, between, between + 5) == ()
    assert found(connection, between - 3, len(made.text))[1] == made.tables[1]


def test_damaged_cells_are_noticed(connection: sqlite3.Connection, tmp_path: Path) -> None:
    save(connection, sample())
    packed = connection.execute("SELECT cells FROM table_parts").fetchone()[0]
    connection.execute("UPDATE table_parts SET cells = ?", (packed[:-4] + b"oops",))
    with pytest.raises(IndexDamagedError), explain_errors(tmp_path):
        rows.read_tables(connection, "a.md", None)
