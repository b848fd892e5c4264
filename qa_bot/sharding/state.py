"""How the shards of an open index are."""

from __future__ import annotations

from dataclasses import dataclass

from qa_bot.sharding.index import ShardedIndex
from qa_bot.store.opening import Index


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard. ``nodes`` are a cluster's, of each replica; "" of one that doesn't answer."""

    documents: int
    passages: int
    generation: int  # of the shard: how many builds have changed it
    nodes: tuple[str, ...] = ()


def shards_of(index: Index) -> list[Shard]:
    """The shards of an index, in order; none of one that is not in shards."""
    if not isinstance(index, ShardedIndex):
        return []
    nodes = index.nodes()
    return [
        Shard(one.documents, one.passages, one.generation, tuple(nodes.get(number, ())))
        for number, one in enumerate(index.manifest.shards)
    ]
