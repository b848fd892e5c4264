"""OpenDocument tables in texts and on slides, laid out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from qa_bot.loaders.html.markup import local
from qa_bot.loaders.office import attribute
from qa_bot.loaders.table_grid import Grid
from qa_bot.loaders.table_shape import first_row_is, headers_by_merges, headers_over_names, spread

if TYPE_CHECKING:
    from lxml import etree

MOST_REPEATED = 1000  # times that a cell of a text's table may stand beside itself
_MOST_COLUMNS = 1024


def rows_of(
    table: etree._Element, *, in_head: bool = False
) -> Iterator[tuple[etree._Element, bool]]:
    """The rows of a table, and whether each is among those that are repeated on each page."""
    for part in table:
        name = local(part.tag)
        if name == "table-row":
            yield part, in_head
        elif name in ("table-header-rows", "table-rows", "table-row-group"):
            yield from rows_of(part, in_head=in_head or name == "table-header-rows")


def number_of(element: etree._Element, name: str, most: int) -> int:
    """What an attribute counts: 1 where it is missing or no number."""
    value = attribute(element, name)
    return min(max(int(value[:9]), 1), most) if value.isdecimal() else 1


def grid_of(table: etree._Element, read: Callable[[etree._Element], str]) -> Grid:
    """A table laid out, each of its cells read by ``read``."""
    texts: list[list[str]] = []
    merged: dict[tuple[int, int], tuple[int, int]] = {}
    heads = 0
    over: dict[int, tuple[int, str]] = {}  # column → the last row of a cell over several, its text
    for at, (row, in_head) in enumerate(rows_of(table)):
        line: list[str] = []
        heads = at + 1 if in_head and heads == at else heads
        for cell in row:
            name, column = local(cell.tag), len(line)
            if name not in ("table-cell", "covered-table-cell") or column >= _MOST_COLUMNS:
                continue
            count = number_of(cell, "number-columns-repeated", MOST_REPEATED)
            if name == "covered-table-cell":
                for one in range(column, column + count):
                    last, text = over.get(one, (-1, ""))
                    line.append(text if last >= at else "")
                continue
            text = read(cell)
            high = number_of(cell, "number-rows-spanned", 100_000)
            wide = number_of(cell, "number-columns-spanned", _MOST_COLUMNS)
            if (high, wide) != (1, 1):
                merged[at, column] = (high, wide)
                told = spread(text, wide)
                below = told if len(text) <= 60 else [""] * wide
                over.update({column + n: (at + high - 1, below[n]) for n in range(1, wide)})
                over[column] = (at + high - 1, below[0])
            line += [text] * count
        while line and not line[-1]:
            line.pop()
        texts.append(line)
    width = max(map(len, texts), default=0)
    texts = [line + [""] * (width - len(line)) for line in texts]
    merged = {
        (row, column): (min(high, len(texts) - row), min(wide, width - column))
        for (row, column), (high, wide) in merged.items()
        if column < width
    }
    return Grid(texts, range(heads or header_rows(texts, merged)), merged)


def header_rows(texts: list[list[str]], merged: dict[tuple[int, int], tuple[int, int]]) -> int:
    """How many rows, from the first, name the columns, as far as the texts tell."""
    if count := headers_by_merges(texts, merged):
        return count
    places = [at for at, row in enumerate(texts) if any(row)]
    filled = [texts[at] for at in places]
    if over := headers_over_names(filled):
        return places[over - 1] + 1
    shape = first_row_is(filled)
    if shape == "header" or (shape == "unclear" and max(map(len, filled)) > 2):
        return places[0] + 1
    return 0
