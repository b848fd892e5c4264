"""Which lines are records, and which are text that is wrapped."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_bot.record_lines import form_starts, record_starts
from qa_bot.sentences import sentence_spans

RECORDS = {
    "fields": "# code : name : port\nOT:Otterburg:Ost\nHE:Heronstadt:\nMO:Moth:West\nNE:Newt:Süd",
    "labels": "Name: Ada Quill\nPhone: 555 0142\nOffice: the second room on the first floor",
    "columns": "Tool            Rack\nHammer          A\nSpirit level    B",
    "a programme": "09:00 Registration\n09:30 Welcome by the mayor\n12:00 Lunch",
    "a talk": "ADA: Is the bridge open, as they say?\nBEN: No.\nADA: Since when is it closed?",
    "settings": "colour = green and white\nwidth = 12\nheight = 9",
}
TEXT = {
    "wrapped": textwrap.fill(
        "The office: it opens at nine, and closes at five. On Sundays: it stays closed, and the "
        "list of holidays: see below, hangs at the door, for all to see: the porter reads it.",
        60,
    ),
    "verse": "I saw, one day, a heron rise,\nand heard: the reeds, the rain,\nher cry, and mine;",
    "an address": "Otter & Sons\n12 Mill Lane\nHeronstadt",
    "two lines": "Phone: 555 0142\nOffice: 12",
}


@pytest.mark.parametrize("text", RECORDS.values(), ids=RECORDS)
def test_each_record_is_a_sentence(text: str) -> None:
    lines = text.split("\n")
    first = int(lines[0].startswith("#"))  # a note is no record
    assert [text[start:].partition("\n")[0] for start in record_starts(text)] == lines[first:]
    ends = {end for _, end in sentence_spans(text)}
    assert {text.index(line) + len(line) for line in lines} <= ends


@pytest.mark.parametrize("text", TEXT.values(), ids=TEXT)
def test_text_is_not_cut_at_its_lines(text: str) -> None:
    assert record_starts(text) == []


def test_a_line_without_the_shape_goes_on_with_its_record() -> None:
    text = "Name: Ada\nOffice: the second room\n  behind the stairs\nPhone: 1\nMail: a@b.example"
    said = [text[start:end] for start, end in sentence_spans(text)]
    assert said == ["Name: Ada", "Office: the second room\n  behind the stairs", *said[2:]]
    assert said[2:] == ["Phone: 1", "Mail: a@b.example"]


def test_a_drawn_rule_is_part_of_no_record() -> None:
    text = "Name: Ada\nPhone: 1\nMail: ada@example.org\nRoom: 3\n----"
    assert [text[start:end] for start, end in sentence_spans(text)][-2:] == ["Room: 3", "----"]


def test_a_form_begins_where_the_first_label_comes_again() -> None:
    form = ["ID: 7", "Item: plough", "Place: hall"]
    assert form_starts([*form, "//", *form, "//", *form]) == [0, 4, 8]
    assert form_starts(form) == [0]
    assert form_starts(
        ["Ada: Yes.", "Ada: No.", "Ada: Well.", "Ada: So?", "Ada: Hm.", "Ada: A."]
    ) == [0]


@given(st.text(st.sampled_from("ab1:|;,= \t\n.#-"), max_size=120))
def test_starts_are_starts_of_lines_in_order(text: str) -> None:
    starts = record_starts(text)
    assert starts == sorted(set(starts))
    assert all(start == 0 or text[start - 1] == "\n" for start in starts)
    groups = form_starts(text.split("\n"))
    assert groups[0] == 0
    assert groups == sorted(set(groups))
