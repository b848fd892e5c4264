"""Lines of a narrow column that are stretched to its width: wide gaps, but no table."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from qa_bot.loaders.pdf.lines import Segment

ALIKE = 0.1  # ems by which the gaps of one line may differ
EDGE = 0.2  # ems by which lines of a column may begin or end apart
NEAR = 2  # rows up or down in which another line has to end at the same place
ALIGNED = 2.0  # points; words of prose stand under each other by chance only

_Row = Sequence[Segment]


def stretched_rows(table: Sequence[_Row]) -> list[bool]:
    """For each row of a column, whether it's a line of words with one same gap between them.

    With just two words a line above or below has to fill the column, too.
    """
    gaps = [[b.x0 - a.x1 for a, b in pairwise(row)] for row in table]
    full = [_is_full(table, at) for at in range(len(table))]
    sure = [
        full[at]
        and len(gaps[at]) > 1
        and max(gaps[at]) - min(gaps[at]) < ALIKE * row[0].size
        and not _stands_under(table, at)
        for at, row in enumerate(table)
    ]
    prose = [is_sure or not found for is_sure, found in zip(sure, gaps, strict=True)]
    return [
        sure[at]
        or (
            full[at]
            and len(gaps[at]) == 1
            and all(prose[i] for i in _beside(table, at))
            and any(full[i] and prose[i] for i in _beside(table, at))
        )
        for at in range(len(table))
    ]


def _beside(table: Sequence[_Row], at: int) -> list[int]:
    return [i for i in (at - 1, at + 1) if 0 <= i < len(table)]


def _is_full(table: Sequence[_Row], at: int) -> bool:
    """Whether a row of words, or a whole line, begins and ends where one near it does."""
    row = table[at]
    reach = EDGE * row[0].size
    if row[0].cells or (len(row) > 1 and any(len(part.text.split()) > 1 for part in row)):
        return False
    if sum(character.isdigit() for part in row for character in part.text) > 5 * len(row):
        return False
    return any(
        abs(other[0].x0 - row[0].x0) < reach and abs(other[-1].x1 - row[-1].x1) < reach
        for other in table[max(0, at - NEAR) : at + NEAR + 1]
        if other is not row
    )


def _stands_under(table: Sequence[_Row], at: int) -> bool:
    """Whether most words but the first stand under or above those of the next row."""
    starts = [part.x0 for part in table[at][1:]]
    for i in _beside(table, at):
        others = [part.x0 for part in table[i][1:]]
        same = sum(any(abs(a - b) < ALIGNED for b in others) for a in starts)
        if same * 2 > len(starts):
            return True
    return False
