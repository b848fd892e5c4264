"""Which files have changed since the last build, and what is kept of the others."""

from __future__ import annotations

import sqlite3
import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Generic, TypeVar

from qa_bot import loaders
from qa_bot.building import passages as cutting
from qa_bot.building.progress import OnProgress
from qa_bot.builds import Limits
from qa_bot.errors import UnreadableDocumentError
from qa_bot.loaders import can_recognise
from qa_bot.loaders.containers import Known
from qa_bot.loaders.files import Found, file_hash_of
from qa_bot.members import INSIDE, file_of, is_container, is_member
from qa_bot.models.embedding import Embedder
from qa_bot.records import Problem, Stamp
from qa_bot.store import containers, database
from qa_bot.store.containers import Opened
from qa_bot.store.database import FileVersion, Unreadable
from qa_bot.text import name_words

_Value = TypeVar("_Value")

_OCR = "+ocr "  # in a recipe: the file was read with OCR, in the languages that follow


@dataclass(frozen=True, slots=True)
class Options:
    """How a build is done, the same for all its files."""

    rebuild: bool = False
    limits: Limits | None = None
    ocr: str | None = None
    on_progress: OnProgress | None = None
    early: bool = False  # whether a few files of a new index are published before the others
    english_only: bool = False  # whether a document in another language ends it: OtherLanguageError


@dataclass(slots=True)
class Outcome:
    """What a build did; names are document ids."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    reprocessed: list[str] = field(default_factory=list)
    renamed: list[tuple[str, str]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    present: set[str] = field(default_factory=set)  # documents that are, or remain, indexed
    read: dict[str, str] = field(default_factory=dict)  # of them the hash of each that was read
    stamps: list[tuple[str, Stamp]] = field(default_factory=list)  # new ones of files kept
    unreadable: list[Unreadable] = field(default_factory=list)
    left_out: list[tuple[str, Problem]] = field(default_factory=list)  # in files: kind, which
    opened: dict[str, Opened] = field(default_factory=dict)
    embedded: int = 0  # passages
    stored: int = 0  # passages
    dropped: bool = False  # whether an interrupted build had left what nobody needs
    news: bool = True  # whether anything that is stored differs from what it was
    chosen: str = ""  # as in a receipt

    @property
    def wrote(self) -> bool:
        """Whether the documents differ now from what they were."""
        return bool(self.added or self.changed or self.reprocessed or self.renamed or self.removed)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that is to be read."""

    document_id: str
    path: Path
    version: FileVersion

    @property
    def size(self) -> int:
        """In bytes; 0 where it isn't known."""
        return max(self.version.stamp.size, 0)

    @property
    def languages(self) -> str:
        """In which it is read with OCR; empty where it isn't."""
        return self.version.recipe.partition(_OCR)[2]


class Before:
    """What the last build left: documents, what could not be read, and what was left out."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.documents = database.file_versions(connection)
        self.opened = containers.opened_files(connection)
        self.failed = database.unreadable_versions(connection)
        opened = {name: one.version for name, one in self.opened.items()}
        self.files = {name: v for name, v in self.documents.items() if not is_member(name)} | opened
        """Files of the folder that were read, also those that are no documents themselves."""
        self._inside = _Sorted((name, name) for name in self.documents if is_member(name))
        self._failed = _Sorted((name, one) for name, one in self.failed.items() if is_member(name))
        self._left_out = _Sorted(
            (one[1].document_id, one) for one in containers.left_out(connection)
        )

    def documents_of(self, name: str) -> list[str]:
        """The document of that name, if it is one, and those that lie in it."""
        own = [name] if name in self.documents else []
        return [*own, *self._inside.inside(name)]

    def failed_in(self, name: str) -> list[Unreadable]:
        """What could not be read of what lies in a file."""
        return self._failed.inside(name)

    def left_out_of(self, name: str) -> list[tuple[str, Problem]]:
        """What was left out of what lies in a file, and what was said of the file itself."""
        return [*self._left_out.at(name), *self._left_out.inside(name)]


class _Sorted(Generic[_Value]):
    """Values by names, to find those of all that lies in a file without looking at each."""

    def __init__(self, pairs: Iterable[tuple[str, _Value]]) -> None:
        ordered = sorted(pairs, key=lambda pair: pair[0])
        self._names = [name for name, _ in ordered]
        self._values = [value for _, value in ordered]

    def inside(self, name: str) -> list[_Value]:
        """Of all that lies in the file of that name, however deep."""
        start = name + INSIDE
        first = end = bisect_left(self._names, start)
        while end < len(self._names) and self._names[end].startswith(start):
            end += 1
        return self._values[first:end]

    def at(self, name: str) -> list[_Value]:
        """Of that very name."""
        return self._values[bisect_left(self._names, name) : bisect_right(self._names, name)]


def settled_state(found: Found, embedder: Embedder, options: Options) -> str:
    """All that decides what there is to do: where it is as it was, there is nothing."""
    limits = options.limits or Limits()
    return f"{found.digest()} {_recipe(embedder)} {limits} {options.ocr}"


def is_settled(connection: sqlite3.Connection, found: Found, outcome: Outcome) -> bool:
    """Whether the same files would need nothing: the stamp of each is enough to know it by."""
    versions = containers.file_versions(connection)
    for one in outcome.unreadable:
        if not one.version.recipe:  # it is tried again
            return False
        if not is_member(one.problem.document_id):
            versions[one.problem.document_id] = one.version
    unknown = FileVersion()
    return all(Stamp(*seen).tells(versions.get(name, unknown).stamp) for name, *seen in found.files)


def changed_files(
    found: Found, before: Before, embedder: Embedder, options: Options, outcome: Outcome
) -> Iterator[SourceFile]:
    """The files to read; of the others, what is known is kept in ``outcome``."""
    recipe = _recipe(embedder)
    recognised = _recognised(before)
    for name, *seen in found.files:
        wanted = recipe
        if options.ocr is not None and _may_hold_scans(name):
            wanted = f"{recipe}{_OCR}{options.ocr}"
        known = before.files.get(name)
        failed = before.failed.get(name)
        known = known or (failed.version if failed else None)
        try:
            version = _version(found, name, Stamp(*seen), known, wanted)
        except UnreadableDocumentError as error:
            outcome.unreadable.append(Unreadable(Problem(name, error.reason), FileVersion()))
            continue
        if options.ocr is None and (languages := recognised.get(version.file_hash)):
            wanted = f"{recipe}{_OCR}{languages}"
            version = replace(version, recipe=wanted)
        if options.rebuild or known is None or known.file_hash != version.file_hash:
            yield SourceFile(name, found.path(name), version)
        elif (
            name in before.files
            and is_made_by(known, wanted)
            and _settled_inside(before, name, wanted, options)
        ):
            _keep_file(before, name, version.stamp, outcome)
        elif (
            failed is not None
            and name not in before.files
            and known.recipe == attempt(wanted, options)
        ):
            outcome.unreadable.append(
                replace(failed, version=replace(version, recipe=known.recipe))
            )
        else:
            yield SourceFile(name, found.path(name), version)


def _keep_file(before: Before, name: str, stamp: Stamp, outcome: Outcome) -> None:
    keep(before, name, name, outcome)
    if stamp != before.files[name].stamp:
        outcome.stamps.append((name, stamp))
    if name in before.opened:
        opened = before.opened[name]
        outcome.opened[name] = replace(opened, version=replace(opened.version, stamp=stamp))


def keep(before: Before, name: str, as_name: str, outcome: Outcome) -> None:
    """Keep all that is known of a file, or of a member that holds others; under another name."""
    renamed = as_name + name[len(name) :]
    end = len(name)
    outcome.present.update(renamed + one[end:] for one in before.documents_of(name))
    for failed in before.failed_in(name):
        problem = replace(failed.problem, document_id=as_name + failed.problem.document_id[end:])
        outcome.unreadable.append(replace(failed, problem=problem))
    for kind, problem in before.left_out_of(name):
        named = replace(problem, document_id=as_name + problem.document_id[end:])
        if kind == "skipped" or is_member(named.document_id):
            outcome.left_out.append((kind, named))


def known_of(before: Before, file: SourceFile, options: Options) -> Known:
    """What need not be read again of a file that holds others."""
    if options.rebuild:
        return Known()
    wanted, name = file.version.recipe, file.document_id
    hashes = {
        one: before.documents[one].file_hash
        for one in before.documents_of(name)
        if one != name and is_made_by(before.documents[one], wanted)
    }
    for one in before.failed_in(name):
        if one.version.file_hash and one.version.recipe == attempt(wanted, options):
            hashes[one.problem.document_id] = one.version.file_hash
    return Known(hashes, settled=_settled_inside(before, name, wanted, options))


def _settled_inside(before: Before, name: str, wanted: str, options: Options) -> bool:
    """Whether all that is known of what lies in a file came of the same way of reading."""
    if not is_container(name):
        return True
    tried = attempt(wanted, options), attempt(wanted.partition(_OCR)[0], options)
    return all(
        is_made_by(before.documents[one], wanted) for one in before.documents_of(name)
    ) and all(one.version.recipe in tried for one in before.failed_in(name))


def _may_hold_scans(name: str) -> bool:
    return name.lower().endswith(loaders.RECOGNISED) or is_container(name)


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


def _recognised(before: Before) -> dict[str, str]:
    """By the hash of each file that was read with OCR: its languages, if they can be had still."""
    found = {}
    for name, version in (*before.files.items(), *before.documents.items()):
        if languages := version.recipe.partition(_OCR)[2]:
            file = before.files.get(file_of(name), version)  # of a member: the file it is in
            found[file.file_hash] = languages
    usable = {languages for languages in set(found.values()) if can_recognise(languages)}
    return {file_hash: languages for file_hash, languages in found.items() if languages in usable}


def is_made_by(known: FileVersion, recipe: str) -> bool:
    """Whether a stored document was made in this way; what OCR gave is kept without asking."""
    return recipe in (known.recipe, known.recipe.partition(_OCR)[0])


def attempt(recipe: str, options: Options) -> str:
    """What the failure to read a file depends on: it may go better with other limits."""
    return f"{recipe} {options.limits or Limits()}"


def moved_files(found: Found, todo: Iterable[SourceFile], before: Before) -> dict[str, str]:
    """For each new file that holds what a missing one held, that one's document id."""
    missing = set(before.files) - {name for name, *_ in found.files}
    by_content = {
        (before.files[name].file_hash, Path(name).suffix.lower()): name
        for name in sorted(missing, reverse=True)
    }
    moves = {}
    for file in todo:
        content = file.version.file_hash, file.path.suffix.lower()
        if file.document_id not in before.files and content in by_content:
            moves[file.document_id] = by_content.pop(content)
    return moves


def same_but_for_the_name(
    connection: sqlite3.Connection,
    todo: Iterable[SourceFile],
    before: Before,
    moves: dict[str, str],
    options: Options,
) -> set[str]:
    """The renamed files that need not be read again: their name told nothing that has changed.

    Their title isn't taken from it, and no other words either (``building/meaning.py``). What
    lies in a file is named without it.
    """
    if not moves or options.rebuild:
        return set()
    titles = database.titles(connection)
    return {
        file.document_id
        for file in todo
        if (old := moves.get(file.document_id)) is not None
        and is_made_by(before.files[old], file.version.recipe)
        and _settled_inside(before, old, file.version.recipe, options)
        and (old not in titles or _letters(titles[old]) != _letters(Path(old).stem))
        and (old not in titles or name_words(old) == name_words(file.document_id))
    }


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def changed_names(outcome: Outcome, before: Before, moves: dict[str, str]) -> set[str]:
    """Sort what was read into the lists of ``outcome``; the documents that are gone.

    A document that has the bytes of one that is gone was renamed, also into another file or
    out of one.
    """
    gone = set(before.documents) - outcome.present
    by_content = {
        (before.documents[name].file_hash, Path(name).suffix.lower()): name
        for name in sorted(gone, reverse=True)
    }
    for new in sorted(outcome.present):
        old = _old_name(new, moves)
        if old not in gone and new in outcome.read and new not in before.documents:
            old = by_content.get((outcome.read[new], Path(new).suffix.lower()), "")
        if old in gone and new not in before.documents:
            outcome.renamed.append((old, new))
            version = before.documents[old]
            by_content.pop((version.file_hash, Path(old).suffix.lower()), None)
        elif new in outcome.read:
            _list_of(outcome, before.documents.get(new), outcome.read[new]).append(new)
    outcome.renamed.sort()
    outcome.removed = sorted(gone - {old for old, _ in outcome.renamed})
    return gone


def _old_name(new: str, moves: dict[str, str]) -> str:
    """What a document of a file that was moved was called; "" where the file wasn't."""
    file = file_of(new)
    return moves[file] + new[len(file) :] if file in moves else ""


def _list_of(outcome: Outcome, before: FileVersion | None, file_hash: str) -> list[str]:
    """The list in which a document that was read belongs, given what was indexed of it."""
    if before is None:
        return outcome.added
    return outcome.reprocessed if before.file_hash == file_hash else outcome.changed
