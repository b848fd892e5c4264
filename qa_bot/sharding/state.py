"""How the shards of an open index are, and what serves them."""

from __future__ import annotations

from dataclasses import dataclass

from qa_bot.sharding.index import ShardedIndex
from qa_bot.store.opening import Index


@dataclass(frozen=True, slots=True)
class Replica:
    """What serves a shard on a cluster."""

    node: str  # the address of its machine; "" where it doesn't answer
    generation: int  # of the index that it serves
    is_behind: bool  # whether a later build of the index has been published


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard, and where a cluster was asked, all that serves it."""

    documents: int
    passages: int
    generation: int  # of the shard: how many builds have changed it
    replicas: tuple[Replica, ...] | None = None  # None: no cluster was asked


def shards_of(index: Index, cluster: str = "") -> list[Shard]:
    """The shards of an index, in order; none of one that is not in shards.

    Args:
        index: From ``open_index``.
        cluster: HOST:PORT of the Ray cluster that is asked what serves them; "" for none.
    """
    if not isinstance(index, ShardedIndex):
        return []
    served: dict[int, list[tuple[str, int]]] = {}
    if cluster:
        from qa_bot.sharding.serving import replicas_of

        served = replicas_of(index.folder, cluster)
    now = index.manifest.generation
    return [
        Shard(
            one.documents,
            one.passages,
            one.generation,
            tuple(Replica(node, of, of < now) for node, of in served.get(number, ()))
            if cluster
            else None,
        )
        for number, one in enumerate(index.manifest.shards)
    ]
