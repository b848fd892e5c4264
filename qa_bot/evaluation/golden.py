"""The golden questions of an index: answers that somebody has confirmed.

They stand in ``golden.jsonl`` in the index's folder, in the format of
``questions``; builds, ``--rebuild`` among them, leave that file alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from qa_bot.errors import IndexStateError, QuestionFileError, UsageError
from qa_bot.evaluation.formats import read_questions
from qa_bot.evaluation.judging import is_named, page_name
from qa_bot.evaluation.questions import Question, as_line, one_space, question_id
from qa_bot.records import Answer, Quote
from qa_bot.store import locks

FILE = "golden.jsonl"
_LOCK = "golden.lock"


@dataclass(frozen=True, slots=True)
class Added:
    """What adding a golden question did. ``replaced`` holds the lines that gave way to it."""

    question: Question
    replaced: tuple[str, ...]
    file: Path


def read_golden(index: str | Path) -> tuple[Question, ...]:
    """The golden questions of the index in this folder; () where there are none.

    Raises:
        QuestionFileError: The file can't be read or is empty, or a line of it is damaged.
    """
    file = Path(index) / FILE
    try:
        file.open("rb").close()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise QuestionFileError(f"{file} can't be read ({error.strerror}).") from error
    return read_questions(file)


def wanted(answer: Answer, phrases: Sequence[str] = (), documents: Sequence[str] = ()) -> Question:
    """What a confirmed answer makes of its question.

    Its first quote's marked sentence (of two marked ones, either), document,
    section and page; that nothing answers, where nothing was found.

    Args:
        answer: The answer as it is.
        phrases: Instead of the marked sentence; the first quote that holds one of
            them is meant, and where none does, nothing but what is given.
        documents: Only quotes from these are meant.

    Raises:
        UsageError: No phrase is given, and the quote is a table's, none of whose rows is sure; or
            it is no answer but a navigation.
    """
    if answer.navigation:
        raise UsageError("That is a request, whose reply only leads on: there is nothing to keep.")
    # It is asked by itself from now on, as it was understood.
    text = one_space(answer.understood_as or answer.question)
    held = tuple(dict.fromkeys(filter(None, map(one_space, phrases))))
    for quote in answer.quotes:
        if documents and not is_named(quote.citation.document_id, documents):
            continue
        if not held or any(phrase in one_space(quote.text) for phrase in held):
            return _confirmed(text, quote, held)
    if held or documents:
        return Question(question_id(text), text, quotes=held, documents=tuple(documents))
    return Question(question_id(text), text, answered=False)


def _confirmed(text: str, quote: Quote, phrases: tuple[str, ...]) -> Question:
    if not phrases and not quote.is_marked:
        raise UsageError(
            "No row of the quoted table is sure to answer, so it isn't known which one is right: "
            f'say what the quote must hold with `qa-bot eval --add "{text}" --quote "…"`.'
        )
    marked = [quote.text[start - quote.start : end - quote.start] for start, end in quote.marked]
    section = one_space(" › ".join(quote.citation.section))
    return Question(
        id=question_id(text),
        text=text,
        quotes=phrases or tuple(dict.fromkeys(map(one_space, marked or [quote.text]))),
        documents=(quote.citation.document_id,),
        sections=(section,) if section else (),
        pages=tuple(dict.fromkeys(map(page_name, quote.passage.pages))),
    )


def add_golden(index: str | Path, confirmed: Answer | Question) -> Added:
    """Add a confirmed answer to the golden questions of the index in this folder.

    The same question, told by its words, replaces an earlier one. The file is
    replaced whole and is on the disk when this returns; whoever reads it sees
    it as it was or as it is. Lines that can't be read are kept as they are.

    Args:
        index: The index's folder (``Index.folder``).
        confirmed: The answer as it is, or a question with what it wants.

    Raises:
        IndexStateError: The folder can't be written.
        UsageError: The answer doesn't say what is right: see ``wanted``.
    """
    question = wanted(confirmed) if isinstance(confirmed, Answer) else confirmed
    question = replace(question, id=question_id(question.text))
    folder = Path(index)
    file = (folder / FILE).resolve()  # a link stays a link
    try:
        with locks.holding(folder / _LOCK):
            lines = file.read_bytes().split(b"\n") if file.exists() else []
            replaced = [line for line in lines if _asks(line) == question.id]
            kept = [line for line in lines if line.strip() and line not in replaced]
            line = as_line(question).encode("utf-8", "replace")
            _replace(file, b"".join(one + b"\n" for one in (*kept, line)))
    except OSError as error:
        raise IndexStateError(f"{folder / FILE} can't be written ({error.strerror}).") from error
    return Added(question, tuple(line.decode("utf-8", "replace") for line in replaced), file)


def _asks(line: bytes) -> str:
    """The id that follows from the words of a line's question; "" where it can't be read."""
    with suppress(ValueError, RecursionError):
        found = json.loads(line)
        if isinstance(found, dict) and isinstance(found.get("question"), str):
            return question_id(found["question"])
    return ""


def _replace(file: Path, data: bytes) -> None:
    """Put a new file in the place of an old one, all of it or nothing, and onto the disk."""
    draft = file.with_name(f"{file.name}.new")
    mode = file.stat().st_mode if file.exists() else 0o644
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with open(handle, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
