"""The rows of a PDF's tables, as they were written, → the tables' records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from qa_bot.loaders.pdf.paragraphs import WrittenRow
from qa_bot.loaders.table_cells import made_table
from qa_bot.loaders.table_grid import Grid
from qa_bot.tables import Table


def recorded(rows: Sequence[WrittenRow]) -> Iterator[Table]:
    """The tables, in reading order; those of one column are none."""
    for _, group in groupby(rows, lambda row: row.table):
        mine = list(group)
        heads = {number for number, row in enumerate(mine) if row.line.is_head}
        merged = {
            (number, column): (1, columns)
            for number, row in enumerate(mine)
            for column, columns in enumerate(row.line.reach)
            if columns > 1
        }
        merged |= {
            (number, column): (rows, 1)
            for number, row in enumerate(mine)
            for column, rows in row.line.tall
        }
        grid = Grid([row.line.cells for row in mine], heads, merged)
        if (table := made_table(grid, [row.spans for row in mine])) is not None:
            yield table
