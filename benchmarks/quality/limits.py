"""What limits right answers, by kind of document: ``python -m benchmarks.quality.limits [--save]``.

Of the questions that the documents answer: the share whose right passage isn't compared, is
compared but not read, is read but stands below another, or is first and not believed. Examples of
each are printed. Nothing was chosen by any of these questions.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import qa_bot
from benchmarks import ROOT
from benchmarks.datasets import SHARED, SQUAD, article_questions, join, need_data, squad
from benchmarks.quality.documents import Asked, filings, filings_alone, manuals, reports
from benchmarks.results import save_section
from qa_bot import Index, Passage
from qa_bot.asking.judging import READ
from qa_bot.asking.retrieval import SHORTLIST
from qa_bot.building.build import index_passages
from qa_bot.models.embedding import DEFAULT_MODEL, load_embedder

_EACH = 4  # examples of each fault, from the agency reports
_WIDTH = 90  # characters of a passage in an example

FAULTS = (
    "not compared",
    "compared, not read",
    "read, another first",
    "first, not believed",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a question that the documents answer."""

    question: str
    fault: str  # one of FAULTS, or none where the right passage is quoted as the answer
    answered: bool  # whatever passage it was
    first: str  # how the first passage begins, and the right one, if it was compared
    right: str


def outcome(asked: Asked, index: Index) -> Outcome:
    """Ask it, with all that is compared as hits."""
    assert asked.is_right is not None
    scope = list(asked.documents) if asked.documents else None
    told = qa_bot.answer(asked.question, index, k=SHORTLIST, documents=scope)
    passages = [hit.passage for hit in told.hits]
    place = next((n for n, one in enumerate(passages) if asked.is_right(one)), None)
    if place is None:
        fault = FAULTS[0]
    elif place >= READ:
        fault = FAULTS[1]
    elif place:
        fault = FAULTS[2]
    else:
        fault = "" if told.found else FAULTS[3]
    right = _beginning(passages[place]) if place is not None else ""
    first = _beginning(passages[0]) if passages else ""
    return Outcome(asked.question, fault, told.found, first, right)


def _beginning(passage: Passage) -> str:
    text = " ".join(passage.text.split())
    return f"{text[:_WIDTH]}…" if len(text) > _WIDTH else text


def row(name: str, found: Sequence[Outcome]) -> str:
    """A row of the table."""
    shares = [sum(one.fault == fault for one in found) / len(found) for fault in FAULTS]
    answered = [one for one in found if one.answered]
    wrong = sum(bool(one.fault) for one in answered)
    right = len(answered) - wrong
    cells = [*shares, right / len(found), wrong / len(found)]
    return f"| {name} | {len(found)} | " + " | ".join(f"{cell:.2f}" for cell in cells) + " |"


def examples(found: Sequence[Outcome]) -> Iterator[str]:
    """A few questions of each fault."""
    for fault in FAULTS:
        for one in [one for one in found if one.fault == fault][:_EACH]:
            yield f"- *{fault}*: {one.question}"
            if one.fault != FAULTS[3]:
                yield f"  - first: {one.first}"
            if one.right:
                yield f"  - right: {one.right}"


def _reports(_: Path) -> tuple[Path, list[Asked]]:
    return SHARED / "pdfs", reports()


def _of_one(scratch: Path) -> tuple[Path, list[Asked]]:
    return filings_alone(scratch / "filings"), filings(named=False)


def _of_all(scratch: Path) -> tuple[Path, list[Asked]]:
    return filings_alone(scratch / "filings"), filings(named=True)


def _manuals(scratch: Path) -> tuple[Path, list[Asked]]:
    folder = scratch / "manuals"
    groups: dict[str, Asked] = {}
    for one in manuals(folder):  # paraphrases of one question count as one: the first
        groups.setdefault(one.group, one)
    return folder, list(groups.values())


def _article(_: Path) -> tuple[Path, list[Asked]]:
    asked = [
        Asked(one.question, None, _contains(one.quote), one.question)
        for one in article_questions()
        if one.quote is not None
    ]
    return ROOT / "documents", asked


def _contains(phrase: str) -> Callable[[Passage], bool]:
    return lambda passage: phrase in passage.text


def _multiturn(name: str, index: Path) -> list[Asked]:
    """Index a set's passages; its last questions alone."""
    folder = SHARED / "benchmarks" / "multiturn"
    held = [json.loads(line) for line in (folder / f"{name}_passages.jsonl").open()]
    tasks = [json.loads(line) for line in (folder / f"{name}_tasks.jsonl").open()]
    pairs = [join(str(one["id"]), str(one.get("title", "")), [one["text"]]) for one in held]
    index_passages(pairs, index, load_embedder(DEFAULT_MODEL))
    return [
        Asked(one["question"], None, _of(frozenset(map(str, one["relevant"]))), one["question"])
        for one in tasks
        if one["relevant"]
    ]


def _of(names: frozenset[str]) -> Callable[[Passage], bool]:
    return lambda passage: passage.document_id in names


def _encyclopaedia(index: Path) -> list[Asked]:
    """The SQuAD half, every twentieth question."""
    collection = squad(SQUAD)
    index_passages(collection.documents, index, load_embedder(DEFAULT_MODEL))
    return [Asked(one.text, None, _at(one.gold), one.text) for one in collection.answerable[::20]]


def _at(gold: tuple[str, int]) -> Callable[[Passage], bool]:
    return lambda passage: (passage.document_id, passage.start) == gold


FOLDERS: dict[str, Callable[[Path], tuple[Path, list[Asked]]]] = {
    "agency reports": _reports,
    "annual reports, of one": _of_one,
    "annual reports, of all, named": _of_all,
    "device manuals, a file a section": _manuals,
    "the article": _article,
}
PASSAGES: dict[str, Callable[[Path], list[Asked]]] = {
    "cloud, last question alone": lambda index: _multiturn("cloud", index),
    "finance, last question alone": lambda index: _multiturn("finance", index),
    "encyclopaedia, every twentieth": _encyclopaedia,
}


def outcomes(name: str) -> list[Outcome]:
    """Index a set, and ask its questions."""
    with tempfile.TemporaryDirectory() as scratch:
        where = Path(scratch, "index")
        if name in PASSAGES:
            asked = PASSAGES[name](where)
        else:
            folder, asked = FOLDERS[name](Path(scratch))
            qa_bot.build_index(folder, where)
        with qa_bot.open_index(where) as index:
            return [outcome(one, index) for one in asked if one.is_right is not None]


def main() -> None:
    """Ask all of them, print the table and the examples, and save both if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[*FOLDERS, *PASSAGES])
    parser.add_argument("--save", action="store_true")
    arguments = parser.parse_args()
    need_data()
    lines = [
        "## What limits right answers",
        "",
        f"Shares of the questions that the documents answer; {SHORTLIST} passages are compared, "
        f"{READ} are read.",
        "",
        "| set | questions | " + " | ".join(FAULTS) + " | answered, right | answered, wrong |",
        "|---|---|---|---|---|---|---|---|",
    ]
    told: list[str] = []
    for name in arguments.only:
        found = outcomes(name)
        lines.append(row(name, found))
        print(lines[-1], flush=True)
        if name == "agency reports":
            told = ["", f"Of the {name}, up to {_EACH} of each:", "", *examples(found)]
    text = "\n".join([*lines, *told])
    print(text)
    if arguments.save:
        save_section("limits", text)


if __name__ == "__main__":
    main()
