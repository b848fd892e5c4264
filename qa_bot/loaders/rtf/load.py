"""Rich text: paragraphs, headings by their styles, lists, tables, notes, headers and comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from qa_bot.loaders.captions import caption_of
from qa_bot.loaders.outline import is_prose
from qa_bot.loaders.rtf.state import CONTENTS_ENTRY, Flow, State, laid_out, level_named
from qa_bot.loaders.rtf.words import (
    CODE_PAGES,
    SHOWN,
    SIGNS,
    SKIPPED,
    SPECIAL,
    Word,
    cut,
    decoded,
    whole_characters,
)
from qa_bot.loaders.writing import (
    DEEPEST,
    INDENT,
    Writer,
    lone_heading,
    one_line,
    paragraphs_of,
    raised,
)
from qa_bot.records import Document

_MOST_GROUPS = 1000  # in each other
_EDGE = re.compile(r"(header|footer)[lrf]?")


def load_rich_text(path: Path, document_id: str) -> Document:
    """Read an RTF file.

    Raises:
        ValueError: It isn't one, or is nested too deep.
    """
    source = path.read_bytes().decode("latin-1").lstrip()
    if not source.startswith("{\\rtf"):
        raise ValueError("damaged: not RTF, as its name says")
    reader = _Reader()
    for word in cut(source):
        reader.take(word)
    return reader.document(document_id)


class _Reader:
    def __init__(self) -> None:
        self._writer = Writer()
        self._state = State()
        self._stack: list[State] = []
        self._opened = False  # whether a group has just begun
        self._unknown = False  # whether it may be left out
        self._skip = 0  # characters to pass over, behind \\u
        self._bytes = ""
        self._flows = {name: Flow() for name in ("body", "note", "edge", "comment", "title")}
        self._edges: dict[str, list[str]] = {"Header": [], "Footer": []}
        self._edge = "Header"
        self._notes: list[str] = []
        self._note_count = 0
        self._comments: list[str] = []
        self._author = self._title = ""
        self._bold: list[int] = []
        self._code_pages: dict[int, str] = {}
        self._code_page = "cp1252"
        self._font = 0
        self._levels: dict[int, int] = {}  # of styles that are headings; 0 is a title
        self._style, self._style_name = 0, ""
        self._name_level = -1
        self._cells: list[str] = []
        self._rows: list[tuple[list[str], list[set[str]]]] = []
        self._flags: set[str] = set()
        self._row_flags: list[set[str]] = []

    def take(self, word: Word) -> None:
        if word.kind == "byte":
            if self._skip:
                self._skip -= 1
            else:
                self._bytes += word.text
            self._opened = False
            return
        if self._bytes:
            held, self._bytes = self._bytes, ""
            self._text(decoded(held, self._state.code_page))
        match word.kind:
            case "{":
                if len(self._stack) > _MOST_GROUPS:
                    raise ValueError("damaged: nested too deep")
                self._stack.append(self._state)
                self._opened, self._unknown = True, False
                return
            case "}":
                self._close()
            case "sign":
                if word.text == "*":
                    self._unknown = True
                    return
                self._pass_or_write(SIGNS.get(word.text, "" if word.text == "-" else word.text))
            case "name":
                self._name(word.text, word.number)
            case _:
                text = word.text[self._skip :]
                self._skip = max(self._skip - len(word.text), 0)
                self._text(decoded(text, self._state.code_page))
        self._opened = False

    def _pass_or_write(self, text: str) -> None:
        if self._skip:
            self._skip -= 1
        else:
            self._text(text)

    def _close(self) -> None:
        if not self._stack:
            return
        before, self._state = self._state, self._stack.pop()
        self._skip = 0
        if before.into == self._state.into or before.skipped:
            # What is said of a paragraph holds until it ends.
            keep = {name: getattr(before, name) for name in ("in_table", "level", "style", "depth")}
            if before.into == self._state.into == "body" and not before.skipped:
                self._state = replace(self._state, **keep)
            return
        self._leave(before.into)

    def _leave(self, into: str) -> None:
        """End a group that is no part of the text around it."""
        flow = self._flows.get(into)
        if flow is None:
            return
        self._end_line(into)
        lines, flow.lines = flow.lines, []
        text = " ".join(lines)
        if into == "note" and text:
            mark = raised(str(self._note_count))
            self._notes.append(f"{mark} {text}")
        elif into == "comment" and text:
            self._comments.append(f"{self._author}: {text}" if self._author else text)
            self._author = ""
        elif into == "edge":
            self._edges[self._edge] += lines
        elif into == "title":
            self._title = text

    def _name(self, name: str, number: int | None) -> None:
        opened, unknown = self._opened, self._unknown
        self._unknown = False
        if opened and self._opens(name, unknown=unknown):
            return
        if name == "u" and number is not None:
            self._text(chr(number % 65536))
            self._skip = self._state.fallback
        elif name == "uc":
            self._state = replace(self._state, fallback=min(max(number or 0, 0), 100))
        elif name in SPECIAL:
            self._pass_or_write(SPECIAL[name])
        elif self._state.skipped:
            return
        elif name in ("par", "sect", "page", "cell", "nestcell", "row", "nestrow"):
            self._end(name)
        elif name in ("f", "fcharset", "ansicpg", "mac", "pc", "pca", "deff"):
            self._choose_font(name, number)
        else:
            self._format(name, number)

    def _opens(  # noqa: C901, PLR0912 - one case for each kind of group
        self, name: str, *, unknown: bool
    ) -> bool:
        """Whether a word says what the group is that has just begun."""
        edge = _EDGE.fullmatch(name)
        into = ""
        if name in SKIPPED or (unknown and name not in SHOWN):
            self._state = replace(self._state, skipped=True)
            return True
        if name == "fonttbl":
            into = "fonts"
        elif name == "stylesheet":
            into = "styles"
        elif name == "info":
            self._state = replace(self._state, into="info", skipped=False)
            return True
        elif name == "title":
            into = "title"
        elif name in ("footnote", "annotation"):
            into = "note" if name == "footnote" else "comment"
            if name == "footnote":
                self._note_count += 1
                self._text(raised(str(self._note_count)))
        elif name in ("listtext", "pntext"):
            into = "marker"
        elif name == "atnauthor":
            into = "author"
        elif edge is not None:
            into, self._edge = "edge", edge[1].title()
        elif name == "upr":
            self._state = replace(self._state, skipped=True)  # the newer version follows
            return True
        elif name == "ud":
            self._state = replace(self._state, skipped=False)
            return True
        if into:
            self._state = replace(self._state, into=into, in_table=False, level=0, depth=0)
        return bool(into)

    def _choose_font(self, name: str, number: int | None) -> None:
        number = number or 0
        match name:
            case "f" | "deff" if self._state.into == "fonts":
                self._font = number
            case "fcharset":
                if number in CODE_PAGES and number != 1:
                    self._code_pages[self._font] = CODE_PAGES[number]
            case "f":
                page = self._code_pages.get(number, self._code_page)
                self._state = replace(self._state, code_page=page)
            case "ansicpg" | "mac" | "pc" | "pca":
                pages = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}
                self._code_page = pages.get(name, f"cp{number}" if number else "cp1252")
                self._state = replace(self._state, code_page=self._code_page)

    def _format(  # noqa: C901, PLR0912 - one case for each word
        self, name: str, number: int | None
    ) -> None:
        is_on = number != 0
        match name:
            case "pard":
                self._state = replace(self._state, in_table=False, level=0, style=0, depth=0)
            case "plain":
                self._state = replace(
                    self._state, hidden=False, up=False, bold=False, code_page=self._code_page
                )
            case "v":
                self._state = replace(self._state, hidden=is_on)
            case "super" | "nosupersub" | "up" | "sub":
                self._state = replace(self._state, up=name in ("super", "up") and is_on)
            case "b":
                self._state = replace(self._state, bold=is_on)
            case "intbl" | "itap":
                self._state = replace(self._state, in_table=is_on)
            case "outlinelevel":
                self._state = replace(self._state, level=min(max((number or 0) + 1, 0), 10) % 10)
                if self._state.into == "styles":
                    self._name_level = self._state.level
            case "ilvl":
                self._state = replace(self._state, depth=min(max(number or 0, 0), DEEPEST))
            case "s":
                self._style = number or 0
                if self._state.into != "styles":
                    self._state = replace(self._state, style=self._style)
            case "trowd":
                self._row_flags, self._flags = [], set()
            case "clmgf" | "clmrg" | "clvmgf" | "clvmrg":
                self._flags.add(name)
            case "cellx":
                self._row_flags.append(self._flags)
                self._flags = set()

    def _text(self, text: str) -> None:
        state = self._state
        if state.skipped or not text:
            return
        match state.into:
            case "fonts" | "info":
                return
            case "styles":
                self._name_style(text)
            case "marker":
                self._flows["body"].marker += text
            case "author":
                self._author += text
            case _ if not state.hidden:
                self._flows[state.into].parts.append(
                    (raised(text) if state.up else text, state.bold)
                )

    def _name_style(self, text: str) -> None:
        """Note a style that is a heading, once its name ends: "heading 2;"."""
        self._style_name += text
        if ";" not in text:
            return
        name, self._style_name = self._style_name.strip(" ;").casefold(), ""
        if level := level_named(name) or max(self._name_level, 0):
            self._levels[self._style] = level
        self._style, self._name_level = 0, -1

    def _end(self, name: str) -> None:
        if self._state.into != "body":
            self._end_line(self._state.into)
        elif name == "cell":
            self._cells.append(one_line(self._taken()[0]))
            self._flows["body"].marker = ""
        elif name == "row":
            self._rows.append((self._cells, self._row_flags))
            self._cells = []
        elif name in ("nestcell", "nestrow"):
            self._flows["body"].parts.append((" ", True))
        elif self._state.in_table:
            self._flows["body"].parts.append(("\n", True))
        else:
            self._end_paragraph()

    def _taken(self) -> tuple[str, bool]:
        """The text so far, and whether all of it is bold."""
        flow = self._flows["body"]
        is_bold = all(bold for text, bold in flow.parts if text.strip())
        text = whole_characters("".join(text for text, _ in flow.parts))
        flow.parts.clear()
        return text, is_bold

    def _end_line(self, into: str) -> None:
        flow = self._flows.get(into)
        if flow is not None:
            text = one_line(whole_characters("".join(text for text, _ in flow.parts)))
            flow.parts.clear()
            flow.lines += [text] if text else []

    def _end_paragraph(self) -> None:
        flow = self._flows["body"]
        marker, flow.marker = one_line(whole_characters(flow.marker)), ""
        level = self._state.level or self._levels.get(self._state.style, 0)
        text, is_bold = self._taken()
        if not text.strip():
            return
        self._flush_table()
        line = one_line(text)
        if level and not is_prose(line):
            self._flush_notes()
            self._writer.heading(f"{marker} {line}".strip(), max(level, 0))
        elif marker:
            sign = marker if any(map(str.isalnum, marker)) and len(marker) > 1 else "-"
            indent = INDENT * self._state.depth
            body = "\n".join(paragraphs_of(text))
            self._writer.append("list_item", f"{indent}{sign} {body}", tight=True)
        else:
            for one in [line] if caption_of(line) else paragraphs_of(text):
                self._writer.append("paragraph", one)
                if is_bold and not CONTENTS_ENTRY.search(text):
                    self._bold.append(len(self._writer.blocks) - 1)

    def _flush_notes(self) -> None:
        for note in self._notes:
            self._writer.append("paragraph", note)
        self._notes.clear()

    def _flush_table(self) -> None:
        rows, self._rows = self._rows, []
        if not rows:
            return
        if max(len(cells) for cells, _ in rows) < 2:
            for cells, _ in rows:
                for text in filter(None, cells):
                    self._writer.append("paragraph", text)
            return
        self._writer.table(laid_out(rows))

    def document(self, document_id: str) -> Document:
        """The finished document."""
        self._text(decoded(self._bytes, self._state.code_page))
        self._state = replace(self._state, in_table=False)
        if self._cells:
            self._rows.append((self._cells, self._row_flags))
        self._end_paragraph()
        self._flush_table()
        self._flush_notes()
        writer = self._writer
        writer.promote(self._bold)
        body = len(writer.headings)
        for name, lines in self._beside():
            writer.heading(name, 1)
            for line in lines:
                writer.append("paragraph", line)
        headings, beside = writer.headings[:body], writer.headings[body:]
        title = self._title
        lone = lone_heading(headings, 0) or lone_heading(headings)
        if lone and title.casefold() in ("", lone.text.casefold()):
            title, headings = lone.text, headings[1:]
        elif lone and lone.level == 0:
            headings = headings[1:]
        return writer.document(document_id, title, [*headings, *beside])

    def _beside(self) -> Iterator[tuple[str, list[str]]]:
        known = self._writer.lines()
        for name, lines in self._edges.items():
            kept = []
            for line in lines:
                if line.casefold() not in known and any(map(str.isalpha, line)):
                    known.add(line.casefold())
                    kept.append(line)
            if kept:
                yield name, kept
        if self._comments:
            yield "Comments", self._comments
