"""Word tables: which of their rows name the columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qa_bot.loaders.table_grid import Grid
from qa_bot.loaders.table_shape import first_row_is, headers_by_merges, headers_over_names
from qa_bot.loaders.word.styles import Styles, child, is_on

if TYPE_CHECKING:
    from lxml import etree


def header_rows(
    table: etree._Element,
    rows: Sequence[etree._Element],
    grid: Grid,
    styles: Styles,
) -> int:
    """How many rows, from the first, are the header.

    Rows that Word repeats on each page are, and those as high as a merged corner. Otherwise the
    texts decide, and where they leave it open, whether the first row looks different: its style
    alone says little, since Word turns the look on for every table.
    """
    texts = grid.rows
    marked = [is_on(child(row, "trPr", "tblHeader")) for row in rows]
    count = marked.index(False) if False in marked else 0
    if count := max(count, headers_by_merges(texts, grid.merged)):
        return count
    first = next((i for i, text in enumerate(texts) if any(text)), len(rows))
    filled = [text for text in texts if any(text)]
    if over := headers_over_names(filled):
        return [i for i, text in enumerate(texts) if any(text)][over - 1] + 1
    match first_row_is(filled):
        case "header":
            return first + 1
        case "unclear":
            looks = styles.has_first_row(child(table, "tblPr")) or (
                _is_bold(rows[first]) and not _is_bold(rows[first + 1])
            )
            return first + 1 if looks or max(map(len, filled)) > 2 else 0
        case _:
            return 0


def _is_bold(row: etree._Element) -> bool:
    """Whether all text of a row is made bold directly, and not by its style."""
    runs = [part for part in row.iter("{*}r") if child(part, "t") is not None]
    return bool(runs) and all(is_on(child(run, "rPr", "b")) for run in runs)
