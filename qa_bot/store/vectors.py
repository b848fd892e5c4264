"""Nearest vectors: the ``VectorEngine`` protocol, and caches of the stored vectors.

Search is exact while that is fast, and then numpy takes as long for it as FAISS would; larger
indexes are searched by FAISS's inverted lists, and what they find is compared with the stored
vectors by the caller.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

EXACT_UP_TO = 50_000  # vectors; exact search of so many takes about as long as encoding a question
PROBES = 96  # lists that are searched
_LISTS = 4.0  # lists, times the square root of the number of vectors
SAMPLE = 40  # vectors for each list to place it by: FAISS warns below 39
_SHRUNK = 0.5  # of the vectors that the lists were placed for: place them anew
_UNSEEN = 0.2  # of the vectors that were not there when the lists were placed: place them anew

_NUMPYS = np.lib.format.MAGIC_PREFIX

Ids = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]


class VectorEngine(Protocol):
    """Finds the nearest of many unit vectors by inner product (their cosine)."""

    def ids(self) -> Ids:
        """The ids it holds, ascending."""

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors ``(n, d)`` under new ids ``(n,)``."""

    def remove(self, ids: Ids) -> None:
        """Forget those ids."""

    def search(self, vector: Vectors, k: int, allowed: Ids | None = None) -> list[int]:
        """At most ``k`` ids by falling cosine with ``vector`` ``(d,)``, among ``allowed``."""

    def save(self, file: Path) -> None:
        """Write everything to a file that ``load`` reads."""

    def suits(self, count: int, added: int) -> bool:
        """Whether it is the right engine for so many vectors, so many added since it was made."""


class FlatVectors:
    """Exact search: the question's product with every vector.

    Args:
        dimension: Of a vector.
        rows: Those of a file, each with its id.
    """

    def __init__(self, dimension: int, rows: npt.NDArray[np.void] | None = None) -> None:
        kind = [("id", "<i8"), ("vector", "<f4", (dimension,))]
        self._rows: npt.NDArray[np.void] = np.empty(0, kind) if rows is None else rows

    def save(self, file: Path) -> None:
        """Write everything to a file."""
        with file.open("wb") as stream:  # np.save would give a name its own ending
            np.save(stream, self._rows, allow_pickle=False)

    def suits(self, count: int, added: int = 0) -> bool:  # noqa: ARG002 - of the protocol
        """Whether exact search is fast enough for so many."""
        return count <= EXACT_UP_TO

    def ids(self) -> Ids:
        """The ids it holds, ascending."""
        held: Ids = np.sort(self._rows["id"])
        return held

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors ``(n, d)`` under new ids ``(n,)``."""
        if len(ids):
            added = np.empty(len(ids), self._rows.dtype)
            added["id"], added["vector"] = ids, vectors
            self._rows = np.concatenate([self._rows, added])

    def remove(self, ids: Ids) -> None:
        """Forget those ids."""
        if len(ids):
            self._rows = self._rows[~np.isin(self._rows["id"], ids)]

    def search(self, vector: Vectors, k: int, allowed: Ids | None = None) -> list[int]:
        """At most ``k`` ids by falling cosine with ``vector`` ``(d,)``, among ``allowed``."""
        rows = self._rows
        if allowed is not None:
            rows = rows[np.isin(rows["id"], allowed)]
        if not len(rows) or k < 1:
            return []
        # Row by row, by one thread: a product of them all is shared out, and waits spinning.
        cosines = np.vecdot(rows["vector"], vector)
        best = np.argsort(-cosines, kind="stable")
        if len(rows) > k:
            best = np.argpartition(-cosines, k - 1)[:k]
            best = best[np.lexsort((best, -cosines[best]))]
        found: list[int] = rows["id"][best].tolist()
        return found


class ListedVectors:
    """Approximate search over FAISS ``IndexIVFScalarQuantizer``: inverted lists of 8-bit codes.

    Unlike HNSW it can forget ids, and finds all of a small ``allowed`` set.
    The lists are placed by ``sample`` ``(n, d)``, for ``count`` vectors.
    """

    def __init__(self, dimension: int, sample: Vectors, count: int) -> None:
        import faiss

        lists = list_count(count)
        index = faiss.IndexIVFScalarQuantizer(
            faiss.IndexFlatIP(dimension),
            dimension,
            lists,
            faiss.ScalarQuantizer.QT_8bit,
            faiss.METRIC_INNER_PRODUCT,
        )
        index.train(np.ascontiguousarray(sample, dtype=np.float32))
        self._index: Any = index

    @classmethod
    def of(cls, index: Any) -> ListedVectors:  # noqa: ANN401 - FAISS
        """Around an index that was read from a file."""
        engine = cls.__new__(cls)
        engine._index = index
        return engine

    def save(self, file: Path) -> None:
        """Write everything to a file."""
        _save(self._index, file)

    def suits(self, count: int, added: int) -> bool:
        """Whether the lists were placed for about so many, and by most of them.

        Texts on other subjects than those that placed the lists crowd into few
        of them, and are found less surely: strongly drifted ones, half of all,
        at a recall of 0.5 where lists placed anew give 1.0.
        """
        placed_for = (self._index.nlist / _LISTS) ** 2
        return count > max(EXACT_UP_TO, _SHRUNK * placed_for) and added <= _UNSEEN * count

    def ids(self) -> Ids:
        """The ids it holds, ascending."""
        import faiss

        lists = self._index.invlists
        parts = []
        for number in range(self._index.nlist):
            if size := lists.list_size(number):
                held = lists.get_ids(number)
                parts.append(faiss.rev_swig_ptr(held, size).copy())
                lists.release_ids(number, held)
        return np.sort(np.concatenate(parts)) if parts else np.empty(0, np.int64)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors ``(n, d)`` under new ids ``(n,)``."""
        _add(self._index, ids, vectors)

    def remove(self, ids: Ids) -> None:
        """Forget those ids."""
        if len(ids):
            self._index.remove_ids(_among(ids))

    def search(self, vector: Vectors, k: int, allowed: Ids | None = None) -> list[int]:
        """At most ``k`` ids by falling cosine with ``vector`` ``(d,)``, as 8 bits tell it."""
        import faiss

        probes = PROBES
        if allowed is not None and len(allowed) < self._index.ntotal / 10:
            probes = self._index.nlist
        selector = None if allowed is None else _among(allowed)
        parameters = faiss.SearchParametersIVF(sel=selector, nprobe=probes)  # type: ignore[call-arg] # SWIG
        return _search(self._index, vector, k, allowed, parameters)


def list_count(count: int) -> int:
    """How many lists so many vectors are put into."""
    return max(1, round(_LISTS * math.sqrt(count)))


def load_vectors(file: Path, *, mapped: bool) -> VectorEngine:
    """Read what ``save`` wrote. Damage isn't noticed: verify the file first.

    ``mapped`` leaves vectors on disk until they are searched; FAISS's can't be changed then.
    """
    with file.open("rb") as stream:
        is_numpys = stream.read(len(_NUMPYS)) == _NUMPYS
    if is_numpys:
        rows = np.load(file, mmap_mode="r" if mapped else None, allow_pickle=False)
        return FlatVectors(0, rows)
    import faiss

    flags = faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY if mapped else 0
    return ListedVectors.of(faiss.read_index(str(file), flags))


def _save(index: Any, file: Path) -> None:  # noqa: ANN401 - FAISS
    import faiss

    faiss.write_index(index, str(file))


def _add(index: Any, ids: Ids, vectors: Vectors) -> None:  # noqa: ANN401 - FAISS
    if len(ids):
        index.add_with_ids(np.ascontiguousarray(vectors, dtype=np.float32), ids)


def _among(ids: Ids) -> Any:  # noqa: ANN401 - FAISS
    import faiss

    return faiss.IDSelectorBatch(np.ascontiguousarray(ids))


def _search(
    index: Any,  # noqa: ANN401 - FAISS
    vector: Vectors,
    k: int,
    allowed: Ids | None,
    parameters: Any,  # noqa: ANN401 - FAISS
) -> list[int]:
    count = min(k, index.ntotal if allowed is None else len(allowed))
    if count == 0:
        return []
    import faiss

    # One question is searched for in a millisecond or two; threads that wait for each other
    # at the end of it, spinning beside torch's, cost tens of them on a busy machine.
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        _, found = index.search(vector[None, :], count, params=parameters)
    finally:
        faiss.omp_set_num_threads(threads)
    return [int(number) for number in found[0] if number >= 0]
