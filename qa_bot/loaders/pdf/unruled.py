"""Tables without lines: which rows are one, and which column each of their texts stands in."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from qa_bot.loaders.pdf.amounts import by_cell, is_amount
from qa_bot.loaders.pdf.lines import Segment
from qa_bot.loaders.table_shape import is_date, kind_of

ALIGNED = 4.0  # points
MOST_LONE = 4  # rows of one text each between two of a table's rows
LONGEST_LONE = 140  # characters
MOST_NAMING = 4  # rows of a header of words
LONGEST_NAME = 60  # characters of a column's
FAR = 4.0  # ems from a table to another one below it, at least
LINES_APART = 3.2  # ems from a row to the next one of its table

_Row = Sequence[Segment]


@dataclass(frozen=True, slots=True)
class Laid:
    """A row as it stands in its table: a text for each column, and how many each is over.

    ``columns`` are the left and right edge of each; none where they can't be told.
    """

    texts: list[str]
    reach: list[int]
    columns: tuple[tuple[float, float], ...] = ()


def whole_rows(
    table: Sequence[_Row], multiple: Sequence[bool]
) -> tuple[list[list[Segment]], list[bool]]:
    """The rows of a column, those that only go on with a cell of another one put into it.

    So the name of a row of amounts may begin on a line above them, or go on below.
    """
    rows: list[list[Segment]] = []
    flags: list[bool] = []
    for row, is_multiple in zip(table, multiple, strict=True):
        last = rows[-1] if rows else None
        if last and flags[-1] and not is_multiple and (at := _cell_above(last, row)) >= 0:
            last[at] = _joined(last[at], row[0])
        elif last and is_multiple and not flags[-1] and _is_name_above(last, row):
            rows[-1], flags[-1] = [_joined(last[0], row[0]), *row[1:]], True
        else:
            rows.append(list(row))
            flags.append(is_multiple)
    return rows, flags


def _joined(first: Segment, rest: Segment) -> Segment:
    text = f"{first.text} {rest.text}"
    return replace(first, text=text, x1=max(first.x1, rest.x1), low=min(first.low, rest.low))


def _cell_above(last: _Row, row: _Row) -> int:
    """Which cell of the row above a lone line goes on with; -1: none, or not to be told."""
    lone = row[0]
    lowest = min(part.low for part in last)
    if len(row) != 1 or lone.cells or lowest - lone.y > 1.5 * lone.size:
        return -1
    for at, cell in enumerate(last):
        if at and abs(cell.x0 - lone.x0) < ALIGNED and cell.bold == lone.bold:
            return at
    indent = lone.x0 - last[0].x0
    goes_on = lone.text[:1].islower() and not last[0].text.endswith((":", "."))
    return 0 if goes_on and _has_amounts(last) and -ALIGNED < indent < 3 * lone.size else -1


def _is_name_above(last: _Row, row: _Row) -> bool:
    """Whether a lone line is how the name of the row below it begins."""
    lone, name = last[0], row[0]
    return (
        len(last) == 1
        and not lone.cells
        and name.text[:1].islower()
        and not lone.text.endswith((":", ".", ";"))
        and lone.low - name.y < 1.5 * name.size
        and -ALIGNED < name.x0 - lone.x0 < 3 * name.size
        and lone.x1 < row[1].x0
        and lone.bold == name.bold
        and _has_amounts(row)
    )


def stretches(table: Sequence[_Row], multiple: Sequence[bool]) -> list[tuple[int, int]]:
    """``(first, stop)`` of the rows that are one table each.

    Rows of a single text go with the rows around them where these hold amounts, and they
    themselves stand among the names of the rows: the name of a group, or of one that is wrapped.

    Args:
        table: A column's rows, from the top.
        multiple: For each of them whether it is surely a table's.
    """
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(table):
        if not multiple[at]:
            at += 1
            continue
        stop = at + 1
        while stop < len(table) and not _is_far(table, at, stop):
            after = next((i for i in range(stop, len(table)) if multiple[i]), len(table))
            if after == stop or (
                after < len(table) and _bridges(table, (at, stop), range(stop, after), after)
            ):
                stop = after + 1
            else:
                break
        lowest = found[-1][1] if found else 0
        found.append((_with_spanners(table, at, stop, lowest), stop))
        at = stop
    return found


def _is_far(table: Sequence[_Row], first: int, at: int) -> bool:
    """Whether a row stands far below those of the table above it, for what is usual in it."""
    gaps = [
        min(part.low for part in above) - below[0].y
        for above, below in pairwise(table[first : at + 1])
    ]
    return gaps[-1] > FAR * table[at][0].size and gaps[-1] > 2 * median(gaps)


def _bridges(table: Sequence[_Row], before: tuple[int, int], lone: range, after: int) -> bool:
    """Whether rows of one text each stand inside a table of amounts, left of its last column.

    Above them may stand, instead of amounts, the names of the columns of those below. In a
    table of words it is one bold row, or one below bold names.
    """
    above, below = table[lone.start - 1], table[after]
    if len(lone) > MOST_LONE:
        return False
    if not _has_amounts(below):
        is_told = all(part.bold for part in above) or table[lone.start][0].bold
        is_plain = not any(part.bold for part in below)
        if not (len(lone) == 1 and is_told and is_plain and _are_in_line(above, below)):
            return False
    elif not _has_amounts(above) and not _are_names(table[before[0] : before[1]], below):
        return False
    left = min(row[0].x0 for row in (*table[before[0] : before[1]], below))
    last = max(above[-1].x0, below[-1].x0)
    values = min(part.x0 for row in (above, below) for part in by_cell(row)[1:])
    if below[0].x0 > values - below[0].size:
        return False  # it has no name: the header of another table
    for at in range(lone.start, after + 1):
        gap = min(part.low for part in table[at - 1]) - table[at][0].y
        if not 0 < gap < LINES_APART * table[at][0].size:
            return False
    return all(
        len(row) == 1
        and not row[0].cells
        and row[0].x0 > left - 4 * row[0].size
        and row[0].x1 < last
        and len(row[0].text) <= LONGEST_LONE
        and not row[0].text.endswith((".", "?", "!"))
        and row[0].size < 1.08 * below[0].size
        for row in table[lone.start : after]
    )


def _are_names(rows: Sequence[_Row], below: _Row) -> bool:
    """Whether rows of words name the amounts of a row below them: "Level 1 | Level 2".

    Each of several in the last one stands over an amount of its own, but for a corner.
    """
    amounts = [part for part in by_cell(below)[1:] if is_amount(part.text)]
    if len(rows) > MOST_NAMING or not amounts or any(map(_has_amounts, rows)):
        return False
    if any(row[0].x1 < amounts[0].x0 for row in rows[:-1]):
        return False  # they have names themselves
    names = [part for part in rows[-1] if part.x1 > amounts[0].x0]
    over = [
        [at for at, one in enumerate(amounts) if part.x0 < one.x1 and one.x0 < part.x1]
        for part in names
    ]
    return (
        len(names) > 1
        and len(rows[-1]) - len(names) <= 1
        and all(len(places) == 1 for places in over)
        and len({places[0] for places in over}) == len(names)
        and all(
            len(part.text) <= LONGEST_NAME and kind_of(part.text) == "text"
            for row in rows
            for part in row
        )
    )


def _are_in_line(above: _Row, below: _Row) -> bool:
    """Whether two rows have the same columns, three at least."""
    return len(above) == len(below) > 2 and all(
        min(abs(a.x0 - b.x0), abs(a.x1 - b.x1), abs(a.x0 + a.x1 - b.x0 - b.x1) / 2) < ALIGNED
        for a, b in zip(above, below, strict=True)
    )


def _has_amounts(row: _Row) -> bool:
    return any(is_amount(part.text) for part in by_cell(row)[1:])


def _with_spanners(table: Sequence[_Row], first: int, stop: int, lowest: int) -> int:
    """Where a table begins: with the lines over its columns of values that name several of them."""
    values = min(part.x0 for row in table[first:stop] for part in row[1:])
    while first > lowest:
        above, row = table[first - 1], table[first]
        if (
            len(above) != 1
            or above[0].cells
            or above[0].x0 < values - above[0].size
            or len(above[0].text) > 60
            or above[0].text.endswith(".")
            or above[0].y - row[0].y > 2.4 * above[0].size
        ):
            break
        first -= 1
    return first


def laid_out(table: Sequence[_Row]) -> list[Laid]:
    """Each row's texts in the table's columns.

    Columns are told by the rows that have most of them; what names several stands in the first
    and reaches over the others. Where cells of one row overlap the same one of another, columns
    can't be told, and each row keeps just the texts it has.
    """
    rows = [by_cell(row) for row in table]
    columns = _columns(rows)
    if columns is None:
        return [Laid([p.text for p in row], [1] * len(row)) for row in rows]
    laid = []
    for row, below in zip(rows, [*rows[1:], []], strict=True):
        texts, reach = [""] * len(columns), [1] * len(columns)
        places = _places(row, columns)
        if len(below) > len(row) and all(is_date(part.text) for part in below[-len(row) - 1 :]):
            places = _spread(row, places, _places(below, columns), columns)
        for part, (first, last) in zip(row, places, strict=True):
            texts[first] = f"{texts[first]} {part.text}".strip()
            reach[first] = max(reach[first], last - first + 1)
        laid.append(Laid(texts, reach, tuple(columns)))
    return laid


def _columns(rows: Sequence[_Row]) -> list[tuple[float, float]] | None:
    """Left and right edge of each column; None where they can't be told."""
    body = [row for row in rows if len(row) > 1 and any(is_amount(p.text) for p in row[1:])]
    if len(body) < 2:
        body = [row for row in rows if len(row) > 1] or list(rows)
    columns = _united([(part.x0, part.x1) for row in body for part in row])
    if _are_told(body, columns):
        return columns
    amounts = _united([(p.x0, p.x1) for row in body for p in row[1:] if is_amount(p.text)])
    if not amounts:
        return None
    left = min(row[0].x0 for row in rows)
    names = max([left + 1, *(r[0].x1 for r in body if r[0].x1 < amounts[0][0])])
    columns = [(left, names), *amounts]
    return columns if _are_told(body, columns) else None


def _united(intervals: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    united: list[tuple[float, float]] = []
    for left, right in sorted(intervals):
        if united and left < united[-1][1]:
            united[-1] = (united[-1][0], max(united[-1][1], right))
        else:
            united.append((left, right))
    return united


def _are_told(rows: Sequence[_Row], columns: Sequence[tuple[float, float]]) -> bool:
    """Whether no two texts of a row stand in the same column."""
    for row in rows:
        firsts = [first for first, _ in _places(row, columns)]
        if len(set(firsts)) < len(firsts):
            return False
    return True


def _places(row: _Row, columns: Sequence[tuple[float, float]]) -> list[tuple[int, int]]:
    """The first and the last column that each text of a row stands over."""
    rights = [right for _, right in columns]
    found = []
    for part in row:
        first = bisect_left(rights, part.x0 + 0.5)
        last = first
        while last + 1 < len(columns) and columns[last + 1][0] < part.x1 - 0.5:
            last += 1
        if first == len(columns) or columns[first][0] > part.x1:  # between columns, or beyond all
            middle = (part.x0 + part.x1) / 2
            nearest = min(range(len(columns)), key=lambda i: abs(sum(columns[i]) / 2 - middle))
            first = last = nearest
        found.append((first, last))
    return found


def _spread(
    row: _Row,
    places: Sequence[tuple[int, int]],
    dates: Sequence[tuple[int, int]],
    columns: Sequence[tuple[float, float]],
) -> list[tuple[int, int]]:
    """What texts over dates are over: the columns around each one that it is in the middle of."""
    dated = {first for first, _ in dates}
    spread = []
    for number, (part, (first, last)) in enumerate(zip(row, places, strict=True)):
        low = places[number - 1][1] + 1 if number else 0
        high = places[number + 1][0] - 1 if number + 1 < len(places) else len(columns) - 1
        middle = (part.x0 + part.x1) / 2
        best = (first, last)
        for left in range(first, low - 1, -1):
            for right in range(last, high + 1):
                over = (columns[left][0] + columns[right][1]) / 2
                is_wider = right - left > best[1] - best[0]
                if (
                    is_wider
                    and abs(over - middle) < part.size
                    and {*range(left, right + 1)} <= dated
                ):
                    best = (left, right)
        spread.append(best)
    return spread
