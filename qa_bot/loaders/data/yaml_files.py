"""YAML, as it stands in the file, comments and all: names of what is nested are sections.

Only its nodes are read: tags make nothing, and what an alias stands for is not told again.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa_bot.loaders.decoding import decode, refuse_binary
from qa_bot.loaders.outline import Heading, nest_sections
from qa_bot.loaders.plain import parse_plain
from qa_bot.loaders.writing import one_line, title_of_name
from qa_bot.records import Block, BlockKind, Document

if TYPE_CHECKING:
    from yaml.nodes import Node

_DEEPEST = 8  # sections in each other
_MOST_NESTED = 200  # nodes in each other
_LONGEST_NAME = 200  # characters of a section's name
_LONGEST_ITEM = 1000  # characters; what is longer is a paragraph
_PLAIN = "not valid YAML: read as plain text"


def load_yaml(path: Path, document_id: str) -> Document:
    """Read a YAML file; one that isn't valid is read as plain text."""
    source, warnings = decode(path.read_bytes())
    refuse_binary(source)
    lines = source.split("\n")
    starts: dict[
        int, tuple[str, int] | None
    ] = {}  # line → the section that begins there, its level
    try:
        for document in _documents(source):
            _find(document, 1, starts, set())
    except _unreadable():
        return parse_plain(source, document_id, (*warnings, _PLAIN))
    if not starts:
        return parse_plain(source, document_id, warnings)
    return _laid_out(source, lines, starts, document_id, warnings)


def _unreadable() -> tuple[type[Exception], ...]:
    from yaml import YAMLError

    return YAMLError, RecursionError, ValueError


def _documents(source: str) -> Iterator[Node]:
    import yaml

    if max((source.count(mark * _MOST_NESTED) for mark in "[{"), default=0):
        raise RecursionError
    if "- " * _MOST_NESTED in source or "? " * _MOST_NESTED in source:
        raise RecursionError
    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    yield from yaml.compose_all(source, loader)


def _find(
    node: Any,  # noqa: ANN401 - yaml's nodes
    level: int,
    starts: dict[int, tuple[str, int] | None],
    seen: set[int],
) -> None:
    """Note where names and items begin, and which of them open sections."""
    if id(node) in seen or level > _MOST_NESTED or not isinstance(node.value, list):
        return  # an alias, or a value
    seen.add(id(node))
    if node.id == "mapping":
        for name, held in node.value:
            is_nested = _is_block(held) and isinstance(name.value, str)
            opens = is_nested and level <= _DEEPEST and one_line(name.value) != ""
            _note(starts, name, (one_line(name.value), level) if opens else None)
            _find(held, level + opens, starts, seen)
    elif _is_block(node):
        for number, held in enumerate(node.value):
            opens = _is_block(held) and level <= _DEEPEST
            _note(starts, held, (str(number), level) if opens else None)
            _find(held, level + opens, starts, seen)


def _is_block(node: Any) -> bool:  # noqa: ANN401 - yaml's nodes
    """Whether a node is a list or a mapping over lines of its own."""
    return bool(isinstance(node.value, list) and node.value and not node.flow_style)


def _note(
    starts: dict[int, tuple[str, int] | None],
    node: Any,  # noqa: ANN401 - yaml's nodes
    section: tuple[str, int] | None,
) -> None:
    line = node.start_mark.line
    if starts.get(line) is None:
        starts[line] = section


def _laid_out(
    source: str,
    lines: list[str],
    starts: dict[int, tuple[str, int] | None],
    document_id: str,
    warnings: tuple[str, ...],
) -> Document:
    """Each name with its value is a block, with the comments above it."""
    places = [0]
    for line in lines:
        places.append(places[-1] + len(line) + 1)
    begins = {_with_comments(lines, line, starts): at for line, at in starts.items()}
    begins.setdefault(0, None)
    firsts = sorted(begins)
    blocks: list[Block] = []
    headings: list[Heading] = []
    for first, after in zip(firsts, [*firsts[1:], len(lines)], strict=True):
        for start, end in _filled(source, places[first], places[after] - 1):
            kind: BlockKind = "list_item" if end - start <= _LONGEST_ITEM else "paragraph"
            section = begins[first]
            if section is not None and start >= places[first]:
                name, level = section
                headings.append(Heading(name[:_LONGEST_NAME], level, start, end))
                begins[first] = None
                is_name = "\n" not in source[start:end] and source[start:end].endswith(":")
                kind = "heading" if is_name else kind
            blocks.append(Block(kind, start, end))
    sections = nest_sections(headings, len(source))
    title = title_of_name(document_id)
    return Document(document_id, title, source, sections, tuple(blocks), warnings=warnings)


def _with_comments(lines: list[str], line: int, starts: dict[int, tuple[str, int] | None]) -> int:
    """The first of the lines of comment right above a line."""
    while line and line - 1 not in starts and lines[line - 1].lstrip().startswith("#"):
        line -= 1
    return line


def _filled(source: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The stretch of the text without the white space around it; nothing where that is all."""
    part = source[start:end]
    if part.strip():
        yield start + len(part) - len(part.lstrip()), start + len(part.rstrip())
