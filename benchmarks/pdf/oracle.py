"""What readers that are not ours see on each page of a PDF: the oracles of ``reading``.

pdfium says where letters stand, and which lines are running headers and footers;
poppler is the second opinion on where words begin and end. Neither knows
anything of what the loader thinks.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]
from pypdf import PdfReader

from qa_bot.loaders.pdf.ordinals import letters
from qa_bot.loaders.pdf.outline import Entry, bookmarks

_HIDDEN = re.compile(r"_[0-9a-f]{8}-[0-9a-f-]{27}|PLACEHOLDER_\d+")  # drawn one point high
_NUMBER_AT_EDGE = re.compile(r"^(\d{1,4}|[ivxlc]{1,7})\b|\b(\d{1,4}|[ivxlc]{1,7})$")
_BEFORE_TITLE = re.compile(r"(?:chapter|part|appendix|section|kapitel|teil|anhang)?[\da-z]{0,6}")
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
HEIGHT = 4.0  # points that a header may stand higher or lower from page to page
EDGE_ROWS = 3


@dataclass(frozen=True, slots=True)
class Place:
    """Where letters stand: page index, and index into that page's letters in pdfium's order."""

    page: int
    at: int

    def key(self) -> tuple[int, int]:
        """For sorting."""
        return self.page, self.at


@dataclass(frozen=True, slots=True)
class OracleLine:
    """A line as pdfium has it. ``top`` is how high it stands, ``at`` its first letter's index."""

    text: str
    top: float
    at: int


@dataclass(frozen=True, slots=True)
class OraclePage:
    """What pdfium reads on one page; ``letters`` and ``tops`` run in parallel."""

    text: str
    letters: str
    tops: tuple[float, ...]
    lines: tuple[OracleLine, ...]


@dataclass(frozen=True, slots=True)
class Oracle:
    """A whole file. ``furniture`` holds each page's running headers, footers and page numbers."""

    pages: tuple[OraclePage, ...]
    furniture: tuple[tuple[OracleLine, ...], ...]
    poppler: tuple[str, ...]

    def find(self, probe: str, page: int, after: int = -1) -> int | None:
        """Where on a page letters stand: after a place if possible."""
        for start in (after, 0):
            at = self.pages[page].letters.find(probe, max(start, 0))
            if at >= 0:
                return at
        return None


def read_oracle(path: Path) -> Oracle:
    """Read a whole file with both oracles."""
    with pypdfium2.PdfDocument(path) as document:
        pages = tuple(_read_page(page) for page in document)
    poppler = poppler_pages(path)
    return Oracle(
        pages,
        tuple(tuple(lines) for lines in find_furniture([page.lines for page in pages])),
        tuple(poppler + [""] * (len(pages) - len(poppler))),
    )


def _read_page(page: pypdfium2.PdfPage) -> OraclePage:
    textpage = page.get_textpage()
    found: list[str] = []
    tops: list[float] = []
    lines = [OracleLine("", 0.0, 0)]
    for index in range(textpage.count_chars()):
        character = textpage.get_text_range(index, 1)
        if character in "\r\n":
            lines.append(OracleLine("", 0.0, len(tops)))
            continue
        spelt, last = letters(character), lines[-1]
        top = textpage.get_charbox(index)[3] if spelt else last.top
        lines[-1] = OracleLine(last.text + character, max(top, last.top), last.at)
        if spelt:
            found.append(spelt)
            tops += [top] * len(spelt)
    return OraclePage(
        unhidden(textpage.get_text_range()),
        "".join(found),
        tuple(tops),
        tuple(
            OracleLine(" ".join(line.text.split()), line.top, line.at)
            for line in lines
            if line.text.strip()
        ),
    )


def unhidden(text: str) -> str:
    """Without the identifiers that some forms draw one point high."""
    return _HIDDEN.sub(" ", text)


def poppler_pages(path: Path) -> list[str]:
    """Each page's text by ``pdftotext``.

    Raises:
        SystemExit: It isn't installed.
    """
    program = shutil.which("pdftotext")
    if program is None:
        raise SystemExit("pdftotext is not installed: apt-get install poppler-utils")
    done = subprocess.run([program, str(path), "-"], capture_output=True, check=False)  # noqa: S603
    return done.stdout.decode("utf-8", "replace").split("\f")[:-1]


def find_furniture(pages: Sequence[Sequence[OracleLine]]) -> list[list[OracleLine]]:
    """For each page, its running headers and footers.

    Those are lines that half of all pages have in that place, digits aside; lines
    at the edge that come again there on three of the pages around, and nowhere else;
    and outermost rows that begin or end with the number that counts the pages.
    """
    half: Counter[tuple[str, int]] = Counter(
        key for lines in pages for key in {(_key(line), round(line.top / 5)) for line in lines}
    )
    needed = max(2, 0.5 * len(pages))
    edges = [_edge_rows(lines) for lines in pages]
    places: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for index, lines in enumerate(pages):
        for line in lines:
            places[_key(line)].append((index, line.top))
    counting = _counting_rows(edges)
    found = []
    for index, (lines, rows) in enumerate(zip(pages, edges, strict=True)):
        at_edge = {id(line) for row in rows for line in row}
        gone = {id(line) for row in rows if (index, id(row[0])) in counting for line in row}
        gone |= {
            id(line)
            for line in lines
            if half[_key(line), round(line.top / 5)] >= needed
            or (id(line) in at_edge and _comes_again(places[_key(line)], index, line))
        }
        found.append([line for line in lines if id(line) in gone])
    return found


def _key(line: OracleLine) -> str:
    return re.sub(r"\d+", "#", line.text)


def _comes_again(seen: Sequence[tuple[int, float]], index: int, line: OracleLine) -> bool:
    around = [(page, top) for page, top in seen if abs(page - index) <= 5]
    same = [page for page, top in around if abs(top - line.top) <= HEIGHT]
    is_label = len(same) < 0.7 * len(around)  # of the text, which also stands further in
    return len(set(same)) >= 3 and not is_label and bool(re.search(r"[^\W\d_]", line.text))


def _edge_rows(lines: Sequence[OracleLine]) -> list[list[OracleLine]]:
    """The outermost rows, top and bottom, each with the lines that stand at one height."""
    rows: list[list[OracleLine]] = []
    for line in sorted(lines, key=lambda line: -line.top):
        if rows and rows[-1][0].top - line.top <= 3:
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows if len(rows) <= 2 * EDGE_ROWS else rows[:EDGE_ROWS] + rows[-EDGE_ROWS:]


def _counting_rows(edges: Sequence[Sequence[Sequence[OracleLine]]]) -> set[tuple[int, int]]:
    """Outermost rows with a page number that counts on: page index and ``id`` of the first line."""
    seen: dict[tuple[bool, int], list[tuple[int, int]]] = defaultdict(list)
    for index, rows in enumerate(edges):
        for row in (rows[0], rows[-1]) if rows else ():
            for number in {n for line in row for n in _edge_numbers(line.text)}:
                is_roman, value = number
                seen[is_roman, value - index].append((index, id(row[0])))
    return {
        place
        for places in seen.values()
        if len({index for index, _ in places}) >= max(3, 0.02 * len(edges))
        for place in places
        if any(abs(other - place[0]) in (1, 2) for other, _ in places)
    }


def _edge_numbers(text: str) -> Iterator[tuple[bool, int]]:
    for match in _NUMBER_AT_EDGE.finditer(text):
        number = match[1] or match[2]
        if number.isdigit():
            yield False, int(number)
        else:
            values = [_ROMAN[letter] for letter in number]
            pairs = zip(values, [*values[1:], 0], strict=True)
            yield True, sum(-a if a < b else a for a, b in pairs)


def read_truth(path: Path, oracle: Oracle) -> tuple[list[tuple[Place, tuple[str, ...]]], list[str]]:
    """Each bookmark's place in pdfium's text with its path; and those whose title isn't there."""
    with PdfReader(path) as reader:
        if reader.is_encrypted:
            reader.decrypt("")
        entries = bookmarks(reader)
    found: list[tuple[Place, tuple[str, ...]]] = []
    rejected: list[str] = []
    path_to: list[tuple[int, str]] = []
    last = Place(-1, -1)
    for entry in entries:
        while path_to and path_to[-1][0] >= entry.level:
            path_to.pop()
        at = _title_place(oracle, entry, last)
        if at is None:
            rejected.append(entry.title)
            continue
        last = at
        path_to.append((entry.level, entry.title))
        found.append((at, tuple(title for _, title in path_to)))
    return sorted(found, key=lambda item: item[0].key()), rejected


def _title_place(oracle: Oracle, entry: Entry, last: Place) -> Place | None:
    """Where a bookmark's title stands on its page, from the number before it on."""
    title = letters(entry.title)
    if entry.page is None or not title or entry.page >= len(oracle.pages):
        return None
    page = oracle.pages[entry.page]
    everywhere = [match.start() for match in re.finditer(re.escape(title), page.letters)]
    furniture = oracle.furniture[entry.page]
    headers = [range(line.at, line.at + len(letters(line.text))) for line in furniture]
    places = [at for at in everywhere if not any(at in one for one in headers)] or everywhere
    if not places:
        return None
    at_line_start = {at: start for at in places if (start := _line_start(page, at)) is not None}
    places = list(at_line_start) or places
    later = [at for at in places if (entry.page, at) > last.key()]
    at = (later or places)[0]
    if entry.top is not None:
        at = min(places, key=lambda place: abs(page.tops[place] - float(entry.top or 0)))
    return Place(entry.page, at_line_start.get(at, at))


def _line_start(page: OraclePage, at: int) -> int | None:
    """Where the line that a title stands in begins, if all that precedes it is its number."""
    starts = [line.at for line in page.lines if line.at <= at]
    start = max(starts, default=0)
    return start if _BEFORE_TITLE.fullmatch(page.letters[start:at]) else None
