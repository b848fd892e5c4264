"""A folder with one of everything: a question to each is answered with a citation to follow."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import docx
import openpyxl
import pytest
import xlwt
from browsing import PATIENT_MS, Chat, Visit, ask, running_chat, wait_until_built
from fpdf import FPDF
from openpyxl.worksheet.worksheet import Worksheet
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser, Page, expect
from pptx import Presentation

from benchmarks.upkeep.more_specimens import binary_workbook
from benchmarks.upkeep.nested_specimens import mailbox, outlook_mail
from benchmarks.upkeep.zipping import zipped
from qa_bot import Index, build_index, open_index
from qa_bot.models.embedding import SentenceTransformerEmbedder

pytestmark = pytest.mark.xdist_group("browser-formats")  # one build, and one page

OPEN = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
    'xmlns:presentation="urn:oasis:names:tc:opendocument:xmlns:presentation:1.0">'
    "<office:body>{}</office:body></office:document-content>"
)
HEADING = '<text:h text:outline-level="1">Pier</text:h>'


def fact(ship: str, time: str) -> str:
    return f"The ferry {ship} leaves the pier at {time} every day."


def opened(body: str) -> bytes:
    return zipped({"content.xml": OPEN.format(body).encode()})


def workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "Ferries"
    for row in (("Ferry", "Leaves at", "Pier"), ("Ada", "07:15", "A"), ("Bera", "08:05", "B")):
        sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def old_workbook() -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Ferries")
    rows = (("Ferry", "Leaves at", "Pier"), ("Cora", "09:35", "C"), ("Dora", "10:25", "D"))
    for at, row in enumerate(rows):
        for column, text in enumerate(row):
            sheet.write(at + 3, column + 1, text)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def slides() -> bytes:
    deck = Presentation()
    for title, text in (("Boats", "All boats are white."), ("Pier", fact("Edda", "11:45"))):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text, slide.placeholders[1].text = title, text
    stream = io.BytesIO()
    deck.save(stream)
    return stream.getvalue()


def table(ship: str, time: str) -> str:
    rows = (("Ferry", "Leaves at", "Pier"), (ship, time, "A"), ("Zora", "23:55", "B"))
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    lines = ("".join(map(cell.format, row)) for row in rows)
    body = "".join(f"<table:table-row>{line}</table:table-row>" for line in lines)
    return f'<table:table table:name="Ferries">{body}</table:table>'


def mail(ship: str, time: str) -> bytes:
    head = "From: a@pier.example\nSubject: Piers\nDate: Wed, 6 Mar 2024 10:00:00 +0000\n\n"
    return f"{head}{fact(ship, time)}\n".encode()


def letter() -> bytes:
    made = docx.Document()
    made.add_heading("Pier", 1)
    made.add_paragraph(fact("Nanna", "12:25"))
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def printed() -> bytes:
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Times", "", 12)
    pdf.multi_cell(160, 6, fact("Oddny", "13:05"))
    return bytes(pdf.output())


def picture() -> bytes:
    page = Image.new("L", (1100, 200), "white")
    font = ImageFont.load_default(28)
    ImageDraw.Draw(page).text((40, 80), fact("Randi", "14:55"), "black", font)
    stream = io.BytesIO()
    page.save(stream, "PNG", dpi=(150, 150))
    return stream.getvalue()


PICTURE = "thirty-two.png"  # read where there is a program for it
PAGED = (PICTURE, "thirty-one.pdf")  # whose pages are drawn, with the quote boxed on them
LINK = re.compile(r"quote=([0-9a-f]+):(\d+)-(\d+)")
FILES: dict[str, tuple[bytes, str, str, str]] = {  # name → bytes, ship, time, where it is cited
    "one.xlsx": (workbook(), "Ada", "07:15", "one › Ferries, A2:C2"),
    "two.xls": (old_workbook(), "Cora", "09:35", "two › Ferries, B5:D5"),
    "three.ods": (
        opened(f"<office:spreadsheet>{table('Fia', '12:10')}</office:spreadsheet>"),
        "Fia", "12:10", "three › Ferries, A2:C2",
    ),
    "four.pptx": (slides(), "Edda", "11:45", "Boats › Pier, ¶ 1, slide 2"),
    "five.odt": (
        opened(f"<office:text>{HEADING * 2}<text:p>{fact('Gry', '13:20')}</text:p></office:text>"),
        "Gry", "13:20", "five › Pier, ¶ 1",
    ),
    "six.odp": (
        opened("<office:presentation><draw:page><draw:frame><draw:text-box><text:p>"
               f"{fact('Hilda', '14:30')}</text:p></draw:text-box></draw:frame></draw:page>"
               "</office:presentation>"),
        "Hilda", "14:30", "six › Slide 1, ¶ 1, slide 1",
    ),
    "seven.rtf": (
        f"{{\\rtf1 {fact('Ida', '15:40')}\\par}}".encode(), "Ida", "15:40", "seven, ¶ 1",
    ),
    "eight.ipynb": (
        json.dumps(
            {"cells": [{"cell_type": "markdown", "source": fact("Jorid", "16:50")}]}
        ).encode(),
        "Jorid", "16:50", "eight, ¶ 1",
    ),
    "nine.srt": (
        f"1\n00:00:01,000 --> 00:00:04,000\nWelcome to the pier.\n\n2\n00:01:00,000 --> "
        f"00:01:04,000\n{fact('Kaia', '17:05')}\n".encode(),
        "Kaia", "17:05", "nine, 1:00–1:04",
    ),
    "ten.vtt": (
        f"WEBVTT\n\n00:05.000 --> 00:09.000\n{fact('Liv', '18:15')}\n".encode(),
        "Liv", "18:15", "ten, 0:05–0:09",
    ),
    "eleven.json": (
        json.dumps({"piers": [{"name": "A", "note": {"about": fact("Mona", "19:25")}}]}).encode(),
        "Mona", "19:25", "eleven › piers › 0 › note, ¶ 1",
    ),
    "twelve.jsonl": (
        json.dumps({"note": {"about": fact("Nora", "20:35")}}).encode(),
        "Nora", "20:35", "twelve › line 1 › note, ¶ 1",
    ),
    "thirteen.yaml": (
        f"pier:\n  about: {fact('Oda', '21:45')}\n  color: red\n".encode(),
        "Oda", "21:45", "thirteen › pier, ¶ 1",
    ),
    "fourteen.xml": (
        f"<piers><pier><about>{fact('Pia', '22:55')}</about></pier></piers>".encode(),
        "Pia", "22:55", "fourteen › pier, ¶ 1",
    ),
    "fifteen.rst": (
        f"Boats\n=====\n\nWhite.\n\nPier\n====\n\n{fact('Ragna', '06:05')}\n".encode(),
        "Ragna", "06:05", "fifteen › Pier, ¶ 1",
    ),
    "sixteen.adoc": (
        f"= Boats\n\n== Pier\n\n{fact('Siri', '05:15')}\n".encode(),
        "Siri", "05:15", "Boats › Pier, ¶ 1",
    ),
    "seventeen.org": (
        f"* Pier\n{fact('Tora', '04:25')}\n".encode(), "Tora", "04:25", "seventeen › Pier, ¶ 1",
    ),
    "eighteen.tex": (
        f"\\section{{Pier}} {fact('Unn', '03:35')}\n".encode(),
        "Unn", "03:35", "eighteen › Pier, ¶ 1",
    ),
    "nineteen.py": (
        f'def pier():\n    """{fact("Vilja", "02:45")}"""\n'.encode(),
        "Vilja", "02:45", "nineteen.py › pier, ¶ ",
    ),
    "twenty.log": (fact("Ylva", "01:55").encode(), "Ylva", "01:55", "twenty, ¶ 1"),
    "twenty-one.xlsb": (
        zipped(binary_workbook((("Ferry", "Leaves at", "Pier"), ("Alva", "00:45", "A"),
                                ("Brit", "01:05", "B")))),
        "Alva", "00:45", "twenty one › Nests, A2:C2",
    ),
    "twenty-two.eml": (mail("Dagny", "02:25"), "Dagny", "02:25", "Piers, ¶ "),
    "twenty-three.mbox": (
        mailbox([mail("Eir", "03:15"), mail("Frida", "04:05")]), "Frida", "04:05", "Piers, ¶ "
    ),
    "twenty-four.msg": (
        outlook_mail(fact("Gunn", "05:55"), ""), "Gunn", "05:55", "Nests of the lake, ¶ "
    ),
    "twenty-five.zip": (
        zipped({"dock/note.md": f"# Piers\n\n{fact('Hedda', '06:35')}\n".encode()}),
        "Hedda", "06:35", "Piers, ¶ 1",
    ),
    "twenty-six.csv": (
        b"Ferry,Leaves at,Pier\nIngrid,07:25,A\nJorunn,08:15,B\n",
        "Ingrid", "07:25", "twenty six, ¶ 1",
    ),
    "twenty-seven.md": (
        f"# Boats\n\n## Pier\n\n{fact('Karin', '09:05')}\n".encode(),
        "Karin", "09:05", "Boats › Pier, ¶ 1",
    ),
    "twenty-eight.html": (
        f"<h1>Boats</h1><h2>Pier</h2><p>{fact('Laila', '10:55')}</p>".encode(),
        "Laila", "10:55", "Boats › Pier, ¶ 1",
    ),
    "twenty-nine.txt": (fact("Marit", "11:35").encode(), "Marit", "11:35", "twenty nine, ¶ 1"),
    "thirty.docx": (letter(), "Nanna", "12:25", "Pier, ¶ 1"),
    "thirty-one.pdf": (printed(), "Oddny", "13:05", "thirty one, ¶ 1, p. 1"),
}  # fmt: skip
if shutil.which("tesseract"):
    FILES[PICTURE] = (picture(), "Randi", "14:55", "thirty two, ¶ 1, p. 1")
INSIDE = {  # files whose text is that of a document in them
    "twenty-three.mbox": "twenty-three.mbox › 2024-03-06 Piers (2).eml",
    "twenty-five.zip": "twenty-five.zip › dock/note.md",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, model: SentenceTransformerEmbedder) -> Path:
    """The folder of ``documents`` and of their ``index``."""
    folder = tmp_path_factory.mktemp("harbour")
    (folder / "documents").mkdir()
    for name, (data, *_) in FILES.items():
        (folder / "documents" / name).write_bytes(data)
    receipt = build_index(
        folder / "documents", folder / "index", model=model, ocr="eng" if PICTURE in FILES else None
    )
    read = {name.partition(" › ")[0] for name in receipt.added}
    assert read == set(FILES), "nothing is skipped"
    health = receipt.health
    assert (health.unreadable, health.unsupported, health.hidden) == ((), (), 0)
    assert [one.document_id for one in health.warnings] == [PICTURE] * (PICTURE in FILES)
    return folder


@pytest.fixture(scope="module")
def harbour(folder: Path, model: SentenceTransformerEmbedder) -> Iterator[Index]:
    with open_index(folder / "index", model=model) as index:
        yield index


@pytest.fixture(scope="module")
def visited(folder: Path, browser: Browser) -> Iterator[Page]:
    """The chat's page, in which one question after another is asked."""
    with running_chat(Chat(folder, folder / "documents")) as chat:
        visit = Visit()
        context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=chat.url)
        context.set_default_timeout(PATIENT_MS)
        visit.watch(context)
        page = context.new_page()
        page.goto("/")
        wait_until_built(page)
        yield page
        context.close()
        visit.check(chat)


@pytest.mark.parametrize("name", FILES)
def test_a_question_to_each_format_is_answered_with_a_citation_that_leads_to_the_marked_place(
    visited: Page, harbour: Index, name: str
) -> None:
    _, ship, time, where = FILES[name]
    turn = ask(visited, f"When does the ferry {ship} leave the pier?")
    expect(turn.locator("mark", has_text=time).first).to_be_visible()
    citation = turn.locator(".qa-citation").first
    said = (citation.get_attribute("title") or "").replace("\xa0", " ")
    assert said.startswith(where)
    citation.click()
    panel = visited.locator("#qa-panel")
    expect(panel.locator("mark", has_text=time).first).to_be_in_viewport()
    link = LINK.search(citation.get_attribute("href") or "")
    assert link is not None
    document = harbour.document(INSIDE.get(name, name))
    assert link[1] == document.digest
    assert time in document.text[int(link[2]) : int(link[3])]
    if name in PAGED:
        panel.get_by_role("button", name="Page", exact=True).click()
        expect(panel.locator(".qa-box-mark").first).to_be_in_viewport()
        panel.get_by_role("button", name="Text", exact=True).click()
    turn.get_by_role("button", name="Undo").click()  # the next question is on its own
    expect(visited.locator(".qa-turn")).to_have_count(0)


def test_slides_are_counted_as_pages_and_sheets_are_not(harbour: Index) -> None:
    pages = {one.id: one.pages for one in harbour.documents() if one.pages}
    pages.pop(PICTURE, None)
    assert pages == {"four.pptx": 2, "six.odp": 1, "thirty-one.pdf": 1}
