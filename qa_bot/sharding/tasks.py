"""Shards built by a Ray cluster: a task for each, done again elsewhere where its machine dies.

A shard is in one folder that all machines see, and has one writer at a time. So what a killed
task has embedded is found by the one that goes on with it, and nothing is done twice.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qa_bot.building.progress import OnProgress
from qa_bot.errors import IndexBusyError, QaBotError
from qa_bot.sharding.building import Runner, ShardBuilt, ShardTask, build_shard
from qa_bot.sharding.cluster import joined
from qa_bot.sharding.progress import as_built, forget, telling, together, told_of

_LOOK = 0.5  # seconds between two looks at how far it is
_ENDING = 10.0  # seconds for builds that are cancelled to let go of their shards
_WAIT = 60.0  # seconds for the lock of one that was killed, on a file system far away


def on_ray(address: str) -> Runner:
    """What does tasks on the cluster at ``HOST:PORT``, as many on a machine as it has room for."""

    def run(tasks: Sequence[ShardTask], on_progress: OnProgress | None) -> list[ShardBuilt]:
        ray = joined(address)
        # Each reads and embeds with all of a machine's cores.
        cores = [node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]]
        fewest = min((count for count in cores if count), default=1)  # a head may have none
        work = ray.remote(num_cpus=fewest, max_retries=-1)(_build)
        works = [task.work for task in tasks]
        forget(works)
        waiting = {work.remote(task): number for number, task in enumerate(tasks)}
        try:
            return _collected(ray, waiting, works, on_progress)
        except BaseException:
            for task in waiting:
                ray.cancel(task, force=False)
            ray.wait(list(waiting), num_returns=len(waiting), timeout=_ENDING)
            raise
        finally:
            forget(works)

    return run


def _collected(
    ray: Any,  # noqa: ANN401 - Ray is not always installed
    waiting: dict[Any, int],
    works: Sequence[Path],
    on_progress: OnProgress | None,
) -> list[ShardBuilt]:
    began = time.monotonic()
    built: dict[int, ShardBuilt] = {}
    left = list(waiting)
    while left:
        done, left = ray.wait(left, timeout=_LOOK)
        for one in done:
            try:
                built[waiting[one]] = ray.get(one)
            except ray.exceptions.RayTaskError as error:
                cause = error.cause
                raise cause if isinstance(cause, QaBotError) else error from None
        if on_progress is not None:
            told = told_of(works)
            told |= {number: as_built(told.get(number)) for number in built}
            on_progress(together(told, built, len(works), time.monotonic() - began))
    return [built[number] for number in range(len(waiting))]


def _build(task: ShardTask) -> ShardBuilt:
    """Build a shard, when the one who had begun it lets go of it."""
    deadline = time.monotonic() + _WAIT
    while True:
        try:
            return build_shard(task, telling(task.work))
        except IndexBusyError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)
