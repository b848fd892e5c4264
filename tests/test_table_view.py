"""Quoted tables as they are laid out: what stands where, what is in sight, what is left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from tabled import HEBREW, INCOME, MERGED, TOWNS, Texts, cell_of, loaded, quote_of_cell, view_of

from qa_bot.records import Document
from qa_bot.table_reading import COLUMNS, ROWS, table_view, view_table
from qa_bot.table_view import filled, is_number, row_text, tab_separated, text_around
from qa_bot.tables import Cell, QuotedTable, Table

HUGE = 100_000


def span_of_rows(document: Document, first: str, last: str) -> tuple[int, int]:
    """From the line of one cell to the end of another's."""
    start = document.text.rfind("\n", 0, cell_of(document, first).start) + 1
    return start, document.text.find("\n", cell_of(document, last).end)


def test_the_headline_names_the_row_and_the_column_of_the_cell(tmp_path: Path) -> None:
    document = loaded(tmp_path, "income.html", INCOME)
    view = view_of(document, quote_of_cell(document, "24,512"))
    assert view.headline is not None
    said, (start, end) = view.headline
    assert said == "Operating expenses › Research · As reported › 2022: 24,512"
    assert said[start:end] == "24,512"
    assert view.title == "Statements of income ($ in millions)", "which says the unit"
    unsure = view_of(document, quote_of_cell(document, "24,512", sure=False))
    assert unsure.headline is None
    assert row_text(unsure) == (
        "Operating expenses › Research — "
        "As reported › 2023: 27,195; As reported › 2022: 24,512; Change: 11 %"
    )


def test_merged_cells_stand_once_or_in_each_row(tmp_path: Path) -> None:
    document = loaded(tmp_path, "merged.html", MERGED)
    view = view_of(document, quote_of_cell(document, "4"))
    once, again, wide = view.laid_out(view.body)
    assert [(one.text, one.column, one.rows, one.columns) for one in once.cells] == [
        ("Sheep", 0, 2, 1),
        ("shear", 1, 1, 1),
        ("4", 2, 1, 1),
    ]
    assert [(one.text, one.column) for one in again.cells] == [("feed", 1), ("1", 2)]
    assert [(one.text, one.column, one.columns) for one in wide.cells] == [
        ("All the rest", 0, 2),
        ("9", 2, 1),
    ]
    told = [[one.text for one in row.cells] for row in view.laid_out(view.body, merged=False)]
    assert told == [["Sheep", "shear", "4"], ["Sheep", "feed", "1"], ["All the rest", "9"]]


def test_a_quote_of_a_few_rows_comes_with_its_header_and_neighbours(tmp_path: Path) -> None:
    document = loaded(tmp_path, "towns.csv", TOWNS)
    quote = quote_of_cell(document, "31.5", span=span_of_rows(document, "Town 19", "Town 22"))
    view = view_of(document, quote)
    assert (view.head, view.own) == ((0,), (19, 20, 21, 22))
    assert (len(view.body), view.total) == (40, 40)
    assert view.near == (19, 20, 21, 22, 23), "the marked row, and two on each side"
    assert list(filled(view, [*view.head, 21])) == [
        ["Town", "Animal", "Bells", "Weight in kg"],
        ["Town 21", "otter", "21", "31.5"],
    ]
    assert view.numeric == {2, 3}
    assert all(view.shows(one) for one in quote.context)


def test_a_group_far_above_its_row_stays_in_sight(tmp_path: Path) -> None:
    rows = [("Crops:", ""), *((f"field {number}", f"{number} t") for number in range(1, 20))]
    lines = "".join(
        f"<tr><td>{a}</td><td>{b}</td></tr>" if b else f"<tr><td colspan=2>{a}</td></tr>"
        for a, b in rows
    )
    document = loaded(
        tmp_path,
        "farm.html",
        f"<table><thead><tr><th>What</th><th>Much</th></tr></thead><tbody>{lines}</tbody></table>",
    )
    view = view_of(document, quote_of_cell(document, "15 t"))
    texts = [row[0] for row in filled(view, view.near)]
    assert texts == ["Crops:", "field 13", "field 14", "field 15", "field 16", "field 17"]
    beside = view_of(document, quote_of_cell(document, "4 t"))
    assert [row[0] for row in filled(beside, beside.near)] == [
        "Crops:",
        "field 1",  # alone between two that are in sight
        "field 2",
        "field 3",
        "field 4",
        "field 5",
        "field 6",
    ]


def test_text_beside_and_among_the_rows_is_kept(tmp_path: Path) -> None:
    document = loaded(tmp_path, "income.html", INCOME)
    quote = quote_of_cell(document, "24,512")
    view = view_of(document, quote)
    before, after = (quote.text[a:b] for a, b in text_around(view, quote.text, quote.start))
    assert before.endswith("What follows is taken from the books.")
    assert after == "The notes are part of them."
    assert view.loose == ()
    text = "a | b\nA note in no cell\n1 | 2"
    cells = (
        Cell("header", 0, 1, 0, 0),
        Cell("header", 4, 5, 0, 1),
        Cell("label", 24, 25, 1, 0),
        Cell("value", 28, 29, 1, 1),
    )
    noted = Document("n.txt", "n", text, (), (), tables=(Table(0, 29, 2, 2, cells),))
    seen = view_of(noted, quote_of_cell(noted, "2"))
    rows = list(seen.with_loose(seen.laid_out(seen.body)))
    assert [(row.number, row.text) for row in rows] == [(None, "A note in no cell"), (1, "")]


def test_a_spreadsheet_runs_nothing_of_what_is_pasted(tmp_path: Path) -> None:
    text = 'Name,Sum\n=1+1,-2.5\n@x,+3 %\n"a\tb",-cmd\n'
    document = loaded(tmp_path, "sums.csv", text)
    view = view_of(document, quote_of_cell(document, "-2.5"))
    assert tab_separated(view, view.body).splitlines() == [
        "Name\tSum",
        "'=1+1\t-2.5",
        "'@x\t+3 %",
        "a b\t'-cmd",
    ]


def test_a_table_that_reads_from_the_right_is_known(tmp_path: Path) -> None:
    document = loaded(tmp_path, "prices.html", HEBREW)
    assert view_of(document, quote_of_cell(document, "11.20")).is_from_right
    other = loaded(tmp_path, "towns.csv", TOWNS)
    assert not view_of(other, quote_of_cell(other, "31.5")).is_from_right


def test_of_a_table_of_100_000_rows_those_near_the_quote_are_at_hand(tmp_path: Path) -> None:
    lines = "".join(f"N{number},{number % 7},{number % 11}\n" for number in range(HUGE))
    document = loaded(tmp_path, "huge.csv", f"Name,Seven,Eleven\n{lines}")
    quote = quote_of_cell(document, "N77777", span=span_of_rows(document, "N77775", "N77779"))
    view = view_of(document, quote)
    assert view.total == HUGE
    assert len(view.body) == ROWS
    assert set(view.own) <= set(view.body)
    assert view.head == (0,)
    assert [row[0] for row in filled(view, view.near)] == [f"N{77775 + n}" for n in range(5)]


def test_of_a_table_of_2000_columns_those_near_the_cell_are_at_hand(tmp_path: Path) -> None:
    names = ["Place", *(f"c{number}" for number in range(1, 2000))]
    rows = [[f"row {row}", *(f"{row}.{n}" for n in range(1, 2000))] for row in (1, 2)]
    document = loaded(tmp_path, "wide.csv", "\n".join(",".join(one) for one in [names, *rows]))
    view = view_of(document, quote_of_cell(document, "2.1234"))
    assert view.is_narrow
    assert len(view.columns) == COLUMNS
    assert view.headline is not None
    assert view.headline[0] == "row 2 · c1234: 2.1234"
    head, row = filled(view, [0, 2])
    assert (head[0], row[0]) == ("Place", "row 2")
    assert "2.1234" in row


def test_of_more_quoted_columns_than_can_be_shown_the_quote_stands_as_it_is(tmp_path: Path) -> None:
    names = ["Place", *(f"c{number}" for number in range(1, 200))]
    rows = [[f"row {row}", *(f"{row}.{n}" for n in range(1, 200))] for row in (1, 2)]
    document = loaded(tmp_path, "wide.csv", "\n".join(",".join(one) for one in [names, *rows]))
    whole = span_of_rows(document, "row 1", "1.199")
    assert (
        view_table(quote_of_cell(document, "1.150", sure=False, span=whole), Texts(document))
        is None
    )
    few = cell_of(document, "2.150").start, cell_of(document, "2.170").end
    quote = quote_of_cell(document, "2.150", sure=False, span=few)
    view = view_table(quote, Texts(document))
    assert view is not None
    assert {"2.150", "2.160", "2.170"} <= set(next(iter(filled(view, [2]))))


def test_ragged_rows_and_a_single_cell_are_laid_out(tmp_path: Path) -> None:
    document = loaded(tmp_path, "ragged.csv", "a,b,c\n1,2\n3,4,5,extra\n6,,7\n")
    view = view_of(document, quote_of_cell(document, "4"))
    assert list(filled(view, view.body)) == [
        ["1", "2", "", ""],
        ["3", "4", "5", "extra"],
        ["6", "", "7", ""],
    ]
    one = Document(
        "one.txt", "one", "42", (), (), tables=(Table(0, 2, 1, 1, (Cell("value", 0, 2, 0, 0),)),)
    )
    alone = view_of(one, quote_of_cell(one, "42"))
    assert alone.headline == ("42", (0, 2))
    assert list(filled(alone, alone.near)) == [["42"]]


def test_of_a_very_long_cell_the_quoted_part_is_shown(tmp_path: Path) -> None:
    long = "word " * 2000
    document = loaded(tmp_path, "long.csv", f"Name,Text\nshort,x\nlong,{long}\n")
    (table,) = document.tables
    cell = max(table.cells, key=lambda one: one.end - one.start)
    span = (cell.start + 5000, cell.start + 5100)
    quoted = QuotedTable(table.within(*span), (cell.row,), cell)
    view = table_view(document.id, quoted, span, Texts(document))
    assert view.texts[cell.span] == (span[0], document.text[slice(*span)])
    other = table_view(
        document.id, QuotedTable(table), cell_of(document, "x").span, Texts(document)
    )
    assert len(other.texts[cell.span][1]) < 2100


@pytest.mark.parametrize(
    "text",
    ["1", "-2.5", "(1,234)", "$ 72,361", "71 %", "£140", "1 234,5 €", "—", "2023", "n/a", "3.2x"],
)
def test_what_stands_at_the_right(text: str) -> None:
    assert is_number(text)


@pytest.mark.parametrize("text", ["up to £40", "Level 1", "1 May", "a", "", "12 apples", "A-1"])
def test_what_does_not(text: str) -> None:
    assert not is_number(text)
