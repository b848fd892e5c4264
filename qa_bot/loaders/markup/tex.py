"""LaTeX (.tex): what its commands say; formulas as they are written. No command runs.

``commands.py`` takes the commands out of a line; here are sections, lists, tables and notes.
"""

from __future__ import annotations

import re
from pathlib import Path

from qa_bot.loaders.decoding import decode, refuse_binary
from qa_bot.loaders.markup.commands import argument, optional, rows_of, shown, without_comments
from qa_bot.loaders.table_shape import first_row_is
from qa_bot.loaders.writing import DEEPEST, INDENT, Writer, one_line, raised
from qa_bot.records import Document

_SECTIONS = {
    name: level
    for level, name in enumerate(
        "part chapter section subsection subsubsection paragraph subparagraph".split(), 1
    )
}
_NEXT = re.compile(
    r"\\(begin|end|item|bibitem|caption|footnote|title|author|date|input|include|subfile"
    r"|newcommand|renewcommand|providecommand|newenvironment|DeclareMathOperator|def|"
    + "|".join(_SECTIONS)
    + r")(?![a-zA-Z])\*?|\n[ \t]*\n"
)
_CODE = frozenset("verbatim Verbatim lstlisting minted alltt filecontents".split())
_FORMULAS = frozenset(
    "equation align gather multline eqnarray displaymath math flalign alignat".split()
)
_LISTS = {"itemize": "-", "enumerate": "1", "description": "", "compactitem": "-"}
_TABLES = frozenset("tabular tabularx tabulary longtable supertabular array".split())
_DRAWN = frozenset("tikzpicture pspicture picture comment asy pgfpicture CCSXML".split())
_RULES = re.compile(
    r"\\(?:hline|toprule|midrule|bottomrule|endhead|endfirsthead|endfoot|endlastfoot)\b"
    r"|\\(?:cline|cmidrule)(?:\([^)]*\))?\{[^}]*\}|\\(?:addlinespace|noalign)(?:\{[^}]*\})?"
)
_FLOATS = frozenset("figure table wrapfigure sidewaystable sidewaysfigure".split())
_ARGUED = frozenset(  # what they are given is for programs
    "minipage multicols adjustwidth spacing subfigure subtable DUclass DUlineblock".split()
)
_MOST_NESTED = 50
_LONGEST_HEADING = 300  # characters
_NAMED = 5  # files that are named


def load_tex(path: Path, document_id: str) -> Document:
    """Read a LaTeX file, and none of those that it would include."""
    source, warnings = decode(path.read_bytes())
    refuse_binary(source)
    reader = _Reader()
    reader.read(without_comments(source))
    if reader.others:
        names = ", ".join(reader.others[:_NAMED])
        warnings = (*warnings, f"parts of it are in other files, which are not read here: {names}")
    return reader.document(document_id, warnings)


class _Reader:
    def __init__(self) -> None:
        self.others: list[str] = []
        self._writer = Writer()
        self._title = ""
        self._properties: list[tuple[str, str]] = []
        self._notes: list[str] = []
        self._count = 0  # of notes
        self._lists: list[tuple[str, int]] = []  # each one's style, and the number of its last item
        self._marker: str | None = None
        self._caption = ""
        self._run = ""

    def read(self, source: str) -> None:
        """Append a whole file; of one with a preamble, what is behind it."""
        preamble, mark, body = source.partition("\\begin{document}")
        if mark:
            self._walk(preamble, 0, is_shown=False)
            self._walk(body.partition("\\end{document}")[0], 0)
        else:
            self._walk(source, 0)

    def document(self, document_id: str, warnings: tuple[str, ...]) -> Document:
        """The finished document."""
        self._flush()
        for note in self._notes:
            self._writer.append("paragraph", note)
        headings = list(self._writer.headings)
        if self._properties:
            headings.append(self._writer.properties(self._properties))
        return self._writer.document(document_id, self._title, headings, warnings)

    def _walk(self, source: str, depth: int, *, is_shown: bool = True) -> None:
        at = 0
        while (found := _NEXT.search(source, at)) is not None:
            self._run += source[at : found.start()] if is_shown else ""
            at = self._command(source, found, depth)
        self._run += source[at:] if is_shown else ""

    def _command(  # noqa: C901, PLR0911 - one case for each kind of command
        self, source: str, found: re.Match[str], depth: int
    ) -> int:
        """Follow one command; where the text goes on behind it."""
        name, at = found[1] or "", found.end()
        match name:
            case "":
                self._flush()
                return at
            case "begin":
                return self._environment(source, at, depth)
            case "end":
                return argument(source, at)[1]
            case "item" | "bibitem":
                return self._item(source, at, name)
            case "footnote":
                text, at = argument(source, optional(source, at)[1])
                self._count += 1
                mark = raised(str(self._count))
                self._notes.append(f"{mark} {one_line(shown(text))}")
                self._run += mark
                return at
            case "caption":
                text, at = argument(source, optional(source, at)[1])
                self._flush()
                self._caption = one_line(shown(text))
                return at
            case "title" | "author" | "date":
                return self._property(source, at, name)
            case "input" | "include" | "subfile":
                text, at = argument(source, at)
                if text.strip():
                    self.others.append(one_line(text))
                return at
            case "def":
                opens = source.find("{", at)
                return argument(source, opens)[1] if opens >= 0 else at
            case _ if name in _SECTIONS:
                text, at = argument(source, optional(source, at)[1])
                self._flush()
                self._heading(one_line(shown(text)), _SECTIONS[name])
                return at
        _, at = argument(source, at)  # a definition: its name, how many arguments, what it means
        while (after := optional(source, at)[1]) != at:
            at = after
        _, at = argument(source, at)
        return argument(source, at)[1] if name == "newenvironment" else at

    def _heading(self, text: str, level: int) -> None:
        if text and len(text) <= _LONGEST_HEADING:
            self._writer.heading(text, level)
        elif text:
            self._writer.append("paragraph", text)

    def _property(self, source: str, at: int, name: str) -> int:
        text, at = argument(source, optional(source, at)[1])
        said = one_line(shown(text))
        if name == "title" and not self._title:
            self._title = said
        elif said:
            self._properties.append((name, said))
        return at

    def _item(self, source: str, at: int, name: str) -> int:
        self._flush()
        label, at = optional(source, at)
        if name == "bibitem":
            key, at = argument(source, at)
            self._marker = f"[{one_line(shown(label or key))}] "
            return at
        style, number = self._lists.pop() if self._lists else ("-", 0)
        self._lists.append((style, number + 1))
        mark = one_line(shown(label)) or (f"{number + 1}." if style == "1" else style)
        indent = INDENT * min(len(self._lists) - 1, DEEPEST)
        self._marker = f"{indent}{mark} " if mark else indent
        return at

    def _flush(self) -> None:
        """End the paragraph, or the item."""
        run, self._run = self._run, ""
        text = one_line(shown(run))
        if not text:
            return
        marker, self._marker = self._marker, None
        if marker is not None:
            self._writer.append("list_item", marker + text, tight=True)
        elif self._lists:
            indent = INDENT * min(len(self._lists), DEEPEST)
            self._writer.append("list_item", indent + text, tight=True)
        else:
            self._writer.append("paragraph", text)

    def _environment(  # noqa: C901 - one case for each kind
        self, source: str, at: int, depth: int
    ) -> int:
        name, at = argument(source, at)
        bare = name.strip().rstrip("*")
        end, after = _end_of(source, at, name)
        inner = source[at:end]
        if bare in _DRAWN or depth > _MOST_NESTED:
            self._flush()
        elif bare in _CODE:
            self._flush()
            code = inner[optional(inner, 0)[1] :].strip("\n")
            if bare == "minted":
                code = inner[argument(inner, optional(inner, 0)[1])[1] :].strip("\n")
            if code.strip():
                self._writer.append("code", code)
        elif bare in _FORMULAS:
            self._flush()
            formula = re.sub(r"\\label\{[^}]*\}", "", inner).strip()
            if formula:
                self._writer.append("code", formula)
        elif bare in _TABLES:
            self._flush()
            self._table(inner, bare)
        elif bare in _LISTS:
            self._flush()
            self._lists.append((_LISTS[bare], 0))
            self._walk(inner[optional(inner, 0)[1] :], depth + 1)
            self._flush()
            self._lists.pop()
        else:
            self._flush()
            if bare == "abstract":
                self._heading("Abstract", _SECTIONS["section"])
            if bare == "thebibliography":
                inner = inner[argument(inner, 0)[1] :]
                self._heading("References", _SECTIONS["section"])
            elif bare in _FLOATS or bare in _ARGUED:
                inner = inner[optional(inner, 0)[1] :]
                inner = inner[argument(inner, 0)[1] if bare in _ARGUED else 0 :]
            outer = len(self._lists)
            self._walk(inner, depth + 1)
            self._flush()
            del self._lists[outer:]  # of an environment that is a list by a definition
            self._told_caption()
        return after

    def _told_caption(self) -> None:
        caption, self._caption = self._caption, ""
        if caption:
            self._writer.append("caption", caption)

    def _table(self, inner: str, name: str) -> None:
        at = optional(inner, 0)[1]
        if name in ("tabularx", "tabulary"):
            at = argument(inner, at)[1]
        at = argument(inner, at)[1]
        body = inner[at:]
        for told in re.finditer(r"\\caption\*?(?=[\[{])", body):
            text, _ = argument(body, optional(body, told.end())[1])
            self._caption = one_line(shown(text))
        body = re.sub(r"\\caption\*?(?:\[[^\]]*\])?\{[^{}]*\}", "", body)
        rows = []
        for row in rows_of(_RULES.sub(" ", body)):
            cells = [one_line(shown(cell)) for cell in row]
            if any(cells):
                rows.append(cells)
        if not rows:
            return
        caption, self._caption = self._caption, ""
        if max(map(len, rows)) < 2:
            for row in rows:
                self._writer.append("paragraph", row[0])
            self._caption = caption
            return
        heads = int(first_row_is(rows) != "row" and len(rows) > 1)
        self._writer.table(rows, heads, caption=caption)


def _end_of(source: str, at: int, name: str) -> tuple[int, int]:
    """Where an environment's content ends, and where the text goes on behind it."""
    marks = re.compile(r"\\(begin|end)\s*\{" + re.escape(name) + r"\}")
    depth = 1
    for found in marks.finditer(source, at):
        depth += 1 if found[1] == "begin" else -1
        if depth == 0:
            return found.start(), found.end()
    return len(source), len(source)
