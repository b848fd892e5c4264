"""What a document's opening says of it: a contract's parties, a report's authors, a date."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from qa_bot import Index, answer, build_index, open_index
from qa_bot.asking.openings import (
    asks_of_front,
    asks_of_itself,
    asks_parties,
    first_passages,
    introducing,
)
from qa_bot.models.embedding import SentenceTransformerEmbedder

OPENING = (
    'This Ferry Charter Agreement (the "Agreement") is made as of 4 March 2021 by and between '
    'Tarnwater Lines Ltd. (the "Owner") and Osprey Travel GmbH (the "Charterer").'
)
CLAUSES = [
    "Neither party may assign this Agreement without the written consent of the other party.",
    "The parties are independent contractors. Nothing in this Agreement makes one the agent of "
    "the other, and no party may sign in the name of the other.",
    "This Agreement contains the entire agreement between the parties hereto and supersedes all "
    "prior agreements between them, whatever their date.",
    "IN WITNESS WHEREOF, each party has caused this Agreement to be signed on its date.",
]

FRONT = ["Moths of the Tarn valley", "Ilse Brandauer, county museum\nTarnwater, Oct 2016"]
TRAPS = [
    f"Trap {n} at the edge of the wood held {3 * n} moths of four kinds, most of them small and "
    f"grey, beside beetles and a few flies, all of which were set free unharmed in garden {n}."
    for n in range(1, 9)
]
BODY = [
    "1 Counting",
    "We have told the makers of the traps as of November 2016, and heard that they plan to look "
    "into it before the next season.",
    "2 Lamps",
    "Lamps stood in eleven gardens, and were lit from dusk to dawn on each dry night of the year.",
]


@pytest.fixture(scope="module")
def shelf(
    tmp_path_factory: pytest.TempPathFactory, model: SentenceTransformerEmbedder
) -> Iterator[Index]:
    home = tmp_path_factory.mktemp("contracts")
    (home / "documents").mkdir()
    (home / "documents" / "charter.txt").write_text("\n\n".join([OPENING, *CLAUSES]))
    (home / "documents" / "council.txt").write_text(
        "The parties in the town council are the Reeds and the Otters, and the mayor is neither."
    )
    (home / "documents" / "moths.txt").write_text("\n\n".join([*FRONT, *TRAPS, *BODY]))
    build_index(home / "documents", home / "index", model=model)
    with open_index(home / "index", model=model) as index:
        yield index


@pytest.mark.parametrize(
    "question",
    [
        "Who are the parties to the agreement?",
        "Between whom was the charter agreement concluded?",
        "Which companies entered into this agreement?",
        "When was the agreement signed?",
        "What is the date of the agreement?",
        "What is this contract called?",
    ],
)
def test_it_is_quoted_from_the_opening(shelf: Index, question: str) -> None:
    quote = answer(question, shelf, documents=["charter.txt"]).quotes[0]
    assert quote.text.startswith("This Ferry Charter Agreement")


def test_a_question_about_other_parties_is_answered_as_any_other(shelf: Index) -> None:
    question = "Which are the parties in the town council?"
    assert asks_parties(question)
    assert introducing(question, shelf, ["council.txt"]) == []
    quote = answer(question, shelf, documents=["council.txt"]).quotes[0]
    assert "the Reeds and the Otters" in quote.text


@pytest.mark.parametrize(
    ("question", "said"),
    [("Who wrote this report?", "Ilse Brandauer"), ("When was the report published?", "Oct 2016")],
)
def test_who_wrote_a_report_and_when_is_quoted_from_its_front(
    shelf: Index, question: str, said: str
) -> None:
    assert asks_of_front(question)
    assert first_passages(shelf) == []  # whose front, of several documents?
    assert said in answer(question, shelf, documents=["moths.txt"]).quotes[0].text


@pytest.mark.parametrize(
    "question",
    [
        "Who wrote about lamps?",
        "When did the council reply to the letter?",
        "May a party assign the agreement?",
        "How long does the contract last?",
        "What is the date of the inspection?",
        "When must the parties meet?",
        "Who may terminate the lease?",
    ],
)
def test_other_questions_about_contracts_ask_for_no_opening(question: str) -> None:
    assert not asks_parties(question)
    assert not asks_of_itself(question)
    assert not asks_of_front(question)
