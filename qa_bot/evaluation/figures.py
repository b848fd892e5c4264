"""Outcomes → figures: rank measures by ir_measures, and what they are worth.

Every interval is a percentile bootstrap over the questions (Efron & Tibshirani
1993, chapter 13): 95 % of 1,000 samples, drawn with replacement and a fixed seed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from qa_bot.errors import NotInstalledError

CUTOFF = 10  # of every ranking
HITS = (1, 3, 5, 10)
SAMPLES = 1_000
_SEED = 20_250_101
_CELLS = 2_000_000  # of a matrix of samples and questions

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class RankScores:
    """One question's ranking against what is relevant; each in [0, 1], higher is better."""

    hit_at_1: float = 0.0  # whether something relevant is among the first: ir_measures' Success
    hit_at_3: float = 0.0
    hit_at_5: float = 0.0
    hit_at_10: float = 0.0
    reciprocal_rank: float = 0.0  # of the first relevant one among ten, else 0
    ndcg: float = 0.0  # of the first ten; the ideal ranking has all that is relevant


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its 95 % interval and the number of questions that it rests on.

    ``value`` is None where no question bears on it, the interval also where fewer
    than two do.
    """

    value: float | None
    low: float | None
    high: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of some questions. All are in [0, 1], and higher is better but for ``aurc``.

    ``hit_at_…``, ``mrr`` and ``ndcg`` are means over the answered questions. The
    "first passage" is the first hit, whatever the confidence; a marked sentence
    is one of the first quote, so that a question found unanswered has none.
    """

    hit_at_1: Figure
    hit_at_3: Figure
    hit_at_5: Figure
    hit_at_10: Figure
    mrr: Figure
    ndcg: Figure
    marked: Figure  # of the questions with a quote: it stands in the marked sentences
    document: Figure  # of those that name one: the first passage's is it
    section: Figure
    page: Figure
    found_right: Figure  # of all: quoted where there is an answer, and only there
    not_found_precision: Figure  # of those told "not found": the documents don't answer
    not_found_recall: Figure  # of those that the documents don't answer: told "not found"
    auroc: Figure  # that an answered question has more confidence than an unanswered one
    aurc: Figure  # mean share of wrong answers over all coverages; lower is better


@dataclass(frozen=True, slots=True)
class Score:
    """All that figures need of one question's outcome. None where it has no bearing."""

    answered: bool
    found: bool
    confidence: float
    ranks: RankScores | None
    marked: bool | None
    document: bool | None
    section: bool | None
    page: bool | None

    @property
    def right(self) -> bool:
        """Whether quoting the first passage would be right."""
        return self.ranks is not None and self.ranks.hit_at_1 == 1


def rank_scores(
    rankings: Mapping[str, Sequence[str]], relevant: Mapping[str, Mapping[str, int]]
) -> dict[str, RankScores]:
    """Score rankings, best first, against what is relevant: both by question and name.

    The figures are ir_measures' own. trec_eval orders a run by score, and by
    name where scores are equal, so it is given the places instead; and numbers
    for the names, since its C strings take neither NUL nor half a surrogate pair.

    Raises:
        NotInstalledError: ir_measures isn't there.
    """
    try:
        # Objects, since its parser of names needs a part of ast that Python 3.14 has not.
        from ir_measures import RR, Success, iter_calc, nDCG
    except ImportError as error:
        raise NotInstalledError("ir_measures", "qa-bot eval") from error
    names = {
        **{Success @ cutoff: f"hit_at_{cutoff}" for cutoff in HITS},
        RR @ CUTOFF: "reciprocal_rank",
        nDCG @ CUTOFF: "ndcg",
    }
    run: dict[str, dict[str, float]] = {}
    qrels: dict[str, dict[str, int]] = {}
    for number, (question, ranking) in enumerate(rankings.items()):
        every = dict.fromkeys([*ranking, *relevant[question]])
        safe = {name: str(place) for place, name in enumerate(every)}
        run[str(number)] = {safe[name]: float(place) for place, name in numbered(ranking)}
        qrels[str(number)] = {safe[name]: grade for name, grade in relevant[question].items()}
    scores: dict[str, dict[str, float]] = {number: {} for number in run}
    if rankings:
        for metric in iter_calc(list(names), qrels, run):
            scores[metric.query_id][names[metric.measure]] = float(metric.value)
    return {
        question: RankScores(**found)
        for question, found in zip(rankings, scores.values(), strict=True)
    }


def numbered(ranking: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The first ten names with falling scores: 10 for the first of ten, 1 for the tenth."""
    return zip(range(CUTOFF, 0, -1), ranking, strict=False)


def summarise(scores: Sequence[Score], samples: int = SAMPLES) -> Summary:
    """Figures of some questions, with their intervals."""
    part, whole = _shares(scores)
    order = np.argsort([-score.confidence for score in scores], kind="stable")
    confidence = np.array([score.confidence for score in scores], dtype=np.float64)[order]
    answered = np.array([score.answered for score in scores], dtype=bool)[order]
    right = np.array([score.right for score in scores], dtype=bool)[order]
    starts = _group_starts(confidence)

    def figures(weights: Floats) -> Floats:
        ranked = weights[:, order]
        with np.errstate(invalid="ignore", divide="ignore"):
            means = (weights @ part) / (weights @ whole)
            areas = _auroc(ranked, answered, starts), _aurc(ranked, ~right, starts)
        return np.column_stack([means, *areas])

    values = figures(np.ones((1, len(scores))))[0]
    both = bool(answered.any() and not answered.all())
    if both:
        from sklearn.metrics import roc_auc_score

        values[-2] = roc_auc_score(answered, confidence)
    drawn = np.concatenate([figures(weights) for weights in _samples(len(scores), samples)])
    counts = [*whole.sum(axis=0).astype(int).tolist(), len(scores) if both else 0, len(scores)]
    return Summary(*(_figure(*row) for row in zip(values.tolist(), drawn.T, counts, strict=True)))


def _figure(value: float, drawn: Floats, count: int) -> Figure:
    """A figure with the middle 95 % of its samples; those that it can't be told of are left out."""
    if not count:
        return Figure(None, None, None, 0)
    drawn = drawn[~np.isnan(drawn)]
    if count < 2 or not len(drawn):
        return Figure(value, None, None, count)
    low, high = np.percentile(drawn, (2.5, 97.5)).tolist()
    return Figure(value, low, high, count)


def _samples(count: int, samples: int) -> Iterator[Floats]:
    """How often each question is in each sample, some samples at a time."""
    random = np.random.default_rng(_SEED)
    step = max(1, _CELLS // count)
    for start in range(0, samples, step):
        rows = min(step, samples - start)
        drawn = random.integers(0, count, (rows, count)) + np.arange(rows)[:, None] * count
        often = np.bincount(drawn.ravel(), minlength=rows * count)
        yield often.reshape(rows, count).astype(np.float64)


def _shares(scores: Sequence[Score]) -> tuple[Floats, Floats]:
    """What each question adds to each mean, and whether it counts there: two matrices."""
    ranks = [one.ranks or RankScores() for one in scores]
    columns: list[list[tuple[float, bool]]] = [
        *(
            [
                (getattr(rank, field.name), one.ranks is not None)
                for rank, one in zip(ranks, scores, strict=True)
            ]
            for field in fields(RankScores)
        ),
        *(
            [(float(bool(getattr(one, name))), getattr(one, name) is not None) for one in scores]
            for name in ("marked", "document", "section", "page")
        ),
        [(one.found == one.answered, True) for one in scores],
        [(not (one.found or one.answered), not one.found) for one in scores],
        [(not (one.found or one.answered), not one.answered) for one in scores],
    ]
    table = np.array(columns, dtype=np.float64).reshape(len(columns), len(scores), 2)
    return table[:, :, 0].T, table[:, :, 1].T


def risk_coverage(confidence: Sequence[float], right: Sequence[bool]) -> list[tuple[float, float]]:
    """Coverage and risk for each number of questions answered, the surest first.

    The risk is the share of the answered ones that are wrong. Among questions of
    the same confidence, wrong ones are spread evenly: what any order gives on
    average.
    """
    order = np.argsort(-np.asarray(confidence, dtype=np.float64), kind="stable")
    if not len(order):
        return []
    sure = np.asarray(confidence, dtype=np.float64)[order]
    wrong = ~np.asarray(right, dtype=bool)[order]
    starts = _group_starts(sure)
    sizes = np.diff(np.append(starts, len(sure)))
    spread = np.repeat(np.add.reduceat(wrong.astype(np.float64), starts) / sizes, sizes)
    counts = np.arange(1, len(sure) + 1)
    risks = np.cumsum(spread) / counts
    return list(zip((counts / len(sure)).tolist(), risks.tolist(), strict=True))


def _group_starts(sure: Floats) -> Places:
    """Where each run of equal confidences begins."""
    return np.flatnonzero(np.append(True, sure[1:] != sure[:-1]))


def _auroc(
    weights: Floats, answered: npt.NDArray[np.bool_], starts: npt.NDArray[np.intp]
) -> Floats:
    """AUROC of each sample, the surest questions first; NaN where one kind is missing."""
    positive = np.add.reduceat(weights * answered, starts, axis=1)
    negative = np.add.reduceat(weights * ~answered, starts, axis=1)
    total = negative.sum(axis=1, keepdims=True)
    beaten = total - np.cumsum(negative, axis=1) + negative / 2
    found: Floats = (positive * beaten).sum(axis=1) / (positive.sum(axis=1) * total[:, 0])
    return found


def _aurc(weights: Floats, wrong: Bools, starts: Places) -> Floats:
    """Mean of ``risk_coverage`` of each sample, by harmonic numbers rather than one by one.

    Within a run of m questions of which the share r is wrong, after C questions
    with E wrong ones, the risks (E + i r) / (C + i) add up to
    r m + (E - r C) (H(C + m) - H(C)).
    """
    sizes = np.add.reduceat(weights, starts, axis=1)
    errors = np.add.reduceat(weights * wrong, starts, axis=1)
    before = np.cumsum(sizes, axis=1) - sizes
    wrong_before = np.cumsum(errors, axis=1) - errors
    share = np.divide(errors, sizes, out=np.zeros_like(errors), where=sizes > 0)
    count = weights.shape[1]
    harmonic = np.append(0.0, np.cumsum(1 / np.arange(1, count + 1)))
    after = harmonic[(before + sizes).astype(np.intp)] - harmonic[before.astype(np.intp)]
    found: Floats = (share * sizes + (wrong_before - share * before) * after).sum(axis=1) / count
    return found
