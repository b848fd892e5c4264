"""The index behind the page: brought up to date in the background, swapped when it is rebuilt."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import qa_bot
from qa_bot import callers
from qa_bot.asking.answering import check_strictness
from qa_bot.building.changes import Options
from qa_bot.builds import Progress
from qa_bot.errors import (
    IndexDamagedError,
    IndexModelError,
    ModelError,
    NoDocumentsError,
    QaBotError,
)
from qa_bot.models.reader import DEFAULT_READER, Reader, warm
from qa_bot.records import Answer
from qa_bot.sharding.upkeep import bring_up_to_date, place_of
from qa_bot.web.leasing import Holdings as Holdings  # noqa: PLC0414 - where others have it from
from qa_bot.web.leasing import Lease, holdings_of
from qa_bot.web.leasing import Status as Status  # noqa: PLC0414 - likewise
from qa_bot.web.originals import Originals
from qa_bot.web.owner import Owner
from qa_bot.web.replying import Reply, reply_of
from qa_bot.web.starting_points import answered
from qa_bot.web.uploads import Uploads

if TYPE_CHECKING:
    from qa_bot import Index
    from qa_bot.models.embedding import Embedder

_BROKEN = "Something went wrong; the terminal that runs the chat shows what."
_CANCELLED = "Cancelled: answers come from the index as it was, and a rebuild goes on from here."
_NOT_YET = "The index is being made: try again once it is there."
_PATIENCE = 3.0  # seconds of a first build after which an index of before is opened, if there is
_RETRY = 0.5  # seconds between looks at whether there is something to answer from already
_LOOK = 0.2  # seconds between looks at whether a waiting question is still wanted


class CancelledError(Exception):
    """Someone who waited for it did not want it any more."""


class Service:
    """Answers from one snapshot of the index while another is being built.

    Safe to use from several threads. Nothing here is written to disk except
    the index itself; questions are not kept.
    """

    def __init__(  # noqa: PLR0913 - each is an option of the command
        self,
        documents: Path,
        index: Path,
        model: str | Embedder | None = None,
        ocr: str | None = None,
        *,
        reader: Reader | None = DEFAULT_READER,
        strictness: float | None = None,
        allow_uploads: bool = False,
        owner: Owner | None = None,
    ) -> None:
        check_strictness(strictness)
        self.on_answer: Callable[[Answer], None] = lambda _: None  # told of each answer
        waiting = Uploads(documents, index / "uploads")  # deletes what an earlier chat left
        self.owner = owner  # adds files, and only that; None where nobody is known to be
        self.is_open = allow_uploads  # whether all visitors may add, replace and delete documents
        self.uploads = waiting if allow_uploads or owner is not None else None  # None: nobody may
        self.originals = Originals(documents)
        self._documents = documents
        self._index = index
        self._model = model
        self.cluster = ""  # HOST:PORT of the Ray cluster that has the shards; set before use
        self._ocr = ocr
        self._reader = reader
        self._strictness = strictness
        self._cancelled = False
        self._lock = threading.Lock()
        self._swapping = threading.Lock()
        self._status = Status("starting")
        self._running = False
        self._again = False
        self._from_scratch = False
        self._lease: Lease | None = None
        self._questions: tuple[str, ...] = ()
        self._offered_by: Lease | None = None  # the index that answers them
        self._settled = threading.Event()
        self._next_try = 0.0  # by time.monotonic(), to open what is there while it is brought up

    @property
    def status(self) -> Status:
        """The state of things now, as far as who asks may see it; never changes once returned."""
        folders = callers.folders()
        status = self._status
        return status if folders is None else self._limited(status, folders)

    def _limited(self, status: Status, folders: tuple[str, ...]) -> Status:
        holdings = None
        with suppress(QaBotError), self._leased() as lease:
            holdings = lease.within(folders)[1]
        return status.within(folders, holdings)

    def refresh(self, *, requested: bool, changed: bool | None = None) -> bool:
        """Start to bring the index up to date, in the background.

        Args:
            requested: Whether someone asked for it: only then is "no file has changed" news.
            changed: Whether a file is known to have changed just now, so that a build which
                is under way may have missed it; unless given, where nobody asked.

        Returns:
            False if that is under way already: then nothing is started.
        """
        with self._lock:
            if self._running:
                self._again |= not requested if changed is None else changed
                return False
            self._running = True
            if self._lease is None:
                self._settled.clear()  # a question had better wait: there is nothing to ask yet
                self._next_try = time.monotonic() + _PATIENCE
            self._cancelled = False
            self._status = Status(
                "building",
                holdings=self._status.holdings,
                requested=requested,
                is_first=self._lease is None,
            )
        threading.Thread(target=self._refresh, name="qa-bot-index", daemon=True).start()
        return True

    @property
    def held(self) -> frozenset[str]:
        """The documents of the index that answers now, by id."""
        holdings = self.status.holdings
        return frozenset(one.id for one in holdings.documents) if holdings else frozenset()

    @property
    def questions(self) -> tuple[str, ...]:
        """Questions to begin with that the whole index answers."""
        whole = callers.folders() is None and self._offered_by is self._lease
        return self._questions if whole else ()

    @property
    def is_settled(self) -> bool:
        """Whether questions are answered, or refused, without waiting for the first index."""
        return self._settled.is_set()

    @property
    def adding(self) -> Literal["everybody", "owner", "nobody"]:
        """Who may add files on the page, as far as who asks may."""
        if not callers.may("add"):
            return "nobody"
        return "everybody" if self.is_open else "nobody" if self.owner is None else "owner"

    def cancel(self) -> None:
        """Let the build that is under way end at its next report; what it did is kept for later.

        One that was asked for meanwhile is done all the same.
        """
        self._cancelled = True

    @property
    def documents(self) -> Path:
        """The folder of the documents."""
        return self._documents

    def original(self, document_id: str) -> Path | None:
        """The file that holds just this document: see ``Originals``."""
        return self.originals.file(document_id)

    @property
    def folder(self) -> Path:
        """The folder of the index."""
        return self._index

    @property
    def reader(self) -> Reader | None:
        """What reads the passages."""
        return self._reader

    @property
    def strictness(self) -> float | None:
        """The confidence that an answer must have."""
        return self._strictness

    def ask(
        self,
        question: str,
        documents: Collection[str] | None = None,
        wanted: Callable[[], bool] = lambda: True,
        history: Sequence[qa_bot.Turn] = (),
    ) -> Reply:
        """Answer from the current snapshot; while the first one is being made, wait for it.

        Args:
            question: In plain words.
            documents: Only from these; None means all. Those no longer there are passed over.
            wanted: Asked now and then whether there is any use in waiting.
            history: What the same visitor asked before, oldest first.

        Raises:
            CancelledError: It isn't wanted any more.
            QaBotError: There is no index to answer from, or the core says why not.
        """
        while not self._settled.wait(_LOOK):
            if not wanted():
                raise CancelledError
        with self.snapshot() as index:
            if documents is not None:
                documents = sorted(index.held(documents))
            answer = qa_bot.answer(
                question,
                index,
                documents=documents,
                reader=self._reader,
                strictness=self._strictness,
                history=history,
            )
            self.on_answer(answer)
            return reply_of(answer, index)

    @contextmanager
    def snapshot(self) -> Iterator[Index]:
        """The index that answers now, as far as who asks may see it (see ``callers``).

        It stays open until the caller is done with it. What another process has built
        meanwhile is seen.

        Raises:
            QaBotError: There is none, or none yet.
        """
        self.notice_other_builds()
        folders = callers.folders()
        with self._leased() as lease:
            yield lease.index if folders is None else lease.within(folders)[0]

    @contextmanager
    def _leased(self) -> Iterator[Lease]:
        with self._lock:
            lease = self._lease
            if lease is None:
                limited = callers.folders() is not None
                raise QaBotError((not limited and self._status.problem) or _NOT_YET)
            lease.users += 1
        try:
            yield lease
        finally:
            with self._lock:
                lease.users -= 1
                last_out = lease.retired and lease.users == 0
            if last_out:
                lease.index.close()

    def notice_other_builds(self) -> None:
        """Answer from the index that another process has built meanwhile."""
        lease = self._lease
        if self._running or lease is None or not lease.index.is_outdated():
            return
        with self._swapping:
            lease = self._lease
            if self._running or lease is None or not lease.index.is_outdated():
                return  # somebody else was quicker
            # A build of our own waits for the swap, so that an older index can't replace its own.
            with suppress(QaBotError, RuntimeError, OSError):  # the older one goes on answering
                self._swap()

    def _refresh(self) -> None:
        while True:
            problem = self._refresh_once()
            with self._lock:
                again, self._again = self._again, False
                self._cancelled &= not again
                self._running = again
                activity: Literal["building", "idle"] = "building" if again else "idle"
                self._status = replace(
                    self._status, activity=activity, progress=None, problem=problem
                )
                self._settled.set()
            if not again:
                return

    def _refresh_once(self) -> str:
        """Bring the index up to date, and return what went wrong, if anything."""
        problem = ""
        try:
            problem = self._build()
            with self._swapping:
                self._status = replace(self._status, activity="opening", progress=None)
                if self._is_behind():
                    self._swap()
            self._settled.set()  # questions needn't wait for those that are offered
            self._offer_questions()
        except QaBotError as error:
            problem = problem or str(error)
        except Exception:
            # A thread's error is seen by nobody: the page has to say that there was one.
            logging.getLogger(__name__).exception("the index could not be brought up to date")
            problem = _BROKEN
        return problem

    def _offer_questions(self) -> None:
        """Find out which questions to begin with are answered; no others are shown."""
        with self._leased() as lease:
            index = lease.index
            if lease is self._offered_by:
                return
            ask = partial(qa_bot.answer, reader=self._reader, strictness=self._strictness)
            self._questions = answered(index, lambda question: ask(question, index))
            self._offered_by = lease

    def _build(self) -> str:
        """Build, and return why it failed, if it did: an older index can still be opened then."""
        try:
            receipt = bring_up_to_date(
                self._documents,
                self._index,
                model=self._model,
                options=Options(
                    self._from_scratch, None, self._ocr, self._note_progress, early=True
                ),
                cluster=self.cluster,
            )
        except CancelledError:
            self._status = replace(self._status, receipt=None, note=_CANCELLED)
            return ""
        except NoDocumentsError as error:
            self._status = replace(self._status, is_empty=True)
            if self._lease is None:
                return str(error)  # it is watched until there is something
            return f"{error} Then press “Documents” and “Rebuild index”."
        except (IndexDamagedError, IndexModelError) as error:
            self._from_scratch = True  # the only errors that this cures
            return f"{error} “Rebuild index” does that too."
        except QaBotError as error:
            return str(error)
        self._from_scratch = False
        earlier = self._status.receipt  # of the build that this one follows at once
        if receipt.nothing_changed and earlier is not None:
            receipt = replace(earlier, health=receipt.health)
        news = self._status.requested or not receipt.nothing_changed
        self._status = replace(self._status, receipt=receipt if news else None)
        return ""

    def _note_progress(self, progress: Progress) -> None:
        self._status = replace(self._status, progress=progress)
        if self._cancelled and progress.stage != "saving":
            raise CancelledError
        if self._lease is None and time.monotonic() >= self._next_try:
            # What an earlier build left, or this one has published early, answers meanwhile.
            with suppress(QaBotError, OSError, RuntimeError):
                self._swap()
                self._settled.set()
            self._next_try = time.monotonic() + _RETRY

    def _is_behind(self) -> bool:
        """Whether there is anything to open that isn't open yet."""
        with self._lock:
            lease, holdings = self._lease, self._status.holdings
            receipt = self._status.receipt
        if lease is None or holdings is None or lease.index.is_outdated():
            return True
        return receipt is not None and receipt.health != holdings.health

    def _swap(self) -> None:
        index = qa_bot.open_index(place_of(self._index, self.cluster), model=self._model)
        try:
            index.warm()
            with suppress(ModelError):  # each answer says why it goes without the reader
                warm(self._reader)
            holdings = holdings_of(index)
        except BaseException:
            index.close()
            raise
        with self._lock:
            old = self._lease
            self._lease = Lease(index, earlier=dict(old.limited) if old is not None else {})
            self._status = replace(self._status, holdings=holdings)
            unused = old is not None and old.users == 0
            if old is not None:
                old.retired = True
        if old is not None and unused:
            old.index.close()
        index.shed_log()
