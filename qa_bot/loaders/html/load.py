"""HTML: what a reader of the page sees, without its navigation, scripts and hidden parts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qa_bot.loaders.decoding import refuse_binary
from qa_bot.loaders.html.contents import listed_headings
from qa_bot.loaders.html.markup import decode_page, local, parse_html, parse_xhtml, title_of
from qa_bot.loaders.html.parts import (
    BLOCKS,
    LIST_PARTS,
    formula_marks,
    heading_level,
    is_bold,
    is_data,
    is_power,
    is_raised,
    is_told_beside,
    is_unseen,
    number,
    span,
)
from qa_bot.loaders.html.tables import Cell, Row, Table
from qa_bot.loaders.writing import (
    DEEPEST,
    INDENT,
    Writer,
    lone_heading,
    numeral,
    one_line,
    paragraphs_of,
    raised,
)
from qa_bot.records import BlockKind, Document

if TYPE_CHECKING:
    from lxml import etree

_FILE_NAME = re.compile(r"\S+\.(?:png|jpe?g|gif|svg|webp|bmp|avif)", re.IGNORECASE)
_SEE_ALSO = re.compile(
    r"(?:see also|read more|read also|also read|related|further reading)\b", re.I
)
_LONGEST_HEADING = 300  # characters; a longer one was never closed


def load_web_page(path: Path, document_id: str) -> Document:
    """Read an HTML file."""
    source, warnings = decode_page(path.read_bytes())
    refuse_binary(source)
    return parse_web_page(source, document_id, warnings)


def parse_web_page(source: str, document_id: str, warnings: tuple[str, ...] = ()) -> Document:
    """Turn HTML into text, blocks and sections; a heading's anchor is its ``id``.

    The document is named by its only first-level heading where it opens the
    page, and by ``<title>`` otherwise.
    """
    is_xml = source.lstrip().startswith("<?xml")
    root, problems = parse_xhtml(source) if is_xml else parse_html(source)
    writer = Writer()
    named = ""
    if root is not None:
        named = title_of(root)
        reader = PageReader(writer, len(source))
        reader.read(_main_part(root))
        writer.promote(reader.bold)
    headings = writer.headings
    lone = lone_heading(headings)
    # A heading that the title ends with names the site: "Making tea | Tea House".
    if lone and not (named != lone.text and named.endswith(lone.text)):
        named, headings = lone.text, headings[1:]
    return writer.document(document_id, named, headings, warnings + problems)


def _main_part(root: etree._Element) -> etree._Element:
    """The page without what its site puts around it, where ``<main>`` surely holds the rest."""
    parts = [part for part in root.iter("{*}main") if next(part.iter("{*}h1"), None) is not None]
    return parts[0] if len(parts) == 1 else root


@dataclass(slots=True)
class _List:
    style: str  # "" for bullets, ":" for definitions, else a style of numeral()
    number: int = 1
    step: int = 1

    def marker(self) -> str:
        if self.style in ("", ":"):
            return "- " if not self.style else INDENT
        self.number += self.step
        return f"{numeral(self.number - self.step, self.style)}. "


class PageReader:
    """Writes what a reader of an HTML page sees, and finds the place of every id."""

    def __init__(
        self, writer: Writer, size: int, *, asides: bool = False, book: bool = False
    ) -> None:
        self.places: dict[str, int] = {}  # id → the index of the block that holds or follows it
        self.bold: list[int] = []  # the blocks of paragraphs that are all bold
        self._is_bold = False  # the paragraph that is being read
        self._writer = writer
        self._spare = size  # characters that cells over several rows may repeat
        self._asides = asides or book  # whether they are content
        self._book = book
        self._run: list[str] = []  # of the block that is being read
        self._in_formula = False
        self._picture_end = -1  # where in the run a picture's words end
        self._seen = self._linked = self._linked_here = 0  # its characters, in links, to this page
        self._link = ""
        self._raised: list[int] = []  # where in the run superscripts begin
        self._lists: list[_List] = []
        self._prefix = ""  # of the next block in a list
        self._term = False  # in the term of a definition
        self._collector: etree._Element | None = None  # the heading, cell or <pre> that is open
        self._level = 0  # of the heading that is open
        self._listed: dict[etree._Element, int] = {}  # headings that only a contents list tells
        self._anchor = ("", -1)  # the last id, and its place
        self._table: Table | None = None
        self._figure: etree._Element | None = None  # the outermost that is open
        self._has_caption = False  # that figure
        self._captions: dict[etree._Element, str] = {}  # of tables, from their figures
        self._figcaption: etree._Element | None = None  # that is open
        self._told: set[etree._Element] = set()  # captions that are with their tables

    def read(self, root: etree._Element) -> None:
        """Append the page to the text."""
        from lxml import etree

        self._listed = listed_headings(root)
        walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
        skipped: etree._Element | None = None
        for event, element in walk:
            if event == "start" and isinstance(element.tag, str):
                if self._enter(element, local(element.tag).lower()):
                    self._text(element.text)
                else:
                    walk.skip_subtree()
                    skipped = element
            elif event != "start":
                if event == "end" and isinstance(element.tag, str) and element is not skipped:
                    self._leave(element, local(element.tag).lower())
                skipped = None
                if element is not root:
                    self._text(element.tail)
        self._break()

    def _text(self, text: str | None) -> None:
        if not text:
            return
        is_code = self._collector is not None and self._collector.tag.endswith("pre")
        self._run.append(text if is_code else text.replace("\n", " "))
        characters = len(text) - text.count(" ") - text.count("\n")
        self._seen += characters
        if self._link:
            self._linked += characters
            self._linked_here += characters if self._link.startswith("#") else 0

    def _enter(self, element: etree._Element, tag: str) -> bool:
        """Begin an element; False where nothing in it is shown."""
        if name := element.get("id") or (tag == "a" and element.get("name")):
            self.places.setdefault(name, len(self._writer.blocks))
            self._anchor = (name, self.places[name])
        # A heading may be the button that unfolds its section.
        in_heading = self._level > 0 and (tag != "button" or not "".join(self._run).strip())
        is_told = element in self._told
        if is_told or is_unseen(element, tag, asides=self._asides, in_heading=in_heading):
            if tag in BLOCKS:
                self._break()
            return False
        if tag in BLOCKS:
            self._break()
            self._is_bold = is_bold(element, tag)
        level = heading_level(element, tag) or self._listed.get(element, 0)
        if level and (self._collector is None or self._level):
            self._finish_heading()
            self._collector, self._level = element, level
        elif tag in ("table", "tr", "td", "th", "caption", "figure"):
            self._enter_table(element, tag)
        elif tag in LIST_PARTS:
            self._enter_list(element, tag)
        elif tag == "pre" and self._collector is None:
            self._collector = element
        else:
            self._enter_inline(element, tag)
        return tag != "math" or not element.get("alttext")

    def _enter_inline(self, element: etree._Element, tag: str) -> None:
        match tag:
            case "br":
                self._run.append("\n")
            case "a":
                href = (element.get("href") or "").strip()
                self._link = "" if href.startswith(("mailto:", "tel:")) else href
            case "img":
                self._picture(self._alternative(element))
            case "math":
                self._text(element.get("alttext"))
                self._in_formula = not element.get("alttext")
            case "q":
                self._run.append("“")
            case "figcaption" if self._figure is not None:
                self._figcaption = element
        if self._in_formula:
            self._run.append(formula_marks(element, tag)[0])
        if is_raised(element, tag) or (self._in_formula and is_power(element)):
            self._raised.append(len(self._run))

    def _picture(self, words: str) -> None:
        """Append a picture's words, apart from those of a picture right before it."""
        self._text(f" {words}" if len(self._run) == self._picture_end else words)
        self._picture_end = len(self._run)

    def _alternative(self, image: etree._Element) -> str:
        """An image's words: none under a caption, or where they are a file's name."""
        words = one_line(image.get("alt") or "")
        is_told = self._has_caption or is_told_beside(image, words)
        return "" if is_told or _FILE_NAME.fullmatch(words) else words

    def _enter_list(self, element: etree._Element, tag: str) -> None:
        if tag == "dt":
            self._term = True
        elif tag in ("li", "dd"):
            self._term = False
            innermost = self._lists[-1] if self._lists else _List("")
            if tag == "li" and (value := number(element.get("value"))) is not None:
                innermost.number = value
            marker = innermost.marker() if tag == "li" else INDENT
            self._prefix = self._indent(-1) + marker
            if self._collector is not None:
                self._run.append(marker)
        elif tag == "ol":
            start = number(element.get("start"))
            backward = element.get("reversed") is not None
            if start is None:
                start = sum(local(child.tag) == "li" for child in element) if backward else 1
            self._lists.append(_List(element.get("type") or "1", start, -1 if backward else 1))
        else:
            self._lists.append(_List(":" if tag == "dl" else ""))

    def _indent(self, more: int = 0) -> str:
        return INDENT * min(len(self._lists) + more, DEEPEST)

    def _enter_table(self, element: etree._Element, tag: str) -> None:
        if tag == "figure":
            self._enter_figure(element)
        elif tag == "table" and self._table is None and self._collector is None:
            if is_data(element):
                self._table = Table(element, self._captions.pop(element, ""))
        elif self._table is None or self._collector is not None:
            return
        elif tag == "tr":
            self._table.rows.append(Row([], local(element.getparent().tag) == "thead"))
        elif tag == "caption" or self._table.rows:
            self._collector = element

    def _enter_figure(self, element: etree._Element) -> None:
        if self._figure is not None:
            return
        self._figure = element
        table = next(element.iter("{*}table"), None)
        caption = next(element.iter("{*}figcaption"), None)
        self._has_caption = caption is not None
        if table is not None and caption is not None and is_data(table):
            self._captions[table] = one_line("".join(caption.itertext()))
            self._told.add(caption)

    def _leave(self, element: etree._Element, tag: str) -> None:
        """End an element that was begun."""
        self._leave_inline(element, tag)
        if element is self._collector:
            self._finish_collecting(tag)
        elif tag in BLOCKS:
            self._break()
            self._is_bold = False
        if element is self._figure:
            self._figure, self._has_caption = None, False
        if element is self._figcaption:
            self._figcaption = None
        if tag in LIST_PARTS:
            self._leave_list(tag)
        if self._table is not None and element is self._table.element:
            self._finish_table(self._table)

    def _leave_inline(self, element: etree._Element, tag: str) -> None:
        as_power = self._in_formula and is_power(element)
        if as_power or is_raised(element, tag):
            self._raise(as_power=as_power)
        if self._in_formula:
            self._run.append(formula_marks(element, tag)[1])
            self._in_formula = tag != "math"
        if tag == "a":
            self._link = ""
        elif tag == "q":
            self._run.append("”")

    def _leave_list(self, tag: str) -> None:
        if tag == "dt":
            self._term = False
        elif tag not in ("li", "dd"):
            self._lists.pop()
        self._prefix = self._indent()

    def _raise(self, *, as_power: bool) -> None:
        if self._raised:  # unless a block has ended in it
            start = self._raised.pop()
            text = "".join(self._run[start:])
            is_long = as_power and text.strip() and raised(text) == text
            self._run[start:] = [f"^({text.strip()})" if is_long else raised(text)]

    def _finish_table(self, table: Table) -> None:
        self._table = None
        grid = table.grid(self._spare)
        self._spare -= sum(len(row) for row in grid.rows)
        self._writer.table(grid, caption=table.caption)

    def _finish_collecting(self, tag: str) -> None:
        element = self._collector
        if self._level:
            self._finish_heading()
            return
        text = "".join(self._take())
        self._collector = None
        if tag == "pre":
            if text.strip():
                code = text.replace("\u00a0", " ").strip("\n").rstrip()
                self._writer.append("code", code, tight=bool(self._lists))
        elif self._table is not None and element is not None:
            if tag == "caption":
                self._table.caption = one_line(f"{self._table.caption} {text}")
                return
            cell = Cell(
                one_line(text),
                span(element.get("rowspan"), 65_534),
                min(span(element.get("colspan"), 1000), 1000),
                tag == "th",
            )
            self._table.rows[-1].cells.append(cell)

    def _finish_heading(self) -> None:
        if not self._level:
            return
        element, level = self._collector, self._level
        self._collector, self._level = None, 0
        text = "".join(self._run)
        if len(text) > _LONGEST_HEADING:
            self._break()
            return
        self._take()
        if text := one_line(text):
            name, place = self._anchor
            anchor = name if place == len(self._writer.blocks) else ""
            own = element.get("id") if element is not None else None
            self._writer.heading(text, level, own or anchor)

    def _take(self) -> list[str]:
        pieces, self._run, self._picture_end = self._run, [], -1
        self._seen = self._linked = self._linked_here = 0
        self._raised.clear()
        return pieces

    def _break(self) -> None:
        """End the block that is being read, or the line, where blocks don't count."""
        if self._collector is not None:
            if self._run and not self._run[-1].endswith("\n"):
                self._run.append("\n")
            return
        seen, linked = self._seen, self._linked
        leads_on = 0 < seen == linked
        is_contents = leads_on and (self._book or self._linked_here == seen)
        for text in paragraphs_of("".join(self._take())):
            if self._term:
                self._writer.append("paragraph", text)
            elif self._lists:
                kind: BlockKind = "link" if is_contents else "list_item"
                self._writer.append(kind, self._prefix + text, tight=True)
                self._prefix = self._indent()
            elif self._figcaption is not None:
                self._writer.append("caption", text)
            else:
                leads_on |= 2 * linked > seen and bool(_SEE_ALSO.match(text))
                self._writer.append("link" if leads_on else "paragraph", text)
                if self._is_bold:
                    self.bold.append(len(self._writer.blocks) - 1)
