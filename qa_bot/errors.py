"""The one error tree. Every error a user can cause or meet is a ``QaBotError``.

::

    QaBotError
    ├── UsageError                     the call itself is wrong (exit code 2)
    │   ├── EmptyQuestionError
    │   ├── UnknownDocumentError
    │   └── QuestionFileError          questions, or an earlier evaluation, can't be read
    ├── NoDocumentsError               nothing to read
    ├── UnreadableDocumentError        one file; never stops the others
    ├── PageViewError                  a page of a PDF can't be drawn or searched
    ├── IndexStateError                something about the index folder
    │   ├── IndexNotFoundError
    │   ├── IndexDamagedError
    │   ├── IndexFormatError           written by a newer qa_bot
    │   ├── IndexModelError            made with another model
    │   ├── IndexBusyError             another build holds the lock
    │   └── UnavailableError           shards of an index can't be asked now
    ├── ModelError                     the embedding model can't be used
    ├── OcrError                       scanned pages can't be recognised
    ├── NotInstalledError              an optional package is missing
    ├── RemoteError                    a server of qa_bot refused, or can't be reached
    └── ServerError                    the chat can't be served

Messages are one line, say what happened and what to do. Errors of other
libraries are the ``__cause__``.
"""

from __future__ import annotations

import shlex
from pathlib import Path


class QaBotError(Exception):
    """Base of everything this package raises on purpose."""


class UsageError(QaBotError):
    """The call itself is wrong: change the arguments."""


class EmptyQuestionError(UsageError):
    """The question holds no letter or digit."""

    def __init__(self) -> None:
        super().__init__("The question is empty: ask something, in words.")


class UnknownDocumentError(UsageError):
    """A name given as ``documents=`` is neither a document nor a folder of the index."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"No document or folder {name!r} in the index; `qa-bot status` lists what is there."
        )


class QuestionFileError(UsageError):
    """A file of questions or an earlier evaluation can't be used; the message names the line."""


class NoDocumentsError(QaBotError):
    """The documents folder is missing, empty, or holds nothing readable."""


class UnreadableDocumentError(QaBotError):
    """One file can't be read; ``path`` and ``reason`` say which and why."""

    def __init__(self, path: Path, reason: str, *, transient: bool = False) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason
        self.transient = transient  # whether the same file may well be read the next time


class PageViewError(QaBotError):
    """A page of a PDF can't be drawn or searched; ``path`` and ``reason`` say which and why."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path.name} {reason}.")
        self.path = path
        self.reason = reason


class IndexStateError(QaBotError):
    """Something is wrong with the index folder."""


class IndexNotFoundError(IndexStateError):
    """There is no index in the folder yet."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"No index in {folder}: run `qa-bot index{_index_option(folder)}` first.")


class IndexDamagedError(IndexStateError):
    """The index can't be read; the documents are untouched, so it can be rebuilt."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"The index in {folder} is damaged ({reason}): "
            f"run `qa-bot index --rebuild{_index_option(folder)}`."
        )


class IndexFormatError(IndexStateError):
    """The index was written by a newer version of qa_bot."""


class IndexModelError(IndexStateError):
    """The index was made with another embedding model than the one asked for."""


class IndexBusyError(IndexStateError):
    """Another process is building this index."""


class UnavailableError(IndexStateError):
    """Shards of the index can't be asked now; ``share`` of the documents are in them, in [0, 1]."""

    def __init__(self, share: float) -> None:
        super().__init__(
            f"{share:.0%} of the documents can't be asked now, so it can't be told whether they "
            "answer: try again in a moment."
        )
        self.share = share

    def __reduce__(self) -> tuple[type[UnavailableError], tuple[float]]:
        return type(self), (self.share,)


class ModelError(QaBotError):
    """The embedding model is missing, damaged, or not one that can be used."""


class OcrError(QaBotError):
    """What recognises scanned pages, rapidocr or tesseract, is missing or fails."""


class NotInstalledError(QaBotError):
    """A package that only some commands need isn't installed."""

    def __init__(self, package: str, purpose: str, extra: str = "eval") -> None:
        super().__init__(f"{purpose} needs {package}: run `pip install 'qa-bot[{extra}]'`.")


class RemoteError(QaBotError):
    """A server refused what a client asked for, or can't be reached.

    ``status`` is HTTP's (0 where there was no answer), ``kind`` the problem's.
    """

    def __init__(self, status: int, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.kind = status, kind


class ServerError(QaBotError):
    """The web chat can't be served (its port is taken, say)."""


def _index_option(folder: Path) -> str:
    """What to add to a command so that it means this folder; nothing for the default one."""
    return "" if folder == Path("index") else f" --index {shlex.quote(str(folder))}"
