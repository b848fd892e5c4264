"""Words that occur nowhere, and those of the documents that were meant."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import write

from qa_bot import Index, answer, build_index, open_index, retrieve
from qa_bot.asking.spelling import spelled
from qa_bot.models.embedding import SentenceTransformerEmbedder

TEXT = """# Harbour rules

## Berths

The yearly mooring charge is 30 euros for every metre of length.

## Accidents

An accident is reported to Ina Hansen at once, with form K-12.
"""


@pytest.fixture(scope="module")
def harbour(
    tmp_path_factory: pytest.TempPathFactory, model: SentenceTransformerEmbedder
) -> Iterator[Index]:
    folder: Path = tmp_path_factory.mktemp("harbour")
    (folder / "documents").mkdir()
    (folder / "documents" / "rules.md").write_text(TEXT, encoding="utf-8")
    build_index(folder / "documents", folder / "index", model=model)
    with open_index(folder / "index", model=model) as index:
        yield index


@pytest.mark.parametrize(
    ("question", "meant", "instead"),
    [
        ("waht is the yaerly chrage?", "what is the yearly charge?", ("yearly", "charge")),
        ("Who hears of an accidnet?", "Who hears of an accident?", ("accident",)),
        ("What is the moaring charge?", "What is the mooring charge?", ("mooring",)),
        ("Where is Ina Hanssen?", "Where is Ina Hansen?", ("Hansen",)),
        ("Where is Ina Jansen?", "Where is Ina Jansen?", ()),  # another name
        ("What is form K-13 for?", "What is form K-13 for?", ()),
        ("Is there a chance?", "Is there a chance?", ()),  # a word, though not of the documents
        ("What is the yearly charge?", "What is the yearly charge?", ()),
    ],
)
def test_mistyped_words_are_searched_for_as_they_were_meant(
    question: str, meant: str, instead: tuple[str, ...], harbour: Index
) -> None:
    found = spelled(question, harbour)
    assert (found.question, found.instead) == (meant, instead)


@pytest.mark.parametrize(
    ("question", "is_sure"),
    [
        ("What is the yaerly charge?", True),
        ("What is the yearrly charge?", True),
        ("What is the yeerly charge?", False),
        ("What is an incident reported with?", True),  # known as a word, and left alone
    ],
)
def test_a_word_that_may_be_another_is_no_sure_slip(
    question: str, is_sure: bool, harbour: Index
) -> None:
    assert spelled(question, harbour).is_sure == is_sure


def test_what_rests_on_a_guess_is_not_answered_but_possible(
    documents: Path, folder: Path, model: SentenceTransformerEmbedder
) -> None:
    write(documents, limits="The limit for nitrate is 50 mg per litre of water.")
    build_index(documents, folder, model=model)
    with open_index(folder, model=model) as index:
        assert answer("What is the limit for nitrate?", index).verdict == "answered"
        guessed = answer("What is the limit for nitrite?", index)
    assert (guessed.verdict, guessed.searched_too) == ("possible", ("nitrate",))


def test_blanks_without_end_and_half_characters_are_a_question_like_any_other(
    harbour: Index,
) -> None:
    plain = answer("What is the yearly charge?", harbour)
    for question in (
        "What is the" + " " * 20_000 + "yearly charge?",
        "What is the\nyearly charge?",
    ):
        assert answer(question, harbour).quotes == plain.quotes
    assert answer("Section \udcff", harbour).question == "Section \udcff"


def test_an_open_index_keeps_its_words_while_another_build_replaces_it(
    documents: Path, folder: Path, model: SentenceTransformerEmbedder
) -> None:
    write(documents, club="The rowing club was founded in 1921.")
    build_index(documents, folder, model=model)
    with open_index(folder, model=model) as index:
        write(documents, other="Herons wade.")
        build_index(documents, folder, model=model)
        assert "1921" in answer("When was the rowing club fuonded?", index).quotes[0].text


def test_an_answer_says_what_was_searched_for_too(harbour: Index) -> None:
    found = answer("waht is the yaerly chrage?", harbour)
    assert found.question == "waht is the yaerly chrage?"
    assert found.searched_too == ("yearly", "charge")
    assert not found.unknown_words
    assert "30 euros" in found.quotes[0].text
    assert "30 euros" in retrieve("yaerly chrage", harbour)[0].passage.text


def test_a_word_that_has_gone_is_not_offered(
    tmp_path: Path, documents: Path, model: SentenceTransformerEmbedder
) -> None:
    write(documents, a="The zeppelin lands at noon.", b="The ferry lands at night.")
    build_index(documents, tmp_path / "index", model=model)
    (documents / "a.txt").unlink()
    build_index(documents, tmp_path / "index", model=model)
    with open_index(tmp_path / "index", model=model) as index:
        assert spelled("When does the zepelin land?", index).instead == ()
        assert spelled("When does the ferrry land?", index).instead == ("ferry",)
