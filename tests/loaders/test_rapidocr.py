"""Scans recognised by rapidocr: without tesseract, offline, and as well laid out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import blocks
from fpdf import FPDF
from test_pdf_ocr import HERON, STORK, paragraph, picture_of, put, saved, scanned

from qa_bot import OcrError
from qa_bot.loaders.pdf import ocr, rapid
from qa_bot.loaders.pdf.load import load_pdf

pytest.importorskip("rapidocr", reason="needs qa-bot[ocr]")
pytestmark = pytest.mark.xdist_group("ocr")


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no other program."""
    monkeypatch.delenv(ocr.SWITCH, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))


def two_paragraphs(pdf: FPDF) -> None:
    paragraph(pdf, HERON)
    paragraph(pdf, STORK, y=90)


def test_a_leaning_scan_is_read_in_paragraphs(tmp_path: Path) -> None:
    ocr.check_ocr("eng+deu")
    document = load_pdf(saved(tmp_path, picture_of(two_paragraphs, lean=0.8)), "a", ocr="eng")
    assert blocks(document) == [HERON, STORK]
    assert document.warnings == ("recognised by OCR, may hold errors: all pages",)


def test_the_title_and_the_cells_of_a_ruled_table_are_told_apart(tmp_path: Path) -> None:
    rows = [("Bird", "Nests in", "Number"), ("Heron", "tall trees", "41"), ("Stork", "roofs", "73")]

    def draw(pdf: FPDF) -> None:
        pdf.set_font("Helvetica", "B", 18)
        pdf.text(25, 30, "Nests of the lake")
        paragraph(pdf, HERON)
        pdf.set_xy(20, 90)
        for row in rows:
            pdf.set_x(20)
            for cell in row:
                pdf.cell(50, 10, cell, border=1)
            pdf.ln()

    document = load_pdf(saved(tmp_path, picture_of(draw, dpi=300, lean=0.6)), "a", ocr="eng")
    assert document.title == "Nests of the lake"
    assert blocks(document) == [document.title, HERON, *(" | ".join(row) for row in rows)]


@pytest.mark.parametrize("turn", [90, 180])
def test_pages_scanned_sideways_are_read(tmp_path: Path, turn: int) -> None:
    picture = scanned(drawn_page()).rotate(turn, expand=True)  # anticlockwise
    pdf = FPDF(format=(picture.width / 8, picture.height / 8))
    pdf.add_page()
    put(pdf, picture)
    file = tmp_path / "made.pdf"
    pdf.output(str(file))
    assert blocks(load_pdf(file, "a", ocr="eng")) == [HERON, STORK]


def drawn_page() -> bytes:
    pdf = FPDF()
    pdf.add_page()
    two_paragraphs(pdf)
    return bytes(pdf.output())


def test_it_works_within_a_workers_memory_and_asks_nobody(tmp_path: Path) -> None:
    file = saved(tmp_path, picture_of(lambda pdf: paragraph(pdf, HERON)))
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30,) * 2); "
        "asked = []; "
        "watched = 'socket.', 'subprocess.'; "
        "sys.addaudithook(lambda event, _: event.startswith(watched) and asked.append(event)); "
        "from pathlib import Path; from qa_bot.loaders.pdf.load import load_pdf; "
        "print(load_pdf(Path(sys.argv[1]), 'a', ocr='eng').text, asked)"
    )
    run = [sys.executable, "-c", code, str(file)]
    said = subprocess.run(run, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == f"{HERON} []"


def test_without_its_models_it_is_not_there_and_fetches_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rapid, "_MODELS", {"Det": "elsewhere.onnx"})
    rapid._is_installed.cache_clear()
    rapid._engine.cache_clear()
    try:
        with pytest.raises(OcrError, match=r"or rapidocr: `pip install qa-bot\[ocr\]`"):
            ocr.check_ocr("eng")
        with pytest.raises(OcrError, match="lacks its model"):
            rapid._engine()
    finally:
        rapid._is_installed.cache_clear()


def test_languages_that_its_model_does_not_read_are_left_to_tesseract() -> None:
    assert rapid.can_read_rapidly("eng+jpn")
    assert not rapid.can_read_rapidly("eng+ara")
    assert not rapid.can_read_rapidly("")
