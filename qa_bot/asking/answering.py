"""Question → quotes with their answering sentences marked, a confidence, or "not found"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qa_bot.asking.cell_features import scored
from qa_bot.asking.cells import choose
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
)
from qa_bot.asking.retrieval import Ranking, rank
from qa_bot.errors import ModelError, UsageError
from qa_bot.models.reader import DEFAULT_READER, Reader
from qa_bot.records import Answer, Citation, Hit, Quote, Sentence, Span
from qa_bot.store.analysis import content
from qa_bot.store.opening import Index
from qa_bot.tables import QuotedTable
from qa_bot.text import CELLS, looks_english, words

MAX_QUOTES = 3


def answer(
    question: str,
    index: Index,
    k: int = 5,
    documents: Sequence[str] | None = None,
    *,
    reader: Reader | None = DEFAULT_READER,
    strictness: float | None = None,
) -> Answer:
    """Answer a question by quoting, or say that nothing in the documents answers it clearly.

    Args:
        question: In plain words; no query syntax.
        index: From ``open_index``.
        k: At most so many hits; at least 1.
        documents: Only from these: exact document ids or folders.
        reader: What reads the passages that retrieval puts first: the one that comes
            with qa_bot, or one from ``load_reader``; None goes by retrieval alone. The
            one that comes with qa_bot reads English: where the best passages mostly
            aren't, retrieval decides alone.
        strictness: The confidence that an answer must have, in [0, 1]; None takes the
            one that was fitted: see ``judging.found_at``.

    Returns:
        One to three quotes, best first, where the confidence suffices, or, with ``found``
        False, where they may answer: see ``Answer.verdict``. Otherwise none, with the nearest
        passages as ``hits``. Where the reader can't be used, the answer goes by retrieval
        alone, and its ``warning`` says why.

    Raises:
        EmptyQuestionError, UnknownDocumentError, UsageError
    """
    check_strictness(strictness)
    check_reader(reader)
    ranking = rank(question, index, k, documents)
    judged, warning = _judged(ranking, reader)
    likely = confidence(judged)
    needed = found_at(judged) if strictness is None else strictness
    found = bool(judged) and likely >= needed
    quoted = list(_quoted(judged[:k])) if found or likely >= possible_at(judged) else []
    digests = index.digests({one.candidate.passage.document_id for one in quoted})
    hits = [
        Hit(one.candidate.passage, score)
        for one, score in zip(judged[:k], scores(judged), strict=False)
    ]
    stale = index.stale({hit.passage.document_id for hit in hits})
    return Answer(
        question=question,
        found=found,
        confidence=likely,
        hits=tuple(hits),
        quotes=tuple(_quote(ranking.question, one, index, digests, stale) for one in quoted),
        unknown_words=tuple(_unknown_words(question, index)),
        stale=tuple(sorted(stale)),
        warning=warning,
        strictness=needed,
        reader=reader.name if reader and any(one.reading for one in judged) else "",
    )


def check_strictness(strictness: float | None) -> None:
    """Refuse what is no probability.

    Raises:
        UsageError
    """
    if strictness is not None and not 0 <= strictness <= 1:
        raise UsageError(f"The strictness is {strictness}: it goes from 0 to 1.")


def check_reader(reader: object) -> None:
    """Refuse what cannot read, such as a reader's name.

    Raises:
        UsageError
    """
    if reader is not None and not hasattr(reader, "read"):
        raise UsageError(
            f"The reader is {reader!r}: it has to be None, or what load_reader gives for a name."
        )


def _judged(ranking: Ranking, reader: Reader | None) -> tuple[list[Judged], str]:
    """The candidates as the reader judges them; without it, and why, where it can't be used."""
    texts = [candidate.passage.text for candidate in ranking.candidates[:READ]]
    if reader is DEFAULT_READER and not looks_english("\n".join(texts)):
        return judge(ranking, None), ""
    try:
        return judge(ranking, reader), ""
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


def _quote(
    question: str, one: Judged, index: Index, digests: dict[str, str], stale: set[str]
) -> Quote:
    passage = one.candidate.passage
    marked, table = _marked(question, one, index)
    spans = [(sentence.start, sentence.end) for sentence in marked]
    cell = table.cell if table else None
    return Quote(
        text=passage.text,
        start=passage.start,
        end=passage.end,
        passage=passage,
        sentences=tuple(spans),
        context=passage.context,
        citation=Citation.of(
            passage, digests[passage.document_id], marked[0].paragraph if marked else None
        ),
        stale=passage.document_id in stale,
        answer=cell.span if cell else None if table else _answer(one, spans),
        table=table,
    )


def _marked(question: str, one: Judged, index: Index) -> tuple[list[Sentence], QuotedTable | None]:
    """The sentences that answer; where they are rows of a table, what in it answers."""
    passage = one.candidate.passage
    marked = marked_sentences(one)
    if CELLS not in passage.text:
        return marked, None
    document = passage.document_id
    tables = index.tables(document, (passage.start, passage.end))
    found = scored(question, one, tables, lambda spans: index.slices(document, spans))
    if found is None or not any(found.table.start <= s.start < found.table.end for s in marked):
        return marked, None
    likeliest, table = choose(question, found)
    return list(dict.fromkeys(found.sentences[row] for row in table.rows or likeliest)), table


def _answer(one: Judged, marked: Sequence[Span]) -> Span | None:
    """The words that answer, where they stand in a marked sentence."""
    if one.reading is None or one.reading.span is None:
        return None
    shift = one.candidate.passage.start
    start, end = one.reading.span[0] + shift, one.reading.span[1] + shift
    inside = any(first <= start and end <= last for first, last in marked)
    return (start, end) if inside else None


def _unknown_words(question: str, index: Index) -> Iterator[str]:
    """The question's content words that occur in no document, as written."""
    lexicon = index.lexicon
    for word in dict.fromkeys(words(question)):
        forms = [content(word, language) for language in lexicon.languages]
        # Grammar in one of the languages is no content in the others either.
        if all(forms) and not any(lexicon.holds(term) for terms in forms for term in terms):
            yield word
