"""The service behind the page: what waits, what is swapped, and what a failure leaves."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

import qa_bot
from qa_bot.building.changes import Options
from qa_bot.builds import Progress, Receipt
from qa_bot.errors import IndexDamagedError, IndexNotFoundError, NoDocumentsError, QaBotError
from qa_bot.records import Answer, Document, DocumentSummary, Health, Section
from qa_bot.web.service import CancelledError, Service

TIMEOUT = 10.0
TEXT = "Annual leave\n\nTwenty-five days."
DOCUMENT = Document(
    id="a.txt",
    title="A",
    text=TEXT,
    sections=(
        Section((), 0, len(TEXT)),
        Section(("Annual leave",), 0, len(TEXT)),
        Section(("Annual leave", "Carried over"), 14, len(TEXT)),
        Section(("Annual leave", "Introduction"), 14, len(TEXT)),
    ),
    blocks=(),
)


class FakeIndex:
    """An index that says whether it was closed."""

    model = "none"
    passage_count = 1
    built_at = "2026-01-02T03:04:05Z"

    def __init__(self, core: FakeCore) -> None:
        self.closed = False
        self._core, self._made_by = core, len(core.builds)

    def warm(self) -> None:
        """There is no model."""

    def close(self) -> None:
        """Remember it."""
        self.closed = True

    def documents(self) -> tuple[DocumentSummary, ...]:
        """The one document."""
        return (DocumentSummary("a.txt", "A", DOCUMENT.digest, 1, 1, 0, self.built_at),)

    def sections(self, document_id: str) -> tuple[Section, ...]:
        """Of the one document."""
        assert document_id == "a.txt"
        return DOCUMENT.sections

    def held(self, document_ids: Iterable[str]) -> set[str]:
        """The one document, if it is among them."""
        return {"a.txt"}.intersection(document_ids)

    def digests(self, document_ids: object) -> dict[str, str]:
        """Nothing is quoted."""
        assert not document_ids
        return {}

    def health(self) -> Health:
        """Nothing is wrong."""
        return Health()

    def is_outdated(self) -> bool:
        """After every later build, as if each had found something new."""
        return len(self._core.builds) > self._made_by

    def shed_log(self) -> None:
        """There is no log."""


class FakeCore:
    """The public functions the service calls, and what they were called with."""

    def __init__(self) -> None:
        self.opened: list[FakeIndex] = []
        self.builds: list[bool] = []  # whether each one was from scratch
        self.error: QaBotError | None = None
        self.may_build = threading.Event()
        self.may_build.set()
        self.asked_of: list[str] | None = None
        self.asking = threading.Event()
        self.may_answer = threading.Event()
        self.may_answer.set()

    def bring_up_to_date(self, *_: object, options: Options, **__: object) -> Receipt:
        """Wait until it may, then fail if it should."""
        assert self.may_build.wait(TIMEOUT)
        self.builds.append(options.rebuild)
        assert options.on_progress is not None
        options.on_progress(Progress("embedding"))
        if self.error is not None:
            raise self.error
        return Receipt((), (), (), (), (), Health(), 1, 1, 0, 0, 0.1)

    def open_index(self, folder: Path, **_: object) -> FakeIndex:
        """A new snapshot, if anything was ever built."""
        if self.error is not None and not self.opened:
            raise IndexNotFoundError(folder)
        self.opened.append(FakeIndex(self))
        return self.opened[-1]

    def answer(
        self, question: str, index: FakeIndex, documents: list[str] | None = None, **_: object
    ) -> Answer:
        """Wait until it may; the index must stay open meanwhile."""
        if question.startswith("What is said about"):  # to see whether it is one to begin with
            return Answer(question, False, 0.0, (), ())
        self.asked_of = documents
        self.asking.set()
        assert self.may_answer.wait(TIMEOUT)
        assert not index.closed, "a snapshot was closed while a question was in flight"
        return Answer(question, False, 0.0, (), ())


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch) -> FakeCore:
    fake = FakeCore()
    for name in ("open_index", "answer"):
        monkeypatch.setattr(qa_bot, name, getattr(fake, name))
    monkeypatch.setattr("qa_bot.web.service.bring_up_to_date", fake.bring_up_to_date)
    return fake


@pytest.fixture
def service(core: FakeCore) -> Service:  # noqa: ARG001 - it must be in place first
    return Service(Path("documents"), Path("index"), reader=None)


def settle(service: Service) -> None:
    """Wait until the service has nothing under way."""
    for thread in threading.enumerate():
        if thread.name == "qa-bot-index":
            thread.join(TIMEOUT)
    assert not service.status.busy


def in_background(function: Any, *args: object) -> threading.Thread:
    thread = threading.Thread(target=function, args=args)
    thread.start()
    return thread


def test_the_first_question_waits_for_the_index(core: FakeCore, service: Service) -> None:
    core.may_build.clear()
    service.refresh(requested=False)
    replies: list[object] = []
    asking = in_background(lambda: replies.append(service.ask("how long?")))
    assert not core.asking.wait(0.1)
    core.may_build.set()
    asking.join(TIMEOUT)
    assert len(replies) == 1


def test_only_one_rebuild_runs(core: FakeCore, service: Service) -> None:
    core.may_build.clear()
    assert service.refresh(requested=True)
    assert not service.refresh(requested=True)
    core.may_build.set()
    settle(service)
    assert core.builds == [False]


def test_a_question_in_flight_keeps_its_snapshot_through_a_rebuild(
    core: FakeCore, service: Service
) -> None:
    service.refresh(requested=False)
    settle(service)
    core.may_answer.clear()
    asking = in_background(service.ask, "how long?")
    assert core.asking.wait(TIMEOUT)
    service.refresh(requested=True)
    settle(service)
    old, new = core.opened
    assert not old.closed
    core.may_answer.set()
    asking.join(TIMEOUT)
    assert old.closed, "the last one out closes it"
    assert not new.closed


def test_an_unused_snapshot_is_closed_at_once(core: FakeCore, service: Service) -> None:
    for _ in range(2):
        service.refresh(requested=True)
        settle(service)
    assert [index.closed for index in core.opened] == [True, False]


def test_a_failed_rebuild_keeps_answering_and_says_what_to_do(
    core: FakeCore, service: Service
) -> None:
    service.refresh(requested=False)
    settle(service)
    core.error = NoDocumentsError("No documents in documents: put .txt files there.")
    service.refresh(requested=True)
    settle(service)
    assert "put .txt files there. Then press “Documents” and" in service.status.problem
    assert service.status.receipt is None
    assert service.ask("how long?").answer.question == "how long?"


def test_without_any_index_a_question_says_why(core: FakeCore, service: Service) -> None:
    core.error = NoDocumentsError("No documents in documents.")
    service.refresh(requested=False)
    with pytest.raises(QaBotError, match="No documents in documents"):
        service.ask("how long?")


def test_after_a_failed_start_a_question_waits_for_the_next_try(
    core: FakeCore, service: Service
) -> None:
    core.error = NoDocumentsError("No documents in documents.")
    service.refresh(requested=False)
    settle(service)
    core.error = None
    service.refresh(requested=True)
    assert service.ask("how long?").answer.question == "how long?"


def test_a_damaged_index_is_built_anew_at_the_next_press(core: FakeCore, service: Service) -> None:
    core.error = IndexDamagedError(Path("index"), "bad page")
    service.refresh(requested=False)
    settle(service)
    core.error = None
    for _ in range(2):
        service.refresh(requested=True)
        settle(service)
    assert core.builds == [False, True, False]


def test_that_nothing_changed_is_news_only_to_who_asked(service: Service) -> None:
    service.refresh(requested=False)
    settle(service)
    assert service.status.receipt is None
    service.refresh(requested=True)
    settle(service)
    assert service.status.receipt is not None


def test_a_cancelled_build_leaves_what_was_and_says_so(core: FakeCore, service: Service) -> None:
    service.refresh(requested=False)
    settle(service)
    core.may_build.clear()
    service.refresh(requested=True)
    service.cancel()
    core.may_build.set()
    settle(service)
    assert "Cancelled" in service.status.note
    assert service.status.problem == "", "a watcher would try again what failed"
    assert service.status.receipt is None
    assert service.ask("how long?").answer.question == "how long?"
    service.refresh(requested=True)
    settle(service)
    assert service.status.note == ""
    assert service.status.receipt is not None


def test_a_question_that_is_no_longer_wanted_waits_no_longer(
    core: FakeCore, service: Service
) -> None:
    core.may_build.clear()
    service.refresh(requested=False)
    with pytest.raises(CancelledError):
        service.ask("how long?", wanted=lambda: False)
    core.may_build.set()
    settle(service)


def test_only_documents_that_are_still_there_are_asked(core: FakeCore, service: Service) -> None:
    service.refresh(requested=False)
    service.ask("how long?", frozenset({"a.txt", "gone.txt"}))
    assert core.asked_of == ["a.txt"]
    service.ask("how long?")
    assert core.asked_of is None


def test_starting_points_are_headings_that_ask_something(service: Service) -> None:
    service.refresh(requested=False)
    settle(service)
    holdings = service.status.holdings
    assert holdings is not None
    (point,) = holdings.starting_points
    assert (point.heading, point.title) == ("Carried over", "A"), "below the title, two words"
    assert point.query.startswith(f"?quote={DOCUMENT.digest}:14-26&in=a.txt")


def test_an_unforeseen_error_is_shown_and_logged(
    core: FakeCore, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    core.error = RuntimeError("boom")  # type: ignore[assignment]
    service.refresh(requested=False)
    settle(service)
    assert "Something went wrong" in service.status.problem
    assert "boom" in caplog.text


def test_a_change_during_a_build_is_caught_by_another_one(core: FakeCore, service: Service) -> None:
    core.may_build.clear()
    assert service.refresh(requested=False)
    assert not service.refresh(requested=False), "as the watcher asks"
    assert not service.refresh(requested=True), "as the button asks"
    core.may_build.set()
    settle(service)
    assert len(core.builds) == 2


def test_nothing_is_opened_again_when_nothing_is_new(core: FakeCore, service: Service) -> None:
    service.refresh(requested=False)
    settle(service)
    core.builds.append(False)  # by another process: the open index is outdated
    service.ask("how long?")
    assert len(core.opened) == 2
    service.ask("how long?")
    assert len(core.opened) == 2
