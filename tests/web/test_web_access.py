"""The chat for everyone: by keyboard, by screen reader, in the dark, on a phone, without jumps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from importlib import resources
from typing import Any, Literal

import pytest
from browsing import (
    ANSWER_MS,
    HANDBOOK,
    LEAVE,
    PATIENT_MS,
    Chat,
    Visit,
    ask,
    box_is_inside,
    open_documents,
    running_chat,
    scrolls_sideways,
    wait_until_built,
)
from playwright.sync_api import Browser, Page, Route, expect
from test_web_source import paged, question

pytestmark = pytest.mark.xdist_group("browser")

AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
DESKTOP, PHONE = (1280, 800), (360, 740)
TABLET, WIDE = (820, 1180), (1440, 900)
SEEN_MORE = (("dark", PHONE), ("dark", TABLET), ("light", WIDE))
NEARLY = "Employees receive twenty-six days of paid leave every year."
LONG_NAME = f"folder-{'of-many-words-' * 8}/{'unbroken' * 12}.txt"
FOCUSABLE = "a[href], button, summary, textarea, input, select, [tabindex='0']"
SHIFTS = """
window.shifts = [];
const acts = []; // from an input to the second frame after it, however long a slow machine takes
for (const kind of ['pointerdown', 'click', 'keydown', 'input']) {
  addEventListener(kind, (event) => {
    const act = [event.timeStamp, Infinity];
    acts.push(act);
    const seen = () => { act[1] = performance.now(); };
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(seen)));
  }, true);
}
const byAct = (time) => acts.some(([begun, seen]) => begun <= time && time <= seen);
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) {
    if (one.hadRecentInput || byAct(one.startTime)) continue;
    window.shifts.push([one.value, one.sources.map((source) => {
      const node = source.node;
      const name = node ? `${node.nodeName}#${node.id}.${node.className}` : '?';
      return `${name} ${JSON.stringify([source.previousRect, source.currentRect])}`;
    }).join('; ')]);
  }
}).observe({ type: 'layout-shift', buffered: true });
"""


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    home = tmp_path_factory.mktemp("access")
    documents = home / "documents"
    documents.mkdir()
    (documents / "handbook.md").write_text(HANDBOOK, encoding="utf-8")
    (documents / "damaged.pdf").write_text("no PDF at all", encoding="utf-8")
    (documents / "picture.png").write_bytes(b"no picture")
    (documents / LONG_NAME).parent.mkdir()
    (documents / LONG_NAME).write_text(f"{'Donaudampfschiff' * 40} sails.", encoding="utf-8")
    paged("badger")(documents / "paged.pdf")
    with running_chat(Chat(home, documents)) as chat:
        yield chat


def violations(page: Page) -> list[str]:
    """What axe finds that is serious or worse, each with the first elements it is about."""
    page.evaluate(AXE)
    result: dict[str, Any] = page.evaluate("axe.run({ resultTypes: ['violations'] })")
    assert {"color-contrast", "button-name"} <= {one["id"] for one in result["passes"]}
    return [
        f"{one['id']}: {[node['html'][:120] for node in one['nodes'][:3]]}"
        for one in result["violations"]
        if one["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize(
    ("scheme", "size"),
    [
        ("light", DESKTOP),
        ("dark", DESKTOP),
        ("light", PHONE),
        ("dark", PHONE),
        ("dark", TABLET),
        ("light", WIDE),
    ],
)
def test_no_page_keeps_anybody_out_or_scrolls_sideways(
    chat: Chat,
    browser: Browser,
    visit: Visit,
    scheme: Literal["light", "dark"],
    size: tuple[int, int],
) -> None:
    """Every view of the page, in one visit."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        reduced_motion="reduce",  # nothing is looked at while it slides
        base_url=chat.url,
    )
    context.set_default_timeout(PATIENT_MS)
    visit.watch(context)
    page = context.new_page()
    found: dict[str, object] = {}

    def look(name: str) -> None:
        wrong = violations(page)
        if scrolls_sideways(page):
            wrong.append("scrolls sideways")
        if wrong:
            found[name] = wrong

    page.goto("/")
    wait_until_built(page)
    expect(page.locator("body.dark")).to_have_count(int(scheme == "dark"))
    look("first page")
    turn = ask(page, LEAVE)
    turn.locator(".qa-more > summary").click()
    turn.get_by_role("button", name="Yes").click()
    look("answer")
    turn.locator(".qa-copy summary").first.click()
    look("menu")
    page.keyboard.press("Escape")
    turn.locator(".qa-citation").first.click()
    expect(page.locator("#qa-panel mark")).to_be_visible()
    look("source")
    page.keyboard.press("Escape")
    ask(page, "Who composed the opera Turandot?")
    look("not found")
    ask(page, "What does the Donaudampfschiff do?").locator(".qa-citation").first.click()
    expect(page.locator("#qa-panel .qa-passage").first).to_be_visible()
    look("source of long words")
    page.keyboard.press("Escape")
    ask(page, question("badger")).locator(".qa-citation").first.click()
    page.get_by_role("button", name="Page", exact=True).click()
    expect(page.locator(".qa-box").first).to_be_visible()
    look("page of a PDF")
    page.keyboard.press("Escape")
    open_documents(page)
    look("documents")
    page.keyboard.press("Escape")
    if (scheme, size) in SEEN_MORE:
        _look_at_more(page, look)
    context.close()
    visit.check(chat)
    assert found == {}


def _look_at_more(page: Page, look: Callable[[str], None]) -> None:
    """Dialogs, a checked quote, compared documents, and a document that is read."""

    def act(name: str) -> None:
        page.keyboard.press("Control+k")
        page.get_by_label("Find what to do").fill(name)
        look("palette") if name == "Conversations" else None
        page.keyboard.press("Enter")

    act("Conversations")
    expect(page.get_by_role("dialog", name="Conversations").locator("li")).to_have_count(1)
    look("conversations")
    page.keyboard.press("Escape")
    act("Keys")
    look("keys")
    page.keyboard.press("Escape")
    act("Check a quote")
    page.get_by_label("Text to check").fill(NEARLY)
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator("#qa-checked mark").first).to_be_visible()
    look("a quote that is near")
    page.keyboard.press("Escape")
    page.get_by_label("Question", exact=True).fill(LEAVE)
    act("Compare")
    expect(page.locator(".qa-column").first).to_be_visible(timeout=ANSWER_MS)
    look("compared documents")
    open_documents(page).get_by_role("link", name="Staff handbook").click()
    expect(page.locator("#qa-panel h2")).to_have_text("Staff handbook")
    page.get_by_label("Find in this document").fill("caretaker")
    expect(page.locator("#qa-panel .qa-now")).to_be_visible()
    look("a document that is read")


def test_tab_reaches_everything_in_order_and_the_focus_is_always_seen(page: Page) -> None:
    ask(page, LEAVE).locator(".qa-citation").first.click()
    expect(page.locator("#qa-panel mark")).to_be_visible()
    page.evaluate(
        """(kinds) => {
            window.all = [...document.querySelectorAll(kinds)].filter((one) =>
              one.checkVisibility({ visibilityProperty: true }) && !one.disabled);
            document.activeElement.blur();
            document.body.tabIndex = -1;
            document.body.focus();
            document.body.removeAttribute('tabindex');
        }""",
        FOCUSABLE,
    )
    reached, unseen = [], []
    for _ in range(page.evaluate("window.all.length")):
        page.keyboard.press("Tab")
        place, outline, what = page.evaluate(
            """() => {
                const one = document.activeElement, style = getComputedStyle(one);
                const shown = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
                return [window.all.indexOf(one), shown, one.outerHTML.slice(0, 100)];
            }"""
        )
        reached.append(place)
        if not outline:
            unseen.append(what)
    assert reached == list(range(len(reached))), "all of them, as they stand on the page"
    assert unseen == []
    regions = page.evaluate(
        """window.all.map((one) => ['qa-top', 'qa-chat', 'qa-side']
             .find((id) => document.getElementById(id).contains(one)))"""
    )
    assert list(dict.fromkeys(regions)) == ["qa-top", "qa-chat", "qa-side"]
    assert regions == sorted(regions, key=["qa-top", "qa-chat", "qa-side"].index)


def test_everything_can_be_done_by_keyboard(page: Page) -> None:
    turn = ask(page, LEAVE)
    menu = turn.locator(".qa-copy").first
    menu.locator("summary").press("Enter")
    expect(menu).to_have_attribute("open", "")
    page.keyboard.press("Tab")
    expect(menu.get_by_role("button").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(menu.locator("summary")).to_be_focused()
    citation = turn.locator(".qa-citation").first
    citation.press("Enter")
    source = page.locator("#qa-panel .qa-source-text")
    expect(source).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#qa-panel")).to_be_hidden()
    expect(citation).to_be_focused()
    button = page.get_by_role("button", name="Documents", exact=True)
    button.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(page.locator("#qa-documents")).to_be_visible()
    box = page.get_by_role("checkbox", name="Staff handbook")
    box.press("Space")
    expect(box).not_to_be_checked()
    expect(box).to_be_focused()
    box.press("Space")
    expect(box).to_be_checked()
    page.keyboard.press("Escape")
    expect(page.locator("#qa-documents")).to_be_hidden()
    expect(button).to_be_focused()
    expect(button).to_have_attribute("aria-expanded", "false")


def test_nothing_jumps_while_a_question_is_asked_and_its_source_opened(
    chat: Chat, page: Page
) -> None:
    """Slower than what the browser takes for a reply to a click, which may move things."""

    def slow(route: Route) -> None:
        time.sleep(0.6)
        route.continue_()

    wait_until_built(page)
    page.add_init_script(SHIFTS)
    page.goto(chat.url)
    wait_until_built(page)
    page.route("**/gradio_api/run/predict**", slow)
    turn = ask(page, LEAVE)
    turn.locator(".qa-citation").first.click()
    expect(page.locator("#qa-panel mark")).to_be_in_viewport()
    ask(page, question("badger")).locator(".qa-citation").first.click()
    page.get_by_role("button", name="Page", exact=True).click()
    expect(page.locator(".qa-box").first).to_be_visible()
    ask(page, "Who composed the opera Turandot?")
    page.get_by_role("button", name="Check a quote").click()
    page.get_by_label("Text to check").fill(NEARLY)
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator("#qa-checked mark").first).to_be_visible()
    open_documents(page).get_by_role("link", name="Staff handbook").click()
    expect(page.locator("#qa-panel h2")).to_have_text("Staff handbook")
    shifts = page.evaluate("window.shifts")
    page.reload()
    expect(page.locator(".qa-turn")).to_have_count(3, timeout=ANSWER_MS)
    expect(page.locator("#qa-panel .qa-passage")).to_be_attached()
    shifts += page.evaluate("window.shifts")
    assert sum(value for value, _ in shifts) < 0.01, sorted(shifts, reverse=True)[:3]


def test_on_a_phone_the_source_slides_over_the_chat(page: Page) -> None:
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    ask(page, LEAVE).locator(".qa-citation").first.click()
    expect(page.locator("#qa-panel mark")).to_be_in_viewport()
    page.wait_for_function(
        "document.querySelector('#qa-side').getBoundingClientRect().left === 0"
    )  # it slides
    assert box_is_inside(page, "#qa-panel .qa-close", "body")
    page.get_by_role("button", name="Close the source").click()
    expect(page.get_by_label("Question", exact=True)).to_be_in_viewport()
    expect(page.locator("#qa-panel")).to_be_hidden()
