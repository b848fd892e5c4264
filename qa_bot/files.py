"""The documents folder: which files there are to read, and why the others are not."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from qa_bot import loaders
from qa_bot.errors import NoDocumentsError, UnreadableDocumentError
from qa_bot.records import Problem


def find_files(folder: Path) -> tuple[list[tuple[str, Path]], list[Problem]]:
    """The files to read as ``(id, path)``, and what is not read, with the reason.

    Raises:
        NoDocumentsError: There is no such folder, or nothing in it to read.
    """
    if not folder.is_dir():
        raise NoDocumentsError(
            f"There is no folder {folder}: create it and put documents in, "
            "or name another with --documents."
        )
    known, skipped = [], []
    for path, reason in _walk(folder):
        name = path.relative_to(folder).as_posix()
        if reason:
            name = name.encode("utf-8", "replace").decode()
            skipped.append(Problem(name, f"skipped: {reason}"))
        else:
            known.append((name, path))
    if not known:
        raise NoDocumentsError(
            f"No documents in {folder}: put {' or '.join(loaders.LOADERS)} files there."
        )
    return sorted(known), skipped


def _walk(folder: Path) -> Iterator[tuple[Path, str]]:
    """Everything under the folder but hidden files, each with why it is not read, or ""."""
    root = Path(os.path.realpath(folder))
    errors: list[OSError] = []
    for parent, folders, names in os.walk(folder, onerror=errors.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            if os.path.islink(Path(parent, name)):
                yield Path(parent, name), "a link to a folder"
        for name in sorted(names):
            if not name.startswith((".", "~$")):
                yield Path(parent, name), _no_document(Path(parent, name), root)
    for error in errors:
        if Path(error.filename) == folder:
            raise NoDocumentsError(f"The folder {folder} can't be read ({error.strerror}).")
        yield Path(error.filename), f"the folder can't be read ({error.strerror})"


def _no_document(path: Path, root: Path) -> str:
    """Why a file is not to be read; empty where it is."""
    if path.suffix.lower() not in loaders.LOADERS:
        return f"not one of {', '.join(loaders.LOADERS)}"
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
