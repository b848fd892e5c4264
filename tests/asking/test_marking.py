"""Which of several sentences beside each other a question means."""

from __future__ import annotations

import pytest

from qa_bot.asking.marking import (
    Kind,
    alone_names,
    are_siblings,
    in_other_forms,
    is_prose,
    leads_to_answer,
    others_labelled,
    signatures,
)


def held(*sentences: str) -> list[frozenset[str]]:
    return [frozenset(sentence.split()) for sentence in sentences]


def test_rows_items_and_lines_of_a_log_are_siblings_of_their_own_kind() -> None:
    said = ["To do:", "- sweep", "- mop", "a | b", "c | d", "2023-05-01 up", "2023-05-02 down"]
    kinds = ["", "item", "item", "row", "row", "line", "line"]
    assert are_siblings("\n".join(said), said) == kinds


def test_one_line_alone_has_no_siblings() -> None:
    said = ["On the day:", "2023-05-01 up"]
    assert are_siblings("\n".join(said), said) == ["", ""]


def test_what_an_item_introduces_is_no_sibling() -> None:
    said = ["1. Members pay:", "2. Guests pay nothing.", "3. Dogs, too."]
    assert are_siblings("\n".join(said), said) == ["", "item", "item"]


def test_the_line_that_alone_has_all_words_stands_for_the_others() -> None:
    words = held("copied", "05", "copied 05", "")
    assert alone_names(["line"] * 4, words) == [True, True, False, True]


@pytest.mark.parametrize(
    "words",
    [held("copied 05", "copied 05", ""), held("copied", "05", ""), held("", "", "")],
    ids=["two have all", "none has all", "none has any"],
)
def test_no_line_is_passed_over_where_none_alone_has_all_words(words: list[frozenset[str]]) -> None:
    assert alone_names(["line"] * 3, words) == [False] * 3


def test_prose_and_rows_are_never_passed_over() -> None:
    assert alone_names(["", "row", "row"], held("a", "a b", "")) == [False] * 3


def test_a_title_without_the_words_of_the_item_that_is_asked_for_is_passed_over() -> None:
    kinds: list[Kind] = ["", "", "item", "item"]
    words = held("", "planks", "planks", "nails")
    titles = [True, True, False, False]
    assert alone_names(kinds, words, titles) == [False] * 4  # both items say something
    words = held("", "planks", "planks", "")
    assert alone_names(kinds, words, titles) == [True, False, False, True]


CARD = ["Boat: Heron", "Keepers: Ada Moss and Tom Reed", "Berth: 14", "Moored since: 3 May 2019"]


@pytest.mark.parametrize(
    ("question", "line"),
    [("Who keeps her?", None), ("Who is the keeper of the boat Heron?", None), ("Which berth?", 2)],
)
def test_of_entries_the_one_whose_label_alone_is_asked_for_is_left(
    question: str, line: int | None
) -> None:
    kinds = are_siblings("\n".join(CARD), CARD)
    assert kinds == ["entry"] * 4
    over = others_labelled(question, kinds, CARD)
    assert over == [line is not None and place != line for place in range(4)]


def test_forms_of_a_word_name_a_label() -> None:
    said = ["Date: 3 May", "Attendees: Ada Moss"]
    assert others_labelled("Who attended it?", are_siblings("\n".join(said), said), said) == [
        True,
        False,
    ]


LETTER = ["To the keepers of the weir:", "It leaks.", "Kind regards,", "Ada Moss"]


def test_whom_a_letter_is_for_is_never_who_signed_it() -> None:
    assert signatures("To whom is the letter addressed?", LETTER) == [False, False, True, True]
    assert not any(signatures("Who wrote the letter?", LETTER))
    assert not any(signatures("To whom is the letter addressed?", LETTER[:2]))


def test_whole_sentences_are_prose_and_items_are_not() -> None:
    assert is_prose("The bell rings at six.")
    assert not is_prose("- The bell rings at six.")
    assert not is_prose("ls --all")


def test_entries_of_another_form_than_the_one_that_is_asked_about_are_passed_over() -> None:
    kinds: list[Kind] = ["entry", "entry", "entry", "entry", "", "entry", "entry"]
    paragraphs = [1, 1, 2, 2, 2, 3, 3]
    other = [False, False, True, True, False, True, True]
    words = held("ada", "phone", "", "phone", "", "", "phone")
    assert in_other_forms(kinds, paragraphs, words) == other
    assert in_other_forms(kinds, [1] * 7, words) == [False] * 7  # one form
    words = held("ada", "phone", "ben", "phone", "", "cleo", "phone")
    assert in_other_forms(kinds, paragraphs, words) == [False] * 7  # none has all


@pytest.mark.parametrize(
    ("sentence", "after", "leads"),
    [
        ("Do you deliver abroad?", "We do, for ten euros.", True),
        ("“Can you repair it?”", "Yes.", True),
        ("Ingo, can you tell the agents that berth 2 is closed?", "Thanks to you all.", False),
        ("Please could you send me the key?", "It is needed on Monday.", False),
        ("Is the berth closed?", "Best regards\nLena Brandt", False),
        ("Is the berth closed?", "", False),
        ("The berth is closed.", "It opens in May.", False),
    ],
)
def test_a_question_in_the_text_leads_to_its_answer_but_a_request_to_nothing(
    sentence: str, after: str, *, leads: bool
) -> None:
    assert leads_to_answer(sentence, after) == leads
