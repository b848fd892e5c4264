"""What holds of every document that a loader returns, of its passages, and of every reason.

Written from what ``qa_bot.records`` promises, without the code that keeps it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import get_args

from qa_bot.records import Block, BlockKind, Document, Passage, Section, Span
from qa_bot.tables import Table

LONGEST_NAME = 500  # characters of a title or a heading; every passage under it carries them
DEEPEST = 40  # headings in a path
LONGEST_REASON = 300  # characters; a reason, or a warning, is one line on a screen

_NOT_QUOTED = ("heading", "link")
_FOR_PROGRAMMERS = re.compile(
    r"0x[0-9a-fA-F]{4,}|Traceback|Errno|\bobject at\b|<class|\bb['\"]|\bNone(?:Type)?\b"
    r"|\b[A-Z]\w*(?:Error|Exception|Warning)\b|\bhas no attribute\b|\bnot subscriptable\b"
    r"|\bout of range\b|\binvalid literal\b|\bcodec can't\b|\bargument must\b|\bto unpack\b"
    r"|\b(?:__\w+__|self|NoneType)\b"
)


def ugly(reason: str) -> str:
    """Why a reason or a warning is not one clear line; "" where it is."""
    if not reason.strip():
        return "is empty"
    if len(reason.splitlines()) > 1 or not reason.isprintable():
        return "is more than a line of printable text"
    if len(reason) > LONGEST_REASON:
        return f"has {len(reason)} characters"
    if found := _FOR_PROGRAMMERS.search(reason):
        return f"says {found[0]!r}"
    return ""


def broken(document: Document, passages: Sequence[Passage]) -> Iterator[str]:
    """Each invariant that doesn't hold, in words."""
    yield from _broken_names(document)
    yield from _broken_sections(document)
    yield from _broken_blocks(document)
    yield from _broken_tables(document)
    yield from _broken_pages(document)
    yield from _broken_passages(document, passages)
    yield from _broken_coverage(document, passages)
    for warning in document.warnings:
        if why := ugly(warning):
            yield f"the warning {warning[:80]!r} {why}"


def _broken_names(document: Document) -> Iterator[str]:
    for text in (document.text, document.title, *(s.path[-1] for s in document.sections[1:])):
        try:
            text.encode()
        except UnicodeEncodeError:
            yield f"not valid text: {text[:40]!r}"
    for name in (document.title, *(s.path[-1] for s in document.sections[1:])):
        if not name.strip() or len(name) > LONGEST_NAME or "\n" in name:
            yield f"no title or heading: {name[:40]!r} ({len(name)} characters)"


def _broken_sections(document: Document) -> Iterator[str]:
    length = len(document.text)
    if not document.sections or document.sections[0] != Section((), 0, length):
        yield "the first section is not the whole document"
        return
    starts = {block.start for block in document.blocks}
    outer: list[Section] = [document.sections[0]]
    for before, section in pairwise(document.sections):
        if not before.start <= section.start < section.end <= length:
            yield f"a section out of order or empty: {section}"
        while len(outer) > 1 and outer[-1].end <= section.start:
            outer.pop()
        if section.end > outer[-1].end:
            yield f"sections cross: {outer[-1]} and {section}"
        if section.path[:-1] != outer[-1].path or not section.path:
            yield f"a path that is not the enclosing section's and one more: {section}"
        if section.start not in starts:
            yield f"a section that begins where no block does: {section}"
        outer.append(section)
        if len(outer) > DEEPEST + 1:
            yield f"{len(outer)} sections deep"
            return


def _broken_blocks(document: Document) -> Iterator[str]:
    text = document.text
    borders = sorted({place for s in document.sections for place in (s.start, s.end)})
    end = 0
    for block in document.blocks:
        if not end <= block.start < block.end <= len(text):
            yield f"a block out of order, empty or out of the text: {block}"
        if text[end : block.start].strip():
            yield f"text in no block before {block}: {text[end : block.start][:40]!r}"
        shown = text[block.start : block.end]
        if shown != shown.strip():
            yield f"white space at the edge of {block}"
        if block.kind not in get_args(BlockKind):
            yield f"no such kind of block: {block}"
        if bisect_right(borders, block.start) != bisect_left(borders, block.end):
            yield f"a section begins or ends inside {block}"
        end = block.end
    if text[end:].strip():
        yield f"text in no block at the end: {text[end:][:40]!r}"


def _broken_tables(document: Document) -> Iterator[str]:
    last = 0
    for table in document.tables:
        name = f"table {table.start}-{table.end}"
        if not last <= table.start < table.end <= len(document.text):
            yield f"{name} crosses the one before it, or is out of the text"
        last = table.end
        places = [(cell.row, cell.column) for cell in table.cells]
        if sorted(set(places)) != places:
            yield f"{name}: cells twice, or not by row and column"
        if any(after.start < before.end for before, after in pairwise(table.cells)):
            yield f"{name}: cells that cross"
        for span in filter(None, (table.caption, table.unit)):
            if not 0 <= span[0] < span[1] <= len(document.text):
                yield f"{name}: a caption or unit out of the text"
        yield from _broken_cells(name, table, document)


def _broken_cells(name: str, table: Table, document: Document) -> Iterator[str]:
    rows = {block.start: block for block in document.blocks if block.kind.startswith("table_")}
    starts = sorted(rows)
    for cell in table.cells:
        at = rows[starts[max(bisect_right(starts, cell.start) - 1, 0)]]
        text = document.text[cell.start : cell.end]
        if not at.start <= cell.start < cell.end <= at.end or text != text.strip():
            yield f"{name}: a cell outside its row's block, or with white space at its edge"
        if cell.row + cell.rows > table.rows or cell.column + cell.columns > table.columns:
            yield f"{name}: a cell out of the table"
        if (cell.kind == "header") != (at.kind == "table_header"):
            yield f"{name}: a header in a row of values, or the other way round"


def _broken_pages(document: Document) -> Iterator[str]:
    end, number = 0, 0
    for span in document.pages:
        if not end <= span.start <= span.end <= len(document.text):
            yield f"a page out of order or out of the text: {span}"
        if document.text[end : span.start].strip():
            yield f"text on no page before {span}"
        if span.page.number <= number or not span.page.label:
            yield f"pages are not numbered in order, or have no label: {span.page}"
        end, number = span.end, span.page.number
    if document.pages and document.text[end:].strip():
        yield "text after the last page"


def _broken_passages(document: Document, passages: Sequence[Passage]) -> Iterator[str]:
    text = document.text
    starts = [section.start for section in document.sections]
    captions = {b.start: b.end for b in document.blocks if b.kind == "caption"}
    end = 0
    for passage in passages:
        name = f"passage {passage.start}–{passage.end}"
        if text[passage.start : passage.end] != passage.text or not passage.text.strip():
            yield f"{name} is not its part of the text"
        if not 0 <= passage.start < passage.end:
            yield f"{name} is empty"
        if passage.start < end:
            yield f"{name} overlaps the one before it"
        end = passage.end
        index = bisect_right(starts, passage.start) - 1
        while document.sections[index].end <= passage.start:
            index -= 1
        section = document.sections[index]
        if (section.path, section.anchor) != (passage.section, passage.anchor):
            yield f"{name} names the section {passage.section}, but stands in {section.path}"
        after = bisect_left(starts, passage.end) - 1
        if passage.end > section.end or after > index:
            yield f"{name} crosses a section"
        if passage.pages != tuple(
            span.page
            for span in document.pages
            if span.start < passage.end and passage.start < span.end
        ):
            yield f"{name} names other pages than those it stands on"
        yield from _broken_sentences(name, text, passage)
        yield from _broken_context(name, passage, captions)


def _broken_sentences(name: str, text: str, passage: Passage) -> Iterator[str]:
    end, paragraph = passage.start, passage.paragraph
    for sentence in passage.sentences:
        if not end <= sentence.start < sentence.end <= passage.end:
            yield f"{name}: a sentence out of order or out of the passage: {sentence}"
        if text[end : sentence.start].strip():
            yield f"{name}: text in no sentence: {text[end : sentence.start][:40]!r}"
        if sentence.paragraph < max(paragraph, 1):
            yield f"{name}: paragraphs run backwards"
        end, paragraph = sentence.end, sentence.paragraph
    if text[end : passage.end].strip():
        yield f"{name}: text in no sentence at its end"


def _broken_context(name: str, passage: Passage, captions: dict[int, int]) -> Iterator[str]:
    for before, after in pairwise(passage.context):
        if before[1] > after[0]:
            yield f"{name}: context out of order"
    for start, end in passage.context:
        is_caption = any(first <= start and end <= last for first, last in captions.items())
        if not 0 <= start < end or (end > passage.start and not is_caption):
            yield f"{name}: context that does not stand before it: {start}–{end}"
        if start < passage.end and passage.start < end:
            yield f"{name}: context from inside it: {start}–{end}"


def _broken_coverage(document: Document, passages: Sequence[Passage]) -> Iterator[str]:
    """Every text that may be quoted is in exactly one passage, and no other text in any."""
    text = document.text
    spans = [(passage.start, passage.end) for passage in passages]  # disjoint, as checked above
    starts = [start for start, _ in spans]
    for block in document.blocks:
        near = spans[max(0, bisect_right(starts, block.start) - 1) : bisect_left(starts, block.end)]
        inside = [(a, b) for a, b in near if a < block.end and block.start < b]
        if block.kind in _NOT_QUOTED:
            if inside:
                yield f"a {block.kind} in a passage: {text[block.start : block.end][:40]!r}"
        elif left := _uncovered(text, block, inside):
            yield f"in no passage: {left[:40]!r}"


def _uncovered(text: str, block: Block, spans: Iterable[Span]) -> str:
    end = block.start
    left = ""
    for start, stop in spans:
        left += text[end : max(start, end)]
        end = max(end, stop)
    return (left + text[end : block.end]).strip()
