"""Pages, and what else a text stands on: slides, cells of a sheet, times; and how they are told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

PageKind = Literal["", "slide", "cells", "time"]
"""What a page is: of paper, a slide, the cells of a sheet's row, the time of a subtitle."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the source: its printed label ("iv", "B4:D4") and its 1-based physical number.

    Of kind "cells" or "time" each line of the text is a page of its own.
    """

    label: str
    number: int
    count: int = 0  # of pages in the file; 0 where it isn't known
    kind: PageKind = ""


class SeenWord(NamedTuple):
    """A recognised word, and its box in points from the top left corner of its page."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class ScannedPage:
    """Where the words of a page stand that was recognised, on the page as it is drawn.

    The words are in reading order, those of a line one after another.
    """

    number: int  # 1-based, physical
    width: float  # points
    height: float
    turn: int  # quarter turns of its lines, clockwise; 0 for a page that stands upright
    words: tuple[SeenWord, ...]

    def to_json(self) -> tuple[Any, ...]:
        """It as lists, strings and numbers, for another process."""
        return self.number, self.width, self.height, self.turn, self.words

    @classmethod
    def from_json(cls, fields: Sequence[Any]) -> ScannedPage:
        """What ``to_json`` was given."""
        number, width, height, turn, words = fields
        return cls(number, width, height, turn, tuple(SeenWord(*word) for word in words))


ONE_LINE: tuple[PageKind, ...] = ("cells", "time")
"""Kinds of pages on which one line of the text stands each."""

_CELLS = re.compile(r"([A-Z]+)(\d+)(?::([A-Z]+)(\d+))?")


def pages_named(pages: Sequence[Page]) -> str:
    """Where a text stands: "p. iv (6 of 107)", "slides 3–4", "B4:D9", "1:02–1:09"."""
    first, last, kind = pages[0], pages[-1], pages[0].kind
    if kind == "cells":
        return _cells_named(first.label, last.label)
    if kind == "time":
        times = (first.label.partition("–")[0], last.label.rpartition("–")[2])
        return "–".join(dict.fromkeys(times))
    ends = (first, last)[: len(pages)]
    names = "–".join(map(_page_name, ends))
    if kind == "slide":
        return f"slide{'s' if len(ends) > 1 else ''} {names}"
    return ("p. " if len(ends) == 1 else "pp. ") + names


def _cells_named(first: str, last: str) -> str:
    """The cells from one row's to another's: "B4:D4" and "B9:C9" are together "B4:D9"."""
    found = [_CELLS.fullmatch(label) for label in (first, last)]
    if first == last or not (found[0] and found[1]):
        return first if first == last else f"{first}–{last}"
    columns = [name for one in found if one for name in (one[1], one[3] or one[1])]
    left, *_, right = sorted(columns, key=lambda name: (len(name), name))
    return f"{left}{found[0][2]}:{right}{found[1][4] or found[1][2]}"


def _page_name(page: Page) -> str:
    number = str(page.number)
    if page.label in ("", number):
        return number
    return f"{page.label} ({number} of {page.count})" if page.count else f"{page.label} ({number})"
