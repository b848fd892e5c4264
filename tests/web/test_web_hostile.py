"""Documents and file names that mean harm are shown as text: nothing runs, nothing is fetched."""

from __future__ import annotations

import csv
import http.client
import io
from collections.abc import Iterator
from contextlib import suppress

import docx
import pytest
from browsing import (
    Chat,
    Visit,
    ask,
    open_documents,
    running_chat,
    scrolls_sideways,
    wait_until_built,
)
from playwright.sync_api import BrowserContext, Error, Locator, Page, expect
from quoting import block_quotes, shown, uncelled

pytestmark = pytest.mark.xdist_group("browser")

TURN = "\u202e"  # turns writing round: "exe.txt" can look like "txt.exe"
HOSTILE = (
    'The quokka password rule is <script>window.hit="script"</script> '
    '<img src="http://evil.example/a.png" onerror="window.hit=1"> **bold** $$x^2$$ '
    "![i](http://evil.example/b.png) [link](javascript:window.hit=2) </blockquote></mark> "
    f"&lt;b&gt; {{{{1+1}}}} ${{1+1}} {TURN}drowssap for every quokka."
)
HOSTILE_NAME = '<b onmouseover="window.hit=3">quokka<img src=x onerror=alert(1)>.txt'
TURNED_NAME = f"gnu{TURN}txt.exe.txt"
WEB_PAGE = (
    "<html><body><script>window.hit = 4; fetch('http://evil.example/c')</script>"
    '<img src="http://evil.example/d.png" onerror="window.hit=5">'
    "<p>The axolotl decree was signed in a cellar.</p></body></html>"
)
HEADING = '<img src=x onerror="window.hit=8"> $$x$$ <i>fee</i>'
IN_MARKDOWN = HEADING.replace("<", "\\<")  # where a tag is one unless it is escaped
FORMULA = '=HYPERLINK("http://evil.example/e","The pangolin gate is open at night.")'
RULE = "What is the quokka password rule?"
QUOTES = "figure:not(.qa-hit) blockquote"


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    home = tmp_path_factory.mktemp("hostile")
    documents = home / "documents"
    documents.mkdir()
    files = {
        HOSTILE_NAME: HOSTILE,
        TURNED_NAME: "The gnu parade begins at the lighthouse.",
        "decree.html": WEB_PAGE,
        "formula.txt": FORMULA,
        "notes.md": f"# Fees\n\n## {IN_MARKDOWN}\n\nThe tapir fee is nine crowns.\n\n## Others\n",
        "line.txt": "The okapi vault is under the stairs. " + "dust " * 200_000,
        "unread.bin": "secret",
    }
    for name, text in files.items():
        (documents / name).write_text(text, encoding="utf-8")
    (home / "outside.txt").write_text("secret", encoding="utf-8")
    with running_chat(Chat(home, documents)) as chat:
        yield chat


@pytest.fixture(autouse=True)
def nothing_ran_or_was_fetched(visit: Visit, context: BrowserContext) -> Iterator[None]:
    """After every test: no script of a document ran, and all requests are the page's own."""
    yield
    for page in context.pages:
        assert page.evaluate("window.hit") is None
    own = (
        *("gradio", "assets/", "static/", "theme.css", "file/", "page/", "config", "favicon"),
        *("events", "manifest", "svelte", "heartbeat", "?quote="),
    )
    for url in visit.requests:
        path = url.partition("://")[2].partition("/")[2]
        assert path == "" or path.startswith(own) or url.startswith("data:"), url


def check_plain(part: Locator) -> None:
    """There is nothing but the page's own markup in it."""
    strange = "script, img, b, strong, em, iframe, .katex, a[href^='javascript'], [onerror]"
    expect(part.locator(strange)).to_have_count(0)


def test_a_hostile_document_is_shown_as_text(page: Page) -> None:
    turn = ask(page, RULE)
    quote = turn.locator(QUOTES).first
    assert quote.text_content() == HOSTILE
    check_plain(page.locator("#qa-conversation"))
    turn.locator(".qa-citation").first.hover()
    turn.locator(".qa-citation").first.click()
    panel = page.locator("#qa-panel")
    expect(panel).to_contain_text(HOSTILE_NAME)
    assert panel.locator(".qa-source-text .qa-text").text_content() == HOSTILE
    check_plain(panel)
    pane = open_documents(page)
    entry = pane.locator(".qa-doc", has_text=HOSTILE_NAME)
    expect(entry).to_be_visible()
    entry.hover()
    check_plain(page.locator("#qa-documents, #qa-status, #qa-below"))


def test_a_hostile_heading_is_shown_as_text(page: Page) -> None:
    wait_until_built(page)
    starts = page.locator(".qa-start, .qa-start-section span")
    expect(starts.filter(has_text=HEADING).first).to_be_visible()
    check_plain(page.locator("#qa-welcome"))
    ask(page, "What is the tapir fee?").locator(".qa-citation").first.click()
    expect(page.locator(".qa-outline .qa-section").first).to_have_text(HEADING)
    expect(page.locator("#qa-panel .qa-path")).to_contain_text(HEADING)
    check_plain(page.locator("#qa-panel, #qa-conversation"))


def test_a_hostile_question_is_shown_as_text(page: Page) -> None:
    question = '<img src=x onerror="window.hit=6"> **paid** $$leave$$ <script>window.hit=7</script>'
    ask(page, question)
    expect(page.locator(".qa-question")).to_have_text(question)
    check_plain(page.locator("#qa-conversation"))


def test_a_name_cannot_turn_writing_round(page: Page) -> None:
    turn = ask(page, "Where does the gnu parade begin?")
    turn.locator(".qa-citation").first.click()
    expect(page.locator("#qa-panel .qa-file")).to_have_text("gnu⟨U+202E⟩txt.exe.txt")
    pane = open_documents(page)
    expect(pane.locator(".qa-file", has_text="gnu")).to_have_text("gnu⟨U+202E⟩txt.exe.txt")
    for part in ("#qa-top", "#qa-conversation", "#qa-side"):
        assert TURN not in (page.locator(part).text_content() or ""), part


def test_a_line_of_a_megabyte_is_shown_in_part(page: Page) -> None:
    turn = ask(page, "Where is the okapi vault?")
    expect(turn.locator("mark").first).to_contain_text("under the stairs")
    turn.locator(".qa-citation").first.click()
    source = page.locator("#qa-panel .qa-source-text")
    expect(source.locator("mark")).to_be_in_viewport()
    assert len(source.text_content() or "") < 100_000
    assert not scrolls_sideways(page)
    source.get_by_role("button", name="Show what comes after").click()
    expect(source.get_by_role("button", name="Show what comes before")).to_be_attached()


def test_saved_sheets_hold_hostile_quotes_as_text(page: Page) -> None:
    turns = [ask(page, RULE), ask(page, "Is the pangolin gate open at night?")]
    quoted = [text or "" for one in turns for text in one.locator(QUOTES).all_text_contents()]
    assert {HOSTILE, FORMULA} <= set(quoted)
    saved: dict[str, bytes] = {}
    for form in ("Markdown", "CSV", "Word"):
        page.get_by_text("Save quotes").click()
        with page.expect_download() as download:
            page.get_by_role("button", name=form, exact=True).click()
        saved[form] = download.value.path().read_bytes()
    blocks = block_quotes(saved["Markdown"].decode("utf-8"))  # no HTML, no images: it asserts
    assert [shown(block[0])[0] for block in blocks] == [f"“{quote}”" for quote in quoted]
    rows = list(csv.DictReader(io.StringIO(saved["CSV"].decode("utf-8-sig"), newline="")))
    assert [uncelled(row["quote"]) for row in rows] == quoted
    assert not any(cell.startswith("=") for row in rows for cell in row.values())
    word = docx.Document(io.BytesIO(saved["Word"])).paragraphs
    assert [one.text for one in word if one.style.name == "Quote"] == quoted


def test_a_web_page_among_the_documents_is_saved_and_never_run(
    chat: Chat, page: Page, context: BrowserContext
) -> None:
    pane = open_documents(page)
    with context.expect_page() as opened:
        pane.get_by_role("link", name="Open formula.txt").click()
    expect(opened.value.locator("body")).to_have_text(FORMULA)
    other = context.new_page()
    with other.expect_download() as download, suppress(Error):  # a page is not what comes of it
        other.goto("/file/decree.html")
    assert download.value.path().read_text(encoding="utf-8") == WEB_PAGE
    for name in ("decree.html", "notes.md"):
        _, _, headers = served(chat, f"/file/{name}")
        kind, shown_as = headers["content-type"], headers["content-disposition"]
        assert shown_as.startswith("attachment") or kind.startswith("text/plain")
        assert headers["x-content-type-options"] == "nosniff"
        assert "script-src 'none'" in headers["content-security-policy"]


def served(chat: Chat, path: str) -> tuple[int, str, dict[str, str]]:
    """What the server says to a path that is sent as it stands."""
    connection = http.client.HTTPConnection("127.0.0.1", chat.port, timeout=30)
    connection.putrequest("GET", path)
    connection.endheaders()
    response = connection.getresponse()
    body = response.read().decode("utf-8", "replace")
    connection.close()
    return response.status, body, {name.lower(): value for name, value in response.getheaders()}


ELSEWHERE = """
/file/../../etc/passwd
/file/../outside.txt
/file/%2e%2e/outside.txt
/file/..%2foutside.txt
/file/..%5coutside.txt
/file/%252e%252e%252foutside.txt
/file//etc/passwd
/file/%2fetc%2fpasswd
/file/..%00/outside.txt
/file/unread.bin
/file/../index/qa_bot.sqlite
/file/index/qa_bot.sqlite
/file/.
/file/
/page/0123456789abcdef/1
/page/../../etc/passwd/1
""".split()


def test_only_documents_are_served(chat: Chat, page: Page) -> None:
    wait_until_built(page)
    assert served(chat, "/file/formula.txt")[:2] == (200, FORMULA)
    for path in ELSEWHERE:
        status, body, _ = served(chat, path)
        assert status == 404, path
        assert "secret" not in body
        assert "root:" not in body
