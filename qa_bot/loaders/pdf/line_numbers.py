"""Numbers of lines in the margin, as in transcripts, bills and drafts: they are no text."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from qa_bot.loaders.pdf.lines import SAME_LINE, Segment, rows

FEWEST = 8  # lines of a page that are numbered one by one
FEWEST_STEPS = 3  # numbers of a page where each fifth or tenth line has one
ALIGNED = 2.5  # points that numbers of one column may begin or end apart
OUTSIDE = 0.95  # of the page's text that stands on the other side of the numbers
EVEN = 0.15  # of the usual distance between numbers, by which one may differ
MANY_EVEN = 0.7  # of the distances
LAST = 3.0  # points that a column may stand elsewhere on a page with few lines
FLOWING = 0.25  # of the lines that go on in the next one, or are empty
WORDS = 4  # of a usual line: shorter ones are entries of a list
WIDE = 0.7  # of the widest line, which half of all lines of text reach

_NUMBER = re.compile(r"\d{1,4}")
_SENTENCES = re.compile(r"[.?!:][\"'”’)]*\s+[\"'“‘(]*[A-Z0-9]")  # one ends, another begins


@dataclass(frozen=True, slots=True)
class _Column:
    """Numbers one under the other, ``edge`` at their left or right."""

    numbers: list[Segment]
    edge: float
    is_right: bool
    step: int


def without_line_numbers(pages: Sequence[Sequence[Segment]]) -> list[list[Segment]]:
    """The segments of each page but for the numbers of its lines.

    They count on, evenly, beside the text; and the text goes on from line to line, as no
    table's rows and no list's entries do. Where one page has them, another's few are told by
    standing in the same place.
    """
    found = {n: column for n, parts in enumerate(pages) if (column := _numbered(parts))}
    if not found:
        return [list(parts) for parts in pages]
    kept: list[list[Segment]] = []
    for number, parts in enumerate(pages):
        column = found.get(number)
        numbers = column.numbers if column else _like(parts, list(found.values()))
        gone = {id(one) for one in numbers}
        kept.append([part for part in parts if id(part) not in gone])
    return kept


def _numbered(parts: Sequence[Segment]) -> _Column | None:
    for column in _columns(parts):
        if len(column.numbers) < (FEWEST if column.step == 1 else FEWEST_STEPS):
            continue
        gone = {id(one) for one in column.numbers}
        rest = [part for part in parts if id(part) not in gone and not part.is_turned]
        if not _is_beside(column.numbers, rest):
            continue
        lines = rows(rest)
        if column.step > 1:
            is_text = _counts(column, lines)
        else:
            is_text = _is_even(column.numbers) and _flows(column.numbers, lines)
        if is_text:
            return column
    return None


def _columns(parts: Sequence[Segment]) -> list[_Column]:
    """Columns of numbers that count on by the same step, from the top; none a part of another."""
    found = list(_all_columns(parts))
    members = [{id(one) for one in column.numbers} for column in found]
    return [
        column
        for column, own in zip(found, members, strict=True)
        if not any(own < m for m in members)
    ]


def _all_columns(parts: Sequence[Segment]) -> Iterator[_Column]:
    lone = [part for part in parts if not part.cells and _NUMBER.fullmatch(part.text)]
    for is_right in (True, False):
        edges: dict[int, list[Segment]] = defaultdict(list)
        for part in lone:
            edges[round((part.x1 if is_right else part.x0) / ALIGNED)].append(part)
        for edge in sorted(edges):
            group = sorted([*edges[edge], *edges.get(edge + 1, ())], key=lambda one: -one.y)
            steps = {int(b.text) - int(a.text) for a, b in pairwise(group)}
            if len(steps) == 1 and (step := steps.pop()) in (1, 5, 10):
                first = group[0]
                yield _Column(group, first.x1 if is_right else first.x0, is_right, step)


def _is_even(numbers: Sequence[Segment]) -> bool:
    gaps = [above.y - below.y for above, below in pairwise(numbers)]
    usual = median(gaps)
    return sum(abs(gap - usual) <= EVEN * usual for gap in gaps) >= MANY_EVEN * len(gaps)


def _is_beside(numbers: Sequence[Segment], rest: Sequence[Segment]) -> bool:
    """Whether all text beside the numbers stands on one side of them."""
    low, high = numbers[-1].y - numbers[-1].size, numbers[0].y + numbers[0].size
    beside = [part for part in rest if low <= part.y <= high]
    left, right = min(one.x0 for one in numbers), max(one.x1 for one in numbers)
    sides = (sum(part.x0 > right for part in beside), sum(part.x1 < left for part in beside))
    return bool(beside) and max(sides) >= OUTSIDE * len(beside)


def _flows(numbers: Sequence[Segment], lines: Sequence[Sequence[Segment]]) -> bool:
    """Whether the numbered lines are those of a text."""
    beside = [_line_at(number, lines) for number in numbers]
    written = [line for line in beside if line]
    if not any(_SENTENCES.search(_text(line)) for line in written):
        return False  # entries of a list, a step in each
    if not written or median(len(_text(line).split()) for line in written) < WORDS:
        return False
    widest = max(line[-1].x1 - line[0].x0 for line in written)
    wide = sum(line[-1].x1 - line[0].x0 >= WIDE * widest for line in written)
    cells = sum(len(line) > 2 for line in written)
    if wide < 0.5 * len(written) or cells > 0.3 * len(written):
        return False
    going_on = sum(not a or (bool(b) and _goes_on(_text(a), _text(b))) for a, b in pairwise(beside))
    return going_on >= FLOWING * (len(beside) - 1) and any(
        a and b and _goes_on(_text(a), _text(b)) for a, b in pairwise(beside)
    )


def _counts(column: _Column, lines: Sequence[Sequence[Segment]]) -> bool:
    """Whether as many lines as the numbers say stand between them."""
    between = [
        sum(below.y - 0.5 < line[0].y < above.y - 0.5 for line in lines)
        for above, below in pairwise(column.numbers)
    ]
    return all(count == column.step for count in between)


def _line_at(number: Segment, lines: Sequence[Sequence[Segment]]) -> Sequence[Segment]:
    reach = SAME_LINE * number.size
    return next((line for line in lines if abs(line[0].y - number.y) <= reach), ())


def _text(line: Sequence[Segment]) -> str:
    return " ".join(part.text for part in line)


def _goes_on(text: str, after: str) -> bool:
    return text[-1:] not in ".?!:;" and after[:1].islower()


def _like(parts: Sequence[Segment], columns: Sequence[_Column]) -> list[Segment]:
    """Numbers that count on where another page's do."""
    for column in columns:
        numbers = [
            part
            for part in parts
            if not part.cells
            and _NUMBER.fullmatch(part.text)
            and abs((part.x1 if column.is_right else part.x0) - column.edge) <= LAST
        ]
        numbers.sort(key=lambda one: -one.y)
        steps = {int(b.text) - int(a.text) for a, b in pairwise(numbers)}
        gone = {id(one) for one in numbers}
        rest = [part for part in parts if id(part) not in gone and not part.is_turned]
        is_long = column.step > 1 or len(numbers) >= FEWEST
        is_even = is_long or (len(numbers) > 1 and _is_even(numbers))
        if steps == {column.step} and is_even and _is_beside(numbers, rest):
            return numbers
    return []
