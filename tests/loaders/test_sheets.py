"""Spreadsheets: what people see in their cells, and where it stands."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
import xlwt
from conftest import blocks
from openpyxl.comments import Comment
from openpyxl.worksheet.table import Table
from openpyxl.worksheet.worksheet import Worksheet

from benchmarks.upkeep.invariants import broken
from benchmarks.upkeep.zipping import unzipped, zipped
from qa_bot.building.passages import split_document
from qa_bot.errors import UnreadableDocumentError
from qa_bot.loaders import load_document
from qa_bot.loaders.sheets.formats import general, shown
from qa_bot.records import Citation, Document


def read(folder: Path, data: bytes, name: str = "costs.xlsx") -> Document:
    (folder / name).write_bytes(data)
    document = load_document(folder / name, name)
    passages = split_document(document, lambda texts: [len(one.split()) for one in texts], 30)
    assert list(broken(document, passages)) == []
    return document


def workbook(fill: Callable[[Worksheet], None], title: str = "Budget") -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = title
    fill(sheet)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def places(document: Document) -> dict[str, str]:
    """Which text stands in which cells."""
    return {
        one.page.label: document.text[one.start : one.end].strip().rpartition("\n")[2]
        for one in document.pages
    }


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (1234.5, "#,##0.00 €", "1,234.50 €"),
        (0.125, "0.0%", "12.5%"),
        (0.125, "0%", "13%"),
        (-5, "#,##0;(#,##0)", "(5)"),
        (-5.256, "0.00", "-5.26"),
        (0, '_-* #,##0.00\\ "€"_-;-* #,##0.00\\ "€"_-;_-* "-"??\\ "€"_-;_-@_-', "- €"),
        (12, '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)', "$12.00"),
        (7, "000", "007"),
        (1234567, "#,##0,", "1,235"),
        (5, '0" km"', "5 km"),
        (0.1 + 0.2, "General", "0.3"),
        (12345678, "000-00-0000", "12345678"),
        (3, "", "3"),
        (0.25, "# ?/?", "0.25"),
        (5, "[>3]0.0;0", "5"),
        (45352, "yyyy-mm-dd", "2024-03-01"),
        (45352, "mmm-yy", "Mar 2024"),
        (45352.604166666664, "m/d/yy h:mm", "2024-03-01 14:30"),
        (1.0625, "[h]:mm", "25:30"),
        (0.5, "h:mm AM/PM", "12:00"),
        (0.5, "m/d/yy h:mm", "12:00"),
        (45352, "[$-409]d\\-mmm\\-yyyy;@", "2024-03-01"),
        (-1, "yyyy-mm-dd", "-1"),
        (float("nan"), "0", ""),
    ],
)
def test_a_number_is_written_as_its_cell_shows_it(value: float, code: str, text: str) -> None:
    assert shown(value, code) == text


def budget(sheet: Worksheet) -> None:
    sheet["A1"] = "Costs of the office"
    for column, name in enumerate(("Item", "Cost", "Share", "When"), 2):
        sheet.cell(3, column, name)
    sheet["B4"], sheet["C4"], sheet["D4"], sheet["E4"] = "Rent", 1234.5, 0.125, date(2024, 3, 1)
    sheet["C4"].number_format, sheet["D4"].number_format = '#,##0.00 "€"', "0.0%"
    sheet["B5"], sheet["C5"], sheet["D5"] = "Food", 99, 0.5
    sheet["E5"], sheet["F5"] = datetime(2024, 3, 2, 14, 30), True
    sheet["C4"].comment = Comment("Heating is in it", "Ann")


def test_a_sheet_is_a_section_and_each_line_has_its_cells(tmp_path: Path) -> None:
    document = read(tmp_path, workbook(budget))
    assert [one.path for one in document.sections] == [(), ("Budget",), ("Budget", "Comments")]
    assert places(document) == {
        "A1": "Costs of the office",
        "B3:F3": "Item | Cost | Share | When |",
        "B4:F4": "Rent | 1,234.50 € | 12.5% | 2024-03-01 |",
        "B5:F5": "Food | 99 | 0.5 | 2024-03-02 14:30:00 | TRUE",
        "C4": "C4: Ann: Heating is in it",
    }
    (table,) = document.tables
    headers = [one for one in table.cells if one.kind == "header"]
    assert [document.text[one.start : one.end] for one in headers] == [
        "Item",
        "Cost",
        "Share",
        "When",
    ]


def test_a_citation_names_the_sheet_and_the_cells_that_are_marked(tmp_path: Path) -> None:
    document = read(tmp_path, workbook(budget))
    (passage,) = (
        one
        for one in split_document(document, lambda texts: [1] * len(texts), 60)
        if "Rent" in one.text
    )
    whole = Citation.of(passage, "0")
    assert str(whole) == "costs › Budget, A1:F5"
    start = document.text.index("Food")
    marked = Citation.of(passage, "0", marked=[(start, start + 4)])
    assert str(marked) == "costs › Budget, B5:F5"


def test_hidden_sheets_are_said_and_left_out(tmp_path: Path) -> None:
    def fill(sheet: Worksheet) -> None:
        sheet["A1"] = "Seen"
        assert sheet.parent is not None
        other = sheet.parent.create_sheet("Secret")
        other["A1"], other.sheet_state = "unseen", "hidden"

    document = read(tmp_path, workbook(fill))
    assert document.warnings == ("hidden sheets are left out: “Secret”",)
    assert "unseen" not in document.text


def test_a_formula_without_a_value_is_said(tmp_path: Path) -> None:
    def fill(sheet: Worksheet) -> None:
        sheet["A1"], sheet["A2"] = "Total", "=SUM(B1:B9)"

    document = read(tmp_path, workbook(fill))
    assert document.warnings[0].startswith("1 formulas have no value in the file")
    assert "SUM" not in document.text


def test_merged_cells_reach_over_what_they_are_over(tmp_path: Path) -> None:
    def fill(sheet: Worksheet) -> None:
        for row in (["Region", "Sales", None], [None, "2022", "2023"], ["North", 1, 2]):
            sheet.append(row)
        sheet.append(["South", 3, 4])
        sheet.merge_cells("A1:A2")
        sheet.merge_cells("B1:C1")

    (table,) = read(tmp_path, workbook(fill)).tables
    assert [(one.kind, one.rows, one.columns) for one in table.cells[:3]] == [
        ("header", 2, 1),
        ("header", 1, 2),
        ("header", 1, 1),
    ]
    assert {one.row for one in table.cells if one.kind == "header"} == {0, 1}


def test_what_the_file_calls_a_table_has_its_header(tmp_path: Path) -> None:
    def fill(sheet: Worksheet) -> None:
        for row in (["notes", "of Ann"], ["Name", "Town"], ["Bob", "Rome"], ["Eve", "Oslo"]):
            sheet.append(row)
        sheet.add_table(Table(displayName="people", ref="A2:B4"))

    document = read(tmp_path, workbook(fill))
    kinds = [block.kind for block in document.blocks]
    assert kinds == ["heading", "table_row", "table_header", "table_row", "table_row"]


def test_a_column_of_texts_is_a_list(tmp_path: Path) -> None:
    def fill(sheet: Worksheet) -> None:
        for text in ("fish", "frogs", "reeds"):
            sheet.append([None, text])

    document = read(tmp_path, workbook(fill))
    assert [block.kind for block in document.blocks[1:]] == ["list_item"] * 3
    assert list(places(document)) == ["B1", "B2", "B3"]


def test_an_old_workbook_shows_its_numbers_as_the_new_one_does(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Budget")
    rows = [("Item", "Cost", "Share"), ("Rent", 1234.5, 0.125), ("Food", 99, 0.5)]
    styles = (None, xlwt.easyxf(num_format_str="#,##0.00"), xlwt.easyxf(num_format_str="0.0%"))
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            sheet.write(at + 2, column + 1, value, *filter(None, [styles[column]]))
    book.add_sheet("Secret").visibility = 1
    stream = io.BytesIO()
    book.save(stream)
    document = read(tmp_path, stream.getvalue(), "old.xls")
    assert places(document)["B4:D4"] == "Rent | 1,234.50 | 12.5%"
    assert document.warnings == ("hidden sheets are left out: “Secret”",)


def test_a_web_page_or_a_new_workbook_under_the_old_suffix_is_read(tmp_path: Path) -> None:
    page = b"<html><table><tr><td>Item</td><td>Cost</td></tr><tr><td>Rent</td><td>9</td></tr>"
    assert "Rent | 9" in read(tmp_path, page, "page.xls").text
    assert "Rent | 1,234.50" in read(tmp_path, workbook(budget), "new.xls").text


def test_a_stretch_of_time_is_one(tmp_path: Path) -> None:
    def fill(sheet: Worksheet) -> None:
        sheet.append(["Work", timedelta(hours=25, minutes=30)])
        sheet["B1"].number_format = "[h]:mm"

    assert "Work | 25:30" in read(tmp_path, workbook(fill)).text


def test_what_declares_entities_or_leads_outside_is_refused_or_left(tmp_path: Path) -> None:
    members = unzipped(workbook(budget))
    name = "xl/worksheets/sheet1.xml"
    bad = dict(members)
    head = b'<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><worksheet'
    bad[name] = members[name].replace(b"<worksheet", head, 1)
    (tmp_path / "bad.xlsx").write_bytes(zipped(bad))
    with pytest.raises(UnreadableDocumentError, match="entities"):
        load_document(tmp_path / "bad.xlsx", "bad.xlsx")


def test_more_cells_than_are_read_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa_bot.loaders.sheets.sheet.Budget.__init__.__defaults__", (10,))

    def fill(sheet: Worksheet) -> None:
        for row in range(20):
            sheet.append([row, row])

    document = read(tmp_path, workbook(fill))
    assert document.warnings == ("too large: the sheet “Budget” is read up to row 5 only",)
    assert places(document)["A5:B5"] == "4 | 4"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1234567890123450.0, "1234567890123450"),
        (123456789012345678.0, "123456789012346000"),  # a sheet holds 15 digits
        (1e21, "1e+21"),
        (-0.0, "0"),
        (-3.0, "-3"),
        (0.1 + 0.2, "0.3"),
        (1e-7, "1e-07"),
    ],
)
def test_a_number_without_a_format_is_told_in_full(value: float, said: str) -> None:
    assert general(value) == said


def test_rows_with_an_empty_one_between_each_are_one_table(tmp_path: Path) -> None:
    def fill(sheet: Worksheet) -> None:
        rows: list[list[str | int]] = [
            ["Year", "Answers"],
            [2001, 81],
            [2002, 111],
            [2003],
            [2004, 9],
        ]
        for row in rows:
            sheet.append(row)
            sheet.append([])
        sheet["A11"] = "Counts of each year"

    document = read(tmp_path, workbook(fill))
    assert blocks(document, "table_row") == ["2001 | 81", "2002 | 111", "2003 |", "2004 | 9"]
    assert places(document)["A9:B9"] == "2004 | 9"
    assert len(document.tables) == 1


def test_groups_below_an_empty_row_keep_the_header_above(tmp_path: Path) -> None:
    def fill(sheet: Worksheet) -> None:
        rows: list[list[str | int | None]] = [
            ["", "2022", "2023", "2024"],
            ["Sales", 5, None, 7],
            ["Rents", 2, None, 3],
            [],
            ["Wages", 3, None, 4],
            ["Taxes", "n/a", None, 1],
            [],
            ["Item", "Owner", "Due", "State"],
            ["Roof", "Ann", "May", "open"],
        ]
        for row in rows:
            sheet.append(row)

    document = read(tmp_path, workbook(fill))
    first, second = document.tables
    told = document.text[first.start : first.end].splitlines()
    assert told[0].strip(" |") == "2022 | 2023 | 2024"
    assert told[-2:] == ["Wages | 3 |  | 4", "Taxes | n/a |  | 1"]
    assert document.text[second.start : second.end].startswith("Item | Owner")


def test_amounts_of_another_kind_below_an_empty_row_are_no_group_of_the_table(
    tmp_path: Path,
) -> None:
    def fill(sheet: Worksheet) -> None:
        rows: list[list[str | float | None]] = [
            ["Ferry", "Adult", "Child"],
            ["Ada", 4.5, 2],
            ["Cora", 6, 3],
            [],
            ["Monday", "9:00", "17:30"],
            ["Sunday", "10:00", "16:00"],
            [],
        ]
        for row in rows:
            sheet.append(row)

    document = read(tmp_path, workbook(fill))
    prices, hours = document.tables
    assert "Monday" not in document.text[prices.start : prices.end]
    assert document.text[hours.start : hours.end].splitlines() == [
        "Monday | 9:00 | 17:30",
        "Sunday | 10:00 | 16:00",
    ]
