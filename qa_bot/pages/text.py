"""Where a quote stands among the characters that a page draws, whatever their order.

The quote was written by a loader, which knows columns, tables and running headers;
the characters come as the file draws them. So the quote is laid on the page in
runs: each is on the page exactly as quoted, but for white space, hyphens, bullets
and accents, and the cheapest way of getting from one run to the next wins: to the
next line or cell, else to another column or page. But for cells of a table, a run
ends where a line ends and the next begins where one begins; so a quote that leaves
words out, or has them in another order, isn't there.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from qa_bot.pages.sheet import NEAR, TURN_PAGE, PageGlyphs, Sheet, is_beside, plain

Span = tuple[int, int]

_BEAM = 20.0  # ways dearer than the cheapest by more are given up
_INSIDE = 0.05  # cost of a quote that begins inside a line: of two places, the other is likelier
_SPACE = 2.0  # line heights between words on one line
_TALLER = 1.6  # times another character on the line: an initial, which is boxed by itself


class Area(NamedTuple):
    """A rectangle, in shares of a page's width and height from its top left corner."""

    page: int
    left: float
    top: float
    right: float
    bottom: float


class _Step(NamedTuple):
    """A run: characters of the quote, from ``quote`` on, that stand on from ``place``."""

    quote: int
    place: int
    length: int
    before: _Step | None


_Arrivals = dict[int, tuple[float, _Step]]
"""Place after a run → what it cost to get there, and how."""


def areas(
    quote: str, pages: Sequence[PageGlyphs], spans: Iterable[Span]
) -> list[tuple[Area, ...]] | None:
    """Say where parts of a quote stand.

    Args:
        quote: As it was extracted; all of it has to be found.
        pages: Those it stands on, in their order.
        spans: The parts, in code points of the quote.

    Returns:
        For each part its areas in reading order, one for each line and run; None
        where the quote isn't there.
    """
    sheet = Sheet.of(pages)
    found = _places(quote, sheet)
    if found is None:
        return None
    return [tuple(_areas(_in_order(found[start:end], sheet), sheet)) for start, end in spans]


@dataclass(frozen=True, slots=True)
class _Words:
    """The quote's characters that count, all in one; ``owners`` are their places in the quote."""

    text: str
    owners: list[int]
    ends: list[int]  # of the word that each of them is in
    begins: set[int]
    cells: set[int]  # those of ``begins`` that a cell of a table begins with

    @classmethod
    def of(cls, quote: str) -> _Words:
        text: list[str] = []
        owners: list[int] = []
        begins: set[int] = set()
        cells: set[int] = set()
        is_apart, is_cell = True, False
        for index, character in enumerate(quote):
            spelt = plain(character)
            if spelt and is_apart:
                begins.add(len(text))
                cells |= {len(text)} if is_cell else set()
            is_cell = character == "|" or (is_cell and not spelt)
            is_apart = character.isspace() or (is_apart and not spelt)
            text += spelt
            owners += [index] * len(spelt)
        ends: list[int] = []
        for start, end in pairwise([*sorted(begins), len(text)]):
            ends += [end] * (end - start)
        return cls("".join(text), owners, ends, begins, cells)


def _places(quote: str, sheet: Sheet) -> list[list[int]] | None:
    """The glyphs of each of a quote's characters; None where not all of it is there."""
    words = _Words.of(quote)
    if not words.text:
        return None
    last = _cheapest(words, sheet)
    if last is None:
        return None
    found: list[list[int]] = [[] for _ in quote]
    step: _Step | None = last
    while step is not None:
        for shift in range(step.length):
            glyphs = found[words.owners[step.quote + shift]]
            if sheet.at[step.place + shift] not in glyphs:
                glyphs.append(sheet.at[step.place + shift])
        step = step.before
    _add_left_out(quote, found, sheet)
    return found


def _add_left_out(quote: str, found: list[list[int]], sheet: Sheet) -> None:
    """Give bullets and hyphens of the quote, which aren't compared, those beside their words."""
    for order, way in ((range(len(quote)), 1), (range(len(quote) - 1, -1, -1), -1)):
        near = -1
        for index in order:
            if found[index]:
                near = found[index][-1] if way > 0 else found[index][0]
            elif near >= 0 and not quote[index].isspace():
                beside = _skip_space(near, way, sheet)
                if beside is not None and not plain(sheet.glyphs[beside].text):
                    found[index].append(beside)
                    near = beside


def _skip_space(at: int, way: int, sheet: Sheet) -> int | None:
    """The next glyph on the same line that isn't white space."""
    page, line = sheet.page_of[at], sheet.sides[at]
    while 0 <= (at := at + way) < len(sheet.glyphs) and sheet.page_of[at] == page:
        if sheet.glyphs[at].text.strip():
            return at if is_beside(line, sheet.sides[at], 3.0) else None
    return None


def _cheapest(words: _Words, sheet: Sheet) -> _Step | None:
    """The last run of the cheapest way to lay the words on the sheet."""
    arrived: dict[int, _Arrivals] = {}
    waiting = [0]
    while waiting:
        at = heapq.heappop(waiting)
        here = _kept(arrived.pop(at, {}), sheet, is_last=at == len(words.text))
        if at == len(words.text):
            return min(here.values(), key=lambda one: one[0])[1] if here else None
        if at and not here:
            continue
        for place, cost, before in _starts(words, sheet, at, here):
            for length in _lengths(words, sheet, at, place):
                if at + length not in arrived:
                    arrived[at + length] = {}
                    heapq.heappush(waiting, at + length)
                there = arrived[at + length]
                if place + length not in there or cost < there[place + length][0]:
                    there[place + length] = cost, _Step(at, place, length, before)
    return None


def _kept(arrivals: _Arrivals, sheet: Sheet, *, is_last: bool) -> _Arrivals:
    """Those that are cheap enough to follow."""
    if is_last:
        arrivals = {end: one for end, one in arrivals.items() if end in sheet.begins_word}
    limit = min((cost for cost, _ in arrivals.values()), default=0.0) + _BEAM
    return {end: one for end, one in arrivals.items() if one[0] <= limit}


def _starts(
    words: _Words, sheet: Sheet, at: int, here: _Arrivals
) -> Iterator[tuple[int, float, _Step | None]]:
    """Places where what follows may stand: the cost so far, and the run before."""
    places = sheet.by_first.get(words.text[at], [])
    if not at:
        for place in places:
            cost = 0.0 if place in sheet.begins_line else _INSIDE
            yield place, cost + TURN_PAGE * sheet.page_of[sheet.at[place]], None
        return
    for end, (cost, step) in here.items():
        yield end, cost, step
    leaving = [(end, *one) for end, one in here.items() if end in sheet.begins_word]
    least = min((cost for _, cost, _ in leaving), default=0.0) + NEAR
    for place in places:
        if at not in words.begins and place not in sheet.begins_line:
            continue  # the rest of a word
        if (place in here and here[place][0] <= least) or not _stands(words, sheet, at, place):
            continue
        ways = [
            (cost + more, step)
            for end, cost, step in leaving
            if (more := sheet.cost(end, place, is_cell=at in words.cells)) is not None
        ]
        if ways:
            yield place, *min(ways, key=lambda way: way[0])


def _stands(words: _Words, sheet: Sheet, at: int, place: int) -> bool:
    return next(_lengths(words, sheet, at, place), 0) > 0


def _lengths(words: _Words, sheet: Sheet, at: int, place: int) -> Iterator[int]:
    """How much of a word stands at a place: all of it, or as far as the end of a line."""
    word = words.text[at : words.ends[at]]
    if sheet.text.startswith(word, place):
        yield len(word)
        return
    longest = 0
    for end in sheet.line_end_after(place):
        if not word.startswith(sheet.text[place:end]):
            break
        longest = end - place
    if longest:
        yield longest


def _in_order(found: Iterable[Sequence[int]], sheet: Sheet) -> Iterator[int]:
    """Glyphs in the order of the quote, each once, hyphens that it leaves out among them."""
    last = -1
    for glyph in dict.fromkeys(glyph for glyphs in found for glyph in glyphs):
        between = range(last + 1, glyph) if last >= 0 else ()
        if not any(plain(sheet.glyphs[one].text) for one in between):
            yield from (one for one in between if sheet.glyphs[one].text.strip())
        yield glyph
        last = glyph


def _areas(glyphs: Iterable[int], sheet: Sheet) -> Iterator[Area]:
    line: list[int] = []
    for glyph in glyphs:
        if line and not _goes_on(line[-1], glyph, sheet):
            yield _around(line, sheet)
            line = []
        line.append(glyph)
    if line:
        yield _around(line, sheet)


def _goes_on(a: int, b: int, sheet: Sheet) -> bool:
    """Whether a glyph stands on the same line as the one before it, nothing between them."""
    one, other = sheet.glyphs[a], sheet.glyphs[b]
    if sheet.page_of[a] != sheet.page_of[b] or one.turn != other.turn or b < a:
        return False
    if any(plain(glyph.text) for glyph in sheet.glyphs[a + 1 : b]):
        return False
    heights = [side.bottom - side.top for side in (sheet.sides[a], sheet.sides[b])]
    is_alike = max(heights) <= _TALLER * min(heights)
    return is_alike and is_beside(sheet.sides[a], sheet.sides[b], _SPACE)


def _around(line: Sequence[int], sheet: Sheet) -> Area:
    page = sheet.pages[sheet.page_of[line[0]]]
    glyphs = [sheet.glyphs[at] for at in line]
    return Area(
        page.number,
        _share(min(glyph.left for glyph in glyphs), page.width),
        _share(min(glyph.top for glyph in glyphs), page.height),
        _share(max(glyph.right for glyph in glyphs), page.width),
        _share(max(glyph.bottom for glyph in glyphs), page.height),
    )


def _share(part: float, whole: float) -> float:
    return min(max(part / whole, 0.0), 1.0)
