"""How much is asked at once: a bounded queue before what costs, and a count for each visitor.

Questions and drawn pages take turns at a few places, about as many as there are cores. Those
that come when too many wait are told when to come again, rather than kept waiting.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

import anyio
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from qa_bot.callers import current_caller
from qa_bot.serving.metrics import Metrics
from qa_bot.serving.problems import problem

_COSTLY = ("/api/v1/", "/v1/", "/mcp")
_OF_PAGES = ("/gradio_api/run/", "/page/", "/file/", "/upload")
_FREE = ("/api/v1/openapi.json", "/api/v1/health")
_WINDOW = 60.0  # seconds
_REMEMBERED = 10_000  # visitors
_AGAIN = "1"  # seconds after which a place may be free


class Admission:
    """Wraps the application; what people's pages ask is only counted, since each waits for itself.

    Args:
        app: What is behind it.
        metrics: Where it is counted.
        places: Requests that are answered at the same time.
        waiting: Requests that may wait for a place.
        each_minute: Requests of one caller, or of one address where nobody logs in; as many are
            taken of their pages.
        clock: Tells seconds.
    """

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        *,
        places: int,
        waiting: int,
        each_minute: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app, self._metrics = app, metrics
        self._places, self._most = anyio.CapacityLimiter(places), waiting
        self._inside = 0  # requests that have a place, or wait for one
        self._visits, self._pages = Visits(each_minute, clock), Visits(each_minute, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in when there is a place, or say when to come again."""
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        is_costly = path.startswith(_COSTLY) and path not in _FREE
        if scope["type"] != "http" or not (is_costly or path.startswith(_OF_PAGES)):
            await self._app(scope, receive, send)
            return
        visits = self._visits if is_costly else self._pages
        if wait := visits.wait(_visitor(Request(scope))):
            refusal = problem(
                429, "too-many", "Too many requests in a minute.", {"Retry-After": str(wait)}
            )
            await refusal(scope, receive, send)
        elif is_costly:
            await self._in_turn(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _in_turn(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._inside >= self._places.total_tokens + self._most:
            refusal = problem(
                503, "too-busy", "Too many are asking: try again.", {"Retry-After": _AGAIN}
            )
            await refusal(scope, receive, send)
            return
        self._enter(1)
        place = object()
        try:
            await self._places.acquire_on_behalf_of(place)
            try:
                await self._app(scope, receive, send)
            finally:
                self._places.release_on_behalf_of(place)
        finally:
            self._enter(-1)

    def _enter(self, step: int) -> None:
        self._inside += step
        self._metrics.waiting.set(max(0, self._inside - self._places.total_tokens))


class Visits:
    """Counts requests of each visitor over the last minute."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = most, clock
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, visitor: str) -> int:
        """Count a visit; seconds to wait where there were too many, and then it isn't counted."""
        now = self._clock()
        with self._lock:
            times = self._seen.setdefault(visitor, deque())
            self._seen.move_to_end(visitor)
            while len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
            while times and times[0] <= now - _WINDOW:
                times.popleft()
            if len(times) >= self._most:
                return max(1, round(times[0] + _WINDOW - now))
            times.append(now)
            return 0


def _visitor(request: Request) -> str:
    caller = current_caller.get()
    if caller is not None:
        return f"{caller.kind} {caller.name}"
    return request.client.host if request.client else ""
