"""Org (.org): headings, lists, tables, code and notes, without the marks."""

from __future__ import annotations

import re
from pathlib import Path

from qa_bot.loaders.decoding import decode, refuse_binary
from qa_bot.loaders.table_shape import first_row_is
from qa_bot.loaders.writing import DEEPEST, INDENT, Writer, one_line, raised
from qa_bot.records import Document

_HEADING = re.compile(
    r"(\*+)\s+(?:(TODO|DONE|NEXT|WAITING|CANCELLED)\s+)?(?:\[#[A-Z]\]\s+)?(.*?)(?:\s+(:[\w@#%:]+:))?\s*"
)
_KEYWORD = re.compile(r"\s*#\+(\w+)(?:\[.*?\])?:\s*(.*)")
_BEGIN = re.compile(r"\s*#\+begin_(\w+)", re.IGNORECASE)
_DRAWER = re.compile(r"\s*:[\w-]+:\s*")
_ITEM = re.compile(r"(\s*)([-+]|\d+[.)]|(?<=\s)\*)\s+(?:\[[ X-]\]\s+)?(.*)")
_ROW = re.compile(r"\s*\|(.*?)\|?\s*")
_NOTE = re.compile(r"\[fn:([\w-]+)\]\s*(.*)")
_LINK = re.compile(r"\[\[([^\[\]]+)\](?:\[([^\[\]]+)\])?\]")
_NOTE_MARK = re.compile(r"\[fn:([\w-]*)(?::([^\[\]]*))?\]")
_MARKED = re.compile(r"(?<![\w*/_=~+])([*/_=~+])(?=\S)(.+?)(?<=\S)\1(?![\w*/_=~+])")
_CODE = frozenset("src example export comment verse".split())
_TOLD = ("author", "date", "subtitle", "description", "keywords")
_LONGEST_HEADING = 300  # characters


def load_org(path: Path, document_id: str) -> Document:
    """Read an Org file."""
    source, warnings = decode(path.read_bytes())
    refuse_binary(source)
    reader = _Reader(source.split("\n"))
    reader.read()
    writer, headings = reader.writer, list(reader.writer.headings)
    if reader.properties:
        headings.append(writer.properties(reader.properties))
    return writer.document(document_id, reader.title, headings, warnings)


class _Reader:
    def __init__(self, lines: list[str]) -> None:
        self.writer = Writer()
        self.title = ""
        self.properties: list[tuple[str, str]] = []
        self._lines = lines
        self._at = 0
        self._run: list[str] = []  # lines of the paragraph, or the item, that is being read
        self._item: str | None = None  # the marker of the item that is being read
        self._caption = ""
        self._notes: list[str] = []

    def read(self) -> None:
        """Append the whole file."""
        while self._at < len(self._lines):
            line = self._lines[self._at]
            self._at += 1
            self._line(line)
        self._flush()
        for note in self._notes:
            self.writer.append("paragraph", note)

    def _line(self, line: str) -> None:  # noqa: C901, PLR0912 - one case for each kind of line
        if (heading := _HEADING.fullmatch(line)) and heading[3]:
            self._flush()
            name = one_line(_shown(" ".join(filter(None, (heading[2], heading[3])))))
            if len(name) <= _LONGEST_HEADING:
                self.writer.heading(name, min(len(heading[1]), DEEPEST))
            else:
                self.writer.append("paragraph", name)
        elif begin := _BEGIN.match(line):
            self._flush()
            self._block(begin[1].casefold())
        elif keyword := _KEYWORD.fullmatch(line):
            self._keyword(keyword[1].casefold(), keyword[2])
        elif _DRAWER.fullmatch(line):
            self._drawer()
        elif line.lstrip().startswith("# ") or line.strip() == "#":
            return
        elif line.lstrip().startswith(": "):
            self._flush()
            self.writer.append("code", self._while(line, lambda one: one.lstrip().startswith(":")))
        elif line.lstrip().startswith("|"):
            self._flush()
            self._table(line)
        elif note := _NOTE.fullmatch(line):
            self._flush()
            text = " ".join((note[2], *self._until_blank()))
            mark = raised(note[1]) if note[1].isdecimal() else f"[{note[1]}]"
            self._notes.append(f"{mark} {one_line(_shown(text))}")
        elif item := _ITEM.fullmatch(line):
            self._flush()
            marker = "-" if item[2] in "-+*" else item[2]
            depth = min(len(item[1].expandtabs()) // 2, DEEPEST)
            self._item, self._run = f"{INDENT * depth}{marker} ", [item[3]]
        elif not line.strip():
            self._flush()
        else:
            self._run.append(line)

    def _flush(self) -> None:
        """End the paragraph, or the item."""
        text = one_line(_shown(" ".join(self._run), self._notes))
        if text and self._item is not None:
            self.writer.append("list_item", self._item + text, tight=True)
        elif text:
            self.writer.append("paragraph", text)
        self._run, self._item = [], None

    def _keyword(self, name: str, value: str) -> None:
        if name == "title":
            self.title = one_line(f"{self.title} {_shown(value)}")
        elif name == "caption":
            self._caption = one_line(_shown(value))
        elif name in _TOLD and value.strip():
            self.properties.append((name, one_line(_shown(value))))

    def _drawer(self) -> None:
        """Leave out what programs keep in the text."""
        for at in range(self._at, min(self._at + 200, len(self._lines))):
            if self._lines[at].strip().casefold() == ":end:":
                self._at = at + 1
                return

    def _block(self, kind: str) -> None:
        end = f"#+end_{kind}"
        lines: list[str] = []
        while self._at < len(self._lines):
            line = self._lines[self._at]
            self._at += 1
            if line.strip().casefold().startswith(end):
                break
            lines.append(line)
        if kind == "comment":
            return
        if kind in _CODE:
            code = "\n".join(line.removeprefix(",") for line in lines).strip("\n")
            if code:
                self.writer.append("code", code)
            return
        inner = _Reader(lines)
        inner.writer, inner._notes = self.writer, self._notes
        while inner._at < len(lines):
            inner._at += 1
            inner._line(lines[inner._at - 1])
        inner._flush()

    def _while(self, line: str, holds: object) -> str:
        lines = [line]
        while self._at < len(self._lines) and holds(self._lines[self._at]):  # type: ignore[operator]
            lines.append(self._lines[self._at])
            self._at += 1
        return "\n".join(one.lstrip().removeprefix(":").removeprefix(" ") for one in lines)

    def _until_blank(self) -> list[str]:
        lines = []
        while self._at < len(self._lines) and self._lines[self._at].strip():
            if _HEADING.fullmatch(self._lines[self._at]) or _NOTE.match(self._lines[self._at]):
                break
            lines.append(self._lines[self._at])
            self._at += 1
        return lines

    def _table(self, line: str) -> None:
        rows: list[list[str]] = []
        rules: list[int] = []
        while True:
            if line.lstrip().startswith("|-"):
                rules.append(len(rows))
            elif found := _ROW.fullmatch(line):
                rows.append([one_line(_shown(cell)) for cell in found[1].split("|")])
            if self._at >= len(self._lines) or not self._lines[self._at].lstrip().startswith("|"):
                break
            line = self._lines[self._at]
            self._at += 1
        rows = [row for row in rows if not all(re.fullmatch(r"<[lrc]?\d*>|", one) for one in row)]
        heads = next((rule for rule in rules if 0 < rule < len(rows)), 0)
        if not heads:
            heads = int(first_row_is(rows) == "header")
        caption, self._caption = self._caption, ""
        self.writer.table(rows, heads, caption=caption)


def _shown(text: str, notes: list[str] | None = None) -> str:
    """A line without its marks: "[[https://a.example][the lake]]" is "the lake"."""

    def note(found: re.Match[str]) -> str:
        mark = raised(found[1]) if found[1].isdecimal() else f"[{found[1] or 'note'}]"
        if found[2] and notes is not None:
            notes.append(f"{mark} {one_line(found[2])}")
        return mark

    text = _NOTE_MARK.sub(note, text)
    text = _LINK.sub(lambda found: found[2] or found[1], text)
    text = _MARKED.sub(r"\2", _MARKED.sub(r"\2", text))
    return text.replace("\\\\", "\n")
