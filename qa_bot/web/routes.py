"""What the page asks for outside Gradio: files of documents, drawn pages of PDFs, uploads."""

from __future__ import annotations

import mimetypes
from typing import Annotated

from fastapi import FastAPI, Header, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import FileResponse, PlainTextResponse, Response

from qa_bot.callers import may
from qa_bot.errors import QaBotError, UnreadableDocumentError
from qa_bot.members import own_name
from qa_bot.pages.view import PageViewer
from qa_bot.web import sources
from qa_bot.web.owner import Owner
from qa_bot.web.pictures import picture
from qa_bot.web.service import Service
from qa_bot.web.uploads import RefusedError, Uploads

_SHOWN = ("application/pdf", "text/plain")  # by the browser; anything else it only saves
_WIDEST = 3_600  # pixels


def add_routes(app: FastAPI, service: Service, viewer: PageViewer) -> None:
    """Serve documents that are indexed, and nothing else of the folder they are in."""

    @app.get("/file/{document_id:path}")
    def original(document_id: str) -> Response:
        try:
            file = sources.original(service, document_id)
        except UnreadableDocumentError as error:
            return PlainTextResponse(f"The file can't be had: {error.reason}.", 404)
        except QaBotError as error:
            return PlainTextResponse(str(error), 503)
        if file is None:
            return PlainTextResponse("Not among the documents, or gone since.", 404)
        kind = mimetypes.guess_type(named := own_name(document_id))[0] or "application/octet-stream"
        # A file is not to be trusted with this page's origin: markup is never shown as such.
        if kind in ("text/markdown", "text/csv"):
            kind = "text/plain"
        shown = kind in _SHOWN
        return FileResponse(
            file,
            media_type=kind,
            filename=named,
            content_disposition_type="inline" if shown else "attachment",
        )

    @app.get("/page/{digest}/{number}")
    def drawn(
        digest: str,
        number: int,
        width: int = 1_200,
        document: Annotated[str, Query(alias="in")] = "",
        if_none_match: Annotated[str, Header()] = "",
    ) -> Response:
        try:
            with service.snapshot() as index:
                named = index.named(digest, document)
            if named is None or named.state != "current":
                return PlainTextResponse("Not among the documents, or changed since.", 404)
            file = service.originals.file(named.document_id)
            if file is None:
                return PlainTextResponse("Not among the documents, or changed since.", 404)
            pixels = min(max(width, 100), _WIDEST)
            return picture(viewer, file, number, pixels, "webp", if_none_match)
        except QaBotError as error:
            return PlainTextResponse(str(error), 404)


def add_upload_routes(app: FastAPI, uploads: Uploads, owner: Owner | None = None) -> None:
    """Receive files, one in the body of each request; the answer is what each waits under.

    Gradio's own route would change their names, and leaves what is cut short.
    Where there is an owner, nobody else may send any.
    """

    @app.post("/owner")
    async def admit(request: Request) -> PlainTextResponse:
        """The owner's key that lasts, for one that opened the page; nothing for anyone else."""
        return PlainTextResponse(owner.admit(request.headers) if owner is not None else "")

    @app.post("/upload")
    async def upload(request: Request, name: str, size: int = 0) -> Response:
        if not may("add"):
            return PlainTextResponse("Only an editor may add files.", 403)
        if owner is not None and not owner.is_asking(request.headers):
            return PlainTextResponse("Only who started the chat may add files.", 403)
        try:
            with uploads.receive(name, size) as incoming:
                async for chunk in request.stream():
                    await run_in_threadpool(incoming.write, chunk)
        except RefusedError as error:
            return PlainTextResponse(str(error), 422)
        except ClientDisconnect:
            return PlainTextResponse("Cut short.", 400)
        except OSError as error:
            return PlainTextResponse(f"The file can't be kept: {error.strerror}.", 507)
        return PlainTextResponse(incoming.token)
