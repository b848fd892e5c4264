"""Fit how the reader counts, and what its figures are worth, on held-out examples alone.

``python -m training.fit`` prints the constants that ``qa_bot.judging`` holds:
how much the reader's margin counts beside retrieval's evidence, how its
sentences count beside theirs, and the confidence. Half of the held-out
examples choose, the other half confirm.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from benchmarks.datasets import join
from qa_bot import Index, open_index
from qa_bot.embedding import DEFAULT_MODEL, load_embedder
from qa_bot.indexing import index_passages
from qa_bot.reader import Reading, SpanReader
from qa_bot.retrieval import WEIGHTS, Candidate, rank
from training.examples import Example, load_examples
from training.negatives import hard_negatives, swapped, vocabulary_of

READ = 10  # candidates that are read
ASKED = {"new_wiki": 700, "fairytale": 350}  # questions of a source
OTHERS = 250
PRECISION = 0.95  # of "found" at the threshold


@dataclass(frozen=True, slots=True)
class Case:
    """A question with its candidates as retrieval ranks them, and what the reader makes of them."""

    example: Example
    gold: str  # the passage that answers; "" where none does
    kind: str  # "answerable", or how it was made unanswerable
    candidates: tuple[Candidate, ...]
    readings: tuple[Reading, ...]

    def is_gold(self, place: int) -> bool:
        """Whether the candidate is the passage that answers."""
        return self.candidates[place].passage.text == self.gold

    def without_gold(self, kind: str) -> Case:
        """The same question, its passage taken out of the index."""
        kept = [n for n in range(len(self.candidates)) if not self.is_gold(n)]
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
        if example.held_out and example.source != "qamr":
            by_source[example.source].append(number)
    for source, numbers in by_source.items():
        chance.shuffle(numbers)
        for place, number in enumerate(numbers[: ASKED.get(source, OTHERS)]):
            example = examples[number]
            found.append(_case(example, example.question, example.text, index, reader))
            others = [examples[m] for m in near[number]]
            if place % 3 == 0 and (other := swapped(example, others, vocabulary, chance)):
                found.append(_case(example, other, "", index, reader))
        print(source, len(found), file=sys.stderr)
    return found


def _case(example: Example, question: str, gold: str, index: Index, reader: SpanReader) -> Case:
    candidates = rank(question, index, READ + 1).candidates[: READ + 1]
    readings = reader.read(question, [candidate.passage for candidate in candidates])
    kind = "answerable" if gold else "swapped"
    return Case(example, gold, kind, candidates, tuple(readings))


def order(case: Case, weight: float) -> list[int]:
    """The candidates' places, best first."""
    scores = [
        WEIGHTS.evidence(candidate) + weight * reading.margin
        for candidate, reading in zip(case.candidates, case.readings, strict=True)
    ]
    return sorted(range(len(scores)), key=lambda n: -scores[n])


def hits(chosen: Sequence[Case], weight: float) -> float:
    """Share of the questions whose own passage comes first."""
    return float(np.mean([case.is_gold(order(case, weight)[0]) for case in chosen]))


def sentence_hits(chosen: Sequence[Case], weight: float) -> float:
    """Share of the answers in the best sentence of the passage that holds them."""
    found = []
    for case in chosen:
        place = next((n for n in range(len(case.candidates)) if case.is_gold(n)), None)
        if place is None:
            continue
        candidate, reading = case.candidates[place], case.readings[place]
        evidence = WEIGHTS.sentence_evidence(candidate)
        scores = [
            log + weight * other for log, other in zip(reading.sentences, evidence, strict=True)
        ]
        best = candidate.passage.sentences[int(np.argmax(scores))]
        start, end = best.start - candidate.passage.start, best.end - candidate.passage.start
        found.append(any(a < end and b > start for a, b in case.example.answers))
    return float(np.mean(found))


def features(case: Case, weight: float) -> list[float]:
    """What the confidence rests on; see ``qa_bot.judging``."""
    first, *rest = order(case, weight)
    candidate, reading = case.candidates[first], case.readings[first]
    others = [n for n in rest if case.candidates[n].passage.text != candidate.passage.text]
    next_margin = max((case.readings[n].margin for n in others), default=reading.margin)
    sentence = max(WEIGHTS.sentence_evidence(candidate), default=candidate.cosine)
    return [
        reading.margin,
        max(reading.sentences),
        sentence,
        candidate.coverage,
        WEIGHTS.evidence(candidate),
        reading.margin - next_margin,
    ]


def calibration_error(likely: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error over bins of equal width (Naeini et al. 2015)."""
    places = np.minimum((likely * bins).astype(int), bins - 1)
    return float(
        sum(
            (places == n).mean() * abs(likely[places == n].mean() - right[places == n].mean())
            for n in range(bins)
            if (places == n).any()
        )
    )


def _say(*parts: object) -> None:
    print(*parts, flush=True)


def _grid(
    name: str, weights: Sequence[float], half: Callable[[float], tuple[float, float]]
) -> float:
    rows = [(half(weight), weight) for weight in weights]
    for (choose, confirm), weight in rows:
        _say(f"{name} weight {weight}: {choose:.4f}, confirmed {confirm:.4f}")
    return max(rows)[1]


def main() -> None:
    """Print the constants, and how they do on the half that did not choose them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/training"))
    parser.add_argument("--work", type=Path, default=Path("training/run"))
    arguments = parser.parse_args()
    examples = load_examples(arguments.data)
    near = hard_negatives(examples, arguments.work / "negatives.json")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        build(examples, folder)
        with open_index(folder) as index:
            found = cases(examples, near, index)
    random.Random(1).shuffle(found)
    halves = found[: len(found) // 2], found[len(found) // 2 :]
    asked = [[case for case in half if case.gold] for half in halves]
    for source in sorted({case.example.source for case in found}):
        mine = [case for case in asked[0] + asked[1] if case.example.source == source]
        row = [f"{hits(mine, weight):.3f}" for weight in (0.0, 0.03, 0.06, 0.1, 10.0)]
        _say(source, len(mine), "hit@1 at 0, .03, .06, .1, 10:", *row)
    weight = _grid(
        "margin",
        (0.0, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2),
        lambda value: (hits(asked[0], value), hits(asked[1], value)),
    )
    _grid(
        "sentence",
        (0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 1000.0),
        lambda value: (sentence_hits(asked[0], value), sentence_hits(asked[1], value)),
    )
    _confidence(halves, weight)


def _confidence(halves: tuple[Sequence[Case], Sequence[Case]], weight: float) -> None:
    """Logistic regression of "the first passage answers"."""
    rows, labels, kinds = [], [], []
    for half in halves:
        more = [case.without_gold("taken out") for case in half if case.gold][::2]
        chosen = [*half, *(case for case in more if len(case.candidates) > 1)]
        rows.append(np.array([features(case, weight) for case in chosen]))
        labels.append(np.array([case.is_gold(order(case, weight)[0]) for case in chosen]))
        kinds.append([case.kind for case in chosen])
    model = LogisticRegression(C=10, max_iter=5_000).fit(rows[0], labels[0])
    _say("confidence:", model.coef_.round(3).tolist(), model.intercept_.round(3).tolist())
    for name, half_rows, right, half_kinds in zip(
        ("choosing", "confirming"), rows, labels, kinds, strict=True
    ):
        likely = model.predict_proba(half_rows)[:, 1]
        _say(name, f"calibration error {calibration_error(likely, right):.3f}")
        ranked = np.argsort(-likely)
        precision = np.cumsum(right[ranked]) / np.arange(1, len(ranked) + 1)
        last = int(np.flatnonzero(precision >= PRECISION)[-1])
        threshold = likely[ranked[last]]
        answerable = np.array([kind == "answerable" for kind in half_kinds])
        _say(
            f"  {PRECISION:.0%} precise at {threshold:.3f}, where"
            f" {(likely[answerable] >= threshold).mean():.3f} of the answerable are found"
        )
        for kind in ("taken out", "swapped"):
            other = np.array([one == kind for one in half_kinds])
            both = answerable | other
            auroc = roc_auc_score(answerable[both], likely[both])
            margins = roc_auc_score(answerable[both], half_rows[both][:, 0])
            _say(
                f"  {kind}: AUROC {auroc:.3f} (margin alone {margins:.3f}),"
                f" found {(likely[other] >= threshold).mean():.3f}"
            )


if __name__ == "__main__":
    main()
