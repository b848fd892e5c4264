"""Words as they are written, and which of them a mistyped one may mean."""

from __future__ import annotations

import time

from qa_bot.store.vocabulary import Vocabulary, written_words


def vocabulary(text: str) -> Vocabulary:
    found = Vocabulary(None)
    found.add(written_words(text))
    return found


def test_words_within_a_few_edits_are_near() -> None:
    found = vocabulary("The harbour office opens at dawn.")
    assert found.near("harbuor", 1) == ["harbour"]
    assert found.near("offices", 1) == ["office"]
    assert found.near("ofise", 2) == ["office"]
    assert found.near("ofise", 1) == []


def test_the_longest_words_are_near_with_as_many_letters_more_as_may_differ() -> None:
    longest = "Donaudampfschiffahrtsaktionaer"
    assert len(longest) == 30
    found = vocabulary(longest)
    assert found.near(f"{longest.lower()}in", 2) == [longest.lower()]


def test_a_word_longer_than_any_costs_nothing() -> None:
    """Looked for as others are, each of these would take seconds, and anybody can ask for them."""
    found = vocabulary("The harbour office opens at dawn.")
    word = "".join(map(chr, range(0x4E00, 0x4E00 + 2_000)))
    began = time.thread_time()
    assert found.near(word, 2) == []
    assert time.thread_time() - began < 0.5
