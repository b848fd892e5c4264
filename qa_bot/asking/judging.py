"""Candidates and what a reader makes of them → their order, their sentences, the confidence."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa_bot.asking.naming import absent_names
from qa_bot.asking.retrieval import WEIGHTS, Candidate, Ranking, scaled
from qa_bot.asking.weighing import ORDER, VERDICT, fitted
from qa_bot.models.reader import Reader, Reading
from qa_bot.records import Passage, Sentence
from qa_bot.text import CELLS

READ = 8  # candidates that are read

# Fitted on held-out training examples (training/fit_sentences.py), for qa_bot's own reader.
SENTENCE = 1.0  # log probability that one of a sentence's evidence is worth
# Likewise, on tables made by rule (training/fit_rows.py): which row is asked for, its words say.
ROW = 20.0  # log probability that all of the question's words are worth in a table's row

# Not fitted: no training data says when a second sentence, or passage, answers as well.
ALSO_MARKED = 0.7  # log probability by which the second sentence may lag behind the first
_ITEM = re.compile(r"(?:[-*+•–·]|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,5})[.)])\s")  # a list's marker
_LONGEST_ITEM = 200  # characters; a longer one is prose
_INTRODUCES = (":", "：")
_ASKS = ("?", "？", "؟")
_CLOSING = "\"'”’»)]*_ "  # may stand after a question mark
ALSO_QUOTED = 2.0  # log odds by which another passage may lag behind the first

# The same without a reader, on the Wikipedia part of SQuADshifts, 3,000 questions: with their
# passage in the index against with it taken out, or its whole article. The intercept puts
# confidence 0.5 where 95 % of the answerable ones are found (benchmarks/quality/fit.py).
_PLAIN: tuple[float, ...] = (5.52, 2.52, 4.55, -5.09)
_PLAIN_FOUND_AT = 0.5
_PLAIN_POSSIBLE_AT = 0.25  # not fitted
_ALSO_MARKED = 0.1  # evidence by which the second sentence may lag behind the first
_ALSO_QUOTED = 0.9  # of the best passage's evidence: a close second answers too


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate with what the reader makes of it; None where it wasn't read.

    ``absent`` is how many of the question's numbers, codes and names are neither in the
    passage nor above it.
    """

    candidate: Candidate
    reading: Reading | None = None
    absent: int = 0

    @property
    def margin(self) -> float:
        """The reader's log odds that the passage answers; 0 where it wasn't read."""
        return 0.0 if self.reading is None else self.reading.margin

    @property
    def evidence(self) -> float:
        """Evidence that the passage answers, the reader's included."""
        retrieved = WEIGHTS.evidence(self.candidate)
        if self.reading is None:
            return retrieved
        beyond = self.candidate.either - self.candidate.coverage
        values = retrieved, self.margin, beyond, float(self.absent > 0)
        weights = fitted().order
        return sum(weights[name] * value for name, value in zip(ORDER, values, strict=True))

    @property
    def score(self) -> float:
        """The evidence, scaled to [0, 1]; of a passage that was read, within it."""
        return scaled(self.evidence) if self.reading is None else _logistic(self.evidence)


def _logistic(log_odds: float) -> float:
    return 0.5 * (1 + math.tanh(log_odds / 2))  # without overflow


def judge(ranking: Ranking, reader: Reader | None) -> list[Judged]:
    """The candidates, best first: those that were read, then the others as retrieval has them.

    A passage in which the reader found nothing to read counts as not read, and comes after.
    """
    first = ranking.candidates[:READ] if reader is not None else ()
    rest = [Judged(candidate) for candidate in ranking.candidates[len(first) :]]
    if reader is None or not first:
        return rest
    readings = reader.read(ranking.question, [candidate.passage for candidate in first])
    read = [
        Judged(
            one,
            reading if math.isfinite(reading.margin) else None,
            len(absent_names(ranking.question, one.passage)),
        )
        for one, reading in zip(first, readings, strict=True)
    ]
    read.sort(key=lambda one: (one.reading is None, -round(one.evidence, 6)))
    return read + rest


def confidence(judged: Sequence[Judged]) -> float:
    """How likely the best passage answers, in [0, 1]."""
    if not judged:
        return 0.0
    if _is_read(judged):
        weights = fitted().verdict
        values = zip((*VERDICT, "constant"), (*features(judged), 1.0), strict=True)
        return _logistic(sum(weights[name] * value for name, value in values))
    plain = zip(_PLAIN, (*plain_features(judged), 1.0), strict=True)
    return _logistic(sum(weight * value for weight, value in plain))


def scores(judged: Sequence[Judged]) -> list[float]:
    """Each passage's score in [0, 1], never above the one before."""
    return list(itertools.accumulate((one.score for one in judged), min))


def found_at(judged: Sequence[Judged]) -> float:
    """The confidence from which on an answer is quoted, unless another is asked for."""
    return fitted().answered if _is_read(judged) else _PLAIN_FOUND_AT


def possible_at(judged: Sequence[Judged]) -> float:
    """The confidence from which on a passage is quoted as one that may answer."""
    return fitted().possible if _is_read(judged) else _PLAIN_POSSIBLE_AT


def _is_read(judged: Sequence[Judged]) -> bool:
    return bool(judged) and judged[0].reading is not None


def plain_features(judged: Sequence[Judged]) -> tuple[float, ...]:
    """What the confidence rests on without a reader, and means the same for every question.

    The best passage's best sentence evidence, the share of the question's words
    in it, and its lead over the next passage that says something else.
    """
    best, *rest = (one.candidate for one in judged)
    others = (WEIGHTS.evidence(c) for c in rest if c.passage.text != best.passage.text)
    lead = WEIGHTS.evidence(best) - next(others, 0.0)
    sentence = max(WEIGHTS.sentence_evidence(best), default=best.cosine)
    return sentence, best.coverage, lead


def features(judged: Sequence[Judged]) -> tuple[float, ...]:
    """What the confidence rests on with a reader, by the names of ``weighing.VERDICT``.

    The best passage's margin, and its lead over all that say something else, where nothing
    does over even odds; its best sentence's evidence; the share of the question's words in it
    or above it; whether a name or number of the question is in neither; its lead by retrieval;
    and whether it is of a table.
    """
    best = judged[0]
    others = [
        one
        for one in judged[1:]
        if one.reading is not None and one.candidate.passage.text != best.candidate.passage.text
    ]
    lead = best.margin - max((one.margin for one in others), default=0.0)
    sentence, _, _ = plain_features(judged)
    found = WEIGHTS.evidence(best.candidate)
    gain = found - max((WEIGHTS.evidence(one.candidate) for one in others), default=0.0)
    is_table = best.candidate.passage.text.count(CELLS) > 1
    return (
        best.margin,
        lead,
        sentence,
        best.candidate.either,
        float(best.absent > 0),
        gain,
        float(is_table),
    )


def also_answers(one: Judged, best: Judged) -> bool:
    """Whether a passage answers about as well as the best one does."""
    if best.reading is None:
        return one.evidence >= _ALSO_QUOTED * best.evidence
    if one.reading is None or one.reading.margin < 0:
        return False
    return one.reading.margin >= best.reading.margin - ALSO_QUOTED


def texts(passage: Passage) -> list[str]:
    """The text of each of its sentences."""
    first = passage.start
    return [passage.text[one.start - first : one.end - first] for one in passage.sentences]


def _are_siblings(passage: Passage) -> list[bool]:
    """Whether each sentence is a table's row or a list's item, among others of its kind.

    A row is a line of cells among others with as many; an item a short line with a marker.
    """
    lines = {line.strip() for line in passage.text.split("\n")}
    alone = [text if text in lines else "" for text in texts(passage)]
    cells = [text.count(CELLS) for text in alone]
    items = [bool(_ITEM.match(text)) and len(text) <= _LONGEST_ITEM for text in alone]
    return [
        (count > 0 and cells.count(count) > 1) or (is_item and items.count(True) > 1)
        for count, is_item in zip(cells, items, strict=True)
    ]


def sentence_scores(one: Judged, row: float = ROW) -> list[float]:
    """How much speaks for each sentence: as a log probability, where the passage was read.

    In a table's row, and in a list's item, the question's words count by ``row``.
    """
    evidence = WEIGHTS.sentence_evidence(one.candidate)
    if one.reading is None or not one.reading.sentences or not evidence:
        return evidence
    shown = zip(_are_siblings(one.candidate.passage), one.candidate.sentences, strict=True)
    held = [words if is_sibling else 0.0 for is_sibling, (_, words) in shown]
    read = zip(one.reading.sentences, evidence, held, strict=True)
    return [likely + SENTENCE * value + row * words for likely, value, words in read]


def marked_sentences(one: Judged, out_of: Sequence[bool] = (), most: int = 2) -> list[Sentence]:
    """The one or two sentences that answer, in reading order.

    ``out_of`` says for each sentence whether it is out of the question.

    What introduces a list ("They are:") only repeats the question; an item is marked instead.
    So does a question that stands in the text: what follows it answers as well as it fits.
    """
    passage = one.candidate.passage
    lag = ALSO_MARKED if one.reading is not None and one.reading.sentences else _ALSO_MARKED
    likely = sentence_scores(one)
    for place, is_out in enumerate(out_of):
        likely[place] = -math.inf if is_out else likely[place]
    pairs = list(zip(likely, passage.sentences, strict=True))
    answering = []
    asked = -math.inf  # how well the question fits that the next sentence answers
    for (found, sentence), text in zip(pairs, texts(passage), strict=True):
        if text.rstrip(_CLOSING).endswith(_ASKS):
            asked = max(asked, found)
        elif not text.endswith(_INTRODUCES):
            answering.append((max(found, asked), sentence))
            asked = -math.inf
    ordered = sorted(answering or pairs, key=lambda pair: -pair[0])
    chosen = [sentence for found, sentence in ordered[:most] if found >= ordered[0][0] - lag]
    return sorted(chosen, key=lambda sentence: sentence.start)
