"""Data as a tree, and how it is written: a section for each path, tables of what is alike."""

from __future__ import annotations

from collections.abc import Sequence

from qa_bot.loaders.table_grid import Grid
from qa_bot.loaders.writing import Writer, one_line, paragraphs_of

DEEPEST = 8  # sections in each other; what is deeper is named by its path: "a.b: value"
_LONGEST_NAME = 200  # characters of a section's name
_LONGEST_LINE = 300  # characters of a value on the line of its name
_SHORT_LIST = 200  # characters of values in a row
_MOST_COLUMNS = 60
_SHARED = 0.5  # of a table's cells have to be filled


class Pairs(list[tuple[str, "Tree"]]):
    """Names with their values, in the order of the file; a name may come twice."""


Tree = str | list["Tree"] | Pairs
"""A value as it is written in the file ("" for nothing), a list of values, or names with values."""


class TreeWriter:
    """Appends trees to a text."""

    def __init__(self, writer: Writer, first: int = 0) -> None:
        self._writer = writer
        self._first = first  # the number of a list's first value

    def write(self, tree: Tree, level: int = 1) -> None:
        """Append a tree; its parts are sections of that level."""
        if isinstance(tree, Pairs):
            self._pairs(tree, level)
        elif isinstance(tree, str):
            self._value("", tree)
        else:
            self._list(tree, level)

    def _pairs(self, pairs: Pairs, level: int) -> None:
        for name, held in pairs:
            if isinstance(held, str) or not held:
                self._value(name, held if isinstance(held, str) else "")
            elif values := _in_a_row(held):
                self._value(name, values)
        for name, held in pairs:
            if not isinstance(held, str) and held and not _in_a_row(held):
                self._section(name, held, level)

    def _list(self, values: list[Tree], level: int) -> None:
        if (grid := table_of(values)) is not None:
            self._writer.table(grid)
            return
        for number, value in enumerate(values, self._first):
            if isinstance(value, str):
                self._value("", value)
            elif value:
                self._section(str(number), value, level)

    def _section(self, name: str, held: Tree, level: int) -> None:
        name = one_line(name)[:_LONGEST_NAME]
        if level > DEEPEST or not name:
            self._flat(name, held)
            return
        self._writer.heading(name, level)
        self.write(held, level + 1)

    def _flat(self, path: str, held: Tree) -> None:
        """Append what is too deep for sections, each value with its path."""
        waiting: list[tuple[str, Tree]] = [(path, held)]
        while waiting:
            path, one = waiting.pop()
            if isinstance(one, str):
                self._value(path, one)
                continue
            parts = one if isinstance(one, Pairs) else _numbered(one, self._first)
            named = [(f"{path}.{name}".strip(".")[-_LONGEST_NAME:], part) for name, part in parts]
            waiting += reversed(named)

    def _value(self, name: str, value: str) -> None:
        name = one_line(name)
        lead = f"{name}: " if name else ""
        paragraphs = paragraphs_of(value)
        if not paragraphs and not name:
            return
        if len(paragraphs) < 2 and len(value) <= _LONGEST_LINE:
            text = f"{lead}{one_line(value)}".rstrip()
            self._writer.append("list_item", text, tight=True)
            return
        self._writer.append("paragraph", lead + paragraphs[0])
        for paragraph in paragraphs[1:]:
            self._writer.append("paragraph", paragraph)


def _numbered(values: Sequence[Tree], first: int) -> list[tuple[str, Tree]]:
    return [(str(number), value) for number, value in enumerate(values, first)]


def _in_a_row(held: Tree) -> str:
    """A list of few short values, in a row; "" for anything else."""
    if isinstance(held, Pairs) or not isinstance(held, list) or not held:
        return ""
    texts = [one for one in held if isinstance(one, str)]
    if len(texts) < len(held) or sum(map(len, texts)) > _SHORT_LIST:
        return ""
    return ", ".join(filter(None, map(one_line, texts)))


def table_of(values: Sequence[Tree]) -> Grid | None:
    """Records that are alike, as a table; None where they aren't."""
    records = [value for value in values if isinstance(value, Pairs)]
    if len(records) < 2 or len(records) < len(values):
        return None
    names: dict[str, int] = {}
    rows: list[dict[str, str]] = []
    for record in records:
        row: dict[str, str] = {}
        for name, held in record:
            text = held if isinstance(held, str) else _in_a_row(held)
            if (held and not text) or name in row or len(text) > _LONGEST_LINE:
                return None
            names.setdefault(name, len(names))
            row[name] = one_line(text)
        rows.append(row)
        if len(names) > _MOST_COLUMNS:
            return None
    if len(names) < 2 or sum(map(len, rows)) < _SHARED * len(rows) * len(names):
        return None
    heads = [one_line(name) for name in names]
    cells = [heads, *([row.get(name, "") for name in names] for row in rows)]
    return Grid(cells, {0}, names=heads)
