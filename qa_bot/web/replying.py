"""An answer with what is needed to show it, all of one snapshot of the index."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qa_bot.records import Answer, Span
from qa_bot.table_reading import table_views
from qa_bot.table_view import TableView

if TYPE_CHECKING:
    from qa_bot import Index


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with what is needed to show it, all of one snapshot.

    ``digests`` are of the documents of its passages, by id; ``contexts`` the
    texts of the passages' context spans, and ``tables`` what is shown of the tables
    that passages are of, by document and span.
    """

    answer: Answer
    digests: dict[str, str]
    contexts: dict[tuple[str, Span], str] = field(default_factory=dict)
    tables: dict[tuple[str, Span], TableView] = field(default_factory=dict)
    model: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """What one of several documents answers, asked alone.

    ``lost`` says that a quote of an earlier visit can't be read any more.
    """

    document_id: str
    title: str
    reply: Reply
    lost: bool = False


def reply_of(answer: Answer, index: Index) -> Reply:
    """An answer with what is needed to show it, read from the index that it is of."""
    passages = [hit.passage for hit in answer.hits] + [quote.passage for quote in answer.quotes]
    spans: dict[str, set[Span]] = {}
    for passage in passages:
        spans.setdefault(passage.document_id, set()).update(passage.context)
    contexts = {}
    for name, wanted in spans.items():
        in_order = sorted(wanted)
        for span, text in zip(in_order, index.slices(name, in_order), strict=True):
            contexts[name, span] = text
    return Reply(answer, index.digests(spans), contexts, table_views(answer, index), index.model)
