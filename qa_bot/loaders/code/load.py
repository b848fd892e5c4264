"""Source code, as it stands in the file: comments and documentation are paragraphs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
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
_CLOSING = ("end", "fi", "done", "esac", "end;")
_LONGEST_NAME = 60  # characters of a section without a name
_NEW = 1_000_000_000  # numbers of sections without a name begin here

_Around = list[tuple[str, int]]
"""The names and numbers of the sections around something, the outermost first."""

_ASSIGNED = re.compile(
    r"(?:(?:const|let|var|export|static|final|pub)\s+)*([A-Za-z_$][\w$.]*)\s*(?::[^=]+)?=[^=]"
)


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
    sections = _sections(definitions, starts, blocks, text)
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
    text: str,
) -> tuple[Section, ...]:
    """The definitions as sections, each inside of the one that it is in.

    What stands behind one, and outside of it, is a section of its own, called by its first line:
    the blocks right under a section have to follow each other.
    """
    found: list[_Around] = []
    before: _Around = []
    done: set[int] = set()  # sections, and the whole as -1, that something else stood in
    news = 0
    all_around = _definitions_around(definitions, starts, blocks)
    for block, of_definitions in zip(blocks, all_around, strict=True):
        around = of_definitions
        shared = before[: len(around)] == around
        inner = around[-1][1] if around else -1
        if shared and len(before) > len(around):
            done.add(inner)
        if inner in done:
            shown = text[block.start : block.end]
            if not any(map(str.isalnum, shown)) or shown in _CLOSING:
                around = list(before)  # the brace that closes it
            elif shared and len(before) > len(around) and before[-1][1] >= _NEW:
                around = before[: len(around) + 1]
            else:
                news += 1
                around = [*around, (_first_line(shown), _NEW + news)]
        found.append(around)
        before = around
    return tuple(_as_sections(found, blocks, len(text)))


def _definitions_around(
    definitions: Sequence[Definition], starts: Sequence[int], blocks: Sequence[Block]
) -> Iterator[_Around]:
    """For each block the definitions that it is in, the outermost first, with their numbers."""
    waiting = [(number, one) for number, one in enumerate(definitions) if len(one.path) <= _DEEPEST]
    waiting.reverse()
    around: list[tuple[int, Definition]] = []
    for block in blocks:
        while waiting and starts[waiting[-1][1].start] <= block.start:
            around.append(waiting.pop())
        around = [pair for pair in around if block.start < starts[pair[1].end]]
        yield [(one.path[-1], number) for number, one in around]


def _first_line(shown: str) -> str:
    """What code is called by: the name that it gives to something, or its first line."""
    line = shown.partition("\n")[0].strip()
    named = _ASSIGNED.match(line)
    return named[1] if named else line[:_LONGEST_NAME].rstrip()


def _as_sections(
    found: Sequence[_Around], blocks: Sequence[Block], length: int
) -> Iterator[Section]:
    """Sections from the names of those that each block is in."""
    open_ones: list[tuple[str, int]] = []
    made: list[Section] = [Section((), 0, length)]
    places: list[int] = []  # of those that are open, in what was made
    for block, around in zip(blocks, found, strict=True):
        same = 0
        while same < min(len(open_ones), len(around)) and open_ones[same] == around[same]:
            same += 1
        for place in places[same:]:
            made[place] = replace(made[place], end=block.start)
        del places[same:]
        for depth in range(same, len(around)):
            places.append(len(made))
            path = tuple(name for name, _ in around[: depth + 1])
            made.append(Section(path, block.start, length))
        open_ones = list(around)
    yield from made
