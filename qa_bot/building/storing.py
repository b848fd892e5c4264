"""Documents → rows and vectors: what was read is stored, and its passages embedded in batches."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Callable, Sequence

from qa_bot.building.meaning import Embedded, Meant, embedded, meant
from qa_bot.models.embedding import Embedder, quantise
from qa_bot.records import Document, Passage, Span
from qa_bot.store import database
from qa_bot.store.database import FileVersion
from qa_bot.store.rows import staged_without_vectors

BATCH = 1024  # passages embedded at once: enough for batches of one length, few enough to hold

OnEmbedded = Callable[[int, int], None]
"""Called with the number of passages embedded, and of those that are known to be needed."""

_COMMIT_EVERY = 10.0  # seconds of work that an interruption may cost, where no batch is full


class Store:
    """Stages documents, and embeds what is new of them in large batches.

    It works inside an open transaction, which it commits now and then, so that
    an interrupted build can go on where it was; readers see nothing of it until
    ``database.publish``. ``embedded`` and ``passages`` count what was encoded,
    and what was staged.

    Args:
        connection: With a transaction begun.
        embedder: What makes the vectors.
        on_embedded: Told how far it is.
        reuse: Whether vectors that are there already are kept.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        embedder: Embedder,
        on_embedded: OnEmbedded | None = None,
        *,
        reuse: bool = True,
    ) -> None:
        self.embedded = 0
        self.passages = 0
        self._connection = connection
        self._embedder = embedder
        self._on_embedded = on_embedded
        self._reuse = reuse
        self._waiting: dict[bytes, Embedded] = {}  # by the key of their vectors
        self._made: set[bytes] = set()  # keys of this build, where no others are reused
        self._committed = time.monotonic()

    def resume(self) -> None:
        """Go on from what an interrupted build staged, some of it without vectors."""
        self.passages += database.staged_passages(self._connection)
        left = list(staged_without_vectors(self._connection))
        texts = self._embedded([meant(passage, context) for _, passage, context in left])
        self._waiting.update((key, text) for (key, *_), text in zip(left, texts, strict=True))

    def add(self, document: Document, passages: Sequence[Passage], version: FileVersion) -> None:
        """Stage a document."""
        texts = self._embedded(
            [meant(one, [document.text[a:b] for a, b in one.context]) for one in passages]
        )
        keys = [_vector_key(self._embedder.fingerprint, *waiting) for waiting in texts]
        database.save_document(self._connection, document, passages, keys, version, staged=True)
        known = database.known_keys(self._connection, keys) if self._reuse else self._made
        self._waiting.update(
            (key, waiting) for key, waiting in zip(keys, texts, strict=True) if key not in known
        )
        self.passages += len(keys)
        while len(self._waiting) >= BATCH:
            self._embed()
        if time.monotonic() - self._committed > _COMMIT_EVERY:
            self._commit()

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
        texts = [text for _, (text, _) in batch]
        needed = self.needed
        encoded = self._embedder.encode_passages(texts, [spans for _, (_, spans) in batch])
        for done, (i, vector, sentences) in enumerate(encoded, 1):
            database.save_vectors(self._connection, batch[i][0], vector, quantise(sentences))
            if self._on_embedded is not None:
                self._on_embedded(self.embedded + done, needed)
        self.embedded += len(batch)
        for key, _ in batch:
            del self._waiting[key]
        if not self._reuse:
            self._made.update(key for key, _ in batch)
        self._commit()

    def _embedded(self, passages: Sequence[Meant]) -> list[Embedded]:
        counter = self._embedder.count_tokens
        return list(embedded(passages, counter, self._embedder.max_tokens))

    def _commit(self) -> None:
        self._connection.execute("COMMIT")
        self._connection.execute("BEGIN IMMEDIATE")
        self._committed = time.monotonic()


def _vector_key(fingerprint: str, text: str, spans: Sequence[Span]) -> bytes:
    named = f"{fingerprint}\n{spans}\n{text}"
    return hashlib.sha256(named.encode("utf-8", "surrogatepass")).digest()[:16]
