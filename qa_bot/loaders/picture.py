"""Pictures of pages: put on the pages of a PDF as they are, and recognised like a scan."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from qa_bot.records import Document

if TYPE_CHECKING:
    from PIL.Image import Image

NEEDS_OCR = "a picture: its text is read with `qa-bot index --ocr`"
MAX_PIXELS = 200_000_000  # of one picture; what recognises it takes it coarser
DPI = 150  # of pictures that don't say it, or say what screens do
_LEAST_DPI, _MOST_DPI = 100, 1_200  # that scanners have
_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP")
_QUALITY = 95  # of JPEG


class _TooLargeError(Exception):
    """One of the pictures has more pixels than is safe."""


def load_picture(
    path: Path,
    document_id: str,
    *,
    max_pages: int = 5_000,
    ocr: str | None = None,
    on_page: Callable[[int, int], None] | None = None,
) -> Document:
    """Recognise the text of a picture; each of a TIFF's is a page.

    Args:
        path: The file.
        document_id: Its name in citations.
        max_pages: A file of more is refused.
        ocr: The languages in which it is recognised.
        on_page: Called with the number of pages recognised, and of all.

    Raises:
        ValueError: OCR isn't asked for, or it is damaged or too large.
    """
    from qa_bot.loaders.pdf.load import load_pdf

    if ocr is None:
        raise ValueError(NEEDS_OCR)
    with tempfile.TemporaryDirectory(prefix="qa-bot-") as folder:
        file = Path(folder) / "pages.pdf"
        write_pages(path, file, max_pages)
        return load_pdf(
            file, document_id, max_pages=max_pages, ocr=ocr, on_page=on_page, second=False
        )


def write_pages(path: Path, target: Path, most: int) -> None:
    """Write a picture as a PDF, a page for each that the file holds.

    Raises:
        ValueError: There are more pages or pixels than is safe, or it is damaged.
    """
    from PIL import Image, ImageFile

    Image.MAX_IMAGE_PIXELS = None  # told here, in words of ours
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        opened = Image.open(path, formats=_FORMATS)
    except Exception as error:
        raise ValueError("damaged: no picture that can be opened") from error
    with opened:
        count = getattr(opened, "n_frames", 1) if opened.format == "TIFF" else 1
        if count > most:
            raise ValueError(f"{count:,} pages, more than {most:,}")
        dpi = _dpi(opened)
        pages = _pages(opened, count)
        try:
            first = next(pages)
            first.save(
                target,
                "PDF",
                resolution=dpi,
                quality=_QUALITY,
                title="",
                save_all=True,
                append_images=pages,
            )
        except _TooLargeError as error:
            raise ValueError(f"larger than {MAX_PIXELS // 10**6} megapixels") from error
        except MemoryError:
            raise
        except Exception as error:
            raise ValueError("damaged: it can't be drawn") from error


def _pages(opened: Image, count: int) -> Iterator[Image]:
    """Each page upright, on white, and in colours or greys."""
    from PIL import Image, ImageOps

    for number in range(count):
        opened.seek(number)
        if opened.width * opened.height > MAX_PIXELS:
            raise _TooLargeError
        page: Image.Image = ImageOps.exif_transpose(opened)
        if page.mode.startswith("I") or page.mode == "F":  # more than 256 greys
            low, high = page.getextrema()
            scale = 255 / (float(high) - float(low) or 1.0)  # type: ignore[arg-type]
            page = page.point(lambda value, low=low, scale=scale: (value - low) * scale)
        elif page.has_transparency_data:
            seen = page.convert("RGBA")
            page = Image.new("RGB", seen.size, "white")
            page.paste(seen, mask=seen)
        yield page.convert("L" if page.mode in ("1", "L", "I", "F", "I;16") else "RGB")


def _dpi(opened: Image) -> float:
    """How many pixels an inch has; a picture that doesn't say is taken for a photo of a page."""
    try:
        said = float(opened.info.get("dpi", (0, 0))[0])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        return DPI
    return said if _LEAST_DPI <= said <= _MOST_DPI else DPI
