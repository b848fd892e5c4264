"""An index brought up to date in the way in which it is kept: whole, in shards, by a cluster."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from qa_bot.building.build import build_index
from qa_bot.building.changes import Options
from qa_bot.builds import Receipt
from qa_bot.errors import UsageError
from qa_bot.models.embedding import Embedder
from qa_bot.store.manifest import is_sharded


def bring_up_to_date(
    documents: Path,
    index: Path,
    *,
    model: str | Embedder | None = None,
    options: Options | None = None,
    shards: int | None = None,
    cluster: str = "",
) -> Receipt:
    """Create an index, or bring it up to date.

    Args:
        documents: The folder, read recursively.
        index: The folder for the index.
        model: A name or folder, or an ``Embedder``; None keeps the index's.
        options: As ``build_index`` takes them one by one.
        shards: How many; None keeps what is there, which for a new index is no shards.
        cluster: HOST:PORT of the Ray cluster that builds the shards; "" for this process.

    Raises:
        UsageError: A cluster is to build an index that is not in shards; or as ``build_shards``.
        NoDocumentsError, IndexBusyError, IndexStateError, ModelError
    """
    chosen = options or Options()
    if shards is None and not is_sharded(index):
        if cluster:
            raise UsageError(f"The index in {index} is not in shards: give --shards, too.")
        return build_index(
            documents,
            index,
            model=model,
            rebuild=chosen.rebuild,
            limits=chosen.limits,
            ocr=chosen.ocr,
            on_progress=chosen.on_progress,
            early=chosen.early,
        )
    from qa_bot.sharding.building import Runner, build_shards, run_here

    run: Runner = run_here
    if cluster:
        from qa_bot.sharding.tasks import on_ray

        run = on_ray(cluster)
    chosen = replace(chosen, early=False)  # all shards are published at once
    return build_shards(documents, index, shards, model=model, options=chosen, run=run)


def place_of(index: Path, cluster: str) -> str | Path:
    """What ``open_index`` opens it by."""
    return f"ray://{cluster}{index.absolute()}" if cluster else index
