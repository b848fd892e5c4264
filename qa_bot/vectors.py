"""Nearest vectors: the ``VectorEngine`` protocol, and FAISS as a cache of the stored vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

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


class FlatVectors:
    """Exact search over FAISS ``IndexIDMap2(IndexFlatIP)``."""

    def __init__(self, dimension: int) -> None:
        import faiss

        self._index: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))

    @classmethod
    def load(cls, file: Path) -> FlatVectors:
        """Read what ``save`` wrote. FAISS doesn't notice damage: verify the file first."""
        import faiss

        engine = cls.__new__(cls)
        engine._index = faiss.read_index(str(file))
        return engine

    def save(self, file: Path) -> None:
        """Write everything to a file."""
        import faiss

        faiss.write_index(self._index, str(file))

    def ids(self) -> Ids:
        """The ids it holds, ascending."""
        import faiss

        held: Ids = faiss.vector_to_array(self._index.id_map).astype(np.int64)
        return np.sort(held)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors ``(n, d)`` under new ids ``(n,)``."""
        if len(ids):
            self._index.add_with_ids(np.ascontiguousarray(vectors, dtype=np.float32), ids)

    def remove(self, ids: Ids) -> None:
        """Forget those ids."""
        if len(ids):
            self._index.remove_ids(ids)

    def search(self, vector: Vectors, k: int, allowed: Ids | None = None) -> list[int]:
        """At most ``k`` ids by falling cosine with ``vector`` ``(d,)``, among ``allowed``."""
        import faiss

        count = min(k, self._index.ntotal if allowed is None else len(allowed))
        if count == 0:
            return []
        parameters = None
        if allowed is not None:
            selector = faiss.IDSelectorBatch(np.ascontiguousarray(allowed))
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg] # SWIG
        _, found = self._index.search(vector[None, :], count, params=parameters)
        return [int(number) for number in found[0] if number >= 0]
