"""Files → rows and vectors: which files changed, read them, cut them, store them."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from qa_bot.building import passages as cutting
from qa_bot.building.changes import (
    Before,
    Options,
    Outcome,
    SourceFile,
    attempt,
    changed_files,
    changed_names,
    keep,
    known_of,
    moved_files,
    same_but_for_the_name,
)
from qa_bot.building.progress import Meter
from qa_bot.building.storing import Store
from qa_bot.errors import QaBotError, UnreadableDocumentError
from qa_bot.language import language_name, language_of
from qa_bot.loaders.containers import Finding
from qa_bot.loaders.files import Found
from qa_bot.loaders.pool import Inside, Through, read_documents
from qa_bot.members import is_container
from qa_bot.models import e5
from qa_bot.models.embedding import DEFAULT_MODEL, MULTILINGUAL_MODEL, Embedder
from qa_bot.records import Document, Passage, Problem, Stamp
from qa_bot.store import containers, database, naming
from qa_bot.store.containers import Opened
from qa_bot.store.database import FileVersion, Unreadable
from qa_bot.text import looks_english


class OtherLanguageError(Exception):
    """A document is in a language that the model isn't made for."""

    def __init__(self, document: Document) -> None:
        super().__init__(document.id)
        self.told = f"{document.id} is in {language_name(document.language)}"


def update(
    connection: sqlite3.Connection, found: Found, embedder: Embedder, options: Options
) -> Outcome:
    """Bring the stored documents in step with the files.

    Works inside an open transaction, which it commits now and then while it
    stages documents. What it publishes at the end is left to the caller to commit.
    """
    outcome = Outcome()
    before = Before(connection)
    todo = list(changed_files(found, before, embedder, options, outcome))
    moves = moved_files(found, todo, before)
    kept = same_but_for_the_name(connection, todo, before, moves, options)
    renamed = []
    for file in todo:
        if file.document_id in kept:
            new, old = file.document_id, moves[file.document_id]
            renamed += [(one, new + one[len(old) :]) for one in before.documents_of(old)]
            keep(before, old, new, outcome)
            if is_container(new):
                hidden = before.opened[old].hidden if old in before.opened else 0
                outcome.opened[new] = Opened(file.version, hidden)
    rest = [file for file in todo if file.document_id not in kept]
    _stage(connection, rest, before, embedder, options, outcome)
    # A passing failure (no process could be started) is no reason to forget what is indexed.
    for one in outcome.unreadable:
        if not one.version.recipe and one.problem.document_id in before.documents:
            outcome.present.add(one.problem.document_id)
    gone = changed_names(outcome, before, moves)
    database.publish(connection, removed=gone - {old for old, _ in renamed}, renamed=renamed)
    naming.follow(connection, dict(outcome.renamed))
    stamps = {file.document_id: file.version.stamp for file in todo if file.document_id in kept}
    outcome.stamps += [
        (name, one.version.stamp)
        for name, one in outcome.opened.items()
        if before.opened.get(name) != one
    ]
    database.save_stamps(connection, [*outcome.stamps, *stamps.items()])
    containers.save_opened(connection, outcome.opened)
    return outcome


def _stage(
    connection: sqlite3.Connection,
    todo: Sequence[SourceFile],
    before: Before,
    embedder: Embedder,
    options: Options,
    outcome: Outcome,
) -> None:
    """Read, cut, store and embed the files, but for what an interrupted build has done.

    A file that holds others is gone through again: only what was embedded of it is used.
    """
    done = {} if options.rebuild else database.file_versions(connection, staged=True)
    finished = {
        file.document_id
        for file in todo
        if file.document_id in done
        and not is_container(file.document_id)
        and done[file.document_id].file_hash == file.version.file_hash
        and done[file.document_id].recipe == file.version.recipe
    }
    outcome.dropped = database.drop_staged(connection, keep=finished)
    meter = Meter(options.on_progress, {file.document_id: file.size for file in todo})
    store = Store(connection, embedder, meter.embedded, reuse=not options.rebuild)
    if finished:
        store.resume()
        for name in finished:
            outcome.present.add(name)
            outcome.read[name] = done[name].file_hash
            meter.file(name, store.needed)
    most = 0  # tokens of a passage, once the model is loaded
    rest = [file for file in todo if file.document_id not in finished]
    for read in _read(rest, before, options, outcome, meter):
        if not most:
            meter.loading()
            most = min(embedder.max_tokens, cutting.LONGEST)
        document, name = read.document, read.document.id
        document = replace(document, language=language_of(document.text))
        if options.english_only and _is_foreign(document):
            raise OtherLanguageError(document)
        try:
            cut = cutting.split_document(document, embedder.count_tokens, most)
        except (QaBotError, ImportError, MemoryError):
            raise  # whatever file it is
        except Exception as error:  # noqa: BLE001 - a tokenizer may take offence at any text
            reason = f"its text can't be cut into passages ({error})".splitlines()[0]
            failed = replace(read.version, recipe=attempt(read.version.recipe, options))
            outcome.unreadable.append(Unreadable(Problem(name, reason), failed))
        else:
            warnings = (*document.warnings, *_warnings(document, cut, embedder))
            store.add(replace(document, warnings=warnings), cut, read.version)
            outcome.present.add(name)
            outcome.read[name] = read.version.file_hash
        if is_container(read.file.document_id):
            meter.inside(store.needed)
        else:
            meter.file(name, store.needed)
    store.finish()
    outcome.embedded, outcome.stored = store.embedded, store.passages


@dataclass(frozen=True, slots=True)
class _Read:
    """A document, the file that it is or lies in, and what it was made from."""

    document: Document
    file: SourceFile
    version: FileVersion


def _read(
    todo: Sequence[SourceFile], before: Before, options: Options, outcome: Outcome, meter: Meter
) -> Iterator[_Read]:
    """Read the files, the largest first, so that no core is left with one at the end."""
    by_path = {file.path: file for file in todo}
    by_id = {file.document_id: file for file in todo}
    hidden: Counter[str] = Counter()
    largest_first = sorted(todo, key=lambda file: (-file.size, file.document_id))
    for languages in sorted({file.languages for file in todo}):
        files = [file for file in largest_first if file.languages == languages]
        outcomes = read_documents(
            [(file.document_id, file.path) for file in files],
            options.limits,
            ocr=languages or None,
            on_pages=meter.pages,
            known={
                file.document_id: known_of(before, file, options)
                for file in files
                if is_container(file.document_id)
            },
        )
        for read in outcomes:
            if isinstance(read, Document):
                file = by_id[read.id]
                yield _Read(read, file, file.version if _is_as_hashed(file) else _unsure(file))
            elif isinstance(read, Inside):
                file, finding = by_id[read.file], read.finding
                if finding.document is not None:
                    version = FileVersion(finding.file_hash, file.version.recipe)
                    if finding.id == read.file:
                        version = file.version if _is_as_hashed(file) else _unsure(file)
                    yield _Read(finding.document, file, version)
                else:
                    hidden[read.file] += finding.kind == "hidden"
                    _note(finding, file, before, options, outcome)
            elif isinstance(read, Through):
                file = by_id[read.file]
                version = file.version if _is_as_hashed(file) else _unsure(file)
                outcome.opened[read.file] = Opened(version, hidden[read.file])
                meter.file(read.file, None)
            else:
                file = by_path[read.path]
                name = file.document_id
                _fail(file, read, before, options, outcome)
                meter.file(name, None)


def _note(
    finding: Finding, file: SourceFile, before: Before, options: Options, outcome: Outcome
) -> None:
    """Keep what is said of a member that gave no document now."""
    name, problem = finding.id, Problem(finding.id, finding.reason)
    if finding.kind == "kept" and finding.whole:
        keep(before, name, name, outcome)
    elif finding.kind == "kept" and name in before.documents:
        outcome.present.add(name)
    elif finding.kind == "unreadable":
        recipe = "" if finding.transient else attempt(file.version.recipe, options)
        version = FileVersion(finding.file_hash, recipe)
        outcome.unreadable.append(Unreadable(problem, version))
    elif finding.kind == "left out":
        outcome.left_out.append(("skipped", problem))
    elif finding.kind == "unsupported":
        outcome.left_out.append(("unsupported", problem))
    if finding.kind == "kept" and name in before.failed:
        outcome.unreadable.append(before.failed[name])


def _fail(
    file: SourceFile,
    error: UnreadableDocumentError,
    before: Before,
    options: Options,
    outcome: Outcome,
) -> None:
    """A file that can't be read; it is tried again when it, or the way of reading, has changed."""
    version = FileVersion()
    if error.transient:
        keep(before, file.document_id, file.document_id, outcome)
    elif _is_as_hashed(file):
        version = replace(file.version, recipe=attempt(file.version.recipe, options))
    outcome.unreadable.append(Unreadable(Problem(file.document_id, error.reason), version))


def _is_as_hashed(file: SourceFile) -> bool:
    """Whether what was read is what was hashed: the file didn't change in between."""
    try:
        now = Stamp.of(file.path.stat())
    except OSError:
        return False
    then = file.version.stamp
    return (now.size, now.modified, now.inode) == (then.size, then.modified, then.inode)


def _unsure(file: SourceFile) -> FileVersion:
    """A version that no file has: the next build reads the file again."""
    return FileVersion("", file.version.recipe)


def _warnings(document: Document, cut: Sequence[Passage], embedder: Embedder) -> Iterator[str]:
    if not cut:
        yield "holds headings or links only: nothing to quote"
    if embedder.name == DEFAULT_MODEL and _is_foreign(document):
        told = "doesn't look English, which this index's model is made for"
        # No command to paste: it would have to name the folders, too.
        advice = f": index again with --rebuild --model {MULTILINGUAL_MODEL} to find more of it"
        yield told + (advice if e5.is_installed() else "")


def _is_foreign(document: Document) -> bool:
    """Whether it is surely in another language than English: two ways of telling agree."""
    return document.language not in ("", "en") and not looks_english(document.text)
