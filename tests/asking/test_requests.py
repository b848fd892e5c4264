"""Requests that no quote answers: a few forms, and nothing that only looks like them."""

from __future__ import annotations

import pytest

from qa_bot.asking.requests import Request, opens_place, request_of


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Hi!", "courtesy"),
        ("Good morning", "courtesy"),
        ("thanks a lot", "courtesy"),
        ("OK, great!", "courtesy"),
        ("Thanks, that helps a lot.", "courtesy"),
        ("That was very helpful", "courtesy"),
        ("No, that's all", "courtesy"),
        ("Who made you?", "help"),
        ("Summarise the chapter about fees", "section"),
        ("Show me the safety section", "section"),
        ("Open section “Dues and fees”", "section"),
        ("Summarise this section", "about"),
        ("What can you do?", "help"),
        ("how does this work", "help"),
        ("List the documents", "documents"),
        ("Which files do you have?", "documents"),
        ("How many pages?", "size"),
        ("how many pages does the EPA report have?", "size"),
        ("How long is this document?", "size"),
        ("How many documents are there?", "size"),
        ("What is this document about?", "about"),
        ("Please summarise the report.", "about"),
        ("Give me an overview", "about"),
        ("tl;dr", "about"),
        ("Show the outline", "outline"),
        ("What sections are there?", "outline"),
        ("List the challenges", "list"),
        ("Name all recommendations in this report", "list"),
        ("Compare EPA 2022 and DOL 2022 on cyber security", "comparison"),
    ],
)
def test_a_request_is_told_by_its_form(question: str, kind: str) -> None:
    found = request_of(question)
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize(
    "question",
    [
        "Why is Iceland important?",
        "What are the recommendations?",
        "How many employees does the agency have?",
        "How long do otters sleep?",
        "What are the challenges of small budgets?",
        "Hi, what is a CSBM?",
        "Thanks, and in 2022?",
        "Nook?",
        "No fee is due?",
        "That is all that was paid?",
        "Who made the boats?",
        "What can you do about a leak?",
        "What can a member do?",
        "Help desk hours?",
        "Is there a summary judgment?",
        "",
        "?",
    ],
)
def test_a_question_is_no_request(question: str) -> None:
    assert request_of(question) is None


def test_what_is_asked_for_is_taken_apart() -> None:
    assert request_of("Compare Alpha with Beta regarding fees") == Request(
        "comparison", what="fees", sides=("Alpha", "Beta")
    )
    assert request_of("How many pages are there in the annual report?") == Request(
        "size", of="the annual report"
    )
    assert request_of("List the main risks in this report") == Request(
        "list", of="this report", what="risks"
    )
    counted = request_of("How many documents are there?")
    assert counted is not None
    assert counted.counts_documents


@pytest.mark.parametrize(
    ("question", "shows"),
    [
        ("Show section 3", True),
        ("Please summarise chapter IV.", True),
        ("open the section Findings", True),
        ("What does section 3 say?", False),
        ("Does section 3 show a fee?", False),
    ],
)
def test_a_place_is_to_be_shown_where_it_is_asked_to(question: str, shows: bool) -> None:
    assert opens_place(question) == shows
