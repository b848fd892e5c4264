"""How much is asked at once: a bounded queue before what costs, and a count for each visitor.

Questions and drawn pages take turns at a few places, about as many as there are cores. Those
that come when too many wait are told when to come again, rather than kept waiting. A place is
taken once all of a request is there, and free again once its response begins: who sends or reads
slowly keeps nobody waiting.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable

import anyio
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa_bot.callers import current_caller
from qa_bot.serving.metrics import Metrics
from qa_bot.serving.problems import problem

_COSTLY = ("/api/v1/", "/v1/", "/mcp")
_OF_PAGES = ("/gradio_api/run/", "/page/", "/file/", "/upload")
_DRAWN_OR_ASKED = ("/gradio_api/run/", "/page/")
_FREE = ("/api/v1/openapi.json", "/api/v1/health")
_WINDOW = 60.0  # seconds
_REMEMBERED = 10_000  # visitors
_AT_ONCE = 8  # that are answered at once of what one caller's pages ask
_AGAIN = "1"  # seconds after which a place may be free


class Admission:
    """Wraps the application.

    What people's pages ask is counted, and where callers are known only a few of each one's are
    answered at once; the others wait for these, and for nobody else's.

    Args:
        app: What is behind it.
        metrics: Where it is counted.
        places: Requests that are answered at the same time.
        waiting: Requests that may wait for a place; of one caller who is known, half as many.
        each_minute: Requests of one caller, or of one address where nobody logs in; as many are
            taken of their pages.
        most_open: Requests of one caller who is known that are under way at once, streams and
            downloads too.
        patience: Seconds in which all of a request has to come.
        clock: Tells seconds.
    """

    def __init__(  # noqa: PLR0913 - each is a limit of its own
        self,
        app: ASGIApp,
        metrics: Metrics,
        *,
        places: int,
        waiting: int,
        each_minute: int,
        most_open: int = 200,
        patience: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app, self._patience = app, patience
        self._turns, self._most, self._each = Turns(places), waiting, max(1, waiting // 2)
        metrics.waiting.set_function(lambda: self._turns.all)
        self._open, self._most_open = Counter[str](), most_open
        self._own: dict[str, Turns] = {}  # by caller: for what their pages ask
        self._visits, self._pages = Visits(each_minute, clock), Visits(each_minute, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in when there is a place, or say when to come again."""
        caller = _known()
        if scope["type"] != "http" or not caller:
            await self._counted(scope, receive, send)
            return
        if self._open[caller] >= self._most_open:
            refusal = problem(
                429, "too-many", "Too many of your requests are open.", {"Retry-After": _AGAIN}
            )
            await refusal(scope, receive, send)
            return
        self._open[caller] += 1
        try:
            await self._counted(scope, receive, send)
        finally:
            self._open[caller] -= 1
            if not self._open[caller]:
                del self._open[caller]

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
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
            await self._in_turn(scope, Heard(receive), send)
        elif path.startswith(_DRAWN_OR_ASKED) and (caller := _known()):
            await self._among_own(caller, scope, Heard(receive), send)
        else:
            await self._app(scope, receive, send)

    async def _in_turn(self, scope: Scope, heard: Heard, send: Send) -> None:
        with anyio.move_on_after(self._patience) as listening:
            await heard.all()
        if listening.cancelled_caught:
            refusal = problem(408, "too-slow", "The request didn't come to its end.")
            await refusal(scope, heard.receive, send)
        elif refused := self._refused():
            refusal = problem(503, "too-busy", refused, {"Retry-After": _AGAIN})
            await refusal(scope, heard.receive, send)
        else:
            await self._with_place(self._turns, scope, heard, send)

    def _refused(self) -> str:
        """Why nobody of the caller's may wait now; "" where there is room."""
        caller = _known()
        if self._turns.free:
            return ""
        if caller and self._turns.waiting(caller) >= self._each:
            return "Too many of your requests are waiting: try again."
        return "Too many are asking: try again." if self._turns.all >= self._most else ""

    async def _among_own(self, caller: str, scope: Scope, heard: Heard, send: Send) -> None:
        """What the pages of one who is known ask: a few at once, the others after these."""
        turns = self._own.setdefault(caller, Turns(_AT_ONCE))
        try:
            await self._with_place(turns, scope, heard, send)
        finally:
            if turns.free == _AT_ONCE:
                self._own.pop(caller, None)

    async def _with_place(self, turns: Turns, scope: Scope, heard: Heard, send: Send) -> None:
        """Pass a request on once it has a place, unless its sender has gone meanwhile."""
        if not await _has_place(turns, heard):
            return
        has_place = True

        def leave() -> None:
            nonlocal has_place
            if has_place:
                has_place = False
                turns.leave()

        async def send_on(message: Message) -> None:
            leave()  # all that costs is done before a response begins
            await send(message)

        try:
            await self._app(scope, heard.receive, send_on)
        finally:
            leave()


async def _has_place(turns: Turns, heard: Heard) -> bool:
    """Wait for one; False where whoever asked has gone."""
    if heard.is_gone:
        return False
    has_place = False

    async def watch() -> None:
        await heard.gone()
        waiting.cancel_scope.cancel()

    try:
        async with anyio.create_task_group() as waiting:
            waiting.start_soon(watch)
            await turns.take(_known())
            has_place = True
            waiting.cancel_scope.cancel()
    except BaseException:  # cancelled, its caller was taken out, say
        if has_place:
            turns.leave()
        raise
    return has_place


class Turns:
    """Places that are given to callers by turns, so that none waits for all that another asked."""

    def __init__(self, places: int) -> None:
        self.free = places
        self.all = 0  # requests that wait
        self._waiting: OrderedDict[str, deque[anyio.Event]] = OrderedDict()  # who is next first

    def waiting(self, caller: str) -> int:
        """Requests of one caller that wait."""
        return len(self._waiting.get(caller, ()))

    async def take(self, caller: str) -> None:
        """Wait for a place, and ``leave`` it."""
        if self.free:
            self.free -= 1
            return
        turn = anyio.Event()
        self._waiting.setdefault(caller, deque()).append(turn)
        self.all += 1
        try:
            await turn.wait()
        except BaseException:  # cancelled
            if turn.is_set():
                self.leave()
            else:
                self._forget(caller, turn)
            raise

    def leave(self) -> None:
        """Give a place to who is next."""
        caller = next(iter(self._waiting), None)
        if caller is None:
            self.free += 1
            return
        turn = self._waiting[caller][0]
        self._waiting.move_to_end(caller)
        self._forget(caller, turn)
        turn.set()

    def _forget(self, caller: str, turn: anyio.Event) -> None:
        self._waiting[caller].remove(turn)
        self.all -= 1
        if not self._waiting[caller]:
            del self._waiting[caller]


class Heard:
    """What a request sends, kept until the application wants it."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._kept: deque[Message] = deque()
        self.is_gone = False  # whether its sender is

    async def all(self) -> None:
        """Until it has come to its end, or its sender has gone."""
        while not self.is_gone and (not self._kept or self._kept[-1].get("more_body")):
            self._keep(await self._receive())

    async def gone(self) -> None:
        """Until its sender has gone."""
        while not self.is_gone:
            self._keep(await self._receive())

    def _keep(self, message: Message) -> None:
        self._kept.append(message)
        self.is_gone = message["type"] == "http.disconnect"

    async def receive(self) -> Message:
        """The next part."""
        return self._kept.popleft() if self._kept else await self._receive()


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
    return _known() or (request.client.host if request.client else "")


def _known() -> str:
    """Who asks, where that is known; "" for all others together."""
    caller = current_caller.get()
    return "" if caller is None else f"{caller.kind} {caller.name}"
