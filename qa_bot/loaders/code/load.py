"""Source code, as it stands in the file: comments and documentation are paragraphs, the rest code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path, PurePath

from qa_bot.loaders.code.definitions import Definition, by_look, of_python
from qa_bot.loaders.decoding import decode, refuse_binary
from qa_bot.records import Block, BlockKind, Document, Section

LANGUAGES = {  # suffix → how its definitions look
    **dict.fromkeys((".py", ".pyi"), "py"),
    **dict.fromkeys((".js", ".jsx", ".mjs", ".ts", ".tsx"), "js"),
    **dict.fromkeys((".java", ".cs", ".kt", ".scala", ".swift"), "java"),
    **dict.fromkeys((".c", ".cc", ".cpp", ".h", ".hpp"), "c"),
    ".go": "go",
    ".rs": "rs",
    ".rb": "rb",
    ".php": "php",
    ".sh": "sh",
    ".sql": "sql",
    ".lua": "lua",
    ".pl": "pl",
    ".r": "r",
}
_HASH = frozenset("py rb sh pl r".split())
_DASH = frozenset("sql lua".split())
_LINE = {  # how a line of comment begins
    "hash": re.compile(r"\s*#(?!!|include|define|if|else|endif|pragma|undef)"),
    "slash": re.compile(r"\s*//"),
    "dash": re.compile(r"\s*--"),
}
_LONGEST = 40  # lines of a block of code
_DEEPEST = 12  # definitions in each other


def load_code(path: Path, document_id: str) -> Document:
    """Read a source file."""
    text, warnings = decode(path.read_bytes())
    refuse_binary(text)
    language = LANGUAGES[path.suffix.lower()]
    lines = text.split("\n")
    outline = of_python(text) if language == "py" else by_look(lines, language)
    texts = {at for start, end in outline.texts for at in range(start, end)}
    texts.update(_comments(lines, language))
    definitions = [_with_comment(one, lines, texts) for one in outline.definitions]
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    borders = {one.start for one in definitions} | {one.end for one in definitions}
    blocks = tuple(_blocks(text, lines, starts, texts, borders))
    sections = _sections(definitions, starts, blocks, len(text))
    return Document(
        document_id, PurePath(document_id).name, text, sections, blocks, warnings=warnings
    )


def _comments(lines: Sequence[str], language: str) -> Iterator[int]:
    """The lines that are nothing but a comment."""
    kind = "hash" if language in _HASH else "dash" if language in _DASH else "slash"
    inside = False
    for at, line in enumerate(lines):
        bare = line.strip()
        if inside or (kind != "hash" and bare.startswith("/*")):
            yield at
            inside = "*/" not in bare
        elif _LINE[kind].match(line) or (language == "php" and _LINE["hash"].match(line)):
            yield at


def _with_comment(one: Definition, lines: Sequence[str], texts: set[int]) -> Definition:
    """A definition with the comment right above it."""
    start = one.start
    while start and start - 1 in texts and lines[start - 1].strip():
        start -= 1
    return Definition(one.path, start, one.end)


def _blocks(
    text: str, lines: Sequence[str], starts: Sequence[int], texts: set[int], borders: set[int]
) -> Iterator[Block]:
    """Runs of lines of one kind, between blank ones and where nothing begins or ends."""
    first = 0
    for at in range(1, len(lines) + 1):
        is_whole = (
            at == len(lines)
            or at in borders
            or not lines[at].strip()
            or not lines[at - 1].strip()
            or (at in texts) != (at - 1 in texts)
            or at - first >= _LONGEST
        )
        if not is_whole:
            continue
        part = text[starts[first] : starts[at] - 1]
        if part.strip():
            start = starts[first] + len(part) - len(part.lstrip())
            kind: BlockKind = "paragraph" if first in texts else "code"
            yield Block(kind, start, starts[first] + len(part.rstrip()))
        first = at


def _sections(
    definitions: Sequence[Definition],
    starts: Sequence[int],
    blocks: Sequence[Block],
    length: int,
) -> tuple[Section, ...]:
    """The definitions as sections, each inside of the one that it is in."""
    found = [Section((), 0, length)]
    around: list[tuple[Definition, Section]] = []
    firsts = [block.start for block in blocks]
    for one in definitions:
        if len(one.path) > _DEEPEST:
            continue
        inside = [start for start in firsts if starts[one.start] <= start < starts[one.end]]
        while around and around[-1][0].end <= one.start:
            around.pop()
        outer = around[-1][1] if around else found[0]
        if not inside or (around and one.end > around[-1][0].end):
            continue
        path = (*outer.path, one.path[-1])
        section = Section(path, inside[0], min(starts[one.end], length))
        if around and section.start <= outer.start:
            continue  # nothing of the outer one stands before it
        found.append(section)
        around.append((one, section))
    return tuple(found)
