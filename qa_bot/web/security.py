"""Who may talk to the page, and what the page may do: one ASGI middleware.

A server on 127.0.0.1 can still be reached by any web site its user visits, so
requests made for another host (DNS rebinding) or from another origin (forged
requests) are refused. Of Gradio's routes only those the page uses are open:
uploads, files, proxying, monitoring and saved links are not. And the page may
load nothing from elsewhere, whatever ends up in it.
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
_PAGES = frozenset(
    {"/", "/config", "/theme.css", "/favicon.ico", "/manifest.json", "/gradio_api/run/predict"}
)
_FOLDERS = (
    "/assets/",
    "/file/",
    "/page/",
    "/static/",
    "/gradio_api/heartbeat/",
)
_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
_EVERYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - recognised here, not bound to


class Guard:
    """Wraps the application; ``host`` is the address it is served on."""

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        # Someone who binds to every address wants it reached by names we can't know.
        self._hosts = None if host in _EVERYWHERE else _LOCAL | {host.lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it on and add headers to its response."""
        if scope["type"] != "http":  # Gradio's page opens no web sockets
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope["path"], Headers(scope=scope))
        if refusal is not None:
            await refusal(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                is_file = scope["path"].startswith("/file/")
                MutableHeaders(scope=message).update(_FILE_HEADERS if is_file else _HEADERS)
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _refusal(self, path: str, headers: Headers) -> PlainTextResponse | None:
        host = headers.get("host", "")
        origin = headers.get("origin")
        if self._hosts is not None and _name(host) not in self._hosts:
            return PlainTextResponse("Not the host this page is served for.", 421)
        if origin is not None and origin.partition("://")[2].lower() != host.lower():
            return PlainTextResponse("Requests from other pages are refused.", 403)
        if path not in _PAGES and not path.startswith(_FOLDERS):
            return PlainTextResponse("Not found.", 404)
        return None


def _name(host: str) -> str:
    """The host without its port: ``[::1]:7860`` → ``::1``."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()
