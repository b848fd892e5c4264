"""What lasts and what is heard of: conversations in the visitor's browser, news, checked quotes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import (
    ANSWER_MS,
    HANDBOOK,
    LEAVE,
    LEAVE_SENTENCE,
    Chat,
    ask,
    running_chat,
    wait_until_built,
)
from playwright.sync_api import BrowserContext, Page, expect
from test_web_access import violations

import qa_bot

pytestmark = pytest.mark.xdist_group("browser-memory")

OTTERS = "Otters sleep on their backs, holding hands. They wake at dawn."
HOSTILE = '<img src=x onerror="window.hit=1"> </script><script>window.hit=2</script>'
BITES = f"The sign says {HOSTILE} and it bites."
WIDE = {"width": 1440, "height": 900}
NEWS_MS = 3_000


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    home = tmp_path_factory.mktemp("memory")
    documents = home / "documents"
    documents.mkdir()
    (documents / "handbook.md").write_text(HANDBOOK, encoding="utf-8")
    (documents / "otters.txt").write_text(f"{OTTERS}\n\n{BITES}\n", encoding="utf-8")
    with running_chat(Chat(home, documents)) as chat:
        yield chat


def kept(page: Page) -> list[dict[str, object]]:
    return list(
        page.evaluate(
            """() => new Promise((done) => {
              const request = indexedDB.open('qa-bot', 1);
              request.onsuccess = () => {
                const all = request.result.transaction('conversations')
                  .objectStore('conversations').getAll();
                all.onsuccess = () => { request.result.close(); done(all.result); };
              };
            })"""
        )
    )


def test_a_conversation_survives_a_reload_and_a_restart_and_its_quotes_are_read_again(
    page: Page, context: BrowserContext, chat: Chat
) -> None:
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    turn = ask(page, LEAVE)
    expect(page.locator("#qa-panel mark").first).to_be_visible()  # opened with the first answer
    link = page.url
    ask(page, "Who composed the opera Turandot?")
    page.wait_for_function("() => document.querySelectorAll('.qa-turn').length === 2")
    page.goto("about:blank")  # an open page loads again by itself, and would race what follows
    chat.stop()
    chat.start()
    page.goto(link)
    expect(page.locator(".qa-turn")).to_have_count(2, timeout=ANSWER_MS)
    turn = page.locator(".qa-turn").first
    expect(turn.locator("mark").first).to_have_text(LEAVE_SENTENCE)
    expect(turn.get_by_text("Does this answer it?")).to_be_visible()
    expect(page.locator("#qa-panel mark").first).to_have_text(LEAVE_SENTENCE)
    (only,) = kept(page)
    assert only["name"] == LEAVE
    assert LEAVE_SENTENCE not in json.dumps(only), "places are kept, no words of documents"
    assert LEAVE not in "".join(
        file.read_bytes().decode("utf-8", "replace")
        for file in chat.home.rglob("*")
        if file.is_file()
    )
    assert violations(page) == []
    page.close()
    page = context.new_page()  # the next day
    page.goto("/")
    page.get_by_role("button", name=LEAVE).click()
    expect(page.locator(".qa-turn")).to_have_count(2)
    expect(page.locator(".qa-turn mark").first).to_have_text(LEAVE_SENTENCE)


def test_conversations_are_listed_searched_renamed_exported_and_forgotten(
    page: Page, tmp_path: Path
) -> None:
    ask(page, LEAVE)
    page.get_by_role("button", name="Conversations", exact=True).click()
    dialog = page.get_by_role("dialog", name="Conversations")
    dialog.get_by_role("button", name=f"Rename: {LEAVE}").click()
    dialog.get_by_label("Name of the conversation").fill(HOSTILE)
    page.keyboard.press("Enter")
    expect(dialog.locator("li")).to_contain_text(HOSTILE)
    assert violations(page) == []
    dialog.get_by_label("Search the conversations").fill("nothing like it")
    expect(dialog.locator("li")).to_have_count(0)
    dialog.get_by_label("Search the conversations").fill("paid leave")
    with page.expect_download() as download:
        dialog.get_by_role("button", name=f"Export: {HOSTILE}").click()
    file = tmp_path / "kept.json"
    download.value.save_as(file)
    dialog.get_by_role("button", name="Forget everything").click()
    dialog.get_by_role("button", name="Forget all of them?").click()
    expect(dialog).to_contain_text("No conversation is kept")
    expect(page.locator(".qa-turn")).to_have_count(0)
    assert kept(page) == []

    bad = tmp_path / "bad.json"
    bad.write_text('{"turns": [{"question": 7}]}')
    dialog.get_by_label("File of a conversation").set_input_files(bad)
    expect(dialog).to_contain_text("The file holds no conversation.")
    forged = json.loads(file.read_text())
    quote = forged["turns"][0]["quotes"][0]
    forged["turns"] += [
        {"question": HOSTILE, "found": True, "confidence": 1, "quotes": [HOSTILE], "hits": []},
        {"question": "Gone?", "quotes": [quote.replace("quote=", "quote=0")], "hits": []},
        {"question": "Moved?", "quotes": ["?quote=" + "0" * 16 + ":0-9"], "hits": []},
        {
            "question": "Both?",
            "quotes": [],
            "hits": [],
            "compared": [
                {"name": HOSTILE, "found": True, "quotes": [HOSTILE]},
                {"name": "handbook.md", "found": True, "quotes": [quote]},
            ],
        },
    ]
    file.write_text(json.dumps(forged))
    dialog.get_by_label("File of a conversation").set_input_files(file)
    expect(page.locator(".qa-turn")).to_have_count(5, timeout=ANSWER_MS)
    expect(page.locator(".qa-turn mark").first).to_have_text(LEAVE_SENTENCE)
    expect(page.locator(".qa-turn").nth(1)).to_contain_text(HOSTILE)
    expect(page.locator(".qa-turn").nth(1).locator("blockquote")).to_have_count(0)
    expect(page.locator(".qa-turn").nth(3)).to_contain_text("can’t be shown")
    columns = page.locator(".qa-turn").nth(4).locator(".qa-column")
    expect(columns.nth(0)).to_contain_text(HOSTILE)
    expect(columns.nth(0)).to_contain_text("can’t be shown")
    expect(columns.nth(1).locator("mark")).to_have_text(LEAVE_SENTENCE)
    assert page.evaluate("window.hit") is None


def test_a_quote_is_verified_near_or_not_found_and_opens_in_its_source(page: Page) -> None:
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    expect(page.locator("#qa-status")).to_contain_text("2 documents", timeout=ANSWER_MS)
    page.get_by_role("button", name="Check a quote").click()
    field, found = page.get_by_label("Text to check"), page.locator("#qa-checked")
    button = page.get_by_role("button", name="Check", exact=True)
    field.fill("otters sleep\non their backs,  holding hands")
    button.click()
    expect(found).to_contain_text("Verified: word for word.")
    field.fill(BITES.replace("sign", "poster"))
    button.click()
    expect(found).to_contain_text("Near")
    expect(found.locator("mark")).to_have_text("sign")
    expect(found.locator("li")).to_have_text("poster stands for sign")
    assert violations(page) == []
    field.fill(f"{HOSTILE} frigates of Lake Constance, which nobody ever wrote about here at all")
    button.click()
    expect(found).to_contain_text("Not found")
    field.fill(BITES.replace("bites", "barks"))
    button.click()
    expect(found.locator("del")).to_have_text("barks")
    found.locator(".qa-citation").click()
    expect(page.locator("#qa-panel .qa-source-text")).to_contain_text(HOSTILE)
    assert page.evaluate("window.hit") is None


def test_two_documents_are_compared_and_one_that_says_nothing_says_so(page: Page) -> None:
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    expect(page.locator("#qa-status")).to_contain_text("documents", timeout=ANSWER_MS)
    page.get_by_label("Question", exact=True).fill(LEAVE)
    page.keyboard.press("Control+k")
    page.keyboard.type("compare")
    page.keyboard.press("Enter")
    columns = page.locator(".qa-column")
    expect(columns).to_have_count(2, timeout=ANSWER_MS)
    expect(columns.nth(0).locator("mark").first).to_have_text(LEAVE_SENTENCE)
    expect(columns.nth(1)).to_contain_text("Nothing in this one.")
    assert violations(page) == []
    page.reload()
    expect(columns).to_have_count(2, timeout=ANSWER_MS)
    expect(columns.nth(0).locator("mark").first).to_have_text(LEAVE_SENTENCE)
    expect(columns.nth(1)).to_have_text("ottersNothing in this one.", use_inner_text=False)
    page.get_by_text("Save quotes").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    assert LEAVE_SENTENCE in download.value.path().read_text(encoding="utf-8-sig")
    page.get_by_role("button", name="Documents", exact=True).click()
    page.locator('.qa-choose[value="otters.txt"]').uncheck()
    expect(page.locator(".qa-scope")).to_contain_text("Asking 1 of 2")
    page.get_by_role("link", name="Read otters.txt").click()
    expect(page.locator("#qa-panel h2")).to_have_text("otters")
    page.locator("#qa-panel").get_by_label("Find in this document").fill("holding   HANDS")
    expect(page.locator("#qa-panel .qa-find")).to_contain_text("1 of 1")
    expect(page.locator("#qa-panel .qa-now")).to_have_text("holding hands")
    expect(page.get_by_label("Find in this document")).to_be_focused()
    assert violations(page) == []
    page.get_by_role("button", name="Ask this document").click()
    expect(page.get_by_label("Question", exact=True)).to_be_focused()


def test_the_keys_reach_everything(page: Page) -> None:
    ask(page, LEAVE)
    page.locator(".qa-question").click()
    page.keyboard.press("j")
    expect(page.locator(".qa-turn .qa-citation").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#qa-panel mark").first).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="What to do")
    expect(palette).to_be_visible()
    assert violations(page) == []
    page.keyboard.type("check")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Text to check")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_label("Question", exact=True)).to_be_focused()


def test_the_divider_is_moved_by_keys_and_remembered(page: Page) -> None:
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    expect(page.locator("#qa-side")).to_be_hidden()
    page.get_by_role("button", name="Check a quote").click()
    divider = page.get_by_role("separator", name="Width of the conversation")
    before = page.locator("#qa-chat").bounding_box()
    divider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    after = page.locator("#qa-chat").bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] > before["width"] + 100
    page.reload()
    page.get_by_role("button", name="Check a quote").click()
    expect(divider).to_have_attribute("aria-valuenow", "56")


def test_an_idle_page_hears_of_changed_files_and_of_anothers_index(page: Page, chat: Chat) -> None:
    with page.expect_response("**/events"):
        page.reload()
    turn = ask(page, LEAVE)
    begun = time.monotonic()
    page.get_by_role("button", name="Documents", exact=True).click()
    expect(page.locator(".qa-doc").first).to_be_visible()
    clicked = 1000 * (time.monotonic() - begun)
    page.wait_for_timeout(1_500)  # the stream has told what there is
    news = max(NEWS_MS, 20 * clicked)  # on a slow machine, as many times what a click takes
    handbook = chat.documents / "handbook.md"
    handbook.write_text(HANDBOOK + "\nIt ends here.\n", encoding="utf-8")
    expect(turn.locator(".qa-badge").first).to_have_text("changed since indexed", timeout=news)
    qa_bot.build_index(chat.documents, chat.index)
    (chat.documents / "herons.txt").write_text("Herons sleep standing on one leg.")
    qa_bot.build_index(chat.documents, chat.index)
    expect(page.locator("#qa-status")).to_contain_text("3 documents", timeout=2 * news)
    wait_until_built(page)
