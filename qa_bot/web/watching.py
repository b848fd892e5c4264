"""Keeps the index in step with the folder while the chat is served."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from qa_bot.web.service import Service

QUIET = 2_000  # milliseconds without a change after which the index is brought up to date
_RETRY = 5.0  # seconds until a folder that is missing is looked for again


def watch(documents: Path, service: Service, stop: threading.Event) -> None:
    """Bring the index up to date whenever the folder has changed, until told to stop.

    Changes that come close together are taken as one. What changes while the
    index is being built is caught by another build after it.
    """
    import watchfiles

    while not stop.is_set():
        try:
            for _ in watchfiles.watch(
                documents, stop_event=stop, debounce=QUIET, step=QUIET // 4, watch_filter=None
            ):
                service.refresh(requested=False)
        except (OSError, RuntimeError) as error:  # the folder is missing, or went away
            logging.getLogger(__name__).warning("the folder can't be watched: %s", error)
            stop.wait(_RETRY)
            service.refresh(requested=False)
