"""A table's rows as text, written as the loaders write them, and where its cells stand there."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa_bot.records import Span
from qa_bot.text import CELLS
from training.examples import LONGEST, around

KEYED = 0.3  # how many tables repeat the column's name in each cell
_SHORTEST = 250  # characters that the shortest piece may have, if the rows asked for fit
_NUMBER = re.compile(r"[\d,.]*\d[\d,.]*")
_YEAR = re.compile(r"(?:19|20)\d\d")

Table = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of a table below its header; the numbers of rows are those of the whole table."""

    text: str
    rows: dict[int, Span]
    cells: dict[tuple[int, int], Span]


def tidy(table: Sequence[Sequence[object]]) -> list[list[str]]:
    """The cells as text, their white space collapsed."""
    return [[" ".join(str(cell).split()) for cell in row] for row in table]


def header_rows(table: Table) -> int:
    """How many of the first rows name the columns: those before the first row of values.

    A row of values has a name and a number that is no year.
    """
    for number, row in enumerate(table):
        numbers = [one for cell in row[1:] for one in _NUMBER.findall(cell)]
        if row and row[0] and any(not _YEAR.fullmatch(one) for one in numbers):
            return max(number, 1)
    return 1


def piece(table: Table, headers: int, wanted: Sequence[int], chance: random.Random) -> Piece | None:
    """The header with the rows that are wanted and some around them; None where they don't fit."""
    keyed = headers == 1 and all(table[0]) and chance.random() < KEYED
    empty = chance.random() < 0.5  # whether empty cells leave a mark
    heads = table[0] if keyed else [""] * max(map(len, table))
    lines = [
        _line(row, heads if number >= headers else [""] * len(row), empty)
        for number, row in enumerate(table)
    ]
    sizes = [len(text) for text, _ in lines]
    room = LONGEST - sum(sizes[:headers]) - headers
    body = [number - headers for number in wanted if number >= headers] or [0]
    if not sizes[headers:]:
        return None
    shown = around(sizes[headers:], body, min(room, chance.randint(_SHORTEST, LONGEST)))
    shown = shown or around(sizes[headers:], body, room)
    if shown is None:
        return None
    text, rows, cells = "", {}, {}
    for number in [*range(headers), *(n + headers for n in shown)]:
        line, places = lines[number]
        if not line:
            continue
        start = len(text) + (1 if text else 0)
        text = f"{text}\n{line}" if text else line
        rows[number] = (start, len(text))
        for column, (first, last) in places.items():
            cells[number, column] = (start + first, start + last)
    return Piece(text, rows, cells)


def _line(row: Sequence[str], heads: Sequence[str], empty: bool) -> tuple[str, dict[int, Span]]:
    """The row's text, and where its cells stand in it."""
    text, places = "", dict[int, Span]()
    if not any(row):
        return text, places
    for column, cell in enumerate(row):
        if not cell and not empty:
            continue
        text += CELLS if text else ""
        head = heads[column] if column < len(heads) else ""
        text += f"{head}: " if head and cell else ""
        if cell:
            places[column] = (len(text), len(text) + len(cell))
        text += cell
    return text.rstrip(" |"), places
