"""Files → documents, parsed in parallel by worker processes with limits.

A file that crashes its parser, takes too long or needs too much memory costs
that file, with a reason; never the others, and never this process.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, astuple, dataclass, replace
from pathlib import Path
from typing import Any

from qa_bot.builds import Limits
from qa_bot.errors import UnreadableDocumentError
from qa_bot.loaders import worker
from qa_bot.loaders.containers import Finding, Known
from qa_bot.loaders.file_names import suffix_of
from qa_bot.members import is_container
from qa_bot.processes import start, stop
from qa_bot.records import Document


@dataclass(frozen=True, slots=True)
class Inside:
    """What became of a member of a file that holds others, or of such a file's own text."""

    file: str  # id of the file
    finding: Finding


@dataclass(frozen=True, slots=True)
class Through:
    """A file that holds others was gone through; everything in it was told before."""

    file: str


Outcome = Document | UnreadableDocumentError | Inside | Through

HELD = 50_000_000  # characters of documents that wait to be asked for; then reading pauses

_MEANWHILE = ("pages", "begun", "finding")  # in replies that others follow
_TICK = 0.2  # seconds
_ENDED = (-signal.SIGINT, -signal.SIGTERM, -signal.SIGKILL)  # by someone else
_CRASHES = (-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGTRAP, -signal.SIGILL)
_MOST_BROKEN = 20  # members that may break the process that reads them; then the file is left
_LARGE = 2**30  # bytes; a worker that grew so large makes way for a fresh one


def read_documents(
    files: Iterable[tuple[str, Path]],
    limits: Limits | None = None,
    processes: int | None = None,
    *,
    ocr: str | None = None,
    on_pages: Callable[[int], None] | None = None,
    known: Mapping[str, Known] | None = None,
) -> Iterator[Outcome]:
    """Read files and yield what became of each, as soon as it is read: in no certain order.

    Of a file that holds others come many: what lies ``Inside``, and at last that it is ``Through``,
    or can't be read.

    They are begun in their order, and reading goes on in the background while
    what was yielded is made use of.

    Args:
        files: ``(document id, path)`` of each.
        limits: What one file may cost.
        processes: How many to use; one for each core unless given.
        ocr: The languages in which pages without text are recognised, if at all.
        on_pages: Called with the number of pages read so far, from the caller's
            thread, before each yield and now and then while a file is waited for.
        known: What need not be read again of files that hold others, by their ids.
    """
    todo = deque(files)
    count, number = len(todo), min(processes or os.cpu_count() or 1, len(todo))
    workers = [_Worker(limits or Limits(), ocr, known or {}) for _ in range(number)]
    crew = _Crew(todo, workers)
    try:
        while count:
            outcome = crew.next()
            if on_pages is not None:
                on_pages(crew.pages)
            if outcome is not None:
                count -= not isinstance(outcome, Inside)
                yield outcome
    finally:
        crew.close()


class _Crew:
    """The workers, each with a thread that hands it files and waits for its answers."""

    def __init__(self, todo: deque[tuple[str, Path]], workers: Sequence[_Worker]) -> None:
        self._todo = todo
        self._workers = workers
        self._done: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._held = 0  # characters
        self._room = threading.Condition()
        self._threads = [
            threading.Thread(target=self._work, args=(one,), name="qa-bot-read", daemon=True)
            for one in workers
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pages(self) -> int:
        """How many pages were read so far."""
        return sum(one.pages for one in self._workers)

    def _work(self, one: _Worker) -> None:
        while not one.closed:
            try:
                document_id, path = self._todo.popleft()
            except IndexError:
                break
            for outcome in _read(one, document_id, path):
                self._done.put(outcome)
                with self._room:
                    self._held += _length(outcome)
                    self._room.wait_for(lambda: self._held < HELD or one.closed)
        one.close()

    def next(self) -> Outcome | None:
        """What became of another file; None where none is ready within a moment."""
        try:
            outcome = self._done.get(timeout=_TICK)
        except queue.Empty:
            return None
        with self._room:
            self._held -= _length(outcome)
            self._room.notify_all()
        return outcome

    def close(self) -> None:
        for one in self._workers:
            one.close()
        with self._room:
            self._room.notify_all()
        for thread in self._threads:
            thread.join()


def _read(one: _Worker, document_id: str, path: Path) -> Iterator[Outcome]:
    try:
        if is_container(document_id):
            yield from one.open(document_id, path)
        else:
            yield one.read(document_id, path)
    except Exception as error:  # noqa: BLE001 - no process could be started, or it spoke nonsense
        one.replace()
        why = " ".join(str(error).split()) or type(error).__name__
        yield UnreadableDocumentError(
            path, f"the process that reads it failed ({why})", transient=True
        )


class _Told:
    """What was told of a file's members before one of them broke the process."""

    def __init__(self) -> None:
        self.done: dict[str, str] = {}  # hashes of those that were read, by their ids
        self._seen: set[tuple[str, str]] = set()

    def is_new(self, finding: Finding) -> bool:
        """Whether a finding wasn't told before; it is from now on."""
        told = (finding.kind, finding.id)
        if told in self._seen or finding.id in self.done:
            return False
        self._seen.add(told)
        if finding.kind == "read" and finding.file_hash:
            self.done[finding.id] = finding.file_hash
        return True


def _stopped(path: Path) -> UnreadableDocumentError:
    return UnreadableDocumentError(path, "not read: the build was stopped", transient=True)


def _refused(path: Path, reply: worker.Reply) -> UnreadableDocumentError:
    return UnreadableDocumentError(path, reply["reason"], transient=bool(reply.get("transient")))


def _length(outcome: Outcome) -> int:
    document = outcome.finding.document if isinstance(outcome, Inside) else outcome
    return len(document.text) if isinstance(document, Document) else 0


class _Worker:
    """One worker process, started when it is first needed and replaced when a file breaks it."""

    def __init__(self, limits: Limits, ocr: str | None, known: Mapping[str, Known]) -> None:
        self.pages = 0  # read so far
        self._limits = limits
        self._ocr = ocr
        self._known = known
        self._scratch: Path | None = None  # where members lie while they are read
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self.closed = False

    def read(self, document_id: str, path: Path, *, second: bool = True) -> Outcome:
        """What becomes of a file; a PDF that crashes its parsers is tried again with one alone."""
        process = self._started()
        if process is None:
            return _stopped(path)
        before = self.pages
        reply = self._last(process, self._request(document_id, path) | {"second": second})
        if "document" in reply:
            return worker.from_json(reply["document"])
        if "reason" in reply:
            return _refused(path, reply)
        code = process.returncode
        if second and code in _CRASHES and path.suffix.lower() == ".pdf":
            self.pages = before
            return self.read(document_id, path, second=False)
        return UnreadableDocumentError(path, self._why(code), transient=code in _ENDED)

    def open(self, document_id: str, path: Path) -> Iterator[Outcome]:
        """What becomes of all that lies in a file; a member that breaks the process is left out."""
        known = self._known.get(document_id, Known())
        told = _Told()
        while (process := self._started()) is not None:
            begun, reply = "", dict[str, Any]()
            for reply in self._replies(process, self._inside(document_id, path, known, told)):
                begun = reply.get("begun", begun)
                if "finding" in reply:
                    finding = worker.finding_from_json(reply["finding"])
                    if told.is_new(finding):
                        yield Inside(document_id, finding)
            if "through" in reply or "reason" in reply:
                yield Through(document_id) if "through" in reply else _refused(path, reply)
                return
            code = process.returncode
            if code in _ENDED or not begun or len(known.broken) >= _MOST_BROKEN:
                yield UnreadableDocumentError(path, self._why(code), transient=code in _ENDED)
                return
            if code in _CRASHES and suffix_of(begun) == ".pdf" and begun not in known.alone:
                known = replace(known, alone=(*known.alone, begun))
            else:
                known = replace(known, broken={**known.broken, begun: self._why(code)})
        yield _stopped(path)

    def extract(self, document_id: str, path: Path, target: Path) -> None:
        """Write a member of a file to ``target``."""
        process = self._started()
        if process is None:
            raise _stopped(path)
        request = self._inside(document_id, path, Known(), _Told()) | {"target": str(target)}
        reply = self._last(process, request)
        if "through" not in reply:
            reason = reply.get("reason") or self._why(process.returncode)
            raise UnreadableDocumentError(path, reason)

    def _inside(self, document_id: str, path: Path, known: Known, told: _Told) -> worker.Request:
        """A request for what lies in a file."""
        known = replace(known, done=told.done)
        return self._request(document_id, path) | {"known": asdict(known)}

    def _last(self, process: subprocess.Popen[bytes], request: worker.Request) -> worker.Reply:
        """The last of the worker's replies."""
        return deque(self._replies(process, request), maxlen=1).pop()

    def _replies(
        self, process: subprocess.Popen[bytes], request: worker.Request
    ) -> Iterator[worker.Reply]:
        """The worker's replies; it is replaced where it died, or grew too large."""
        before, reply = self.pages, dict[str, Any]()
        for reply in _ask(process, request):
            if "pages" in reply:
                self.pages = before + reply["pages"][0]
            elif "begun" in reply:
                before = self.pages
            yield reply
        if not reply.keys().isdisjoint(_MEANWHILE) or not reply:
            self.replace()
            yield {}
        elif reply.get("bytes", 0) > _LARGE:
            self.replace()

    def _request(self, document_id: str, path: Path) -> worker.Request:
        self._scratch = self._scratch or Path(tempfile.mkdtemp(prefix="qa-bot-"))
        return {
            "path": os.fspath(path.absolute()),
            "id": document_id,
            "limits": astuple(self._limits),
            "ocr": self._ocr,
            "scratch": str(self._scratch),
        }

    def _started(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._process is None and not self.closed:
                self._process = _start()
            return None if self.closed else self._process

    def _why(self, code: int) -> str:
        if code == -signal.SIGALRM:
            return f"takes longer than {self._limits.seconds:g} s to read"
        return "crashed its parser, or needs more memory than there is"

    def replace(self) -> None:
        """End the process; the next file gets a new one."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            stop(process)
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = None

    def close(self) -> None:
        """End the process; a file that it is reading comes out as not read."""
        with self._lock:
            self.closed = True
        self.replace()


def extract_member(
    file: Path, document_id: str, target: Path, limits: Limits | None = None
) -> None:
    """Write a document that lies in a file to ``target``, by a process of its own.

    Args:
        file: The file of the documents folder that ``document_id`` begins with.
        document_id: The member's id.
        target: A file that is not there yet.
        limits: What it may cost.

    Raises:
        UnreadableDocumentError: It isn't in the file any more, or can't be had within the limits.
    """
    one = _Worker(limits or Limits(), None, {})
    try:
        one.extract(document_id, file, target)
    finally:
        one.close()


def _start() -> subprocess.Popen[bytes]:
    return start("qa_bot.loaders.worker")


def _ask(process: subprocess.Popen[bytes], request: worker.Request) -> Iterator[worker.Reply]:
    """The worker's replies, the last of which is the answer unless it died."""
    if process.stdin is None or process.stdout is None:
        return
    with suppress(OSError, ValueError):  # it died, or was closed meanwhile
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        while (line := process.stdout.readline()).endswith(b"\n"):
            reply = json.loads(line)
            yield reply
            if reply.keys().isdisjoint(_MEANWHILE):
                return
