"""Candidates and what a reader makes of them → their order, their sentences, the confidence."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from qa_bot.asking.definitions import asked_term, defines
from qa_bot.asking.marking import (
    alone_names,
    are_siblings,
    in_other_forms,
    is_prose,
    leads_to_answer,
    others_labelled,
    signatures,
)
from qa_bot.asking.naming import absent_names
from qa_bot.asking.retrieval import WEIGHTS, Candidate, Ranking, scaled
from qa_bot.asking.weighing import ORDER, PLAIN, VERDICT, fitted, plain, stages
from qa_bot.models.reader import Reader, Reading, SpanReader
from qa_bot.records import Passage, Sentence
from qa_bot.text import CELLS

READ = 8  # candidates that are read, at most

# Evidence that a neighbour has at least, in nineteen of twenty questions: where there is hardly
# a second passage, being far ahead of it says nothing.
NEIGHBOUR = 0.2

# Fitted on held-out training examples (training/fit_sentences.py), for qa_bot's own reader.
SENTENCE = 3.0  # log probability that one of a sentence's evidence is worth
# Likewise, on tables made by rule (training/fit_rows.py): which row is asked for, its words say.
ROW = 20.0  # log probability that all of the question's words are worth in a table's row

# Not fitted: no training data says when a second sentence, or passage, answers as well.
ALSO_MARKED = 0.7  # log probability by which the second sentence may lag behind the first
_INTRODUCES = (":", "：")
ALSO_QUOTED = 2.0  # log odds by which another passage may lag behind the first

_ALSO_MARKED = 0.1  # evidence by which the second sentence may lag behind the first
_ALSO_QUOTED = 0.9  # of the best passage's evidence: a close second answers too


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate with what the reader makes of it; None where it wasn't read.

    ``absent`` is how many of the question's numbers, codes and names are neither in the
    passage nor above it, and ``question`` what was asked. ``defines`` says whether it tells what
    something is, where that is asked.
    """

    candidate: Candidate
    reading: Reading | None = None
    absent: int = 0
    question: str = ""
    defines: bool = False

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


def judge(
    ranking: Ranking, reader: Reader | None, own: str | None = None, *, at_once: bool = False
) -> list[Judged]:
    """The candidates, best first: those that were read, then the others as retrieval has them.

    qa_bot's own reader reads a few, and the others where those leave a doubt; ``at_once`` has it
    read all. A passage in which the reader found nothing to read counts as not read, and comes
    after.
    ``own`` is the question without words of a conversation before it: no passage need have those.
    """
    if reader is None:
        return [Judged(one, question=ranking.question) for one in ranking.candidates]
    ranking = _defining_first(ranking)
    in_stages = isinstance(reader, SpanReader) and not at_once
    few = stages().first if in_stages else READ
    read = _read(ranking, reader, own, (0, few))
    if few < READ and not is_clear(read):
        read = _in_order(read + _read(ranking, reader, own, (few, READ)))
    rest = ranking.candidates[len(read) :]
    return read + [Judged(one, question=ranking.question) for one in rest]


def _defining_first(ranking: Ranking) -> Ranking:
    """The candidates, those first that tell what something is, where the question asks that.

    Many passages of a manual have its words; the one that tells what they mean is read, too.
    """
    if not asked_term(ranking.question):
        return ranking
    ordered = sorted(ranking.candidates, key=lambda one: not _defines(ranking.question, one))
    return replace(ranking, candidates=tuple(ordered))


def _defines(question: str, one: Candidate) -> bool:
    term = asked_term(question)
    return bool(term) and any(defines(term, text) for text in texts(one.passage))


def is_clear(read: Sequence[Judged]) -> bool:
    """Whether what has been read, best first, decides without the passages that come after.

    Of a table it never does: which row is meant, all its passages say together.
    """
    if not read or any(CELLS in one.candidate.passage.text for one in read):
        return False
    return confidence(read) >= stages().clear


def _read(
    ranking: Ranking, reader: Reader, own: str | None, places: tuple[int, int]
) -> list[Judged]:
    """The candidates at those places, as the reader judges them, best first."""
    asked, some = ranking.question, ranking.candidates[slice(*places)]
    if not some:
        return []
    readings = reader.read(asked, [candidate.passage for candidate in some])
    return _in_order(
        Judged(
            one,
            reading if math.isfinite(reading.margin) else None,
            len(absent_names(asked if own is None else own, one.passage)),
            asked,
            _defines(asked, one),
        )
        for one, reading in zip(some, readings, strict=True)
    )


def _in_order(read: Iterable[Judged]) -> list[Judged]:
    """Best first: by evidence, but that of those that answer alike one that defines comes first."""
    ordered = sorted(read, key=lambda one: (one.reading is None, -round(one.evidence, 6)))
    defining = next((one for one in ordered if one.defines), None)
    if defining is None or defining is ordered[0] or not also_answers(defining, ordered[0]):
        return ordered
    moved = [defining, *(one for one in ordered if one is not defining)]
    is_lost = confidence(ordered) >= found_at(ordered) and confidence(moved) < found_at(moved)
    return ordered if is_lost else moved


def confidence(judged: Sequence[Judged]) -> float:
    """How likely the best passage answers, in [0, 1]."""
    if not judged:
        return 0.0
    if _is_read(judged):
        weights = fitted().verdict
        values = zip((*VERDICT, "constant"), (*features(judged), 1.0), strict=True)
        return _logistic(sum(weights[name] * value for name, value in values))
    weights = plain().verdict
    values = zip((*PLAIN, "constant"), (*plain_features(judged), 1.0), strict=True)
    return _logistic(sum(weights[name] * value for name, value in values))


def scores(judged: Sequence[Judged]) -> list[float]:
    """Each passage's score in [0, 1], never above the one before."""
    return list(itertools.accumulate((one.score for one in judged), min))


def found_at(judged: Sequence[Judged]) -> float:
    """The confidence from which on an answer is quoted, unless another is asked for."""
    return (fitted() if _is_read(judged) else plain()).answered


def possible_at(judged: Sequence[Judged]) -> float:
    """The confidence from which on a passage is quoted as one that may answer."""
    return (fitted() if _is_read(judged) else plain()).possible


def _is_read(judged: Sequence[Judged]) -> bool:
    return bool(judged) and judged[0].reading is not None


def plain_features(judged: Sequence[Judged]) -> tuple[float, ...]:
    """What the confidence rests on without a reader, and means the same for every question.

    The best passage's best sentence evidence, the share of the question's words
    in it, and its lead over the next passage that says something else.
    """
    best, *rest = (one.candidate for one in judged)
    others = (WEIGHTS.evidence(c) for c in rest if c.passage.text != best.passage.text)
    lead = WEIGHTS.evidence(best) - max(next(others, 0.0), NEIGHBOUR)
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
    gain = found - max(NEIGHBOUR, *(WEIGHTS.evidence(one.candidate) for one in others), 0.0)
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


def sentence_scores(one: Judged, row: float = ROW) -> list[float]:
    """How much speaks for each sentence: as a log probability, where the passage was read.

    In a table's row, a list's item and a log's line the question's words count by ``row``.
    """
    evidence = WEIGHTS.sentence_evidence(one.candidate)
    if one.reading is None or not one.reading.sentences or not evidence:
        return evidence
    kinds = are_siblings(one.candidate.passage.text, texts(one.candidate.passage))
    shown = zip(kinds, one.candidate.sentences, strict=True)
    held = [words if kind not in ("", "entry") else 0.0 for kind, (_, words) in shown]
    read = zip(one.reading.sentences, evidence, held, strict=True)
    return [likely + SENTENCE * value + row * words for likely, value, words in read]


def marked_sentences(one: Judged, out_of: Sequence[bool] = (), most: int = 2) -> list[Sentence]:
    """The one or two sentences that answer, in reading order.

    ``out_of`` says for each sentence whether it is out of the question.
    """
    lag = ALSO_MARKED if one.reading is not None and one.reading.sentences else _ALSO_MARKED
    likely = sentence_scores(one)
    for place, is_out in enumerate(out_of):
        likely[place] = -math.inf if is_out else likely[place]
    scored = list(_answering(one, likely)) or list(
        zip(likely, one.candidate.passage.sentences, strict=True)
    )
    out = set(itertools.compress(one.candidate.passage.sentences, out_of))
    scored = [pair for pair in scored if pair[1] not in out] or scored
    ordered = sorted(scored, key=lambda pair: -pair[0])
    chosen = [sentence for found, sentence in ordered[:most] if found >= ordered[0][0] - lag]
    return sorted(chosen, key=lambda sentence: sentence.start)


def _answering(one: Judged, likely: Sequence[float]) -> Iterator[tuple[float, Sentence]]:
    """The sentences that can answer, each with what speaks for it.

    What introduces a list ("They are:") only repeats the question; an item is marked instead.
    So does a question that stands in the text: what follows it answers as well as it fits.
    Of items, the one that alone has all the words that any has stands for all of them, and
    what a term is says the sentence that defines it. Of entries, the one whose label alone
    is asked for does.
    """
    said = texts(one.candidate.passage)
    held = one.candidate.held or (frozenset(),) * len(said)
    are_asked = [leads_to_answer(*pair) for pair in itertools.pairwise([*said, ""])]
    kinds = are_siblings(one.candidate.passage.text, said)
    titles = [not kind and not is_prose(text) for kind, text in zip(kinds, said, strict=True)]
    passed_over = [False] * len(said) if any(are_asked) else alone_names(kinds, held, titles)
    labelled = others_labelled(one.question, kinds, said)
    paragraphs = [sentence.paragraph for sentence in one.candidate.passage.sentences]
    elsewhere = in_other_forms(kinds, paragraphs, held)
    signed = signatures(one.question, said)
    term = asked_term(one.question)
    defining = [defines(term, text) for text in said]
    asked = -math.inf  # how well the question fits that the next sentence answers
    scored = zip(likely, one.candidate.passage.sentences, strict=True)
    for place, (found, sentence) in enumerate(scored):
        text, after = said[place], said[place + 1] if place + 1 < len(said) else ""
        if are_asked[place]:
            asked = max(asked, found)
            continue
        # "To the members of the board:" is no repetition, and what follows is no list.
        introduces = text.endswith(_INTRODUCES) and (held[place] or not is_prose(after))
        if not introduces:
            is_over = passed_over[place] or labelled[place] or elsewhere[place] or signed[place]
            if not is_over and (defining[place] or not any(defining)):
                yield max(found, asked), sentence
            asked = -math.inf
