"""Highlights in a copy of a PDF: is what they cover the quote?  Read back by pdfium alone.

``python -m benchmarks.pdf.highlights`` takes passages of the shared PDFs, writes copies in
which each is highlighted with a note, opens those, and reads the letters inside the
quadrilaterals of each highlight. It writes its section of RESULTS.md. ``--details`` prints what
was wrong.
"""

from __future__ import annotations

import argparse
import ctypes
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]
from pypdf import PdfReader

from benchmarks.pdf.page_boxes import Reader, failure, plain, sampled
from benchmarks.pdf.reading import PDFS
from benchmarks.results import save_section
from qa_bot.pages.view import Note, PageViewer
from qa_bot.records import Passage

COUNT = 200
TO_REACH = 0.97

Quad = tuple[float, float, float, float]
"""left, bottom, right, top, in the page's own coordinates."""


def notes_of(path: Path, passages: Iterable[Passage], viewer: PageViewer) -> list[Note]:
    """A highlight for each page of each passage; its note says which passage it is."""
    notes = []
    for number, passage in enumerate(passages):
        boxes = viewer.boxes(path, [page.number for page in passage.pages], passage.text, []).whole
        for page in sorted({box.page for box in boxes}):
            here = tuple(box for box in boxes if box.page == page)
            notes.append(Note(page, here, f"Is it passage {number}?"))
    return notes


def highlights(copy: Path) -> dict[str, list[tuple[int, Quad]]]:
    """What each note covers: the page, from 0, and the quadrilaterals, in their order."""
    document = pypdfium2.PdfDocument(copy)
    found: dict[str, list[tuple[int, Quad]]] = {}
    for number in range(len(document)):
        page = document[number]
        for place in range(pdfium.FPDFPage_GetAnnotCount(page)):
            annotation = pdfium.FPDFPage_GetAnnot(page, place)
            if pdfium.FPDFAnnot_GetSubtype(annotation) == pdfium.FPDF_ANNOT_HIGHLIGHT:
                quads = found.setdefault(_contents(annotation), [])
                quads += [(number, quad) for quad in _quads(annotation)]
            pdfium.FPDFPage_CloseAnnot(annotation)
    document.close()
    return found


def _contents(annotation: pdfium.FPDF_ANNOTATION) -> str:
    size = pdfium.FPDFAnnot_GetStringValue(annotation, b"Contents", None, 0)
    buffer = ctypes.create_string_buffer(size)
    pointer = ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR))
    pdfium.FPDFAnnot_GetStringValue(annotation, b"Contents", pointer, size)
    return buffer.raw[: size - 2].decode("utf-16-le")


def _quads(annotation: pdfium.FPDF_ANNOTATION) -> Iterable[Quad]:
    for place in range(pdfium.FPDFAnnot_CountAttachmentPoints(annotation)):
        one = pdfium.FS_QUADPOINTSF()
        pdfium.FPDFAnnot_GetAttachmentPoints(annotation, place, one)
        xs, ys = (one.x1, one.x2, one.x3, one.x4), (one.y1, one.y2, one.y3, one.y4)
        yield min(xs), min(ys), max(xs), max(ys)


def covered(reader: Reader, quads: Iterable[tuple[int, Quad]]) -> str:
    """The letters whose middle is in a quadrilateral, each once."""
    seen: set[tuple[int, int]] = set()
    text = ""
    for page, (left, low, right, high) in quads:
        for index, (letter, x, y) in enumerate(reader.letters(page + 1)):
            if left <= x <= right and low <= y <= high and (page, index) not in seen:
                seen.add((page, index))
                text += letter
    return text


def main() -> None:
    """Measure, print, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--details", action="store_true", help="print what went wrong, too")
    parser.add_argument("--count", type=int, default=COUNT, help=f"others than {COUNT} only print")
    asked = parser.parse_args()
    every = sorted(PDFS.glob("*.pdf"))
    if not every:
        raise SystemExit(f"no PDFs in {PDFS} (see benchmarks/README.md)")
    paths = [path for path in every if not PdfReader(path).is_encrypted]
    right = count = 0
    wrong: Counter[str] = Counter()
    with PageViewer() as viewer, tempfile.TemporaryDirectory() as folder:
        for path, passages in sorted(sampled(paths, asked.count).items()):
            copy = Path(folder, path.name)
            copy.write_bytes(viewer.annotate(path, notes_of(path, passages, viewer)))
            found, reader = highlights(copy), Reader(copy)
            for number, passage in enumerate(passages):
                text = covered(reader, found.get(f"Is it passage {number}?", ()))
                count += 1
                if plain(text) == plain(passage.text):
                    right += 1
                    continue
                why = failure(plain(passage.text), plain(text))
                wrong[why] += 1
                if asked.details:
                    print(f"{path.name}: {why}\n  quoted {passage.text!r}\n  covered {text!r}")
    listed = ", ".join(f"{why} {number}" for why, number in wrong.most_common())
    text = (
        "## Highlights in a copy of a PDF\n\nMade by `python -m benchmarks.pdf.highlights`: the"
        " letters inside each highlight, read back by pdfium.\n\n"
        "| quotes | highlighted exactly | to reach |\n|---:|---:|---:|\n"
        f"| {count} | {right / count:.3f} | {TO_REACH} |\n\n"
        f"What was wrong: {listed or 'nothing'}. Each note holds its question."
        f" {len(every) - len(paths)} of {len(every)} files are encrypted, and refused: no copy of"
        " them is made."
    )
    print(text)
    if asked.count == COUNT:
        save_section("highlights", text)


if __name__ == "__main__":
    main()
