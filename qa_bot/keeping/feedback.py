"""Thumbs up and down: what a person thought of an answer, one JSON line each.

They stand in ``feedback.jsonl`` in the index's folder; builds, ``--rebuild``
among them, leave that file alone. Lines are only ever added.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from qa_bot.errors import IndexStateError, UsageError
from qa_bot.records import Answer, Citation
from qa_bot.store import locks

FILE = "feedback.jsonl"

Verdict = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quote stood, as far as feedback keeps it: never its words."""

    document: str
    digest: str  # of the document's text
    start: int
    end: int
    section: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()  # printed labels, or numbers where there is none

    @classmethod
    def of(cls, citation: Citation) -> Place:
        """The place that a citation names."""
        return cls(
            document=citation.document_id,
            digest=citation.digest,
            start=citation.start,
            end=citation.end,
            section=citation.section,
            pages=tuple(page.label or str(page.number) for page in citation.pages),
        )


@dataclass(frozen=True, slots=True)
class Feedback:
    """A verdict on the answer to one question. ``confidence`` in [0, 1]."""

    time: str  # ISO 8601, UTC
    verdict: Verdict
    question: str
    found: bool
    confidence: float
    quote: Place | None  # of the first quote; None where nothing was found
    model: str
    version: str  # of qa_bot

    @property
    def about(self) -> tuple[str, str, int, int]:
        """What the verdict is on: the question's words, and the first quote's text and place."""
        words = " ".join(self.question.split()).casefold()
        if self.quote is None:
            return words, "", 0, 0
        return words, self.quote.digest, self.quote.start, self.quote.end


@dataclass(frozen=True, slots=True)
class Kept:
    """What a file of feedback holds: the last verdict on each answer, the latest last."""

    feedback: tuple[Feedback, ...]
    damaged: tuple[str, ...]  # lines that are no feedback: "line 3: not JSON"


def add_feedback(
    index: str | Path,
    answer: Answer,
    verdict: Verdict,
    *,
    model: str,
    version: str,
    time: datetime | None = None,
) -> Feedback:
    """Keep a verdict on an answer in the folder of the index that gave it.

    The line is on the disk when this returns, whole, whoever else writes; where
    that fails, nothing of it stays. An earlier verdict on the same answer stays
    in the file, and ``read_feedback`` passes it over.

    Args:
        index: The index's folder (``Index.folder``).
        answer: As it was given.
        verdict: ``up`` or ``down``.
        model: What answered (``Index.model``).
        version: Of qa_bot.
        time: When it was given, with its time zone; now unless given.

    Raises:
        UsageError: It is another verdict.
        IndexStateError: The file can't be written.
    """
    if verdict not in get_args(Verdict):
        raise UsageError(f"{verdict!r} is no verdict: say up or down.")
    given = (datetime.now(UTC) if time is None else time).astimezone(UTC)
    feedback = Feedback(
        time=given.strftime("%Y-%m-%dT%H:%M:%SZ"),
        verdict=verdict,
        question=answer.question,
        found=answer.found,
        confidence=answer.confidence,
        quote=Place.of(answer.quotes[0].citation) if answer.quotes else None,
        model=model,
        version=version,
    )
    # A lone surrogate isn't UTF-8; as \udc80 it is JSON.
    line = json.dumps(asdict(feedback), ensure_ascii=False).encode("utf-8", "backslashreplace")
    file = Path(index) / FILE
    try:
        with locks.holding(file) as handle:
            _append(handle, line + b"\n")
    except OSError as error:
        raise IndexStateError(f"{file} can't be written ({error.strerror}).") from error
    return feedback


def _append(handle: int, line: bytes) -> None:
    """Add a line to the end of a file, all of it or nothing, and onto the disk."""
    size = os.fstat(handle).st_size
    if size and os.pread(handle, 1, size - 1) != b"\n":  # a crash left half a line
        line = b"\n" + line
    try:
        while line:
            line = line[os.write(handle, line) :]
        os.fsync(handle)
    except OSError:
        with suppress(OSError):
            os.ftruncate(handle, size)
        raise


def read_feedback(index: str | Path) -> Kept:
    """The feedback kept in an index's folder; of two verdicts on one answer, the later one.

    Raises:
        IndexStateError: The file is there and can't be read.
    """
    file = Path(index) / FILE
    try:
        lines = file.read_bytes().split(b"\n")
    except FileNotFoundError:
        return Kept((), ())
    except OSError as error:
        raise IndexStateError(f"{file} can't be read ({error.strerror}).") from error
    latest: dict[object, Feedback] = {}
    damaged: list[str] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            feedback = _parsed(line)
        except _DamagedError as error:
            damaged.append(f"line {number}: {error}")
        else:
            latest.pop(feedback.about, None)  # so that it goes to the end
            latest[feedback.about] = feedback
    return Kept(tuple(latest.values()), tuple(damaged))


class _DamagedError(Exception):
    """A line is no feedback."""


def _parsed(line: bytes) -> Feedback:
    """The feedback on a line; fields that a later version may have added are passed over."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _DamagedError("not JSON") from error
    if not isinstance(found, dict):
        raise _DamagedError("not feedback")
    verdict, confidence = _field(found, "verdict", str), _field(found, "confidence", float)
    if verdict not in get_args(Verdict) or not 0 <= confidence <= 1:
        raise _DamagedError("no verdict" if 0 <= confidence <= 1 else "no confidence")
    return Feedback(
        time=_field(found, "time", str),
        verdict=verdict,
        question=_field(found, "question", str),
        found=_field(found, "found", bool),
        confidence=confidence,
        quote=None if found.get("quote") is None else _place(_field(found, "quote", dict)),
        model=_field(found, "model", str),
        version=_field(found, "version", str),
    )


def _place(found: dict[str, Any]) -> Place:
    return Place(
        document=_field(found, "document", str),
        digest=_field(found, "digest", str),
        start=_field(found, "start", int),
        end=_field(found, "end", int),
        section=tuple(map(str, _field(found, "section", list))),
        pages=tuple(map(str, _field(found, "pages", list))),
    )


def _field(found: dict[str, Any], name: str, kind: type) -> Any:  # noqa: ANN401
    """The value of a field, which has to be of this kind."""
    value = found.get(name)
    if kind is float and type(value) is int:
        return float(min(max(value, -1), 2))  # however large, it only has to be out of range
    if type(value) is not kind:  # a bool is no int here
        raise _DamagedError(f"no {name}")
    return value
