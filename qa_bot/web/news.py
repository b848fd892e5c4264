"""What an idle page is told: that there is another index, or that a file has changed."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from qa_bot import callers
from qa_bot.errors import QaBotError
from qa_bot.web.service import Service

PATH = "/events"
_BUSY = "busy"
_SECONDS = 1.0  # between two looks, however many pages are open
_BEATS = 15  # looks after which a line is sent all the same, so that a lost page is noticed


class News:
    """The state of index and files in a word, looked at once a second for all pages together."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._states: dict[tuple[str, ...] | None, tuple[float, str]] = {}

    def state(self) -> str:
        """Differs from an earlier one where something that who asks may see has changed."""
        folders = callers.folders()
        with self._lock:
            looked, state = self._states.get(folders, (0.0, ""))
            if time.monotonic() - looked >= _SECONDS:
                state = self._look()
                self._states[folders] = time.monotonic(), state
            return state

    def _look(self) -> str:
        service = self._service
        if service.status.busy:
            return _BUSY  # once a page knows, it asks for itself
        try:
            with service.snapshot() as index:
                names = sorted(index.stale(service.held))
                build = index.meta["uuid"], index.meta["generation"]
        except QaBotError as error:
            return str(error)
        return repr((build, names, service.status.problem))


def add_news_route(app: FastAPI, service: Service) -> None:
    """Serve a stream of server-sent events with a line for each change."""
    news = News(service)

    async def lines(request: Request) -> AsyncIterator[str]:
        seen, beats = await run_in_threadpool(news.state), 0
        yield ": begun\n\n"
        while not await request.is_disconnected():
            await asyncio.sleep(_SECONDS)
            state, beats = await run_in_threadpool(news.state), beats + 1
            if state != seen:
                seen = state
                yield "data: changed\n\n"
            elif beats % _BEATS == 0:
                yield ": still here\n\n"

    @app.get(PATH)
    async def events(request: Request) -> StreamingResponse:
        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(lines(request), media_type="text/event-stream", headers=headers)
