"""What is embedded of a passage."""

from __future__ import annotations

from qa_bot.building.meaning import LONGEST_CONTEXT, embedded


def test_rows_stand_behind_the_header_that_they_need() -> None:
    text = "Herring | 4,120\nMackerel | 2,205"
    found, spans = embedded(text, [(0, 15), (16, 32)], ["Port | Tonnes"])
    assert found == f"Port | Tonnes\n{text}"
    assert [found[a:b] for a, b in spans] == text.split("\n")


def test_prose_and_what_has_all_it_needs_stay_as_they_are() -> None:
    for text, context in (
        ("A list's item.", ["They are:"]),
        ("a | b", []),
        ("a | b", ["x" * LONGEST_CONTEXT]),
    ):
        assert embedded(text, [(0, len(text))], context) == (text, [(0, len(text))])
