"""The chat as its user meets it: the real server, the real core, a real browser."""

from __future__ import annotations

import os
import re
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

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

import qa_bot

pytestmark = pytest.mark.xdist_group("browser")

ROOT = Path(__file__).parent.parent
START_SECONDS = 60  # many times what it takes, for a busy machine
ANSWER_MS = 90_000  # the first question waits for the model
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()
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
# Runs the command line and notes every address that the process connects to.
WATCHED = """
import runpy, sys
notes = open(sys.argv.pop(1), "a", buffering=1)
sys.addaudithook(lambda event, args: event == "socket.connect" and print(args[1], file=notes))
runpy.run_module("qa_bot", run_name="__main__", alter_sys=True)
"""
LEAVE = "How many days of paid leave do employees receive every year?"
LEAVE_SENTENCE = "Employees receive twenty-five days of paid leave every year."
HOSTILE = (
    'The quokka password rule is <script>window.hit="script"</script> '
    '<img src="http://evil.example/a.png" onerror="window.hit=1"> **bold** $$x^2$$ '
    "[link](javascript:window.hit=2) for every quokka.\n"
)
HOSTILE_NAME = '<b onmouseover="window.hit=3">quokka<img src=x onerror=alert(1)>.txt'


@dataclass
class Chat:
    """A running chat and the folders it works on."""

    port: int
    home: Path
    process: subprocess.Popen[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def documents(self) -> Path:
        return self.home / "documents"


@dataclass
class Visit:
    """What a page did while it was open."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)  # errors of scripts, refused loads

    def watch(self, page: Page) -> None:
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda line: self.complaints.append(line.text) if line.type == "error" else None,
        )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def wait_until_it_answers(chat: Chat) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert chat.process.poll() is None, "the chat ended before it answered"
        try:
            with urllib.request.urlopen(chat.url, timeout=START_SECONDS) as response:  # noqa: S310
                assert response.status == 200
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    pytest.fail(f"the chat did not answer within {START_SECONDS} s")


@contextmanager
def running_chat(home: Path, documents: Path, *options: str) -> Iterator[Chat]:
    """The chat as a user starts it, with everything it might write under ``home``."""
    port = free_port()
    temporary = home / "temporary"
    temporary.mkdir(parents=True)
    command = [sys.executable, "-c", WATCHED, str(home / "connections")]
    command += ["chat", "--no-open", "--port", str(port)]
    command += ["--documents", str(documents), "--index", str(home / "index"), *options]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    chat = Chat(port, home, process)
    try:
        wait_until_it_answers(chat)
        yield chat
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
        if process.stdout is not None:
            print(process.stdout.read())  # noqa: T201 - shown where a test fails


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    home = tmp_path_factory.mktemp("chat")
    documents = home / "documents"
    documents.mkdir()
    (documents / "handbook.md").write_text(HANDBOOK, encoding="utf-8")
    (documents / HOSTILE_NAME).write_text(HOSTILE, encoding="utf-8")
    with running_chat(home, documents) as chat:
        yield chat


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
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
def page(chat: Chat, browser: Browser, visit: Visit) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    visit.watch(page)
    page.goto(chat.url)
    yield page
    page.close()
    hosts = {url.split("/")[2] for url in visit.requests if "://" in url}
    assert hosts == {f"127.0.0.1:{chat.port}"}, "nothing is asked of another host"
    assert visit.complaints == []


def ask(page: Page, question: str) -> None:
    """Ask, and wait for the answer."""
    turns = page.locator(".qa-turn").count()
    page.get_by_label("Question").fill(question)
    page.keyboard.press("Enter")
    expect(page.locator(".qa-turn")).to_have_count(turns + 1, timeout=ANSWER_MS)
    expect(page.locator(".qa-pending")).to_have_count(0, timeout=ANSWER_MS)


def box_is_inside(page: Page, inner: str, outer: str) -> bool:
    return bool(
        page.evaluate(
            """([inner, outer]) => {
                const a = document.querySelector(inner).getBoundingClientRect();
                const b = document.querySelector(outer).getBoundingClientRect();
                return a.top >= b.top && a.bottom <= b.bottom && a.left >= b.left
                  && a.right <= b.right && a.height > 0;
            }""",
            [inner, outer],
        )
    )


def test_a_question_asked_at_once_waits_and_is_answered(page: Page) -> None:
    """The first test of this file: the index is still being built, the model being loaded."""
    ask(page, LEAVE)
    expect(page.locator(".qa-error")).to_have_count(0)
    expect(page.locator(".qa-quote mark").first).to_have_text(LEAVE_SENTENCE)


def test_a_citation_opens_the_source_at_the_marked_sentence(page: Page) -> None:
    ask(page, LEAVE)
    quote = page.locator(".qa-quote").first
    citation = quote.locator(".qa-citation")
    expect(citation).to_contain_text("Annual leave, ¶ 1")
    expect(page.locator("#qa-panel")).to_be_hidden()
    citation.click()
    source = page.locator("#qa-panel .qa-source-text")
    expect(source.locator("mark")).to_have_text(quote.locator("mark").inner_text())
    expect(source).to_contain_text("The lift of building 1 is serviced")
    assert box_is_inside(page, ".qa-source-text mark", ".qa-source-text"), "scrolled into view"
    assert source.evaluate("box => box.scrollTop") > 0
    page.keyboard.press("Escape")
    expect(page.locator("#qa-panel")).to_be_hidden()
    expect(citation).to_be_focused()


def test_a_citation_is_a_link_to_its_source(page: Page) -> None:
    ask(page, LEAVE)
    page.locator(".qa-citation").first.click()
    expect(page.locator("#qa-panel mark")).to_have_text(LEAVE_SENTENCE)
    page.reload()
    expect(page.locator("#qa-panel mark")).to_have_text(LEAVE_SENTENCE)
    page.go_back()
    expect(page.locator("#qa-panel")).to_be_hidden()


@pytest.mark.parametrize(
    "fragment", ["#source=handbook.md&text=0&at=0-5", "#source=../../etc/passwd&at=0-5", "#source="]
)
def test_a_link_to_nowhere_is_harmless(page: Page, chat: Chat, fragment: str) -> None:
    page.goto(chat.url + fragment)
    expect(page.locator("#qa-panel")).to_contain_text("changed or gone")


def test_a_hostile_document_is_shown_as_text(page: Page) -> None:
    ask(page, "What is the quokka password rule?")
    expect(page.locator(".qa-quote blockquote").first).to_contain_text(HOSTILE.strip())
    citation = page.locator(".qa-citation").first
    expect(citation).to_contain_text("quokka")
    citation.click()
    panel = page.locator("#qa-panel")
    expect(panel).to_contain_text(HOSTILE.strip())
    expect(panel).to_contain_text(HOSTILE_NAME)
    shown = page.locator("#qa-conversation, #qa-panel, #qa-receipt, #qa-status")
    expect(shown.locator("script, img, b, strong, .katex, a[href^='javascript']")).to_have_count(0)
    panel.hover()
    assert page.evaluate("window.hit") is None


def test_a_hostile_question_is_shown_as_text(page: Page) -> None:
    question = '<img src=x onerror="window.hit=4"> **paid** $$leave$$ <script>window.hit=5</script>'
    ask(page, question)
    expect(page.locator(".qa-question")).to_have_text(question)
    assert page.evaluate("window.hit") is None


def test_what_no_document_answers_is_said_plainly(page: Page) -> None:
    ask(page, "Who composed the opera Turandot?")
    turn = page.locator(".qa-turn")
    expect(turn).to_contain_text("The documents don’t answer this.")
    expect(turn).to_contain_text("not an answer")
    expect(turn.locator("mark")).to_have_count(0)


def test_an_empty_question_gets_a_gentle_message(page: Page) -> None:
    page.get_by_label("Question").fill("?!")
    page.keyboard.press("Enter")
    expect(page.locator("#qa-notice")).to_have_text("Type a question first.")
    expect(page.locator(".qa-turn")).to_have_count(0)


def test_a_first_visit_offers_the_documents_own_headings(page: Page) -> None:
    starts = page.locator(".qa-start")
    expect(starts.first).to_be_visible(timeout=ANSWER_MS)
    heading = starts.first.inner_text()
    assert f"## {heading}" in HANDBOOK
    starts.first.click()
    expect(page.locator(".qa-question")).to_have_text(heading)
    expect(page.locator(".qa-welcome")).to_be_hidden()


def test_the_arrow_up_brings_the_last_question_back(page: Page) -> None:
    ask(page, LEAVE)
    page.get_by_label("Question").press("ArrowUp")
    expect(page.get_by_label("Question")).to_have_value(LEAVE)


def test_a_rebuild_shows_a_receipt_and_answers_from_the_new_file(page: Page, chat: Chat) -> None:
    (chat.documents / "volcano.txt").write_text(
        "Mount Erebus is the southernmost active volcano on Earth.\n", encoding="utf-8"
    )
    page.get_by_role("button", name="Rebuild index").click()
    receipt = page.locator("#qa-receipt")
    expect(receipt).to_contain_text("1 added", timeout=ANSWER_MS)
    expect(receipt).to_contain_text("volcano.txt")
    expect(page.get_by_role("button", name="Rebuild index")).to_be_enabled()
    expect(page.locator("#qa-status")).to_contain_text("3 documents")
    ask(page, "Which is the southernmost active volcano on Earth?")
    expect(page.locator(".qa-quote mark").first).to_contain_text("Mount Erebus")


def test_a_build_by_another_process_is_noticed(page: Page, chat: Chat) -> None:
    ask(page, LEAVE)
    (chat.documents / "glacier.txt").write_text(
        "The Lambert Glacier is the largest glacier in the world.\n", encoding="utf-8"
    )
    qa_bot.build_index(chat.documents, chat.home / "index")
    ask(page, "Which is the largest glacier in the world?")
    newest = page.locator(".qa-turn").last
    expect(newest.locator(".qa-quote mark").first).to_contain_text("Lambert Glacier")


def test_a_watched_folder_is_kept_in_step_and_nothing_stale_goes_unmarked(
    browser: Browser, tmp_path: Path
) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "handbook.md").write_text(HANDBOOK, encoding="utf-8")
    with running_chat(tmp_path, documents, "--watch") as chat:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(chat.url)
        ask(page, LEAVE)
        (documents / "geyser.txt").write_text(
            "The Steamboat Geyser is the tallest active geyser in the world.\n", encoding="utf-8"
        )
        tallest = "Which is the tallest active geyser in the world?"
        deadline = time.monotonic() + ANSWER_MS / 1000
        while time.monotonic() < deadline:
            ask(page, tallest)
            if page.locator(".qa-turn").last.locator(".qa-quote mark").count():
                break
        newest = page.locator(".qa-turn").last
        expect(newest.locator(".qa-quote mark").first).to_contain_text("Steamboat Geyser")
        (documents / "geyser.txt").unlink()
        ask(page, tallest)  # before the index has caught up, or after it
        newest = page.locator(".qa-turn").last
        gone = newest.locator(".qa-quote", has_text="Steamboat")
        assert gone.count() == gone.locator(".qa-badge").count()
        page.close()


def test_the_page_falls_silent_when_there_is_nothing_to_report(page: Page, visit: Visit) -> None:
    expect(page.locator("#qa-status")).to_contain_text("indexed", timeout=ANSWER_MS)
    page.wait_for_timeout(1_500)
    before = len(visit.requests)
    page.wait_for_timeout(2_000)
    assert len(visit.requests) == before


def test_on_a_phone_the_source_slides_over_and_nothing_scrolls_sideways(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    ask(page, LEAVE)
    sideways = "document.documentElement.scrollWidth > window.innerWidth"
    assert not page.evaluate(sideways)
    page.locator(".qa-citation").first.click()
    expect(page.locator("#qa-panel mark")).to_be_in_viewport()
    page.wait_for_timeout(400)  # it slides
    assert box_is_inside(page, "#qa-panel .qa-close", "body")
    assert not page.evaluate(sideways)
    page.get_by_role("button", name="Close the source").click()
    expect(page.get_by_label("Question")).to_be_in_viewport()
    expect(page.locator("#qa-panel")).to_be_hidden()


def test_questions_are_written_nowhere(page: Page, chat: Chat) -> None:
    """Not by us, and not by Gradio: its cache, its saved links and runs stay empty."""
    word = "xylographicquestion"
    ask(page, f"What is a {word}?")
    files = [path for path in chat.home.rglob("*") if path.is_file()]
    assert files, "the index is there"
    assert not [path for path in files if word.encode() in path.read_bytes()]
    assert word not in page.evaluate("JSON.stringify([localStorage, document.cookie])")


def test_the_server_connects_to_nothing(page: Page, chat: Chat) -> None:
    """No telemetry, no look for a newer version, no model fetched."""
    ask(page, LEAVE)
    assert (chat.home / "connections").read_text(encoding="utf-8") == ""


@pytest.mark.skipif("QA_BOT_SCREENSHOTS" not in os.environ, reason="made on request")
def test_make_the_screenshot_of_the_readme(browser: Browser, tmp_path: Path) -> None:
    qa_bot.build_index(ROOT / "documents", tmp_path / "index")  # as at a second start: no news
    with running_chat(tmp_path, ROOT / "documents") as chat:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(chat.url)
        ask(page, "What is the principle of collective defense?")
        page.locator(".qa-citation").first.click()
        expect(page.locator("#qa-panel mark").first).to_be_in_viewport()
        page.get_by_label("Question").focus()
        page.mouse.move(0, 0)
        expect(page.locator("#qa-status")).to_have_text(re.compile("indexed"))
        page.screenshot(path=ROOT / "docs" / "chat.png")
        page.close()
