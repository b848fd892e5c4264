"""Question → quotes with their answering sentences marked, a confidence, or "not found"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest

from qa_bot.asking.cell_features import scored
from qa_bot.asking.cells import choose
from qa_bot.asking.judging import Judged
from qa_bot.asking.parts import parts
from qa_bot.asking.settling import Asking, Settled, settle
from qa_bot.asking.spelling import spelled
from qa_bot.errors import UsageError
from qa_bot.models.reader import DEFAULT_READER, Reader
from qa_bot.records import Answer, Citation, Hit, Passage, Quote, Sentence, Span
from qa_bot.store.analysis import content
from qa_bot.store.opening import Index
from qa_bot.tables import QuotedTable
from qa_bot.text import CELLS, words


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
    meant = spelled(question, index)
    settled = [
        settle(Asking(part, index, k, documents, reader, strictness))
        for part in parts(meant.question)
    ]
    least = min(settled, key=lambda one: one.confidence - one.needed)
    hits = _together(settled, k)
    chosen = _chosen(settled, k)
    digests = index.digests({one.candidate.passage.document_id for _, one in chosen})
    stale = index.stale({hit.passage.document_id for hit in hits})
    quotes = [_quote(of, one, index, digests, stale) for of, one in chosen]
    return Answer(
        question=question,
        found=all(one.found for one in settled),
        confidence=least.confidence,
        hits=hits,
        quotes=tuple(quotes),
        unknown_words=tuple(_unknown_words(meant.question, index)),
        missing=tuple(dict.fromkeys(name for one in settled for name in one.missing)),
        searched_too=meant.instead,
        stale=tuple(sorted(stale)),
        warning=next((one.warning for one in settled if one.warning), ""),
        strictness=least.needed,
        reader=reader.name
        if reader and any(one.reading for of in settled for one in of.judged)
        else "",
    )


def _chosen(settled: Sequence[Settled], k: int) -> list[tuple[list[Settled], Judged]]:
    """What is quoted, with the questions that it answers: of several, the best of each."""
    if len(settled) == 1:
        return [(list(settled), one) for one in settled[0].quoted]
    found: dict[Passage, tuple[list[Settled], Judged]] = {}
    for of in settled:
        for one in of.quoted[:1]:
            found.setdefault(one.candidate.passage, ([], one))[0].append(of)
    return list(found.values())[:k]


def _together(settled: Sequence[Settled], k: int) -> tuple[Hit, ...]:
    """The hits of all questions, the first of each before the second of any."""
    turns = chain.from_iterable(zip_longest(*(one.hits for one in settled)))
    hits: dict[Passage, Hit] = {}
    lowest = 1.0
    for hit in filter(None, turns):
        if hit.passage not in hits:
            lowest = min(lowest, hit.score)
            hits[hit.passage] = Hit(hit.passage, lowest)
    return tuple(hits.values())[:k]


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


def _quote(
    answers: Sequence[Settled],
    one: Judged,
    index: Index,
    digests: dict[str, str],
    stale: set[str],
) -> Quote:
    """A quote of a passage; where it answers several questions, with a sentence for each."""
    passage = one.candidate.passage
    marked, table = _marked(answers[0], one, index, most=2 if len(answers) == 1 else 1)
    for other in answers[1:]:
        own = next(own for own in other.quoted if own.candidate.passage == passage)
        also, _ = _marked(other, own, index, most=1)
        marked = sorted({*marked, *also}, key=lambda sentence: sentence.start)[:2]
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


def _marked(
    settled: Settled, one: Judged, index: Index, *, most: int
) -> tuple[list[Sentence], QuotedTable | None]:
    """The sentences that answer; where they are rows of a table, what in it answers."""
    passage = one.candidate.passage
    marked = settled.marked(one, most)
    if CELLS not in passage.text:
        return marked, None
    document = passage.document_id
    tables = index.tables(document, (passage.start, passage.end))
    found = scored(settled.question, one, tables, lambda spans: index.slices(document, spans))
    if found is None or not any(found.table.start <= s.start < found.table.end for s in marked):
        return marked, None
    likeliest, table = choose(settled.question, found)
    rows = list(dict.fromkeys(found.sentences[row] for row in table.rows or likeliest))
    return rows[:most], table


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
