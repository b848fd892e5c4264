"""What someone sees of an index who may see only some folders: as if there were nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from qa_bot import Index, answer, build_index, open_index, retrieve
from qa_bot.errors import UnknownDocumentError
from qa_bot.models.embedding import SentenceTransformerEmbedder
from qa_bot.store.limiting import LimitedIndex, is_within


@pytest.fixture(scope="module")
def limited(library: Path) -> Iterator[Index]:
    with open_index(library / "index") as whole:
        yield LimitedIndex(whole, ["staff", "shop/prices.csv"])


@pytest.fixture(scope="module")
def alone(
    library: Path, tmp_path_factory: pytest.TempPathFactory, model: SentenceTransformerEmbedder
) -> Iterator[Index]:
    """An index of those documents, in which there is nothing else."""
    home = tmp_path_factory.mktemp("alone")
    for folder in ("staff", "shop"):
        shutil.copytree(library / "documents" / folder, home / "documents" / folder)
    build_index(home / "documents", home / "index", model=model)
    with open_index(home / "index") as index:
        yield index


def told(index: Index, question: str) -> dict[str, Any]:
    found = asdict(answer(question, index, k=20))
    found["retrieved"] = [asdict(hit) for hit in retrieve(question, index, k=20)]
    return found


@pytest.mark.parametrize(
    "question",
    [
        "How many days of paid leave do employees receive?",
        "Who receives a bonus for the zephyrium contract?",
        "Who is Philippa Quillfeather?",
        "What of the zephyirum?",
        "What is the bouns of the chairwmoan?",
        "How many kilograms does the lift carry, and what is 48,200 euros for?",
        "What is the price of a hammer?",
        "What does the section Bonuses say?",
        "aproval of the team leed",
    ],
)
def test_answers_are_those_of_an_index_of_nothing_else(
    limited: Index, alone: Index, question: str
) -> None:
    """To the last digit: hits, scores, confidence, unknown and mistyped words."""
    assert told(limited, question) == told(alone, question)


def test_what_is_outside_is_unknown(limited: Index, library: Path) -> None:
    assert [one.id for one in limited.documents()] == [
        "shop/prices.csv",
        "staff/handbook.md",
        "staff/lift.pdf",
    ]
    with open_index(library / "index") as whole:
        digest = whole.digests(["board/pay.md"])["board/pay.md"]
        seen = whole.digests(["staff/handbook.md"])["staff/handbook.md"]
    assert limited.named(digest) is None
    found = limited.named(seen)
    assert found is not None
    assert found.document_id == "staff/handbook.md"
    assert limited.held(["board/pay.md", "staff/lift.pdf"]) == {"staff/lift.pdf"}
    for read in (
        lambda: limited.document("board/pay.md"),
        lambda: limited.excerpt("board/pay.md", 0, 9),
        lambda: limited.slices("board/pay.md", [(0, 9)]),
        lambda: limited.sections("board/pay.md"),
        lambda: limited.tables("board/pay.md"),
        lambda: limited.passage_ids("board/pay.md", (0, 1)),
        lambda: limited.digests(["board/pay.md"]),
        lambda: limited.scope(["board"]),
    ):
        with pytest.raises(UnknownDocumentError):
            read()
    assert limited.health().unreadable == ()


def test_a_folder_is_no_beginning_of_a_name() -> None:
    assert is_within("staff/a.txt", ["staff/"])
    assert is_within("staff", ["staff"])
    assert not is_within("staffing/a.txt", ["staff"])
    assert not is_within("a/staff/a.txt", ["staff"])
    assert not is_within("a.txt", [""])


def test_what_lies_in_a_file_that_is_seen_is_seen() -> None:
    assert is_within("staff/mails.zip › a/b.txt", ["staff/mails.zip"])
    assert is_within("staff/leave.eml › form.pdf", ["staff/leave.eml"])
    assert not is_within("staff › b.txt", ["staff"])  # a file of that odd name


def test_what_is_built_outside_costs_who_does_not_see_it_nothing(
    library: Path, tmp_path: Path, model: SentenceTransformerEmbedder
) -> None:
    """Else the time of the next answer would tell of it; what changes inside is seen at once."""
    home = Path(shutil.copytree(library, tmp_path / "home"))
    asked = "How many days of paid leave do employees receive?"

    def part(earlier: LimitedIndex | None) -> tuple[LimitedIndex, Index]:
        build_index(home / "documents", home / "index", model=model)
        whole = open_index(home / "index", model=model)
        return LimitedIndex(whole, ["staff"], earlier), whole

    before, first = part(None)
    expected = told(before, asked)
    (home / "documents" / "board" / "pay.md").write_text("Nobody is paid.", encoding="utf-8")
    after, second = part(before)
    assert after.vectors is before.vectors
    first.close()
    assert told(after, asked) == expected
    handbook = home / "documents" / "staff" / "handbook.md"
    handbook.write_text(handbook.read_text("utf-8").replace("twenty-five", "thirty"), "utf-8")
    changed, third = part(after)
    assert changed.vectors is not after.vectors
    assert "thirty days" in told(changed, asked)["quotes"][0]["text"]
    for index in (second, third):
        index.close()
