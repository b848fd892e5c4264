"""Using a processor well: one thread for each batch, bfloat16 where that is fast."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

_lock = threading.Lock()
_users = 0
_threads = 1  # that torch used before the first of the users


@contextmanager
def one_thread_each(workers: int) -> Iterator[ThreadPoolExecutor]:
    """Workers whose matrix products use one thread each, where there are several workers."""
    global _users, _threads  # noqa: PLW0603 - torch's number is the process's, too
    import torch

    with _lock:
        if not _users:
            _threads = torch.get_num_threads()
        _users += 1

    def start() -> None:
        if workers > 1:
            torch.set_num_threads(1)

    pool = ThreadPoolExecutor(workers, thread_name_prefix="qa-bot-model", initializer=start)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
        with _lock:
            _users -= 1
            torch.set_num_threads(_threads)


def has_fast_bfloat16() -> bool:
    """Whether this CPU has bfloat16 instructions (AMX or AVX-512 BF16)."""
    import torch

    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))
