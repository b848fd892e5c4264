"""CSV: rows that say what their values are, whatever the delimiter."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import blocks
from hypothesis import given
from hypothesis import strategies as st

from qa_bot.loaders.table import load_table, parse_table
from qa_bot.records import Document


def parse(source: str) -> Document:
    return parse_table(source, "folder/my-file_name.csv")


@pytest.mark.parametrize(
    "source",
    [
        'Name,Price,Note\nTea,3,"hot, sweet"\nMilk,,cold\n',
        'Name;Price;Note\nTea;3;"hot, sweet"\nMilk;;cold\n',
        "Name\tPrice\tNote\r\nTea\t3\thot, sweet\r\nMilk\t\tcold",
        "sep=|\nName|Price|Note\n\nTea|3|hot, sweet\nMilk||cold\n||\n",
        "Name,Price,Note,\nTea,3,hot\\, sweet,\n".replace("hot\\, sweet", '"hot,\n sweet"')
        + "Milk,,cold,\n",
    ],
)
def test_each_row_names_its_values(source: str) -> None:
    document = parse(source)
    assert document.text == (
        "Name | Price | Note\nName: Tea | Price: 3 | Note: hot, sweet\nName: Milk | Note: cold"
    )
    assert [block.kind for block in document.blocks] == ["table_header", "table_row", "table_row"]
    assert document.title == "my file name"
    assert [section.path for section in document.sections] == [()]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("2020,3\n2021,4\n", "2020 | 3\n2021 | 4"),
        ("Tea,3\nMilk,4\n", "Tea | 3\nMilk | 4"),
        ("a,a\nb,c\n", "a | a\nb | c"),
        ("a@b.example,Ann\nc@d.example,Bob\n", "a@b.example | Ann\nc@d.example | Bob"),
        ("A-1,tea\nA-2,milk\nA-3,rum", "A-1 | tea\nA-2 | milk\nA-3 | rum"),
        ("Tea,green\nMilk,white\nTea,black\n", "Tea | green\nMilk | white\nTea | black"),
        ("Name,Ann\nAge,30\nCity,Rome\n", "Name | Ann\nAge | 30\nCity | Rome"),
        ("2020,2021\n2022,2023\n", "2020 | 2021\n2022 | 2023"),
        ("One\nTwo\n", "One\nTwo"),
        ("", ""),
        ("\n\n", ""),
    ],
)
def test_a_first_row_that_names_nothing_is_a_row(source: str, text: str) -> None:
    document = parse(source)
    assert document.text == text
    assert {block.kind for block in document.blocks} <= {"table_row"}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (",2020,2021\nTea,3,4\n", " | 2020 | 2021\nTea | 2020: 3 | 2021: 4"),
        (",North,South\nTea,3,4\n", " | North | South\nTea | North: 3 | South: 4"),
        (
            "Region,2021,2022\nNorth,3,4\n",
            "Region | 2021 | 2022\nRegion: North | 2021: 3 | 2022: 4",
        ),
        ("Term,Meaning\nGDP,product\n", "Term | Meaning\nTerm: GDP | Meaning: product"),
    ],
)
def test_a_first_row_of_names_is_the_header(source: str, text: str) -> None:
    document = parse(source)
    assert document.text == text
    assert [block.kind for block in document.blocks] == ["table_header", "table_row"]


def test_lines_around_the_table_are_paragraphs_and_its_caption() -> None:
    document = parse("The shop\nSales 2024\n\nName,Price\nTea,3\nMilk,4\nRum,5\nSource: the shop\n")
    assert blocks(document, "paragraph") == ["The shop", "Source: the shop"]
    assert blocks(document, "caption") == ["Sales 2024"]
    assert blocks(document, "table_header") == ["Name | Price"]
    assert blocks(document, "table_row") == [
        "Name: Tea | Price: 3",
        "Name: Milk | Price: 4",
        "Name: Rum | Price: 5",
    ]


def test_rows_longer_than_the_header_keep_their_values() -> None:
    assert blocks(parse("Name,Price\nTea,3,new\nMilk,4\n"))[1] == "Name: Tea | Price: 3 | new"


def test_names_do_not_blow_up_a_table_of_small_values() -> None:
    names = ",".join(f"a rather long name of column {'x' * n}" for n in range(25))
    source = names + "\n" + f"{','.join('1' * 25)}\n" * 1000
    document = parse(source)
    assert blocks(document)[1] == " | ".join("1" * 25)
    assert len(document.text) < 10 * len(source)


def test_quotation_marks_that_never_close_are_reported() -> None:
    document = parse('Name,Size\nTea,3"\nPot,"4\n' + "Cup,5\n" * 40_000)
    assert blocks(document)[2] == 'Name: Pot | Size: "4'
    assert len(document.blocks) == 40_003
    assert document.warnings[0].startswith("its quotation marks")


def test_other_encodings_are_read(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("\ufeffName,Ort\nJosé,Köln\n".encode("utf-16"))
    assert load_table(path, "t.csv").text == "Name | Ort\nName: José | Ort: Köln"


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"%PDF-1.7\n\0\0\0")
    with pytest.raises(ValueError, match="binary"):
        load_table(path, "t.csv")


PIECES = st.sampled_from([",", ";", "\t", '"', "\n", "a", "Name", "7", " ", "é", "\x00", "\u2028"])


@given(st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=200))
def test_any_text_parses_into_rows_in_order(source: str) -> None:
    document = parse(source)
    position = 0
    for block in document.blocks:
        assert position <= block.start < block.end <= len(document.text)
        assert not document.text[position : block.start].strip()
        position = block.end
    assert not document.text[position:].strip()
    assert [section.path for section in document.sections] == [()]
