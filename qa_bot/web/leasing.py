"""An open index that is in use: as a whole, and as those see it who see only some folders."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from qa_bot.builds import Progress, Receipt
from qa_bot.records import DocumentSummary, Health
from qa_bot.sharding.opening import limited
from qa_bot.store.limiting import limited_receipt
from qa_bot.web.starting_points import StartingPoint, starting_points

if TYPE_CHECKING:
    from qa_bot import Index


_NOT_NOW = "The index can't be brought up to date at the moment; answers come from it as it was."


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the index that answers now holds."""

    documents: tuple[DocumentSummary, ...]
    built_at: str  # ISO 8601, UTC
    health: Health
    starting_points: tuple[StartingPoint, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """What the page says about the index, at one moment."""

    activity: Literal["starting", "building", "opening", "idle"] = "idle"
    progress: Progress | None = None  # of the build; None before its first report and after it
    holdings: Holdings | None = None  # None while there is nothing to answer from
    receipt: Receipt | None = None  # of the last build, if it succeeded and has news
    problem: str = ""  # why the last build failed: one line, with what to do
    note: str = ""  # that the last build was cancelled
    requested: bool = False  # by someone who waits to see the receipt, not by the start-up
    is_empty: bool = False  # whether the last build found nothing to read
    is_first: bool = False  # of this start: nothing could be asked when it began

    @property
    def busy(self) -> bool:
        """Whether the index is being brought up to date, or the model loaded."""
        return self.activity != "idle"

    def within(self, folders: tuple[str, ...], holdings: Holdings | None) -> Status:
        """What of it may be known to who sees only some folders, where there are ``holdings``.

        That anything is built is not: it may be what is outside, and theirs answers meanwhile.
        """
        asked = self.receipt if self.requested else None
        return replace(
            self,
            activity="idle" if holdings is not None else self.activity,
            progress=None,
            holdings=holdings,
            receipt=None if asked is None else limited_receipt(asked, folders),
            problem=_NOT_NOW if self.problem else "",
            note="",
        )


@dataclass(slots=True)
class Lease:
    """An open index and how many questions are using it; closed by the last one out.

    ``limited`` are its parts for those who see only some folders, with what they hold; ``earlier``
    are those of the index before it.
    """

    index: Index
    users: int = 0
    retired: bool = False
    limiting: threading.Lock = field(default_factory=threading.Lock)
    limited: dict[tuple[str, ...], tuple[Index, Holdings]] = field(default_factory=dict)
    earlier: dict[tuple[str, ...], tuple[Index, Holdings]] = field(default_factory=dict)

    def within(self, folders: tuple[str, ...]) -> tuple[Index, Holdings]:
        """The part of the index in those folders."""
        if (made := self.limited.get(folders)) is not None:
            return made  # without waiting for one of others that is being made
        with self.limiting:
            if folders not in self.limited:
                before = self.earlier.pop(folders, None)
                index = limited(self.index, folders, before and before[0])
                self.limited[folders] = index, holdings_of(index)
            return self.limited[folders]


def holdings_of(index: Index) -> Holdings:
    """What an index holds."""
    documents = index.documents()
    return Holdings(
        documents=documents,
        built_at=index.built_at,
        health=index.health(),
        starting_points=starting_points(index, documents),
    )
