"""What is embedded of a passage."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from qa_bot.building.meaning import LONGEST_CONTEXT, LONGEST_PART, Meant, embedded, place


def count_words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def embed(one: Meant, max_tokens: int = 100) -> tuple[str, list[str]]:
    """What is embedded, and the texts of its sentences there."""
    ((text, spans),) = embedded([one], count_words, max_tokens)
    return text, [text[a:b] for a, b in spans]


def test_a_passage_stands_behind_its_title_and_headings() -> None:
    one = Meant("It fell. It rose.", [(0, 8), (9, 17)], ("Herring 2021", "Catch", "North"))
    text, sentences = embed(one)
    assert text == "Herring 2021 › Catch › North\nIt fell. It rose."
    assert sentences == ["It fell.", "It rose."]


def test_what_stands_above_is_shortened_from_the_outside_and_the_passage_never_cut() -> None:
    one = Meant("a b c d e f", [(0, 11)], ("Report", "Catch of the year", "North"))
    sizes = {name: len(f"{name} ›".split()) for name in one.above}
    assert embed(one, 6)[0] == one.text
    assert embed(one, 6 + sizes["North"])[0] == "North\na b c d e f"
    assert embed(one, 6 + sizes["North"] + 3)[0] == "North\na b c d e f"
    assert embed(one, 100)[0] == "Report › Catch of the year › North\na b c d e f"
    many = Meant("a b", [(0, 3)], tuple(f"heading {n}" for n in range(500)))
    assert embed(many, 510)[0].startswith("heading 479")  # and no more than 64 tokens


def test_rows_stand_behind_the_header_that_they_need() -> None:
    text = "Herring | 4,120\nMackerel | 2,205"
    one = Meant(text, [(0, 15), (16, 32)], ("Ports",), ["Port | Tonnes"])
    found, sentences = embed(one)
    assert found == f"Ports\nPort | Tonnes\n{text}"
    assert sentences == text.split("\n")


@pytest.mark.parametrize(
    ("text", "context"),
    [
        ("A list's item.", ["They are:"]),
        ("a | b", []),
        ("a | b", ["x" * LONGEST_CONTEXT]),
    ],
)
def test_prose_and_what_has_all_it_needs_stay_as_they_are(text: str, context: list[str]) -> None:
    assert embed(Meant(text, [(0, len(text))], (), context)) == (text, [text])


@pytest.mark.parametrize(
    ("name", "title", "section", "expected"),
    [
        ("HERRING_2021.pdf", "Catch", ("Catch", "North"), ("HERRING 2021", "Catch", "North")),
        ("scan0001.pdf", "scan0001", (), ("scan0001",)),
        ("a/herring-report.pdf", "Herring report", (), ("Herring report",)),
        ("%%%.txt", "", ("", "  "), ()),
        ("x.txt", "word " * 4000, (), (("word " * 4000)[:LONGEST_PART].strip(),)),
    ],
)
def test_a_place_tells_each_name_once(
    name: str, title: str, section: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    assert place(name, title, section) == expected
