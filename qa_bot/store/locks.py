"""One writer at a time: a lock that the system releases when its holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from qa_bot.errors import IndexBusyError, IndexStateError

FILE = "build.lock"
WAIT = 2.0  # seconds that a second writer waits before it says so


@contextmanager
def writing(folder: Path, wait: float = WAIT) -> Iterator[None]:
    """Be the only one who builds the index in this folder, waiting so many seconds for it.

    Raises:
        IndexBusyError: Another build holds the lock; the message names its process.
        IndexStateError: The folder can't be written.
    """
    try:
        handle = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise IndexStateError(
            f"The index folder {folder} can't be written ({error.strerror}): check its "
            "permissions, or name another with --index."
        ) from error
    try:
        _take(handle, folder, wait)
        with suppress(OSError):  # a full disk costs others the name, not us the lock
            os.ftruncate(handle, 0)
            holder = f"process {os.getpid()}, since {time.strftime('%H:%M:%S')}"
            os.pwrite(handle, holder.encode(), 0)
        yield
    finally:
        os.close(handle)  # releases the lock; the file stays, since another may wait for it


@contextmanager
def holding(file: Path) -> Iterator[int]:
    """Be the only one who holds this file, made where it is missing; for a moment's writing.

    Yields:
        A descriptor of it; what is written goes to its end.

    Raises:
        OSError: It can't be opened or locked.
    """
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)


def _take(handle: int, folder: Path, wait: float) -> None:
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() < deadline:
                time.sleep(0.05)
                continue
            holder = os.pread(handle, 100, 0).decode(errors="replace") or "another process"
            raise IndexBusyError(
                f"Another build is writing the index in {folder} ({holder}): wait for it, "
                "then try again."
            ) from error
        except OSError as error:  # a file system without locks
            raise IndexStateError(
                f"The index folder {folder} can't be locked ({error.strerror}): "
                "put the index on a local disk with --index."
            ) from error
        return
