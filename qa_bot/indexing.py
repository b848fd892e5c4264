"""documents/ → index: see what changed, read, cut, embed, commit, and say what was done."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from qa_bot import caches, database, loaders, rows
from qa_bot import passages as cutting
from qa_bot.database import DocumentState
from qa_bot.embedding import (
    DEFAULT_MODEL,
    MULTILINGUAL_MODEL,
    Embedder,
    load_embedder,
    quantise,
)
from qa_bot.errors import (
    IndexStateError,
    NoDocumentsError,
    UnreadableDocumentError,
)
from qa_bot.files import file_hash_of, find_files
from qa_bot.records import Document, Passage, Problem, Progress, Receipt
from qa_bot.text import looks_english

BLOCK = 512  # passages embedded between two writes; bounds what is held in memory

_NEW = DocumentState(id=0, file_hash="", recipe="")

OnProgress = Callable[[Progress], None]


def build_index(
    documents: str | Path,
    index: str | Path,
    *,
    model: str | Embedder | None = None,
    rebuild: bool = False,
    on_progress: OnProgress | None = None,
) -> Receipt:
    """Create an index of a folder of documents, or bring it up to date.

    Only files whose content changed are read again, and only text that is new
    is embedded. Nothing changes for readers until everything is committed, and
    a failure leaves the index as it was.

    Args:
        documents: The folder, read recursively. Hidden files are ignored.
        index: The folder for the index; created where it is missing.
        model: A sentence-transformers name or folder, or an ``Embedder``.
            None keeps the index's model (the default one for a new index).
        rebuild: Start from nothing: read and embed everything again, and
            replace an index that is damaged.
        on_progress: Called now and then, from this thread.

    Raises:
        NoDocumentsError: The folder is missing or holds nothing readable.
        IndexBusyError: Another build is running.
        IndexStateError: The index can't be read or written.
        ModelError: The model can't be used.
    """
    began = time.monotonic()
    report = on_progress or _say_nothing
    source, target = Path(documents), Path(index)
    files, skipped = find_files(source)
    _make_folder(target)
    with database.explain_errors(target):
        if rebuild:
            _set_aside_damaged(target)
        connection = database.open_writer(target)
    try:
        with database.explain_errors(target):
            connection.execute("BEGIN IMMEDIATE")
            try:
                embedder = _embedder(model, database.read_meta(connection))
                plan = _plan(connection, files, embedder, rebuild, report)
                plan.warnings.extend(skipped)
                plan.warnings.sort(key=lambda problem: problem.document_id)
                _refuse_all_unreadable(plan, source)
                counts = _Counts(0, 0)
                if plan.read or plan.removed:
                    counts = _apply(connection, plan, embedder, rebuild, report)
                    _publish(connection, target, embedder, report)
                database.save_problems(connection, plan.unreadable, plan.warnings)
                connection.execute("COMMIT")
            except BaseException:
                connection.rollback()
                raise
            _tidy(connection)
            caches.remove_others(target, caches.folder_of(target, database.read_meta(connection)))
            return _receipt(connection, plan, counts, time.monotonic() - began)
    finally:
        connection.close()


def _tidy(connection: sqlite3.Connection) -> None:
    """Empty the write-ahead log, unless a reader still needs it; a later build may do it."""
    with suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA busy_timeout = 0")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def index_passages(
    pairs: Iterable[tuple[Document, Sequence[Passage]]], index: Path, embedder: Embedder
) -> None:
    """Make a new index of ready-made passages, as benchmarks need it."""
    _make_folder(index)
    with database.explain_errors(index):
        connection = database.open_writer(index)
        try:
            connection.execute("BEGIN IMMEDIATE")
            plan = _Plan(read=[_Read(document, list(cut), "", "") for document, cut in pairs])
            _apply(connection, plan, embedder, False, _say_nothing)
            _publish(connection, index, embedder, _say_nothing)
            connection.execute("COMMIT")
        finally:
            connection.close()


def _say_nothing(progress: Progress) -> None:
    del progress


@dataclass(frozen=True, slots=True)
class _Read:
    """A document that was read in this build."""

    document: Document
    passages: list[Passage]
    file_hash: str
    recipe: str


@dataclass(slots=True)
class _Plan:
    """What a build found and is to write."""

    read: list[_Read] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    reprocessed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    kept: int = 0
    unreadable: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def names(self, before: DocumentState | None, file_hash: str) -> list[str]:
        """The list in which a document that was read belongs, given what was indexed of it."""
        if before is None:
            return self.added
        return self.reprocessed if before.file_hash == file_hash else self.changed


@dataclass(frozen=True, slots=True)
class _Counts:
    embedded: int
    reused: int


def _make_folder(index: Path) -> None:
    try:
        index.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise IndexStateError(
            f"The index folder {index} can't be created ({error.strerror})."
        ) from error
    if not os.access(index, os.W_OK):
        raise IndexStateError(
            f"The index folder {index} can't be written: check its permissions, "
            "or name another with --index."
        )


def _set_aside_damaged(index: Path) -> None:
    """Delete a database that is damaged, or a newer one; anything in it can be made again."""
    file = index / database.FILE
    if file.is_dir():  # nothing of ours, so not ours to delete
        file.rename(index / f"{database.FILE}.{time.time_ns()}")
    if file.exists() and not database.is_sound(index):
        for name in (database.FILE, f"{database.FILE}-wal", f"{database.FILE}-shm"):
            (index / name).unlink(missing_ok=True)


def _embedder(model: str | Embedder | None, meta: dict[str, str]) -> Embedder:
    if model is None:
        model = meta.get("model", DEFAULT_MODEL)
    return load_embedder(model) if isinstance(model, str) else model


def _plan(
    connection: sqlite3.Connection,
    files: Sequence[tuple[str, Path]],
    embedder: Embedder,
    rebuild: bool,
    report: OnProgress,
) -> _Plan:
    """Read and cut the files that changed."""
    plan = _Plan()
    before = database.document_states(connection)
    recipe = f"{loaders.VERSION}.{cutting.VERSION}.{embedder.fingerprint}"
    old_warnings: dict[str, list[Problem]] = {}
    for problem in rows.problems(connection, unreadable=False):
        old_warnings.setdefault(problem.document_id, []).append(problem)
    changed: list[tuple[str, Path, str]] = []
    for document_id, path in files:
        try:
            file_hash = file_hash_of(path)
        except UnreadableDocumentError as error:
            plan.unreadable.append(Problem(document_id, error.reason))
            continue
        if not rebuild and before.get(document_id, _NEW).made_from(file_hash, recipe):
            plan.kept += 1
            plan.warnings.extend(old_warnings.get(document_id, ()))
        else:
            changed.append((document_id, path, file_hash))
    if changed:
        report(Progress("loading", 0, 1))
        longest = embedder.max_tokens  # loads the model, which takes seconds
        report(Progress("loading", 1, 1))
    for number, (document_id, path, file_hash) in enumerate(changed):
        report(Progress("reading", number, len(changed), document_id))
        try:
            document = loaders.load_document(path, document_id)
        except UnreadableDocumentError as error:
            plan.unreadable.append(Problem(document_id, error.reason))
            continue
        cut = cutting.split_document(document, embedder.count_tokens, longest)
        plan.read.append(_Read(document, cut, file_hash, recipe))
        plan.warnings.extend(_warnings(document, cut, embedder))
        plan.names(before.get(document_id), file_hash).append(document_id)
    report(Progress("reading", len(changed), len(changed)))
    plan.unreadable.sort(key=lambda problem: problem.document_id)
    unreadable = {problem.document_id for problem in plan.unreadable}
    present = {document_id for document_id, _ in files} - unreadable
    plan.removed = sorted(set(before) - present)
    return plan


def _warnings(document: Document, cut: Sequence[Passage], embedder: Embedder) -> Iterator[Problem]:
    for warning in document.warnings:
        yield Problem(document.id, warning)
    if not cut:
        yield Problem(document.id, "holds headings or links only: nothing to quote")
    if embedder.name == DEFAULT_MODEL and not looks_english(document.text):
        yield Problem(
            document.id,
            "doesn't look English, which the default model is made for: try "
            f"`--model {MULTILINGUAL_MODEL}`",
        )


def _refuse_all_unreadable(plan: _Plan, source: Path) -> None:
    if not plan.read and not plan.kept:
        first = plan.unreadable[0]
        raise NoDocumentsError(
            f"None of the {len(plan.unreadable)} files in {source} can be read; "
            f"{first.document_id}: {first.reason}."
        )


def _apply(
    connection: sqlite3.Connection,
    plan: _Plan,
    embedder: Embedder,
    rebuild: bool,
    report: OnProgress,
) -> _Counts:
    """Write what was read, embedding the passages whose vectors aren't there yet."""
    if rebuild:
        connection.execute("DELETE FROM documents")
        connection.execute("DELETE FROM vectors")
    database.delete_documents(connection, plan.removed)
    wanted: dict[bytes, Passage] = {}
    total = 0
    for read in plan.read:
        keys = [_vector_key(embedder.fingerprint, passage) for passage in read.passages]
        database.save_document(
            connection, read.document, read.passages, keys, read.file_hash, read.recipe
        )
        known = database.known_keys(connection, keys)
        wanted.update(
            (key, passage)
            for key, passage in zip(keys, read.passages, strict=True)
            if key not in known
        )
        total += len(keys)
    _embed(connection, wanted, embedder, report)
    database.purge_vectors(connection)
    return _Counts(embedded=len(wanted), reused=total - len(wanted))


def _vector_key(fingerprint: str, passage: Passage) -> bytes:
    spans = [(s.start - passage.start, s.end - passage.start) for s in passage.sentences]
    return hashlib.sha256(f"{fingerprint}\n{spans}\n{passage.text}".encode()).digest()[:16]


def _embed(
    connection: sqlite3.Connection,
    wanted: dict[bytes, Passage],
    embedder: Embedder,
    report: OnProgress,
) -> None:
    # Sorted by length over the whole build, so that batches hold texts of one size.
    order = sorted(wanted.items(), key=lambda item: len(item[1].text))
    done = 0
    for start in range(0, len(order), BLOCK):
        block = order[start : start + BLOCK]
        texts = [passage.text for _, passage in block]
        spans = [
            [(s.start - passage.start, s.end - passage.start) for s in passage.sentences]
            for _, passage in block
        ]
        for i, vector, sentences in embedder.encode_passages(texts, spans):
            database.save_vectors(connection, block[i][0], vector, quantise(sentences))
            done += 1
            if done % 16 == 0 or done == len(order):
                report(Progress("embedding", done, len(order)))


def _publish(
    connection: sqlite3.Connection,
    index: Path,
    embedder: Embedder,
    report: OnProgress,
) -> None:
    """Name the new build, and make its caches; all that is left is the commit."""
    meta = database.read_meta(connection)
    before = caches.folder_of(index, meta) if "generation" in meta else None
    remade = meta.get("fingerprint") != embedder.fingerprint
    database.write_meta(
        connection,
        {
            "generation": str(int(meta.get("generation", 0)) + 1),
            "model": embedder.name,
            "fingerprint": embedder.fingerprint,
            "dimension": str(embedder.dimension),
            "built_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        },
    )
    report(Progress("saving", 0, 1))
    target = caches.folder_of(index, database.read_meta(connection))
    try:
        caches.build(target, connection, None if remade else before)
    except (OSError, ValueError, RuntimeError) as error:  # tantivy's and FAISS's among them
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise IndexStateError(
            f"Writing the index in {index} failed ({reason}). It is as it was before."
        ) from error
    report(Progress("saving", 1, 1))


def _receipt(
    connection: sqlite3.Connection, plan: _Plan, counts: _Counts, seconds: float
) -> Receipt:
    return Receipt(
        added=tuple(plan.added),
        changed=tuple(plan.changed),
        reprocessed=tuple(plan.reprocessed),
        removed=tuple(plan.removed),
        unreadable=tuple(plan.unreadable),
        warnings=tuple(plan.warnings),
        documents=len(database.document_states(connection)),
        passages=len(rows.passage_ids(connection)),
        embedded=counts.embedded,
        reused=counts.reused,
        seconds=seconds,
    )
