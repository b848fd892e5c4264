"""One question → which passages are quoted, and how sure that is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from qa_bot.asking.expecting import lacks_kind, of_others
from qa_bot.asking.judging import (
    READ,
    Judged,
    also_answers,
    confidence,
    found_at,
    judge,
    marked_sentences,
    possible_at,
    scores,
    texts,
)
from qa_bot.asking.naming import absent_names
from qa_bot.asking.openings import (
    asks_of_front,
    asks_of_itself,
    asks_parties,
    first_passages,
    introducing,
    says_of_document,
)
from qa_bot.asking.places import Found, find_place
from qa_bot.asking.pooling import pooled
from qa_bot.asking.retrieval import Ranking, rank
from qa_bot.errors import ModelError
from qa_bot.models.reader import DEFAULT_READER, Reader
from qa_bot.records import Hit, Sentence
from qa_bot.store.opening import Index
from qa_bot.text import looks_english

MAX_QUOTES = 3
_ASKS_SEVERAL = re.compile(
    r"\s*(?:please\s+)?(?:list|name|enumerate|(?:what|which|who)\s+(?:are|were))\b", re.IGNORECASE
)
_MOST_PLACES = 20  # of one name, of which the likeliest are quoted


@dataclass(frozen=True, slots=True)
class Asking:
    """A question, and how it is asked: see ``answering.answer``."""

    question: str
    index: Index
    k: int
    documents: Sequence[str] | None
    reader: Reader | None
    strictness: float | None
    is_guess: bool = False  # whether another word was put for one that isn't surely mistyped
    context: str = ""  # words of the conversation: searched with it, and no passage need have them
    share: float = 1.0  # what the question with its context counts, against it alone, in [0, 1]

    @property
    def searched(self) -> str:
        """All that is searched and read with."""
        return f"{self.context} {self.question}" if self.context else self.question


@dataclass(frozen=True, slots=True)
class Settled:
    """What is quoted for a question, best first, and how sure it is that it answers.

    ``question`` is as much of it as is read. Nothing is quoted where nothing may answer.
    ``missing`` are the names, numbers and codes that it turns on and the best passage lacks.
    """

    question: str
    judged: tuple[Judged, ...]
    hits: tuple[Hit, ...]
    quoted: tuple[Judged, ...]
    confidence: float
    needed: float
    found: bool
    place: Found | None = None  # that the quotes stand at
    missing: tuple[str, ...] = ()
    warning: str = ""

    def marked(self, one: Judged, most: int = 2) -> list[Sentence]:
        """The sentences that answer, of a passage that is quoted."""
        place, passage = self.place, one.candidate.passage
        if place is not None and place.itself and passage.sentences:
            return place.sentences(passage)[:most]
        out_of = of_others(self.question, texts(passage))
        if place is not None and (inside := place.line(passage)):
            out_of = [sentence not in inside for sentence in passage.sentences]
        return marked_sentences(one, out_of, most)


def settle(asking: Asking) -> Settled:
    """Settle what is quoted for one question.

    A place that it names is looked at first: asked for itself, its passages are the answer;
    where something is asked, they come before all others.

    Raises:
        EmptyQuestionError, UnknownDocumentError, UsageError
    """
    place = find_place(asking.question, asking.index, asking.documents)
    if place is not None and place.places and place.itself:
        return _whole_place(asking, place)
    if place is None or not place.places:
        return _beside_openings(asking, place)
    among = [number for group in place.places for number in group]
    inside = _weighed(asking, _ranked(asking, among), place)
    if inside.quoted:
        return inside
    outside = _weighed(asking, _ranked(asking), place)
    if outside.confidence > inside.confidence:
        return replace(outside, found=False)  # it isn't at the place that was named
    return replace(inside, quoted=inside.judged[:1])


def _beside_openings(asking: Asking, place: Found | None) -> Settled:
    """What is quoted of all passages, or of those that open documents, where these are meant."""
    question, index = asking.question, asking.index
    is_who, is_front = asks_parties(question), asks_of_front(question)
    among: list[int] = []
    if is_who or asks_of_itself(question):
        among = introducing(question, index, asking.documents)
    if is_front and not among:
        among = first_passages(index, asking.documents)
    opening = _weighed(asking, _ranked(asking, among), place) if among else None
    if opening is not None and opening.quoted and is_who:
        return opening
    whole = _weighed(asking, _ranked(asking), place)
    if opening is None or not opening.quoted:
        return whole
    if opening.confidence >= whole.confidence:
        return opening
    is_elsewhere = whole.found and says_of_document(whole.quoted[0].candidate.passage.text)
    return opening if is_front and (opening.found or not is_elsewhere) else whole


def _ranked(asking: Asking, among: Sequence[int] | None = None) -> Ranking:
    """The passages for all that is searched, with those for the question alone by their share."""
    documents = asking.documents if among is None else None
    found = rank(asking.searched, asking.index, asking.k, documents, among=among)
    if not asking.context or asking.share >= 1:
        return found
    alone = rank(asking.question, asking.index, asking.k, documents, among=among)
    return pooled(alone, found, asking.share)


def _weighed(asking: Asking, ranking: Ranking, place: Found | None) -> Settled:
    """Decide by the confidence, and by whether what is named is there."""
    judged, warning = _judged(ranking, asking.reader, asking.question)
    likely = confidence(judged)
    needed = found_at(judged) if asking.strictness is None else asking.strictness
    may = likely >= min(needed, possible_at(judged))
    quoted = list(_quoted(judged[: asking.k])) if may else []
    missing: list[str] = []
    for one in (quoted or judged)[:MAX_QUOTES]:
        lacking = _missing(asking, one, place)
        if not lacking and quoted:  # of those that answer alike, one that has what is named
            quoted.insert(0, quoted.pop(quoted.index(one)))
        if not lacking or not missing:
            missing = lacking
        if not lacking or not quoted:
            break
    best = (quoted or judged)[:1]
    quoted = _in_their_order(asking.question, quoted)
    lacks = any(lacks_kind(asking.question, _shown(asking, one)) for one in best)
    if missing or lacks or asking.is_guess:
        likely *= found_at(judged)  # whatever the reader says, it isn't sure
        quoted = quoted if likely >= min(needed, possible_at(judged)) else []
    return Settled(
        question=ranking.question,
        judged=tuple(judged),
        hits=_hits(judged, asking.k),
        quoted=tuple(quoted),
        confidence=likely,
        needed=needed,
        found=bool(quoted) and likely >= needed and not (missing or lacks or asking.is_guess),
        place=place if place is not None and place.places else None,
        missing=tuple(missing),
        warning=warning,
    )


def _missing(asking: Asking, one: Judged, place: Found | None) -> list[str]:
    """What the question turns on that is neither in a passage nor above it."""
    passage = one.candidate.passage
    if place is not None and place.is_missing(passage):
        return [place.name.shown]
    found = absent_names(asking.question, passage, _shown(asking, one)[1:])
    if place is None or not place.places:
        return found
    return [name for name in found if name.casefold() not in place.name.shown.casefold()]


def _shown(asking: Asking, one: Judged) -> list[str]:
    """A passage's text, and those that are shown above it."""
    passage = one.candidate.passage
    if not passage.context:
        return [passage.text]
    return [passage.text, *asking.index.slices(passage.document_id, passage.context)]


def _whole_place(asking: Asking, place: Found) -> Settled:
    """A place that is asked for itself: its passages in order, or the first of each such place.

    The first few are quoted, and the others are among the hits.
    """
    most = max(asking.k, MAX_QUOTES)
    groups = [group[:most] for group in place.places[:_MOST_PLACES]]
    among = [number for group in groups for number in group]
    ranking = rank(asking.question, asking.index, len(among), among=among)
    passages = asking.index.passages(among)
    by_passage = {candidate.passage: Judged(candidate) for candidate in ranking.candidates}
    judged = [[by_passage[passages[number]] for number in group] for group in groups]
    if len(groups) > 1:  # the likeliest first
        order = list(by_passage.values())
        judged = [sorted((group[0] for group in judged), key=order.index)]
    chosen = judged[0][: asking.k]
    likely = min(1.0, min(len(chosen), MAX_QUOTES) / len(place.places))
    needed = found_at(chosen) if asking.strictness is None else asking.strictness
    return Settled(
        question=ranking.question,
        judged=tuple(chosen),
        hits=tuple(Hit(one.candidate.passage, likely) for one in chosen),
        quoted=tuple(chosen[:MAX_QUOTES]),
        confidence=likely,
        needed=needed,
        found=likely >= needed and not asking.is_guess,
        place=place,
    )


def _in_their_order(question: str, quoted: list[Judged]) -> list[Judged]:
    """Siblings that answer alike as they stand in their document, where several are asked for."""
    passages = [one.candidate.passage for one in quoted]
    families = {(passage.document_id, passage.section[:-1]) for passage in passages}
    if len(families) != 1 or not _ASKS_SEVERAL.match(question):
        return quoted
    return sorted(quoted, key=lambda one: one.candidate.passage.start)


def _hits(judged: Sequence[Judged], k: int) -> tuple[Hit, ...]:
    pairs = zip(judged[:k], scores(judged), strict=False)
    return tuple(Hit(one.candidate.passage, score) for one, score in pairs)


def _judged(ranking: Ranking, reader: Reader | None, own: str) -> tuple[list[Judged], str]:
    """The candidates as the reader judges them; without it, and why, where it can't be used."""
    read = [candidate.passage.text for candidate in ranking.candidates[:READ]]
    if reader is DEFAULT_READER and not looks_english("\n".join(read)):
        return judge(ranking, None), ""
    try:
        return judge(ranking, reader, own), ""
    except ModelError as error:
        return judge(ranking, None), f"{error} Answers go by retrieval alone."


def _quoted(judged: Sequence[Judged]) -> Iterator[Judged]:
    """The best passage and those that answer about as well; the same text is quoted once."""
    seen: set[str] = set()
    for one in judged:
        text = " ".join(one.candidate.passage.text.split())
        if text in seen or (seen and not also_answers(one, judged[0])):
            continue
        seen.add(text)
        yield one
        if len(seen) == MAX_QUOTES:
            return
