"""What the browser tests share: a running chat, a real browser, and what a visitor does there."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).parent.parent
START_SECONDS = 120  # many times what it takes, for a busy machine
ANSWER_MS = 240_000  # the first question waits for the model
PATIENT_MS = 60_000  # for all else that the page waits for
expect.set_options(timeout=PATIENT_MS)
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()
# Runs the command line and notes every address that the process connects to.
_WATCHED = """
import runpy, sys
notes = open(sys.argv.pop(1), "a", buffering=1)
sys.addaudithook(lambda event, args: event == "socket.connect" and print(args[1], file=notes))
runpy.run_module("qa_bot", run_name="__main__", alter_sys=True)
"""
FILLER = "\n\n".join(
    f"## Building {number}\n\nThe lift of building {number} is serviced by the caretaker in spring."
    for number in range(1, 41)
)
HANDBOOK = f"""# Staff handbook

{FILLER}

## Annual leave

Employees receive twenty-five days of paid leave every year. Unused days expire on 31 March.

## Travel abroad

For a trip abroad you need:

- a valid passport
- written approval from the team lead
"""
LEAVE = "How many days of paid leave do employees receive every year?"
LEAVE_SENTENCE = "Employees receive twenty-five days of paid leave every year."


@dataclass
class Chat:
    """A chat that runs as a user starts it, and the folders it works on."""

    home: Path  # holds what it writes
    documents: Path
    options: tuple[str, ...] = ()
    index: Path = field(kw_only=True, default=Path())  # a folder in home, if not named
    port: int = 0
    process: subprocess.Popen[str] | None = None

    def __post_init__(self) -> None:
        if self.index == Path():
            self.index = self.home / "index"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def owners_url(self) -> str:
        """The address that the terminal shows, once for each start."""
        assert self.process is not None
        assert self.process.stdout is not None
        lines = (line for line in self.process.stdout if line.startswith("The chat is at "))
        return next(lines).split()[4]

    def start(self) -> None:
        """Start it, on the same port as before if it ran before, and wait until it answers."""
        self.port = self.port or _free_port()
        temporary = self.home / "temporary"
        temporary.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-c", _WATCHED, str(self.home / "connections")]
        command += ["chat", "--no-open", "--port", str(self.port)]
        command += ["--documents", str(self.documents), "--index", str(self.index), *self.options]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(temporary)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._wait()

    def stop(self) -> None:
        """End it as Ctrl-C does, or else at once."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        if self.process.stdout is not None:
            print(self.process.stdout.read())  # noqa: T201 - shown where a test fails
            self.process.stdout.close()
        self.process = None

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self.process is not None
            assert self.process.poll() is None, "the chat ended before it answered"
            try:
                with urllib.request.urlopen(self.url, timeout=START_SECONDS) as response:  # noqa: S310
                    assert response.status == 200
                    return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        pytest.fail(f"the chat did not answer within {START_SECONDS} s")


@contextmanager
def running_chat(chat: Chat) -> Iterator[Chat]:
    """Start a chat, and end it with whatever it has become."""
    try:
        chat.start()
        yield chat
    finally:
        chat.stop()


@dataclass
class Visit:
    """What pages did while they were open."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)  # errors of scripts, refused loads

    def watch(self, context: BrowserContext) -> None:
        context.on("request", lambda request: self.requests.append(request.url))
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on(
            "console",
            lambda line: self.complaints.append(line.text) if line.type == "error" else None,
        )

    def check(self, chat: Chat) -> None:
        """Nothing was asked of another host, and the browser had nothing to complain about."""
        asked = {urlsplit(url) for url in self.requests}
        hosts = {url.netloc for url in asked if url.scheme not in ("data", "blob")}
        assert hosts <= {f"127.0.0.1:{chat.port}"}, "nothing is asked of another host"
        assert self.complaints == []


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser of no memory, without a window."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.fail("These tests need a browser: apt-get install chromium", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit() -> Visit:
    return Visit()


@pytest.fixture
def context(chat: Chat, browser: Browser, visit: Visit) -> Iterator[BrowserContext]:
    """A visitor who was never here; the module's ``chat`` is what they visit."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=chat.url)
    context.set_default_timeout(PATIENT_MS)
    visit.watch(context)
    yield context
    context.close()
    visit.check(chat)


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """The chat's page, just opened."""
    page = context.new_page()
    page.goto("/")
    return page


def ask(page: Page, question: str) -> Locator:
    """Ask, and wait for the answer: its turn."""
    turns = page.locator(".qa-turn").count()
    page.get_by_label("Question", exact=True).fill(question)
    page.keyboard.press("Enter")
    expect(page.locator(".qa-turn")).to_have_count(turns + 1, timeout=ANSWER_MS)
    expect(page.locator(".qa-pending")).to_have_count(0, timeout=ANSWER_MS)
    return page.locator(".qa-turn").nth(turns)


def open_documents(page: Page) -> Locator:
    """Open the list of documents, and wait for it: the pane."""
    page.get_by_role("button", name="Documents", exact=True).click()
    pane = page.locator("#qa-documents")
    expect(pane.locator(".qa-doc").first).to_be_visible(timeout=ANSWER_MS)
    return pane


def wait_until_built(page: Page) -> None:
    """Wait until the index answers and nothing is under way."""
    expect(page.locator("#qa-status time")).to_be_attached(timeout=ANSWER_MS)


def box_is_inside(page: Page, inner: str, outer: str) -> bool:
    """Whether the first element of the one kind lies wholly in the first of the other."""
    return bool(
        page.evaluate(
            """([inner, outer]) => {
                const a = document.querySelector(inner).getBoundingClientRect();
                const b = document.querySelector(outer).getBoundingClientRect();
                return a.top >= b.top - 1 && a.bottom <= b.bottom + 1 && a.left >= b.left - 1
                  && a.right <= b.right + 1 && a.height > 0;
            }""",
            [inner, outer],
        )
    )


def scrolls_sideways(page: Page) -> bool:
    """Whether anything is cut off at the right: the page, or a pane of it."""
    return bool(
        page.evaluate(
            """() => ['html', 'body', '#qa-scroll', '#qa-panel', '#qa-documents', '#qa-listed',
                      '.qa-source-text:not(.qa-pages)']
              .map((one) => document.querySelector(one))
              .some((one) => one && one.scrollWidth > one.clientWidth + 1)"""
        )
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
