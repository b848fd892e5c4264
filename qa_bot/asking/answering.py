"""Question → quotes with their answering sentences marked, a confidence, or "not found"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest

from qa_bot.asking.cell_features import scored
from qa_bot.asking.cells import choose
from qa_bot.asking.deciding import MOST_ROWS, asks_extreme, deciding_row
from qa_bot.asking.defined_terms import in_own_words
from qa_bot.asking.document_names import named_documents
from qa_bot.asking.following import Understood, as_turns, understand
from qa_bot.asking.judging import Judged
from qa_bot.asking.navigating import Asked, navigate, opened
from qa_bot.asking.offering import options
from qa_bot.asking.parts import parts
from qa_bot.asking.places import find_place
from qa_bot.asking.requests import Request, opens_place, request_of
from qa_bot.asking.retrieval import readable, together
from qa_bot.asking.same_table import same_table
from qa_bot.asking.settling import Asking, Settled, settle
from qa_bot.asking.spelling import Spelled, spelled
from qa_bot.errors import UnavailableError, UsageError
from qa_bot.language import SURE_OF_QUESTION, language_of
from qa_bot.models.reader import DEFAULT_READER, Reader
from qa_bot.records import Answer, Citation, Hit, Passage, Quote, Sentence, Span
from qa_bot.store.analysis import content, way_of
from qa_bot.store.opening import Index
from qa_bot.tables import QuotedTable, Table
from qa_bot.text import words
from qa_bot.turns import Turn

_EVEN = 0.5  # probability from which on a question rather leans on the conversation
_ASKING = frozenset(
    "say says said tell tells told mention mentions mean means anything everything".split()
)


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
    history: Sequence[Turn | tuple[str, str]] = (),
) -> Answer:
    """Answer a question by quoting, or say that nothing in the documents answers it clearly.

    A request that no quote answers ("What is this document about?") gets what leads on:
    ``Answer.navigation`` says so.

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
        history: What was asked before, oldest first: turns (``Turn.of(answer)``), or pairs of
            a question and what was said to it. Where the question leans on it,
            ``Answer.understood_as`` tells what was searched.

    Returns:
        One to three quotes, best first, where the confidence suffices, or, with ``found``
        False, where they may answer: see ``Answer.verdict``. Otherwise none, with the nearest
        passages as ``hits``. Where the reader can't be used, the answer goes by retrieval
        alone, and its ``warning`` says why.

    Raises:
        EmptyQuestionError, UnknownDocumentError, UsageError
        UnavailableError: Shards of the index can't be asked, and the others have no answer.
    """
    check_strictness(strictness)
    check_reader(reader)
    with index.searching() as unasked:
        found = _answered(question, index, k, documents, reader, strictness, as_turns(history))
        return _as_partial(found, unasked()) if unasked() else found


def _as_partial(found: Answer, share: float) -> Answer:
    """An answer to which some of the documents could not be asked.

    Raises:
        UnavailableError: It quotes nothing; what isn't there can't be told.
    """
    if not found.quotes:
        raise UnavailableError(share)
    told = f"{share:.0%} of the documents could not be asked just now."
    return replace(found, warning=" ".join(filter(None, (told, found.warning))), unknown_words=())


def _answered(
    question: str,
    index: Index,
    k: int,
    documents: Sequence[str] | None,
    reader: Reader | None,
    strictness: float | None,
    turns: Sequence[Turn],
) -> Answer:
    if (found := _navigation(question, index, documents, turns, reader, strictness)) is not None:
        return found
    understood = understand(readable(question), turns, index, documents)
    way = understood.candidate
    if way.way == "instead":  # "And the other report?" after "How many pages does …?"
        led = _navigation(way.question, index, documents, turns, reader, strictness)
        if led is not None:
            return replace(led, question=question, understood_as=understood.shown)
    meant = spelled(readable(way.question), index)
    # With words of the conversation before it, a question can't be told apart from another.
    asked = parts(meant.question) if not way.context else [meant.question]
    leans = bool(way.context) and understood.share >= _EVEN
    named = None if leans else named_documents(meant.question, index, documents)
    scopes = [understood.documents, documents] if understood.documents else [documents]
    ways: list[tuple[Sequence[str] | None, list[str]]] = [(scope, asked) for scope in scopes]
    if named is not None:
        rest = parts(named.question) if not way.context else [named.question]
        ways.insert(0, (named.documents, rest))
    asking = Asking(
        meant.question,
        index,
        k,
        documents,
        reader,
        strictness,
        is_guess=not meant.is_sure,
        context=way.context,
        share=understood.share,
    )
    settled: list[Settled] = []
    for scope, questions in ways:  # the document that is named or spoken of, then all
        settled = _settled(asking, questions, scope)
        if any(one.quoted for one in settled):
            break
    of = (meant.question, documents) if named is None else (named.question, named.documents)
    if not way.context and (own := in_own_words(of[0], index, of[1])) is not None:
        other = _settled(asking, parts(own.question), own.documents)
        if _sureness(other) > _sureness(settled):
            settled, meant = other, replace(meant, instead=(*meant.instead, *own.words))
    return _put_together(question, meant, understood, settled, k, reader, index)


def _settled(
    asking: Asking, questions: Sequence[str], scope: Sequence[str] | None
) -> list[Settled]:
    return [settle(replace(asking, question=one, documents=scope)) for one in questions]


def _sureness(settled: Sequence[Settled]) -> tuple[bool, float]:
    return all(one.found for one in settled), min(one.confidence for one in settled)


def _navigation(
    question: str,
    index: Index,
    documents: Sequence[str] | None,
    history: Sequence[Turn],
    reader: Reader | None,
    strictness: float | None,
) -> Answer | None:
    """What leads on, where that is what is asked for; None for a question."""

    def ask(topic: str, among: Sequence[str]) -> Answer:
        return answer(topic, index, documents=among, reader=reader, strictness=strictness)

    request = request_of(question)
    shows = opens_place(question)
    if request is None and not shows:
        return None
    asked = Asked(question, request or Request("section"), index, documents, history, ask)
    # The section of the document that was spoken of, before those of all others.
    spoken = [[name] for turn in history[-1:] for name in turn.documents[:1] if index.held([name])]
    for scope in [*spoken, documents] if shows and documents is None else [documents] * shows:
        place = find_place(readable(question), index, scope)
        if place is not None and (found := opened(asked, place)) is not None:
            return found
    return None if request is None else navigate(asked)


def _put_together(
    question: str,
    meant: Spelled,
    understood: Understood,
    settled: Sequence[Settled],
    k: int,
    reader: Reader | None,
    index: Index,
) -> Answer:
    """Put together what is quoted and how sure that is."""
    least = min(settled, key=lambda one: one.confidence - one.needed)
    chosen = _chosen(settled, index)
    hits = _together(settled, k, chosen)
    digests = index.digests({one.passage.document_id for one in chosen})
    stale = index.stale({hit.passage.document_id for hit in hits})
    quotes = [_quote(one, digests, stale) for one in chosen]
    missing = tuple(dict.fromkeys(name for one in settled for name in one.missing))
    return Answer(
        question=question,
        found=all(one.found for one in settled),
        confidence=least.confidence,
        hits=hits,
        quotes=tuple(quotes),
        unknown_words=tuple(_unknown_words(meant.question, index, missing)),
        missing=missing,
        searched_too=meant.instead,
        stale=tuple(sorted(stale)),
        warning=next((one.warning for one in settled if one.warning), ""),
        strictness=least.needed,
        reader=reader.name
        if reader and any(one.reading for of in settled for one in of.judged)
        else "",
        understood_as=understood.shown,
        options=options(question, understood, settled) if len(settled) == 1 else (),
    )


def _chosen(settled: Sequence[Settled], index: Index) -> list[_Marked]:
    """What is quoted: of several questions, the best of each, with a sentence for each."""
    if len(settled) == 1:
        return list(_each(settled[0], index))
    found: dict[Passage, _Marked] = {}
    for of in settled:
        for one in of.quoted[:1]:
            marked = _marked(of, one, index, most=1)
            before = found.get(marked.passage, marked)
            both = sorted({*before.sentences, *marked.sentences}, key=lambda one: one.start)
            found[marked.passage] = replace(before, sentences=tuple(both[:2]))
    return list(found.values())


def _each(settled: Settled, index: Index) -> Iterator[_Marked]:
    """Each passage that is quoted; a table once, by the passage with the row that answers."""
    seen: set[str] = set()
    compared: list[Judged] = []
    for one in settled.quoted:
        if any(one is other for other in compared):
            continue
        marked = _marked(settled, one, index)
        compared += marked.compared
        if _said(marked) not in seen:
            seen.add(_said(marked))
            yield marked


def _said(marked: _Marked) -> str:
    return " ".join(marked.passage.text.split())


def _together(settled: Sequence[Settled], k: int, chosen: Sequence[_Marked]) -> tuple[Hit, ...]:
    """The hits of all questions, the first of each before the second of any.

    What is quoted first comes first, also where it was chosen by a row of its table.
    """
    turns = list(filter(None, chain.from_iterable(zip_longest(*(one.hits for one in settled)))))
    if len(settled) == 1 and chosen and turns:
        turns.insert(0, Hit(chosen[0].passage, turns[0].score))
    return tuple(together(turns))[:k]


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


def _marked(settled: Settled, one: Judged, index: Index, most: int = 2) -> _Marked:
    """What answers in a passage; in that of a table, or in another one of the same table."""
    sentences = settled.marked(one, most)
    same = same_table(one, settled.judged, index)
    if same is None or not any(_is_of(same.table, sentence) for sentence in sentences):
        return _Marked(one, tuple(sentences))
    document, question = one.candidate.passage.document_id, settled.question
    found = scored(question, same.passages, same.table, lambda spans: index.slices(document, spans))
    if found is None:
        return _Marked(one, tuple(sentences))
    likeliest, table = choose(question, found, deciding=_deciding(question, same.table, one, index))
    rows = [found.rows[row] for row in table.rows or likeliest]
    sure = tuple(dict.fromkeys(row.sentence for row in rows))
    return _Marked(rows[0].passage, sure[:most], table, same.passages)


def _deciding(question: str, table: Table, one: Judged, index: Index) -> int | None:
    """The row that has the most or the least, among all rows of the table, found or not."""
    if not asks_extreme(question) or table.rows > MOST_ROWS:
        return None
    document = one.candidate.passage.document_id
    whole = index.tables(document, (table.start, table.end))
    held = next((each for each in whole if each.start == table.start), table)
    return deciding_row(question, held, lambda spans: index.slices(document, spans))


def _is_of(table: Table, sentence: Sentence) -> bool:
    """Whether a sentence is a row of a table, or of its caption: that only says what it is of."""
    spans = ((table.start, table.end), *filter(None, [table.caption]))
    return any(start <= sentence.start < end for start, end in spans)


def _quote(marked: _Marked, digests: dict[str, str], stale: set[str]) -> Quote:
    passage, table = marked.passage, marked.table
    spans = [(sentence.start, sentence.end) for sentence in marked.sentences]
    first = marked.sentences[0].paragraph if marked.sentences else None
    cell = table.cell if table else None
    return Quote(
        text=passage.text,
        start=passage.start,
        end=passage.end,
        passage=passage,
        sentences=tuple(spans),
        context=passage.context,
        citation=Citation.of(passage, digests[passage.document_id], first, spans),
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


def _unknown_words(question: str, index: Index, missing: Sequence[str]) -> Iterator[str]:
    """The question's content words that occur in no document, as written.

    Not those that only ask ("what does it say?"), nor parts of a missing code or name, and
    none where no document is in the question's language.
    """
    lexicon = index.lexicon
    asked = language_of(question, SURE_OF_QUESTION)
    if asked and way_of(asked) not in map(way_of, lexicon.languages):
        return
    for word in dict.fromkeys(words(question)):
        if word.casefold() in _ASKING or any(word in name and word != name for name in missing):
            continue
        forms = [content(word, language) for language in lexicon.languages]
        # Grammar in one of the languages is no content in the others either.
        if all(forms) and not any(lexicon.holds(term) for terms in forms for term in terms):
            yield word
