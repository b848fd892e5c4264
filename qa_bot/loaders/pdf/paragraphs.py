"""Lines → blocks of text: paragraphs joined over lines, columns and pages, words made whole."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from qa_bot.loaders.pdf.contents import is_list_title
from qa_bot.loaders.pdf.rows import MARKER, Line
from qa_bot.loaders.table_cells import placed_row
from qa_bot.records import Block, BlockKind, Page, PageSpan, Span
from qa_bot.text import is_stop_word, words

_PUSHED = 1.5  # of the usual distance: a line may stand so much lower in the midst of a sentence
_ENDS = re.compile(r"[.?!:;。！？；：؟۔।][\"'”’)\]」』）】]*$")
_FORM_LINE = 45  # characters
_LABELLED = re.compile(r"[A-Z][\w .'/()-]{0,29}:\s+\S")  # "Invoice no.: 2025-0417"
_WORD_END = re.compile(r"([^\W\d_]+)[-\u00ad\u2010]$")
_WORD_START = re.compile(r"([^\W\d_]+)")
_OPEN_END = re.compile(r"[\w\d,;\-–—&(/]$|[^\W\d_][\"'”’)\]]$")
_WIDE = "\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef"
_CJK = re.compile(f"[{_WIDE}]{{2}}")
_CJK_BESIDE_LATIN = re.compile(f"[{_WIDE}][A-Za-z0-9]|[A-Za-z0-9][{_WIDE}]")
_CJK_APART_FROM_LATIN = re.compile(f"[{_WIDE}] [A-Za-z0-9]|[A-Za-z0-9] [{_WIDE}]")
_HANGUL = re.compile("[\uac00-\ud7a3]{2}")
_HYPHENED = re.compile(r"\b(?=([^\W\d_]+-[^\W\d_]+))")
_ADDRESS_END = re.compile(r"(?:https?://|www\.)\S*[-/_=&?%#~.]$|(?:https?://|www\.)\S{20,}$")
_ADDRESS_START = re.compile(r"[/?&=#_%~]|\w[\w-]*(?:[/=&?%#_-]|\.[a-z]{2,5}\b)|[a-z\d-]+/?$")
_CONJUNCTIONS = frozenset("and or to und oder bzw sowie".split())
_PREFIXES = frozenset(
    "non self multi cross co pre post re anti inter intra semi sub well mid".split()
)
_TAILS = frozenset(  # of compounds, and hardly ever of a word that is broken
    """
    based driven led level maker makers making oriented owned quality related sharing specific
    term wide year
    """.split()
)


@dataclass(slots=True)
class Piece:
    """A block in the making.

    ``mark`` numbers the heading that opens it, -1: none; ``table`` the table
    that it is a part of, 0: none.
    """

    kind: BlockKind
    lines: list[Line]
    mark: int = -1
    table: int = 0


@dataclass(frozen=True, slots=True)
class WrittenRow:
    """A row of the table of that number, as its line and where in the text its cells stand."""

    table: int
    line: Line
    spans: list[Span | None]


@dataclass(slots=True)
class Written:
    """The document's text with where everything stands in it."""

    text: str = ""
    blocks: list[Block] = field(default_factory=list)
    pages: list[PageSpan] = field(default_factory=list)
    marks: dict[int, tuple[int, int]] = field(default_factory=dict)  # heading → its block's span
    rows: list[WrittenRow] = field(default_factory=list)  # of all tables


def group_lines(
    lines: Sequence[Line],
    marks: Mapping[int, int],
    headings: Iterable[int],
    distances: Sequence[float],
) -> list[Piece]:
    """Group lines into blocks.

    Args:
        lines: Of the whole document, in reading order.
        marks: Line index → the heading that begins there or goes on there.
        headings: Those of them that are lines of their own; the others run into their text.
        distances: For each line, how far it stands below the line before in a paragraph, in points.
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
        elif line.role == "link" or (mark < 0 and is_list_title(line)):
            pieces.append(Piece("link", [line], mark))
        elif mark < 0 and last is not None and _goes_on(last, line, distances[index]):
            last.lines.append(line)
        else:
            kind: BlockKind = "list_item" if _is_item(line, last) else "paragraph"
            pieces.append(Piece(kind, [line], mark))
    return pieces


def _goes_on(piece: Piece, line: Line, leading: float) -> bool:
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
        return flows_on(before, line)
    gap = a.y - b.y
    if not 0.5 * b.size < gap <= max(1.18 * leading, leading + 1.5):
        # Raised letters in a line of a web page push it down.
        is_pushed = 0 < gap <= _PUSHED * leading and abs(a.x0 - b.x0) < 0.5 * b.size
        return is_pushed and line.text.split(maxsplit=1)[0].islower() and flows_on(before, line)
    return not _begins_anew(piece, before, line)


def _begins_anew(piece: Piece, before: Line, line: Line) -> bool:
    """Whether indents or a short line say that a new paragraph begins."""
    a, b = before.part, line.part
    em = b.size
    ended = bool(_ENDS.search(before.text))
    is_short = max(len(before.text), len(line.text)) <= _FORM_LINE
    if is_short and _LABELLED.match(before.text) and _LABELLED.match(line.text):
        return True  # a form, however narrow
    centred = abs((a.x0 + a.x1) - (b.x0 + b.x1)) < 0.6 * em and abs(a.x0 - b.x0) > 0.5 * em
    if centred:
        return ended or _heads_text(before, line)
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


def _heads_text(before: Line, line: Line) -> bool:
    """Whether a short centred line stands over one that fills its column, as a heading does."""
    fills = line.part.x0 < line.left + 4 * line.part.size and line.part.x1 > line.right - 15
    return fills and before.part.width < 0.4 * line.part.width


def _is_full(before: Line, line: Line) -> bool:
    """Whether the next line's first word would not have fitted on the line before."""
    first = line.text[:1] if _CJK.match(line.text[:1] * 2) else line.text.split(maxsplit=1)[0]
    width = line.part.width * (len(first) + 1) / max(len(line.text), 1)
    return before.part.x1 + width > before.right - 0.8 * line.part.size


def flows_on(before: Line, line: Line) -> bool:
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
        self._tight = self._spaced = 0  # Chinese or Japanese beside Latin letters
        is_broken = False
        for line in lines:
            text = line.text
            found = [word.lower() for word in words(text)]
            if is_broken:
                del found[:1]  # the rest of a word
            is_broken = bool(_WORD_END.search(text))
            if is_broken:
                del found[-1:]
            self._whole.update(found)
            self._hyphened.update(word.lower() for word in _HYPHENED.findall(text))
            self._tight += len(_CJK_BESIDE_LATIN.findall(text))
            self._spaced += len(_CJK_APART_FROM_LATIN.findall(text))

    def join(self, before: str, after: str) -> tuple[str, str]:
        """The end of one line and the start of the next: what to keep, and what goes between."""
        end, start = _WORD_END.search(before), _WORD_START.match(after)
        if _ADDRESS_END.search(before) and _ADDRESS_START.match(after):
            return before, ""
        if end is None:
            return before, "" if self._touch(before, after) else " "
        if start is not None and start[1].lower() in _CONJUNCTIONS:  # "pre- and post-war"
            return before[:-1] + "-", " "
        if start is None or not start[1][0].islower():
            hyphen = before[:-1] + "-"
            return hyphen, "" if start or after[:1].isdigit() else " "
        left, right = end[1].lower(), start[1].lower()
        if self._keeps_hyphen(left, right):
            return before[:-1] + "-", ""
        return before[:-1], ""

    def _touch(self, before: str, after: str) -> bool:
        """Whether no space belongs between lines, the first of which ends with no hyphen."""
        if before.endswith(("—", "/")) or (before.endswith("–") and before[-2:-1] != " "):
            return True
        if after.startswith("—") and after[1:2] != " ":
            return True
        around = before[-1:] + after[:1]
        if _CJK.fullmatch(around):
            return True
        if _CJK_BESIDE_LATIN.fullmatch(around):
            return self._tight >= self._spaced
        if _HANGUL.fullmatch(around):  # Korean puts spaces between words, and breaks words
            whole = before.rsplit(maxsplit=1)[-1] + after.split(maxsplit=1)[0]
            return self._whole[whole.rstrip(".,!?").lower()] > 0
        return False

    def _keeps_hyphen(self, left: str, right: str) -> bool:
        whole, hyphened = self._whole[left + right], self._hyphened[f"{left}-{right}"]
        if whole or hyphened:
            return hyphened > whole
        return (
            left in _PREFIXES
            or (right in _TAILS and len(left) > 2)
            or (len(left) > 2 and bool(self._whole[left] and self._whole[right]))
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
            last = pieces[number - 1]
            in_list = piece.kind == last.kind and piece.kind in ("list_item", "link")
            add("\n" if in_list or 0 < piece.table == last.table else "\n\n")
        start = length
        for at, line in enumerate(piece.lines):
            if not begun or begun[-1][0] < line.part.page:
                begun.append((line.part.page, length))
            text = tidy(line.text)
            if piece.table and line.cells:
                text, placed = placed_row([*map(tidy, line.cells)], length)
                written.rows.append(WrittenRow(piece.table, line, placed))
            if at + 1 < len(piece.lines):
                text, between = speller.join(text, tidy(piece.lines[at + 1].text))
                text += between
            else:
                text = text.rstrip()
            add(text if at else text.lstrip())
        if length == start:
            continue
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
