"""Questions that ask what something is, and the sentences that say it."""

from __future__ import annotations

from pathlib import Path

import pytest

import qa_bot
from qa_bot.asking.definitions import asked_term, defines


@pytest.mark.parametrize(
    ("question", "term"),
    [
        ("What is a quay?", "quay"),
        ("what's demurrage", "demurrage"),
        ("What are quiet hours?", "quiet hours"),
        ("What is meant by the “Quiet Hours”?", "quiet hours"),
        ("What does LAN stand for?", "lan"),
        ("What is the meaning of berth?", "berth"),
        ("What is Lock of Pell?", "lock of pell"),
        ("What is a sluice in this manual?", "sluice"),
        ("What is the deadline?", ""),
        ("What is included in the price?", ""),
        ("What is its price?", ""),
        ("What was the profit of the harbour in 2019?", ""),
        ("When is a quay free?", ""),
        ("Who is the harbour master?", ""),
        ("What is $?", ""),
        ("What is ??", ""),
        ("What is C++?", ""),
        ("What does it mean?", ""),
        ("What is meant by this?", ""),
        ("What is  the  deadline?", ""),
        ("What is a double room in high season?", ""),
    ],
)
def test_what_something_is_is_asked_by_its_term(question: str, term: str) -> None:
    assert asked_term(question) == tuple(term.split())


@pytest.mark.parametrize(
    ("term", "sentence"),
    [
        ("quiet hour", "A “Quiet Hour” is one in which no engine runs."),
        ("quay", "Quay means a wall at which ships lie."),
        ("demurrage", "Demurrage is what is paid for days too many."),
        ("quiet hours", "The Quiet Hours are those after ten."),
        ("quay", "Quays are walls at which ships lie."),
        ("quay", "Quays are a kind of wall."),
        ("body", "Bodies are those of the town."),
        ("quay", "A quay, or wharf, is a wall."),
        ("quay", "A quay (also called wharf by sailors) is a wall."),
        ("quay", "The term quay refers to a wall."),
        ("quay", "“Quay” shall mean a wall at which ships lie."),
        ("quay", "Quay A quay is a wall at which ships lie."),
        ("quay", "Quay: a wall at which ships lie."),
        ("quay", "Quay | A wall at which ships lie."),
        ("quay", "The wall at which ships lie is called a “quay”."),
        ("rot", "Rot is decay that spreads in wet wood."),
        ("lan", "Each berth has a Local Area Network (LAN)."),
        ("osha", "The Occupational Safety and Health Administration (OSHA) set it."),
    ],
)
def test_a_sentence_says_what_a_term_is(term: str, sentence: str) -> None:
    assert defines(tuple(term.split()), sentence)


@pytest.mark.parametrize(
    ("term", "sentence"),
    [
        ("quay", "An hour at the quay is free."),
        ("quay", "A quay costs 40 euros."),
        ("quay", "Quays are available all year."),
        ("quay", "Quays are painted white."),
        ("quay", "The quay is open to all."),
        ("quay", "The quay is the same as it was."),
        ("tenant", "The Tenant shall pay the rent."),
        ("quay", "Quays are all owned by the town."),
        ("quay", "A quay"),
        ("quay", "Quay | 12 | 14 | 19"),
        ("pell", "This lock is called the Pell lock."),
        ("pell", "The gates (Pell) are shut."),
        ("cat", "Concatenation is a join."),
        ("probate", "Probation is a sentence."),
        ("quiet hours", "Quiet hours\nbegin at ten every night."),
        ("quays", "Quays are expensive."),
        ("smoking", "Smoking is forbidden in rooms that have no window."),
        ("quay", "Quay is one of our problems."),
        ("quay", "We called the quay, and nobody came."),
        ("refund", "The refund means that nobody pays."),
        ("pressure", "Pressure: see the table on page four."),
        ("term", "The term " * 2000),
        ("", "A quay is a wall."),
    ],
)
def test_a_sentence_about_something_defines_nothing(term: str, sentence: str) -> None:
    assert not defines(tuple(term.split()), sentence)


def test_among_many_that_have_the_word_the_passage_that_defines_it_is_quoted(
    tmp_path: Path,
) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    parts = [f"# Step {n}\n\nWhat the lodestar shows is noted in book {n}." for n in range(30)]
    parts.insert(20, "# Gauges\n\nIts dial is brass. A lodestar is a gauge for the water's depth.")
    (documents / "manual.md").write_text("\n\n".join(parts))
    qa_bot.build_index(documents, tmp_path / "index")
    with qa_bot.open_index(tmp_path / "index") as index:
        answer = qa_bot.answer("What is a lodestar?", index)
    quote = answer.quotes[0]
    (start, end) = quote.marked[0]
    said = quote.text[start - quote.start : end - quote.start]
    assert said == "A lodestar is a gauge for the water's depth."


def test_a_definition_never_takes_the_place_of_what_is_asked(tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "hotel.md").write_text(
        "# Rooms\n\nA teacher is someone who works at a school.\n\n# Pay\n\n"
        "Teachers in Texas are paid 60,000 dollars a year.\n"
    )
    qa_bot.build_index(documents, tmp_path / "index")
    with qa_bot.open_index(tmp_path / "index") as index:
        answer = qa_bot.answer("What is a teacher in Texas paid?", index)
    assert answer.found
    assert "60,000" in answer.quotes[0].text
