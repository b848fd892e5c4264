"""Keeps the index in step with the folder while the chat is served."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path

from qa_bot.web.service import Service

QUIET = 2_000  # milliseconds without a change after which the index is brought up to date
LONGEST = 60_000  # milliseconds after which it is, though changes go on
_RETRY = 30.0  # seconds until a folder that can't be watched is looked at again


def watch(documents: Path, index: Path, service: Service, stop: threading.Event) -> None:
    """Bring the index up to date whenever the folder has changed, until told to stop.

    Changes that come close together are taken as one. What changes while the
    index is being built is caught by another build after it.
    """
    import watchfiles

    inside = index.resolve()

    def counts(_: watchfiles.Change, path: str) -> bool:
        parts = Path(os.path.relpath(path, documents)).parts
        hidden = any(part.startswith(".") for part in parts)
        return not hidden and not Path(path).resolve().is_relative_to(inside)

    while not stop.is_set():
        try:
            for _ in watchfiles.watch(
                documents, watch_filter=counts, stop_event=stop, debounce=LONGEST, step=QUIET
            ):
                service.refresh(requested=False)
        except (OSError, RuntimeError) as error:  # the folder is missing, or went away
            logging.getLogger(__name__).warning("the folder can't be watched: %s", error)
            stop.wait(_RETRY)
            service.refresh(requested=False)
