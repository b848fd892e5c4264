"""Fit how the reader counts, and what its figures are worth, on held-out examples alone.

``python -m training.fit`` prints the constants that ``qa_bot.asking.judging`` holds:
how much the reader's margin counts beside retrieval's evidence, how its
sentences count beside theirs, and the confidence. The questions on half of the held-out
documents choose, the others confirm.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from benchmarks.datasets import join
from qa_bot import Index, open_index
from qa_bot.asking.judging import READ, Judged, features
from qa_bot.asking.retrieval import WEIGHTS, Candidate, rank
from qa_bot.building.build import index_passages
from qa_bot.models.embedding import DEFAULT_MODEL, load_embedder
from qa_bot.models.reader import Reading, SpanReader
from training.examples import TABLES, Example
from training.negatives import hard_negatives, is_cutting, swapped, vocabulary_of
from training.tables import all_examples

ASKED = {"new_wiki": 700, "fairytale": 350}  # questions of a source
OTHERS = 250
PRECISION = 0.95  # of "found" at the threshold
# Sources whose questions say what they are about; the others' mean little without their text.
ALONE = {"new_wiki", "nq", "selqa", "clapnq", "medquad"}
# Of what questions there are taken to be: four of five have an answer. Of the others some are of
# another document, of some only the passage is missing, and some ask for another name or number.
MIX = {"answerable": 0.8, "elsewhere": 0.06, "taken out": 0.07, "swapped": 0.07}
SHORTEST = 3  # characters; an answer as short as that stands in any passage


Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Case:
    """A question with its candidates as retrieval ranks them, and what the reader makes of them."""

    example: Example
    gold: str  # the passage that answers; "" where none does
    kind: str  # "answerable", or how it was made unanswerable
    candidates: tuple[Candidate, ...]
    readings: tuple[Reading, ...]

    def is_gold(self, place: int) -> bool:
        """Whether the candidate is the passage that answers, or another cutting of it."""
        text = self.candidates[place].passage.text
        return bool(self.gold) and (
            text == self.gold or (is_cutting(self.example, text) and self.holds_words(place))
        )

    def holds_words(self, place: int) -> bool:
        """Whether the answer's words stand in the candidate."""
        asked, text = self.example, self.candidates[place].passage.text
        words = [asked.text[start:end] for start, end in asked.answers] if asked.exact else []
        return any(len(one) > SHORTEST and one in text for one in words)

    def without_gold(self, kind: str) -> Case:
        """The same question, all that answers it taken out of the index."""
        kept = [
            n for n in range(len(self.candidates)) if not (self.is_gold(n) or self.holds_words(n))
        ]
        return Case(
            self.example,
            "",
            kind,
            tuple(self.candidates[n] for n in kept),
            tuple(self.readings[n] for n in kept),
        )


def build(examples: Sequence[Example], folder: Path) -> None:
    """An index of the held-out passages, among all others of the Wikipedia part."""
    texts: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for example in examples:
        if example.held_out or example.source == "new_wiki":
            texts[example.source, example.document][example.text] = None
    headings = {(one.source, one.document): one.heading for one in examples}
    pairs = [
        join(f"{source}/{document}", headings[source, document].split(" > ")[0], list(held))
        for (source, document), held in texts.items()
    ]
    index_passages(pairs, folder, load_embedder(DEFAULT_MODEL))


def cases(examples: Sequence[Example], near: Sequence[Sequence[int]], index: Index) -> list[Case]:
    """Answerable cases, and cases made unanswerable of every third."""
    chance = random.Random(0)
    vocabulary = vocabulary_of(examples)
    reader = SpanReader()
    found: list[Case] = []
    by_source: dict[str, list[int]] = defaultdict(list)
    for number, example in enumerate(examples):
        if example.held_out and example.answers and example.source not in ("qamr", TABLES):
            by_source[example.source].append(number)
    for source, numbers in by_source.items():
        chance.shuffle(numbers)
        for place, number in enumerate(numbers[: ASKED.get(source, OTHERS)]):
            example = examples[number]
            found.append(_case(example, example.question, index, reader, "answerable"))
            others = [examples[m] for m in near[number]]
            if place % 3 == 0 and (other := swapped(example, others, vocabulary, chance)):
                found.append(_case(example, other, index, reader, "swapped"))
            if place % 3 == 1:
                found.append(_case(example, example.question, index, reader, "elsewhere"))
        print(source, len(found), file=sys.stderr)
    return found


def _case(example: Example, question: str, index: Index, reader: SpanReader, kind: str) -> Case:
    """Ask the question; where the answer is "elsewhere", of all documents but its own."""
    own = f"{example.source}/{example.document}"
    others = [one.id for one in index.documents() if one.id != own]
    scope = others if kind == "elsewhere" else None
    candidates = rank(question, index, READ + 1, scope).candidates[: READ + 1]
    readings = reader.read(question, [candidate.passage for candidate in candidates])
    gold = example.text if kind == "answerable" else ""
    return Case(example, gold, kind, candidates, tuple(readings))


def chooses(example: Example) -> bool:
    """Whether a question helps to choose, or to confirm; those on one document do the same."""
    return zlib.crc32(f"{example.source}/{example.document}".encode()) % 2 == 0


def order(case: Case, weight: float) -> list[int]:
    """The places of the candidates that are read, best first."""
    scores = [
        WEIGHTS.evidence(candidate) + weight * reading.margin
        for candidate, reading in zip(case.candidates[:READ], case.readings[:READ], strict=True)
    ]
    return sorted(range(len(scores)), key=lambda n: -scores[n])


def hits(chosen: Sequence[Case], weight: float) -> float:
    """Share of the questions whose own passage comes first."""
    return float(np.mean([case.is_gold(order(case, weight)[0]) for case in chosen]))


def sentence_hits(chosen: Sequence[Case], weight: float) -> float:
    """Share of the answers in the best sentence of the passage that holds them."""
    found = []
    for case in chosen:
        texts = [candidate.passage.text for candidate in case.candidates]
        if case.gold not in texts:  # the answer's places are those in this very text
            continue
        place = texts.index(case.gold)
        candidate, reading = case.candidates[place], case.readings[place]
        evidence = WEIGHTS.sentence_evidence(candidate)
        scores = [
            log + weight * other for log, other in zip(reading.sentences, evidence, strict=True)
        ]
        best = candidate.passage.sentences[int(np.argmax(scores))]
        start, end = best.start - candidate.passage.start, best.end - candidate.passage.start
        found.append(any(a < end and b > start for a, b in case.example.answers))
    return float(np.mean(found))


def judged(case: Case, weight: float) -> list[Judged]:
    """The case as ``qa_bot.asking.judging`` sees it."""
    return [Judged(case.candidates[n], case.readings[n]) for n in order(case, weight)]


def is_right(case: Case, weight: float) -> bool:
    """Whether the first passage answers: it is the gold one, or the answer's words stand in it."""
    place = order(case, weight)[0]
    return case.is_gold(place) or (case.kind != "swapped" and case.holds_words(place))


def calibration_error(
    likely: Array, right: Array, counts: Array | None = None, bins: int = 10
) -> float:
    """Expected calibration error over bins of equal width (Naeini et al. 2015).

    ``counts`` says how often each question counts; None counts each once.
    """
    counts = np.ones(len(likely)) if counts is None else counts
    places = np.minimum((likely * bins).astype(int), bins - 1)
    gaps = [abs(float((counts * (likely - right))[places == n].sum())) for n in range(bins)]
    return sum(gaps) / float(counts.sum())


def _say(*parts: object) -> None:
    print(*parts, flush=True)


def _grid(
    name: str, weights: Sequence[float], half: Callable[[float], tuple[float, float]]
) -> float:
    rows = [(half(weight), weight) for weight in weights]
    for (choose, confirm), weight in rows:
        _say(f"{name} weight {weight}: {choose:.4f}, confirmed {confirm:.4f}")
    return max(rows, key=lambda row: row[0][0])[1]  # the half that confirms has no say


def main() -> None:
    """Print the constants, and how they do on the half that did not choose them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/training"))
    parser.add_argument("--work", type=Path, default=Path("training/run"))
    arguments = parser.parse_args()
    examples = all_examples(arguments.data)
    near = hard_negatives(examples, arguments.work / "negatives.json")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        build(examples, folder)
        with open_index(folder) as index:
            found = cases(examples, near, index)
    halves = [[case for case in found if chooses(case.example) is half] for half in (True, False)]
    asked = [[case for case in half if case.gold] for half in halves]
    for source in sorted({case.example.source for case in found}):
        mine = [case for case in asked[0] + asked[1] if case.example.source == source]
        row = [f"{hits(mine, weight):.3f}" for weight in (0.0, 0.03, 0.06, 0.1, 10.0)]
        _say(source, len(mine), "hit@1 at 0, .03, .06, .1, 10:", *row)
    weight = _grid(
        "margin",
        (0.0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0),
        lambda value: (hits(asked[0], value), hits(asked[1], value)),
    )
    _grid(
        "sentence",
        (0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 1000.0),
        lambda value: (sentence_hits(asked[0], value), sentence_hits(asked[1], value)),
    )
    _confidence(halves, weight)


def _confidence(halves: Sequence[Sequence[Case]], weight: float) -> None:
    """Logistic regression of "the first passage answers", and the threshold."""
    model, threshold = None, None
    for name, half in zip(("choosing", "confirming"), halves, strict=True):
        alone = [case for case in half if case.example.source in ALONE]
        fewer = [case.without_gold("taken out") for case in alone if case.gold]
        chosen = [*alone, *(case for case in fewer if len(case.candidates) > 1)]
        rows = np.array([features(judged(case, weight)) for case in chosen])
        right = np.array([is_right(case, weight) for case in chosen])
        kinds = np.array([case.kind for case in chosen])
        counts = np.array([MIX[kind] / np.mean(kinds == kind) for kind in kinds])
        if model is None:
            model = LogisticRegression(C=10, max_iter=5_000).fit(rows, right, counts)
            _say("confidence:", model.coef_.round(3).tolist(), model.intercept_.round(3).tolist())
        likely = model.predict_proba(rows)[:, 1]
        _say(name, f"calibration error {calibration_error(likely, right, counts):.3f}")
        if threshold is None:
            threshold = threshold_of(likely, kinds, counts)
        _say_found(likely, kinds, counts, threshold)


def threshold_of(likely: Array, kinds: Array, counts: Array) -> float:
    """The lowest from which on enough of what is found is answerable."""
    answerable, ranked = kinds == "answerable", np.argsort(-likely)
    precision = np.cumsum((counts * answerable)[ranked]) / np.cumsum(counts[ranked])
    return float(likely[ranked[np.flatnonzero(precision >= PRECISION)[-1]]])


def _say_found(likely: Array, kinds: Array, counts: Array, threshold: float) -> None:
    answerable, found = kinds == "answerable", likely >= threshold
    precision = counts[found & answerable].sum() / counts[found].sum()
    _say(f"  {precision:.1%} of what is found at {threshold:.3f} is answerable; found there:")
    for kind in MIX:
        share = (likely[kinds == kind] >= threshold).mean()
        both = answerable | (kinds == kind)
        apart = "" if kind == "answerable" else f", AUROC {_auroc(answerable, likely, both):.3f}"
        _say(f"  {kind}: {share:.3f}{apart}")


def _auroc(labels: Array, values: Array, chosen: Array) -> float:
    return float(roc_auc_score(labels[chosen], values[chosen]))


if __name__ == "__main__":
    main()
