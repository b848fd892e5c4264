"""What the chat says while its index is still being built, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browsing import ANSWER_MS, HANDBOOK, LEAVE, LEAVE_SENTENCE, Chat, running_chat
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.xdist_group("browser")

# So many paragraphs that building takes longer than the page, however fast the machine.
FILLER = "\n\n".join(
    f"In week {number} the harbour office counted {number * 37 % 991} boats, and wrote down their "
    f"names, their owners, how long they stayed at berth {number % 83}, what they paid, who had "
    "kept the watch, and whether the lamps along the mole had burned from dusk until the morning."
    for number in range(2_000)
)


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    home = tmp_path_factory.mktemp("waiting")
    documents = home / "documents"
    documents.mkdir()
    (documents / "handbook.md").write_text(HANDBOOK, encoding="utf-8")
    (documents / "harbour.txt").write_text(FILLER, encoding="utf-8")
    with running_chat(Chat(home, documents)) as chat:
        yield chat


def test_a_question_asked_at_once_waits_can_be_stopped_and_is_answered(page: Page) -> None:
    page.get_by_label("Question", exact=True).fill(LEAVE)
    page.keyboard.press("Enter")
    turn = page.locator(".qa-turn")
    expect(turn).to_contain_text("Waiting for the index")
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_hidden()
    page.get_by_role("button", name="Stop").click()
    expect(turn).to_contain_text("Stopped.")
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    turn.get_by_role("button", name="Edit").click()
    expect(page.get_by_label("Question", exact=True)).to_have_value(LEAVE)
    page.keyboard.press("Enter")
    expect(turn.locator("mark").first).to_have_text(LEAVE_SENTENCE, timeout=ANSWER_MS)
    expect(turn).to_have_count(1)
    expect(page.locator(".qa-error, .qa-pending")).to_have_count(0)
