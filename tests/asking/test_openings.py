"""What a contract's opening says of it: its parties, its name, its date."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from qa_bot import Index, answer, build_index, open_index
from qa_bot.asking.openings import asks_of_itself, asks_parties, introducing
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
    "question",
    [
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
