"""The MCP server: tools that only read, for agents; over stdio, or as a part of the web server.

Each gives text and structured content, with a resource link for each quote. What fails is an
error that says why, and never an empty list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar

from fastapi import FastAPI
from mcp import MCPError
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceNotFoundError, ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import (
    INVALID_PARAMS,
    CallToolResult,
    ContentBlock,
    ResourceLink,
    TextContent,
    ToolAnnotations,
)
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

import qa_bot
from qa_bot.callers import current_caller
from qa_bot.errors import QaBotError
from qa_bot.records import Section
from qa_bot.serving import tool_shapes as shapes
from qa_bot.serving.desk import Desk, ask, innermost, parse_permanent, permanent
from qa_bot.serving.problems import of_error, problem
from qa_bot.serving.shapes import (
    MOST_CHARACTERS,
    MOST_DOCUMENTS,
    MOST_TURNS,
    MOST_VERIFIED,
    Name,
    Said,
)
from qa_bot.store.opening import Index

_INSTRUCTIONS = (
    "Quotes the user's own documents. Prefer answer_question: it gives verbatim quotes with "
    "citations, and says whether they answer (verdict). search_documents gives what is merely "
    "near. Quote exactly, cite as told, and check with verify_quote what you are about to quote."
)
_READS = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
_MOST_TEXT = 20_000  # characters of a section that are given at once
_MOST_LISTED = 500
_MOST_SEARCHED = 20

Question = Annotated[
    str, Field(min_length=1, max_length=MOST_CHARACTERS, description="In plain words.")
]
Documents = Annotated[
    list[Name] | None,
    Field(max_length=MOST_DOCUMENTS, description="Only from these: exact document ids or folders."),
]
Model = TypeVar("Model", bound=BaseModel)
Tool = Callable[..., Any]


def create_tools(desk: Desk) -> MCPServer:
    """The server, with its tools and resources; run it over stdio, or mount it."""
    server = MCPServer(
        "qa-bot",
        title="qa_bot",
        instructions=_INSTRUCTIONS,
        version=qa_bot.__version__,
        log_level="WARNING",
        subscriptions=False,
        middleware=[_as_caller],
    )
    _add_asking(server, desk)
    _add_verifying(server, desk)
    _add_reading(server, desk)
    _add_contract(server, desk)
    _add_resource(server, desk)
    return server


def add_http(app: FastAPI, server: MCPServer) -> None:
    """Serve the tools at ``/mcp``; ``server.session_manager`` has to run meanwhile.

    Each request stands for itself: nothing is streamed, and no session outlives its caller.
    """
    unguarded = TransportSecuritySettings(enable_dns_rebinding_protection=False)  # ours does that
    served = server.streamable_http_app(
        json_response=True, stateless_http=True, transport_security=unguarded
    )

    @app.get("/mcp")
    def no_stream() -> Response:
        """Nothing is ever said unasked; an open stream would keep a place from those who ask."""
        return problem(405, "no-stream", "There is no stream here: POST.", {"Allow": "POST"})

    app.router.routes.extend(served.routes)


async def _as_caller(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Let a tool know who asks: it may run in a task that isn't the request's."""
    if ctx.method == "prompts/get":  # else the SDK takes the client's mistake for one of ours
        raise MCPError(INVALID_PARAMS, "There are no prompts.")
    request = ctx.request
    caller = request.scope.get("qa_bot.caller") if isinstance(request, Request) else None
    token = current_caller.set(caller)
    try:
        return await call_next(ctx)
    finally:
        current_caller.reset(token)


def _add_asking(server: MCPServer, desk: Desk) -> None:
    @server.tool(title="Search documents", annotations=_READS)
    def search_documents(
        query: Question,
        context: Context,
        limit: Annotated[int, Field(ge=1, le=_MOST_SEARCHED)] = 5,
        documents: Documents = None,
    ) -> Annotated[CallToolResult, shapes.Passages]:
        """The passages of the user's documents nearest to a query, verbatim, with citations."""
        with _told(desk) as index:
            found = _search(index, query, limit, documents, _base(context))
        return _result(
            shapes.Passages(passages=found), found, "\n\n".join(map(shapes.shown, found))
        )

    @server.tool(title="Answer a question", annotations=_READS)
    def answer_question(
        question: Question,
        context: Context,
        documents: Documents = None,
        history: Annotated[
            list[Said],
            Field(max_length=MOST_TURNS, description="Questions before, that it may lean on."),
        ] = [],  # noqa: B006 - never changed; the schema shows it
    ) -> Annotated[CallToolResult, shapes.ToolAnswer]:
        """Verbatim quotes that answer a question, with citations, and how sure that is.

        Verdicts: "answered"; "possible": the quotes may answer, read them; "absent": nothing in
        the documents answers this clearly.
        """
        with _told(desk) as index:
            said_before = [(one.question, one.text) for one in history]
            reply = ask(desk, index, question, documents=documents, history=said_before)
            quotes = [shapes.found_quote(one, index, _base(context)) for one in reply.quotes]
        told = shapes.ToolAnswer(
            verdict=reply.verdict,
            confidence=reply.confidence,
            quotes=quotes,
            missing=list(reply.missing),
            unknown_words=list(reply.unknown_words),
            searched_too=list(reply.searched_too),
            understood_as=reply.understood_as,
            message=reply.message,
            places=[str(one) for one in reply.places],
            warning=reply.warning,
        )
        return _result(told, quotes, shapes.above(reply) + "\n\n".join(map(shapes.shown, quotes)))


def _add_verifying(server: MCPServer, desk: Desk) -> None:
    @server.tool(title="Verify a quote", annotations=_READS)
    def verify_quote(
        text: Annotated[
            str, Field(min_length=1, max_length=MOST_VERIFIED, description="The claimed quote.")
        ],
        context: Context,
        documents: Documents = None,
    ) -> Annotated[CallToolResult, shapes.QuoteCheck]:
        """Whether a text stands in the user's documents word for word, nearly, or nowhere."""
        with _told(desk) as index:
            found = qa_bot.verify(text, index, documents)
        matches = [shapes.found_match(one, text, _base(context)) for one in found.matches]
        told = shapes.QuoteCheck(verdict=found.verdict, matches=matches)
        said = {
            "verified": "Verified: it stands there word for word.",
            "near": "Not verified: something near stands there.",
            "absent": "Not verified: it stands nowhere in the documents.",
        }[found.verdict]
        lines = [said]
        for one in matches:
            lines += [f"“{one.text}”", f"— {one.citation} ({one.document_id})", *one.differences]
        links = [
            ResourceLink(uri=one.uri, name=one.citation, mime_type="text/plain") for one in matches
        ]
        content: list[ContentBlock] = [TextContent(text="\n".join(lines)), *links]
        return CallToolResult(content=content, structured_content=told.model_dump(mode="json"))


def _add_reading(server: MCPServer, desk: Desk) -> None:
    @server.tool(title="Read a section", annotations=_READS)
    def read_section(
        document_id: Name,
        section: Annotated[
            list[str] | None,
            Field(max_length=50, description="Headings, outermost first; none: the document."),
        ] = None,
        start: Annotated[
            int | None,
            Field(ge=0, description="Read from here; without a section, the one around it."),
        ] = None,
    ) -> Annotated[CallToolResult, shapes.SectionText]:
        """The text of a section of a document, verbatim, with the sections below it."""
        with _told(desk) as index:
            sections = index.sections(document_id)
            at = _named(sections, section, start)
            first = at.start if start is None else start
            excerpt = index.excerpt(document_id, first, min(at.end, first + _MOST_TEXT))
        below = [
            one
            for one in sections
            if one.path[:-1] == at.path and one.path and at.start <= one.start and one.end <= at.end
        ]
        told = shapes.SectionText(
            document_id=document_id,
            title=excerpt.title,
            section=list(at.path),
            digest=excerpt.digest,
            start=excerpt.start,
            end=excerpt.end,
            text=excerpt.text,
            next_start=excerpt.end if excerpt.end < at.end else None,
            sections=[list(one.path) for one in below],
        )
        return _result(told, [], excerpt.text)

    @server.tool(title="List documents", annotations=_READS)
    def list_documents(
        after: Annotated[str, Field(max_length=1_024)] = "",
        limit: Annotated[int, Field(ge=1, le=_MOST_LISTED)] = 100,
    ) -> Annotated[CallToolResult, shapes.DocumentList]:
        """The user's documents, by id; folders are part of the ids."""
        with _told(desk) as index:
            found = index.documents()
        page = [one for one in found if one.id > after][: limit + 1]
        listed = [
            shapes.ListedDocument(
                document_id=one.id,
                title=one.title,
                digest=one.digest,
                characters=one.characters,
                pages=one.pages,
                language=one.language,
                indexed_at=one.indexed_at,
            )
            for one in page[:limit]
        ]
        follows = listed[-1].document_id if len(page) > limit else None
        told = shapes.DocumentList(documents=listed, total=len(found), next_after=follows)
        lines = [f"{one.document_id}: {one.title}" for one in listed]
        return _result(told, [], "\n".join(lines) or "There are none.")


def _add_contract(server: MCPServer, desk: Desk) -> None:
    """``search`` and ``fetch`` as ChatGPT's connectors want them: one text of JSON."""

    @server.tool(title="Search", annotations=_READS)
    def search(
        query: Question, context: Context
    ) -> Annotated[CallToolResult, shapes.SearchResults]:
        """The ids of the passages nearest to a query, for fetch."""
        with _told(desk) as index:
            found = _search(index, query, 10, None, _base(context))
        results = [
            shapes.SearchResult(
                id=f"{one.digest}:{one.start}-{one.end}",
                title=one.citation,
                url=one.url or one.uri,
            )
            for one in found
        ]
        told = shapes.SearchResults(results=results)
        return _result(told, [], told.model_dump_json())

    @server.tool(title="Fetch", annotations=_READS)
    def fetch(
        id: Annotated[str, Field(max_length=100)],  # noqa: A002 - the contract's name
        context: Context,
    ) -> Annotated[CallToolResult, shapes.Fetched]:
        """A passage that search found, verbatim."""
        parts = parse_permanent(id)
        if parts is None:
            raise ToolError("That is no id that search gives: <digest>:<start>-<end>.")
        with _told(desk) as index:
            document_id, title, text = _at(index, parts)
        base = _base(context)
        told = shapes.Fetched(
            id=id,
            title=title,
            text=text,
            url=f"{base}?quote={id}" if base else shapes.uri_of(*parts),
            metadata={"document_id": document_id, "digest": parts[0]},
        )
        return _result(told, [], told.model_dump_json())


def _add_resource(server: MCPServer, desk: Desk) -> None:
    @server.resource(
        f"{shapes.SCHEME}://quote/{{digest}}/{{span}}",
        name="quote",
        title="A quote",
        description="A span of a document's text, by the digest of that text: the very words.",
        mime_type="text/plain",
    )
    def quote(digest: str, span: str) -> str:
        parts = parse_permanent(f"{digest}:{span}")
        if parts is None:
            raise ResourceNotFoundError("There is no such quote.")
        try:
            with _told(desk) as index:
                return _at(index, parts)[2]
        except ToolError as error:
            raise ResourceNotFoundError(str(error)) from error


@contextmanager
def _told(desk: Desk) -> Iterator[Index]:
    """The index; errors of the package are told to the model."""
    try:
        with desk.snapshot() as index:
            yield index
    except QaBotError as error:
        raise ToolError(of_error(error)[2]) from error


def _search(
    index: Index, query: str, limit: int, documents: Sequence[str] | None, base: str
) -> list[shapes.FoundPassage]:
    hits = qa_bot.retrieve(query, index, k=limit, documents=documents)
    digests = index.digests({hit.passage.document_id for hit in hits})
    if not hits:
        raise ToolError("There are no passages to search.")
    return [shapes.found_passage(hit, digests[hit.passage.document_id], base) for hit in hits]


def _at(index: Index, parts: tuple[str, int, int]) -> tuple[str, str, str]:
    """The document, where in it, and the text that a permanent link leads to."""
    named, excerpt = permanent(index, *parts)
    if named is None:
        raise ToolError("No document has a text of that digest.")
    if named.state != "current":
        raise ToolError(f"{named.document_id} has changed or gone since that was quoted.")
    if excerpt is None:
        raise ToolError("The text ends before that.")
    section = innermost(index.sections(named.document_id, parts[1:]), parts[1])
    title = " › ".join(dict.fromkeys((excerpt.title, *section.path)))
    return named.document_id, title, excerpt.text


def _named(sections: Sequence[Section], path: list[str] | None, start: int | None) -> Section:
    """The section of that path, or else the innermost one around a place, or the document."""
    if path:
        wanted = tuple(path)
        found = next((one for one in sections if one.path == wanted), None)
        if found is None:
            known = "; ".join(" › ".join(one.path) for one in sections[1:31])
            raise ToolError(f"There is no such section. There are: {known or 'none'}.")
        if start is not None and not found.start <= start < found.end:
            raise ToolError(f"That section goes from {found.start} to {found.end}.")
        return found
    if start is None:
        return sections[0]
    if start >= sections[0].end:
        raise ToolError(f"The document has {sections[0].end} characters.")
    return innermost([one for one in sections if start < one.end], start)


def _base(context: Context) -> str:
    """The page's address, where a page is served."""
    request = context.request_context.request
    return str(request.base_url) if isinstance(request, Request) else ""


def _result(told: BaseModel, linked: Sequence[shapes.FoundPassage], text: str) -> CallToolResult:
    links = [ResourceLink(uri=one.uri, name=one.citation, mime_type="text/plain") for one in linked]
    content: list[ContentBlock] = [TextContent(text=text), *links]
    return CallToolResult(content=content, structured_content=told.model_dump(mode="json"))
