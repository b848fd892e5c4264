"""A quoted table with its words, laid out: what every surface shows of it, each in its own way."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate

from qa_bot.tables import Cell, QuotedTable, Span, Table
from qa_bot.text import as_cell

BESIDE = 2  # rows that stay in sight on each side of a marked one
_SHORT = 8  # rows; a table of no more is never folded
_FIRST = 5  # rows in sight of a longer one that has none marked
_NUMBER = re.compile(
    r"[(\[]?\s*[-+−–—~±<>≈]?\s*(?:[$€£¥₹]|US\$|USD|EUR|GBP|CHF)?\s*[-+−–]?\s*[\d.,'’\s]*\d[\d.,'’\s]*"
    r"\s*(?:%|‰|[$€£¥₹]|EUR|USD|GBP|CHF|[kKmMxX]|bn|pp|bps)?\s*[)\]]?\*?|[-–—]+|n/?a\.?|N/?A",
)
_PLAIN_NUMBER = re.compile(r"[-+]?[\d.,]*\d\s?%?")


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A cell in its place: ``column``, ``columns`` and ``rows`` count what is shown.

    ``cell`` is None where nothing stands.
    """

    cell: Cell | None
    start: int  # of its text, in the document's; a part of a very long cell may begin later
    text: str
    column: int
    columns: int = 1
    rows: int = 1


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row of the table by its number, or a line of text between two of them, without a number."""

    number: int | None
    cells: tuple[ShownCell, ...] = ()
    start: int = 0
    text: str = ""

    @property
    def is_group(self) -> bool:
        """Whether it names the rows below it."""
        return {one.cell.kind for one in self.cells if one.cell} == {"group"}


@dataclass(frozen=True)
class TableView:
    """What is at hand of a table, and what in it answers.

    ``table`` has the rows at hand, ``columns`` the numbers of the columns that are shown;
    ``quoted`` are the rows of the quote. ``texts`` are of the cells, by their spans: where
    each begins, and what it says. ``loose`` are lines among the rows that are in no cell.
    """

    table: Table
    columns: tuple[int, ...]
    quoted: tuple[int, ...]
    answer: QuotedTable
    texts: Mapping[Span, tuple[int, str]]
    caption: str = ""
    unit: str = ""
    loose: tuple[tuple[int, str], ...] = ()

    @property
    def is_narrow(self) -> bool:
        """Whether columns are left out."""
        used = {column for cell in self.table.cells for column in columns_of(cell)}
        return len(used) > len(self.columns)

    @cached_property
    def head(self) -> tuple[int, ...]:
        """The header rows right over the quote, or the first ones."""
        headers = {cell.row for cell in self.table.cells if cell.kind == "header"}
        first = min(self.quoted, default=0)
        above = [row for row in headers if row <= first] or sorted(headers)[:1]
        block = {max(above)} if above else set()
        while block and min(block) - 1 in headers:
            block.add(min(block) - 1)
        while block and max(block) + 1 in headers:
            block.add(max(block) + 1)
        return tuple(sorted(block))

    @cached_property
    def body(self) -> tuple[int, ...]:
        """The numbers of the other rows at hand."""
        rows = {cell.row for cell in self.table.cells if cell.kind != "header"}
        if rows:
            low, high = min(rows), max(rows)
            rows |= {cell.row for cell in self.table.cells if low < cell.row < high}
        return tuple(sorted(rows - set(self.head)))

    @property
    def total(self) -> int:
        """How many rows the whole table has below its first header."""
        headers = {cell.row for cell in self.table.cells if cell.kind == "header"}
        leading = 0
        while leading in headers:
            leading += 1
        return self.table.rows - leading

    @cached_property
    def near(self) -> tuple[int, ...]:
        """The rows of ``body`` to see at once: the marked ones, their neighbours and groups."""
        body = self.body
        if len(body) <= _SHORT:
            return body
        marked = [place for place, row in enumerate(body) if row in self.answer.rows]
        if not marked:
            quoted = [row for row in body if row in self.quoted] or list(body)
            return tuple(quoted[:_FIRST])
        places = {p for m in marked for p in range(m - BESIDE, m + BESIDE + 1)}
        kept = {body[place] for place in places if 0 <= place < len(body)}
        groups = sorted({cell.row for cell in self.table.cells if cell.kind == "group"})
        for row in [*kept]:  # no neighbour without what names it
            kept.update(groups[max(0, bisect_left(groups, row) - 1) : bisect_left(groups, row)])
        seen = [row in kept for row in body]
        seen = [True, *seen, True]  # one row alone is not folded away: saying so takes its place
        return tuple(
            row for at, row in enumerate(body, 1) if seen[at] or (seen[at - 1] and seen[at + 1])
        )

    @property
    def own(self) -> tuple[int, ...]:
        """The rows of ``body`` that are quoted, with the groups that they are in."""
        first = min(self.quoted, default=0)
        groups = [
            cell.row for cell in self.table.cells if cell.kind == "group" and cell.row < first
        ]
        rows = {*self.quoted, *groups[-1:]}
        return tuple(row for row in self.body if row in rows)

    @cached_property
    def numeric(self) -> frozenset[int]:
        """The places among ``columns`` where mostly numbers stand."""
        places = {column: place for place, column in enumerate(self.columns)}
        balance: Counter[int] = Counter()
        for cell in self.table.cells:
            if cell.kind == "value" and cell.columns == 1 and cell.column in places:
                balance[cell.column] += 1 if is_number(self.texts[cell.span][1]) else -1
        return frozenset(places[column] for column, more in balance.items() if more > 0)

    @cached_property
    def is_from_right(self) -> bool:
        """Whether most cells with letters read from right to left: then its columns do, too."""
        ways = [reads_from_right(text) for _, text in self.texts.values()]
        return 2 * ways.count(True) > len(ways) - ways.count(None)

    @property
    def named(self) -> tuple[str, str, str] | None:
        """What the answering cell is of and what it says: row, column, value; None without one."""
        if self.answer.cell is None:
            return None
        return (
            self.path(self.answer.labels),
            self.path(self.answer.headers),
            self.texts[self.answer.cell.span][1],
        )

    @property
    def headline(self) -> tuple[str, Span] | None:
        """``named`` in a line, "Net income · 2023: 72,361", and where in it the value stands."""
        if self.named is None:
            return None
        *names, value = self.named
        said = " · ".join(filter(None, names))
        line = f"{said}: {value}" if said else value
        return line, (len(line) - len(value), len(line))

    @property
    def title(self) -> str:
        """The caption, and the unit where the caption doesn't say it."""
        unit = "" if self.unit in self.caption else self.unit
        return "  ".join(filter(None, (" ".join(self.caption.split()), unit)))

    def path(self, spans: Sequence[Span]) -> str:
        """What headers or labels say, outermost first: "As reported › 2022"."""
        texts = [self.texts[span][1].strip().rstrip(":：") for span in spans if span in self.texts]
        return " › ".join(dict.fromkeys(filter(None, texts)))

    def shows(self, span: Span) -> bool:
        """Whether what stands there is shown with the table: its caption, a header, a row."""
        spans = [cell.span for cell in self.table.cells]
        spans += [self.table.caption] if self.table.caption else []
        return any(start < span[1] and span[0] < end for start, end in spans)

    def laid_out(self, numbers: Sequence[int], *, merged: bool = True) -> list[ShownRow]:
        """Rows with their cells side by side.

        Args:
            numbers: Of the rows, ascending.
            merged: Cells that reach over several of these rows stand once, in the first;
                else each row tells them again.
        """
        places = {column: place for place, column in enumerate(self.columns)}
        taken: set[tuple[int, int]] = set()
        cells_of = _by_row(self.table, numbers)
        rows = []
        for at, number in enumerate(numbers):
            cells = []
            for cell in cells_of[number]:
                over = [places[column] for column in columns_of(cell) if column in places]
                over = [place for place in over if (number, place) not in taken]
                if not over:
                    continue
                height = _height(cell, numbers, at) if merged else 1
                taken |= {(row, place) for row in numbers[at : at + height] for place in over}
                start, text = self.texts[cell.span]
                cells.append(ShownCell(cell, start, text, over[0], len(over), height))
            cells += [
                ShownCell(None, 0, "", place)
                for place in range(len(self.columns))
                if (number, place) not in taken
            ]
            rows.append(ShownRow(number, tuple(sorted(cells, key=lambda one: one.column))))
        return rows

    def with_loose(self, rows: Sequence[ShownRow]) -> Iterator[ShownRow]:
        """Rows with the lines of text that stand between them, or before or after them."""
        waiting = list(self.loose)
        for row in rows:
            own = [one.start for one in row.cells if one.cell and one.cell.row == row.number]
            while waiting and own and waiting[0][0] < min(own):
                start, text = waiting.pop(0)
                yield ShownRow(None, (), start, text)
            yield row
        yield from (ShownRow(None, (), start, text) for start, text in waiting)


def is_number(text: str) -> bool:
    """Whether a cell is an amount, a percentage, a year, a dash: what stands at the right."""
    return bool(_NUMBER.fullmatch(text.strip()))


def reads_from_right(text: str) -> bool | None:
    """Whether the first letter that has a direction goes from right to left; None without one."""
    directions = map(unicodedata.bidirectional, text)
    first = next((one for one in directions if one in ("L", "R", "AL")), None)
    return None if first is None else first != "L"


def tab_separated(view: TableView, numbers: Sequence[int]) -> str:
    """Rows as lines of cells with tabs between them, to paste into a spreadsheet.

    Merged cells are told once. What a spreadsheet would run as a formula gets an
    apostrophe, see ``text.as_cell``; a number doesn't.
    """
    written = io.StringIO()
    writer = csv.writer(written, delimiter="\t", lineterminator="\n")
    writer.writerows(_safe(row) for row in filled(view, numbers))
    return written.getvalue()


def filled(view: TableView, numbers: Sequence[int]) -> Iterator[list[str]]:
    """The texts of rows, "" where nothing stands; all of one length."""
    for row in view.laid_out(numbers):
        texts = [""] * len(view.columns)
        for one in row.cells:
            texts[one.column] = one.text
        yield texts


def row_text(view: TableView) -> str:
    """The marked rows as lines to read: "Net income — 2023: 72,361; 2022: 72,738"."""
    lines = []
    for row in view.answer.rows:
        cells = [cell for cell in view.table.of_row(row) if cell.kind in ("label", "value")]
        values = [cell for cell in cells if cell.kind == "value"]
        if not values:
            continue
        label = view.path([one.span for one in view.table.labels(values[0])])
        said = []
        for cell in values:
            header = view.path([one.span for one in view.table.headers(cell)])
            text = view.texts.get(cell.span, (0, ""))[1]
            said.append(f"{header}: {text}" if header else text)
        lines.append(" — ".join(filter(None, (label, "; ".join(filter(None, said))))))
    return "\n".join(lines)


def text_around(view: TableView, text: str, start: int) -> tuple[Span, Span]:
    """What of a quote stands before its table's first line and after its last one.

    Both are spans of the document, without white space at their edges; empty where nothing is.
    """
    lines = list(lines_of(text, start))
    lines = [lines[number] for number in of_table(view.table, lines)]
    first = lines[0][0] if lines else start + len(text)
    last = lines[-1][1] if lines else start + len(text)
    return (
        _stripped(text, start, (start, first)),
        _stripped(text, start, (last, start + len(text))),
    )


def columns_of(cell: Cell) -> range:
    """The columns that a cell reaches over."""
    return range(cell.column, cell.column + cell.columns)


def _by_row(table: Table, numbers: Sequence[int]) -> dict[int, list[Cell]]:
    """``table.of_row`` for many rows at once."""
    cells: dict[int, list[Cell]] = {number: [] for number in numbers}
    for cell in table.cells:
        for row in range(cell.row, cell.row + cell.rows) if cell.rows > 1 else (cell.row,):
            if row in cells:
                cells[row].append(cell)
    return {
        number: replace(table, cells=tuple(found)).of_row(number) for number, found in cells.items()
    }


def _height(cell: Cell, numbers: Sequence[int], at: int) -> int:
    """Over how many of the rows a cell reaches, from the one at a place on."""
    return bisect_left(numbers, cell.row + cell.rows) - at


def lines_of(text: str, start: int) -> Iterator[Span]:
    """The lines that hold something, as spans of the document."""
    for match in re.finditer(r"[^\n]*\S[^\n]*", text):
        yield start + match.start(), start + match.end()


def of_table(table: Table, lines: Sequence[Span]) -> list[int]:
    """Which of the lines belong to the table, by number."""
    spans = sorted([*(cell.span for cell in table.cells), *filter(None, [table.caption])])
    starts = [start for start, _ in spans]
    furthest = list(accumulate((end for _, end in spans), max))
    found = []
    for number, (start, end) in enumerate(lines):
        before = bisect_left(starts, end)
        if before and furthest[before - 1] > start:
            found.append(number)
    return found


def _stripped(text: str, offset: int, span: Span) -> Span:
    part = text[span[0] - offset : span[1] - offset]
    start = span[0] + len(part) - len(part.lstrip())
    return start, start + len(part.strip())


def _safe(texts: Iterable[str]) -> list[str]:
    return [text if _PLAIN_NUMBER.fullmatch(text) else as_cell(text) for text in texts]
