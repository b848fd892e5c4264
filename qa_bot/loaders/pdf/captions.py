"""Tables made whole: over page breaks, with their headers and captions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qa_bot.loaders.captions import caption_of
from qa_bot.loaders.pdf.paragraphs import Piece
from qa_bot.loaders.pdf.rows import Line
from qa_bot.loaders.pdf.tables import MAX_HEADS

_SAME_PLACE = 3.0  # points that a table's edges may differ from page to page


@dataclass(slots=True)
class _Table:
    """The pieces of a table: its first and its last one, as indices."""

    first: int
    last: int


def mark_tables(pieces: Sequence[Piece]) -> None:
    """Number the tables, and say which pieces are headers and captions.

    A table that goes on over a page break is one where the new page repeats its
    header, or has none in a grid that stands in the same place. Captions are
    known by their labels, or stand in a table's own grid as its title.
    """
    tables: list[_Table] = []
    for index, piece in enumerate(pieces):
        if piece.kind != "table_row":
            continue
        follows = bool(tables) and index == tables[-1].last + 1
        if follows and (not piece.lines[0].opens or _goes_on(pieces, tables[-1], index)):
            tables[-1].last = index
        else:
            tables.append(_Table(index, index))
    for number, table in enumerate(tables, 1):
        for piece in pieces[table.first : table.last + 1]:
            piece.table = number
            if piece.lines[0].is_head:
                piece.kind = "table_header"
    _attach_captions(pieces, tables)
    for piece in pieces:
        if piece.kind == "paragraph" and piece.mark < 0 and caption_of(_text(piece)) == "figure":
            piece.kind = "caption"


def _goes_on(pieces: Sequence[Piece], table: _Table, index: int) -> bool:
    """Whether a table that opens a page is the rest of the one before it."""
    before, after = pieces[table.last].lines[0], pieces[index].lines[0]
    if after.part.page != before.part.page + 1 or pieces[index].mark >= 0:
        return False
    opening = pieces[table.first].lines[0]
    if after.cells == opening.cells:
        _make_heads(pieces, table.first, index)
        return True
    same_place = (
        abs(after.part.x0 - before.part.x0) <= _SAME_PLACE
        and abs(after.part.x1 - before.part.x1) <= _SAME_PLACE
    )
    return not after.is_head and len(after.cells) == len(opening.cells) and same_place


def _make_heads(pieces: Sequence[Piece], first: int, again: int) -> None:
    """Take the rows that come again on the next page for the header."""
    count = min(MAX_HEADS, again - first)
    for one, other in zip(
        pieces[first : first + count], pieces[again : again + count], strict=False
    ):
        a, b = one.lines[0], other.lines[0]
        if other.kind != "table_row" or a.cells != b.cells:
            return
        a.is_head = b.is_head = True


def _attach_captions(pieces: Sequence[Piece], tables: Sequence[_Table]) -> None:
    """Each table's caption stands above it, or below it where the document's others do."""
    tops = [_take_title(pieces, table, number) for number, table in enumerate(tables, 1)]
    above = [(top - 1, table.first) for top, table in zip(tops, tables, strict=True)]
    below = [(table.last + 1, table.last) for table in tables]
    sides = [above, below]
    sides.sort(key=lambda side: -sum(_labels(pieces, at, row) for at, row in side))
    titled = {number for number, table in enumerate(tables) if tops[number] < table.first}
    captioned: set[int] = set()
    for side in sides:
        taken = captioned if side is above else captioned | titled
        for number, (at, row) in enumerate(side):
            if number not in taken and _labels(pieces, at, row):
                pieces[at].kind, pieces[at].table = "caption", number + 1
                captioned.add(number)


def _take_title(pieces: Sequence[Piece], table: _Table, number: int) -> int:
    """Make the title in a table's grid its caption; the index of the first piece of both."""
    part = pieces[table.first].lines[0].part
    labels = [piece.lines[0].cells[:1] for piece in pieces[table.first : table.last + 1]]
    at = table.first
    if labels.count(labels[0]) > 1:  # the grid holds several tables
        return at
    while at > 0 and pieces[at - 1].kind == "paragraph" and pieces[at - 1].mark < 0:
        if not all(_is_among(line, part.title, part.page) for line in pieces[at - 1].lines):
            break
        at -= 1
        pieces[at].kind, pieces[at].table = "caption", number
    return at


def _labels(pieces: Sequence[Piece], at: int, row: int) -> bool:
    """Whether a piece is labelled as the caption of a table, and on the page of that row."""
    if not 0 <= at < len(pieces) or pieces[at].kind != "paragraph" or pieces[at].mark >= 0:
        return False
    page = pieces[row].lines[0].part.page
    return pieces[at].lines[-1].part.page == page and caption_of(_text(pieces[at])) == "table"


def _is_among(line: Line, baselines: Sequence[float], page: int) -> bool:
    return line.part.page == page and any(abs(line.part.y - y) < 1 for y in baselines)


def _text(piece: Piece) -> str:
    return " ".join(line.text for line in piece.lines)
