"""LangChain: a FAISS script, and an ensemble of FAISS and BM25."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from langchain_community.vectorstores import FAISS
from langchain_core.documents import Document
from langchain_huggingface import HuggingFaceEmbeddings

from benchmarks.peers.corpora import Item
from benchmarks.peers.systems import model_folder, shown

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Settings:
    """The documented script; ``best`` replaces it by what the documentation has for quality.

    ``lexical`` is BM25's weight in the ensemble; 0 for dense vectors alone.
    """

    bfloat16: bool = False
    lexical: float = 0.0
    candidates: int = 100  # of each retriever of the ensemble
    records: bool = False  # keep record of what is indexed, so that it can be updated
    titles: bool = False


BEST = Settings(bfloat16=True, lexical=0.7, records=True)


def make(*, best: bool = False, **changes: Any) -> LangChain:  # noqa: ANN401 - fields of Settings
    """The system at its defaults, or at its best with these changes."""
    return LangChain(replace(BEST if best else Settings(), **changes))


class LangChain:
    """Fills ``Peer``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loaded: Any = None
        self._store: Any = None
        self._ensemble: Any = None
        if settings.lexical:
            from langchain_classic import retrievers
            from langchain_community.retrievers import bm25

            self._retrievers, self._bm25 = retrievers, bm25

    def warm(self) -> None:
        """Load the model."""
        self._embeddings.embed_query("warm up")

    def build(self, items: Sequence[Item], folder: Path) -> None:
        """Embed, put into FAISS, save."""
        if self._settings.records:
            self._store = self._empty_store()
            self._index(items, folder)
        else:
            self._store = FAISS.from_documents(self._documents(items), self._embeddings)
        self._store.save_local(str(folder))
        self._combine()

    def open(self, folder: Path) -> None:
        """Load FAISS and the texts; BM25 is made of them again, since it can't be saved."""
        self._store = FAISS.load_local(
            str(folder), self._embeddings, allow_dangerous_deserialization=True
        )
        self._combine()

    def search(self, question: str, k: int) -> list[str]:
        """The nearest ``k``, or the first ``k`` of the ensemble."""
        if self._ensemble is not None:
            found = self._ensemble.invoke(question)[:k]
        else:
            found = self._store.similarity_search(question, k=k)
        return [one.metadata["id"] for one in found]

    def judge(self, question: str) -> tuple[bool, float | None]:
        """The squared distance, smaller is nearer; the ensemble has no scores."""
        if self._ensemble is not None:
            return bool(self._ensemble.invoke(question)), None
        found = self._store.similarity_search_with_score(question, k=1)
        return bool(found), -float(found[0][1]) if found else None

    def change(self, items: Sequence[Item], source: str, folder: Path) -> None:
        """Run the script again, or hand the document's new passages to the indexing API."""
        if not self._settings.records:
            self.build(items, folder)
            return
        self._index([item for item in items if item.source == source], folder)
        self._store.save_local(str(folder))
        self._combine()

    @property
    def _embeddings(self) -> HuggingFaceEmbeddings:
        if self._loaded is None:
            half = {"model_kwargs": {"dtype": "bfloat16"}} if self._settings.bfloat16 else {}
            self._loaded = HuggingFaceEmbeddings(
                model_name=model_folder(),
                model_kwargs=half,
                encode_kwargs={"normalize_embeddings": True} if self._settings.records else {},
            )
        return self._loaded

    def _documents(self, items: Sequence[Item]) -> list[Document]:
        return [
            Document(
                page_content=shown(item, titles=self._settings.titles),
                metadata={"id": item.id, "source": item.source},
            )
            for item in items
        ]

    def _empty_store(self) -> FAISS:
        import faiss
        from langchain_community.docstore.in_memory import InMemoryDocstore

        return FAISS(
            embedding_function=self._embeddings,
            index=faiss.IndexFlatL2(len(self._embeddings.embed_query("dimension"))),
            docstore=InMemoryDocstore(),
            index_to_docstore_id={},
        )

    def _index(self, items: Sequence[Item], folder: Path) -> None:
        """Add what is new, and remove what is gone from the same sources."""
        from langchain_classic.indexes import SQLRecordManager, index

        folder.mkdir(parents=True, exist_ok=True)
        records = SQLRecordManager("faiss/passages", db_url=f"sqlite:///{folder}/records.sqlite")
        records.create_schema()
        index(
            self._documents(items),
            records,
            self._store,
            batch_size=len(items),
            cleanup="incremental",
            source_id_key="source",
            key_encoder="sha256",
        )

    def _combine(self) -> None:
        if not self._settings.lexical:
            return
        documents = list(self._store.docstore._dict.values())
        lexical = self._bm25.BM25Retriever.from_documents(
            documents, k=self._settings.candidates, preprocess_func=_stems
        )
        dense = self._store.as_retriever(search_kwargs={"k": self._settings.candidates})
        self._ensemble = self._retrievers.EnsembleRetriever(
            retrievers=[lexical, dense],
            weights=[self._settings.lexical, 1 - self._settings.lexical],
        )


def _stems(text: str) -> list[str]:
    return _stemmer().stemWords(_WORD.findall(text.lower()))  # type: ignore[no-any-return]


_made: list[Any] = []


def _stemmer() -> Any:  # noqa: ANN401 - PyStemmer has no types
    if not _made:
        import Stemmer

        _made.append(Stemmer.Stemmer("english"))
    return _made[0]
