"""Which documents a name means, by the words of their titles and files' names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from qa_bot.records import DocumentSummary
from qa_bot.store.analysis import content
from qa_bot.text import name_words

_DOCUMENTS = "report document file article paper text pdf"
_KEPT = 10_000  # documents whose telling words are kept


def called_so(name: str, held: Sequence[DocumentSummary]) -> list[DocumentSummary]:
    """The documents whose titles, or files' names, have all the words of a name."""
    wanted = telling(name)
    return [one for one in held if wanted and wanted <= _telling_of(one.title, one.id)]


@lru_cache(_KEPT)
def _telling_of(title: str, name: str) -> frozenset[str]:
    return frozenset(telling(" ".join((title, *name_words(name), name))))


def telling(text: str) -> set[str]:
    """The words of a name, as search terms, that tell a document from others."""
    return set(content(text)) - set(content(_DOCUMENTS))
