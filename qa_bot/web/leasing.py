"""An open index that is in use: as a whole, and as those see it who see only some folders."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qa_bot.records import DocumentSummary, Health
from qa_bot.store.limiting import LimitedIndex
from qa_bot.web.starting_points import starting_points

if TYPE_CHECKING:
    from qa_bot import Index

_DOCUMENTS_FOR_STARTING_POINTS = 12


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the index that answers now holds."""

    documents: tuple[DocumentSummary, ...]
    built_at: str  # ISO 8601, UTC
    health: Health
    starting_points: tuple[str, ...]  # headings of the documents' own sections, without numbers


@dataclass(slots=True)
class Lease:
    """An open index and how many questions are using it; closed by the last one out.

    ``limited`` are its parts for those who see only some folders, with what they hold.
    """

    index: Index
    users: int = 0
    retired: bool = False
    limiting: threading.Lock = field(default_factory=threading.Lock)
    limited: dict[tuple[str, ...], tuple[Index, Holdings]] = field(default_factory=dict)

    def within(self, folders: tuple[str, ...]) -> tuple[Index, Holdings]:
        """The part of the index in those folders."""
        with self.limiting:
            if folders not in self.limited:
                index = LimitedIndex(self.index, folders)
                self.limited[folders] = index, holdings_of(index)
            return self.limited[folders]


def holdings_of(index: Index) -> Holdings:
    """What an index holds."""
    documents = index.documents()
    first = [document.id for document in documents[:_DOCUMENTS_FOR_STARTING_POINTS]]
    return Holdings(
        documents=documents,
        built_at=index.built_at,
        health=index.health(),
        starting_points=starting_points([index.sections(name) for name in first]),
    )
