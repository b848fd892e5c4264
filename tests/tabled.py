"""What tests of shown tables share: files with tables, and quotes of their cells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from qa_bot.loaders import load_document
from qa_bot.records import Answer, Citation, Document, Hit, Passage, Quote, Span
from qa_bot.table_reading import table_view
from qa_bot.table_view import TableView
from qa_bot.tables import Cell, QuotedTable, Table

INCOME = """<h1>Tarn Mills</h1><p>What follows is taken from the books.</p>
<table><caption>Statements of income ($ in millions)</caption><thead>
<tr><th rowspan="2">Year ended June 30</th><th colspan="2">As reported</th>
<th rowspan="2">Change</th></tr><tr><th>2023</th><th>2022</th></tr></thead><tbody>
<tr><td>Revenue</td><td>211,915</td><td>198,270</td><td>7 %</td></tr>
<tr><th colspan="4" scope="rowgroup">Operating expenses:</th></tr>
<tr><td>Research</td><td>27,195</td><td>24,512</td><td>11 %</td></tr>
<tr><td>Sales</td><td>22,759</td><td>21,825</td><td>4 %</td></tr>
<tr><td>General</td><td>(7,575)</td><td>5,900</td><td>—</td></tr></tbody></table>
<p>The notes are part of them.</p>"""
TOWNS = "Town,Animal,Bells,Weight in kg\n" + "".join(
    f"Town {number},{animal},{number},{number * 1.5:.1f}\n"
    for number, animal in enumerate(["otter", "heron", "newt", "lynx", "stork"] * 8, 1)
)
MERGED = """<table><thead><tr><th>Class</th><th>Task</th><th>Hours</th></tr></thead><tbody>
<tr><td rowspan="2">Sheep</td><td>shear</td><td>4</td></tr><tr><td>feed</td><td>1</td></tr>
<tr><td colspan="2">All the rest</td><td>9</td></tr></tbody></table>"""
HOSTILE = (
    "<table><thead><tr><th>Sign &lt;b&gt;</th><th>Meaning</th></tr></thead><tbody>"
    "<tr><td>&lt;script&gt;window.hit=1&lt;/script&gt;</td>"
    '<td>"&lt;img src=x onerror=window.hit=2&gt; | `*a*` &amp;amp; $x$</td></tr>'
    "<tr><td>=1+1</td><td>&lt;/td&gt;&lt;/table&gt;</td></tr></tbody></table>"
)
HEBREW = (
    "<table><thead><tr><th>פרי</th><th>מחיר בקיץ</th><th>מחיר בחורף</th></tr></thead><tbody>"
    "<tr><td>תפוח</td><td>7.50</td><td>9.00</td></tr>"
    "<tr><td>אגס</td><td>8.10</td><td>11.20</td></tr></tbody></table>"
)


@dataclass(frozen=True)
class Texts:
    """A document as what texts and tables are read from, as an index is."""

    document: Document

    def tables(self, document_id: str, span: Span | None = None) -> list[Table]:
        assert document_id == self.document.id
        start, end = span or (0, len(self.document.text))
        held = [one for one in self.document.tables if one.start < end and start < one.end]
        return [one.within(start, end) for one in held]

    def slices(self, document_id: str, spans: Iterable[Span]) -> list[str]:
        assert document_id == self.document.id
        return [self.document.text[start:end] for start, end in spans]


def loaded(folder: Path, name: str, content: str) -> Document:
    """The document that a file of this text is read as."""
    file = folder / name
    file.write_text(content, encoding="utf-8")
    return load_document(file, name)


def cell_of(document: Document, words: str) -> Cell:
    """The cell of a document's tables that says these words."""
    cells = [cell for table in document.tables for cell in table.cells]
    return next(one for one in cells if document.text[one.start : one.end] == words)


def quote_of_cell(
    document: Document, words: str, *, sure: bool = True, span: Span | None = None
) -> Quote:
    """A quote that a cell of these words answers, or just its row; of all the text, or of a span.

    What names the cell is said as the answer says it.
    """
    start, end = span or (0, len(document.text))
    cell = cell_of(document, words)
    table = next(one for one in document.tables if cell in one.cells).within(start, end)
    own = [one for one in table.cells if one.row == cell.row]
    headers = [one.span for one in table.headers(cell)] if sure else []
    labels = [one.span for one in table.labels(cell)] if sure else []
    answering = QuotedTable(
        table, (cell.row,), cell if sure else None, tuple(headers), tuple(labels)
    )
    text = document.text[start:end]
    context = tuple(one.span for one in table.cells if one.kind == "header" and one.end <= start)
    passage = Passage(document.id, document.title, (), start, end, text, 1, context=context)
    return Quote(
        text,
        start,
        end,
        passage,
        ((own[0].start, own[-1].end),),
        context,
        Citation.of(passage, document.digest),
        table=answering,
    )


def view_of(document: Document, quote: Quote) -> TableView:
    """What is shown of a quote's table."""
    assert quote.table is not None
    return table_view(document.id, quote.table, (quote.start, quote.end), Texts(document))


def answer_with(*quotes: Quote, question: str = "How much?") -> Answer:
    """An answer of these quotes."""
    hits = tuple(Hit(quote.passage, 1.0) for quote in quotes)
    return Answer(question, bool(quotes), 0.9, hits, quotes)


def grid_of(document: Document) -> list[list[str]]:
    """The texts of a document's only table, "" for none, each cell where it begins."""
    (table,) = document.tables
    rows = [[""] * table.columns for _ in range(table.rows)]
    for cell in table.cells:
        rows[cell.row][cell.column] = document.text[cell.start : cell.end]
    return rows
