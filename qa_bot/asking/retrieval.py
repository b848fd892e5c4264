"""Question → hits: dense, sentence and lexical evidence, fused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import fsum

from qa_bot.asking.document_names import named_documents
from qa_bot.asking.spelling import spelled
from qa_bot.asking.weighing import plain
from qa_bot.errors import EmptyQuestionError, UsageError
from qa_bot.models.chance import chance_of
from qa_bot.records import Hit, Passage
from qa_bot.store.analysis import stems, way_of
from qa_bot.store.gathering import Gathered, Wanted
from qa_bot.store.opening import Index
from qa_bot.store.ties import best

POOL = 100  # candidates from each of the two searches
SHORTLIST = 40  # candidates that are compared sentence by sentence, at least
MAX_QUESTION = 2_000  # characters; what follows is not read


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage with the evidence that it answers.

    A coverage is the share of the question's search terms that occur, weighted
    by how rare they are, in [0, 1]. Cosines are counted from chance: 0 for texts that have
    nothing to do with each other, 1 for the same text (``models/chance.py``).
    """

    passage: Passage
    cosine: float  # of the question and the passage
    coverage: float  # by the whole passage
    bm25: float  # not below 0, without an upper bound
    sentences: tuple[tuple[float, float], ...]  # cosine and coverage of each
    above: float = 0.0  # coverage by its title and headings
    either: float = 0.0  # coverage by what stands in it or above it
    held: tuple[frozenset[str], ...] = ()  # the question's search terms in each sentence


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each kind of evidence counts, against 1 for the passage's cosine.

    Fitted on eight kinds of text, each left out in turn (``training/fit_retrieval.py``).
    BM25 finds candidates, and is no evidence: its size depends on how many rare words a
    question has, and in long reports it outweighed everything else.
    """

    sentence: float  # of the best sentence's evidence
    sentence_coverage: float  # in that evidence, against 1 for the sentence's cosine
    coverage: float
    above: float  # of the words that only title and headings have

    def sentence_evidence(self, candidate: Candidate) -> list[float]:
        """Evidence that each of the passage's sentences answers."""
        return [near + self.sentence_coverage * held for near, held in candidate.sentences]

    def evidence(self, candidate: Candidate) -> float:
        """Evidence that the passage answers; between questions, its scale is the same."""
        best = max(self.sentence_evidence(candidate), default=candidate.cosine)
        dense = (candidate.cosine + self.sentence * best) / (1 + self.sentence)
        beyond = candidate.either - candidate.coverage
        return dense + self.coverage * candidate.coverage + self.above * beyond


WEIGHTS = Weights(**plain().order)
_HIGHEST = 1.7  # about the highest evidence there is


@dataclass(frozen=True, slots=True)
class Ranking:
    """The shortlisted candidates for a question, best first, and its search terms.

    ``question`` is as much of it as is read, as valid text.
    """

    question: str
    candidates: tuple[Candidate, ...]
    terms: dict[str, float]  # term → inverse document frequency

    def hits(self, k: int) -> list[Hit]:
        """The first ``k`` as hits."""
        return [Hit(one.passage, scaled(WEIGHTS.evidence(one))) for one in self.candidates[:k]]


def scaled(evidence: float) -> float:
    """Evidence as a score in [0, 1]."""
    return min(max(evidence / _HIGHEST, 0.0), 1.0)


def retrieve(
    question: str, index: Index, k: int = 5, documents: Sequence[str] | None = None
) -> list[Hit]:
    """Find the passages that bear on a question.

    Where it names a document ("In the 2013 report, …"), that one's passages come first.

    Args:
        question: In plain words; no query syntax.
        index: From ``open_index``.
        k: At most so many hits; at least 1.
        documents: Only in these: exact document ids or folders.

    Returns:
        The hits, best first.

    Raises:
        EmptyQuestionError, UnknownDocumentError
    """
    meant = spelled(question, index).question
    hits = rank(meant, index, k, documents).hits(k)
    named = named_documents(meant, index, documents)
    if named is None:
        return hits
    inside = rank(named.question, index, k, named.documents).hits(k)
    return together([*inside, *hits])[:k]


def together(hits: Iterable[Hit]) -> list[Hit]:
    """The hits of several searches, each passage once, no score above the one before."""
    found: dict[Passage, Hit] = {}
    lowest = 1.0
    for hit in hits:
        if hit.passage not in found:
            lowest = min(lowest, hit.score)
            found[hit.passage] = Hit(hit.passage, lowest)
    return list(found.values())


def readable(question: str) -> str:
    """As much of a question as is read, as valid text, with single blanks.

    An argument of the shell that isn't valid text arrives with lone surrogates.
    """
    spaced = " ".join(question.split())[:MAX_QUESTION]
    return spaced.encode("utf-8", "replace").decode()


def rank(
    question: str,
    index: Index,
    k: int = 5,
    documents: Sequence[str] | None = None,
    *,
    among: Sequence[int] | None = None,
) -> Ranking:
    """Gather candidates by vectors and by words, shortlist them, and compare their sentences.

    The shortlist is the best by dense + 0.01 · BM25, where dense = (passage
    cosine + 1.2 · best sentence cosine) / 2.2: of eight kinds of text .998 of the right
    passages are in it. The final order is that of ``Weights.evidence``. ``among`` limits it
    to those passages.
    """
    if k < 1:
        raise UsageError(f"k is {k}: ask for at least one passage.")
    question = readable(question)
    if not any(character.isalnum() for character in question):
        raise EmptyQuestionError
    scope = None if documents is None else index.scope(documents)
    vector = index.embedder.encode_question(question)
    asked = index.lexicon.asked(question)
    terms = {term: weight for forms in asked.values() for term, weight in forms.items()}
    pool = max(POOL, k)
    chosen, inside = scope or (None, None)
    found = index.gather(Wanted(vector, tuple(terms), pool, chosen, inside, among))
    bm25, cosines = found.bm25, _from_chance(found, index)
    first = {
        number: (cosine + 1.2 * max(sentences, default=cosine)) / 2.2 + 0.01 * bm25.get(number, 0)
        for number, (cosine, sentences) in cosines.items()
    }
    shortlist = best(first, max(SHORTLIST, k), index.places)
    passages = index.passages(shortlist)
    compared = [
        _compare(passages[number], asked, *cosines[number], bm25.get(number, 0.0))
        for number in shortlist
    ]
    return Ranking(question, tuple(sorted(compared, key=order)), terms)


def order(candidate: Candidate) -> tuple[float, str, int]:
    """Best first; among equals by place, since ids depend on the order of building."""
    passage = candidate.passage
    return -round(WEIGHTS.evidence(candidate), 6), passage.document_id, passage.start


@lru_cache(maxsize=4_096)  # the same few hundred sentences come again in a conversation
def _stems(text: str, language: str) -> frozenset[str]:
    return frozenset(stems(text, language))


def _compare(
    passage: Passage,
    asked: dict[str, dict[str, float]],
    cosine: float,
    sentence_cosines: tuple[float, ...],
    bm25: float,
) -> Candidate:
    """Put together the evidence for one passage, its words in the forms of its language."""
    language = passage.language
    terms = asked[way_of(language)]
    total = fsum(terms.values()) or 1.0  # fsum: sets have no order, and the last bit hangs on it
    held = [
        frozenset(
            terms.keys()
            & _stems(passage.text[s.start - passage.start : s.end - passage.start], language)
        )
        for s in passage.sentences
    ]
    coverages = [fsum(terms[term] for term in found) / total for found in held]
    inside: set[str] = set().union(*held)
    above = terms.keys() & _stems(" ".join((passage.title, *passage.section)), language)
    return Candidate(
        passage=passage,
        cosine=cosine,
        coverage=fsum(terms[term] for term in inside) / total,
        bm25=bm25,
        sentences=tuple(zip(sentence_cosines, coverages, strict=True)),
        above=fsum(terms[term] for term in above) / total,
        either=fsum(terms[term] for term in inside | above) / total,
        held=tuple(held),
    )


def _from_chance(found: Gathered, index: Index) -> dict[int, tuple[float, tuple[float, ...]]]:
    """The cosines that were gathered, counted from chance."""
    chance = chance_of(index.embedder)

    def counted(cosine: float) -> float:
        return (cosine - chance) / (1 - chance)

    return {
        number: (counted(passage), tuple(map(counted, sentences)))
        for number, (passage, sentences) in found.cosines.items()
    }
