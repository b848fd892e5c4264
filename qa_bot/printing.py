"""What a notebook and ``print`` show of a record: plain text, Markdown, HTML. All is escaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from qa_bot.markdown import markdown_text
from qa_bot.tables import Cell, QuotedTable, Span

MARKS = "⟦", "⟧"
"""What stands around a marked sentence where nothing can be bold."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quote to print: its text, where that begins in its document, spans of the document."""

    text: str
    start: int
    marked: Sequence[Span]
    cited: str
    table: QuotedTable | None = None  # what is known of the rows, where it is of a table

    @property
    def spans(self) -> list[Span]:
        """What is marked, as disjoint spans of the text, in its order."""
        return sorted((start - self.start, end - self.start) for start, end in self.marked)


class Printed:
    """A record that prints readably: it says what is told above its quotes, and the quotes."""

    __slots__ = ()

    def _printed(self) -> tuple[str, Sequence[Quoted]]:
        raise NotImplementedError

    def __str__(self) -> str:
        told, quotes = self._printed()
        shown = (f"{marked_text(one.text, one.spans)}\n— {one.cited}" for one in quotes)
        return "\n\n".join([*filter(None, [told]), *shown])

    def _repr_markdown_(self) -> str:
        told, quotes = self._printed()
        return "\n\n".join([*filter(None, [told]), *map(_markdown, quotes)])

    def _repr_html_(self) -> str:
        told, quotes = self._printed()
        return (f"<p>{escape(told)}</p>" if told else "") + "".join(map(_html, quotes))


def marked_text(text: str, spans: Sequence[Span], marks: tuple[str, str] = MARKS) -> str:
    """The text with something put around disjoint spans of it."""
    return "".join(
        f"{marks[0]}{part}{marks[1]}" if is_marked else part
        for part, is_marked in _parts(text, spans)
    )


def _parts(text: str, spans: Sequence[Span]) -> Iterator[tuple[str, bool]]:
    at = 0
    for start, end in spans:
        yield text[at:start], False
        yield text[start:end], True
        at = end
    yield text[at:], False


def _markdown(quoted: Quoted) -> str:
    shown = [
        f"“{markdown_text(quoted.text, quoted.spans)}”",
        f"— {markdown_text(quoted.cited, one_line=True)}",
    ]
    return "\n>\n".join("> " + one.replace("\n", "\n> ") for one in shown)


def _html(quoted: Quoted) -> str:
    """A ``figure``: the text with ``mark`` around spans of it, or its rows as a table."""
    body = "" if quoted.table is None else _rows(quoted.text, quoted.start, quoted.table)
    if not body:
        shown = "".join(
            f"<mark>{escape(part)}</mark>" if is_marked else escape(part)
            for part, is_marked in _parts(quoted.text, quoted.spans)
        )
        body = f'<span style="white-space:pre-wrap">{shown}</span>'
    cited = f"<figcaption>— {escape(quoted.cited)}</figcaption>"
    return f"<figure><blockquote>{body}</blockquote>{cited}</figure>"


def _rows(text: str, offset: int, table: QuotedTable) -> str:
    """The rows that are quoted; "" where the quote is more than they are."""
    cells = [
        cell
        for cell in table.table.cells
        if offset <= cell.start and cell.end <= offset + len(text)
    ]
    if not cells or text[: cells[0].start - offset].strip():
        return ""
    if text[max(cell.end for cell in cells) - offset :].strip():
        return ""
    rows = (
        f"<tr>{''.join(_cell(text, offset, cell, table) for cell in row)}</tr>"
        for _, row in groupby(cells, key=lambda cell: cell.row)
    )
    return f"<table>{''.join(rows)}</table>"


def _cell(text: str, offset: int, cell: Cell, table: QuotedTable) -> str:
    said = escape(text[cell.start - offset : cell.end - offset])
    is_it = table.cell is not None and table.cell.span == cell.span
    if is_it or (table.cell is None and cell.row in table.rows):
        said = f"<mark>{said}</mark>"
    name = "td" if cell.kind == "value" else "th"
    return f"<{name}>{said}</{name}>"
