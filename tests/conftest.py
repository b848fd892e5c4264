"""What many tests share: the real model, the article's index, and an embedder without meaning."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from qa_bot import Index, build_index, open_index
from qa_bot.embedding import (
    DEFAULT_MODEL,
    SentenceTransformerEmbedder,
    Vectors,
    load_embedder,
)
from qa_bot.records import Document, Span

DOCUMENTS = Path(__file__).parents[1] / "documents"
ARTICLE = "military-partnerships-with-nato-allies.txt"


class HashEmbedder:
    """An ``Embedder`` whose vectors mean nothing: equal texts get equal ones, others don't.

    For tests of everything that needs vectors but not what they mean. It counts
    words for tokens and remembers which texts it encoded.
    """

    def __init__(self, name: str = "hash", dimension: int = 16, fail_after: int = -1) -> None:
        self.name = name
        self.fingerprint = hashlib.sha256(f"{name} {dimension}".encode()).hexdigest()[:16]
        self.dimension = dimension
        self.max_tokens = 60
        self.fail_after = fail_after  # texts that it encodes before it breaks; -1: never
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
            self.encoded.append(text)
            pooled = [self.encode_question(text[start:end]) for start, end in spans]
            yield i, self.encode_question(text), np.stack(pooled)


@pytest.fixture(scope="session")
def model() -> SentenceTransformerEmbedder:
    """The packaged model, loaded once for each test process."""
    embedder = load_embedder(DEFAULT_MODEL)
    embedder.encode_question("warm up")
    return embedder


@pytest.fixture(scope="session")
def article_folder(
    tmp_path_factory: pytest.TempPathFactory, model: SentenceTransformerEmbedder
) -> Path:
    """The folder of an index of the article that ships with the project; not to be changed."""
    folder = tmp_path_factory.mktemp("article") / "index"
    build_index(DOCUMENTS, folder, model=model)
    return folder


@pytest.fixture(scope="session")
def article(article_folder: Path) -> Iterator[Index]:
    """The article's index, open."""
    with open_index(article_folder) as index:
        yield index


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """An empty folder for documents."""
    folder = tmp_path / "documents"
    folder.mkdir()
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where an index may be built."""
    return tmp_path / "index"


def write(documents: Path, **texts: str) -> None:
    """Write ``name="text"`` as ``name.txt``; a double underscore in a name makes a folder."""
    for name, text in texts.items():
        file = documents / f"{name.replace('__', '/')}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def paragraphs(topic: str, count: int) -> str:
    """So many paragraphs about a topic, each long enough to be a passage of its own."""
    return "\n\n".join(
        f"The {topic} number {n} was seen near the {topic} hill. Its keeper wrote on page {n} "
        f"that every {topic} of the {n}th kind sleeps through the day, eats leaves at night, "
        f"and returns to hut {n} before the morning bell is rung by the {topic} warden."
        for n in range(count)
    )


def blocks(document: Document, *kinds: str) -> list[str]:
    """The texts of a document's blocks, or of those of some kinds."""
    return [
        document.text[block.start : block.end]
        for block in document.blocks
        if not kinds or block.kind in kinds
    ]


def outline(document: Document) -> list[str]:
    """The paths of a document's sections, the document itself left out."""
    return ["/".join(section.path) for section in document.sections[1:]]
