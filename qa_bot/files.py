"""The documents folder: which files there are to read, and why the others are not."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from qa_bot import loaders
from qa_bot.errors import NoDocumentsError, UnreadableDocumentError
from qa_bot.records import Problem

_HIDDEN, _UNSUPPORTED = "hidden", "unsupported"
_TEMPORARY = ("~", ".tmp", ".crdownload", ".part", ".swp", "thumbs.db", "desktop.ini")


@dataclass(frozen=True, slots=True)
class Found:
    """What is in the documents folder."""

    files: tuple[tuple[str, Path], ...]  # (document id, path) of those to read, sorted
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
    for path, fate in _walk(folder):
        name = path.relative_to(folder).as_posix()
        shown = name.encode("utf-8", "replace").decode()
        if fate == _HIDDEN:
            hidden += 1
        elif fate == _UNSUPPORTED:
            unsupported.append(shown)
        elif fate:
            skipped.append(Problem(shown, f"skipped: {fate}"))
        else:
            files.append((name, path))
    if not files:
        others = f" (it holds {len(unsupported)} of other kinds)" if unsupported else ""
        raise NoDocumentsError(
            f"No documents in {folder}{others}: put {' or '.join(loaders.LOADERS)} files there."
        )
    skipped.sort(key=lambda problem: problem.document_id)
    return Found(tuple(sorted(files)), tuple(skipped), tuple(sorted(unsupported)), hidden)


def _walk(folder: Path) -> Iterator[tuple[Path, str]]:
    """Everything under the folder, each with why it is not read, or ""."""
    root = Path(os.path.realpath(folder))
    errors: list[OSError] = []
    for parent, folders, names in os.walk(folder, onerror=errors.append):
        for name in sorted(folders):
            if _is_hidden(name):
                folders.remove(name)
                yield Path(parent, name), _HIDDEN
            elif os.path.islink(Path(parent, name)):
                yield Path(parent, name), "a link to a folder"
        folders.sort()
        for name in sorted(names):
            hidden = _is_hidden(name)
            yield Path(parent, name), _HIDDEN if hidden else _fate(Path(parent, name), root)
    for error in errors:
        if Path(error.filename) == folder:
            raise NoDocumentsError(f"The folder {folder} can't be read ({error.strerror}).")
        yield Path(error.filename), f"the folder can't be read ({error.strerror})"


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "~$")) or name.lower().endswith(_TEMPORARY)


def _fate(path: Path, root: Path) -> str:
    """Why a file is not to be read; empty where it is."""
    if path.suffix.lower() not in loaders.LOADERS:
        return _UNSUPPORTED
    if not Path(os.path.realpath(path)).is_relative_to(root):
        return "a link out of the documents folder"
    if os.path.exists(path) and not os.path.isfile(path):  # reading a pipe would never end
        return "not a regular file"
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return "its name is not valid text; rename it"
    return ""


def file_hash_of(path: Path) -> str:
    """The sha256 of a file's bytes.

    Raises:
        UnreadableDocumentError: It can't be opened.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise UnreadableDocumentError(path, reason) from error
