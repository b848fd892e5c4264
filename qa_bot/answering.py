"""Hits → quotes with their answering sentences marked, a confidence, or "not found"."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from qa_bot.lexical import stems
from qa_bot.records import Answer, Citation, Hit, Passage, Quote, Sentence
from qa_bot.retrieval import Candidate, Index, Ranking, rank
from qa_bot.text import is_stop_word, words

MAX_QUOTES = 3
ALSO_QUOTED = 0.9  # of the best passage's score: a close second answers too
ALSO_MARKED = 0.1  # evidence by which the second sentence may lag behind the first
FOUND_AT = 0.5  # confidence

# Logistic regression on the Wikipedia part of SQuADshifts, 3,000 questions: with their
# passage in the index against with it taken out, or its whole article. The intercept puts
# confidence 0.5 where 95 % of the answerable ones are found (benchmarks/fit.py).
_SENTENCE, _COVERAGE, _LEAD, _INTERCEPT = 5.51, 2.54, 4.54, -5.02


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
    return Answer(
        question=question,
        found=found,
        confidence=confidence,
        hits=tuple(Hit(c.passage, c.score) for c in ranking.candidates[:k]),
        quotes=tuple(_quote(c, digests[c.passage.document_id]) for c in quoted),
        unknown_words=tuple(_unknown_words(question, index)),
    )


def _confidence(ranking: Ranking) -> float:
    """Chance-like figure in [0, 1] that the best passage answers.

    From evidence that means the same for every question: the best sentence's,
    the share of the question's words in its passage, and the lead over the next
    passage that says something else.
    """
    if not ranking.candidates:
        return 0.0
    best = ranking.candidates[0]
    others = (c.score for c in ranking.candidates[1:] if c.passage.text != best.passage.text)
    lead = (best.score - next(others, 0.0)) * 1.7
    logit = (
        _SENTENCE * max(best.sentences, default=best.cosine)
        + _COVERAGE * best.coverage
        + _LEAD * lead
        + _INTERCEPT
    )
    return 1 / (1 + math.exp(-logit))


def _quoted(candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """The best passage and close seconds; the same text is quoted once."""
    seen: set[str] = set()
    for candidate in candidates:
        text = " ".join(candidate.passage.text.split())
        if text in seen:
            continue
        if seen and candidate.score < ALSO_QUOTED * candidates[0].score:
            return
        seen.add(text)
        yield candidate
        if len(seen) == MAX_QUOTES:
            return


def _quote(candidate: Candidate, digest: str) -> Quote:
    passage = candidate.passage
    marked = _marked(candidate)
    return Quote(
        text=passage.text,
        start=passage.start,
        end=passage.end,
        passage=passage,
        sentences=tuple((sentence.start, sentence.end) for sentence in marked),
        context=passage.context,
        citation=_citation(passage, marked[0].paragraph if marked else passage.paragraph, digest),
    )


def _marked(candidate: Candidate) -> list[Sentence]:
    """The one or two sentences that answer, in reading order.

    What introduces a list ("They are:") only repeats the question; an item is marked instead.
    """
    passage = candidate.passage
    pairs = list(zip(candidate.sentences, passage.sentences, strict=True))
    answering = [
        pair for pair in pairs if passage.text[pair[1].end - passage.start - 1] not in ":："
    ]
    ordered = sorted(answering or pairs, key=lambda pair: -pair[0])
    chosen = [
        sentence for evidence, sentence in ordered[:2] if evidence >= ordered[0][0] - ALSO_MARKED
    ]
    return sorted(chosen, key=lambda sentence: sentence.start)


def _citation(passage: Passage, paragraph: int, digest: str) -> Citation:
    return Citation(
        document_id=passage.document_id,
        title=passage.title,
        section=passage.section,
        paragraph=paragraph,
        pages=passage.pages,
        anchor=passage.anchor,
        digest=digest,
        start=passage.start,
        end=passage.end,
    )


def _unknown_words(question: str, index: Index) -> Iterator[str]:
    """The question's content words that occur in no document, as written."""
    for word in dict.fromkeys(words(question)):
        if not is_stop_word(word) and not any(index.lexicon.holds(term) for term in stems(word)):
            yield word
