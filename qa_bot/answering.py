"""Hits → quotes with their answering sentences marked, a confidence, or "not found"."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from qa_bot.lexical import stems
from qa_bot.records import Answer, Citation, Quote, Sentence
from qa_bot.retrieval import WEIGHTS, Candidate, Index, Ranking, rank
from qa_bot.text import is_stop_word, without_possessive, words

MAX_QUOTES = 3
ALSO_QUOTED = 0.9  # of the best passage's score: a close second answers too
ALSO_MARKED = 0.1  # evidence by which the second sentence may lag behind the first
FOUND_AT = 0.5  # confidence

# Logistic regression on the Wikipedia part of SQuADshifts, 3,000 questions: with their
# passage in the index against with it taken out, or its whole article. The intercept puts
# confidence 0.5 where 95 % of the answerable ones are found (benchmarks/fit.py).
_SENTENCE, _COVERAGE, _LEAD, _INTERCEPT = 5.52, 2.52, 4.55, -5.09


def answer(
    question: str, index: Index, k: int = 5, documents: Sequence[str] | None = None
) -> Answer:
    """Answer a question by quoting, or say that the documents don't answer it.

    Args:
        question: In plain words; no query syntax.
        index: From ``open_index``.
        k: At most so many hits; at least 1.
        documents: Only from these: exact document ids or folders.

    Returns:
        One to three quotes, best first, where the confidence reaches 0.5;
        otherwise none, with the nearest passages as ``hits``.

    Raises:
        EmptyQuestionError, UnknownDocumentError
    """
    ranking = rank(question, index, k, documents)
    confidence = _confidence(ranking)
    found = confidence >= FOUND_AT
    quoted = list(_quoted(ranking.candidates[:k])) if found else []
    digests = index.digests({candidate.passage.document_id for candidate in quoted})
    hits = ranking.hits(k)
    stale = index.stale({hit.passage.document_id for hit in hits})
    return Answer(
        question=question,
        found=found,
        confidence=confidence,
        hits=tuple(hits),
        quotes=tuple(_quote(candidate, digests, stale) for candidate in quoted),
        unknown_words=tuple(_unknown_words(question, index)),
        stale=tuple(sorted(stale)),
    )


def confidence_features(ranking: Ranking) -> tuple[float, float, float]:
    """What the confidence rests on, and means the same for every question.

    The best passage's best sentence evidence, the share of the question's words
    in it, and its lead over the next passage that says something else.
    """
    best, *rest = ranking.candidates
    others = (WEIGHTS.evidence(c) for c in rest if c.passage.text != best.passage.text)
    lead = WEIGHTS.evidence(best) - next(others, 0.0)
    sentence = max(WEIGHTS.sentence_evidence(best), default=best.cosine)
    return sentence, best.coverage, lead


def _confidence(ranking: Ranking) -> float:
    """How likely the best passage answers, in [0, 1]."""
    if not ranking.candidates:
        return 0.0
    sentence, coverage, lead = confidence_features(ranking)
    logit = _SENTENCE * sentence + _COVERAGE * coverage + _LEAD * lead + _INTERCEPT
    return 1 / (1 + math.exp(-logit))


def _quoted(candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """The best passage and close seconds; the same text is quoted once."""
    seen: set[str] = set()
    for candidate in candidates:
        text = " ".join(candidate.passage.text.split())
        if text in seen:
            continue
        if seen and WEIGHTS.evidence(candidate) < ALSO_QUOTED * WEIGHTS.evidence(candidates[0]):
            return
        seen.add(text)
        yield candidate
        if len(seen) == MAX_QUOTES:
            return


def _quote(candidate: Candidate, digests: dict[str, str], stale: set[str]) -> Quote:
    passage = candidate.passage
    marked = marked_sentences(candidate)
    return Quote(
        text=passage.text,
        start=passage.start,
        end=passage.end,
        passage=passage,
        sentences=tuple((sentence.start, sentence.end) for sentence in marked),
        context=passage.context,
        citation=Citation.of(
            passage, digests[passage.document_id], marked[0].paragraph if marked else None
        ),
        stale=passage.document_id in stale,
    )


def marked_sentences(candidate: Candidate) -> list[Sentence]:
    """The one or two sentences that answer, in reading order.

    What introduces a list ("They are:") only repeats the question; an item is marked instead.
    """
    passage = candidate.passage
    evidence = WEIGHTS.sentence_evidence(candidate)
    pairs = list(zip(evidence, passage.sentences, strict=True))
    answering = [
        pair for pair in pairs if passage.text[pair[1].end - passage.start - 1] not in ":："
    ]
    ordered = sorted(answering or pairs, key=lambda pair: -pair[0])
    chosen = [sentence for found, sentence in ordered[:2] if found >= ordered[0][0] - ALSO_MARKED]
    return sorted(chosen, key=lambda sentence: sentence.start)


def _unknown_words(question: str, index: Index) -> Iterator[str]:
    """The question's content words that occur in no document, as written."""
    for word in dict.fromkeys(words(question)):
        terms = stems(without_possessive(word))
        if not is_stop_word(word) and not any(index.lexicon.holds(term) for term in terms):
            yield word
