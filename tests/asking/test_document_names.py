"""A document that the question names: it alone is asked, for what else the question says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa_bot import Index, answer, build_index, open_index, retrieve
from qa_bot.asking.document_names import named_documents
from qa_bot.models.embedding import SentenceTransformerEmbedder

TEXTS = {
    "a.txt": """Survey report of the ferry Petrel

Report number: KX-20417
Place: Port of Aldersund

The hull was found sound. The surveyor was Ada Holm. The cause of the vibration was a bent
propeller shaft, which the yard replaced in May.
""",
    "b.txt": """Survey report of the tug Marten

Report number: KX-20533
Place: Port of Norrvik

The hull was found worn. The surveyor was Per Lind. The cause of the vibration was a loose
engine mount, which the crew tightened at sea.
""",
    "harbour_budget_2021.md": """# Harbour budget 2021

Dredging costs 40,000 crowns. The lamps cost 6,000 crowns.
""",
    "harbour_budget_2022.md": """# Harbour budget 2022

Dredging costs 55,000 crowns. The lamps cost 7,500 crowns.
""",
    "prices.csv": "Part,Price\nBX-10417,12 crowns\nBX-10418,19 crowns\nBX-10419,31 crowns\n",
    "lease.txt": """Lease

This lease is made between Solvang Boats and the harbour office.

The tenant gives four months' notice in writing.
""",
    "other.txt": """Lease

This lease is made between Kvist Sails and the harbour office.

The tenant gives two months' notice in writing.
""",
}


@pytest.fixture(scope="module")
def shelf(
    tmp_path_factory: pytest.TempPathFactory, model: SentenceTransformerEmbedder
) -> Iterator[Index]:
    folder: Path = tmp_path_factory.mktemp("shelf")
    (folder / "documents").mkdir()
    for name, text in TEXTS.items():
        (folder / "documents" / name).write_text(text, encoding="utf-8")
    build_index(folder / "documents", folder / "index", model=model)
    with open_index(folder / "index", model=model) as index:
        yield index


@pytest.mark.parametrize(
    ("question", "document", "rest"),
    [
        ("Who was the surveyor of KX-20533?", "b.txt", "Who was the surveyor?"),
        ("In KX-20417, what was the cause?", "a.txt", "What was the cause?"),
        ("KX-20417: who was the surveyor?", "a.txt", "Who was the surveyor?"),
        ("Was the hull in report number KX-20417 sound?", "a.txt", "Was the hull sound?"),
        ("In the Norrvik report, what was worn?", "b.txt", "What was worn?"),
        ("What do lamps cost in the 2021 budget?", "harbour_budget_2021.md", "What do lamps cost?"),
        (
            "According to the harbour budget 2022, what does dredging cost?",
            "harbour_budget_2022.md",
            "What does dredging cost?",
        ),
        ("How long is the notice in the Kvist lease?", "other.txt", "How long is the notice?"),
    ],
)
def test_a_document_is_named_by_its_number_or_by_what_it_is_called(
    shelf: Index, question: str, document: str, rest: str
) -> None:
    named = named_documents(question, shelf)
    assert named is not None
    assert named.documents == (document,)
    assert named.question == rest


@pytest.mark.parametrize(
    "question",
    [
        "What does BX-10418 cost?",  # one of a list
        "What was the cause in KX-20999?",  # no document's number
        "What does dredging cost in 2021?",  # a year alone is no document
        "What does the lease say?",
        "What stands in the report?",
        "How long is the notice in the Berg lease?",
        "What is harboured in Norrvik?",  # a place that documents mention
        "Who are the tenants of the harbour office?",
        "",
    ],
)
def test_other_questions_name_none(shelf: Index, question: str) -> None:
    assert named_documents(question, shelf) is None


def test_what_is_asked_of_a_named_document_is_answered_from_it(shelf: Index) -> None:
    for question, document, phrase in (
        ("Who was the surveyor of KX-20417?", "a.txt", "Ada Holm"),
        ("Who was the surveyor of KX-20533?", "b.txt", "Per Lind"),
        ("What is the notice period under the Solvang lease?", "lease.txt", "four months"),
        ("What is the notice period under the Kvist lease?", "other.txt", "two months"),
        ("In the 2021 budget, what do the lamps cost?", "harbour_budget_2021.md", "6,000"),
        ("In the 2022 budget, what do the lamps cost?", "harbour_budget_2022.md", "7,500"),
    ):
        reply = answer(question, shelf)
        assert reply.verdict == "answered", question
        assert reply.missing == ()
        assert reply.quotes[0].citation.document_id == document
        assert phrase in reply.quotes[0].text
        assert retrieve(question, shelf)[0].passage.document_id == document


def test_hits_of_a_named_document_come_first_and_the_others_follow(shelf: Index) -> None:
    hits = retrieve("What do the lamps cost in the 2022 budget?", shelf)
    assert hits[0].passage.document_id == "harbour_budget_2022.md"
    assert "harbour_budget_2021.md" in [hit.passage.document_id for hit in hits]
    assert len({hit.passage for hit in hits}) == len(hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_a_document_outside_of_what_is_asked_is_not_named(shelf: Index) -> None:
    assert named_documents("Who was the surveyor of KX-20417?", shelf, ["b.txt"]) is None


def test_where_the_named_document_has_nothing_all_are_asked(shelf: Index) -> None:
    reply = answer("What does dredging cost, according to report KX-20417?", shelf, strictness=0)
    assert reply.quotes
    assert all(quote.text in TEXTS[quote.citation.document_id] for quote in reply.quotes)
