"""A table laid out in rows and columns, before its rows are lines of text."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

_OPENS = re.compile(r"(?:US|C|A|HK|NZ|CAD|USD|EUR)?\s?[$€£¥₹(]\s?\(?")
_MINUS = re.compile(r"[-−–]")
_CLOSES = re.compile(r"[)%]{1,2}|\)\s?%|%\s?\)")
_AMOUNT = re.compile(r"[$€£¥(<>~≥≤±+−–-]*\s?\d|[—–-]+\)?$")


@dataclass(frozen=True, slots=True)
class Grid:
    """A table as a loader lays it out, before its rows are lines of text.

    ``rows`` have a text for each column, "" where nothing stands; a cell over several rows or
    columns may be told in all of them. ``merged`` has how many rows and columns such a cell is
    over, by the place where it begins; ``labels`` are places of cells that the file itself calls
    names of their rows; ``names``, one for each column, are told before every value.
    """

    rows: Sequence[Sequence[str]]
    heads: Collection[int] = ()  # the rows that name the columns of those below them
    merged: Mapping[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    labels: Collection[tuple[int, int]] = ()
    names: Sequence[str] = ()

    @property
    def width(self) -> int:
        """In columns."""
        return max(map(len, self.rows), default=0)


def tidied(grid: Grid) -> Grid:
    """The grid as it is read: signs joined to their numbers, columns that only keep space gone.

    Many tables draw "$", "(1,234" and ")" in columns of their own, to align them.
    """
    rows = [list(row) for row in grid.rows]
    body = [row for at, row in enumerate(rows) if at not in grid.heads]
    minuses = _minus_columns(body)
    joined = False
    for row in body:
        joined |= _join_signs(row, minuses)
    if not joined and all(any(row[at : at + 1]) for at in range(grid.width) for row in rows[:1]):
        return grid
    return _without_spacers(replace(grid, rows=rows))


def _minus_columns(body: Sequence[Sequence[str]]) -> set[int]:
    """The columns that hold the minus signs of the next column's amounts.

    Of those some are negative and some are not. Elsewhere a dash says that there is no amount.
    """
    found: set[int] = set()
    for at in range(max(map(len, body), default=0) - 1):
        pairs = [tuple(row[at : at + 2]) for row in body if any(row[at : at + 2])]
        signs = {bool(pair[0]) for pair in pairs}
        if signs == {True, False} and all(map(_may_be_signed, pairs)):
            found.add(at)
    return found


def _may_be_signed(pair: tuple[str, ...]) -> bool:
    """Whether the first cell is empty or a minus, and the second one an amount."""
    is_amount = len(pair) == 2 and _AMOUNT.match(pair[1]) and any(map(str.isdigit, pair[1]))
    return bool(is_amount) and (not pair[0] or _MINUS.fullmatch(pair[0]) is not None)


def _join_signs(row: list[str], minuses: Collection[int]) -> bool:
    """Put "$" and "(" before the number that follows, ")" and "%" behind the one before."""
    joined = False
    for at in range(len(row) - 1):
        is_sign = _OPENS.fullmatch(row[at]) or (at in minuses and _MINUS.fullmatch(row[at]))
        if row[at] and is_sign:
            after = next((i for i in range(at + 1, min(at + 3, len(row))) if row[i]), 0)
            if after and _AMOUNT.match(row[after]) and row[after] != row[at]:
                row[after] = f"{row[at]} {row[after]}" if row[at] != "(" else f"({row[after]}"
                row[at], joined = "", True
    for at in range(1, len(row)):
        if row[at] and _CLOSES.fullmatch(row[at]):
            before = next((i for i in range(at - 1, max(at - 3, -1), -1) if row[i]), -1)
            if before >= 0 and any(map(str.isdigit, row[before])):
                row[before] += row[at]
                row[at], joined = "", True
    return joined


def _without_spacers(grid: Grid) -> Grid:
    """The grid without columns in which no row below the headers says anything of its own.

    A header that begins in such a column goes with the next one that it is over, or that has none;
    where the columns beside it have names of their own, it is one's that has no values.
    """
    copies = {
        (row, column + more)
        for (row, column), (_, columns) in grid.merged.items()
        for more in range(1, columns)
    }
    said = {
        column
        for at, row in enumerate(grid.rows)
        if at not in grid.heads
        for column, text in enumerate(row)
        if text and (at, column) not in copies
    }
    said |= _named_beside(grid, said, copies)
    kept = [column for column in range(grid.width) if column in said or column == 0]
    if len(kept) == grid.width or len(kept) < 2:
        return grid
    place = {column: number for number, column in enumerate(kept)}
    rows = [[""] * len(kept) for _ in grid.rows]
    merged: dict[tuple[int, int], tuple[int, int]] = {}
    labels: set[tuple[int, int]] = set()
    for at, row in enumerate(grid.rows):
        for column, text in enumerate(row):
            if not text:
                continue
            height, reach = grid.merged.get((at, column), (1, 1))
            over = [place[one] for one in range(column, column + reach) if one in place]
            if (at, column) in copies:
                if over:
                    rows[at][over[0]] = text
                continue
            nearest = [column + 1, column - 1, *range(column, -1, -1)]
            to = over[0] if over else next(place[one] for one in nearest if one in place)
            # Nothing that is said is lost, though it stands where nothing else does.
            rows[at][to] = f"{rows[at][to]} {text}".strip()
            if height > 1 or len(over) > 1:
                merged[at, to] = (height, max(len(over), 1))
            if (at, column) in grid.labels:
                labels.add((at, to))
    return Grid(rows, grid.heads, merged, labels, grid.names)


def _named_beside(
    grid: Grid, said: Collection[int], copies: Collection[tuple[int, int]]
) -> set[int]:
    """The columns without values whose name stands beside those of their neighbours, as "2006"."""
    named: set[int] = set()
    for at in grid.heads:
        row = grid.rows[at]
        for column in range(1, len(row) - 1):
            beside = row[column - 1], row[column + 1]
            alone = (at, column) not in copies and (at, column) not in grid.merged
            if column not in said and row[column] and all(beside) and alone:
                is_name = row[column] not in beside and row[column][-1].isalnum()
                named |= {column} if is_name else set()
    return named


def without_empty_rows(grid: Grid) -> Grid:
    """The grid without rows in which nothing stands."""
    kept = [at for at, row in enumerate(grid.rows) if any(row)]
    if len(kept) == len(grid.rows):
        return grid
    place = {row: number for number, row in enumerate(kept)}
    merged = {
        (place[row], column): (sum(one in place for one in range(row, row + rows)), columns)
        for (row, column), (rows, columns) in grid.merged.items()
        if row in place
    }
    return Grid(
        [grid.rows[at] for at in kept],
        {place[row] for row in grid.heads if row in place},
        merged,
        {(place[row], column) for row, column in grid.labels if row in place},
        grid.names,
    )
