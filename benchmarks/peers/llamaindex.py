"""LlamaIndex: VectorStoreIndex, and its fusion with BM25."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from llama_index.core import (
    Document,
    StorageContext,
    VectorStoreIndex,
    load_index_from_storage,
)
from llama_index.core import (
    Settings as Shared,
)
from llama_index.core.llms import MockLLM
from llama_index.embeddings.huggingface import HuggingFaceEmbedding

from benchmarks.peers.corpora import Item
from benchmarks.peers.systems import model_folder, shown


@dataclass(frozen=True, slots=True)
class Settings:
    """The documented script; ``best`` replaces it by what the documentation has for quality.

    ``lexical`` is BM25's weight where ``fusion`` weighs; 0 for dense vectors alone.
    """

    bfloat16: bool = False
    batch: int = 10
    lexical: float = 0.0
    fusion: str = "reciprocal_rerank"
    candidates: int = 100  # of each retriever
    refresh: bool = False  # update the documents that changed, rather than build again
    titles: bool = False


BEST = Settings(bfloat16=True, batch=32, lexical=0.6, fusion="dist_based_score", refresh=True)


def make(*, best: bool = False, **changes: Any) -> LlamaIndex:  # noqa: ANN401 - fields of Settings
    """The system at its defaults, or at its best with these changes."""
    return LlamaIndex(replace(BEST if best else Settings(), **changes))


class LlamaIndex:
    """Fills ``Peer``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loaded: Any = None
        self._index: Any = None
        self._lexical: Any = None
        self._retrievers: dict[int, Any] = {}  # by how many passages they give
        Shared.llm = MockLLM()  # nothing is generated; the default asks for an OpenAI key
        if settings.lexical:
            from llama_index.retrievers import bm25

            self._bm25 = bm25

    def warm(self) -> None:
        """Load the model."""
        self._embeddings.get_query_embedding("warm up")

    def build(self, items: Sequence[Item], folder: Path) -> None:
        """Embed, save."""
        documents = self._documents(items)
        self._index = VectorStoreIndex.from_documents(documents, embed_model=self._embeddings)
        if len(self._index.docstore.docs) != len(items):
            raise RuntimeError("LlamaIndex cut a passage in two")
        self._save(folder)

    def open(self, folder: Path) -> None:
        """Load what was persisted."""
        context = StorageContext.from_defaults(persist_dir=str(folder))
        self._index = load_index_from_storage(context, embed_model=self._embeddings)
        if self._settings.lexical:
            self._lexical = self._bm25.BM25Retriever.from_persist_dir(str(folder / "bm25"))
        self._retrievers.clear()

    def search(self, question: str, k: int) -> list[str]:
        """The nearest ``k``, or the first ``k`` after fusion."""
        return [one.node.ref_doc_id for one in self._retrieve(question, k)]

    def judge(self, question: str) -> tuple[bool, float | None]:
        """The cosine, or the fused score."""
        found = self._retrieve(question, 10)
        return bool(found), found[0].score if found else None

    def change(self, items: Sequence[Item], source: str, folder: Path) -> None:
        """Run the script again, or refresh what changed; BM25 is made anew, having no update."""
        del source
        if not self._settings.refresh:
            self.build(items, folder)
            return
        self._index.refresh_ref_docs(self._documents(items))
        self._save(folder)

    @property
    def _embeddings(self) -> Any:  # noqa: ANN401 - a HuggingFaceEmbedding
        if self._loaded is None:
            half = {"model_kwargs": {"dtype": "bfloat16"}} if self._settings.bfloat16 else {}
            self._loaded = HuggingFaceEmbedding(
                model_name=model_folder(), embed_batch_size=self._settings.batch, **half
            )
        return self._loaded

    def _documents(self, items: Sequence[Item]) -> list[Document]:
        """Passages as documents; their metadata is embedded, as by default, where there is any."""
        titles = self._settings.titles
        return [Document(text=shown(item, titles=titles), id_=item.id) for item in items]

    def _save(self, folder: Path) -> None:
        self._index.storage_context.persist(persist_dir=str(folder))
        if self._settings.lexical:
            nodes = list(self._index.docstore.docs.values())
            self._lexical = self._bm25.BM25Retriever.from_defaults(
                nodes=nodes, similarity_top_k=min(self._settings.candidates, len(nodes))
            )
            self._lexical.persist(str(folder / "bm25"))
        self._retrievers.clear()

    def _retrieve(self, question: str, k: int) -> list[Any]:
        if k not in self._retrievers:
            self._retrievers[k] = self._retriever(k)
        found: list[Any] = self._retrievers[k].retrieve(question)
        return found

    def _retriever(self, k: int) -> Any:  # noqa: ANN401 - of one of two kinds
        if self._lexical is None:
            return self._index.as_retriever(similarity_top_k=k)
        from llama_index.core.retrievers import QueryFusionRetriever

        dense = self._index.as_retriever(similarity_top_k=self._settings.candidates)
        return QueryFusionRetriever(
            [dense, self._lexical],
            mode=self._settings.fusion,
            retriever_weights=[1 - self._settings.lexical, self._settings.lexical],
            similarity_top_k=k,
            num_queries=1,
            use_async=False,
        )
