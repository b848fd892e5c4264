"""Two texts word by word: what counts as the same, and where they part."""

from __future__ import annotations

import pytest

from qa_bot.asking.aligning import align, holds, tokens


def parted(given: str, stands: str) -> list[tuple[str, str]] | None:
    """What differs where the text stands best, as words of both."""
    found = align(tokens(given), tokens(stands))
    if found is None:
        return None
    return [(given[slice(*one)], stands[slice(*two)]) for one, two in found.parted]


@pytest.mark.parametrize(
    ("given", "stands"),
    [
        ("the “red” fox", 'The\n"red"   fox'),
        ("don't go", "Don’t go"),
        ("cafe\N{COMBINING ACUTE ACCENT} open", "Café open"),
        ("a dif\N{SOFT HYPHEN}ferent ﬁsh", "a different fish"),
        ("Research 2022 24,512", "Research | 2022 | 24,512"),
        ("1990–1995, see there", "1990-1995; see there"),
        ("東京 タワー", "東京タワー"),
    ],
)
def test_white_space_quotation_marks_and_forms_of_letters_do_not_count(
    given: str, stands: str
) -> None:
    assert [one.text for one in tokens(given)] == [one.text for one in tokens(stands)]
    assert parted(given, stands) == []


@pytest.mark.parametrize(
    ("given", "stands"),
    [
        ("it rose to 10²", "it rose to 102"),
        ("it cost 1.5 pounds", "it cost 15 pounds"),
        ("a loss of -5 then", "a loss of 5 then"),
        ("net income (7,575) then", "net income 7,575 then"),
        ("it rose by 5 then", "it rose by 5% then"),
        ("the therapist came", "the the rapist came"),
        ("cells 1 2 here", "cells 12 here"),
        ("in 2022 it", "in 2023 it"),
        ("it cost $5 then", "it cost €5 then"),
    ],
)
def test_numbers_and_signs_do_count(given: str, stands: str) -> None:
    assert parted(given, stands)


@pytest.mark.parametrize(
    ("given", "differences"),
    [
        ("the old warden sleeps in the tower", [("the", "an"), ("tower", "hut")]),
        ("An young warden sleeps in the hut", [("young", "old")]),
        ("old warden sleeps the hut", [("", "in")]),
        ("old warden never sleeps in the hut", [("never", "")]),
        ("one warden sleeps", [("one", "old")]),
        ("warden sleeps in the hut by the sea", [("by", "near"), ("sea", "hill")]),
    ],
)
def test_what_is_changed_left_out_or_put_in_is_named(
    given: str, differences: list[tuple[str, str]]
) -> None:
    stands = "It is said: an old warden sleeps in the hut near the hill every day."
    assert parted(given, stands) == differences


def test_a_word_broken_at_a_line_end_is_the_same_word_on_either_side() -> None:
    assert parted("an exam-\nple of it", "this is an example of it all") == []
    assert parted("an example of it", "this is an exam-\nple of it all") == []
    assert parted("a well-\nknown fox", "so a well-known fox") == []
    assert parted("an e-mail of it", "this is an email of it all") != []


def test_all_places_are_found_and_an_empty_text_stands_nowhere() -> None:
    text = tokens("the fox and the fox and the hen")
    assert holds(tokens("the fox"), text) == [0, 3]
    assert holds([], text) == []
    assert align([], text) is None
