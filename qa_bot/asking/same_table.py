"""A passage of a table → the table, and the best passages that have rows of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from qa_bot.asking.judging import Judged
from qa_bot.asking.retrieval import rank
from qa_bot.records import Passage, Sentence, Span
from qa_bot.store.opening import Index
from qa_bot.tables import Cell, Table
from qa_bot.text import CELLS

MOST = 12  # passages of one table that are compared: those that are read, and some more
LONGEST = 200  # passages of a table of which also those are compared that are no candidates


@dataclass(frozen=True, slots=True)
class TablePassages:
    """A table, with the rows of ``passages`` at least; the one asked about is their first."""

    table: Table
    passages: tuple[Judged, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table, as the sentence of a passage that it is."""

    passage: Judged
    number: int  # of the sentence, in the passage

    @property
    def sentence(self) -> Sentence:
        """Where it stands."""
        return self.passage.candidate.passage.sentences[self.number]


Slices = Callable[[Sequence[Span]], list[str]]
"""Spans of the document → their texts."""


def same_table(one: Judged, judged: Sequence[Judged], index: Index) -> TablePassages | None:
    """The table that a passage has most values of, and the best passages with rows of it.

    Args:
        one: The passage.
        judged: The candidates, best first, the passage among them.
        index: That they are from; passages that are no candidates are compared as well.

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
    others += _uncalled(table, (one, *others), one.question, index)
    read = [table, *(held for other in others for held in _held(other.candidate.passage, index))]
    cells = _merged(held.cells for held in read if held.start == table.start)
    return TablePassages(replace(table, cells=cells), (one, *others))


def _uncalled(table: Table, found: Sequence[Judged], question: str, index: Index) -> list[Judged]:
    """The best passages of a table that are no candidates, as many as may still be compared."""
    document, room = found[0].candidate.passage.document_id, MOST - len(found)
    among = index.passage_ids(document, (table.start, table.end)) if room else []
    if not len(found) < len(among) <= LONGEST:
        return []
    starts = {other.candidate.passage.start for other in found}
    ranked = rank(question, index, len(among), among=among).candidates
    missing = [candidate for candidate in ranked if candidate.passage.start not in starts]
    return [Judged(candidate, question=question) for candidate in missing[:room]]


def _held(passage: Passage, index: Index) -> Sequence[Table]:
    return index.tables(passage.document_id, (passage.start, passage.end))


def _values(table: Table, passage: Passage) -> int:
    return sum(
        passage.start <= cell.start < passage.end for cell in table.cells if cell.kind == "value"
    )


def _merged(parts: Iterable[Sequence[Cell]]) -> tuple[Cell, ...]:
    cells = {cell for part in parts for cell in part}
    return tuple(sorted(cells, key=lambda cell: (cell.start, cell.row)))


def rows_within(cells: Iterable[Cell], one: Judged) -> dict[int, Row]:
    """The rows of a passage's cells, by number."""
    found: dict[int, Row] = {}
    ordered = iter(enumerate(one.candidate.passage.sentences))
    number, sentence = next(ordered, (0, None))
    for cell in cells:
        while sentence is not None and sentence.end <= cell.start:
            number, sentence = next(ordered, (0, None))
        if sentence is not None and sentence.start <= cell.start:
            found.setdefault(cell.row, Row(one, number))
    return found


def texts_of(table: Table, passages: Sequence[Passage], slices: Slices) -> dict[Span, str]:
    """What each cell says; what stands outside of the passages has to be read."""
    found: dict[Span, str] = {}
    ordered = sorted(passages, key=lambda one: one.start)
    at = 0
    for start, end in (cell.span for cell in table.cells):
        while at < len(ordered) and ordered[at].end < end:
            at += 1
        if at < len(ordered) and ordered[at].start <= start:
            first = ordered[at].start
            found[start, end] = ordered[at].text[start - first : end - first]
    spans = [cell.span for cell in table.cells] + [table.caption] * bool(table.caption)
    missing = [span for span in spans if span and span not in found]
    return found | dict(zip(missing, slices(missing), strict=True))
