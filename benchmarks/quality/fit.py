"""Fit the weights of the evidence and of the confidence, on training data only.

``python -m benchmarks.quality.fit`` prints what ``retrieval.Weights`` and the constants
in ``answering`` were set from: the Wikipedia part of SQuADshifts, which shares
no paragraph with any benchmark. Half of 3,000 questions choose, half confirm.
"""

from __future__ import annotations

import itertools
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from benchmarks.datasets import WIKI, Question, need_data, squad
from qa_bot import Index, open_index
from qa_bot.asking.judging import Judged, plain_features
from qa_bot.asking.retrieval import WEIGHTS, Candidate, Ranking, Weights, rank
from qa_bot.building.build import index_passages
from qa_bot.models.embedding import DEFAULT_MODEL, load_embedder

QUESTIONS = 3_000
KEEP = 0.95  # share of the answerable questions that are to be found


@dataclass(frozen=True, slots=True)
class Case:
    """A question with its candidates."""

    question: Question
    ranking: Ranking

    def is_gold(self, candidate: Candidate) -> bool:
        """Whether the candidate is the passage that the question was asked of."""
        return (candidate.passage.document_id, candidate.passage.start) == self.question.gold


def main() -> None:
    """Print the fitted weights and how they do on the confirming half."""
    need_data()
    collection = squad(WIKI)
    with tempfile.TemporaryDirectory() as folder:
        index_passages(collection.documents, Path(folder), load_embedder(DEFAULT_MODEL))
        with open_index(folder) as index:
            questions = collection.answerable
            random.Random(1).shuffle(questions)  # noqa: S311 - a fixed sample, no secret
            cases = list(_cases(questions[:QUESTIONS], index))
    choose, confirm = cases[: QUESTIONS // 2], cases[QUESTIONS // 2 :]
    grid = [
        Weights(*values)
        for values in itertools.product(
            (1, 2, 3), (0.2, 0.3, 0.4, 0.5), (0.1, 0.2, 0.3), (0.01, 0.015, 0.02)
        )
    ]
    ranked = sorted(grid, key=lambda weights: -sum(_quality(choose, weights)))
    print("hit@1 and MRR of the choosing half, then of the confirming half")
    for weights in [*ranked[:5], WEIGHTS]:
        print(weights, _quality(choose, weights), _quality(confirm, weights))
    _fit_confidence(choose, confirm)


def _cases(questions: Sequence[Question], index: Index) -> Iterator[Case]:
    for question in questions:
        yield Case(question, rank(question.text, index))


def _quality(cases: Sequence[Case], weights: Weights) -> tuple[float, float]:
    """hit@1 and MRR of the gold passage."""
    reciprocal = []
    for case in cases:
        order = sorted(case.ranking.candidates, key=lambda c: -weights.evidence(c))
        places = (n for n, candidate in enumerate(order, 1) if case.is_gold(candidate))
        reciprocal.append(1 / next(places, float("inf")))
    return round(float(np.mean([r == 1 for r in reciprocal])), 4), round(
        float(np.mean(reciprocal)), 4
    )


def _fit_confidence(choose: Sequence[Case], confirm: Sequence[Case]) -> None:
    """Logistic regression: passage in the index, against taken out, against its article out."""
    features, labels = _labelled(choose)
    model = LogisticRegression(C=10, class_weight="balanced", max_iter=2_000)
    model.fit(features, labels > 0)
    logits = model.decision_function(features)
    threshold = np.quantile(logits[labels > 0], 1 - KEEP)
    print("confidence:", model.coef_.round(2), "intercept", model.intercept_ - threshold)
    features, labels = _labelled(confirm)
    logits = model.decision_function(features)
    for name, label in (("passage", -1), ("article", -2)):
        chosen = (labels > 0) | (labels == label)
        auroc = roc_auc_score(labels[chosen] > 0, logits[chosen])
        found = (logits[labels == label] > threshold).mean()
        print(f"{name} taken out: AUROC {auroc:.3f}, found all the same {found:.2f}")
    print(f"answerable and found {(logits[labels > 0] > threshold).mean():.2f}")


def _labelled(cases: Sequence[Case]) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels: 1 answerable, -1 its passage taken out, -2 its article."""
    features, labels = [], []
    for case in cases:
        candidates = case.ranking.candidates
        article = case.question.gold[0]
        for label, kept in (
            (1, candidates),
            (-1, tuple(c for c in candidates if not case.is_gold(c))),
            (-2, tuple(c for c in candidates if c.passage.document_id != article)),
        ):
            if len(kept) > 3:
                features.append(plain_features([Judged(candidate) for candidate in kept]))
                labels.append(label)
    return np.array(features), np.array(labels)


if __name__ == "__main__":
    main()
