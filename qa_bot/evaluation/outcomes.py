"""Questions + index → what became of each, and the figures."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from qa_bot.asking import answering
from qa_bot.errors import QuestionFileError
from qa_bot.evaluation.figures import (
    CUTOFF,
    RankScores,
    Score,
    Summary,
    rank_scores,
    risk_coverage,
    summarise,
)
from qa_bot.evaluation.judging import (
    Judgements,
    OnProgress,
    by_document,
    document_name,
    is_in_section,
    is_named,
    is_on_page,
    judge,
    passage_name,
)
from qa_bot.evaluation.questions import Question, one_space
from qa_bot.models.reader import DEFAULT_READER, Reader
from qa_bot.records import Answer, Citation, Passage, Quote, __version__
from qa_bot.store.opening import Index

_PASSAGES_FOR_DOCUMENTS = (
    40  # that are ranked to have ten documents; as many as are compared anyway
)
_CURVE = 200  # points of the risk–coverage curve, about


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question. None where the question says nothing of it."""

    question: Question
    found: bool
    confidence: float  # in [0, 1]
    rank: int | None  # of the first relevant passage (or document) among ten; None: not there
    ranks: RankScores | None  # None: the documents don't answer the question
    marked: bool | None  # whether a marked sentence of the first quote holds the phrase
    document: bool | None  # whether the first passage is of the document; so for the other two
    section: bool | None
    page: bool | None
    quoted: str  # the first quote; "" where nothing was found
    marks: str  # its marked sentences; "" where none is, as in a table without a sure row
    citation: str  # of the first quote, or of the nearest passage where nothing was found
    held_by: str  # the document with what is wanted; "" where there are several, or none
    problem: str  # what the index doesn't hold of what is wanted; "" if it holds all
    seconds: float  # that ``answer`` took
    verdict: str = ""  # as in ``Answer``; "" in what earlier versions kept

    @property
    def score(self) -> Score:
        """What the figures need of it."""
        return Score(
            answered=self.question.answered,
            found=self.found,
            confidence=self.confidence,
            ranks=self.ranks,
            marked=self.marked,
            document=self.document,
            section=self.section,
            page=self.page,
        )

    @property
    def failure(self) -> str:
        """What is wrong, in words; "" where all is as wanted."""
        if not self.question.answered:
            return "quoted, though the documents don't answer it" if self.found else ""
        if self.rank is None and self.problem:
            return self.problem
        place = "is not among the first ten" if self.rank is None else f"comes at {self.rank}"
        if not self.found:
            found = "only may answer" if self.verdict == "possible" else "not found"
            return f"{found}; what is wanted {place}"
        if self.rank != 1:
            return f"another passage comes first; what is wanted {place}"
        if self.marked is not False:
            return ""
        return "another sentence is marked" if self.marks else "nothing is marked"


@dataclass(frozen=True, slots=True)
class Ranking:
    """One answered question's ranking and all that is relevant for it, by TREC names."""

    question: str  # its id
    names: tuple[str, ...]  # best first, at most ten
    relevant: tuple[tuple[str, int], ...]  # name and grade


@dataclass(frozen=True, slots=True)
class Part:
    """The figures of the questions whose answers one document holds.

    ``document`` is "" for questions with several such documents, or none.
    """

    document: str
    questions: int
    summary: Summary


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How an index did on some questions. ``rankings`` are not kept in its JSON."""

    qa_bot: str  # version
    made_at: str  # ISO 8601, UTC
    model: str
    built_at: str  # the index; ISO 8601, UTC
    documents: int
    passages: int
    threshold: float  # the confidence from which on something is an answer; of most questions
    summary: Summary
    parts: tuple[Part, ...]  # by document; () where there is but one
    risk_coverage: tuple[tuple[float, float], ...]  # coverage and risk; thinned to some 200 points
    p50: float  # milliseconds that ``answer`` took, the model being warm
    p95: float
    outcomes: tuple[Outcome, ...]  # in the order of the questions
    rankings: tuple[Ranking, ...] = ()
    reader: str = ""  # as in ``Answer``, of most questions
    warning: str = ""  # those of all answers, each once

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """The outcomes that are not as wanted."""
        return tuple(outcome for outcome in self.outcomes if outcome.failure)


def evaluate(
    questions: Iterable[Question],
    index: Index,
    *,
    reader: Reader | None = DEFAULT_READER,
    strictness: float | None = None,
    on_progress: OnProgress | None = None,
) -> Evaluation:
    """Ask all questions, and measure how good the answers are.

    A passage is relevant when it satisfies all that its question gives; where
    a phrase occurs in several passages, each of them is. Rankings are of the
    first ten passages, or of documents for questions that name nothing else.

    Args:
        questions: From ``read_questions`` or ``read_golden``; at least one, with ids of their own.
        index: From ``open_index``.
        reader: As for ``answer``.
        strictness: As for ``answer``.
        on_progress: Called now and then with what is going on and its share, in [0, 1].

    Raises:
        QuestionFileError: There are no questions, or two have the same id.
        NotInstalledError: ir_measures isn't there.
        UsageError: The strictness is no probability, or the reader cannot read.
    """
    answering.check_strictness(strictness)
    answering.check_reader(reader)
    asked = tuple(questions)
    if not asked:
        raise QuestionFileError("There are no questions to ask.")
    if len({question.id for question in asked}) < len(asked):
        raise QuestionFileError("Two questions have the same id.")
    rank_scores({}, {})  # what is missing is said before the work
    judged = judge(asked, index, on_progress)
    index.warm()
    # So that the first question takes no longer than the others.
    answering.answer(judged[0].question.text, index, reader=reader, strictness=strictness)
    outcomes, rankings = [], []
    ways: Counter[tuple[float, str]] = Counter()
    warnings: dict[str, None] = {}
    for number, one in enumerate(judged):
        if on_progress is not None:
            on_progress(f"Asked {number:,} of {len(judged):,} questions", number / len(judged))
        k = _PASSAGES_FOR_DOCUMENTS if by_document(one.question) else CUTOFF
        began = time.perf_counter()
        answer = answering.answer(
            one.question.text,
            index,
            k=k,
            reader=reader,
            strictness=strictness,
            history=one.question.history,
        )
        outcome, ranking = _judged(one, answer, time.perf_counter() - began)
        outcomes.append(outcome)
        ways[answer.strictness, answer.reader] += 1
        warnings[answer.warning] = None
        if ranking is not None:
            rankings.append(ranking)
    scores = rank_scores(
        {one.question: one.names for one in rankings},
        {one.question: dict(one.relevant) for one in rankings},
    )
    scored = tuple(replace(one, ranks=scores.get(one.question.id)) for one in outcomes)
    threshold, read_by = ways.most_common(1)[0][0]
    said = " ".join(filter(None, warnings))
    return _evaluation(scored, tuple(rankings), index, threshold, read_by, said)


def _judged(one: Judgements, answer: Answer, seconds: float) -> tuple[Outcome, Ranking | None]:
    question = one.question
    ranking = None
    if question.answered:
        ranking = Ranking(
            question.id,
            _names(answer, documents=by_document(question)),
            tuple(one.relevant.items()),
        )
    places = [
        place
        for place, name in enumerate(ranking.names if ranking else (), 1)
        if name in one.relevant
    ]
    first = answer.hits[0].passage if answer.hits else None
    quote = answer.quotes[0] if answer.found else None
    marks = _marks(quote) if quote else ()
    cited = quote.citation if quote else Citation.of(first, "") if first else None
    documents = one.documents if question.answered else set(question.documents)
    return Outcome(
        question=question,
        found=answer.found,
        confidence=answer.confidence,
        rank=places[0] if places else None,
        ranks=None,
        marked=_holds(marks, question.quotes) if question.quotes else None,
        document=_fits(first, question.documents, question),
        section=_fits(first, question.sections, question),
        page=_fits(first, question.pages, question),
        quoted=quote.text if quote else "",
        marks=" … ".join(marks),
        citation=str(cited) if cited else "",
        held_by=next(iter(documents)) if len(documents) == 1 else "",
        problem=one.problem,
        seconds=seconds,
        verdict=answer.verdict,
    ), ranking


def _names(answer: Answer, *, documents: bool) -> tuple[str, ...]:
    """The ranking's names; of documents, each in the place of its best passage."""
    passages = (hit.passage for hit in answer.hits)
    if documents:
        names = dict.fromkeys(document_name(passage.document_id) for passage in passages)
        return tuple(names)[:CUTOFF]
    return tuple(passage_name(passage) for passage in passages)[:CUTOFF]


def _marks(quote: Quote) -> tuple[str, ...]:
    """The marked stretches of a quote; sentences that follow each other are one."""
    stretches: list[tuple[int, int]] = []
    for start, end in quote.marked:
        between = (
            quote.text[stretches[-1][1] - quote.start : start - quote.start] if stretches else "-"
        )
        if between.strip():
            stretches.append((start, end))
        else:
            stretches[-1] = (stretches[-1][0], end)
    return tuple(
        one_space(quote.text[start - quote.start : end - quote.start]) for start, end in stretches
    )


def _holds(texts: Sequence[str], phrases: Sequence[str]) -> bool:
    return any(phrase in text for phrase in phrases for text in texts)


def _fits(first: Passage | None, wanted: tuple[str, ...], question: Question) -> bool | None:
    """Whether the first passage is in the wanted document, section or page; None: none is named."""
    if not wanted or not question.answered:
        return None
    if first is None:
        return False
    if wanted is question.documents:
        return is_named(first.document_id, wanted)
    return (is_in_section if wanted is question.sections else is_on_page)(first, wanted)


def _evaluation(
    outcomes: tuple[Outcome, ...],
    rankings: tuple[Ranking, ...],
    index: Index,
    threshold: float,
    reader: str,
    warning: str,
) -> Evaluation:
    held: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        held.setdefault(outcome.held_by, []).append(outcome)
    curve = risk_coverage(
        [outcome.confidence for outcome in outcomes], [outcome.score.right for outcome in outcomes]
    )
    thinned = np.linspace(0, len(curve) - 1, min(len(curve), _CURVE)).round().astype(int)
    milliseconds = [1000 * outcome.seconds for outcome in outcomes]
    p50, p95 = np.percentile(milliseconds, (50, 95)).tolist()
    return Evaluation(
        qa_bot=__version__,
        made_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        model=index.model,
        built_at=index.built_at,
        documents=len(index.documents()),
        passages=index.passage_count,
        threshold=threshold,
        summary=summarise([outcome.score for outcome in outcomes]),
        parts=tuple(
            Part(name, len(those), summarise([outcome.score for outcome in those]))
            for name, those in sorted(held.items(), key=lambda item: (not item[0], item[0]))
            if len(held) - ("" in held) > 1
        ),
        risk_coverage=tuple(curve[place] for place in sorted(set(thinned.tolist()))),
        p50=p50,
        p95=p95,
        outcomes=outcomes,
        rankings=rankings,
        reader=reader,
        warning=warning,
    )
