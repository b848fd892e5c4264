"""A server in a process of its own, over a folder of articles, with log-ins."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks import ROOT
from benchmarks.datasets import SQUAD
from qa_bot.serving.accounts import AccountFile, add_token, add_user

PASSWORD = "correct horse battery"  # noqa: S105 - of nobody
_PAGE = re.compile(r"The chat is at (http://[^/\s]+)/")
_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE = 600.0  # seconds


@dataclass(frozen=True, slots=True)
class Library:
    """A folder with ``documents``, their ``index`` and a file of users."""

    home: Path
    token: str

    @property
    def documents(self) -> Path:
        """The folder of files."""
        return self.home / "documents"

    @property
    def index(self) -> Path:
        """The index's folder."""
        return self.home / "index"

    @property
    def accounts(self) -> Path:
        """The file of users and tokens."""
        return self.home / "auth.json"

    def qa_bot(self, *words: str) -> subprocess.Popen[str]:
        """A command of qa_bot's, in a process of its own."""
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "qa_bot", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )


def make_library(home: Path, articles: int) -> Library:
    """So many articles of SQuAD as text files, a user, and a token that may do everything."""
    library = Library(home, "")
    library.documents.mkdir(parents=True)
    for article in json.loads(SQUAD.read_text("utf-8"))["data"][:articles]:
        text = "\n\n".join(one["context"] for one in article["paragraphs"])
        (library.documents / f"{article['title']}.txt").write_text(text, encoding="utf-8")
    file = AccountFile(library.accounts)
    add_user(file, "ada", PASSWORD, "editor")
    return Library(home, add_token(file, "load", "editor"))


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Server:
    """``qa-bot chat`` on a library; ends with the block that it is the context of, or is killed.

    Where it ``is_open`` nobody has to log in.
    """

    def __init__(
        self, library: Library, port: int | None = None, *more: str, is_open: bool = False
    ) -> None:
        self.began = time.monotonic()
        self.log: list[str] = []
        self.process = library.qa_bot(
            "chat",
            "--no-open",
            *("--documents", str(library.documents), "--index", str(library.index)),
            *(() if is_open else ("--auth-file", str(library.accounts))),
            *("--port", str(port or free_port())),
            *("--requests-per-minute", "10000000", *more),
        )
        self.url = ""
        threading.Thread(target=self._read, daemon=True).start()
        self.headers = {"Authorization": f"Bearer {library.token}"}

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.log.append(line.rstrip())
            if found := _PAGE.search(line):
                self.url = found[1]

    def wait(self) -> float:
        """Until it can answer; seconds since it was started."""
        while time.monotonic() - self.began < _PATIENCE:
            if self.process.poll() is not None:
                raise SystemExit("\n".join(["The server ended:", *self.log]))
            try:
                ready = self.url and httpx.get(f"{self.url}/health/ready", headers=self.headers)
            except httpx.TransportError:
                ready = None
            if ready and ready.status_code == 200:
                return time.monotonic() - self.began
            time.sleep(0.05)
        raise SystemExit("\n".join(["The server doesn't get ready:", *self.log]))

    @property
    def memory(self) -> int:
        """Bytes that are resident now."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text("ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    @property
    def worked(self) -> float:
        """Seconds of processor time since it was started; 0 where it has ended."""
        if self.process.poll() is not None:
            return 0.0
        told = Path(f"/proc/{self.process.pid}/stat").read_text("ascii")
        fields = told.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def kill(self) -> None:
        """Without a warning."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        """As Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
