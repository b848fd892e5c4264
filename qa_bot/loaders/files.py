"""The documents folder: which files there are to read, why the others are not, and what changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from qa_bot import loaders
from qa_bot.errors import NoDocumentsError, UnreadableDocumentError
from qa_bot.loaders.file_names import HIDDEN_STARTS, TEMPORARY
from qa_bot.members import is_container, is_member
from qa_bot.records import Problem, Stamp

_AMBIGUOUS = "its name is that of a document inside another file; rename it"
_FEW, _SMALL = 20, 2**18  # files, and bytes that each may have
_FOLDER, _HIDDEN, _UNSUPPORTED = "folder", "hidden", "unsupported"

SourceFile = tuple[str, int, int, int]
"""A file to read: its document id, then size, modified and inode as in a ``Stamp``.

A plain tuple, since there may be very many. Where the file system tells nothing
(a link to nowhere), the three are those of ``Stamp()``.
"""


@dataclass(frozen=True, slots=True)
class Found:
    """What is in the documents folder."""

    folder: Path
    files: tuple[SourceFile, ...]  # sorted by id
    skipped: tuple[Problem, ...]  # what can't be read, with the reason
    unsupported: tuple[str, ...]  # names of files of kinds that are not read
    hidden: int  # hidden and temporary files and folders
    is_part: bool = False  # of what is there: others have the rest

    def path(self, document_id: str) -> Path:
        """Where a file is."""
        return self.folder / document_id

    def without_pictures(self, recognised: Mapping[str, Stamp]) -> Found:
        """Without those that hold text for OCR alone, as where it isn't asked for.

        What OCR gave is kept: pictures of the index stay, and new ones that may be these under
        another name, by their size.

        Args:
            recognised: The pictures of the index, as they were when they were recognised.
        """
        names = {name for name, *_ in self.files}
        sizes = {stamp.size for name, stamp in recognised.items() if name not in names}
        left = [
            name
            for name, size, *_ in self.files
            if name.lower().endswith(loaders.PICTURES)
            and name not in recognised
            and size not in sizes
        ]
        if not left:
            return self
        out = set(left)
        files = tuple(file for file in self.files if file[0] not in out)
        return replace(self, files=files, unsupported=tuple(sorted((*self.unsupported, *left))))

    def few(self) -> tuple[SourceFile, ...]:
        """Some files to begin with: the newest small ones; none where there isn't much to read."""
        plain = [
            file
            for file in self.files
            if 0 < file[1] <= _SMALL
            and not is_container(file[0])
            and not file[0].lower().endswith(loaders.PICTURES)
        ]
        newest = sorted(plain, key=lambda file: -file[2])[:_FEW]
        names = {name for name, *_ in newest}
        rest = [size for name, size, *_ in self.files if name not in names]
        is_much = len(rest) > _FEW or sum(rest) > _FEW * _SMALL
        return tuple(file for file in self.files if file[0] in names) if is_much else ()

    def dealt(self, is_ours: Callable[[str], bool]) -> Found:
        """The part of it whose names are ours."""
        return replace(
            self,
            files=tuple(file for file in self.files if is_ours(file[0])),
            skipped=tuple(one for one in self.skipped if is_ours(one.document_id)),
            unsupported=tuple(filter(is_ours, self.unsupported)),
            hidden=0,
            is_part=True,
        )

    def parts(self, count: int, part_of: Callable[[str], int]) -> list[Found]:
        """All of it in so many parts, by names; what is hidden counts to the first."""
        files: list[list[SourceFile]] = [[] for _ in range(count)]
        for file in self.files:
            files[part_of(file[0])].append(file)
        skipped: list[list[Problem]] = [[] for _ in range(count)]
        for problem in self.skipped:
            skipped[part_of(problem.document_id)].append(problem)
        unsupported: list[list[str]] = [[] for _ in range(count)]
        for name in self.unsupported:
            unsupported[part_of(name)].append(name)
        return [
            Found(
                self.folder,
                tuple(files[n]),
                tuple(skipped[n]),
                tuple(unsupported[n]),
                0 if n else self.hidden,
                is_part=True,
            )
            for n in range(count)
        ]

    def seen_again(self) -> Found:
        """What is left of it now, with sizes and times as this machine sees them."""
        files = (_seen(self.folder, name) for name, *_ in self.files)
        return replace(self, files=tuple(file for file in files if file is not None))

    def digest(self) -> str:
        """The same as long as nothing in the folder changes."""
        files = [f"{name}\0{size} {time} {inode}" for name, size, time, inode in self.files]
        others = f"{self.skipped}\0{self.unsupported}\0{self.hidden}"
        return hashlib.sha256("\0".join((*files, others)).encode()).hexdigest()


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
    files: list[SourceFile] = []
    skipped, unsupported, hidden = [], [], 0
    for file, fate in _walk(os.fspath(folder)):
        if not fate and is_member(file[0]):
            fate = _AMBIGUOUS  # noqa: PLW2901
        if not fate:
            files.append(file)
            continue
        shown = file[0].encode("utf-8", "replace").decode()
        if fate == _HIDDEN:
            hidden += 1
        elif fate == _UNSUPPORTED:
            unsupported.append(shown)
        else:
            skipped.append(Problem(shown, f"skipped: {fate}"))
    if not files:
        others = f" (it holds {len(unsupported)} of other kinds)" if unsupported else ""
        raise NoDocumentsError(
            f"No documents in {folder}{others}: put files there (PDF, Word, Excel,"
            " PowerPoint, HTML, Markdown, text and more)."
        )
    skipped.sort(key=lambda problem: problem.document_id)
    return Found(folder, tuple(sorted(files)), tuple(skipped), tuple(sorted(unsupported)), hidden)


def _walk(folder: str) -> Iterator[tuple[SourceFile, str]]:
    """Everything under the folder, and why it isn't to be read, "" where it is."""
    root = os.path.join(os.path.realpath(folder), "")
    pending = [(folder, "")]
    while pending:
        parent, prefix = pending.pop()
        try:
            with os.scandir(parent) as entries:
                for entry in entries:
                    name = prefix + entry.name
                    fate = _fate(entry, root)
                    if fate == _FOLDER:
                        pending.append((entry.path, f"{name}/"))
                        continue
                    try:
                        found = None if fate else entry.stat()
                    except OSError:  # reading it will say why
                        found = None
                    if found is None:
                        yield (name, -1, 0, 0), fate
                    else:
                        yield (name, found.st_size, found.st_mtime_ns, found.st_ino), fate
        except OSError as error:
            if not prefix:
                raise NoDocumentsError(
                    f"The folder {parent} can't be read ({error.strerror})."
                ) from error
            yield (prefix[:-1], -1, 0, 0), f"the folder can't be read ({error.strerror})"


def _seen(folder: Path, name: str) -> SourceFile | None:
    """A file as it is now; None where it is gone."""
    path = os.path.join(folder, name)
    try:
        found = os.stat(path)
    except OSError:  # reading it will say why
        return (name, -1, 0, 0) if os.path.lexists(path) else None
    return name, found.st_size, found.st_mtime_ns, found.st_ino


def _fate(entry: os.DirEntry[str], root: str) -> str:
    """Why something is not to be read, "" where it is.

    Nearly everything is a plain file, so that is what is found out at the least cost.
    """
    name = entry.name
    readable = name[name.rfind(".") :].lower() in loaders.SUFFIXES
    if name.startswith(HIDDEN_STARTS) or (not readable and name.lower().endswith(TEMPORARY)):
        return _HIDDEN
    if not entry.is_file(follow_symlinks=False):
        if entry.is_dir(follow_symlinks=False):
            return _FOLDER
        if entry.is_symlink() and os.path.isdir(entry.path):
            return "a link to a folder"
        if readable and entry.is_symlink() and not os.path.realpath(entry.path).startswith(root):
            return "a link out of the documents folder"
        if readable and os.path.exists(entry.path) and not os.path.isfile(entry.path):
            return "not a regular file"  # reading a pipe would never end
    if not readable:
        return _UNSUPPORTED
    try:
        entry.path.isascii() or entry.path.encode()
    except UnicodeEncodeError:
        return "its name is not valid text; rename it"
    return ""


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
