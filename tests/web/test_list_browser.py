"""A long list of documents in a real browser: some rows at a time, whatever is scrolled to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from test_web_access import violations

from benchmarks.hashing import HashEmbedder
from benchmarks.quality.listing import served
from qa_bot import build_index

pytestmark = pytest.mark.xdist_group("browser-first")

FILES = 300
MOST_ROWS = 200


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("list")
    for number in range(FILES):
        file = home / "documents" / f"year {number // 100}" / f"{number:03}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# Report {number:03}\n\nThe lift {number} is serviced in spring.\n")
    (home / "documents" / "broken.pdf").write_text("no PDF at all")
    build_index(home / "documents", home / "index", model=HashEmbedder())
    with served(home) as address:
        yield address


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(address)
    yield page
    page.close()


def rows(page: Page) -> int:
    return page.locator(".qa-docs > li").count()


def test_folders_fold_and_choose_all_that_is_in_them(page: Page) -> None:
    page.get_by_role("button", name="1 file needs a look").click()
    look = page.locator(".qa-look")
    expect(look.locator("summary")).to_be_focused()
    expect(look).to_contain_text("broken.pdf")
    folders = page.locator(".qa-folder-row")
    expect(folders).to_have_text(
        [f"year {number}100 documents" for number in range(3)], use_inner_text=False
    )
    folders.nth(1).get_by_role("checkbox").uncheck()
    expect(page.locator(".qa-scope")).to_have_text("Asking 200 of 300 documents")
    folders.nth(1).get_by_role("button").click()
    expect(page.locator(".qa-doc").first).to_contain_text("Report 100")
    expect(page.locator(".qa-doc").first.get_by_role("checkbox")).not_to_be_checked()
    page.locator(".qa-doc").first.get_by_role("checkbox").check()
    expect(page.locator(".qa-scope")).to_have_text("Asking 201 of 300 documents")
    assert folders.nth(1).get_by_role("checkbox").evaluate("one => one.indeterminate")
    assert violations(page) == []


def test_whatever_is_scrolled_to_is_there_and_few_rows_are_in_the_page(page: Page) -> None:
    page.get_by_role("button", name="Documents", exact=True).click()
    page.get_by_label("Sort the documents").select_option("by title")
    expect(page.locator(".qa-doc").first).to_contain_text("Report 000")
    listed = page.locator("#qa-listed")
    for place, number in ((0.5, 150), (1.0, 299), (0.0, 0)):
        listed.evaluate("(list, place) => { list.scrollTop = place * list.scrollHeight; }", place)
        row = page.locator(".qa-doc", has_text=f"Report {number:03}")
        expect(row).to_be_in_viewport()
        assert rows(page) <= MOST_ROWS
    listed.evaluate("(list) => { list.scrollTop = list.scrollHeight; }")
    page.get_by_label("Filter the documents").fill("report 07")
    expect(page.locator(".qa-doc")).to_have_count(13)  # 070 to 079, and three that end so
    expect(page.locator(".qa-doc").first).to_be_in_viewport()
    page.get_by_role("link", name="Report 070").click()
    expect(page.locator("#qa-panel .qa-source-text")).to_contain_text("The lift 70 is serviced")
