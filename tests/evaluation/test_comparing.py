"""Two evaluations compared: what counts as worse, and what is noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ARTICLE, QUESTIONS
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, permutation_test

from qa_bot import (
    Comparison,
    Evaluation,
    Index,
    Outcome,
    Question,
    QuestionFileError,
    compare,
    evaluate,
    open_index,
    read_questions,
)
from qa_bot.building.build import index_passages
from qa_bot.evaluation.comparing import chance_of_fall
from qa_bot.evaluation.figures import RankScores
from qa_bot.models.embedding import SentenceTransformerEmbedder


@pytest.fixture(scope="module")
def evaluation(article: Index) -> Evaluation:
    """The article's questions, evaluated."""
    return evaluate(read_questions(QUESTIONS), article)


def outcome(name: str, *, rank: int = 1, found: bool = True, marked: bool = True) -> Outcome:
    """One that wants a quote; ``rank`` 0 is none among ten."""
    return Outcome(
        question=Question(name, f"Who is {name}?", quotes=(name,)),
        found=found,
        confidence=0.9 if found else 0.1,
        rank=rank or None,
        ranks=RankScores(float(rank == 1), 0, 0, 0, 1 / rank if rank else 0.0, 0),
        marked=marked,
        document=None,
        section=None,
        page=None,
        quoted=name,
        marks=name,
        citation="",
        held_by="",
        problem="",
        seconds=0.1,
    )


def compared(
    evaluation: Evaluation, before: Sequence[Outcome], after: Sequence[Outcome]
) -> Comparison:
    earlier, later = (replace(evaluation, outcomes=tuple(those)) for those in (before, after))
    return compare(earlier, later)


@given(st.integers(0, 30), st.integers(0, 30))
def test_for_figures_of_0_and_1_it_is_mcnemars_exact_test(better: int, worse: int) -> None:
    p = chance_of_fall([1.0] * better + [-1.0] * worse + [0.0] * 9)
    if better + worse:
        exact = binomtest(better, better + worse, 0.5, alternative="less").pvalue
        assert p == pytest.approx(exact)
    else:
        assert p == 1


@pytest.mark.parametrize("count", [3, 9, 40])
def test_for_other_figures_it_is_the_randomisation_test(count: int) -> None:
    ranks = np.random.default_rng(count).integers(1, 11, (2, count))
    before, after = 1 / ranks[0], 1 / ranks[1]
    p = chance_of_fall((after - before).tolist())
    found = permutation_test(
        (after, before),
        lambda x, y, axis: (x - y).mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=np.inf if count <= 16 else 100_000,
        alternative="less",
        rng=np.random.default_rng(0),
    )
    assert p == pytest.approx(found.pvalue, abs=1e-9 if count <= 16 else 0.006)


@pytest.mark.parametrize(
    ("questions", "worse", "better", "regressed"),
    [
        (30, 0, 0, False),
        (30, 1, 0, False),
        (30, 4, 0, False),
        (30, 5, 0, True),
        (30, 5, 2, False),
        (30, 0, 9, False),
        (3, 3, 0, True),
        (3, 1, 0, True),
        (4, 1, 0, False),
        (1, 1, 0, True),
        (10, 3, 0, False),
        (10, 4, 0, True),
        (2000, 100, 75, True),
        (2000, 100, 90, False),
    ],
)
def test_a_fall_counts_beyond_noise_or_of_a_third(
    evaluation: Evaluation, questions: int, worse: int, better: int, regressed: bool
) -> None:
    names = [f"q{n}" for n in range(questions)]
    after = [outcome(name, found=n >= worse) for n, name in enumerate(names)]
    before = [outcome(name, found=n < questions - better) for n, name in enumerate(names)]
    found = compared(evaluation, before, after)
    assert found.regressed == regressed
    test = next(test for test in found.tests if test.figure == "found or not")
    assert (test.questions, test.worse, test.better) == (questions, worse, better)
    assert test.after - test.before == pytest.approx((better - worse) / questions)
    assert len(found.having("worse")) == worse


def test_each_headline_figure_guards(evaluation: Evaluation) -> None:
    names = [f"q{n}" for n in range(10)]
    changed: dict[str, Any]
    good = [outcome(name) for name in names]
    for changed, fallen in (
        ({"rank": 2}, {"hit@1", "MRR@10"}),
        ({"rank": 0}, {"hit@1", "MRR@10"}),
        ({"marked": False}, {"marked sentence"}),
        ({"found": False}, {"found or not", "found, where answered"}),
    ):
        bad = [outcome(name, **changed) for name in names]
        found = compared(evaluation, good, bad)
        assert {test.figure for test in found.tests if test.regression} == fallen
        assert not compared(evaluation, bad, good).regressed


def test_one_of_few_that_are_not_answered_is_no_regression_of_many(evaluation: Evaluation) -> None:
    good = [outcome(f"q{n}") for n in range(29)]
    right = replace(
        outcome("none", found=False),
        question=Question("none", "Who?", answered=False),
        ranks=None,
        marked=None,
    )
    found = compared(evaluation, [*good, right], [*good, replace(right, found=True)])
    assert not found.regressed
    test = found.tests[-1]
    assert (test.figure, test.questions, test.worse) == ("not found, where not", 1, 1)


def test_verdicts_go_by_what_a_reader_notices_first(evaluation: Evaluation) -> None:
    before = [
        outcome("lost", rank=3),
        outcome("won", rank=3, marked=False),
        outcome("unmarked", rank=3),
        outcome("lower"),
        outcome("other"),
        outcome("same"),
    ]
    after = [
        outcome("lost", rank=1, found=False),
        outcome("won", rank=4),
        outcome("unmarked", rank=1, marked=False),
        outcome("lower", rank=2),
        replace(outcome("other"), quoted="something else"),
        replace(outcome("same"), seconds=9.0, confidence=0.8),
    ]
    found = compared(evaluation, before, after)
    assert {change.after.question.id: change.verdict for change in found.changes} == {
        "lost": "worse",
        "unmarked": "worse",
        "lower": "worse",
        "won": "better",
        "other": "changed",
    }
    assert [change.verdict for change in found.changes][:3] == ["worse"] * 3


def test_only_questions_that_want_the_same_are_compared(evaluation: Evaluation) -> None:
    rewritten = outcome("b")
    rewritten = replace(
        rewritten, question=replace(rewritten.question, quotes=("another",)), found=False
    )
    found = compared(
        evaluation,
        [outcome("a"), outcome("b"), outcome("gone")],
        [outcome("new", found=False), outcome("a"), rewritten],
    )
    assert found.compared == 1
    assert not found.regressed
    names = [
        [question.id for question in those] for those in (found.new, found.gone, found.rewritten)
    ]
    assert names == [["new"], ["gone"], ["b"]]
    with pytest.raises(QuestionFileError, match="none of these questions"):
        compared(evaluation, [outcome("a")], [outcome("b")])
    with pytest.raises(QuestionFileError, match="something else is wanted now"):
        compared(evaluation, [outcome("b")], [outcome("a"), rewritten])


def test_what_else_differs_is_noted(evaluation: Evaluation) -> None:
    assert compare(evaluation, evaluation).notes == ()
    later = replace(evaluation, model="another", threshold=0.75, passages=30)
    assert compare(evaluation, later).notes == (
        f"model: {evaluation.model} → another",
        f"threshold: {evaluation.threshold:g} → 0.75",
        "passages: 60 → 30",
    )


def test_an_index_compared_with_itself_is_the_same(evaluation: Evaluation, article: Index) -> None:
    again = evaluate(read_questions(QUESTIONS), article)
    found = compare(evaluation, again)
    assert not found.regressed
    assert found.changes == ()
    assert found.compared == 40


def test_half_of_the_passages_dropped_is_a_regression(
    evaluation: Evaluation, article: Index, tmp_path: Path, model: SentenceTransformerEmbedder
) -> None:
    passages = [*article.passages(article.vectors.ids().tolist()).values()]
    index_passages([(article.document(ARTICLE), passages[::2])], tmp_path, model)
    with open_index(tmp_path, model=model) as half:
        worse = evaluate(read_questions(QUESTIONS), half)
    found = compare(evaluation, worse)
    assert {test.figure for test in found.tests if test.regression} >= {"hit@1", "MRR@10"}
    lost = [one for one in worse.outcomes if one.problem]
    assert 5 < len(lost) < 25
    assert {one.problem for one in lost} <= {
        "no passage with the quote fits section, page and context",
        "no passage holds the whole quote",
    }
    assert not compare(worse, evaluation).regressed


@pytest.mark.parametrize("threshold", [0.0, 0.999])
def test_a_threshold_that_was_moved_up_is_a_regression(
    evaluation: Evaluation, article: Index, threshold: float
) -> None:
    """Moved down it is none here: what lacks a name that is asked for is never answered."""
    moved = evaluate(read_questions(QUESTIONS), article, strictness=threshold)
    found = compare(evaluation, moved)
    fallen = {test.figure for test in found.tests if test.regression}
    assert ("found, where answered" in fallen) == (threshold > 0)
    assert not fallen & {"hit@1", "MRR@10"}
    assert found.notes == (f"threshold: {evaluation.threshold:g} → {threshold:g}",)
