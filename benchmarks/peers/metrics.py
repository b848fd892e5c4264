"""Measures of a ranking, computed by ir_measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

NAMES = ("Success@1", "Success@3", "Success@5", "RR@10", "nDCG@10")
"""What ir_measures calls hit@1, hit@3, hit@5, MRR and nDCG; only the first ten count."""


def measure(
    relevant: Mapping[str, Sequence[str]], ranked: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """Each measure's value for each question, in the order of ``relevant``.

    Args:
        relevant: Question → ids of the passages that answer it, at least one.
        ranked: Question → ids, best first, no id twice. A question without any counts 0.

    Raises:
        ValueError: A question has no relevant passage, or an id is ranked twice.
    """
    import ir_measures

    for question, ids in ranked.items():
        if len(set(ids)) < len(ids):
            raise ValueError(f"{question}: an id is ranked twice")
    if not all(relevant.values()):
        raise ValueError("a question without a relevant passage can't be measured")
    qrels = {question: dict.fromkeys(ids, 1) for question, ids in relevant.items()}
    run = {  # scores that fall, so that none are equal
        question: {one: float(len(ids) - place) for place, one in enumerate(ids)}
        for question, ids in ranked.items()
    }
    measures = [ir_measures.parse_measure(name) for name in NAMES]
    values = {name: dict.fromkeys(relevant, 0.0) for name in NAMES}
    for found in ir_measures.iter_calc(measures, qrels, run):
        values[str(found.measure)][found.query_id] = float(found.value)
    return {name: list(by_question.values()) for name, by_question in values.items()}
