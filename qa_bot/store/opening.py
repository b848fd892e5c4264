"""An index, opened: a snapshot of one build, and everything that is read from it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from qa_bot.errors import (
    IndexDamagedError,
    IndexModelError,
    IndexStateError,
    QaBotError,
    UnknownDocumentError,
)
from qa_bot.loaders.files import is_current
from qa_bot.members import file_of
from qa_bot.models.embedding import Embedder, load_embedder
from qa_bot.paging import ScannedPage
from qa_bot.records import (
    Document,
    DocumentSummary,
    Excerpt,
    Health,
    Named,
    Passage,
    Section,
    Span,
)
from qa_bot.store import caches, database, locks, naming, rows, scans, schema
from qa_bot.store.caches import Caches
from qa_bot.store.gathering import Gathered, Wanted, gather
from qa_bot.tables import Table

_Found = TypeVar("_Found")


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
        self.vocabulary = opened.vocabulary

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
            return _known(rows.read_document(self._connection, document_id), document_id)

    def excerpt(self, document_id: str, start: int, end: int) -> Excerpt:
        """What stands in a range of a document, clipped to its text: read without the rest.

        Raises:
            UnknownDocumentError: No such document in the index.
        """
        with self._lock, database.explain_errors(self.folder):
            found = rows.read_excerpt(self._connection, document_id, start, end)
            return _known(found, document_id)

    def slices(self, document_id: str, spans: Iterable[Span]) -> list[str]:
        """The texts of several spans of a document, each clipped to its text.

        Raises:
            UnknownDocumentError: No such document in the index.
        """
        with self._lock, database.explain_errors(self.folder):
            return _known(rows.read_slices(self._connection, document_id, spans), document_id)

    def sections(self, document_id: str, span: Span | None = None) -> tuple[Section, ...]:
        """The document's sections, in reading order, or those that share text with a span.

        Raises:
            UnknownDocumentError: No such document in the index.
        """
        with self._lock, database.explain_errors(self.folder):
            found = rows.read_sections(self._connection, document_id, span)
            return _known(found, document_id)

    def tables(self, document_id: str, span: Span | None = None) -> tuple[Table, ...]:
        """The document's tables, in reading order, or their rows that share text with a span.

        Such rows come with the headers of their table and the group that they are in.

        Raises:
            UnknownDocumentError: No such document in the index.
        """
        with self._lock, database.explain_errors(self.folder):
            found = rows.read_tables(self._connection, document_id, span)
            return _known(found, document_id)

    def scans(self, document_id: str, pages: Sequence[int]) -> tuple[ScannedPage, ...]:
        """Where words stand on those of these pages that were recognised, in their order."""
        with self._lock, database.explain_errors(self.folder):
            return scans.read_scans(self._connection, document_id, pages)

    def named(self, digest: str, preferred: str = "") -> Named | None:
        """The document that a citation's digest names, also after it was changed or deleted.

        Of several that have this text it is the preferred one, or the first by
        name. None for a digest that no build of this index has published.
        """
        with self._lock, database.explain_errors(self.folder):
            return naming.find_named(self._connection, digest, preferred)

    def documents(self) -> tuple[DocumentSummary, ...]:
        """What is indexed, by document id."""
        with self._lock, database.explain_errors(self.folder):
            return rows.document_summaries(self._connection)

    @property
    def documents_folder(self) -> Path | None:
        """The folder that it was built from; None where it was made of ready-made passages."""
        return schema.documents_folder(self.folder, self.meta)

    def health(self) -> Health:
        """What the last build could not read, or only with a warning, and what it left out."""
        with self._lock, database.explain_errors(self.folder):
            return rows.read_health(self._connection)

    def held(self, document_ids: Iterable[str]) -> set[str]:
        """Those of the documents that are in the index."""
        with self._lock, database.explain_errors(self.folder):
            return set(rows.digests(self._connection, document_ids))

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

        Only these files are looked at; one is read only where its time leaves a doubt. What
        lies in a file that was changed counts as changed, whatever it was that changed in it.
        """
        folder = self.documents_folder
        if folder is None:
            return set()
        with self._lock, database.explain_errors(self.folder):
            held = set(rows.digests(self._connection, document_ids))
            versions = rows.file_versions(self._connection, {file_of(one) for one in held})
        changed = {
            name
            for name, (stamp, file_hash) in versions.items()
            if not is_current(folder / name, stamp, file_hash)
        }
        return {one for one in held if file_of(one) in changed}

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

    def passage_ids(self, document_id: str, span: Span) -> list[int]:
        """Ids of the document's passages that share text with a span, in reading order.

        Raises:
            UnknownDocumentError: No such document in the index.
        """
        with self._lock, database.explain_errors(self.folder):
            found = rows.passage_ids_within(self._connection, document_id, span)
            return _known(found, document_id)

    def places(self, ids: Iterable[int]) -> list[rows.Placed]:
        """Where those passages stand, by document and in reading order."""
        with self._lock, database.explain_errors(self.folder):
            return rows.places_of(self._connection, ids)

    def stored_vectors(self, ids: Iterable[int]) -> dict[int, rows.PassageVectors]:
        """The vectors of those passages."""
        with self._lock, database.explain_errors(self.folder):
            return rows.vectors_of(self._connection, ids)

    @contextmanager
    def searching(self) -> Iterator[Callable[[], float]]:
        """Search what can be asked; what is given tells the share of documents that can't be."""
        yield lambda: 0.0

    def gather(self, wanted: Wanted) -> Gathered:
        """The passages that may bear on a question, by vectors and by words."""
        return gather(wanted, self.vectors, self.lexicon, self.stored_vectors, self.places)

    def scope(self, names: Sequence[str]) -> tuple[list[int], npt.NDArray[np.int64]]:
        """Internal ids of the documents that ``names`` mean, and of their passages.

        Raises:
            UnknownDocumentError: A name is neither a document nor a folder or file that holds some.
        """
        documents: set[int] = set()
        with self._lock, database.explain_errors(self.folder):
            for name in names:
                found = rows.document_ids(self._connection, name)
                if not found:
                    raise UnknownDocumentError(name)
                documents.update(found)
            return sorted(documents), rows.passage_ids(self._connection, documents)


def _known(found: _Found | None, document_id: str) -> _Found:
    if found is None:
        raise UnknownDocumentError(document_id)
    return found


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
