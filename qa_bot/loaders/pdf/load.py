"""PDF: text in reading order without headers and footers, its pages and its outline."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from qa_bot.loaders.outline import Heading, nest_sections
from qa_bot.loaders.pdf.captions import mark_tables
from qa_bot.loaders.pdf.flow import join_interrupted
from qa_bot.loaders.pdf.headings import infer_headings, text_size
from qa_bot.loaders.pdf.opening import open_pdf
from qa_bot.loaders.pdf.ordinals import letters
from qa_bot.loaders.pdf.outline import (
    Anchor,
    Outline,
    anchor_all,
    anchor_contents,
    bookmarks,
    contents_entries,
)
from qa_bot.loaders.pdf.page_texts import Read, read_pages
from qa_bot.loaders.pdf.paragraphs import Speller, Written, group_lines, tidy, write
from qa_bot.loaders.pdf.recording import recorded
from qa_bot.loaders.pdf.rows import Line
from qa_bot.loaders.pdf.second_reader import SecondReader
from qa_bot.loaders.pdf.spacing import line_distances
from qa_bot.loaders.pdf.warnings import of_bookmarks, of_pages, reservations
from qa_bot.loaders.table_cells import with_captions
from qa_bot.loaders.writing import title_of_name
from qa_bot.records import Document, Page

if TYPE_CHECKING:
    from pypdf import PdfReader

# What pypdf can't make out is reported as warnings of the document, not on standard error.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)

MAX_STREAM = 40_000_000  # bytes of one decompressed stream

_NOT_A_TITLE = re.compile(
    r"microsoft word|untitled|\.(?:docx?|indd|pdf|qxd|pptx?|xlsx?)\b|^[!-~]*$", re.IGNORECASE
)


def load_pdf(
    path: Path,
    document_id: str,
    *,
    use_bookmarks: bool = True,
    max_pages: int = 5_000,
    ocr: str | None = None,
    on_page: Callable[[int, int], None] | None = None,
    second: bool = True,
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
        second: Whether pdfium's reading is compared with ours, and taken where it is better.

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
        other = SecondReader(path, count) if second else None
        try:
            read = read_pages(reader, path, ocr, on_page or (lambda *_: None), other)
        finally:
            if other is not None:
                other.close()
        return _document(reader, document_id, read, use_bookmarks=use_bookmarks)


def _document(reader: PdfReader, document_id: str, read: Read, *, use_bookmarks: bool) -> Document:
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
        scans=tuple(read.ocr.scans) if read.ocr is not None else (),
        tables=tuple(with_captions([*recorded(written.rows)], written.blocks, written.text)),
        warnings=(
            *(("damaged bookmarks, left out",) if is_damaged else ()),
            *of_pages(read, len(pages)),
            *of_bookmarks([entry.title for entry in outline.rejected]),
            *reservations(
                reader,
                written.text,
                read.hidden,
                len(pages),
                silent=len(read.scanned) + len(read.unreadable) + len(read.damaged),
            ),
        ),
    )


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
    stem = title_of_name(document_id)
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
    pieces = join_interrupted(group_lines(lines, marks, alone, line_distances(lines)))
    mark_tables(pieces)
    return write(pieces, Speller(lines), pages)
