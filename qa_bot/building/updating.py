"""Files → rows and vectors: which files changed, read them, cut them, store them."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from qa_bot import loaders
from qa_bot.building import passages as cutting
from qa_bot.building.progress import Meter, OnProgress
from qa_bot.building.storing import Store
from qa_bot.builds import Limits
from qa_bot.errors import QaBotError, UnreadableDocumentError
from qa_bot.language import language_name, language_of
from qa_bot.loaders import can_recognise
from qa_bot.loaders.files import Found, file_hash_of
from qa_bot.loaders.pool import read_documents
from qa_bot.models import e5
from qa_bot.models.embedding import DEFAULT_MODEL, MULTILINGUAL_MODEL, Embedder
from qa_bot.records import Document, Passage, Problem, Stamp
from qa_bot.store import database, naming
from qa_bot.store.database import FileVersion, Unreadable
from qa_bot.text import looks_english, name_words

_OCR = "+ocr "  # in a recipe: the file was read with OCR, in the languages that follow


@dataclass(frozen=True, slots=True)
class Options:
    """How a build is done, the same for all its files."""

    rebuild: bool = False
    limits: Limits | None = None
    ocr: str | None = None
    on_progress: OnProgress | None = None
    english_only: bool = False  # whether a document in another language ends it: OtherLanguageError


class OtherLanguageError(Exception):
    """A document is in a language that the model isn't made for."""

    def __init__(self, document: Document) -> None:
        super().__init__(document.id)
        self.told = f"{document.id} is in {language_name(document.language)}"


@dataclass(slots=True)
class Outcome:
    """What a build did; names are document ids."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    reprocessed: list[str] = field(default_factory=list)
    renamed: list[tuple[str, str]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    kept: int = 0
    stamps: list[tuple[str, Stamp]] = field(default_factory=list)  # new ones of files kept
    unreadable: list[Unreadable] = field(default_factory=list)
    embedded: int = 0  # passages
    stored: int = 0  # passages
    dropped: bool = False  # whether an interrupted build had left what nobody needs
    news: bool = True  # whether anything that is stored differs from what it was
    chosen: str = ""  # as in a receipt

    @property
    def readable(self) -> int:
        """How many documents there are now."""
        read = len(self.added) + len(self.changed) + len(self.reprocessed) + len(self.renamed)
        return self.kept + read

    @property
    def wrote(self) -> bool:
        """Whether the documents differ now from what they were."""
        return bool(self.added or self.changed or self.reprocessed or self.renamed or self.removed)


@dataclass(frozen=True, slots=True)
class _File:
    """A file that is to be read."""

    document_id: str
    path: Path
    version: FileVersion

    @property
    def size(self) -> int:
        return max(self.version.stamp.size, 0)


def settled_state(found: Found, embedder: Embedder, options: Options) -> str:
    """All that decides what there is to do: where it is as it was, there is nothing."""
    limits = options.limits or Limits()
    return f"{found.digest()} {_recipe(embedder)} {limits} {options.ocr}"


def is_settled(connection: sqlite3.Connection, found: Found, outcome: Outcome) -> bool:
    """Whether the same files would need nothing: the stamp of each is enough to know it by."""
    versions = database.file_versions(connection)
    versions |= {one.problem.document_id: one.version for one in outcome.unreadable}
    unknown = FileVersion()
    return all(Stamp(*seen).tells(versions.get(name, unknown).stamp) for name, *seen in found.files)


def update(
    connection: sqlite3.Connection, found: Found, embedder: Embedder, options: Options
) -> Outcome:
    """Bring the stored documents in step with the files.

    Works inside an open transaction, which it commits now and then while it
    stages documents. What it publishes at the end is left to the caller to commit.
    """
    outcome = Outcome()
    before = database.file_versions(connection)
    todo = list(_changed_files(connection, found, before, embedder, options, outcome))
    moves = _moves(found, todo, before)
    kept = set() if options.rebuild else _same_but_for_the_name(connection, todo, before, moves)
    _stage(
        connection,
        [file for file in todo if file.document_id not in kept],
        embedder,
        options,
        outcome,
    )
    failed = {one.problem.document_id for one in outcome.unreadable}
    read = {file.document_id for file in todo} - failed
    for file in todo:
        if file.document_id in read and file.document_id not in moves:
            _names(outcome, before.get(file.document_id), file).append(file.document_id)
    outcome.renamed = sorted((old, new) for new, old in moves.items() if new in read)
    # A passing failure (no process could be started) is no reason to forget what is indexed.
    failed -= {
        one.problem.document_id
        for one in outcome.unreadable
        if not one.version.file_hash and one.problem.document_id in before
    }
    gone = set(before) - ({name for name, *_ in found.files} - failed)
    outcome.removed = sorted(gone - {old for old, _ in outcome.renamed})
    database.publish(
        connection,
        removed=gone - {moves[new] for new in kept},
        renamed=[(moves[new], new) for new in sorted(kept)],
    )
    naming.follow(connection, dict(outcome.renamed))
    stamps = {file.document_id: file.version.stamp for file in todo if file.document_id in kept}
    database.save_stamps(connection, [*outcome.stamps, *stamps.items()])
    return outcome


def _changed_files(
    connection: sqlite3.Connection,
    found: Found,
    before: dict[str, FileVersion],
    embedder: Embedder,
    options: Options,
    outcome: Outcome,
) -> Iterator[_File]:
    """The files to read; of the others, what is known is kept in ``outcome``."""
    failed = database.unreadable_versions(connection)
    recipe = _recipe(embedder)
    recognised = _recognised(before)
    for name, *seen in found.files:
        wanted = recipe
        if options.ocr is not None and name.lower().endswith(".pdf"):
            wanted = f"{recipe}{_OCR}{options.ocr}"
        known = before.get(name) or (failed[name].version if name in failed else None)
        try:
            version = _version(found, name, Stamp(*seen), known, wanted)
        except UnreadableDocumentError as error:
            outcome.unreadable.append(Unreadable(Problem(name, error.reason), FileVersion()))
            continue
        if options.ocr is None and (languages := recognised.get(version.file_hash)):
            wanted = f"{recipe}{_OCR}{languages}"
            version = replace(version, recipe=wanted)
        if options.rebuild or known is None or known.file_hash != version.file_hash:
            yield _File(name, found.path(name), version)
        elif name in before and _made_by(known, wanted):
            outcome.kept += 1
            if version.stamp != known.stamp:
                outcome.stamps.append((name, version.stamp))
        elif name in failed and known.recipe == _attempt(wanted, options):
            outcome.unreadable.append(
                replace(failed[name], version=replace(version, recipe=known.recipe))
            )
        else:
            yield _File(name, found.path(name), version)


def _recipe(embedder: Embedder) -> str:
    """What a document depends on beside its file."""
    return f"{loaders.VERSION}.{cutting.VERSION}.{embedder.fingerprint}"


def _version(
    found: Found, name: str, stamp: Stamp, known: FileVersion | None, recipe: str
) -> FileVersion:
    """The file's version now; its bytes are read only where their hash can't be known."""
    if known is not None and stamp.tells(known.stamp):
        return FileVersion(known.file_hash, recipe, known.stamp)
    stamp = replace(stamp, checked=time.time_ns())
    return FileVersion(file_hash_of(found.path(name)), recipe, stamp)


def _recognised(before: dict[str, FileVersion]) -> dict[str, str]:
    """By the hash of each file that was read with OCR: its languages, if they can be had still."""
    found = {
        version.file_hash: languages
        for version in before.values()
        if (languages := _languages(version.recipe))
    }
    usable = {languages for languages in set(found.values()) if can_recognise(languages)}
    return {file_hash: languages for file_hash, languages in found.items() if languages in usable}


def _languages(recipe: str) -> str:
    """In which languages OCR was used; empty where it wasn't."""
    return recipe.partition(_OCR)[2]


def _made_by(known: FileVersion, recipe: str) -> bool:
    """Whether a stored document was made in this way; what OCR gave is kept without asking."""
    return recipe in (known.recipe, known.recipe.partition(_OCR)[0])


def _attempt(recipe: str, options: Options) -> str:
    """What the failure to read a file depends on: it may go better with other limits."""
    return f"{recipe} {options.limits or Limits()}"


def _moves(found: Found, todo: Iterable[_File], before: dict[str, FileVersion]) -> dict[str, str]:
    """For each new file that holds what a missing one held, that one's document id."""
    missing = set(before) - {name for name, *_ in found.files}
    by_content = {
        (before[name].file_hash, Path(name).suffix.lower()): name
        for name in sorted(missing, reverse=True)
    }
    moves = {}
    for file in todo:
        content = file.version.file_hash, file.path.suffix.lower()
        if file.document_id not in before and content in by_content:
            moves[file.document_id] = by_content.pop(content)
    return moves


def _same_but_for_the_name(
    connection: sqlite3.Connection,
    todo: Iterable[_File],
    before: dict[str, FileVersion],
    moves: dict[str, str],
) -> set[str]:
    """The renamed files that need not be read again: their name told nothing that has changed.

    Their title isn't taken from it, and no other words either (``building/meaning.py``).
    """
    if not moves:
        return set()
    titles = database.titles(connection)
    return {
        file.document_id
        for file in todo
        if (old := moves.get(file.document_id)) is not None
        and _made_by(before[old], file.version.recipe)
        and _letters(titles[old]) != _letters(Path(old).stem)
        and name_words(old) == name_words(file.document_id)
    }


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _stage(
    connection: sqlite3.Connection,
    todo: Sequence[_File],
    embedder: Embedder,
    options: Options,
    outcome: Outcome,
) -> None:
    """Read, cut, store and embed the files, but for what an interrupted build has done."""
    done = {} if options.rebuild else database.file_versions(connection, staged=True)
    finished = {
        file.document_id
        for file in todo
        if file.document_id in done
        and done[file.document_id].file_hash == file.version.file_hash
        and done[file.document_id].recipe == file.version.recipe
    }
    outcome.dropped = database.drop_staged(connection, keep=finished)
    meter = Meter(options.on_progress, {file.document_id: file.size for file in todo})
    store = Store(connection, embedder, meter.embedded, reuse=not options.rebuild)
    if finished:
        store.resume()
        for name in finished:
            meter.file(name, store.needed)
    most = 0  # tokens of a passage, once the model is loaded
    rest = [file for file in todo if file.document_id not in finished]
    for file, document in _read(rest, options, outcome, meter):
        if not most:
            meter.loading()
            most = min(embedder.max_tokens, cutting.LONGEST)
        document = replace(document, language=language_of(document.text))  # noqa: PLW2901
        if options.english_only and _is_foreign(document):
            raise OtherLanguageError(document)
        try:
            cut = cutting.split_document(document, embedder.count_tokens, most)
        except (QaBotError, ImportError, MemoryError):
            raise  # whatever file it is
        except Exception as error:  # noqa: BLE001 - a tokenizer may take offence at any text
            reason = f"its text can't be cut into passages ({error})".splitlines()[0]
            outcome.unreadable.append(_failure(file, reason, options))
            meter.file(file.document_id, None)
            continue
        warnings = (*document.warnings, *_warnings(document, cut, embedder))
        store.add(replace(document, warnings=warnings), cut, file.version)
        meter.file(file.document_id, store.needed)
    store.finish()
    outcome.embedded, outcome.stored = store.embedded, store.passages


def _read(
    todo: Sequence[_File], options: Options, outcome: Outcome, meter: Meter
) -> Iterator[tuple[_File, Document]]:
    """Read the files, the largest first, so that no core is left with one at the end."""
    by_path = {file.path: file for file in todo}
    by_id = {file.document_id: file for file in todo}
    largest_first = sorted(todo, key=lambda file: (-file.size, file.document_id))
    for languages in sorted({_languages(file.version.recipe) for file in todo}):
        outcomes = read_documents(
            [
                (file.document_id, file.path)
                for file in largest_first
                if _languages(file.version.recipe) == languages
            ],
            options.limits,
            ocr=languages or None,
            on_pages=meter.pages,
        )
        for read in outcomes:
            if isinstance(read, Document):
                file = by_id[read.id]
                yield (file if _is_as_hashed(file) else replace(file, version=_unsure(file))), read
                continue
            file = by_path[read.path]
            passing = Unreadable(Problem(file.document_id, read.reason), FileVersion())
            failure = passing if read.transient else _failure(file, read.reason, options)
            outcome.unreadable.append(failure)
            meter.file(file.document_id, None)


def _failure(file: _File, reason: str, options: Options) -> Unreadable:
    """A file that can't be read; it is tried again when it, or the way of reading, has changed."""
    version = FileVersion()
    if _is_as_hashed(file):
        version = replace(file.version, recipe=_attempt(file.version.recipe, options))
    return Unreadable(Problem(file.document_id, reason), version)


def _is_as_hashed(file: _File) -> bool:
    """Whether what was read is what was hashed: the file didn't change in between."""
    try:
        now = Stamp.of(file.path.stat())
    except OSError:
        return False
    then = file.version.stamp
    return (now.size, now.modified, now.inode) == (then.size, then.modified, then.inode)


def _unsure(file: _File) -> FileVersion:
    """A version that no file has: the next build reads the file again."""
    return FileVersion("", file.version.recipe)


def _names(outcome: Outcome, before: FileVersion | None, file: _File) -> list[str]:
    """The list in which a document that was read belongs, given what was indexed of it."""
    if before is None:
        return outcome.added
    return outcome.reprocessed if before.file_hash == file.version.file_hash else outcome.changed


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
