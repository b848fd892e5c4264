"""Ordinary questions that share their words with requests: none is taken for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from qa_bot import Answer, Index, Turn, answer, build_index, open_index
from qa_bot.models.embedding import SentenceTransformerEmbedder

POLICY = """# Travel policy of the Northern Bank

## Scope

This policy covers journeys of the staff of the Northern Bank, and of guests whom it invites.

## Length of reports

A travel report has at most four pages. The contract with the travel agency runs for three years.

## Members of the committee

- Ada Lind, who leads it.
- Jonas Berg, who keeps the minutes.
"""
HANDBOOK = """# Structure and sections of a bridge

## Sections

A bridge of this type has nine sections. Each section is forty metres long and rests on two piers.

## Structure

The structure is of steel. Its outline follows the river, and the summary of loads is kept on site.
"""
QUESTIONS = """
How long is the contract with the travel agency?
How long is the bridge?
How long is it?
How long is each section?
How long is a section of the bridge?
How long is the policy valid?
How long is this valid?
How long is the contract?
How long is the policy?
How long is the Northern Bank open?
How long is the notice period in the contract?
How long is the river?
How long are the sections?
How long does the contract run?
How long does it take?
How long do members serve?
How long has the bank been open?
How many pages does a travel report have?
How many pages does the policy allow?
How many pages does a report need?
How many pages may the report have?
How many pages is a travel report allowed to have?
How many pages can a member submit?
How many pages do members write?
How many files does the committee keep?
How many reports does the committee write?
How many reports are there each year?
How many documents must a guest show?
How many documents does the bank ask for?
How many sections does the bridge have?
How many members are there?
How many chapters of the association are there?
What does the policy cover?
What does it cover?
What does it say?
What does that say about guests?
What does the bank say?
What does the Northern Bank cover?
What does this policy cover?
What does the committee say about reports?
What is it about the bridge that is special?
What is the bank about?
What is special about the bridge?
What is the bridge about to get?
What is known about the piers?
What is the structure of the bridge?
What is the structure?
What are the sections of a bridge made of?
What are the contents of a travel report?
What are the contents?
What is the outline of the bridge like?
What is a summary of loads?
Where is the summary of loads kept?
Who keeps the summary?
Who wrote the abstract of the load study?
Is there an overview of the costs?
Summarise the duties of the committee.
Summarise the differences between guests and staff.
Summarise what the bank pays.
Summarise the loads on the piers.
Sum up the costs of a journey.
Describe the bridge.
Describe it.
Describe the structure of the bridge.
Describe the Northern Bank.
Describe how a journey is booked.
Give me a summary of the loads.
Give an overview of the committee's duties.
Give me an outline of the river.
Show me how the bridge is built.
Show where the piers stand.
Show the loads.
List the guests of the bank.
List its members.
List the piers of the bridge.
List all journeys of 2021.
List the steps to book a journey.
Name the leader of the committee.
Name a member of the committee.
Name the bank.
Name one section.
Which documents are required for a journey?
Which reports does the committee read?
Which sections are the longest?
Which files must be kept?
Which sources does the bank name?
What reports have the piers passed?
What can you do if a journey is cancelled?
What can a guest do?
What do you do with a lost ticket?
How does it work?
How does the bridge work?
How do members use it?
How can the bank help me?
How can I use the travel agency?
Help for lost tickets?
Who are you to ask when a ticket is lost?
Are you allowed to bring a guest?
Is Nice a destination of the bank?
How is the committee organised?
How is the bridge structured?
Compare steel and stone on cost.
Compare the loads of the two piers.
What do staff and guests say about journeys?
Thanks to whom was the bridge built?
Hello, who leads the committee?
Good question, but who pays?
"""


@pytest.fixture(scope="module")
def works(
    tmp_path_factory: pytest.TempPathFactory, model: SentenceTransformerEmbedder
) -> Iterator[Index]:
    root = tmp_path_factory.mktemp("works")
    documents = root / "documents"
    documents.mkdir()
    (documents / "travel-policy.md").write_text(POLICY, encoding="utf-8")
    (documents / "bridge.md").write_text(HANDBOOK, encoding="utf-8")
    build_index(documents, root / "index", model=model)
    with open_index(root / "index", model=model) as index:
        yield index


def asked(question: str, index: Index, *, later: bool) -> Answer:
    before = [Turn("Who leads the committee?", "Ada Lind, who leads it.", ("travel-policy.md",))]
    return answer(question, index, reader=None, history=before if later else ())


@pytest.mark.parametrize("later", [False, True], ids=["first", "later"])
def test_an_ordinary_question_is_no_request(works: Index, later: bool) -> None:
    questions = QUESTIONS.strip().splitlines()
    assert len(questions) > 100
    taken = [
        (question, reply.navigation)
        for question in questions
        if (reply := asked(question, works, later=later)).navigation
    ]
    assert not taken


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many pages does the travel policy have?", "size"),
        ("How long is bridge.md?", "size"),
        ("What is the travel policy about?", "about"),
        ("What is the Travel policy of the Northern Bank about?", "about"),
        ("Summarise bridge.md", "about"),
        ("Summarise this policy", "about"),
        ("What does this document cover?", "about"),
        ("Show the sections of the travel policy", "outline"),
        ("How is bridge.md structured?", "outline"),
        ("List the members of the committee", "list"),
        ("Name the members of the committee", "list"),
        ("How does this work?", "help"),
    ],
)
@pytest.mark.parametrize("later", [False, True], ids=["first", "later"])
def test_what_names_a_document_still_is_one(
    works: Index, question: str, kind: str, later: bool
) -> None:
    assert asked(question, works, later=later).navigation == kind


def test_it_is_the_document_where_nothing_else_was_spoken_of(works: Index) -> None:
    shown = Turn("Summarise the travel policy", "This policy covers …", ("travel-policy.md",))
    question = "What is it about?"
    assert answer(question, works, reader=None, history=[shown]).navigation == "about"
    asked_before = Turn("How many sections does a bridge have?", "Nine.", ("bridge.md",))
    reply = answer(question, works, reader=None, history=[asked_before])
    assert reply.navigation == ""
    question = "How long is the document?"
    assert answer(question, works, reader=None, history=[asked_before]).navigation == "size"
