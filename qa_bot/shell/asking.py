"""What `qa-bot ask` does: where its questions come from, and of which index they are asked."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import qa_bot
from qa_bot import Index, IndexStateError, Progress
from qa_bot.models.reader import Reader
from qa_bot.shell.answers import answer_as_json, print_answer
from qa_bot.shell.console import (
    err,
    harmless,
    load_both,
    print_line,
    print_text,
    read_input,
    reader_named,
)


@dataclass(frozen=True, slots=True)
class Way:
    """How questions are asked, and their answers printed: the options of `qa-bot ask`."""

    k: int = 5
    documents: tuple[str, ...] = ()  # all, where none is named
    strictness: float | None = None
    reader: str | None = None
    mark: bool = False
    as_json: bool = False


def answer_all(asked: Sequence[str], place: str | Path, way: Way) -> None:
    """Print the answer to each question, by the index at a place (see ``qa_bot.open_index``).

    Raises:
        QaBotError: One can't be answered.
    """
    with _opened(place, way) as (opened, reader):
        for number, question in enumerate(asked):
            with err.status("Looking …"):
                answer = qa_bot.answer(
                    question,
                    opened,
                    k=way.k,
                    documents=way.documents or None,
                    reader=reader,
                    strictness=way.strictness,
                )
            if way.as_json:
                lines = None if len(asked) > 1 else 2  # several: one object to a line
                shown = answer_as_json(answer, opened)
                print_line(json.dumps(shown, ensure_ascii=False, indent=lines))
                continue
            if len(asked) > 1:
                print_text(f"{chr(10) if number else ''}{question}", "bold")
            print_answer(answer, opened, mark=way.mark)


def converse(place: str | Path, way: Way) -> None:
    """Let somebody at a terminal ask one question after the other."""
    from qa_bot.shell.prompt import Settings, talk

    with _opened(place, way) as (opened, reader):
        talk(opened, Settings(way.k, way.documents or None, way.strictness, reader))


@contextmanager
def _opened(place: str | Path, way: Way) -> Iterator[tuple[Index, Reader | None]]:
    with qa_bot.open_index(place) as opened:
        if way.documents:
            opened.scope(way.documents)  # a wrong name is told before the model is loaded
        with err.status("Loading the models …"):
            reader = reader_named(way.reader)
            load_both(opened, reader)
        yield opened, reader


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
