"""The process that draws and searches pages, one request after another; ``view`` starts it.

PDFs come from strangers, and what draws them is a large library in C++. Here a crash,
an endless loop or a page that swallows memory costs one request: the system ends this
process, and its parent starts another one.
"""

from __future__ import annotations

import io
import json
import math
import os
import signal
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import pypdfium2  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]
from PIL import Image, ImageOps

from qa_bot.pages.annotating import LockedError, annotated
from qa_bot.pages.scanned import glyphs_of
from qa_bot.pages.sheet import Glyph, PageGlyphs
from qa_bot.pages.text import Area, areas
from qa_bot.paging import ScannedPage
from qa_bot.processes import limit_memory

DOCUMENTS = 4  # kept open, so that paging through is quick
PAGES = 16  # whose characters are kept
MAX_PIXELS = 16_000_000  # of a drawn page; a larger one is drawn smaller
MAX_SIDE = 8_192  # pixels
QUALITY = 80  # of WebP: a third of PNG's bytes at 1200 pixels, in the same 40 ms
_PICTURES = (".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")  # of pages, as they are
_MOST_PIXELS = 200_000_000  # of such a picture
_FAR = 10_000  # points; the unit that pages are measured with, so that rounding does no harm

Request = dict[str, Any]
Reply = dict[str, Any]


class _File(NamedTuple):
    """A file as it was when it was asked for; another size or time makes it another one."""

    path: str
    size: int
    modified: int  # nanoseconds


class _RefusedError(Exception):
    """What is asked for can't be had; the message says why, to a reader."""


def main() -> None:
    """Answer each request, a line of JSON, with a line of JSON until the input ends.

    A request holds ``seconds``, ``memory``, ``path``, and either ``page``, ``width`` and ``form``
    or ``pages``, ``scans``, ``quote`` and ``spans``, or ``notes``. The reply holds ``reason``
    where it is refused; else ``areas`` (null: the quote isn't there), or ``bytes`` (with a
    picture's size), and so many bytes follow the line.
    """
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not spoil the answers
    for line in sys.stdin.buffer:
        reply, picture = _answer(json.loads(line))
        replies.write(json.dumps(reply).encode() + b"\n" + picture)
        replies.flush()


def _answer(request: Request) -> tuple[Reply, bytes]:
    limit_memory(request["memory"])
    # Nothing here catches the alarm: however stuck the library is, the system ends this process.
    signal.setitimer(signal.ITIMER_REAL, request["seconds"])
    try:
        file = _file(request["path"])
        if "quote" in request:
            return {"areas": _areas(file, request)}, b""
        if "notes" in request:
            return _annotate(file, request["notes"])
        return _draw(file, request["page"], request["width"], request["form"])
    except _RefusedError as error:
        return {"reason": str(error)}, b""
    except MemoryError:
        return {"reason": "needs more memory than a page may use"}, b""
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _areas(file: _File, request: Request) -> list[tuple[Area, ...]] | None:
    """Where spans of a quote stand: by what was recognised of a page, else by its file."""
    scans = {one.number: one for one in map(ScannedPage.from_json, request["scans"])}
    is_picture = file.path.lower().endswith(_PICTURES)  # nothing in it says where its letters are
    if is_picture and not scans.keys() >= set(request["pages"]):
        return None
    pages = [
        glyphs_of(scans[number]) if number in scans else _glyphs(file, number)
        for number in request["pages"]
    ]
    return areas(request["quote"], pages, request["spans"])


def _file(path: str) -> _File:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        raise _RefusedError("is no longer there") from None
    except (OSError, ValueError) as error:
        raise _RefusedError(f"can't be opened ({_why(error)})") from None
    return _File(path, found.st_size, found.st_mtime_ns)


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else "") or " ".join(str(error).split())


@lru_cache(DOCUMENTS)
def _document(file: _File) -> pypdfium2.PdfDocument:
    try:
        with open(file.path, "rb"):  # the library doesn't say why it can't
            pass
        try:
            document = pypdfium2.PdfDocument(file.path)
        except UnicodeEncodeError:  # a name that is no UTF-8
            document = pypdfium2.PdfDocument(open(file.path, "rb"), autoclose=True)  # noqa: SIM115
    except OSError as error:
        raise _RefusedError(f"can't be opened ({_why(error)})") from None
    except pypdfium2.PdfiumError as error:
        locked = (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY)
        if error.err_code in locked:
            raise _RefusedError("is encrypted, and needs its password") from None
        raise _RefusedError("is damaged, or no PDF") from None
    with suppress(pypdfium2.PdfiumError):
        document.init_forms()  # else what was filled in isn't drawn
    return document


def _page(file: _File, number: int) -> pypdfium2.PdfPage:
    document = _document(file)
    if not 1 <= number <= len(document):
        raise _RefusedError(f"has no page {number}")
    try:
        return document[number - 1]
    except pypdfium2.PdfiumError:
        raise _RefusedError(f"is damaged: page {number} can't be opened") from None


def _picture(file: _File, number: int, width: int) -> tuple[Image.Image, int]:
    """A picture of a page, upright, at most so wide, and how many its file holds."""
    try:
        with Image.open(file.path, formats=("PNG", "JPEG", "TIFF", "WEBP")) as opened:
            count = getattr(opened, "n_frames", 1) if opened.format == "TIFF" else 1
            if not 1 <= number <= count:
                raise _RefusedError(f"has no page {number}")
            opened.seek(number - 1)
            if opened.width * opened.height > _MOST_PIXELS:
                raise _RefusedError("is too large to be drawn")
            opened.draft("RGB", (width, width))  # of JPEG, read at a part of its size
            drawn = ImageOps.exif_transpose(opened).convert("RGB")
    except _RefusedError:
        raise
    except Exception as error:  # whatever the library makes of a damaged file
        raise _RefusedError(f"is damaged: page {number} can't be drawn") from error
    scale = min(1.0, width / drawn.width, MAX_SIDE / drawn.height)
    size = max(1, round(drawn.width * scale)), max(1, round(drawn.height * scale))
    return drawn.resize(size), count


def _draw(file: _File, number: int, width: int, form: str) -> tuple[Reply, bytes]:
    if file.path.lower().endswith(_PICTURES):
        picture, count = _picture(file, number, width)
        return _written(picture, count, form)
    page = _page(file, number)
    try:
        across, down = page.get_size()
        scale = min(
            width / across, math.sqrt(MAX_PIXELS / (across * down)), MAX_SIDE / max(across, down)
        )
        picture = page.render(scale=scale, rev_byteorder=True).to_pil().convert("RGB")
    except pypdfium2.PdfiumError:
        raise _RefusedError(f"is damaged: page {number} can't be drawn") from None
    finally:
        page.close()
    return _written(picture, len(_document(file)), form)


def _written(picture: Image.Image, pages: int, form: str) -> tuple[Reply, bytes]:
    written = io.BytesIO()
    if form == "png":
        picture.save(written, "PNG")
    else:
        picture.save(written, "WEBP", quality=QUALITY, method=0)
    size = {"width": picture.width, "height": picture.height, "pages": pages}
    return {"bytes": written.tell(), **size}, written.getvalue()


def _annotate(file: _File, notes: list[dict[str, Any]]) -> tuple[Reply, bytes]:
    try:
        copy = annotated(Path(file.path), notes)
    except LockedError:
        raise _RefusedError("is encrypted: no copy of it can be made") from None
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - a parser raises anything on what is damaged
        raise _RefusedError("is damaged: no copy of it can be made") from None
    return {"bytes": len(copy)}, copy


@lru_cache(PAGES)
def _glyphs(file: _File, number: int) -> PageGlyphs:
    page = _page(file, number)
    try:
        width, height = page.get_size()
        matrix = _matrix(page, width, height)
        turns = page.get_rotation() // 90
        text = page.get_textpage()
        try:
            count = text.count_chars()
            drawn = (_glyph(text, index, matrix, turns) for index in range(count))
            glyphs = tuple(one for one in drawn if _is_shown(one, width, height))
        finally:
            text.close()
    except pypdfium2.PdfiumError:
        raise _RefusedError(f"is damaged: page {number} can't be read") from None
    finally:
        page.close()
    return PageGlyphs(number, width, height, glyphs)


_Matrix = tuple[float, float, float, float, float, float]


def _matrix(page: pypdfium2.PdfPage, width: float, height: float) -> _Matrix:
    """From the page's own coordinates to points from the top left corner of what is shown."""

    def place(x: int, y: int) -> tuple[float, float]:
        left, top = pdfium.c_int(), pdfium.c_int()
        size = round(width * 1000), round(height * 1000)
        pdfium.FPDF_PageToDevice(page, 0, 0, *size, 0, x, y, left, top)
        return left.value / 1000, top.value / 1000

    (x, y), (right_x, right_y), (up_x, up_y) = place(0, 0), place(_FAR, 0), place(0, _FAR)
    right = (right_x - x) / _FAR, (right_y - y) / _FAR
    return *right, (up_x - x) / _FAR, (up_y - y) / _FAR, x, y


def _glyph(text: pypdfium2.PdfTextPage, index: int, matrix: _Matrix, turns: int) -> Glyph:
    box = pdfium.FS_RECTF()
    pdfium.FPDFText_GetLooseCharBox(text, index, box)
    a, b, c, d, e, f = matrix
    xs = sorted((a * box.left + c * box.bottom + e, a * box.right + c * box.top + e))
    ys = sorted((b * box.left + d * box.bottom + f, b * box.right + d * box.top + f))
    angle = pdfium.FPDFText_GetCharAngle(text, index)
    turn = (round(angle / (math.pi / 2)) + turns) % 4
    return Glyph(chr(pdfium.FPDFText_GetUnicode(text, index)), xs[0], ys[0], xs[1], ys[1], turn)


def _is_shown(glyph: Glyph, width: float, height: float) -> bool:
    """Whether a reader sees where it stands; white space is kept, to tell words apart."""
    across, down = (glyph.left + glyph.right) / 2, (glyph.top + glyph.bottom) / 2
    return glyph.text.isspace() or (0 <= across <= width and 0 <= down <= height)


if __name__ == "__main__":
    main()
