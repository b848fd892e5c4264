"""The two shapes that other tools speak: OpenAI's vector store search, and chat completions.

Nothing is generated: a completion's message is the quotes in Markdown, with their citations as
annotations. The last message of the user is the question, which may lean on what was asked and
said before; what systems and tools say changes nothing, and images are refused, never fetched.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import qa_bot
from qa_bot.keeping.citing import markdown_citation, markdown_quote
from qa_bot.markdown import markdown_text
from qa_bot.records import Answer, Citation, Hit, Quote
from qa_bot.serving.desk import Desk, ask
from qa_bot.serving.problems import MEDIA_TYPE, ProblemError, add_handlers
from qa_bot.serving.security import route_path
from qa_bot.serving.shapes import MOST_CHARACTERS, MOST_PASSAGES, citation_link
from qa_bot.store.opening import Index
from qa_bot.telling import lacking
from qa_bot.web.links import link_query, quote_link

MODEL = "qa_bot"
STORE = "documents"
_MOST_MESSAGES = 100
_LONGEST = 50_000  # characters of one message; earlier ones may be whole answers
_MOST_QUERIES = 5
_Text = Annotated[str, Field(max_length=_LONGEST)]
_Query = Annotated[str, Field(max_length=MOST_CHARACTERS)]


class _Taken(BaseModel):
    model_config = ConfigDict(extra="ignore")  # temperature and the like change nothing


class Part(_Taken):
    """A part of a message: text, or what is refused."""

    type: Annotated[str, Field(max_length=50)]
    text: _Text = ""


class Said(_Taken):
    """What somebody said."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: _Text | Annotated[list[Part], Field(max_length=50)] | None = None


class Completion(_Taken):
    """A conversation whose last question is to be answered."""

    model: Annotated[str, Field(max_length=200)] = MODEL
    messages: list[Said] = Field(min_length=1, max_length=_MOST_MESSAGES)
    stream: bool = False


class Searched(_Taken):
    """A query for the store, or several whose results are put together."""

    query: _Query | Annotated[list[_Query], Field(min_length=1, max_length=_MOST_QUERIES)]
    max_num_results: Annotated[int, Field(ge=1, le=MOST_PASSAGES)] = 10
    filters: None = None  # not known; to pass over one would give what it was to keep out


def create_openai(desk: Desk) -> FastAPI:
    """The application to mount at ``/v1``."""
    app = FastAPI(openapi_url=None)
    add_handlers(app)

    model = {"id": MODEL, "object": "model", "created": 0, "owned_by": MODEL}

    @app.get("/models")
    def models() -> Response:
        return JSONResponse({"object": "list", "data": [model]})

    @app.get(f"/models/{MODEL}")
    def the_model() -> Response:
        return JSONResponse(model)

    @app.post("/chat/completions")
    def complete(asked: Completion, request: Request) -> Response:
        question, history = _conversation(asked.messages)
        with desk.snapshot() as index:
            reply = ask(desk, index, question, history=history)
        text, annotations = _told(reply, _base(request))
        if asked.stream:
            pieces = _streamed(asked.model, text, annotations)
            return StreamingResponse(pieces, media_type="text/event-stream")
        message = {"role": "assistant", "content": text, "annotations": annotations}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
        return JSONResponse(
            {**_head(asked.model, "chat.completion"), "choices": [choice], "usage": usage}
        )

    @app.post("/vector_stores/{store}/search")
    def search(store: str, asked: Searched) -> Response:
        if store != STORE:
            raise ProblemError(404, "unknown-store", f"There is one store: {STORE}.")
        queries = [asked.query] if isinstance(asked.query, str) else asked.query
        with desk.snapshot() as index:
            hits = _found(index, queries, asked.max_num_results)
            digests = index.digests({hit.passage.document_id for hit in hits})
        data = [
            {
                "file_id": digests[hit.passage.document_id],
                "filename": hit.passage.document_id,
                "score": hit.score,
                "attributes": {
                    "title": hit.passage.title,
                    "section": " › ".join(hit.passage.section),
                    "start": hit.passage.start,
                    "end": hit.passage.end,
                },
                "content": [{"type": "text", "text": hit.passage.text}],
            }
            for hit in hits
        ]
        return JSONResponse(
            {
                "object": "vector_store.search_results.page",
                "search_query": queries,
                "data": data,
                "has_more": False,
                "next_page": None,
            }
        )

    return app


class OpenAIErrors:
    """Wraps the application: problems of these shapes also have what OpenAI's clients show."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and what comes of it."""
        if scope["type"] != "http" or not route_path(scope).startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        held: Message | None = None

        async def send_both(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start":
                if Headers(raw=message["headers"]).get("content-type") == MEDIA_TYPE:
                    held = message  # its length is known once its body is
                    return
            elif held is not None:
                begun, held = held, None
                body = _with_error(message["body"])
                MutableHeaders(raw=begun["headers"])["content-length"] = str(len(body))
                await send(begun)
                message = {**message, "body": body}
            await send(message)

        await self._app(scope, receive, send_both)


def _with_error(problem: bytes) -> bytes:
    told = json.loads(problem)
    faults = [f"{one['where']}: {one['what']}" for one in told.get("faults", ())]
    said = " ".join([told["detail"], *faults])
    told["error"] = {"message": said, "type": told["type"], "param": None, "code": None}
    return json.dumps(told).encode()


def _found(index: Index, queries: Sequence[str], most: int) -> list[Hit]:
    """The passages nearest to any of the queries, best first, each once."""
    best: dict[tuple[str, int], Hit] = {}
    for query in queries:
        for hit in qa_bot.retrieve(query, index, k=most):
            place = hit.passage.document_id, hit.passage.start
            best[place] = max(hit, best.get(place, hit), key=lambda one: one.score)
    return sorted(best.values(), key=lambda one: -one.score)[:most]


def _conversation(messages: list[Said]) -> tuple[str, list[tuple[str, str]]]:
    """The last question, and those before it, each with what was said to it."""
    turns: list[tuple[str, str]] = []
    for one in messages:
        if one.role == "user":
            turns.append((_words(one), ""))
        elif one.role == "assistant" and turns:
            turns[-1] = turns[-1][0], f"{turns[-1][1]}\n\n{_words(one)}".strip()
    if not turns:
        raise ProblemError(422, "malformed", "There is no message of a user to answer.")
    turns.pop()
    question = _text(next(one for one in reversed(messages) if one.role == "user"))
    if len(question) > MOST_CHARACTERS:
        raise ProblemError(422, "malformed", f"A question of at most {MOST_CHARACTERS:,}, please.")
    return question, [(asked[:MOST_CHARACTERS], said) for asked, said in turns]


def _text(message: Said) -> str:
    parts = message.content if isinstance(message.content, list) else []
    if any(part.type not in ("text", "input_text") for part in parts):
        raise ProblemError(422, "no-pictures", "Only text is read: no pictures, sounds or files.")
    return _words(message)


def _words(message: Said) -> str:
    """What of a message is text."""
    if message.content is None or isinstance(message.content, str):
        return message.content or ""
    return "\n".join(part.text for part in message.content)


def _told(reply: Answer, base: str) -> tuple[str, list[dict[str, Any]]]:
    """The message in Markdown, and for each quote where in it it stands and where it leads."""
    text = f"Understood as: {markdown_text(reply.understood_as)}" if reply.understood_as else ""
    if reply.navigation:
        places = [f"- {_place(one, base)}" for one in reply.places]
        text += "\n\n" if text else ""
        text += "\n\n".join(filter(None, (markdown_text(reply.message), "\n".join(places))))
    elif not reply.found:
        text += "\n\n" if text else ""
        text += "This may answer it:" if reply.quotes else "Nothing here answers this clearly."
        if absent := lacking(reply):
            text += f"\n\nNothing here mentions: {', '.join(absent)}."
        if reply.unknown_words:
            text += f"\n\nNo document mentions: {', '.join(reply.unknown_words)}."
    annotations = []
    for quote in reply.quotes:
        text += "\n\n" if text else ""
        url = base + link_query(quote_link(quote))
        shown = _markdown(quote, url)
        cited = {
            "url": url,
            "title": str(quote.citation),
            "start_index": len(text),
            "end_index": len(text) + len(shown),
        }
        annotations.append({"type": "url_citation", "url_citation": cited})
        text += shown
    return text, annotations


def _markdown(quote: Quote, url: str) -> str:
    marked = [(start - quote.start, end - quote.start) for start, end in quote.marked]
    return markdown_quote(quote.text, quote.citation, marked, url)


def _place(place: Citation, base: str) -> str:
    return markdown_citation(place, base + citation_link(place))


def _streamed(model: str, text: str, annotations: list[dict[str, Any]]) -> Iterator[str]:
    head = _head(model, "chat.completion.chunk")
    for delta, finish in (
        ({"role": "assistant", "content": text}, None),
        ({"annotations": annotations}, None),
        ({}, "stop"),
    ):
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        yield f"data: {json.dumps({**head, 'choices': [choice]}, ensure_ascii=False)}\n\n"
    yield "data: [DONE]\n\n"


def _head(model: str, kind: str) -> dict[str, Any]:
    number = f"chatcmpl-{uuid.uuid4().hex}"
    return {"id": number, "object": kind, "created": int(time.time()), "model": model}


def _base(request: Request) -> str:
    """The page's address: what this is mounted in."""
    base = str(request.base_url)
    return base.removesuffix("v1/")
