"""Highlights in a copy of a PDF, read back: pdfium finds the quoted words under them."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pytest
from fpdf import FPDF
from pypdf import PdfReader, PdfWriter
from pypdf.generic import RectangleObject

from qa_bot.errors import PageViewError
from qa_bot.loaders.pdf.load import load_pdf
from qa_bot.pages.view import Note, PageViewer

KINDS = "heron otter badger lynx stork grayling newt marten curlew vole".split()


@pytest.fixture(scope="module")
def viewer() -> Iterator[PageViewer]:
    with PageViewer(seconds=120) as viewer:
        yield viewer


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten pages of twenty sentences that run over the ends of lines."""
    pdf = FPDF()
    pdf.set_font("Times", "", 11)
    for page in range(10):
        pdf.add_page()
        for part in range(4):
            said = " ".join(
                f"On day {number} of its watch the {KINDS[page]} came to gate {part} and stayed "
                f"for {number + 3} hours before it went back to the {KINDS[number]} at the weir."
                for number in range(5)
            )
            pdf.multi_cell(0, 6, said)
            pdf.ln(6)
    file = tmp_path_factory.mktemp("book") / "book.pdf"
    pdf.output(str(file))
    return file


def notes_of(viewer: PageViewer, file: Path, quote: str, pages: Sequence[int]) -> list[Note]:
    boxes = viewer.boxes(file, pages, quote).whole
    return [
        Note(page, tuple(one for one in boxes if one.page == page), f"Asked: {quote[:20]} <b>")
        for page in sorted({one.page for one in boxes})
    ]


def highlights(copy: bytes) -> list[tuple[int, Any]]:
    """The annotations of a copy, with the number of their page."""
    return [
        (number, annotation.get_object())
        for number, page in enumerate(PdfReader(io.BytesIO(copy)).pages, 1)
        for annotation in page.get("/Annots", [])
    ]


def under(document: pypdfium2.PdfDocument, number: int, annotation: Any) -> str:
    """What pdfium reads under the quads of a highlight, without white space."""
    quads = [float(one) for one in annotation["/QuadPoints"]]
    text = document[number - 1].get_textpage()
    read = ""
    for start in range(0, len(quads), 8):
        left, top, right, _, _, bottom = quads[start : start + 6]
        read += text.get_text_bounded(left, bottom, right, top)
    return "".join(read.split())


def test_the_words_under_the_highlights_are_the_quotes(viewer: PageViewer, book: Path) -> None:
    document = load_pdf(book, "book.pdf")
    quotes = [f"{one.strip()}." for one in document.text.replace("\n", " ").split(".")][:-1]
    assert len(quotes) == 200
    pages = [number // 20 + 1 for number in range(200)]
    notes = [
        note
        for quote, page in zip(quotes, pages, strict=True)
        for note in notes_of(viewer, book, quote, [page])
    ]
    copy = viewer.annotate(book, notes)
    found = highlights(copy)
    assert len(found) == len(notes)
    read = pypdfium2.PdfDocument(copy)
    texts = [under(read, *one) for one in found]
    right = sum("".join(quote.split()) in texts for quote in quotes)
    assert right >= 0.97 * len(quotes)
    assert found[0][1]["/Subtype"] == "/Highlight"
    assert found[0][1]["/Contents"] == f"Asked: {quotes[0][:20]} <b>"


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_turned_and_cropped_page_is_highlighted_in_the_right_place(
    viewer: PageViewer, book: Path, tmp_path: Path, turn: int
) -> None:
    writer = PdfWriter(clone_from=PdfReader(book))
    writer.pages[0].cropbox = RectangleObject((10, 300, 585, 830))
    writer.pages[0].rotate(turn)
    file = tmp_path / "turned.pdf"
    writer.write(file)
    quote = "On day 1 of its watch the heron came to gate 0"
    notes = notes_of(viewer, file, quote, [1])
    copy = viewer.annotate(file, notes)
    texts = [under(pypdfium2.PdfDocument(copy), *one) for one in highlights(copy)]
    assert texts == ["".join(quote.split())]


def test_the_file_stays_as_it_is_and_bad_ones_are_refused(
    viewer: PageViewer, book: Path, tmp_path: Path
) -> None:
    before = book.read_bytes()
    assert viewer.annotate(book, []) != b""
    assert book.read_bytes() == before
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(before[:300])
    locked = PdfWriter(clone_from=PdfReader(book))
    locked.encrypt("secret")
    locked.write(tmp_path / "locked.pdf")
    for file in (broken, tmp_path / "locked.pdf", tmp_path / "none.pdf"):
        with pytest.raises(PageViewError):
            viewer.annotate(file, [])
