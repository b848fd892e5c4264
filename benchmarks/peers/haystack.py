"""Haystack: the in-memory hybrid pipeline with a reciprocal-rank joiner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from haystack import Document, Pipeline
from haystack.components.joiners import DocumentJoiner
from haystack.components.retrievers.in_memory import (
    InMemoryBM25Retriever,
    InMemoryEmbeddingRetriever,
)
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack.document_stores.types import DuplicatePolicy
from haystack_integrations.components.embedders.sentence_transformers import (
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)

from benchmarks.peers.corpora import Item
from benchmarks.peers.systems import model_folder, shown

_FILE = "store.json"


@dataclass(frozen=True, slots=True)
class Settings:
    """The documented pipeline; ``best`` replaces it by documented options.

    ``lexical`` is BM25's weight in the joiner.
    """

    bfloat16: bool = False
    bm25: str = "BM25L"
    similarity: str = "dot_product"
    join: str = "reciprocal_rank_fusion"
    lexical: float = 0.5
    candidates: int = 10  # of each retriever
    overwrite: bool = False  # update the passages that changed, rather than build again
    titles: bool = False


BEST = Settings(
    bfloat16=True,
    similarity="cosine",
    candidates=100,
    bm25="BM25Plus",
    join="distribution_based_rank_fusion",
    overwrite=True,
)


def make(*, best: bool = False, **changes: Any) -> Haystack:  # noqa: ANN401 - fields of Settings
    """The system at its defaults, or at its best with these changes."""
    return Haystack(replace(BEST if best else Settings(), **changes))


class Haystack:
    """Fills ``Peer``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store: Any = None
        self._pipeline: Any = None
        half = {"dtype": "bfloat16"} if settings.bfloat16 else None
        self._embedder: Any = SentenceTransformersDocumentEmbedder(
            model=model_folder(), progress_bar=False, model_kwargs=half
        )

    def warm(self) -> None:
        """Load the model."""
        self._embedder.warm_up()
        self._embedder.run([Document(content="warm up")])

    def build(self, items: Sequence[Item], folder: Path) -> None:
        """Embed, write into the store, save."""
        self._store = InMemoryDocumentStore(
            bm25_algorithm=self._settings.bm25,
            embedding_similarity_function=self._settings.similarity,
        )
        self._store.write_documents(self._embedded(items))
        self._save(folder)

    def open(self, folder: Path) -> None:
        """Load the store, which counts its words again."""
        self._store = InMemoryDocumentStore.load_from_disk(str(folder / _FILE))
        self._connect()

    def search(self, question: str, k: int) -> list[str]:
        """The first ``k`` that the joiner gives."""
        return [one.meta["id"] for one in self._run(question)[:k]]

    def judge(self, question: str) -> tuple[bool, float | None]:
        """The joiner's score."""
        found = self._run(question)
        return bool(found), found[0].score if found else None

    def change(self, items: Sequence[Item], source: str, folder: Path) -> None:
        """Run the pipeline again, or overwrite the document's passages and save the store."""
        if not self._settings.overwrite:
            self.build(items, folder)
            return
        mine = [item for item in items if item.source == source]
        known = {one.meta["id"]: one for one in self._store.filter_documents()}
        gone = {one.meta["id"] for one in known.values() if one.meta["source"] == source}
        self._store.delete_documents([known[one].id for one in gone - {item.id for item in mine}])
        new = [item for item in mine if item.id not in known or self._is_other(known, item)]
        self._store.write_documents(self._embedded(new), policy=DuplicatePolicy.OVERWRITE)
        self._save(folder)

    def _is_other(self, known: dict[str, Any], item: Item) -> bool:
        return bool(known[item.id].content != shown(item, titles=self._settings.titles))

    def _embedded(self, items: Sequence[Item]) -> list[Document]:
        documents = [
            Document(
                id=item.id,
                content=shown(item, titles=self._settings.titles),
                meta={"id": item.id, "source": item.source},
            )
            for item in items
        ]
        embedded: list[Document] = self._embedder.run(documents)["documents"]
        return embedded

    def _save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._store.save_to_disk(str(folder / _FILE))
        self._connect()

    def _connect(self) -> None:
        """The query pipeline of the documentation."""
        count = self._settings.candidates
        pipeline = Pipeline()
        pipeline.add_component(
            "text_embedder",
            SentenceTransformersTextEmbedder(model=model_folder(), progress_bar=False),
        )
        pipeline.add_component(
            "embedding_retriever", InMemoryEmbeddingRetriever(self._store, top_k=count)
        )
        pipeline.add_component("bm25_retriever", InMemoryBM25Retriever(self._store, top_k=count))
        weights = [self._settings.lexical, 1 - self._settings.lexical]
        pipeline.add_component(
            "joiner", DocumentJoiner(join_mode=self._settings.join, weights=weights)
        )
        pipeline.connect("text_embedder.embedding", "embedding_retriever.query_embedding")
        pipeline.connect("bm25_retriever", "joiner")
        pipeline.connect("embedding_retriever", "joiner")
        self._pipeline = pipeline

    def _run(self, question: str) -> list[Any]:
        asked = {"text_embedder": {"text": question}, "bm25_retriever": {"query": question}}
        found: list[Any] = self._pipeline.run(asked)["joiner"]["documents"]
        return found
