"""Places in a file that are no printed pages: slides, rows of sheets, times of subtitles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from qa_bot.records import Document, Page, PageKind, PageSpan


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a place begins: the index of its first block, and what the place is called."""

    block: int
    label: str
    number: int = 0  # of a slide; 0 for what is only counted


def with_places(
    document: Document, marks: Sequence[Mark], kind: PageKind, count: int = 0
) -> Document:
    """The document with its places as pages, each from its first block to that of the next.

    Args:
        document: As ``Writer`` finished it.
        marks: In order; of several with the same block, the last one counts.
        kind: Of all places.
        count: How many the file has, those without text among them.
    """
    first: dict[int, Mark] = {mark.block: mark for mark in marks}
    kept = [mark for at, mark in sorted(first.items()) if at < len(document.blocks)]
    starts = [document.blocks[mark.block].start for mark in kept]
    if not starts:
        return document
    starts[0] = 0
    ends = [*starts[1:], len(document.text)]
    pages = tuple(
        PageSpan(Page(mark.label, mark.number or number, count, kind), start, end)
        for number, (mark, start, end) in enumerate(zip(kept, starts, ends, strict=True), 1)
    )
    return replace(document, pages=pages)
