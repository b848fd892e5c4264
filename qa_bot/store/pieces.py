"""A document's text in pieces, so that a part of it is read without the rest.

SQLite walks through a long value to get at its end, and through all of it to
count its characters: 20 ms for a few pages of a book. A piece holds the blocks
and pages that touch it, so those that touch some part stand in its pieces.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from typing import Any, TypeVar

from qa_bot.records import Block, Document, Page, PageSpan

LENGTH = 65_536  # characters; what is read tells where its pieces begin, so this may change

_PIECES = """
SELECT start, text, blocks, pages FROM pieces WHERE document = :document AND start < :end
AND start >= (SELECT max(start) FROM pieces WHERE document = :document AND start <= :start)
ORDER BY start
"""

_Row = tuple[int, str, str, str]  # start, text, blocks, pages
_Placed = TypeVar("_Placed", Block, PageSpan)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a text, and the blocks and pages in it; offsets into the whole text."""

    text: str
    blocks: tuple[Block, ...]
    pages: tuple[PageSpan, ...]


def save_pieces(connection: sqlite3.Connection, number: int, document: Document) -> None:
    """Store the text, blocks and pages of the document with that internal id."""
    text, starts = document.text, range(0, max(len(document.text), 1), LENGTH)
    blocks = _shared_out(document.blocks, len(starts))
    pages = _shared_out(document.pages, len(starts))
    connection.executemany(
        "INSERT INTO pieces VALUES (?, ?, ?, ?, ?)",
        [
            (
                number,
                start,
                text[start : start + LENGTH],
                json.dumps([(one.kind, one.start, one.end) for one in blocks[i]]),
                json.dumps([_page_row(one) for one in pages[i]]),
            )
            for i, start in enumerate(starts)
        ],
    )


def _shared_out(placed: Iterable[_Placed], count: int) -> list[list[_Placed]]:
    """For each piece what touches it; what is empty belongs to the piece where it stands."""
    touching: list[list[_Placed]] = [[] for _ in range(count)]
    for one in placed:
        first = min(one.start // LENGTH, count - 1)
        last = max(first, min((one.end - 1) // LENGTH, count - 1))
        for piece in range(first, last + 1):
            touching[piece].append(one)
    return touching


def _page_row(span: PageSpan) -> tuple[Any, ...]:
    return *astuple(span.page), span.start, span.end


def read_whole(connection: sqlite3.Connection, number: int, characters: int) -> Part:
    """The whole text, of so many characters, with all blocks and pages."""
    found = _pieces(connection, number, 0, max(characters, 1))
    text = "".join(row[1] for row in found)
    if len(text) != characters:
        raise sqlite3.DatabaseError("pieces of a text are missing")
    return Part(text, tuple(_blocks(found)), tuple(_pages(found)))


def read_part(connection: sqlite3.Connection, number: int, start: int, end: int) -> Part:
    """The text of a span inside the document, and the blocks and pages that share some of it."""
    found = _pieces(connection, number, start, end)
    return Part(
        _slice(found, start, end),
        tuple(one for one in _blocks(found) if _overlaps(one, start, end)),
        tuple(one for one in _pages(found) if _overlaps(one, start, end)),
    )


def read_slice(connection: sqlite3.Connection, number: int, start: int, end: int) -> str:
    """The text of a span inside the document."""
    return _slice(_pieces(connection, number, start, end), start, end)


def _pieces(connection: sqlite3.Connection, number: int, start: int, end: int) -> list[_Row]:
    """The rows of the pieces that touch a span, none for an empty one."""
    if start >= end:
        return []
    return connection.execute(_PIECES, {"document": number, "start": start, "end": end}).fetchall()


def _slice(found: Sequence[_Row], start: int, end: int) -> str:
    if start >= end:
        return ""
    text = "".join(row[1] for row in found)
    first = found[0][0] if found else end
    if len(text) < end - first:
        raise sqlite3.DatabaseError("pieces of a text are missing")
    return text[start - first : end - first]


def _overlaps(one: Block | PageSpan, start: int, end: int) -> bool:
    return max(one.start, start) < min(one.end, end)


def _blocks(found: Iterable[_Row]) -> Iterator[Block]:
    for row in _each_once((start, blocks) for start, _, blocks, _ in found):
        yield Block(*row)


def _pages(found: Iterable[_Row]) -> Iterator[PageSpan]:
    for *page, start, end in _each_once((start, pages) for start, _, _, pages in found):
        yield PageSpan(Page(*page), start, end)


def _each_once(found: Iterable[tuple[int, str]]) -> Iterator[list[Any]]:
    """What stands in consecutive pieces, given the start of each and rows that end with a span."""
    for i, (begins, listed) in enumerate(found):
        yield from (row for row in json.loads(listed) if i == 0 or row[-2] >= begins)
