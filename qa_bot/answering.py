"""Hits → quotes with their answering sentences marked, a confidence, or "not found"."""

from __future__ import annotations

from collections.abc import Sequence

from qa_bot.records import Answer
from qa_bot.retrieval import Index, hits_of, rank

MAX_QUOTES = 3
FOUND_AT = 0.5


def answer(
    question: str, index: Index, k: int = 5, documents: Sequence[str] | None = None
) -> Answer:
    """Answer a question by quoting, or say that the documents don't answer it.

    Args:
        question: In plain words.
        index: From ``open_index``.
        k: At most so many hits; at least 1.
        documents: Only from these: exact document ids or folders.

    Raises:
        EmptyQuestionError, UnknownDocumentError
    """
    ranking = rank(question, index, documents)
    return Answer(question, False, 0.0, tuple(hits_of(ranking, index, k)), ())
