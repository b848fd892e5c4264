"""Scans made of the shared PDFs' pages, with noise, by each program that recognises them.

``python -m benchmarks.reading.scans`` draws a page of each file as scanners and cameras see it,
and counts the words that tesseract and rapidocr lose and make up. It needs both.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pypdfium2  # type: ignore[import-untyped]
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from benchmarks.datasets import SHARED
from benchmarks.reading.words import Loss, Reading, compare
from benchmarks.results import save_section
from qa_bot.loaders.pdf import ocr, rapid
from qa_bot.loaders.pdf.hocr import Scan, page_text

_LEAST_WORDS = 150  # of a page that is worth it


@dataclass(frozen=True, slots=True)
class Look:
    """How a page comes to be a picture."""

    name: str
    dpi: int
    lean: float  # degrees
    noise: float  # greys, standard deviation
    blur: float  # pixels
    shade: float = 0.0  # of the light that the darker edge lacks, in [0, 1]


LOOKS = (
    Look("200 dpi, some noise", 200, 0.8, 12, 0.0),
    Look("150 dpi, noisy, soft", 150, -1.2, 25, 0.8),
    Look("photograph, 130 dpi, shaded", 130, 1.0, 15, 1.0, 0.6),
    Look("fax, 100 dpi", 100, 0.5, 20, 0.0),
)


def drawn(page: pypdfium2.PdfPage, look: Look) -> Image.Image:
    """The page as it looks."""
    picture = page.render(scale=look.dpi / 72, grayscale=True).to_pil().convert("L")
    turned = picture.rotate(look.lean, Image.Resampling.BICUBIC, fillcolor=255)
    grey = np.asarray(turned.filter(ImageFilter.GaussianBlur(look.blur)), dtype=float)
    light = np.linspace(1 - look.shade, 1, grey.shape[1])
    noise = np.random.default_rng(7).normal(0, look.noise, grey.shape)
    return Image.fromarray(((20 + 0.85 * grey) * light + noise).clip(0, 255).astype(np.uint8))


def enlarged(picture: Image.Image, dpi: int) -> NDArray[np.uint8]:
    """As qa_bot hands it on, at 300 dpi."""
    scale = ocr.DPI / dpi
    size = round(picture.width * scale), round(picture.height * scale)
    return np.asarray(picture.resize(size, Image.Resampling.BICUBIC))


def text_of(scan: Scan, picture: NDArray[np.uint8]) -> str:
    """What is kept of a scan."""
    height, width = picture.shape
    return "\n".join(run.text for run in page_text(scan, width, height, 72 / ocr.DPI).runs)


def pages(count: int) -> list[tuple[Path, int]]:
    """The first page of each shared PDF, from the third on, that has enough words."""
    found = []
    for path in sorted((SHARED / "pdfs").glob("*.pdf")):
        with pypdfium2.PdfDocument(path) as file:
            for number in range(2 if len(file) > 3 else 0, len(file)):
                if len(file[number].get_textpage().get_text_range().split()) >= _LEAST_WORDS:
                    found.append((path, number))
                    break
    return found[:count]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pages", type=int, default=15)
    parser.add_argument("--save", action="store_true", help="write the section of RESULTS.md")
    asked = parser.parse_args()
    programs: dict[str, Callable[[NDArray[np.uint8]], Scan]] = {
        "tesseract": lambda picture: ocr.by_tesseract(picture, 72 / ocr.DPI, "eng"),
        "rapidocr": rapid.read_picture,
    }
    chosen = pages(asked.pages)
    lines = [
        "| | program | words | lost ‰ | invented ‰ | seconds a page |",
        "|---|---|" + "---:|" * 4,
    ]
    for look in LOOKS:
        for name, read in programs.items():
            total, seconds = Loss(), 0.0
            for path, number in chosen:
                with pypdfium2.PdfDocument(path) as file:
                    truth = file[number].get_textpage().get_text_range()
                    picture = enlarged(drawn(file[number], look), look.dpi)
                began = time.perf_counter()
                scan = read(picture)
                seconds += time.perf_counter() - began
                total.add(compare(text_of(scan, picture), [Reading("pdfium", truth)]))
            kinds = (total.lost, total.invented, total.glued, total.torn)
            wrong = (1000 * kind.total() / total.words for kind in kinds)
            figures = " | ".join(f"{one:.1f}" for one in (*wrong, seconds / len(chosen)))
            lines.append(f"| {look.name} | {name} | {total.words:,} | {figures} |")
            print(lines[-1], flush=True)
    if asked.save:
        made = (
            f"Made by `python -m benchmarks.reading.scans --pages {len(chosen)} --save`: a page of"
        )
        made = f"{made} each of {len(chosen)} shared PDFs, {total.words:,} words."
        save_section("scans", "\n".join(["## Scans, by two programs", "", made, "", *lines]))


if __name__ == "__main__":
    main()
