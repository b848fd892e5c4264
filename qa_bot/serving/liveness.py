"""Whether the server lives, and whether it can answer: for whatever watches over it."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.responses import JSONResponse, Response

from qa_bot.errors import QaBotError
from qa_bot.serving.desk import Desk
from qa_bot.serving.problems import problem


def add_liveness(app: FastAPI, desk: Desk) -> None:
    """``/health/live``, open to everyone, and ``/health/ready``."""

    @app.get("/health/live")
    async def live() -> Response:  # in no thread: those may all be taken by questions
        return JSONResponse({"status": "live"})

    @app.get("/health/ready")
    def ready() -> Response:
        try:
            with desk.snapshot():
                return JSONResponse({"status": "ready"})
        except QaBotError:
            return problem(503, "not-yet", "The index isn't there yet.", {"Retry-After": "2"})
