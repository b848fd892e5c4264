"""A name for who, an amount for what something costs, the year that is asked for."""

from __future__ import annotations

import pytest

from qa_bot.asking.expecting import lacks_kind, of_others


@pytest.mark.parametrize(
    ("question", "text", "lacks"),
    [
        ("Who is the warden?", "Keys must reach the warden before May.", True),
        ("Who is the warden?", "The warden, Ina Holt, keeps the keys.", False),
        ("Who is the warden?", "Keys are kept. Ina is the warden.", False),
        ("Who is the person to ask?", "The warden is asked.", False),
        ("Who keeps the keys?", "The warden keeps them.", False),
        ("What does a berth cost?", "A berth is three metres wide.", True),
        ("What does a berth cost?", "A berth is 30 euros a week.", False),
        ("What does a berth cost?", "Berths are free in winter.", False),
        ("What is the cost of revenue made of?", "It is made of hosting.", False),
        (
            "Who is the first point of contact?",
            "The first point of contact is your line manager.",
            False,
        ),
        ("Who is the first point of contact?", "The first floor is your home.", True),
        ("Who are the beneficiaries?", "The spouse and children are the beneficiaries.", False),
        ("Who are the beneficiaries?", "The beneficiary is the spouse.", False),
        ("Who are the beneficiaries?", "The beneficiaries are informed by post.", True),
        ("Who is the policy aimed at?", "The policy is meant for all staff.", False),
        ("What is the deposit protection scheme?", "It keeps deposits safe.", False),
        ("What was the charge against Smith?", "Smith was charged with theft.", False),
        ("What is the rent review clause?", "Rents are looked at in spring.", False),
        ("What is the fee structure?", "Members and guests differ.", False),
        ("What is the fee for guests?", "Guests are welcome.", True),
        ("What is the rent?", "Rent is due in spring.", True),
    ],
)
def test_a_text_without_what_is_asked_for(question: str, text: str, *, lacks: bool) -> None:
    assert lacks_kind(question, [text]) is lacks


def test_sentences_on_another_year_are_told() -> None:
    texts = ["In 2019 it had 4 boats.", "In 2020 it had 6.", "Members row them."]
    assert of_others("How many boats had it in 2020?", texts) == [True, False, False]
    assert of_others("How many boats had it in 2022?", texts) == [False] * 3
    assert of_others("How many boats had it?", texts) == [False] * 3


def test_lines_on_another_date_or_code_are_told() -> None:
    lines = ["2024-03-01 7 boats came in", "2024-03-02 9 boats came in"]
    assert of_others("How many boats came in on 2024-03-02?", lines) == [True, False]
    codes = ["LOG-7 is closed by Ina.", "LOG-12 is open.", "It waits for paint."]
    assert of_others("Is LOG-12 open?", codes) == [True, False, False]
    assert of_others("Is LOG-13 open?", codes) == [False] * 3
