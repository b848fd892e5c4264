"""What `qa-bot ask` asks: questions from arguments, standard input and a file, of which index."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import qa_bot
from qa_bot import IndexStateError, Progress
from qa_bot.shell.console import err, harmless, read_input


def questions_given(given: Sequence[str], file: Path | None) -> list[str]:
    """The questions, in order; "-" stands for the lines of standard input.

    Raises:
        EmptyQuestionError: One of the arguments has no word, or there is none at all.
        UsageError: A file can't be read.
    """
    asked: list[str] = []
    for one in given:
        asked += _lines(read_input(None)) if one == "-" else [one]
    if file is not None:
        asked += _lines(read_input(file))
    if not asked or not all(any(map(str.isalnum, one)) for one in asked):
        raise qa_bot.EmptyQuestionError
    return asked


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def index_of(documents: Path, on_progress: Callable[[Progress], None]) -> Path:
    """An index of a folder in the user's cache folder, made or brought up to date.

    Nobody else can read it: it holds the documents' text.

    Raises:
        QaBotError: It can't be made there.
    """
    name = hashlib.sha256(os.fsencode(documents.resolve())).hexdigest()[:16]
    folder = _private(_caches() / "qa_bot") / name
    err.print(f"[dim]The index is in {harmless(str(folder))}[/]", soft_wrap=True)
    qa_bot.build_index(documents, folder, on_progress=on_progress)
    return folder


def _caches() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    named = os.environ.get("XDG_CACHE_HOME", "")
    return Path(named) if os.path.isabs(named) else Path.home() / ".cache"


def _private(folder: Path) -> Path:
    """The folder, made so that only its user can look into it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.is_symlink() or folder.stat().st_uid != os.getuid():
            raise IndexStateError(f"{folder} belongs to somebody else: name an --index.")
        folder.chmod(0o700)
    except OSError as error:
        raise IndexStateError(
            f"No index can be kept in {folder} ({error.strerror}): name an --index."
        ) from error
    return folder
