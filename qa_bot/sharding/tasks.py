"""Shards built by a Ray cluster: a task for each, done again elsewhere where its machine dies.

A shard is in one folder that all machines see, and has one writer at a time. So what a killed
task has embedded is found by the one that goes on with it, and nothing is done twice.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from qa_bot.building.progress import OnProgress
from qa_bot.builds import Progress
from qa_bot.errors import IndexBusyError, QaBotError
from qa_bot.sharding.building import Runner, ShardBuilt, ShardTask, build_shard
from qa_bot.sharding.cluster import joined

_LOOK = 0.5  # seconds between two looks at how far it is
_WAIT = 60.0  # seconds for the lock of one that was killed, on a file system far away


def on_ray(address: str) -> Runner:
    """What does tasks on the cluster at ``HOST:PORT``, as many on a machine as it has room for."""

    def run(tasks: Sequence[ShardTask], on_progress: OnProgress | None) -> list[ShardBuilt]:
        ray = joined(address)
        # Each reads and embeds with all of a machine's cores.
        cores = [node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]]
        fewest = min((count for count in cores if count), default=1)  # a head may have none
        work = ray.remote(num_cpus=fewest, max_retries=-1)(_build)
        waiting = {work.remote(task): number for number, task in enumerate(tasks)}
        try:
            return _collected(ray, waiting, on_progress)
        except BaseException:
            for task in waiting:
                ray.cancel(task, force=False)
            raise

    return run


def _collected(
    ray: Any,  # noqa: ANN401 - Ray is not always installed
    waiting: dict[Any, int],
    on_progress: OnProgress | None,
) -> list[ShardBuilt]:
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
            on_progress(Progress("shards", shards=len(waiting), shards_built=len(built)))
    return [built[number] for number in range(len(waiting))]


def _build(task: ShardTask) -> ShardBuilt:
    """Build a shard, when the one who had begun it lets go of it."""
    deadline = time.monotonic() + _WAIT
    while True:
        try:
            return build_shard(task)
        except IndexBusyError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)
