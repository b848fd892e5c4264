"""Tables in a real browser: folded, scrolled in their own boxes, boxed on a PDF's page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import Chat, ask, box_is_inside, running_chat, scrolls_sideways, wait_until_built
from fpdf import FPDF
from playwright.sync_api import Page, expect
from tabled import TOWNS

from qa_bot import Index, open_index
from qa_bot.web.links import SourceLink, link_query

pytestmark = pytest.mark.xdist_group("browser")

YEARS = range(1990, 2025)
WIDE = "| Land | Remarks | " + " | ".join(map(str, YEARS)) + " |\n" + "|---" * 37 + "|\n"
WIDE += "".join(
    f"| Land {land} | Measured twice, by hand | "
    + " | ".join(f"{land}.{year}" for year in YEARS)
    + " |\n"
    for land in range(1, 5)
)


def pdf(path: Path) -> None:
    page = FPDF()
    page.add_page()
    page.set_font("Helvetica", "", 11)
    page.multi_cell(0, 6, "Grayling were counted at three stations of the upper Tarn.")
    page.ln(4)
    with page.table(width=150, col_widths=(3, 1, 1)) as table:
        for cells in (
            ("Station", "2023", "2024"),
            ("Abbey bridge", "14", "19"),
            ("Lower Mill", "9", "11"),
            ("Sill brook", "2", "31"),
        ):
            table.row(cells)
    page.output(str(path))


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    home = tmp_path_factory.mktemp("tables")
    documents = home / "documents"
    documents.mkdir()
    (documents / "towns.csv").write_text(TOWNS, encoding="utf-8")
    (documents / "rainfall.md").write_text(f"# Rainfall\n\n{WIDE}", encoding="utf-8")
    pdf(documents / "fish.pdf")
    with running_chat(Chat(home, documents)) as chat:
        yield chat


@pytest.fixture
def index(chat: Chat, page: Page) -> Iterator[Index]:
    wait_until_built(page)
    with open_index(chat.index) as index:
        yield index


def link_to(index: Index, document_id: str, words: str) -> str:
    """The link to a quote of all rows of a document that a cell answers, as an answer has it."""
    document = index.document(document_id)
    (table,) = document.tables
    cell = next(one for one in table.cells if document.text[one.start : one.end] == words)
    own = [one for one in table.cells if one.row == cell.row]
    row = (own[0].start, own[-1].end)
    return link_query(
        SourceLink(document.digest, table.start, table.end, (row,), document_id, cell.span)
    )


def test_a_folded_table_is_unfolded_by_the_keyboard(page: Page) -> None:
    turn = ask(page, "Which documents mention a zeppelin?")
    table = turn.locator(".qa-table-box:has(.qa-all-rows)").first
    button = table.get_by_role("button", name="Show")
    expect(button).to_be_visible()
    rows = table.locator("tbody tr:visible:not(.qa-gap)")
    few, all_rows = rows.count(), table.locator("tbody tr:not(.qa-gap)").count()
    assert few == 5
    assert all_rows > few
    button.focus()
    page.keyboard.press("Enter")
    expect(rows).to_have_count(all_rows)
    fewer = table.get_by_role("button", name="Show fewer rows")
    expect(fewer).to_be_focused()
    expect(fewer).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Space")
    expect(rows).to_have_count(few)
    assert not scrolls_sideways(page)


@pytest.mark.parametrize("width", [1280, 390])
def test_a_wide_table_scrolls_in_its_own_box_to_the_cell(
    page: Page, index: Index, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"/{link_to(index, 'rainfall.md', '3.2015')}")
    source = page.locator("#qa-panel .qa-source-text")
    expect(source.locator("mark")).to_have_text("3.2015")
    expect(source.locator("tr.qa-marked th")).to_have_text("Land 3")
    expect(source.locator("thead .qa-names")).to_have_text("2015")
    assert box_is_inside(page, "#qa-panel mark", "#qa-panel .qa-table-scroll")
    assert box_is_inside(page, "#qa-panel tr.qa-marked th", "#qa-panel .qa-table-scroll"), "beside"
    assert source.locator(".qa-table-scroll").evaluate("box => box.scrollWidth > box.clientWidth")
    assert not scrolls_sideways(page)
    box = page.get_by_role("region", name="Table", exact=True)
    box.focus()
    before = box.evaluate("box => box.scrollLeft")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(
        "before => document.querySelector('#qa-panel .qa-table-scroll').scrollLeft < before",
        arg=before,
    )


def test_the_row_and_the_cell_are_boxed_on_a_pdfs_page(page: Page, index: Index) -> None:
    page.goto(f"/{link_to(index, 'fish.pdf', '31')}")
    expect(page.locator("#qa-panel mark")).to_have_text("31")
    page.get_by_role("button", name="Page", exact=True).click()
    expect(page.locator(".qa-page.qa-drawn")).to_be_visible()
    expect(page.locator(".qa-box-row")).to_have_count(1)
    expect(page.locator(".qa-box-mark")).to_have_count(1)
    assert box_is_inside(page, ".qa-box-mark", ".qa-box-row")
    row, cell = (page.locator(one).bounding_box() for one in (".qa-box-row", ".qa-box-mark"))
    assert row is not None
    assert cell is not None
    assert row["width"] > 5 * cell["width"], "from its label on"


def test_screen_readers_are_told_the_headers(page: Page, index: Index) -> None:
    page.goto(f"/{link_to(index, 'towns.csv', 'Town 21')}")
    table = page.locator("#qa-panel table")
    expect(table.get_by_role("columnheader")).to_have_text(
        ["Town", "Animal", "Bells", "Weight in kg"]
    )
    expect(table.get_by_role("rowheader", name="Town 21", exact=True)).to_be_visible()
