"""What deploy/ holds: a Dockerfile, a systemd unit, and an nginx site to run the server behind."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from conftest import ROOT
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from served import LEAVE, PASSWORD
from typer.main import get_command

from qa_bot.models.embedding import SentenceTransformerEmbedder
from qa_bot.serving.accounts import AccountFile, add_token, add_user
from qa_bot.serving.app import listen
from qa_bot.serving.server import Serving, create_server
from qa_bot.shell.commands import app
from qa_bot.web.service import Service

DEPLOY = ROOT / "deploy"
NAME = "library.example"
PATIENT = 120.0  # seconds


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's, each with what it says."""
    text = re.sub(r"\\\n\s*", " ", (DEPLOY / "Dockerfile").read_text("utf-8"))
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, said) for word, _, said in (line.partition(" ") for line in lines)]


def check_options(words: list[str]) -> None:
    """That the command of qa-bot takes all of them."""
    command = get_command(app).commands[words[0]]  # type: ignore[attr-defined]
    context = command.make_context("qa-bot", words[1:], resilient_parsing=False)
    assert not context.args


def test_the_image_runs_as_nobody_from_fixed_versions_and_checks_itself() -> None:
    found = instructions()
    said = dict(found)
    bases = [said for word, said in found if word == "FROM"]
    assert all(re.match(r"\S+:\d[\w.-]+", base) for base in bases), "a tag that stays what it is"
    last = len(found) - 1 - [word for word, _ in found][::-1].index("FROM")
    after = found[last:]
    assert said["USER"].isdigit(), "a number, which Kubernetes can tell is not root"
    assert said["USER"] != "0"
    assert not any(word == "RUN" and ("curl" in said or "sudo" in said) for word, said in found)
    assert not any(word == "ADD" for word, _ in found)
    assert "HF_HUB_OFFLINE=1" in dict(after)["ENV"]
    for word, paths in found:
        if word == "COPY" and not paths.startswith("--from"):
            assert all((ROOT / one).exists() for one in paths.split()[:-1])
    live = json.loads(said["HEALTHCHECK"].partition("CMD ")[2])
    assert "/health/live" in live[-1]
    compile(live[-1], "the health check", "exec")
    assert json.loads(said["ENTRYPOINT"]) == ["qa-bot"]
    check_options(json.loads(said["CMD"]))
    torch = re.search(r"torch==\S+", " ".join(said for _, said in found))
    assert torch is not None
    assert torch[0] in (ROOT / "Makefile").read_text("utf-8")


def test_the_unit_says_what_qa_bot_understands_and_lets_it_do_little(tmp_path: Path) -> None:
    text = (DEPLOY / "qa-bot.service").read_text("utf-8")
    started = re.search(r"^ExecStart=\S+ (.*)$", text, re.MULTILINE)
    assert started is not None
    check_options(shlex.split(started[1]))
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd here to check the rest")
    unit = tmp_path / "qa-bot.service"
    unit.write_text(re.sub(r"(?<=ExecStart=)\S+", "/bin/true", text), encoding="utf-8")
    verified = subprocess.run(
        ["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout[-300:]


@dataclass(frozen=True)
class Proxied:
    """nginx in front of a server with log-ins."""

    plain: str
    secure: httpx.Client  # by HTTPS
    token: str


def certificate(folder: Path) -> None:
    """``cert.pem`` and ``key.pem`` for the name, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def site(folder: Path, plain: int, secure: int, served: int) -> Path:
    """deploy/nginx.conf as a configuration of its own, on ports that anyone may take."""
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    for before, after in (
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{secure} ssl;"),
        (f"/etc/ssl/certs/{NAME}.pem", str(folder / "cert.pem")),
        (f"/etc/ssl/private/{NAME}.key", str(folder / "key.pem")),
        ("127.0.0.1:7860", f"127.0.0.1:{served}"),
    ):
        assert before in text
        text = text.replace(before, after)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "\n".join(f"{kind}_temp_path {folder / kind};" for kind in kinds)
    file = folder / "nginx.conf"
    file.write_text(
        f"daemon off; master_process off; pid {folder / 'pid'}; error_log stderr;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{temporary}\n{text}}}\n",
        encoding="utf-8",
    )
    return file


@pytest.fixture(scope="module")
def proxied(
    library: Path,
    tmp_path_factory: pytest.TempPathFactory,
    model: SentenceTransformerEmbedder,
) -> Iterator[Proxied]:
    """Debian's nginx with the site of deploy/, before a server started as the unit says."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        pytest.skip("no nginx here")
    home = tmp_path_factory.mktemp("proxied")
    certificate(home)
    accounts = AccountFile(home / "auth.json")
    add_user(accounts, "ada", PASSWORD, "reader")
    service = Service(library / "documents", library / "index", model)
    serving = Serving(allowed_hosts=(NAME,), accounts=accounts, proxies=("127.0.0.1",))
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)]
        plain, secure, served = (one.getsockname()[1] for one in sockets)
        for one in sockets[:2]:
            one.close()
        stack.enter_context(running(service, serving, sockets[2]))
        file = site(home, plain, secure, served)
        command = [nginx, "-p", str(home), "-e", "stderr", "-c", str(file)]
        checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
        before = stack.enter_context(subprocess.Popen(command, stderr=subprocess.DEVNULL))
        trusted = ssl.create_default_context(cafile=str(home / "cert.pem"))
        trusted.check_hostname = False  # it is reached by its address
        client = stack.enter_context(
            httpx.Client(
                base_url=f"https://127.0.0.1:{secure}",
                headers={"Host": NAME},
                verify=trusted,
                timeout=PATIENT,
            )
        )
        while not _answers(client):
            assert before.poll() is None, "nginx has ended"
            time.sleep(0.1)
        yield Proxied(f"http://127.0.0.1:{plain}", client, add_token(accounts, "agent", "reader"))
        before.terminate()
        before.wait()


@contextmanager
def running(service: Service, serving: Serving, listener: socket.socket) -> Iterator[None]:
    """A server as ``qa-bot chat`` starts it, once it can answer."""
    server = create_server(service, serving)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    service.refresh(requested=False)
    while not server.started or not service.is_settled or service.status.busy:
        time.sleep(0.05)
    yield
    server.should_exit = True
    thread.join(10)


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/health/live").status_code == 200
    except httpx.TransportError:
        return False


def test_plain_http_leads_to_https(proxied: Proxied) -> None:
    told = httpx.get(f"{proxied.plain}/?quote=0:1-2", headers={"Host": NAME})
    assert (told.status_code, told.headers["location"]) == (301, f"https://{NAME}/?quote=0:1-2")


def test_a_team_logs_in_behind_nginx(proxied: Proxied) -> None:
    client, own = proxied.secure, {"Origin": f"https://{NAME}"}
    page = client.get("/", headers={"Accept": "text/html"})
    assert page.status_code == 401
    assert 'type="password"' in page.text
    form = {"name": "ada", "password": PASSWORD, "then": "/"}
    begun = client.post("/login", data=form, headers=own)
    assert begun.status_code == 303
    cookie = begun.headers["set-cookie"]
    assert "secure" in cookie.lower()
    headers = {**own, "Cookie": cookie.partition(";")[0]}
    assert client.get("/", headers=headers).status_code == 200
    asked = client.post("/api/v1/answer", json={"question": LEAVE}, headers=headers)
    assert asked.json()["verdict"] == "answered"
    with client.stream("GET", "/events", headers=headers) as stream:
        assert next(stream.iter_lines()) == ": begun", "it is passed on as it comes"


def test_an_agent_gets_links_that_lead_back_through_nginx(proxied: Proxied) -> None:
    headers = {"Authorization": f"Bearer {proxied.token}"}
    message = {"role": "user", "content": LEAVE}
    told = proxied.secure.post(
        "/v1/chat/completions", json={"messages": [message]}, headers=headers
    ).json()
    cited = told["choices"][0]["message"]["annotations"][0]["url_citation"]
    assert cited["url"].startswith(f"https://{NAME}/?quote=")


def test_what_a_visitor_says_of_the_way_it_came_is_not_believed(proxied: Proxied) -> None:
    forwarded = {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "https"}
    told = httpx.post(
        f"{proxied.plain}/login",
        data={"name": "ada", "password": PASSWORD},
        headers={"Host": NAME, "Origin": f"https://{NAME}", **forwarded},
    )
    assert told.status_code == 301, "nginx answers, and passes nothing on"
    elsewhere = proxied.secure.get("/health/live", headers={"Host": "evil.example"})
    assert elsewhere.status_code == 421


def test_under_a_path_all_links_lead_below_it_and_the_session_stays_there(
    library: Path, tmp_path: Path, model: SentenceTransformerEmbedder
) -> None:
    """The proxy takes the path off, and says that it had the request by HTTPS."""
    accounts = AccountFile(tmp_path / "auth.json")
    add_user(accounts, "ada", PASSWORD, "reader")
    token = {"Authorization": f"Bearer {add_token(accounts, 'agent', 'reader')}"}
    service = Service(library / "documents", library / "index", model)
    serving = Serving(
        allowed_hosts=(NAME,), root_path="/docs", accounts=accounts, proxies=("127.0.0.1",)
    )
    below, forwarded = f"https://{NAME}/docs", {"Host": NAME, "X-Forwarded-Proto": "https"}
    with listen("127.0.0.1", 0) as listener, running(service, serving, listener):
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with httpx.Client(base_url=url, headers=forwarded, timeout=PATIENT) as client:
            page = client.get("/", headers=token).text
            assert f'"root":"{below}"' in page.replace(": ", ":")
            form = {"name": "ada", "password": PASSWORD, "then": "/?quote=0:1-2"}
            begun = client.post("/login", data=form, headers={"Origin": f"https://{NAME}"})
            assert (begun.status_code, begun.headers["location"]) == (303, "./?quote=0:1-2")
            assert "path=/docs/;" in begun.headers["set-cookie"].lower()
            said = {"messages": [{"role": "user", "content": LEAVE}]}
            told = client.post("/v1/chat/completions", json=said, headers=token).json()
            cited = told["choices"][0]["message"]["annotations"][0]["url_citation"]
            assert cited["url"].startswith(f"{below}/?quote=")
            described = client.get("/api/v1/openapi.json", headers=token).json()
            assert described["servers"] == [{"url": "/docs/api/v1"}]
