"""A passage of a table → the table, and the best candidates that have rows of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from qa_bot.asking.judging import Judged
from qa_bot.records import Passage
from qa_bot.store.opening import Index
from qa_bot.tables import Cell, Table
from qa_bot.text import CELLS

MOST = 12  # passages of one table that are compared: those that are read, and some more


@dataclass(frozen=True, slots=True)
class TablePassages:
    """A table, with the rows of ``passages`` at least; the one asked about is their first."""

    table: Table
    passages: tuple[Judged, ...]


def same_table(one: Judged, judged: Sequence[Judged], index: Index) -> TablePassages | None:
    """The table that a passage has most values of, and the best passages with rows of it.

    Args:
        one: The passage.
        judged: The candidates, best first, the passage among them.
        index: That they are from.

    Returns:
        None where the passage has no row of a table.
    """
    passage = one.candidate.passage
    if CELLS not in passage.text:
        return None
    tables = _held(passage, index)
    table = max(tables, key=lambda table: _values(table, passage), default=None)
    if table is None:
        return None
    others = [
        other
        for other in judged
        if other is not one
        and other.candidate.passage.document_id == passage.document_id
        and other.candidate.passage.start < table.end
        and table.start < other.candidate.passage.end
    ][: MOST - 1]
    read = [table, *(held for other in others for held in _held(other.candidate.passage, index))]
    cells = _merged(held.cells for held in read if held.start == table.start)
    return TablePassages(replace(table, cells=cells), (one, *others))


def _held(passage: Passage, index: Index) -> Sequence[Table]:
    return index.tables(passage.document_id, (passage.start, passage.end))


def _values(table: Table, passage: Passage) -> int:
    return sum(
        passage.start <= cell.start < passage.end for cell in table.cells if cell.kind == "value"
    )


def _merged(parts: Iterable[Sequence[Cell]]) -> tuple[Cell, ...]:
    cells = {cell for part in parts for cell in part}
    return tuple(sorted(cells, key=lambda cell: (cell.start, cell.row)))
