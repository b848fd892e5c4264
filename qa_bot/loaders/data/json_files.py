"""JSON (.json), and files with a value on each line (.jsonl, .ndjson); numbers as they stand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qa_bot.loaders.data.tree import Pairs, Tree, TreeWriter, table_of
from qa_bot.loaders.decoding import decode, refuse_binary
from qa_bot.loaders.plain import parse_plain
from qa_bot.loaders.writing import Writer, one_line
from qa_bot.records import Document

_PLAIN = "not valid {}: read as plain text"
_DEEPEST = 500  # brackets in each other


def load_json(path: Path, document_id: str) -> Document:
    """Read a JSON file; one that isn't valid is read as plain text."""
    source, warnings = decode(path.read_bytes())
    refuse_binary(source)
    try:
        tree = _parsed(source)
    except (json.JSONDecodeError, RecursionError):
        return parse_plain(source, document_id, (*warnings, _PLAIN.format("JSON")))
    return _written(tree, document_id, warnings)


def load_json_lines(path: Path, document_id: str) -> Document:
    """Read a file with a JSON value on each line."""
    source, warnings = decode(path.read_bytes())
    refuse_binary(source)
    values: list[tuple[int, Tree]] = []
    damaged: list[tuple[int, str]] = []
    for number, line in enumerate(source.split("\n"), 1):
        if not line.strip():
            continue
        try:
            values.append((number, _parsed(line)))
        except (json.JSONDecodeError, RecursionError):
            damaged.append((number, line))
    if not values:
        return parse_plain(source, document_id, (*warnings, _PLAIN.format("JSON lines")))
    writer = Writer()
    if (grid := table_of([value for _, value in values])) is not None:
        writer.table(grid)
    else:
        for number, value in values:
            writer.heading(f"line {number}", 1)
            TreeWriter(writer).write(value, 2)
    if damaged:
        warnings = (*warnings, f"{len(damaged):,} of its lines are no JSON: read as text")
        writer.heading("Lines that are no JSON", 1)
        for _, line in damaged:
            writer.append("paragraph", one_line(line))
    return writer.document(document_id, "", warnings=warnings)


def _parsed(source: str) -> Tree:
    depth = 0
    for mark in source if source.count("[") + source.count("{") > _DEEPEST else "":
        depth += (mark in "[{") - (mark in "]}")
        if depth > _DEEPEST:
            raise RecursionError
    loaded = json.loads(
        source, object_pairs_hook=_Object, parse_float=str, parse_int=str, parse_constant=str
    )
    return _tree(loaded)


class _Object(list[tuple[str, Any]]):
    """A JSON object, as its names and values."""


def _tree(value: Any) -> Tree:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, _Object):
        return Pairs((name, _tree(held)) for name, held in value)
    if isinstance(value, list):
        return [_tree(one) for one in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else ""


def _written(tree: Tree, document_id: str, warnings: tuple[str, ...]) -> Document:
    writer = Writer()
    TreeWriter(writer).write(tree)
    return writer.document(document_id, _title(tree), warnings=warnings)


def _title(tree: Tree) -> str:
    titles: Iterator[str] = (
        one_line(held)
        for name, held in (tree if isinstance(tree, Pairs) else ())
        if name == "title" and isinstance(held, str)
    )
    return next(titles, "")
