"""The best of many by their scores; those that tie for the last places, by where they stand.

Passages are numbered as files come to be read, and in each shard anew. Where several that count
the same don't all fit, numbers would choose others of them in every build.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from qa_bot.store.rows import Placed

MOST_TIED = 1_000  # that are looked at for the last places; beyond, which of them is not said
_SAME = 1e-5  # of a score, or of 1: the last bits hang on the order in which terms are summed

InOrder = Callable[[Iterable[int]], Sequence[Placed]]
"""Where passages stand, by document and in reading order."""


def are_tied(one: float, other: float) -> bool:
    """Whether two scores are the same but for their last bits."""
    return abs(one - other) <= _SAME * max(1.0, abs(one))


def best(scores: Mapping[int, float], k: int, in_order: InOrder) -> list[int]:
    """The ``k`` passages with the highest scores, best first; ``k`` is at least 1.

    ``in_order`` is asked only where some that tie for the last places have to be left out.
    """
    ordered = sorted(scores, key=lambda number: -scores[number])
    if len(ordered) <= k:
        return ordered
    last = scores[ordered[k - 1]]
    if not are_tied(last, scores[ordered[k]]):
        return ordered[:k]
    tied = [number for number in ordered if are_tied(last, scores[number])]
    start = ordered.index(tied[0])
    return ordered[:start] + [one.number for one in in_order(tied)][: k - start]
