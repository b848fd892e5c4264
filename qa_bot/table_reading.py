"""A quoted table, read from the index to be shown: its words, and the rows near the quote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from qa_bot.records import Answer, Quote
from qa_bot.table_view import TableView, columns_of, lines_of, of_table
from qa_bot.tables import Cell, QuotedTable, Span, Table

ROWS = 200  # at hand, most; the quote's own come first
COLUMNS = 40  # at hand, most
_REACH = 20_000  # characters around a quote, in which its neighbours are looked for
_LONGEST = 2_000  # characters of a cell; of a longer one a part is shown
_TOGETHER = 1_000  # characters between texts that are read in one go


class TextSource(Protocol):
    """Where a document's tables and words are read; an ``Index`` is one."""

    def tables(self, document_id: str, span: Span | None = None) -> Sequence[Table]:
        """Its tables, of those just the rows that share text with the span."""

    def slices(self, document_id: str, spans: Iterable[Span]) -> Sequence[str]:
        """The texts of some spans."""


def table_view(
    document_id: str,
    quoted: QuotedTable,
    span: Span,
    source: TextSource,
    *,
    reach: int = _REACH,
    columns: int = COLUMNS,
) -> TableView:
    """Read what is to be shown of a table.

    Args:
        document_id: Of the document it is in.
        quoted: The table, and what in it answers.
        span: Of the quote: its rows are at hand whatever their number, of a very long cell
            the part that is in it, and its lines that are in no cell.
        source: An index.
        reach: Characters around the span in which further rows are looked for.
        columns: How many are at hand at most.
    """
    table = quoted.table
    own = {cell.row for cell in table.cells if cell.start < span[1] and span[0] < cell.end}
    if reach:
        low, high = max(table.start, span[0] - reach), min(table.end, span[1] + reach)
        around = source.tables(document_id, (low, high)) if low < high else ()
        table = next((one for one in around if one.start == table.start), table)
        table = _shortened(table, own, quoted.rows)
    kept = _chosen_columns(table, quoted.cell, span, columns)
    view = TableView(table, kept, tuple(sorted(own)), quoted, {})
    shown = set(kept)
    needed = [cell.span for cell in table.cells if not shown.isdisjoint(columns_of(cell))]
    needed += [*quoted.headers, *quoted.labels, *filter(None, (table.caption, table.unit))]
    needed += [quoted.cell.span] if quoted.cell else []
    texts = _texts(document_id, {*needed, span}, span, source)
    view = replace(
        view,
        texts=texts,
        caption=texts[table.caption][1] if table.caption else "",
        unit=texts[table.unit][1] if table.unit else "",
    )
    return replace(view, loose=tuple(_loose(table, span, texts[span][1])))


def view_table(quote: Quote, source: TextSource) -> TableView | None:
    """What is to be shown of the table that a quote is of, with rows near it; None where of none.

    That is its ``table``; where none answers, but a sentence beside one, that one. There is none,
    either, where the quote has more columns than can be shown: it is shown as it stands.

    Args:
        quote: From an answer.
        source: The index that it was answered from.

    Raises:
        UnknownDocumentError: It isn't of that index.
    """
    name, span = quote.citation.document_id, (quote.start, quote.end)
    if quote.table is not None:
        view = table_view(name, quote.table, span, source)
        return view if _covers(view, span) else None
    held = source.tables(name, span)
    if len(held) != 1 or any(a < held[0].end and held[0].start < b for a, b in quote.sentences):
        return None
    view = table_view(name, QuotedTable(held[0]), span, source, reach=0)
    return view if _covers(view, span) else None


def table_views(answer: Answer, source: TextSource) -> dict[tuple[str, Span], TableView]:
    """What is to be shown of the tables that an answer's passages are of.

    By document and the passage's span. Quotes come with neighbours of their rows; other
    passages with just their own, where they are of one table.
    """
    found = {}
    for quote in answer.quotes:
        if (view := view_table(quote, source)) is not None:
            found[quote.citation.document_id, (quote.start, quote.end)] = view
    quoted = {quote.passage for quote in answer.quotes}
    for passage in (hit.passage for hit in answer.hits if hit.passage not in quoted):
        name, span = passage.document_id, (passage.start, passage.end)
        held = source.tables(name, span)
        if len(held) == 1:
            view = table_view(name, QuotedTable(held[0]), span, source, reach=0)
            if _covers(view, span):
                found[name, span] = view
    return found


def _covers(view: TableView, span: Span) -> bool:
    """Whether the cell that answers is shown, or else each of the quote's, of a wide table too."""
    shown = set(view.columns)
    return (
        view.answer.cell is not None
        or not view.is_narrow
        or all(
            not shown.isdisjoint(columns_of(cell))
            for cell in view.table.cells
            if span[0] <= cell.start and cell.end <= span[1]
        )
    )


def _loose(table: Table, span: Span, text: str) -> Iterator[tuple[int, str]]:
    """The lines of a quote that stand among a table's rows and are in none of its cells."""
    lines = list(lines_of(text, span[0]))
    own = of_table(table, lines)
    inside = range(own[0], own[-1]) if own else range(0)
    for start, end in (lines[at] for at in sorted(set(inside) - set(own))):
        yield start, text[start - span[0] : end - span[0]]


def _shortened(table: Table, own: set[int], marked: Sequence[int]) -> Table:
    """The table with no more than so many rows around the quote's."""
    rows = sorted({cell.row for cell in table.cells if cell.kind != "header"} - own)
    centre = marked[0] if marked else min(own, default=0)
    nearest = sorted(rows, key=lambda row: abs(row - centre))[: max(0, ROWS - len(own))]
    kept = own | set(nearest)
    low, high = min(kept, default=0), max(kept, default=0)
    first = min(own, default=0)
    groups = [cell.row for cell in table.cells if cell.kind == "group" and cell.row < low]
    headers = {cell.row for cell in table.cells if cell.kind == "header"}
    head = {row for row in headers if row <= first}
    block = {max(head)} if head else set()
    while block and min(block) - 1 in headers:
        block.add(min(block) - 1)
    kept |= {row for row in headers if low <= row <= high} | block | set(groups[-1:])
    return replace(table, cells=tuple(cell for cell in table.cells if cell.row in kept))


def _chosen_columns(table: Table, cell: Cell | None, span: Span, most: int) -> tuple[int, ...]:
    """The columns to show: those with a cell; of too many the labels', and those at the answer.

    Where no cell answers, they are those from the quote's first one on.
    """
    used = sorted({column for one in table.cells for column in columns_of(one)})
    if len(used) <= most:
        return tuple(used)
    labels = sorted({one.column for one in table.cells if one.kind == "label"})[:2]
    others = [column for column in used if column not in labels]
    if cell is not None:
        at = sum(column < cell.column for column in others) - most // 2
    else:
        quoted = [one.column for one in table.cells if span[0] <= one.start < span[1]]
        first = min((column for column in quoted if column not in labels), default=0)
        at = sum(column < first for column in others)
    at = min(max(0, at), len(others) - most)
    return tuple(sorted({*labels, *others[at : at + most - len(labels)]}))


def _texts(
    document_id: str, spans: Iterable[Span], own: Span, source: TextSource
) -> dict[Span, tuple[int, str]]:
    """Texts by their spans, those that stand together read in one go; of long ones a part."""
    cut: dict[Span, Span] = {}
    for start, end in spans:
        inside = max(start, own[0]), min(end, own[1])
        if (start, end) == own or end - start <= _LONGEST:
            cut[start, end] = (start, end)
        elif inside[0] < inside[1]:
            cut[start, end] = inside
        else:
            cut[start, end] = (start, start + _LONGEST)
    runs: list[list[int]] = []
    for start, end in sorted(cut.values()):
        if runs and start - runs[-1][1] <= _TOGETHER:
            runs[-1][1] = max(runs[-1][1], end)
        else:
            runs.append([start, end])
    read = source.slices(document_id, [(start, end) for start, end in runs])
    begins = dict(zip((start for start, _ in runs), read, strict=True))
    found = {}
    at = -1
    ordered = sorted(begins)
    for span, (start, end) in sorted(cut.items(), key=lambda one: one[1]):
        while at + 1 < len(ordered) and ordered[at + 1] <= start:
            at += 1
        first = ordered[at]
        text = begins[first][start - first : end - first]
        found[span] = start, text + ("" if end == span[1] or end == own[1] else " …")
    return found
