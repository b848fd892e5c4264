"""Pages of a PDF as pictures, and where on them a quote stands.

Both are found by a process of its own, since documents may be hostile: one that
crashes it, takes too long or needs too much memory costs the request.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from qa_bot.errors import PageViewError
from qa_bot.paging import ScannedPage
from qa_bot.processes import start, stop
from qa_bot.records import Span

SECONDS = 8.0  # for one request
MEMORY = 2 * 2**30  # bytes of address space
MAX_BYTES = 100_000_000  # of a picture

Request = Mapping[str, Any]
Reply = dict[str, Any]
Form = Literal["webp", "png"]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A page as a picture; ``width`` and ``height`` in pixels, ``pages`` of the whole file."""

    data: bytes
    media_type: str
    width: int
    height: int
    pages: int


@dataclass(frozen=True, slots=True)
class Box:
    """Where a line of a quote, or a part of one, stands on a page that is drawn.

    Sides are shares of its width and height in [0, 1], from its top left corner.
    """

    page: int  # 1-based, physical
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Marks:
    """The boxes of a whole quote and of parts of it, in reading order.

    Invariant: ``whole`` is empty where the quote isn't found, and so is each of ``parts``.
    """

    whole: tuple[Box, ...]
    parts: tuple[tuple[Box, ...], ...]


@dataclass(frozen=True, slots=True)
class Note:
    """What is highlighted on a page, and the text of its note."""

    page: int  # 1-based, physical
    boxes: tuple[Box, ...]
    text: str


@dataclass(frozen=True, slots=True)
class _Refused:
    reason: str


class PageViewer:
    """Draws and searches pages by a process that is started with the first request.

    Many threads may share one; their requests take turns. The process is replaced
    when a request breaks it, and ends with the viewer, or with the process it is in.

    Args:
        seconds: What one request may take.
        memory: Bytes of address space that the process may use.
    """

    def __init__(self, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self._limits = {"seconds": seconds, "memory": memory}
        self._turn = threading.Lock()  # held by the thread whose request is answered
        self._lock = threading.Lock()  # held while the process changes
        self._process: subprocess.Popen[bytes] | None = None
        self._is_proven = False  # whether the process has answered before
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def draw(self, file: Path, page: int, width: int, form: Form = "webp") -> Drawing:
        """Draw a page.

        Args:
            file: A PDF.
            page: Its physical number, from 1.
            width: In pixels; what would be too large is drawn smaller.
            form: Of the picture: ``webp`` is smaller, ``png`` read by everything.

        Raises:
            PageViewError: It can't be drawn; the message says why.
        """
        asked = {"page": page, "width": max(width, 1), "form": form}
        return self._ask(file, asked, partial(_drawing, f"image/{form}"))

    def boxes(
        self,
        file: Path,
        pages: Sequence[int],
        quote: str,
        parts: Sequence[Span] = (),
        scans: Sequence[ScannedPage] = (),
    ) -> Marks:
        """Say where a quote stands on the pages that it was extracted from.

        A sentence that stands there twice is told apart as a part of its passage.

        Args:
            file: A PDF, or a picture.
            pages: The physical numbers of those pages, in their order.
            quote: What the loader extracted; all of it is looked for.
            parts: Spans of the quote, in code points, to get boxes of their own.
            scans: Where words stand on those of the pages that were recognised.

        Raises:
            PageViewError: The pages can't be searched; the message says why.
        """
        spans = [(0, len(quote)), *parts]
        asked = {"pages": list(pages), "quote": quote, "spans": spans}
        asked["scans"] = [scan.to_json() for scan in scans]
        whole, *others = self._ask(file, asked, _boxes) or [()] * len(spans)
        return Marks(whole, tuple(others))

    def annotate(self, file: Path, notes: Sequence[Note]) -> bytes:
        """A copy of a PDF with highlights, each with its note.

        Raises:
            PageViewError: It can't be written; the message says why.
        """
        asked = [
            {
                "page": one.page,
                "text": one.text,
                "areas": [(box.left, box.top, box.right, box.bottom) for box in one.boxes],
            }
            for one in notes
        ]
        return self._ask(file, {"notes": asked}, lambda _, data: data)

    def close(self) -> None:
        """End the process; a request that it is answering fails."""
        with self._lock:
            self._closed = True
        self._replace()

    def _ask(self, file: Path, request: Request, read: Callable[[Reply, bytes], _T]) -> _T:
        asked = {"path": os.fspath(file.absolute()), **self._limits, **request}
        with self._my_turn(file):
            for _ in range(2):
                process, was_proven = self._started(file)
                try:
                    answer = _exchange(process, asked, read)
                except Exception:  # noqa: BLE001 - it died, or speaks nonsense
                    self._replace()
                    # One that answered before was ended by others, or by what it answered.
                    if was_proven and process.returncode != -signal.SIGALRM:
                        continue
                    break
                self._is_proven = True
                if isinstance(answer, _Refused):
                    raise PageViewError(file, answer.reason)
                return answer
        raise PageViewError(file, self._why(process.returncode))

    @contextmanager
    def _my_turn(self, file: Path) -> Iterator[None]:
        if not self._turn.acquire(timeout=2 * self._limits["seconds"]):
            raise PageViewError(file, "can't be shown now: other pages are being drawn")
        try:
            yield
        finally:
            self._turn.release()

    def _started(self, file: Path) -> tuple[subprocess.Popen[bytes], bool]:
        with self._lock:
            if self._closed:
                raise PageViewError(file, "can't be shown: the viewer was closed")
            if self._process is None:
                self._is_proven = False
                try:
                    self._process = start("qa_bot.pages.worker")
                except OSError as error:
                    why = f"can't be shown: no process can be started ({error.strerror})"
                    raise PageViewError(file, why) from error
            return self._process, self._is_proven

    def _replace(self) -> None:
        """End the process; the next request gets a new one."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            stop(process)

    def _why(self, code: int) -> str:
        if self._closed:
            return "can't be shown: the viewer was closed"
        if code == -signal.SIGALRM:
            return f"takes longer than {self._limits['seconds']:g} s to show"
        return "can't be shown: it crashes what draws it, or needs too much memory"


def _exchange(
    process: subprocess.Popen[bytes], request: Request, read: Callable[[Reply, bytes], _T]
) -> _T | _Refused:
    """What the process replies, read.

    Raises:
        Exception: It died, or its reply can't be read.
    """
    if process.stdin is None or process.stdout is None:
        raise OSError("no pipes")
    process.stdin.write(json.dumps(request).encode() + b"\n")
    process.stdin.flush()
    reply: Reply = json.loads(process.stdout.readline(MAX_BYTES))
    if "reason" in reply:
        return _Refused(str(reply["reason"]))
    size = min(reply.get("bytes", 0), MAX_BYTES)
    data = process.stdout.read(size)
    if len(data) < size:
        raise EOFError
    return read(reply, data)


def _drawing(media_type: str, reply: Reply, data: bytes) -> Drawing:
    width, height, pages = (int(reply[name]) for name in ("width", "height", "pages"))
    return Drawing(data, media_type, width, height, pages)


def _boxes(reply: Reply, _: bytes) -> list[tuple[Box, ...]] | None:
    found = reply["areas"]
    return found and [tuple(Box(*area) for area in part) for part in found]
