"""A link → what there is to show of its source, read from the index and the file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from qa_bot.errors import QaBotError
from qa_bot.loaders import PICTURES, RECOGNISED
from qa_bot.pages.view import Box, PageViewer
from qa_bot.records import Excerpt, Section, Span
from qa_bot.table_reading import table_view
from qa_bot.table_view import TableView
from qa_bot.tables import QuotedTable, Table
from qa_bot.web.links import MOST, SourceLink
from qa_bot.web.service import Service

_LEAST = 12_000  # characters of the text that are shown at once, where there are so many
_LONGEST_SOUGHT = 200  # characters of what is looked for in a document
_MOST_MATCHES = 10_000
_TO_LINE = 2_000  # characters within which a line's end is looked for


@dataclass(frozen=True, slots=True)
class Source:
    """The part of a text around a passage, or around another place in it, and its outline."""

    link: SourceLink
    quoted: Excerpt  # the passage alone
    excerpt: Excerpt
    sections: tuple[Section, ...]
    at: int  # the place that is shown: the passage's start unless another was asked for
    stale: bool  # the file was changed or deleted since it was indexed
    tables: tuple[TableView, ...] = ()  # in the excerpt, by place
    sought: str = ""  # words that are looked for in all of the text
    matches: tuple[Span, ...] = ()  # where they stand
    match: int = 0  # which of them is shown, from 0

    @property
    def is_paged(self) -> bool:
        """Whether its pages can be drawn."""
        return self.excerpt.document_id.lower().endswith(RECOGNISED)

    @property
    def page(self) -> int:
        """The physical number of the page that the place shown is on; 0 where there is none."""
        spans = self.excerpt.page_spans
        before = [one.page.number for one in spans if one.start <= self.at]
        return before[-1] if before else spans[0].page.number if spans else 0


@dataclass(frozen=True, slots=True)
class PageView:
    """A page of a PDF or a picture, with boxes around the quoted words on it."""

    number: int  # 1-based
    count: int
    passage: tuple[Box, ...]
    sentences: tuple[Box, ...]
    problem: str = ""  # why nothing is boxed, or no page can be shown
    cell: tuple[Box, ...] = ()  # the one of a table that answers


@dataclass(frozen=True, slots=True)
class Moved:
    """A text that is no longer in the index: what has become of its document.

    ``document_id`` is empty where nothing is known of it; ``link`` leads to the
    document as it is now, None where it is gone.
    """

    document_id: str
    link: SourceLink | None


def find(service: Service, link: SourceLink, at: int | None = None) -> Source | Moved | None:
    """What a link leads to; None where it doesn't fit the text that it names.

    Raises:
        QaBotError: There is no index.
    """
    with service.snapshot() as index:
        named = index.named(link.digest, link.document_id)
        if named is None:
            return Moved("", None)
        if named.state != "current":
            top = None
            if named.state == "changed":
                now = index.excerpt(named.document_id, 0, 1)
                top = SourceLink(now.digest, 0, 1) if now.text else None
            return Moved(named.document_id, top)
        sections = index.sections(named.document_id)
        characters = sections[0].end
        if not link.fits(characters):
            return None
        place = link.start if at is None else min(max(at, 0), characters)
        span = (link.start, link.end) if at is None else (place, place)
        start, end = window(sections, span)
        excerpt = _whole_lines(index.excerpt(named.document_id, start, end), span)
        stale = bool(index.stale([named.document_id]))
        quoted = index.excerpt(named.document_id, link.start, link.end)
        tables = tuple(
            table_view(
                named.document_id,
                _answering(link, table),
                (excerpt.start, excerpt.end),
                index,
                reach=0,
                columns=table.columns,
            )
            for table in index.tables(named.document_id, (excerpt.start, excerpt.end))
        )
        return Source(link, quoted, excerpt, sections, place, stale, tables)


def seek(service: Service, link: SourceLink, sought: str, match: int) -> Source | Moved | None:
    """What a link leads to, at a place where words stand: see ``find``.

    ``match`` counts from 0, from the end where it is negative, and goes round.
    """
    words = [re.escape(word) for word in sought[:_LONGEST_SOUGHT].split()]
    with service.snapshot() as index:
        named = index.named(link.digest, link.document_id)
        if not words or named is None or named.state != "current":
            return find(service, link)
        text = index.document(named.document_id).text
    pattern = re.compile(r"\s+".join(words), re.IGNORECASE)
    matches = tuple(one.span() for one in islice(pattern.finditer(text), _MOST_MATCHES))
    match %= max(len(matches), 1)
    found = find(service, link, matches[match][0] if matches else None)
    if not isinstance(found, Source):
        return found
    return replace(found, sought=sought, matches=matches, match=match)


def _answering(link: SourceLink, table: Table) -> QuotedTable:
    """What of a table a link marks: the rows of its sentences, and its cell."""
    body = [cell for cell in table.cells if cell.kind in ("label", "value")]
    rows = {
        cell.row
        for cell in body
        for start, end in link.sentences
        if cell.start < end and start < cell.end
    }
    cell = next((cell for cell in body if cell.span == link.cell), None)
    if cell is None:
        values = [one for one in body if one.row in rows and one.kind == "value"]
        names = table.labels(values[0]) if len(rows) == 1 and values else []
        return QuotedTable(table, tuple(sorted(rows)), labels=tuple(one.span for one in names))
    headers, labels = table.headers(cell), table.labels(cell)
    return QuotedTable(
        table,
        tuple(sorted(rows | {cell.row})),
        cell,
        tuple(one.span for one in headers),
        tuple(one.span for one in labels),
    )


def window(sections: Sequence[Section], span: Span) -> Span:
    """What to show around a span: its outermost section that isn't too long, and some more."""
    characters = sections[0].end
    around = [one for one in sections if one.start <= span[0] < one.end and span[1] <= one.end]
    fitting = [(one.start, one.end) for one in around if one.end - one.start <= MOST]
    start, end = max(fitting, key=lambda one: one[1] - one[0], default=span)
    spare = max(0, _LEAST - (end - start)) // 2
    return max(0, start - spare), min(characters, end + spare)


def _whole_lines(excerpt: Excerpt, span: Span) -> Excerpt:
    """Without the halves of lines at its ends, as far as the span isn't in them."""
    text, first, last = excerpt.text, 0, len(excerpt.text)
    if excerpt.start:
        cut = text.find("\n", 0, _TO_LINE) + 1
        first = cut if excerpt.start + cut <= span[0] else 0
    if excerpt.end < excerpt.characters:
        cut = text.rfind("\n", max(0, last - _TO_LINE))
        last = cut if cut >= 0 and excerpt.start + cut >= span[1] else last
    return replace(
        excerpt,
        start=excerpt.start + first,
        end=excerpt.start + last,
        text=text[first:last],
    )


def original(service: Service, document_id: str) -> Path | None:
    """The file of an indexed document, or None where it isn't there any more.

    Of one that lies in another file it is what was unpacked of it.

    Raises:
        QaBotError: There is no index, or it can't be unpacked.
    """
    with service.snapshot() as index:
        held = index.held([document_id])
    return service.originals.file(document_id) if held else None


def page(service: Service, viewer: PageViewer, source: Source, number: int | None) -> PageView:
    """The page that a quote stands on, or the one of that number; number 0 where it isn't known."""
    link, document_id = source.link, source.excerpt.document_id
    quoted = source.quoted
    pages = sorted({one.page.number for one in quoted.page_spans})
    count = source.excerpt.pages
    if source.stale:
        return PageView(0, count, (), (), "The file has changed since it was indexed.")
    if not pages:
        return PageView(0, count, (), (), "It is not known on which page this stands.")
    spans = [*link.sentences, *([link.cell] if link.cell else [])]
    parts = [(start - link.start, end - link.start) for start, end in spans]
    try:
        file = service.originals.file(document_id) or service.documents / document_id
        with service.snapshot() as index:
            scans = index.scans(document_id, pages)
        found = viewer.boxes(file, pages, quoted.text, parts, scans)
    except QaBotError as error:
        return PageView(0, count, (), (), str(error))
    marked = tuple(
        box
        for span, part in zip(link.sentences, found.parts, strict=False)
        for box in (_in_rows(part) if _is_row(source, span) else part)
    )
    cell = found.parts[-1] if link.cell else ()
    problem = "" if found.whole else "The quoted words can’t be found on the drawn page."
    first = [box.page for box in (*cell, *marked, *found.whole)]
    is_picture = document_id.lower().endswith(PICTURES)
    shown = number or (first[0] if first else pages[0] if is_picture else 0)
    return PageView(
        number=shown,
        count=count,
        passage=tuple(box for box in found.whole if box.page == shown),
        sentences=tuple(box for box in marked if box.page == shown),
        cell=tuple(box for box in cell if box.page == shown),
        problem=problem,
    )


def _is_row(source: Source, span: Span) -> bool:
    """Whether a marked span is a row of a table."""
    return any(
        span[0] <= cell.start and cell.end <= span[1]
        for view in source.tables
        for cell in view.table.cells
    )


def _in_rows(boxes: Sequence[Box]) -> list[Box]:
    """Boxes that stand side by side as one: the cells of a row with the space between them."""
    joined: list[Box] = []
    for box in boxes:
        last = joined[-1] if joined else None
        if last and last.page == box.page and _is_beside(last, box):
            joined[-1] = Box(
                box.page,
                min(last.left, box.left),
                min(last.top, box.top),
                max(last.right, box.right),
                max(last.bottom, box.bottom),
            )
        else:
            joined.append(box)
    return joined


def _is_beside(a: Box, b: Box) -> bool:
    shared = min(a.bottom, b.bottom) - max(a.top, b.top)
    return shared > 0.5 * min(a.bottom - a.top, b.bottom - b.top)
