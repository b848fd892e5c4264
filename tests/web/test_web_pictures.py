"""The pictures in docs/, made on request: the page as it is, with documents one might have."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import docx
import pytest
from browsing import (
    ANSWER_MS,
    HANDBOOK,
    LEAVE,
    PATIENT_MS,
    ROOT,
    Chat,
    ask,
    open_documents,
    running_chat,
)
from conftest import ARTICLE, DOCUMENTS
from fpdf import FPDF
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from tabled import TOWNS

import qa_bot
from benchmarks.hashing import HashEmbedder
from benchmarks.quality.listing import served

pytestmark = [
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif("QA_BOT_SCREENSHOTS" not in os.environ, reason="made on request"),
]

MOST_BYTES = 200_000
DEFENSE = "What is the principle of collective defense?"
MAYBE = "Who will mend the boathouse?"
OTTERS = "When did otters come back to the upper Tarn?"
REPORT = [
    (
        "Summary",
        "Four years after the weir at Lower Mill was taken down, the upper Tarn runs freely again "
        "over eleven kilometres. Gravel has moved, the banks have begun to shift, and fish that "
        "were last recorded in 1974 spawn within sight of the old mill race. This report sets out "
        "what was counted in 2024, and how it compares with the years before.",
    ),
    (
        "Fish",
        "Brown trout were found at every station. Grayling, absent from 1974 to 2020, were caught "
        "at six of the nine stations, and at two of them young of the year made up more than half "
        "of the catch. Lampreys were seen at the confluence with the Sill brook only.",
    ),
    (
        "Mammals",
        "Otters came back to the upper Tarn in the winter of 2021, a year after the weir was "
        "removed. Tracks and spraints were found at four bridges that winter and at fourteen in "
        "2024. A camera at the Abbey bridge recorded a female with two cubs on nine nights in "
        "March. Water voles hold on in the lower meadows, where mink have not been seen since "
        "2022.",
    ),
    (
        "Water",
        "Oxygen stayed above nine milligrams per litre throughout the summer. Nitrate fell for "
        "the third year in a row, chiefly because the two farms below Ebbham now leave strips of "
        "ten metres along the bank unploughed. The warmest hour was measured on 31 July, at 19.4 "
        "degrees; in 2019 the water above the weir had reached 24.1.",
    ),
]


def report(path: Path) -> None:
    pdf = FPDF()
    pdf.set_margins(28, 26, 28)
    pdf.set_title("The upper Tarn after the weir")
    pdf.add_page()
    pdf.set_font("Helvetica", "B", 20)
    pdf.multi_cell(0, 9, "The upper Tarn after the weir", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("Helvetica", "", 11)
    pdf.multi_cell(0, 8, "River survey 2024", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(6)
    for heading, text in REPORT:
        pdf.set_font("Helvetica", "B", 13)
        pdf.multi_cell(0, 9, heading, new_x="LMARGIN", new_y="NEXT")
        pdf.set_font("Times", "", 11.5)
        pdf.multi_cell(0, 5.6, text, align="L", new_x="LMARGIN", new_y="NEXT")
        pdf.ln(5)
    pdf.add_page()
    pdf.set_font("Helvetica", "B", 13)
    pdf.multi_cell(0, 9, "Stations", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("Times", "", 11.5)
    pdf.multi_cell(0, 5.6, "Nine stations were visited, each of them five times.")
    pdf.output(str(path))


def fill(documents: Path) -> None:
    """The article that comes with the project, and a few files of other kinds."""
    shutil.copy(DOCUMENTS / ARTICLE, documents)
    (documents / "staff-handbook.md").write_text(HANDBOOK, encoding="utf-8")
    report(documents / "river-survey-2024.pdf")
    word = docx.Document()
    word.add_heading("Minutes of the spring meeting", 0)
    word.add_heading("Boathouse", 1)
    word.add_paragraph("The roof of the boathouse is to be renewed before October.")
    word.save(str(documents / "minutes-spring.docx"))
    with (documents / "stations.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["Station", "Grayling"], ["Abbey bridge", 14], ["Mill", 9]])
    (documents / "old-scan.pdf").write_bytes(b"%PDF-1.4 cut off")
    (documents / "interns.txt").write_text(INTERNS, encoding="utf-8")


INTERNS = "Interns receive eleven days of paid leave every year. None is carried over.\n"
STATEMENT = [
    ("Revenue", None),
    ("Product", "64,699", "72,732", "68,041"),
    ("Service and other", "147,216", "125,538", "100,047"),
    ("Total revenue", "211,915", "198,270", "168,088"),
    ("Cost of revenue", None),
    ("Product", "17,804", "19,064", "18,219"),
    ("Service and other", "48,059", "43,586", "34,013"),
    ("Operating expenses", None),
    ("Research and development", "27,195", "24,512", "20,716"),
    ("Sales and marketing", "22,759", "21,825", "20,117"),
    ("General and administrative", "7,575", "5,900", "5,107"),
    ("Operating income", "88,523", "83,383", "69,916"),
]
LIMITS = [
    ("Place", "Hotel, a night", "Meals, a day", "What to note"),
    ("London", "£210", "£55", "More in the week of a fair, if the team lead agrees beforehand"),
    ("Edinburgh", "£165", "£45", "From £190 in August"),
    ("Lisbon", "€140", "€40", "The city’s tax is paid on top"),
    ("Elsewhere in Europe", "€125", "€38", "Ask the travel desk for a quote"),
    ("Outside Europe", "$180", "$60", "Written approval from the team lead"),
]


def statement(path: Path) -> None:
    """A financial table with a header of two rows and groups, as a report on the web has it."""
    rows = "".join(
        f"<tr><th colspan='4' scope='rowgroup'>{row[0]}:</th></tr>"
        if row[1] is None
        else f"<tr><td>{row[0]}</td>{''.join(f'<td>{one}</td>' for one in row[1:])}</tr>"
        for row in STATEMENT
    )
    path.write_text(
        "<title>Annual report 2023</title><h1>Annual report 2023</h1><h2>Results</h2>"
        "<p>Results are told for the year that ended on 30 June.</p><table>"
        "<caption>Statements of income (in millions)</caption><thead><tr><th rowspan='2'></th>"
        "<th colspan='3'>Year ended June 30</th></tr><tr><th>2023</th><th>2022</th>"
        f"<th>2021</th></tr></thead><tbody>{rows}</tbody></table>",
        encoding="utf-8",
    )


def limits(path: Path) -> None:
    """A policy's table in a Word file."""
    word = docx.Document()
    word.add_heading("Travel policy", 0)
    word.add_heading("Limits", 1)
    word.add_paragraph("What is above these limits is paid by the traveller.")
    table = word.add_table(len(LIMITS), 4)
    for row, texts in zip(table.rows, LIMITS, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    word.save(str(path))


def grayling(path: Path) -> None:
    """A table on the page of a PDF."""
    pdf = FPDF()
    pdf.set_margins(28, 26, 28)
    pdf.set_title("Grayling in the upper Tarn")
    pdf.add_page()
    pdf.set_font("Helvetica", "B", 16)
    pdf.multi_cell(0, 9, "Grayling in the upper Tarn", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("Times", "", 11.5)
    pdf.multi_cell(0, 5.6, REPORT[1][1], align="L", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(5)
    with pdf.table(
        col_widths=(3, 1, 1, 1), text_align=("LEFT", "RIGHT", "RIGHT", "RIGHT")
    ) as table:
        table.row(("Grayling caught at", "2022", "2023", "2024"))
        for station, *caught in (
            ("Abbey bridge", "6", "14", "19"),
            ("Ebbham ford", "2", "5", "8"),
            ("Lower Mill", "0", "9", "11"),
            ("Sill brook", "1", "2", "31"),
        ):
            table.row((station, *caught))
    pdf.output(str(path))


@pytest.fixture(scope="module")
def tables_chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    home = tmp_path_factory.mktemp("tables")
    documents = home / "documents"
    documents.mkdir()
    statement(documents / "annual-report-2023.html")
    limits(documents / "travel-policy.docx")
    grayling(documents / "grayling.pdf")
    (documents / "bells.csv").write_text(TOWNS, encoding="utf-8")
    qa_bot.build_index(documents, home / "index")
    with running_chat(Chat(home, documents)) as chat:
        yield chat


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    home = tmp_path_factory.mktemp("pictures")
    documents = home / "documents"
    documents.mkdir()
    fill(documents)
    qa_bot.build_index(documents, home / "index")  # as at a second start: no news
    with running_chat(Chat(home, documents)) as chat:
        yield chat


def visited(
    browser: Browser,
    chat: Chat,
    size: tuple[int, int] = (1280, 800),
    scheme: Literal["light", "dark"] = "light",
) -> Page:
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        reduced_motion="reduce",
        base_url=chat.url,
    )
    page.set_default_timeout(PATIENT_MS)
    page.goto("/")
    return page


def take(page: Page, name: str, status: str = "indexed") -> None:
    page.mouse.move(0, 0)
    expect(page.locator("#qa-status")).to_have_text(re.compile(status))
    page.wait_for_timeout(300)
    file = ROOT / "docs" / f"{name}.png"
    picture = Image.open(io.BytesIO(page.screenshot()))
    colours = picture.convert("RGB").quantize(192, dither=Image.Dither.NONE)  # a third of the size
    colours.save(file, optimize=True)
    assert file.stat().st_size < MOST_BYTES
    page.close()


def test_a_picture_of_the_chat(browser: Browser, chat: Chat) -> None:
    page = visited(browser, chat)
    ask(page, DEFENSE).locator(".qa-citation").first.click()
    expect(page.locator("#qa-panel mark").first).to_be_in_viewport()
    page.get_by_label("Question", exact=True).focus()
    take(page, "chat")


def test_a_picture_of_the_source(browser: Browser, chat: Chat) -> None:
    page = visited(browser, chat)
    turn = ask(page, "Which shared values underpin the partnerships?")
    turn.locator(".qa-more > summary").click()
    turn.locator(".qa-citation").first.click()
    expect(page.locator("#qa-panel mark").first).to_be_in_viewport()
    page.get_by_role("button", name="Next passage").click()
    expect(page.locator(".qa-step-count")).to_contain_text("2 of")
    take(page, "source")


def test_a_picture_of_a_page(browser: Browser, chat: Chat) -> None:
    page = visited(browser, chat)
    ask(page, OTTERS).locator(".qa-citation").first.click()
    page.get_by_role("button", name="Page", exact=True).click()
    expect(page.locator(".qa-box-mark").first).to_be_in_viewport()
    take(page, "pdf-page")


def test_a_picture_of_the_documents(browser: Browser, chat: Chat) -> None:
    page = visited(browser, chat)
    ask(page, OTTERS)
    open_documents(page).get_by_role("checkbox").first.uncheck()
    expect(page.locator(".qa-scope")).to_be_visible()
    take(page, "documents")


def test_a_picture_of_a_checked_quote(browser: Browser, chat: Chat) -> None:
    page = visited(browser, chat)
    ask(page, DEFENSE)
    page.get_by_role("button", name="Check a quote").click()
    text = "Despite Iceland's huge military forces, its strategic location enables surveillance"
    page.get_by_label("Text to check").fill(text)
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator("#qa-checked mark").first).to_be_visible()
    take(page, "checking")


def test_a_picture_of_documents_that_are_compared(browser: Browser, chat: Chat) -> None:
    page = visited(browser, chat)
    expect(page.locator("#qa-status")).to_contain_text("indexed", timeout=ANSWER_MS)
    pane = open_documents(page)
    pane.get_by_role("button", name="Ask none").click()
    expect(page.locator("#qa-asked")).to_have_text("Asking 0 of 6 documents")
    for name in ("staff-handbook.md", "interns.txt", "minutes-spring.docx"):
        page.locator(f'.qa-choose[value="{name}"]').check()
    expect(page.locator(".qa-scope")).to_have_text("Asking 3 of 6 documents")
    page.keyboard.press("Escape")
    page.get_by_label("Question", exact=True).fill(LEAVE)
    page.get_by_role("button", name="Compare them").click()
    expect(page.locator(".qa-column")).to_have_count(3, timeout=ANSWER_MS)
    take(page, "compare")


def test_a_picture_of_what_may_answer(browser: Browser, chat: Chat) -> None:
    page = visited(browser, chat)
    turn = ask(page, MAYBE)
    expect(turn).to_contain_text("This may answer it:")
    take(page, "possible")


def test_a_picture_of_the_reader(browser: Browser, chat: Chat) -> None:
    page = visited(browser, chat)
    ask(page, OTTERS)
    open_documents(page).get_by_role("link", name="Strengthening Security").click()
    expect(page.locator("#qa-panel h2")).to_contain_text("Strengthening Security")
    page.get_by_label("Find in this document").fill("collective defense")
    expect(page.locator("#qa-panel .qa-now")).to_be_in_viewport()
    take(page, "reader")


def test_a_picture_of_what_nothing_answers(browser: Browser, chat: Chat) -> None:
    page = visited(browser, chat)
    ask(page, "Who composed the opera Turandot?")
    take(page, "absent")


def test_a_picture_of_a_conversation_in_print(browser: Browser, chat: Chat) -> None:
    page = visited(browser, chat, (794, 1123))  # a sheet of A4
    ask(page, OTTERS)
    ask(page, DEFENSE)
    page.emulate_media(media="print")
    take(page, "print")


def test_a_picture_of_the_first_run(browser: Browser, tmp_path: Path) -> None:
    documents = Path(tempfile.mkdtemp(prefix="anna-")) / "documents"
    documents.mkdir()
    with running_chat(Chat(tmp_path, documents)) as chat:
        page = visited(browser, chat)
        page.goto("about:blank")
        page.goto(chat.owners_url)
        expect(page.get_by_text("Drop files anywhere on this page")).to_be_visible(
            timeout=ANSWER_MS
        )
        take(page, "first-run", "No documents yet")


def test_a_picture_of_a_long_list(browser: Browser, tmp_path: Path) -> None:
    for number in range(10_000):
        year = 1960 + number % 60
        file = tmp_path / "documents" / "minutes" / str(year) / f"meeting-{number // 60 + 1:03}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# Minutes {number // 60 + 1} of {year}\n\nThe roof was renewed.\n")
    (tmp_path / "documents" / "old-scan.pdf").write_bytes(b"%PDF-1.4 cut off")
    qa_bot.build_index(tmp_path / "documents", tmp_path / "index", model=HashEmbedder())
    with served(tmp_path) as url:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(url)
        page.locator("#qa-status time").wait_for(timeout=ANSWER_MS)
        page.get_by_role("button", name="Documents", exact=True).click()
        page.locator(".qa-fold").first.click()
        page.locator(".qa-fold").nth(3).click()
        expect(page.locator(".qa-doc").first).to_be_visible()
        take(page, "list")


def test_a_picture_on_a_phone(browser: Browser, chat: Chat) -> None:
    page = visited(browser, chat, (390, 844))
    ask(page, OTTERS)
    take(page, "phone")


def test_a_picture_in_the_dark(browser: Browser, chat: Chat) -> None:
    page = visited(browser, chat, scheme="dark")
    ask(page, DEFENSE).locator(".qa-citation").first.click()
    expect(page.locator("#qa-panel mark").first).to_be_in_viewport()
    take(page, "dark")


def asked_of_a_table(page: Page, question: str) -> None:
    """Ask, and open the source: the row that answers is marked in both."""
    ask(page, question).locator(".qa-citation").first.click()
    expect(page.locator("#qa-conversation .qa-marked mark").first).to_be_visible()
    expect(page.locator("#qa-panel .qa-marked mark").first).to_be_in_viewport()


def test_a_picture_of_a_financial_table(browser: Browser, tables_chat: Chat) -> None:
    page = visited(browser, tables_chat)
    asked_of_a_table(page, "How much was spent on research and development in 2022?")
    take(page, "table-financial")


def test_a_picture_of_a_policys_table(browser: Browser, tables_chat: Chat) -> None:
    page = visited(browser, tables_chat, scheme="dark")
    asked_of_a_table(page, "What is the limit for a hotel a night in Lisbon?")
    take(page, "table-policy")


def test_a_picture_of_a_csv_file(browser: Browser, tables_chat: Chat) -> None:
    page = visited(browser, tables_chat)
    asked_of_a_table(page, "How many bells has Town 21?")
    take(page, "table-csv")


def test_a_picture_of_a_table_on_a_page(browser: Browser, tables_chat: Chat) -> None:
    page = visited(browser, tables_chat)
    asked_of_a_table(page, "How many grayling were caught at Sill brook in 2024?")
    page.get_by_role("button", name="Page", exact=True).click()
    expect(page.locator(".qa-box-mark").first).to_be_in_viewport()
    take(page, "table-page")
