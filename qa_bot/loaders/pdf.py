"""PDF: text in reading order without headers and footers, its pages and its outline."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qa_bot.loaders.furniture import find_furniture
from qa_bot.loaders.outline import Heading, nest_sections
from qa_bot.loaders.pdf_fonts import FontReader
from qa_bot.loaders.pdf_headings import infer_headings, text_size
from qa_bot.loaders.pdf_lines import Segment, segments
from qa_bot.loaders.pdf_outline import (
    Anchor,
    Outline,
    anchor_all,
    anchor_contents,
    bookmarks,
    contents_entries,
    letters,
)
from qa_bot.loaders.pdf_paragraphs import Speller, Written, group_lines, tidy, write
from qa_bot.loaders.pdf_rows import Line, page_lines, usual_leadings
from qa_bot.loaders.pdf_tables import take_tables
from qa_bot.loaders.pdf_text import PageText, read_page
from qa_bot.records import Document, Page

if TYPE_CHECKING:
    from pypdf import PdfReader

# What pypdf can't make out is reported as warnings of the document, not on standard error.
logging.getLogger("pypdf").setLevel(logging.ERROR)

MAX_PAGES = 5_000
MAX_CHARACTERS = 50_000_000  # of the whole document
MAX_STREAM = 40_000_000  # bytes of one decompressed stream

_NOT_A_TITLE = re.compile(
    r"microsoft word|untitled|\.(?:docx?|indd|pdf|qxd|pptx?|xlsx?)\b|^\S*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Read:
    """All lines of the document, and what was learnt of its pages."""

    lines: list[Line]
    labels: dict[int, str]  # page index → the number printed on it
    scanned: list[int]  # numbers of pages with pictures and no text
    unreadable: list[int]  # numbers of pages whose fonts don't say which letters they draw
    damaged: list[int]  # numbers of pages that can't be read


def load_pdf(path: Path, document_id: str, *, use_bookmarks: bool = True) -> Document:
    """Read a PDF file.

    Args:
        path: The file.
        document_id: Its name in citations.
        use_bookmarks: Whether bookmarks give the sections; else the contents
            page and the look of the headings do, as where there are none.

    Raises:
        ValueError: Encrypted with a password, or more pages or text than is safe.
        Exception: Whatever pypdf raises on a damaged file.
    """
    from pypdf import PdfReader, apply_configuration

    with (
        apply_configuration(
            zlib_maximum_output_length=MAX_STREAM,
            lzw_maximum_output_length=MAX_STREAM,
            array_based_stream_maximum_output_length=MAX_STREAM,
            stream_decoding_work_maximum_length=4 * MAX_STREAM,
        ),
        PdfReader(path) as reader,
    ):
        return _load(reader, document_id, use_bookmarks=use_bookmarks)


def _load(reader: PdfReader, document_id: str, *, use_bookmarks: bool) -> Document:
    if reader.is_encrypted and not reader.decrypt(""):
        raise ValueError("encrypted: it can't be read without its password")
    count = len(reader.pages)
    if count > MAX_PAGES:
        raise ValueError(f"{count:,} pages, more than {MAX_PAGES:,}")
    read = _read_pages(reader)
    pages = _pages(reader, read.labels)
    outline = Outline()
    if use_bookmarks:
        outline = anchor_all(bookmarks(reader), read.lines)
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
        warnings=tuple(_warnings(outline, read, count)),
    )


def _read_pages(reader: PdfReader) -> _Read:
    fonts: dict[int, FontReader] = {}
    parts: list[list[Segment]] = []
    heights: list[float] = []
    scanned: list[int] = []
    unreadable: list[int] = []
    damaged: dict[int, Exception] = {}
    characters = 0
    for index, page in enumerate(reader.pages):
        try:
            shown = read_page(page, fonts)
        except Exception as error:  # noqa: BLE001 - a damaged page costs that page only
            shown = PageText(0, 0, (), (), is_picture=False, unreadable=0)
            damaged[index + 1] = error
        tables, runs = take_tables(shown.runs, shown.rules, index)
        parts.append([*tables, *segments(runs, index)])
        heights.append(shown.height)
        characters += sum(len(part.text) for part in parts[-1])
        if characters > MAX_CHARACTERS:
            raise ValueError(f"more than {MAX_CHARACTERS:,} characters")
        if shown.unreadable > len(shown.runs):
            unreadable.append(index + 1)
        elif not parts[-1] and shown.is_picture:
            scanned.append(index + 1)
    if damaged and len(damaged) == len(parts):
        raise ValueError("damaged: none of its pages can be read") from damaged[1]
    furniture = find_furniture(parts, heights)
    lines: list[Line] = []
    region = 0
    for page_parts in parts:
        kept = [part for part in page_parts if id(part) not in furniture.segments]
        lines += page_lines(kept, region)
        region = lines[-1].region + 1 if lines else 0
    return _Read(lines, furniture.labels, scanned, unreadable, sorted(damaged))


def _pages(reader: PdfReader, printed: dict[int, str]) -> list[Page]:
    """Each page with its label: the file's own, or the number that is printed on it."""
    try:
        labels = reader.page_labels
    except Exception:  # noqa: BLE001 - a damaged label tree costs the labels only
        labels = []
    numbers = [str(number) for number in range(1, len(reader.pages) + 1)]
    if len(labels) != len(numbers) or labels == numbers:
        labels = [printed.get(index, number) for index, number in enumerate(numbers)]
    return [Page(label, index + 1) for index, label in enumerate(labels)]


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
    opening = [line for line in lines if line.part.page == 0 and line.role == "text"][:25]
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
    pieces = group_lines(lines, marks, alone, usual_leadings(lines))
    return write(pieces, Speller(lines), pages)


def _warnings(outline: Outline, read: _Read, count: int) -> list[str]:
    warnings = []
    if read.scanned:
        warnings.append(f"no text on {_named(read.scanned, count)}: scanned, or a picture")
    if read.unreadable:
        where = _named(read.unreadable, count)
        warnings.append(f"unreadable text on {where}: its fonts don't say which letters they draw")
    if read.damaged:
        warnings.append(f"damaged, and left out: {_named(read.damaged, count)}")
    if outline.rejected:
        titles = [f"“{entry.title}”" for entry in outline.rejected[:3]]
        more = len(outline.rejected) - len(titles)
        names = ", ".join(titles) + (f" and {more} more" if more > 0 else "")
        warnings.append(f"bookmarks whose titles aren't on their pages: {names}")
    return warnings


def _named(numbers: Sequence[int], count: int) -> str:
    if len(numbers) == count:
        return "all pages"
    return f"page {numbers[0]}" if len(numbers) == 1 else f"pages {_ranges(numbers)}"


def _ranges(numbers: Sequence[int]) -> str:
    """1, 3–5, 9."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)
