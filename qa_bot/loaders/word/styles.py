"""What a Word document's styles and numbering say about a paragraph."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qa_bot.loaders.html.markup import local
from qa_bot.loaders.writing import numeral

if TYPE_CHECKING:
    from lxml import etree

_HEADING_NAME = re.compile(r"heading ([1-9])")
_BODY_LEVEL = 9  # the outline level of text that is no heading
_FORMATS = {
    "lowerLetter": "a",
    "upperLetter": "A",
    "lowerRoman": "i",
    "upperRoman": "I",
}
_FIRST_ROW = 0x20  # in the bits of tblLook
_PLACE = re.compile(r"%([1-9])")


def child(element: etree._Element | None, *names: str) -> etree._Element | None:
    """The first child of a name, and of that its first of the next name, and so on."""
    for name in names:
        if element is None:
            return None
        element = next((each for each in element if local(each.tag) == name), None)
    return element


def value(element: etree._Element | None, name: str = "val") -> str | None:
    """An attribute, in either of Word's namespaces."""
    if element is None:
        return None
    return next((str(text) for key, text in element.attrib.items() if local(key) == name), None)


def is_on(element: etree._Element | None) -> bool:
    """Whether a switch such as ``<w:vanish/>`` is there and not turned off."""
    return element is not None and value(element) not in ("0", "false", "off", "none")


def number(text: str | None, default: int) -> int:
    """A whole number, or the default where it is none or out of all bounds."""
    return int(text) if text and re.fullmatch(r"-?[0-9]{1,9}", text) else default


def _flags(text: str | None) -> int:
    """Bits as Word writes them, in four hex digits."""
    return int(text, 16) if text and re.fullmatch(r"[0-9A-Fa-f]{1,8}", text) else 0


class Styles:
    """The paragraph styles, each with those it is based on."""

    def __init__(self, root: etree._Element | None) -> None:
        self._styles: dict[str, etree._Element] = {}
        self._default = ""
        for style in root if root is not None else ():
            if local(style.tag) == "style" and (name := value(style, "styleId")):
                self._styles[name] = style
                if value(style, "type") == "paragraph" and value(style, "default") in ("1", "true"):
                    self._default = name

    def of(self, properties: etree._Element | None) -> list[etree._Element]:
        """The style of a paragraph with these properties, then what it is based on."""
        name = value(child(properties, "pStyle")) or self._default
        chain: list[etree._Element] = []
        while (style := self._styles.get(name)) is not None and style not in chain[:20]:
            chain.append(style)
            name = value(child(style, "basedOn")) or ""
            if len(chain) >= 20:
                break
        return chain

    def has_first_row(self, properties: etree._Element | None) -> bool:
        """Whether a table's style sets its first row apart, and the table uses that."""
        look = child(properties, "tblLook")
        switch = value(look, "firstRow")  # newer files; in older ones there are only the bits
        if not (switch in ("1", "true", "on") if switch else _flags(value(look)) & _FIRST_ROW):
            return False
        name = value(child(properties, "tblStyle")) or ""
        for _ in range(20):
            style = self._styles.get(name)
            for part in style if style is not None else ():
                if local(part.tag) == "tblStylePr" and value(part, "type") == "firstRow":
                    return True
            name = value(child(style, "basedOn")) or ""
        return False

    @staticmethod
    def is_bold(paragraph: etree._Element, chain: list[etree._Element]) -> bool:
        """Whether all that a paragraph says is bold, by its runs or by its style."""
        by_style = next((b for style in chain if (b := child(style, "rPr", "b")) is not None), None)
        runs = [
            run
            for run in paragraph.iterdescendants()
            if local(run.tag) == "r" and any(local(part.tag) == "t" for part in run)
        ]
        marks = (child(run, "rPr", "b") for run in runs)
        return bool(runs) and all(is_on(by_style if mark is None else mark) for mark in marks)

    @staticmethod
    def name(chain: list[etree._Element]) -> str:
        """The style's own name; Word keeps its built-in names in English in every language."""
        return (value(child(chain[0], "name")) or "").lower() if chain else ""

    @staticmethod
    def outline_level(properties: etree._Element | None, chain: list[etree._Element]) -> int:
        """The level of the heading that a paragraph is, from 1; 0 for text."""
        for holder in (properties, *(child(style, "pPr") for style in chain)):
            if (level := value(child(holder, "outlineLvl"))) is not None:
                level_number = number(level, _BODY_LEVEL)
                return level_number + 1 if 0 <= level_number < _BODY_LEVEL else 0
        for style in chain:
            if named := _HEADING_NAME.fullmatch((value(child(style, "name")) or "").lower()):
                return int(named[1])
        return 0


@dataclass(frozen=True, slots=True)
class Marker:
    """What Word puts before a paragraph of a list."""

    text: str  # "2.1." or "-"
    level: int  # from 0
    is_bullet: bool


@dataclass(slots=True)
class _Level:
    start: int = 1
    format: str = "decimal"
    text: str = ""
    style: str | None = None  # the paragraph style that it numbers
    is_legal: bool = False  # "II" reads "2" in "2.1"


@dataclass(slots=True)
class _List:
    abstract: str
    starts: dict[int, int] = field(default_factory=dict)
    levels: dict[int, _Level] = field(default_factory=dict)


class Numbering:
    """Counts the paragraphs of each list, to say what number each one shows."""

    def __init__(self, root: etree._Element | None) -> None:
        self._abstract: dict[str, dict[int, _Level]] = {}
        self._lists: dict[str, _List] = {}
        self._counts: dict[str, dict[int, int]] = {}
        self._begun: set[tuple[str, int]] = set()
        for element in root if root is not None else ():
            match local(element.tag):
                case "abstractNum":
                    levels = dict(_levels(element))
                    self._abstract[value(element, "abstractNumId") or ""] = levels
                case "num":
                    self._lists[value(element, "numId") or ""] = _read_list(element)

    def marker(
        self, properties: etree._Element | None, chain: list[etree._Element]
    ) -> Marker | None:
        """Count a paragraph and return its marker; None where it is in no list."""
        for holder in (properties, *(child(style, "pPr") for style in chain)):
            numbering = child(holder, "numPr")
            name = value(child(numbering, "numId"))
            if name is None:
                continue
            if name not in self._lists:  # "0": taken out of the style's list
                return None
            level = value(child(numbering, "ilvl"))
            if level is None:
                return self._count(name, self._level_of_style(name, chain))
            return self._count(name, min(max(number(level, 0), 0), 8))
        return None

    def _level_of_style(self, name: str, chain: list[etree._Element]) -> int:
        styles = {value(style, "styleId") for style in chain}
        levels = self._abstract.get(self._lists[name].abstract, {})
        return next((i for i, level in levels.items() if level.style in styles), 0)

    def _count(self, name: str, depth: int) -> Marker:
        this = self._lists[name]
        levels = {**self._abstract.get(this.abstract, {}), **this.levels}
        counts = self._counts.setdefault(this.abstract, {})
        for upper in range(depth):
            counts.setdefault(upper, levels.get(upper, _Level()).start)
        level = levels.get(depth, _Level(format="bullet"))
        start = this.starts.get(depth, level.start)
        restarts = depth in this.starts and (name, depth) not in self._begun
        counts[depth] = start if restarts or depth not in counts else counts[depth] + 1
        self._begun.add((name, depth))
        for lower in [lower for lower in counts if lower > depth]:
            del counts[lower]
        if level.format == "bullet":
            return Marker("-", depth, is_bullet=True)

        def shown(place: re.Match[str]) -> str:
            other = int(place[1]) - 1
            style = levels.get(other, _Level()).format
            if level.is_legal:
                style = "decimal"
            return _numbered(counts.get(other, 1), style)

        return Marker(_PLACE.sub(shown, level.text).strip(), depth, is_bullet=False)


def _levels(element: etree._Element) -> Iterator[tuple[int, _Level]]:
    for level in element:
        if local(level.tag) == "lvl":
            yield (
                number(value(level, "ilvl"), 0),
                _Level(
                    start=number(value(child(level, "start")), 1),
                    format=value(child(level, "numFmt")) or "decimal",
                    text=value(child(level, "lvlText")) or "",
                    style=value(child(level, "pStyle")),
                    is_legal=is_on(child(level, "isLgl")),
                ),
            )


def _read_list(element: etree._Element) -> _List:
    result = _List(value(child(element, "abstractNumId")) or "")
    for override in element:
        if local(override.tag) == "lvlOverride":
            depth = number(value(override, "ilvl"), 0)
            if (start := value(child(override, "startOverride"))) is not None:
                result.starts[depth] = number(start, 1)
            result.levels.update(_levels(override))
    return result


def _numbered(count: int, style: str) -> str:
    match style:
        case "none":
            return ""
        case "decimalZero":
            return f"{count:02}"
        case "upperLetter" | "lowerLetter" if count > 26:  # Word goes on with aa, bb
            letter = numeral((count - 1) % 26 + 1, _FORMATS[style])
            return letter * min((count - 1) // 26 + 1, 40)
        case _:
            return numeral(count, _FORMATS.get(style, "1"))
