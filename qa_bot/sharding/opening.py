"""An index, opened: one in a folder, in shards or not, or one whose shards a cluster serves."""

from __future__ import annotations

from pathlib import Path

from qa_bot.errors import IndexDamagedError, IndexNotFoundError
from qa_bot.models.embedding import Embedder
from qa_bot.store import opening
from qa_bot.store.manifest import Manifest, is_sharded, read_manifest
from qa_bot.store.opening import Index

ON_RAY = "ray://"


def open_index(index: str | Path, *, model: str | Embedder | None = None) -> Index:
    """Open an index for questions. The embedding model is loaded when first needed.

    Args:
        index: The index's folder; or "ray://HOST:PORT/FOLDER", where a Ray cluster, of which
            this machine is a part, serves the shards in a folder that all its machines see.
        model: The model the index must be of; None takes the index's own. Pass
            an ``Embedder`` to use one that is already loaded.

    Raises:
        IndexNotFoundError: Nothing has been indexed there yet.
        IndexModelError: The index was made with another model.
        IndexFormatError: A newer qa_bot made it.
        IndexDamagedError: It can't be read.
        NotInstalledError, UnavailableError: The cluster can't be used.
    """
    if str(index).startswith(ON_RAY):
        from qa_bot.sharding.serving import open_on_ray

        address, _, place = str(index).removeprefix(ON_RAY).partition("/")
        return open_on_ray(Path(f"/{place}"), address, model=model)
    folder = Path(index)
    return (
        _open_shards(folder, model)
        if is_sharded(folder)
        else opening.open_index(folder, model=model)
    )


def _open_shards(folder: Path, model: str | Embedder | None) -> Index:
    """Open all shards in this process; once more, where a build replaced them meanwhile."""
    from qa_bot.sharding.index import ShardedIndex
    from qa_bot.sharding.shards import LocalShards, OpenShard, open_shard

    def opened(manifest: Manifest) -> Index:
        shards: list[OpenShard] = []
        try:
            for number in range(len(manifest.shards)):
                first = shards[0].index.embedder if shards else model
                shards.append(open_shard(folder, manifest, number, first))
            return ShardedIndex(folder, manifest, LocalShards(shards), shards[0].index.embedder)
        except BaseException:
            LocalShards(shards).close()
            raise

    manifest = read_manifest(folder)
    try:
        return opened(manifest)
    except (IndexNotFoundError, IndexDamagedError):
        if (now := read_manifest(folder)) == manifest:
            raise
        return opened(now)


def limited(index: Index, folders: tuple[str, ...], earlier: Index | None = None) -> Index:
    """An index as someone sees it who may see only some folders.

    ``earlier`` is what they saw of an earlier build, if they have asked it.
    """
    from qa_bot.sharding.index import ShardedIndex
    from qa_bot.store.limiting import LimitedIndex

    if isinstance(index, ShardedIndex):
        return index.within(folders)
    return LimitedIndex(index, folders, earlier if isinstance(earlier, LimitedIndex) else None)
