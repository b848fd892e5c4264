"""Tables that are huge, nested, for layout, saved by spreadsheets, of one cell, from the right."""

from __future__ import annotations

from pathlib import Path

import docx
import pytest
from conftest import blocks
from docx.oxml import OxmlElement
from tabled import Texts, cell_of, grid_of, loaded, quote_of_cell

from qa_bot.loaders import load_document
from qa_bot.loaders.html.load import parse_web_page
from qa_bot.records import Document
from qa_bot.table_reading import COLUMNS, ROWS, table_view
from qa_bot.table_view import TableView
from qa_bot.tables import QuotedTable

PROSE = (
    "The heron has been counted every year since the dam was built by the village. It stands in "
    "the lake, nobody feeds it, and whoever wants to see it has to come before the sun is up, "
    "since it leaves for the sea as soon as the first boats are out."
)
EXCEL = """<html xmlns:o="urn:schemas-microsoft-com:office:office"
xmlns:x="urn:schemas-microsoft-com:office:excel" xmlns="http://www.w3.org/TR/REC-html40"><head>
<meta name=ProgId content=Excel.Sheet><style><!--table {mso-displayed-decimal-separator:"\\.";}
.xl65 {mso-number-format:"\\#\\,\\#\\#0";}--></style><!--[if gte mso 9]><xml><x:ExcelWorkbook>
<x:Name>Sheet1</x:Name></x:ExcelWorkbook></xml><![endif]--></head><body link="#0563C1">
<table border=0 cellpadding=0 cellspacing=0 width=384 style='border-collapse:collapse;
table-layout:fixed;width:288pt'><col width=64 span=6 style='mso-width-source:userset;width:48pt'>
<tr height=20 style='height:15.0pt'><td height=20 class=xl65 width=64>Fruit</td><td>Summer</td>
<td class=xl65>Winter</td><td></td><td colspan=2 style='mso-ignore:colspan'></td></tr>
<tr height=20><td height=20>Apple</td><td align=right x:num="1200">1,200</td>
<td align=right x:num>900</td><td></td><td></td><td></td></tr>
<tr height=20><td height=20>Pear</td><td align=right>2,100</td><td class=xl65></td>
<td colspan=3 style='mso-ignore:colspan'></td></tr>
<tr height=20><td height=20 colspan=6 style='height:15.0pt;mso-ignore:colspan'></td></tr>
<tr><td>Plum</td><td align=right>7</td><td align=right>8</td><td colspan=3></td></tr>
<![if supportMisalignedColumns]><tr height=0 style='display:none'><td width=64></td>
<td width=64></td></tr><![endif]></table></body></html>"""
LIBRE_OFFICE = """<!DOCTYPE html><html><head><meta name="generator" content="LibreOffice 7.3"/>
<style>body,td{font-size:x-small}</style></head><body><table cellspacing="0" border="0">
<colgroup width="85"></colgroup><colgroup span="3" width="85"></colgroup>
<tr><td height="17" align="left"><b><font color="#000000">Fruit</font></b></td>
<td align="left"><b>Summer</b></td><td align="left"><b>Winter</b></td><td><br></td></tr>
<tr><td height="17" align="left">Apple</td><td align="right" sdval="1200" sdnum="1033;">1,200</td>
<td align="right" sdval="900" sdnum="1033;">900</td><td><br></td></tr>
<tr><td>Pear</td><td align="right" sdval="2100">2,100</td><td align="left"><br></td><td></td></tr>
<tr><td>Plum</td><td align="right" sdval="7">7</td><td align="right" sdval="8">8</td><td></td></tr>
</table></body></html>"""


def view_at(document: Document, words: str) -> TableView:
    """What is shown where a cell of these words answers, out of an index that reads by spans."""
    cell = cell_of(document, words)
    span = cell.start, cell.end
    (table,) = Texts(document).tables(document.id, span)
    answering = QuotedTable(
        table,
        (cell.row,),
        cell,
        tuple(one.span for one in table.headers(cell)),
        tuple(one.span for one in table.labels(cell)),
    )
    return table_view(document.id, answering, span, Texts(document))


def test_of_a_hundred_thousand_rows_those_near_the_answer_are_shown(tmp_path: Path) -> None:
    rows = "".join(f"Town {n},{n % 7},{n * 3}.5\n" for n in range(1, 100_001))
    document = loaded(tmp_path, "towns.csv", f"Town,Bells,Weight\n{rows}")
    (table,) = document.tables
    assert (table.rows, table.columns, len(table.cells)) == (100_001, 3, 300_003)
    view = view_at(document, "233331.5")
    assert view.named == ("Town 77777", "Weight", "233331.5")
    assert (view.total, view.head) == (100_000, (0,))
    assert len(view.body) <= ROWS
    assert view.near == (77775, 77776, 77777, 77778, 77779)


@pytest.mark.parametrize("name", ["wide.csv", "wide.html"])
def test_of_two_thousand_columns_those_near_the_answer_are_shown(tmp_path: Path, name: str) -> None:
    rows = [["Ward", *(f"Measure {n}" for n in range(1, 2000))]]
    rows += [[f"Ward {w}", *(f"{w}.{n:04}" for n in range(1, 2000))] for w in range(1, 5)]
    if name.endswith("csv"):
        source = "\n".join(map(",".join, rows))
    else:
        lines = ("".join(f"<td>{cell}" for cell in row) for row in rows)
        source = f"<table>{''.join(f'<tr>{line}' for line in lines)}</table>"
    document = loaded(tmp_path, name, source)
    (table,) = document.tables
    assert (table.rows, table.columns, len(table.cells)) == (5, 2000, 10_000)
    view = view_at(document, "3.1234")
    assert view.named == ("Ward 3", "Measure 1234", "3.1234")
    assert view.is_narrow
    assert len(view.columns) == COLUMNS
    assert {0, 1234} <= set(view.columns)
    laid = view.laid_out([*view.head, *view.near])
    assert {row.number for row in laid} >= {0, 3}
    assert {len(row.cells) for row in laid} == {COLUMNS}


def test_a_table_in_a_cell_of_another_is_one_of_its_own_and_the_rest_is_text() -> None:
    document = parse_web_page(
        "<table><tr><th>Ward</th><th>Staff</th></tr><tr><td>North</td><td><table>"
        "<tr><th>Grade</th><th>Count</th></tr><tr><td>Nurse</td><td>12</td></tr>"
        "<tr><td>Doctor</td><td>4</td></tr></table></td></tr>"
        "<tr><td>South</td><td>9</td></tr></table>",
        "a.html",
    )
    assert grid_of(document) == [["Grade", "Count"], ["Nurse", "12"], ["Doctor", "4"]]
    assert blocks(document, "paragraph") == ["Ward", "Staff", "North", "South", "9"]


def test_tables_many_levels_deep_lose_no_text() -> None:
    deep = "<table><tr><td>a</td><td>" * 60 + "b" + "</td></tr></table>" * 60
    assert "".join(parse_web_page(deep, "a.html").text.split()).count("a") == 60


@pytest.mark.parametrize(
    "source",
    [
        f"<table><tr><td>{PROSE}</td></tr></table>",
        f"<table><tr><td width=20></td><td>{PROSE}</td><td></td></tr></table>",
        f"<table><tr><td></td><td>{PROSE}</td></tr><tr><td></td><td>By the village.</td></tr>"
        "</table>",
        f"<table><tr><td>{PROSE}</td><td>Open on Fridays</td></tr><tr><td></td></tr></table>",
    ],
)
def test_prose_in_one_or_two_cells_is_no_table(source: str) -> None:
    document = parse_web_page(source, "a.html")
    assert not document.tables
    assert blocks(document, "paragraph")[0] == PROSE
    assert not blocks(document, "table_row")
    assert "|" not in document.text


@pytest.mark.parametrize("source", [EXCEL, LIBRE_OFFICE])
def test_a_spreadsheet_saved_as_html_has_its_header_and_its_columns(source: str) -> None:
    document = parse_web_page(source, "a.html")
    assert grid_of(document) == [
        ["Fruit", "Summer", "Winter"],
        ["Apple", "1,200", "900"],
        ["Pear", "2,100", ""],
        ["Plum", "7", "8"],
    ]
    assert blocks(document, "table_header") == ["Fruit | Summer | Winter"]
    assert "mso" not in document.text


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("a.html", "<table><tr><td>42</td></tr></table>"),
        ("a.html", "<table><tr><th>42</th></tr></table>"),
        ("a.csv", "42\n"),
        ("a.md", "| 42 |\n|---|\n"),
    ],
)
def test_a_table_of_one_cell_is_its_text(tmp_path: Path, name: str, source: str) -> None:
    document = loaded(tmp_path, name, source)
    assert document.text.strip() == "42"
    assert not document.tables


FRUIT = [["פרי", "קיץ", "חורף"], ["תפוח", "7.50", "9.00"], ["אגס", "8.10", "11.20"]]


def from_right_in_html(file: Path) -> None:
    rows = "".join(f"<tr>{''.join(f'<td>{cell}' for cell in row)}" for row in FRUIT)
    file.write_text(f'<body dir="rtl"><table dir="rtl">{rows}</table>', encoding="utf-8")


def from_right_in_word(file: Path) -> None:
    document = docx.Document()
    table = document.add_table(3, 3)
    table._tbl.tblPr.append(OxmlElement("w:bidiVisual"))
    for row, texts in zip(table.rows, FRUIT, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    document.save(str(file))


@pytest.mark.parametrize("kind", ["html", "docx"])
def test_columns_from_right_to_left_count_from_the_right(tmp_path: Path, kind: str) -> None:
    file = tmp_path / f"fruit.{kind}"
    (from_right_in_html if kind == "html" else from_right_in_word)(file)
    document = load_document(file, file.name)
    assert grid_of(document) == FRUIT
    view = view_at(document, "11.20")
    assert view.named == ("אגס", "חורף", "11.20")
    assert view.is_from_right
    quote = quote_of_cell(document, "11.20")
    assert quote.table is not None
    assert [cell.kind for cell in quote.table.table.of_row(2)] == ["label", "value", "value"]
