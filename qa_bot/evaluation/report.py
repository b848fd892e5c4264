"""Evaluations and comparisons in words: lines of text, each with a style for the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from textwrap import shorten

from qa_bot.evaluation.comparing import Change, Comparison
from qa_bot.evaluation.figures import Figure
from qa_bot.evaluation.outcomes import Evaluation, Outcome
from qa_bot.evaluation.questions import Question

Line = tuple[str, str]
"""A style as rich names it ("" for none) and the text."""

LABELS = {
    "hit_at_1": "hit@1",
    "hit_at_3": "hit@3",
    "hit_at_5": "hit@5",
    "hit_at_10": "hit@10",
    "mrr": "MRR@10",
    "ndcg": "nDCG@10",
    "marked": "marked sentence holds the quote",
    "document": "document of the first passage",
    "section": "section of the first passage",
    "page": "page of the first passage",
    "found_right": "found or not, rightly",
    "not_found_precision": '"not found": precision',
    "not_found_recall": '"not found": recall',
    "auroc": "AUROC of confidence",
    "aurc": "area under risk and coverage",
}
_COVERAGES = (0.5, 0.8, 1.0)
_LONG = 200  # characters of a quote that are shown


def report_lines(evaluation: Evaluation, shown: int | None = None) -> Iterator[Line]:
    """An evaluation in words; at most so many documents and failures are listed."""
    answered = sum(one.question.answered for one in evaluation.outcomes)
    yield (
        "bold",
        f"{_count(len(evaluation.outcomes), 'question')}, {answered:,} of which the documents "
        f"answer. {_count(evaluation.documents, 'document')}, "
        f"{_count(evaluation.passages, 'passage')}, {evaluation.model}.",
    )
    if evaluation.warning:
        yield "yellow", evaluation.warning
    yield from _problems(evaluation, shown)
    yield "", ""
    yield "dim", f"{'':<33}{'':>6}  {'95 % interval':<14}{'questions':>10}"
    for name, label in LABELS.items():
        figure: Figure = getattr(evaluation.summary, name)
        if figure.value is not None:
            interval = "" if figure.low is None else f"{figure.low:.3f}–{figure.high:.3f}"
            yield "", f"{label:<33}{figure.value:>6.3f}  {interval:<14}{figure.count:>10,}"
    yield "", ""
    yield (
        "",
        "Wrong of those answered, the surest first: "
        + ", ".join(f"{risk:.0%} of {coverage:.0%}" for coverage, risk in _risks(evaluation))
        + ".",
    )
    yield "", _verdicts(evaluation)
    yield (
        "",
        f"An answer took {evaluation.p50:.0f} ms (median) or {evaluation.p95:.0f} ms (95th "
        "percentile).",
    )
    yield from _parts(evaluation, shown)
    yield from failure_lines(evaluation, shown)


def _verdicts(evaluation: Evaluation) -> str:
    """How many questions have which verdict; where that wasn't kept, from where on one answers."""
    counts = Counter(one.verdict for one in evaluation.outcomes)
    threshold = f"confidence {evaluation.threshold:g}"
    if "" in counts:
        return f"Answered from {threshold} on; what is less sure counts as not found."
    return (
        f"Answered: {counts['answered']:,}, from {threshold} on. Not found: "
        f"{counts['possible'] + counts['absent']:,}, of which {counts['possible']:,} with quotes "
        f"that may answer and {counts['absent']:,} with none."
    )


def _risks(evaluation: Evaluation) -> list[tuple[float, float]]:
    """Coverage and risk at the points that come next to those of ``_COVERAGES``, each once."""
    points = evaluation.risk_coverage
    near = [min(points, key=lambda point: abs(point[0] - wanted)) for wanted in _COVERAGES]
    return list(dict.fromkeys(near))


def _problems(evaluation: Evaluation, shown: int | None) -> Iterator[Line]:
    lost = [one for one in evaluation.outcomes if one.problem]
    if lost:
        yield "", ""
        yield (
            "yellow",
            f"{_count(len(lost), 'question')} may be out of date: the index doesn't hold what is "
            "wanted.",
        )
        for one in lost[:shown]:
            yield "yellow", f"  {shorten(one.question.text, _LONG)}: {one.problem}"
        yield from _more(len(lost), shown)


def _parts(evaluation: Evaluation, shown: int | None) -> Iterator[Line]:
    if not evaluation.parts:
        return
    yield "", ""
    yield "dim", f"{'hit@1':>7}{'MRR@10':>8}{'marked':>8}{'found':>8}{'questions':>11}  by document"
    for part in evaluation.parts[:shown]:
        summary = part.summary
        cells = (summary.hit_at_1, summary.mrr, summary.marked, summary.found_right)
        row = "".join(f"{_cell(figure):>{7 + (n > 0)}}" for n, figure in enumerate(cells))
        yield "", f"{row}{part.questions:>11,}  {part.document or '(several, or none)'}"
    yield from _more(len(evaluation.parts), shown)


def _cell(figure: Figure) -> str:
    return "–" if figure.value is None else f"{figure.value:.3f}"


def failure_lines(evaluation: Evaluation, shown: int | None) -> Iterator[Line]:
    """The outcomes that are not as wanted, with what was quoted instead."""
    failures = evaluation.failures
    yield "", ""
    if not failures:
        yield "green", "Every question is answered as wanted."
        return
    yield "bold", f"Not as wanted: {_count(len(failures), 'question')}"
    for outcome in failures[:shown]:
        yield "", ""
        yield "bold", outcome.question.text
        yield "red", f"  {outcome.failure}"
        if outcome.question.answered:
            yield "", f"  wanted: {_wanted(outcome.question)}"
        yield from _given(outcome)
    yield from _more(len(failures), shown)


def _given(outcome: Outcome) -> Iterator[Line]:
    """What was quoted; or, where that only may answer or nothing was, from where it is."""
    if outcome.found:
        yield "", f"  quoted: “{shorten(outcome.marks or outcome.quoted, _LONG, placeholder=' …')}”"
        yield "cyan", f"  — {outcome.citation} (confidence {outcome.confidence:.2f})"
    else:
        label = "may answer" if outcome.verdict == "possible" else "nearest"
        yield "dim", f"  {label}: {outcome.citation} (confidence {outcome.confidence:.2f})"


def _wanted(question: Question) -> str:
    parts = [
        " or ".join(f"“{shorten(one, _LONG, placeholder=' …')}”" for one in question.quotes[:3])
    ]
    parts += [" or ".join(question.documents[:3]), " or ".join(question.sections)]
    parts += [f"p. {' or '.join(question.pages)}" if question.pages else ""]
    return ", ".join(part for part in parts if part)


def _more(count: int, shown: int | None) -> Iterator[Line]:
    if shown is not None and count > shown:
        yield "dim", f"  and {count - shown:,} more; --json and --csv list all"


def comparison_lines(comparison: Comparison, than: str, shown: int | None = None) -> Iterator[Line]:
    """A comparison in words; at most so many questions of each kind are listed."""
    others = "".join(
        f", {len(questions):,} {what}"
        for questions, what in (
            (comparison.new, "new"),
            (comparison.gone, "gone"),
            (comparison.rewritten, "rewritten"),
        )
        if questions
    )
    yield "bold", f"Compared with {than}: {_count(comparison.compared, 'question')}{others}"
    for note in comparison.notes:
        yield "yellow", f"  {note}"
    yield "", ""
    yield "dim", f"{'':<22}{'before':>8}{'after':>8}{'better':>8}{'worse':>8}{'p':>8}"
    for test in comparison.tests:
        yield (
            "red" if test.regression else "",
            f"{test.figure:<22}{test.before:>8.3f}{test.after:>8.3f}{test.better:>8,}"
            f"{test.worse:>8,}{test.p:>8.3f}",
        )
    yield from change_lines(comparison, shown)
    for questions, what in (
        (comparison.new, "Asked only now"),
        (comparison.gone, "Asked only then"),
        (comparison.rewritten, "Something else is wanted now, so not compared"),
    ):
        if questions:
            yield "", ""
            yield "bold", f"{what}:"
            yield from (("", f"  {question.text}") for question in questions[:shown])
            yield from _more(len(questions), shown)
    yield "", ""
    fallen = ", ".join(test.figure for test in comparison.tests if test.regression)
    if fallen:
        yield "bold red", f"Worse beyond noise: {fallen}."
    else:
        yield "green", "Nothing is worse beyond noise."


def change_lines(comparison: Comparison, shown: int | None = None) -> Iterator[Line]:
    """The questions that are answered otherwise than before, the worse ones first."""
    for changes, title, style in (
        (comparison.having("worse"), "Worse", "red"),
        (comparison.having("better"), "Better", "green"),
        (comparison.having("changed"), "As good, but quoted otherwise", ""),
    ):
        if not changes:
            continue
        yield "", ""
        yield f"bold {style}".strip(), f"{title}: {_count(len(changes), 'question')}"
        for change in changes[:shown]:
            yield "", f"  {change.after.question.text}"
            yield "dim", f"    {_difference(change)}"
        yield from _more(len(changes), shown)


def _difference(change: Change) -> str:
    before, after = _state(change.before), _state(change.after)
    parts = [f"{was} → {now}" for was, now in zip(before, after, strict=True) if was != now]
    if change.verdict == "changed" or not parts:
        marks = [_quote(one) for one in (change.before, change.after)]
        parts.append(" → ".join(marks))
    return "; ".join(parts)


def _state(outcome: Outcome) -> Sequence[str]:
    marked = "" if outcome.marked is None else ("marked" if outcome.marked else "not marked")
    rank = "not in the first ten" if outcome.rank is None else f"rank {outcome.rank}"
    return (
        "found" if outcome.found else "not found",
        marked,
        rank if outcome.question.answered else "",
    )


def _quote(outcome: Outcome) -> str:
    said = outcome.marks or outcome.quoted
    return f"“{shorten(said, 80, placeholder=' …')}”" if outcome.found else "nothing"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
