"""A quoted table in a terminal, and with tabs in a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from qa_bot.shell.console import harmless
from qa_bot.table_view import ShownRow, TableView, filled

_WIDEST = 28  # columns of the terminal that one of the table may take
_BETWEEN = 2


def tabbed(view: TableView) -> Iterator[str]:
    """The caption, the header and the quote's rows, a line each, with tabs between the cells."""
    if view.title:
        yield view.title
    for texts in filled(view, [*view.head, *view.own]):
        yield "\t".join(" ".join(text.split()) for text in texts).rstrip("\t")


def table_for(view: TableView, width: int) -> tuple[Table, str]:
    """The table as far as it fits into so many columns of a terminal, and what is left out."""
    body = view.laid_out(view.body, merged=False)
    near = set(view.near)
    rows = [row for row in body if row.number in near]
    heads = view.laid_out(view.head, merged=False)
    places = _fitting(view, [*heads, *rows], width)
    shown = Table(box=box.SIMPLE_HEAD, padding=(0, _BETWEEN // 2), show_header=bool(heads))
    for place in places:
        stacked = {text.plain: text for row in heads if (text := _over(row, place, view))}
        header = Text("\n").join(stacked.values())
        shown.add_column(header, vertical="top", overflow="fold")
        if place in view.numeric:
            shown.columns[-1].justify = "right"
    left_out = 0
    for row in body:
        if row.number not in near:
            left_out += 1
            continue
        if left_out:
            shown.add_row(Text(f"⋯ {left_out:,} more", style="dim"))
            left_out = 0
        shown.add_row(*(_over(row, place, view) for place in places))
    if left_out:
        shown.add_row(Text(f"⋯ {left_out:,} more", style="dim"))
    return shown, _missing(view, len(places))


def _missing(view: TableView, places: int) -> str:
    parts = []
    if places < len(view.columns) or view.is_narrow:
        parts.append(f"{places} of {view.table.columns:,} columns")
    if len(view.body) < view.total:
        parts.append(f"{len(view.body):,} of {view.total:,} rows at hand")
    return "; ".join(parts)


def _over(row: ShownRow, place: int, view: TableView) -> Text:
    """What a row says in a place; what reaches over several is told in each but in a group."""
    for one in row.cells:
        if one.cell is None or not one.column <= place < one.column + one.columns:
            continue
        if one.cell.kind != "header" and place > one.column:
            break
        return Text(" ".join(harmless(one.text).split()), style=_style(row, one.cell.span, view))
    return Text("")


def _style(row: ShownRow, span: tuple[int, int], view: TableView) -> str:
    answer = view.answer
    if answer.cell is not None and span == answer.cell.span:
        return "bold underline"
    is_marked = answer.cell is None and row.number in answer.rows
    return "bold" if is_marked or row.is_group or span in (*answer.headers, *answer.labels) else ""


def _fitting(view: TableView, rows: Sequence[ShownRow], width: int) -> list[int]:
    """The columns that fit: the first, the answer's, then those beside it, in their order."""
    widths = [3] * len(view.columns)
    for row in rows:
        for one in row.cells:
            if one.columns == 1:
                widths[one.column] = max(widths[one.column], min(cell_len(one.text), _WIDEST))
    answer = view.answer.cell
    at = view.columns.index(answer.column) if answer and answer.column in view.columns else 0
    kept: list[int] = []
    for place in dict.fromkeys([0, at, *sorted(range(len(widths)), key=lambda p: abs(p - at))]):
        width -= widths[place] + _BETWEEN
        if width < 0 and len(kept) > 1:
            break
        kept.append(place)
    return sorted(kept)
