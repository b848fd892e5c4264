"""The server of the web chat: for this machine only, unless it is told otherwise."""

from __future__ import annotations

import errno
import os
import socket
import threading
import time
import webbrowser
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from qa_bot.errors import ServerError
from qa_bot.web.service import Service

if TYPE_CHECKING:
    import uvicorn

_STYLE = Path(__file__).with_name("style.css")


def serve(
    documents: Path,
    index: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    open_browser: bool = False,
    model: str | None = None,
) -> None:
    """Serve the chat until Ctrl-C.

    Args:
        documents: The folder of files to answer from.
        index: The folder that holds the index; brought up to date in the background.
        host: The address to serve on; the default is reached from this machine only.
        port: 0 takes any free one.
        open_browser: Whether to show the page once it answers.
        model: The embedding model, where it is not the default one.

    Raises:
        ServerError: The port or the address can't be used.
    """
    with _listen(host, port) as listener:  # before Gradio is imported: that takes seconds
        service = Service(documents, index, model)
        server = _server(service, host)
        url = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}/"
        threading.Thread(
            target=_once_it_answers, args=(server, service, url, open_browser), daemon=True
        ).start()
        with suppress(KeyboardInterrupt):  # how Ctrl-C arrives once the server has closed
            server.run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    if os.name == "posix":  # elsewhere it would let two servers share a port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise ServerError(
                f"Port {port} is taken: stop what runs there (another chat?) or choose another"
                f" port (`qa-bot chat --port {port + 1}`)."
            ) from error
        raise ServerError(
            f"Can't serve on {host}, port {port} ({error}): choose another --host or --port."
        ) from error
    return listener


def _server(service: Service, host: str) -> uvicorn.Server:
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when Gradio is imported
    import gradio as gr
    import uvicorn
    from fastapi import FastAPI

    from qa_bot.web.page import build_page, theme
    from qa_bot.web.security import Guard

    app = gr.mount_gradio_app(
        FastAPI(openapi_url=None),
        build_page(service),
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
        Guard(app, host),
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=1,  # a page that is still open holds a connection
    )
    return uvicorn.Server(config)


def _once_it_answers(
    server: uvicorn.Server, service: Service, url: str, open_browser: bool
) -> None:
    """Bring up the index only now: its imports would slow Gradio's down, and the page's first."""
    while not server.started:
        time.sleep(0.02)
    print(f"The chat is at {url} (Ctrl-C stops it)", flush=True)  # noqa: T201
    service.refresh()
    if open_browser:
        webbrowser.open(url)
