"""The chat for everyone: by keyboard, by screen reader, in the dark, on a phone, without jumps."""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib import resources
from typing import Any, Literal

import pytest
from browsing import (
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
LONG_NAME = f"folder-{'of-many-words-' * 8}/{'unbroken' * 12}.txt"
FOCUSABLE = "a[href], button, summary, textarea, input, select, [tabindex='0']"
SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) {
    if (!one.hadRecentInput) window.shifts.push([one.value, one.sources.map((source) => {
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
    context.close()
    visit.check(chat)
    assert found == {}


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
    shifts = page.evaluate("window.shifts")
    assert sum(value for value, _ in shifts) < 0.01, shifts


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
