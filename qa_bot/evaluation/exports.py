"""An evaluation as JSON (and back), as CSV, and as TREC's run and qrels."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import asdict, fields, replace
from pathlib import Path
from types import UnionType
from typing import Any

from qa_bot.errors import QaBotError, QuestionFileError
from qa_bot.evaluation.figures import CUTOFF, Figure, RankScores, Summary, numbered
from qa_bot.evaluation.formats import read_text
from qa_bot.evaluation.judging import spaceless
from qa_bot.evaluation.outcomes import Evaluation, Outcome, Part
from qa_bot.evaluation.questions import Question
from qa_bot.text import as_cell

VERSION = 1
"""Of the JSON; raised when something in it means another thing."""

_RECORDS: dict[str, type[Any]] = {
    record.__name__: record
    for record in (Evaluation, Summary, Figure, Part, Outcome, Question, RankScores)
}

_COLUMNS = (
    "id",
    "question",
    "failure",
    "found",
    "verdict",
    "confidence",
    "rank",
    "reciprocal_rank",
    "ndcg",
    "marked",
    "document",
    "section",
    "page",
    "citation",
    "marks",
    "quoted",
    "wanted_quote",
    "wanted_document",
    "wanted_section",
    "wanted_page",
    "milliseconds",
)


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """Everything but the rankings, with a version; ``read_evaluation`` takes it back.

    Each outcome has its ``failure`` in words, too.
    """
    found = asdict(replace(evaluation, rankings=()))
    del found["rankings"]
    for row, outcome in zip(found["outcomes"], evaluation.outcomes, strict=True):
        row["failure"] = outcome.failure
    return {"version": VERSION, **found}


def read_evaluation(path: str | Path) -> Evaluation:
    """Read what ``qa-bot eval --json`` printed into a file.

    Raises:
        QuestionFileError: It isn't that, or of another version.
    """
    text = read_text(Path(path))
    try:
        found = json.loads(text)
        version = found["version"]
        if version == VERSION:
            evaluation: Evaluation = _read("Evaluation", found)
            return evaluation
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise QuestionFileError(
            f"{path} is not an evaluation: make one with `qa-bot eval … --json > earlier.json`."
        ) from error
    raise QuestionFileError(
        f"{path} is an evaluation of version {version!r}, and not {VERSION}: make it anew."
    )


def _read(kind: str, value: Any) -> Any:  # noqa: ANN401
    """A value as an annotation of this kind has it; what a record doesn't name is passed over."""
    if kind.endswith(" | None"):
        return None if value is None else _read(kind.removesuffix(" | None"), value)
    if kind == "tuple[tuple[float, float], ...]":
        return tuple((_read("float", x), _read("float", y)) for x, y in value)
    if kind.startswith("tuple["):
        one = kind.removeprefix("tuple[").removesuffix(", ...]")
        return tuple(_read(one, each) for each in _checked(value, list))
    if record := _RECORDS.get(kind):
        made = {
            field.name: _read(str(field.type), value[field.name])
            for field in fields(record)
            if field.name in _checked(value, dict)
        }
        return record(**made)
    if kind == "float":
        number = float(_checked(value, int | float))
        if not math.isfinite(number):
            raise ValueError(value)
        return number
    return _checked(value, {"str": str, "bool": bool, "int": int}[kind])


def _checked(value: Any, kind: type | UnionType) -> Any:  # noqa: ANN401
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(value)
    return value


def as_csv(evaluation: Evaluation) -> str:
    """One line for each question under a line of names; " | " joins several wanted texts.

    A text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for outcome in evaluation.outcomes:
        question, ranks = outcome.question, outcome.ranks
        row: dict[str, Any] = {
            **{name: getattr(outcome, name) for name in _COLUMNS if hasattr(outcome, name)},
            "id": question.id,
            "question": question.text,
            "confidence": f"{outcome.confidence:.4f}",
            "reciprocal_rank": None if ranks is None else f"{ranks.reciprocal_rank:.4f}",
            "ndcg": None if ranks is None else f"{ranks.ndcg:.4f}",
            "wanted_quote": " | ".join(question.quotes),
            "wanted_document": " | ".join(question.documents),
            "wanted_section": " | ".join(question.sections),
            "wanted_page": " | ".join(question.pages),
            "milliseconds": f"{1000 * outcome.seconds:.1f}",
        }
        writer.writerow(
            {name: as_cell(cell) if isinstance(cell, str) else cell for name, cell in row.items()}
        )
    return text.getvalue()


def as_run(evaluation: Evaluation) -> str:
    """The rankings as a TREC run file.

    The score is 10 for the first place, 9 for the second, …: trec_eval orders by
    it, and equal scores by name.
    """
    return "".join(
        f"{spaceless(ranking.question)} Q0 {name} {CUTOFF + 1 - score} {score} qa_bot\n"
        for ranking in evaluation.rankings
        for score, name in numbered(ranking.names)
    )


def as_qrels(evaluation: Evaluation) -> str:
    """All that is relevant as a TREC qrels file.

    A question that nothing fits has one line, of a passage that isn't there, so
    that it counts as a failure in whatever is computed from the file.
    """
    return "".join(
        f"{spaceless(ranking.question)} 0 {name} {grade}\n"
        for ranking in evaluation.rankings
        for name, grade in ranking.relevant
    )


def write(path: Path, text: str) -> None:
    """Write a file of results.

    Raises:
        QaBotError: It can't be written.
    """
    try:
        path.write_text(text, encoding="utf-8", errors="replace", newline="")
    except OSError as error:
        raise QaBotError(f"{path} can't be written ({error.strerror}).") from error
