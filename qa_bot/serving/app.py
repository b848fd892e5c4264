"""Starting the web chat: the port first, then the page, then the index.

Nothing heavy is imported before the port is known to be free.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from qa_bot.errors import ServerError, UsageError
from qa_bot.models.reader import DEFAULT_READER, Reader
from qa_bot.serving.accounts import AccountFile
from qa_bot.web.owner import Owner
from qa_bot.web.service import Service
from qa_bot.web.watching import watch, watch_until_filled

if TYPE_CHECKING:
    from qa_bot.serving.request_log import Logged
    from qa_bot.serving.server import Server

_WARNING = "Warning: anyone who can open the page from elsewhere may add and delete documents."


def serve(  # noqa: PLR0913 - each is an option of the command
    documents: Path,
    index: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    allowed_hosts: Sequence[str] = (),
    root_path: str = "",
    auth_file: Path | None = None,
    trusted_proxies: Sequence[str] = (),
    certificate: Path | None = None,
    key: Path | None = None,
    requests_per_minute: int = 1_200,
    log: Logged | None = None,
    open_browser: bool = False,
    model: str | None = None,
    ocr: str | None = None,
    reader: Reader | None = DEFAULT_READER,
    strictness: float | None = None,
    watched: bool = False,
    allow_uploads: bool = False,
    cluster: str = "",
) -> None:
    """Serve the chat until Ctrl-C.

    Args:
        documents: The folder of files to answer from.
        index: The folder that holds the index; brought up to date in the background.
        host: The address to serve on; the default is reached from this machine only.
        port: 0 takes any free one.
        allowed_hosts: The names by which it is reached; beyond this machine at least one.
        root_path: What a proxy serves it under ("/documents", say).
        auth_file: Who may log in, see ``accounts``; None where nobody has to.
        trusted_proxies: Addresses whose word on who calls is taken.
        certificate: For HTTPS, with its ``key``.
        key: The certificate's.
        requests_per_minute: As many of one program's are taken.
        log: What is written to standard error of each request; None writes nothing.
        open_browser: Whether to show the page once it answers.
        model: The embedding model, where it is not the default one.
        ocr: The languages in which scanned pages are recognised, if at all.
        reader: What reads the passages, see ``qa_bot.answer``.
        strictness: The confidence that an answer must have, in [0, 1].
        watched: Whether to keep the index in step with the folder.
        allow_uploads: Whether anyone who can open the page may add and delete documents. Who
            starts it may add some anyway, where nobody but this machine is served.
        cluster: HOST:PORT of the Ray cluster that has the index's shards; "" for none.

    Raises:
        ServerError: The port or the address can't be used, or the file of users.
        UsageError: It is reached from elsewhere, and not said by which name.
    """
    _check_reach(host, allowed_hosts, certificate, key)
    _check_proxies(trusted_proxies)
    _check_outside(documents, auth_file, key)
    accounts = None if auth_file is None else AccountFile(auth_file)
    if accounts is not None:
        accounts.accounts()
    # Ctrl-C may come at any time, and is how this ends: not an error. The port comes before
    # Gradio, whose import takes seconds.
    with suppress(KeyboardInterrupt), listen(host, port) as listener:
        is_private = _is_local(host) and not (allowed_hosts or root_path or trusted_proxies)
        owner = Owner() if is_private and accounts is None and not allow_uploads else None
        service = Service(
            documents,
            index,
            model,
            ocr,
            reader=reader,
            strictness=strictness,
            allow_uploads=allow_uploads,
            owner=owner,
        )
        service.cluster = cluster
        if allow_uploads and accounts is None and not _is_local(host):
            print(_WARNING, file=sys.stderr, flush=True)  # noqa: T201
        os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when Gradio is imported
        from qa_bot.serving.server import Serving, create_server

        serving = Serving(
            host,
            tuple(allowed_hosts),
            root_path.rstrip("/"),
            accounts,
            tuple(trusted_proxies),
            certificate,
            key,
            requests_per_minute,
            log,
        )
        server = create_server(service, serving)
        scheme = "https" if certificate is not None else "http"
        url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}/"
        stop = threading.Event()
        watched_by = (documents.absolute(), index, service, stop)

        def bring_up() -> None:
            _once_it_answers(server, service, url, open_browser)
            watch_until_filled(*watched_by)

        if watched:
            threading.Thread(target=watch, args=watched_by, daemon=True).start()
        threading.Thread(target=bring_up, daemon=True).start()
        try:
            server.run(sockets=[listener])
        finally:
            stop.set()


def _check_reach(
    host: str, allowed_hosts: Sequence[str], certificate: Path | None, key: Path | None
) -> None:
    if not _is_local(host) and not allowed_hosts:
        raise UsageError(
            f"{host} is reached from elsewhere: say by which name with --allowed-host, such as"
            " --allowed-host library.example."
        )
    if (certificate is None) != (key is None):
        raise UsageError("HTTPS takes both --certificate and --key.")
    for file in (certificate, key):
        if file is not None and not file.is_file():
            raise UsageError(f"There is no file {file}.")


def _check_proxies(addresses: Sequence[str]) -> None:
    for address in addresses:
        try:
            ipaddress.ip_network(address)
        except ValueError as error:
            raise UsageError(
                f"{address!r} is no address of a proxy: give one such as 127.0.0.1, or a network"
                " such as 10.0.0.0/24."
            ) from error


def _check_outside(documents: Path, *secrets: Path | None) -> None:
    """What is among the documents is indexed, and shown to whoever asks."""
    for file in secrets:
        if file is not None and file.resolve().is_relative_to(documents.resolve()):
            raise UsageError(
                f"{file} is in the folder of the documents: keep it elsewhere, since whoever asks"
                " may be shown what is there."
            )


def _is_local(host: str) -> bool:
    """Whether only this machine is served."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 takes any free one.

    Raises:
        ServerError: That can't be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends at once (TCP_NODELAY) only where the protocol is named: else the end of each
    # response waits 40 ms until its client has said that the start of it has come.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
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


def _once_it_answers(server: Server, service: Service, url: str, open_browser: bool) -> None:
    """Bring up the index only now: its imports would slow Gradio's down, and the page's first."""
    while not server.started:
        time.sleep(0.02)
    owner = service.owner
    shown = owner.address(url) if owner is not None else url
    print(f"The chat is at {shown} (Ctrl-C stops it)", flush=True)  # noqa: T201
    service.refresh(requested=False)
    if open_browser:
        webbrowser.open(owner.address(url, once=True) if owner is not None else url)
