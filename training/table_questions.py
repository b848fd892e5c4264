"""Questions on tables whose answers are cells: WikiTableQuestions, TAT-QA, AIT-QA, and by rule.

Tables are held out whole, TAT-QA's by report: one in ``HELD_OUT``, by a hash with ``SEED``.
WikiTableQuestions has a split of its own, whose ``test`` nothing here is fitted on.
"""

from __future__ import annotations

import gzip
import hashlib
import html
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qa_bot.tables import Cell, Table
from qa_bot.text import CELLS
from training.examples import Example

SEED = 21
HELD_OUT = 5

Place = tuple[int, int]
"""Row, headers included, and column, from 0."""


@dataclass(frozen=True, slots=True)
class TableQuestion:
    """A question, the table that answers it, and the places of the cells that do.

    ``table`` names it among those of its source; ``heads`` of ``grid``'s rows are told to be
    headers, 0 where the file doesn't tell. ``paragraphs`` stand before it.
    """

    source: str
    table: str
    title: str
    question: str
    grid: tuple[tuple[str, ...], ...]
    heads: int
    places: frozenset[Place]
    held_out: bool
    paragraphs: tuple[str, ...] = ()

    @property
    def document(self) -> str:
        """The name of the table's file."""
        return f"{self.source}-{hashlib.sha256(self.table.encode()).hexdigest()[:12]}.html"

    @property
    def page(self) -> str:
        """The table as a page of its own."""
        rows = []
        for number, row in enumerate(self.grid):
            tag = "th" if number < self.heads else "td"
            rows.append("".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row))
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        text = "".join(f"<p>{html.escape(one)}</p>" for one in self.paragraphs)
        return f"<title>{html.escape(self.title)}</title>{text}<table>{body}</table>"


def is_held_out(name: str) -> bool:
    """Whether a table, or a report's, is kept for measuring."""
    digest = hashlib.sha256(f"{SEED}:{name}".encode()).digest()
    return int.from_bytes(digest[:4]) % HELD_OUT == 0


def wikitables(folder: Path) -> Iterator[TableQuestion]:
    """Those that are answered by cells of one row."""
    tables = {one["table"]: one for one in _lines(folder / "wikitables/wtq-tables.jsonl.gz")}
    for one in _lines(folder / "wikitables/wtq-questions.jsonl.gz"):
        if one["one_row"]:
            table = tables[one["table"]]
            yield TableQuestion(
                "wikitables",
                one["table"],
                table["title"],
                one["question"],
                (_row(table["header"]), *map(_row, table["rows"])),
                1,
                frozenset((row + 1, column) for row, column in one["cells"]),
                one["split"] == "test",
            )


def tatqa(folder: Path) -> Iterator[TableQuestion]:
    """Those that a single cell of the table answers."""
    tables = {one["document"]: one for one in _lines(folder / "tatqa/documents.jsonl.gz")}
    for one in _lines(folder / "tatqa/questions.jsonl.gz"):
        if one["kind"] != "span" or one["history"] or len(one["cells"]) != 1 or one["spans"]:
            continue
        table = tables[one["document"]]
        yield TableQuestion(
            "tatqa",
            one["document"],
            "Report",
            one["question"],
            tuple(map(_row, table["table"])),
            0,
            frozenset((row, column) for row, column in one["cells"]),
            is_held_out(table["report"]),
            tuple(table["paragraphs"]),
        )


# Its questions have each other's answers: "cargo revenue" that of all passengers, whose question
# has the one of travel, and so on around.
_MIXED_UP = frozenset({"tab-70"})


def aitqa(folder: Path) -> Iterator[TableQuestion]:
    """Tables of airlines' reports; a group of rows is told once, in a row of its own."""
    tables = {one["id"]: one for one in _lines(folder / "finqa/aitqa-tables.jsonl.gz")}
    for one in _lines(folder / "finqa/aitqa-questions.jsonl.gz"):
        if one["table"] in _MIXED_UP:
            continue
        table = tables[one["table"]]
        grid, places, heads = _hierarchical(table)
        yield TableQuestion(
            "aitqa",
            one["table"],
            "Report",
            one["question"],
            tuple(map(tuple, grid)),
            heads,
            frozenset(places[row, column] for row, column in one["cells"]),
            is_held_out(one["table"]),
        )


def _hierarchical(table: dict[str, Any]) -> tuple[list[list[str]], dict[Place, Place], int]:
    """The rows with their headers and groups, where each cell of the data is, the header rows."""
    has_labels = bool(table["row_header"])
    depth = max(map(len, table["column_header"]), default=0)
    grid = []
    for level in range(depth):
        names = [path[level] if level < len(path) else "" for path in table["column_header"]]
        grid.append([*([""] * has_labels), *map(_text, names)])
    places: dict[Place, Place] = {}
    outer: list[str] = []
    for number, values in enumerate(table["data"]):
        path = table["row_header"][number] if number < len(table["row_header"]) else []
        if path[:-1] != outer:
            outer = path[:-1]
            grid += [[_text(name), *([""] * len(values))] for name in outer]
        for column in range(len(values)):
            places[number, column] = (len(grid), column + has_labels)
        grid.append([*([_text(path[-1] if path else "")] * has_labels), *map(_text, values)])
    return grid, places, depth


def by_rule(examples: Sequence[Example]) -> Iterator[TableQuestion]:
    """The tables made by rule (``training/tables.py``), with a title."""
    for one in examples:
        lines = one.text.split("\n")
        start = one.answers[0][0]
        row = one.text.count("\n", 0, start)
        column = one.text.count(CELLS, one.text.rfind("\n", 0, start) + 1, start)
        yield TableQuestion(
            "rule",
            one.document,
            one.heading or "List",
            one.question,
            tuple(tuple(line.split(CELLS)) for line in lines),
            1,
            frozenset({(row, column)}),
            held_out=False,
        )


def gold(question: TableQuestion, table: Table, text: str) -> set[Cell]:
    """The cells of the record that answer: those of the same text, in a row with the same texts.

    Columns that only keep space are gone from the record, and rows without any text. A cell of
    the row that says the same answers as well: annotators took the first one that they found.
    """
    mine: dict[int, list[Cell]] = {}
    for cell in table.cells:
        mine.setdefault(cell.row, []).append(cell)
    said = {row: [_plain(text[c.start : c.end]) for c in cells] for row, cells in mine.items()}
    found: set[Cell] = set()
    for row, column in question.places:
        wanted = [_plain(cell) for cell in question.grid[row] if _plain(cell)]
        alike = [number for number, texts in said.items() if "".join(texts) == "".join(wanted)]
        if not alike or not _plain(question.grid[row][column]):
            continue
        own = min(alike, key=lambda number: abs(number - row))
        found.update(
            cell
            for cell, one in zip(mine[own], said[own], strict=True)
            if _plain(question.grid[row][column]) in (one, one.lstrip("$"))
        )
    return found


def _plain(text: str) -> str:
    return "".join(text.split())


def _text(value: object) -> str:
    return " ".join(str(value).split())


def _row(cells: Sequence[object]) -> tuple[str, ...]:
    return tuple(map(_text, cells))


def _lines(file: Path) -> Iterator[Any]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
