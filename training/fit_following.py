"""Fit when a question leans on its conversation: ``python -m training.fit_following``.

It indexes PACIFIC's reports and SQuADshifts' articles, ranks each sample's question alone and in
the best way to complete it, and fits a logistic model of whether the second brings the right
passage further up. From the threshold on, passages are ordered by the evidence of both, mixed by
the model's probability (``qa_bot.asking.pooling``); the threshold is the lowest one at which
questions after an unrelated conversation lose no more than ``LOSS``. Every figure is of documents
that were left out, and those of "from the other set" are of weights that its whole set had no part
in. ``--out`` writes qa_bot/asking/following.json. With ``--work`` rows are kept as they are made,
and a run that was broken off goes on.
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
from qa_bot.asking.retrieval import WEIGHTS, Ranking, rank
from qa_bot.building.build import index_passages
from qa_bot.models.embedding import DEFAULT_MODEL, load_embedder
from qa_bot.records import Passage
from training.conversations import Sample, articles, held_out, is_right, pacific

LOSS = 0.015  # of first places, that questions after an unrelated conversation may lose
UNRELATED = "other"
SUBJECTS = ("elsewhere", "other", "nowhere")
"""Kinds of samples that change the subject; the conversation helps only if it brings more."""
_FAR = 41  # the place of what isn't on the shortlist


@dataclass(frozen=True, slots=True)
class Row:
    """A sample with what was found: evidence by passage, alone and completed.

    ``right`` are the passages that answer, and ``way`` is "" where there is nothing to decide.
    """

    source: str
    kind: str
    document: str
    way: str
    features: dict[str, float]
    alone: dict[str, float]
    other: dict[str, float]
    right: tuple[str, ...]

    def place(self, share: float) -> int:
        """The right passage's place, from 1, if the completed question counts ``share``."""
        last = [min(one.values(), default=0.0) for one in (self.alone, self.other)]

        def mixed(name: str) -> float:
            mine, others = self.alone.get(name, last[0]), self.other.get(name, last[1])
            return (1 - share) * mine + share * others

        among = self.alone if share <= 0 else self.other if share >= 1 else self.alone | self.other
        order = sorted(among, key=lambda name: (-round(mixed(name), 6), name))
        return next((n for n, name in enumerate(order, 1) if name in self.right), _FAR)


def row_of(source: str, sample: Sample, index: Index) -> Row:
    """What retrieval makes of a sample; also where it finds it in neither way."""
    asks = any(map(str.isalnum, sample.question))
    other = completed(sample.question, sample.history, index) if asks else None
    if other is None or other.way != "topic":
        return Row(source, sample.kind, sample.document, "", {}, {}, {}, ())
    alone, told = (rank(text, index) for text in (sample.question, other.text))
    return Row(
        source,
        sample.kind,
        sample.document,
        other.way,
        features(sample.question, sample.history, alone, told),
        _evidence(alone),
        _evidence(told),
        tuple(
            sorted(
                _name(one)
                for one in {each.passage for each in (*alone.candidates, *told.candidates)}
                if is_right(sample, one.document_id, one.text)
            )
        ),
    )


def _name(passage: Passage) -> str:
    return f"{passage.document_id}:{passage.start}"


def _evidence(ranking: Ranking) -> dict[str, float]:
    return {_name(one.passage): WEIGHTS.evidence(one) for one in ranking.candidates}


def rows_of(source: str, samples: Sequence[Sample], index: Index, work: Path) -> list[Row]:
    """The rows of the samples in which there is something to decide; kept one by one."""
    kept = work / f"{source}.jsonl"
    lines = kept.read_text(encoding="utf-8").splitlines() if kept.is_file() else []
    rows = [Row(**(json.loads(line))) for line in lines]
    with kept.open("a", encoding="utf-8") as file:
        for sample in samples[len(rows) :]:
            row = row_of(source, sample, index)
            file.write(json.dumps({name: getattr(row, name) for name in Row.__slots__}) + "\n")
            file.flush()
            rows.append(row)
    return [row for row in rows if row.way]


def gather(data: Path, most: int, work: Path) -> list[Row]:
    """The rows of both sources, from as many documents as their share of the samples needs."""
    embedder = load_embedder(DEFAULT_MODEL)
    pages, turns = pacific(data / "tatqa")
    some = sorted(name for name in pages if not held_out(name))[: max(1, most // 3)]
    documents = work / "reports"
    documents.mkdir(parents=True, exist_ok=True)
    for name in some:
        (documents / name).write_text(pages[name], encoding="utf-8")
    build_index(documents, work / "reports-index", model=embedder)
    with open_index(work / "reports-index", model=embedder) as index:
        chosen_turns = [one for one in turns if one.document in set(some)][:most]
        rows = rows_of("reports", chosen_turns, index, work)
    file = data / "squadshifts" / "new_wiki_v1.0.json"
    held = squad(file).documents[: max(2, most // 20)]
    if not (work / "articles-index").exists():
        index_passages(held, work / "articles-index", embedder)
    names = {document.id for document, _ in held}
    with open_index(work / "articles-index", model=embedder) as index:
        return rows + rows_of("articles", articles(file, names)[: 2 * most], index, work)


def fit(rows: Sequence[Row]) -> dict[str, float]:
    """The weights; each source counts alike, and so does each verdict of other subjects."""
    told = [row for row in rows if row.place(0) != row.place(1) or row.kind in SUBJECTS]
    helps = np.array([row.place(1) < row.place(0) for row in told])
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
    """The lowest threshold at which unrelated questions lose no more than ``LOSS``.

    None below .3: words that count so little would only be shown.
    """
    changed = [
        (p, row) for p, row in zip(probabilities, rows, strict=True) if row.kind == UNRELATED
    ]
    for least in np.arange(0.3, 0.96, 0.05):
        lost = sum((row.place(0) == 1) - (row.place(p) == 1) for p, row in changed if p >= least)
        if lost <= LOSS * len(changed):
            return round(float(least), 2)
    return 0.95


def _left_out(rows: Sequence[Row], parts: Sequence[int]) -> np.ndarray:
    """The probability of each row by what is fitted on all other parts."""
    probabilities = np.zeros(len(rows))
    for part in set(parts):
        out = np.array([one == part for one in parts])
        weights = fit([row for row, is_out in zip(rows, out, strict=True) if not is_out])
        probabilities[out] = likely(rows, weights)[out]
    return probabilities


def report(rows: Sequence[Row], probabilities: np.ndarray, least: float) -> None:
    """Print for each kind of samples how many are taken to lean, and what is first."""
    print("| source | kind | samples | leaning | alone | completed | as decided | the better one |")
    print("|---|---|---|---|---|---|---|---|")
    for key in sorted({(row.source, row.kind) for row in rows}):
        some = [
            (float(p), row)
            for p, row in zip(probabilities, rows, strict=True)
            if (row.source, row.kind) == key
        ]
        ways = (
            [row.place(0) for _, row in some],
            [row.place(1) for _, row in some],
            [row.place(p if p >= least else 0) for p, row in some],
            [min(row.place(0), row.place(1)) for _, row in some],
        )
        leaning = np.mean([p >= least for p, _ in some])
        figures = (f"{np.mean(np.array(one) == 1):.3f}" for one in ways)
        print(f"| {' | '.join(key)} | {len(some)} | {leaning:.2f} | {' | '.join(figures)} |")


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
    probabilities = _left_out(rows, [folds[row.document] for row in rows])
    least = threshold(rows, probabilities)
    print(f"threshold {least}")
    report(rows, probabilities, least)
    print("from the other set")
    report(rows, _left_out(rows, [row.source == "reports" for row in rows]), least)
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
