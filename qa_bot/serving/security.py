"""Who may talk to the page, and what the page may do: one ASGI middleware.

A server on 127.0.0.1 can still be reached by any web site its user visits, so
requests made for another host (DNS rebinding) or from another origin (forged
requests) are refused. Of Gradio's routes only those the page uses are open:
uploads, files, proxying, monitoring and saved links are not. A request's body
is cut off where it is longer than the page would send, and an event that names
a file is refused: Gradio would copy it, or fetch it from its address. And the
page may load nothing from elsewhere, whatever ends up in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa_bot.serving.problems import problem
from qa_bot.web.owner import LOCAL
from qa_bot.web.uploads import Uploads

# Gradio starts itself from inline scripts and compiles gr.HTML's with Function(), so both are
# allowed; event handlers in attributes (<img onerror=…>) and other hosts never are.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; script-src-attr 'none'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
# A document is not a page of ours: it may run nothing, and needs nothing else. (A browser's own
# reader of PDFs counts as an object, so those aren't refused here.)
_FILE_HEADERS = {
    **_HEADERS,
    "Content-Security-Policy": "script-src 'none'; form-action 'none'; frame-ancestors 'none'",
}
# Who logs out, or may see less from now on, finds nothing of it in the cache of a browser or proxy.
_UNKEPT = {"Cache-Control": "private, no-cache"}
_OF_GRADIO = ("/assets/", "/static/", "/theme.css", "/favicon.ico", "/manifest.json")
_EVENT = "/gradio_api/run/predict"
_PAGES = frozenset({"/mcp", "/metrics", "/login", "/logout", "/events"}) | frozenset(
    {"/", "/config", "/theme.css", "/favicon.ico", "/manifest.json", _EVENT}
)
_RETURN = "/gradio_api/app_id"  # asked for until a server that was lost is back
_PROGRAMS = ("/api/v1/", "/v1/", "/health/")
_FOLDERS = (
    *_PROGRAMS,
    "/assets/",
    "/file/",
    "/page/",
    "/static/",
    "/gradio_api/heartbeat/",
)
_UPLOAD = "/upload"
_OWNER = "/owner"
_MOST = 256 * 2**10  # bytes of a request's body, unless it is a file

_NOT_FOUND = problem(404, "not-found", "Not found.")
_TOO_LONG = problem(413, "too-long", "Longer than is taken here.")
_NO_FILES = PlainTextResponse("Events of this page name no files.", 400)


class Guard:
    """Wraps the application.

    Args:
        app: What is behind it.
        host: The address it is served on.
        uploads: Takes in files of visitors; None where they may send none.
        allowed: The other names by which it may be reached.
        door: What lets callers in; it is asked before it is told which routes there are.
    """

    def __init__(
        self,
        app: ASGIApp,
        host: str,
        uploads: Uploads | None = None,
        allowed: Iterable[str] = (),
        door: Callable[[ASGIApp], ASGIApp] | None = None,
    ) -> None:
        self._app = app
        self._behind = self._let_through if door is None else door(self._let_through)
        self._uploads = uploads
        self._hosts = LOCAL | {host.lower(), *(_name(one) for one in allowed)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it on and add headers to its response."""
        if scope["type"] != "http":  # Gradio's page opens no web sockets
            if scope["type"] == "lifespan":
                await self._behind(scope, receive, send)
            return
        path = route_path(scope)
        refusal = self._refusal(path, Headers(scope=scope), scope.get("scheme", "http"))
        if refusal is not None:
            await refusal(scope, receive, send)
            return

        await self._pass_on(scope, _Body(receive, self._most(path)), send)

    async def _let_through(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what isn't open, and events that name files."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = route_path(scope)
        if not self._is_open(path):
            await _NOT_FOUND(scope, receive, send)
        elif path == _EVENT:
            body = _Body(receive, self._most(path))
            refused = await body.names_file()
            await (_NO_FILES if refused else self._app)(scope, body.receive, send)
        else:
            await self._app(scope, receive, send)

    async def _pass_on(self, scope: Scope, body: _Body, send: Send) -> None:
        answered = False

        async def send_with_headers(message: Message) -> None:
            nonlocal answered
            if body.is_too_long and not answered:
                return  # it is answered below
            answered = True
            if message["type"] == "http.response.start":
                path = route_path(scope)
                headers = MutableHeaders(scope=message)
                given = _FILE_HEADERS if path.startswith("/file/") else _HEADERS
                kept = {} if path.startswith(_OF_GRADIO) else _UNKEPT
                for name, value in (given | kept).items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._behind(scope, body.receive, send_with_headers)
        except ClientDisconnect:
            if not body.is_too_long:
                raise
        if body.is_too_long and not answered:
            await _TOO_LONG(scope, body.receive, send)

    def _refusal(self, path: str, headers: Headers, scheme: str) -> Response | None:
        host = headers.get("host", "")
        origin = headers.get("origin")
        if _name(host) not in self._hosts:
            return problem(421, "wrong-host", "Not a host this is served for.")
        if origin is not None and not _is_same(origin.lower(), scheme, host.lower()):
            return problem(403, "forged", "Requests from other pages are refused.")
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()) or int(length) > self._most(path):
            return _TOO_LONG
        return None

    def _is_open(self, path: str) -> bool:
        if "\n" in path:  # no route has one: it would get past what is mounted for its start
            return False
        if path in (_UPLOAD, _OWNER):
            return self._uploads is not None
        return path in _PAGES or path == _RETURN or path.startswith(_FOLDERS)

    def _most(self, path: str) -> int:
        """Bytes that the body of a request may have."""
        return self._uploads.limit if self._uploads and path == _UPLOAD else _MOST


class _Body:
    """What a request sends; it is cut off, as if its sender had gone, after ``most`` bytes."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive, self._most = receive, most
        self._received = 0
        self._waiting: list[Message] = []  # parts that were looked at already, the last one first

    @property
    def is_too_long(self) -> bool:
        """Whether it was cut off."""
        return self._received > self._most

    async def names_file(self) -> bool:
        """Whether it is an event with a file in it, in the way in which Gradio writes them."""
        parts: list[Message] = []
        while not parts or parts[-1].get("more_body"):
            parts.append(await self.receive())
        self._waiting = parts[::-1]
        try:
            return _names_file(json.loads(b"".join(one.get("body", b"") for one in parts)))
        except ValueError:
            return False  # Gradio can't read it either
        except RecursionError:
            return True  # the page sends nothing so deep

    async def receive(self) -> Message:
        """The next part."""
        if self._waiting:
            return self._waiting.pop()
        message = await self._receive()
        self._received += len(message.get("body", b""))
        return {"type": "http.disconnect"} if self.is_too_long else message


def _names_file(value: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if "meta" in one:
                return True
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return False


def route_path(scope: Scope) -> str:
    """The path as the application has it, without what a proxy serves it under."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", "")) or "/"


def _is_same(origin: str, scheme: str, host: str) -> bool:
    """Whether a page is one of this server's.

    Of its name over plain HTTP anybody on the way could send one, so HTTPS takes none of those.
    (A proxy that isn't trusted may hide that its own visitors come over HTTPS.)
    """
    begun, _, named = origin.partition("://")
    return named == host and not (scheme == "https" and begun != "https")


def _name(host: str) -> str:
    """The host without its port: ``[::1]:7860`` → ``::1``."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()
