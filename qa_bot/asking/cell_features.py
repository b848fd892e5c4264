"""How a question fits each cell of a table's passage, as numbers that ``cells`` weighs."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from qa_bot.asking.asked import (
    FIRST_WORDS,
    LAST_WORDS,
    LEAST_WORDS,
    MOST_WORDS,
    periods,
    terms,
    wanted,
    without_notes,
)
from qa_bot.asking.judging import Judged
from qa_bot.records import Passage, Sentence, Span
from qa_bot.tables import Cell, Table
from qa_bot.text import words

FEATURES = (
    "label_asked",  # share of the row's label that the question says
    "label_held",  # share of the question that the label says
    "group_held",  # likewise the name of its group
    "row_held",  # likewise the row's other cells
    "row_read",  # the reader's log probability of the row, under the best row's
    "row_cosine",  # the vectors' cosine of the row and the question, under the best row's
    "row_period",  # the label or its group has the question's year or quarter: 1; others: -1
    "header_asked",  # share of the column's headers that the question says
    "header_held",  # share of the question that they say
    "header_period",  # as row_period, of the headers
    "read",  # share of the reader's span that is in the cell
    "own_asked",  # share of the cell's own words that the question says: it knows them
    "is_condition",  # another cell of the column is said whole: the question gives that column
    "kind_fits",  # a number, date or name where such is asked for: 1; is none: -1
    "is_label",  # the cell names its row
    "is_extreme",  # superlatives: the row with the most or least, in the column that is named
    "is_outer",  # "first" and "last": the row that stands so
)

_MOST_CELLS = 4_000  # of a passage; more are no table that anybody reads
_LOWEST = -12.0  # log probability; whatever is less likely is as unlikely
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_BELOW_NOUGHT = re.compile(r"\s*(?:\(.*\d.*\)|[^\w(]*[-−–]\s?[$€£¥]?\s?\d)")  # (900), −$5


@dataclass(frozen=True, slots=True)
class Scored:
    """The cells of a passage that may answer, with their features."""

    table: Table
    cells: tuple[Cell, ...]
    features: tuple[tuple[float, ...], ...]  # of each cell, in the order of FEATURES
    sentences: Mapping[int, Sentence]  # row → the sentence that it is


Slices = Callable[[Sequence[Span]], list[str]]
"""Spans of the document → their texts."""


def scored(question: str, one: Judged, tables: Sequence[Table], slices: Slices) -> Scored | None:
    """The cells of the passage's tables that may answer.

    Args:
        question: As asked.
        one: The passage, with the evidence for its sentences.
        tables: Of which it holds rows, cut to these (``Index.tables``).
        slices: Tells what stands in spans of the document.

    Returns:
        None where the passage has no row with a value.
    """
    passage = one.candidate.passage
    table = max(tables, key=lambda table: _shared(table, passage), default=None)
    if table is None:
        return None
    cells = [
        cell
        for cell in table.cells
        if cell.kind in ("value", "label")
        and passage.start <= cell.start
        and cell.end <= passage.end
    ]
    if not any(cell.kind == "value" for cell in cells) or len(cells) > _MOST_CELLS:
        return None
    spans = list(dict.fromkeys(cell.span for cell in table.cells))
    texts = dict(zip(spans, slices(spans), strict=True))
    sentences = _sentences_of_rows(cells, passage)
    cells = [cell for cell in cells if cell.row in sentences]
    if not cells:
        return None
    features = _Fitting(question, one, table, cells, texts, sentences).features()
    return Scored(table, tuple(cells), tuple(features), sentences)


def _shared(table: Table, passage: Passage) -> int:
    return sum(
        passage.start <= cell.start < passage.end for cell in table.cells if cell.kind == "value"
    )


def _sentences_of_rows(cells: Iterable[Cell], passage: Passage) -> dict[int, Sentence]:
    found: dict[int, Sentence] = {}
    ordered = iter(passage.sentences)
    sentence = next(ordered, None)
    for cell in sorted(cells, key=lambda cell: cell.start):
        while sentence is not None and sentence.end <= cell.start:
            sentence = next(ordered, None)
        if sentence is not None and sentence.start <= cell.start:
            found.setdefault(cell.row, sentence)
    return found


class _Fitting:
    """How the question fits each cell of one passage."""

    def __init__(
        self,
        question: str,
        one: Judged,
        table: Table,
        cells: Sequence[Cell],
        texts: Mapping[Span, str],
        sentences: Mapping[int, Sentence],
    ) -> None:
        self.question, self.one, self.table, self.cells = question, one, table, cells
        self.texts, self.sentences = texts, sentences
        self.asked = terms(question)
        self.periods = periods(question)
        self.wanted = wanted(question)
        self.terms = {span: terms(without_notes(text)) for span, text in texts.items()}
        self.rows: dict[int, list[Cell]] = {row: table.of_row(row) for row in sentences}
        self.headers = {cell: self._said(table.headers(cell)) for cell in cells}
        self.labels = {cell: table.labels(cell) for cell in cells}
        self.weights = self._weights()

    def _said(self, cells: Iterable[Cell]) -> tuple[frozenset[str], frozenset[str]]:
        """All terms and all periods of some cells."""
        spans = [cell.span for cell in cells]
        said = frozenset().union(*(self.terms[span] for span in spans))
        return said, frozenset().union(*(periods(self.texts[span]) for span in spans))

    def _weights(self) -> dict[str, float]:
        """How rare each term is among the rows, with their groups, and the headers."""
        groups = {
            cell.row: label.span
            for cell in self.cells
            for label in self.labels[cell]
            if label.kind == "group"
        }
        parts = [
            frozenset().union(*(self.terms[cell.span] for cell in cells))
            | (self.terms[groups[row]] if row in groups else frozenset())
            for row, cells in self.rows.items()
        ]
        parts += [said for said, _ in {id(one): one for one in self.headers.values()}.values()]
        counts = Counter(term for part in parts for term in part)
        return {term: math.log(1 + len(parts) / count) for term, count in counts.items()}

    def _weight(self, said: Iterable[str]) -> float:
        # fsum: sets have no order, and the last bit hangs on it
        return math.fsum(self.weights.get(term, 1.0) for term in said)

    def _share_asked(self, said: frozenset[str]) -> float:
        return self._weight(said & self.asked) / (self._weight(said) or 1.0)

    def _period(self, said: frozenset[str]) -> float:
        """Years are held against years, quarters against quarters; one that differs decides."""
        found = 0.0
        for kind in ("q", ""):
            mine, its = (
                {one for one in some if one.startswith("q") == bool(kind)}
                for some in (self.periods, said)
            )
            if mine and its:
                if not mine & its:
                    return -1.0
                found = 1.0
        return found

    def features(self) -> list[tuple[float, ...]]:
        """Of each cell, in the order of FEATURES."""
        known = self.asked & self.weights.keys()
        total = self._weight(known) or 1.0
        read, cosines, given = self._read(), self._cosines(), self._conditions()
        extremes, outer = self._extremes(), self._outer()
        found: list[tuple[float, ...]] = []
        for cell in self.cells:
            names = self.labels[cell] or ([cell] if cell.kind == "label" else [])
            own = self.terms[cell.span]
            label, label_periods = self._said(name for name in names if name.kind == "label")
            group, group_periods = self._said(name for name in names if name.kind == "group")
            others = frozenset().union(
                *(self.terms[other.span] for other in self.rows[cell.row] if other is not cell)
            )
            header, header_periods = self.headers[cell]
            found.append(
                (
                    self._share_asked(label),
                    self._weight(label & known) / total,
                    self._weight((group & known) - label) / total,
                    self._weight((others & known) - label) / total,
                    read[cell.row],
                    cosines[cell.row],
                    min(self._period(label_periods), self._period(group_periods))
                    or max(self._period(label_periods), self._period(group_periods)),
                    self._share_asked(header),
                    self._weight((header & known) - label) / total,
                    self._period(header_periods),
                    self._span_share(cell),
                    self._share_asked(own),
                    float(bool(given.get(cell.column, frozenset()) - {cell.row})),
                    self._kind_fits(self.texts[cell.span]),
                    float(cell.kind == "label"),
                    float(cell.row in extremes),
                    float(cell.row == outer),
                )
            )
        return found

    def _conditions(self) -> dict[int, frozenset[int]]:
        """The rows of each column whose cell the question says whole: "the flight on May 5"."""
        found: dict[int, frozenset[int]] = {}
        for cell in self.cells:
            own = self.terms[cell.span]
            if cell.kind == "value" and own and own <= self.asked:
                found[cell.column] = found.get(cell.column, frozenset()) | {cell.row}
        return found

    def _read(self) -> dict[int, float]:
        reading = self.one.reading
        if reading is None or not reading.sentences:
            return dict.fromkeys(self.rows, 0.0)
        numbers = {s: i for i, s in enumerate(self.one.candidate.passage.sentences)}
        found = {row: reading.sentences[numbers[s]] for row, s in self.sentences.items()}
        best = max(found.values())
        return {
            row: max(value - best, _LOWEST) if math.isfinite(value) else _LOWEST
            for row, value in found.items()
        }

    def _cosines(self) -> dict[int, float]:
        numbers = {s: i for i, s in enumerate(self.one.candidate.passage.sentences)}
        known = self.one.candidate.sentences
        if not known:
            return dict.fromkeys(self.rows, 0.0)
        found = {row: known[numbers[s]][0] for row, s in self.sentences.items()}
        best = max(found.values())
        return {row: value - best for row, value in found.items()}

    def _span_share(self, cell: Cell) -> float:
        reading = self.one.reading
        if reading is None or reading.span is None:
            return 0.0
        first = self.one.candidate.passage.start
        start, end = reading.span[0] + first, reading.span[1] + first
        return max(0, min(end, cell.end) - max(start, cell.start)) / max(1, end - start)

    def _kind_fits(self, text: str) -> float:
        is_number = any(map(str.isdigit, text)) and sum(map(str.isalpha, text)) <= 3
        match self.wanted:
            case "date":
                return 1.0 if periods(text) else -1.0
            case "number" if is_number and periods(text) and len(text) <= 4:
                return 0.0  # a year may be a number, but hardly is
            case "number":
                return 1.0 if is_number else -1.0
            case "name":
                return -1.0 if is_number else 1.0
            case _:
                return 0.0

    def _outer(self) -> int | None:
        asked = {word.lower() for word in words(self.question)}
        if asked & FIRST_WORDS:
            return min(self.rows)
        return max(self.rows) if asked & LAST_WORDS else None

    def _extremes(self) -> set[int]:
        """The rows with the most, or the least, in the column of numbers that is named best."""
        asked = {word.lower() for word in words(self.question)}
        if not asked & (MOST_WORDS | LEAST_WORDS):
            return set()
        columns: dict[int, list[tuple[float, int]]] = {}
        fits: dict[int, float] = {}
        for cell in self.cells:
            number = _NUMBER.search(self.texts[cell.span])
            if cell.kind == "value" and number:
                value = float(number.group().replace(",", ""))
                if _BELOW_NOUGHT.match(self.texts[cell.span]):
                    value = -value
                columns.setdefault(cell.column, []).append((value, cell.row))
                fits[cell.column] = self._share_asked(self.headers[cell][0])
        full = {at: fit for at, fit in fits.items() if 2 * len(columns[at]) >= len(self.rows)}
        if not full:
            return set()
        column = columns[max(full, key=lambda at: (full[at], -at))]
        best = (max if asked & MOST_WORDS else min)(value for value, _ in column)
        return {row for value, row in column if value == best}
