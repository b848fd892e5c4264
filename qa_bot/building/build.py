"""documents/ → index: one build, from taking the lock to the commit and the receipt."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from qa_bot.building.changes import Options, Outcome, is_settled, settled_state
from qa_bot.building.progress import OnProgress
from qa_bot.building.storing import Store
from qa_bot.building.updating import OtherLanguageError, update
from qa_bot.builds import Limits, Progress, Receipt
from qa_bot.errors import IndexStateError, NoDocumentsError, UsageError
from qa_bot.loaders.files import Found, find_files
from qa_bot.models import e5
from qa_bot.models.embedding import (
    DEFAULT_MODEL,
    MULTILINGUAL_MODEL,
    Embedder,
    load_embedder,
)
from qa_bot.records import Document, Passage
from qa_bot.store import caches, containers, database, locks, naming, rows, schema
from qa_bot.store.database import FileVersion
from qa_bot.store.manifest import is_sharded

_BEGUN = "begun"  # in the index's meta: not all files have been looked at; the model may change
_CHOSEN = "chosen"  # in the index's meta: the model that its first build took by itself
_BESIDE = ".qa_bot-replacement"  # in the index's folder: a database that is to replace another


def build_index(  # noqa: PLR0913 - each is a choice of its own
    documents: str | Path,
    index: str | Path,
    *,
    model: str | Embedder | None = None,
    rebuild: bool = False,
    limits: Limits | None = None,
    ocr: str | None = None,
    on_progress: OnProgress | None = None,
    early: bool = False,
) -> Receipt:
    """Create an index of a folder of documents, or bring it up to date.

    Only files whose content changed are read again, and only text that is new
    is embedded. Nothing changes for readers until everything is committed, and
    a failure leaves the index as it was.

    Args:
        documents: The folder, read recursively. Hidden files are ignored.
        index: The folder for the index; created where it is missing.
        model: A sentence-transformers name or folder, or an ``Embedder``.
            None keeps the index's model. A new index gets the usual one, which is
            quick and made for English, or multilingual-e5-small where a document is
            in another language; its receipt says so.
        rebuild: Start from nothing: read and embed everything again, and
            replace an index that is damaged.
        limits: What reading one file may cost.
        ocr: The languages, as tesseract names them ("eng+deu"), in which pages
            of PDF files without text are recognised. None leaves such pages
            out, but keeps what an earlier build recognised in unchanged files.
        on_progress: Called now and then, from this thread.
        early: Where nothing is indexed yet and there is much to read, publish a few small files
            first: they can be asked while the others are read.

    Raises:
        NoDocumentsError: The folder is missing or holds nothing readable.
        IndexBusyError: Another build is running.
        IndexStateError: The index can't be read or written.
        ModelError: The model can't be used.
        UsageError: The index is one in shards.
    """
    if is_sharded(Path(index)):
        raise UsageError(f"The index in {index} is in shards: build it with `qa-bot index`.")
    options = Options(rebuild, limits, ocr, on_progress, early)
    return build(find_files(Path(documents)), Path(index), model, options)


def build(found: Found, target: Path, model: str | Embedder | None, options: Options) -> Receipt:
    """Bring an index up to date with files that were found: see ``build_index``.

    Where they are a part of what there is, there may be none.
    """
    began = time.monotonic()
    source, rebuild, ocr = found.folder, options.rebuild, options.ocr
    if ocr is not None:
        from qa_bot.loaders.pdf.ocr import check_ocr

        check_ocr(ocr)
    _make_folder(target)
    with locks.writing(target), database.explain_errors(target):
        older = schema.is_older(target)
        place = _place(
            target, rebuild=rebuild, anew=older or (rebuild and not schema.is_usable(target))
        )
        with closing(database.open_writer(place)) as connection:
            first = Outcome()
            few = found.few() if options.early and place == target else ()
            if few and "generation" not in schema.read_meta(connection):
                with suppress(NoDocumentsError), _transaction(connection):
                    some = replace(found, files=few)
                    first = _build(connection, source, target, some, model, options)
                    schema.write_meta(connection, {_BEGUN: "yes"})
            with _transaction(connection):
                kept = schema.former_model(target) if model is None and place != target else model
                outcome = _build(connection, source, target, found, kept, options)
                if place != target:
                    naming.adopt(connection, target / schema.FILE)
                # A build that finds nothing to do writes nothing: others may be watching.
                if not outcome.news:
                    connection.rollback()
            database.empty_log(place)  # or a later build does
            meta = schema.read_meta(connection)
            receipt = _receipt(connection, first, outcome, time.monotonic() - began)
        if place != target:
            schema.take_place(place, target)
        caches.remove_others(target, caches.folder_of(target, meta))
        return replace(receipt, remade=older)


def unchanged(
    found: Found, target: Path, model: str | Embedder | None, options: Options
) -> Receipt | None:
    """The receipt of a build that would find nothing to do, and do it; None where it might.

    Nothing is written, and no lock taken.
    """
    began = time.monotonic()
    if options.rebuild:
        return None
    with (
        suppress(IndexStateError),
        database.explain_errors(target),
        closing(database.open_reader(target)) as connection,
    ):
        meta = schema.read_meta(connection)
        if meta.get(_BEGUN) or database.has_staged(connection):
            return None
        if not schema.documents_named(target, found.folder).items() <= meta.items():
            return None
        if options.ocr is None:
            found = found.without_pictures(containers.recognised_pictures(connection))
        if settled_state(found, _embedder(model, meta), options) == meta.get("settled"):
            return _receipt(connection, Outcome(), Outcome(), time.monotonic() - began)
    return None


def _build(
    connection: sqlite3.Connection,
    source: Path,
    target: Path,
    found: Found,
    model: str | Embedder | None,
    options: Options,
) -> Outcome:
    """Everything up to the last commit, which publishes the build."""
    meta = schema.read_meta(connection)
    embedder = _embedder(model, meta)
    is_decided = {"model", _CHOSEN} & meta.keys() and not meta.get(_BEGUN)
    is_free = model is None and not is_decided and e5.is_installed()
    schema.name_documents_folder(connection, target, source)
    if options.ocr is None:
        found = found.without_pictures(containers.recognised_pictures(connection))
    state = settled_state(found, embedder, options)
    settled = state == meta.get("settled") and not database.has_staged(connection)
    if settled and not options.rebuild:
        return Outcome(news=meta != schema.read_meta(connection))
    problems = _problems(connection)
    outcome = _updated(connection, found, embedder, replace(options, english_only=is_free))
    if outcome.chosen:
        embedder = load_embedder(MULTILINGUAL_MODEL)
        state = settled_state(found, embedder, options)
    if not found.is_part:
        _refuse_all_unreadable(outcome, source)
    if outcome.wrote or "generation" not in meta:
        if options.on_progress is not None:
            options.on_progress(Progress("saving"))
        _publish(connection, target, embedder)
    inside = outcome.left_out
    database.save_health(
        connection,
        outcome.unreadable,
        [*found.skipped, *(problem for kind, problem in inside if kind == "skipped")],
        [*found.unsupported, *(one.document_id for kind, one in inside if kind != "skipped")],
        found.hidden + sum(one.hidden for one in outcome.opened.values()),
    )
    settled = is_settled(connection, found, outcome)
    schema.write_meta(connection, {"settled": state if settled else ""})
    if _BEGUN in meta:
        schema.write_meta(connection, {_BEGUN: ""})
    told = (meta, problems) != (schema.read_meta(connection), _problems(connection))
    outcome.news = outcome.wrote or outcome.dropped or bool(outcome.stamps) or told
    return outcome


def _updated(
    connection: sqlite3.Connection, found: Found, embedder: Embedder, options: Options
) -> Outcome:
    """Update the documents; with the multilingual model, where nobody chose and one needs it."""
    try:
        return update(connection, found, embedder, options)
    except OtherLanguageError as met:
        schema.write_meta(connection, {_CHOSEN: MULTILINGUAL_MODEL})  # also if it is interrupted
        other = load_embedder(MULTILINGUAL_MODEL)
        outcome = update(connection, found, other, replace(options, english_only=False))
        outcome.chosen = (
            f"The index's model is {MULTILINGUAL_MODEL}, since {met.told}. For English alone "
            f"--model {DEFAULT_MODEL} is quicker."
        )
        return outcome


def _problems(connection: sqlite3.Connection) -> object:
    """All that an index says of the files that are not in it, or only with a warning."""
    return rows.read_health(connection), database.unreadable_versions(connection)


def index_passages(
    pairs: Iterable[tuple[Document, Sequence[Passage]]], index: Path, embedder: Embedder
) -> None:
    """Make a new index of ready-made passages, as benchmarks need it."""
    _make_folder(index)
    with (
        locks.writing(index),
        database.explain_errors(index),
        closing(database.open_writer(index)) as connection,
    ):
        connection.execute("BEGIN IMMEDIATE")
        store = Store(connection, embedder)
        for document, cut in pairs:
            store.add(document, cut, FileVersion())
        store.finish()
        database.publish(connection, removed=(), renamed=())
        _publish(connection, index, embedder)
        database.save_health(connection, (), (), (), 0)
        connection.execute("COMMIT")


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


def _place(index: Path, *, rebuild: bool, anew: bool) -> Path:
    """The folder of the database that is written.

    One that can't be used (damaged, or of another format) stays where it is
    until the one that replaces it is published, also through interruptions.
    """
    beside = index / _BESIDE
    resumed = anew and not rebuild and beside.is_dir() and schema.is_usable(beside)
    if not resumed:
        if beside.is_dir() and not beside.is_symlink():
            shutil.rmtree(beside, ignore_errors=True)
        else:
            beside.unlink(missing_ok=True)
    if anew:
        _make_folder(beside)
    return beside if anew else index


def _embedder(model: str | Embedder | None, meta: dict[str, str]) -> Embedder:
    if model is None:
        model = meta.get("model", meta.get(_CHOSEN, DEFAULT_MODEL))
    return load_embedder(model) if isinstance(model, str) else model


def _refuse_all_unreadable(outcome: Outcome, source: Path) -> None:
    if outcome.present:
        return
    problems = sorted((one.problem for one in outcome.unreadable), key=lambda one: one.document_id)
    if not problems:
        raise NoDocumentsError(
            f"No documents in {source}, nor in what its files hold; pictures are read with --ocr."
        )
    raise NoDocumentsError(
        f"None of the {len(problems)} files in {source} can be read; "
        f"{problems[0].document_id}: {problems[0].reason}."
    )


def _publish(
    connection: sqlite3.Connection,
    index: Path,
    embedder: Embedder,
) -> None:
    """Name the new build, and make its caches; all that is left is the commit."""
    meta = schema.read_meta(connection)
    before = caches.folder_of(index, meta) if "generation" in meta else None
    remade = meta.get("fingerprint") != embedder.fingerprint
    schema.write_meta(
        connection,
        {
            "generation": str(int(meta.get("generation", 0)) + 1),
            "model": embedder.name,
            "fingerprint": embedder.fingerprint,
            "dimension": str(embedder.dimension),
            "built_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        },
    )
    target = caches.folder_of(index, schema.read_meta(connection))
    try:
        caches.build(target, connection, None if remade else before)
    except (OSError, ValueError, RuntimeError) as error:  # tantivy's and FAISS's among them
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise IndexStateError(
            f"Writing the index in {index} failed ({reason}). It is as it was before."
        ) from error


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit what is done inside, unless it is rolled back there, or fails."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        if connection.in_transaction:
            connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def _receipt(
    connection: sqlite3.Connection, first: Outcome, outcome: Outcome, seconds: float
) -> Receipt:
    """What was done, ``first`` with a few files that were published before the others."""
    return Receipt(
        added=tuple(sorted({*first.added, *outcome.added} - set(outcome.removed))),
        changed=tuple(sorted(outcome.changed)),
        reprocessed=tuple(sorted(set(outcome.reprocessed) - set(first.added))),
        renamed=tuple(outcome.renamed),
        removed=tuple(outcome.removed),
        health=rows.read_health(connection),
        documents=rows.document_count(connection),
        passages=rows.passage_count(connection),
        embedded=first.embedded + outcome.embedded,
        reused=first.stored - first.embedded + outcome.stored - outcome.embedded,
        seconds=seconds,
        chosen=outcome.chosen,
    )
