"""Word: the text as its last revision reads, with headings, lists, tables and notes.

The XML is read directly. python-docx's own text leaves out tracked insertions,
content controls, text boxes, notes and the numbers of lists, and it opens a file
only by unpacking all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from qa_bot.loaders.archive import Archive
from qa_bot.loaders.captions import caption_of
from qa_bot.loaders.html.markup import local
from qa_bot.loaders.outline import is_prose
from qa_bot.loaders.table_grid import Grid
from qa_bot.loaders.table_shape import spread
from qa_bot.loaders.word.elements import (
    WRAPPERS,
    alternative,
    blocks,
    is_deleted_row,
    mark_page_counters,
    symbol,
    text_boxes,
    without_counters,
)
from qa_bot.loaders.word.package import Package
from qa_bot.loaders.word.styles import Numbering, Styles, child, is_on, number, value
from qa_bot.loaders.word.symbols import in_font
from qa_bot.loaders.word.tables import header_rows
from qa_bot.loaders.writing import (
    INDENT,
    Writer,
    lone_heading,
    numeral,
    one_line,
    paragraphs_of,
    raised,
)
from qa_bot.records import Document
from qa_bot.text import CELLS

if TYPE_CHECKING:
    from lxml import etree

_MATHS = "/math}"
_CHARACTERS = {"tab": " ", "ptab": " ", "cr": "\n", "noBreakHyphen": "-"}
_EMBEDDED = "a file embedded in its text is left out"
_CLAUSE = 300  # characters; a longer numbered item is a paragraph of its own, in contracts mostly
_MOST_COLUMNS = 63  # that Word allows
_REPEATED = 200  # characters; a longer cell over several rows is in the first of them only
_Role = Literal["heading", "title", "caption", "contents", "text"]


@dataclass(frozen=True, slots=True)
class _Paragraph:
    text: str
    role: _Role
    level: int = 0  # of a heading from 1, of a list's item from 0
    marker: str = ""  # of a list's item
    is_bold: bool = False  # all of it
    is_bullet: bool = False


def load_word(path: Path, document_id: str) -> Document:
    """Read a Word document (.docx)."""
    with Archive(path) as archive:
        package = Package(archive)
        reader = _Reader(
            Styles(package.part("styles")),
            Numbering(package.part("numbering")),
            {kind: package.part(f"{kind}s") for kind in ("footnote", "endnote")},
        )
        reader.read(package.body)
        body = len(reader.writer.headings)
        reader.read_edges("Header", package.parts("header"))
        reader.read_edges("Footer", package.parts("footer"))
        reader.read_comments(package.parts("comments"))
        title, warnings = package.title, package.warnings + reader.warnings
    headings, beside = reader.writer.headings[:body], reader.writer.headings[body:]
    # A paragraph in the style "Title" is a heading of level 0.
    lone = lone_heading(headings, 0) or lone_heading(headings)
    if lone and title.casefold() in ("", lone.text.casefold()):
        title, headings = lone.text, headings[1:]
    elif lone and lone.level == 0:
        headings = headings[1:]
    return reader.writer.document(document_id, title, [*headings, *beside], tuple(warnings))


class _Reader:
    """Writes the paragraphs and tables of a document's body."""

    def __init__(
        self,
        styles: Styles,
        numbering: Numbering,
        notes: dict[str, etree._Element | None],
    ) -> None:
        self.writer = Writer()
        self.warnings: list[str] = []
        self._styles = styles
        self._numbering = numbering
        self._notes = {
            (kind, value(note, "id")): note
            for kind, part in notes.items()
            for note in (part if part is not None else ())
            if value(note, "type") in (None, "normal")
        }
        self._numbers = {"footnote": 0, "endnote": 0}
        self._waiting: list[str] = []  # footnotes, until their section ends
        self._last: list[str] = []  # endnotes
        self._caption = ""  # that may belong to the table that follows
        self._carry = ""  # of a paragraph whose end is deleted: it goes on in the next one
        self._bold: list[int] = []  # the blocks of paragraphs that are all bold
        self._boxes: list[etree._Element] = []  # text boxes of the paragraph being read

    def read(self, body: etree._Element) -> None:
        """Append the whole document to the text."""
        self._flow(body)
        self._flush_caption()
        self.writer.promote(self._bold)
        for note in [*self._waiting, *self._last]:
            self.writer.append("paragraph", note)

    def read_edges(self, name: str, parts: Sequence[etree._Element]) -> None:
        """Append headers or footers as a section, each line once, without numbers of pages."""
        known, kept = self.writer.lines(), []
        for part in parts:
            mark_page_counters(part)
            for line in map(without_counters, self._lines(part)):
                if line and line.casefold() not in known:
                    kept.append(line)
                    known.add(line.casefold())
        self._section(name, kept)

    def read_comments(self, parts: Sequence[etree._Element]) -> None:
        """Append the comments as a section, each with its author."""
        kept = []
        for comment in (comment for part in parts for comment in part):
            if words := self._cell(comment):
                author = value(comment, "author")
                kept.append(f"{author}: {words}" if author else words)
        self._section("Comments", kept)

    def _section(self, name: str, lines: Sequence[str]) -> None:
        if lines:
            self.writer.heading(name, 1)
        for line in lines:
            self.writer.append("paragraph", line)

    def _lines(self, part: etree._Element) -> Iterator[str]:
        for block, _ in blocks(part, "p", "tbl"):
            if local(block.tag) == "tbl":
                yield from self._rows(block, self._cell)
                continue
            paragraph = self._paragraph(block, in_contents=False)
            yield one_line(paragraph.text) if paragraph is not None else ""
            yield from (self._cell(box) for box in self._take_boxes())
        carry, self._carry = self._carry, ""
        yield one_line(carry)

    def _flow(self, container: etree._Element) -> None:
        for block, in_contents in blocks(container):
            if local(block.tag) == "tbl":
                self._flush_carry()
                self._table(block)
            elif local(block.tag) == "p":
                paragraph = self._paragraph(block, in_contents=in_contents)
                boxes = self._take_boxes()
                if paragraph is not None:
                    self._write(paragraph)
                carry, self._carry = self._carry, ""  # for the next paragraph, not for the boxes
                for box in boxes:
                    self._flow(box)
                self._carry = carry
            elif _EMBEDDED not in self.warnings:
                self.warnings.append(_EMBEDDED)
        self._flush_carry()

    def _flush_carry(self) -> None:
        """End a paragraph that has no next one to go on in: a table follows, or nothing."""
        carry, self._carry = self._carry, ""
        if carry.strip():
            self._write(_Paragraph(carry, "text"))

    def _take_boxes(self) -> list[etree._Element]:
        boxes, self._boxes = self._boxes, []
        return boxes

    def _paragraph(self, block: etree._Element, *, in_contents: bool) -> _Paragraph | None:
        properties = child(block, "pPr")
        text = self._carry + "".join(self._inline(block))
        mark = child(properties, "rPr")
        if child(mark, "del") is not None or child(mark, "moveFrom") is not None:
            self._carry = text
            return None
        if value(child(properties, "framePr"), "dropCap") in ("drop", "margin"):
            self._carry = text.strip()  # the first letter of the paragraph beside it
            return None
        self._carry = ""
        chain = self._styles.of(properties)
        name = Styles.name(chain)
        level = Styles.outline_level(properties, chain)
        marker = self._numbering.marker(properties, chain)
        if not text.strip():
            return None
        label = marker.text if marker is not None else ""
        if in_contents or name.startswith(("toc ", "table of figures")):
            return _Paragraph(text, "contents")
        if name == "title":
            return _Paragraph(text, "title")
        if level and not is_prose(text):
            return _Paragraph(f"{label} {text}", "heading", level)
        if marker is None or not label:
            role: _Role = "caption" if name == "caption" else "text"
            return _Paragraph(text, role, is_bold=self._styles.is_bold(block, chain))
        return _Paragraph(text, "text", marker.level, label, marker.is_bullet)

    def _write(self, paragraph: _Paragraph) -> None:
        self._flush_caption()
        if paragraph.role in ("heading", "title"):
            for note in self._waiting:
                self.writer.append("paragraph", note)
            self._waiting.clear()
            self.writer.heading(one_line(paragraph.text), paragraph.level)
        elif paragraph.role == "caption":
            text = one_line(paragraph.text)
            if caption_of(text):  # its label says what it belongs to
                self.writer.append("caption", text)
            else:
                self._caption = text
        elif paragraph.marker:
            text = "\n".join(paragraphs_of(paragraph.text))
            if len(text) > _CLAUSE and not paragraph.is_bullet:
                self.writer.append("paragraph", f"{paragraph.marker} {text}")
            else:
                item = f"{INDENT * paragraph.level}{paragraph.marker} {text}"
                self.writer.append("list_item", item, tight=True)
        else:
            kind: Literal["link", "paragraph"] = (
                "link" if paragraph.role == "contents" else "paragraph"
            )
            for text in paragraphs_of(paragraph.text):
                self.writer.append(kind, text)
                if paragraph.is_bold:
                    self._bold.append(len(self.writer.blocks) - 1)

    def _flush_caption(self) -> None:
        caption, self._caption = self._caption, ""
        if caption:
            self.writer.append("caption", caption)

    def _table(self, table: etree._Element) -> None:
        rows = [row for row, _ in blocks(table, "tr") if not is_deleted_row(row)]
        cells = [[cell for cell, _ in blocks(row, "tc")] for row in rows]
        if max(map(len, cells), default=0) < 2 or self._is_layout(table):
            for cell in (cell for row in cells for cell in row):
                self._flow(cell)
            return
        caption, self._caption = self._caption, ""
        texts: list[list[str]] = []
        merged: dict[tuple[int, int], tuple[int, int]] = {}
        above: dict[int, tuple[int, str]] = {}  # column → row and text of the cell over several
        for row, parts in zip(rows, cells, strict=True):
            before = number(value(child(row, "trPr", "gridBefore")), 0)
            texts.append([""] * min(max(before, 0), _MOST_COLUMNS))
            for cell in parts:
                at, column = len(texts) - 1, len(texts[-1])
                properties = child(cell, "tcPr")
                over = child(properties, "vMerge")
                columns = number(value(child(properties, "gridSpan")), 1)
                columns = min(max(columns, 1), _MOST_COLUMNS)
                if over is not None and value(over) != "restart":
                    top, text = above.get(column, (at, ""))
                    text = text if len(text) <= _REPEATED else ""
                    merged[top, column] = (at - top + 1, columns)
                else:
                    text = self._cell(cell)
                    above[column] = (at, text)
                    if columns > 1:
                        merged[at, column] = (1, columns)
                texts[-1] += spread(text, 1 if len(parts) == 1 else columns)
        heads = range(header_rows(table, rows, Grid(texts, merged=merged), self._styles))
        self.writer.table(Grid(texts, heads, merged), caption=caption)

    def _is_layout(self, table: etree._Element) -> bool:
        """Whether a table only puts parts of a page beside each other."""
        for element in table.iterdescendants():
            name = local(element.tag)
            if name == "tbl":
                return True
            if name == "pPr" and Styles.outline_level(element, self._styles.of(element)):
                return True
        return False

    def _cell(self, cell: etree._Element) -> str:
        texts = []
        for block, in_contents in blocks(cell):
            if local(block.tag) == "p":
                paragraph = self._paragraph(block, in_contents=in_contents)
                if paragraph is not None:
                    texts += [paragraph.marker, paragraph.text]
            elif local(block.tag) == "tbl":
                texts.append("; ".join(self._rows(block, self._cell)))
        carry, self._carry = self._carry, ""  # of the cell's last paragraph
        texts += [carry, *(self._cell(box) for box in self._take_boxes())]
        return one_line(" ".join(texts))

    def _inline(self, element: etree._Element | None) -> Iterator[str]:
        """The visible text of a paragraph's or a formula's parts."""
        for part in element if element is not None else ():
            name = local(part.tag)
            if name == "r" and _MATHS not in part.tag:
                yield from self._run(part)
            elif name == "t":
                yield part.text or ""
            elif name == "sdt":
                yield from self._inline(child(part, "sdtContent"))
            elif name == "AlternateContent":
                yield from self._inline(alternative(part))
            elif name in WRAPPERS:
                yield from self._inline(part)
            elif isinstance(part.tag, str) and _MATHS in part.tag:
                yield from self._formula(part, name)

    def _formula(self, part: etree._Element, name: str) -> Iterator[str]:
        parts = {local(each.tag): "".join(self._inline(each)) for each in part}
        match name:
            case "f":
                yield f"({parts.get('num', '')})/({parts.get('den', '')})"
            case "sSup":
                power = parts.get("sup", "")
                yield parts.get("e", "")
                yield raised(power) if raised(power) != power else f"^({power})"
            case "rad":
                yield f"√({parts.get('e', '')})"
            case _:
                yield from self._inline(part)

    def _run(self, run: etree._Element) -> Iterator[str]:
        properties = child(run, "rPr")
        if is_on(child(properties, "vanish")):
            return
        font = value(child(properties, "rFonts"), "ascii") or ""
        text = in_font("".join(self._run_parts(run)), font)
        is_raised = value(child(properties, "vertAlign")) == "superscript"
        yield raised(text) if is_raised else text

    def _run_parts(self, run: etree._Element) -> Iterator[str]:
        for part in run:
            match local(part.tag):
                case "t":
                    yield part.text or ""
                case "br":
                    yield "\n" if value(part, "type") in (None, "textWrapping") else " "
                case "tab" | "ptab" | "cr" | "noBreakHyphen" as name:
                    yield _CHARACTERS[name]
                case "sym":
                    yield symbol(part)
                case "footnoteReference" | "endnoteReference" as name:
                    yield self._note(name.removesuffix("Reference"), part)
                case "ruby":
                    yield from self._inline(child(part, "rubyBase"))
                case "AlternateContent":
                    yield from self._run_parts(alternative(part))
                case "drawing" | "pict" | "object":
                    self._boxes += text_boxes(part)

    def _note(self, kind: str, reference: etree._Element) -> str:
        note = self._notes.get((kind, value(reference, "id")))
        if note is None:
            return ""
        self._numbers[kind] += 1
        mark = numeral(self._numbers[kind], "1" if kind == "footnote" else "i")
        mark = raised(mark) if kind == "footnote" else f"[{mark}]"
        if text := self._of_note(note):
            (self._waiting if kind == "footnote" else self._last).append(f"{mark} {text}")
        return mark

    def _of_note(self, container: etree._Element) -> str:
        """The text of a note, which has no numbered lists of its own, and no notes."""
        texts = []
        for block, _ in blocks(container, "p", "tbl"):
            if local(block.tag) == "tbl":
                texts.append("; ".join(self._rows(block, self._of_note)))
            else:
                texts.append("".join(self._inline(block)))
        return one_line(" ".join(texts))

    @staticmethod
    def _rows(table: etree._Element, read: Callable[[etree._Element], str]) -> Iterator[str]:
        """The rows of a table in a note, a comment or a header, each on a line of its own."""
        for row, _ in blocks(table, "tr"):
            if not is_deleted_row(row):
                yield CELLS.join(filter(None, (read(cell) for cell, _ in blocks(row, "tc"))))
