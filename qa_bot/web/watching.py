"""Keeps the index in step with the folder while the chat is served."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from qa_bot.web.service import Service

QUIET = 2_000  # milliseconds without a change after which the index is brought up to date
LONGEST = 60_000  # milliseconds after which it is, though changes go on
LOOK = 2_000  # milliseconds between looks at whether the folder is still the same one
RETRY = 30.0  # seconds until what failed is tried again


def watch_until_filled(
    documents: Path, index: Path, service: Service, stop: threading.Event
) -> None:
    """Watch as long as there is nothing to ask: who starts with an empty folder puts files in."""

    def is_filled() -> bool:
        return service.status.holdings is not None and not service.status.busy

    watch(documents, index, service, stop, is_filled)


def watch(
    documents: Path,
    index: Path,
    service: Service,
    stop: threading.Event,
    done: Callable[[], bool] = lambda: False,
) -> None:
    """Bring the index up to date whenever the folder has changed, until told to stop, or done.

    Changes that come close together are taken as one. What changes while the
    index is being built is caught by another build after it. A folder that is
    moved, deleted, made again or linked elsewhere is followed by its path.
    """
    while not stop.is_set() and not done():
        try:
            _watch_one(documents, index, service, stop, done)
        except (OSError, RuntimeError) as error:  # the folder is missing, or went away
            logging.getLogger(__name__).warning("the folder can't be watched: %s", error)
            service.refresh(requested=False)
            _wait(documents, stop)


def _watch_one(
    documents: Path,
    index: Path,
    service: Service,
    stop: threading.Event,
    done: Callable[[], bool],
) -> None:
    """Watch until another folder, or none, has the path: the system's watch is not on the path."""
    import watchfiles

    inside = index.resolve()

    def counts(_: watchfiles.Change, path: str) -> bool:
        parts = Path(os.path.relpath(path, documents)).parts
        hidden = any(part.startswith(".") for part in parts)
        return not hidden and not Path(path).resolve().is_relative_to(inside)

    handle = os.open(documents, os.O_RDONLY | os.O_DIRECTORY)  # no other gets its number meanwhile
    try:
        unseen = True  # what changed before the watch began
        retry = time.monotonic() + RETRY
        for changes in watchfiles.watch(
            documents,
            watch_filter=counts,
            stop_event=stop,
            debounce=LONGEST,
            step=QUIET,
            rust_timeout=LOOK,
            yield_on_timeout=True,
        ):
            if done():
                return
            # A build that failed (another process was building, say) may go well later.
            failed = bool(service.status.problem) and time.monotonic() >= retry
            if changes or unseen or failed:
                service.refresh(requested=False)
                retry = time.monotonic() + RETRY
            unseen = False
            if not _has_path(handle, documents):
                return
    finally:
        os.close(handle)


def _has_path(handle: int, documents: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), documents.stat())
    except OSError:
        return False


def _wait(documents: Path, stop: threading.Event) -> None:
    """Wait for the folder to come or go, but not for ever: something else may be mended."""
    there, until = documents.is_dir(), time.monotonic() + RETRY
    while documents.is_dir() == there and time.monotonic() < until:
        if stop.wait(LOOK / 1000):
            return
