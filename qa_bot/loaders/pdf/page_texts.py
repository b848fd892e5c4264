"""All pages of a file → their lines: each page read, doubted, recognised where it is silent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qa_bot.loaders.pdf.contents import mark_navigation
from qa_bot.loaders.pdf.drawing import EndlessError
from qa_bot.loaders.pdf.fonts import FontReader
from qa_bot.loaders.pdf.furniture import find_furniture
from qa_bot.loaders.pdf.line_numbers import without_line_numbers
from qa_bot.loaders.pdf.lines import Segment, segments
from qa_bot.loaders.pdf.ocr import recognise
from qa_bot.loaders.pdf.rows import Line, page_lines
from qa_bot.loaders.pdf.second_opinion import NOISE, Difference, Opinions, is_no_language, words_of
from qa_bot.loaders.pdf.second_reader import SecondReader
from qa_bot.loaders.pdf.tables import take_tables
from qa_bot.loaders.pdf.text import PageText, read_page
from qa_bot.paging import ScannedPage

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

MAX_CHARACTERS = 50_000_000  # of the whole document
MOST_HIDDEN = 10  # letters of a page that a reader doesn't see; more are reported

MANY_GARBLED = 0.2  # of a file's pages; a font whose letters are others' is met on most of them

OnPage = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Read:
    """All lines of the document, and what was learnt of its pages. Pages are numbered from 1."""

    lines: list[Line]
    labels: dict[int, str]  # page index → the number printed on it
    scanned: list[int]  # pages with pictures and no text
    unreadable: list[int]  # pages whose fonts don't say which letters they draw
    damaged: list[int]  # pages that can't be read
    cut: list[int]  # damaged pages that are read in part
    hidden: list[int]  # pages with text that a reader doesn't see
    missing: dict[int, int]  # page → words that another reader finds there, and we don't
    differing: list[int]  # pages on which the two differ, and neither is known to be better
    words: int  # that the other reader finds in the file
    ocr: Recognised | None  # None: it was not asked for


@dataclass(frozen=True, slots=True)
class Recognised:
    """Pages that were recognised, or could not be; they are no longer scanned ones."""

    read: list[int] = field(default_factory=list)
    failed: dict[str, list[int]] = field(default_factory=dict)  # why → which
    scans: list[ScannedPage] = field(default_factory=list)  # of those read


class _Pages:
    """What stands on each page, by its index, and what is wrong with it."""

    def __init__(self, total: int) -> None:
        self.parts: list[list[Segment]] = [[] for _ in range(total)]
        self.heights = [0.0] * total
        self.silent: dict[int, PageText] = {}  # pages that gave no text, or none that can be read
        self.damaged: dict[int, Exception] = {}
        self.cut: set[int] = set()
        self.hidden: set[int] = set()
        self.unseen: set[int] = set()  # pages with any letter that a reader doesn't see
        self._garbled: dict[int, PageText] = {}  # pages whose text is no language
        self._characters = 0

    def put(self, index: int, page: PageText, error: Exception | None = None) -> list[str]:
        """Set what stands on a page, in the place of what was set before; its words."""
        tables, runs = take_tables(page.runs, page.rules, index)
        self._characters -= sum(len(part.text) for part in self.parts[index])
        self.parts[index] = [*tables, *segments(runs, index)]
        self.heights[index] = page.height
        self._characters += sum(len(part.text) for part in self.parts[index])
        if self._characters > MAX_CHARACTERS:
            raise ValueError(f"more than {MAX_CHARACTERS:,} characters")
        for held in (self.silent, self.damaged, self._garbled):
            held.pop(index, None)
        self.cut.discard(index)
        self.hidden.discard(index)
        if error is None and page.is_cut and not (page.runs or page.is_picture):
            error = ValueError("damaged: its operators can't be read")
        if error is not None:
            self.damaged[index] = error
        elif page.is_cut:
            self.cut.add(index)
        if page.hidden >= MOST_HIDDEN:
            self.hidden.add(index)
        if page.hidden:
            self.unseen.add(index)
        words = words_of(" ".join(part.text for part in self.parts[index]))
        if _is_unreadable(page) or (page.is_picture and not self.parts[index]):
            self.silent[index] = page
        elif is_no_language(words):
            self._garbled[index] = page
        return words

    def silence_garbled(self) -> None:
        """Count pages whose text is no language as silent, if they aren't few: a list of codes."""
        if len(self._garbled) >= MANY_GARBLED * len(self.parts):
            self.silent |= self._garbled


def read_pages(
    reader: PdfReader, path: Path, ocr: str | None, on_page: OnPage, other: SecondReader | None
) -> Read:
    """Read all pages.

    Args:
        reader: The open file.
        path: Where it is.
        ocr: The languages in which pages without text are recognised, if at all.
        on_page: Called with the number of pages read, and of all.
        other: Gives the second reading that each page's is compared with, if any.

    Raises:
        ValueError: No page can be read, or more text than is safe.
    """
    fonts: dict[int, FontReader] = {}
    total = len(reader.pages)
    pages, opinions = _Pages(total), Opinions()
    for index, page in enumerate(reader.pages):
        shown, error = _read(page, fonts)
        words = pages.put(index, shown, error)
        if other is not None and not shown.is_endless:  # it would follow that without end
            opinions.compare(index, words, shown.said, other.text(index))
        on_page(index + 1 - (len(pages.silent) if ocr else 0), total)
    unsettled = [] if other is None else _settle(reader, fonts, pages, opinions, other)
    pages.silence_garbled()
    if len(pages.damaged) == total:
        raise ValueError("damaged: none of its pages can be read") from pages.damaged[0]
    recognised = _recognise(path, ocr, pages, on_page) if ocr else None
    parts = without_line_numbers(pages.parts)
    furniture = find_furniture(parts, pages.heights)
    anew = set(recognised.read) if recognised is not None else set()
    doubted = [one for one in unsettled if one.page + 1 not in anew]
    missing = {one.page + 1: len(one.missing) for one in doubted if len(one.missing) >= NOISE}
    unreadable = [index for index, page in pages.silent.items() if page.runs or page.unreadable]
    return Read(
        _lines(parts, furniture.segments),
        furniture.labels,
        [index + 1 for index in pages.silent if index not in unreadable],
        [index + 1 for index in unreadable],
        sorted(index + 1 for index in pages.damaged),
        sorted(index + 1 for index in pages.cut),
        sorted(index + 1 for index in pages.hidden),
        missing,
        [one.page + 1 for one in doubted if one.is_beyond_noise and one.missing and one.added],
        opinions.words,
        recognised,
    )


def _read(page: PageObject, fonts: dict[int, FontReader]) -> tuple[PageText, Exception | None]:
    try:
        return read_page(page, fonts), None
    except Exception as error:  # noqa: BLE001 - a damaged page costs that page only
        is_endless = isinstance(error, EndlessError)
        return PageText(0, 0, (), (), is_picture=False, unreadable=0, is_endless=is_endless), error


def _settle(
    reader: PdfReader,
    fonts: dict[int, FontReader],
    pages: _Pages,
    opinions: Opinions,
    other: SecondReader,
) -> list[Difference]:
    """Take the second reading of pages on which it is better; the differences that stay.

    It doesn't know which text can't be seen, so where some can't the first reading stays.
    """
    unsettled = []
    for one in opinions.differences:
        is_seen = one.page not in pages.unseen
        if is_seen and one.is_beyond_noise and opinions.prefers_second(one):
            letters = partial(other.draw, one.page)
            try:
                second = read_page(reader.pages[one.page], fonts, letters)
            except Exception:  # noqa: BLE001 - then the first one stays
                unsettled.append(one)
                continue
            if second.runs:
                pages.put(one.page, second)
                continue
        unsettled.append(one)
    return unsettled


def _is_unreadable(page: PageText) -> bool:
    return page.unreadable > len(page.runs)


def _recognise(path: Path, languages: str, pages: _Pages, on_page: OnPage) -> Recognised:
    """Put what OCR finds in the place of silent pages, which are silent no longer."""
    recognised = Recognised()
    total = len(pages.parts)
    done = total - len(pages.silent)
    for found in recognise(path, list(pages.silent), languages):
        if found.page is None:
            recognised.failed.setdefault(found.problem, []).append(found.index + 1)
            del pages.silent[found.index]
        elif found.page.runs:
            recognised.read.append(found.index + 1)
            recognised.scans.extend(filter(None, [found.scan]))
            # Lines that the file draws are known better than those seen in a picture.
            rules = pages.silent[found.index].rules or found.page.rules
            pages.put(found.index, replace(found.page, rules=rules))
        done += 1
        on_page(done, total)
    return recognised


def _lines(parts: Sequence[Sequence[Segment]], furniture: frozenset[int]) -> list[Line]:
    """The lines of all pages, headers and footers left out."""
    lines: list[Line] = []
    region = 0
    for page_parts in parts:
        kept = [part for part in page_parts if id(part) not in furniture]
        lines += page_lines(kept, region)
        region = lines[-1].region + 1 if lines else 0
    mark_navigation(lines)
    return lines
