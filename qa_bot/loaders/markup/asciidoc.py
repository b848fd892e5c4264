"""AsciiDoc (.adoc): headings, lists, tables, listings and asides, without the marks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from qa_bot.loaders.decoding import decode, refuse_binary
from qa_bot.loaders.table_shape import first_row_is
from qa_bot.loaders.writing import DEEPEST, INDENT, Writer, lone_heading, one_line
from qa_bot.records import Document

_HEADING = re.compile(r"(={1,6}|#{1,6})\s+(\S.*?)(?:\s+=+)?\s*")
_UNDERLINES = {"=": 1, "-": 2, "~": 3, "^": 4, "+": 5}
_ATTRIBUTE = re.compile(r":(!?[\w-]+!?):(?:\s+(.*))?")
_CHARACTER = re.compile(r"\{([a-z]+(?:-[a-z]+)?)\}")
_CHARACTERS = {  # that every file may name
    **dict.fromkeys(("empty", "blank", "wj", "zwsp"), ""),
    **dict.fromkeys(("nbsp", "sp"), " "),
    "amp": "&",
    "apos": "'",
    "asterisk": "*",
    "backslash": "\\",
    "backtick": "`",
    "caret": "^",
    "cpp": "C++",
    "deg": "°",
    "endsb": "]",
    "gt": ">",
    "ldquo": "“",
    "lsquo": "‘",
    "lt": "<",
    "plus": "+",
    "quot": '"',
    "rdquo": "”",
    "rsquo": "’",
    "startsb": "[",
    "tilde": "~",
    "two-colons": "::",
    "two-semicolons": ";;",
    "vbar": "|",
}
_FENCE = re.compile(r"(-{4,}|\.{4,}|={4,}|\*{4,}|_{4,}|\+{4,}|/{4,}|--|```\w*)\s*")
_TABLE = re.compile(r"[|,:!]={3,}\s*")
_MACRO = re.compile(r"(?:include|ifdef|ifndef|ifeval|endif|toc|video|audio)::.*")
_IMAGE = re.compile(r"image::[^\[\]]*\[([^\]]*)\]\s*")
_STYLE = re.compile(r"\[[^\]]*\]\s*")
_BLOCK_TITLE = re.compile(r"\.([^\s.].*)")
_ITEM = re.compile(r"\s*(\*{1,5}|-|\.{1,5}|\d+\.|<\d+>|<\.>)\s+(?:\[[ x*]\]\s+)?(\S.*)")
_TERM = re.compile(r"\s*(\S.*?)(?:::+|;;)(?:\s+(.*))?")
_CELL = re.compile(r"(?:(?<=\s)|^)(?:\d+(?:\.\d+)?[+*]|\.\d+\+)?[<^>]?(?:\.[<^>])?[aehlmsv]?\|")
_COLUMNS = re.compile(r'cols\s*=\s*(?:"([^"]*)"|([^,\]]*))')
_INLINE = (
    (re.compile(r"(?:link|xref|mailto):([^\s\[\]]*)\[([^\]]*)\]"), lambda m: m[2] or m[1]),
    (re.compile(r"(https?://[^\s\[\]]+)\[([^\]]*)\]"), lambda m: m[2].partition(",")[0] or m[1]),
    (re.compile(r"<<([^<>,]+)(?:,([^<>]+))?>>"), lambda m: (m[2] or m[1]).strip()),
    (re.compile(r"\[\[[^\]]*\]\]|\(\(\([^)]*\)\)\)|\[#[^\]]*\](?=#)"), lambda _: ""),
    (re.compile(r"\(\(([^()]+)\)\)"), lambda m: m[1]),
    (re.compile(r"footnote:(?:\w*)\[([^\]]*)\]"), lambda m: f" ({m[1]})"),
    (re.compile(r"(?:kbd|btn|menu|icon|image|pass|stem|latexmath):[^\s\[\]]*\[([^\]]*)\]"),
     lambda m: m[1]),
    (re.compile(r"\+\+\+?(.+?)\+\+\+?"), lambda m: m[1]),
    (re.compile(r"(\*\*|__|``|##)(.+?)\1"), lambda m: m[2]),
    (re.compile(r"(?<![\w*_`#])([*_`#])(?=\S)(.+?)(?<=\S)\1(?![\w])"), lambda m: m[2]),
)  # fmt: skip
_LONGEST_HEADING = 300  # characters
_MOST_COLUMNS = 100
_MOST_NESTED = 20


def load_asciidoc(path: Path, document_id: str) -> Document:
    """Read an AsciiDoc file."""
    source, warnings = decode(path.read_bytes())
    refuse_binary(source)
    reader = _Reader(Writer(), {})
    reader.read(source.split("\n"), 0)
    headings, title = list(reader.writer.headings), ""
    if lone := lone_heading(headings):
        headings, title = headings[1:], lone.text
    return reader.writer.document(document_id, title, headings, warnings)


class _Reader:
    def __init__(self, writer: Writer, attributes: dict[str, str]) -> None:
        self.writer = writer
        self._attributes = attributes
        self._run: list[str] = []
        self._marker: str | None = None
        self._styles = ""  # what stands in brackets above the next block
        self._title = ""  # of the next block
        self._in_head = False  # right below the title: who wrote it, and names

    def read(self, lines: Sequence[str], depth: int) -> None:
        """Append lines; ``depth`` is how many blocks they are in."""
        at = 0
        while at < len(lines):
            line, after = lines[at], lines[at + 1] if at + 1 < len(lines) else ""
            at += 1
            if fence := _FENCE.fullmatch(line):
                end = next(
                    (n for n in range(at, len(lines)) if _closes(lines[n], fence[1])), len(lines)
                )
                self._flush()
                self._fenced(fence[1], lines[at:end], depth)
                at = end + 1
            elif _TABLE.fullmatch(line):
                rule = line.strip()
                end = next(
                    (n for n in range(at, len(lines)) if lines[n].strip() == rule), len(lines)
                )
                self._flush()
                self._table(lines[at:end])
                at = end + 1
            elif not self._run and _is_underlined(line, after):
                self._heading(line, _UNDERLINES[after[0]])
                at += 1
            else:
                self._line(line)
        self._flush()

    def _line(self, line: str) -> None:  # noqa: C901 - one case for each kind of line
        if not line.strip() or line.strip() == "+":
            self._flush()
            self._in_head = False
        elif self._in_head and (attribute := _ATTRIBUTE.fullmatch(line)):
            self._flush()
            self._attributes[attribute[1].strip("!")] = attribute[2] or ""
        elif heading := _HEADING.fullmatch(line):
            self._flush()
            self._heading(heading[2], len(heading[1]))
        elif (attribute := _ATTRIBUTE.fullmatch(line)) and not self._run:
            self._attributes[attribute[1].strip("!")] = attribute[2] or ""
        elif line.startswith("//") or _MACRO.fullmatch(line):
            return
        elif image := _IMAGE.fullmatch(line):
            self._flush()
            words = image[1].partition(",")[0].strip('" ')
            caption, self._title = self._title, ""
            if caption or words:
                self.writer.append("caption", self._shown(caption or words))
        elif _STYLE.fullmatch(line) and not self._run:
            self._styles += line
        elif (title := _BLOCK_TITLE.fullmatch(line)) and not self._run:
            self._title = self._shown(title[1])
        elif item := _ITEM.fullmatch(line):
            self._flush()
            sign = item[1]
            level = 0 if sign[0] in "-<" or sign[0].isdecimal() else len(sign) - 1
            mark = "-" if sign[0] in "*-" else f"{sign}" if sign[0] in "<0123456789" else "•"
            self._marker, self._run = f"{INDENT * min(level, DEEPEST)}{mark} ", [item[2]]
        elif (term := _TERM.fullmatch(line)) and not self._run and "::" in line:
            self._flush()
            self.writer.append("paragraph", self._shown(term[1]))
            self._marker, self._run = INDENT, [term[2]] if term[2] else []
        else:
            self._run.append(line)

    def _heading(self, text: str, level: int) -> None:
        shown = self._shown(text)
        self._styles = self._title = ""
        self._in_head = level == 1
        if shown and len(shown) <= _LONGEST_HEADING:
            self.writer.heading(shown, level)
        elif shown:
            self.writer.append("paragraph", shown)

    def _told_title(self) -> None:
        title, self._title = self._title, ""
        if title:
            self.writer.append("paragraph", title)

    def _flush(self) -> None:
        run, marker = self._run, self._marker
        self._run, self._marker = [], None
        if not run:
            return
        self._told_title()
        if run[0].startswith(" ") and marker is None:
            self.writer.append("code", "\n".join(run).strip("\n"))
            return
        text = one_line(self._shown(" ".join(one.removesuffix(" +") for one in run)))
        self._styles = ""
        if text and marker is not None:
            self.writer.append("list_item", marker + text, tight=True)
        elif text:
            self.writer.append("paragraph", text)

    def _fenced(self, fence: str, lines: Sequence[str], depth: int) -> None:
        if fence[0] == "/":
            return
        self._told_title()
        styles, self._styles = self._styles, ""
        is_code = fence[0] in "`+." or (fence[0] == "-" and len(fence) > 2)
        if is_code or "source" in styles or "listing" in styles or depth >= _MOST_NESTED:
            if code := "\n".join(lines).strip("\n"):
                self.writer.append("code", code)
            return
        _Reader(self.writer, self._attributes).read(lines, depth + 1)

    def _table(self, lines: Sequence[str]) -> None:
        styles, self._styles = self._styles, ""
        caption, self._title = self._title, ""
        cells: list[str] = []
        widths: list[int] = []
        is_apart = False  # whether a blank line follows the first row
        for number, line in enumerate(lines):
            marks = list(_CELL.finditer(line))
            if not line.strip():
                is_apart |= len(widths) == 1 and number < len(lines) - 1
                continue
            starts = [mark.end() for mark in marks]
            ends = [*(mark.start() for mark in marks[1:]), len(line)]
            lead = line[: marks[0].start()] if marks else line
            if lead.strip() and cells:
                cells[-1] += f" {lead}"
            cells += [line[start:end] for start, end in zip(starts, ends, strict=False)]
            widths += [len(starts)] if starts else []
        if not cells:
            return
        said = _COLUMNS.search(styles)
        width = _columns(said[1] or said[2] or "") if said else max(widths[0], 1)
        texts = [one_line(self._shown(cell)) for cell in cells]
        rows = [texts[at : at + width] for at in range(0, len(texts), width)]
        heads = int("header" in styles or is_apart or first_row_is(rows) == "header")
        self.writer.table(rows, min(heads, len(rows) - 1), caption=caption)

    def _shown(self, text: str) -> str:
        """A line without its marks, names of the file's own replaced by what they stand for."""
        for name, value in self._attributes.items():
            if value and f"{{{name}}}" in text:
                text = text.replace(f"{{{name}}}", value)
        for pattern, shown in _INLINE:
            text = pattern.sub(shown, text)
        return _CHARACTER.sub(lambda found: _CHARACTERS.get(found[1], found[0]), text).strip()


def _columns(said: str) -> int:
    """How many columns "1,2*,3" are."""
    count = 0
    for part in re.split(r"[,;]", said):
        times = re.match(r"\s*(\d{1,3})\*", part)
        count += int(times[1]) if times else 1
    return min(max(count, 1), _MOST_COLUMNS)


def _closes(line: str, fence: str) -> bool:
    return line.strip() == (fence if fence[0] != "`" else "```")


def _is_underlined(line: str, after: str) -> bool:
    under = after.strip()
    if len(under) < 3 or under[0] not in _UNDERLINES or set(under) != {under[0]}:
        return False
    return bool(line[:1].strip()) and abs(len(line.strip()) - len(under)) < 3
