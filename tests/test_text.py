"""Strings: line ends, words, stop words, CJK bigrams, English or not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_bot.text import (
    STOP_WORDS,
    is_stop_word,
    looks_english,
    normalise_line_ends,
    spread_cjk,
    words,
)

CJK = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)


@given(st.text(st.sampled_from("ab\r\n\ufeff"), max_size=30))
def test_line_ends_become_newlines_and_nothing_else_changes(text: str) -> None:
    normal = normalise_line_ends(text)
    assert "\r" not in normal
    assert normal.split("\n") == text.removeprefix("\ufeff").replace("\r\n", "\r").replace(
        "\n", "\r"
    ).split("\r")


def test_only_a_leading_byte_order_mark_is_dropped() -> None:
    assert normalise_line_ends("\ufeffa\ufeffb\r\n\r\rc") == "a\ufeffb\n\n\nc"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't stop, O’Neill!", ["Don't", "stop", "O’Neill"]),
        ("well-known 3.5 a_b", ["well", "known", "3", "5", "a", "b"]),
        ("Größe привет 今天", ["Größe", "привет", "今天"]),
        ("'quoted' — …", ["quoted"]),
        ("", []),
    ],
)
def test_words_are_letters_and_digits_with_inner_apostrophes(
    text: str, expected: list[str]
) -> None:
    assert words(text) == expected


@given(st.text())
def test_words_stand_in_the_text_in_order_and_leave_no_letter_behind(text: str) -> None:
    position = 0
    for word in words(text):
        found = text.index(word, position)
        assert not any(character.isalnum() for character in text[position:found])
        position = found + len(word)
    assert not any(character.isalnum() for character in text[position:])


@pytest.mark.parametrize(
    "word", ["the", "What", "WHO", "what's", "what’s", "don't", "Isn’t", "you're"]
)
def test_grammar_words_are_stop_words_in_any_case_and_contracted(word: str) -> None:
    assert is_stop_word(word)


@pytest.mark.parametrize("word", ["NATO", "alliance", "cats", "won", "2024", "Anna's"])
def test_content_words_are_no_stop_words(word: str) -> None:
    assert not is_stop_word(word)


def test_the_stop_words_are_lower_case_words() -> None:
    assert all(words(word) == [word] and word.islower() for word in STOP_WORDS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("今天下雨", "今天 天下 下雨"),
        ("第5条", "第 5 条"),
        ("in 東京, yes", "in 東京 , yes"),
        ("カタカナ한국", "カタ タカ カナ ナ한 한국"),
        ("no such script", "no such script"),
    ],
)
def test_cjk_runs_become_bigrams(text: str, expected: str) -> None:
    assert spread_cjk(text).split() == expected.split()


@given(st.text(CJK, min_size=2, max_size=20))
def test_bigrams_overlap_by_one_character(run: str) -> None:
    pairs = spread_cjk(run).split()
    assert pairs[0][0] + "".join(pair[1] for pair in pairs) == run


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ภาษาไทย ok", "ภาษา ษาไท ไทย ok"),  # vowels and tones stay with their consonants
        ("ไม่", "ไม่"),
        ("ភាសាខ្មែរ", "ភាសា សាខ្ ខ្មែ មែរ"),
    ],
)
def test_scripts_whose_words_touch_become_pairs_of_syllables(text: str, expected: str) -> None:
    assert spread_cjk(text).split() == expected.split()


@given(st.text(st.characters(max_codepoint=0x0DFF)))
def test_other_scripts_are_left_alone(text: str) -> None:
    assert spread_cjk(text) == text


ENGLISH = "The members of the alliance have agreed to share what they know with each other. "
GERMAN = "Die Mitglieder des Bündnisses haben vereinbart, ihr Wissen miteinander zu teilen. "
RUSSIAN = "Члены альянса договорились делиться друг с другом своими знаниями. "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ENGLISH * 5, True),
        (GERMAN * 5, False),
        (RUSSIAN * 5, False),
        (RUSSIAN, False),  # the script tells, however short it is
        (GERMAN, True),  # too short to tell
        ("", True),
        ("1,234.50 " * 100, True),  # no language at all
        (ENGLISH * 20 + GERMAN * 20, False),
        (ENGLISH * 20 + GERMAN * 2, True),
    ],
)
def test_english_prose_is_told_from_other_languages(text: str, expected: bool) -> None:
    assert looks_english(text) is expected


def test_all_of_a_long_text_decides_its_language() -> None:
    assert looks_english(RUSSIAN * 300 + ENGLISH * 30_000)
    assert not looks_english(ENGLISH * 3000 + RUSSIAN * 30_000)
