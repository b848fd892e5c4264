"""Asked by place: the passages there, and nothing else where it is nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa_bot import Index, answer, build_index, open_index
from qa_bot.models.embedding import SentenceTransformerEmbedder

LEASE = """# Lease of the mill

## 1. Rent

Rent is 900 euros a month, due on the first.

## 2. Notice

### 2.1 By the tenant

The tenant gives three months' notice in writing.

### 2.2 By the landlord

The landlord gives six months' notice, and names a reason.

## 12.2 Annexes

Plans of the mill are attached.
"""
BOATS = """# Boat register

## Section 1 Names

Every boat bears its name on both sides.

## Section 7 Paint

Hulls are painted every second year.
"""


@pytest.fixture(scope="module")
def shelf(
    tmp_path_factory: pytest.TempPathFactory, model: SentenceTransformerEmbedder
) -> Iterator[Index]:
    folder: Path = tmp_path_factory.mktemp("shelf")
    (folder / "documents").mkdir()
    (folder / "documents" / "lease.md").write_text(LEASE, encoding="utf-8")
    (folder / "documents" / "boats.md").write_text(BOATS, encoding="utf-8")
    build_index(folder / "documents", folder / "index", model=model)
    with open_index(folder / "index", model=model) as index:
        yield index


@pytest.mark.parametrize(
    ("question", "phrases"),
    [
        ("What does clause 2.2 say?", ["six months"]),
        ("section 7", ["Hulls are painted"]),
        ("What does section 2 say?", ["three months", "six months"]),
        ("What is the chapter Notice about?", ["three months", "six months"]),
        ("Paint", ["Hulls are painted"]),
        ("What does section 1 of the lease of the mill say?", ["900 euros"]),
    ],
)
def test_a_place_asked_for_itself_is_quoted_in_order(
    question: str, phrases: list[str], shelf: Index
) -> None:
    found = answer(question, shelf)
    assert (found.verdict, found.confidence) == ("answered", 1.0)
    assert all(phrase in quote.text for phrase, quote in zip(phrases, found.quotes, strict=True))
    starts = [quote.start for quote in found.quotes]
    assert starts == sorted(starts)


def test_a_place_in_several_documents_is_quoted_from_each(shelf: Index) -> None:
    both = answer("What does section 1 say?", shelf)
    assert {quote.citation.document_id for quote in both.quotes} == {"lease.md", "boats.md"}
    one = answer("What does section 1 say?", shelf, documents=["boats.md"])
    assert ["its name" in quote.text for quote in one.quotes] == [True]


def test_what_is_asked_of_a_place_is_looked_for_there(shelf: Index) -> None:
    found = answer("How many months' notice must be given under clause 2.2?", shelf)
    assert "six months" in found.quotes[0].text
    found = answer("How many months' notice must be given under clause 2.1?", shelf)
    assert "three months" in found.quotes[0].text


def test_a_place_that_is_nowhere_is_never_answered(shelf: Index) -> None:
    for question in ("What does clause 2.3 say?", "What notice is due under section 4?"):
        found = answer(question, shelf, strictness=0)
        assert found.verdict == "possible"
        assert found.missing[0] in {"clause 2.3", "section 4"}


def test_two_questions_in_one_have_a_quote_each(shelf: Index) -> None:
    found = answer("How much is the rent and when are hulls painted?", shelf)
    assert [quote.text[:5] for quote in found.quotes] == ["Rent ", "Hulls"]
    assert found.found
    half = answer("How much is the rent and when was the mill built?", shelf)
    assert "900 euros" in half.quotes[0].text
    assert not half.found


def test_what_does_not_fit_into_the_quotes_of_a_place_is_among_the_hits(
    documents: Path, folder: Path, model: SentenceTransformerEmbedder
) -> None:
    names = ["alpha", "beta", "gamma", "delta", "epsilon"]
    rules = "\n\n".join(f"Rule {name} holds for every boat. " * 12 for name in names)
    (documents / "plan.md").write_text(f"# Plan\n\n## 1 Aim\n\nNone.\n\n## 2 Rules\n\n{rules}\n")
    build_index(documents, folder, model=model)
    with open_index(folder) as index:
        reply = answer("What does section 2 say?", index)
    assert [quote.text.split()[1] for quote in reply.quotes] == names[:3]
    assert [hit.passage.text.split()[1] for hit in reply.hits] == names


def test_in_a_place_the_sentence_that_answers_is_marked(
    documents: Path, folder: Path, model: SentenceTransformerEmbedder
) -> None:
    (documents / "staff.md").write_text(
        "# Staff\n\n## 2.1 Holidays\n\nEvery employee has 25 days of paid holiday a year. "
        "Unused days expire on 31 March.\n\n## 2.2 Illness\n\nA note is due on day three.\n"
    )
    build_index(documents, folder, model=model)
    with open_index(folder) as index:
        (quote, *_) = answer("Under section 2.1, when do unused days expire?", index).quotes
    marked = [quote.text[a - quote.start : b - quote.start] for a, b in quote.sentences]
    assert marked == ["Unused days expire on 31 March."]
