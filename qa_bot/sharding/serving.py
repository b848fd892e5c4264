"""Shards served by a Ray cluster: two actors for each, on different machines where there are any.

The actors belong to whoever opened the index, and go when it is closed, or its process ends. An
actor that dies with its machine is started again by Ray on another that has room, and opens the
same build of its shard.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from qa_bot.errors import IndexModelError, QaBotError
from qa_bot.models.embedding import Embedder, load_embedder
from qa_bot.sharding.cluster import joined
from qa_bot.sharding.index import ShardedIndex
from qa_bot.sharding.shards import Call, open_shard
from qa_bot.store.manifest import Manifest, read_manifest

REPLICAS = 2
PATIENCE = 0.5  # seconds that a replica has before the other is asked
_AVOIDED = 5.0  # seconds for which one that failed is asked last
_STARTING = 120.0  # seconds that all may take to open
_NAME = re.compile(r"qa_bot ([0-9a-f]+) (\d+) (\d+) \S+")  # index, its build, and the shard
_CORES = 0.01  # of a machine's, that Ray counts for one: they wait most of the time


class _Replica:
    """What runs in an actor: one open shard. Only its questions are embedded elsewhere."""

    def __init__(self, folder: str, manifest: Manifest, number: int) -> None:
        self._shard = open_shard(Path(folder), manifest, number, None)

    def perform(self, call: Call) -> Any:  # noqa: ANN401 - whatever is asked
        """Ask the shard."""
        return self._shard.perform(call)

    def node(self) -> str:
        """The machine that it runs on."""
        import ray

        return str(ray.get_runtime_context().get_node_id())


class RayShards:
    """Shards that actors hold; see ``Shards``."""

    def __init__(self, ray: Any, replicas: list[list[Any]], groups: list[Any]) -> None:  # noqa: ANN401
        self._ray, self._replicas, self._groups = ray, replicas, groups
        self._failed: dict[tuple[int, int], float] = {}
        self._lock = threading.Lock()

    def ask(self, calls: Mapping[int, Call]) -> dict[int, Any]:
        """What each of those shards says: its first replica, or in time the other."""
        found: dict[int, Any] = {}
        order = {number: self._in_order(number) for number in calls}
        for turn in range(max(map(len, order.values()), default=0)):
            asked = {
                number: places[turn]
                for number, places in order.items()
                if number not in found and turn < len(places)
            }
            if not asked:
                break
            found |= self._ask_each(asked, calls)
        return found

    def _ask_each(self, asked: Mapping[int, int], calls: Mapping[int, Call]) -> dict[int, Any]:
        waiting = {
            self._replicas[number][place].perform.remote(calls[number]): (number, place)
            for number, place in asked.items()
        }
        done, late = self._ray.wait(list(waiting), num_returns=len(waiting), timeout=PATIENCE)
        found = {}
        for answer in done:
            number, place = waiting[answer]
            try:
                found[number] = self._ray.get(answer)
            except self._ray.exceptions.RayTaskError as error:
                cause = error.cause
                raise cause if isinstance(cause, QaBotError) else error from None
            except self._ray.exceptions.RayError:
                self._note(number, place)
        for answer in late:
            self._note(*waiting[answer])
            self._ray.cancel(answer, force=False)
        return found

    def _in_order(self, number: int) -> list[int]:
        """A shard's replicas, those that failed just now last."""
        now = time.monotonic()
        with self._lock:
            return sorted(
                range(len(self._replicas[number])),
                key=lambda place: now - self._failed.get((number, place), -_AVOIDED) < _AVOIDED,
            )

    def _note(self, number: int, place: int) -> None:
        with self._lock:
            self._failed[number, place] = time.monotonic()

    def nodes(self) -> dict[int, list[str]]:
        """For each shard and replica where it runs; "" of one that doesn't answer now."""
        return {
            number: [self._node(one) for one in replicas]
            for number, replicas in enumerate(self._replicas)
        }

    def _node(self, replica: Any) -> str:  # noqa: ANN401 - an actor
        try:
            return str(self._ray.get(replica.node.remote(), timeout=PATIENCE))
        except self._ray.exceptions.RayError:
            return ""

    def start(self) -> None:
        """Wait until one replica of each shard is open; raise what keeps it from being so."""
        for replicas in self._replicas:
            opened = [one.node.remote() for one in replicas]
            done, _ = self._ray.wait(opened, num_returns=1, timeout=_STARTING)
            if not done:
                raise QaBotError("The cluster has no room for the shards, or doesn't start them.")
            try:
                self._ray.get(done[0])
            except self._ray.exceptions.RayError as error:
                cause = getattr(error, "cause", None)
                told = " ".join(str(cause or error).split())[-300:]
                raise QaBotError(f"The cluster can't open a shard: {told}") from error

    def close(self) -> None:
        """End the actors."""
        for replicas in self._replicas:
            for one in replicas:
                self._ray.kill(one)
        for group in self._groups:
            self._ray.util.remove_placement_group(group)


def open_on_ray(folder: Path, address: str, *, model: str | Embedder | None = None) -> ShardedIndex:
    """Open an index whose shards the cluster at ``HOST:PORT`` serves: see ``open_index``."""
    manifest = read_manifest(folder)
    ray = joined(address)
    nodes = [one for one in ray.nodes() if one["Alive"]]
    copies = min(REPLICAS, len(nodes))
    replica = ray.remote(_Replica)
    replicas, groups = [], []
    for number in range(len(manifest.shards)):
        group = ray.util.placement_group([{"CPU": _CORES}] * copies, strategy="STRICT_SPREAD")
        groups.append(group)
        replicas.append(
            [
                replica.options(
                    name=_name(manifest, number),
                    num_cpus=_CORES,
                    max_restarts=-1,
                    max_concurrency=8,
                    scheduling_strategy=ray.util.scheduling_strategies.PlacementGroupSchedulingStrategy(
                        placement_group=group, placement_group_bundle_index=place
                    ),
                ).remote(str(folder), manifest, number)
                for place in range(copies)
            ]
        )
    shards = RayShards(ray, replicas, groups)
    try:
        shards.start()
        embedder = _embedder(model, shards)
        return ShardedIndex(folder, manifest, shards, embedder)
    except BaseException:
        shards.close()
        raise


def _name(manifest: Manifest, number: int) -> str:
    """What an actor is found by: see ``replicas_of``."""
    return f"qa_bot {manifest.uuid} {manifest.generation} {number} {secrets.token_hex(4)}"


def replicas_of(folder: Path, address: str) -> dict[int, list[tuple[str, int]]]:
    """Whatever serves an index on the cluster just now, for whichever process.

    Returns:
        By shard, for each replica the address of its machine, "" where it doesn't answer, and
        which build of the index it is of.
    """
    uuid = read_manifest(folder).uuid
    ray = joined(address)
    names = [name for name in ray.util.list_named_actors() if _NAME.fullmatch(name)]
    asked: dict[Any, tuple[int, int]] = {}
    for name in names:
        index, generation, number = _NAME.fullmatch(name).groups()  # type: ignore[union-attr]
        if index == uuid:
            with suppress(ValueError):  # it has ended meanwhile
                asked[ray.get_actor(name).node.remote()] = int(number), int(generation)
    done, _ = ray.wait(list(asked), num_returns=len(asked), timeout=PATIENCE) if asked else ([], [])
    machines = {node["NodeID"]: node["NodeManagerAddress"] for node in ray.nodes()}
    found: dict[int, list[tuple[str, int]]] = {}
    for answer, (number, generation) in asked.items():
        place = ""
        if answer in done:
            with suppress(ray.exceptions.RayError):
                place = machines.get(ray.get(answer), "")
        found.setdefault(number, []).append((place, generation))
    return {number: sorted(held) for number, held in sorted(found.items())}


def _embedder(model: str | Embedder | None, shards: RayShards) -> Embedder:
    """What encodes questions here; it has to be what the shards were made with."""
    held = shards.ask({0: Call("meta")}).get(0) or {}
    wanted = held.get("model", "") if model is None else model
    embedder = load_embedder(wanted) if isinstance(wanted, str) else wanted
    if embedder.fingerprint != held.get("fingerprint"):
        raise IndexModelError(
            f"The index was made with {held.get('model')}, not {embedder.name}: "
            f"run `qa-bot index --model {embedder.name}`."
        )
    return embedder
