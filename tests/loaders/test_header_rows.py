"""Headers of several rows in tables whose markup doesn't tell them."""

from __future__ import annotations

import time

import pytest

from qa_bot.loaders.table_cells import made_table
from qa_bot.loaders.table_grid import Grid
from qa_bot.loaders.table_shape import headers_by_merges, headers_over_names, kind_of


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        ([["", "Season", ""], ["", "2019", "2018"], ["", "(tonnes)", ""], ["Cod", "5", "6"]], 3),
        ([["", "2019", "2018"], ["Cod", "4", "5"]], 1),
        ([["(in tonnes)", "2019", "2018"], ["Cod", "4", "5"]], 1),
        ([["Name", "Ann"], ["Age", "4"]], 0),
        ([["Ann", "Rome", "cook"], ["Bob", "Bonn", "5"]], 0),
    ],
)
def test_rows_above_amounts_that_leave_the_corner_free(rows: list[list[str]], count: int) -> None:
    assert headers_over_names(rows) == count


def test_behind_codes_the_second_column_names_the_rows_too() -> None:
    rows = [
        ["No.", "Measure", "2019"],
        ["1.02A", "Share of boats inspected", "61%"],
        ["1.02B", "Boats in harbour", "34"],
    ]
    text = "\n".join("|".join(row) for row in rows)
    places = [[(text.index(cell), text.index(cell) + len(cell)) for cell in row] for row in rows]
    table = made_table(Grid(rows, [0]), places)
    assert table is not None
    kinds = [cell.kind for cell in table.cells if cell.row]
    assert kinds == ["label", "label", "value"] * 2


@pytest.mark.parametrize(
    ("rows", "merged", "count"),
    [
        (
            [["Ferry", "Week", "Week"], ["Ferry", "Dawn", "Dusk"], ["Alby", "05–06", "19"]],
            {(0, 0): (2, 1), (0, 1): (1, 2)},
            2,
        ),
        ([["Alby", "12", "12"], ["Alby", "3", "4"], ["Corve", "5", "6"]], {(0, 0): (2, 1)}, 0),
        (
            [["Alby", "12", "12"], ["Alby", "3", "4"], ["Corve", "5", "6"]],
            {(0, 0): (2, 1), (0, 1): (1, 2)},
            0,
        ),
    ],
)
def test_a_corner_as_high_as_the_names_beside_it_tells_how_many_rows_are_the_header(
    rows: list[list[str]], merged: dict[tuple[int, int], tuple[int, int]], count: int
) -> None:
    assert headers_by_merges(rows, merged) == count


def test_a_name_over_years_is_a_header_though_its_corner_has_a_name() -> None:
    rows = [
        ["Full rate", "", "Single", "Single", "Single"],
        ["€", "£", "2005", "2006", "2007"],
        ["15,000", "9,451", "3.2%", "0.0%", "0.0%"],
        ["20,000", "15,751", "8.4%", "7.1%", "5.1%"],
    ]
    assert headers_over_names(rows) == 2
    names = [["Plan", "Old", "New"], ["2005", "2006", "2007"], ["1", "2", "3"]]
    assert headers_over_names(names) == 0


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("400 V, 50 Hz", "number"),
        ("3 x 16 A", "number"),
        ("54 dB(A)", "number"),
        ("8 km/h", "number"),
        ("GBP 38.50", "number"),
        ("1-3 years", "text"),
        ("0-5 km", "text"),
        ("JUN 2019", "text"),
        ("2 of 5", "text"),
    ],
)
def test_quantities_are_numbers_and_what_may_name_a_column_is_text(cell: str, kind: str) -> None:
    assert kind_of(cell) == kind


def test_rows_of_quantities_are_no_header_of_those_below() -> None:
    assert headers_over_names([["Voltage", "400 V, 50 Hz"], ["Standby", "11 W"]]) == 0


@pytest.mark.parametrize("text", ["1 " * 50_000 + "word", "1 x " * 30_000 + "q", "1 A," * 30_000])
def test_long_cells_are_told_in_a_moment(text: str) -> None:
    began = time.process_time()
    assert kind_of(text) == "text"
    assert time.process_time() - began < 2
