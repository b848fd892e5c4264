"""Plain text: quoted exactly as it stands in the file, its outline inferred.

Nothing marks a heading in plain text, so the shape of the lines decides:
a short line of its own, with no full stop, that text follows. Its style gives
the level (numbering, "Chapter …", CAPITALS, Title Case, sentence case).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from qa_bot.loaders.outline import Heading, nest_sections
from qa_bot.records import Block, Document
from qa_bot.text import normalise_line_ends, words

LINE_OF_ITS_OWN = 160  # characters; a longer line can't be a line of wrapped text
MAX_HEADING = 150  # characters
MAX_HEADING_WORDS = 20

_MARKER = re.compile(r"\s*(?:[-*+•‣◦▪–]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)])\s+\S")
_NUMBERED = re.compile(r"(?P<number>\d{1,3}(?:\.\d{1,3})*)(?:[.)])?\s+(?=[^\W\d_])")
_KEYWORD = re.compile(
    r"(?P<word>part|book|title|chapter|appendix|annex|schedule|article|section)\s+"
    r"(?:\d+(?:\.\d+)*|[ivxlc]+|[a-z])\b",
    re.IGNORECASE,
)
_KEYWORD_LEVEL = {"part": 1, "book": 1, "title": 1, "chapter": 2, "article": 3, "section": 3}
_CAPITALS, _TITLE_CASE, _SENTENCE_CASE = 4, 5, 6
_NUMBER_BASE = 4  # "1" is as far out as Title Case, "1.1" as sentence case
_UNDERLINE = re.compile(r"\s*(={3,}|-{3,}|~{3,}|\*{3,})\s*")
_LINK = re.compile(
    r"(see also|read more|read also|also read|related(?: articles?| posts?| reading)?"
    r"|further reading|you (?:may|might) also like)\b\s*:?\s+\S",
    re.IGNORECASE,
)
_NOT_A_TITLE = frozenset(
    "abstract background contents foreword glossary introduction notes overview preface purpose "
    "references scope summary".split()
)
_STRONG = frozenset({"numbered", "keyword", "capitals", "underlined"})

Style = Literal["underlined", "numbered", "keyword", "capitals", "title", "sentence", "either"]


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
    """Read a plain-text file. UTF-8 is tried first; another encoding is reported."""
    text, warnings = decode(path.read_bytes())
    return parse_plain(text, document_id, warnings)


def decode(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Decode bytes of unknown encoding; return the text and what to report about it.

    Raises:
        ValueError: The bytes aren't text in any encoding.
    """
    try:
        return normalise_line_ends(data.decode("utf-8")), ()
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes

        match = from_bytes(data).best()
    if match is None:
        raise ValueError("not text in any known encoding")
    warning = f"not UTF-8: read as {match.encoding}, check its accents and quotation marks"
    return normalise_line_ends(str(match)), (warning,)


def parse_plain(text: str, document_id: str, warnings: tuple[str, ...] = ()) -> Document:
    """Infer the blocks and the section tree of plain text; the text itself stays as it is."""
    if "\x00" in text:
        raise ValueError("holds NUL characters: a binary file, not text")
    pieces = list(_pieces(text))
    headings = _choose_headings(pieces)
    title = Path(document_id).stem.replace("_", " ").replace("-", " ")
    if pieces and 0 in headings and _can_be_title(pieces[0]):
        title = pieces[0].text
        title_only = {0}
    else:
        title_only = set()
    blocks = tuple(
        Block("heading", piece.block.start, piece.block.end) if i in headings else piece.block
        for i, piece in enumerate(pieces)
    )
    sections = nest_sections(
        [
            Heading(piece.text, piece.level, piece.block.start, piece.block.end)
            for i, piece in enumerate(_settle_levels(pieces, headings))
            if i in headings and i not in title_only
        ],
        len(text),
    )
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
            if _MARKER.match(line.text):
                run.append(line)  # a list stays together
                continue
            if run:
                yield run
                run = []
            yield [line]
        if run:
            yield run
    else:
        yield group


def _pieces(text: str) -> Iterator[_Piece]:
    for group in _groups(text):
        if len(group) == 2 and _UNDERLINE.fullmatch(group[1].text):
            level = 1 if group[1].text.strip()[0] == "=" else 2
            block = _block("paragraph", group)
            yield _Piece(block, group[0].text.strip(), "underlined", level)
            continue
        first = group[0]
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
    marked = [i for i, line in enumerate(group) if _MARKER.match(line.text)]
    if not marked:
        return None
    first = marked[0]
    introduced = first == 0 or group[first - 1].text.rstrip().endswith((":", "："))
    return first if introduced or len(marked) > 1 else None


def _items(lines: Sequence[_Line]) -> Iterator[_Piece]:
    item: list[_Line] = []
    for line in lines:
        if item and _MARKER.match(line.text):
            yield _Piece(_block("list_item", item), "")
            item = []
        item.append(line)
    yield _Piece(_block("list_item", item), "")


def _heading_of_wrapped(group: Sequence[_Line]) -> _Piece | None:
    """A heading glued to the paragraph under it, where its style leaves no doubt."""
    piece = _as_heading(group[0])
    if piece is None or piece.style not in {"numbered", "keyword", "capitals"}:
        return None
    if _MARKER.match(group[1].text) or len(group[0].text) > 80:
        return None
    following = group[1].text.strip()
    return piece if following[:1].isupper() and not following.isupper() else None


def _as_heading(line: _Line) -> _Piece | None:
    """The line as a possible heading, or None where its shape rules that out."""
    text = line.text.strip()
    if len(text) > MAX_HEADING or text[-1] in ".,;:!…" or _LINK.match(text):
        return None
    count = len(words(text))
    if not 1 <= count <= MAX_HEADING_WORDS or text.lower().startswith("by "):
        return None
    style, level = _style(text)
    if style is None:
        return None
    kind: Literal["paragraph", "list_item"] = "list_item" if _MARKER.match(text) else "paragraph"
    return _Piece(_block(kind, [line]), text, style, level)


def _style(text: str) -> tuple[Style | None, int]:
    if match := _NUMBERED.match(text):
        return "numbered", _NUMBER_BASE + match["number"].count(".") + 1
    if match := _KEYWORD.match(text):
        return "keyword", _KEYWORD_LEVEL.get(match["word"].lower(), 2)
    if not text[0].isupper() or _MARKER.match(text):
        return None, 0
    letters = [character for character in text if character.isalpha()]
    if len(letters) >= 4 and all(character.isupper() for character in letters):
        return "capitals", _CAPITALS
    telling = [word for word in words(text)[1:] if len(word) >= 4 and word[0].isalpha()]
    if not telling:
        return "either", _TITLE_CASE
    capitalised = sum(word[0].isupper() for word in telling)
    if capitalised >= 0.6 * len(telling):
        return "title", _TITLE_CASE
    return "sentence", _SENTENCE_CASE


def _choose_headings(pieces: Sequence[_Piece]) -> set[int]:
    """Which of the pieces that could be headings are."""
    chosen: set[int] = set()
    for i in range(len(pieces) - 2, -1, -1):  # text must follow, so the last can't be one
        piece, after = pieces[i], pieces[i + 1]
        if piece.style is None:
            continue
        both_marked = piece.block.kind == after.block.kind == "list_item"
        if both_marked and (i + 1 not in chosen or after.level <= piece.level):
            continue  # "1. Apples", blank line, "2. Pears": a list
        if piece.text.endswith("?") and after.text.endswith("?"):
            continue
        chosen.add(i)
    weak = {i for i in chosen if pieces[i].style not in _STRONG}
    if len(pieces) > 10 and len(weak) > len(pieces) / 2:
        chosen -= weak  # verse, an address list, notes without full stops
    return chosen


def _settle_levels(pieces: Sequence[_Piece], headings: set[int]) -> list[_Piece]:
    """One-word headings have no case style of their own: they go with the outermost one."""
    styles = {pieces[i].style for i in headings}
    if "title" in styles or "sentence" not in styles:
        return list(pieces)
    return [
        _Piece(piece.block, piece.text, piece.style, _SENTENCE_CASE)
        if piece.style == "either"
        else piece
        for piece in pieces
    ]


def _can_be_title(piece: _Piece) -> bool:
    return (
        piece.style not in {"numbered", "keyword"}
        and piece.text.lower().split()[0].strip(":") not in _NOT_A_TITLE
    )
