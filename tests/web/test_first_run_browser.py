"""The first minutes: an empty folder, files put in or dropped by who started it, first answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import ANSWER_MS, HANDBOOK, LEAVE, LEAVE_SENTENCE, Chat, Visit, ask, running_chat
from playwright.sync_api import Page, expect
from test_web_access import violations

pytestmark = pytest.mark.xdist_group("browser-first")

OTTERS = "# Otters\n\n## Sleep of otters\n\nOtters sleep on their backs, holding hands."


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Chat]:
    documents = tmp_path / "documents"
    documents.mkdir()
    with running_chat(Chat(tmp_path, documents)) as chat:
        yield chat


def drop(page: Page, name: str, text: str) -> None:
    page.evaluate(
        """([name, text]) => {
            const dropped = new DataTransfer();
            dropped.items.add(new File([text], name));
            const event = { dataTransfer: dropped, bubbles: true, cancelable: true };
            document.querySelector('.qa-welcome').dispatchEvent(new DragEvent('drop', event));
        }""",
        [name, text],
    )


def test_who_started_it_drops_the_first_files_and_asks(page: Page, chat: Chat) -> None:
    page.goto("about:blank")
    page.goto(chat.owners_url)
    expect(page.get_by_text("Drop files anywhere on this page")).to_be_visible(timeout=ANSWER_MS)
    assert page.url == chat.url, "the key leaves the address: it is no part of a link to a quote"
    assert violations(page) == []
    drop(page, "handbook.md", HANDBOOK)
    expect(page.locator("#qa-changes")).to_contain_text("Added handbook.md.")
    turn = ask(page, LEAVE)
    expect(turn.locator("mark").first).to_have_text(LEAVE_SENTENCE)
    drop(page, "handbook.md", "Another text.")
    question = page.locator("#qa-changes").get_by_role("group", name="handbook.md")
    expect(question.get_by_role("button")).to_have_text(["Keep both", "Leave out"])
    question.get_by_role("button", name="Leave out").click()
    expect(page.locator(".qa-delete")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("button", name="Documents", exact=True)).to_be_visible()
    page.get_by_role("button", name="Documents", exact=True).click()
    expect(page.get_by_role("button", name="Add files")).to_be_visible(timeout=ANSWER_MS)
    assert (chat.documents / "handbook.md").read_text(encoding="utf-8") == HANDBOOK


def test_others_are_told_where_to_put_files_which_are_read_at_once(
    page: Page, chat: Chat, visit: Visit
) -> None:
    welcome = page.locator(".qa-welcome")
    expect(welcome).to_contain_text(str(chat.documents), timeout=ANSWER_MS)
    expect(welcome).to_contain_text("open it with the address that the terminal shows")
    expect(page.get_by_text("Drop files anywhere on this page")).to_be_hidden()
    drop(page, "otters.md", OTTERS)
    key = chat.owners_url.partition("#key=")[2]
    for headers in (
        {},
        {"x-qa-bot-key": "x" * len(key)},
        {"x-qa-bot-key": key},  # from no page
        {"x-qa-bot-key": key, "origin": chat.url[:-1], "x-forwarded-for": "10.0.0.1"},
    ):
        reply = page.request.post("/upload?name=a.txt", data="a", headers=headers)
        assert reply.status == 403
        assert page.request.post("/owner", headers=headers).text() == ""
    assert list(chat.documents.iterdir()) == []
    (chat.documents / "otters.md").write_text(OTTERS, encoding="utf-8")
    start = page.locator(".qa-start")
    expect(start).to_have_text("What is said about Sleep of otters?", timeout=ANSWER_MS)
    assert violations(page) == []
    start.click()
    expect(page.locator(".qa-turn mark").first).to_contain_text("Otters sleep on their backs")
    assert visit.complaints == []
