"""Plain text: quoted exactly as it stands in the file, its outline inferred.

Nothing marks a heading in plain text, so the shape of the lines decides:
a short line of its own, with no full stop, that text follows. Its style gives
the level (numbering, "Chapter …", CAPITALS, Title Case, sentence case). Where lines
are marked with "#", as in Markdown, these are the headings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

from qa_bot.loaders.decoding import decode, refuse_binary, without_terminal_codes
from qa_bot.loaders.delimited import delimited
from qa_bot.loaders.heading_styles import (
    KEYWORD,
    MARKER,
    SENTENCE_CASE,
    STRONG,
    Style,
    comes_next,
    may_be_stopped,
    numbers,
    style_of,
)
from qa_bot.loaders.outline import Heading, inside_numbered, nest_sections
from qa_bot.loaders.page_breaks import without_page_breaks
from qa_bot.loaders.table import write_delimited
from qa_bot.loaders.writing import title_of_name
from qa_bot.record_lines import form_starts
from qa_bot.records import Block, Document
from qa_bot.text import STAMP, words

LINE_OF_ITS_OWN = 160  # characters; a longer line can't be a line of wrapped text
MAX_HEADING = 150  # characters
MAX_HEADING_WORDS = 20

_COLUMNS = re.compile(
    r"[^\W\d_]\s{3,}\S|\d\s{8,}\S|\.{4}|(?: \.){3}"
)  # a page header, a contents line
_NO_HEADING = re.compile(  # a by-line, a salutation, a label with its value, a speaker's turn
    r"(?:by|dear)\s"
    r"|(?:author|date|version|status|from|to|cc|phone|e-?mail|address|note|action|time|location"
    r"|venue|present|attendees|apologies|source|url|keywords|tags|updated|published)s?:\s",
    re.IGNORECASE,
)
_SPEAKER = re.compile(r"[A-Z][A-Z .'-]*:\s.*[a-z]")
_HASHED = re.compile(r"(?P<level>#{1,6})\s+(?P<text>\S.*?)(?:\s+#+)?")
_CONTENTS = re.compile(r"(?:table of )?contents|inhalt(?:sverzeichnis)?|sommaire|índice", re.I)
# What "#" begins in programs and their settings, or two comments in a row.
_HASH_OF_CODE = re.compile(
    r"\A#!|^#[^\s#]|^#\s*$|^# ?(?:define|undef|include|ifn?def|endif|pragma)\b|^#.*\n#(?!#)",
    re.MULTILINE,
)
_LEADER = re.compile(r"(?:\.{3,}|(?: \.){3,}) ?\s*(?:\d{1,4}|[ivxl]{1,6})\s*$")  # of contents
_LOG = 3  # lines with such a beginning, at least, and so many of each five
_UNDERLINE = re.compile(r"\s*(={3,}|-{3,}|~{3,}|\*{3,})\s*")
_LINK = re.compile(
    r"(see also|read more|read also|also read|related(?: articles?| posts?| reading)?"
    r"|further reading|you (?:may|might) also like)\b\s*:?\s+\S",
    re.IGNORECASE,
)
_GOES_ON = frozenset(
    "a an and are at by der die das et from into is la le of or that the to und which with".split()
)
_NOT_A_TITLE = frozenset(
    "abstract background contents foreword glossary introduction notes overview preface purpose "
    "references scope summary".split()
)


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int  # without the line end
    text: str


@dataclass(frozen=True, slots=True)
class _Piece:
    """A block in the making: what it is unless it turns out to be a heading."""

    block: Block
    text: str
    style: Style | None = None  # set where it could be a heading
    level: int = 0


def load_plain(path: Path, document_id: str) -> Document:
    """Read a plain-text file. UTF-8 is tried first; another encoding is reported.

    A text that is a table as a whole, as programs export it, is read as one.
    """
    decoded, warnings = decode(path.read_bytes())
    text = without_terminal_codes(decoded)
    if path.suffix.lower() == ".txt" and (table := delimited(text)) is not None:
        refuse_binary(text)
        return write_delimited(table, document_id, len(text), warnings)
    return parse_plain(without_page_breaks(text), document_id, warnings)


def parse_plain(text: str, document_id: str, warnings: tuple[str, ...] = ()) -> Document:
    """Infer the blocks and the section tree of plain text; the text itself stays as it is."""
    refuse_binary(text)
    pieces = list(_pieces(text))
    if _HASH_OF_CODE.search(text):
        pieces = [_Piece(one.block, "") if one.style == "hashed" else one for one in pieces]
    headings = _choose_headings(pieces)
    title = title_of_name(document_id)
    if pieces and 0 in headings and _can_be_title(pieces[0]):
        title = pieces[0].text
        title_only = {0}
    else:
        title_only = set()
    blocks = tuple(
        Block("heading", piece.block.start, piece.block.end) if i in headings else piece.block
        for i, piece in enumerate(pieces)
    )
    found = [
        Heading(piece.text, piece.level, piece.block.start, piece.block.end)
        for i, piece in enumerate(_settle_levels(pieces, headings))
        if i in headings and i not in title_only
    ]
    sections = nest_sections(inside_numbered(found), len(text))
    return Document(document_id, title, text, sections, blocks, warnings=warnings)


def _lines(text: str) -> Iterator[_Line]:
    start = 0
    for line in text.split("\n"):
        yield _Line(start, start + len(line), line)
        start += len(line) + 1


def _groups(text: str) -> Iterator[list[_Line]]:
    """Runs of lines between blank ones; lines too long to be wrapped stand alone."""
    group: list[_Line] = []
    for line in _lines(text):
        if line.text.strip():
            group.append(line)
        elif group:
            yield from _unwrap(group)
            group = []
    if group:
        yield from _unwrap(group)


def _unwrap(group: list[_Line]) -> Iterator[list[_Line]]:
    if len(group) > 1 and any(len(line.text) > LINE_OF_ITS_OWN for line in group):
        run: list[_Line] = []
        for line in group:
            if MARKER.match(line.text):
                run.append(line)  # a list stays together
                continue
            if run:
                yield run
                run = []
            yield [line]
        if run:
            yield run
    else:
        starts = form_starts([line.text for line in group])
        yield from (group[a:b] for a, b in pairwise([*starts, len(group)]))


def _pieces(text: str) -> Iterator[_Piece]:
    above = ""  # the last line before
    for group in _groups(text):
        if ruled := _ruled_lines(group):
            level = 1 if group[ruled - 1].text.strip()[0] == "=" else 2
            block = _block("paragraph", group[:ruled])
            yield _Piece(block, group[ruled - 2].text.strip(), "underlined", level)
            group = group[ruled:]  # noqa: PLW2901 - the rest of the same group
            if not group:
                continue
        first = group[0]
        is_named, above = _CONTENTS.fullmatch(above.strip()) is not None, group[-1].text
        if is_named and _is_contents(group):
            yield _Piece(_block("link", group), "")
            continue
        if _is_log(group):
            yield from _items(group, STAMP)
            continue
        if len(group) > 1 and (heading := _heading_of_wrapped(group)) is not None:
            yield heading
            group = group[1:]  # noqa: PLW2901 - the rest of the same group
            first = group[0]
        items = _list_start(group)
        if items == 0 and len(group) == 1 and (piece := _as_heading(first)) is not None:
            yield piece  # "2.1 Scope" looks like a list item too; _choose_headings decides
            continue
        if items is None:
            yield _plain_piece(group)
            continue
        if items:
            yield _plain_piece(group[:items])
        yield from _items(group[items:])


def _ruled_lines(group: Sequence[_Line]) -> int:
    """How many of the first lines are a heading with its underline, and a line above it."""
    above = int(bool(_UNDERLINE.fullmatch(group[0].text)))
    if len(group) < above + 2 or not _UNDERLINE.fullmatch(group[above + 1].text):
        return 0
    text = group[above].text.strip()
    is_heading = words(text) and len(text) <= MAX_HEADING and text[-1] not in ".,;"
    return above + 2 if is_heading and not _COLUMNS.search(text) else 0


def _plain_piece(lines: list[_Line]) -> _Piece:
    if len(lines) == 1:
        line = lines[0]
        stripped = line.text.strip()
        if _LINK.match(stripped) and stripped[-1] not in ".!?:":
            return _Piece(_block("link", lines), stripped)
        if (piece := _as_heading(line)) is not None:
            return piece
    return _Piece(_block("paragraph", lines), "")


def _block(kind: Literal["paragraph", "list_item", "link"], lines: Sequence[_Line]) -> Block:
    """Span the lines without the white space around them."""
    first, last = lines[0], lines[-1]
    start = first.start + len(first.text) - len(first.text.lstrip())
    return Block(kind, start, last.start + len(last.text.rstrip()))


def _list_start(group: Sequence[_Line]) -> int | None:
    r"""Index of the line at which a list begins, or None.

    A marker in the middle of wrapped prose ("in\n1990. The") is no list: one
    begins a group, follows a colon, or comes at least twice.
    """
    marked = [i for i, line in enumerate(group) if MARKER.match(line.text)]
    if not marked:
        return None
    first = marked[0]
    introduced = first == 0 or group[first - 1].text.rstrip().endswith((":", "："))
    return first if introduced or len(marked) > 1 else None


def _is_contents(group: Sequence[_Line]) -> bool:
    """Whether lines lead on to pages: titles, dots, numbers."""
    return all(_LEADER.search(line.text) for line in group)


def _is_log(group: Sequence[_Line]) -> bool:
    """Whether lines each begin with when something happened; others go on with the one before."""
    lines = [line for line in group if not line.text[:1].isspace()]  # others are traces
    stamped = sum(STAMP.match(line.text) is not None for line in lines)
    return stamped >= max(_LOG, 0.6 * len(lines)) and STAMP.match(group[0].text) is not None


def _items(lines: Sequence[_Line], marker: re.Pattern[str] = MARKER) -> Iterator[_Piece]:
    item: list[_Line] = []
    for line in lines:
        if item and marker.match(line.text):
            yield _Piece(_block("list_item", item), item[0].text.strip())
            item = []
        item.append(line)
    yield _Piece(_block("list_item", item), item[0].text.strip())


def _heading_of_wrapped(group: Sequence[_Line]) -> _Piece | None:
    """A heading glued to the paragraph under it, where its style leaves no doubt."""
    piece = _as_heading(group[0])
    if piece is not None and piece.style == "capitals" and _hangs(group):
        return piece  # as in man pages
    if piece is None or piece.style not in {"numbered", "keyword", "capitals"}:
        return None
    following = group[1].text.strip()
    if MARKER.match(following) or len(group[0].text) > 80 or not following[0].isupper():
        return None
    if piece.style == "capitals":
        return None if following.isupper() else piece
    if piece.style == "numbered":
        name = piece.text.split(maxsplit=1)[1]
        is_clause = style_of(name)[0] in (None, "sentence") and not _breaks_early(group)
        is_item = any(comes_next(piece.text, line.text.strip()) for line in group[1:])
        return None if is_clause or is_item else piece
    return piece


def _hangs(group: Sequence[_Line]) -> bool:
    """Whether the first line stands out to the left of all others."""
    margin, *others = (len(line.text) - len(line.text.lstrip()) for line in group)
    return min(others) >= margin + 2


def _breaks_early(group: Sequence[_Line]) -> bool:
    """Whether the second line's first word would have fitted on the first line."""
    width = max(len(line.text.rstrip()) for line in group)
    return len(group[0].text.rstrip()) + 1 + len(group[1].text.split()[0]) <= width


def _as_heading(line: _Line) -> _Piece | None:
    """The line as a possible heading, or None where its shape rules that out."""
    text = line.text.strip()
    if (
        len(text) <= MAX_HEADING
        and (hashed := _HASHED.fullmatch(line.text.rstrip()))
        and 0 < len(words(hashed["text"])) <= MAX_HEADING_WORDS
        and hashed["text"][-1] not in ".!:;,"
    ):
        level = len(hashed["level"])
        return _Piece(_block("paragraph", [line]), hashed["text"], "hashed", level)
    if len(text) > MAX_HEADING or _LINK.match(text) or _COLUMNS.search(text):
        return None
    is_stopped = text[-1] in ".,;:!…" and not KEYWORD.fullmatch(text[:-1])  # "CHAPTER I."
    if is_stopped and not may_be_stopped(text):
        return None
    if not 1 <= len(words(text)) <= MAX_HEADING_WORDS:
        return None
    if _NO_HEADING.match(text) or _SPEAKER.match(text):
        return None
    style, level = style_of(text)
    if style is None or (style not in STRONG and words(text)[-1] in _GOES_ON):
        return None  # "… must wait until the": a page, or a form, broke the sentence
    if is_stopped and style == "numbered":
        style = "stopped"
    kind: Literal["paragraph", "list_item"] = "list_item" if MARKER.match(text) else "paragraph"
    return _Piece(_block(kind, [line]), text, style, level)


def _choose_headings(pieces: Sequence[_Piece]) -> set[int]:
    """Which of the pieces that could be headings are. Text must follow, so the last one isn't."""
    chosen: set[int] = set()
    latest: dict[int, str] = {}  # the last numbered heading of each level
    for i, (piece, after) in enumerate(pairwise(pieces)):
        if piece.style is None or comes_next(piece.text, after.text):
            continue  # "1. Apples", blank line, "2. Pears": a list
        is_last_item = i and i - 1 not in chosen and comes_next(pieces[i - 1].text, piece.text)
        if is_last_item and not comes_next(latest.get(piece.level, ""), piece.text):
            continue
        if piece.text.endswith("?") and after.text.endswith("?"):
            continue
        is_weak = piece.style not in STRONG
        if i and is_weak and after.style is not None and after.level <= piece.level:
            continue  # nothing would stand under it: notes, a speaker's words
        chosen.add(i)
        if piece.style in ("numbered", "stopped"):
            latest[piece.level] = piece.text
    hashed = {i for i in chosen if pieces[i].style == "hashed"}
    others = {i for i in chosen - hashed if pieces[i].style in STRONG}
    if len(hashed) > 1 and len(hashed) > len(others) and min(hashed) <= min(others, default=0):
        return {i for i in chosen if pieces[i].style in ("hashed", "underlined")}
    stopped = [i for i in sorted(chosen) if pieces[i].style == "stopped"]
    chosen -= hashed | (set(stopped) - _counted(pieces, stopped))  # comments; lone sentences
    weak = {i for i, piece in enumerate(pieces) if piece.style and piece.style not in STRONG}
    if len(pieces) > 10 and len(weak) > len(pieces) / 2:
        chosen -= weak  # verse, an address list, notes without full stops
    return chosen


def _counted(pieces: Sequence[_Piece], stopped: Sequence[int]) -> set[int]:
    """Those of the pieces whose numbers go on counting, each level on its own."""
    counted: set[int] = set()
    last: dict[tuple[int, ...], int] = {}
    for i in stopped:
        above = numbers(pieces[i].text)[:-1]
        before = last.get(above)
        if before is not None and comes_next(pieces[before].text, pieces[i].text):
            counted |= {before, i}
        last[above] = i
    return counted


def _settle_levels(pieces: Sequence[_Piece], headings: set[int]) -> list[_Piece]:
    """One-word headings have no case style of their own: they go with the outermost one."""
    styles = {pieces[i].style for i in headings}
    if "title" in styles or "sentence" not in styles:
        return list(pieces)
    return [
        _Piece(piece.block, piece.text, piece.style, SENTENCE_CASE)
        if piece.style == "either"
        else piece
        for piece in pieces
    ]


def _can_be_title(piece: _Piece) -> bool:
    return (
        piece.style not in {"numbered", "stopped", "keyword"}
        and piece.text.lower().split()[0].strip(":") not in _NOT_A_TITLE
    )
