"""reStructuredText (.rst), by docutils: nothing is included, no raw text, no settings of a machine.

Directives and roles that only Sphinx knows are read for the text in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from qa_bot.loaders.decoding import decode, refuse_binary
from qa_bot.loaders.table_grid import Grid
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

if TYPE_CHECKING:
    from docutils import nodes

_SETTINGS = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "doctitle_xform": False,
    "_disable_config": True,
    "report_level": 1,
    "halt_level": 5,
    "warning_stream": False,
    "syntax_highlight": "none",
    "smart_quotes": False,
    "line_length_limit": 10_000_000,
    "embed_stylesheet": False,
    "datestamp": None,
    "generator": False,
    "traceback": True,
}
_UNKNOWN = re.compile(r'(?:Unknown directive type|Directive "|No directive entry|Error in ")')
_DIRECTIVE = re.compile(r"\s*\.\. +(?:\|[^|]*\| +)?([\w:.+-]+):: ?(.*)")
_OPTION = re.compile(r"\s*:[\w-]+:")
_ROLE = re.compile(r":[\w:.+-]+:`([^`]*)`|`([^`]*)`:[\w:.+-]+:")
_TARGETED = re.compile(r"(.*\S)\s*<[^<>]*>\s*", re.DOTALL)
_UNSEEN = frozenset(  # directives whose text is for programs
    "include raw toctree index contents highlight currentmodule module meta tabularcolumns"
    " default-domain default-role sectionauthor codeauthor literalinclude automodule autoclass"
    " autofunction autosummary only-html image figure".split()
)
_AS_CODE = frozenset("code-block sourcecode code parsed-literal doctest testcode ipython".split())
_DEEPEST = 5  # directives in directives
_LONGEST_HEADING = 300  # characters
_MOST_COLUMNS = 200


def load_restructured(path: Path, document_id: str) -> Document:
    """Read a reStructuredText file."""
    source, warnings = decode(path.read_bytes())
    refuse_binary(source)
    reader = _Reader()
    reader.read(_parsed(source), 0)
    writer = reader.writer
    headings, title = list(writer.headings), ""
    if lone := lone_heading(headings):
        headings, title = headings[1:], lone.text
    return writer.document(document_id, title, headings, warnings)


def _parsed(source: str) -> nodes.document:
    from docutils.core import publish_doctree

    with redirect_stderr(StringIO()):
        return publish_doctree(source, settings_overrides=_SETTINGS)


class _Reader:
    """Writes docutils' nodes."""

    def __init__(self) -> None:
        self.writer = Writer()
        self._depth = 0  # directives in each other

    def read(self, node: nodes.Element, level: int) -> None:
        """Append what a node holds; ``level`` is that of the section it is in."""
        for child in node.children:
            self._node(child, level)

    def _node(  # noqa: C901, PLR0912 - one case for each kind of node
        self, node: nodes.Node, level: int
    ) -> None:
        from docutils import nodes

        match node:
            case nodes.section():
                self.read(node, level + 1)
            case nodes.title() | nodes.subtitle() | nodes.rubric():
                self._title(node, level)
            case nodes.literal_block() | nodes.doctest_block() | nodes.math_block():
                if code := node.astext().strip("\n"):
                    self.writer.append("code", code)
            case nodes.bullet_list() | nodes.enumerated_list():
                self._list(node, 0)
            case (
                nodes.definition_list() | nodes.option_list() | nodes.field_list() | nodes.docinfo()
            ):
                self._names(node)
            case nodes.table():
                self._table(node)
            case nodes.footnote() | nodes.citation():
                self._note(node)
            case nodes.line_block():
                lines = [one_line(_text(one)) for one in node.findall(nodes.line)]
                if any(lines):
                    self.writer.append("paragraph", "\n".join(filter(None, lines)))
            case nodes.system_message():
                self._message(node, level)
            case nodes.comment() | nodes.substitution_definition() | nodes.target() | nodes.raw():
                return
            case nodes.pending() | nodes.meta():
                return
            case nodes.caption():
                self.writer.append("caption", one_line(_text(node)))
            case nodes.topic() if "contents" in node["classes"]:
                return
            case nodes.image():
                if words := one_line(node.get("alt") or ""):
                    self.writer.append("paragraph", words)
            case nodes.TextElement():
                for text in paragraphs_of(_text(node)):
                    self.writer.append("paragraph", text)
            case nodes.Element():
                self.read(node, level)
            case _:
                if text := one_line(node.astext()):
                    self.writer.append("paragraph", text)

    def _title(self, node: nodes.Element, level: int) -> None:
        from docutils import nodes

        text = one_line(_text(node))
        if not text:
            return
        is_heading = isinstance(node.parent, nodes.section | nodes.document)
        if isinstance(node, nodes.title) and is_heading and len(text) <= _LONGEST_HEADING:
            self.writer.heading(text, max(level, 1))
        else:
            self.writer.append("paragraph", text)

    def _list(self, node: nodes.Element, depth: int) -> None:
        from docutils import nodes

        styles = {"arabic": "1", "loweralpha": "a", "upperalpha": "A"}
        styles |= {"lowerroman": "i", "upperroman": "I"}
        style = styles.get(node.get("enumtype") or "", "1")
        is_numbered = isinstance(node, nodes.enumerated_list)
        for number, item in enumerate(node.children, node.get("start") or 1):
            marker = f"{numeral(number, style)}. " if is_numbered else "- "
            for child in item.children:
                if isinstance(child, nodes.bullet_list | nodes.enumerated_list):
                    self._list(child, depth + 1)
                elif isinstance(child, nodes.paragraph):
                    text = "\n".join(paragraphs_of(_text(child)))
                    self.writer.append("list_item", INDENT * depth + marker + text, tight=True)
                    marker = INDENT
                else:
                    self._node(child, 0)

    def _names(self, node: nodes.Element) -> None:
        """Definitions, fields and options: each name with what is said of it."""
        from docutils import nodes

        for item in node.children:
            if not isinstance(item, nodes.Element):
                continue
            if not isinstance(
                item, nodes.field | nodes.definition_list_item | nodes.option_list_item
            ):
                name = item.tagname if isinstance(node, nodes.docinfo) else ""
                text = one_line(_text(item))
                self.writer.append("list_item", f"{name}: {text}" if name else text, tight=True)
                continue
            *names, body = item.children
            term = ", ".join(one_line(_text(one)) for one in names)
            parts = list(body.children)
            if isinstance(item, nodes.definition_list_item):
                self.writer.append("paragraph", term)
            else:
                text = one_line(_text(parts.pop(0))) if _leads(parts) else ""
                self.writer.append("list_item", f"{term}: {text}" if text else term, tight=True)
            for part in parts:
                self._node(part, 0)

    def _note(self, node: nodes.Element) -> None:
        from docutils import nodes

        label = next((one.astext() for one in node.findall(nodes.label)), "")
        parts = [_text(one) for one in node.children if not isinstance(one, nodes.label)]
        mark = raised(label) if label.isdecimal() else f"[{label}]"
        self.writer.append("paragraph", f"{mark} {one_line(' '.join(parts))}")

    def _table(self, node: nodes.Element) -> None:
        from docutils import nodes

        rows: list[list[str]] = []
        merged: dict[tuple[int, int], tuple[int, int]] = {}
        heads = 0
        below: dict[int, tuple[int, str]] = {}  # column → rows to go, the text
        for row in node.findall(nodes.row):
            line: list[str] = []
            heads += isinstance(row.parent, nodes.thead)
            for entry in row.findall(nodes.entry):
                while len(line) in below and below[len(line)][0] > 0:
                    left, text = below[len(line)]
                    below[len(line)] = (left - 1, text)
                    line.append(text)
                text = one_line(" ".join(_text(one) for one in entry.children))
                wide = min(int(entry.get("morecols", 0)), _MOST_COLUMNS) + 1
                high = int(entry.get("morerows", 0)) + 1
                if (high, wide) != (1, 1):
                    merged[len(rows), len(line)] = (high, wide)
                for _ in range(wide):
                    if high > 1:
                        below[len(line)] = (high - 1, text)
                    line.append(text)
            rows.append(line)
        width = max(map(len, rows), default=0)
        rows = [line + [""] * (width - len(line)) for line in rows]
        titles = [one_line(_text(one)) for one in node.children if isinstance(one, nodes.title)]
        self.writer.table(Grid(rows, range(heads), merged), caption=" ".join(titles))

    def _message(self, node: nodes.Element, level: int) -> None:
        """What docutils couldn't read, for the text that is in it."""
        from docutils import nodes

        if not _UNKNOWN.search(node.astext()[:500]):
            return
        for block in node.findall(nodes.literal_block):
            self._directive(block.astext(), level)

    def _directive(self, source: str, level: int) -> None:
        first, *others = source.split("\n")
        found = _DIRECTIVE.match(first)
        name = found[1].rpartition(":")[2] if found else ""
        said = found[2].strip() if found else ""
        while others and others[0].strip() and (_OPTION.match(others[0]) or not _starts(others)):
            line = others.pop(0)
            said += "" if _OPTION.match(line) else f" {line.strip()}"
        body = _dedented(others)
        if name in _UNSEEN or self._depth >= _DEEPEST:
            return
        self._depth += 1
        if name in _AS_CODE:
            if body.strip("\n"):
                self.writer.append("code", body.strip("\n"))
        else:
            if said:
                self.writer.append("paragraph", one_line(_without_roles(said)))
            if body.strip():
                self.read(_parsed(body), level)
        self._depth -= 1


def _leads(parts: Sequence[nodes.Node]) -> bool:
    """Whether what is said begins with a paragraph."""
    from docutils import nodes

    return bool(parts) and isinstance(parts[0], nodes.paragraph)


def _starts(lines: Sequence[str]) -> bool:
    """Whether a directive's text has begun: there is no line of an argument any more."""
    return not any(not line.strip() for line in lines) or not lines[0].strip()


def _dedented(lines: Sequence[str]) -> str:
    from textwrap import dedent

    return dedent("\n".join(lines))


def _text(node: nodes.Node) -> str:
    return "".join(_inline(node))


def _inline(node: nodes.Node) -> Iterator[str]:
    from docutils import nodes

    match node:
        case nodes.Text():
            yield str(node)
        case nodes.problematic():
            yield _without_roles(node.astext())
        case nodes.footnote_reference():
            mark = node.astext()
            yield raised(mark) if mark.isdecimal() else f"[{mark}]"
        case nodes.superscript():
            yield raised(node.astext())
        case nodes.image():
            yield node.get("alt") or ""
        case nodes.system_message() | nodes.raw() | nodes.target() if not node.children:
            return
        case nodes.system_message():
            return
        case nodes.Element():
            for at, child in enumerate(node.children):
                is_block = at and not isinstance(child, nodes.Text | nodes.Inline)
                yield " " if is_block else ""
                yield from _inline(child)


def _without_roles(text: str) -> str:
    """A line without Sphinx's roles: ":ref:`the lake <lake>`" is "the lake"."""

    def shown(found: re.Match[str]) -> str:
        said: str = found[1] if found[1] is not None else found[2]
        targeted = _TARGETED.fullmatch(said)
        return targeted[1] if targeted else said.lstrip("~!")

    return _ROLE.sub(shown, text)
