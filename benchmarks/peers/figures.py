"""What ``benchmarks.peers`` measures, as records, and what is computed from them."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

OURS = "qa_bot"
Judged = tuple[bool, bool, float | None]
"""Whether a question is answerable, whether something came back for it, and the best score."""

QUALITY = (  # corpus, its name for the reader, measure, its name
    ("squad", "SQuAD half", "Success@1", "hit@1"),
    ("squad", "SQuAD half", "Success@5", "hit@5"),
    ("squad", "SQuAD half", "RR@10", "MRR"),
    ("article", "article", "Success@1", "in the first"),
    ("article", "article", "Success@3", "in the first three"),
    ("cloud", "multi-turn cloud", "Success@1", "hit@1"),
    ("cloud", "multi-turn cloud", "Success@5", "hit@5"),
    ("cloud", "multi-turn cloud", "nDCG@10", "nDCG@10"),
    ("finance", "multi-turn finance", "Success@1", "hit@1"),
    ("finance", "multi-turn finance", "Success@5", "hit@5"),
    ("finance", "multi-turn finance", "nDCG@10", "nDCG@10"),
)


@dataclass(frozen=True, slots=True)
class Round:
    """The figures of one round of one system."""

    number: int
    passages_per_s: float
    change_s: float
    peak_mib: float
    disk_mib: float
    import_s: float
    first_s: float
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class Measured:
    """All figures of one system at one setting; what failed is empty."""

    name: str
    setting: str
    how: str
    sizes: dict[str, int]  # distribution → bytes
    quality: dict[str, dict[str, Any]]  # corpus → measure → a value for each question
    rounds: list[Round]

    @property
    def label(self) -> str:
        """The system and its setting, as a reader sees them."""
        return f"{self.name}, {self.setting}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One run of everything."""

    systems: list[Measured]
    questions: dict[str, int]  # corpus → questions with a relevant passage
    passages: dict[str, int]
    machine: str
    version: str
    rounds: int
    sample: int  # 0 where nothing was left out

    @classmethod
    def from_json(cls, text: str) -> Comparison:
        """What was kept of an earlier run."""
        stored = json.loads(text)
        systems = [
            Measured(**{**one, "rounds": [Round(**figures) for figures in one["rounds"]]})
            for one in stored.pop("systems")
        ]
        return cls(systems=systems, **stored)

    @property
    def ours(self) -> Measured | None:
        """The first of qa_bot's rows, which ratios of speed are to: `retrieve`, unless left out."""
        return next((one for one in self.systems if one.name == OURS), None)


@dataclass(frozen=True, slots=True)
class Figure:
    """One speed row: where it comes from, how it is shown, and which way is better."""

    name: str
    value: Callable[[Round], float]
    form: str
    higher: bool
    why: str  # a peer can be ahead here


RATE, CHANGE, LATENCY = "passages indexed/s", "one document changed, s", "query p50, ms"
_FIGURES = (
    Figure(
        RATE,
        lambda one: one.passages_per_s,
        "{:.1f}",
        higher=True,
        why="bm25s embeds nothing",
    ),
    Figure(
        CHANGE,
        lambda one: one.change_s,
        "{:.3f}",
        higher=False,
        why="a peer that updates by id is handed the new passages ready-made; qa_bot finds the "
        "file that changed, reads it in a process of its own, cuts it, and commits to the disk",
    ),
    Figure(
        "peak memory, MiB",
        lambda one: one.peak_mib,
        "{:.0f}",
        higher=False,
        why="bm25s loads neither torch nor a model; a whole model in bfloat16 is smaller than "
        "qa_bot's, of which only the matrices that multiply are",
    ),
    Figure(
        "on disk, MiB",
        lambda one: one.disk_mib,
        "{:.2f}",
        higher=False,
        why="qa_bot also stores every sentence's vector, and the texts twice (SQLite, tantivy)",
    ),
    Figure(
        "import, s",
        lambda one: one.import_s,
        "{:.2f}",
        higher=False,
        why="some import torch only with the first question; the next column has both",
    ),
    Figure(
        "cold start to first answer, s",
        lambda one: one.first_s,
        "{:.1f}",
        higher=False,
        why="bm25s needs no model; txtai loads it with transformers alone, without "
        "sentence-transformers; qa_bot checks the model's and the index's hashes",
    ),
    Figure(
        LATENCY,
        lambda one: one.p50_ms,
        "{:.1f}",
        higher=False,
        why="bm25s encodes no question; dense scripts don't search words, the others do; no peer "
        "compares sentences or fits a confidence",
    ),
    Figure(
        "query p95, ms",
        lambda one: one.p95_ms,
        "{:.1f}",
        higher=False,
        why="as for p50",
    ),
)
FIGURES = {figure.name: figure for figure in _FIGURES}
_TRIES = 2000  # of the bootstrap


def mean(one: Measured, corpus: str, measure: str) -> float | None:
    """Over the questions; None where the system didn't run."""
    values = one.quality.get(corpus, {}).get(measure)
    return statistics.mean(values) if values else None


def median(one: Measured, figure: Figure) -> float | None:
    """Over the rounds; None where none was finished."""
    return statistics.median(map(figure.value, one.rounds)) if one.rounds else None


def ratio(one: Measured, ours: Measured, figure: Figure) -> float | None:
    """The median of the rounds' own ratios, to qa_bot in the same round."""
    mine = {each.number: figure.value(each) for each in ours.rounds}
    ratios = [figure.value(each) / mine[each.number] for each in one.rounds if each.number in mine]
    return statistics.median(ratios) if ratios else None


def is_noise(best: Sequence[float], other: Sequence[float]) -> bool:
    """Whether the paired bootstrap's 95 % interval of the difference holds 0.

    Args:
        best: A value for each question.
        other: For the same questions, in the same order.
    """
    differences = np.asarray(best, dtype=float) - np.asarray(other, dtype=float)
    chance = np.random.default_rng(0)
    drawn = chance.integers(0, len(differences), (_TRIES, len(differences)))
    low = float(np.percentile(differences[drawn].mean(axis=1), 2.5))
    return low <= 0


def auroc(judged: Sequence[Judged]) -> float | None:
    """How well the scores tell answerable from unanswerable; None where there are no scores.

    Args:
        judged: Answerable or not, whether something was returned, the best score. A question
            for which nothing came back has no score and counts as below all others.
    """
    scores = [score for _, _, score in judged if score is not None]
    if not scores:
        return None
    below = min(scores) - 1
    values = [below if score is None else score for _, _, score in judged]
    return float(roc_auc_score([right for right, _, _ in judged], values))
