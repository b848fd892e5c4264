"""Tables made whole: over page breaks, with their headers and captions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa_bot.loaders.captions import LONGEST_CAPTION, caption_of
from qa_bot.loaders.pdf.paragraphs import Piece
from qa_bot.loaders.pdf.rows import Line
from qa_bot.loaders.pdf.tables import MAX_HEADS

_SAME_PLACE = 3.0  # points that a table's edges may differ from page to page
_CONTINUED = re.compile(
    r"\W*\b(?:continued|cont['’.]?d?\.?|fortsetzung|suite|continuación)\b\W*$", re.IGNORECASE
)


@dataclass(slots=True)
class _Table:
    """The pieces of a table: its first and its last one, as indices.

    ``places`` says of each column of what stands on the last page which of the table's it is;
    () where they are the same.
    """

    first: int
    last: int
    places: tuple[int, ...] = ()


def mark_tables(pieces: Sequence[Piece]) -> None:
    """Number the tables, and say which pieces are headers and captions.

    A table that goes on over a page break is one where the new page repeats its
    header, or has none in columns that stand in the same places; nothing stands between
    but its caption again, "continued". Captions are known by their labels, or stand in a
    table's own grid as its title.
    """
    tables: list[_Table] = []
    for index, piece in enumerate(pieces):
        if piece.kind != "table_row":
            continue
        follows = bool(tables) and _follows(pieces, tables[-1].last, index)
        if follows and (not piece.lines[0].opens or _goes_on(pieces, tables[-1], index)):
            if index > tables[-1].last + 1:
                pieces[index - 1].kind, pieces[index - 1].table = "caption", len(tables)
            tables[-1].last = index
            _put_in_place(piece.lines[0], tables[-1], pieces)
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


def _follows(pieces: Sequence[Piece], last: int, index: int) -> bool:
    """Whether nothing stands between two rows, or just a caption that says "continued"."""
    if index == last + 1:
        return True
    between = pieces[index - 1]
    return (
        index == last + 2
        and pieces[index].lines[0].opens
        and between.kind == "paragraph"
        and between.mark < 0
        and between.lines[0].part.page > pieces[last].lines[0].part.page
        and len(_text(between)) <= LONGEST_CAPTION
        and bool(_CONTINUED.search(_text(between)))
    )


def _goes_on(pieces: Sequence[Piece], table: _Table, index: int) -> bool:
    """Whether a table that opens a page is the rest of the one before it."""
    before, after = pieces[table.last].lines[0], pieces[index].lines[0]
    if after.part.page != before.part.page + 1 or pieces[index].mark >= 0:
        return False
    opening = pieces[table.first].lines[0]
    if _says(after) == _says(opening):
        _make_heads(pieces, table.first, index)
        table.places = ()
        return True
    if opening.columns and after.columns:
        table.places = _columns_among(after.columns, opening.columns)
        return not after.is_head and bool(table.places)
    table.places = ()
    same_place = (
        abs(after.part.x0 - before.part.x0) <= _SAME_PLACE
        and abs(after.part.x1 - before.part.x1) <= _SAME_PLACE
    )
    return not after.is_head and len(after.cells) == len(opening.cells) and same_place


def _says(row: Line) -> list[str]:
    """What a row's cells say, without "(continued)"."""
    return [_CONTINUED.sub("", cell) for cell in row.cells]


def _columns_among(
    columns: Sequence[tuple[float, float]], others: Sequence[tuple[float, float]]
) -> tuple[int, ...]:
    """Which of the other columns each one is: it has an edge or its middle there.

    () where one of them is none of these, or just one of several is. The first is the first.
    """
    found: list[int] = []
    for left, right in columns:
        for at in range(found[-1] + 1 if found else 0, len(others)):
            low, high = others[at]
            apart = (abs(left - low), abs(right - high), abs(left + right - low - high) / 2)
            if min(apart) <= _SAME_PLACE and left < high and low < right:
                found.append(at)
                break
        else:
            return ()
    return tuple(found) if found[0] == 0 and len(found) > 1 else ()


def _put_in_place(row: Line, table: _Table, pieces: Sequence[Piece]) -> None:
    """Lay the cells of a row out in the columns of its table, where its page had fewer."""
    width = len(pieces[table.first].lines[0].cells)
    if not table.places or len(table.places) == width or len(row.cells) != len(table.places):
        return
    texts, reach = [""] * width, [1] * width
    for at, text, columns in zip(table.places, row.cells, row.reach, strict=True):
        last = min(len(table.places) - 1, table.places.index(at) + columns - 1)
        texts[at], reach[at] = text, table.places[last] - at + 1
    row.cells, row.reach = tuple(texts), tuple(reach)


def _make_heads(pieces: Sequence[Piece], first: int, again: int) -> None:
    """Take the rows that come again on the next page for the header."""
    count = min(MAX_HEADS, again - first)
    for one, other in zip(
        pieces[first : first + count], pieces[again : again + count], strict=False
    ):
        a, b = one.lines[0], other.lines[0]
        if other.kind != "table_row" or _says(a) != _says(b):
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
