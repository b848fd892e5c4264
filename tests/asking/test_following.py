"""Conversations: follow-ups find what they mean, and questions of their own lose nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from qa_bot import Answer, Index, ModelError, Turn, UsageError, answer, build_index, open_index
from qa_bot.asking.following import FEATURES, FILE, fitted, probability, understand
from qa_bot.models.embedding import SentenceTransformerEmbedder

REPORTS = {
    "harbour.md": """# Harbour Authority, annual report

## Staff and wages

The Harbour Authority employed 412 people in 2021. In 2022 it employed 388 people, since two ferry
lines closed.

## Dredging

Dredging of the northern channel cost 3.2 million euros in 2021. The dredger Marlin did the work
between March and June.

The dredger Marlin is owned by the shipping company Brandt and Sons, which rents it out by the week.

## Safety

Nine accidents were reported, five of them on the container quay. New lamps were put up there.
""",
    "library.md": """# City Library, annual report

## Staff and wages

The City Library employed 96 people in 2021. In 2022 it employed 104 people, most of the new ones
in the branch by the station.

## Lending

Readers borrowed 1.1 million items in 2021, a tenth more than in the year before. Audio books grew
most of all.

## Opening hours

The main building opens at nine and closes at eight. It is closed on Sundays, since no money was
granted for guards.
""",
    "zoo.md": """# Zoological Garden, annual report

## Staff and wages

The Zoological Garden employed 203 people in 2021. In 2022 it employed 215 people.

## Elephants

The elephant calf Tamika was born in August. She weighed 97 kilograms and is fed by the keeper
Ines Falk.

## Visitors

The garden had 640,000 visitors, of whom a third came in the school holidays.
""",
}


@pytest.fixture(scope="module")
def reports(
    tmp_path_factory: pytest.TempPathFactory, model: SentenceTransformerEmbedder
) -> Iterator[Index]:
    root = tmp_path_factory.mktemp("reports")
    documents = root / "documents"
    documents.mkdir()
    for name, text in REPORTS.items():
        (documents / name).write_text(text, encoding="utf-8")
    build_index(documents, root / "index", model=model)
    with open_index(root / "index", model=model) as index:
        yield index


def talk(questions: Sequence[str], index: Index) -> list[Answer]:
    """Ask one after another, each with all that was answered before it."""
    found: list[Answer] = []
    for question in questions:
        found.append(answer(question, index, history=[Turn.of(one) for one in found]))
    return found


def first(reply: Answer) -> str:
    """The first quote on one line; where nothing may answer, the nearest passage."""
    text = reply.quotes[0].text if reply.quotes else reply.hits[0].passage.text
    return " ".join(text.split())


def test_a_conversation_over_three_reports_is_followed(reports: Index) -> None:
    told = [
        ("How many people did the Harbour Authority employ in 2021?", "412 people"),
        ("And in 2022?", "388 people"),
        ("Why?", "two ferry lines closed"),
        ("What about the City Library?", "104 people"),
        ("When does it open?", "opens at nine"),
        ("Why is it closed on Sundays?", "no money was granted"),
        ("How heavy was the elephant calf Tamika?", "97 kilograms"),
        ("Who feeds her?", "Ines Falk"),
        ("Which dredger worked in the northern channel?", "Marlin"),
        ("Who owns it?", "Brandt and Sons"),
    ]
    replies = talk([question for question, _ in told], reports)
    wrong = [
        (question, reply.understood_as, first(reply))
        for (question, phrase), reply in zip(told, replies, strict=True)
        if phrase not in first(reply)
    ]
    assert not wrong


def test_a_conversation_about_the_article_is_followed(article: Index) -> None:
    told = [
        ("Why is Iceland important?", "Iceland"),
        ("What is the Enhanced Forward Presence?", "Enhanced Forward Presence"),
        ("Where are its battlegroups?", "Baltic"),
        ("What do they deter?", "Enhanced Forward Presence"),
        ("What is this document about?", ""),
        ("How do limited budgets affect partnerships?", "udget"),
        ("Thanks!", ""),
        ("Why is that a problem?", "udget"),
        ("What are important elements of diplomatic initiatives?", "iplomatic"),
        ("How do they help?", "iplomatic"),
    ]
    replies = talk([question for question, _ in told], article)
    wrong = [
        (question, reply.understood_as, first(reply))
        for (question, phrase), reply in zip(told, replies, strict=True)
        if phrase and phrase not in first(reply)
    ]
    assert not wrong
    assert [reply.navigation for reply in replies[4:7:2]] == ["about", "courtesy"]


def test_what_was_searched_is_said(reports: Index) -> None:
    before = answer("How many people did the Harbour Authority employ in 2021?", reports)
    after = answer("And in 2022?", reports, history=[Turn.of(before)])
    assert before.understood_as == ""
    assert after.question == "And in 2022?"
    assert after.understood_as == "How many people did the Harbour Authority employ in 2022?"
    pairs = [("How many people did the Harbour Authority employ in 2021?", "412 people.")]
    assert answer("And in 2022?", reports, history=pairs).understood_as == after.understood_as


@pytest.mark.parametrize(
    "question",
    [
        "How heavy was the elephant calf Tamika?",
        "How many visitors did the garden have?",
        "Who is the keeper of the lighthouse in Greenland?",
    ],
)
def test_a_question_of_its_own_is_answered_as_without_the_conversation(
    question: str, reports: Index
) -> None:
    history = [
        ("Which dredger worked in the northern channel?", "The dredger Marlin did the work.")
    ]
    assert answer(question, reports, history=history) == answer(question, reports)


def test_the_document_just_quoted_is_looked_at_first(reports: Index) -> None:
    for name, phrase in (("library.md", "96 people"), ("zoo.md", "203 people")):
        history = [Turn("What happened there?", "A lot was done.", (name,))]
        reply = answer("How many people did they employ in 2021?", reports, history=history)
        assert phrase in first(reply)
    gone = [Turn("What happened there?", "A lot was done.", ("gone.md",))]
    assert answer("How many people did they employ in 2021?", reports, history=gone).hits


def test_no_history_is_no_difference(reports: Index) -> None:
    question = "Who owns the dredger?"
    assert answer(question, reports, history=()) == answer(question, reports)
    assert understand(question, (), reports).likely == 0


def test_a_history_of_something_else_is_refused(reports: Index) -> None:
    for history in ("Why?", [("one",)], [3], [("a", 1)]):
        with pytest.raises(UsageError, match="history"):
            answer("Who owns it?", reports, history=history)  # type: ignore[arg-type]


def test_a_turn_keeps_what_later_questions_need(reports: Index) -> None:
    reply = answer("Who owns the dredger Marlin?", reports)
    turn = Turn.of(reply)
    assert turn.question == reply.question
    assert turn.documents[0] == "harbour.md"
    assert turn.sections[0] == reply.quotes[0].citation.section
    assert reply.quotes[0].text in turn.answer_text


def test_where_two_documents_answer_alike_it_is_asked_which(reports: Index) -> None:
    reply = answer("How many people were employed in 2021?", reports)
    if reply.found:
        assert reply.options == ()
        return
    assert len({option.documents for option in reply.options}) > 1
    chosen = next(option for option in reply.options if option.documents == ("zoo.md",))
    assert "Zoological" in chosen.label
    again = answer(chosen.question, reports, documents=chosen.documents)
    assert "203 people" in first(again)


def test_the_numbers_say_what_made_them_and_are_checked(tmp_path: Path) -> None:
    kept = json.loads(FILE.read_text(encoding="utf-8"))
    assert kept["made by"] == "python -m training.fit_following"
    weights = fitted().weights
    assert set(weights) == {*FEATURES, "constant"}
    leaning, alone = dict.fromkeys(FEATURES, 0.0), dict.fromkeys(FEATURES, 0.0)
    leaning |= {"pronoun": 1.0, "points": 1.0, "short": 0.5, "said": 1.0}
    alone |= {"names": 1.0, "evidence": 1.0, "short": 0.2}
    assert probability(leaning, weights) > probability(alone, weights)
    damages: tuple[dict[str, object], ...] = (
        {"weights": {}},
        {"leans": 2},
        {"weights": {**weights, "pronoun": "x"}},
    )
    for damage in damages:
        damaged = tmp_path / "following.json"
        damaged.write_text(json.dumps({**kept, **damage}), encoding="utf-8")
        with pytest.raises(ModelError, match="can't be used"):
            fitted.__wrapped__(damaged)
