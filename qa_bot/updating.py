"""Files → rows and vectors: which files changed, read them, cut them, store them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from qa_bot import database, loaders, rows
from qa_bot import passages as cutting
from qa_bot.database import DocumentState
from qa_bot.embedding import DEFAULT_MODEL, MULTILINGUAL_MODEL, Embedder
from qa_bot.errors import UnreadableDocumentError
from qa_bot.files import Found, file_hash_of
from qa_bot.progress import Meter, OnProgress
from qa_bot.reading import read_documents
from qa_bot.records import Document, Health, Limits, Passage, Problem
from qa_bot.storing import Store
from qa_bot.text import looks_english

_OCR = "+ocr "  # in a recipe: the file was read with OCR, in the languages that follow


@dataclass(frozen=True, slots=True)
class Options:
    """How a build is done, the same for all its files."""

    rebuild: bool = False
    limits: Limits | None = None
    ocr: str | None = None
    on_progress: OnProgress | None = None


@dataclass(slots=True)
class Outcome:
    """What a build did; names are document ids."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    reprocessed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    kept: int = 0
    unreadable: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    embedded: int = 0  # passages
    stored: int = 0  # passages

    @property
    def read(self) -> int:
        """How many documents were read."""
        return len(self.added) + len(self.changed) + len(self.reprocessed)

    @property
    def wrote(self) -> bool:
        """Whether the index differs now from what it was."""
        return bool(self.read or self.removed)

    def health(self, found: Found) -> Health:
        """What is wrong with the folder's files."""
        return Health(
            unreadable=tuple(sorted(self.unreadable, key=_by_name)),
            warnings=tuple(sorted(self.warnings, key=_by_name)),
            unsupported=found.unsupported,
            hidden=found.hidden,
        )


def _by_name(problem: Problem) -> tuple[str, str]:
    return problem.document_id, problem.reason


@dataclass(frozen=True, slots=True)
class _File:
    """A file that is to be read; ``recipe`` says what else its passages depend on."""

    document_id: str
    path: Path
    file_hash: str
    recipe: str


def update(
    connection: sqlite3.Connection, found: Found, embedder: Embedder, options: Options
) -> Outcome:
    """Bring the stored documents in step with the files, within the open transaction."""
    outcome = Outcome(warnings=list(found.skipped))
    before = database.document_states(connection)
    todo = list(_changed_files(connection, found, before, embedder, options, outcome))
    meter = Meter(options.on_progress, {file.document_id: _size(file.path) for file in todo})
    if options.rebuild:
        connection.execute("DELETE FROM documents")
        connection.execute("DELETE FROM vectors")
    store = Store(connection, embedder, meter.embedded)
    for file, document in _read(todo, options, outcome, meter):
        cut = cutting.split_document(
            document, embedder.count_tokens, _longest(embedder, store, meter)
        )
        outcome.warnings.extend(_warnings(document, cut, embedder))
        _names(outcome, before.get(file.document_id), file).append(file.document_id)
        store.add(document, cut, file.file_hash, file.recipe)
        meter.file(file.document_id, store.needed)
    store.finish()
    outcome.embedded, outcome.stored = store.embedded, store.passages
    unreadable = {problem.document_id for problem in outcome.unreadable}
    present = {document_id for document_id, _ in found.files} - unreadable
    outcome.removed = sorted(set(before) - present)
    database.delete_documents(connection, outcome.removed)
    database.purge_vectors(connection)
    return outcome


def _changed_files(
    connection: sqlite3.Connection,
    found: Found,
    before: dict[str, DocumentState],
    embedder: Embedder,
    options: Options,
    outcome: Outcome,
) -> Iterator[_File]:
    """The files to read; what is known of the others is kept in ``outcome``."""
    recipe = f"{loaders.VERSION}.{cutting.VERSION}.{embedder.fingerprint}"
    old_warnings: dict[str, list[Problem]] = {}
    for problem in rows.read_health(connection).warnings:
        old_warnings.setdefault(problem.document_id, []).append(problem)
    for document_id, path in found.files:
        try:
            file_hash = file_hash_of(path)
        except UnreadableDocumentError as error:
            outcome.unreadable.append(Problem(document_id, error.reason))
            continue
        wanted = recipe
        if options.ocr is not None and path.suffix.lower() == ".pdf":
            wanted = f"{recipe}{_OCR}{options.ocr}"
        state = before.get(document_id)
        if options.rebuild or state is None or not _is_current(state, file_hash, wanted):
            yield _File(document_id, path, file_hash, wanted)
        else:
            outcome.kept += 1
            outcome.warnings.extend(old_warnings.get(document_id, ()))


def _is_current(state: DocumentState, file_hash: str, recipe: str) -> bool:
    """Whether a stored document is what its file gives; what OCR gave is kept without asking."""
    made = state.recipe if _OCR in recipe else state.recipe.partition(_OCR)[0]
    return (state.file_hash, made) == (file_hash, recipe)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # it went away: reading it will say so
        return 0


def _read(
    todo: list[_File], options: Options, outcome: Outcome, meter: Meter
) -> Iterator[tuple[_File, Document]]:
    """Read the files, the largest first, so that no core is left with one at the end."""
    by_path = {file.path: file for file in todo}
    by_id = {file.document_id: file for file in todo}
    outcomes = read_documents(
        [
            (file.document_id, file.path)
            for file in sorted(todo, key=lambda file: -_size(file.path))
        ],
        options.limits,
        ocr=options.ocr,
        on_pages=meter.pages,
    )
    for read in outcomes:
        if isinstance(read, Document):
            yield by_id[read.id], read
        else:
            file = by_path[read.path]
            outcome.unreadable.append(Problem(file.document_id, read.reason))
            meter.file(file.document_id, None)


def _longest(embedder: Embedder, store: Store, meter: Meter) -> int:
    """The most tokens of a passage; at the first document, this loads the model."""
    if not store.passages:
        meter.loading()
    return embedder.max_tokens


def _names(outcome: Outcome, before: DocumentState | None, file: _File) -> list[str]:
    """The list in which a document that was read belongs, given what was indexed of it."""
    if before is None:
        return outcome.added
    return outcome.reprocessed if before.file_hash == file.file_hash else outcome.changed


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
