"""A table's cells in the making: what each one is, and where it stands in the line of its row."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from qa_bot.loaders.table_grid import Grid
from qa_bot.loaders.table_shape import is_date, kind_of
from qa_bot.records import Block
from qa_bot.tables import Cell, CellKind, Span, Table
from qa_bot.text import CELLS

MOST_CELLS = 1_000_000  # of a document's tables; what comes after them is text alone

_LONGEST_GROUP = 120  # characters; a longer text alone in its row is a note
_LONGEST_UNIT_LINE = 80  # characters; a longer line above a table is text
_SERIAL = 0.9  # of a column's cells, to say that they number the rows
_LABELS_LOOKED_AT = 200  # rows
_MONEY = r"(?:(?:us|u\.s\.)\s?)?(?:dollars?|euros?|pounds?|[$€£¥])"
_COUNT = r"(?:thousands?|millions?|billions?|[’']?000s?|mn|bn)\b"
_UNIT = re.compile(
    rf"(?:(?:amounts|figures|{_MONEY})\s+)?in\s+(?:{_MONEY}\s+)?{_COUNT}(?:\s+of\s+{_MONEY})?"
    rf"|{_MONEY}\s?(?:{_COUNT}|[mk]\b)|\bin\s+(?:%|percent\b|{_MONEY}(?!\w))",
    re.IGNORECASE,
)

_NAMED_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_CODE = re.compile(r"(?=\D*\d)[\w.-]{1,8}")  # that numbers a row

_Place = tuple[int, int]  # row, column


def written_row(texts: Sequence[str], names: Sequence[str] = ()) -> tuple[str, list[Span | None]]:
    """A row as one line, and where in it each cell stands; None for an empty one.

    With ``names`` it reads "name: value | name: value", empty cells left out.
    """
    parts: list[str] = []
    spans: list[Span | None] = []
    length = 0
    for column, text in enumerate(texts):
        if names and not text:
            spans.append(None)
            continue
        before = CELLS if parts else ""
        if column < len(names) and names[column]:
            before += f"{names[column]}: "
        parts.append(before + text)
        length += len(before) + len(text)
        spans.append((length - len(text), length) if text else None)
    return "".join(parts), spans


def placed_row(texts: Sequence[str], start: int) -> tuple[str, list[Span | None]]:
    """A row as one line, without white space at its edges, and where its cells stand.

    Args:
        texts: Of its cells; empty ones at the end are left out.
        start: Where in the document's text the line begins.
    """
    filled = max((number for number, text in enumerate(texts, 1) if text), default=0)
    line, spans = written_row(texts[:filled])
    start -= len(line) - len(line.lstrip())
    return line.strip(), [one and (start + one[0], start + one[1]) for one in spans]


def made_table(grid: Grid, places: Sequence[Sequence[Span | None]]) -> Table | None:
    """The record of a table whose cells stand at ``places`` in the text, row by row.

    None where it has no row with a cell, or just one column.
    """
    spans = [span for row in places for span in row if span]
    width = grid.width
    if not spans or width < 2:
        return None
    labels, groups, reach = _label_columns(grid), _group_rows(grid), _reaches(grid)
    cells = []
    for row, texts in enumerate(places):
        for column, span in enumerate(texts):
            if span is None:
                continue
            rows, columns = reach.get((row, column), (1, 1))
            kind: CellKind = "value"
            if row in grid.heads:
                kind = "header"
            elif row in groups:
                kind = "group"
            elif (row, column) in grid.labels or _is_label(grid.rows[row], column, columns, labels):
                kind = "label"
            cells.append(Cell(kind, *span, row, column, rows, columns))
    return Table(spans[0][0], spans[-1][1], len(places), width, _with_values(cells))


def _is_label(row: Sequence[str], column: int, columns: int, labels: int) -> bool:
    """Whether a cell names its row: it is among its first ones, or as in a form: "Name: | Ann"."""
    if column + columns >= len(row):
        return False
    is_first = not any(row[:column]) and kind_of(row[column]) == "text" and any(row[column + 1 :])
    return column < labels or is_first or row[column].endswith(":")


def _with_values(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """The cells; a row of labels alone has its last one for a value."""
    last: dict[int, int] = {}
    for number, cell in enumerate(cells):
        last[cell.row] = number
    valued = {cell.row for cell in cells if cell.kind != "label"}
    return tuple(
        replace(cell, kind="value") if cell.row not in valued and last[cell.row] == number else cell
        for number, cell in enumerate(cells)
    )


def _reaches(grid: Grid) -> dict[_Place, tuple[int, int]]:
    """How many rows and columns merged cells are over, from each place where they are told on."""
    found: dict[_Place, tuple[int, int]] = {}
    over: dict[int, tuple[int, int]] = {}  # column → where what reaches into it stops: row, column
    rightmost = grid.width
    for at, row in enumerate(grid.rows):
        for column, text in enumerate(row):
            if (at, column) in grid.merged:
                height, width = grid.merged[at, column]
                stop = min(at + height, len(grid.rows)), min(column + width, rightmost)
                over.update(dict.fromkeys(range(column, stop[1]), stop))
            below, beside = over.get(column, (0, 0))
            if below > at and text:
                found[at, column] = below - at, beside - column
    return found


def _label_columns(grid: Grid) -> int:
    """How many columns, from the first, name the rows.

    It is one, but where the first one only numbers the rows ("7", "1.02A"), or has cells over
    several of them, and the second is of texts as well. It is none where the first one has a
    year above amounts, as the next one has: "FY 2016 | FY 2017".
    """
    if _has_no_names(grid):
        return 0
    body = [row for at, row in enumerate(grid.rows) if at not in grid.heads][:_LABELS_LOOKED_AT]
    if grid.width < 3 or len(body) < 2:
        return 1
    first, second = ([row[at] if at < len(row) else "" for row in body] for at in (0, 1))
    if not all(kind_of(text) in ("text", "nothing") for text in second) or not any(second):
        return 1
    numbers = [int(text.rstrip(".")) for text in first if text.rstrip(".").isdecimal()]
    if len(numbers) >= _SERIAL * len(first) and all(b - a == 1 for a, b in pairwise(numbers)):
        return 2
    codes = [text for text in first if text]
    if len(set(codes)) == len(codes) > 1 and all(map(_is_code, codes)) and all(second):
        return 2
    others = [text for row in body for text in row[2:] if text]
    is_numeric = sum(kind_of(text) != "text" for text in others) > 0.5 * len(others)
    return 2 if is_numeric and any(a == b != "" for a, b in pairwise(first)) else 1


def _has_no_names(grid: Grid) -> bool:
    """Whether the first column is of values like those beside it."""
    heads = [grid.rows[at] for at in grid.heads]
    body = [row for at, row in enumerate(grid.rows) if at not in grid.heads][:_LABELS_LOOKED_AT]
    has_years = any(len(row) > 1 and all(map(_NAMED_YEAR.search, row[:2])) for row in heads)
    return has_years and all(kind_of(row[0]) in ("number", "nothing") for row in body if row)


def _is_code(text: str) -> bool:
    return bool(_CODE.fullmatch(text)) and not is_date(text)


def _group_rows(grid: Grid) -> set[int]:
    """The rows that name those below them: one short text alone, at the left or over all columns.

    What follows has to be a row with values, or another such name.
    """
    found: set[int] = set()
    width = grid.width
    below_has_values = False
    for row in reversed(range(len(grid.rows))):
        if row in grid.heads:
            below_has_values = False
            continue
        filled = [column for column, text in enumerate(grid.rows[row]) if text]
        if not filled:
            continue
        text = grid.rows[row][filled[0]]
        reach = grid.merged.get((row, filled[0]), (1, 1))[1]
        is_over_all = reach >= width
        is_alone = len(filled) == 1 or all(
            grid.rows[row][column] == text and column < filled[0] + reach for column in filled
        )
        is_named = is_over_all or width > 2 or text.endswith(":")
        if (
            is_alone
            and filled[0] == 0
            and is_named
            and below_has_values
            and len(text) <= _LONGEST_GROUP
            and not text.endswith((".", "!", "?", ";"))
            and kind_of(text) == "text"
        ):
            found.add(row)
        else:
            below_has_values = len(filled) > 1 and not is_alone
    return found


def with_captions(tables: Sequence[Table], blocks: Sequence[Block], text: str) -> Iterator[Table]:
    """The tables with their captions, which stand right above or below, and their units.

    A unit is told in the caption, in the header, or in a line of its own above both.
    """
    starts = [block.start for block in blocks]
    for table in tables:
        first = bisect_right(starts, table.start) - 1  # an empty cell may stand before the first
        if blocks[first].kind not in ("table_header", "table_row"):
            continue  # its rows turned out to lead elsewhere
        stop = bisect_left(starts, table.end)
        captions = []
        above = first
        while above and blocks[above - 1].kind == "caption" and _adjoin(text, blocks, above):
            above -= 1
        if above < first:
            captions = [blocks[above].start, blocks[first - 1].end]
        elif stop < len(blocks) and blocks[stop].kind == "caption" and _adjoin(text, blocks, stop):
            captions = [blocks[stop].start, blocks[stop].end]
        caption = (captions[0], captions[1]) if captions else None
        said = [caption] if caption else []
        if above and blocks[above - 1].end - blocks[above - 1].start <= _LONGEST_UNIT_LINE:
            said.append((blocks[above - 1].start, blocks[above - 1].end))
        said[1:1] = [cell.span for cell in table.cells if cell.kind == "header" or cell.row == 0]
        unit = next((one for span in said if (one := unit_in(text, span)) is not None), None)
        start, end = blocks[first].start, blocks[stop - 1].end
        yield replace(table, start=start, end=end, caption=caption, unit=unit)


def _adjoin(text: str, blocks: Sequence[Block], at: int) -> bool:
    """Whether a block stands on the line after the one before it."""
    return text.count("\n", blocks[at - 1].end, blocks[at].start) == 1


def unit_in(text: str, span: Span) -> Span | None:
    """Where a part of the text says what a table's numbers are counted in."""
    found = _UNIT.search(text, *span)
    return found.span() if found else None
