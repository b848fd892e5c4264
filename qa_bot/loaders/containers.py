"""What lies in a file: members of archives, mails of mailboxes, attachments of mails.

Members are listed by a room for each kind of file (``zipped``, ``mail``), written under names of
ours into a folder of ours, and read as files of the folder are. All that comes of one file,
however deep, is paid from one budget.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from qa_bot.builds import Limits
from qa_bot.errors import OcrError, UnreadableDocumentError
from qa_bot.loaders import CONTAINERS, LOADERS, PICTURES, load_document
from qa_bot.loaders.file_kinds import disguise
from qa_bot.loaders.file_names import is_hidden, suffix_of
from qa_bot.loaders.member_files import Member, MemberError
from qa_bot.members import INSIDE, is_container, member_id, parts_of
from qa_bot.records import Document

Kind = Literal["read", "kept", "unreadable", "unsupported", "hidden", "left out"]

_DAMAGED = "damaged: its parser can't make sense of it"
_NESTED = "inside more than {} files: not opened"


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one member, or of a mail that is a document itself.

    ``kept``: its bytes are those that are known already, so it wasn't read; with ``whole``
    nothing in it was looked at either. ``left out``: something of the file that ``id``
    names isn't read; the reason says what.
    """

    kind: Kind
    id: str
    reason: str = ""
    file_hash: str = ""  # sha256 of the member's bytes; "" of the file of the folder itself
    document: Document | None = None
    transient: bool = False  # whether it may well be read the next time
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What is indexed of a file's members.

    ``hashes``: of each member that need not be read again, by its id. ``settled``: they are
    all there is, so that what lies in one that is the same need not be looked at. ``done``:
    likewise of those that were read before a member broke the process that read them.
    ``broken``: those, with the reason; ``alone``: PDFs that broke two parsers, for one alone.
    """

    hashes: Mapping[str, str] = field(default_factory=dict)
    settled: bool = False
    done: Mapping[str, str] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    alone: Sequence[str] = ()


class _SpentError(Exception):
    """The budget of a file is spent."""


class _Budget:
    """What may still be spent on one file of the folder."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._members = limits.members
        self._bytes = limits.unpacked
        self._until = time.monotonic() + limits.nested_seconds

    def take_member(self) -> None:
        self._members -= 1
        if self._members < 0:
            raise _SpentError(
                f"holds more than {self._limits.members:,} files: the rest isn't read"
            )
        if time.monotonic() > self._until:
            minutes = self._limits.nested_seconds / 60
            raise _SpentError(f"takes longer than {minutes:g} min to read: the rest isn't read")

    @property
    def most(self) -> int:
        """Bytes that the next member may have."""
        return min(self._limits.size, self._bytes)

    def take_bytes(self, size: int) -> None:
        self._bytes -= size

    def too_large(self, size: int) -> None:
        """Say why a member of more than so many bytes isn't read."""
        if size < self._limits.size:
            most = self._limits.unpacked / 2**30
            raise _SpentError(f"unpacks to more than {most:g} GiB: the rest isn't read")
        raise MemberError(f"larger than {self._limits.size / 2**20:g} MiB")


class Walk:
    """Goes through all that lies in a file.

    Args:
        limits: What it may cost.
        scratch: A folder of ours for members while they are read.
        known: What need not be read again.
        on_member: Called with the id of each member before anything is done with it.
        options: For ``load_document``.
    """

    def __init__(
        self,
        limits: Limits,
        scratch: Path,
        known: Known,
        on_member: Callable[[str], None],
        options: Mapping[str, Any],
    ) -> None:
        self._limits, self._scratch, self._known = limits, scratch, known
        self._on_member, self._options = on_member, options
        self._budget = _Budget(limits)

    def findings(self, path: Path, document_id: str) -> Iterator[Finding]:
        """What becomes of the file and of each of its members, as soon as it is known.

        Raises:
            UnreadableDocumentError: The file itself can't be read.
        """
        if suffix_of(document_id) in LOADERS:
            yield Finding("read", document_id, document=self._load(path, document_id))
        elif reason := disguise(path):
            raise UnreadableDocumentError(path, reason)
        nothing = suffix_of(document_id) not in LOADERS
        try:
            for finding in self._inside(path, document_id, 1):
                nothing = False
                yield finding
            if nothing:
                yield Finding("left out", document_id, "holds no files")
        except _SpentError as error:
            yield Finding("left out", document_id, str(error))
        except MemberError as error:
            raise UnreadableDocumentError(path, str(error)) from error

    def _load(self, path: Path, document_id: str) -> Document:
        second = document_id not in self._known.alone
        return load_document(path, document_id, limits=self._limits, second=second, **self._options)

    def _inside(self, path: Path, container: str, depth: int) -> Iterator[Finding]:
        for member in members_of(path):
            name = member_id(container, member.name)
            self._budget.take_member()
            if is_hidden(member.name):
                yield Finding("hidden", name)
            elif member.problem:
                yield Finding("unreadable", name, member.problem)
            elif self._is_unsupported(member.name, name):
                yield Finding("unsupported", name)
            elif depth > self._limits.depth:
                yield Finding("unreadable", name, _NESTED.format(self._limits.depth))
            elif name in self._known.broken:
                yield Finding("unreadable", name, self._known.broken[name])
            else:
                yield from self._member(member, name, depth)

    def _is_unsupported(self, member: str, name: str) -> bool:
        """Whether it is of a kind that isn't read; pictures aren't where OCR isn't asked for."""
        suffix = suffix_of(member)
        if suffix in PICTURES and self._options.get("ocr") is None:
            return name not in self._known.hashes
        return suffix not in LOADERS and not is_container(member)

    def _member(self, member: Member, name: str, depth: int) -> Iterator[Finding]:
        self._on_member(name)
        file = self._scratch / f"{depth}{suffix_of(member.name)}"
        try:
            file_hash = self.write(member, file)
            seen = self._known.done.get(name) or self._known.hashes.get(name)
            if seen == file_hash:
                whole = self._known.settled and name not in self._known.done
                yield Finding("kept", name, file_hash=file_hash, whole=whole)
                if whole:
                    return
            elif suffix_of(member.name) in LOADERS:
                yield self._read(file, name, file_hash)
            if is_container(member.name):
                yield from self._inside(file, name, depth + 1)
        except MemberError as error:
            yield Finding("unreadable", name, str(error))
        except OSError as error:  # no room for it, say
            yield Finding("unreadable", name, error.strerror or str(error), transient=True)
        finally:
            with suppress(OSError):
                file.unlink(missing_ok=True)

    def write(self, member: Member, file: Path) -> str:
        """Write a member's bytes to a file; return their hash."""
        most = self._budget.most
        if member.size > most:
            self._budget.too_large(most)
        hasher, size = hashlib.sha256(), 0
        with file.open("wb") as target:
            for chunk in _chunks(member):
                size += len(chunk)
                if size > most:
                    self._budget.take_bytes(size)
                    self._budget.too_large(most)
                hasher.update(chunk)
                target.write(chunk)
        self._budget.take_bytes(size)
        return hasher.hexdigest()

    def _read(self, file: Path, name: str, file_hash: str) -> Finding:
        try:
            return Finding("read", name, file_hash=file_hash, document=self._load(file, name))
        except UnreadableDocumentError as error:
            reason, transient = why(error)
            return Finding("unreadable", name, reason, file_hash, transient=transient)


def members_of(path: Path) -> Generator[Member, None, None]:
    """What lies in a file, each member under a name of its own.

    Raises:
        MemberError: The file can't be opened; also while it is gone through.
    """
    module, function = CONTAINERS[suffix_of(path.name)]
    listed: Callable[[Path], Iterator[Member]] = getattr(
        import_module(f"qa_bot.loaders.{module}"), function
    )
    taken: dict[str, int] = {}
    try:
        for member in listed(path):
            yield member.named(_unique(member.name, taken))
    except (MemberError, MemoryError):
        raise
    except Exception as error:  # whatever a parser makes of a damaged file
        raise MemberError(_DAMAGED) from error


def _chunks(member: Member) -> Iterator[bytes]:
    try:
        yield from member.chunks()
    except (MemberError, MemoryError):
        raise
    except Exception as error:  # as above
        raise MemberError(_DAMAGED) from error


def _unique(name: str, taken: dict[str, int]) -> str:
    """The name, or "name (2).txt" where it is taken."""
    if name not in taken:
        taken[name] = 1
        return name
    stem, suffix = os.path.splitext(name)
    while True:
        taken[name] += 1
        other = f"{stem} ({taken[name]}){suffix}"
        if other not in taken:
            taken[other] = 1
            return other


def extract(path: Path, document_id: str, target: Path, scratch: Path, limits: Limits) -> None:
    """Write the bytes of a member of the file ``path`` to ``target``.

    Raises:
        UnreadableDocumentError: It isn't there, or can't be unpacked within the limits.
    """
    walk = Walk(limits, scratch, Known(), lambda _: None, {})
    container, *names = parts_of(document_id)
    try:
        for depth, name in enumerate(names, 1):
            container = f"{container}{INSIDE}{name}"
            listing = members_of(path)  # what it names can be read as long as it is open
            found = next((one for one in listing if one.name == name), None)
            if found is None or found.problem:
                reason = found.problem if found else "no longer in the file that it was in"
                raise UnreadableDocumentError(path, reason)
            file = target if depth == len(names) else scratch / f"{depth}{suffix_of(name)}"
            walk.write(found, file)
            path = file
            listing.close()
    except (MemberError, _SpentError) as error:
        raise UnreadableDocumentError(path, str(error)) from error


def why(error: UnreadableDocumentError) -> tuple[str, bool]:
    """Why a file wasn't read, on one line, and whether it may well be the next time."""
    if _caused_by(error, MemoryError):
        return "needs more memory than a file may use", False
    # The same file may be read the next time: a share that was away, a full disk.
    return " ".join(error.reason.split()), _caused_by(error, (OSError, OcrError))


def _caused_by(
    error: BaseException, kinds: type[BaseException] | tuple[type[BaseException], ...]
) -> bool:
    cause = error.__cause__ or error.__context__
    return cause is not None and (isinstance(cause, kinds) or _caused_by(cause, kinds))
