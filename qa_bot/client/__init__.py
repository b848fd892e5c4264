"""A client of a server of qa_bot: the package's functions and records, over HTTP.

``Client`` blocks, ``AsyncClient`` is awaited; ``calls`` holds what both send. In flow questions,
out flow the same records that the package gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self, TypeVar

import httpx

from qa_bot.client import calls
from qa_bot.client.calls import IndexHealth, Listed, PermanentQuote
from qa_bot.errors import RemoteError
from qa_bot.pages.view import Box
from qa_bot.records import Answer, DocumentSummary, Excerpt, Hit, Section
from qa_bot.verification import Verification

__all__ = ["AsyncClient", "Client", "IndexHealth", "Listed", "PermanentQuote"]

_SECONDS = 60.0
_Reply = TypeVar("_Reply")


class Client:
    """Asks a server, as the package asks an index; safe to use from several threads.

    Every function raises ``UsageError`` where the call itself is wrong, and ``RemoteError``
    where the server refuses or can't be reached.

    Args:
        url: The server's address, as the page has it.
        token: From ``qa-bot token add``, where the server asks for log-ins.
        timeout: Seconds that a reply may take.
    """

    def __init__(self, url: str, token: str | None = None, timeout: float = _SECONDS) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        base = f"{url.rstrip('/')}/api/v1/"
        self._http = httpx.Client(base_url=base, headers=headers, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def retrieve(
        self, question: str, k: int = 5, documents: Sequence[str] | None = None
    ) -> list[Hit]:
        """The ``k`` passages nearest to a question, best first."""
        return list((self._send(calls.retrieve(question, k, documents))).hits)

    def answer(
        self,
        question: str,
        k: int = 5,
        documents: Sequence[str] | None = None,
        *,
        strictness: float | None = None,
        history: Sequence[tuple[str, str]] = (),
    ) -> Answer:
        """Quotes that answer a question or may answer it, or none: see ``qa_bot.answer``."""
        return self._send(calls.answer(question, k, documents, strictness, history))

    def verify(self, text: str, documents: Sequence[str] | None = None) -> Verification:
        """Whether a text stands in the documents word for word: see ``qa_bot.verify``."""
        return self._send(calls.verify(text, documents))

    def documents(self) -> tuple[DocumentSummary, ...]:
        """What is indexed, by document id."""
        found: list[DocumentSummary] = []
        after: str | None = ""
        while after is not None:
            listed = self._send(calls.documents(after))
            found += listed.documents
            after = listed.next
        return tuple(found)

    def document(self, document_id: str) -> DocumentSummary:
        """One document, without its text."""
        return self._send(calls.document(document_id))

    def sections(self, document_id: str) -> tuple[Section, ...]:
        """The document's sections, in reading order."""
        return (self._send(calls.sections(document_id))).sections

    def excerpt(self, document_id: str, start: int = 0, end: int | None = None) -> Excerpt:
        """What stands in a range of a document: 20,000 characters unless ``end`` is given."""
        return self._send(calls.excerpt(document_id, start, end))

    def page(self, document_id: str, number: int, width: int = 1_200) -> bytes:
        """A page of a PDF, from 1, as a PNG that is so many pixels wide."""
        return self._send(calls.page(document_id, number, width))

    def boxes(self, document_id: str, start: int, end: int) -> tuple[Box, ...]:
        """Where a span of a PDF's text stands on its pages; () where it can't be found there."""
        return (self._send(calls.boxes(document_id, start, end))).boxes

    def quote(self, digest: str, start: int, end: int) -> PermanentQuote:
        """What a permanent link leads to; 410 where the text has changed since, or is gone."""
        return self._send(calls.permanent(digest, start, end))

    def health(self) -> IndexHealth:
        """What is indexed, and what is wrong with any file."""
        return self._send(calls.health())

    def _send(self, call: calls.Call[_Reply]) -> _Reply:
        try:
            response = self._http.request(call.method, call.path, json=call.body, params=call.query)
        except httpx.HTTPError as error:
            raise RemoteError(0, "unreachable", f"The server can't be reached: {error}") from error
        if response.status_code != 200:
            raise calls.refused(response.status_code, response.content)
        return call.read(response.content)


class AsyncClient:
    """Like ``Client``, awaited."""

    def __init__(self, url: str, token: str | None = None, timeout: float = _SECONDS) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        base = f"{url.rstrip('/')}/api/v1/"
        self._http = httpx.AsyncClient(base_url=base, headers=headers, timeout=timeout)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def retrieve(
        self, question: str, k: int = 5, documents: Sequence[str] | None = None
    ) -> list[Hit]:
        """The ``k`` passages nearest to a question, best first."""
        return list((await self._send(calls.retrieve(question, k, documents))).hits)

    async def answer(
        self,
        question: str,
        k: int = 5,
        documents: Sequence[str] | None = None,
        *,
        strictness: float | None = None,
        history: Sequence[tuple[str, str]] = (),
    ) -> Answer:
        """Quotes that answer a question or may answer it, or none: see ``qa_bot.answer``."""
        return await self._send(calls.answer(question, k, documents, strictness, history))

    async def verify(self, text: str, documents: Sequence[str] | None = None) -> Verification:
        """Whether a text stands in the documents word for word: see ``qa_bot.verify``."""
        return await self._send(calls.verify(text, documents))

    async def documents(self) -> tuple[DocumentSummary, ...]:
        """What is indexed, by document id."""
        found: list[DocumentSummary] = []
        after: str | None = ""
        while after is not None:
            listed = await self._send(calls.documents(after))
            found += listed.documents
            after = listed.next
        return tuple(found)

    async def document(self, document_id: str) -> DocumentSummary:
        """One document, without its text."""
        return await self._send(calls.document(document_id))

    async def sections(self, document_id: str) -> tuple[Section, ...]:
        """The document's sections, in reading order."""
        return (await self._send(calls.sections(document_id))).sections

    async def excerpt(self, document_id: str, start: int = 0, end: int | None = None) -> Excerpt:
        """What stands in a range of a document: 20,000 characters unless ``end`` is given."""
        return await self._send(calls.excerpt(document_id, start, end))

    async def page(self, document_id: str, number: int, width: int = 1_200) -> bytes:
        """A page of a PDF, from 1, as a PNG that is so many pixels wide."""
        return await self._send(calls.page(document_id, number, width))

    async def boxes(self, document_id: str, start: int, end: int) -> tuple[Box, ...]:
        """Where a span of a PDF's text stands on its pages; () where it can't be found there."""
        return (await self._send(calls.boxes(document_id, start, end))).boxes

    async def quote(self, digest: str, start: int, end: int) -> PermanentQuote:
        """What a permanent link leads to; 410 where the text has changed since, or is gone."""
        return await self._send(calls.permanent(digest, start, end))

    async def health(self) -> IndexHealth:
        """What is indexed, and what is wrong with any file."""
        return await self._send(calls.health())

    async def _send(self, call: calls.Call[_Reply]) -> _Reply:
        try:
            response = await self._http.request(
                call.method, call.path, json=call.body, params=call.query
            )
        except httpx.HTTPError as error:
            raise RemoteError(0, "unreachable", f"The server can't be reached: {error}") from error
        if response.status_code != 200:
            raise calls.refused(response.status_code, response.content)
        return call.read(response.content)
