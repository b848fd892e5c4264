"""Conversations in the chat as a visitor has them: followed, asked alone, asked back."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest
from browsing import ANSWER_MS, Chat, ask, running_chat
from conftest import ARTICLE, DOCUMENTS
from playwright.sync_api import Browser, Page, expect
from talking import ABOUT_ARTICLE, OVER_REPORTS, write_reports

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    home = tmp_path_factory.mktemp("following")
    documents = home / "documents"
    documents.mkdir()
    write_reports(documents)
    shutil.copy(DOCUMENTS / ARTICLE, documents)
    with running_chat(Chat(home, documents)) as chat:
        yield chat


def test_two_conversations_are_followed(page: Page) -> None:
    for question, phrase in (*ABOUT_ARTICLE, *OVER_REPORTS):
        turn = ask(page, question)
        expect(turn).to_contain_text(re.compile(r"\s+".join(map(re.escape, phrase.split()))))


def test_what_was_searched_is_shown_and_asked_alone_by_a_click(page: Page) -> None:
    ask(page, "How many people did the Harbour Authority employ in 2021?")
    turn = ask(page, "And in 2022?")
    understood = turn.locator(".qa-understood")
    expect(understood).to_contain_text("Harbour Authority employ in 2022?")
    understood.get_by_role("button", name="ask it alone").click()
    expect(turn.locator(".qa-understood")).to_have_count(0, timeout=ANSWER_MS)
    expect(page.locator(".qa-question")).to_have_text(
        ["How many people did the Harbour Authority employ in 2021?", "And in 2022?"]
    )


def test_what_is_asked_back_is_answered_by_a_click(page: Page) -> None:
    turn = ask(page, "Summarise this report")
    options = turn.locator(".qa-option")
    expect(options).to_have_count(4)
    options.filter(has_text="Zoological Garden").click()
    expect(page.locator(".qa-turn").last).to_contain_text("203 people", timeout=ANSWER_MS)


def test_another_visitor_is_told_nothing(page: Page, chat: Chat, browser: Browser) -> None:
    """Nor is anything of a conversation written where the chat keeps its index."""
    ask(page, "Which xylographicword did the Harbour Authority employ in 2021?")
    other = browser.new_context(base_url=chat.url).new_page()
    other.goto("/")
    turn = ask(other, "And in 2022?")
    expect(turn.locator(".qa-understood")).to_have_count(0)
    expect(other.locator("body")).not_to_contain_text("xylographicword")
    other.context.close()
    files = [path for path in chat.home.rglob("*") if path.is_file()]
    assert [path.name for path in files if b"xylographicword" in path.read_bytes()] == []
