"""HTML tables → rows of text, cells over several rows and columns laid out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa_bot.loaders.table_grid import Grid
from qa_bot.loaders.table_shape import first_row_is, headers_by_merges, headers_over_names, spread

if TYPE_CHECKING:
    from lxml import etree

_MOST_HEADER_ROWS = 4  # more is a table without any other cells


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell, over one or more rows and columns."""

    text: str
    rows: int
    columns: int
    is_head: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A row of cells; ``in_head`` where it stands in ``<thead>``."""

    cells: list[Cell]
    in_head: bool

    @property
    def is_head(self) -> bool:
        """Whether it names the columns."""
        return self.in_head or all(cell.is_head for cell in self.cells)


class Table:
    """A table of data: its rows, as they are read."""

    def __init__(self, element: etree._Element, caption: str) -> None:
        self.element = element
        self.caption = caption
        self.rows: list[Row] = []

    def grid(self, spare: int) -> Grid:
        """Its cells laid out, one for each column, so that none shifts.

        A cell over several rows or columns is told in all of them, as far as
        ``spare`` characters allow; one that is a whole row is told once.
        """
        rows: list[list[str]] = []
        merged: dict[tuple[int, int], tuple[int, int]] = {}
        labels: set[tuple[int, int]] = set()
        over: dict[int, tuple[int, str]] = {}  # column → rows to go, the text of the cell over them
        for at, row in enumerate(self.rows):
            texts: list[str] = []
            below: dict[int, tuple[int, str]] = {}
            is_alone = len(row.cells) == 1 and not over
            cells = iter(row.cells)
            while True:
                column = len(texts)
                if column in over:
                    left, text = over.pop(column)
                    again = [text]
                    texts.append(text)
                    if left > 1 and spare > 0:
                        below[column] = (left - 1, text)
                elif (cell := next(cells, None)) is not None:
                    columns = 1 if is_alone or spare <= 0 else cell.columns
                    told = spread(cell.text, columns)
                    again = told[1:]
                    texts += told
                    if cell.rows > 1 and spare > 0:
                        below.update({column + i: (cell.rows - 1, t) for i, t in enumerate(told)})
                    if (reach := (cell.rows, cell.columns)) != (1, 1) and spare > 0:
                        merged[at, column] = reach
                    if cell.is_head:
                        labels.add((at, column))
                elif over:  # the row ends before a cell that reaches down from above
                    again = [""]
                    texts.append("")
                else:
                    break
                spare -= sum(len(text) + 3 for text in again)
            over = below
            rows.append(texts)
        heads = max(self._header_rows(rows), headers_by_merges(rows, merged))
        return Grid(rows, range(heads), merged, labels)

    def _header_rows(self, texts: Sequence[Sequence[str]]) -> int:
        """How many rows, from the first, name the columns; 0 where the first column names rows."""
        # Spreadsheets have columns in which nothing stands, beside those of the table.
        used = sorted({column for row in texts for column, text in enumerate(row) if text})
        texts = [[row[column] for column in used if column < len(row)] for row in texts]
        filled = [i for i, text in enumerate(texts) if any(text)]
        if len(filled) < 2:
            return 0
        rows = [self.rows[i] for i in filled]
        alone = [sum(map(bool, texts[i])) == 1 for i in filled]
        names = [
            row.in_head or (row.is_head and not (at and alone[at])) for at, row in enumerate(rows)
        ]  # one cell alone, after others, names the rows below it
        count = names.index(False) if False in names else 0
        if 0 < count <= _MOST_HEADER_ROWS:
            return filled[count - 1] + 1
        if count == 0 and any(cell.is_head for row in rows for cell in row.cells):
            first, *others = (bool(row.cells) and row.cells[0].is_head for row in rows)
            return filled[0] + 1 if not first and all(others) else 0
        if over := headers_over_names([texts[i] for i in filled]):
            return filled[over - 1] + 1
        shape = first_row_is([texts[i] for i in filled])
        is_header = shape == "header" or (shape == "unclear" and len(texts[filled[0]]) > 2)
        return filled[0] + 1 if is_header else 0
