"""OpenDocument texts (.odt): headings, lists, tables, notes and comments."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from qa_bot.loaders.archive import Archive
from qa_bot.loaders.captions import caption_of
from qa_bot.loaders.html.markup import local
from qa_bot.loaders.office import attribute
from qa_bot.loaders.opendocument.inline import Beside, lines_of, text_of
from qa_bot.loaders.opendocument.lists import Counter
from qa_bot.loaders.opendocument.package import Package
from qa_bot.loaders.opendocument.tables import grid_of
from qa_bot.loaders.outline import LONGEST_HEADING, is_prose
from qa_bot.loaders.writing import DEEPEST, INDENT, Writer, lone_heading, one_line, paragraphs_of
from qa_bot.records import Document

if TYPE_CHECKING:
    from lxml import etree

_EDGES = ("header", "footer", "header-left", "footer-left", "header-first", "footer-first")
_WRAPPERS = frozenset(("section", "index-title", "frame", "g", "a", "numbered-paragraph"))
_INDEXES = (
    "table-of-content illustration-index table-index alphabetical-index user-index object-index"
).split()


def load_open_text(path: Path, document_id: str) -> Document:
    """Read an OpenDocument text (.odt)."""
    with Archive(path) as archive:
        package = Package(archive, "text")
    reader = _Reader(package)
    reader.read(package.body)
    reader.finish()
    writer, headings = reader.writer, reader.writer.headings[: reader.body_headings]
    beside = writer.headings[reader.body_headings :]
    title = package.title
    lone = lone_heading(headings, 0) or lone_heading(headings)
    if lone and title.casefold() in ("", lone.text.casefold()):
        title, headings = lone.text, headings[1:]
    elif lone and lone.level == 0:
        headings = headings[1:]
    return writer.document(document_id, title, [*headings, *beside], tuple(package.warnings))


class _Reader:
    """Writes the body of a text."""

    def __init__(self, package: Package) -> None:
        self.writer = Writer()
        self.body_headings = 0
        self._package = package
        self._beside = Beside()
        common = package.common
        outline = next(common.iter("{*}outline-style"), None) if common is not None else None
        self._outline = Counter(_as_numbers(outline))
        self._lists: dict[str, Counter] = {}  # by the style that numbers them
        self._bold: list[int] = []

    def read(self, container: Iterable[etree._Element]) -> None:
        """Append what a container holds."""
        for element in container:
            name = local(element.tag)
            if name == "h":
                self._heading(element)
            elif name == "p":
                self._paragraph(element)
            elif name == "list":
                self._list(element, 1, "")
            elif name == "table":
                self._table(element)
            elif name in _INDEXES:
                self._index(element)
            elif name in ("text-box", *_WRAPPERS) or name in ("custom-shape", "rect"):
                self.read(element)

    def finish(self) -> None:
        """Append what belongs to the end: notes, headers, footers, comments."""
        self._flush_notes()
        for note in self._beside.endnotes:
            self.writer.append("paragraph", note)
        self.writer.promote(self._bold)
        self.body_headings = len(self.writer.headings)
        comments = [one for one in self._beside.comments if one]
        self._edges()
        self._section("Comments", comments)

    def _edges(self) -> None:
        known = self.writer.lines()
        found: dict[str, list[str]] = {"Header": [], "Footer": []}
        common = self._package.common
        for page in common.iter("{*}master-page") if common is not None else ():
            for edge in page:
                name = local(edge.tag)
                if name not in _EDGES or attribute(edge, "display") == "false":
                    continue
                for line in lines_of(edge, self._package, Beside()) or _edge_lines(
                    edge, self._package
                ):
                    if line.casefold() not in known and any(map(str.isalpha, line)):
                        known.add(line.casefold())
                        found["Header" if name.startswith("header") else "Footer"].append(line)
        for name, lines in found.items():
            self._section(name, lines)

    def _section(self, name: str, lines: list[str]) -> None:
        if lines:
            self.writer.heading(name, 1)
        for line in lines:
            self.writer.append("paragraph", line)

    def _flush_notes(self) -> None:
        for note in self._beside.footnotes:
            self.writer.append("paragraph", note)
        self._beside.footnotes.clear()

    def _boxes(self) -> None:
        """Append the boxes of the paragraph that was just read."""
        boxes, self._beside.boxes = self._beside.boxes, []
        for box in boxes:
            self.read(box)

    def _heading(self, element: etree._Element) -> None:
        self._flush_notes()
        shown = one_line(text_of(element, self._package, self._beside))
        level = attribute(element, "outline-level")
        number = min(max(int(level[:2]), 1), 10) if level.isdecimal() else 1
        if shown:
            if attribute(element, "is-list-header") != "true":
                mark = self._outline.next(number)
                shown = f"{mark} {shown}" if mark not in ("", "-") else shown
            if not is_prose(shown):
                self.writer.heading(shown, number)
            else:
                self.writer.append("paragraph", shown)
        self._boxes()

    def _paragraph(self, element: etree._Element) -> None:
        text = text_of(element, self._package, self._beside)
        style = attribute(element, "style-name")
        names = self._package.style_names("paragraph", style)
        if text.strip() and self._package.property("paragraph", style, "display") != "none":
            if "title" in names and len(text) <= LONGEST_HEADING:
                self.writer.heading(one_line(text), 0)
            elif any(name in ("caption", "table", "figure", "illustration") for name in names):
                line = one_line(text)
                self.writer.append("caption" if caption_of(line) else "paragraph", line)
            else:
                for one in paragraphs_of(text):
                    self.writer.append("paragraph", one)
                    if self._is_bold(element, style):
                        self._bold.append(len(self.writer.blocks) - 1)
        self._boxes()

    def _is_bold(self, element: etree._Element, style: str) -> bool:
        """Whether all text of a paragraph is bold."""
        if self._package.property("paragraph", style, "font-weight") == "bold":
            return True
        if (element.text or "").strip() or not len(element):
            return False
        return all(
            local(child.tag) == "span"
            and not (child.tail or "").strip()
            and self._package.property("text", attribute(child, "style-name"), "font-weight")
            == "bold"
            for child in element
        )

    def _list(self, element: etree._Element, level: int, style: str) -> None:
        style = attribute(element, "style-name") or style
        goes_on = attribute(element, "continue-numbering") == "true" or attribute(
            element, "continue-list"
        )
        if level == 1 and (style not in self._lists or not goes_on):
            self._lists[style] = Counter(self._package.lists.get(style))
        counter = self._lists.setdefault(style, Counter(self._package.lists.get(style)))
        for item in element:
            name = local(item.tag)
            if name not in ("list-item", "list-header"):
                continue
            start = attribute(item, "start-value")
            if start.isdecimal():
                counter.restart(level, int(start[:6]))
            prefix = counter.next(level) if name == "list-item" and _has_text(item) else ""
            for part in item:
                match local(part.tag):
                    case "list":
                        self._list(part, level + 1, style)
                    case "h":
                        self._heading(part)
                    case "p":
                        self._item(part, level, prefix)
                        prefix = ""
                    case _:
                        self.read([part])

    def _item(self, element: etree._Element, level: int, prefix: str) -> None:
        text = "\n".join(paragraphs_of(text_of(element, self._package, self._beside)))
        if text:
            indent = INDENT * min(level - 1, DEEPEST)
            line = f"{indent}{prefix} {text}" if prefix else f"{indent}{INDENT}{text}"
            self.writer.append("list_item", line, tight=True)
        self._boxes()

    def _table(self, table: etree._Element) -> None:
        grid = grid_of(table, self._cell)
        if grid.width < 2:
            for row in table.iter("{*}table-row"):
                for cell in row:
                    self.read(cell)
            return
        self.writer.table(grid)

    def _cell(self, cell: etree._Element) -> str:
        parts = []
        for part in cell.iter("{*}p", "{*}h"):
            holders = part.iterancestors("{*}table", "{*}annotation", "{*}note-body", "{*}text-box")
            holder = next(holders, None)
            if holder is not None and local(holder.tag) == "table":  # its own, or one in a cell
                parts.append(text_of(part, self._package, self._beside))
        boxes, self._beside.boxes = self._beside.boxes, []
        for box in boxes:
            lines = (one_line(text_of(one, self._package, Beside())) for one in box.iter("{*}p"))
            parts += [line for line in lines if line]
        return one_line(" ".join(parts))

    def _index(self, element: etree._Element) -> None:
        for paragraph in element.iter("{*}p", "{*}h"):
            within = {local(one.tag) for one in paragraph.iterancestors()}
            text = one_line(text_of(paragraph, self._package, self._beside))
            if "index-body" in within and text:
                self.writer.append("link", text)


def _edge_lines(edge: etree._Element, package: Package) -> list[str]:
    lines = (one_line(text_of(one, package, Beside())) for one in edge.iter("{*}p", "{*}h"))
    return [line for line in lines if line]


def _has_text(item: etree._Element) -> bool:
    """Whether an item has a paragraph of its own: one that only holds a list has no number."""
    return any(local(part.tag) in ("p", "h") for part in item)


def _as_numbers(outline: etree._Element | None) -> etree._Element | None:
    """The numbering of headings, its levels named like those of a list's."""
    if outline is not None:
        for level in outline:
            if local(level.tag) == "outline-level-style":
                level.tag = level.tag.replace("outline-level-style", "list-level-style-number")
    return outline
