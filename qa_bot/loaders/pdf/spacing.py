"""How far apart the lines of a paragraph stand, also where there is space between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from qa_bot.loaders.pdf.paragraphs import flows_on
from qa_bot.loaders.pdf.rows import Line

_USUAL = 2.2  # times the size of type: what stands further apart is spaced out
_WIDEST = 3.6
_WIDE = 1.6
_ENOUGH = 4  # lines that stand so far apart


def line_distances(lines: Sequence[Line]) -> list[float]:
    """For each line, how far it stands below the line before it in a paragraph, in points.

    Briefs, speeches and drafts are typed with space between the lines: there the distance is
    that of the column, whatever the rest of the document has. A gap between paragraphs is
    told from it by what stands around it, since sentences go on over most of such distances.
    """
    usual = _usual_leadings(lines)
    spaced = _spaced_out(lines)
    distances: list[float] = []
    for line in lines:
        size = _size(line)
        usually = usual.get(size, 1.25 * line.part.size)
        distances.append(spaced.get((line.region, size), usually))
    return distances


def _usual_leadings(lines: Sequence[Line]) -> dict[float, float]:
    """For each size of type, the usual distance from line to line within a paragraph."""
    counts: dict[float, Counter[float]] = {}
    for _, after, gap in _pairs(lines):
        if 0.8 * _size(after) < gap < _USUAL * _size(after):
            counts.setdefault(_size(after), Counter())[_half(gap)] += 1
    usual: dict[float, float] = {}
    for size, gaps in counts.items():
        most = max(gaps.values())
        usual[size] = min(gap for gap, count in gaps.items() if count >= 0.5 * most)
    return usual


def _spaced_out(lines: Sequence[Line]) -> dict[tuple[int, float], float]:
    """Column and size of type → its distance of lines, where it is wide and sentences flow."""
    seen: Counter[tuple[float, float]] = Counter()  # size and distance
    flowing: Counter[tuple[float, float]] = Counter()
    columns: dict[tuple[int, float], Counter[float]] = {}
    for before, after, gap in _pairs(lines):
        size, distance = _size(after), _half(gap)
        if gap <= 0.8 * size:
            continue
        columns.setdefault((after.region, size), Counter())[distance] += 1
        if _WIDE * size < gap < _WIDEST * size:
            seen[size, distance] += 1
            goes_on = flows_on(before, after) and not after.text[0].isupper()
            flowing[size, distance] += goes_on
    found: dict[tuple[int, float], float] = {}
    for (region, size), gaps in columns.items():
        distance = max(gaps, key=lambda gap: (gaps[gap], -gap))
        near = [distance - 0.5, distance, distance + 0.5]
        count = sum(seen[size, gap] for gap in near)
        flows = sum(flowing[size, gap] for gap in near)
        here = sum(gaps[gap] for gap in near)
        if count >= _ENOUGH and flows >= 0.5 * count and here >= 0.5 * gaps.total():
            found[region, size] = distance
    return found


def _pairs(lines: Sequence[Line]) -> Iterator[tuple[Line, Line, float]]:
    """Lines of text that follow each other in a column in one size of type, and their distance."""
    for before, after in pairwise(lines):
        if before.role != "text" or after.role != "text" or before.region != after.region:
            continue
        if abs(before.part.size - after.part.size) < 0.6:
            yield before, after, before.part.y - after.part.y


def _size(line: Line) -> float:
    return _half(line.part.size)


def _half(points: float) -> float:
    """Points, to the nearest half."""
    return round(points * 2) / 2
