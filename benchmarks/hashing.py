"""An embedder without meaning, for measuring and testing everything around the embedding."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence

import numpy as np

from qa_bot.models.embedding import Vectors
from qa_bot.records import Span


class HashEmbedder:
    """An ``Embedder`` whose vectors mean nothing: equal texts get equal ones, others don't.

    For tests of everything that needs vectors but not what they mean. It counts
    words for tokens and remembers which texts it encoded.
    """

    def __init__(
        self,
        name: str = "hash",
        dimension: int = 16,
        fail_after: int = -1,
        seconds: float = 0.0,
    ) -> None:
        self.name = name
        self.fingerprint = hashlib.sha256(f"{name} {dimension}".encode()).hexdigest()[:16]
        self.dimension = dimension
        self.max_tokens = 60
        self.fail_after = fail_after  # texts that it encodes before it breaks; -1: never
        self.seconds = seconds  # that each text takes
        self.encoded: list[str] = []

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Words."""
        return [len(text.split()) for text in texts]

    def encode_question(self, question: str) -> Vectors:
        """A unit vector drawn from the question's hash."""
        seed = hashlib.sha256(f"{self.fingerprint} {question}".encode()).digest()
        vector = np.random.default_rng(list(seed)).standard_normal(self.dimension)
        return (vector / np.linalg.norm(vector)).astype(np.float32)

    def encode_passages(
        self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]
    ) -> Iterator[tuple[int, Vectors, Vectors]]:
        """The hash of each passage, and of each of its sentences."""
        for i, (text, spans) in enumerate(zip(texts, sentences, strict=True)):
            if len(self.encoded) == self.fail_after:
                raise RuntimeError("the embedder broke")
            time.sleep(self.seconds)
            self.encoded.append(text)
            pooled = [self.encode_question(text[start:end]) for start, end in spans]
            yield i, self.encode_question(text), np.stack(pooled)
