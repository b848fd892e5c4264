"""Fit the order of passages and the verdict on many kinds of text, each judged by the others.

``python -m training.fit_answers --rows FOLDER`` reads what ``training.gather`` wrote, prints what
each domain gains when it is left out, and writes the numbers that ``qa_bot`` loads.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from sklearn.metrics import roc_auc_score

from qa_bot.asking.judging import NEIGHBOUR, READ
from qa_bot.asking.weighing import ORDER, VERDICT

GRID = (
    (0.03, 0.05, 0.08, 0.12, 0.2),  # of the reader's margin
    (0.0, 0.1, 0.2, 0.3, 0.5),  # of the words that only the headings have
    (0.0, -0.05, -0.1, -0.2),  # of an absent name or number
)

Array = npt.NDArray[np.float64]
Row = dict[str, Any]

PRECISION = 0.87  # of what is answered, on the mean of the domains
MISSED = 0.1  # of what is said to be absent, that has an answer
PENALTY = 0.02  # of squared weights, standardised
SHARE = 0.8  # of questions that have an answer, whatever a domain's own share


def read(folder: Path) -> dict[str, list[Row]]:
    """The rows of each domain."""
    return {
        file.stem: [json.loads(line) for line in file.read_text().splitlines()]
        for file in sorted(folder.glob("*.jsonl"))
    }


def features(one: Row, names: Sequence[str]) -> list[float]:
    """A candidate's numbers."""
    values = {
        "evidence": float(one["evidence"]),
        "margin": float(one["margin"] or 0.0),
        "above": float(one["above"]),
        "beyond": float(one["either"] - one["coverage"]),
        "absent": float(one["absent"] > 0),
    }
    return [values[name] for name in names]


def choose_order(rows: Mapping[str, Sequence[Row]]) -> Array:
    """Weights against 1 for retrieval's evidence, every domain counting the same.

    Of those that do as well as the best, within a standard error, the ones that trust the
    reader least: other text is further from what it was trained on than these domains are.
    """
    tried = [np.array([1.0, *rest]) for rest in product(*GRID)]
    shares = np.array([mean_first(rows, weights) for weights in tried])
    best_share = shares.max()
    count = sum(row["placed"] for of_domain in rows.values() for row in of_domain)
    enough = best_share - np.sqrt(best_share * (1 - best_share) / max(count, 1))
    trusted = min(
        weights[1] for weights, share in zip(tried, shares, strict=True) if share >= enough
    )
    kept = [n for n, weights in enumerate(tried) if weights[1] == trusted]
    return tried[max(kept, key=lambda n: shares[n])]


def mean_first(rows: Mapping[str, Sequence[Row]], weights: Array) -> float:
    """The mean over domains of ``first_right``."""
    return float(np.mean([first_right(own, scorer(ORDER, weights)) for own in rows.values()]))


def first_right(rows: Sequence[Row], score: Callable[[Row], float]) -> float:
    """Share of the answerable questions whose first passage is right."""
    asked = [row for row in rows if row["placed"]]
    hits = [best(row, score)["right"] for row in asked if row["candidates"]]
    return float(sum(hits) / max(len(asked), 1))


def best(row: Row, score: Callable[[Row], float]) -> Row:
    """The passage that comes first, of those that are read."""
    found: Row = max(row["candidates"][:READ], key=score)
    return found


def ordered(row: Row, score: Callable[[Row], float]) -> list[Row]:
    """The passages that are read, best first."""
    return sorted(row["candidates"][:READ], key=lambda one: -score(one))


def verdict_features(found: Sequence[Row], names: Sequence[str]) -> list[float]:
    """The numbers of an answer, its passages in order; ``judging.features`` says what each is."""
    top = found[0]
    others = [one for one in found[1:] if one["digest"] != top["digest"]]
    gain = top["evidence"] - max(NEIGHBOUR, *(one["evidence"] for one in others), 0.0)
    values = {"sentence": top["sentence"], "coverage": top["coverage"], "lead": gain}
    if "margin" in top:
        margin = top["margin"] or 0.0
        values |= {
            "margin": margin,
            "lead": margin - max((one["margin"] or 0.0 for one in others), default=0.0),
            "either": top["either"],
            "absent": float(top["absent"] > 0),
            "gain": gain,
            "table": float(top["table"]),
        }
    return [values[name] for name in names]


def weights_of(rows: Sequence[Row]) -> Array:
    """Of each question, so that the answerable are as many as they are taken to be."""
    answerable = np.array([row["answerable"] for row in rows])
    counts = np.where(answerable, SHARE / max(answerable.sum(), 1), 0.0)
    if not answerable.all():
        counts = counts + np.where(~answerable, (1 - SHARE) / (~answerable).sum(), 0.0)
    return np.asarray(counts / counts.sum())


def fit_verdict(
    rows: Mapping[str, Sequence[Row]], names: Sequence[str], score: Callable[[Row], float]
) -> Array:
    """Weights of a logistic regression of "the first passage is right", the constant last."""
    values, right, counts = [], [], []
    for of_domain in rows.values():
        kept = usable(of_domain)
        values += [verdict_features(ordered(row, score), names) for row in kept]
        right += [best(row, score)["right"] for row in kept]
        counts.append(weights_of(kept))
    x, y, w = np.array(values), np.array(right, float), np.concatenate(counts)
    middle, spread = x.mean(0), x.std(0) + 1e-9
    z = np.hstack([(x - middle) / spread, np.ones((len(x), 1))])

    def loss(weights: Array) -> float:
        likely = z @ weights
        lost = w * (np.logaddexp(0, likely) - y * likely)
        return float(lost.sum() / w.sum() + PENALTY * (weights[:-1] ** 2).sum() / 10)

    found = minimize(loss, np.zeros(z.shape[1]), method="L-BFGS-B").x
    plain = found[:-1] / spread
    return np.append(plain, found[-1] - plain @ middle)


def usable(rows: Sequence[Row]) -> list[Row]:
    """Questions of which it is known whether a passage is right."""
    return [row for row in rows if row["candidates"] and (row["placed"] or not row["answerable"])]


def confidences(
    rows: Sequence[Row], names: Sequence[str], weights: Array, score: Callable[[Row], float]
) -> Array:
    """How likely each question's first passage is right."""
    values = np.array([verdict_features(ordered(row, score), names) for row in rows])
    return np.asarray(1 / (1 + np.exp(-(values @ weights[:-1] + weights[-1]))))


def scorer(names: Sequence[str], weights: Array) -> Callable[[Row], float]:
    """A candidate's score."""
    return lambda one: float(np.dot(features(one, names), weights))


def as_retrieved(one: Row) -> float:
    """A candidate's score by retrieval alone."""
    return float(one["evidence"])


Held = dict[str, tuple[Array, Array, Array, Array]]
"""Of each domain's questions, judged by the others: confidence, right, weight, answerable."""


def left_out(
    rows: Mapping[str, Sequence[Row]], names: Sequence[str], score: Callable[[Row], float]
) -> Held:
    """The confidence in each domain's answers, fitted on the others."""
    held = {}
    for name, own in rows.items():
        rest = {other: of for other, of in rows.items() if other.split()[-1] != name.split()[-1]}
        held[name] = _judged(own, names, fit_verdict(rest, names, score), score)
    return held


def _judged(
    own: Sequence[Row], names: Sequence[str], verdict: Array, score: Callable[[Row], float]
) -> tuple[Array, Array, Array, Array]:
    kept = usable(own)
    right = np.array([best(row, score)["right"] for row in kept])
    answerable = np.array([row["answerable"] for row in kept])
    return confidences(kept, names, verdict, score), right, weights_of(kept), answerable


def main() -> None:
    """Print the tables and write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=Path, default=Path("training/run/domains"))
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    rows = read(arguments.rows)
    print("domain | n | retrieve | margin .2 | .05 | fitted, left out")
    held: Held = {}
    for name, own in rows.items():
        rest = {other: of for other, of in rows.items() if other != name}
        weights = choose_order(rest)
        mine = scorer(ORDER, weights)
        shares = [
            first_right(own, score)
            for score in (
                as_retrieved,
                scorer(["evidence", "margin"], np.array([1, 0.2])),
                scorer(["evidence", "margin"], np.array([1, 0.05])),
                mine,
            )
        ]
        count = sum(row["placed"] for row in own)
        print(f"{name} | {count} | " + " | ".join(f"{share:.3f}" for share in shares))
        held[name] = _judged(own, VERDICT, fit_verdict(rest, VERDICT, mine), mine)
    _tell_verdicts(held)
    order = choose_order(rows)
    verdict = fit_verdict(rows, VERDICT, scorer(ORDER, order))
    answered = threshold_of(held)
    print("order", dict(zip(ORDER, order.round(4).tolist(), strict=True)))
    print("verdict", dict(zip((*VERDICT, "constant"), verdict.round(4).tolist(), strict=True)))
    print(f"answered from {answered:.2f}")
    if arguments.out:
        kept_numbers = {
            "order": dict(zip(ORDER, order.round(5).tolist(), strict=True)),
            "verdict": dict(zip((*VERDICT, "constant"), verdict.round(5).tolist(), strict=True)),
            "answered": round(answered, 3),
            "possible": round(possible_from(held), 3),
            "made by": "python -m training.gather; python -m training.fit_answers",
            "of": {name: len(of) for name, of in rows.items()},
            "on": datetime.now(UTC).date().isoformat(),
        }
        arguments.out.write_text(json.dumps(kept_numbers, indent=1) + "\n")


def threshold_of(held: Held) -> float:
    """The lowest confidence from which on enough of what is answered is right, left out."""
    for threshold in np.arange(20, 99) / 100:
        shares = [
            (counts * right)[shown].sum() / counts[shown].sum()
            for likely, right, counts, _ in held.values()
            if (shown := likely >= threshold).any()
        ]
        if np.mean(shares) >= PRECISION:
            return float(threshold)
    return 1.0


def possible_from(held: Held) -> float:
    """The highest confidence under which few questions have an answer, on the worst domains.

    On the mean of the third of them where most have one: nobody can know that nothing answers.
    """
    highest = 0.0
    for threshold in np.arange(1, 60) / 100:
        shares = [
            (counts * answerable)[below].sum() / counts[below].sum()
            for likely, _, counts, answerable in held.values()
            if (below := likely < threshold).any()
        ]
        worst = sorted(shares, reverse=True)[: -(-len(held) // 3)]
        if worst and np.mean(worst) <= MISSED:
            highest = float(threshold)
    return highest


def _tell_verdicts(held: Held) -> None:
    print("domain | AUROC | at .5, .6, .7, .8: right among answered/answered among right")
    for name, (likely, right, counts, _) in held.items():
        auroc = roc_auc_score(right, likely) if 0 < right.sum() < len(right) else float("nan")
        cells = []
        for threshold in (0.5, 0.6, 0.7, 0.8):
            shown = likely >= threshold
            precision = (counts * right)[shown].sum() / max(counts[shown].sum(), 1e-9)
            cells.append(
                f"{precision:.2f}/{(counts * right)[shown].sum() / counts[right].sum():.2f}"
            )
        print(f"{name} | {auroc:.3f} | {' '.join(cells)}")


if __name__ == "__main__":
    main()
