"""What a question denies, bounds and counts, and which rows of a table are so."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa_bot.asking.asked import terms, wanted_terms
from qa_bot.asking.conditions import Bound, RowConditions, conditions
from qa_bot.loaders import load_document

CHAPELS = """Chapel,Town,Opened,Bells,Gifts a week,Place
Saint Ida,Marbrough,1978,3,"$25,000",1
Saint Odo,Tollness,1985,0,"$31,500",2
Saint Una,Marbrough,13 April 1991,,"$9,000",5th
Saint Leo,Not known,1985,8,"$40,000",8
"""


def features(question: str, folder: Path) -> dict[str, tuple[float, float, float, float]]:
    """Of each chapel: denied, column empty, within bounds, numbers beside names."""
    file = folder / "chapels.csv"
    file.write_text(CHAPELS, encoding="utf-8")
    document = load_document(file, file.name)
    (table,) = document.tables

    def said(cells: object) -> list[str]:
        return [document.text[one.start : one.end] for one in cells]  # type: ignore[attr-defined]

    rows = {row: table.of_row(row) for row in range(1, table.rows)}
    texts = {
        row: list(zip((one.column for one in cells), said(cells), strict=True))
        for row, cells in rows.items()
    }
    headers = {
        one.column: terms(" ".join(said(table.headers(one))))
        for cells in rows.values()
        for one in cells
    }
    meanings = {text: terms(text) for cells in texts.values() for _, text in cells}
    found = RowConditions(question, texts, headers, meanings)
    return {texts[row][0][1]: found.features(row) for row in rows}


@pytest.mark.parametrize(
    ("question", "denied"),
    [
        ("Which chapel is not in Marbrough?", {"marbrough"}),
        ("Which chapel not in Marbrough has bells?", {"marbrough"}),
        ("Name one without bells, but with an organ", {"bell"}),
        ("Which chapel didn't open in 1985?", {"open", "1985"}),
        ("Which chapel has no bells in Tollness?", {"bell"}),
        ("Which towns other than Tollness have one?", {"toll"}),
        ("Which house is No. 5?", set()),
        ("Which towns had guests who had not paid?", {"paid"}),
    ],
)
def test_a_not_reaches_to_the_end_of_its_clause(question: str, denied: set[str]) -> None:
    assert conditions(question).denied == frozenset().union(*map(terms, denied))


def test_rows_that_say_what_is_denied_are_told(tmp_path: Path) -> None:
    found = features("Which chapel is not in Marbrough?", tmp_path)
    assert [one[0] for one in found.values()] == [1.0, 0.0, 1.0, 0.0]


def test_a_text_that_denies_by_itself_is_not_denied(tmp_path: Path) -> None:
    found = features("Whose town is not known?", tmp_path)
    assert [one[0] for one in found.values()] == [0.0, 0.0, 0.0, 0.0]


def test_of_a_column_that_is_denied_empty_cells_and_noughts_are_meant(tmp_path: Path) -> None:
    found = features("Which chapel has no bells?", tmp_path)
    assert [one[1] for one in found.values()] == [-1.0, 1.0, 1.0, -1.0]


@pytest.mark.parametrize(
    ("question", "inside"),
    [
        ("Which chapel has gifts of over $25,000 a week?", ["Saint Odo", "Saint Leo"]),
        ("Which chapel has gifts of at least $25,000?", ["Saint Ida", "Saint Odo", "Saint Leo"]),
        ("Which chapel has under three bells?", ["Saint Odo"]),
        ("Which chapel does not have over three bells?", ["Saint Ida", "Saint Odo"]),
        ("Which chapel was opened in the 1980s?", ["Saint Odo", "Saint Leo"]),
    ],
)
def test_rows_within_a_bound_of_the_column_that_is_named(
    question: str, inside: list[str], tmp_path: Path
) -> None:
    found = features(question, tmp_path)
    assert [chapel for chapel, one in found.items() if one[2] == 1] == inside
    assert all(one[2] == -1 for chapel, one in found.items() if chapel not in inside)


@pytest.mark.parametrize(
    ("question", "chapel"),
    [
        ("Which chapel has 8 bells?", "Saint Leo"),
        ("Which chapel has three bells?", "Saint Ida"),
        ("Which chapel came in fifth?", "Saint Una"),
        ("Which chapel got 2nd place?", "Saint Odo"),
    ],
)
def test_a_number_is_of_the_column_that_is_named_beside_it(
    question: str, chapel: str, tmp_path: Path
) -> None:
    found = features(question, tmp_path)
    assert [one for one, values in found.items() if values[3] == 1] == [chapel]


def test_a_question_without_conditions_and_a_number_of_no_row_say_nothing(tmp_path: Path) -> None:
    for question in ("When was Saint Ida opened?", "Which chapel has 77 bells?"):
        assert set(features(question, tmp_path).values()) == {(0.0, 0.0, 0.0, 0.0)}


def test_a_bound_of_a_decade_is_held_against_years_alone() -> None:
    eighties = Bound(1980.0, 1989.0)
    assert eighties.holds("13 May 1985")
    assert not eighties.holds("1,985 boxes")


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Which home team has won in 2001?", "home team"),
        ("What is the name of the driver?", "driver"),
        ("How many bells has Town 21?", "bells"),
        ("Tell me the score of the match", "score"),
        ("Who won?", ""),
    ],
)
def test_what_is_asked_for_stands_behind_which(question: str, asked: str) -> None:
    assert wanted_terms(question) == terms(asked)
