"""What ``qa-bot eval`` does, and ``qa-bot index --check-golden``: measure, print, write."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer

import qa_bot
from qa_bot import Comparison, Evaluation, Question, UsageError
from qa_bot.evaluation import drawing, exports, report
from qa_bot.evaluation.comparing import comparable
from qa_bot.evaluation.golden import FILE, wanted
from qa_bot.evaluation.judging import OnProgress
from qa_bot.evaluation.questions import as_line, in_words, one_space, question_id
from qa_bot.models.reader import DEFAULT_READER, Reader
from qa_bot.shell.answers import print_answer
from qa_bot.shell.console import count, err, out, print_text, progress_bar

_SHOWN = 20  # failures, changes, … on the screen


@dataclass(frozen=True, slots=True)
class Asking:
    """How questions are asked, as ``--reader`` and ``--strictness`` have it."""

    reader: Reader | None = DEFAULT_READER
    strictness: float | None = None

    def answer(self, question: str, index: qa_bot.Index) -> qa_bot.Answer:
        """``qa_bot.answer`` so."""
        return qa_bot.answer(question, index, reader=self.reader, strictness=self.strictness)

    def evaluate(
        self,
        questions: Iterable[Question],
        index: qa_bot.Index,
        on_progress: OnProgress | None = None,
    ) -> Evaluation:
        """``qa_bot.evaluate`` so."""
        return qa_bot.evaluate(
            questions,
            index,
            reader=self.reader,
            strictness=self.strictness,
            on_progress=on_progress,
        )


def measure(
    questions: Path | None,
    index: Path,
    asking: Asking,
    outputs: dict[str, Path | None],
    against: Path | None,
    as_json: bool,
) -> None:
    """Ask the questions of a file, or the golden ones; print, write, compare.

    Raises:
        UsageError: An output would write over what is read, or can't be written.
        typer.Exit: Something got worse.
    """
    _check_outputs(outputs, _inputs(questions, against, index))
    earlier = exports.read_evaluation(against) if against else None
    asked = _questions(questions, index)
    if earlier:
        comparable(earlier, asked)
    found = _evaluate(asked, index, asking)
    comparison = _show(found, earlier, f"{against}", outputs, as_json)
    if comparison and comparison.regressed:
        raise typer.Exit(1)


def _show(
    found: Evaluation,
    earlier: Evaluation | None,
    against: str,
    outputs: dict[str, Path | None],
    as_json: bool,
) -> Comparison | None:
    """Print first, so that a file that can't be written doesn't take the figures with it."""
    if not as_json:
        _print(report.report_lines(found, _SHOWN))
        _write(found, outputs)
    comparison = qa_bot.compare(earlier, found) if earlier else None
    if as_json:
        shown = exports.as_json(found)
        if comparison:
            shown["comparison"] = _comparison_json(comparison)
        text = json.dumps(shown, ensure_ascii=False, indent=2)
        # Half a surrogate pair would be printed as "?", and read back as another name.
        typer.echo(re.sub(r"[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", text))
        _write(found, outputs)
    elif comparison:
        out.print()
        _print(report.comparison_lines(comparison, against, _SHOWN))
    return comparison


def _print(lines: Iterable[report.Line]) -> None:
    for style, text in lines:
        print_text(text, style)


def _questions(file: Path | None, index: Path) -> tuple[Question, ...]:
    if file is not None:
        return qa_bot.read_questions(file)
    golden = qa_bot.read_golden(index)
    if not golden:
        raise UsageError(
            f"There are no golden questions in {index / FILE}: name a file of questions, or add "
            'one with `qa-bot eval --add "…"`.'
        )
    return golden


def _evaluate(
    questions: tuple[Question, ...], index: Path, asking: Asking | None = None
) -> Evaluation:
    with qa_bot.open_index(index) as opened, progress_bar("Loading the models") as show:
        return (asking or Asking()).evaluate(questions, opened, on_progress=show)


def _inputs(questions: Path | None, against: Path | None, index: Path) -> Iterator[Path]:
    """The files that are read, or that hold what somebody has written: none may be written over."""
    yield index / FILE
    if against:
        yield against
    if questions:
        yield questions
    if questions and (questions.is_dir() or questions.suffix.lower() == ".tsv"):
        folder = questions if questions.is_dir() else questions.parent.parent
        yield from (folder / "queries.jsonl", *(folder / "qrels").glob("*"))


def _check_outputs(outputs: dict[str, Path | None], inputs: Iterable[Path]) -> None:
    """Say what would fail at the end, or destroy something, before the work."""
    taken = {file.resolve() for file in inputs}
    for file in filter(None, outputs.values()):
        if file.resolve() in taken:
            raise UsageError(f"{file} is read, or written by another option: name another file.")
        taken.add(file.resolve())
        if not file.parent.is_dir():
            raise UsageError(f"There is no folder {file.parent} for {file.name}.")
        if file.is_dir():
            raise UsageError(f"{file} is a folder, and not a file to write.")
    if plot := outputs["plot"]:
        drawing.check_drawing(plot)


def _write(evaluation: Evaluation, outputs: dict[str, Path | None]) -> None:
    for name, made in (
        ("csv", exports.as_csv),
        ("run", exports.as_run),
        ("qrels", exports.as_qrels),
    ):
        if file := outputs[name]:
            exports.write(file, made(evaluation))
    if plot := outputs["plot"]:
        drawing.draw(evaluation, plot)


def _comparison_json(comparison: Comparison) -> dict[str, Any]:
    return {
        "regressed": comparison.regressed,
        "compared": comparison.compared,
        "notes": comparison.notes,
        "tests": [asdict(test) for test in comparison.tests],
        "changes": [
            {
                "id": change.after.question.id,
                "question": change.after.question.text,
                "verdict": change.verdict,
                "before": _short(change.before),
                "after": _short(change.after),
            }
            for change in comparison.changes
        ],
        **{
            name: [question.id for question in getattr(comparison, name)]
            for name in ("new", "gone", "rewritten")
        },
    }


def _short(outcome: qa_bot.Outcome) -> dict[str, Any]:
    names = ("found", "confidence", "rank", "marked", "marks", "citation")
    return {name: getattr(outcome, name) for name in names}


def add_question(  # each is an option
    text: str,
    index: Path,
    asking: Asking,
    quotes: list[str],
    documents: list[str],
    not_answered: bool,
    as_json: bool,
) -> None:
    """Ask, show the answer, and make it golden, as it is or as the options have it.

    Raises:
        EmptyQuestionError: Nothing is asked.
        UsageError: The answer can't be golden.
    """
    if not in_words(text):
        raise qa_bot.EmptyQuestionError
    with qa_bot.open_index(index) as opened:
        with err.status("Loading the models …"):
            opened.warm()
            answer = asking.answer(text, opened)
        if not_answered:
            question = Question(question_id(text), one_space(text), answered=False)
        else:
            question = wanted(answer, quotes, documents)
        outcome = asking.evaluate([question], opened).outcomes[0]
        if outcome.problem:
            raise UsageError(f"This can't be golden: {outcome.problem}.")
        if not as_json:
            print_answer(answer, opened)
    added = qa_bot.add_golden(index, question)
    if as_json:
        shown = {
            "question": asdict(added.question),
            "replaced": added.replaced,
            "failure": outcome.failure,
            "answer": {"verdict": answer.verdict, **asdict(answer)},
        }
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    out.print()
    print_text(f"Added to {added.file}:", "green")
    print_text(as_line(added.question), indent=2)
    for line in added.replaced:
        print_text("It replaces:", "yellow")
        print_text(line, indent=2)
    if outcome.failure:
        print_text(f"The answer is not yet as wanted: {outcome.failure}.", "yellow")


@dataclass(frozen=True, slots=True)
class Golden:
    """What a build did to the golden answers; ``comparison`` is None without an earlier index."""

    after: Evaluation
    comparison: Comparison | None

    @property
    def worse(self) -> bool:
        """Whether any golden answer is worse than before; without a before, than was confirmed."""
        if self.comparison is not None:
            return bool(self.comparison.having("worse"))
        return bool(self.after.failures)

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "worse": self.worse,
            "questions": len(self.after.outcomes),
            "failures": [
                {"question": one.question.text, "failure": one.failure}
                for one in self.after.failures
            ],
            "comparison": _comparison_json(self.comparison) if self.comparison else None,
        }

    def print(self) -> None:
        """For a person."""
        changed = len(self.comparison.changes) if self.comparison else 0
        was = "no earlier index to compare with"
        if self.comparison:
            was = f"{changed:,} changed" if changed else "none changed"
        failed = len(self.after.failures)
        right = len(self.after.outcomes) - failed
        print_text(
            f"{count(len(self.after.outcomes), 'golden question')}: {was}, {right:,} as wanted.",
            "red" if self.worse else "green",
        )
        if self.comparison:
            _print(report.change_lines(self.comparison, _SHOWN))
        if failed:
            _print(report.failure_lines(self.after, _SHOWN))


def evaluate_golden(index: Path) -> Evaluation | None:
    """The golden questions on the index as it is; None where it can't answer.

    Raises:
        UsageError: There are no golden questions.
    """
    golden = _questions(None, index)
    try:
        return _evaluate(golden, index)
    except (qa_bot.IndexStateError, qa_bot.ModelError):
        return None  # none yet, or damaged: the build that follows makes it anew


def check_golden(index: Path, before: Evaluation | None) -> Golden:
    """The golden questions on the index that was just built, against what they were."""
    after = _evaluate(_questions(None, index), index)
    return Golden(after, qa_bot.compare(before, after) if before else None)
