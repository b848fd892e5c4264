"""The index behind the page: brought up to date in the background, swapped when it is rebuilt."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import qa_bot
from qa_bot.errors import IndexDamagedError, IndexModelError, QaBotError
from qa_bot.records import Answer, Document, Problem, Progress, Receipt
from qa_bot.web.links import SourceLink

if TYPE_CHECKING:
    from qa_bot import Index

_STARTING_POINTS = 6
_DOCUMENTS_FOR_STARTING_POINTS = 12
_BROKEN = "Something went wrong; the terminal that runs the chat shows what."


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the index that answers now holds."""

    documents: int
    passages: int
    indexed_at: str  # ISO 8601, UTC: of the document read last
    problems: tuple[Problem, ...]
    starting_points: tuple[str, ...]  # headings of the documents' own sections


@dataclass(frozen=True, slots=True)
class Status:
    """What the page says about the index, at one moment."""

    activity: Literal["starting", "building", "opening", "idle"] = "idle"
    progress: Progress | None = None  # of the build; None before its first report and after it
    holdings: Holdings | None = None  # None while there is nothing to answer from
    receipt: Receipt | None = None  # of the last build, if it succeeded and has news
    problem: str = ""  # why the last build failed: one line, with what to do

    @property
    def busy(self) -> bool:
        """Whether the index is being brought up to date, or the model loaded."""
        return self.activity != "idle"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with the documents its passages stand in, by id, all of one snapshot."""

    answer: Answer
    documents: dict[str, Document]


@dataclass(slots=True)
class _Lease:
    """An open index and how many questions are using it; closed by the last one out."""

    index: Index
    users: int = 0
    retired: bool = False


class Service:
    """Answers from one snapshot of the index while another is being built.

    Safe to use from several threads. Nothing here is written to disk except
    the index itself; questions are not kept.
    """

    def __init__(self, documents: Path, index: Path, model: str | None = None) -> None:
        self._documents = documents
        self._index = index
        self._model = model
        self._lock = threading.Lock()
        self._status = Status("starting")
        self._running = False
        self._from_scratch = False
        self._lease: _Lease | None = None
        self._started = threading.Event()

    @property
    def status(self) -> Status:
        """The state of things now; never changes once returned."""
        return self._status

    def refresh(self) -> bool:
        """Start to bring the index up to date, in the background.

        Returns:
            False if that is under way already: then nothing is started.
        """
        with self._lock:
            if self._running:
                return False
            self._running = True
            self._status = Status("building", holdings=self._status.holdings)
        threading.Thread(target=self._refresh, name="qa-bot-index", daemon=True).start()
        return True

    def ask(self, question: str) -> Reply:
        """Answer from the current snapshot, waiting for the first one.

        Raises:
            QaBotError: There is no index to answer from, or the core says why not.
        """
        self._started.wait()
        with self._snapshot() as index:
            answer = qa_bot.answer(question, index)
            ids = {hit.passage.document_id for hit in answer.hits}
            ids.update(quote.citation.document_id for quote in answer.quotes)
            return Reply(answer, {name: index.document(name) for name in ids})

    def source(self, link: SourceLink) -> Document | None:
        """The document a link points into, or None where its text is no longer the one indexed.

        Raises:
            QaBotError: There is no index.
        """
        self._started.wait()
        with self._snapshot() as index:
            # The file may have been renamed since: its text tells it apart, not its name.
            names = [doc.id for doc in index.documents() if doc.digest == link.digest]
            if link.document_id in names:
                names = [link.document_id]
            document = index.document(names[0]) if names else None
            return document if document is not None and link.fits(document) else None

    @contextmanager
    def _snapshot(self) -> Iterator[Index]:
        with self._lock:
            lease = self._lease
            if lease is None:
                raise QaBotError(self._status.problem)
            lease.users += 1
        try:
            yield lease.index
        finally:
            with self._lock:
                lease.users -= 1
                last_out = lease.retired and lease.users == 0
            if last_out:
                lease.index.close()

    def _refresh(self) -> None:
        problem = ""
        try:
            problem = self._build()
            self._swap()
        except QaBotError as error:
            problem = problem or str(error)
        except Exception:
            # A thread's error is seen by nobody: the page has to say that there was one.
            logging.getLogger(__name__).exception("the index could not be brought up to date")
            problem = _BROKEN
        with self._lock:
            self._running = False
            self._status = replace(self._status, activity="idle", progress=None, problem=problem)
        self._started.set()

    def _build(self) -> str:
        """Build, and return why it failed, if it did: an older index can still be opened then."""
        try:
            receipt = qa_bot.build_index(
                self._documents,
                self._index,
                model=self._model,
                rebuild=self._from_scratch,
                on_progress=self._note_progress,
            )
        except QaBotError as error:
            # Only these two are cured by building everything anew; the next press does that.
            self._from_scratch = isinstance(error, IndexDamagedError | IndexModelError)
            return str(error)
        self._from_scratch = False
        # At the start nobody asked: that no file has changed is no news then.
        news = self._lease is not None or not receipt.nothing_changed
        self._status = replace(self._status, receipt=receipt if news else None)
        return ""

    def _note_progress(self, progress: Progress) -> None:
        self._status = replace(self._status, progress=progress)

    def _swap(self) -> None:
        self._status = replace(self._status, activity="opening", progress=None)
        index = qa_bot.open_index(self._index, model=self._model)
        try:
            index.warm()
            holdings = _holdings(index)
        except BaseException:
            index.close()
            raise
        with self._lock:
            old, self._lease = self._lease, _Lease(index)
            self._status = replace(self._status, holdings=holdings)
            unused = old is not None and old.users == 0
            if old is not None:
                old.retired = True
        if old is not None and unused:
            old.index.close()


def _holdings(index: Index) -> Holdings:
    documents = index.documents()
    return Holdings(
        documents=len(documents),
        passages=index.passage_count,
        indexed_at=max((document.indexed_at for document in documents), default=""),
        problems=index.problems(),
        starting_points=_starting_points(
            [index.document(document.id) for document in documents[:_DOCUMENTS_FOR_STARTING_POINTS]]
        ),
    )


def _starting_points(documents: list[Document]) -> tuple[str, ...]:
    """Section headings to begin with: a few of each document, in reading order.

    Of each document its outermost headings with two words or more: "Introduction"
    asks nothing. A heading above all others is the title, so the next level counts.
    """
    per_document = max(1, -(-_STARTING_POINTS // max(1, len(documents))))
    points: dict[str, None] = {}
    for document in documents:
        paths = [section.path for section in document.sections if section.path]
        top = [path for path in paths if len(path) == 1]
        level = 2 if len(top) == 1 and len(paths) > 1 else 1
        headings = [path[-1].strip() for path in paths if len(path) == level]
        wordy = [heading for heading in headings if " " in heading and len(heading) <= 90]
        points.update(dict.fromkeys(wordy[:per_document]))
    return tuple(points)[:_STARTING_POINTS]
