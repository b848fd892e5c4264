"""Documents → rows and vectors: what was read is stored, and its passages embedded in batches."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence

from qa_bot import database
from qa_bot.embedding import Embedder, quantise
from qa_bot.records import Document, Passage

BATCH = 1024  # passages embedded at once: enough for batches of one length, few enough to hold

OnEmbedded = Callable[[int, int], None]
"""Called with the number of passages embedded, and of those that are known to be needed."""


class Store:
    """Stores documents within one transaction, embedding what is new in large batches.

    Call ``finish`` after the last one. ``embedded`` and ``passages`` count what
    was encoded, and what was stored.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        embedder: Embedder,
        on_embedded: OnEmbedded | None = None,
    ) -> None:
        self.embedded = 0
        self.passages = 0
        self._connection = connection
        self._embedder = embedder
        self._on_embedded = on_embedded
        self._waiting: dict[bytes, Passage] = {}  # by the key of their vectors

    def add(
        self, document: Document, passages: Sequence[Passage], file_hash: str, recipe: str
    ) -> None:
        """Store a document, replacing what is stored under its name."""
        keys = [_vector_key(self._embedder.fingerprint, passage) for passage in passages]
        database.save_document(self._connection, document, passages, keys, file_hash, recipe)
        known = database.known_keys(self._connection, keys)
        self._waiting.update(
            (key, passage) for key, passage in zip(keys, passages, strict=True) if key not in known
        )
        self.passages += len(keys)
        while len(self._waiting) >= BATCH:
            self._embed()

    def finish(self) -> None:
        """Embed what still waits."""
        while self._waiting:
            self._embed()

    @property
    def needed(self) -> int:
        """How many passages are to be embedded in all, as far as is known."""
        return self.embedded + len(self._waiting)

    def _embed(self) -> None:
        batch = list(self._waiting.items())[:BATCH]
        texts = [passage.text for _, passage in batch]
        needed = self.needed
        encoded = self._embedder.encode_passages(texts, [_spans(passage) for _, passage in batch])
        for done, (i, vector, sentences) in enumerate(encoded, 1):
            database.save_vectors(self._connection, batch[i][0], vector, quantise(sentences))
            if self._on_embedded is not None:
                self._on_embedded(self.embedded + done, needed)
        self.embedded += len(batch)
        for key, _ in batch:
            del self._waiting[key]


def _spans(passage: Passage) -> list[tuple[int, int]]:
    return [(s.start - passage.start, s.end - passage.start) for s in passage.sentences]


def _vector_key(fingerprint: str, passage: Passage) -> bytes:
    named = f"{fingerprint}\n{_spans(passage)}\n{passage.text}"
    return hashlib.sha256(named.encode("utf-8", "surrogatepass")).digest()[:16]
