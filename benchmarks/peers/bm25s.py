"""bm25s alone: no embeddings at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bm25s

from benchmarks.peers.corpora import Item
from benchmarks.peers.systems import shown


@dataclass(frozen=True, slots=True)
class Settings:
    """The package's defaults; ``best`` replaces them by those chosen on the training data."""

    stem: bool = False
    method: str = "lucene"
    k1: float = 1.5
    b: float = 0.75
    titles: bool = False


BEST = Settings(stem=True, k1=1.2)


def make(*, best: bool = False, **changes: Any) -> Bm25s:  # noqa: ANN401 - fields of Settings
    """The system at its defaults, or at its best with these changes."""
    from dataclasses import replace

    return Bm25s(replace(BEST if best else Settings(), **changes))


class Bm25s:
    """Fills ``Peer``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stemmer: Any = None
        if settings.stem:
            import Stemmer

            self._stemmer = Stemmer.Stemmer("english")
        self._index: Any = None

    def warm(self) -> None:
        """There is no model."""

    def build(self, items: Sequence[Item], folder: Path) -> None:
        """Tokenise, count, save with the texts."""
        texts = [shown(item, titles=self._settings.titles) for item in items]
        index = bm25s.BM25(method=self._settings.method, k1=self._settings.k1, b=self._settings.b)
        index.index(self._tokens(texts), show_progress=False)
        corpus = [{"id": item.id, "text": item.text} for item in items]
        index.save(str(folder), corpus=corpus, show_progress=False)
        self.open(folder)

    def open(self, folder: Path) -> None:
        """Load the index with its texts."""
        self._index = bm25s.BM25.load(str(folder), load_corpus=True)

    def search(self, question: str, k: int) -> list[str]:
        """The ``k`` best, whatever their scores."""
        return [found["id"] for found, _ in self._retrieve(question, k)]

    def judge(self, question: str) -> tuple[bool, float | None]:
        """It always returns ``k`` passages, those of score 0 among them."""
        found = self._retrieve(question, 1)
        return bool(found), found[0][1] if found else None

    def change(self, items: Sequence[Item], source: str, folder: Path) -> None:
        """Its index can't be changed, so it is built again."""
        del source
        self.build(items, folder)

    def _retrieve(self, question: str, k: int) -> list[tuple[dict[str, str], float]]:
        count = min(k, len(self._index.corpus))
        found, scores = self._index.retrieve(self._tokens(question), k=count, show_progress=False)
        return list(zip(found[0], map(float, scores[0]), strict=True))

    def _tokens(self, texts: str | list[str]) -> Any:  # noqa: ANN401 - bm25s has no types
        return bm25s.tokenize(texts, stopwords="en", stemmer=self._stemmer, show_progress=False)
