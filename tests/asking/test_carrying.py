"""What a question's words lean on, and what is carried over from a conversation."""

from __future__ import annotations

import pytest

from qa_bot import Index, Turn
from qa_bot.asking.carrying import completed, instead, topic_words, written_out
from qa_bot.asking.leaning import leaning


@pytest.mark.parametrize(
    "question",
    [
        "Is it treatable?",
        "Who leads them there?",
        "What are its symptoms?",
        "And in 2022?",
        "What about Poland?",
        "How much was spent in that year?",
        "Why?",
        "Was the same true of the other one?",
        "Who owns this?",
    ],
)
def test_a_question_refers_to_what_was_said(question: str) -> None:
    assert leaning(question).refers


@pytest.mark.parametrize(
    "question",
    [
        "Why is Iceland important?",
        "What is the fee that a late payer owes?",
        "How many days are there between two inspections?",
        "Why do banks say that they are safe?",
        "What does the agency do when its budget is cut?",
        "Who said that the party was over?",
        "How many soldiers does NATO have?",
    ],
)
def test_a_question_that_names_all_it_means_refers_to_nothing(question: str) -> None:
    assert not leaning(question).refers


@pytest.mark.parametrize(
    ("question", "previous", "meant"),
    [
        ("And in 2022?", "What were sales in 2021?", "What were sales in 2022?"),
        ("2019", "What was the rent in 2018?", "What was the rent in 2019?"),
        ("And in 2018 and 2019?", "What was it in 2017?", "What was it in 2018 and 2019?"),
        ("What about Q3?", "What was revenue in Q2 2021?", "What was revenue in Q3 2021?"),
        ("And in 2022?", "What were sales?", "What were sales in 2022?"),
        ("Fiscal 2019.", "What was the cash flow?", "What was the cash flow Fiscal 2019?"),
        (
            "from 2017 to 2018.",
            "What is the change in total income?",
            "What is the change in total income from 2017 to 2018?",
        ),
        ("And in May?", "How many came in April?", "How many came in May?"),
        ("And Poland?", "Why is Iceland important?", "Why is Poland important?"),
        (
            "What about France?",
            "Which ships does Germany's navy have?",
            "Which ships does France's navy have?",
        ),
        ("And for Mr. Post?", "What did Mr. Smith get?", "What did Mr. Post get?"),
        (
            "And of the Department of Labor?",
            "What is the mission of EPA?",
            "What is the mission of the Department of Labor?",
        ),
        ("And NARA's?", "What is the mission of the EPA?", "What is the mission of the NARA?"),
        (
            "And the Wage and Hour Division?",
            "What does MSHA do?",
            "What does the Wage and Hour Division do?",
        ),
        ("And in Ohio?", "Whom did Mr. Smith meet in Texas?", "Whom did Mr. Smith meet in Ohio?"),
        ("And about floods?", "What is done about fires?", "What is done about floods?"),
        (
            "And for lead?",
            "What is the limit for zinc in water?",
            "What is the limit for lead in water?",
        ),
        (
            "Of the library",
            "What are the opening hours?",
            "What are the opening hours of the library?",
        ),
        ("How about that in 2018?", "What was the rent in 2017?", "What was the rent in 2018?"),
        ("And on fees?", "Compare Alpha and Beta on staff", "Compare Alpha and Beta on fees"),
    ],
)
def test_what_changes_a_year_place_or_name_is_put_there(
    question: str, previous: str, meant: str, article: Index
) -> None:
    assert instead(question, previous, article) == meant


@pytest.mark.parametrize(
    ("question", "previous"),
    [
        ("And the costs in 2022?", "What were sales?"),  # something else changes as well
        ("And in 2021?", "What were sales in 2021?"),  # nothing changes
        ("And Norway?", "What did the two do in Poland and Germany?"),  # either may be meant
        ("What were costs in 2022?", "What were sales in 2021?"),  # a question of its own
        ("For how many weeks?", "What do patients get?"),  # a question of its own
        ("Basic", "What did Mr. Smith get?"),  # a capital that says nothing
        ("And the maintenance revenue?", "What was the license revenue in 2018?"),
        ("Why?", "Why is Iceland important?"),
        ("And its budget in 2022?", "What was the staff in 2021?"),
    ],
)
def test_nothing_is_put_where_there_is_no_single_like(
    question: str, previous: str, article: Index
) -> None:
    assert instead(question, previous, article) is None


def test_changes_add_up_over_several_turns(article: Index) -> None:
    turns = [Turn("What were sales in 2020?"), Turn("And in 2021?"), Turn("And in 2022?")]
    assert [turn.question for turn in written_out(turns, article)] == [
        "What were sales in 2020?",
        "What were sales in 2021?",
        "What were sales in 2022?",
    ]


def test_topic_words_are_rare_ones_and_not_the_questions_own(article: Index) -> None:
    history = [Turn("Where are the battlegroups of the Enhanced Forward Presence?", "In Poland.")]
    found = topic_words("Who leads the battlegroups?", history, article)
    assert {"Enhanced", "Presence", "Poland"} <= set(found)
    assert "battlegroups" not in found
    assert "the" not in found


def test_words_that_no_document_holds_are_no_topic(article: Index) -> None:
    assert topic_words("Why?", [Turn("How do axolotls regenerate?")], article) == []


def test_a_question_is_completed_in_one_of_three_ways(article: Index) -> None:
    history = [Turn("Why is Iceland important?", "Its location."), Turn("Thanks!")]

    def way(question: str) -> tuple[str, str]:
        found = completed(question, history, article)
        assert found is not None
        return found.way, found.text

    assert way("And Poland?") == ("instead", "Why is Poland important?")
    assert way("Why?") == ("previous", "Why is Iceland important? Why?")
    kind, text = way("Who guards it?")
    assert kind == "topic"
    assert text.endswith("Who guards it?")
    assert "Iceland" in text
    assert completed("And Poland?", [], article) is None
    assert completed("And Poland?", [Turn("Thanks!")], article) is None
