"""Fit when a question leans on its conversation: ``python -m training.fit_following``.

It indexes PACIFIC's reports and SQuADshifts' articles, ranks each sample's question alone and in
the best way to complete it, and fits a logistic model of whether the second brings the right
passage further up. What is kept of each sample are its features and the two places; the threshold
is the lowest one at which questions of another subject lose no more than ``LOSS``. Every figure
is of documents that were left out; ``--out`` writes qa_bot/asking/following.json.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmarks.datasets import SHARED, squad
from qa_bot import Index, build_index, open_index
from qa_bot.asking.carrying import completed
from qa_bot.asking.following import FEATURES, features
from qa_bot.asking.retrieval import Ranking, rank
from qa_bot.building.build import index_passages
from qa_bot.models.embedding import DEFAULT_MODEL, load_embedder
from training.conversations import Sample, articles, held_out, is_right, pacific

LOSS = 0.01  # of first places, that questions of another subject may lose
SUBJECTS = ("elsewhere", "other", "nowhere")
"""Kinds of samples that change the subject; the conversation helps only if it brings more."""
_FAR = 41  # the place of what isn't on the shortlist


@dataclass(frozen=True, slots=True)
class Row:
    """A sample with what was found: the right passage's places, alone and completed."""

    source: str
    kind: str
    document: str
    features: dict[str, float]
    alone: int
    other: int
    way: str


def rows_of(source: str, samples: Sequence[Sample], index: Index) -> list[Row]:
    """What retrieval makes of each sample; those that it finds in neither way are kept, too."""
    found = []
    for sample in samples:
        other = completed(sample.question, sample.history, index)
        if other is None or other.way != "topic":
            continue  # nothing to decide
        ranked = [rank(text, index) for text in (sample.question, other.text)]
        found.append(
            Row(
                source,
                sample.kind,
                sample.document,
                features(sample.question, sample.history, *ranked),
                place(sample, ranked[0]),
                place(sample, ranked[1]),
                other.way,
            )
        )
    return found


def place(sample: Sample, ranking: Ranking) -> int:
    """The place of the right passage, from 1."""
    passages = (one.passage for one in ranking.candidates)
    places = (n for n, one in enumerate(passages, 1) if is_right(sample, one.document_id, one.text))
    return next(places, _FAR)


def gather(data: Path, most: int, work: Path) -> list[Row]:
    """The rows of both sources, from as many documents as their share of the samples needs."""
    kept = work / "following-rows.json"
    if kept.is_file():
        return [Row(**row) for row in json.loads(kept.read_text(encoding="utf-8"))]
    embedder = load_embedder(DEFAULT_MODEL)
    pages, turns = pacific(data / "tatqa")
    some = sorted(name for name in pages if not held_out(name))[: max(1, most // 3)]
    documents = work / "reports"
    documents.mkdir(parents=True, exist_ok=True)
    for name in some:
        (documents / name).write_text(pages[name], encoding="utf-8")
    if not (work / "reports-index").exists():
        build_index(documents, work / "reports-index", model=embedder)
    with open_index(work / "reports-index", model=embedder) as index:
        chosen_turns = [one for one in turns if one.document in some][:most]
        rows = rows_of("reports", chosen_turns, index)
    file = data / "squadshifts" / "new_wiki_v1.0.json"
    held = squad(file).documents[: max(2, most // 20)]
    if not (work / "articles-index").exists():
        index_passages(held, work / "articles-index", embedder)
    names = {document.id for document, _ in held}
    with open_index(work / "articles-index", model=embedder) as index:
        rows += rows_of("articles", articles(file, names)[: 2 * most], index)
    shown = [{name: getattr(row, name) for name in Row.__slots__} for row in rows]
    kept.write_text(json.dumps(shown), encoding="utf-8")
    return rows


def fit(rows: Sequence[Row]) -> dict[str, float]:
    """The weights; each source counts alike, and so does each verdict of other subjects."""
    told = [row for row in rows if row.alone != row.other or row.kind in SUBJECTS]
    helps = np.array([row.other < row.alone for row in told])
    table = np.array([[row.features[name] for name in FEATURES] for row in told])
    counts = np.array([1.0 / sum(one.source == row.source for one in told) for row in told])
    model = LogisticRegression(C=1.0, max_iter=2_000)
    model.fit(table, helps, sample_weight=counts * len(told) / counts.sum())
    weights = dict(zip(FEATURES, model.coef_[0].round(4).tolist(), strict=True))
    return {**weights, "constant": round(float(model.intercept_[0]), 4)}


def likely(rows: Sequence[Row], weights: dict[str, float]) -> np.ndarray:
    """The probability of each row."""
    table = np.array([[row.features[name] for name in FEATURES] for row in rows])
    total = table @ np.array([weights[name] for name in FEATURES]) + weights["constant"]
    return np.asarray(1 / (1 + np.exp(-total)))


def threshold(rows: Sequence[Row], probabilities: np.ndarray) -> float:
    """The lowest threshold at which questions of another subject lose no more than ``LOSS``."""
    changed = [(p, row) for p, row in zip(probabilities, rows, strict=True) if row.kind in SUBJECTS]
    for least in np.arange(0.3, 0.96, 0.05):
        lost = sum((row.alone == 1) - (row.other == 1) for p, row in changed if p >= least)
        if lost <= LOSS * len(changed):
            return round(float(least), 2)
    return 0.95


def main() -> None:
    """Gather, fit with each document's fold left out, print, and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=SHARED / "training")
    parser.add_argument("--most", type=int, default=600, help="samples of each source, about")
    parser.add_argument("--work", type=Path, help="where indexes and rows are kept")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        work = arguments.work or Path(scratch)
        work.mkdir(parents=True, exist_ok=True)
        rows = gather(arguments.data, arguments.most, work)
    names = sorted({row.document for row in rows})
    folds = {name: number % 5 for number, name in enumerate(names)}
    probabilities = np.zeros(len(rows))
    for fold in range(5):
        out = np.array([folds[row.document] == fold for row in rows])
        weights = fit([row for row, is_out in zip(rows, out, strict=True) if not is_out])
        probabilities[out] = likely(rows, weights)[out]
    least = threshold(rows, probabilities)
    print(f"threshold {least}")
    print("| source | kind | samples | leaning | alone first | completed first | decided | best |")
    print("|---|---|---|---|---|---|---|---|")
    for key in sorted({(row.source, row.kind) for row in rows}):
        some = [
            (p, row)
            for p, row in zip(probabilities, rows, strict=True)
            if (row.source, row.kind) == key
        ]
        alone = np.mean([row.alone == 1 for _, row in some])
        other = np.mean([row.other == 1 for _, row in some])
        decided = np.mean([(row.other if p >= least else row.alone) == 1 for p, row in some])
        best = np.mean([min(row.other, row.alone) == 1 for _, row in some])
        leaning = np.mean([p >= least for p, _ in some])
        print(
            f"| {' | '.join(key)} | {len(some)} | {leaning:.2f} | {alone:.3f} | {other:.3f} "
            f"| {decided:.3f} | {best:.3f} |"
        )
    weights = fit(rows)
    print(json.dumps(weights, indent=1))
    if arguments.out:
        kept = {
            "weights": weights,
            "leans": least,
            "made by": "python -m training.fit_following",
            "of": {
                f"{source} {kind}": sum((row.source, row.kind) == (source, kind) for row in rows)
                for source, kind in sorted({(row.source, row.kind) for row in rows})
            },
            "on": f"{datetime.now(UTC):%Y-%m-%d}",
        }
        arguments.out.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
