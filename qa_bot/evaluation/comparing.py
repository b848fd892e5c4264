"""Two evaluations, question by question: what got better or worse, and whether it is noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np

from qa_bot.errors import QuestionFileError
from qa_bot.evaluation.outcomes import Evaluation, Outcome
from qa_bot.evaluation.questions import Question

LEVEL = 0.05  # one-sided, for each figure
GREAT_LOSS = 1 / 3  # of the questions compared: a regression whatever the test says

_EXACT = 16  # questions that differ; beyond, signs are drawn
_DRAWS = 100_000
_CELLS = 4_000_000  # of a matrix of draws and questions
_SEED = 20_250_101

Verdict = Literal["better", "worse", "changed", "same"]


@dataclass(frozen=True, slots=True)
class Change:
    """One question before and after; "changed": as good, but something else is quoted."""

    before: Outcome
    after: Outcome
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class PairedTest:
    """A figure over the questions that both evaluations asked."""

    figure: str
    questions: int
    before: float
    after: float
    better: int  # questions
    worse: int
    p: float  # chance of a loss as great as this, or greater, if there were no difference
    regression: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """What an evaluation shows against an earlier one, for the questions in both."""

    tests: tuple[PairedTest, ...]
    changes: tuple[Change, ...]  # those with another verdict than "same", worst first
    compared: int
    new: tuple[Question, ...]  # only in the later one
    gone: tuple[Question, ...]  # only in the earlier one
    rewritten: tuple[Question, ...]  # in both, but something else is wanted: not compared
    notes: tuple[str, ...]  # what else differs: the model, the threshold, …

    @property
    def regressed(self) -> bool:
        """Whether a figure fell beyond noise."""
        return any(test.regression for test in self.tests)

    def having(self, verdict: Verdict) -> tuple[Change, ...]:
        """The changes with this verdict."""
        return tuple(change for change in self.changes if change.verdict == verdict)


def compare(before: Evaluation, after: Evaluation) -> Comparison:
    """Compare two evaluations of the same questions, paired by their ids.

    A figure *regressed* where a paired randomisation test finds its fall beyond
    noise at 5 % (one-sided), or where what it lost amounts to a third or more of
    the questions compared.
    The test (Fisher; recommended for retrieval by Smucker, Allan & Carterette,
    CIKM 2007) asks how often random signs of the questions' differences give
    as great a fall. For figures of 0 and 1 it is McNemar's exact test: five
    questions lost and none won are beyond noise, four are not.

    With few questions no test can speak: three lost of three could be chance
    one time in eight. Hence the second rule, which such sets alone meet without
    the first: one lost of three is a regression, one of four is not.

    Each figure is tested at 5 % on its own. An index that didn't change answers
    as before, so that there is no noise at all in comparing it with itself.

    Raises:
        QuestionFileError: The two have no question in common that wants the same in both.
    """
    earlier = {outcome.question.id: outcome for outcome in before.outcomes}
    later = {outcome.question.id: outcome for outcome in after.outcomes}
    common = [name for name in later if name in earlier]
    alike = comparable(before, [outcome.question for outcome in after.outcomes])
    pairs = [(earlier[name], later[name]) for name in alike]
    changes = [Change(*pair, verdict) for pair in pairs if (verdict := _verdict(*pair)) != "same"]
    order = ("worse", "better", "changed")
    return Comparison(
        tests=tuple(
            test for name, value in _FIGURES.items() if (test := _tested(name, value, pairs))
        ),
        changes=tuple(sorted(changes, key=lambda change: order.index(change.verdict))),
        compared=len(pairs),
        new=tuple(later[name].question for name in later if name not in earlier),
        gone=tuple(earlier[name].question for name in earlier if name not in later),
        rewritten=tuple(later[name].question for name in common if name not in set(alike)),
        notes=tuple(_notes(before, after)),
    )


def comparable(before: Evaluation, questions: Iterable[Question]) -> list[str]:
    """Ids of the questions that an earlier evaluation asked, and wanted the same of.

    Raises:
        QuestionFileError: There are none.
    """
    earlier = {outcome.question.id: outcome.question for outcome in before.outcomes}
    common = [question for question in questions if question.id in earlier]
    alike = [question.id for question in common if earlier[question.id] == question]
    if not common:
        raise QuestionFileError("The earlier evaluation asked none of these questions.")
    if not alike:
        raise QuestionFileError(
            "Nothing can be compared: of each question that the earlier evaluation asked, too, "
            "something else is wanted now."
        )
    return alike


def _hit(outcome: Outcome) -> float | None:
    return None if outcome.ranks is None else outcome.ranks.hit_at_1


def _reciprocal_rank(outcome: Outcome) -> float | None:
    return None if outcome.ranks is None else outcome.ranks.reciprocal_rank


def _marked(outcome: Outcome) -> float | None:
    return None if outcome.marked is None else float(outcome.marked)


def _found_right(outcome: Outcome) -> float:
    return float(outcome.found == outcome.question.answered)


def _found(outcome: Outcome) -> float | None:
    return float(outcome.found) if outcome.question.answered else None


def _not_found(outcome: Outcome) -> float | None:
    return None if outcome.question.answered else float(not outcome.found)


_FIGURES: dict[str, Callable[[Outcome], float | None]] = {
    "hit@1": _hit,
    "MRR@10": _reciprocal_rank,
    "marked sentence": _marked,
    "found or not": _found_right,
    "found, where answered": _found,
    "not found, where not": _not_found,
}


def _verdict(before: Outcome, after: Outcome) -> Verdict:
    """By what a reader notices first: found or not, then the marked sentence, then the rank."""
    was, now = (
        (_found_right(one), _marked(one) or 0.0, _reciprocal_rank(one) or 0.0)
        for one in (before, after)
    )
    if was != now:
        return "better" if now > was else "worse"
    same = (before.found, before.quoted, before.marks) == (after.found, after.quoted, after.marks)
    return "same" if same else "changed"


def _tested(
    name: str,
    value: Callable[[Outcome], float | None],
    pairs: Sequence[tuple[Outcome, Outcome]],
) -> PairedTest | None:
    """Test one figure; None where no question bears on it."""
    found = [(value(before), value(after)) for before, after in pairs]
    values = [(was, now) for was, now in found if was is not None and now is not None]
    if not values:
        return None
    differences = [now - was for was, now in values]
    p = chance_of_fall(differences)
    return PairedTest(
        figure=name,
        questions=len(values),
        before=math.fsum(was for was, _ in values) / len(values),
        after=math.fsum(now for _, now in values) / len(values),
        better=sum(one > 0 for one in differences),
        worse=sum(one < 0 for one in differences),
        p=p,
        regression=p <= LEVEL or math.fsum(differences) <= -GREAT_LOSS * len(pairs) + 1e-9,
    )


def chance_of_fall(differences: Sequence[float]) -> float:
    """How often random signs of these differences add up to as little as they do, or less.

    All signs are tried for up to 16 differences; for more of the same size the
    binomial gives the same; otherwise 100,000 are drawn with a fixed seed, and
    the differences themselves count as one draw.
    """
    sizes = [abs(one) for one in differences if one]
    total = math.fsum(differences) + 1e-9
    if not sizes:
        return 1.0
    if min(sizes) == max(sizes):
        count, won = len(sizes), sum(one > 0 for one in differences)
        return float(sum(math.comb(count, n) for n in range(won + 1)) / 2**count)
    if len(sizes) <= _EXACT:
        every = np.array(list(product((-1, 1), repeat=len(sizes))))
        return float((every @ np.array(sizes) <= total).mean())
    random = np.random.default_rng(_SEED)
    step = max(1, _CELLS // len(sizes))
    reached = 0
    for start in range(0, _DRAWS, step):
        rows = min(step, _DRAWS - start)
        signs = random.integers(0, 2, (rows, len(sizes)), dtype=np.int8) * 2 - 1
        reached += int((signs @ np.array(sizes) <= total).sum())
    return (reached + 1) / (_DRAWS + 1)


def _notes(before: Evaluation, after: Evaluation) -> list[str]:
    """What else isn't as it was."""
    named = (
        ("qa_bot", before.qa_bot, after.qa_bot),
        ("model", before.model, after.model),
        ("reader", before.reader or "none", after.reader or "none"),
        ("threshold", f"{before.threshold:g}", f"{after.threshold:g}"),
        ("documents", f"{before.documents:,}", f"{after.documents:,}"),
        ("passages", f"{before.passages:,}", f"{after.passages:,}"),
        ("index built", before.built_at, after.built_at),
    )
    return [f"{name}: {was} → {now}" for name, was, now in named if was != now]
