"""``/api/v1``: the package's functions over HTTP, for programs.

Nothing here writes. A document's id is part of the path, slashes and all.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Header, Query
from fastapi import Path as InPath
from starlette.responses import JSONResponse, Response

import qa_bot
from qa_bot.errors import UnknownDocumentError, UnreadableDocumentError
from qa_bot.pages.view import PageViewer
from qa_bot.records import DocumentSummary, Excerpt, Page
from qa_bot.serving import shapes
from qa_bot.serving.desk import Desk, ask, innermost, parse_permanent, permanent
from qa_bot.serving.problems import MEDIA_TYPE, ProblemDetails, ProblemError, add_handlers
from qa_bot.store.opening import Index
from qa_bot.web.links import SourceLink, link_query
from qa_bot.web.pictures import picture

_DESCRIPTION = (
    "Answers questions about documents by quoting them: each answer is a passage, verbatim, with "
    "the sentence that answers marked and a citation. Offsets are code points of the document's "
    "text, and ends are exclusive. Errors are problem details (RFC 9457)."
)
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    code: {"model": ProblemDetails, "description": what}
    for code, what in (
        (400, "The body is no JSON."),
        (401, "Who asks isn't known: a token is needed where log-ins are."),
        (403, "Who asks may not do this."),
        (404, "No such document, page or quote, or none that the caller may see."),
        (408, "The request didn't come to its end."),
        (413, "The body is longer than is taken."),
        (422, "The request isn't as it has to be."),
        (429, "Too many requests: see Retry-After."),
        (503, "The index isn't ready, or too many are asking: see Retry-After."),
    )
}
_GONE: dict[int | str, dict[str, Any]] = {
    410: {"model": ProblemDetails, "description": "The text has changed since, or is gone."}
}
_READ = 20_000  # characters of a text that are read unless more are asked for
_LARGEST = 10**9

Id = Annotated[str, InPath(max_length=1_024, description="A document's id, slashes and all.")]
Start = Annotated[int, Query(ge=0, le=_LARGEST, description="The first code point.")]
End = Annotated[int, Query(ge=0, le=_LARGEST, description="The one after the last.")]


def create_api(desk: Desk, viewer: PageViewer) -> FastAPI:
    """The application to mount at ``/api/v1``."""
    api = FastAPI(
        title="qa_bot",
        version=qa_bot.__version__,
        description=_DESCRIPTION,
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
        responses=_PROBLEMS,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    add_handlers(api)
    _add_questions(api, desk)
    _add_documents(api, desk)
    _add_places(api, desk, viewer)
    described = api.openapi

    def openapi() -> dict[str, Any]:
        return _as_problems(described())

    api.openapi = openapi  # type: ignore[method-assign]
    return api


def _as_problems(told: dict[str, Any]) -> dict[str, Any]:
    """The description, in which errors are of the media type that problems have."""
    for path in told["paths"].values():
        for operation in path.values():
            for code, response in operation["responses"].items():
                if code >= "400" and "application/json" in response.get("content", {}):
                    response["content"] = {MEDIA_TYPE: response["content"]["application/json"]}
    return told


def _add_questions(api: FastAPI, desk: Desk) -> None:
    @api.post("/retrieve", response_model=shapes.RETRIEVED, tags=["questions"])
    def retrieve(asked: shapes.RetrieveRequest) -> Response:
        """The passages nearest to a question, best first."""
        with desk.snapshot() as index:
            hits = qa_bot.retrieve(asked.question, index, k=asked.k, documents=asked.documents)
            digests = index.digests({hit.passage.document_id for hit in hits})
        return JSONResponse({"hits": shapes.told_hits(hits, digests)})

    @api.post("/answer", response_model=shapes.ANSWER, tags=["questions"])
    def answer(asked: shapes.AnswerRequest) -> Response:
        """One to three quotes that answer or may answer a question, or none."""
        with desk.snapshot() as index:
            reply = ask(
                desk,
                index,
                asked.question,
                k=asked.k,
                documents=asked.documents,
                strictness=asked.strictness,
                history=[(one.question, one.text) for one in asked.history],
            )
            return JSONResponse(shapes.told_answer(reply, index))

    @api.post("/verify", response_model=shapes.VERIFICATION, tags=["questions"])
    def verify(asked: shapes.VerifyRequest) -> Response:
        """Whether a text stands in the documents word for word, nearly, or nowhere."""
        with desk.snapshot() as index:
            found = qa_bot.verify(asked.text, index, asked.documents)
        return JSONResponse(shapes.told_verification(found))


def _add_documents(api: FastAPI, desk: Desk) -> None:
    @api.get("/documents", response_model=shapes.Listed, tags=["documents"])
    def documents(
        after: Annotated[str, Query(max_length=1_024)] = "",
        limit: Annotated[int, Query(ge=1, le=shapes.MOST_LISTED)] = 100,
    ) -> Response:
        """What is indexed, by id."""
        with desk.snapshot() as index:
            found = index.documents()
        page = [one for one in found if one.id > after][: limit + 1]
        follows = page[limit - 1].id if len(page) > limit else None
        listed = [asdict(one) for one in page[:limit]]
        return JSONResponse({"documents": listed, "total": len(found), "next": follows})

    @api.get(
        "/documents/{document_id:path}/sections", response_model=shapes.Outline, tags=["documents"]
    )
    def sections(document_id: Id) -> Response:
        """A document's sections."""
        with desk.snapshot() as index:
            found = [asdict(one) for one in index.sections(document_id)]
            digest = _digest(index, document_id)
        told = {"document_id": document_id, "digest": digest, "sections": found}
        return JSONResponse(told)

    @api.get("/documents/{document_id:path}/text", response_model=Excerpt, tags=["documents"])
    def text(document_id: Id, start: Start = 0, end: End | None = None) -> Response:
        """A part of a document's text, with its blocks, pages and tables."""
        with desk.snapshot() as index:
            excerpt = index.excerpt(document_id, start, _end(start, end))
        return JSONResponse(asdict(excerpt))

    @api.get("/health", response_model=shapes.IndexHealth, tags=["server"])
    def health() -> Response:
        """What is indexed, and what is wrong with any file."""
        with desk.snapshot() as index:
            told = {
                "documents": len(index.documents()),
                "passages": index.passage_count,
                "model": index.model,
                "built_at": index.built_at,
                "health": asdict(index.health()),
            }
        return JSONResponse(told)


def _add_places(api: FastAPI, desk: Desk, viewer: PageViewer) -> None:
    @api.get(
        "/documents/{document_id:path}/pages/{number}.png",
        response_class=Response,
        responses={
            200: {"content": {"image/png": {}}, "description": "The page."},
            304: {"description": "It is the picture that has one of those ETags."},
        },
        tags=["places"],
    )
    def page(
        document_id: Id,
        number: Annotated[int, InPath(ge=1, le=_LARGEST)],
        width: Annotated[int, Query(ge=100, le=3_600, description="In pixels.")] = 1_200,
        if_none_match: Annotated[str, Header(description="ETags of those that one has.")] = "",
    ) -> Response:
        """A page of a PDF as a picture, or 304 for one that is had already."""
        with desk.snapshot() as index:
            _current(index, document_id)
        return picture(viewer, _file(desk, document_id), number, width, "png", if_none_match)

    @api.get(
        "/documents/{document_id:path}/boxes",
        response_model=shapes.Boxes,
        responses=_GONE,
        tags=["places"],
    )
    def boxes(document_id: Id, start: Start, end: End) -> Response:
        """Where a span of a PDF's or a picture's text stands on its pages."""
        with desk.snapshot() as index:
            _current(index, document_id)
            excerpt = index.excerpt(document_id, start, _end(start, end))
            pages = sorted({one.page.number for one in excerpt.page_spans})
            scans = index.scans(document_id, pages)
        if not pages or not excerpt.text:
            raise ProblemError(422, "no-page", "It is not known on which page this stands.")
        found = viewer.boxes(_file(desk, document_id), pages, excerpt.text, scans=scans)
        return JSONResponse(
            {
                "document_id": document_id,
                "digest": excerpt.digest,
                "start": excerpt.start,
                "end": excerpt.end,
                "boxes": [asdict(box) for box in found.whole],
            }
        )

    @api.get(
        "/quotes/{digest}:{start}-{end}",
        response_model=shapes.Permanent,
        responses=_GONE,
        tags=["places"],
    )
    def quote(
        digest: Annotated[str, InPath(pattern="^[0-9a-f]{16}$")],
        start: Annotated[int, InPath(ge=0, le=_LARGEST)],
        end: Annotated[int, InPath(ge=0, le=_LARGEST)],
    ) -> Response:
        """What a permanent link to a quote leads to: the very text that was cited, or 410."""
        with desk.snapshot() as index:
            return JSONResponse(_permanent(index, f"{digest}:{start}-{end}"))

    # Last: it takes every path below.
    @api.get("/documents/{document_id:path}", response_model=DocumentSummary, tags=["documents"])
    def document(document_id: Id) -> Response:
        """One document, without its text."""
        with desk.snapshot() as index:
            found = next((one for one in index.documents() if one.id == document_id), None)
        if found is None:
            raise UnknownDocumentError(document_id)
        return JSONResponse(asdict(found))


def _permanent(index: Index, link: str) -> dict[str, Any]:
    parts = parse_permanent(link)
    if parts is None:
        raise ProblemError(422, "malformed", "The span is empty or too long.")
    named, excerpt = permanent(index, *parts)
    if named is None:
        raise ProblemError(404, "unknown-quote", "No text of this index has that digest.")
    if named.state != "current":
        raise ProblemError(
            410,
            f"quote-{named.state}",
            "The document has changed since." if named.state == "changed" else "It is gone.",
            document_id=named.document_id,
        )
    if excerpt is None:
        raise ProblemError(404, "unknown-quote", "The text ends before that.")
    section = innermost(index.sections(named.document_id, parts[1:]), parts[1])
    shown: list[Page] = [one.page for one in excerpt.page_spans]
    return {
        "document_id": named.document_id,
        "title": excerpt.title,
        "section": section.path,
        "pages": [asdict(one) for one in shown],
        "digest": excerpt.digest,
        "start": excerpt.start,
        "end": excerpt.end,
        "text": excerpt.text,
        "link": link_query(SourceLink(*parts, document_id=named.document_id)),
        "stale": bool(index.stale([named.document_id])),
    }


def _end(start: int, end: int | None) -> int:
    if end is None:
        return start + _READ
    if not start <= end <= start + shapes.MOST_TEXT:
        most = f"{shapes.MOST_TEXT:,}"
        raise ProblemError(422, "malformed", f"A span of at most {most} characters, please.")
    return end


def _digest(index: Index, document_id: str) -> str:
    return index.digests([document_id])[document_id]


def _file(desk: Desk, document_id: str) -> Path:
    try:
        file = desk.original(document_id)
    except UnreadableDocumentError as error:
        raise ProblemError(422, "no-page", "It can't be taken out of its file.") from error
    if file is None:
        raise ProblemError(404, "no-file", "The file isn't there, or the index has none.")
    return file


def _current(index: Index, document_id: str) -> None:
    """Refuse what isn't indexed, or whose file is no longer what was indexed."""
    if not index.held([document_id]):
        raise UnknownDocumentError(document_id)
    if index.stale([document_id]):
        raise ProblemError(410, "changed", "The file has changed since it was indexed.")
