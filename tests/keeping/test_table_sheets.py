"""Quoted tables in sheets: what our own loaders read back is what was quoted."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import docx
import pytest
from docx.enum.table import WD_TABLE_DIRECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH
from tabled import (
    HEBREW,
    HOSTILE,
    INCOME,
    MERGED,
    TOWNS,
    answer_with,
    grid_of,
    loaded,
    quote_of_cell,
    view_of,
)

from qa_bot.keeping.quote_sheet import Form, make_quote_sheet
from qa_bot.loaders import load_document
from qa_bot.records import Document, Quote

MADE = datetime(2026, 11, 5, 14, 20, tzinfo=UTC)
QUOTED = {"income": "24,512", "merged": "4", "hostile": "=1+1", "prices": "11.20"}
TABLES = {"income": INCOME, "merged": MERGED, "hostile": HOSTILE, "prices": HEBREW}


def sheet_of(document: Document, quote: Quote, form: Form) -> bytes:
    sheet = make_quote_sheet(
        [answer_with(quote)],
        form,
        made=MADE,
        table=lambda one: view_of(document, one),
        context=lambda one: [document.text[start:end] for start, end in one.context],
    )
    return sheet.content


def read_back(folder: Path, name: str, content: bytes) -> Document:
    file = folder / name
    file.write_bytes(content)
    return load_document(file, name)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_read_back_from_a_word_file_has_the_same_cells(tmp_path: Path, name: str) -> None:
    document = loaded(tmp_path, f"{name}.html", TABLES[name])
    again = read_back(
        tmp_path, "sheet.docx", sheet_of(document, quote_of_cell(document, QUOTED[name]), "docx")
    )
    (table,), (other,) = document.tables, again.tables

    def told(of: Document) -> list[tuple[str, str, int, int, int, int]]:
        return [
            (of.text[one.start : one.end], one.kind, one.row, one.column, one.rows, one.columns)
            for one in of.tables[0].cells
        ]

    assert told(again) == told(document)
    assert (other.rows, other.columns) == (table.rows, table.columns)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_read_back_from_markdown_has_the_same_rows(tmp_path: Path, name: str) -> None:
    document = loaded(tmp_path, f"{name}.html", TABLES[name])
    quote = quote_of_cell(document, QUOTED[name])
    again = read_back(tmp_path, "sheet.md", sheet_of(document, quote, "markdown"))
    view = view_of(document, quote)
    body = [
        [one.text for one in row.cells for _ in range(one.columns)]
        for row in view.laid_out(view.own, merged=False)
    ]
    read = grid_of(again)
    assert len(read) == 1 + len(body), "one header row"
    for row, other in zip(body, read[1:], strict=True):
        assert [one for one in other if one] == list(dict.fromkeys(one for one in row if one))
    if name == "income":
        assert read[0] == [
            "Year ended June 30",
            "As reported · 2023",
            "As reported · 2022",
            "Change",
        ]


@pytest.mark.parametrize("name", TABLES)
def test_the_table_of_a_csv_sheet_read_as_a_table_has_the_same_cells(
    tmp_path: Path, name: str
) -> None:
    document = loaded(tmp_path, f"{name}.html", TABLES[name])
    quote = quote_of_cell(document, QUOTED[name])
    text = sheet_of(document, quote, "csv").decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    assert row["answering_cell"].removeprefix("'") == QUOTED[name]
    assert row["quote"] == quote.text
    again = loaded(tmp_path, "cells.csv", row["table"])
    wanted = [
        [one.removeprefix("'") for one in line]
        for line in csv.reader(io.StringIO(row["table"]), delimiter="\t")
    ]
    assert [[one.removeprefix("'") for one in line] for line in grid_of(again)] == wanted
    said = [one for line in wanted for one in line if one]
    assert said == [
        one.text
        for line in view_of(document, quote).laid_out(
            [*view_of(document, quote).head, *view_of(document, quote).own]
        )
        for one in line.cells
        if one.text
    ]


def test_a_word_file_marks_the_cell_and_sets_numbers_at_the_right(tmp_path: Path) -> None:
    document = loaded(tmp_path, "income.html", INCOME)
    content = sheet_of(document, quote_of_cell(document, "24,512"), "docx")
    word = docx.Document(io.BytesIO(content))
    texts = [one.text for one in word.paragraphs]
    assert "Operating expenses › Research · As reported › 2022: 24,512" in texts
    assert "Statements of income ($ in millions)" in texts
    quoted = [one.text for one in word.paragraphs if one.style.name == "Quote"]
    assert quoted[-1] == "The notes are part of them."
    cell = word.tables[0].cell(4, 2).paragraphs[0]
    assert (cell.text, cell.runs[0].bold, cell.runs[0].font.highlight_color is not None) == (
        "24,512",
        True,
        True,
    )
    assert cell.alignment == WD_ALIGN_PARAGRAPH.RIGHT
    assert not word.tables[0].cell(4, 1).paragraphs[0].runs[0].bold
    turned = loaded(tmp_path, "prices.html", HEBREW)
    word = docx.Document(io.BytesIO(sheet_of(turned, quote_of_cell(turned, "11.20"), "docx")))
    assert word.tables[0].table_direction == WD_TABLE_DIRECTION.RTL


def test_just_the_rows_of_the_quote_are_in_a_sheet_with_their_header(tmp_path: Path) -> None:
    document = loaded(tmp_path, "towns.csv", TOWNS)
    start = document.text.index("Town: Town 19")
    end = document.text.index("\n", document.text.index("Town: Town 22"))
    quote = quote_of_cell(document, "31.5", span=(start, end))
    markdown = sheet_of(document, quote, "markdown").decode()
    assert "Context:" not in markdown, "the header is the table's"
    assert markdown.count("> | ") == 2 + 4
    assert "> | Town 21 | otter | 21 | **31.5** |" in markdown


@pytest.mark.parametrize("form", ["markdown", "csv", "docx"])
def test_a_table_that_is_too_wide_to_show_is_quoted_as_text(tmp_path: Path, form: Form) -> None:
    names = ",".join(f"c{number}" for number in range(100))
    document = loaded(tmp_path, "wide.csv", f"Place,{names}\nhere,{','.join('7' * 100)}\n")
    quote = quote_of_cell(document, "here", sure=False)
    content = sheet_of(document, quote, form)
    if form == "csv":
        (row,) = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        assert (row["table"], row["quote"]) == ("", quote.text)
    else:
        again = read_back(tmp_path, {"markdown": "a.md", "docx": "a.docx"}[form], content)
        assert not again.tables
        assert "c98: 7 | c99: 7" in again.text
