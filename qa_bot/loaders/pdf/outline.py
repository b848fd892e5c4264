"""Bookmarks and contents pages: titles with their pages, anchored to lines of the text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from qa_bot.loaders.outline import is_prose
from qa_bot.loaders.pdf.ordinals import (
    ORDINAL,
    chapter_above,
    is_numbered,
    letters,
    numbered,
    ordinal_letters,
)
from qa_bot.loaders.pdf.rows import LEADERS, Line
from qa_bot.text import CELLS

if TYPE_CHECKING:
    from pypdf import PdfReader

MAX_ENTRIES = 5_000
_NO_LEADERS = re.compile(r"(?P<title>.*[^\W\d_].*?)(?:\s+\|)?\s+(?P<page>\d{1,4}|[ivxlc]{1,7})")
MAX_TITLE_LINES = 12
MAX_SKIPPED = 10  # contents entries out of order, in a row
SKIPPING = 1.5  # entries that a list must gain by leaving some out
NEAR_EDGE = 8.0  # points
COLUMN = 120.0  # points; a contents list that begins further in is another column
SIMILAR = 0.88  # of a title and lines that differ from it by a typo

_DEPTH = re.compile(r"((?:\d{1,3}|[A-Z](?=\.\d))(?:\.\d{1,3})*)[.:)]?\s")
_PART = re.compile(r"(?:part\s+(?:[IVX]+|\d+)|[IVX]+[.:]?)\s", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """A title that should stand on a page. ``top`` is how high, where that is known."""

    title: str
    level: int  # 0 is the outermost
    page: int | None  # index
    top: float | None = None


@dataclass(frozen=True, slots=True)
class Anchor:
    """A heading found in the lines. ``alone``: the lines hold nothing else."""

    title: str
    level: int
    first: int  # line index
    count: int
    alone: bool


@dataclass
class Outline:
    """Headings in reading order, and the entries that stand nowhere."""

    anchors: list[Anchor] = field(default_factory=list)
    rejected: list[Entry] = field(default_factory=list)


def bookmarks(reader: PdfReader) -> list[Entry]:
    """The outline of the file, depth first; destinations that make no sense have no page.

    A damaged outline may lead to the same entries twice: they count once. Paragraphs don't.
    """
    found: dict[tuple[object, ...], Entry] = {}
    for number, entry in enumerate(_flatten(reader, reader.outline, 0)):
        place = (entry.page, entry.top) if entry.top is not None else (number,)
        if not is_prose(entry.title):
            found.setdefault((entry.title, *place), entry)
        if len(found) >= MAX_ENTRIES:
            break
    return list(found.values())


def _flatten(reader: PdfReader, items: Any, level: int) -> Iterator[Entry]:  # noqa: ANN401
    for item in items:
        if isinstance(item, list):
            if level < 30:
                yield from _flatten(reader, item, level + 1)
            continue
        page = None
        try:
            number = reader.get_destination_page_number(item)
            page = number if number is not None and number >= 0 else None
        except (ValueError, KeyError, AttributeError, TypeError):
            pass
        top = item.get("/Top")
        exact = isinstance(top, int | float) and item.typ in ("/XYZ", "/FitH", "/FitBH", "/FitR")
        title = " ".join(str(item.title or "").split())
        yield Entry(title, level, page, float(top) if exact else None)


class Finder:
    """Looks titles up among the lines of their pages."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        self._letters = [letters(line.text) for line in lines]
        self._ordinals = [ordinal_letters(line.text) for line in lines]
        self._pages: dict[int, list[int]] = {}
        for index, line in enumerate(lines):
            if line.role != "link":
                self._pages.setdefault(line.part.page, []).append(index)

    def find(self, entry: Entry, after: int) -> Anchor | None:
        """The lines that hold a title; of several, the one at its place, or the next one on."""
        number = ORDINAL.match(entry.title)
        if found := self._find_title(entry, letters(entry.title), after):
            return found
        rest = letters(entry.title[number.end() :]) if number else ""
        return self._find_title(entry, rest, after, has_number=True) if rest else None

    def _find_title(
        self, entry: Entry, title: str, after: int, *, has_number: bool = False
    ) -> Anchor | None:
        if entry.page is None:
            return None
        best: tuple[float, Anchor] | None = None
        for index in self._pages.get(entry.page, ()):
            found = self._match(title, index)
            if found is None:
                continue
            count, quality, skipped = found
            score = quality + self._nearness(entry, index) + (0.5 if index > after else 0.0)
            if best is None or score > best[0]:
                text = self._lines[index].text
                named = entry.title if has_number else numbered(entry.title, text, skipped)
                anchor = Anchor(named, entry.level, index, count, quality >= 2)
                best = score, anchor
        return best[1] if best else None

    def _match(self, title: str, index: int) -> tuple[int, float, int] | None:
        """How many lines from ``index`` on hold the title, and how well they do (0 to 3).

        What is printed may begin with a number, "Chapter 3" or "3.1", that the
        title leaves out: the third is how many letters it has.
        """
        matches = [
            (*found, skipped)
            for skipped in self._ordinals[index]
            if (found := self._match_after(title, index, skipped)) is not None
        ]
        return max(matches, key=lambda found: found[1], default=None)

    def _match_after(self, title: str, index: int, skipped: int) -> tuple[int, float] | None:
        joined = ""
        region = self._lines[index].region
        for count in range(1, MAX_TITLE_LINES + 1):
            at = index + count - 1
            if at >= len(self._lines) or self._lines[at].region != region:
                return None
            joined += self._letters[at][skipped if count == 1 else 0 :]
            if joined == title:
                return count, 3.0
            if len(joined) >= len(title):
                break
            if not title.startswith(joined) and not _alike(title[: len(joined)], joined):
                return None
        if joined.startswith(title):
            is_word = len(title) >= 4 and count == 1 and self._lines[index].role == "text"
            return (count, 1.0) if is_word else None
        return (count, 2.0) if _alike(title, joined) else None

    def _nearness(self, entry: Entry, index: int) -> float:
        """0 to 4: how near the line stands to where the bookmark points."""
        if entry.top is None:
            return 0.0
        part = self._lines[index].part
        distance = abs(entry.top - part.y - part.size)
        return 4 * max(0.0, 1 - distance / 200)


def _alike(a: str, b: str) -> bool:
    if len(b) < 8 or sum(x == y for x, y in zip(a, b, strict=False)) < 0.4 * len(b):
        return False
    return SequenceMatcher(None, a, b, autojunk=False).ratio() >= SIMILAR


def anchor_all(entries: Sequence[Entry], lines: Sequence[Line]) -> Outline:
    """Anchor each entry to its place; one whose title isn't on its page is rejected.

    What hangs under a rejected entry moves up to where that entry hung.
    """
    finder = Finder(lines)
    outline = Outline()
    above: list[tuple[int, int]] = []  # level of each outer entry → level it got
    after = -1
    taken: set[int] = set()
    for entry in entries:
        while above and above[-1][0] >= entry.level:
            above.pop()
        level = above[-1][1] + 1 if above else 0
        anchor = finder.find(entry, after)
        if anchor is None or anchor.first in taken:
            outline.rejected.append(entry)
            continue
        above.append((entry.level, level))
        after = anchor.first
        anchor = _with_chapter(replace(anchor, level=level), lines, taken)
        taken.update(range(anchor.first, anchor.first + anchor.count))
        outline.anchors.append(anchor)
    outline.anchors.sort(key=lambda anchor: anchor.first)
    return outline


def _with_chapter(anchor: Anchor, lines: Sequence[Line], taken: Set[int]) -> Anchor:
    """The heading with the lines right above it that say which chapter it is."""
    count, said = chapter_above(lines, anchor.first)
    first = anchor.first - count
    if not count or not anchor.alone or not taken.isdisjoint(range(first, anchor.first)):
        return anchor
    title = anchor.title if is_numbered(anchor.title) else f"{said} {anchor.title}"
    return replace(anchor, title=title, first=first, count=anchor.count + count)


def anchor_contents(entries: Sequence[Entry], lines: Sequence[Line]) -> Outline:
    """Anchor the entries of a contents page, whose page numbers may all be off by a few."""
    outlines = []
    for shift in (0, 1, -1, 2, -2, 3, -3):
        shifted = [replace(entry, page=(entry.page or 0) + shift) for entry in entries]
        outlines.append(anchor_all(shifted, lines))
        if len(outlines[-1].anchors) >= 0.9 * len(entries):
            break
    best = max(outlines, key=lambda outline: len(outline.anchors))
    found = {anchor.first for anchor in best.anchors}
    levels = {entry.title: entry.level for entry in entries}
    for outline in outlines:  # where numbers go wrong half-way
        for anchor in outline.anchors:
            if anchor.first not in found and any(
                entry.title == anchor.title for entry in best.rejected
            ):
                best.anchors.append(replace(anchor, level=levels[anchor.title]))
                found.add(anchor.first)
                best.rejected = [e for e in best.rejected if e.title != anchor.title]
    best.anchors.sort(key=lambda anchor: anchor.first)
    return best


def contents_entries(
    lines: Sequence[Line], labels: Mapping[str, int], indents: float = 5.0
) -> list[Entry]:
    """The entries of contents pages: titles with leaders; levels from indents, or numbers.

    Args:
        lines: Of the whole document.
        labels: Printed page number → page index.
        indents: Points by which entries of one level may differ.
    """
    found: list[tuple[str, float, int]] = []
    held: list[Line] = []
    leftmost = min((line.left for line in lines if line.role == "link"), default=0.0)
    has_leaders = any(line.role == "link" and LEADERS.match(line.text) for line in lines)
    for line in lines:
        if line.role != "link":
            held = []
            continue
        if held and held[-1].region != line.region:
            held = []
        match = LEADERS.match(line.text)
        if match is None:
            match = _chapter(line) if has_leaders else _NO_LEADERS.fullmatch(line.text)
        if match is None:
            held = [*held, line][-MAX_TITLE_LINES:]
            continue
        title = " ".join([*(before.text for before in held), match["title"]]).replace(CELLS, " ")
        first = held[0].part if held else line.part
        held = []
        page = labels.get((match["page"] or "").lower())
        if page is not None and re.search(r"[^\W\d_]", title):
            base = leftmost if line.left < leftmost + COLUMN else line.left
            found.append((" ".join(title.split()), first.x0 - base, page))
    steps: list[float] = []
    for indent in sorted({round(indent, 1) for _, indent, _ in found}):
        if not steps or indent - steps[-1] > indents:
            steps.append(indent)
    return _ascending(
        _levels_by_number(
            [
                Entry(title, max(i for i, step in enumerate(steps) if indent >= step - 0.1), page)
                for title, indent, page in found
            ]
        )
    )


def _chapter(line: Line) -> re.Match[str] | None:
    """A chapter's entry, as TeX sets it: nothing leads to its page number at the right edge."""
    is_wide = line.part.x1 > line.right - NEAR_EDGE and line.part.x0 < line.right - COLUMN
    return _NO_LEADERS.fullmatch(line.text) if is_wide else None


def _levels_by_number(entries: Sequence[Entry]) -> list[Entry]:
    """Levels as the titles' numbers have them, where indents contradict each other.

    Chapters that are set as far out as "Part I" before them are one level further in.
    """
    levels: dict[int, Counter[int]] = {}
    for entry in entries:
        if depth := _DEPTH.match(entry.title):
            levels.setdefault(depth[1].count("."), Counter())[entry.level] += 1
    usual = {dots: counts.most_common(1)[0] for dots, counts in levels.items()}
    numbered = sum(counts.total() for counts in levels.values())
    if numbered < 0.5 * len(entries) or not numbered:
        return list(entries)
    is_certain = sum(count for _, count in usual.values()) >= 0.9 * numbered
    base = max(min(level - dots for dots, (level, _) in usual.items()), 0)
    has_parts = sum(bool(_PART.match(entry.title)) for entry in entries) > 1
    step = 0
    leveled: list[Entry] = []
    for entry in entries:
        depth, level = _DEPTH.match(entry.title), entry.level
        if depth and not is_certain:
            level = depth[1].count(".") + base
        if has_parts and _PART.match(entry.title):
            step = int(usual.get(0, (1, 0))[0] <= level)
        elif depth:
            level += step
        leveled.append(replace(entry, level=level))
    return leveled


def _ascending(entries: Sequence[Entry]) -> list[Entry]:
    """The longest list whose pages count up, with a few entries that are out of order left out.

    Contents count up to the document's end; short contents before them and a list
    of figures after them begin anew, and an index goes up and down.
    """
    worth: list[float] = []  # of the best list that ends here: its length, less what it skips
    before: list[int] = []
    for number, entry in enumerate(entries):
        best, origin = 0.0, -1
        for at in range(max(0, number - MAX_SKIPPED - 1), number):
            value = worth[at] - (SKIPPING if at < number - 1 else 0)
            if value > best and (entries[at].page or 0) <= (entry.page or 0):
                best, origin = value, at
        worth.append(best + 1)
        before.append(origin)
    at = max(range(len(worth)), key=worth.__getitem__, default=-1)
    found: list[Entry] = []
    while at >= 0:
        found.append(entries[at])
        at = before[at]
    return found[::-1]
