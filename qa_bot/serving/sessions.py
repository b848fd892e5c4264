"""Sessions of users who logged in, as signed cookies, and the wait after wrong passwords."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from itsdangerous import BadSignature, URLSafeTimedSerializer

from qa_bot.serving.accounts import Accounts, User

COOKIE = "qa_bot_session"
SECONDS = 12 * 3_600  # that a session lasts
_FREE = 4  # wrong passwords without a wait
_LONGEST = {"address": 900.0, "name": 30.0}  # a name's is short: others could lock its user out
_REMEMBERED = 10_000  # names and addresses


class Sessions:
    """Makes and reads the cookies; a new password, or a user taken out, ends those there were.

    Sessions that were logged out are remembered until the server ends.
    """

    def __init__(self) -> None:
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, accounts: Accounts, user: User) -> str:
        """A cookie's value."""
        return _signer(accounts).dumps([user.name, user.stamp, secrets.token_hex(8)])

    def user(self, accounts: Accounts, cookie: str) -> User | None:
        """Whose session it is; None for one that was never begun, or has ended."""
        told = _told(accounts, cookie)
        if told is None or told[2] in self._ended:
            return None
        user = accounts.user(told[0])
        return user if user is not None and user.stamp == told[1] else None

    def end(self, accounts: Accounts, cookie: str) -> None:
        """Log out."""
        told = _told(accounts, cookie)
        if told is None:
            return
        with self._lock:
            self._ended[told[2]] = None
            while len(self._ended) > _REMEMBERED:
                self._ended.popitem(last=False)


def _signer(accounts: Accounts) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(accounts.secret, salt="qa_bot session")


def _told(accounts: Accounts, cookie: str) -> tuple[str, str, str] | None:
    try:
        told = _signer(accounts).loads(cookie, max_age=SECONDS)
    except BadSignature:
        return None
    is_ours = isinstance(told, list) and len(told) == 3
    return (str(told[0]), str(told[1]), str(told[2])) if is_ours else None


class Slowing:
    """How long a name or an address has to wait after wrong passwords: twice as long each time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()

    def wait(self, name: str, address: str) -> float:
        """Seconds that are still to be waited; 0 where it may be tried now."""
        with self._lock:
            return max(self._left("name", name), self._left("address", address))

    def failed(self, name: str, address: str) -> None:
        """Note a wrong password."""
        with self._lock:
            for key in (("name", name), ("address", address)):
                count, _ = self._failures.pop(key, (0, 0.0))
                self._failures[key] = count + 1, self._clock()
            while len(self._failures) > _REMEMBERED:
                self._failures.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """Forget those of a name and an address."""
        with self._lock:
            self._failures.pop(("name", name), None)
            self._failures.pop(("address", address), None)

    def _left(self, kind: str, value: str) -> float:
        count, last = self._failures.get((kind, value), (0, 0.0))
        if count < _FREE:
            return 0.0
        pause = min(_LONGEST[kind], 2.0 ** min(count - _FREE, 20))
        return max(0.0, last + pause - self._clock())
