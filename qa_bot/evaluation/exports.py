"""An evaluation as JSON (and back), as CSV, and as TREC's run and qrels."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from qa_bot.errors import QaBotError, QuestionFileError
from qa_bot.evaluation.figures import CUTOFF, Figure, RankScores, Summary, numbered
from qa_bot.evaluation.judging import spaceless
from qa_bot.evaluation.outcomes import Evaluation, Outcome, Part
from qa_bot.evaluation.questions import Question, read_text

VERSION = 1
"""Of the JSON; raised when something in it means another thing."""

_COLUMNS = (
    "id",
    "question",
    "failure",
    "found",
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
            return _evaluation(found)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise QuestionFileError(
            f"{path} is not an evaluation: make one with `qa-bot eval … --json > {path}`."
        ) from error
    raise QuestionFileError(
        f"{path} is an evaluation of version {version!r}, and not {VERSION}: make it anew."
    )


def _evaluation(found: dict[str, Any]) -> Evaluation:
    made: dict[str, Any] = _only(Evaluation, found)
    made["summary"] = _summary(found["summary"])
    made["parts"] = tuple(
        Part(part["document"], part["questions"], _summary(part["summary"]))
        for part in found["parts"]
    )
    made["risk_coverage"] = tuple((float(x), float(y)) for x, y in found["risk_coverage"])
    made["outcomes"] = tuple(_outcome(outcome) for outcome in found["outcomes"])
    return Evaluation(**made)


def _summary(found: Mapping[str, Any]) -> Summary:
    return Summary(**{name: Figure(**value) for name, value in found.items()})


def _outcome(found: dict[str, Any]) -> Outcome:
    made: dict[str, Any] = _only(Outcome, found)
    question: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in found["question"].items()
    }
    ranks = found["ranks"]
    return Outcome(
        **{
            **made,
            "question": Question(**question),
            "ranks": None if ranks is None else RankScores(**ranks),
        }
    )


def _only(record: type[Evaluation | Outcome], found: dict[str, Any]) -> dict[str, Any]:
    """What of this belongs to the record."""
    names = {field.name for field in fields(record)}
    return {name: value for name, value in found.items() if name in names}


def as_csv(evaluation: Evaluation) -> str:
    """One line for each question under a line of names; " | " joins several wanted texts."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for outcome in evaluation.outcomes:
        question, ranks = outcome.question, outcome.ranks
        writer.writerow(
            {
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
