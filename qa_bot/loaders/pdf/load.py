"""PDF: text in reading order without headers and footers, its pages and its outline."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from qa_bot.loaders.outline import Heading, nest_sections
from qa_bot.loaders.pdf.captions import mark_tables
from qa_bot.loaders.pdf.contents import mark_navigation
from qa_bot.loaders.pdf.flow import join_interrupted
from qa_bot.loaders.pdf.fonts import FontReader
from qa_bot.loaders.pdf.furniture import find_furniture
from qa_bot.loaders.pdf.headings import infer_headings, text_size
from qa_bot.loaders.pdf.lines import Segment, segments
from qa_bot.loaders.pdf.ocr import recognise
from qa_bot.loaders.pdf.opening import open_pdf
from qa_bot.loaders.pdf.outline import (
    Anchor,
    Outline,
    anchor_all,
    anchor_contents,
    bookmarks,
    contents_entries,
    letters,
)
from qa_bot.loaders.pdf.paragraphs import Speller, Written, group_lines, tidy, write
from qa_bot.loaders.pdf.rows import Line, page_lines, usual_leadings
from qa_bot.loaders.pdf.tables import take_tables
from qa_bot.loaders.pdf.text import PageText, read_page
from qa_bot.loaders.pdf.warnings import named, reservations
from qa_bot.records import Document, Page

if TYPE_CHECKING:
    from pypdf import PdfReader

# What pypdf can't make out is reported as warnings of the document, not on standard error.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)

MAX_CHARACTERS = 50_000_000  # of the whole document
MAX_STREAM = 40_000_000  # bytes of one decompressed stream
MOST_HIDDEN = 10  # letters of a page that a reader doesn't see; more are reported

_NOT_A_TITLE = re.compile(
    r"microsoft word|untitled|\.(?:docx?|indd|pdf|qxd|pptx?|xlsx?)\b|^[!-~]*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Read:
    """All lines of the document, and what was learnt of its pages."""

    lines: list[Line]
    labels: dict[int, str]  # page index → the number printed on it
    scanned: list[int]  # numbers of pages with pictures and no text
    unreadable: list[int]  # numbers of pages whose fonts don't say which letters they draw
    damaged: list[int]  # numbers of pages that can't be read
    cut: list[int]  # numbers of damaged pages that are read in part
    hidden: list[int]  # numbers of pages with text that a reader doesn't see
    ocr: _Recognised | None  # None: it was not asked for


@dataclass(frozen=True, slots=True)
class _Recognised:
    """Numbers of pages that were recognised, or could not be; they are no longer scanned ones."""

    read: list[int] = field(default_factory=list)
    failed: dict[str, list[int]] = field(default_factory=dict)  # why → which


@dataclass(slots=True)
class _Layout:
    """The segments and heights of all pages."""

    parts: list[list[Segment]]
    heights: list[float]
    characters: int = 0

    def put(self, index: int, page: PageText) -> None:
        """Set what stands on a page."""
        tables, runs = take_tables(page.runs, page.rules, index)
        self.parts[index] = [*tables, *segments(runs, index)]
        self.heights[index] = page.height
        self.characters += sum(len(part.text) for part in self.parts[index])
        if self.characters > MAX_CHARACTERS:
            raise ValueError(f"more than {MAX_CHARACTERS:,} characters")


def load_pdf(
    path: Path,
    document_id: str,
    *,
    use_bookmarks: bool = True,
    max_pages: int = 5_000,
    ocr: str | None = None,
    on_page: Callable[[int, int], None] | None = None,
) -> Document:
    """Read a PDF file.

    Args:
        path: The file.
        document_id: Its name in citations.
        use_bookmarks: Whether bookmarks give the sections; else the contents
            page and the look of the headings do, as where there are none.
        max_pages: A file of more is refused.
        ocr: The languages in which pages without text are recognised.
        on_page: Called with the number of pages read, and of all.

    Raises:
        ValueError: Encrypted, damaged, or more pages or text than is safe.
    """
    from pypdf import apply_configuration

    with (
        apply_configuration(
            zlib_maximum_output_length=MAX_STREAM,
            lzw_maximum_output_length=MAX_STREAM,
            array_based_stream_maximum_output_length=MAX_STREAM,
            stream_decoding_work_maximum_length=4 * MAX_STREAM,
        ),
        open_pdf(path) as reader,
    ):
        count = len(reader.pages)
        if not count:
            raise ValueError("it has no pages")
        if count > max_pages:
            raise ValueError(f"{count:,} pages, more than {max_pages:,}")
        read = _read_pages(reader, path, ocr, on_page or (lambda *_: None))
        return _document(reader, document_id, read, use_bookmarks=use_bookmarks)


def _document(reader: PdfReader, document_id: str, read: _Read, *, use_bookmarks: bool) -> Document:
    pages = _pages(reader, read.labels)
    outline = Outline()
    is_damaged = False
    if use_bookmarks:
        try:
            outline = anchor_all(bookmarks(reader), read.lines)
        except Exception:  # noqa: BLE001 - damaged bookmarks cost the bookmarks only
            is_damaged = True
    anchors = outline.anchors or _without_bookmarks(read.lines, pages)
    title, anchors = _title(reader, document_id, read.lines, anchors)
    if not outline.anchors:
        anchors = [anchor for anchor in anchors if not _repeats(anchor.title, title)]
    written = _write(read.lines, anchors, pages)
    headings = [
        Heading(" ".join(tidy(anchor.title).split()), anchor.level, *written.marks[number])
        for number, anchor in enumerate(anchors)
        if number in written.marks
    ]
    return Document(
        id=document_id,
        title=title,
        text=written.text,
        sections=nest_sections(headings, len(written.text)),
        blocks=tuple(written.blocks),
        pages=tuple(written.pages),
        warnings=(
            *(("damaged bookmarks, left out",) if is_damaged else ()),
            *_warnings(outline, read, len(pages)),
            *reservations(
                reader,
                written.text,
                read.hidden,
                len(pages),
                silent=len(read.scanned) + len(read.unreadable) + len(read.damaged),
            ),
        ),
    )


def _read_pages(
    reader: PdfReader, path: Path, ocr: str | None, on_page: Callable[[int, int], None]
) -> _Read:
    fonts: dict[int, FontReader] = {}
    total = len(reader.pages)
    layout = _Layout([[] for _ in range(total)], [0.0] * total)
    silent: dict[int, PageText] = {}  # page index → a page that gave no text
    damaged: dict[int, Exception] = {}
    cut: list[int] = []
    hidden: list[int] = []
    for index, page in enumerate(reader.pages):
        try:
            shown = read_page(page, fonts)
        except Exception as error:  # noqa: BLE001 - a damaged page costs that page only
            shown = PageText(0, 0, (), (), is_picture=False, unreadable=0)
            damaged[index + 1] = error
        if shown.is_cut and not (shown.runs or shown.is_picture):
            damaged[index + 1] = ValueError("damaged: its operators can't be read")
        elif shown.is_cut:
            cut.append(index + 1)
        layout.put(index, shown)
        if shown.hidden >= MOST_HIDDEN:
            hidden.append(index + 1)
        if _is_unreadable(shown) or (shown.is_picture and not layout.parts[index]):
            silent[index] = shown
        on_page(index + 1 - (len(silent) if ocr else 0), total)
    if damaged and len(damaged) == total:
        raise ValueError("damaged: none of its pages can be read") from damaged[1]
    recognised = _recognise(path, ocr, silent, layout, on_page) if ocr else None
    furniture = find_furniture(layout.parts, layout.heights)
    return _Read(
        _lines(layout.parts, furniture.segments),
        furniture.labels,
        [index + 1 for index, page in silent.items() if not _is_unreadable(page)],
        [index + 1 for index, page in silent.items() if _is_unreadable(page)],
        sorted(damaged),
        cut,
        hidden,
        recognised,
    )


def _is_unreadable(page: PageText) -> bool:
    return page.unreadable > len(page.runs)


def _recognise(
    path: Path,
    languages: str,
    silent: dict[int, PageText],
    layout: _Layout,
    on_page: Callable[[int, int], None],
) -> _Recognised:
    """Put what OCR finds in the place of silent pages, and take those out of ``silent``."""
    recognised = _Recognised()
    total = len(layout.parts)
    done = total - len(silent)
    for found in recognise(path, list(silent), languages):
        if found.page is None:
            recognised.failed.setdefault(found.problem, []).append(found.index + 1)
            del silent[found.index]
        elif found.page.runs:
            recognised.read.append(found.index + 1)
            # Lines that the file draws are known better than those seen in a picture.
            rules = silent.pop(found.index).rules or found.page.rules
            layout.put(found.index, replace(found.page, rules=rules))
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


def _pages(reader: PdfReader, printed: dict[int, str]) -> list[Page]:
    """Each page with its label: the file's own, or the number that is printed on it."""
    try:
        labels = reader.page_labels
    except Exception:  # noqa: BLE001 - a damaged label tree costs the labels only
        labels = []
    numbers = [str(number) for number in range(1, len(reader.pages) + 1)]
    if len(labels) != len(numbers) or labels == numbers:
        labels = [printed.get(index, number) for index, number in enumerate(numbers)]
    return [Page(label, index + 1, len(numbers)) for index, label in enumerate(labels)]


def _without_bookmarks(lines: Sequence[Line], pages: Sequence[Page]) -> list[Anchor]:
    """Headings from the contents page where it is a full one, else from their look."""
    labels: dict[str, int] = {}
    for page in pages:
        labels.setdefault(page.label.lower(), page.number - 1)
    entries = contents_entries(lines, labels)
    listed = anchor_contents(entries, lines).anchors if len(entries) >= 3 else []
    if len(listed) >= max(5, 0.6 * len(pages)) and len(listed) >= 0.7 * len(entries):
        return listed
    return infer_headings(lines, listed) or listed


def _title(
    reader: PdfReader, document_id: str, lines: Sequence[Line], anchors: list[Anchor]
) -> tuple[str, list[Anchor]]:
    """The title from the file's properties, the first page's largest line, or the file name."""
    stem = Path(document_id).stem.replace("_", " ").replace("-", " ")
    try:
        named = " ".join(str((reader.metadata and reader.metadata.title) or "").split())
    except Exception:  # noqa: BLE001 - damaged properties cost the title only
        named = ""
    if named and not _NOT_A_TITLE.search(named):
        return named, anchors
    opening = [
        line
        for line in lines
        if line.part.page == 0 and line.role == "text" and not line.part.is_turned
    ][:25]
    if not opening:
        return stem, anchors
    largest = max(line.part.size for line in opening)
    first = next(i for i, line in enumerate(opening) if line.part.size > largest - 0.3)
    run = [opening[first]]
    for line in opening[first + 1 : first + 4]:
        if line.part.size < largest - 0.3:
            break
        run.append(line)
    title = " ".join(" ".join(tidy(line.text) for line in run).split())
    if largest < 1.25 * text_size(lines) or not 4 <= len(title) <= 150:
        return stem, anchors
    index = next(i for i, line in enumerate(lines) if line is run[0])
    return title, [anchor for anchor in anchors if anchor.first != index or anchor.count > len(run)]


def _repeats(heading: str, title: str) -> bool:
    """Whether a heading is the title again, as on a cover."""
    said = {letters(word) for word in heading.split()} - {""}
    return len(said) > 1 and len(said - {letters(word) for word in title.split()}) < 0.2 * len(said)


def _write(lines: Sequence[Line], anchors: Sequence[Anchor], pages: Sequence[Page]) -> Written:
    marks: dict[int, int] = {}
    for number, anchor in enumerate(anchors):
        count = anchor.count if anchor.alone else 1
        marks.update(dict.fromkeys(range(anchor.first, anchor.first + count), number))
    alone = [
        number
        for number, anchor in enumerate(anchors)
        if anchor.alone and lines[anchor.first].role == "text"
    ]
    pieces = join_interrupted(group_lines(lines, marks, alone, usual_leadings(lines)))
    mark_tables(pieces)
    return write(pieces, Speller(lines), pages)


def _warnings(outline: Outline, read: _Read, count: int) -> list[str]:
    warnings = []
    hint = "OCR found none" if read.ocr else "`qa-bot index --ocr` reads it"
    if read.scanned:
        where = named(read.scanned, count)
        warnings.append(f"no text on {where}: scanned, or a picture; {hint}")
    if read.unreadable:
        where = named(read.unreadable, count)
        why = "its fonts don't say which letters they draw"
        warnings.append(f"unreadable text on {where}: {why}; {hint}")
    if read.ocr:
        if read.ocr.read:
            where = named(read.ocr.read, count)
            warnings.append(f"recognised by OCR, may hold errors: {where}")
        for why, numbers in read.ocr.failed.items():
            warnings.append(f"OCR failed on {named(numbers, count)}: {why}")
    if read.damaged:
        warnings.append(f"damaged, and left out: {named(read.damaged, count)}")
    if read.cut:
        warnings.append(f"damaged, and read in part: {named(read.cut, count)}")
    if outline.rejected:
        titles = [f"“{entry.title}”" for entry in outline.rejected[:3]]
        more = len(outline.rejected) - len(titles)
        names = ", ".join(titles) + (f" and {more} more" if more > 0 else "")
        warnings.append(f"bookmarks whose titles aren't on their pages: {names}")
    return warnings
