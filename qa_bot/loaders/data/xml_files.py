"""XML of any kind: data as names with values, documents (DocBook, JATS, TEI) as their text.

Entities of its own, and whatever lies outside of the file, are never followed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from qa_bot.loaders.data.tree import DEEPEST, Pairs, Tree, TreeWriter
from qa_bot.loaders.html.load import parse_web_page
from qa_bot.loaders.html.markup import decode_page, local, parse_xml
from qa_bot.loaders.plain import parse_plain
from qa_bot.loaders.table_grid import Grid
from qa_bot.loaders.table_shape import first_row_is
from qa_bot.loaders.writing import Writer, lone_heading, one_line, paragraphs_of
from qa_bot.records import Document

if TYPE_CHECKING:
    from lxml import etree

_TITLES = frozenset(("title", "head", "heading", "subtitle", "bridgehead"))
_ROWS, _CELLS = frozenset(("row", "tr")), frozenset(("entry", "cell", "td", "th"))
_ITEMS = frozenset(("listitem", "list-item", "item", "li", "step"))
_CODE = frozenset(
    ("programlisting", "screen", "code", "pre", "literallayout", "verbatim", "synopsis")
)
_SECTIONS = frozenset(
    "article book chapter section sec sect1 sect2 sect3 sect4 sect5 part preface appendix div div1"
    " div2 div3 refsect1 refsect2 refsection refentry abstract glossary bibliography body front"
    " back simplesect topic set".split()
)
_MIXED = 3  # elements with words between other elements, at least, make a document
_MOST_NESTED = 200
_LONGEST_TITLE = 300  # characters
_PLAIN = "not valid XML: read as plain text"


def load_xml(path: Path, document_id: str) -> Document:
    """Read an XML file; one that isn't well-formed is read as plain text.

    Raises:
        ValueError: It declares entities.
    """
    data = path.read_bytes()
    try:
        root = parse_xml(data)
    except SyntaxError:
        source, warnings = decode_page(data)
        return parse_plain(source, document_id, (*warnings, _PLAIN))
    if local(root.tag).casefold() == "html":
        return parse_web_page(decode_page(data)[0], document_id)
    if _is_document(root):
        return _Reader().document(root, document_id)
    writer = Writer()
    tree = _tree(root, 0)
    if isinstance(tree, str):
        tree = Pairs([(local(root.tag), tree)])
    TreeWriter(writer, first=1).write(tree)
    return writer.document(document_id, "")


def _is_document(root: etree._Element) -> bool:
    """Whether words stand between elements, as in prose."""
    mixed = 0
    for element in root.iter("*"):
        has_words = (element.text or "").strip() or any((one.tail or "").strip() for one in element)
        mixed += len(element) > 0 and bool(has_words)
        if mixed >= _MIXED:
            return True
    return False


def _tree(element: etree._Element, depth: int) -> Tree:
    """An element as names with values: its attributes, then what is in it; words alone are one."""
    pairs = Pairs((local(name), str(held)) for name, held in element.attrib.items() if local(name))
    text = (element.text or "").strip()
    children = [child for child in element if isinstance(child.tag, str)]
    if not children or depth > _MOST_NESTED:
        if depth > _MOST_NESTED:
            text = one_line(" ".join(element.itertext()))
        if not pairs:
            return text
        return Pairs([*pairs, (local(element.tag), text)]) if text else pairs
    if text:
        pairs.append((local(element.tag), text))
    counts = Counter(local(child.tag) for child in children)
    grouped: dict[str, list[Tree]] = {}
    for child in children:
        name = local(child.tag)
        held = _tree(child, depth + 1)
        tail = (child.tail or "").strip()
        if counts[name] == 1:
            pairs.append((name, held))
        elif name in grouped:
            grouped[name].append(held)
        else:
            grouped[name] = [held]
            pairs.append((name, grouped[name]))
        if tail:
            pairs.append((local(element.tag), tail))
    return pairs


class _Reader:
    """Writes a document in XML: its sections with their titles, and the text in its order."""

    def __init__(self) -> None:
        self._writer = Writer()

    def document(self, root: etree._Element, document_id: str) -> Document:
        self._walk(root, 1)
        headings, title = list(self._writer.headings), ""
        if lone := lone_heading(headings):
            headings, title = headings[1:], lone.text
        return self._writer.document(document_id, title, headings)

    def _walk(self, element: etree._Element, level: int) -> None:
        name = local(element.tag).casefold()
        if name in _TITLES and self._title(element, level):
            return
        if name in _CODE and name != "code":
            code = "".join(element.itertext()).strip("\n")
            self._writer.append("code", code)
        elif _has_words(element) or not len(element) or level > _MOST_NESTED:
            self._block(element, "list_item" if _in_item(element) else "paragraph")
        elif name in ("table", "tgroup", "informaltable") and self._table(element):
            return
        else:
            deeper = level + (name in _SECTIONS)
            for child in element:
                if isinstance(child.tag, str):
                    self._walk(child, deeper if level <= _MOST_NESTED else level)

    def _title(self, element: etree._Element, level: int) -> bool:
        parent = element.getparent()
        text = one_line("".join(element.itertext()))
        opens = parent is not None and local(parent.tag).casefold() in _SECTIONS | {
            "info",
            "bookinfo",
            "articleinfo",
            "title-group",
            "titlegrp",
        }
        if not opens or not text or len(text) > _LONGEST_TITLE or local(element.tag) == "subtitle":
            return False
        self._writer.heading(text, min(max(level - 1, 1), DEEPEST))
        return True

    def _block(self, element: etree._Element, kind: str) -> None:
        for text in paragraphs_of(" ".join("".join(_said(element)).split("\n"))):
            if kind == "list_item":
                self._writer.append("list_item", f"- {text}", tight=True)
            else:
                self._writer.append("paragraph", text)

    def _table(self, element: etree._Element) -> bool:
        rows = [
            [
                one_line(" ".join(_said(cell)))
                for cell in row
                if local(cell.tag).casefold() in _CELLS
            ]
            for row in element.iter("*")
            if local(row.tag).casefold() in _ROWS
        ]
        if max(map(len, rows), default=0) < 2:
            return False
        titles = [one for one in element if local(one.tag).casefold() in ("title", "caption")]
        heads = sum(
            1
            for row in element.iter("*")
            if local(row.tag).casefold() in _ROWS
            and any(local(one.tag).casefold() == "thead" for one in row.iterancestors())
        )
        heads = heads or int(first_row_is(rows) == "header")
        caption = one_line(" ".join("".join(one.itertext()) for one in titles))
        self._writer.table(Grid(rows, range(heads)), caption=caption)
        return True


def _has_words(element: etree._Element) -> bool:
    """Whether words stand right in an element, and not only in those in it."""
    return bool((element.text or "").strip()) or any((one.tail or "").strip() for one in element)


def _in_item(element: etree._Element) -> bool:
    parent = element.getparent()
    return parent is not None and (local(parent.tag).casefold() in _ITEMS and parent[0] is element)


def _said(element: etree._Element) -> Iterator[str]:
    """The words of an element, those of blocks in it apart."""
    yield element.text or ""
    for child in element:
        if isinstance(child.tag, str):
            is_apart = len(child) > 0 and not _has_words(child)
            yield " " if is_apart else ""
            yield from _said(child)
            yield " " if is_apart else ""
        yield child.tail or ""
