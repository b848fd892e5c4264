"""Markdown: read as its reader sees it, without the markup, with its heading levels."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape, unescape
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from qa_bot.loaders.captions import caption_of
from qa_bot.loaders.decoding import decode, refuse_binary
from qa_bot.loaders.front_matter import split_front_matter
from qa_bot.loaders.html.load import PageReader
from qa_bot.loaders.html.markup import is_element, parse_html
from qa_bot.loaders.html.parts import BLOCKS
from qa_bot.loaders.writing import INDENT, Writer, lone_heading, one_line, raised
from qa_bot.records import Block, BlockKind, Document

if TYPE_CHECKING:
    from markdown_it.token import Token

_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)")
_UNSEEN = re.compile(
    r"<!--.*?-->|<(script|style|template|svg)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE
)
_TAG_ALONE = re.compile(r"\s*<(/?)([A-Za-z][\w.-]*)(?:\s[^<>]*)?(?<!/)>\s*")
_DRAWN = re.compile(r"<(svg|math)\b", re.IGNORECASE)
_MARKUP = re.compile(r"<[^<>]*>")
_ALTERNATIVE = re.compile(r"""\balt\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_LONGEST_HEADING = 300  # characters; a longer one is text with a "#" or a line by mistake


def load_markdown(path: Path, document_id: str) -> Document:
    """Read a Markdown file (CommonMark with tables)."""
    source, warnings = decode(path.read_bytes())
    refuse_binary(source)
    return parse_markdown(source, document_id, warnings)


def parse_markdown(source: str, document_id: str, warnings: tuple[str, ...] = ()) -> Document:
    """Turn Markdown into text, blocks and sections.

    The markup goes (``**bold**`` reads "bold"), HTML in it is read as HTML and never
    run, and a heading's anchor is the one that GitHub gives it. What stands in front of
    the text (its author, say) is a section after it.
    """
    properties, source = split_front_matter(source)
    title = next((value for name, value in properties if name.casefold() == "title"), "")
    writer = MarkdownWriter()
    writer.read(source)
    headings = list(writer.headings)
    if outer := lone_heading(headings):
        headings = headings[1:]
        title = title or outer.text
    if properties:
        headings.append(writer.properties(properties))
    return writer.document(document_id, title, headings, warnings)


class MarkdownWriter(Writer):
    """Writes what a reader of Markdown sees."""

    def __init__(self) -> None:
        super().__init__()
        self._anchors: dict[str, int] = {}
        self._lists: list[int | None] = []  # of each open list, the next number; None: bullets
        self._prefix = ""  # of the next line in a list: its marker, or the indent under it
        self._level = 0  # of the heading that is open
        self._table: list[list[str]] = []  # rows of the table that is open
        self._row: list[str] | None = None  # cells of the table row that is open
        self._bold: list[int] = []  # the blocks of paragraphs that are all bold
        self._in_html = False  # whether HTML is being read
        self._after_picture = False  # whether the last block is a picture's words

    def read(self, source: str) -> None:
        """Append everything that a whole file, or a cell of a notebook, shows to a reader."""
        from markdown_it import MarkdownIt

        tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(source)
        for token in _joined(tokens):
            if token.type == "html_block":
                self._html(token.content)
            elif token.type in ("fence", "code_block"):
                self.append("code", token.content.strip("\n"), tight=bool(self._lists))
            elif token.type == "inline":
                self._inline(token)
            elif token.nesting:
                self._enter_or_leave(token)
        self.promote(self._bold)

    def _enter_or_leave(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open":
                self._lists.append(None)
            case "ordered_list_open":
                self._lists.append(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
            case "list_item_open":
                self._prefix = self._marker(self._lists)
            case "heading_open":
                self._level = int(token.tag[1])
            case "heading_close":
                self._level = 0
            case "tr_open":
                self._row = []
            case "tr_close":
                self._table.append(self._row or [])
                self._row = None
            case "table_close":
                self.table(self._table, 1)
                self._table = []

    def _inline(self, token: Token) -> None:
        text = _inline_text(token)
        follows_picture, self._after_picture = self._after_picture, _is_picture(token)
        if self._row is not None:
            self._row.append(text)
        elif self._level and len(text) <= _LONGEST_HEADING:
            self._anchored_heading(" ".join(text.split()), self._level)
        elif self._lists:
            self.append("list_item", self._prefix + text, tight=True)
            self._prefix = INDENT * len(self._lists)
        elif follows_picture and caption_of(text):
            self.append("caption", text)
        else:
            self.append("paragraph", text)
            if text and _is_bold(token):
                self._bold.append(len(self.blocks) - 1)

    def append(self, kind: BlockKind, text: str, *, tight: bool = False) -> Block:
        """Add a block; HTML in a list's item is a part of the item."""
        if self._in_html and self._lists and kind in ("paragraph", "list_item"):
            kind, text, tight = "list_item", self._prefix + text, True
            self._prefix = INDENT * len(self._lists)
        return super().append(kind, text, tight=tight)

    def _html(self, source: str) -> None:
        """Append what is seen of a block of HTML."""
        before = len(self.blocks)
        root, _ = parse_html(_with_blocks(source))
        if root is not None:
            self._in_html = True
            PageReader(self, len(source), asides=True).read(root)
            self._in_html = False
        said = _MARKUP.sub(" ", _UNSEEN.sub(" ", source))
        if len(self.blocks) == before and any(map(str.isalnum, said)):
            self.append("paragraph", source.strip())  # "<title> of the book": no tag after all

    @staticmethod
    def _marker(lists: list[int | None]) -> str:
        indent = INDENT * (len(lists) - 1)
        number = lists[-1]
        if number is None:
            return f"{indent}- "
        lists[-1] = number + 1
        return f"{indent}{number}. "

    def _anchored_heading(self, text: str, level: int) -> None:
        if not text:
            return
        slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        anchor, seen = slug, self._anchors.get(slug, 0)
        while anchor in self._anchors:  # "Foo", "Foo 1", "Foo": the third one is foo-2
            seen += 1
            anchor = f"{slug}-{seen}"
        self._anchors[slug] = seen
        self._anchors[anchor] = 0
        self.heading(text, level, anchor)


def _is_picture(token: Token) -> bool:
    """Whether a paragraph is nothing but pictures."""
    parts = [child for child in token.children or () if child.type != "softbreak"]
    return bool(parts) and all(part.type == "image" for part in parts)


def _is_bold(token: Token) -> bool:
    """Whether a paragraph is one stretch of bold text."""
    types = [child.type for child in token.children or () if child.type != "text" or child.content]
    is_one = types[:1] == ["strong_open"] and types[-1:] == ["strong_close"]
    return is_one and types.count("strong_open") == 1


def _joined(tokens: list[Token]) -> Iterator[Token]:
    """The tokens, blocks of HTML that blank lines divide made one: a table, say."""
    for is_html, group in groupby(tokens, lambda token: token.type == "html_block"):
        if is_html:
            first, *others = group
            yield first.copy(content="\n".join(one.content for one in (first, *others)))
        else:
            yield from group


def _with_blocks(source: str) -> str:
    """HTML in which elements of a program's own are blocks, where their tags are lines."""
    lines = source.split("\n")
    tags = [_TAG_ALONE.fullmatch(line) for line in lines]
    closed = {tag[2] for tag in tags if tag and tag[1]}
    return "\n".join(
        f"<{tag[1]}div>" if tag and tag[2] in closed and not is_element(tag[2].lower()) else line
        for tag, line in zip(tags, lines, strict=True)
    )


def _inline_text(token: Token) -> str:
    pieces: list[str] = []
    children = list(_drawn(token.children or []))
    closed = {
        found[2].lower()
        for child in children
        if (found := _TAG.match(child.content)) and found[1] and child.type == "html_inline"
    }
    raises: list[int] = []  # where superscripts begin
    for child in children:
        match child.type:
            case "html_inline":
                _tag(child.content, pieces, raises, closed)
            case "softbreak":
                pieces.append(" ")
            case "hardbreak":
                pieces.append("\n")
            case "image":
                pieces.append(_inline_text(child))
            case _:
                pieces.append(child.content)
    return "".join(pieces).strip()


def _drawn(children: Sequence[Token]) -> Iterator[Token]:
    """The parts of a line, pictures and formulas in HTML's own languages read as a page's are."""
    waiting = iter(enumerate(children))
    for at, child in waiting:
        opened = _DRAWN.match(child.content) if child.type == "html_inline" else None
        close = f"</{opened[1].lower()}>" if opened else ""
        end = next(
            (
                later
                for later in range(at, len(children))
                if close and children[later].content.lower().endswith(close)
            ),
            None,
        )
        if end is None:
            yield child
            continue
        source = "".join(
            part.content if part.type == "html_inline" else escape(part.content) or " "
            for part in children[at : end + 1]
        )
        yield child.copy(type="text", content=_text_of_html(source))
        for _ in range(end - at):
            next(waiting)


def _text_of_html(source: str) -> str:
    root, _ = parse_html(source)
    writer = Writer()
    if root is not None:
        PageReader(writer, len(source)).read(root)
    return one_line(writer.document("", "").text)


def _tag(source: str, pieces: list[str], raises: list[int], closed: set[str]) -> None:
    """What a tag, a comment or the like in a line means for its text.

    What looks like a tag and is none ("<your name>", "<source>", "a<b and c>d") stays.
    """
    found = _TAG.match(source)
    if found is None:
        return  # a comment, or an instruction to some program
    name = found[2].lower()
    if not found[1] and name == "br":
        pieces.append("\n")
    elif not found[1] and name == "img":
        words = _ALTERNATIVE.search(source)
        pieces.append(unescape(words[1] or words[2]) if words else "")
    elif name == "sup":
        if not found[1]:
            raises.append(len(pieces))
        elif raises:
            start = raises.pop()
            pieces[start:] = [raised("".join(pieces[start:]))]
    elif not is_element(name) or not (found[1] or _is_tag(source, name, closed)):
        pieces.append(source)
    elif name in BLOCKS and pieces and not pieces[-1].endswith(("\n", " ")):
        pieces.append(" ")


def _is_tag(source: str, name: str, closed: set[str]) -> bool:
    """Whether an opening tag means what it says: it is closed, or needs not be."""
    rest = source[len(name) + 1 : -1].strip(" /")
    return "=" in rest or (not rest and (name in closed or name in ("hr", "wbr", "p", "li")))
