"""txtai: a hybrid index, BM25 and dense vectors over SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from txtai import Embeddings

from benchmarks.peers.corpora import Item
from benchmarks.peers.systems import model_folder, shown


@dataclass(frozen=True, slots=True)
class Settings:
    """``hybrid=True`` as documented; ``best`` replaces it by documented options.

    ``lexical`` is BM25's weight; ``normalise`` is False (reciprocal ranks), True (txtai's
    default) or "bayes".
    """

    bfloat16: bool = False
    lexical: float = 0.5
    normalise: bool | str = True
    stop_words: bool = False
    upsert: bool = False  # update the passages that changed, rather than build again
    titles: bool = False


BEST = Settings(bfloat16=True, lexical=0.3, upsert=True)


def make(*, best: bool = False, **changes: Any) -> Txtai:  # noqa: ANN401 - fields of Settings
    """The system at its defaults, or at its best with these changes."""
    return Txtai(replace(BEST if best else Settings(), **changes))


class Txtai:
    """Fills ``Peer``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._index: Any = None
        self._known: dict[str, str] = {}  # what a script would keep to see what changed

    def warm(self) -> None:
        """Load the model."""
        self._index = Embeddings(self._config())
        self._index.batchtransform(["warm up"])

    def build(self, items: Sequence[Item], folder: Path) -> None:
        """Embed, index, save."""
        if self._index is None:
            self._index = Embeddings(self._config())
        self._known = dict(self._rows(items))
        self._index.index(self._known.items())
        self._index.save(str(folder))

    def open(self, folder: Path) -> None:
        """Load what was saved."""
        self._index = Embeddings()
        self._index.load(str(folder))

    def search(self, question: str, k: int) -> list[str]:
        """The first ``k`` of the hybrid search, by ten times as many of each kind."""
        return [found["id"] for found in self._search(question, k)]

    def judge(self, question: str) -> tuple[bool, float | None]:
        """The fused score."""
        found = self._search(question, 10)
        return bool(found), float(found[0]["score"]) if found else None

    def change(self, items: Sequence[Item], source: str, folder: Path) -> None:
        """Index everything again, or delete and upsert by id."""
        del source
        if not self._settings.upsert:
            self.build(items, folder)
            return
        wanted = dict(self._rows(items))
        gone = [known for known in self._known if known not in wanted]
        if gone:
            self._index.delete(gone)
        new = [row for row in wanted.items() if self._known.get(row[0]) != row[1]]
        self._index.upsert(new)
        self._known = wanted
        self._index.save(str(folder))

    def _search(self, question: str, k: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._index.search(
            question, limit=k, weights=1 - self._settings.lexical
        )
        return found

    def _rows(self, items: Sequence[Item]) -> list[tuple[str, str]]:
        return [(item.id, shown(item, titles=self._settings.titles)) for item in items]

    def _config(self) -> dict[str, Any]:
        config: dict[str, Any] = {"path": model_folder(), "content": True, "hybrid": True}
        if self._settings.normalise is not True or self._settings.stop_words:
            config["scoring"] = {
                "method": "bm25",
                "terms": True,
                "normalize": self._settings.normalise,
            }
            if self._settings.stop_words:
                config["scoring"]["tokenizer"] = {"stopwords": True}
        if self._settings.bfloat16:
            config["vectors"] = {"dtype": "bfloat16"}
        return config
