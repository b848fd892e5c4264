"""Several questions in one, told apart by rule."""

from __future__ import annotations

import pytest

from qa_bot.asking.parts import parts


@pytest.mark.parametrize(
    ("question", "each"),
    [
        (
            "Who is the chair and when was the club founded?",
            ["Who is the chair?", "when was the club founded?"],
        ),
        ("What is a lien? How is it applied?", ["What is a lien?", "How is a lien applied?"]),
        ("What is the fee, and is it refundable?", ["What is the fee?", "is the fee refundable?"]),
    ],
)
def test_two_questions_are_told_apart(question: str, each: list[str]) -> None:
    assert parts(question) == each


@pytest.mark.parametrize(
    "question",
    [
        "Who decides what is bought and when it is paid?",
        "Do the rules say when and how to pay?",
        "Which boats are red and are kept inside?",
        "When and where does the board meet?",
        "What are the bow and stern?",
        "How many members are there and who leads them?",
        "What is the difference between a lien and what is called a pledge?",
        "Is the pool open?",
    ],
)
def test_one_question_stays_whole(question: str) -> None:
    assert parts(question) == [question]
