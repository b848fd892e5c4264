"""HTML tables → rows of text, cells over several rows and columns laid out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml import etree


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

    def texts(self, spare: int) -> list[list[str]]:
        """Each row's cells; one over several rows is in all of them, as ``spare`` allows."""
        result: list[list[str]] = []
        over: dict[int, tuple[int, Cell]] = {}  # column → rows to go, the cell over them
        for row in self.rows:
            texts: list[str] = []
            below: dict[int, tuple[int, Cell]] = {}
            column = 0
            for cell in [*row.cells, None]:
                while column in over:
                    left, upper = over.pop(column)
                    spare -= len(upper.text) + 3
                    if spare > 0:
                        texts.append(upper.text)
                        if left > 1:
                            below[column] = (left - 1, upper)
                    column += upper.columns
                if cell is not None:
                    texts.append(cell.text)
                    if cell.rows > 1:
                        below[column] = (cell.rows - 1, cell)
                    column += cell.columns
            over = below
            result.append(texts)
        return result

    def header_rows(self) -> int:
        """How many rows, from the first, are the header."""
        count = next((i for i, row in enumerate(self.rows) if not row.is_head), 0)
        return count if 0 < count <= 4 else 1
