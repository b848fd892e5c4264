"""Errors as problem details (RFC 9457): what happened and what to do, never how it came about."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from qa_bot.errors import (
    EmptyQuestionError,
    IndexBusyError,
    IndexStateError,
    ModelError,
    PageViewError,
    QaBotError,
    UnknownDocumentError,
    UsageError,
)

MEDIA_TYPE = "application/problem+json"
_WENT_WRONG = "Something went wrong here; the log of the server shows what."
_STATUS: tuple[tuple[type[QaBotError], int, str], ...] = (
    (EmptyQuestionError, 422, "empty-question"),
    (UnknownDocumentError, 404, "unknown-document"),
    (UsageError, 422, "wrong-usage"),
    (PageViewError, 422, "no-page"),
    (IndexBusyError, 503, "index-busy"),
    (IndexStateError, 503, "no-index"),
    (ModelError, 503, "no-model"),
    (QaBotError, 503, "not-yet"),
)
"""The first that fits counts."""
_AGAIN = "2"  # seconds after which what isn't ready yet may be asked again


class ProblemDetails(BaseModel):
    """Problem details as RFC 9457 has them."""

    type: str = Field(examples=["urn:qa-bot:problem:unknown-document"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["No document or folder 'a.pdf' in the index."])


class ProblemError(Exception):
    """Ends a request with a problem; ``kind`` is the end of its type's URN."""

    def __init__(self, status: int, kind: str, detail: str, **more: Any) -> None:  # noqa: ANN401
        super().__init__(detail)
        self.status, self.kind, self.detail, self.more = status, kind, detail, more


def problem(
    status: int,
    kind: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    **more: Any,  # noqa: ANN401 - members of the problem's own
) -> JSONResponse:
    """A response that tells of a problem."""
    told = {
        "type": f"urn:qa-bot:problem:{kind}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **more,
    }
    return JSONResponse(told, status, headers=headers, media_type=MEDIA_TYPE)


def of_error(error: QaBotError) -> tuple[int, str, str]:
    """The status, kind and detail that an error of the package is told with."""
    status, kind = next((code, kind) for cls, code, kind in _STATUS if isinstance(error, cls))
    if isinstance(error, UnknownDocumentError):
        return status, kind, str(error).partition(";")[0] + "."
    if isinstance(error, IndexStateError | ModelError):
        # The folders of the server are nobody's business; its log has them.
        logging.getLogger(__name__).warning("%s", error)
        return status, kind, "There is no index, or no model, to answer with at the moment."
    if kind == "not-yet":
        return status, kind, "The index can't be asked yet, or not now."
    return status, kind, str(error)


def add_handlers(app: FastAPI) -> None:
    """Let every error of an application end as a problem."""

    @app.exception_handler(ProblemError)
    async def told(_: Request, error: ProblemError) -> JSONResponse:
        return problem(error.status, error.kind, error.detail, **error.more)

    @app.exception_handler(QaBotError)
    async def ours(_: Request, error: QaBotError) -> JSONResponse:
        status, kind, detail = of_error(error)
        headers = {"Retry-After": _AGAIN} if status == 503 else None
        return problem(status, kind, detail, headers)

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: RequestValidationError) -> JSONResponse:
        faults = [
            {"where": "/".join(map(str, one["loc"])), "what": str(one["msg"])}
            for one in error.errors()[:20]
        ]
        return problem(422, "malformed", "The request isn't as it has to be.", faults=faults)

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> JSONResponse:
        kind = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
        return problem(error.status_code, kind, str(error.detail), error.headers)

    @app.exception_handler(Exception)
    async def unexpected(_: Request, error: Exception) -> JSONResponse:
        logging.getLogger(__name__).error("a request failed", exc_info=error)
        return problem(500, "went-wrong", _WENT_WRONG)
