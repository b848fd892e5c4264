"""A conversation that the visitor's browser kept → the same one, its quotes read from the index.

What comes in may be anything: the browser's own memory, or a file from somebody else. Nothing of
it is shown but questions, escaped; quotes come as places, and their words from the index as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from qa_bot.errors import QaBotError
from qa_bot.records import Answer, Citation, Hit, Passage, Quote
from qa_bot.tables import QuotedTable, Table
from qa_bot.web import render
from qa_bot.web.conversation import Conversation
from qa_bot.web.links import SourceLink, link_query, parse_query
from qa_bot.web.replying import Compared, reply_of
from qa_bot.web.sent import text, texts
from qa_bot.web.service import Service

MOST_TURNS = 200  # of a conversation that are taken back, the last ones
_MOST_QUESTION = 2_000  # characters
_MOST_QUOTES = 6  # as many as documents are compared
_MOST_HITS = 10


@dataclass(frozen=True, slots=True)
class KeptColumn:
    """One of the documents that were compared, and where its quote stands, if it had one."""

    document_id: str
    found: bool
    quote: SourceLink | None

    def as_json(self) -> dict[str, object]:
        """As the page keeps it."""
        quotes = [link_query(self.quote)] if self.quote else []
        return {"name": self.document_id, "found": self.found, "quotes": quotes}


@dataclass(frozen=True, slots=True)
class Kept:
    """A question and where its quotes and further passages stand, as it was kept."""

    question: str
    found: bool
    confidence: float  # in [0, 1]
    quotes: tuple[SourceLink, ...]
    hits: tuple[SourceLink, ...]
    compared: tuple[KeptColumn, ...] = ()

    def as_json(self, sent: Mapping[str, Any]) -> str:
        """The fields as they came, for the page to keep: also those that can't be shown now."""
        told = {"question": self.question, "found": self.found, "confidence": self.confidence}
        links = {name: texts(sent, name)[:_MOST_HITS] for name in ("quotes", "hits")}
        columns = [each.as_json() for each in self.compared]
        return json.dumps({**told, **links, **({"compared": columns} if columns else {})})


def kept_turn(sent: object) -> Kept | None:
    """What was kept of a turn; None where it is anything else."""
    if not isinstance(sent, dict):
        return None
    question, confidence = text(sent, "question").strip(), sent.get("confidence")
    if not any(map(str.isalnum, question)) or len(question) > _MOST_QUESTION:
        return None
    known = isinstance(confidence, int | float) and 0 <= confidence <= 1
    return Kept(
        question,
        sent.get("found") is True,
        float(confidence) if known else 0.0,  # type: ignore[arg-type]
        _links(texts(sent, "quotes"), _MOST_QUOTES),
        _links(texts(sent, "hits"), _MOST_HITS),
        _columns(sent.get("compared")),
    )


def _columns(sent: object) -> tuple[KeptColumn, ...]:
    told = [each for each in sent if isinstance(each, dict)] if isinstance(sent, list) else []
    return tuple(
        KeptColumn(
            text(each, "name"),
            each.get("found") is True,
            next(iter(_links(texts(each, "quotes"), 1)), None),
        )
        for each in told[:_MOST_QUOTES]
        if len(text(each, "name")) <= _MOST_QUESTION
    )


def _links(queries: Iterable[str], most: int) -> tuple[SourceLink, ...]:
    found = (parse_query(query) for query in queries)
    return tuple(link for link in found if link is not None)[:most]


def restore(service: Service, conversation: Conversation, data: Mapping[str, Any]) -> str:
    """Take the turns of a conversation back: patches that show them.

    Those that the conversation had are forgotten, but for a question that was asked meanwhile.
    Without an index only the questions come back.
    """
    turns = data.get("turns")
    sent = turns[-MOST_TURNS:] if isinstance(turns, list) else []
    chosen = frozenset(texts(data, "chosen")) & service.held
    conversation.recall()
    if data.get("anew") is True:
        conversation.asked = None
    if chosen:
        conversation.chosen = chosen
    shown = []
    for each in sent:
        kept = kept_turn(each)
        if kept is not None:
            shown.append(_shown(service, conversation, kept, each))
    return render.patch("".join(shown))


def _shown(
    service: Service, conversation: Conversation, kept: Kept, sent: Mapping[str, Any]
) -> str:
    if kept.compared:
        return _shown_compared(service, conversation, kept, sent)
    lost = len(kept.quotes)
    reply = None
    try:
        with service.snapshot() as index:
            quotes = [one for link in kept.quotes if (one := _quote(index, link))]
            passages = [each for link in kept.hits if (each := _passage(index, link))]
            lost -= len(quotes)
            stale = index.stale({one.document_id for one in passages})
            answer = Answer(
                question=kept.question,
                found=kept.found and bool(quotes),
                confidence=kept.confidence,
                hits=tuple(Hit(one, 0.0) for one in [*(q.passage for q in quotes), *passages]),
                quotes=tuple(quotes),
                stale=tuple(sorted(stale)),
            )
            reply = reply_of(answer, index)
    except QaBotError:
        pass  # the question alone is shown
    turn = conversation.recall_turn(kept.question, reply)
    if reply is None or (not reply.answer.quotes and lost):
        body = render.lost_html(max(lost, 1))
    else:
        body = (render.lost_html(lost) if lost else "") + render.answer_html(reply)
    foot = ""
    if reply is not None and reply.answer.quotes:
        foot = render.verdict_html(turn.number, reply.answer)
    return render.turn_html(turn.number, kept.question, body, foot, kept=kept.as_json(sent))


def _shown_compared(
    service: Service, conversation: Conversation, kept: Kept, sent: Mapping[str, Any]
) -> str:
    compared: tuple[Compared, ...] = ()
    try:
        with service.snapshot() as index:
            compared = tuple(_compared(service, index, kept.question, one) for one in kept.compared)
    except QaBotError:
        pass  # the question alone is shown
    turn = conversation.recall_turn(kept.question, None, compared)
    body = render.compared_html(compared) if compared else render.lost_html(len(kept.compared))
    return render.turn_html(turn.number, kept.question, body, kept=kept.as_json(sent))


def _compared(
    service: Service,
    index: Any,  # noqa: ANN401 - a qa_bot.Index
    question: str,
    column: KeptColumn,
) -> Compared:
    quote = _quote(index, column.quote) if column.quote else None
    quotes = (quote,) if quote else ()
    answer = Answer(
        question=question,
        found=column.found and quote is not None,
        confidence=0.0,
        hits=tuple(Hit(one.passage, 0.0) for one in quotes),
        quotes=quotes,
        stale=tuple(one.citation.document_id for one in quotes if one.stale),
    )
    holdings = service.status.holdings
    titles = {one.id: one.title for one in holdings.documents} if holdings else {}
    title = quote.citation.title if quote else titles.get(column.document_id, column.document_id)
    is_lost = quote is None and (column.quote is not None or column.document_id not in titles)
    return Compared(column.document_id, title, reply_of(answer, index), is_lost)


def _passage(index: Any, link: SourceLink) -> Passage | None:  # noqa: ANN401 - a qa_bot.Index
    named = index.named(link.digest, link.document_id)
    if named is None or named.state != "current":
        return None
    numbers = index.scope([named.document_id])[1].tolist()
    here = [
        place.number
        for place in index.places(numbers)
        if place.start == link.start and place.name == named.document_id
    ]
    found = index.passages(here).values()
    return next((one for one in found if one.end == link.end), None)


def _quote(index: Any, link: SourceLink) -> Quote | None:  # noqa: ANN401 - a qa_bot.Index
    passage = _passage(index, link)
    if passage is None:
        return None
    known = {(one.start, one.end): one.paragraph for one in passage.sentences}
    marked = tuple(span for span in link.sentences if span in known)
    digest = index.digests([passage.document_id])[passage.document_id]
    tables = index.tables(passage.document_id, (passage.start, passage.end))
    table = _table(tables[0], link) if tables else None
    paragraph = known[marked[0]] if marked else None
    return Quote(
        text=passage.text,
        start=passage.start,
        end=passage.end,
        passage=passage,
        sentences=marked or tuple(list(known)[:1]),
        context=passage.context,
        citation=Citation.of(passage, digest, paragraph),
        stale=bool(index.stale([passage.document_id])),
        answer=link.cell if table is not None and table.cell else None,
        table=table,
    )


def _table(table: Table, link: SourceLink) -> QuotedTable:
    cell = next((one for one in table.cells if one.span == link.cell), None)
    rows = {
        one.row
        for one in table.cells
        if any(start <= one.start and one.end <= end for start, end in link.sentences)
    }
    headers = [one.span for one in table.headers(cell)] if cell else []
    labels = [one.span for one in table.labels(cell)] if cell else []
    return QuotedTable(table, tuple(sorted(rows)), cell, tuple(headers), tuple(labels))
