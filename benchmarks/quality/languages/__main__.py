"""Retrieval and answers by language: ``python -m benchmarks.quality.languages [--model NAME]``.

Each language's documents are an index of their own, asked in that language; the German one is
asked in English as well, and the English article in all the others. With the default model it
writes its section of RESULTS.md; with another one it only prints.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import qa_bot
from benchmarks import ROOT
from benchmarks.results import save_section
from qa_bot import Index, Passage
from qa_bot.models.embedding import DEFAULT_MODEL

HERE = Path(__file__).parent
DOCUMENTS = HERE / "documents"
LANGUAGES = ("de", "fr", "es", "zh", "ja", "ko", "ru", "ar")
AMONG = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """A question; any of ``quotes`` in a passage of ``document`` makes it a right one."""

    question: str
    language: str
    document: str  # its name in the folder that is indexed
    quotes: tuple[str, ...]

    def holds(self, document: str, text: str) -> bool:
        """Whether a text of that document answers."""
        return document == self.document and any(quote in _plain(text) for quote in self.quotes)


@dataclass(frozen=True, slots=True)
class Shares:
    """Of a set of questions, each in [0, 1]."""

    vectors: tuple[float, float]  # right first, right among five
    words: tuple[float, float]  # likewise, of BM25 alone
    retrieved: tuple[float, float]  # likewise, of ``retrieve``
    answered: float  # ``answer`` is sure, and its first quote is right
    wrong: float  # it is sure, and its first quote is wrong
    marked: float  # the marked sentences of its first quote hold the phrase, sure or not


def questions() -> Mapping[str, list[Asked]]:
    """The questions, by the folder of the documents that they are asked of."""
    found: dict[str, list[Asked]] = {}
    for line in (HERE / "questions.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        folder, _, name = row["document"].rpartition("/")
        quotes = row["quote"] if isinstance(row["quote"], list) else [row["quote"]]
        asked = Asked(row["question"], row["language"], name, tuple(map(_plain, quotes)))
        found.setdefault(folder, []).append(asked)
    return found


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split())).lower()


def shares(asked: Sequence[Asked], index: Index, *, details: bool = False) -> Shares:
    """How often each way of searching finds what answers."""
    ranks: dict[str, list[int]] = {"vectors": [], "words": [], "retrieved": []}
    answered = wrong = marked = 0
    for one in asked:
        found = {
            "vectors": _dense(one.question, index),
            "words": _lexical(one.question, index),
            "retrieved": [hit.passage for hit in qa_bot.retrieve(one.question, index, AMONG)],
        }
        for name, passages in found.items():
            ranks[name].append(_rank(one, passages))
        answer = qa_bot.answer(one.question, index, strictness=None)
        best = answer.quotes[0] if answer.quotes else None
        is_right = best is not None and one.holds(best.citation.document_id, best.text)
        answered += answer.found and is_right
        wrong += answer.found and not is_right
        if best is not None:
            texts = index.slices(best.citation.document_id, best.sentences)
            marked += any(one.holds(best.citation.document_id, text) for text in texts)
        if details and ranks["retrieved"][-1] != 1:
            first = found["retrieved"][0].text if found["retrieved"] else ""
            print(f"{ranks['retrieved'][-1]} {one.language} {one.question} -> {first[:150]!r}")
    count = len(asked)
    pairs = {name: (_share(some, 1), _share(some, AMONG)) for name, some in ranks.items()}
    return Shares(**pairs, answered=answered / count, wrong=wrong / count, marked=marked / count)


def _dense(question: str, index: Index) -> list[Passage]:
    ids = index.vectors.search(index.embedder.encode_question(question), AMONG)
    found = index.passages(ids)
    return [found[number] for number in ids]


def _lexical(question: str, index: Index) -> list[Passage]:
    ids = list(index.lexicon.search(index.lexicon.terms(question), AMONG))
    found = index.passages(ids)
    return [found[number] for number in ids]


def _rank(one: Asked, passages: Sequence[Passage]) -> int:
    """Which one is right, from 1; beyond those five where none is."""
    matches = (one.holds(passage.document_id, passage.text) for passage in passages)
    return next((place for place, match in enumerate(matches, 1) if match), AMONG + 1)


def _share(ranks: Sequence[int], most: int) -> float:
    return statistics.mean(rank <= most for rank in ranks)


def table(model: str, *, details: bool = False) -> Iterator[str]:
    """The lines of the section."""
    yield f"Model: {model}. Each cell of a search: right passage first / among five."
    yield ""
    yield (
        "| documents | questions | passages | vectors alone | BM25 alone | **`retrieve`** "
        "| `answer`: sure and right | sure and wrong | phrase in the marked sentences |"
    )
    yield "|---|---|---:|---:|---:|---:|---:|---:|---:|"
    everything = questions()
    with tempfile.TemporaryDirectory() as scratch:
        for folder in LANGUAGES:
            place = Path(scratch, folder)
            qa_bot.build_index(DOCUMENTS / folder, place, model=model)
            with qa_bot.open_index(place) as index:
                for language in dict.fromkeys(one.language for one in everything[folder]):
                    asked = [one for one in everything[folder] if one.language == language]
                    yield _row(folder, language, index, shares(asked, index, details=details))
        place = Path(scratch, "article")
        qa_bot.build_index(ROOT / "documents", place, model=model)
        with qa_bot.open_index(place) as index:
            for language in LANGUAGES:
                asked = [one for one in everything[""] if one.language == language]
                yield _row("en (article)", language, index, shares(asked, index, details=details))


def _row(folder: str, language: str, index: Index, found: Shares) -> str:
    pairs = [f"{a:.2f} / {b:.2f}" for a, b in (found.vectors, found.words, found.retrieved)]
    rest = [f"{share:.2f}" for share in (found.answered, found.wrong, found.marked)]
    count = str(index.passage_count)
    return f"| {' | '.join((folder, language, count, *pairs, *rest))} |"


def main() -> None:
    """Measure, print, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--details", action="store_true", help="print what isn't found first")
    parser.add_argument("--section", help="of RESULTS.md; none for another model")
    arguments = parser.parse_args()
    lines = ["## Languages", ""]
    for line in table(arguments.model, details=arguments.details):
        print(line, flush=True)
        lines.append(line)
    section = arguments.section or ("languages" if arguments.model == DEFAULT_MODEL else "")
    if section:
        save_section(section, "\n".join(lines))


if __name__ == "__main__":
    main()
