"""Question → quotes with their answering sentences marked, a confidence, or "not found"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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
from qa_bot.asking.same_table import same_table
from qa_bot.errors import ModelError, UsageError
from qa_bot.models.reader import DEFAULT_READER, Reader
from qa_bot.records import Answer, Citation, Hit, Passage, Quote, Sentence, Span
from qa_bot.store.lexical import stems
from qa_bot.store.opening import Index
from qa_bot.tables import QuotedTable, Table
from qa_bot.text import is_stop_word, looks_english, without_possessive, words

MAX_QUOTES = 3


@dataclass(frozen=True, slots=True)
class _Marked:
    """A passage with the sentences that answer; where they are rows, what in the table does."""

    one: Judged
    sentences: tuple[Sentence, ...]
    table: QuotedTable | None = None
    compared: tuple[Judged, ...] = ()  # the passages of the table that it was chosen from

    @property
    def passage(self) -> Passage:
        return self.one.candidate.passage


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
    is_quoted = found or likely >= possible_at(judged)
    quoted = list(_quoted(ranking.question, judged, k, index)) if is_quoted else []
    digests = index.digests({one.passage.document_id for one in quoted})
    hits = [
        Hit(one.candidate.passage, score)
        for one, score in zip(_best_first(judged, quoted)[:k], scores(judged), strict=False)
    ]
    stale = index.stale({hit.passage.document_id for hit in hits})
    return Answer(
        question=question,
        found=found,
        confidence=likely,
        hits=tuple(hits),
        quotes=tuple(_quote(one, digests, stale) for one in quoted),
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


def _quoted(question: str, judged: Sequence[Judged], k: int, index: Index) -> Iterator[_Marked]:
    """The best passage and those that answer about as well; the same text is quoted once.

    So is a table: by the passage, of all its candidates, that has the row which answers.
    """
    seen: set[str] = set()
    compared: list[Judged] = []
    for one in judged[:k]:
        if _said(one) in seen or (seen and not also_answers(one, judged[0])):
            continue
        if any(one is other for other in compared):
            continue
        marked = _marked(question, one, judged, index)
        compared += marked.compared
        if _said(marked.one) not in seen:
            yield marked
        seen |= {_said(one), _said(marked.one)}
        if len(seen) >= MAX_QUOTES:
            return


def _said(one: Judged) -> str:
    return " ".join(one.candidate.passage.text.split())


def _best_first(judged: Sequence[Judged], quoted: Sequence[_Marked]) -> list[Judged]:
    """The passages in their order, but that which is quoted first comes first."""
    first = [one.one for one in quoted[:1]]
    return first + [one for one in judged if one not in first]


def _marked(question: str, one: Judged, judged: Sequence[Judged], index: Index) -> _Marked:
    """What answers in a passage; in that of a table, or in another one of the same table."""
    sentences = marked_sentences(one)
    same = same_table(one, judged, index)
    if same is None or not any(_is_of(same.table, sentence) for sentence in sentences):
        return _Marked(one, tuple(sentences))
    document = one.candidate.passage.document_id
    found = scored(question, same.passages, same.table, lambda spans: index.slices(document, spans))
    if found is None:
        return _Marked(one, tuple(sentences))
    likeliest, table = choose(question, found)
    rows = [found.rows[row] for row in table.rows or likeliest]
    sure = tuple(dict.fromkeys(row.sentence for row in rows))
    return _Marked(rows[0].passage, sure, table, same.passages)


def _is_of(table: Table, sentence: Sentence) -> bool:
    """Whether a sentence is a row of a table, or of its caption: that only says what it is of."""
    spans = ((table.start, table.end), *filter(None, [table.caption]))
    return any(start <= sentence.start < end for start, end in spans)


def _quote(marked: _Marked, digests: dict[str, str], stale: set[str]) -> Quote:
    passage, table = marked.passage, marked.table
    spans = [(sentence.start, sentence.end) for sentence in marked.sentences]
    cell = table.cell if table else None
    return Quote(
        text=passage.text,
        start=passage.start,
        end=passage.end,
        passage=passage,
        sentences=tuple(spans),
        context=passage.context,
        citation=Citation.of(
            passage,
            digests[passage.document_id],
            marked.sentences[0].paragraph if spans else None,
        ),
        stale=passage.document_id in stale,
        answer=cell.span if cell else None if table else _answer(marked.one, spans),
        table=table,
    )


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
    for word in dict.fromkeys(words(question)):
        terms = stems(without_possessive(word))
        if not is_stop_word(word) and not any(index.lexicon.holds(term) for term in terms):
            yield word
