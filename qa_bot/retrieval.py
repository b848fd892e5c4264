"""Question → hits: dense, sentence and lexical evidence, fused. ``Index`` lives here."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt

from qa_bot import caches, database, locks, rows, schema
from qa_bot.caches import Caches
from qa_bot.embedding import Embedder, dequantise, load_embedder
from qa_bot.errors import (
    EmptyQuestionError,
    IndexDamagedError,
    IndexModelError,
    IndexStateError,
    QaBotError,
    UnknownDocumentError,
    UsageError,
)
from qa_bot.files import is_current
from qa_bot.lexical import stems
from qa_bot.records import Document, DocumentSummary, Health, Hit, Passage

POOL = 100  # candidates from each of the two searches
SHORTLIST = 40  # candidates that are compared sentence by sentence, at least
MAX_QUESTION = 2_000  # characters; what follows is not read

Vector = npt.NDArray[np.float32]


class Index:
    """An index as it was when it was opened; later builds don't show in it.

    Safe to use from many threads at once. Made by ``open_index``; ``close`` it,
    or use it as a context manager.
    """

    def __init__(
        self, folder: Path, connection: sqlite3.Connection, opened: Caches, embedder: Embedder
    ) -> None:
        self.folder = folder
        self.embedder = embedder
        self.meta = schema.read_meta(connection)
        self._connection = connection
        self._lock = threading.Lock()
        self.vectors = opened.vectors
        self.lexicon = opened.lexicon

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Index {self.folder}: {self.passage_count} passages, {self.model}>"

    def close(self) -> None:
        """Let go of the index's files, when the question in flight is answered."""
        with self._lock:
            self._connection.close()

    def warm(self) -> None:
        """Load the embedding model now, rather than at the first question."""
        self.embedder.encode_question("warm up")

    @property
    def model(self) -> str:
        """Name of the embedding model."""
        return self.meta["model"]

    @property
    def built_at(self) -> str:
        """When the index was last built, ISO 8601 in UTC."""
        return self.meta["built_at"]

    @property
    def passage_count(self) -> int:
        """Number of passages."""
        return len(self.vectors.ids())

    def document(self, document_id: str) -> Document:
        """The document as it was indexed, with its whole text.

        Raises:
            UnknownDocumentError: No such document in the index.
        """
        with self._lock, database.explain_errors(self.folder):
            found = rows.read_document(self._connection, document_id)
        if found is None:
            raise UnknownDocumentError(document_id)
        return found

    def documents(self) -> tuple[DocumentSummary, ...]:
        """What is indexed, by document id."""
        with self._lock, database.explain_errors(self.folder):
            return rows.document_summaries(self._connection)

    def health(self) -> Health:
        """What the last build could not read, or only with a warning, and what it left out."""
        with self._lock, database.explain_errors(self.folder):
            return rows.read_health(self._connection)

    def digests(self, document_ids: Iterable[str]) -> dict[str, str]:
        """Digests of those documents' texts.

        Raises:
            IndexDamagedError: One of them is gone.
        """
        wanted = set(document_ids)
        with self._lock, database.explain_errors(self.folder):
            found = rows.digests(self._connection, wanted)
        if wanted - found.keys():
            raise IndexDamagedError(self.folder, "a document is missing")
        return found

    def stale(self, document_ids: Iterable[str]) -> set[str]:
        """Those of the documents whose files were changed or deleted since they were indexed.

        Only these files are looked at; one is read only where its time leaves a doubt.
        """
        if "documents" not in self.meta:  # made of ready-made passages
            return set()
        with self._lock, database.explain_errors(self.folder):
            versions = rows.file_versions(self._connection, document_ids)
        folder = schema.documents_folder(self.folder, self.meta)
        return {
            name
            for name, (stamp, file_hash) in versions.items()
            if folder is not None and not is_current(folder / name, stamp, file_hash)
        }

    def shed_log(self) -> None:
        """Let the write-ahead log be emptied, which an open index prevents.

        Nothing happens while the index is being built, or others have it open.
        """
        with (
            suppress(IndexStateError, sqlite3.Error),
            locks.writing(self.folder, wait=0),  # so that the snapshot stays what it is
            self._lock,
        ):
            self._connection.execute("COMMIT")
            try:
                database.empty_log(self.folder)
            finally:
                self._connection.execute("BEGIN")
                schema.read_meta(self._connection)

    def is_outdated(self) -> bool:
        """Whether there is a later build: open the index again to see it."""
        try:
            with closing(database.open_reader(self.folder)) as connection:
                now = schema.read_meta(connection)
        except (QaBotError, sqlite3.Error):
            return False  # gone, or being made anew: what is open still answers
        return (now["uuid"], now["generation"]) != (self.meta["uuid"], self.meta["generation"])

    def passages(self, ids: Iterable[int]) -> dict[int, Passage]:
        """The passages with those ids."""
        with self._lock, database.explain_errors(self.folder):
            return rows.passages_with_ids(self._connection, ids)

    def stored_vectors(self, ids: Iterable[int]) -> dict[int, rows.PassageVectors]:
        """The vectors of those passages."""
        with self._lock, database.explain_errors(self.folder):
            return rows.vectors_of(self._connection, ids)

    def scope(self, names: Sequence[str]) -> tuple[list[int], npt.NDArray[np.int64]]:
        """Internal ids of the documents that ``names`` mean, and of their passages.

        Raises:
            UnknownDocumentError: A name is neither a document nor a folder.
        """
        documents: set[int] = set()
        with self._lock, database.explain_errors(self.folder):
            for name in names:
                found = rows.document_ids(self._connection, name)
                if not found:
                    raise UnknownDocumentError(name)
                documents.update(found)
            return sorted(documents), rows.passage_ids(self._connection, documents)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage with the evidence that it answers.

    A coverage is the share of the question's search terms that occur, weighted
    by how rare they are, in [0, 1]. Cosines are in [-1, 1].
    """

    passage: Passage
    cosine: float  # of the question and the passage
    coverage: float  # by the whole passage
    bm25: float  # not below 0, without an upper bound
    sentences: tuple[tuple[float, float], ...]  # cosine and coverage of each


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each kind of evidence counts, against 1 for the passage's cosine.

    Fitted on the Wikipedia part of SQuADshifts: one half of 3,000 questions
    chose them, the other half confirmed them (``benchmarks/fit.py``).
    """

    sentence: float = 2.0  # of the best sentence's evidence
    sentence_coverage: float = 0.4  # in that evidence, against 1 for the sentence's cosine
    coverage: float = 0.2
    bm25: float = 0.01

    def sentence_evidence(self, candidate: Candidate) -> list[float]:
        """Evidence that each of the passage's sentences answers."""
        return [near + self.sentence_coverage * held for near, held in candidate.sentences]

    def evidence(self, candidate: Candidate) -> float:
        """Evidence that the passage answers; between questions, its scale is the same."""
        best = max(self.sentence_evidence(candidate), default=candidate.cosine)
        dense = (candidate.cosine + self.sentence * best) / (1 + self.sentence)
        return dense + self.coverage * candidate.coverage + self.bm25 * candidate.bm25


WEIGHTS = Weights()
_HIGHEST = 1.7  # about the highest evidence there is


@dataclass(frozen=True, slots=True)
class Ranking:
    """The shortlisted candidates for a question, best first, and its search terms."""

    candidates: tuple[Candidate, ...]
    terms: dict[str, float]  # term → inverse document frequency

    def hits(self, k: int) -> list[Hit]:
        """The first ``k`` as hits."""
        return [Hit(one.passage, scaled(WEIGHTS.evidence(one))) for one in self.candidates[:k]]


def scaled(evidence: float) -> float:
    """Evidence as a score in [0, 1]."""
    return min(max(evidence / _HIGHEST, 0.0), 1.0)


def open_index(index: str | Path, *, model: str | Embedder | None = None) -> Index:
    """Open an index for questions. The embedding model is loaded when first needed.

    Args:
        index: The index's folder.
        model: The model the index must be of; None takes the index's own. Pass
            an ``Embedder`` to use one that is already loaded.

    Raises:
        IndexNotFoundError: Nothing has been indexed there yet.
        IndexModelError: The index was made with another model.
        IndexFormatError: A newer qa_bot made it.
        IndexDamagedError: It can't be read.
    """
    folder = Path(index)
    with database.explain_errors(folder):
        connection = database.open_reader(folder)
        try:
            meta = schema.read_meta(connection)
            embedder = _embedder(model, meta, folder)
            opened = caches.open_or_build(folder, connection)
        except BaseException:
            connection.close()
            raise
        return Index(folder, connection, opened, embedder)


def _embedder(model: str | Embedder | None, meta: dict[str, str], folder: Path) -> Embedder:
    wanted = meta["model"] if model is None else model
    embedder = load_embedder(wanted) if isinstance(wanted, str) else wanted
    if embedder.fingerprint != meta["fingerprint"]:
        raise IndexModelError(
            f"The index in {folder} was made with {meta['model']} ({meta['fingerprint']}), not "
            f"{embedder.name} ({embedder.fingerprint}): run `qa-bot index --model {embedder.name}`."
        )
    return embedder


def retrieve(
    question: str, index: Index, k: int = 5, documents: Sequence[str] | None = None
) -> list[Hit]:
    """Find the passages that bear on a question.

    Args:
        question: In plain words; no query syntax.
        index: From ``open_index``.
        k: At most so many hits; at least 1.
        documents: Only in these: exact document ids or folders.

    Returns:
        The hits, best first.

    Raises:
        EmptyQuestionError, UnknownDocumentError
    """
    return rank(question, index, k, documents).hits(k)


def rank(
    question: str, index: Index, k: int = 5, documents: Sequence[str] | None = None
) -> Ranking:
    """Gather candidates by vectors and by words, shortlist them, and compare their sentences.

    The shortlist is the best by dense + 0.03 · BM25, where dense = (passage
    cosine + 1.2 · best sentence cosine) / 2.2. The final order is that of
    ``Weights.evidence``.
    """
    if k < 1:
        raise UsageError(f"k is {k}: ask for at least one passage.")
    # An argument of the shell that isn't valid text arrives with lone surrogates.
    question = question[:MAX_QUESTION].encode("utf-8", "replace").decode()
    if not any(character.isalnum() for character in question):
        raise EmptyQuestionError
    scope = None if documents is None else index.scope(documents)
    vector = index.embedder.encode_question(question)
    terms = index.lexicon.terms(question)
    pool = max(POOL, k)
    nearest = index.vectors.search(vector, pool, None if scope is None else scope[1])
    bm25 = index.lexicon.search(terms, pool, None if scope is None else scope[0])
    bm25 |= index.lexicon.scores(terms, [number for number in nearest if number not in bm25])
    cosines = _cosines(vector, index, sorted({*nearest, *bm25}))
    first = {
        number: (cosine + 1.2 * max(sentences, default=cosine)) / 2.2 + 0.03 * bm25.get(number, 0)
        for number, (cosine, sentences) in cosines.items()
    }
    shortlist = sorted(first, key=lambda number: (-first[number], number))[: max(SHORTLIST, k)]
    passages = index.passages(shortlist)
    found = [
        _compare(passages[number], terms, *cosines[number], bm25.get(number, 0.0))
        for number in shortlist
    ]
    return Ranking(tuple(sorted(found, key=_order)), terms)


def _order(candidate: Candidate) -> tuple[float, str, int]:
    """Best first; among equals by place, since ids depend on the order of building."""
    passage = candidate.passage
    return -round(WEIGHTS.evidence(candidate), 6), passage.document_id, passage.start


def _compare(
    passage: Passage,
    terms: dict[str, float],
    cosine: float,
    sentence_cosines: tuple[float, ...],
    bm25: float,
) -> Candidate:
    """Put together the evidence for one passage."""
    total = sum(terms.values()) or 1.0
    held = [
        terms.keys() & stems(passage.text[s.start - passage.start : s.end - passage.start])
        for s in passage.sentences
    ]
    coverages = [sum(terms[term] for term in found) / total for found in held]
    return Candidate(
        passage=passage,
        cosine=cosine,
        coverage=sum(terms[term] for term in set().union(*held)) / total,
        bm25=bm25,
        sentences=tuple(zip(sentence_cosines, coverages, strict=True)),
    )


def _cosines(
    vector: Vector, index: Index, ids: Sequence[int]
) -> dict[int, tuple[float, tuple[float, ...]]]:
    """Cosine of the question with each passage and with each of its sentences."""
    stored = index.stored_vectors(ids)
    if not stored:
        return {}
    # One product for all sentences: 200 small ones would cost more than the searches.
    codes = dequantise(np.concatenate([stored[number].sentences for number in ids]))
    sentence_cosines = (codes @ vector).tolist()
    found = {}
    start = 0
    for number in ids:
        end = start + len(stored[number].sentences)
        passage = float(stored[number].passage @ vector)
        found[number] = (passage, tuple(sentence_cosines[start:end]))
        start = end
    return found
