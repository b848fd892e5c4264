"""Paragraphs that a footnote, a figure or a table interrupts are put together again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qa_bot.loaders.captions import caption_of
from qa_bot.loaders.pdf.paragraphs import Piece, flows_on

MAX_BETWEEN = 60  # pieces: the rows of a large table
SMALLER = 0.93  # times the text's size: footnotes, captions, what is written in figures


def join_interrupted(pieces: Sequence[Piece]) -> list[Piece]:
    """Join a paragraph with its rest in the next column or on the next page.

    What stands between comes behind it where that is on the page on which the
    paragraph ends, else in front: pages stay in order.
    """
    joined: list[Piece] = []
    for piece in pieces:
        at = _begun(joined, piece)
        if at is None:
            joined.append(piece)
            continue
        first, between = joined[at], joined[at + 1 :]
        whole = replace(first, lines=[*first.lines, *piece.lines])
        last_page = piece.lines[-1].part.page
        behind = [aside for aside in between if _page(aside) == last_page]
        joined[at:] = [*(aside for aside in between if _page(aside) != last_page), whole, *behind]
    return joined


def _begun(pieces: Sequence[Piece], rest: Piece) -> int | None:
    """Which paragraph a piece is the rest of, with nothing but asides in between."""
    if rest.kind != "paragraph" or rest.mark >= 0 or rest.lines[0].part.is_turned:
        return None
    for at in range(len(pieces) - 1, max(-1, len(pieces) - 2 - MAX_BETWEEN), -1):
        before = pieces[at]
        if _is_aside(before, rest.lines[0].part.size):
            continue
        between = pieces[at + 1 :]
        pages = {before.lines[0].part.page, rest.lines[-1].part.page}
        fits = between and all(_page(aside) in pages for aside in between)
        return at if fits and _are_apart(between) and _is_rest(before, rest) else None
    return None


def _are_apart(between: Sequence[Piece]) -> bool:
    """Whether asides are surely none of the running text.

    One that itself runs over the break isn't, nor are rows without a header or a
    caption: they may be columns of running text.
    """
    kinds = {aside.kind for aside in between}
    labelled = any(caption_of(aside.lines[0].text) for aside in between)
    if "table_row" in kinds and not labelled and not kinds & {"table_header", "caption"}:
        return False
    return all(_page(aside) == aside.lines[-1].part.page for aside in between)


def _is_rest(before: Piece, rest: Piece) -> bool:
    last, line = before.lines[-1], rest.lines[0]
    if before.kind not in ("paragraph", "list_item") or last.region == line.region:
        return False
    alike = abs(last.part.size - line.part.size) < 0.08 * line.part.size
    is_small = line.text.lstrip("\"'“‘(")[:1].islower()
    return alike and (is_small or len(rest.lines) > 1) and flows_on(last, line)


def _page(piece: Piece) -> int:
    return piece.lines[0].part.page


def _is_aside(piece: Piece, size: float) -> bool:
    """Whether a piece is no part of the running text, set in type of the given size."""
    if piece.mark >= 0:
        return False
    if piece.kind == "link":
        return all(line.part.is_turned for line in piece.lines)
    if piece.kind not in ("paragraph", "list_item"):
        return piece.kind not in ("heading", "code")
    if all(line.part.is_turned or line.part.size < SMALLER * size for line in piece.lines):
        return True
    return bool(caption_of(piece.lines[0].text))
