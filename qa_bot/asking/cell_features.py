"""How a question fits each cell of a table's passage, as numbers that ``cells`` weighs."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from qa_bot.asking.asked import (
    asks_share,
    kind_fits,
    periods,
    terms,
    wanted,
    wanted_terms,
    without_notes,
)
from qa_bot.asking.conditions import RowConditions, is_negative
from qa_bot.asking.deciding import extreme_rows, outer_row
from qa_bot.asking.judging import Judged
from qa_bot.asking.same_table import Row, Slices, rows_within, texts_of
from qa_bot.records import Passage, Span
from qa_bot.tables import Cell, Table, own_labels

FEATURES = (
    "label_asked",  # share of the row's label that the question says
    "label_held",  # share of the question that the label says
    "group_asked",  # share of its group's name that the question says
    "group_held",  # share of the question that the group's name says, and the label doesn't
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
    "row_rare",  # as many of the question's rare words as the row with most of them: 0, or less
    "read_likely",  # read, times how likely the reader has the row, against the best row
    "header_wanted",  # share of the header in the words that follow "which"
    "row_partial",  # as row_condition, of cells of which the question says a part
    "row_denied",  # share of what the question denies that the row says
    "column_denied",  # the column that it denies is empty in the row: 1; isn't: -1
    "row_within",  # the amounts are within the question's bounds: 1; aren't: -1
    "row_beside",  # numbers beside names of columns are the row's: 1; aren't: -1
)

_MOST_CELLS = 4_000  # of a passage; more are no table that anybody reads
_RAREST = -2.0  # rare words by which a row lags behind; more makes it no less likely
_LOWEST = -12.0  # log probability; whatever is less likely is as unlikely
_COUNTED = re.compile(r"\s*(?:#|№|N[or]\.?)\s*", re.IGNORECASE)  # a column of numbers


@dataclass(frozen=True, slots=True)
class Scored:
    """The cells of a table's passages that may answer, with their features."""

    table: Table
    cells: tuple[Cell, ...]
    features: tuple[tuple[float, ...], ...]  # of each cell, in the order of FEATURES
    rows: Mapping[int, Row]  # by their number in the table
    names: tuple[frozenset[str], ...]  # of each cell: what its row, if not the table, is called


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
            found = rows_within(mine, one)
            cells += [cell for cell in mine if cell.row in found and cell.row not in rows]
            rows = found | rows
    if not any(cell.kind == "value" for cell in cells):
        return None
    cells.sort(key=lambda cell: cell.start)
    texts = texts_of(table, [one.candidate.passage for one in passages], slices)
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


@dataclass(frozen=True, slots=True)
class _Named:
    """What headers or labels say together."""

    terms: frozenset[str]
    periods: frozenset[str]


def _terms(text: str) -> frozenset[str]:
    return terms("number" if _COUNTED.fullmatch(text) else without_notes(text))


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
        self.asked, self.periods = terms(question), periods(question)
        self.wanted, self.wants = wanted(question), wanted_terms(question)
        self.terms = {span: _terms(text) for span, text in texts.items()}
        self.named: dict[tuple[Span, ...], _Named] = {}
        self.rows = table.by_row(rows)
        self.heads, self.labels = dict(self._heads()), dict(self._labels())
        self.whole = self._whole()
        self.headers = {
            cell: self._said(self.heads[cell] if cell.columns < table.columns else ())
            for cell in cells
        }
        self.columns = {
            cell.column: self.headers[cell].terms for cell in cells if self.headers[cell].terms
        }
        self.weights = self._weights()
        self.asks_share = asks_share(question)
        self.has_shares = any(map(asks_share, texts.values()))
        self.conditions = self._conditions()
        self.positive = self.asked - self.conditions.asked.denied
        self.held = {  # of each row's cells, what the question says, with the cell
            row: [(one, found) for one in mine if (found := self.terms[one.span] & self.positive)]
            for row, mine in self.rows.items()
        }

    def _conditions(self) -> RowConditions:
        rows = {
            row: [(one.column, self.texts[one.span]) for one in mine if one.kind != "header"]
            for row, mine in self.rows.items()
        }
        said = {text: self.terms[span] for span, text in self.texts.items()}
        return RowConditions(self.question, rows, self.columns, said)

    def _heads(self) -> Iterator[tuple[Cell, list[Cell]]]:
        """The headers over each cell: the same for all that stand below them in a column."""
        rows = sorted({cell.row for cell in self.table.cells if cell.kind == "header"})
        known: dict[tuple[int, int, int], list[Cell]] = {}
        for cell in self.table.cells:
            if cell.kind in ("value", "label"):
                place = cell.column, cell.columns, bisect_left(rows, cell.row)
                if place not in known:
                    known[place] = self.table.headers(cell)
                yield cell, known[place]

    def _labels(self) -> Iterator[tuple[Cell, list[Cell]]]:
        """What names each cell's row, as ``Table.labels`` has it."""
        groups = [cell for cell in self.table.cells if cell.kind == "group"]
        starts = [cell.row for cell in groups]
        for cell in self.cells:
            above = groups[: bisect_left(starts, cell.row)][-1:]
            yield cell, [*above, *own_labels(cell, self.rows[cell.row])]

    def _whole(self) -> dict[int, frozenset[str]]:
        """What each row says, with its group."""
        groups = {
            cell.row: label.span
            for cell in self.cells
            for label in self.labels[cell]
            if label.kind == "group"
        }
        return {
            row: frozenset().union(
                *(self.terms[cell.span] for cell in cells),
                self.terms[groups[row]] if row in groups else (),
            )
            for row, cells in self.rows.items()
        }

    def _said(self, cells: Iterable[Cell]) -> _Named:
        """What some cells say together."""
        spans = tuple(cell.span for cell in cells)
        if spans not in self.named:
            self.named[spans] = _Named(
                frozenset().union(*(self.terms[span] for span in spans)),
                frozenset().union(*(periods(self.texts[span]) for span in spans)),
            )
        return self.named[spans]

    def _weights(self) -> dict[str, float]:
        """How rare each term is among the rows, with their groups, and the headers."""
        parts = list(self.whole.values())
        parts += [said.terms for said in {id(one): one for one in self.headers.values()}.values()]
        counts = Counter(term for part in parts for term in part)
        return {term: math.log(1 + len(parts) / count) for term, count in counts.items()}

    def _weight(self, said: Iterable[str]) -> float:
        # fsum: sets have no order, and the last bit hangs on it
        return math.fsum(self.weights.get(term, 1.0) for term in said)

    def _share(self, held: frozenset[str], said: frozenset[str]) -> float:
        return self._weight(said & held) / (self._weight(said) or 1.0)

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
            yield self._said(self.labels[cell]).terms | said

    def features(self) -> Iterator[tuple[float, ...]]:
        """Of each cell, in the order of FEATURES."""
        known = self.asked & self.weights.keys()
        total = self._weight(known) or 1.0
        read, cosines, above = self._read(), self._cosines(), self._asked_columns()
        extremes = extreme_rows(self.question, self.cells, self.texts, self._shares())
        outer, rare = outer_row(self.question, self.rows), self._rare()
        conditions = {row: self.conditions.features(row) for row in self.rows}
        for cell in self.cells:
            is_whole = 1 < self.table.columns <= cell.columns  # says what its row says
            names = self.labels[cell] + [cell] * (cell.kind == "label" or is_whole)
            label = self._said(name for name in names if name.kind != "group")
            group = self._said(name for name in names if name.kind == "group")
            # A name that itself denies something fits what the question denies.
            denies = any(is_negative(self.texts[name.span]) for name in names)
            meant = self.asked if denies else self.positive
            own = frozenset() if is_whole else self.terms[cell.span]
            others = frozenset().union(
                *(said for one, said in self.held[cell.row] if one is not cell)
            )
            header, span = self.headers[cell], self._span_share(cell)
            whole, part = self._conditions_of(cell)
            yield (
                self._share(meant, label.terms),
                self._weight(label.terms & known & meant) / total,
                self._share(meant, group.terms),
                self._weight((group.terms & known) - label.terms) / total,
                self._weight((others & known) - label.terms) / total,
                whole / total,
                read[cell.row],
                float(self.placed[cell.row].passage.reading is None),
                cosines[cell.row],
                min(self._period(label.periods), self._period(group.periods))
                or max(self._period(label.periods), self._period(group.periods)),
                self._share(self.asked, header.terms),
                self._weight((header.terms & known) - label.terms) / total,
                self._period(header.periods),
                span,
                self._share(self.asked, own),
                float(above.get(cell.column, cell.row) < cell.row),
                kind_fits(self.wanted, self.texts[cell.span]),
                self._share_fits(cell),
                float(cell.kind == "label"),
                float(cell.row in extremes),
                float(cell.row == outer),
                rare[cell.row],
                span * math.exp(read[cell.row]),
                len(header.terms & self.wants) / (len(header.terms) or 1),
                part / total,
                *conditions[cell.row],
            )

    def _shares(self) -> dict[int, float]:
        """By column, the share of its headers that the question says."""
        return {
            cell.column: self._share(self.asked, self.headers[cell].terms)
            for cell in self.cells
            if cell.kind == "value"
        }

    def _rare(self) -> dict[int, float]:
        """By row, how many of the question's rare words it has, against the row with most."""
        held = {row: said & self.positive for row, said in self.whole.items()}
        counts = Counter(term for some in held.values() for term in some)
        found = {row: math.fsum(1 / counts[term] for term in some) for row, some in held.items()}
        best = max(found.values(), default=0.0)
        return {row: max(value - best, _RAREST) for row, value in found.items()}

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

    def _conditions_of(self, cell: Cell) -> tuple[float, float]:
        """The weight of what the question says of the row's other cells and names their columns.

        Of those that it says whole, which columns without a name may not have; and of all.
        """
        whole, part = 0.0, 0.0
        for other, said in self.held[cell.row]:
            header = self._said(self.heads.get(other, ()))
            if other.column != cell.column and header.terms & self.asked:
                own = self.terms[other.span]
                whole += self._weight(own) if own <= self.asked else 0.0
                part += self._weight(said - header.terms)
        return whole, part

    def _share_fits(self, cell: Cell) -> float:
        if not self.has_shares or not (self.wanted == "number" or self.asks_share):
            return 0.0
        names = [*self.labels[cell], *self.heads[cell]]
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
