"""A sheet as every make of spreadsheet is read into: the texts of its cells, as people see them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

MOST_CELLS = 4_000_000  # with something in them, of a whole file
MOST_COLUMNS = 16_384
MOST_ROWS = 1_048_576

Place = tuple[int, int]
"""A row and a column, from 0."""


@dataclass(slots=True)
class Sheet:
    """One sheet.

    ``rows`` has for each row in which something stands the texts by their columns, in order.
    ``merged`` says how many rows and columns a cell is over, by the place where it begins.
    ``headers`` are the rows that the file itself calls the header of a table.
    """

    name: str
    rows: dict[int, dict[int, str]] = field(default_factory=dict)
    merged: dict[Place, tuple[int, int]] = field(default_factory=dict)
    headers: set[int] = field(default_factory=set)
    comments: list[tuple[Place, str]] = field(default_factory=list)
    drawn: list[tuple[Place, str]] = field(default_factory=list)  # in boxes over the cells


@dataclass(slots=True)
class Workbook:
    """All sheets that can be seen, and what is to be said of the others."""

    title: str = ""
    sheets: list[Sheet] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class Budget:
    """How many cells may still be read, of all sheets together."""

    def __init__(self, most: int = MOST_CELLS) -> None:
        self._left = most

    def take(self, cells: int) -> bool:
        """Whether so many more cells may be read."""
        self._left -= cells
        return self._left >= 0


def cell_name(row: int, column: int) -> str:
    """A cell's name, "B4" for row 3 and column 1."""
    letters = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row + 1}"


def range_name(row: int, left: int, right: int) -> str:
    """The cells of one row, from a column to another: "B4:D4", or "B4"."""
    first = cell_name(row, left)
    return first if left == right else f"{first}:{cell_name(row, right)}"


def place_of(name: str) -> Place | None:
    """The place of a cell: (3, 1) for "B4" or "$B$4"; None for what names none."""
    name = name.replace("$", "")
    letters = name.rstrip("0123456789")
    digits = name[len(letters) :]
    if not (0 < len(letters) <= 3 and letters.isascii() and letters.isalpha()):
        return None
    if not 0 < len(digits) <= 7:
        return None
    column = 0
    for letter in letters.upper():
        column = 26 * column + ord(letter) - ord("A") + 1
    row = int(digits)
    return (row - 1, column - 1) if 0 < row <= MOST_ROWS and column <= MOST_COLUMNS else None


def area_of(reference: str) -> tuple[Place, Place] | None:
    """The first and last place of a range: "B4:D9"; None for what names none."""
    first, _, last = reference.partition(":")
    start, end = place_of(first), place_of(last or first)
    if start is None or end is None or end[0] < start[0] or end[1] < start[1]:
        return None
    return start, end


def merged_areas(references: Iterator[str]) -> dict[Place, tuple[int, int]]:
    """How many rows and columns the cells of these ranges are over, by where they begin."""
    areas = filter(None, map(area_of, references))
    return {
        start: (end[0] - start[0] + 1, end[1] - start[1] + 1)
        for start, end in areas
        if start != end
    }
