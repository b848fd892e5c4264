"""A quoted table → HTML: headers, the marked row and its neighbours, the answering cell."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from qa_bot.records import Span
from qa_bot.table_view import ShownCell, ShownRow, TableView
from qa_bot.tables import Cell
from qa_bot.web.escaping import marked_html, plain

_LONG = 24  # characters; a column with a longer text isn't made narrower than it can be read

Mark = tuple[str, Span]


def named_html(view: TableView) -> str:
    """What the answering cell is of, and what it says; "" where there is none."""
    if view.headline is None:
        return ""
    said, value = view.headline
    return f'<p class="qa-cell" dir="auto">{marked_html(said, [("b", value)])}</p>'


def table_html(
    view: TableView,
    marks: Sequence[Mark] = (),
    *,
    tinted: Sequence[int] = (),
    folds: bool = True,
) -> str:
    """A table in a box of its own, which scrolls sideways.

    Args:
        view: What is at hand of it.
        marks: Elements around spans of the document, as ``marked_html`` takes them, besides
            the marks of what answers.
        tinted: Rows that are the passage.
        folds: Whether rows far from the marked ones are hidden until somebody wants them.
    """
    body = view.body
    near = set(view.near if folds else body)
    is_folded = len(near) < len(body)
    head = _head(view.laid_out(view.head), view, marks)
    rows = list(view.with_loose(view.laid_out(body, merged=not is_folded)))
    parts = []
    for hidden, run in groupby(rows, lambda row: row.number is not None and row.number not in near):
        shown = list(run)
        if hidden:
            parts.append(_gap(len(shown), len(view.columns)))
        for row in shown:
            parts += ["</tbody><tbody>"] if row.is_group and parts else []  # what it names
            parts.append(_row(row, view, marks, tinted, hidden=hidden))
    turned = ' dir="rtl"' if view.is_from_right else ""
    return (
        f'<div class="qa-table-box"><div class="qa-table-scroll" tabindex="0" role="region"'
        f' aria-label="{plain(view.caption) or "Table"}"><table class="qa-table"{turned}>'
        f"{_caption(view)}{head}<tbody>{''.join(parts)}</tbody></table></div>"
        f"{_below(view, is_folded=is_folded)}</div>"
    )


def _caption(view: TableView) -> str:
    unit = view.unit if view.unit and view.unit not in view.caption else ""
    said = [f"<span>{plain(view.caption)}</span>"] if view.caption else []
    said += [f'<span class="qa-unit">{plain(unit)}</span>'] if unit else []
    return f'<caption dir="auto">{" ".join(said)}</caption>' if said else ""


def _head(rows: Sequence[ShownRow], view: TableView, marks: Sequence[Mark]) -> str:
    shown = "".join(_row(row, view, marks, (), hidden=False) for row in rows)
    return f"<thead>{shown}</thead>" if shown else ""


def _gap(rows: int, columns: int) -> str:
    said = "1 row" if rows == 1 else f"{rows:,} rows"
    return (
        f'<tr class="qa-gap" aria-hidden="true"><td colspan="{columns}" data-said="{said}"></td>'
        "</tr>"
    )


def _below(view: TableView, *, is_folded: bool) -> str:
    """The button that shows all rows, and what of the table isn't here."""
    total, held = view.total, len(view.body)
    parts = []
    if is_folded:
        label = f"Show all {held:,} rows" if held >= total else f"Show {held:,} of {total:,} rows"
        parts.append(
            '<button type="button" class="qa-all-rows qa-quiet" aria-expanded="false"'
            f' data-other="Show fewer rows">{label}</button>'
        )
    if view.is_narrow:
        said = f"{len(view.columns)} of {view.table.columns:,} columns"
        parts.append(f'<span class="qa-narrow">{said}; all are in the source.</span>')
    return f'<p class="qa-table-below">{"".join(parts)}</p>' if parts else ""


def _row(
    row: ShownRow,
    view: TableView,
    marks: Sequence[Mark],
    tinted: Sequence[int],
    *,
    hidden: bool,
) -> str:
    if row.number is None:
        text = marked_html(row.text, list(marks), row.start)
        cells = f'<td colspan="{len(view.columns)}" class="qa-loose" dir="auto">{text}</td>'
        return f"<tr>{cells}</tr>"
    classes = [
        name
        for name, holds in (
            ("qa-passage", row.number in tinted),
            ("qa-marked", row.number in view.answer.rows),
            ("qa-whole", view.answer.cell is None and row.number in view.answer.rows),
            ("qa-group", row.is_group),
            ("qa-folded", hidden),
        )
        if holds
    ]
    classed = f' class="{" ".join(classes)}"' if classes else ""
    cells = "".join(_cell(one, row, view, marks) for one in row.cells)
    return f"<tr{classed}>{cells}</tr>"


def _cell(one: ShownCell, row: ShownRow, view: TableView, marks: Sequence[Mark]) -> str:
    cell = one.cell
    if cell is None:
        return "<td></td>"
    reach = f' colspan="{one.columns}"' if one.columns > 1 else ""
    reach += f' rowspan="{one.rows}"' if one.rows > 1 else ""
    names = cell.span in view.answer.headers or cell.span in view.answer.labels
    classes = ["qa-names"] if names else []
    is_numeric = one.column in view.numeric and one.columns == 1
    if is_numeric and cell.kind in ("value", "header"):
        classes.append("qa-number")
    elif len(one.text) > _LONG:
        classes.append("qa-long")
    classed = f' class="{" ".join(classes)}"' if classes else ""
    text = marked_html(one.text, [*_answering(cell, row, view), *marks], one.start)
    if cell.kind == "value":
        return f'<td{classed}{reach} dir="auto">{text}</td>'
    scope = {
        "header": "colgroup" if one.columns > 1 else "col",
        "label": "rowgroup" if one.rows > 1 else "row",
        "group": "rowgroup",
    }[cell.kind]
    return f'<th scope="{scope}"{classed}{reach} dir="auto">{text}</th>'


def _answering(cell: Cell, row: ShownRow, view: TableView) -> list[Mark]:
    """What is marked of a cell: the one that answers, or all of a row that does."""
    if view.answer.cell is not None:
        is_it = cell.span == view.answer.cell.span
        return [("mark", cell.span), ("b", cell.span)] if is_it else []
    return [("mark", cell.span)] if row.number in view.answer.rows else []
