"""Lines → blocks of text: paragraphs joined over lines, columns and pages, words made whole."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from qa_bot.loaders.pdf_rows import MARKER, Line
from qa_bot.records import Block, BlockKind, Page, PageSpan
from qa_bot.text import is_stop_word, words

_ENDS = re.compile(r"[.?!:;][\"'”’)\]]*$")
_WORD_END = re.compile(r"([^\W\d_]+)[-\u00ad\u2010]$")
_WORD_START = re.compile(r"([^\W\d_]+)")
_OPEN_END = re.compile(r"[\w\d,;\-–—&(/]$|[^\W\d_][\"'”’)\]]$")
_CJK = re.compile("[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]{2}")
_PREFIXES = frozenset("non self multi cross co pre post re anti inter intra semi sub well".split())


@dataclass(slots=True)
class Piece:
    """A block in the making. ``mark`` numbers the heading that opens it, -1: none."""

    kind: BlockKind
    lines: list[Line]
    mark: int = -1


@dataclass(slots=True)
class Written:
    """The document's text with where everything stands in it."""

    text: str = ""
    blocks: list[Block] = field(default_factory=list)
    pages: list[PageSpan] = field(default_factory=list)
    marks: dict[int, tuple[int, int]] = field(default_factory=dict)  # heading → its block's span


def group_lines(
    lines: Sequence[Line],
    marks: Mapping[int, int],
    headings: Iterable[int],
    leadings: Mapping[float, float],
) -> list[Piece]:
    """Group lines into blocks.

    Args:
        lines: Of the whole document, in reading order.
        marks: Line index → the heading that begins there or goes on there.
        headings: Those of them that are lines of their own; the others run into their text.
        leadings: Usual line distance for each size of type.
    """
    own = set(headings)
    pieces: list[Piece] = []
    for index, line in enumerate(lines):
        mark = marks.get(index, -1)
        last = pieces[-1] if pieces else None
        if mark in own:
            if last is not None and last.mark == mark and last.kind == "heading":
                last.lines.append(line)
            else:
                pieces.append(Piece("heading", [line], mark))
        elif line.role == "row":
            pieces.append(Piece("table_row", [line], mark))
        elif line.role == "link":
            pieces.append(Piece("link", [line], mark))
        elif mark < 0 and last is not None and _goes_on(last, line, leadings):
            last.lines.append(line)
        else:
            kind: BlockKind = "list_item" if _is_item(line, last) else "paragraph"
            pieces.append(Piece(kind, [line], mark))
    return pieces


def _goes_on(piece: Piece, line: Line, leadings: Mapping[float, float]) -> bool:
    """Whether a line belongs to the paragraph before it."""
    if piece.kind not in ("paragraph", "list_item"):
        return False
    before = piece.lines[-1]
    a, b = before.part, line.part
    if abs(a.size - b.size) > 0.08 * max(a.size, b.size):
        return False
    if a.bold != b.bold and (_ENDS.search(before.text) or not _is_full(before, line)):
        return False  # bold words may be wrapped, a bold heading isn't
    if MARKER.match(line.text) and _starts_item(before, line):
        return False
    if before.region != line.region:
        return _flows_on(before, line)
    leading = leadings.get(round(b.size * 2) / 2, 1.25 * b.size)
    gap = a.y - b.y
    if not 0.5 * b.size < gap <= max(1.18 * leading, leading + 1.5):
        return False
    return not _begins_anew(piece, before, line)


def _begins_anew(piece: Piece, before: Line, line: Line) -> bool:
    """Whether indents or a short line say that a new paragraph begins."""
    a, b = before.part, line.part
    em = b.size
    ended = bool(_ENDS.search(before.text))
    centred = abs((a.x0 + a.x1) - (b.x0 + b.x1)) < 0.6 * em and abs(a.x0 - b.x0) > 0.5 * em
    if centred:
        return ended
    step = b.x0 - a.x0
    if piece.kind == "list_item":
        first = piece.lines[0].part
        if b.x0 < first.x0 - 0.3 * em:
            return True
        if len(piece.lines) > 1 and abs(step) > 0.8 * em:
            return True
    elif len(piece.lines) > 1 and abs(step) > 0.8 * em and (ended or abs(step) > 2 * em):
        return True
    elif len(piece.lines) == 1 and step > 0.8 * em:
        return ended or not _is_full(before, line)
    if not _is_full(before, line):
        opening = line.text.lstrip("\"'“‘($")[:1]
        last = before.text.rsplit(maxsplit=1)[-1]
        hangs = last.islower() and is_stop_word(last)
        return ended or not (hangs or opening.islower() or opening.isdigit())
    return False


def _is_full(before: Line, line: Line) -> bool:
    """Whether the next line's first word would not have fitted on the line before."""
    first = line.text.split(maxsplit=1)[0]
    width = line.part.width * (len(first) + 1) / max(len(line.text), 1)
    return before.part.x1 + width > before.right - 0.8 * line.part.size


def _flows_on(before: Line, line: Line) -> bool:
    """Whether a paragraph goes on in the next column or on the next page."""
    if line.part.page - before.part.page not in (0, 1):
        return False
    opening = line.text.lstrip("\"'“‘(")[:1]
    if before.text.endswith(("-", "\u00ad", "\u2010")) and opening.islower():
        return True
    alike = before.part.bold == line.part.bold and before.part.italic == line.part.italic
    if not _OPEN_END.search(before.text) or not _is_full(before, line) or not alike:
        return False
    return opening.islower() or (opening.isalnum() and before.part.x1 > before.right - 30)


def _is_item(line: Line, last: Piece | None) -> bool:
    if not MARKER.match(line.text):
        return False
    return last is None or last.kind != "paragraph" or _starts_item(last.lines[-1], line)


def _starts_item(before: Line, line: Line) -> bool:
    """Whether a line with a list marker begins an item, and isn't prose: "in / 1990. The"."""
    match = MARKER.match(line.text)
    if match is None:
        return False
    if match["bullet"] and match["bullet"] not in "-–—*o":
        return True
    moved = abs(line.part.x0 - before.part.x0) > 0.5 * line.part.size
    return bool(_ENDS.search(before.text)) or moved or not _is_full(before, line)


class Speller:
    """Joins the text of lines; knows the document's words, to rejoin broken ones."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._whole = Counter[str]()
        self._hyphened = Counter[str]()
        for line in lines:
            text = line.text.rstrip("-\u00ad\u2010")
            self._whole.update(word.lower() for word in words(text))
            self._hyphened.update(word.lower() for word in re.findall(r"[^\W\d_]+-[^\W\d_]+", text))

    def join(self, before: str, after: str) -> tuple[str, str]:
        """The end of one line and the start of the next: what to keep, and what goes between."""
        end, start = _WORD_END.search(before), _WORD_START.match(after)
        if end is None:
            glued = (
                before.endswith(("—", "/"))
                or bool(_CJK.match(before[-1:] + after[:1]))
                or (before.endswith("–") and before[-2:-1] != " ")
            )
            return before, "" if glued else " "
        if start is None or not start[1][0].islower():
            hyphen = before[:-1] + "-"
            return hyphen, "" if start or after[:1].isdigit() else " "
        left, right = end[1].lower(), start[1].lower()
        if self._keeps_hyphen(left, right):
            return before[:-1] + "-", ""
        return before[:-1], ""

    def _keeps_hyphen(self, left: str, right: str) -> bool:
        whole, hyphened = self._whole[left + right], self._hyphened[f"{left}-{right}"]
        if whole or hyphened:
            return hyphened > whole
        if right in ("and", "or", "to"):  # "pre- and post-war"
            return True
        return left in _PREFIXES or (
            len(left) > 2 and bool(self._whole[left] and self._whole[right])
        )


def write(pieces: Sequence[Piece], speller: Speller, pages: Sequence[Page]) -> Written:
    """Put all pieces into one text, with their spans and those of the pages."""
    parts: list[str] = []
    written = Written()
    length = 0
    begun: list[tuple[int, int]] = []  # page index, where its text begins

    def add(text: str) -> None:
        nonlocal length
        parts.append(text)
        length += len(text)

    for number, piece in enumerate(pieces):
        if number:
            follows = piece.kind == pieces[number - 1].kind
            add("\n" if follows and piece.kind in ("table_row", "list_item", "link") else "\n\n")
        start = length
        for at, line in enumerate(piece.lines):
            if not begun or begun[-1][0] < line.part.page:
                begun.append((line.part.page, length))
            text = tidy(line.text)
            if at + 1 < len(piece.lines):
                text, between = speller.join(text, tidy(piece.lines[at + 1].text))
                text += between
            add(text)
        written.blocks.append(Block(piece.kind, start, length))
        if piece.mark >= 0:
            written.marks.setdefault(piece.mark, (start, length))
    ends = [start for _, start in begun[1:]] + [length] * bool(begun)
    written.text = "".join(parts)
    written.pages = [
        PageSpan(pages[index], start if at else 0, end)
        for at, ((index, start), end) in enumerate(zip(begun, ends, strict=True))
    ]
    return written


_BULLET = re.compile(r"^[●■▪◆➢➤✓✔❖►‣∙\uf0b7\uf0a7\uf0d8\uf076\uf0fc\uf06e]\s*")
_SOFT = re.compile(r"\u00ad(?=.)")


def tidy(text: str) -> str:
    """One kind of bullet; a soft hyphen that is drawn within a line is a hyphen."""
    return _SOFT.sub("-", _BULLET.sub("• ", text))
