"""Files that visitors add to the documents folder, or delete from it.

An upload is received into a folder of its own beside the index. From there it
goes among the documents complete or not at all, and never in the place of
another file unasked.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
import stat
import threading
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Literal

from qa_bot.builds import Limits
from qa_bot.web.file_names import clean_name, kinds, numbered, split_suffix

_ROOM = 16  # times the size limit: bytes that may wait here altogether
_PATIENCE = 3_600.0  # seconds that an upload waits for its visitor's answer
_HELD = ".upload"
_STAGED = ".qa-bot-upload-"
_CHUNK = 2**20  # bytes
_NO_LINKS = (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP)  # memory sticks know none

Choice = Literal["ask", "replace", "keep both", "leave out"]


class RefusedError(Exception):
    """A file is not taken in, or not deleted; the message says why, to who wanted it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an upload.

    ``asked``: another file has its name, so its visitor must choose; it waits
    under ``token`` until then. ``same``: a document with this very content is
    there already. ``gone``: it waited too long, or was never there.
    """

    kind: Literal["added", "replaced", "same", "asked", "left out", "failed", "gone"]
    name: str  # among the documents, where it is there now
    sent: str = ""  # its name as it was sent
    other: str = ""  # the document in its way, the one that is the same, or why it failed
    token: str = ""
    replaceable: bool = True  # whether what is in its way is a file


@dataclass(frozen=True, slots=True)
class _Held:
    """An upload that is complete and waits to be put among the documents."""

    path: Path
    name: str
    sent: str
    size: int
    digest: bytes
    since: float  # time.monotonic()
    seen: tuple[int, ...] = ()  # which file its visitor may replace


class Incoming:
    """An upload that is being received."""

    def __init__(self, uploads: Uploads, name: str, file: BinaryIO) -> None:
        self.token = ""  # what it waits under, once it is complete
        self.size = 0
        self.digest = hashlib.sha256()
        self._uploads, self._name, self._file = uploads, name, file

    def write(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            RefusedError: They are more than one file, or all together, may have.
            OSError: They can't be written.
        """
        self._uploads.check_size(self._name, self.size + len(chunk))
        self._uploads.take_room(len(chunk))
        self.size += len(chunk)
        self.digest.update(chunk)
        self._file.write(chunk)


class Uploads:
    """Receives uploads and puts them among the documents. Safe to use from several threads.

    Args:
        documents: Where they go; made when the first one does.
        folder: Where they wait, ours alone; what an earlier process left there is deleted.
        limit: Bytes that one file may have.
    """

    def __init__(self, documents: Path, folder: Path, limit: int = Limits().size) -> None:
        self.limit = limit
        self._documents, self._folder = documents, folder
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()  # while files are put among the documents
        self._counting = threading.Lock()
        self._bytes = 0
        self._clear()

    def check_size(self, name: str, size: int) -> None:
        """Raise ``RefusedError`` where a file of this size is too large."""
        if size > self.limit:
            raise RefusedError(f"{name} is larger than {self.limit / 2**20:g} MiB: not added.")

    def take_room(self, size: int) -> None:
        """Count bytes that are to wait here; raise ``RefusedError`` where there is no more room."""
        with self._counting:
            if self._bytes + size > _ROOM * self.limit:
                raise RefusedError("Too many files are waiting to be added: try again later.")
            self._bytes += size

    @contextmanager
    def receive(self, sent: str, size: int = 0) -> Iterator[Incoming]:
        """Receive a file; it is kept if the block ends well, and else leaves nothing.

        Args:
            sent: The file's name where it comes from.
            size: Bytes that it is said to have, to refuse it before it is sent.

        Raises:
            RefusedError: It is of a kind that is not read, too large, or empty.
            OSError: It can't be written.
        """
        self._forget()
        name = clean_name(sent)
        if not split_suffix(name)[1]:
            raise RefusedError(f"{name} is not added: only {kinds()} files are read.")
        self.check_size(name, size)
        self._folder.mkdir(parents=True, exist_ok=True)
        token = secrets.token_urlsafe(16)
        path = self._folder / f"{token}{_HELD}"
        with path.open("xb") as file:
            incoming = Incoming(self, name, file)
            try:
                yield incoming
                if not incoming.size:
                    raise RefusedError(f"{name} is empty: not added.")
                file.flush()
            except BaseException:
                self._discard(path, incoming.size)
                raise
        digest = incoming.digest.digest()
        held = _Held(path, name, sent, incoming.size, digest, time.monotonic())
        self._held[token] = held
        incoming.token = token

    def settle(self, token: str, choice: Choice = "ask") -> Outcome:
        """Put an upload among the documents, or say why not.

        Args:
            token: What it waits under.
            choice: What its visitor wants where another file has its name.
        """
        with self._lock:
            held = self._held.get(token)
            if held is None:
                return Outcome("gone", "")
            try:
                outcome = self._settle(token, held, choice)
            except OSError as error:
                reason = error.strerror or str(error)
                outcome = Outcome("failed", held.name, held.sent, reason)
            if outcome.kind != "asked":
                self._drop(token)
            return outcome

    def close(self) -> None:
        """Delete what still waits."""
        with self._lock:
            for token in list(self._held):
                self._drop(token)
        with suppress(OSError):
            self._folder.rmdir()

    def _settle(self, token: str, held: _Held, choice: Choice) -> Outcome:
        if choice == "leave out":
            return Outcome("left out", held.name, held.sent)
        self._documents.mkdir(parents=True, exist_ok=True)
        same = _find_same(self._documents, held)
        if same:
            return Outcome("same", held.name, held.sent, same)
        rival = _find_rival(self._documents, held.name)
        if rival and choice == "ask":
            return self._ask(token, held, rival)
        with _staged(held.path, self._documents) as staged:
            if rival and choice == "replace":
                if _identity(rival) != held.seen or not _is_file(rival):
                    return self._ask(token, held, rival)  # it is not the one that was asked about
                os.replace(staged, rival)
                return Outcome("replaced", rival.name, held.sent)
            for name in _candidates(held.name, taken=bool(rival), number=choice == "keep both"):
                if _link(staged, self._documents / name):
                    return Outcome("added", name, held.sent)
        return self._ask(token, held, self._documents / held.name)  # somebody was quicker

    def _ask(self, token: str, held: _Held, rival: Path) -> Outcome:
        self._held[token] = replace(held, seen=_identity(rival))
        return Outcome("asked", held.name, held.sent, rival.name, token, _is_file(rival))

    def _drop(self, token: str) -> None:
        held = self._held.pop(token, None)
        if held is not None:
            self._discard(held.path, held.size)

    def _discard(self, path: Path, size: int) -> None:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        with self._counting:
            self._bytes -= size

    def _forget(self) -> None:
        """Drop what nobody came back for."""
        oldest = time.monotonic() - _PATIENCE
        with self._lock:
            for token, held in list(self._held.items()):
                if held.since < oldest:
                    self._drop(token)

    def _clear(self) -> None:
        """Delete what a process that was killed has left behind."""
        left = [*self._folder.glob(f"*{_HELD}"), *self._documents.glob(f"{_STAGED}*")]
        for path in left:
            with suppress(OSError):
                path.unlink()


def _candidates(name: str, *, taken: bool, number: bool) -> Iterator[str]:
    if not taken:
        yield name
    if number:
        yield from numbered(name)


@contextmanager
def _staged(source: Path, folder: Path) -> Iterator[Path]:
    """A copy that is on the disk, on the folder's own file system, and hidden; gone afterwards."""
    staged = folder / f"{_STAGED}{secrets.token_hex(8)}"
    try:
        with source.open("rb") as read, staged.open("xb") as written:
            shutil.copyfileobj(read, written, _CHUNK)
            written.flush()
            os.fsync(written.fileno())
        yield staged
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    finally:
        staged.unlink(missing_ok=True)


def _link(staged: Path, target: Path) -> bool:
    """Give a file its name; False where another one has it, which stays as it is."""
    try:
        os.link(staged, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        try:
            target.open("xb").close()  # the name is ours; the file is empty for a moment
        except FileExistsError:
            return False
        os.replace(staged, target)
    return True


def _is_file(path: Path) -> bool:
    """Whether this can be replaced: a link can, whatever it leads to."""
    return path.is_symlink() or not path.is_dir()


def _identity(path: Path) -> tuple[int, ...]:
    """Which file this is, and which state of it; nothing where there is none."""
    try:
        found = path.lstat()
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _find_rival(folder: Path, name: str) -> Path | None:
    """What has the same name in the folder, also where it is spelt in other code points."""
    if os.path.lexists(folder / name):
        return folder / name
    names = (other for other in os.listdir(folder) if not other.isascii())
    same = (other for other in names if unicodedata.normalize("NFC", other) == name)
    return next((folder / other for other in same), None)


def _find_same(folder: Path, held: _Held) -> str:
    """The name of a document with this very content, or ""."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if not name.startswith(".") and split_suffix(name)[1] and _is_same(path, held):
                return path.relative_to(folder).as_posix()
    return ""


def _is_same(path: Path, held: _Held) -> bool:
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size != held.size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest() == held.digest
    except OSError:
        return False


def file_state(path: Path) -> str:
    """Which file this is, and which state of it, as a text; "gone" where there is none."""
    return "-".join(map(str, _identity(path))) or "gone"


def delete_file(documents: Path, document_id: str) -> None:
    """Delete a file inside the documents folder; of a link, the link and never what it leads to.

    Raises:
        RefusedError: It leads out of the folder or through a link to another
            one, is a folder itself, or can't be deleted.
    """
    *folders, last = parts = document_id.split("/")
    if any(part in ("", ".", "..") or "\0" in part for part in parts):
        raise RefusedError("Only files in the documents folder can be deleted.")
    handle = -1
    try:
        # Folder by folder, so that none can be exchanged for a link meanwhile.
        handle = os.open(documents, os.O_RDONLY | os.O_DIRECTORY)
        for folder in folders:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
            inner = os.open(folder, flags, dir_fd=handle)
            os.close(handle)
            handle = inner
        if stat.S_ISDIR(os.stat(last, dir_fd=handle, follow_symlinks=False).st_mode):
            raise RefusedError(f"{document_id} is a folder: only files can be deleted.")
        os.unlink(last, dir_fd=handle)
    except FileNotFoundError:
        raise RefusedError(f"{document_id} is not there any more.") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise RefusedError(f"{document_id} can't be deleted: {reason}.") from error
    finally:
        if handle >= 0:
            os.close(handle)
