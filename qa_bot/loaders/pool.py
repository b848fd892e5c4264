"""Files → documents, parsed in parallel by worker processes with limits.

A file that crashes its parser, takes too long or needs too much memory costs
that file, with a reason; never the others, and never this process.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path
from typing import Any

from qa_bot.builds import Limits
from qa_bot.errors import UnreadableDocumentError
from qa_bot.loaders import worker
from qa_bot.processes import start, stop
from qa_bot.records import Document

Outcome = Document | UnreadableDocumentError

HELD = 50_000_000  # characters of documents that wait to be asked for; then reading pauses

_TICK = 0.2  # seconds
_CRASHES = (-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGTRAP, -signal.SIGILL)
_LARGE = 2**30  # bytes; a worker that grew so large makes way for a fresh one


def read_documents(
    files: Iterable[tuple[str, Path]],
    limits: Limits | None = None,
    processes: int | None = None,
    *,
    ocr: str | None = None,
    on_pages: Callable[[int], None] | None = None,
) -> Iterator[Outcome]:
    """Read files and yield what became of each, as soon as it is read: in no certain order.

    They are begun in their order, and reading goes on in the background while
    what was yielded is made use of.

    Args:
        files: ``(document id, path)`` of each.
        limits: What one file may cost.
        processes: How many to use; one for each core unless given.
        ocr: The languages in which pages without text are recognised, if at all.
        on_pages: Called with the number of pages read so far, from the caller's
            thread, before each yield and now and then while a file is waited for.
    """
    todo = deque(files)
    count, number = len(todo), min(processes or os.cpu_count() or 1, len(todo))
    crew = _Crew(todo, [_Worker(limits or Limits(), ocr) for _ in range(number)])
    try:
        while count:
            outcome = crew.next()
            if on_pages is not None:
                on_pages(crew.pages)
            if outcome is not None:
                count -= 1
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
            outcome = _read(one, document_id, path)
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


def _read(one: _Worker, document_id: str, path: Path) -> Outcome:
    try:
        return one.read(document_id, path)
    except Exception as error:  # noqa: BLE001 - no process could be started, or it spoke nonsense
        one.replace()
        why = " ".join(str(error).split()) or type(error).__name__
        return UnreadableDocumentError(
            path, f"the process that reads it failed ({why})", transient=True
        )


def _length(outcome: Outcome) -> int:
    return len(outcome.text) if isinstance(outcome, Document) else 0


class _Worker:
    """One worker process, started when it is first needed and replaced when a file breaks it."""

    def __init__(self, limits: Limits, ocr: str | None) -> None:
        self.pages = 0  # read so far
        self._limits = limits
        self._ocr = ocr
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self.closed = False

    def read(self, document_id: str, path: Path, *, second: bool = True) -> Outcome:
        """What becomes of a file; a PDF that crashes its parsers is tried again with one alone."""
        process = self._started()
        if process is None:
            return UnreadableDocumentError(path, "not read: the build was stopped", transient=True)
        request: worker.Request = {
            "path": os.fspath(path.absolute()),
            "id": document_id,
            "limits": astuple(self._limits),
            "ocr": self._ocr,
            "second": second,
        }
        before = self.pages
        reply: dict[str, Any] = {}
        for reply in _ask(process, request):
            if "pages" in reply:
                self.pages = before + reply["pages"][0]
        if "document" in reply:
            if reply["bytes"] > _LARGE:
                self.replace()
            return worker.from_json(reply["document"])
        if "reason" in reply:
            passing = bool(reply.get("transient"))
            return UnreadableDocumentError(path, reply["reason"], transient=passing)
        self.replace()
        code = process.returncode
        if second and code in _CRASHES and path.suffix.lower() == ".pdf":
            self.pages = before
            return self.read(document_id, path, second=False)
        ended = code in (-signal.SIGINT, -signal.SIGTERM, -signal.SIGKILL)  # by someone else
        return UnreadableDocumentError(path, self._why(code), transient=ended)

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

    def close(self) -> None:
        """End the process; a file that it is reading comes out as not read."""
        with self._lock:
            self.closed = True
        self.replace()


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
            if "pages" not in reply:
                return
