"""A contract's word for a party stands for the party's name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa_bot import Index, answer, build_index, open_index
from qa_bot.asking.defined_terms import defined_word, in_own_words
from qa_bot.models.embedding import SentenceTransformerEmbedder

SUPPLY = """SUPPLY AGREEMENT

This agreement is made on 3 May 2021 by and between Norrland Timber AB, a company under the laws
of Sweden with its seat in Umea (the "Supplier"), and Harbour Sheds Ltd. ("Customer").

1. Delivery

The Supplier delivers the boards within fourteen days of the order.

2. Payment

Customer pays each invoice within forty days.

3. End

Customer may end this agreement with three months' notice in writing. The Supplier may end it only
where two invoices in a row stay unpaid.
"""
LICENCE = """LICENCE

Marlin Charts Ltd, of 4 Quay Street, hereinafter called "Licensor", grants Petrel Tours the use of
its charts.

The fee is 300 pounds a year, which Licensor may raise once in five years.
"""
NEWS = """Norrland Timber opened a second mill in Lycksele in June.

Petrel Tours carries eight thousand guests a year.
"""


@pytest.fixture(scope="module")
def shelf(
    tmp_path_factory: pytest.TempPathFactory, model: SentenceTransformerEmbedder
) -> Iterator[Index]:
    folder: Path = tmp_path_factory.mktemp("contracts")
    (folder / "documents").mkdir()
    for name, text in (("supply.txt", SUPPLY), ("licence.txt", LICENCE), ("news.txt", NEWS)):
        (folder / "documents" / name).write_text(text, encoding="utf-8")
    build_index(folder / "documents", folder / "index", model=model)
    with open_index(folder / "index", model=model) as index:
        yield index


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("Upland", 'Upland Inc., a company (the "Buyer")', "the Buyer"),
        ("Upland", "Upland Inc. (“Buyer”)", "Buyer"),
        ("Upland", "Upland Mills LLC (No. 17), hereinafter “Seller”, and", "Seller"),
        ("Upland Mills", 'Upland\nMills GmbH of 3 Lane ("Tenant")', "Tenant"),
        ("Upland", 'between Upland Ltd and Brook Inc. (the "Buyer")', None),  # another's word
        ("Upland", 'Upland Inc. ("Upland"), with Brook Inc. ("Buyer")', None),  # its own name
        ("Upland", 'East Upland Inc. ("Buyer")', None),  # another's name
        ("Upland", 'Upland Inc. and Brook Inc. (together the "Parties")', None),
        ("Upland", 'Upland signed this letter (the "Agreement")', None),
        ("Upland", "Upland Inc. has no other word.", None),
    ],
)
def test_the_word_is_the_one_that_the_text_defines_for_the_name(
    name: str, text: str, word: str | None
) -> None:
    assert defined_word(name, text) == word


def test_a_question_is_put_in_the_words_of_the_contract(shelf: Index) -> None:
    own = in_own_words("When must Norrland Timber deliver to Harbour Sheds?", shelf)
    assert own is not None
    assert own.question == "When must the Supplier deliver to Customer?"
    assert own.documents == ("supply.txt",)
    assert in_own_words("When must the supplier deliver?", shelf) is None
    assert in_own_words("When must Norrland Timber deliver?", shelf, ["news.txt"]) is None


@pytest.mark.parametrize(
    ("question", "phrase", "word"),
    [
        ("How soon does Norrland Timber deliver boards?", "fourteen days", "the Supplier"),
        ("Within how many days must Harbour Sheds pay?", "forty days", "Customer"),
        ("With what notice may Harbour Sheds end the agreement?", "three months", "Customer"),
    ],
)
def test_a_party_that_is_asked_about_by_name_is_found_under_its_word(
    shelf: Index, question: str, phrase: str, word: str
) -> None:
    reply = answer(question, shelf)
    assert reply.verdict == "answered", question
    assert reply.missing == ()
    assert phrase in reply.quotes[0].text
    assert reply.searched_too == (word,)


def test_where_the_passage_has_the_name_no_word_is_needed(shelf: Index) -> None:
    reply = answer("How often may Marlin Charts raise the fee?", shelf)
    assert reply.verdict == "answered"
    assert "once in five years" in reply.quotes[0].text
    assert reply.searched_too == ()


def test_what_stands_under_the_name_itself_is_still_found(shelf: Index) -> None:
    reply = answer("Where did Norrland Timber open a second mill?", shelf)
    assert reply.verdict == "answered"
    assert reply.quotes[0].citation.document_id == "news.txt"
    assert reply.searched_too == ()
