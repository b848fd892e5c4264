"""A line of JSON for each request and each answer, for whoever keeps the server.

What was asked is in it only where that was asked for: neither questions, quotes nor the queries
of addresses are written else.
"""

from __future__ import annotations

import json
import sys
import threading
from datetime import UTC, datetime
from typing import Literal, TextIO

from qa_bot.callers import Caller, current_caller
from qa_bot.records import Answer
from qa_bot.serving.metrics import Visit

Logged = Literal["requests", "questions"]
"""What is written: requests and verdicts, or the questions with them."""
_LONGEST = 300  # characters of a path: it may be anything


class RequestLog:
    """Writes the lines; safe to use from several threads."""

    def __init__(self, logged: Logged, stream: TextIO = sys.stderr) -> None:
        self._with_questions = logged == "questions"
        self._stream, self._lock = stream, threading.Lock()

    def note_request(self, visit: Visit) -> None:
        """A request whose response has begun."""
        self._write(
            "request",
            method=visit.method,
            path=visit.path[:_LONGEST],
            status=visit.status,
            seconds=round(visit.seconds, 4),
            address=visit.address,
            **_named(visit.caller),
        )

    def note_answer(self, answer: Answer) -> None:
        """An answer that was given."""
        asked = {"question": answer.question} if self._with_questions else {}
        self._write(
            "answer",
            verdict=answer.verdict,
            confidence=round(answer.confidence, 4),
            **_named(current_caller.get()),
            **asked,
        )

    def _write(self, event: str, **told: object) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"at": at, "event": event, **told}, ensure_ascii=True)
        with self._lock:
            print(line, file=self._stream, flush=True)


def _named(caller: Caller | None) -> dict[str, str]:
    return {} if caller is None else {caller.kind: caller.name}
