"""An index as someone sees it who may see only some folders: everything else isn't there.

Its caches are its own, made in memory of its passages alone. So no score, no rare or mistyped
word and no confidence can tell anything of what is outside.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from qa_bot.builds import Receipt
from qa_bot.errors import UnknownDocumentError
from qa_bot.members import INSIDE, is_container
from qa_bot.paging import ScannedPage
from qa_bot.records import Document, DocumentSummary, Excerpt, Health, Named, Problem, Section, Span
from qa_bot.store import caches, database, naming, rows
from qa_bot.store.opening import Index
from qa_bot.tables import Table


def is_within(document_id: str, folders: Iterable[str]) -> bool:
    """Whether a document is one of those named, or stands in one of the folders or files."""
    names = [name for folder in folders if (name := folder.strip("/"))]
    return any(
        document_id == name
        or document_id.startswith(f"{name}/")
        or (is_container(name) and document_id.startswith(f"{name}{INSIDE}"))
        for name in names
    )


def build_of(documents: Iterable[DocumentSummary]) -> dict[str, str]:
    """When what is seen was built, and which build: another only where some of it has changed."""
    held = list(documents)
    built = max((one.indexed_at for one in held), default="")
    seen = json.dumps([(one.id, one.digest, one.indexed_at) for one in held])
    generation = hashlib.sha256(seen.encode()).hexdigest()[:16]
    return {"built_at": built or "1970-01-01T00:00:00Z", "generation": generation}


class LimitedIndex(Index):
    """A part of another index, which it reads from, and which has to stay open for it.

    Made once for each set of folders: its caches take about as long as those of so many
    passages in a build. ``earlier`` is the same part of an earlier build: where nothing in it has
    changed since, its caches are taken over, so that not even the time tells of what is outside.
    """

    def __init__(
        self, whole: Index, folders: Sequence[str], earlier: LimitedIndex | None = None
    ) -> None:
        self._folders, self._whole = tuple(folders), whole
        self._connection, self._lock = whole._connection, whole._lock
        self.folder, self.embedder = whole.folder, whole.embedder
        with self._lock, database.explain_errors(self.folder):
            found = rows.document_summaries(self._connection)
            self._documents = tuple(one for one in found if self._sees(one.id))
            numbers = [
                number
                for one in self._documents
                for number in rows.document_ids(self._connection, one.id)
            ]
            self._passages = rows.passage_ids(self._connection, numbers)
            self.meta = whole.meta | build_of(self._documents)
            if earlier is not None and self._is_as(earlier):
                self.vectors, self.lexicon = earlier.vectors, earlier.lexicon
                self.vocabulary = earlier.vocabulary
                return
            languages = sorted({one.language for one in self._documents})
            opened = caches.in_memory(self._connection, self._passages, languages)
        self.vectors = opened.vectors
        self.lexicon = opened.lexicon
        self.vocabulary = opened.vocabulary

    def _is_as(self, earlier: LimitedIndex) -> bool:
        """Whether an earlier build's part holds the same passages, under the same numbers."""
        same = all(self.meta[name] == earlier.meta[name] for name in ("uuid", "generation"))
        return same and np.array_equal(self._passages, earlier._passages)

    def close(self) -> None:
        """Nothing of its own is open."""

    def shed_log(self) -> None:
        """The whole index does that."""

    def is_outdated(self) -> bool:
        """Whether there is a later build of the whole."""
        return self._whole.is_outdated()

    def _sees(self, document_id: str) -> bool:
        return is_within(document_id, self._folders)

    def _check(self, document_id: str) -> None:
        if not self._sees(document_id):
            raise UnknownDocumentError(document_id)

    def document(self, document_id: str) -> Document:
        """The document as it was indexed, if it is seen."""
        self._check(document_id)
        return super().document(document_id)

    def excerpt(self, document_id: str, start: int, end: int) -> Excerpt:
        """What stands in a range of a document, if it is seen."""
        self._check(document_id)
        return super().excerpt(document_id, start, end)

    def slices(self, document_id: str, spans: Iterable[Span]) -> list[str]:
        """The texts of several spans of a document, if it is seen."""
        self._check(document_id)
        return super().slices(document_id, spans)

    def sections(self, document_id: str, span: Span | None = None) -> tuple[Section, ...]:
        """The document's sections, if it is seen."""
        self._check(document_id)
        return super().sections(document_id, span)

    def tables(self, document_id: str, span: Span | None = None) -> tuple[Table, ...]:
        """The document's tables, if it is seen."""
        self._check(document_id)
        return super().tables(document_id, span)

    def scans(self, document_id: str, pages: Sequence[int]) -> tuple[ScannedPage, ...]:
        """Where words stand on the document's recognised pages, if it is seen."""
        self._check(document_id)
        return super().scans(document_id, pages)

    def passage_ids(self, document_id: str, span: Span) -> list[int]:
        """Ids of the document's passages in a span, if it is seen."""
        self._check(document_id)
        return super().passage_ids(document_id, span)

    def named(self, digest: str, preferred: str = "") -> Named | None:
        """The document among those seen that a digest names, also after it was changed."""
        with self._lock, database.explain_errors(self.folder):
            return naming.find_named(self._connection, digest, preferred, self._sees)

    def documents(self) -> tuple[DocumentSummary, ...]:
        """Those that are seen."""
        return self._documents

    def held(self, document_ids: Iterable[str]) -> set[str]:
        """Those of the documents that are seen."""
        return super().held(name for name in document_ids if self._sees(name))

    def digests(self, document_ids: Iterable[str]) -> dict[str, str]:
        """Digests of those documents' texts."""
        wanted = list(document_ids)
        for name in wanted:
            self._check(name)
        return super().digests(wanted)

    def stale(self, document_ids: Iterable[str]) -> set[str]:
        """Those of the documents, as far as they are seen, whose files were changed."""
        return super().stale(name for name in document_ids if self._sees(name))

    def health(self) -> Health:
        """What is wrong with the files that are seen."""
        return limited_health(super().health(), self._folders)

    def scope(self, names: Sequence[str]) -> tuple[list[int], npt.NDArray[np.int64]]:
        """Internal ids of the documents seen that ``names`` mean, and of their passages."""
        meant: set[str] = set()
        for name in names:
            found = [one.id for one in self._documents if is_within(one.id, [name])]
            if not found:
                raise UnknownDocumentError(name)
            meant.update(found)
        if not meant:
            return [], np.empty(0, np.int64)
        return super().scope(sorted(meant))


def limited_health(health: Health, folders: Sequence[str]) -> Health:
    """What of a health report is about those folders; hidden files have no names to tell by."""
    return replace(
        health,
        unreadable=_within(health.unreadable, folders),
        warnings=_within(health.warnings, folders),
        unsupported=tuple(name for name in health.unsupported if is_within(name, folders)),
        hidden=0,
    )


def _within(found: Iterable[Problem], folders: Sequence[str]) -> tuple[Problem, ...]:
    return tuple(one for one in found if is_within(one.document_id, folders))


def limited_receipt(receipt: Receipt, folders: Sequence[str]) -> Receipt | None:
    """What of a build's receipt is about those folders; None where nothing is."""

    def within(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(name for name in names if is_within(name, folders))

    limited = replace(
        receipt,
        added=within(receipt.added),
        changed=within(receipt.changed),
        reprocessed=within(receipt.reprocessed),
        renamed=tuple(
            (old, new)
            for old, new in receipt.renamed
            if is_within(old, folders) and is_within(new, folders)
        ),
        removed=within(receipt.removed),
        health=limited_health(receipt.health, folders),
        documents=0,
        passages=0,
        embedded=0,
        reused=0,
        seconds=0.0,
        chosen="",
    )
    return None if limited.nothing_changed else limited
