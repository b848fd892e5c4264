"""The shards that are asked: what is called on each, and those of this process."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from qa_bot.errors import IndexDamagedError, UnknownDocumentError
from qa_bot.models.embedding import Embedder
from qa_bot.store.limiting import LimitedIndex
from qa_bot.store.manifest import Manifest, read_manifest
from qa_bot.store.opening import Index, open_index


class Call(NamedTuple):
    """A method or value of an index, or of what it searches with, and what it is called with.

    ``folders`` are those that the asker may see; None means all.
    """

    name: str  # "passages", "lexicon.held"
    arguments: tuple[Any, ...] = ()
    folders: tuple[str, ...] | None = None


class Shards(Protocol):
    """All shards of one build. Safe to use from many threads."""

    def ask(self, calls: Mapping[int, Call]) -> dict[int, Any]:
        """What each of those shards says; one that can't be asked now is not among them.

        None of a shard means that it has no such document.
        """

    def nodes(self) -> dict[int, list[str]]:
        """Which machines of a cluster each shard's replicas run on; {} without one."""

    def close(self) -> None:
        """Let go of them."""


@dataclass(slots=True)
class OpenShard:
    """One open shard, with the parts of it that some askers see."""

    index: Index
    limited: dict[tuple[str, ...], Index]

    def perform(self, call: Call) -> Any:  # noqa: ANN401 - whatever the method gives
        """Call a method of the index; None where it has no such document."""
        index = self.index
        if call.folders is not None:
            if call.folders not in self.limited:
                self.limited[call.folders] = LimitedIndex(index, call.folders)
            index = self.limited[call.folders]
        with suppress(UnknownDocumentError):
            found = attrgetter(call.name)(index)
            return found(*call.arguments) if callable(found) else found
        return None


def open_shard(
    folder: Path, manifest: Manifest, number: int, model: str | Embedder | None
) -> OpenShard:
    """Open a shard as it was published.

    Raises:
        IndexDamagedError: It is another build than the manifest names.
    """
    part, place = manifest.shards[number], manifest.place(folder, number)
    if not place.exists() and (now := read_manifest(folder)).versions == manifest.versions:
        place = now.place(folder, number)
    index = open_index(place, model=model)
    if (index.meta["uuid"], index.meta["generation"]) != (part.uuid, str(part.generation)):
        index.close()
        raise IndexDamagedError(folder, f"shard {number} is of another build")
    return OpenShard(index, {})


class LocalShards:
    """Shards that are open in this process."""

    def __init__(self, opened: list[OpenShard]) -> None:
        self.opened = opened

    def ask(self, calls: Mapping[int, Call]) -> dict[int, Any]:
        """What each of those shards says, one after the other."""
        return {number: self.opened[number].perform(call) for number, call in calls.items()}

    def nodes(self) -> dict[int, list[str]]:
        """None."""
        return {}

    def close(self) -> None:
        """Close them."""
        for one in self.opened:
            one.index.close()
