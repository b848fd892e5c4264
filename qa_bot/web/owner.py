"""Who started the chat: known by a key of this start, and by asking from this very machine."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

KEY = "x-qa-bot-key"
"""The header in which the page sends the key: no other site's page may set one."""
LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
_FORWARDING = ("x-forwarded-", "cf-", "x-envoy-", "x-original-")  # names that begin so
_FORWARDED = frozenset({"forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip"})


class Owner:
    """May add files without ``--allow-uploads``, where only this machine is served.

    The key is in the fragment of the address that the terminal shows, which no browser sends to a
    server, and lasts as long as the server. The address that the browser is started with can be
    seen by others while it starts, so it has another key, which is good once.
    """

    def __init__(self) -> None:
        self._key = secrets.token_urlsafe(16)
        self._once = [secrets.token_urlsafe(16)]

    def address(self, url: str, *, once: bool = False) -> str:
        """The page's address with a key; ``once`` with that which is good once."""
        return f"{url}#key={self._once[0] if once and self._once else self._key}"

    def admit(self, headers: Mapping[str, str]) -> str:
        """The key that lasts, for either key; "" for anything else."""
        if self.is_asking(headers):
            return self._key
        if self._once and is_from_here(headers) and _same(headers, self._once[0]):
            try:
                self._once.pop()
            except IndexError:  # somebody else was quicker
                return ""
            return self._key
        return ""

    def is_asking(self, headers: Mapping[str, str]) -> bool:
        """Whether a request is the owner's own: from a page of this machine, with the key."""
        return is_from_here(headers) and _same(headers, self._key)


def is_from_here(headers: Mapping[str, str]) -> bool:
    """Whether a page of this machine asks, and nothing on the way says that it passed it on."""
    origin = urlsplit(headers.get("origin", ""))
    host = urlsplit(f"//{headers.get('host', '')}")
    return host.hostname in LOCAL and origin.hostname in LOCAL and not is_passed_on(headers)


def is_passed_on(headers: Mapping[str, str]) -> bool:
    """Whether a header says that something on the way passed a request on."""
    return any(
        name.lower() in _FORWARDED or name.lower().startswith(_FORWARDING) for name in headers
    )


def _same(headers: Mapping[str, str], key: str) -> bool:
    return secrets.compare_digest(headers.get(KEY, "").encode(), key.encode())
