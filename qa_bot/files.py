"""The documents folder: which files there are to read, why the others are not, and what changed."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from qa_bot import loaders
from qa_bot.errors import NoDocumentsError, UnreadableDocumentError
from qa_bot.records import Problem, Stamp

_HIDDEN, _UNSUPPORTED = "hidden", "unsupported"
_TEMPORARY = ("~", ".tmp", ".crdownload", ".part", ".swp", "thumbs.db", "desktop.ini")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read."""

    document_id: str
    path: str
    stamp: Stamp | None  # None where it can't be told: a link to nowhere


@dataclass(frozen=True, slots=True)
class Found:
    """What is in the documents folder."""

    files: tuple[SourceFile, ...]  # sorted by id
    skipped: tuple[Problem, ...]  # what can't be read, with the reason
    unsupported: tuple[str, ...]  # names of files of kinds that are not read
    hidden: int  # hidden and temporary files and folders


def find_files(folder: Path) -> Found:
    """Look through a folder and all folders in it.

    Raises:
        NoDocumentsError: There is no such folder, or nothing in it to read.
    """
    if not folder.is_dir():
        raise NoDocumentsError(
            f"There is no folder {folder}: create it and put documents in, "
            "or name another with --documents."
        )
    files, skipped, unsupported, hidden = [], [], [], 0
    for name, path, fate, stamp in _walk(os.fspath(folder)):
        if not fate:
            files.append(SourceFile(name, path, stamp))
            continue
        shown = name.encode("utf-8", "replace").decode()
        if fate == _HIDDEN:
            hidden += 1
        elif fate == _UNSUPPORTED:
            unsupported.append(shown)
        else:
            skipped.append(Problem(shown, f"skipped: {fate}"))
    if not files:
        others = f" (it holds {len(unsupported)} of other kinds)" if unsupported else ""
        raise NoDocumentsError(
            f"No documents in {folder}{others}: put {' or '.join(loaders.LOADERS)} files there."
        )
    files.sort(key=lambda file: file.document_id)
    skipped.sort(key=lambda problem: problem.document_id)
    return Found(tuple(files), tuple(skipped), tuple(sorted(unsupported)), hidden)


_Entry = tuple[str, str, str, Stamp | None]  # name, path, why it isn't read or "", stamp


def _walk(folder: str) -> Iterator[_Entry]:
    """Everything under the folder. Plain strings, since there may be very many files."""
    root = os.path.join(os.path.realpath(folder), "")
    pending = [(folder, "")]
    while pending:
        parent, prefix = pending.pop()
        try:
            with os.scandir(parent) as listing:
                entries = list(listing)
        except OSError as error:
            if not prefix:
                raise NoDocumentsError(
                    f"The folder {parent} can't be read ({error.strerror})."
                ) from error
            yield prefix[:-1], parent, f"the folder can't be read ({error.strerror})", None
            continue
        for entry in entries:
            name = prefix + entry.name
            if _is_hidden(entry.name):
                yield name, entry.path, _HIDDEN, None
            elif entry.is_dir(follow_symlinks=False):
                pending.append((entry.path, f"{name}/"))
            elif entry.is_symlink() and os.path.isdir(entry.path):
                yield name, entry.path, "a link to a folder", None
            else:
                yield (name, entry.path, *_fate(entry, root))


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "~$")) or name.lower().endswith(_TEMPORARY)


def _fate(entry: os.DirEntry[str], root: str) -> tuple[str, Stamp | None]:
    """Why a file is not to be read, "" where it is, and its stamp."""
    stem, dot, suffix = entry.name.rpartition(".")
    if not stem or f"{dot}{suffix}".lower() not in loaders.LOADERS:
        return _UNSUPPORTED, None
    if entry.is_symlink() and not os.path.realpath(entry.path).startswith(root):
        return "a link out of the documents folder", None
    try:
        found = entry.stat()
    except OSError:
        found = None  # reading it will say why
    if found is not None and not stat.S_ISREG(found.st_mode):  # reading a pipe would never end
        return "not a regular file", None
    try:
        entry.path.isascii() or entry.path.encode()
    except UnicodeEncodeError:
        return "its name is not valid text; rename it", None
    return "", None if found is None else Stamp.of(found)


def file_hash_of(path: str | Path) -> str:
    """The sha256 of a file's bytes.

    Raises:
        UnreadableDocumentError: It can't be opened.
    """
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise UnreadableDocumentError(Path(path), reason) from error


def is_current(path: Path, stamp: Stamp, file_hash: str) -> bool:
    """Whether a file is still the version that was indexed; it is read only where it must be."""
    try:
        now = Stamp.of(path.stat())
        return now.tells(stamp) or (now.size == stamp.size and file_hash_of(path) == file_hash)
    except (OSError, UnreadableDocumentError):
        return False
