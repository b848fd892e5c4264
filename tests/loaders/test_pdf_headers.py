"""Headers of words over rows that a PDF draws no lines around: "Level 1 | Level 2"."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import blocks
from fpdf import FPDF
from tabled import cell_of

from qa_bot.loaders.pdf.load import load_pdf
from qa_bot.records import Document

AMOUNTS = (60, 330, 400, 470)  # points: the names' left edge, the amounts' right ones
WORDS = (60, 220, 360)
FUNDS = [
    ("Money market funds", "$ 120", "-", "-"),
    ("Municipal bonds", "-", "455", "-"),
    ("Total", "$ 120", "455", "33"),
]
LEVELS = ("", "Level 1", "Level 2", "Level 3")
PLACES = [
    ("North", "Ann Smith", "Open"),
    ("South", "Bob Carr", "Shut for repairs"),
    ("East", "Ivy Moss", "Open"),
]
NAMES = ("Region", "Manager", "Status")


def drawn(
    folder: Path, rows: Sequence[tuple[str, ...]], bold: Sequence[int], xs: Sequence[int]
) -> Document:
    """A page with rows fourteen points apart, those of these numbers bold."""
    pdf = FPDF(unit="pt")
    pdf.add_page()
    for at, row in enumerate(rows):
        pdf.set_font("Times", "B" if at in bold else "", 10)
        for column, (x, text) in enumerate(zip(xs, row, strict=False)):
            right = pdf.get_string_width(text) if xs is AMOUNTS and column else 0
            if text:
                pdf.text(x - right, 100 + 14 * at, text)
    pdf.output(str(folder / "a.pdf"))
    return load_pdf(folder / "a.pdf", "a.pdf")


def names(document: Document, words: str) -> tuple[list[str], list[str]]:
    """The labels and the headers of a cell."""
    cell = cell_of(document, words)
    table = next(one for one in document.tables if cell in one.cells)
    named = table.labels(cell), table.headers(cell)
    labels, headers = ([document.text[one.start : one.end] for one in some] for some in named)
    return labels, headers


@pytest.mark.parametrize("corner", ["", "Fund"])
@pytest.mark.parametrize("groups", [("Assets:",), ("Assets:", "Cash equivalents"), ()])
def test_names_above_a_group_of_amounts_are_its_header(
    tmp_path: Path, corner: str, groups: tuple[str, ...]
) -> None:
    rows = [(corner, *LEVELS[1:]), *((group,) for group in groups), *FUNDS]
    document = drawn(tmp_path, rows, (), AMOUNTS)
    assert names(document, "455") == ([*groups[-1:], "Municipal bonds"], ["Level 2"])
    assert names(document, "33") == ([*groups[-1:], "Total"], ["Level 3"])
    assert len(blocks(document, "table_header")) == 1


def test_a_unit_between_names_and_amounts_is_in_the_header(tmp_path: Path) -> None:
    rows = [LEVELS, ("", "", "(in millions)"), *FUNDS]
    document = drawn(tmp_path, rows, (), AMOUNTS)
    assert names(document, "33") == (["Total"], ["Level 3"])
    assert document.text[slice(*(document.tables[0].unit or (0, 0)))] == "in millions"


@pytest.mark.parametrize("bold", [(0,), (0, 1)])
def test_bold_names_above_a_group_of_words_are_its_header(
    tmp_path: Path, bold: tuple[int, ...]
) -> None:
    document = drawn(tmp_path, [NAMES, ("Coast",), *PLACES], bold, WORDS)
    assert names(document, "Ivy Moss") == (["Coast", "East"], ["Manager"])
    assert names(document, "Shut for repairs") == (["Coast", "South"], ["Status"])
    assert blocks(document, "table_header") == [" | ".join(NAMES)]


def test_rows_of_another_table_above_amounts_are_no_header(tmp_path: Path) -> None:
    rows = [*((*row, "") for row in PLACES), ("Paid to whom",), *FUNDS]
    document = drawn(tmp_path, rows, (), AMOUNTS)
    assert names(document, "455")[1] == []
    assert not blocks(document, "table_header")
