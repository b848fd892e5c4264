"""Who may talk to the page, and on which port."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from qa_bot.errors import ServerError, UsageError
from qa_bot.serving.accounts import AccountFile, add_user
from qa_bot.serving.app import listen, serve
from qa_bot.serving.security import Guard


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(f"hello from {Request(scope).url.path}")(scope, receive, send)


def get(path: str = "/", *, host: str = "127.0.0.1", **headers: str) -> tuple[int, dict[str, str]]:
    client = TestClient(Guard(hello, host), base_url="http://127.0.0.1:7860")
    response = client.get(path, headers=headers)
    return response.status_code, dict(response.headers)


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "LOCALHOST", "[::1]:7860"])
def test_the_names_of_this_machine_are_served(host: str) -> None:
    assert get(Host=host)[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:7860", "", "[::2]"])
def test_another_host_name_is_refused(host: str) -> None:
    """A web site can make its own name point to 127.0.0.1 (DNS rebinding)."""
    assert get(Host=host)[0] == 421


def test_bound_to_every_address_only_allowed_names_are_served() -> None:
    app = Guard(hello, "0.0.0.0", allowed=["Library.example"])  # noqa: S104 - nothing is bound
    client = TestClient(app, base_url="http://library.example:7860")
    assert client.get("/").status_code == 200
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 421


def test_a_bind_beyond_this_machine_needs_the_name_by_which_it_is_reached(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--allowed-host"):
        serve(tmp_path, tmp_path, host="203.0.113.1")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9999"])
def test_requests_of_other_pages_are_refused(origin: str) -> None:
    assert get(Origin=origin)[0] == 403


def test_requests_of_the_page_itself_are_served() -> None:
    assert get("/gradio_api/run/predict", Origin="http://127.0.0.1:7860")[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/docs",
        "/openapi.json",
        "/monitoring",
        "/gradio_api/info",
        "/gradio_api/upload",
        "/gradio_api/deep_link",
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/proxy=http://evil.example",
        "/gradio_api/call/ask",
        "/gradio_api/queue/join",
        "/api/v1/documents/a%0Ab",
    ],
)
def test_only_what_the_page_needs_is_open(path: str) -> None:
    assert get(path)[0] == 404


def test_the_page_may_load_nothing_from_elsewhere() -> None:
    policy = get()[1]["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "script-src-attr 'none'" in policy
    assert "http" not in policy


def test_a_document_may_run_nothing_and_be_framed_by_nobody() -> None:
    headers = get("/file/a.html")[1]
    assert "script-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(await Request(scope, receive).body())(scope, receive, send)


@pytest.mark.parametrize("file", ["/etc/hostname", "http://127.0.0.1:1/a.png"])
@pytest.mark.parametrize("kind", ["gradio.FileData", "gradio.File\\u0044ata"])
def test_an_event_that_names_a_file_is_refused(file: str, kind: str) -> None:
    """Gradio would copy it from this machine's disk, or fetch it from wherever it is."""
    client = TestClient(Guard(echo, "127.0.0.1"), base_url="http://127.0.0.1:7860")
    named = '{"path": "%s", "meta": {"_type": "%s"}}' % (file, kind)  # noqa: UP031 - braces
    path = "/gradio_api/run/predict"
    deep = 600 * "["  # deep enough for a walk that calls itself, and not for JSON's parser
    for body in (
        f'{{"data": [{named}]}}',
        f'{{"event_data": {{"a": [[{named}]]}}}}',
        f'{{"event_data": {deep}{deep.replace("[", "]")}, "data": [{named}]}}',
    ):
        assert client.post(path, content=body).status_code == 400
    for body in ('{"data": ["meta", {"what": "undo"}]}', "no JSON", "[" * 100):
        reply = client.post(path, content=body)
        assert (reply.status_code, reply.text) == (200, body)


def test_a_port_that_is_taken_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            ServerError, match=f"Port {port} is taken: .*--port {port + 1}"
        ) as error:
            serve(tmp_path, tmp_path, port=port)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 99_999), ("203.0.113.1", 0)])
def test_an_address_that_cannot_be_used_is_a_server_error(
    host: str, port: int, tmp_path: Path
) -> None:
    with pytest.raises(ServerError, match="choose another"):
        serve(tmp_path, tmp_path, host=host, port=port, allowed_hosts=["library.example"])


def test_what_is_sent_goes_out_at_once() -> None:
    """Else the end of each response waits 40 ms for its client, on a connection that is kept."""

    async def accepted() -> int:
        with listen("127.0.0.1", 0) as listener:
            there: asyncio.Future[int] = asyncio.get_running_loop().create_future()

            def note(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                taken = writer.get_extra_info("socket")
                there.set_result(taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
                writer.close()

            async with await asyncio.start_server(note, sock=listener):
                _, writer = await asyncio.open_connection(*listener.getsockname())
                writer.close()
                return await there

    assert asyncio.run(accepted())


@pytest.mark.parametrize(
    ("url", "origin", "status"),
    [
        ("https://library.example", "https://library.example", 200),
        ("https://library.example", "http://library.example", 403),  # anybody on the way sends it
        ("http://library.example", "https://library.example", 200),  # a proxy may hide it
        ("https://library.example", "null", 403),
    ],
)
def test_a_page_over_plain_http_is_not_one_of_the_server_s(
    url: str, origin: str, status: int
) -> None:
    client = TestClient(Guard(echo, "127.0.0.1", allowed=["library.example"]), base_url=url)
    assert client.post("/api/v1/answer", headers={"Origin": origin}).status_code == status


def test_nothing_of_documents_stays_in_a_cache() -> None:
    client = TestClient(Guard(echo, "127.0.0.1"), base_url="http://127.0.0.1:7860")
    for path in ("/file/pay.pdf", "/page/0/1", "/api/v1/documents", "/"):
        assert client.post(path).headers["cache-control"] == "private, no-cache"
    assert "cache-control" not in client.post("/assets/index.js").headers


@pytest.mark.parametrize("file", ["auth.json", "staff/../staff/auth.json"])
def test_users_and_keys_among_the_documents_are_refused(tmp_path: Path, file: str) -> None:
    """They would be indexed: the file of users is JSON, and holds what signs sessions."""
    (tmp_path / "documents" / "staff").mkdir(parents=True)
    accounts = AccountFile(tmp_path / "documents" / file)
    add_user(accounts, "ada", "correct horse battery", "reader")
    with pytest.raises(UsageError, match="keep it elsewhere"):
        serve(tmp_path / "documents", tmp_path / "index", port=0, auth_file=accounts.file)


def test_a_proxy_is_trusted_by_its_address_alone(tmp_path: Path) -> None:
    for written in ("*", "nginx", ""):
        with pytest.raises(UsageError, match="no address of a proxy"):
            serve(tmp_path, tmp_path, port=0, trusted_proxies=[written])
