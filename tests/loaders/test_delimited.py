"""Text files that are tables, as programs export them, and all others, which stay text."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import blocks

from qa_bot import answer, build_index, open_index
from qa_bot.loaders import load_document
from qa_bot.loaders.delimited import delimited
from qa_bot.models.embedding import SentenceTransformerEmbedder

TOWNS = """\
# Towns of the county
# code : name : seat
OT:Otterburg:Millhaven
HE:Heronstadt:
MO:Mothfield:Quillby
NE:Newtworth:Ashmere
BE:Beaver, Upper:Oldford
"""
KEPT = {
    "prose": "The first, as said, is here.\n" * 6,
    "a log": "".join(f"10:0{n}:00 worker: done with part {n}\n" for n in range(6)),
    "few": "a\tb\nc\td\n",
    "verse": "One line,\nanother, longer,\nand a third,\na fourth; and so,\nwell, on, and on\n",
}


def test_names_stand_in_a_note_above_the_rows(tmp_path: Path) -> None:
    (tmp_path / "towns.txt").write_text(TOWNS)
    document = load_document(tmp_path / "towns.txt", "towns.txt")
    assert blocks(document, "paragraph") == ["Towns of the county"]
    assert blocks(document, "table_header") == ["code | name | seat"]
    rows = blocks(document, "table_row")
    assert rows[0] == "code: OT | name: Otterburg | seat: Millhaven"
    assert rows[1] == "code: HE | name: Heronstadt"
    assert len(rows) == 5


@pytest.mark.parametrize(
    ("delimiter", "fields"),
    [("\t", 2), ("\t\t", 2), ("|", 2), (" | ", 3), (";", 3), (",", 4)],
)
def test_fields_are_told_by_what_parts_them(delimiter: str, fields: int) -> None:
    lines = [delimiter.join(f"{name} {n}" for n in range(fields)) for name in "abcdef"]
    found = delimited("\n".join(lines))
    assert found is not None
    assert found.rows == [[f"{name} {n}" for n in range(fields)] for name in "abcdef"]


def test_a_note_among_the_rows_is_kept() -> None:
    found = delimited("a|1\nb|2\n# from here on doubtful\nc|3\nd|4\ne|5\n")
    assert found is not None
    assert found.rows[2] == ["from here on doubtful"]


def test_a_line_drawn_below_the_first_row_makes_it_a_header() -> None:
    lines = ["Sign\tRead from", "----\t----", *(f"{sign}\tleft" for sign in "+-*/%")]
    found = delimited("\n".join(lines))
    assert found is not None
    assert found.is_named
    assert found.rows[:2] == [["Sign", "Read from"], ["+", "left"]]


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_other_text_stays_as_it_stands(text: str, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(text)
    assert delimited(text) is None
    assert load_document(tmp_path / "text.txt", "text.txt").text == text


def test_the_row_that_answers_is_marked(
    documents: Path, folder: Path, model: SentenceTransformerEmbedder
) -> None:
    """A list of one code, and people's cards in a note: the line that is meant, alone."""
    cards = [("Ada Quill", "archivist", 42), ("Ben Ode", "porter", 99), ("Cleo Ash", "cook", 71)]
    (documents / "towns.txt").write_text(TOWNS)
    (documents / "people.txt").write_text(
        "People of the county office\n\n"
        + "\n\n".join("Name: {}\nPost: {}\nPhone: 555 0{}".format(*card) for card in cards)
    )
    build_index(documents, folder, model=model)
    with open_index(folder, model=model) as index:
        for question, text in (
            ("What is the seat of Mothfield?", "code: MO | name: Mothfield | seat: Quillby"),
            ("What is the phone number of Ben Ode?", "Phone: 555 099"),
            ("What is the archivist called?", "Name: Ada Quill"),
        ):
            quote = answer(question, index).quotes[0]
            told = index.document(quote.passage.document_id).text
            assert [told[start:end] for start, end in quote.sentences] == [text]
