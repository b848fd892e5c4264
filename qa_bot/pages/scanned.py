"""The characters of a recognised page, whose places its index keeps and its file doesn't tell."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qa_bot.pages.sheet import Glyph, PageGlyphs
from qa_bot.paging import ScannedPage, SeenWord

_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_BACKWARDS = (2, 3)  # quarter turns of lines that run to the left, or up


def glyphs_of(page: ScannedPage) -> PageGlyphs:
    """Its words' characters, each with an equal share of its word's box, white space between."""
    glyphs = tuple(one for word in page.words for one in _letters(word, page.turn))
    return PageGlyphs(page.number, page.width, page.height, glyphs)


def _letters(word: SeenWord, turn: int) -> Iterator[Glyph]:
    text, left, top, right, bottom = word
    is_level = turn in (0, 2)
    start, end = (left, right) if is_level else (top, bottom)
    step = (end - start) / max(len(text), 1)
    if (turn in _BACKWARDS) != bool(_RIGHT_TO_LEFT.search(text)):
        start, step = end, -step
    for at, one in enumerate(text):
        a, b = sorted((start + at * step, start + (at + 1) * step))
        sides = (a, top, b, bottom) if is_level else (left, a, right, b)
        yield Glyph(one, *sides, turn)
    yield Glyph(" ", left, top, right, bottom, turn)
