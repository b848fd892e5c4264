"""Text in the making: blocks appended one after another, remembering where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from qa_bot.loaders.captions import LONGEST_CAPTION, caption_of
from qa_bot.loaders.outline import Heading, nest_sections
from qa_bot.loaders.table_cells import MOST_CELLS, made_table, with_captions, written_row
from qa_bot.loaders.table_grid import Grid, tidied, without_empty_rows
from qa_bot.members import own_name
from qa_bot.records import Block, BlockKind, Document
from qa_bot.tables import Table

INDENT = "   "  # of each level of a list
DEEPEST = 9  # levels of a list that are indented

_INNERMOST = 9  # of the levels of headings
_SEVERAL = 2  # bold paragraphs, at least, that head what follows
_LONGEST_BOLD = 100  # characters of such a heading
_TABLE = ("caption", "table_header", "table_row")
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
        self._in_list = False  # whether the last block is code that belongs to a list
        self._bare = False  # whether the last block ends a table without a caption
        self._below = False  # whether the last block may be the caption of the table above it
        self._tables_captioned = {"above": 0, "below": 0}
        self._tables: list[Table] = []
        self._cells = 0  # of all tables

    def append(self, kind: BlockKind, text: str, *, tight: bool = False) -> Block:
        """Add a block; ``tight`` puts it right under a part of the same list or table."""
        self._settle_caption()
        if self.blocks:
            follows = tight and self._belongs(kind, self.blocks[-1].kind)
            self._in_list = kind == "code" and follows
            gap = "\n" if follows else "\n\n"
            self._parts.append(gap)
            self._length += len(gap)
        lead = len(text) - len(text.lstrip())
        block = Block(kind, self._length + lead, self._length + len(text.rstrip()))
        self._parts.append(text)
        self._length += len(text)
        if block.end > block.start:
            self.blocks.append(block)
            may_be_caption = kind in ("paragraph", "caption") and caption_of(text) == "table"
            self._below, self._bare = self._bare and may_be_caption, False
        return block

    def _belongs(self, kind: BlockKind, last: BlockKind) -> bool:
        if kind in _TABLE:
            return last in _TABLE
        if last == "code" and self._in_list:
            return kind in ("code", "list_item")
        return last == "list_item" and kind in ("code", "list_item")

    def heading(self, text: str, level: int, anchor: str = "") -> None:
        """Add a heading that opens a section."""
        block = self.append("heading", text)
        self.headings.append(Heading(text, level, block.start, block.end, anchor))

    def properties(self, properties: Sequence[tuple[str, str]]) -> Heading:
        """Add a section of what the file says of itself: names with values."""
        self.heading("Document properties", 1)
        for name, value in properties:
            self.append("list_item", f"{name}: {value}" if name else value, tight=True)
        return self.headings[-1]

    def table(
        self, rows: Sequence[Sequence[str]] | Grid, header_rows: int = 0, caption: str = ""
    ) -> None:
        """Add a table, a block for each row; the first ``header_rows`` name the columns.

        Without a ``caption`` it has the paragraph right before or after it that
        is labelled as a table's. Between two tables that is the one on the side
        where the document's other captions stand.
        """
        grid = rows if isinstance(rows, Grid) else Grid(rows, range(header_rows))
        grid = without_empty_rows(tidied(grid))
        lines = [
            written_row(row, () if number in grid.heads else grid.names)
            for number, row in enumerate(grid.rows)
        ]
        if not caption and lines:
            caption = self._caption_above()
        elif caption:
            self.append("caption" if len(caption) <= LONGEST_CAPTION else "paragraph", caption)
            self._below = False
        places = []
        for number, (line, spans) in enumerate(lines):
            kind: BlockKind = "table_header" if number in grid.heads else "table_row"
            start = self.append(kind, line, tight=number > 0 or bool(caption)).start
            start -= len(line) - len(line.lstrip())
            places.append([span and (start + span[0], start + span[1]) for span in spans])
        self._bare = bool(lines) and not caption
        self._cells += sum(map(len, places))
        if self._cells <= MOST_CELLS and (table := made_table(grid, places)) is not None:
            self._tables.append(table)

    def _caption_above(self) -> str:
        """Make the last block the caption of the table to come, where it says so."""
        if self._below:
            if self._tables_captioned["below"] >= self._tables_captioned["above"]:
                return ""
            self._below = False
        last = self.blocks[-1] if self.blocks else None
        if last is None or last.kind not in ("paragraph", "caption"):
            return ""
        text = "".join(self._parts[-1:]).strip()
        if caption_of(text) != "table":
            return ""
        self.blocks[-1] = replace(last, kind="caption")
        self._tables_captioned["above"] += 1
        return text

    def _settle_caption(self) -> None:
        """Move the last block up to the table above it, where it is its caption."""
        if not self._below or self.blocks[-1].kind not in ("paragraph", "caption"):
            return
        last = self.blocks[-1]
        self._parts[-2] = "\n"
        self._length -= 1
        self.blocks[-1] = Block("caption", last.start - 1, last.end - 1)
        self._tables_captioned["below"] += 1
        self._below = False

    def lines(self) -> set[str]:
        """The text of each block, in one case."""
        text = "".join(self._parts)
        return {text[block.start : block.end].casefold() for block in self.blocks}

    def promote(self, bold: Sequence[int]) -> None:
        """Make headings of bold paragraphs, named by their blocks, that text follows.

        One alone may be emphasis: there have to be several. They open the innermost sections.
        """
        text = "".join(self._parts)
        bold_too, chosen = set(bold), []
        for number in bold:
            block, after = self.blocks[number], self.blocks[number + 1 : number + 2]
            named = text[block.start : block.end]
            is_followed = bool(after) and after[0].kind not in ("heading", "link")
            if is_followed and number + 1 not in bold_too and block.kind == "paragraph":
                chosen += [(number, named)] if may_head(named) and not caption_of(named) else []
        if len(chosen) < _SEVERAL:
            return
        for number, named in chosen:
            block = self.blocks[number] = replace(self.blocks[number], kind="heading")
            self.headings.append(Heading(named, _INNERMOST, block.start, block.end))
        self.headings.sort(key=lambda heading: heading.start)

    def document(
        self,
        document_id: str,
        title: str,
        headings: Sequence[Heading] | None = None,
        warnings: tuple[str, ...] = (),
    ) -> Document:
        """The finished document; ``headings`` are those that open sections, all by default."""
        self._settle_caption()
        text = "".join(self._parts)
        sections = nest_sections(self.headings if headings is None else headings, len(text))
        return Document(
            id=document_id,
            title=title or title_of_name(document_id),
            text=text,
            sections=sections,
            blocks=tuple(self.blocks),
            warnings=warnings,
            tables=tuple(with_captions(self._tables, self.blocks, text)),
        )


def lone_heading(headings: Sequence[Heading], level: int = 1) -> Heading | None:
    """The heading that names the whole document: the only one of its level, and the first."""
    outer = [heading for heading in headings if heading.level == level]
    return outer[0] if len(outer) == 1 and headings[0] is outer[0] else None


def may_head(text: str) -> bool:
    """Whether a bold paragraph reads like a heading: short, on one line, without a stop."""
    is_short = len(text) <= _LONGEST_BOLD and "\n" not in text
    return is_short and text[-1:] not in ".,;:!?…" and any(map(str.isalpha, text))


def title_of_name(document_id: str) -> str:
    """A file's name as a title: ``travel/expense_policy.md`` is "expense policy"."""
    return Path(own_name(document_id)).stem.replace("_", " ").replace("-", " ")


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
