"""How a question fits each cell of a table's passage, as numbers that ``cells`` weighs."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from qa_bot.asking.asked import (
    FIRST_WORDS,
    LAST_WORDS,
    LEAST_WORDS,
    MOST_WORDS,
    asks_share,
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
    "row_condition",  # of that, whole cells whose column the question names: "at grid 2"
    "row_read",  # the reader's log probability of the row, under the best row's
    "row_unread",  # its passage wasn't read
    "row_cosine",  # the vectors' cosine of the row and the question, under the best row's
    "row_period",  # the label or its group has the question's year or quarter: 1; others: -1
    "header_asked",  # share of the column's headers that the question says
    "header_held",  # share of the question that they say
    "header_period",  # as row_period, of the headers
    "read",  # share of the reader's span that is in the cell
    "own_asked",  # share of the cell's own words that the question says: it knows them
    "is_below_asked",  # a name or year further up in the column is said whole: one more header
    "kind_fits",  # a number, date or name where such is asked for: 1; is none: -1
    "share_fits",  # a share in % where one is asked for, none where another number is: 1; else: -1
    "is_label",  # the cell names its row
    "is_extreme",  # superlatives: the row with the most or least, in the column that is named
    "is_outer",  # "first" and "last": the row that stands so
)

_MOST_CELLS = 4_000  # of a passage; more are no table that anybody reads
_LOWEST = -12.0  # log probability; whatever is less likely is as unlikely
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_BELOW_NOUGHT = re.compile(r"\s*(?:\(.*\d.*\)|[^\w(]*[-−–]\s?[$€£¥]?\s?\d)")  # (900), −$5


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table, as the sentence of a passage that it is."""

    passage: Judged
    number: int  # of the sentence, in the passage

    @property
    def sentence(self) -> Sentence:
        """Where it stands."""
        return self.passage.candidate.passage.sentences[self.number]


@dataclass(frozen=True, slots=True)
class Scored:
    """The cells of a table's passages that may answer, with their features."""

    table: Table
    cells: tuple[Cell, ...]
    features: tuple[tuple[float, ...], ...]  # of each cell, in the order of FEATURES
    rows: Mapping[int, Row]  # by their number in the table
    names: tuple[frozenset[str], ...]  # of each cell: what its row, if not the table, is called


Slices = Callable[[Sequence[Span]], list[str]]
"""Spans of the document → their texts."""


def scored(
    question: str, passages: Sequence[Judged], table: Table, slices: Slices
) -> Scored | None:
    """The cells of a table's passages that may answer.

    Args:
        question: As asked.
        passages: Those with rows of the table, best first, with the evidence for their sentences.
        table: With at least these rows.
        slices: Tells what stands in spans of the document.

    Returns:
        None where they have no row with a value.
    """
    cells: list[Cell] = []
    rows: dict[int, Row] = {}
    for one in passages:
        mine = cells_within(table, one.candidate.passage)
        if len(cells) + len(mine) <= _MOST_CELLS:
            found = _rows(mine, one)
            cells += [cell for cell in mine if cell.row in found and cell.row not in rows]
            rows = found | rows
    if not any(cell.kind == "value" for cell in cells):
        return None
    cells.sort(key=lambda cell: cell.start)
    texts = _texts(table, [one.candidate.passage for one in passages], slices)
    fitting = _Fitting(question, table, cells, texts, rows)
    return Scored(table, tuple(cells), tuple(fitting.features()), rows, tuple(fitting.names()))


def cells_within(table: Table, passage: Passage) -> list[Cell]:
    """The cells of a passage that may answer: values and names of rows."""
    return [
        cell
        for cell in table.cells
        if cell.kind in ("value", "label")
        and passage.start <= cell.start
        and cell.end <= passage.end
    ]


def _rows(cells: Iterable[Cell], one: Judged) -> dict[int, Row]:
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


def _texts(table: Table, passages: Sequence[Passage], slices: Slices) -> dict[Span, str]:
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


class _Fitting:
    """How the question fits each cell."""

    def __init__(
        self,
        question: str,
        table: Table,
        cells: Sequence[Cell],
        texts: Mapping[Span, str],
        rows: Mapping[int, Row],
    ) -> None:
        self.question, self.table, self.cells, self.texts = question, table, cells, texts
        self.placed = rows
        self.asked = terms(question)
        self.periods = periods(question)
        self.wanted = wanted(question)
        self.terms = {span: terms(without_notes(text)) for span, text in texts.items()}
        self.rows: dict[int, list[Cell]] = {row: table.of_row(row) for row in rows}
        self.headers = {
            cell: self._said(table.headers(cell) if cell.columns < table.columns else ())
            for cell in cells
        }
        self.labels = {cell: table.labels(cell) for cell in cells}
        self.weights = self._weights()
        self.named = {row: self._named_conditions(cells) for row, cells in self.rows.items()}
        self.asks_share = asks_share(question)
        self.has_shares = any(map(asks_share, texts.values()))

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

    def names(self) -> Iterator[frozenset[str]]:
        """What each cell's row is called; where there is no other row, the table's caption too."""
        caption = self.table.caption if len(self.rows) == 1 else None
        said = terms(self.texts[caption]) if caption else frozenset()
        for cell in self.cells:
            yield self._said(self.labels[cell])[0] | said

    def features(self) -> list[tuple[float, ...]]:
        """Of each cell, in the order of FEATURES."""
        known = self.asked & self.weights.keys()
        total = self._weight(known) or 1.0
        read, cosines, above = self._read(), self._cosines(), self._asked_columns()
        extremes, outer = self._extremes(), self._outer()
        found: list[tuple[float, ...]] = []
        for cell in self.cells:
            is_whole = 1 < self.table.columns <= cell.columns  # says what its row says
            names = self.labels[cell] + [cell] * (cell.kind == "label" or is_whole)
            own = frozenset() if is_whole else self.terms[cell.span]
            label, label_periods = self._said(name for name in names if name.kind != "group")
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
                    self._conditions_of(cell) / total,
                    read[cell.row],
                    float(self.placed[cell.row].passage.reading is None),
                    cosines[cell.row],
                    min(self._period(label_periods), self._period(group_periods))
                    or max(self._period(label_periods), self._period(group_periods)),
                    self._share_asked(header),
                    self._weight((header & known) - label) / total,
                    self._period(header_periods),
                    self._span_share(cell),
                    self._share_asked(own),
                    float(above.get(cell.column, cell.row) < cell.row),
                    self._kind_fits(self.texts[cell.span]),
                    self._share_fits(cell),
                    float(cell.kind == "label"),
                    float(cell.row in extremes),
                    float(cell.row == outer),
                )
            )
        return found

    def _asked_columns(self) -> dict[int, int]:
        """The columns with a name or year that the question says whole: the first such row."""
        found: dict[int, int] = {}
        for cell in self.cells:
            own = self.terms[cell.span]
            if cell.kind == "value" and own and own <= self.asked:
                text = self.texts[cell.span]
                if periods(text) or any(map(str.isalpha, text)):
                    found.setdefault(cell.column, cell.row)
        return found

    def _conditions_of(self, cell: Cell) -> float:
        """The weight of what the question says of the cell's row by the names of its columns."""
        return math.fsum(weight for column, weight in self.named[cell.row] if column != cell.column)

    def _named_conditions(self, row: Sequence[Cell]) -> list[tuple[int, float]]:
        """The cells of a row that the question says whole, with their column: its weight."""
        found = []
        for cell in row:
            own = self.terms[cell.span]
            if own and own <= self.asked:
                headers = [self.terms[one.span] for one in self.table.headers(cell)]
                if any(header & self.asked for header in headers):
                    found.append((cell.column, self._weight(own)))
        return found

    def _share_fits(self, cell: Cell) -> float:
        if not self.has_shares or not (self.wanted == "number" or self.asks_share):
            return 0.0
        names = [*self.labels[cell], *self.table.headers(cell)]
        is_share = any(map(asks_share, (self.texts[one.span] for one in (cell, *names))))
        return 1.0 if is_share == self.asks_share else -1.0

    def _read(self) -> dict[int, float]:
        """By row; 0 where its passage wasn't read."""
        found = {}
        for row, placed in self.placed.items():
            reading = placed.passage.reading
            if reading is not None and reading.sentences:
                value = reading.sentences[placed.number]
                found[row] = value if math.isfinite(value) else -math.inf
        best = max(found.values(), default=0.0)
        if not math.isfinite(best):
            return dict.fromkeys(self.placed, 0.0)
        return {row: max(found.get(row, best) - best, _LOWEST) for row in self.placed}

    def _cosines(self) -> dict[int, float]:
        found = {}
        for row, placed in self.placed.items():
            if known := placed.passage.candidate.sentences:
                found[row] = known[placed.number][0]
        best = max(found.values(), default=0.0)
        return {row: found.get(row, best) - best for row in self.placed}

    def _span_share(self, cell: Cell) -> float:
        one = self.placed[cell.row].passage
        if one.reading is None or one.reading.span is None:
            return 0.0
        first = one.candidate.passage.start
        start, end = one.reading.span[0] + first, one.reading.span[1] + first
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
