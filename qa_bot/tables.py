"""Tables as records: which text stands in which row and column, and what names it.

Offsets are code points into ``Document.text``, ``end`` exclusive; rows and columns count from 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

Span = tuple[int, int]
"""``(start, end)`` in code points, ``end`` exclusive."""

CellKind = Literal["header", "label", "group", "value"]
"""Names a column; names a row; names the rows below it, alone in its row; is named by others."""

KINDS: tuple[CellKind, ...] = ("header", "label", "group", "value")


@dataclass(frozen=True, slots=True)
class Cell:
    """What one cell says: the text of ``start`` to ``end``, never empty.

    It reaches over ``rows`` rows and ``columns`` columns from its own on. Where the text tells it
    again in a row or column that it reaches over, that is a cell as well, over what is left of
    them: so each row has all that is written in it, and ``laid_out`` leaves those out.
    """

    kind: CellKind
    start: int
    end: int
    row: int
    column: int
    rows: int = 1
    columns: int = 1

    @property
    def span(self) -> Span:
        """Where it stands."""
        return self.start, self.end


@dataclass(frozen=True, slots=True)
class Table:
    """A table, or the rows of one that somebody asked for.

    Invariants: ``cells`` are in the order of the text, which is by row, then column; each is
    inside ``start`` to ``end``, from the first row's first character to the last row's last one.
    Empty cells are none. A row has cells of kind "value", or "header" and "group" alone.
    """

    start: int
    end: int
    rows: int  # of the whole table
    columns: int
    cells: tuple[Cell, ...]
    caption: Span | None = None  # above the rows, or below them
    unit: Span | None = None  # what its numbers are counted in, where it says so: "in millions"

    def of_row(self, row: int) -> list[Cell]:
        """The cells that reach over a row, by column: of one that is told again, its own."""
        return self.by_row([row])[row]

    def by_row(self, rows: Iterable[int]) -> dict[int, list[Cell]]:
        """The cells that reach over each of some rows, as ``of_row`` has them."""
        found: dict[int, list[Cell]] = {row: [] for row in rows}
        for cell in self.cells:
            for row in range(cell.row, cell.row + cell.rows):
                if row in found:
                    found[row].append(cell)
        return {row: _untold(cells) for row, cells in found.items()}

    def headers(self, cell: Cell) -> list[Cell]:
        """The headers over a cell's columns, outermost first."""
        above = [
            header
            for header in self.cells
            if header.kind == "header" and header.row < cell.row and _share_column(header, cell)
        ]
        if not above:
            return []
        # Where a header comes again further down, the last one counts.
        nearest = max(header.row for header in above)
        block = {nearest}
        while min(block) - 1 in {header.row for header in above}:
            block.add(min(block) - 1)
        return laid_out(header for header in above if header.row in block)

    def labels(self, cell: Cell) -> list[Cell]:
        """What names a cell's row, outermost first: its group, then the labels nearest before it.

        In a form of several columns of names, with a value behind each, it is the cell's own.
        """
        groups = [group for group in self.cells if group.kind == "group" and group.row < cell.row]
        return [*groups[-1:], *own_labels(cell, self.of_row(cell.row))]

    def within(self, start: int, end: int) -> Table:
        """The table with just the rows that share a character with a span of the text.

        Their headers and the group that they are in come with them.
        """
        rows = {cell.row for cell in self.cells if cell.start < end and cell.end > start}
        first = min(rows, default=0)
        groups = [cell.row for cell in self.cells if cell.kind == "group" and cell.row < first]
        rows.update(groups[-1:])
        kept = tuple(
            cell
            for cell in self.cells
            if cell.kind == "header"
            or cell.row in rows
            or (cell.rows > 1 and not rows.isdisjoint(range(cell.row, cell.row + cell.rows)))
        )
        return replace(self, cells=kept)


@dataclass(frozen=True, slots=True)
class QuotedTable:
    """The table that a quote is of, and what in it answers.

    ``table`` has the quote's rows with their headers and their group. ``rows`` are the marked
    ones, by number; ``cell`` is the one that answers, None where only its row is sure.
    ``headers`` and ``labels`` name that cell, or the marked rows, outermost first.
    """

    table: Table
    rows: tuple[int, ...] = ()
    cell: Cell | None = None
    headers: tuple[Span, ...] = ()
    labels: tuple[Span, ...] = ()


def own_labels(cell: Cell, row: Sequence[Cell]) -> list[Cell]:
    """The labels nearest before a cell, in its row."""
    own: list[Cell] = []
    for other in reversed(row):
        if other.column < cell.column and other.kind == "label":
            own.insert(0, other)
        elif own:
            break
    return own


def laid_out(cells: Iterable[Cell]) -> list[Cell]:
    """The cells without those that another one, told before, reaches over."""
    taken: set[tuple[int, int]] = set()
    found = []
    for cell in cells:
        if (cell.row, cell.column) not in taken:
            found.append(cell)
            if cell.rows > 1 or cell.columns > 1:
                taken.update(
                    (row, column)
                    for row in range(cell.row, cell.row + cell.rows)
                    for column in range(cell.column, cell.column + cell.columns)
                )
    return found


def _untold(cells: Iterable[Cell]) -> list[Cell]:
    """A row's cells by column; of one that is told again further down, the row's own."""
    taken: set[int] = set()
    kept = []
    for cell in sorted(cells, key=lambda cell: (-cell.row, cell.column)):
        columns = range(cell.column, cell.column + cell.columns)
        if taken.isdisjoint(columns):
            kept.append(cell)
            taken.update(columns)
    return sorted(kept, key=lambda cell: cell.column)


def _share_column(a: Cell, b: Cell) -> bool:
    return a.column < b.column + b.columns and b.column < a.column + a.columns
