"""Milvus as a ``VectorEngine``: ``python -m benchmarks.cluster.milvus``, with pymilvus installed.

An example, and a try of the seam: an index is asked with its own vectors, and with the same in
Milvus (Milvus Lite, a file; a server's address works as well). Whatever makes an engine hands it
to ``Index.vectors``; SQLite stays what is true, so that Milvus may be emptied at any time.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.datasets import SQUAD, need_data, squad
from qa_bot import Index, build_index, open_index, retrieve
from qa_bot.models.embedding import DEFAULT_MODEL, load_embedder
from qa_bot.store.vectors import Ids, Vectors

_AT_ONCE = 1_000  # vectors in one request
_MOST = 16_384  # that Milvus gives at once


class MilvusVectors:
    """A ``VectorEngine`` over one collection of a Milvus server or file.

    Args:
        address: "http://HOST:19530", or a file's name, which Milvus Lite makes.
        dimension: Of the vectors.
        collection: Its name; it is made where it is missing.
    """

    def __init__(self, address: str, dimension: int, collection: str = "qa_bot") -> None:
        from pymilvus import DataType, MilvusClient

        self._client: Any = MilvusClient(address)
        self._collection = collection
        if not self._client.has_collection(collection):
            schema = self._client.create_schema(auto_id=False)
            schema.add_field("id", DataType.INT64, is_primary=True)
            schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
            index = self._client.prepare_index_params()
            index.add_index("vector", index_type="FLAT", metric_type="IP")  # exact
            self._client.create_collection(collection, schema=schema, index_params=index)

    def ids(self) -> Ids:
        """The ids it holds, ascending."""
        held: list[int] = []
        pages = self._client.query_iterator(
            self._collection, batch_size=_AT_ONCE, filter="id >= 0", output_fields=["id"]
        )
        while some := pages.next():
            held += [one["id"] for one in some]
        pages.close()
        return np.sort(np.asarray(held, np.int64))

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors ``(n, d)`` under new ids ``(n,)``."""
        rows = [
            {"id": int(number), "vector": vector}
            for number, vector in zip(ids, vectors, strict=True)
        ]
        for start in range(0, len(rows), _AT_ONCE):
            self._client.insert(self._collection, rows[start : start + _AT_ONCE])

    def remove(self, ids: Ids) -> None:
        """Forget those ids."""
        if len(ids):
            self._client.delete(self._collection, ids=[int(number) for number in ids])

    def search(self, vector: Vectors, k: int, allowed: Ids | None = None) -> list[int]:
        """At most ``k`` ids by falling cosine with ``vector`` ``(d,)``, among ``allowed``."""
        if k < 1 or (allowed is not None and not len(allowed)):
            return []
        among = "" if allowed is None else f"id in {[int(number) for number in allowed]}"
        found = self._client.search(
            self._collection, data=[vector.tolist()], limit=min(k, _MOST), filter=among
        )
        return [int(one["id"]) for one in found[0]]

    def save(self, file: Path) -> None:
        """Nothing: Milvus keeps what it is given."""

    def suits(self, count: int, added: int) -> bool:  # noqa: ARG002 - of the protocol
        """Milvus sees to that."""
        return True


def main() -> None:
    """Compare, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="", help="of a server; without, a file of its own")
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--folder", type=Path, help="where the index is kept, and used again")
    arguments = parser.parse_args()
    need_data()
    collection = squad(SQUAD)
    asked = [one.text for one in collection.questions][:: len(collection.questions) // 100]
    model = load_embedder(DEFAULT_MODEL)
    with tempfile.TemporaryDirectory() as folder:
        work = arguments.folder or Path(folder)
        if not (work / "one").exists():
            documents = work / "documents"
            documents.mkdir(parents=True, exist_ok=True)
            for document, _ in collection.documents:
                (documents / f"{document.id}.txt").write_text(document.text)
            build_index(documents, work / "one", model=model)
        address = arguments.address or str(Path(folder) / "milvus.db")
        with (
            open_index(work / "one", model=model) as one,
            open_index(work / "one", model=model) as other,
        ):
            engine = MilvusVectors(address, model.dimension)
            print(_filled(engine, one))
            other.vectors = engine
            print(_asked(asked[: arguments.questions], one, other))
            print(_changed(engine, one, model.encode_question(asked[0])))


def _filled(engine: MilvusVectors, one: Index) -> str:
    ids = one.vectors.ids()
    stored = one.stored_vectors(ids.tolist())
    began = time.perf_counter()
    engine.add(ids, np.stack([stored[number].passage for number in ids.tolist()]))
    took = time.perf_counter() - began
    return f"{len(ids)} vectors in {took:.1f} s; all there: {np.array_equal(engine.ids(), ids)}."


def _asked(questions: Sequence[str], one: Index, other: Index) -> str:
    same = 0
    spent: tuple[list[float], list[float]] = [], []
    for question in questions:
        found = []
        for index, seconds in zip((one, other), spent, strict=True):
            began = time.perf_counter()
            found.append(retrieve(question, index, 10))
            seconds.append(time.perf_counter() - began)
        same += found[0] == found[1]
    first, second = (1000 * statistics.median(seconds) for seconds in spent)
    return (
        f"The same ten passages and scores for {same} of {len(questions)} questions; p50 "
        f"{first:.1f} ms with FAISS's file, {second:.1f} ms with Milvus."
    )


def _changed(engine: MilvusVectors, one: Index, question: Vectors) -> str:
    ids = one.vectors.ids()
    engine.remove(ids[::5])
    kept = np.setdiff1d(ids, ids[::5])
    some = ids[1:40]
    right = engine.search(question, 10, some) == one.vectors.search(
        question, 10, np.intersect1d(some, kept)
    )
    return (
        f"A fifth removed, the others kept: {np.array_equal(engine.ids(), kept)}; "
        f"the nearest among some only: {right}."
    )


if __name__ == "__main__":
    main()
