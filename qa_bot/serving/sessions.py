"""Sessions of users who logged in, as signed cookies, and the wait after wrong passwords."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv6Network
from typing import NamedTuple

from itsdangerous import BadSignature, URLSafeTimedSerializer

from qa_bot.serving.accounts import AccountFile, Accounts, Ended, User

COOKIE = "qa_bot_session"
SECONDS = 12 * 3_600  # that a session lasts
_MOST_ENDED = 500  # that are kept of a user; then all of the user's sessions end
_FREE = 4  # wrong passwords without a wait
_LONGEST = {"address": 900.0, "name": 30.0}  # a name's is short: others could lock its user out
_REMEMBERED = 10_000  # names and addresses


def begin(accounts: Accounts, user: User) -> str:
    """The value of a new session's cookie."""
    return _signer(accounts).dumps([user.name, user.stamp, secrets.token_hex(8)])


def session_user(accounts: Accounts, cookie: str) -> User | None:
    """Whose session it is; None for one that was never begun, or has ended.

    A new password ends those there were, as does taking the user out.
    """
    told = _told(accounts, cookie)
    if told is None:
        return None
    user = accounts.user(told.user)
    if user is None or user.stamp != told.stamp:
        return None
    return None if any(one.session == told.session for one in user.ended) else user


def end(file: AccountFile, cookie: str, now: float | None = None) -> None:
    """Log out: the cookie is good for nothing from now on, also after a restart.

    Raises:
        ServerError: The file can't be read or written.
    """
    told = _told(file.accounts(), cookie)
    if told is None:
        return
    seconds = time.time() if now is None else now

    def changing(before: Accounts) -> Accounts:
        users = tuple(
            _without(one, told, seconds) if one.name == told.user else one for one in before.users
        )
        return replace(before, users=users)

    file.change(changing)


def _without(user: User, told: _Told, now: float) -> User:
    kept = [one for one in user.ended if one.until > now and one.session != told.session]
    if len(kept) >= _MOST_ENDED:
        return replace(user, ended=(), era=user.era + 1)
    return replace(user, ended=(*kept, Ended(told.session, told.begun + SECONDS + 1)))


class _Told(NamedTuple):
    user: str
    stamp: str
    session: str
    begun: int  # Unix seconds


def _signer(accounts: Accounts) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(accounts.secret, salt="qa_bot session")


def _told(accounts: Accounts, cookie: str) -> _Told | None:
    try:
        told, begun = _signer(accounts).loads(cookie, max_age=SECONDS, return_timestamp=True)
    except BadSignature:
        return None
    if not (isinstance(told, list) and len(told) == 3):
        return None
    return _Told(str(told[0]), str(told[1]), str(told[2]), int(begun.timestamp()))


class Slowing:
    """How long a name or an address has to wait after wrong passwords: twice as long each time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()

    def wait(self, name: str, address: str) -> float:
        """Seconds that are still to be waited; 0 where it may be tried now."""
        with self._lock:
            return max(self._left("name", name), self._left("address", _network(address)))

    def failed(self, name: str, address: str) -> None:
        """Note a wrong password."""
        with self._lock:
            for key in (("name", name), ("address", _network(address))):
                count, _ = self._failures.pop(key, (0, 0.0))
                self._failures[key] = count + 1, self._clock()
            while len(self._failures) > _REMEMBERED:
                self._failures.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """Forget those of a name and an address."""
        with self._lock:
            self._failures.pop(("name", name), None)
            self._failures.pop(("address", _network(address)), None)

    def _left(self, kind: str, value: str) -> float:
        count, last = self._failures.get((kind, value), (0, 0.0))
        if count < _FREE:
            return 0.0
        pause = min(_LONGEST[kind], 2.0 ** min(count - _FREE, 20))
        return max(0.0, last + pause - self._clock())


def _network(address: str) -> str:
    """An address, or the 2^64 of IPv6 that whoever has one of them has."""
    try:
        return str(IPv6Network((address, 64), strict=False))
    except ValueError:
        return address
