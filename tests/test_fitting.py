"""The fit of order and verdict, on a small sample of the numbers that it is made from."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qa_bot.asking.weighing import ORDER, VERDICT, fitted
from training import fit_answers, fit_stages
from training.domains import domains
from training.fit_answers import (
    choose_order,
    confidences,
    first_right,
    fit_verdict,
    scorer,
    threshold_of,
    usable,
)
from training.gather import spans_of

SHARED = Path("../shared/training")


def candidate(chance: random.Random, *, right: bool, trusted: float) -> dict[str, Any]:
    """One whose evidence says little, and whose margin says as much as it is trusted."""
    return {
        "place": 0,
        "right": right,
        "evidence": chance.gauss(0.9 + 0.02 * right, 0.1),
        "margin": chance.gauss(3.0 * right * trusted, 1.0),
        "coverage": 0.3,
        "either": 0.3 + 0.2 * right,
        "above": 0.1,
        "absent": 0 if right else chance.randint(0, 1),
        "sentence": chance.random(),
        "cosine": 0.5,
        "table": False,
        "span": True,
        "digest": str(chance.random()),
    }


def rows_of(seed: int, trusted: float, count: int = 60) -> list[dict[str, Any]]:
    chance = random.Random(seed)  # noqa: S311 - the same for each run
    rows = []
    for number in range(count):
        answerable = number % 4 > 0
        place = chance.randrange(8) if answerable else -1
        found = [candidate(chance, right=n == place, trusted=trusted) for n in range(8)]
        rows.append({"answerable": answerable, "placed": answerable, "candidates": found})
    return rows


def test_a_reader_that_is_right_counts_and_one_that_is_not_does_not() -> None:
    reliable = {name: rows_of(seed, 1.0) for seed, name in enumerate("abc")}
    useless = {name: rows_of(seed, 0.0) for seed, name in enumerate("abc")}
    assert choose_order(reliable)[1] > choose_order(useless)[1]
    weights = choose_order(reliable)
    plain = scorer(["evidence"], np.ones(1))
    own = rows_of(9, 1.0)
    assert first_right(own, scorer(ORDER, weights)) > first_right(own, plain) + 0.2


def test_the_confidence_tells_what_is_right_from_what_is_not() -> None:
    rows = {name: rows_of(seed, 1.0) for seed, name in enumerate("abc")}
    score = scorer(ORDER, choose_order(rows))
    weights = fit_verdict(rows, VERDICT, score)
    own = usable(rows_of(9, 1.0))
    likely = confidences(own, VERDICT, weights, score)
    answerable = np.array([row["answerable"] for row in own])
    assert likely[answerable].mean() > likely[~answerable].mean() + 0.3


def test_the_threshold_is_the_lowest_with_the_wanted_precision_on_the_mean_of_domains() -> None:
    likely, ones = np.array([0.9, 0.8, 0.7, 0.6]), np.ones(4)
    sure = likely, np.array([1.0, 1, 1, 0]), ones, ones
    unsure = likely, np.array([1.0, 1, 0, 0]), ones, ones
    assert threshold_of({"sure": sure}) == pytest.approx(0.61)
    assert threshold_of({"sure": sure, "unsure": unsure}) == pytest.approx(0.71)


def test_the_shipped_numbers_keep_what_they_were_chosen_for() -> None:
    """Retrieval's evidence is the unit, and nothing absent speaks for a passage."""
    numbers = fitted()
    assert numbers.order["evidence"] == 1
    assert numbers.order["margin"] in fit_answers.GRID[0]
    assert numbers.order["absent"] <= 0
    assert numbers.verdict["margin"] > 0


@pytest.mark.skipif(not SHARED.exists(), reason="needs the shared training sets")
def test_each_domain_has_questions_whose_answers_stand_in_its_files() -> None:
    for domain in domains(SHARED):
        asked = [one for one in domain.asked if one.places]
        assert len(asked) > 100
        assert len(domain.asked) > len(asked)
        for one in asked[:20]:
            text = domain.files[one.source]
            spans = spans_of(one, text)
            wanted = {" ".join(answer.split()) for answer, _ in one.places}
            for start, end in spans:
                assert " ".join(text[start:end].split()) in wanted
        assert all(one.document in ("", *domain.files) for one in domain.asked)


def test_what_is_kept_is_plain_numbers(tmp_path: Path) -> None:
    for seed, name in enumerate("abc"):
        lines = [json.dumps(row) for row in rows_of(seed, 1.0, 20)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    assert fit_answers.read(tmp_path)["a"] == rows_of(0, 1.0, 20)


def test_few_passages_are_enough_from_where_nothing_that_is_answered_would_change() -> None:
    """Of one kind nothing changes; of the other, the first quote does below .7 and never above."""
    sure = [fit_stages.Told(n / 100, n / 100, is_first=True, is_all=True) for n in range(50, 100)]
    unsure = [
        fit_stages.Told(n / 100, n / 100, is_first=n >= 70, is_all=n >= 70) for n in range(50, 100)
    ]
    assert fit_stages.threshold({"sure": sure}) == fit_stages.SHORTEST
    assert fit_stages.threshold({"sure": sure, "unsure": unsure}) == pytest.approx(0.7)
    assert fit_stages.cost(unsure, 0.6).firsts == pytest.approx(10 / 50)
    crossing = [fit_stages.Told(0.9, fitted().answered - 0.01, is_first=True, is_all=True)]
    assert fit_stages.cost(crossing, 0.9).verdicts == 1


def test_what_few_passages_say_is_told_from_the_rows_of_all() -> None:
    rows = rows_of(3, 1.0)
    for row in rows:
        row["candidates"][0]["table"] = row is rows[0]
    told = fit_stages.told(rows, 4)
    assert len(told) == len(rows)
    assert told[0].clear == -1.0  # a table is always read whole
    late = [
        row["answerable"] and not any(one["right"] for one in row["candidates"][:4]) for row in rows
    ]
    changed = [not one.is_first for one in told]
    assert np.mean([now for now, is_late in zip(changed, late, strict=True) if is_late]) > 0.5
