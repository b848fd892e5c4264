"""Text in the making: blocks appended one after another, remembering where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from qa_bot.loaders.outline import Heading, nest_sections
from qa_bot.records import Block, BlockKind, Document

INDENT = "   "  # of each level of a list
DEEPEST = 9  # levels of a list that are indented

_LONGEST_CAPTION = 300  # characters; a longer one is a paragraph before its table
_ROMAN = tuple(
    zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        "m cm d cd c xc l xl x ix v iv i".split(),
        strict=True,
    )
)
_RAISED = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_UNSEEN: dict[int, str | None] = {
    **dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff")),  # soft hyphen, zero-width spaces
    **dict(zip(range(0xFB00, 0xFB07), "ff fi fl ffi ffl st st".split(), strict=True)),
}


class Writer:
    """Appends blocks to a growing text and remembers where they stand."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.headings: list[Heading] = []
        self._parts: list[str] = []
        self._length = 0

    def append(self, kind: BlockKind, text: str, *, tight: bool = False) -> Block:
        """Add a block; ``tight`` puts it right under one of its own kind."""
        if self.blocks:
            follows = tight and self.blocks[-1].kind == kind
            gap = "\n" if follows else "\n\n"
            self._parts.append(gap)
            self._length += len(gap)
        lead = len(text) - len(text.lstrip())
        block = Block(kind, self._length + lead, self._length + len(text.rstrip()))
        self._parts.append(text)
        self._length += len(text)
        if block.end > block.start:
            self.blocks.append(block)
        return block

    def heading(self, text: str, level: int, anchor: str = "") -> None:
        """Add a heading that opens a section."""
        block = self.append("heading", text)
        self.headings.append(Heading(text, level, block.start, block.end, anchor))

    def table(self, rows: Sequence[Sequence[str]], header_rows: int = 1, caption: str = "") -> None:
        """Add a table, a block for each row.

        All header rows, under the caption, are one block: passages name a
        table's first block as the context of the rows that stand far from it.
        """
        head, body = (
            [" | ".join(row) for row in part if any(row)]
            for part in (rows[:header_rows], rows[header_rows:])
        )
        if not head:
            head, body = body[:1], body[1:]
        if caption and (len(caption) > _LONGEST_CAPTION or not head):
            self.append("paragraph", caption)
        elif caption:
            head.insert(0, caption)
        if head:
            self.append("table_row", "\n".join(head))
        for line in body:
            self.append("table_row", line, tight=True)

    def document(
        self,
        document_id: str,
        title: str,
        headings: Sequence[Heading] | None = None,
        warnings: tuple[str, ...] = (),
    ) -> Document:
        """The finished document; ``headings`` are those that open sections, all by default."""
        text = "".join(self._parts)
        sections = nest_sections(self.headings if headings is None else headings, len(text))
        return Document(
            id=document_id,
            title=title or title_of_name(document_id),
            text=text,
            sections=sections,
            blocks=tuple(self.blocks),
            warnings=warnings,
        )


def lone_heading(headings: Sequence[Heading], level: int = 1) -> Heading | None:
    """The heading that names the whole document: the only one of its level, and the first."""
    outer = [heading for heading in headings if heading.level == level]
    return outer[0] if len(outer) == 1 and headings[0] is outer[0] else None


def title_of_name(document_id: str) -> str:
    """A file's name as a title: ``travel/expense_policy.md`` is "expense policy"."""
    return Path(document_id).stem.replace("_", " ").replace("-", " ")


def paragraphs_of(text: str) -> list[str]:
    """The paragraphs between blank lines, line breaks kept, odd spaces and invisibles gone."""
    lines = [" ".join(line.split()) for line in _visible(text).split("\n")]
    return ["\n".join(group) for filled, group in groupby(lines, bool) if filled]


def one_line(text: str) -> str:
    """The text without line breaks, odd spaces and invisible characters."""
    return " ".join(_visible(text).split())


def _visible(text: str) -> str:
    return text if text.isascii() else text.translate(_UNSEEN)


def raised(text: str) -> str:
    """Superscript: 10 and a raised 2 read 10², not 102. Other text stays as it is."""
    characters = text.strip()
    is_raisable = characters and all(ord(character) in _RAISED for character in characters)
    return characters.translate(_RAISED) if is_raisable else text


def numeral(number: int, style: str) -> str:
    """A list's number in style "1", "a", "A", "i" or "I"; any other style is "1"."""
    if style in ("a", "A") and number > 0:
        letters = ""
        while number:
            number, digit = divmod(number - 1, 26)
            letters = chr(ord(style) + digit) + letters
        return letters
    if style in ("i", "I") and 0 < number < 4000:
        numerals = ""
        for value, letters in _ROMAN:
            times, number = divmod(number, value)
            numerals += letters * times
        return numerals.upper() if style == "I" else numerals
    return str(number)
