"""The page as a web server: Gradio with all that it need not do turned off."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import gradio as gr
import uvicorn
from fastapi import FastAPI

from qa_bot.pages.view import PageViewer
from qa_bot.serving.api import create_api
from qa_bot.serving.security import Guard
from qa_bot.web.page import build_page, theme
from qa_bot.web.routes import add_routes, add_upload_route
from qa_bot.web.service import Service

_STYLE = Path(__file__).with_name("style.css")


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


def create_server(service: Service, host: str) -> Server:
    """Make the server; ``run`` it on a socket that listens on ``host``.

    Gradio's own ``launch`` would ask for the page itself, through whatever proxy
    is configured, before it is done.
    """
    viewer = PageViewer()
    plain = FastAPI(openapi_url=None)
    plain.mount("/api/v1", create_api(service, viewer))
    add_routes(plain, service, viewer)  # first: Gradio takes all other paths
    if service.uploads is not None:
        add_upload_route(plain, service.uploads)
    page = build_page(service, viewer)
    page.has_launched = True  # else Gradio copies any file of this machine that an event names
    app = gr.mount_gradio_app(
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
    )
    config = uvicorn.Config(
        Guard(app, host, service.uploads),
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = Server(config)
    server.closing = (viewer.close, *((service.uploads.close,) if service.uploads else ()))
    return server
