"""Who comes in: with log-ins on, every route is closed to whoever isn't known.

One ASGI middleware around the whole application: nothing that is added to it later can be open
by mistake. It says who asks (see ``callers``), and ends what is under way, streams too, as soon
as that user or token is taken away.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from ipaddress import ip_address

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request, cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from qa_bot.callers import Caller, current_caller
from qa_bot.errors import ServerError
from qa_bot.serving import log_in
from qa_bot.serving.accounts import AccountFile, verified
from qa_bot.serving.problems import problem
from qa_bot.serving.security import route_path
from qa_bot.serving.sessions import COOKIE, SECONDS, Slowing, begin, end, session_user
from qa_bot.web.owner import is_passed_on

OPEN = frozenset({"/login", "/health/live"})
"""What strangers may open: the log-in page, which loads nothing, and whether the server lives."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOK = 1.0  # seconds between looks at whether a request's caller is still known


class Doorman:
    """Wraps the application; ``proxied`` tells whether a proxy is trusted to say who calls."""

    def __init__(self, app: ASGIApp, file: AccountFile, *, proxied: bool = False) -> None:
        self._app, self._file, self._proxied = app, file, proxied
        self._slowing = Slowing()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer in the application's place, or let the request in."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        path = route_path(scope)
        if path == "/health/live":
            await self._app(scope, receive, send)
        elif path == "/login":
            await (await self._log_in(request))(scope, receive, send)
        else:
            await self._let_in(request, scope, receive, send)

    async def _let_in(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        caller = self._caller(request.headers)
        if caller is None:
            await self._stranger(request)(scope, receive, send)
            return
        if caller.kind == "token" and not self._is_private(request):
            refusal = problem(403, "not-private", "Tokens are taken over HTTPS only.")
            await refusal(scope, receive, send)
            return
        if caller.kind == "user" and not _is_own(request):
            refusal = problem(403, "forged", "A request of another page is refused.")
            await refusal(scope, receive, send)
            return
        if route_path(scope) == "/logout":
            await (await self._log_out(request, caller))(scope, receive, send)
            return
        scope["qa_bot.caller"] = caller
        token = current_caller.set(caller)
        try:
            await self._while_known(request, caller, scope, receive, send)
        finally:
            current_caller.reset(token)

    async def _while_known(
        self, request: Request, caller: Caller, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer the request, unless its caller is taken away meanwhile."""

        async def watch() -> None:
            while self._caller(request.headers) == caller:
                await anyio.sleep(_LOOK)
            answering.cancel_scope.cancel()

        async with anyio.create_task_group() as answering:
            answering.start_soon(watch)
            await self._app(scope, receive, send)
            answering.cancel_scope.cancel()

    def _caller(self, headers: Headers) -> Caller | None:
        """Who a request's credential names; a token goes before a session."""
        try:
            accounts = self._file.accounts()
        except ServerError:
            return None
        kind, _, written = headers.get("authorization", "").partition(" ")
        if kind:
            known = kind.lower() == "bearer"
            token = accounts.token(written.strip(), datetime.now(UTC)) if known else None
            return token.caller if token is not None else None
        user = session_user(accounts, _cookie(headers))
        return user.caller if user is not None else None

    def _stranger(self, request: Request) -> Response:
        """The log-in page for a person who opens the chat, and a problem for anything else."""
        wanted = request.headers.get("accept", "")
        if request.method == "GET" and route_path(request.scope) == "/" and "text/html" in wanted:
            query = f"?{request.url.query}" if request.url.query else ""
            return log_in.page(f"/{query}", status=401, private=self._is_private(request))
        return problem(
            401, "unknown-caller", "Log in, or send a token.", {"WWW-Authenticate": "Bearer"}
        )

    async def _log_in(self, request: Request) -> Response:
        private = self._is_private(request)
        if request.method == "GET":
            return log_in.page("/", private=private)
        if request.method != "POST" or not _is_own(request):
            return problem(403, "forged", "A request of another page is refused.")
        if not private:
            return log_in.page("/", status=403, private=False)
        name, password, then = await log_in.told(request)
        address = request.client.host if request.client else ""
        wait = self._slowing.wait(name, address)
        if wait:
            return log_in.page(then, status=429, wait=wait)
        try:
            accounts = self._file.accounts()
        except ServerError:
            return log_in.page(then, status=403, failed=True)
        # Before it is known whether it is: else as many could be tried at once as anybody likes.
        self._slowing.failed(name, address)
        user = await run_in_threadpool(verified, accounts, name, password)
        if user is None:
            return log_in.page(then, status=403, failed=True)
        self._slowing.succeeded(name, address)
        response = log_in.leading_to(then)
        response.set_cookie(
            COOKIE,
            begin(accounts, user),
            max_age=SECONDS,
            path=_folder(request),
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="lax",
        )
        return response

    async def _log_out(self, request: Request, caller: Caller) -> Response:
        if request.method != "POST":
            return log_in.leaving(caller.name)
        try:
            await run_in_threadpool(end, self._file, _cookie(request.headers))
        except ServerError as error:
            logging.getLogger(__name__).error("a session could not be ended: %s", error)
            return problem(503, "not-ended", "The session could not be ended now: try again.")
        response = log_in.leading_to("/")
        response.delete_cookie(COOKIE, path=_folder(request))
        return response

    def _is_private(self, request: Request) -> bool:
        """Whether what is sent can be read by nobody on the way: HTTPS, or this machine alone.

        A proxy that isn't trusted may have had it over plain HTTP from anywhere.
        """
        if request.url.scheme == "https":
            return True
        if is_passed_on(request.headers) and not self._proxied:
            return False
        return request.client is None or _is_loopback(request.client.host)


def _folder(request: Request) -> str:
    """The path that all of this server's stand below: what else is on the host gets no cookie."""
    return f"{request.scope.get('root_path', '')}/"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_own(request: Request) -> bool:
    """Whether a request that may change something comes from a page of this server.

    The guard has compared an Origin with the Host already.
    """
    if request.method in _SAFE:
        return True
    return "origin" in request.headers or request.headers.get("sec-fetch-site") == "same-origin"


def _cookie(headers: Headers) -> str:
    # The standard library's parser gives up at a cookie of another server on this host that it
    # doesn't like, and knows none then.
    return cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
