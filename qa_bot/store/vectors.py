"""Nearest vectors: the ``VectorEngine`` protocol, and FAISS as a cache of the stored vectors.

Search is exact while that is fast; larger indexes are searched by inverted
lists, and what they find is compared with the stored vectors by the caller.
A file of the first kind, which FAISS writes, is read and searched without it.
"""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

EXACT_UP_TO = 50_000  # vectors; exact search of so many takes about as long as encoding a question
PROBES = 250  # lists that are searched at least
# Shorter lists take less time, so more are searched where they are short: all in all it takes 1 to
# 2 ms more than 96 of them. Of the hundred nearest in 157,606 vectors of real sentences .990 are
# found, of 60,000 drawn .984; with 96 it were .958 and .740 (python -m benchmarks.cluster.recall).
_SEARCHED = 750_000  # lists that are searched, times all lists
_LISTS = 4.0  # lists, times the square root of the number of vectors
SAMPLE = 40  # vectors for each list to place it by: FAISS warns below 39
_SHRUNK = 0.5  # of the vectors that the lists were placed for: place them anew
_UNSEEN = 0.2  # of the vectors that were not there when the lists were placed: place them anew

# FAISS's file of IndexIDMap2(IndexFlatIP), little-endian: a name, dimension, count, two numbers
# that aren't used, whether it is trained, and the measure, of both; then how many floats follow.
_HEADER = struct.Struct("<4siqqq?i4siqqq?iQ")
_COUNT = struct.Struct("<Q")  # of the ids, behind the vectors
_INNER_PRODUCT = 0
_AT_ONCE = 512  # vectors copied into place and compared: they stay in a core's cache

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
    """Exact search over FAISS ``IndexIDMap2(IndexFlatIP)``."""

    def __init__(self, dimension: int, index: Any = None) -> None:  # noqa: ANN401 - FAISS
        import faiss

        self._index: Any = index or faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))

    def save(self, file: Path) -> None:
        """Write everything to a file."""
        _save(self._index, file)

    def suits(self, count: int, added: int = 0) -> bool:  # noqa: ARG002 - of the protocol
        """Whether exact search is fast enough for so many."""
        return count <= EXACT_UP_TO

    def ids(self) -> Ids:
        """The ids it holds, ascending."""
        import faiss

        held: Ids = faiss.vector_to_array(self._index.id_map).astype(np.int64)
        return np.sort(held)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors ``(n, d)`` under new ids ``(n,)``."""
        _add(self._index, ids, vectors)

    def remove(self, ids: Ids) -> None:
        """Forget those ids."""
        if len(ids):
            self._index.remove_ids(ids)

    def search(self, vector: Vectors, k: int, allowed: Ids | None = None) -> list[int]:
        """At most ``k`` ids by falling cosine with ``vector`` ``(d,)``, among ``allowed``."""
        import faiss

        parameters = None
        if allowed is not None:
            parameters = faiss.SearchParameters(sel=_among(allowed))  # type: ignore[call-arg] # SWIG
        return _search(self._index, vector, k, allowed, parameters)


class MappedVectors:
    """Exact search in a file that ``FlatVectors`` wrote, by numpy: FAISS isn't imported.

    It can't be changed: ``add``, ``remove`` and ``save`` raise RuntimeError.

    Args:
        numbers: The ids, ``(n,)``.
        rows: The vectors' bytes, ``(n, 4 d)``. In the file they don't stand where floats may.
    """

    def __init__(self, numbers: Ids, rows: npt.NDArray[np.uint8]) -> None:
        self._numbers = numbers
        self._rows = rows

    def save(self, file: Path) -> None:
        """Not for vectors that are only read."""
        raise RuntimeError(f"{file.name} can't be written from vectors that are only read")

    def suits(self, count: int, added: int = 0) -> bool:  # noqa: ARG002 - of the protocol
        """Whether exact search is fast enough for so many."""
        return count <= EXACT_UP_TO

    def ids(self) -> Ids:
        """The ids it holds, ascending."""
        return np.sort(self._numbers)

    def add(self, ids: Ids, vectors: Vectors) -> None:  # noqa: ARG002 - of the protocol
        """Not for vectors that are only read."""
        raise RuntimeError(f"{len(ids)} vectors can't be added to those that are only read")

    def remove(self, ids: Ids) -> None:
        """Not for vectors that are only read."""
        raise RuntimeError(f"{len(ids)} vectors can't be removed from those that are only read")

    def search(self, vector: Vectors, k: int, allowed: Ids | None = None) -> list[int]:
        """At most ``k`` ids by falling cosine with ``vector`` ``(d,)``, among ``allowed``."""
        numbers, rows = self._numbers, self._rows
        if allowed is not None:
            among = np.isin(numbers, allowed)
            numbers, rows = numbers[among], rows[among]
        if not len(rows) or k < 1:
            return []
        cosines = _cosines(rows, vector)
        best = np.arange(len(rows)) if len(rows) <= k else np.argpartition(-cosines, k - 1)[:k]
        best = best[np.lexsort((best, -cosines[best]))]
        found: list[int] = numbers[best].tolist()
        return found


class ListedVectors:
    """Approximate search over FAISS ``IndexIVFScalarQuantizer``: inverted lists of 8-bit codes.

    Unlike HNSW it can forget ids, and finds all of a small ``allowed`` set.
    The lists are placed by ``sample`` ``(n, d)``, for ``count`` vectors; ``probes`` of them are
    searched.
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
        self.probes = probe_count(lists)

    @classmethod
    def of(cls, index: Any) -> ListedVectors:  # noqa: ANN401 - FAISS
        """Around an index that was read from a file."""
        engine = cls.__new__(cls)
        engine._index = index
        engine.probes = probe_count(index.nlist)
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

        probes = self.probes
        if allowed is not None and len(allowed) < self._index.ntotal / 10:
            probes = self._index.nlist
        selector = None if allowed is None else _among(allowed)
        parameters = faiss.SearchParametersIVF(sel=selector, nprobe=probes)  # type: ignore[call-arg] # SWIG
        return _search(self._index, vector, k, allowed, parameters)


def list_count(count: int) -> int:
    """How many lists so many vectors are put into."""
    return max(1, round(_LISTS * math.sqrt(count)))


def probe_count(lists: int) -> int:
    """How many of so many lists are searched."""
    return min(lists, max(PROBES, _SEARCHED // lists))


def load_vectors(file: Path, *, mapped: bool) -> VectorEngine:
    """Read what ``save`` wrote. Damage isn't noticed: verify the file first.

    ``mapped`` leaves vectors on disk until they are searched; such an engine
    can't be changed.
    """
    if mapped and (found := _map_flat(file)):
        return found
    import faiss

    flags = faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY if mapped else 0
    index: Any = faiss.read_index(str(file), flags)
    return ListedVectors.of(index) if isinstance(index, faiss.IndexIVF) else FlatVectors(0, index)


def _map_flat(file: Path) -> MappedVectors | None:
    """The vectors and ids in a file of ``FlatVectors``; None of any other, which FAISS may know."""
    with file.open("rb") as stream:
        start = stream.read(_HEADER.size)
    if len(start) < _HEADER.size:
        return None
    outer, *around, inner, dimension, count, _, _, is_trained, measure, floats = _HEADER.unpack(
        start
    )
    is_flat = (
        (outer, inner) == (b"IxM2", b"IxFI")
        and (around[0], around[1]) == (dimension, count)
        and is_trained
        and measure == _INNER_PRODUCT
        and dimension > 0
        and count > 0
        and floats == dimension * count
    )
    behind = _HEADER.size + 4 * floats
    if not is_flat or file.stat().st_size != behind + _COUNT.size + 8 * count:
        return None
    data = np.memmap(file, np.uint8, "r")
    if _COUNT.unpack(data[behind : behind + _COUNT.size].tobytes()) != (count,):
        return None
    numbers = data[behind + _COUNT.size :].view("<i8").astype(np.int64)
    return MappedVectors(numbers, data[_HEADER.size : behind].reshape(count, -1))


def _cosines(rows: npt.NDArray[np.uint8], vector: Vectors) -> Vectors:
    """Of each vector, given by its bytes, with ``vector``.

    Row by row, by one thread: a product of them all is shared out, and waits spinning.
    """
    cosines = np.empty(len(rows), np.float32)
    block = np.empty((min(_AT_ONCE, len(rows)), vector.size), np.float32)
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        aligned = block[: len(some)]
        aligned.view(np.uint8)[:] = some
        np.vecdot(aligned, vector, out=cosines[start : start + _AT_ONCE])
    return cosines


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
