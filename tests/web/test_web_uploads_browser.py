"""Adding and deleting documents as a visitor does it: in a real browser, with the real core."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import (
    ANSWER_MS,
    HANDBOOK,
    Chat,
    Visit,
    ask,
    open_documents,
    running_chat,
    wait_until_built,
)
from playwright.sync_api import Browser, FilePayload, Page, expect

pytestmark = pytest.mark.xdist_group("browser")

EREBUS = "Mount Erebus is the southernmost active volcano on Earth."
VOLCANO = "Which is the southernmost active volcano on Earth?"


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    home = tmp_path_factory.mktemp("uploads")
    documents = home / "documents"
    documents.mkdir()
    (documents / "handbook.md").write_text(HANDBOOK, encoding="utf-8")
    with running_chat(Chat(home, documents, ("--allow-uploads",))) as chat:
        yield chat


def upload(name: str, text: str) -> FilePayload:
    return {"name": name, "mimeType": "text/plain", "buffer": text.encode()}


def send(page: Page, *files: FilePayload) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Add files").click()
    chooser.value.set_files(files)


def test_a_file_is_added_asked_about_and_deleted(page: Page, chat: Chat, visit: Visit) -> None:
    pane = open_documents(page)
    wait_until_built(page)
    changes = page.locator("#qa-changes")
    name = "volcano (1).txt"
    send(page, upload(name, EREBUS), upload("film.mp4", "no text"))
    expect(changes).to_contain_text(f"Added {name}.")
    expect(changes).to_contain_text("film.mp4 is not added: only .csv")
    expect(page.locator("#qa-receipt")).to_contain_text("1 added", timeout=ANSWER_MS)
    listed = pane.locator(".qa-doc", has_text=name)
    expect(listed).to_be_visible()
    turn = ask(page, VOLCANO)
    expect(turn.locator(".qa-quote mark").first).to_have_text(EREBUS)
    expect(turn.locator(".qa-citation").first).to_contain_text("volcano")

    send(page, upload(name, EREBUS))
    expect(changes).to_contain_text(f"{name} is already among the documents: nothing was added")
    send(page, upload(name, f"{EREBUS} It stands on Ross Island."))
    question = changes.get_by_role("group", name=name)
    expect(question).to_contain_text(f"{name} is already among the documents:")
    expect(question.get_by_role("button", name="Leave out")).to_be_focused()
    question.get_by_role("button", name="Keep both").click()
    expect(changes).to_contain_text("Added volcano (1) (2).txt")
    second = pane.locator(".qa-doc", has_text="volcano (1) (2).txt")
    expect(second).to_be_visible(timeout=ANSWER_MS)
    assert (chat.documents / name).read_text(encoding="utf-8") == EREBUS

    second.get_by_role("button", name="Delete").click()
    question = changes.get_by_role("group", name="Delete volcano (1) (2).txt")
    expect(question).to_contain_text("It can’t be brought back from here.")
    expect(question.get_by_role("button", name="Keep")).to_be_focused()
    question.get_by_role("button", name="Keep").click()
    expect(question).to_have_count(0)
    second.get_by_role("button", name="Delete").click()
    question.get_by_role("button", name="Delete").click()
    expect(changes).to_contain_text("Deleted volcano (1) (2).txt.")
    expect(second).to_have_count(0, timeout=ANSWER_MS)
    expect(listed).to_be_visible()
    assert {path.name for path in chat.documents.iterdir()} == {"handbook.md", name}
    assert list((chat.index / "uploads").iterdir()) == []
    assert list((chat.home / "temporary").rglob("*.txt")) == []
    refused = [one for one in visit.complaints if "422" in one]
    assert len(refused) == 1, "of the file that is not read; the browser notes the reply"
    visit.complaints.remove(refused[0])


def test_a_file_is_dropped_onto_the_documents(page: Page, chat: Chat) -> None:
    open_documents(page)
    wait_until_built(page)
    page.evaluate(
        """() => {
            const dropped = new DataTransfer();
            dropped.items.add(new File(['Lambert is a glacier.'], '../glacier.txt'));
            const event = { dataTransfer: dropped, bubbles: true, cancelable: true };
            document.querySelector('#qa-listed').dispatchEvent(new DragEvent('drop', event));
        }"""
    )
    expect(page.locator("#qa-changes")).to_contain_text("Added glacier.txt")
    text = (chat.documents / "glacier.txt").read_text(encoding="utf-8")
    assert text == "Lambert is a glacier."
    wait_until_built(page)


def test_without_the_flag_nothing_is_offered(browser: Browser, tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "handbook.md").write_text(HANDBOOK, encoding="utf-8")
    with running_chat(Chat(tmp_path, documents)) as chat:
        page = browser.new_page(base_url=chat.url)
        page.goto("/")
        pane = open_documents(page)
        expect(pane.get_by_role("button", name="Rebuild index")).to_be_visible()
        expect(page.get_by_role("button", name="Add files")).to_have_count(0)
        expect(page.locator(".qa-delete")).to_have_count(0)
        assert page.request.post("/upload?name=a.txt", data="a").status == 403
        page.close()
    assert {path.name for path in documents.iterdir()} == {"handbook.md"}
