"""Batches prepared ahead, by processes of their own, while others are learned."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from itertools import count, repeat
from typing import Any

from training.groups import CHUNK, Group
from training.steps import Batch, batch_of

_WAITING = 2 * CHUNK  # batches of each process

Batches = Callable[[tuple[int, int]], Iterator[list[Group]]]


def ahead(batches: Batches, *, workers: int, first: int, part: int) -> Iterator[list[Batch]]:
    """Endless batches from the ``first`` one on, in parts of so many groups.

    ``batches((n, workers))`` gives those in every ``workers``-th run of ``CHUNK``, from run
    ``n`` on; their order does not hang on how many processes there are.
    """
    fork = multiprocessing.get_context("fork")
    queues: list[Any] = [fork.Queue(_WAITING) for _ in range(workers)]
    for number, queue in enumerate(queues):
        fork.Process(
            target=_prepare, args=(batches, (number, workers), queue, part), daemon=True
        ).start()
    left = CHUNK - first % CHUNK
    for run in count(first // CHUNK):
        for _ in repeat(None, left):
            yield queues[run % workers].get()
        left = CHUNK


def _prepare(batches: Batches, share: tuple[int, int], queue: Any, part: int) -> None:
    for groups in batches(share):
        queue.put(parts_of(groups, part))


def parts_of(groups: Sequence[Group], part: int) -> list[Batch]:
    """The groups in parts, each learned at once."""
    return [batch_of(groups[n : n + part]) for n in range(0, len(groups), part)]
