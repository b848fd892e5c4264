"""How far a build is: counts what is done, and guesses how long the rest takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from qa_bot.builds import Progress

OnProgress = Callable[[Progress], None]

_TELL_EVERY = 0.1  # seconds between two reports
_TOO_EARLY = 2.0  # seconds of work before which no guess is made


class Meter:
    """Counts the work of one build and reports it. Sizes are in bytes."""

    def __init__(self, report: OnProgress | None, sizes: dict[str, int]) -> None:
        self._report = report
        self._sizes = sizes
        self._total = sum(sizes.values()) or 1
        self._read = 0  # bytes
        self._files_read = 0
        self._pages = 0
        self._passages = 0
        self._embedded = 0
        self._began = time.monotonic()
        self._told = 0.0

    def loading(self) -> None:
        """The model is being loaded."""
        self._tell("loading")

    def pages(self, count: int) -> None:
        """So many pages were read so far."""
        self._pages = count
        self._tell_now_and_then("reading")

    def file(self, document_id: str, needed: int | None) -> None:
        """A file was read; so many passages are now to be embedded, None if it could not be."""
        self._files_read += 1
        self._read += self._sizes[document_id]
        self._passages = self._passages if needed is None else needed
        self._tell_now_and_then("reading", last=self._files_read == len(self._sizes))

    def inside(self, needed: int) -> None:
        """A document that lies in a file was read; so many passages are now to be embedded."""
        self._passages = needed
        self._tell_now_and_then("reading")

    def embedded(self, done: int, needed: int) -> None:
        """So many passages were embedded, of so many."""
        self._embedded, self._passages = done, needed
        self._tell_now_and_then("embedding", last=done == needed)

    def _tell_now_and_then(
        self, stage: Literal["reading", "embedding"], *, last: bool = False
    ) -> None:
        if last or time.monotonic() - self._told > _TELL_EVERY:
            self._tell(stage)

    def _tell(self, stage: Literal["loading", "reading", "embedding"]) -> None:
        self._told = time.monotonic()
        if self._report is None:
            return
        # The files that are read stand for the others, byte by byte.
        done = self._read / self._total
        if self._passages:
            done *= self._embedded / self._passages
        spent = time.monotonic() - self._began
        told = spent > _TOO_EARLY and done > 0.01
        self._report(
            Progress(
                stage,
                files=len(self._sizes),
                files_read=self._files_read,
                pages=self._pages,
                passages=self._passages,
                embedded=self._embedded,
                done=done,
                seconds_left=spent * (1 - done) / done if told else None,
            )
        )
