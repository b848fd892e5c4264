"""Reading order: a page's segments in columns, found by the white gutters between them."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from qa_bot.loaders.pdf.amounts import is_amount
from qa_bot.loaders.pdf.lines import SAME_LINE, Segment

MIN_LINES = 3  # on either side of a gutter
HALF = 0.4  # of the region's width
MIN_SHARE = 0.18  # of the region's width, for a column
MANY = 300  # parts; in more of them, only edges that several lines share are tried
EDGE = 4.0  # points that lines of one column may begin apart


@dataclass(frozen=True, slots=True)
class _Band:
    """Lines side by side, with a gutter between them that nothing crosses."""

    left: list[Segment]
    right: list[Segment]
    top: float
    bottom: float


def reading_order(parts: Sequence[Segment]) -> list[list[Segment]]:
    """Regions in the order that they are read; the segments of one are of one column."""
    if len(parts) < 2 * MIN_LINES:
        return [list(parts)] if parts else []
    band = _widest_band(parts)
    if band is None:
        return [list(parts)]
    inside = {id(part) for part in (*band.left, *band.right)}
    outside = [part for part in parts if id(part) not in inside]
    above = [part for part in outside if part.y > band.top]
    below = [part for part in outside if part.y <= band.top]
    return [
        *reading_order(above),
        *reading_order(band.left),
        *reading_order(band.right),
        *reading_order(below),
    ]


def _widest_band(parts: Sequence[Segment]) -> _Band | None:
    left_edge = min(part.x0 for part in parts)
    width = max(part.x1 for part in parts) - left_edge
    edges = Counter(round(part.x0 / EDGE) for part in parts)
    candidates = {
        min(part.x0 for part in parts if round(part.x0 / EDGE) == edge)
        for edge, count in edges.items()
        if count >= 2 or len(parts) < MANY
    }
    best: _Band | None = None
    for x in sorted(candidates):
        if not left_edge + MIN_SHARE * width < x < left_edge + (1 - MIN_SHARE) * width:
            continue
        for band in _bands(parts, x - 1):
            size = len(band.left) + len(band.right)
            more = best is None or size > len(best.left) + len(best.right)
            if (
                more
                and (
                    (_is_text(band.left, width) and _is_text(band.right, width))
                    or _is_page_half(band.left, band.right, width)
                    or _is_page_half(band.right, band.left, width)
                    or _are_lists(band.left, band.right)
                )
                and not _cut_a_table(band.left, band.right)
            ):
                best = band
    return best


def _is_text(side: Sequence[Segment], width: float) -> bool:
    """Whether one side of a gutter is a column of prose, or two or three of them."""
    return _is_prose(side, width) or _are_columns(side, width)


def _are_columns(side: Sequence[Segment], width: float) -> bool:
    """Whether a side is columns of prose as high as itself.

    Stricter than with a single gutter: the cells of a wide table are prose, too.
    """
    left_edge, right_edge = min(part.x0 for part in side), max(part.x1 for part in side)
    if right_edge - left_edge < 2 * MIN_SHARE * width or len(side) < 4 * MIN_LINES:
        return False
    starts = Counter(round(part.x0 / EDGE) for part in side)
    for edge, count in starts.items():
        x = min(part.x0 for part in side if round(part.x0 / EDGE) == edge) - 1
        if count < 2 * MIN_LINES or x <= left_edge + MIN_SHARE * width:
            continue
        left = [part for part in side if part.x1 <= x]
        right = [part for part in side if part.x0 >= x]
        crossing = len(side) - len(left) - len(right)
        if (
            crossing <= 0.1 * len(side)
            and min(len(left), len(right)) >= 2 * MIN_LINES
            and _is_prose(left, width)
            and (_is_prose(right, width) or _are_columns(right, width))
        ):
            return True
    return False


def _bands(parts: Sequence[Segment], x: float) -> list[_Band]:
    """The stretches of the page in which no segment crosses ``x``."""
    found: list[_Band] = []
    left: list[Segment] = []
    right: list[Segment] = []
    crossing = sorted(
        (part for part in parts if part.x0 < x and part.x1 > x), key=lambda part: -part.y
    )
    limits = [(part.y + 0.5 * part.size, part.low - 0.2 * part.size) for part in crossing]
    top = float("inf")
    for upper, lower in [*limits, (float("-inf"), float("-inf"))]:
        inside = [part for part in parts if upper < part.y < top and not part.x0 < x < part.x1]
        left = [part for part in inside if part.x1 <= x]
        right = [part for part in inside if part.x0 >= x]
        if len(left) >= MIN_LINES and len(right) >= MIN_LINES and (band := _trimmed(left, right)):
            found.append(band)
        top = min(top, lower)
    return found


def _trimmed(left: list[Segment], right: list[Segment]) -> _Band | None:
    """The two sides where they stand beside each other; None where they don't, much."""
    end = min(part.low for part in right)
    beside = [part for part in left if part.y >= end - part.size]
    if len(beside) < MIN_LINES:
        return None
    edge = min(part.x0 for part in beside)
    size = median(part.size for part in beside)
    # What comes further down and further out goes over both columns, though it is short.
    outer = [
        part.y
        for part in left
        if part.y < end - part.size and (part.x0 < edge - EDGE or part.size > 1.3 * size)
    ]
    left = [part for part in left if not outer or part.y > max(outer)]
    top = min(max(part.y for part in left), max(part.y for part in right))
    bottom = max(min(part.low for part in left), min(part.low for part in right))
    shared = [part for part in (*left, *right) if bottom - size <= part.y <= top + size]
    if top - bottom < 3 * size or len(shared) < 0.5 * min(len(left), len(right)):
        return None
    parts = [*left, *right]
    return _Band(left, right, max(part.y for part in parts), min(part.low for part in parts))


def _is_prose(side: Sequence[Segment], width: float) -> bool:
    """Whether lines fill their column, as text does and the cells of a table don't."""
    own = max(part.x1 for part in side) - min(part.x0 for part in side)
    if own < MIN_SHARE * width:
        return False
    lines: dict[int, list[Segment]] = {}
    for part in side:  # by line: a table in a column of prose has many parts
        lines.setdefault(round(part.y), []).append(part)
    wide = [
        line for line in lines.values() if line[0].cells or max(p.width for p in line) > 0.55 * own
    ]
    words = median(max(len(part.text.split()) for part in line) for line in lines.values())
    return len(lines) > MIN_LINES and len(wide) >= 0.5 * len(lines) and words >= 3


def _is_page_half(prose: Sequence[Segment], other: Sequence[Segment], width: float) -> bool:
    """Whether one half of a page is prose, so that whatever fills the other is a column as well."""
    halves = [max(p.x1 for p in side) - min(p.x0 for p in side) for side in (prose, other)]
    lines = [len({round(part.y) for part in side}) for side in (prose, other)]
    words = median(len(part.text.split()) for part in prose)
    return (
        min(halves) > HALF * width
        and min(lines) >= 4 * MIN_LINES
        and lines[1] > 0.5 * lines[0]
        and words >= 2 * MIN_LINES
        and _is_prose(prose, width)
    )


def _are_lists(left: Sequence[Segment], right: Sequence[Segment]) -> bool:
    """Whether lines beside each other stand at heights of their own, as no table's rows do."""
    lines, others = ({round(part.y): part for part in side}.values() for side in (left, right))
    level = sum(any(_are_level(a, b) for b in others) for a in lines)
    return level < 0.6 * min(len(lines), len(others))


def _cut_a_table(left: Sequence[Segment], right: Sequence[Segment]) -> bool:
    """Whether lines of amounts on the right have their names on the left."""
    opening: list[Segment] = []  # the first part of each line on the right
    for part in sorted(right, key=lambda part: (-part.y, part.x0)):
        if not opening or not _are_level(opening[-1], part):
            opening.append(part)
    amounts = [part for part in opening if is_amount(part.text)]
    heights = sorted(part.y for part in left if not is_amount(part.text))
    named = sum(_is_near(heights, part.y, SAME_LINE * part.size) for part in amounts)
    # Below them may stand sums, whose names are where the amounts are: no columns of their own.
    left_most = min((part.x0 for part in amounts), default=0.0) - EDGE
    sums = {round(part.y) for part in opening if part not in amounts and part.x0 > left_most}
    lines = {round(part.y) for part in right if is_amount(part.text)} - sums
    return named >= MIN_LINES and named > 0.6 * len(lines)


def _is_near(sorted_heights: Sequence[float], y: float, reach: float) -> bool:
    at = bisect_left(sorted_heights, y - reach)
    return at < len(sorted_heights) and sorted_heights[at] <= y + reach


def _are_level(a: Segment, b: Segment) -> bool:
    return abs(a.y - b.y) <= SAME_LINE * min(a.size, b.size)
