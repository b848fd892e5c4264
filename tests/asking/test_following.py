"""Conversations: follow-ups find what they mean, and questions of their own lose nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from talking import ABOUT_ARTICLE, OVER_REPORTS, write_reports

from qa_bot import Answer, Index, ModelError, Turn, UsageError, answer, build_index, open_index
from qa_bot.asking.following import FEATURES, FILE, asks_alike, fitted, probability, understand
from qa_bot.models.embedding import SentenceTransformerEmbedder


@pytest.fixture(scope="module")
def reports(
    tmp_path_factory: pytest.TempPathFactory, model: SentenceTransformerEmbedder
) -> Iterator[Index]:
    root = tmp_path_factory.mktemp("reports")
    documents = root / "documents"
    documents.mkdir()
    write_reports(documents)
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


def wrong(told: Sequence[tuple[str, str]], index: Index) -> list[tuple[str, str, str]]:
    """The questions of a conversation whose reply lacks its phrase, with what was searched."""
    replies = talk([question for question, _ in told], index)
    return [
        (question, reply.understood_as, said(reply))
        for (question, phrase), reply in zip(told, replies, strict=True)
        if phrase not in said(reply)
    ]


def said(reply: Answer) -> str:
    """What is quoted first, or else what leads on."""
    return first(reply) if reply.quotes or not reply.message else reply.message


def test_a_conversation_over_three_reports_is_followed(reports: Index) -> None:
    assert len(OVER_REPORTS) == 10
    assert wrong(OVER_REPORTS, reports) == []


def test_a_conversation_about_the_article_is_followed(article: Index) -> None:
    assert len(ABOUT_ARTICLE) == 10
    assert wrong(ABOUT_ARTICLE, article) == []


def test_what_was_searched_is_said(reports: Index) -> None:
    before = answer("How many people did the Harbour Authority employ in 2021?", reports)
    after = answer("And in 2022?", reports, history=[Turn.of(before)])
    assert before.understood_as == ""
    assert after.question == "And in 2022?"
    assert after.understood_as == "How many people did the Harbour Authority employ in 2022?"
    pairs = [("How many people did the Harbour Authority employ in 2021?", "412 people.")]
    assert answer("And in 2022?", reports, history=pairs).understood_as == after.understood_as


def test_a_document_takes_the_place_of_the_one_that_was_asked(reports: Index) -> None:
    told = [
        ("How many people did the library employ in 2021?", "96 people"),
        ("And the zoo?", "203 people"),
        ("what about the harbour", "412 people"),
    ]
    assert wrong(told, reports) == []


def test_what_leans_on_a_question_that_leans_stands_behind_both(reports: Index) -> None:
    told = ["What did the dredging cost?", "Who did it?", "Where?"]
    last = talk(told, reports)[-1]
    assert last.understood_as == "What did the dredging cost? Who did it? Where?"
    assert "northern channel" in first(last)


def test_a_date_completes_a_question_that_still_leans(reports: Index) -> None:
    history = [
        Turn("Who works at the Harbour Authority?", "412 people.", ("harbour.md",)),
        Turn("What did they earn?", "", ("harbour.md",)),
    ]
    reply = answer("And in 2022?", reports, history=history)
    assert reply.understood_as.endswith("What did they earn in 2022?")
    assert "Harbour" in reply.understood_as
    assert reply.hits[0].passage.document_id == "harbour.md"


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


def test_a_name_that_was_not_said_stands_alone_and_a_year_or_a_role_does_not(
    reports: Index,
) -> None:
    history = [Turn("What did the harbour earn in 2021?", "The harbour earned 96 crowns in 2021.")]
    assert not understand("How heavy was the elephant calf Tamika?", history, reports).shown
    for question in ("What was earned in 2022?", "Who was the CEO?"):
        assert understand(question, history, reports).shown


def test_the_same_question_about_something_else_stands_alone(reports: Index) -> None:
    earlier = "How heavy was the elephant calf Tamika?"
    history = [Turn.of(answer(earlier, reports))]
    for question in ("How heavy was the dredger Marlin?", "How heavy was the pier of the harbour?"):
        assert answer(question, reports, history=history) == answer(question, reports)


@pytest.mark.parametrize(
    ("question", "earlier", "alike"),
    [
        ("When does the ferry Cora leave?", "When does the ferry Ada leave?", True),
        ("What did the zoo earn in 2022?", "What did the zoo earn in 2021?", True),
        ("What is the population of France?", "What is the capital of France?", True),
        ("When does the ferry Cora leave on Sundays?", "When does the ferry Ada leave?", True),
        ("When does it leave?", "When does the ferry Ada leave?", False),
        ("When does the ferry leave?", "When does the ferry Ada leave?", False),
        ("Who owns the dredger?", "When does the ferry Ada leave?", False),
        ("What is it based on?", "What is collective defence?", False),
    ],
)
def test_questions_are_alike_where_one_names_something_else_in_its_place(
    question: str, earlier: str, *, alike: bool
) -> None:
    assert asks_alike(question, earlier) is alike


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
