"""What Prometheus is told: how long requests take, verdicts, who waits, how old the index is."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa_bot import callers
from qa_bot.callers import Caller
from qa_bot.errors import QaBotError
from qa_bot.records import Answer
from qa_bot.serving.desk import Desk
from qa_bot.serving.problems import problem
from qa_bot.serving.security import route_path

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_KINDS = (
    *("/api/v1/answer", "/api/v1/retrieve", "/api/v1/verify", "/api/v1/documents"),
    *("/api/v1/quotes", "/api/v1", "/v1/chat", "/v1/vector_stores", "/mcp", "/file", "/page"),
)


@dataclass(frozen=True, slots=True)
class Visit:
    """A request whose response has begun, after so many ``seconds``."""

    method: str
    path: str  # as the application has it
    address: str  # "" where none is known
    status: int
    seconds: float
    caller: Caller | None  # None where nobody logs in, or who asked wasn't let in


Noting = Callable[[Visit], None]


class Metrics:
    """Those of one server, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.seconds = Histogram(
            "qa_bot_request_seconds",
            "How long requests took, by what was asked.",
            ["route", "status"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.waiting = Gauge(
            "qa_bot_waiting_requests", "Requests that wait for a place.", registry=self.registry
        )
        self.verdicts = Counter(
            "qa_bot_answers", "Answers by verdict.", ["verdict"], registry=self.registry
        )
        self._age = Gauge(
            "qa_bot_index_age_seconds", "Since the index was built.", registry=self.registry
        )
        self._documents = Gauge(
            "qa_bot_index_documents", "Documents in the index.", registry=self.registry
        )

    def note(self, answer: Answer) -> None:
        """Count an answer."""
        self.verdicts.labels(answer.verdict).inc()

    def note_request(self, visit: Visit) -> None:
        """Count a request."""
        route = next((kind for kind in _KINDS if visit.path.startswith(kind)), "other")
        self.seconds.labels(route, str(visit.status)).observe(visit.seconds)

    def told(self, desk: Desk) -> bytes:
        """All of them in Prometheus' format; the index's as who asks sees it."""
        with suppress(QaBotError), desk.snapshot() as index:
            built = datetime.fromisoformat(index.built_at)
            self._age.set((datetime.now(UTC) - built).total_seconds())
            self._documents.set(len(index.documents()))
        return generate_latest(self.registry)


class Measuring:
    """Wraps everything: tells how long each request took until its response began."""

    def __init__(self, app: ASGIApp, *notes: Noting) -> None:
        self._app, self._notes = app, notes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, path = time.perf_counter(), route_path(scope)  # what is mounted changes the scope
        client = scope.get("client")

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                took = time.perf_counter() - began
                visit = Visit(
                    method=scope["method"],
                    path=path,
                    address=client[0] if client else "",
                    status=message["status"],
                    seconds=took,
                    caller=scope.get("qa_bot.caller"),
                )
                for note in self._notes:
                    note(visit)
            await send(message)

        await self._app(scope, receive, noting)


def add_metrics(app: FastAPI, metrics: Metrics, desk: Desk) -> None:
    """``/metrics``."""

    @app.get("/metrics")
    def told() -> Response:
        if callers.folders() is not None:  # its figures are of everything
            return problem(403, "not-yours", "Metrics are for those who see all documents.")
        return Response(metrics.told(desk), media_type=CONTENT_TYPE_LATEST)
