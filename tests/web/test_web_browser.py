"""The chat as its user meets it: the real server, the real core, a real browser."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import docx
import pytest
from browsing import (
    ANSWER_MS,
    HANDBOOK,
    LEAVE,
    LEAVE_SENTENCE,
    Chat,
    Visit,
    ask,
    open_documents,
    running_chat,
    wait_until_built,
)
from conftest import paragraphs
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from quoting import block_quotes, shown

import qa_bot

pytestmark = pytest.mark.xdist_group("browser")

QUOTES = "figure:not(.qa-hit) blockquote"
INTERNS = "Interns receive eleven days of paid leave every year.\n"
LIFT = "Who services the lift of building 7?"


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    home = tmp_path_factory.mktemp("chat")
    documents = home / "documents"
    documents.mkdir()
    (documents / "handbook.md").write_text(HANDBOOK, encoding="utf-8")
    (documents / "interns.txt").write_text(INTERNS, encoding="utf-8")
    with running_chat(Chat(home, documents)) as chat:
        yield chat


def files_with(chat: Chat, words: str) -> list[str]:
    files = [path for path in chat.home.rglob("*") if path.is_file()]
    assert files, "the index is there"
    return [path.name for path in files if words.encode() in path.read_bytes()]


def test_a_first_visit_offers_questions_that_are_answered_and_sections_to_read(page: Page) -> None:
    starts = page.locator(".qa-start")
    expect(starts.first).to_be_visible(timeout=ANSWER_MS)
    question = starts.first.inner_text()
    section = page.locator(".qa-start-section span").first.inner_text()
    assert f"## {section}" in HANDBOOK
    assert section not in question, "what can be asked isn't offered twice"
    starts.first.click()
    expect(page.locator(".qa-question")).to_have_text(question)
    expect(page.locator(".qa-turn mark").first).to_be_visible(timeout=ANSWER_MS)
    expect(page.locator(".qa-welcome")).to_be_hidden()


def test_what_no_document_answers_is_said_plainly(page: Page) -> None:
    turn = ask(page, "Who composed the opera Turandot?")
    expect(turn).to_contain_text("Nothing here answers this clearly.")
    expect(turn).to_contain_text("No document contains")
    expect(turn).to_contain_text("not an answer")
    expect(turn.locator("mark")).to_have_count(0)


def test_an_empty_question_gets_a_gentle_message(page: Page) -> None:
    page.get_by_label("Question", exact=True).fill("?!")
    page.keyboard.press("Enter")
    expect(page.locator("#qa-notice")).to_have_text("Type a question first.")
    expect(page.locator(".qa-turn")).to_have_count(0)


def test_the_arrows_bring_earlier_questions_back(page: Page) -> None:
    box = page.get_by_label("Question", exact=True)
    ask(page, LEAVE)
    ask(page, LIFT)
    for key, question in [
        ("ArrowUp", LIFT),
        ("ArrowUp", LEAVE),
        ("ArrowUp", LEAVE),
        ("ArrowDown", LIFT),
        ("ArrowDown", ""),
    ]:
        box.press(key)
        expect(box).to_have_value(question)
    box.fill("What I am typing")
    box.press("ArrowUp")
    expect(box).to_have_value("What I am typing")
    box.fill("")
    box.press("ArrowUp")
    box.press("Enter")
    expect(page.locator(".qa-turn")).to_have_count(3)
    expect(page.locator(".qa-turn .qa-question").last).to_have_text(LIFT)


def test_an_edited_question_takes_the_place_of_the_old_one(page: Page) -> None:
    """And leaves the other answers alone, as far as they are unfolded."""
    ask(page, LIFT)
    ask(page, "Who approves a trip abroad?")
    ask(page, LIFT)
    turns = page.locator(".qa-turn")
    folds = page.locator(".qa-more > summary")
    folds.first.click()
    folds.last.click()
    turns.nth(1).get_by_role("button", name="Edit").click()
    expect(page.locator("#qa-notice")).to_contain_text("its answer is replaced")
    box = page.get_by_label("Question", exact=True)
    expect(box).to_have_value("Who approves a trip abroad?")
    expect(box).to_be_focused()
    box.fill(LEAVE)
    box.press("Enter")
    expect(turns.nth(1).locator("mark").first).to_have_text(LEAVE_SENTENCE)
    expect(turns.locator(".qa-question")).to_have_text([LIFT, LEAVE, LIFT])
    for other in (0, 2):
        expect(turns.nth(other).locator(".qa-more")).to_have_attribute("open", "")


def test_escape_leaves_a_question_that_was_being_edited_as_it_is(page: Page) -> None:
    turn = ask(page, LEAVE)
    turn.get_by_role("button", name="Edit").click()
    box = page.get_by_label("Question", exact=True)
    expect(box).to_have_value(LEAVE)
    box.press("Escape")
    expect(box).to_have_value("")
    ask(page, LIFT)
    expect(page.locator(".qa-question")).to_have_text([LEAVE, LIFT])


def test_undo_takes_the_last_question_back_into_the_box(page: Page) -> None:
    ask(page, LEAVE)
    turn = ask(page, LIFT)
    expect(page.get_by_role("button", name="Undo")).to_have_count(1)  # the last one's
    turn.get_by_role("button", name="Undo").click()
    expect(page.locator(".qa-question")).to_have_text([LEAVE])
    expect(page.get_by_label("Question", exact=True)).to_have_value(LIFT)


def test_only_the_chosen_document_is_quoted(page: Page) -> None:
    pane = open_documents(page)
    pane.get_by_role("button", name="Ask none").click()
    expect(page.locator("#qa-asked")).to_have_text("Asking 0 of 2 documents")
    page.get_by_label("Question", exact=True).fill(LEAVE)
    page.keyboard.press("Enter")
    expect(page.locator("#qa-notice")).to_contain_text("choose at least one")
    pane.get_by_role("checkbox").nth(1).check()
    expect(page.locator("#qa-asked")).to_have_text("Asking 1 of 2 documents")
    turn = ask(page, LEAVE)
    expect(turn.locator("mark").first).to_have_text(INTERNS.strip())
    cited = turn.locator(".qa-citation").evaluate_all("all => all.map(one => one.title)")
    assert all(title.endswith("(interns.txt)") for title in cited)
    turn.locator(".qa-citation").first.click()
    expect(page.locator("#qa-panel mark")).to_have_text(INTERNS.strip())
    expect(page.locator("#qa-asked")).to_have_text("Asking 1 of 2 documents")
    page.locator(".qa-scope").click()
    expect(pane.get_by_role("checkbox").nth(0)).not_to_be_checked()
    expect(pane.get_by_role("checkbox").nth(1)).to_be_checked()
    pane.get_by_role("button", name="Ask all").click()
    expect(page.locator("#qa-asked")).to_have_text("")
    expect(ask(page, LEAVE).locator("mark").first).to_have_text(LEAVE_SENTENCE)


def test_the_documents_can_be_filtered_and_sorted(page: Page) -> None:
    pane = open_documents(page)
    names = pane.locator(".qa-doc .qa-file")
    expect(names).to_have_text(["handbook.md", "interns.txt"])
    pane.get_by_label("Sort the documents").select_option("longest first")
    expect(names).to_have_text(["handbook.md", "interns.txt"])
    pane.get_by_label("Sort the documents").select_option("by title")
    expect(names).to_have_text(["interns.txt", "handbook.md"])  # "interns", "Staff handbook"
    pane.get_by_label("Filter the documents").fill("HAND staff")
    expect(names).to_have_text(["handbook.md"])
    pane.get_by_label("Filter the documents").fill("no such")
    expect(pane).to_contain_text("No document matches.")


def test_what_is_asked_is_ticked_however_the_list_is_sorted_and_filtered(page: Page) -> None:
    pane = open_documents(page)

    def shows(ticked: dict[str, bool]) -> None:
        expect(pane.locator(".qa-doc .qa-file")).to_have_text(list(ticked))
        for place, is_ticked in enumerate(ticked.values()):
            expect(pane.get_by_role("checkbox").nth(place)).to_be_checked(checked=is_ticked)

    pane.get_by_role("checkbox").nth(0).uncheck()
    expect(page.locator("#qa-asked")).to_have_text("Asking 1 of 2 documents")
    pane.get_by_label("Sort the documents").select_option("by title")
    shows({"interns.txt": True, "handbook.md": False})
    pane.get_by_label("Filter the documents").fill("hand")
    shows({"handbook.md": False})
    pane.get_by_role("button", name="Ask these").click()
    shows({"handbook.md": True})
    expect(page.locator("#qa-asked")).to_have_text("")
    pane.get_by_role("button", name="Ask none").click()
    shows({"handbook.md": False})
    pane.get_by_label("Filter the documents").fill("")
    shows({"interns.txt": True, "handbook.md": False})


@pytest.mark.parametrize("overtaken", ["a request", "an answer"])
def test_the_list_is_sorted_as_said_last_whatever_overtakes_what(
    page: Page, overtaken: str
) -> None:
    wait_until_built(page)
    expect(page.locator(".qa-doc").first).to_be_attached()
    held = _held_back(page)
    pane = open_documents(page)
    _another_list(page, _next(page, held).continue_)
    names, order = pane.locator(".qa-doc .qa-file"), pane.get_by_label("Sort the documents")
    by_length, by_title = ["handbook.md", "interns.txt"], ["interns.txt", "handbook.md"]
    order.select_option("longest first")
    order.select_option("by title")
    first, second = _next(page, held), _next(page, held)
    answer = first.fetch() if overtaken == "an answer" else None
    _another_list(page, second.continue_)
    expect(names).to_have_text(by_title)
    if answer is None:
        _another_list(page, first.continue_)
    else:
        _another_list(page, partial(first.fulfill, response=answer))
        expect(names).to_have_text(by_length)
        _another_list(page, _next(page, held).continue_)
    expect(names).to_have_text(by_title)


def _another_list(page: Page, let_go: Callable[[], None]) -> None:
    """Let a request go, and wait for the list of documents that it brings."""
    listed = page.locator("[data-made]")
    before = listed.get_attribute("data-made")
    assert before
    let_go()
    expect(listed).not_to_have_attribute("data-made", before)


def _held_back(page: Page) -> list[Route]:
    """What the page requests from now on, each until it is let go."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/gradio_api/run/predict**", hold)
    return held


def _next(page: Page, held: list[Route]) -> Route:
    """The request that was held back first, when there is one."""
    for _ in range(250):
        if held:
            return held.pop(0)
        page.wait_for_timeout(20)
    raise AssertionError("nothing was requested")


def test_an_answer_is_judged_in_one_line_and_can_be_kept(page: Page, chat: Chat) -> None:
    turn = ask(page, LEAVE)
    feedback, golden = chat.index / "feedback.jsonl", chat.index / "golden.jsonl"
    assert not feedback.exists(), "nothing is written of what is not judged"
    yes, no = (turn.get_by_role("button", name=name, exact=True) for name in ("Yes", "No"))
    yes.click()
    expect(yes).to_have_attribute("aria-pressed", "true")
    (line,) = feedback.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["question"] == LEAVE
    assert LEAVE_SENTENCE not in line, "the question, the verdict and a place; no text"
    assert not golden.exists()
    turn.get_by_role("button", name="Keep as a golden question").click()
    expect(turn.get_by_role("status")).to_have_text("Kept as a golden question.")
    (line,) = golden.read_text(encoding="utf-8").splitlines()
    kept = json.loads(line)
    assert kept["question"] == LEAVE
    assert kept["document"] == "handbook.md"
    no.click()
    expect(no).to_have_attribute("aria-pressed", "true")
    expect(yes).to_have_attribute("aria-pressed", "false")
    (verdict,) = qa_bot.read_feedback(chat.index).feedback
    assert verdict.verdict == "down", "the last one counts"
    assert len(feedback.read_text(encoding="utf-8").splitlines()) == 2


def test_a_quote_is_copied_exactly_with_its_citation(page: Page, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    turn = ask(page, LEAVE)
    quote = turn.locator("blockquote").first.inner_text()
    copied: dict[str, str] = {}
    for choice in ("Quote and citation", "As Markdown", "As BibTeX", "Link to this quote"):
        menu = turn.locator(".qa-copy").first
        menu.locator("summary").click()
        menu.get_by_role("button", name=choice).click()
        expect(menu.locator("summary")).to_have_text("Copied")
        expect(menu).not_to_have_attribute("open", "")
        copied[choice] = page.evaluate("navigator.clipboard.readText()")
    assert copied["Quote and citation"].startswith(f"“{quote}”")
    assert "Annual leave, ¶ 1" in copied["Quote and citation"]
    assert copied["As Markdown"].startswith("> ")
    assert copied["As BibTeX"].startswith("@")
    expect(turn.locator(".qa-copy summary").first).to_have_text("Copy")  # after a while, again
    other = context.new_page()
    other.goto(copied["Link to this quote"])
    expect(other.locator("#qa-panel mark")).to_have_text(LEAVE_SENTENCE)
    expect(other.locator("#qa-panel .qa-passage")).to_have_text(quote)


def test_a_saved_conversation_holds_every_quote_as_it_stands(page: Page) -> None:
    expect(page.get_by_text("Save quotes")).to_be_hidden()
    turn = ask(page, LEAVE)
    ask(page, "Who composed the opera Turandot?")
    quoted = turn.locator(QUOTES).all_inner_texts()
    assert quoted
    saved: dict[str, bytes] = {}
    for form in ("Markdown", "CSV", "Word"):
        page.get_by_text("Save quotes").click()
        with page.expect_download() as download:
            page.get_by_role("button", name=form, exact=True).click()
        saved[form] = download.value.path().read_bytes()
    blocks = block_quotes(saved["Markdown"].decode("utf-8"))
    assert [shown(block[0])[0] for block in blocks] == [f"“{quote}”" for quote in quoted]
    rows = list(csv.DictReader(io.StringIO(saved["CSV"].decode("utf-8-sig"), newline="")))
    assert [row["quote"] for row in rows if row["quote"]] == quoted
    assert rows[0]["question"] == LEAVE
    assert f"{page.url}?quote=" in saved["CSV"].decode(), "with links to them"
    word = docx.Document(io.BytesIO(saved["Word"])).paragraphs
    assert [one.text for one in word if one.style.name == "Quote"] == quoted
    for content in (saved["Markdown"].decode(), "\n".join(one.text for one in word)):
        assert "Turandot" in content


def test_the_conversation_survives_what_is_opened_beside_it(page: Page) -> None:
    turn = ask(page, LIFT)
    turn.locator(".qa-more > summary").click()
    page.get_by_label("Question", exact=True).fill("A question I am writ")
    turn.locator(".qa-citation").first.click()
    expect(page.locator("#qa-panel mark").first).to_be_visible()
    page.get_by_role("button", name="Documents").click()
    expect(page.locator("#qa-documents")).to_be_visible()
    expect(page.locator("#qa-panel")).to_be_hidden()
    page.get_by_role("button", name="Close the documents").click()
    expect(page.locator("#qa-documents")).to_be_hidden()
    expect(turn.locator(".qa-more")).to_have_attribute("open", "")
    expect(page.get_by_label("Question", exact=True)).to_have_value("A question I am writ")


def test_what_takes_longer_shows_that_it_is_under_way(page: Page) -> None:
    turn = ask(page, LEAVE)
    held = _held_back(page)

    def answer_the_next() -> None:
        _next(page, held).continue_()

    page.get_by_label("Question", exact=True).fill(LIFT)
    page.keyboard.press("Enter")
    answer_the_next()
    expect(page.locator(".qa-pending")).to_have_text("Looking…")
    answer_the_next()
    expect(page.locator(".qa-turn").last.locator("mark").first).to_be_visible()
    turn.locator(".qa-citation").first.click()
    opening = "getComputedStyle(document.querySelector('#qa-panel'), '::before').content"
    page.wait_for_function(f"{opening} === '\"Opening…\"'")
    answer_the_next()
    expect(page.locator("#qa-panel mark")).to_be_visible()
    page.locator(".qa-turn").last.locator(".qa-citation").first.click()
    dimmed = page.locator("#qa-panel > .html-container")
    expect(dimmed).to_have_css("opacity", "0.5")
    answer_the_next()
    expect(dimmed).to_have_css("opacity", "1")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (429, "Too many requests in a minute: trying again in 1 s."),
        (503, "The server is busy: trying again in 1 s."),
        (0, "The chat can’t be reached: trying again in 2 s."),
    ],
)
def test_what_is_refused_for_now_is_asked_again_and_nothing_is_lost(
    page: Page, visit: Visit, status: int, said: str
) -> None:
    wait_until_built(page)
    seen: set[str | None] = set()
    held: list[Route] = []

    def refuse_once(route: Route) -> None:
        if route.request.post_data in seen:
            held.append(route)
            return
        seen.add(route.request.post_data)
        if status:
            route.fulfill(status=status, headers={"Retry-After": "1"}, body="{}")
        else:
            route.abort()

    page.route("**/gradio_api/run/predict**", refuse_once)
    page.get_by_label("Question", exact=True).fill(LEAVE)
    page.keyboard.press("Enter")
    notice = page.locator(".qa-notice")
    expect(notice).to_have_text(said)
    page.unroute_all()
    for route in held:
        route.continue_()
    expect(page.locator(".qa-turn mark").first).to_have_text(LEAVE_SENTENCE, timeout=ANSWER_MS)
    expect(page.locator(".qa-pending")).to_have_count(0)
    expect(notice).to_have_text("Answers are quotes from your documents, word for word.")
    expect(page.get_by_test_id("toast-body")).to_have_count(0)
    assert visit.complaints, "the browser notes the replies"
    visit.complaints.clear()


def test_who_is_logged_out_is_told_and_finds_the_question_again(page: Page, visit: Visit) -> None:
    wait_until_built(page)
    held = _held_back(page)
    page.get_by_label("Question", exact=True).fill(LEAVE)
    page.keyboard.press("Enter")
    _next(page, held).fulfill(status=401, body="{}")
    expect(page.locator("#qa-notice")).to_contain_text("You are no longer logged in.")
    page.unroute_all()
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_label("Question", exact=True)).to_have_value(LEAVE)
    visit.complaints.clear()


def test_a_rebuild_shows_a_receipt_and_answers_from_the_new_file(page: Page, chat: Chat) -> None:
    (chat.documents / "volcano.txt").write_text(
        "Mount Erebus is the southernmost active volcano on Earth.\n", encoding="utf-8"
    )
    pane = open_documents(page)
    pane.get_by_role("button", name="Rebuild index").click()
    receipt = page.locator("#qa-receipt")
    expect(receipt).to_contain_text("1 added", timeout=ANSWER_MS)
    expect(receipt).to_contain_text("volcano.txt")
    expect(pane.get_by_role("button", name="Rebuild index")).to_be_enabled()
    expect(page.locator("#qa-status")).to_contain_text("3 documents")
    expect(pane.locator(".qa-doc .qa-file").last).to_have_text("volcano.txt")
    turn = ask(page, "Which is the southernmost active volcano on Earth?")
    expect(turn.locator("mark").first).to_contain_text("Mount Erebus")


def test_while_the_index_is_rebuilt_and_after_a_cancel_the_old_one_answers(
    page: Page, chat: Chat
) -> None:
    pane = open_documents(page)
    expect(page.locator("#qa-status")).to_contain_text("indexed")
    before = page.locator("#qa-status").inner_text()
    (chat.documents / "zoo.txt").write_text(paragraphs("otter", 900), encoding="utf-8")
    pane.get_by_role("button", name="Rebuild index").click()
    cancel = pane.get_by_role("button", name="Cancel")
    expect(cancel).to_be_visible()
    expect(page.locator("#qa-status progress")).to_be_visible()
    expect(ask(page, LEAVE).locator("mark").first).to_have_text(LEAVE_SENTENCE)
    expect(cancel).to_be_visible()
    cancel.click()
    expect(page.locator("#qa-status, #qa-receipt").get_by_text("Cancelled")).to_be_visible()
    expect(cancel).to_be_hidden()
    expect(page.locator("#qa-status")).to_contain_text(before)
    expect(ask(page, LEAVE).locator("mark").first).to_have_text(LEAVE_SENTENCE)
    (chat.documents / "zoo.txt").unlink()


def test_a_watched_folder_is_kept_in_step_and_nothing_stale_goes_unmarked(
    chat: Chat, page: Page, browser: Browser, tmp_path: Path
) -> None:
    """The chat that watches shares its index with one that doesn't, which takes note."""
    tallest = "Which is the tallest active geyser in the world?"
    ask(page, tallest)
    watched = Chat(tmp_path, chat.documents, ("--watch",), index=chat.index)
    with running_chat(watched):
        other = browser.new_page()
        other.goto(watched.url)
        ask(other, LEAVE)
        (chat.documents / "geyser.txt").write_text(
            "The Steamboat Geyser is the tallest active geyser in the world.\n", encoding="utf-8"
        )
        deadline = time.monotonic() + ANSWER_MS / 1000
        told = ask(other, tallest).locator("mark", has_text="Steamboat Geyser")
        while time.monotonic() < deadline and not told.count():  # a neighbour may answer till then
            other.wait_for_timeout(300)
            told = ask(other, tallest).locator("mark", has_text="Steamboat Geyser")
        for one in (other, page):
            expect(ask(one, tallest).locator("mark").first).to_contain_text("Steamboat Geyser")
        (chat.documents / "geyser.txt").unlink()
        newest = ask(other, tallest)  # before the index has caught up, or after it
        gone = newest.locator(".qa-quote", has_text="Steamboat")
        assert gone.count() == gone.locator(".qa-badge").count()
        other.close()


def test_the_page_falls_silent_when_there_is_nothing_to_report(page: Page, visit: Visit) -> None:
    wait_until_built(page)
    page.wait_for_timeout(1_500)
    before = len(visit.requests)
    page.wait_for_timeout(2_000)
    assert len(visit.requests) == before


def test_questions_are_written_nowhere(page: Page, chat: Chat) -> None:
    """Not by us, and not by Gradio: its cache, its saved links and runs stay empty."""
    word = "xylographicquestion"
    ask(page, f"What is a {word}?")
    assert files_with(chat, word) == []
    assert word not in page.evaluate("JSON.stringify([localStorage, document.cookie])")


def test_the_server_connects_to_nothing(page: Page, chat: Chat) -> None:
    """No telemetry, no look for a newer version, no model fetched."""
    ask(page, LEAVE)
    assert (chat.home / "connections").read_text(encoding="utf-8") == ""
