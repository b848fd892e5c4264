"""Where what serves programs gets its answers: a snapshot of the index, within the caller's rights.

The chat's service is such a desk; ``OpenedDesk`` is one over an index that others build.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Protocol

import qa_bot
from qa_bot.errors import QaBotError
from qa_bot.models.reader import Reader
from qa_bot.records import Answer, Excerpt, Named, Section
from qa_bot.store.opening import Index
from qa_bot.web.originals import Originals

_PERMANENT = re.compile(r"([0-9a-f]{16}):(\d{1,12})-(\d{1,12})")
_LONGEST_QUOTE = 40_000  # characters


class Desk(Protocol):
    """Answers come from its snapshots; safe to use from several threads."""

    def original(self, document_id: str) -> Path | None:
        """The file that holds just this document, for pictures of pages; None where there is none.

        Raises:
            UnreadableDocumentError: It can't be taken out of the file that it lies in.
        """

    @property
    def reader(self) -> Reader | None:
        """What reads the passages."""

    @property
    def strictness(self) -> float | None:
        """The confidence that an answer must have unless a request says another."""

    @property
    def on_answer(self) -> Callable[[Answer], None]:
        """Told of each answer, to count them."""

    def snapshot(self) -> AbstractContextManager[Index]:
        """The index that answers now, as far as who asks may see it.

        Raises:
            QaBotError: There is none, or none yet.
        """


class OpenedDesk:
    """Over an index that is only read; a later build is seen by the next question.

    Raises:
        IndexStateError: It can't be opened.
    """

    def __init__(
        self, folder: Path, reader: Reader | None, strictness: float | None = None
    ) -> None:
        self._folder, self._reader, self._strictness = folder, reader, strictness
        self._lock = threading.Lock()
        self._index = qa_bot.open_index(folder)
        self._users: Counter[Index] = Counter()
        documents = self._index.documents_folder
        self._originals = None if documents is None else Originals(documents)

    def original(self, document_id: str) -> Path | None:
        """The file that holds just this document."""
        return None if self._originals is None else self._originals.file(document_id)

    @property
    def reader(self) -> Reader | None:
        """What reads the passages."""
        return self._reader

    @property
    def strictness(self) -> float | None:
        """The confidence that an answer must have."""
        return self._strictness

    @property
    def on_answer(self) -> Callable[[Answer], None]:
        """Nothing is counted."""
        return lambda _: None

    @contextmanager
    def snapshot(self) -> Iterator[Index]:
        """The index as it is now; an earlier one is closed by the last who asks it."""
        with self._lock:
            if self._index.is_outdated():
                with suppress(QaBotError):  # the older one goes on answering
                    later = qa_bot.open_index(self._folder, model=self._index.embedder)
                    earlier, self._index = self._index, later
                    if not self._users[earlier]:
                        earlier.close()
            index = self._index
            self._users[index] += 1
        try:
            yield index
        finally:
            with self._lock:
                self._users[index] -= 1
                if not self._users[index]:
                    del self._users[index]
                    if index is not self._index:
                        index.close()

    def close(self) -> None:
        """Let go of the index's files."""
        self._index.close()


def ask(
    desk: Desk,
    index: Index,
    question: str,
    *,
    k: int = 5,
    documents: Sequence[str] | None = None,
    strictness: float | None = None,
    history: Sequence[tuple[str, str]] = (),
) -> Answer:
    """Answer a question as the desk does; ``history`` are pairs of a question and what was said.

    Raises:
        EmptyQuestionError, UnknownDocumentError, UsageError
    """
    reply = qa_bot.answer(
        question,
        index,
        k=k,
        documents=documents,
        reader=desk.reader,
        strictness=desk.strictness if strictness is None else strictness,
        history=history,
    )
    desk.on_answer(reply)
    return reply


def parse_permanent(link: str) -> tuple[str, int, int] | None:
    """``<digest>:<start>-<end>`` → its parts; None where it is anything else."""
    found = _PERMANENT.fullmatch(link)
    if found is None:
        return None
    start, end = int(found[2]), int(found[3])
    return (found[1], start, end) if 0 < end - start <= _LONGEST_QUOTE else None


def permanent(
    index: Index, digest: str, start: int, end: int, preferred: str = ""
) -> tuple[Named | None, Excerpt | None]:
    """The document that a permanent link names, and what it leads to, if that still stands there.

    The excerpt is None where the text has changed or gone, or ends before the span does.
    """
    named = index.named(digest, preferred)
    if named is None or named.state != "current":
        return named, None
    excerpt = index.excerpt(named.document_id, start, end)
    return named, excerpt if (excerpt.start, excerpt.end) == (start, end) else None


def innermost(sections: Sequence[Section], start: int) -> Section:
    """The innermost section that a place is in."""
    return max((one for one in sections if one.start <= start), key=lambda one: one.start)
