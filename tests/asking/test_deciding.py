"""The row with the most or the least, where all rows can be compared; else none."""

from __future__ import annotations

from pathlib import Path

import pytest

import qa_bot
from qa_bot.asking.deciding import deciding_row
from qa_bot.loaders import load_document

PORTS = [
    "| Port | Berths | Cargo (tonnes) | Depth rank |",
    "|---|---|---|---|",
    "| Alder | 12 | 9,800 | 3 |",
    "| Birch | 7 | 12,400 | 1 |",
    "| Cedar | 31 | 880 | 2 |",
    "| Total | 50 | 23,080 | |",
]


def row_of(question: str, lines: list[str], tmp_path: Path) -> str | None:
    file = tmp_path / "ports.md"
    file.write_text("# Ports\n\n" + "\n".join(lines) + "\n", encoding="utf-8")
    document = load_document(file, "ports.md")
    (table,) = document.tables
    text = document.text
    row = deciding_row(question, table, lambda spans: [text[a:b] for a, b in spans])
    if row is None:
        return None
    first = table.of_row(row)[0]
    return text[first.start : first.end]


@pytest.mark.parametrize(
    ("question", "port"),
    [
        ("Which port has the most berths?", "Cedar"),
        ("Which port has the fewest berths?", "Birch"),
        ("Where is the largest cargo?", "Birch"),
        ("Which port had the least cargo?", "Cedar"),
    ],
)
def test_all_rows_are_compared_in_the_column_that_is_named(
    question: str, port: str, tmp_path: Path
) -> None:
    assert row_of(question, PORTS, tmp_path) == port


@pytest.mark.parametrize(
    "question",
    [
        "Which port has the second most berths?",
        "Which port other than Cedar has the most berths?",
        "Which port has at least 12 berths?",
        "How many berths does Cedar have at most?",
        "Which has the most berths, Alder or Birch?",
        "Does Alder have the most berths?",
        "Which port is the largest?",
        "Which port has the highest depth rank?",
        "How many berths does Cedar have?",
    ],
)
def test_another_question_names_no_row(question: str, tmp_path: Path) -> None:
    assert row_of(question, PORTS, tmp_path) is None


def test_equal_rows_and_a_gap_name_no_row(tmp_path: Path) -> None:
    question = "Which port has the most berths?"
    equal = [*PORTS[:5], "| Dogwood | 31 | 5 | 4 |"]
    gap = [*PORTS[:5], "| Dogwood | unknown | 5 | 4 |"]
    assert row_of(question, equal, tmp_path) is None
    assert row_of(question, gap, tmp_path) is None


def test_amounts_below_nought_are_less(tmp_path: Path) -> None:
    lines = ["| Unit | Result |", "|---|---|", "| A | 40 |", "| B | (900) |", "| C | −3 |"]
    assert row_of("Which unit had the lowest result?", lines, tmp_path) == "B"


def test_an_answer_marks_the_row_that_has_the_most_and_no_cell(tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "ports.md").write_text("# Ports\n\n" + "\n".join(PORTS) + "\n", encoding="utf-8")
    qa_bot.build_index(documents, tmp_path / "index")
    with qa_bot.open_index(tmp_path / "index") as index:
        (quote, *_) = qa_bot.answer("Which port has the most berths?", index, strictness=0).quotes
        (text,) = index.slices("ports.md", quote.marked)
    assert text.startswith("Cedar")
    assert quote.table is not None
    assert quote.table.cell is None
