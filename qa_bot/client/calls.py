"""Each function of a client as the request that it sends and how its reply is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar, cast
from urllib.parse import quote as percent_encoded

from qa_bot.errors import EmptyQuestionError, RemoteError, UsageError
from qa_bot.pages.view import Box
from qa_bot.records import Answer, DocumentSummary, Excerpt, Health, Hit, Page, Section
from qa_bot.verification import Verification

Reply = TypeVar("Reply")
Reader = Callable[[bytes], Reply]


@dataclass(frozen=True, slots=True)
class PermanentQuote:
    """What a permanent link leads to: the very text that was cited, and where it stands now."""

    document_id: str
    title: str
    section: tuple[str, ...]
    pages: tuple[Page, ...]
    digest: str
    start: int
    end: int
    text: str
    link: str
    stale: bool


@dataclass(frozen=True, slots=True)
class IndexHealth:
    """What the server's index holds, and what is wrong with any file."""

    documents: int
    passages: int
    model: str
    built_at: str
    health: Health


@dataclass(frozen=True, slots=True)
class Listed:
    """Documents by id; ``next`` is what to pass as ``after`` for those that follow."""

    documents: tuple[DocumentSummary, ...]
    total: int
    next: str | None


@dataclass(frozen=True, slots=True)
class _Hits:
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class _Sections:
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class _Boxes:
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Call(Generic[Reply]):
    """A request below the server's address, and how the body of its reply is read."""

    method: str
    path: str
    read: Reader[Reply]
    body: Mapping[str, Any] | None = None
    query: Mapping[str, str | int] | None = None


def retrieve(question: str, k: int, documents: Sequence[str] | None) -> Call[_Hits]:
    """The passages nearest to a question."""
    body = {"question": question, "k": k, "documents": _listed(documents)}
    return Call("POST", "retrieve", _reading(_Hits), body)


def answer(
    question: str,
    k: int,
    documents: Sequence[str] | None,
    strictness: float | None,
    history: Sequence[tuple[str, str]] = (),
) -> Call[Answer]:
    """An answer."""
    body = {
        "question": question,
        "k": k,
        "documents": _listed(documents),
        "strictness": strictness,
        "history": [{"question": question, "text": text} for question, text in history],
    }
    return Call("POST", "answer", _reading(Answer), body)


def verify(text: str, documents: Sequence[str] | None) -> Call[Verification]:
    """Whether a text is a quote."""
    body = {"text": text, "documents": _listed(documents)}
    return Call("POST", "verify", _reading(Verification), body)


def documents(after: str) -> Call[Listed]:
    """Documents, a page of them."""
    return Call("GET", "documents", _reading(Listed), query={"after": after, "limit": 1_000})


def document(document_id: str) -> Call[DocumentSummary]:
    """One document."""
    return Call("GET", _of(document_id), _reading(DocumentSummary))


def sections(document_id: str) -> Call[_Sections]:
    """A document's sections."""
    return Call("GET", f"{_of(document_id)}/sections", _reading(_Sections))


def excerpt(document_id: str, start: int, end: int | None) -> Call[Excerpt]:
    """A part of a document's text."""
    query = {"start": start} if end is None else {"start": start, "end": end}
    return Call("GET", f"{_of(document_id)}/text", _reading(Excerpt), query=query)


def page(document_id: str, number: int, width: int) -> Call[bytes]:
    """A page as a PNG."""
    path = f"{_of(document_id)}/pages/{number}.png"
    return Call("GET", path, bytes, query={"width": width})


def boxes(document_id: str, start: int, end: int) -> Call[_Boxes]:
    """Where a span stands on the pages of a PDF."""
    query = {"start": start, "end": end}
    return Call("GET", f"{_of(document_id)}/boxes", _reading(_Boxes), query=query)


def permanent(digest: str, start: int, end: int) -> Call[PermanentQuote]:
    """What a permanent link leads to."""
    return Call("GET", f"quotes/{digest}:{start}-{end}", _reading(PermanentQuote))


def health() -> Call[IndexHealth]:
    """What the index holds."""
    return Call("GET", "health", _reading(IndexHealth))


def refused(status: int, body: bytes) -> Exception:
    """The error that a reply without success stands for."""
    told: dict[str, Any] = {}
    with suppress(ValueError):  # a proxy's page, say
        told = _adapter(dict[str, Any]).validate_json(body)
    kind = str(told.get("type", "")).rpartition(":")[2]
    detail = " ".join(str(told.get("detail", f"The server answered with {status}.")).split())
    if kind == "empty-question":
        return EmptyQuestionError()
    if kind in ("malformed", "wrong-usage"):
        faults = "; ".join(f"{one['where']}: {one['what']}" for one in told.get("faults", []))
        return UsageError(f"{detail} {faults}".strip())
    return RemoteError(status, kind, detail)


def _reading(kind: type[Reply]) -> Reader[Reply]:
    def read(body: bytes) -> Reply:
        try:
            found: Reply = _adapter(cast("type", kind)).validate_json(body)
        except ValueError as error:
            raise RemoteError(200, "unreadable", "The server's reply can't be read.") from error
        return found

    return read


@cache
def _adapter(kind: type) -> Any:  # noqa: ANN401 - of whatever type it is for
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _of(document_id: str) -> str:
    return f"documents/{percent_encoded(document_id, safe='/')}"


def _listed(names: Sequence[str] | None) -> list[str] | None:
    return None if names is None else list(names)
