"""Running headers, footers and page numbers: found because they repeat, and taken out."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from qa_bot.loaders.pdf.lines import Segment, rows

MARGIN = 0.16  # of the page's height, at the top and at the bottom
DEPTH = 5  # rows from the edge
LONGEST = 120  # characters of a header with its page number
_AROUND = 6  # pages before and after, on which a page number beside words goes on counting
SHIFT = 4.0  # points that a line may stand higher or lower from page to page

_DIGITS = re.compile(r"\d+")
_ROMAN = re.compile(r"[ivxlc]{1,7}", re.IGNORECASE)
_PREFIXED = r"(?-i:[A-Z]{1,2}[-–.]?|\d{1,2}[-–])\d{1,4}"  # A-1, A1, 3-12
_COUNT = rf"{_PREFIXED}|\d{{1,5}}|[ivxlc]{{1,7}}"
_NUMBERED = re.compile(rf"(?:page|pg\.?|p\.)\s*({_COUNT})\b|^\W*({_COUNT})\W*$", re.IGNORECASE)
_EDGE_NUMBER = re.compile(
    rf"(?:^|\s)({_PREFIXED})$|^({_PREFIXED})(?=\s)"
    r"|^(\d{1,4})\s*[|•·–—-]\s*\D|\D\s*[|•·–—-]\s*(\d{1,4})$|\s(\d{1,4})$|^(\d{1,4})\s+[^\W\d]"
)


@dataclass(frozen=True, slots=True)
class Furniture:
    """What repeats: the segments to leave out, and the page number printed on each page."""

    segments: frozenset[int]  # id() of each
    labels: dict[int, str]  # page index → the number printed on it


def find_furniture(pages: Sequence[Sequence[Segment]], heights: Sequence[float]) -> Furniture:
    """Look at the outermost rows of every page for texts that come again in the same place."""
    edges = [list(_edge_rows(parts, height)) for parts, height in zip(pages, heights, strict=True)]
    places: dict[tuple[str, bool], list[tuple[int, float]]] = defaultdict(list)
    for index, found in enumerate(edges):
        for at_top, row in found:
            for part in row:
                places[_key(part.text), at_top].append((index, part.y))
    totals = Counter(_key(part.text) for parts in pages for part in parts)
    offsets = _number_offsets(edges)
    numbers = _places_of_numbers(edges, offsets)
    headers = _changing_headers(edges)
    gone: set[int] = set()
    labels: dict[int, str] = {}
    for index, found in enumerate(edges):
        open_sides = {True: True, False: True}
        outermost = dict(reversed(found))
        for at_top, row in found:
            if not open_sides[at_top]:
                continue
            repeated = [
                part
                for part in row
                if _repeats(
                    places[_key(part.text), at_top], index, part, len(pages), totals, offsets
                )
                or _is_page_number(part.text, index, offsets)
            ]
            is_header = id(row) in headers or (
                row is outermost[at_top] and _counts_on(row, index, offsets, numbers)
            )
            if is_header:
                repeated = row  # the title of a chapter or section, which changes
            if len(repeated) * 2 < len(row) or len(row) > 4:
                open_sides[at_top] = False  # what stands further in is the page's own text
                continue
            gone.update(id(part) for part in repeated)
            printed = [number for part in repeated if (number := _number(part.text))]
            counts = {number: offsets[_offset(number, index)] for number in printed}
            if index not in labels and (best := max(counts, key=counts.__getitem__, default="")):
                labels.update({index: best} if counts[best] else {})
    return Furniture(frozenset(gone), _consistent(labels))


def _edge_rows(parts: Sequence[Segment], height: float) -> Iterator[tuple[bool, list[Segment]]]:
    """Rows near the top from the top, and near the bottom from the bottom."""
    lines = rows(part for part in parts if not part.cells and not part.is_turned)
    for row in lines[:DEPTH]:
        if row[0].y > (1 - MARGIN) * height:
            yield True, row
    for row in reversed(lines[-DEPTH:]):
        if row[0].y < MARGIN * height:
            yield False, row


def _key(text: str) -> str:
    text = _DIGITS.sub("#", text.casefold())
    return "#" if _ROMAN.fullmatch(text) else text


def _repeats(
    seen: Sequence[tuple[int, float]],
    index: int,
    part: Segment,
    pages: int,
    totals: Counter[str],
    offsets: Counter[tuple[str, int]],
) -> bool:
    """Whether the same text stands in the same place on enough of the pages around.

    What comes as often in other places is a label of the text: "Table 3". What two pages
    begin with may be the date and the addressee of two letters, unless it counts the pages.
    """
    key = _key(part.text)
    if key == "#":
        return False  # a number alone must count the pages
    same = {page for page, y in seen if abs(y - part.y) <= SHIFT}
    around = range(max(0, index - 4), min(pages, index + 5))
    near = sum(page in same for page in around)
    return (
        len(same) >= (min(3, max(2, pages - 1)) if _counts(part.text, index, offsets) else 3)
        and near >= max(2, 0.4 * len(around))
        and totals[key] - len(same) <= max(1, 0.4 * len(same))
    )


def _number(text: str) -> str | None:
    match = _NUMBERED.search(text) or _EDGE_NUMBER.search(text)
    return next(filter(None, match.groups()), None) if match else None


def _value(number: str) -> tuple[str, int]:
    """What it counts, and in which series: "" for plain numbers, "i" for roman ones, "A-"."""
    plain = re.search(r"\d+$", number)
    if plain is not None:
        return number[: plain.start()], int(plain[0])
    values = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
    digits = [values[letter] for letter in number.lower()]
    total = sum(
        -digit if digit < max(digits[at:], default=0) else digit for at, digit in enumerate(digits)
    )
    return "i", total


def _offset(number: str, index: int) -> tuple[str, int]:
    series, value = _value(number)
    return series, value - index


def _number_offsets(
    edges: Sequence[Sequence[tuple[bool, list[Segment]]]],
) -> Counter[tuple[str, int]]:
    """Differences between printed and counted page numbers, and on how many pages they hold."""
    counts = Counter[tuple[str, int]]()
    for index, found in enumerate(edges):
        seen = {
            _offset(number, index)
            for _, row in found
            for part in row
            if (number := _number(part.text)) is not None
        }
        counts.update(seen)
    needed = min(3, max(2, len(edges) - 1))
    return Counter({offset: count for offset, count in counts.items() if count >= needed})


def _counts(text: str, index: int, offsets: Counter[tuple[str, int]]) -> bool:
    """Whether a text holds its page's number."""
    number = _number(text)
    return number is not None and _offset(number, index) in offsets


def _is_page_number(text: str, index: int, offsets: Counter[tuple[str, int]]) -> bool:
    is_alone = _key(text) == "#" or _NUMBERED.fullmatch(text) is not None
    return is_alone and _counts(text, index, offsets)


def _changing_headers(
    edges: Sequence[Sequence[tuple[bool, list[Segment]]]],
) -> set[int]:
    """``id`` of the outermost rows at a height where most pages have one, and most come again."""
    gone: set[int] = set()
    for side in (True, False):
        rows_of_side = [
            next(row for at_top, row in found if at_top is side)
            for found in edges
            if any(at_top is side for at_top, _ in found)
        ]
        for _, group in groupby(
            sorted(rows_of_side, key=lambda row: -row[0].y),
            key=lambda row: round(row[0].y / SHIFT),
        ):
            same = list(group)
            spelt = [" ".join(_key(part.text) for part in row) for row in same]
            counts = Counter(spelt)
            again = sum(counts[key] > 1 and key != "#" for key in spelt)
            if len(same) >= max(4, 0.3 * len(edges)) and again >= 0.6 * len(same):
                gone |= {id(row) for row in same if sum(len(part.text) for part in row) <= LONGEST}
    return gone


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Where page numbers stand that go on counting."""

    heights: list[float]  # of all, ascending
    places: dict[tuple[str, int], list[tuple[int, float]]]  # offset → page index and height


def _places_of_numbers(
    edges: Sequence[Sequence[tuple[bool, list[Segment]]]], offsets: Counter[tuple[str, int]]
) -> _Numbers:
    places: dict[tuple[str, int], list[tuple[int, float]]] = defaultdict(list)
    for index, found in enumerate(edges):
        for _, row in found:
            for part in row:
                if (number := _number(part.text)) is not None:
                    offset = _offset(number, index)
                    if offsets[offset]:
                        places[offset].append((index, part.y))
    return _Numbers(sorted(y for found in places.values() for _, y in found), places)


def _counts_on(
    row: Sequence[Segment], index: int, offsets: Counter[tuple[str, int]], numbers: _Numbers
) -> bool:
    """Whether a row holds its page's number where other pages have theirs.

    A number beside words may be what a sentence or an index refers to ("see p. 87"): two
    of the pages around have to go on counting at this height, but for numbers like A-12.
    """
    for part in row:
        number = _number(part.text)
        if number is None or not offsets[offset := _offset(number, index)]:
            continue
        low, high = part.y - SHIFT, part.y + SHIFT
        near = bisect_right(numbers.heights, high) - bisect_left(numbers.heights, low)
        around = {
            page
            for page, y in numbers.places[offset]
            if 0 < abs(page - index) <= _AROUND and low <= y <= high
        }
        is_alone = _NUMBERED.fullmatch(part.text) is not None or offset[0] not in ("", "i")
        if near >= 4 and (is_alone or len(around) > 1):
            return sum(len(other.text) for other in row) <= LONGEST
    return False


def _consistent(labels: dict[int, str]) -> dict[int, str]:
    """The labels that go on counting from a neighbour's, and those left out between them."""
    values = {index: _value(label) for index, label in labels.items()}
    kept: dict[int, str] = {}
    for index, (series, value) in values.items():
        near = range(index - 4, index + 5)
        if any(
            other != index and values.get(other) == (series, value + other - index)
            for other in near
        ):
            kept[index] = labels[index]
    for index in sorted(kept):
        after = next((i for i in range(index + 1, index + 5) if i in kept), None)
        if after is None or after == index + 1 or not kept[index].isdigit():
            continue
        start = int(kept[index])
        if kept[after].isdigit() and int(kept[after]) - start == after - index:
            kept.update({i: str(start + i - index) for i in range(index + 1, after)})
    return kept
