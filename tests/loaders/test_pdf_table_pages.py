"""A PDF's table that goes on over pages is one table with its header."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import blocks
from fpdf import FPDF
from tabled import cell_of

from qa_bot.loaders.pdf.load import load_pdf
from qa_bot.records import Document

XS = (20, 70, 120, 160)  # mm
HEAD = ("Region", "Manager", "Status", "Beds")
ROWS = [
    (f"Region {n}", "Ann Smithson" if n < 9 else "Bob", ("open", "shut")[n % 2], f"{n * 37}")
    for n in range(1, 60)
]


def drawn(
    tmp_path: Path,
    pages: Sequence[Sequence[tuple[str, ...]]],
    heads: int = 1,
    between: str = "",
) -> Document:
    """Pages of rows without lines, the first so many bold; numbers stand on the right."""
    pdf = FPDF()
    pdf.set_auto_page_break(auto=False)
    for number, rows in enumerate(pages):
        pdf.add_page()
        y = 20
        if between and number:
            pdf.set_font("Times", "", 11)
            pdf.text(XS[0], y, between)
            y += 8
        for at, row in enumerate(rows):
            pdf.set_font("Times", "B" if not number and at < heads else "", 11)
            for x, text in zip(XS, row, strict=True):
                right = 20 - pdf.get_string_width(text) if text.isdecimal() else 0
                if text:
                    pdf.text(x + right, y, text)
            y += 6
        pdf.set_font("Times", "", 9)
        pdf.text(100, 288, f"- {number + 1} -")
    pdf.output(str(tmp_path / "a.pdf"))
    return load_pdf(tmp_path / "a.pdf", "a.pdf")


def names(document: Document, words: str) -> tuple[list[str], list[str]]:
    """The labels and the headers of a cell."""
    cell = cell_of(document, words)
    table = next(one for one in document.tables if cell in one.cells)
    named = table.labels(cell), table.headers(cell)
    labels, headers = ([document.text[one.start : one.end] for one in some] for some in named)
    return labels, headers


def test_rows_on_the_next_page_have_the_header_of_the_first(tmp_path: Path) -> None:
    document = drawn(tmp_path, [[HEAD, *ROWS[:30]], ROWS[30:]])
    (table,) = document.tables
    assert (table.rows, table.columns) == (60, 4)
    assert names(document, "2035") == (["Region 55"], ["Beds"])
    assert blocks(document, "table_row") == [" | ".join(row) for row in ROWS]


def test_a_header_that_comes_again_is_one_there_too(tmp_path: Path) -> None:
    again = ("Region (continued)", *HEAD[1:])
    document = drawn(tmp_path, [[HEAD, *ROWS[:30]], [again, *ROWS[30:]]])
    (table,) = document.tables
    assert [cell.row for cell in table.cells if cell.kind == "header"] == [0] * 4 + [31] * 4
    assert names(document, "2035") == (["Region 55"], ["Beds"])
    assert blocks(document, "table_header") == [" | ".join(HEAD), " | ".join(again)]


@pytest.mark.parametrize("again", [[HEAD], []])
def test_a_caption_that_says_continued_does_not_end_a_table(
    tmp_path: Path, again: list[tuple[str, ...]]
) -> None:
    pages: list[list[tuple[str, ...]]] = [[HEAD, *ROWS[:30]], [*again, *ROWS[30:]]]
    document = drawn(tmp_path, pages, between="Table 4 (continued)")
    (table,) = document.tables
    assert table.rows == 60 + len(again)
    assert names(document, "2035") == (["Region 55"], ["Beds"])
    assert blocks(document, "caption") == ["Table 4 (continued)"]


def test_a_column_that_is_empty_on_the_next_page_leaves_the_others_in_their_places(
    tmp_path: Path,
) -> None:
    rest = [(name, "", status, beds) for name, _, status, beds in ROWS[30:]]
    document = drawn(tmp_path, [[HEAD, *ROWS[:30]], rest])
    (table,) = document.tables
    assert table.columns == 4
    assert names(document, "2035") == (["Region 55"], ["Beds"])
    assert {cell.column for cell in table.cells if cell.row > 31} == {0, 2, 3}


def test_another_table_on_the_next_page_is_one_of_its_own(tmp_path: Path) -> None:
    other = [("Town", "Mayor", "Since", "Votes"), *ROWS[30:]]
    assert len(drawn(tmp_path, [[HEAD, *ROWS[:30]], other], between="Towns").tables) == 2
    shifted = [(name, f"{n}", "", "") for n, (name, *_) in enumerate(ROWS[30:], 2000)]
    document = drawn(tmp_path, [[HEAD, *ROWS[:30]], shifted])
    assert len(document.tables) == 2
    assert names(document, "2020")[1] == []
