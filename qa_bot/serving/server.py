"""The one server: an application of our own with the chat's page, the API and MCP in it."""

from __future__ import annotations

import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import gradio as gr
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from qa_bot.models.cores import available_cores
from qa_bot.pages.view import PageViewer
from qa_bot.records import Answer
from qa_bot.serving.accounts import AccountFile
from qa_bot.serving.admission import Admission
from qa_bot.serving.api import create_api
from qa_bot.serving.doorman import Doorman
from qa_bot.serving.liveness import add_liveness
from qa_bot.serving.metrics import Measuring, Metrics, Noting, add_metrics
from qa_bot.serving.openai import OpenAIErrors, create_openai
from qa_bot.serving.request_log import Logged, RequestLog
from qa_bot.serving.security import Guard
from qa_bot.serving.tools import add_http, create_tools
from qa_bot.web import page as web_page
from qa_bot.web.news import add_news_route
from qa_bot.web.page import build_page, theme
from qa_bot.web.routes import add_routes, add_upload_routes
from qa_bot.web.service import Service

_PLACES = 2  # requests of programs that are answered at once, for each core
_WAITING = 64  # that wait for a place
_STYLE = Path(web_page.__file__).with_name("style.css")


@dataclass(frozen=True, slots=True)
class Serving:
    """How the server is reached, and by whom.

    ``proxies`` are the addresses of the proxies that are trusted to say who calls; ``certificate``
    and ``key`` are the files for HTTPS. ``log`` says what of each request
    is written to standard error.
    """

    host: str = "127.0.0.1"
    allowed_hosts: tuple[str, ...] = ()
    root_path: str = ""
    accounts: AccountFile | None = None
    proxies: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    requests_per_minute: int = 1_200  # of one caller
    log: Logged | None = None


class Server(uvicorn.Server):
    """Ends without complaints about the pages that are still open: they always hold a stream."""

    closing: tuple[Callable[[], None], ...] = ()  # called when it has ended

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called on Ctrl-C."""
        logging.getLogger("uvicorn.error").disabled = True
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Called at the end, also of a process that is told to terminate."""
        await super().shutdown(sockets)
        for close in self.closing:
            close()


def create_server(service: Service, serving: Serving) -> Server:
    """Make the server; ``run`` it on a socket that listens on the host.

    Gradio's own ``launch`` would ask for the page itself, through whatever proxy
    is configured, before it is done.
    """
    viewer = PageViewer()
    app, _ = create_application(service, viewer, serving)
    config = uvicorn.Config(
        app,
        log_level="warning",
        lifespan="on",  # "auto" would serve on, without MCP, where it fails
        server_header=False,
        timeout_graceful_shutdown=1,
        root_path=serving.root_path,
        proxy_headers=bool(serving.proxies),
        forwarded_allow_ips=list(serving.proxies),
        ssl_certfile=serving.certificate,
        ssl_keyfile=serving.key,
    )
    server = Server(config)
    server.closing = (viewer.close, *((service.uploads.close,) if service.uploads else ()))
    return server


def create_application(
    service: Service, viewer: PageViewer, serving: Serving
) -> tuple[ASGIApp, FastAPI]:
    """All that is served, behind its guards; and the application inside, for its routes."""
    tools, metrics = create_tools(service), Metrics()
    noting: list[Noting] = [metrics.note_request]
    service.on_answer = metrics.note
    if serving.log:
        log = RequestLog(serving.log)
        noting.append(log.note_request)

        def on_answer(answer: Answer) -> None:
            metrics.note(answer)
            log.note_answer(answer)

        service.on_answer = on_answer

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with tools.session_manager.run():
            yield

    plain = FastAPI(openapi_url=None, lifespan=lifespan)
    plain.mount("/api/v1", create_api(service, viewer))  # first: Gradio takes all other paths
    plain.mount("/v1", create_openai(service))
    add_http(plain, tools)
    add_metrics(plain, metrics, service)
    add_liveness(plain, service)
    add_news_route(plain, service)
    add_routes(plain, service, viewer)
    if service.uploads is not None:
        add_upload_routes(plain, service.uploads, service.owner)
    page = build_page(service, viewer)
    page.has_launched = True  # else Gradio copies any file of this machine that an event names
    app: ASGIApp = gr.mount_gradio_app(
        plain,
        page,
        path="/",
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size=0,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        theme=theme(),
        css_paths=_STYLE,
        root_path=serving.root_path or None,
    )
    app = Admission(
        app,
        metrics,
        places=_PLACES * available_cores(),
        waiting=_WAITING,
        each_minute=serving.requests_per_minute,
    )
    door = _door(serving.accounts, proxied=bool(serving.proxies)) if serving.accounts else None
    app = Guard(app, serving.host, service.uploads, serving.allowed_hosts, door)
    return Measuring(OpenAIErrors(app), *noting), plain


def _door(accounts: AccountFile, *, proxied: bool) -> Callable[[ASGIApp], ASGIApp]:
    return lambda app: Doorman(app, accounts, proxied=proxied)
