"""Who may log in: users with passwords, and tokens for programs, in one file.

Passwords are kept as argon2 hashes, tokens as sha256 of 256 random bits. The file is the owner's
alone, replaced whole, and looked at again whenever it has changed: who is taken out of it is out.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from qa_bot.callers import MAY, Caller, Role
from qa_bot.errors import ServerError, UsageError
from qa_bot.store.locks import holding

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST_PASSWORD = 10  # characters
_LONGEST_PASSWORD = 1_000
_NAME = re.compile(r"[\w.@+-]{1,64}")
_PREFIX = "qab_"
_NOBODY = "nobody's password"
_hashing = threading.BoundedSemaphore(2)  # each takes 64 MiB


@dataclass(frozen=True, slots=True)
class Ended:
    """A session that was logged out of. Its cookie would be good until then, in Unix seconds."""

    session: str
    until: int


@dataclass(frozen=True, slots=True)
class User:
    """Someone who logs in. ``folders``: None means all documents.

    ``ended`` are the sessions that were logged out of, kept here so that no restart opens them;
    a later ``era`` ends all that were begun before it.
    """

    name: str
    password: str  # argon2's hash
    role: Role = "reader"
    folders: tuple[str, ...] | None = None
    ended: tuple[Ended, ...] = ()
    era: int = 0

    @property
    def caller(self) -> Caller:
        """The user as who asks."""
        return Caller(self.name, "user", self.role, self.folders)

    @property
    def stamp(self) -> str:
        """Changes with the password and the era: sessions hold it."""
        return hashlib.sha256(f"{self.era} {self.password}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Token:
    """A program's credential; ``expires`` is ISO 8601 in UTC, or "" for never."""

    name: str
    digest: str  # sha256 of the token
    role: Role = "reader"
    folders: tuple[str, ...] | None = None
    expires: str = ""

    @property
    def caller(self) -> Caller:
        """The token as who asks."""
        return Caller(self.name, "token", self.role, self.folders)

    def is_valid(self, now: datetime) -> bool:
        """Whether it hasn't expired."""
        return not self.expires or now < datetime.fromisoformat(self.expires)


@dataclass(frozen=True, slots=True)
class Accounts:
    """What the file holds. ``secret`` signs sessions."""

    secret: str
    users: tuple[User, ...] = ()
    tokens: tuple[Token, ...] = ()

    def user(self, name: str) -> User | None:
        """The user of that name."""
        return next((one for one in self.users if one.name == name), None)

    def token(self, written: str, now: datetime) -> Token | None:
        """The valid token that is written so."""
        digest = _digest(written)
        found = next((one for one in self.tokens if one.digest == digest), None)
        return found if found is not None and found.is_valid(now) else None


class AccountFile:
    """The file, read when it has changed; several threads and processes may use one.

    Where it is gone, or can't be read any more, nobody may log in, and nobody is logged in.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = threading.Lock()
        self._read: tuple[tuple[int, int, int], Accounts] | None = None

    def accounts(self) -> Accounts:
        """What it holds now.

        Raises:
            ServerError: It can't be read, or others may read it.
        """
        with self._lock:
            try:
                found = self.file.stat()
            except OSError as error:
                raise ServerError(
                    f"The file of users {self.file} can't be read ({error.strerror}): make it "
                    "with `qa-bot user add NAME`."
                ) from error
            version = (found.st_ino, found.st_mtime_ns, found.st_size)
            if self._read is not None and self._read[0] == version:
                return self._read[1]
            if found.st_mode & 0o077:
                raise ServerError(
                    f"Others can read the file of users {self.file}: run `chmod 600` on it."
                )
            accounts = _parsed(self.file)
            self._read = version, accounts
            return accounts

    def change(self, changing: Callable[[Accounts], Accounts]) -> None:
        """Replace what it holds; made where it is missing.

        Raises:
            ServerError: It can't be read or written.
            UsageError: ``changing`` says why not.
        """
        lock = self.file.with_name(f".{self.file.name}.lock")
        try:
            with holding(lock):
                before = self.accounts() if self.file.exists() else _empty()
                _write(self.file, changing(before))
        except OSError as error:
            raise ServerError(
                f"The file of users {self.file} can't be written ({error.strerror})."
            ) from error


def add_user(
    file: AccountFile, name: str, password: str, role: Role, folders: Sequence[str] = ()
) -> None:
    """Add a user, or replace the one of that name, whose sessions end.

    Raises:
        UsageError: The name or the password can't be used.
    """
    _check_name(name)
    if not SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD:
        raise UsageError(f"A password has at least {SHORTEST_PASSWORD} characters.")
    user = User(name, hashed(password), role, checked_folders(folders))

    def changing(before: Accounts) -> Accounts:
        others = [one for one in before.users if one.name != name]
        return replace(before, users=(*others, user))

    file.change(changing)


def add_token(
    file: AccountFile,
    name: str,
    role: Role,
    folders: Sequence[str] = (),
    days: int | None = None,
    now: datetime | None = None,
) -> str:
    """Add a token, which is returned and kept nowhere.

    Raises:
        UsageError: There is one of that name, or the name can't be used.
    """
    _check_name(name)
    written = _PREFIX + secrets.token_urlsafe(32)
    until = (now or datetime.now(UTC)) + timedelta(days=days) if days is not None else None
    expires = "" if until is None else until.isoformat(timespec="seconds")
    token = Token(name, _digest(written), role, checked_folders(folders), expires)

    def changing(before: Accounts) -> Accounts:
        if any(one.name == name for one in before.tokens):
            raise UsageError(f"There is a token {name!r}: remove it first, or name another.")
        return replace(before, tokens=(*before.tokens, token))

    file.change(changing)
    return written


def remove(file: AccountFile, kind: Literal["user", "token"], name: str) -> None:
    """Take a user or a token out: its sessions and streams end at once.

    Raises:
        UsageError: There is none of that name.
    """

    def changing(before: Accounts) -> Accounts:
        held = before.users if kind == "user" else before.tokens
        if all(one.name != name for one in held):
            raise UsageError(f"There is no {kind} {name!r}.")
        if kind == "user":
            return replace(before, users=tuple(one for one in before.users if one.name != name))
        return replace(before, tokens=tuple(one for one in before.tokens if one.name != name))

    file.change(changing)


def checked_folders(folders: Sequence[str]) -> tuple[str, ...] | None:
    """Folders as they are kept; none named means all documents.

    Raises:
        UsageError: One is no name inside the documents folder.
    """
    if not folders:
        return None
    names = [name.strip("/") for name in folders]
    for name in names:
        if not name or any(part in ("", ".", "..") for part in name.split("/")):
            raise UsageError(f"{name!r} is no folder: name it as `qa-bot status` does.")
    return tuple(names)


def verified(accounts: Accounts, name: str, password: str) -> User | None:
    """The user who has that name and password; it takes as long where there is none."""
    from argon2.exceptions import InvalidHashError, VerificationError

    user = accounts.user(name)
    kept = user.password if user is not None else _nobody()
    with _hashing:
        try:
            _hasher().verify(kept, password[:_LONGEST_PASSWORD])
        except (VerificationError, InvalidHashError):
            return None
    return user


def hashed(password: str) -> str:
    """What is kept of a password."""
    with _hashing:
        return _hasher().hash(password)


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobody() -> str:
    return _hasher().hash(_NOBODY + secrets.token_hex())


def _digest(written: str) -> str:
    return hashlib.sha256(written.encode("utf-8", "replace")).hexdigest()


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name: letters, digits and . @ + - _, at most 64.")


def _empty() -> Accounts:
    return Accounts(secrets.token_hex(32))


def _parsed(file: Path) -> Accounts:
    try:
        told: dict[str, Any] = json.loads(file.read_text("utf-8"))
        users = tuple(_user(one) for one in told["users"])
        tokens = tuple(Token(**_with_folders(one)) for one in told["tokens"])
        accounts = Accounts(str(told["secret"]), users, tokens)
        roles = {one.role for one in users} | {one.role for one in tokens}
        if len(accounts.secret) < 32 or roles - MAY.keys():
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ServerError(
            f"The file of users {file} is damaged: mend it, or make it anew with `qa-bot user add`."
        ) from error
    return accounts


def _user(told: dict[str, Any]) -> User:
    ended = tuple(Ended(str(one["session"]), int(one["until"])) for one in told.get("ended", ()))
    return User(**{**_with_folders(told), "ended": ended})


def _with_folders(told: dict[str, Any]) -> dict[str, Any]:
    folders = cast("list[str] | None", told["folders"])
    return {**told, "folders": None if folders is None else tuple(map(str, folders))}


def _write(file: Path, accounts: Accounts) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".accounts-", dir=file.parent)  # its mode is 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(asdict(accounts), stream, indent=1, ensure_ascii=False)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
