"""Using a processor well: one thread for each forward pass, bfloat16 where that is fast.

How torch rounds depends on how many threads share a product. So each forward pass that it
runs is run by a worker that always has one, whoever else is asking, and whatever number the
rest of the process uses. OpenVINO has that number for itself; its workers know no torch.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Literal, TypeVar, get_args

Purpose = Literal["asking", "building"]
"""What the workers are for: a question never waits behind the passages of a build."""

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD = 4  # items for each worker that are begun or wait, while earlier results are taken
_lock = threading.Lock()
_workers: dict[Purpose, ThreadPoolExecutor] = {}
_without_torch: dict[Purpose, ThreadPoolExecutor] = {}


def available_cores() -> int:
    """How many cores this process may use; at least 1."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def on_each_core(
    purpose: Purpose,
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    torch: bool = True,
) -> Generator[Result, None, None]:
    """``function`` of each item, in order; every core works on an item of its own.

    ``function`` must not call this itself. When the results are no longer wanted, or one
    item fails, those that have not begun are dropped. ``torch`` is for functions that use it.
    """
    pool = _pool(purpose) if torch else _plain_pool(purpose)
    waiting: deque[Future[Result]] = deque()
    coming = iter(items)
    try:
        for _ in range(_AHEAD * available_cores()):
            waiting.extend(pool.submit(function, item) for item in _next(coming))
        while waiting:
            result = waiting.popleft().result()
            waiting.extend(pool.submit(function, item) for item in _next(coming))
            yield result
    finally:
        for future in waiting:
            future.cancel()


def _next(items: Iterator[Item]) -> Iterator[Item]:
    """At most one more."""
    for item in items:
        yield item
        return


def _pool(purpose: Purpose) -> ThreadPoolExecutor:
    """Workers that live as long as the process."""
    with _lock:
        if not _workers:
            _workers.update(_start_workers())
        return _workers[purpose]


def _plain_pool(purpose: Purpose) -> ThreadPoolExecutor:
    """Workers of those who leave torch alone; they live as long, too."""
    with _lock:
        if purpose not in _without_torch:
            name = f"qa-bot-{purpose}-without-torch"
            _without_torch[purpose] = ThreadPoolExecutor(available_cores(), name)
        return _without_torch[purpose]


def _start_workers() -> dict[Purpose, ThreadPoolExecutor]:
    """A thread for each core and purpose, with torch's number of threads set to one in each.

    torch keeps that number for each thread; a new thread gets the one that any thread set
    last, when it first needs it. So each worker first takes what it is given and then sets
    its own, and what the process had is put back before anybody asks for anything.
    """
    import torch

    def start() -> None:
        torch.get_num_threads()
        torch.set_num_threads(1)
        with suppress(threading.BrokenBarrierError):
            started.wait()

    before, count = torch.get_num_threads(), available_cores()
    purposes = get_args(Purpose)
    started = threading.Barrier(len(purposes) * count + 1)
    pools: dict[Purpose, ThreadPoolExecutor] = {
        purpose: ThreadPoolExecutor(count, f"qa-bot-{purpose}", initializer=start)
        for purpose in purposes
    }
    try:
        for pool in pools.values():
            for _ in range(count):
                pool.submit(int)
        started.wait()
    except BaseException:  # no room for another thread, Ctrl-C: those that wait have to go
        started.abort()
        for pool in pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
        raise
    finally:
        torch.set_num_threads(before)
    return pools


def _forget_workers() -> None:
    """A forked process has none of its parent's threads, and may find the lock taken."""
    global _lock  # noqa: PLW0603 - there is one for the process
    _lock = threading.Lock()
    _workers.clear()
    _without_torch.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_workers)


def has_fast_bfloat16() -> bool:
    """Whether this CPU has bfloat16 instructions (AMX or AVX-512 BF16)."""
    import torch

    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))
