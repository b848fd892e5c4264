"""A quoted table as Markdown and as a table of a Word file, its answering cell bold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from qa_bot.keeping.citing import (
    block_quote,
    markdown_citation,
    place,
    replaced_note,
)
from qa_bot.markdown import NOT_IN_MARKDOWN, markdown_text
from qa_bot.records import Quote, Span
from qa_bot.table_view import ShownCell, ShownRow, TableView, text_around

Write = Callable[[Any, str, list[Span]], None]
"""Writes a text into an empty paragraph of a Word file, some spans of it marked."""


def marked_spans(quote: Quote) -> list[Span]:
    """The answering sentences as spans of the quote's text, in its order; none that isn't sure."""
    return sorted((start - quote.start, end - quote.start) for start, end in quote.marked)


def parts_around(quote: Quote, view: TableView) -> list[tuple[str, list[Span]] | None]:
    """What a quote says before its table and after it, each with its marked spans; or None."""
    parts: list[tuple[str, list[Span]] | None] = []
    for start, end in text_around(view, quote.text, quote.start):
        first, last = start - quote.start, end - quote.start
        marked = [
            (max(a, first) - first, min(b, last) - first)
            for a, b in marked_spans(quote)
            if a < last and first < b
        ]
        parts.append((quote.text[first:last], marked) if start < end else None)
    return parts


def markdown_table_quote(quote: Quote, view: TableView, link: str = "") -> str:
    """A block quote: what answers in a line, the table with the text around it, the citation."""
    before, after = parts_around(quote, view)
    blocks = []
    if view.headline is not None:
        said, value = view.headline
        blocks.append(markdown_text(said, [value], one_line=True))
    blocks += [f"“{markdown_text(*before)}”"] if before else []
    blocks += [markdown_text(view.title, one_line=True)] if view.title else []
    blocks.append(markdown_table(view))
    blocks += [f"“{markdown_text(*after)}”"] if after else []
    blocks.append(f"— {markdown_citation(quote.citation, link)}")
    texts = (quote.text, place(quote.citation), *(text for _, text in view.texts.values()))
    blocks.append(replaced_note(texts, NOT_IN_MARKDOWN, "Markdown"))
    return block_quote(filter(None, blocks))


def markdown_table(view: TableView) -> str:
    """The quote's rows as a table of GitHub's Markdown, which has one header row.

    What several header rows say of a column is told in one, outermost first; a merged cell
    stands in each of its rows.
    """
    heads = view.laid_out(view.head, merged=False)
    places = range(len(view.columns))
    stacked = [list(dict.fromkeys(filter(None, _texts(heads, place)))) for place in places]
    rules = ["--:" if place in view.numeric else "---" for place in places]
    lines = [[markdown_text(" · ".join(texts), in_cell=True) for texts in stacked], rules]
    for row in view.laid_out(view.own, merged=False):
        cells = [""] * len(places)
        for one in row.cells:
            marked = _marked(one, row, view)
            cells[one.column] = markdown_text(one.text, marked, in_cell=True)
        lines.append(cells)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _texts(heads: list[ShownRow], place: int) -> Iterator[str]:
    for row in heads:
        for one in row.cells:
            if one.column <= place < one.column + one.columns:
                yield one.text


def _marked(one: ShownCell, row: ShownRow, view: TableView) -> list[Span]:
    """What is bold of a cell: all of it or nothing."""
    if one.cell is None or not one.text:
        return []
    answer = view.answer
    is_it = row.number in answer.rows
    if answer.cell is not None:
        is_it = one.cell.span == answer.cell.span
    return [(0, len(one.text))] if is_it else []


def write_word_table(document: Any, view: TableView, write: Write) -> None:  # noqa: ANN401
    """Add the header and the quote's rows to a Word file, merged cells as such."""
    from docx.enum.table import WD_TABLE_DIRECTION
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement

    heads = view.laid_out(view.head)
    rows = [*heads, *view.laid_out(view.own)]
    table = document.add_table(len(rows), len(view.columns))
    table.style = "Table Grid"
    if view.is_from_right:
        table.table_direction = WD_TABLE_DIRECTION.RTL
    grid = [list(row.cells) for row in table.rows]
    for at, row in enumerate(rows):
        if at < len(heads):  # repeated on every page, and told to who can't see it
            table.rows[at]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
        for one in row.cells:
            if one.cell is None:
                continue
            cell = grid[at][one.column]
            if one.rows > 1 or one.columns > 1:
                cell = cell.merge(grid[at + one.rows - 1][one.column + one.columns - 1])
            paragraph = cell.paragraphs[0]
            write(paragraph, one.text, _marked(one, row, view))
            if one.column in view.numeric and one.columns == 1 and one.cell.kind != "label":
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            if one.cell.kind in ("header", "group"):
                for run in paragraph.runs:
                    run.bold = run.font.cs_bold = True
