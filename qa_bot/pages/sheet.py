"""The characters of some pages as one text with its geometry: where words, lines and cells end.

What counts of a character is what a loader and a drawing have in common: white
space, hyphens, bullets and accents are left out, ligatures are spelt out.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

NEAR = 1.0  # costs of going on elsewhere: on the same line, or the next one
_FAR = 2.0
TURN_PAGE = 2.0
_BACK = 4.0  # to an earlier page
_ODD = 4.0  # leaving a line in its middle; and the same for beginning in one
_APART = 0.7  # line heights between two cells, or columns


class Glyph(NamedTuple):
    """A character as drawn, in points from the top left corner of the page that is shown."""

    text: str  # mostly one character; white space counts
    left: float
    top: float
    right: float
    bottom: float
    turn: int = 0  # quarter turns of its line, clockwise, 0 for text that is upright


@dataclass(frozen=True, slots=True)
class PageGlyphs:
    """One page's characters, in the order in which its file draws them."""

    number: int  # 1-based, physical
    width: float  # points
    height: float
    glyphs: tuple[Glyph, ...]


class Side(NamedTuple):
    """A glyph seen along its own line: from where to where along it, and across it."""

    start: float
    end: float
    top: float
    bottom: float


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """What is compared of a character; nothing of white space, hyphens, bullets and accents."""
    spelt = unicodedata.normalize("NFKD", text).translate(_QUOTES)
    return "".join(one for one in spelt if not _is_left_out(one)).casefold()


_QUOTES = str.maketrans("‘’‚‛“”„‟′″", "''''\"\"\"\"'\"")
_BULLETS = frozenset("|•●■▪◆➢➤✓✔❖►‣∙·")


def _is_left_out(one: str) -> bool:
    return (
        one.isspace()
        or one in _BULLETS
        or unicodedata.category(one) in {"Pd", "Cc", "Cf", "Cn", "Co", "Cs", "Mn"}
        or one == "−"
    )


@dataclass(slots=True)
class Sheet:
    """All pages' characters as one text; ``at`` is the glyph that each of them is drawn by."""

    pages: Sequence[PageGlyphs]
    glyphs: list[Glyph] = field(default_factory=list)
    page_of: list[int] = field(default_factory=list)  # of each glyph, into ``pages``
    sides: list[Side] = field(default_factory=list)
    text: str = ""
    at: list[int] = field(default_factory=list)
    line_ends: list[int] = field(default_factory=list)  # sorted: places where lines or cells end
    begins_line: set[int] = field(default_factory=set)  # places
    begins_word: set[int] = field(default_factory=set)
    by_first: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, pages: Sequence[PageGlyphs]) -> Sheet:
        """Put the characters of pages together."""
        sheet = cls(pages)
        for index, page in enumerate(pages):
            sheet.glyphs += page.glyphs
            sheet.page_of += [index] * len(page.glyphs)
        sheet.sides = [_side(glyph) for glyph in sheet.glyphs]
        spelt = [(at, one) for at, glyph in enumerate(sheet.glyphs) for one in plain(glyph.text)]
        sheet.text = "".join(one for _, one in spelt)
        sheet.at = [at for at, _ in spelt]
        sheet._mark()
        return sheet

    def _mark(self) -> None:
        """Say where words and lines begin."""
        places = range(1, len(self.at))
        self.begins_line = {p for p in places if self._is_break(self.at[p - 1], self.at[p])}
        self.begins_line |= {0, len(self.at)}
        self.line_ends = sorted(self.begins_line - {0})
        self.begins_word = self.begins_line | {
            p
            for p in places
            if self.at[p] - self.at[p - 1] > 1
            or (self.at[p] > self.at[p - 1] and _kind(self.text[p]) != _kind(self.text[p - 1]))
        }
        for place in sorted(self.begins_word - {len(self.at)}):
            self.by_first[self.text[place]].append(place)

    def _is_break(self, a: int, b: int) -> bool:
        """Whether a line or a cell ends between two glyphs that follow each other."""
        if a == b:
            return False
        if self.page_of[a] != self.page_of[b] or self.glyphs[a].turn != self.glyphs[b].turn:
            return True
        return not is_beside(self.sides[a], self.sides[b], _APART)

    def cost(self, end: int, start: int, *, is_cell: bool) -> float | None:
        """Of going on at ``start`` after a run that ends at ``end``; None: a reader wouldn't.

        Only where a loader says that a cell begins may a line be left, or begun, in
        its middle: it may see columns where the drawing has none.
        """
        a, b = self.at[end - 1], self.at[start]
        odd = (end not in self.begins_line) + (start not in self.begins_line)
        if odd and not is_cell:
            return None
        if turned := self.page_of[b] - self.page_of[a]:
            return (TURN_PAGE if turned > 0 else _BACK) + abs(turned) + _ODD * odd
        near = NEAR if self._is_near(a, b) else _FAR + (start < end) / 2
        height = self.pages[self.page_of[a]].height
        distance = abs(self.glyphs[b].top - self.glyphs[a].top) / max(height, 1.0)
        return near + min(distance, 1.0) + _ODD * odd

    def _is_near(self, a: int, b: int) -> bool:
        if self.glyphs[a].turn != self.glyphs[b].turn:
            return False
        one, other = self.sides[a], self.sides[b]
        height = one.bottom - one.top
        down = other.bottom - one.bottom
        return (abs(down) < height / 2 and other.start > one.start) or 0 < down < 2.5 * height

    def line_end_after(self, place: int) -> Iterator[int]:
        """The ends of lines after a place, the nearest first."""
        yield from islice(self.line_ends, bisect_right(self.line_ends, place), None)


def _side(glyph: Glyph) -> Side:
    _, left, top, right, bottom, turn = glyph
    if turn == 0:
        return Side(left, right, top, bottom)
    if turn == 1:
        return Side(top, bottom, -right, -left)
    if turn == 2:
        return Side(-right, -left, -bottom, -top)
    return Side(-bottom, -top, left, right)


def is_beside(a: Side, b: Side, most: float) -> bool:
    """Whether two glyphs stand on one line with at most so many line heights between."""
    height = min(a.bottom - a.top, b.bottom - b.top)
    shared = min(a.bottom, b.bottom) - max(a.top, b.top)
    gap = max(a.start, b.start) - min(a.end, b.end)
    return shared > 0.4 * height and gap <= most * max(a.bottom - a.top, b.bottom - b.top)


def _kind(one: str) -> str:
    return "a" if one.isalpha() else "1" if one.isdigit() else one
