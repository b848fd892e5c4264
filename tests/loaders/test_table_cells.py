"""A table's cells: which text stands in which row and column, and what names it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import docx
from fpdf import FPDF

from qa_bot.loaders.html.load import parse_web_page
from qa_bot.loaders.markdown import parse_markdown
from qa_bot.loaders.pdf.load import load_pdf
from qa_bot.loaders.table import parse_table
from qa_bot.loaders.table_grid import Grid, tidied
from qa_bot.loaders.word.load import load_word
from qa_bot.loaders.worker import from_json, to_json
from qa_bot.records import Document
from qa_bot.tables import Cell, laid_out


def shown(document: Document, kind: str) -> list[tuple[int, int, str]]:
    """Row, column and text of the first table's cells of a kind."""
    return [
        (cell.row, cell.column, text_of(document, cell))
        for cell in document.tables[0].cells
        if cell.kind == kind
    ]


def text_of(document: Document, cell: Cell) -> str:
    return document.text[cell.start : cell.end]


def names_of(document: Document, text: str) -> tuple[list[str], list[str]]:
    """The labels and the headers of the first table's cell with that text."""
    table = document.tables[0]
    cell = next(one for one in table.cells if text_of(document, one) == text)
    return (
        [text_of(document, one) for one in table.labels(cell)],
        [text_of(document, one) for one in table.headers(cell)],
    )


INCOME = """
<p>(In millions, except per share data)</p>
<table><thead>
<tr><th></th><th colspan="4">Year ended June 30</th></tr>
<tr><th></th><th colspan="2">2023</th><th colspan="2">2022</th></tr></thead>
<tr><td colspan="5">Operating activities:</td></tr>
<tr><td>Net income</td><td>$</td><td>72,361</td><td>$</td><td>(1,738</td><td>)</td></tr>
<tr><td>Depreciation</td><td></td><td>13,861</td><td></td><td>14,460</td></tr>
<tr><td colspan="5">Financing activities:</td></tr>
<tr><td>Repurchases</td><td></td><td>9</td><td></td><td>8</td></tr>
</table>
"""


def test_a_header_over_several_rows_and_columns_names_the_values_below_it() -> None:
    document = parse_web_page(INCOME, "a.html")
    assert names_of(document, "13,861") == (
        ["Operating activities:", "Depreciation"],
        ["Year ended June 30", "2023"],
    )
    assert names_of(document, "8") == (
        ["Financing activities:", "Repurchases"],
        ["Year ended June 30", "2022"],
    )


def test_signs_drawn_in_columns_of_their_own_are_part_of_their_number() -> None:
    document = parse_web_page(INCOME, "a.html")
    assert shown(document, "value")[:2] == [(3, 1, "$ 72,361"), (3, 2, "$ (1,738)")]
    assert document.tables[0].columns == 3


def test_the_unit_is_told_in_the_line_above_in_the_caption_or_in_the_corner() -> None:
    told = [
        parse_web_page(INCOME, "a.html"),
        parse_markdown("Table 1. Costs ($ in thousands)\n\n|a|b|\n|-|-|\n|c|1|", "a.md"),
        parse_markdown("|(€ million)|2023|\n|-|-|\n|Costs|1|", "a.md"),
    ]
    units = [one.tables[0].unit for one in told]
    assert [
        text.text[unit[0] : unit[1]] for text, unit in zip(told, units, strict=True) if unit
    ] == [
        "In millions",
        "$ in thousands",
        "€ million",
    ]
    prose = (
        "We live in pounds of snow, in millions of flakes that nobody has ever counted so far.\n\n"
    )
    assert parse_markdown(f"{prose}|a|b|\n|-|-|\n|c|1|", "a.md").tables[0].unit is None


def test_a_cell_over_several_rows_is_one_that_reaches_over_them() -> None:
    page = """<table><tr><th>City<th>Night<th>Cap</tr>
    <tr><td rowspan=2>London<td>first<td>210</tr><tr><td>second<td>190</tr>
    <tr><td>Paris<td>first<td>180</tr></table>"""
    document = parse_web_page(page, "a.html")
    london = next(one for one in document.tables[0].cells if text_of(document, one) == "London")
    assert (london.row, london.rows, london.column, london.columns) == (1, 2, 0, 1)
    assert [text_of(document, one) for one in laid_out(document.tables[0].cells)].count(
        "London"
    ) == 1
    assert names_of(document, "190") == (["London", "second"], ["Cap"])


def test_a_row_of_a_text_over_all_columns_is_a_group_only_above_others(tmp_path: Path) -> None:
    made = docx.Document()
    table = made.add_table(rows=4, cols=3)
    for row, texts in zip(
        table.rows,
        [
            ["Bath", "Opens", "Closes"],
            ["Indoor", "", ""],
            ["North", "6", "22"],
            ["Shut at Yule", "", ""],
        ],
        strict=True,
    ):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    for row in (table.rows[1], table.rows[3]):
        row.cells[0].merge(row.cells[2])
    made.save(str(tmp_path / "a.docx"))
    document = load_word(tmp_path / "a.docx", "a.docx")
    assert shown(document, "header") == [(0, 0, "Bath"), (0, 1, "Opens"), (0, 2, "Closes")]
    assert shown(document, "group") == [(1, 0, "Indoor")]
    assert shown(document, "value")[-1] == (3, 0, "Shut at Yule")
    assert document.tables[0].cells[-1].columns == 3
    assert names_of(document, "22") == (["Indoor", "North"], ["Closes"])


def test_a_row_of_one_header_cell_below_the_headers_is_a_group() -> None:
    head = "<tr><th>Year</th><th>2023</th><th>2022</th></tr>"
    rows = (
        '<tr><th colspan="3" scope="rowgroup">Revenue:</th></tr>'
        "<tr><td>Product</td><td>64</td><td>72</td></tr>"
        '<tr><th colspan="3">Costs:</th></tr><tr><td>Product</td><td>17</td><td>19</td></tr>'
    )
    for table in (f"<thead>{head}</thead><tbody>{rows}</tbody>", f"{head}{rows}"):
        document = parse_web_page(f"<table>{table}</table>", "a.html")
        assert names_of(document, "72") == (["Revenue:", "Product"], ["2022"])
        assert names_of(document, "19") == (["Costs:", "Product"], ["2022"])
    over = '<tr><th colspan="3">Year ended June 30</th></tr>' + head + rows
    document = parse_web_page(f"<table>{over}</table>", "a.html")
    assert names_of(document, "72")[1] == ["Year ended June 30", "2022"]


def test_a_ragged_row_of_a_csv_keeps_its_columns() -> None:
    source = "Article;Price;Remark\nBolt;0.12;popular\nNut;0.08;\n;;lost\nPin;0.03;good\n"
    document = parse_table(source, "a.csv")
    assert document.text.split("\n")[2] == "Article: Nut | Price: 0.08"
    values = [(row, column, text) for row, column, text in shown(document, "value") if row == 2]
    assert values == [(2, 1, "0.08")]
    assert (3, 2, "lost") in shown(document, "value")
    assert names_of(document, "0.08") == (["Nut"], ["Price"])


def test_columns_that_number_the_rows_and_their_names_are_labels() -> None:
    rows = "\n".join(f"|{n}|{name}|{n * 7}|" for n, name in enumerate(("Ann", "Bob", "Eve"), 1))
    document = parse_markdown(f"|No.|Name|Points|\n|-|-|-|\n{rows}", "a.md")
    assert names_of(document, "14") == (["2", "Bob"], ["Points"])


def test_in_a_form_each_value_is_named_by_what_stands_before_it() -> None:
    page = """<table><tr><td>Place:<td>Reno<td>Date:<td>May 3</tr>
    <tr><td>Pilot:<td>Ann<td>Seats:<td>4</tr></table>"""
    document = parse_web_page(page, "a.html")
    assert names_of(document, "4") == (["Seats:"], [])
    assert names_of(document, "Ann") == (["Pilot:"], [])


def drawn(
    tmp_path: Path,
    texts: list[tuple[float, float, str]],
    rules: Sequence[float] = (),
    undivided: int = 0,
) -> Document:
    """A page with texts at places (points from the left and the top), and lines across it.

    So many rows, from the first, have no lines between their columns.
    """
    pdf = FPDF(unit="pt")
    pdf.set_font("helvetica", size=10)
    pdf.add_page()
    for x, y, text in texts:
        width = pdf.get_string_width(text) if text[-1:] in "0123456789)%-" else 0
        pdf.text(x - width, y, text)
    for y in rules:
        pdf.line(50, y, 400, y)
    if rules:
        for x in (50, 200, 300, 400):
            pdf.line(x, rules[undivided if 50 < x < 400 else 0], x, rules[-1])
    pdf.output(str(tmp_path / "a.pdf"))
    return load_pdf(tmp_path / "a.pdf", "a.pdf")


def test_a_pdf_table_without_lines_has_groups_headers_over_columns_and_signed_numbers(
    tmp_path: Path,
) -> None:
    body = [
        (60, 160, "Operating activities:"),
        *((70, 175, "Net income"), (290, 175, "$"), (340, 175, "1,495"), (370, 175, "$")),
        (420, 175, "(11,755)"),
        *((70, 190, "Stock compensation"), (340, 190, "7,773"), (420, 190, "-")),
        (60, 205, "Investing activities:"),
        *((70, 220, "Proceeds from the sale of"), (78, 232, "equipment"), (340, 232, "12")),
        (420, 232, "1,750"),
    ]
    head = [
        (335, 130, "Years ended"),
        (340, 145, "2012"),
        (420, 145, "2011"),
        (60, 100, "(in thousands)"),
    ]
    document = drawn(tmp_path, [*head, *body])
    assert shown(document, "header") == [(0, 1, "Years ended"), (1, 1, "2012"), (1, 2, "2011")]
    assert document.tables[0].cells[0].columns == 2
    assert names_of(document, "7,773") == (
        ["Operating activities:", "Stock compensation"],
        ["Years ended", "2012"],
    )
    assert names_of(document, "1,750") == (
        ["Investing activities:", "Proceeds from the sale of equipment"],
        ["Years ended", "2011"],
    )
    assert shown(document, "value")[:2] == [(3, 1, "$ 1,495"), (3, 2, "$ (11,755)")]
    assert document.text[slice(*(document.tables[0].unit or (0, 0)))] == "in thousands"


def test_several_rows_between_two_lines_are_rows_where_each_has_its_amounts(tmp_path: Path) -> None:
    names = ("Alby", "Brandt", "Corve", "Dorn", "Elst", "Farn")
    texts = [(60.0, 120.0, "Town"), (210.0, 120.0, "Houses"), (310.0, 120.0, "Mills")]
    for number, name in enumerate(names):
        y = 140 + 14 * number
        texts += [(60, y, name), (250, y, f"{412 + number * 31}"), (350, y, f"{number + 3}")]
    document = drawn(tmp_path, texts, [108, 126, 171, 220])
    assert names_of(document, "474") == (["Corve"], ["Houses"])
    assert names_of(document, "8") == (["Farn"], ["Mills"])


def test_a_title_drawn_over_all_columns_is_one_text_and_columns_of_years_name_no_rows(
    tmp_path: Path,
) -> None:
    title = [(60.0, 120.0, "MEASURE:"), (60.0, 134.0, "Boats inspected"), (180.0, 134.0, "in port")]
    heads = [(x, 160.0, f"FY {year} Results") for x, year in ((70, 2015), (210, 2016), (310, 2017))]
    values = [(120.0, 190.0, "61%"), (250.0, 190.0, "63%"), (350.0, 190.0, "58%")]
    rules = [108, 142, 172, 200]
    document = drawn(tmp_path, [*title, *heads, *values], rules, undivided=1)
    assert [text_of(document, cell) for cell in document.tables[0].cells[3:]] == [
        "61%",
        "63%",
        "58%",
    ]
    assert shown(document, "label") == []
    assert document.tables[0].caption is not None
    said = document.text[slice(*document.tables[0].caption)]
    assert said.split() == "MEASURE: Boats inspected in port".split()
    assert names_of(document, "61%") == ([], ["FY 2015 Results"])


def test_a_block_beside_a_form_is_no_column_of_it(tmp_path: Path) -> None:
    names = ("Invoice number", "Invoice date", "Due date", "Customer number")
    values = ("RG-A", "12 February", "26 February", "K-B")
    texts = [(60.0, 90.0 + 16 * n, name) for n, name in enumerate(names)]
    texts += [(180.0, 90.0 + 16 * n, value) for n, value in enumerate(values)]
    address = ("Bill to", "Choir of St Olave", "Quay Street", "Harwick")
    texts += [(380.0, 90.0 + 13 * n, line) for n, line in enumerate(address)]
    document = drawn(tmp_path, texts)
    assert document.tables[0].columns == 2
    assert names_of(document, "26 February") == (["Due date"], [])


def test_tables_come_through_the_worker_process_as_they_are() -> None:
    document = parse_web_page(INCOME, "a.html")
    assert from_json(to_json(document)) == document


def test_a_line_below_some_columns_parts_their_rows_and_not_the_cell_beside_them(
    tmp_path: Path,
) -> None:
    pdf = FPDF(unit="pt")
    pdf.set_font("helvetica", size=10)
    pdf.add_page()
    for y in (100, 120, 180):
        pdf.line(50, y, 400, y)
    pdf.line(200, 140, 400, 140)
    for x in (50, 200, 300, 400):
        pdf.line(x, 100, x, 180)
    for x, y, text in [
        *((60, 114, "Aim"), (210, 114, "Type"), (310, 114, "Until")),
        *((60, 134, "Mend the bridge"), (60, 146, "of the mill and"), (60, 158, "the dam")),
        *((210, 134, "Target"), (310, 134, "May 2031")),
        *((210, 154, "Actual"), (310, 154, "June 2033")),
    ]:
        pdf.text(x, y, text)
    pdf.output(str(tmp_path / "a.pdf"))
    document = load_pdf(tmp_path / "a.pdf", "a.pdf")
    aim = "Mend the bridge of the mill and the dam"
    assert document.text == f"Aim | Type | Until\n{aim} | Target | May 2031\n| Actual | June 2033"
    (table,) = document.tables
    assert [cell.rows for cell in table.cells if text_of(document, cell) == aim] == [2]
    assert names_of(document, "May 2031") == ([aim], ["Until"])
    assert names_of(document, "June 2033") == ([aim, "Actual"], ["Until"])


def test_a_dash_for_no_amount_is_no_minus_of_the_next_column() -> None:
    rows = [
        ["Year", "North", "South"],
        ["1991", "-", "31.4"],
        ["1992", "5", "30"],
        ["1993", "–", "2"],
    ]
    assert tidied(Grid(rows, [0])).rows == rows
    rows = [["Item", "", "Change"], ["Oil", "-", "3.1"], ["Gas", "", "2.0"]]
    assert tidied(Grid(rows, [0])).rows == [["Item", "Change"], ["Oil", "- 3.1"], ["Gas", "2.0"]]
