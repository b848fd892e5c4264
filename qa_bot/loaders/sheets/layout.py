"""A sheet's cells laid out: which of them are tables, which are lines of text around them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from qa_bot.loaders.paging import Mark
from qa_bot.loaders.sheets.sheet import Place, Sheet, cell_name, range_name
from qa_bot.loaders.table_grid import Grid
from qa_bot.loaders.table_shape import (
    first_row_is,
    headers_by_merges,
    headers_over_names,
    is_date,
    kind_of,
    spread,
)
from qa_bot.loaders.writing import Writer

_SAMPLE = 200  # rows that tell whether the first ones are a header
_REPEATED = 60  # characters; a longer cell over several rows is told in the first one only
_LONGEST_ITEM = 200  # characters; a longer cell below another one is a paragraph
_LONGEST_NAME = 200  # characters of a sheet's name
_TIME = re.compile(r"\d{1,2}:\d\d\b")
_SPACED = 3  # rows with an empty one between them, at least, are those of a table

_Row = tuple[int, dict[int, str]]
"""A row's number, and its texts by their columns."""


class Layout:
    """Writes sheets, and remembers which cells each line is of."""

    def __init__(self) -> None:
        self.writer = Writer()
        self.marks: list[Mark] = []

    def add(self, sheet: Sheet) -> None:
        """Append a sheet as a section: tables, the lines between them, boxes and comments."""
        if not (sheet.rows or sheet.comments or sheet.drawn):
            return
        top = len(self.writer.blocks)
        self.writer.heading(sheet.name[:_LONGEST_NAME], 1)
        marked = len(self.marks)
        for rows in _whole_tables(sheet):
            self._region(sheet, rows)
        self._beside("Text boxes", sheet.drawn)
        self._beside("Comments", sheet.comments)
        if len(self.marks) > marked:  # the heading goes with what is below it
            self.marks[marked] = Mark(top, self.marks[marked].label)

    def _beside(self, name: str, told: Sequence[tuple[Place, str]]) -> None:
        if told:
            self._mark(cell_name(*told[0][0]))
            self.writer.heading(name, 2)
        for number, (place, text) in enumerate(told):
            if number:
                self._mark(cell_name(*place))
            self.writer.append("list_item", f"{cell_name(*place)}: {text}", tight=True)

    def _mark(self, label: str) -> None:
        self.marks.append(Mark(len(self.writer.blocks), label))

    def _region(self, sheet: Sheet, rows: Sequence[_Row]) -> None:
        """Rows without an empty one between them: a table, and lines of one cell around it."""
        filled = [number for number, (_, cells) in enumerate(rows) if len(cells) > 1]
        if not filled:
            self._lines(rows)
            return
        first, last = filled[0], filled[-1] + 1
        self._lines(rows[: max(first - 1, 0)])
        caption = rows[first - 1] if first else None
        self._table(sheet, rows[first:last], caption)
        self._lines(rows[last:])

    def _lines(self, rows: Sequence[_Row]) -> None:
        texts = [(row, *next(iter(cells.items()))) for row, cells in rows]
        is_list = len(texts) > 1 and all(len(text) <= _LONGEST_ITEM for _, _, text in texts)
        for row, column, text in texts:
            self._mark(cell_name(row, column))
            if is_list:
                self.writer.append("list_item", text, tight=True)
            else:
                self.writer.append("paragraph", text)

    def _table(self, sheet: Sheet, rows: Sequence[_Row], caption: _Row | None) -> None:
        left = min(min(cells) for _, cells in rows)
        right = max(max(cells) for _, cells in rows)
        grid = _grid(sheet, rows, left, right)
        above = next(iter(caption[1].items())) if caption else None
        if caption and above:
            self._mark(cell_name(caption[0], above[0]))
        self.writer.table(grid, caption=above[1] if above else "")
        block = len(self.writer.blocks) - len(rows)  # each row has one
        for at, (row, _) in enumerate(rows):
            self.marks.append(Mark(block + at, range_name(row, left, right)))


def _regions(sheet: Sheet) -> Iterator[list[_Row]]:
    """Runs of rows that follow each other; one that the file calls a header begins another."""
    run: list[_Row] = []
    for row in sorted(sheet.rows):
        if run and (row > run[-1][0] + 1 or row in sheet.headers):
            yield run
            run = []
        run.append((row, sheet.rows[row]))
    if run:
        yield run


def _whole_tables(sheet: Sheet) -> Iterator[list[_Row]]:
    """Regions, those joined that are one table with empty rows in it."""
    table: list[_Row] = []
    regions = list(_regions(sheet))
    spaced = _spaced_rows(regions)
    for at, region in enumerate(regions):
        if table and (spaced[at] or _continues(sheet, table, region)):
            table += region
            continue
        if table:
            yield table
        table = list(region)
    if table:
        yield table


def _spaced_rows(regions: Sequence[Sequence[_Row]]) -> list[bool]:
    """Which regions are a row of the table above, with an empty row between each of its rows.

    Three rows or more have to stand so, in the columns of what is above them; a row of one cell
    among them is one that has no values.
    """
    found = [False] * len(regions)
    at = 0
    while at < len(regions):
        columns = {column for _, cells in regions[at] for column in cells}
        stop = at + 1
        while stop < len(regions) and len(regions[stop]) == 1:
            row, cells = regions[stop][0]
            follows = row == regions[stop - 1][-1][0] + 2
            if not (follows and cells.keys() <= columns and min(cells) == min(columns)):
                break
            stop += 1
        looked_at = stop  # rows of one cell at the end begin no table
        while stop > at + 1 and len(regions[stop - 1][0][1]) == 1:  # a line below the table
            stop -= 1
        if sum(len(regions[one][0][1]) > 1 for one in range(at + 1, stop)) >= _SPACED:
            found[at + 1 : stop] = [True] * (stop - at - 1)
        at = max(stop, looked_at - 1)
    return found


def _continues(sheet: Sheet, table: Sequence[_Row], region: Sequence[_Row]) -> bool:
    """Whether rows below an empty one are a group of the table above: amounts under its header."""
    table = [*table[:_SAMPLE], table[-1]]
    columns = {column for _, cells in table for column in cells}
    here = {column for _, cells in region for column in cells}
    wide = [cells for _, cells in region if len(cells) > 1]
    if region[0][0] != table[-1][0] + 2 or not wide or not here <= columns or len(columns) < 3:
        return False
    if region[0][0] in sheet.headers or len(region[-1][1]) < 2 or len(table[-1][1]) < 2:
        return False
    amounts = [
        {column for column, text in cells.items() if any(map(str.isdigit, text))} for cells in wide
    ]
    if not all(amounts):
        return False
    first = next(at for at, (_, cells) in enumerate(table) if len(cells) > 1)
    left, right = min(columns), max(columns)
    above, below = (_grid(sheet, rows, left, right) for rows in (table[first:], region))
    named = {at for row in above.heads for at, text in enumerate(above.rows[row]) if text}
    of_amounts = {column - left for columns in amounts for column in columns if column > left}
    if below.heads or not of_amounts or not of_amounts <= named:
        return False
    return all(_are_alike(above, below, column) for column in of_amounts)


def _are_alike(above: Grid, below: Grid, column: int) -> bool:
    """Whether a column goes on with what it held: hours below prices are of another table."""
    was, now = (
        {
            _shape(row[column])
            for at, row in enumerate(grid.rows)
            if at not in grid.heads and any(map(str.isdigit, row[column]))
        }
        for grid in (above, below)
    )
    return not was or now <= was


def _shape(text: str) -> str:
    if _TIME.match(text):
        return "time"
    return "date" if is_date(text) else kind_of(text)


def _grid(sheet: Sheet, rows: Sequence[_Row], left: int, right: int) -> Grid:
    width = right - left + 1
    texts = [[cells.get(column, "") for column in range(left, right + 1)] for _, cells in rows]
    place = {row: at for at, (row, _) in enumerate(rows)}
    merged: dict[Place, tuple[int, int]] = {}
    for (row, column), (height, reach) in sheet.merged.items():
        at = place.get(row)
        if at is None or not left <= column <= right:
            continue
        over = min(reach, right + 1 - column)
        high = sum(
            1 for one in range(at, min(at + height, len(rows))) if rows[one][0] < row + height
        )
        merged[at, column - left] = (high, over)
        _spread(texts, at, column - left, high, over)
    if rows[0][0] in sheet.headers:
        return Grid(texts, {0}, merged)
    return Grid(texts, range(_header_rows(texts, merged, width)), merged)


def _spread(texts: list[list[str]], at: int, column: int, high: int, over: int) -> None:
    """Tell a cell again in all rows and columns that it is over."""
    text = texts[at][column]
    if not text:
        return
    told = spread(text, over)
    for more in range(1, over):
        texts[at][column + more] = texts[at][column + more] or told[more]
    if len(text) <= _REPEATED:
        for below in range(at + 1, at + high):
            for more in range(over):
                texts[below][column + more] = texts[below][column + more] or told[more]


def _header_rows(
    texts: Sequence[Sequence[str]], merged: dict[Place, tuple[int, int]], width: int
) -> int:
    """How many rows, from the first, name the columns."""
    if count := headers_by_merges(texts, merged):
        return count
    # Columns in which nothing stands are between those of the table.
    sample = texts[:_SAMPLE]
    used = [column for column in range(width) if any(row[column] for row in sample)]
    filled = [[row[column] for column in used] for row in sample]
    if over := headers_over_names(filled):
        return over
    shape = first_row_is(filled)
    return int(shape == "header" or (shape == "unclear" and len(used) > 2))
