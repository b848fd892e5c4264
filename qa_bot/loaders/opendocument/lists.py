"""How OpenDocument numbers its lists and headings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa_bot.loaders.html.markup import local
from qa_bot.loaders.office import attribute
from qa_bot.loaders.writing import numeral

if TYPE_CHECKING:
    from lxml import etree

_BULLET = "-"


class Counter:
    """Counts the items of a list, or the headings of a text, level by level."""

    def __init__(self, style: etree._Element | None) -> None:
        self._levels: dict[int, etree._Element] = {}
        for level in style if style is not None else ():
            number = attribute(level, "level")
            if number.isdecimal():
                self._levels[int(number[:3])] = level
        self._at: dict[int, int] = {}

    def is_bullet(self, level: int) -> bool:
        """Whether a level has signs instead of numbers, or isn't described."""
        one = self._levels.get(level)
        return one is None or local(one.tag) != "list-level-style-number"

    def restart(self, level: int, number: int) -> None:
        """Count on from a number at a level."""
        self._at[level] = number - 1

    def next(self, level: int) -> str:
        """The marker of the next item of a level: "2.1", "b)", a sign; "" for none at all."""
        one = self._levels.get(level)
        if one is None:
            return _BULLET
        if local(one.tag) in ("list-level-style-bullet", "list-level-style-image"):
            return _BULLET
        start = attribute(one, "start-value")
        first = int(start[:6]) if start.isdecimal() else 1
        self._at[level] = self._at.get(level, first - 1) + 1
        for deeper in [other for other in self._at if other > level]:
            del self._at[deeper]
        if not attribute(one, "num-format"):
            return ""
        count = attribute(one, "display-levels")
        shown = int(count[:3]) if count.isdecimal() else 1
        numbers = [
            numeral(self._at[other], attribute(self._levels[other], "num-format"))
            for other in range(max(level - shown + 1, 1), level + 1)
            if other in self._at and other in self._levels
        ]
        return f"{attribute(one, 'num-prefix')}{'.'.join(numbers)}{attribute(one, 'num-suffix')}"
