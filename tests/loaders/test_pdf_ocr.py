"""Scans made here, with noise and leaning a little, recognised by the real tesseract."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pypdfium2  # type: ignore[import-untyped]
import pytest
from conftest import blocks, outline
from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
)

from qa_bot import OcrError
from qa_bot.errors import UnreadableDocumentError
from qa_bot.loaders import load_document
from qa_bot.loaders.pdf import ocr
from qa_bot.loaders.pdf.hocr import page_text, read_hocr
from qa_bot.loaders.pdf.lines import segments
from qa_bot.loaders.pdf.load import load_pdf
from qa_bot.records import Document

needs_tesseract = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="needs tesseract: apt-get install tesseract-ocr"
)
pytestmark = pytest.mark.xdist_group("ocr")  # tesseract wants a core for each of its pages

HERON = (
    "The heron stands in the shallow water and waits for fish that pass between the reeds. "
    "Its neck is folded until it strikes, and the strike takes less than a tenth of a second. "
    "Young birds learn this by watching the old ones for most of their first summer."
)
STORK = (
    "A stork returns to the same nest each spring, and both parents mend it before the eggs "
    "are laid. The young leave after nine weeks, when the meadows have been mown and frogs are "
    "easy to find. They cross the strait in August, long before their parents do."
)
HINT = "`qa-bot index --ocr` reads it"

Drawing = Callable[[FPDF], None]


def paragraph(pdf: FPDF, text: str, *, x: float = 25, y: float = 40, width: float = 160) -> None:
    pdf.set_font("Times", "", 12)
    pdf.set_xy(x, y)
    pdf.multi_cell(width, 5.5, text)


def drawn(*drawings: Drawing) -> bytes:
    """A PDF with a page for each drawing."""
    pdf = FPDF()
    pdf.set_auto_page_break(auto=False)
    for draw in drawings:
        pdf.add_page()
        draw(pdf)
    return bytes(pdf.output())


def scanned(pdf: bytes, *, dpi: int = 200, lean: float = 0.0, noise: float = 12) -> Image.Image:
    """The first page as a scanner sees it: ``lean`` degrees off, grey, with noise."""
    with pypdfium2.PdfDocument(pdf) as document:
        picture = document[0].render(scale=dpi / 72, grayscale=True).to_pil().convert("L")
    grey = np.asarray(picture.rotate(lean, Image.Resampling.BICUBIC, fillcolor=255), dtype=float)
    grey = 20 + 0.85 * grey + np.random.default_rng(7).normal(0, noise, grey.shape)
    return Image.fromarray(grey.clip(0, 255).astype(np.uint8))


def picture_of(draw: Drawing, *, dpi: int = 200, lean: float = 0.0) -> Drawing:
    """A drawing that is the scan of another one, as wide as the page."""
    picture = scanned(drawn(draw), dpi=dpi, lean=lean)
    return lambda pdf: put(pdf, picture)


def put(pdf: FPDF, picture: Image.Image) -> None:
    pdf.image(picture, 0, 0, pdf.w, pdf.h)


def saved(path: Path, *drawings: Drawing) -> Path:
    file = path / "made.pdf"
    file.write_bytes(drawn(*drawings))
    return file


def recognised(file: Path) -> Document:
    return load_pdf(file, "made.pdf", ocr="eng")


@needs_tesseract
@pytest.mark.parametrize(("dpi", "lean"), [(200, 0.8), (300, -1.5)])
def test_a_leaning_scan_is_read_in_paragraphs(tmp_path: Path, dpi: int, lean: float) -> None:
    def draw(pdf: FPDF) -> None:
        paragraph(pdf, HERON)
        paragraph(pdf, STORK, y=90)

    document = recognised(saved(tmp_path, picture_of(draw, dpi=dpi, lean=lean)))
    assert blocks(document) == [HERON, STORK]
    assert document.warnings == ("recognised by OCR, may hold errors: all pages",)


@needs_tesseract
def test_pages_with_text_stay_as_they_are_beside_scanned_ones(tmp_path: Path) -> None:
    def photo(pdf: FPDF) -> None:
        noise = np.random.default_rng(3).integers(0, 255, (9, 7), dtype=np.uint8)
        picture = Image.fromarray(noise).resize((700, 900), Image.Resampling.BICUBIC)
        pdf.image(picture, 20, 20, 150)

    def text(pdf: FPDF) -> None:
        paragraph(pdf, STORK)

    def both(pdf: FPDF) -> None:  # text, and a picture of text: the page has text
        paragraph(pdf, "Figure 1 shows a letter.")
        pdf.image(scanned(drawn(lambda pdf: paragraph(pdf, HERON))), 20, 80, 150)

    scan = picture_of(lambda pdf: paragraph(pdf, HERON))
    file = saved(tmp_path, text, scan, photo, both, scan)
    plain = load_pdf(file, "made.pdf")
    assert plain.text == f"{STORK}\n\nFigure 1 shows a letter."
    assert plain.warnings == (f"no text on pages 2–3, 5: scanned, or a picture; {HINT}",)

    told: list[tuple[int, int]] = []
    document = load_pdf(
        file, "made.pdf", ocr="eng", on_page=lambda done, total: told.append((done, total))
    )
    assert document.text == f"{STORK}\n\n{HERON}\n\nFigure 1 shows a letter.\n\n{HERON}"
    assert [span.page.number for span in document.pages] == [1, 2, 4, 5]
    assert document.warnings == (
        "no text on page 3: scanned, or a picture; OCR found none",
        "recognised by OCR, may hold errors: pages 2, 5",
    )
    assert told[-1] == (5, 5)
    assert told == sorted(told)


@needs_tesseract
def test_a_file_of_text_reads_the_same_whether_ocr_is_asked_for_or_not(tmp_path: Path) -> None:
    file = saved(tmp_path, lambda pdf: paragraph(pdf, HERON), lambda pdf: paragraph(pdf, STORK))
    assert recognised(file) == load_pdf(file, "made.pdf")


def hocr(*lines: tuple[str, str, Sequence[tuple[str, int, int, int]]]) -> bytes:
    """What tesseract prints: lines of ``bbox``, measures, and words from x to x with confidence."""
    parts = []
    for box, measures, words in lines:
        top, bottom = box.split()[1::2]
        inner = "".join(
            f"<span class='ocrx_word' title='bbox {x0} {top} {x1} {bottom}; x_wconf {sure}'>"
            f"{text}</span>"
            for text, x0, x1, sure in words
        )
        parts.append(f"<span class='ocr_line' title='bbox {box}; {measures}'>{inner}</span>")
    page = f"<html xmlns='http://www.w3.org/1999/xhtml'><body>{''.join(parts)}</body></html>"
    return page.encode()


PLAIN = "baseline 0 -10; x_size 45; x_descenders 10; x_ascenders 13"  # 12 points at 300 dpi
RAISED = "baseline 0 -10; x_size 52; x_descenders 10; x_ascenders 20"


def test_an_accent_on_a_capital_makes_no_line_larger() -> None:
    said = hocr(
        ("100 100 900 145", PLAIN, [("Wolken", 100, 300, 96), ("ziehen", 320, 520, 96)]),
        ("100 155 300 207", RAISED, [("\u00c4rger", 100, 300, 96)]),
        ("100 255 300 307", RAISED, [("Regen", 100, 300, 96)]),
    )
    page = page_text(read_hocr(said), 2500, 3500, 72 / 300)
    assert [run.size for run in page.runs] == [12.0, 12.0, 12.0, 14.5]


def test_the_dots_of_a_contents_entry_are_dots_again() -> None:
    entry = [("Food", 100, 200, 96), ("......cccscssesees", 210, 700, 9), ("sees", 710, 790, 25)]
    said = hocr(
        ("100 100 900 145", PLAIN, [*entry, ("86", 800, 850, 93)]),
        ("100 155 900 195", PLAIN, [("Nests.......ecseceneee102", 100, 850, 70)]),
        ("100 205 900 245", PLAIN, [("Wait...", 100, 200, 96), ("and", 210, 300, 96)]),
        ("100 305 900 345", PLAIN, [("wiggles", 100, 200, 31), ("|", 310, 330, 40)]),
    )
    runs = page_text(read_hocr(said), 2500, 3500, 72 / 300).runs
    assert [part.text for part in segments(runs, 0)] == [
        "Food ..... 86",
        "Nests.....102",
        "Wait... and",
    ]


@needs_tesseract
def test_columns_headings_and_running_headers_of_scans_are_told_apart(tmp_path: Path) -> None:
    def page(number: int) -> Drawing:
        def draw(pdf: FPDF) -> None:
            pdf.set_font("Times", "", 10)
            pdf.text(20, 14, "The Heron Report 2024")
            pdf.text(180, 14, str(number))
            pdf.set_font("Helvetica", "", 20)
            pdf.text(20, 35, ("Nests", "Journeys", "Food")[number - 1])
            paragraph(pdf, f"{HERON} {HERON}", x=20, width=80)
            paragraph(pdf, STORK, x=110, width=80)

        return picture_of(draw, lean=0.5)

    document = recognised(saved(tmp_path, page(1), page(2), page(3)))
    assert document.title == "Nests"
    assert outline(document) == ["Journeys", "Food"]
    columns = [f"{HERON} {HERON}", STORK]

    assert blocks(document, "paragraph") == ["Nests", *columns * 3]
    assert [span.page.label for span in document.pages] == ["1", "2", "3"]


@needs_tesseract
def test_the_cells_of_a_ruled_table_are_kept_apart(tmp_path: Path) -> None:
    rows = [("Bird", "Nests in", "Number"), ("Heron", "tall trees", "41"), ("Stork", "roofs", "73")]

    def draw(pdf: FPDF) -> None:
        pdf.set_font("Helvetica", "", 12)
        pdf.set_xy(20, 40)
        for row in rows:
            pdf.set_x(20)
            for cell in row:
                pdf.cell(50, 10, cell, border=1)
            pdf.ln()

    document = recognised(saved(tmp_path, picture_of(draw, dpi=300, lean=0.6)))
    assert blocks(document) == [" | ".join(row) for row in rows]


def turned(file: Path, turn: int) -> Path:
    """The same file with its page shown turned clockwise."""
    writer = PdfWriter(clone_from=file)
    writer.pages[0].rotate(turn)
    writer.write(file)
    return file


@needs_tesseract
@pytest.mark.parametrize("turn", [90, 180, 270])
@pytest.mark.parametrize("corrected", [True, False])
def test_pages_scanned_sideways_are_read(tmp_path: Path, turn: int, corrected: bool) -> None:
    def draw(pdf: FPDF) -> None:
        paragraph(pdf, HERON)
        paragraph(pdf, STORK, y=90)

    upright = scanned(drawn(draw))
    picture = upright.rotate(turn, expand=True)  # anticlockwise
    pdf = FPDF(format=(picture.width / 8, picture.height / 8))
    pdf.add_page()
    put(pdf, picture)
    file = tmp_path / "made.pdf"
    pdf.output(str(file))
    if corrected:
        turned(file, turn)
    assert blocks(recognised(file)) == [HERON, STORK]


def nameless_font(pdf: PdfWriter, letters: str) -> DictionaryObject:
    """A font whose glyphs are pictures, called g0, g1, … and not by their letters."""
    face, em = ImageFont.load_default(size=64), 64
    programs, widths = DictionaryObject(), ArrayObject()
    for number, letter in enumerate(letters):
        width = round(face.getlength(letter))
        picture = Image.new("1", (width, 90))
        ImageDraw.Draw(picture).text((0, em), letter, fill=1, font=face, anchor="ls")
        glyph = DecodedStreamObject()
        glyph.set_data(
            f"{width} 0 d0 q {width} 0 0 90 0 -26 cm BI /W {width} /H 90 /IM true /D [1 0] "
            f"/F /AHx ID {picture.tobytes().hex()}> EI Q".encode()
        )
        programs[NameObject(f"/g{number}")] = pdf._add_object(glyph)
        widths.append(NumberObject(width))
    names = ArrayObject(NameObject(f"/g{number}") for number in range(len(letters)))
    return DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type3"),
            NameObject("/FontBBox"): ArrayObject(map(NumberObject, (0, -26, em, em))),
            NameObject("/FontMatrix"): ArrayObject(map(FloatObject, (1 / em, 0, 0, 1 / em, 0, 0))),
            NameObject("/CharProcs"): programs,
            NameObject("/Encoding"): DictionaryObject(
                {NameObject("/Differences"): ArrayObject([NumberObject(0), *names])}
            ),
            NameObject("/FirstChar"): NumberObject(0),
            NameObject("/LastChar"): NumberObject(len(letters) - 1),
            NameObject("/Widths"): widths,
        }
    )


@needs_tesseract
def test_a_page_whose_font_names_no_letters_is_recognised(tmp_path: Path) -> None:
    writer = PdfWriter()
    page = writer.add_blank_page(595, 842)
    letters = "".join(sorted(set(HERON)))
    fonts = DictionaryObject({NameObject("/F"): nameless_font(writer, letters)})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    rows = textwrap.wrap(HERON, 70)
    codes = [bytes(letters.index(letter) for letter in row).hex() for row in rows]
    shown = " ".join(f"<{row}> Tj T*" for row in codes)
    contents = DecodedStreamObject()
    contents.set_data(f"BT /F 12 Tf 15 TL 70 700 Td {shown} ET".encode())
    page[NameObject("/Contents")] = writer._add_object(contents)
    file = tmp_path / "made.pdf"
    writer.write(file)
    why = "unreadable text on all pages: its fonts don't say which letters they draw"
    assert load_pdf(file, "made.pdf").warnings == (f"{why}; {HINT}",)
    assert recognised(file).text == HERON


def test_a_scan_without_ocr_says_how_to_read_it(tmp_path: Path) -> None:
    file = saved(tmp_path, picture_of(lambda pdf: paragraph(pdf, HERON)))
    with pytest.raises(UnreadableDocumentError) as caught:
        load_document(file, "made.pdf")
    reason = f"contains no text; no text on all pages: scanned, or a picture; {HINT}"
    assert caught.value.reason == reason


@needs_tesseract
def test_a_huge_page_is_drawn_coarser(tmp_path: Path) -> None:
    picture = scanned(drawn(lambda pdf: paragraph(pdf, HERON)))
    pdf = FPDF(format=(4000, 4000 * picture.height / picture.width))  # four metres wide
    pdf.add_page()
    put(pdf, picture)
    file = tmp_path / "made.pdf"
    pdf.output(str(file))
    with pypdfium2.PdfDocument(file) as document:
        drawn_page, points = ocr._draw(document, 0)
        assert drawn_page.size <= ocr.MAX_PIXELS * 1.001
        assert drawn_page.shape[1] * points == pytest.approx(document[0].get_width(), rel=0.001)
    assert recognised(file).text == HERON


@needs_tesseract
def test_it_works_in_a_process_with_little_memory(tmp_path: Path) -> None:
    file = saved(tmp_path, picture_of(lambda pdf: paragraph(pdf, HERON), dpi=300))
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30,) * 2); "
        "from pathlib import Path; from qa_bot.loaders.pdf.load import load_pdf; "
        "print(load_pdf(Path(sys.argv[1]), 'a', ocr='eng').text)"
    )
    run = [sys.executable, "-c", code, str(file)]
    said = subprocess.run(run, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == HERON


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a program named tesseract, a shell script, before the real one."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def make(script: str) -> None:
        file = folder / "tesseract"
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    return make


def test_a_failure_of_tesseract_costs_its_pages_only(
    tmp_path: Path, program: Callable[[str], None]
) -> None:
    scan = picture_of(lambda pdf: paragraph(pdf, HERON))
    file = saved(tmp_path, lambda pdf: paragraph(pdf, STORK), scan, scan)
    program("cat >/dev/null; echo Out of ink >&2; exit 3")
    document = recognised(file)
    assert document.text == STORK
    assert document.warnings == ("OCR failed on pages 2–3: tesseract failed: Out of ink",)


def test_a_page_that_takes_too_long_is_given_up(
    tmp_path: Path, program: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = saved(
        tmp_path,
        lambda pdf: paragraph(pdf, STORK),
        picture_of(lambda pdf: paragraph(pdf, HERON)),
    )
    program("exec sleep 600")
    monkeypatch.setattr(ocr, "SECONDS", 0.2)
    document = recognised(file)
    assert document.text == STORK
    assert document.warnings == ("OCR failed on page 2: tesseract takes longer than 0.2 s",)


def test_without_the_program_the_error_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OcrError) as caught:
        ocr.check_ocr("eng")
    assert str(caught.value) == (
        "OCR needs tesseract: `apt-get install tesseract-ocr` (macOS: `brew install tesseract`); "
        "or rapidocr: `pip install qa-bot[ocr]`."
    )
    scan = picture_of(lambda pdf: paragraph(pdf, HERON))
    file = saved(tmp_path, lambda pdf: paragraph(pdf, STORK), scan)
    document = recognised(file)
    assert document.text == STORK
    assert document.warnings == (f"OCR failed on page 2: {caught.value}",)


@needs_tesseract
def test_installed_languages_pass_and_a_missing_one_is_named() -> None:
    ocr.check_ocr("eng")
    with pytest.raises(OcrError) as caught:
        ocr.check_ocr("eng+tlh_foo")
    said = str(caught.value)
    assert re.match(r"tesseract has no language 'tlh_foo', only (\w+, )*eng\b[\w, ]*: ", said)
    assert "`apt-get install tesseract-ocr-tlh-foo`" in said
    for languages in ("", "eng+", "--help", "eng eng"):
        with pytest.raises(OcrError):
            ocr.check_ocr(languages)
