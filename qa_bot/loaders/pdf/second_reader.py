"""pdfium's reading of the same pages: another library's, so it fails on other files."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa_bot.loaders.pdf.fonts import clean, letters_of, looks_bold, looks_slanted
from qa_bot.loaders.pdf.geometry import Matrix, multiply
from qa_bot.loaders.pdf.pen import Pen, Run
from qa_bot.loaders.pdf.sight import WHITE

if TYPE_CHECKING:
    import pypdfium2  # type: ignore[import-untyped]

TOUCHING = 0.05  # ems between letters of one run
_LINES = 0.1  # ems that letters of one run may stand higher or lower
_HYPHEN, _LINE_ENDS = ord("-"), (0x02, 0xFFFE)  # how pdfium gives one at a line's end
_LONGEST_NAME = 256  # bytes of a font's name


@dataclass(frozen=True, slots=True)
class _Style:
    """How the letters of one text object are drawn."""

    matrix: Matrix  # without its place, a unit long
    size: float
    bold: bool
    italic: bool
    mode: int
    alpha: float
    is_white: bool


@dataclass(frozen=True, slots=True)
class _Letter:
    text: str
    x: float  # of its origin, on the page
    y: float
    end: float  # of what it takes up, along its line
    style: _Style


class SecondReader:
    """Gives each page's text, and its letters with their places.

    It never raises: of what it can't read it says nothing, nor of a file in which it counts
    other pages than the first reader: one that is damaged, where texts would be misplaced.
    """

    def __init__(self, path: Path, pages: int) -> None:
        self._pdf: pypdfium2.PdfDocument | None = None
        self._pages = 0
        try:
            import pypdfium2

            self._pdf = pypdfium2.PdfDocument(path)
            self._pages = pages if len(self._pdf) == pages else 0
        except Exception:  # noqa: BLE001 - what one parser reads another may refuse
            self._pdf = None

    def text(self, index: int) -> str:
        """All that a page says, from 0; "" where it can't be read."""
        try:
            with self._characters(index) as page:
                return str(page.get_text_range()) if page is not None else ""
        except Exception:  # noqa: BLE001 - it has no opinion on this page
            return ""

    def draw(self, index: int, pen: Pen) -> None:
        """Draw a page's letters with a pen."""
        try:
            with self._characters(index) as page:
                letters = [] if page is None else list(_letters(page))
        except Exception:  # noqa: BLE001 - it has no opinion on this page
            return
        for group in _runs(letters):
            _put(group, pen)

    @contextmanager
    def _characters(self, index: int) -> Iterator[pypdfium2.PdfTextPage | None]:
        """A page's characters, let go of at the end; None where it has no such page."""
        if self._pdf is None or index >= self._pages:
            yield None
            return
        page = self._pdf[index]
        with closing(page), closing(page.get_textpage()) as characters:
            yield characters

    def close(self) -> None:
        """Let go of the file."""
        if self._pdf is not None:
            self._pdf.close()
            self._pdf = None


def _letters(page: pypdfium2.PdfTextPage) -> Iterator[_Letter]:
    import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

    styles: dict[int, _Style] = {}
    box, x, y = pdfium.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
    code_before = 0
    for number in range(page.count_chars()):
        code = pdfium.FPDFText_GetUnicode(page, number)
        if pdfium.FPDFText_IsGenerated(page, number) or not code:
            continue
        code = _HYPHEN if code in _LINE_ENDS else code
        if 0xDC00 <= code < 0xE000 and 0xD800 <= code_before < 0xDC00:  # the halves of one
            code = 0x10000 + ((code_before - 0xD800) << 10) + code - 0xDC00
        code_before = code
        if 0xD800 <= code < 0xE000:
            continue
        owner = pdfium.FPDFText_GetTextObject(page, number)
        key = ctypes.cast(owner, ctypes.c_void_p).value or 0
        if key not in styles:
            styles[key] = _style(page, number, owner)
        pdfium.FPDFText_GetCharOrigin(page, number, x, y)
        pdfium.FPDFText_GetLooseCharBox(page, number, box)
        style = styles[key]
        along, up = style.matrix[0], style.matrix[1]
        corners = ((box.left, box.bottom), (box.right, box.top), (box.left, box.top))
        end = max((cx - x.value) * along + (cy - y.value) * up for cx, cy in corners)
        end = max(end, (box.right - x.value) * along + (box.bottom - y.value) * up)
        yield _Letter(letters_of(chr(code)), x.value, y.value, end, style)


def _style(page: pypdfium2.PdfTextPage, number: int, owner: Any) -> _Style:  # noqa: ANN401 - a C pointer
    import pypdfium2.raw as pdfium

    found = pdfium.FS_MATRIX()
    pdfium.FPDFText_GetMatrix(page, number, found)
    scale = math.hypot(found.a, found.b) or 1.0
    height = math.hypot(found.c, found.d) or 1.0
    flags, name = ctypes.c_int(), ctypes.create_string_buffer(_LONGEST_NAME)
    pdfium.FPDFText_GetFontInfo(page, number, name, _LONGEST_NAME, flags)
    font = name.value.decode("utf-8", "replace")
    red, green, blue, alpha = (ctypes.c_uint(255) for _ in range(4))
    known = pdfium.FPDFText_GetFillColor(page, number, red, green, blue, alpha)
    mode = pdfium.FPDFTextObj_GetTextRenderMode(owner) if owner else 0
    is_filled = mode == 0 and bool(known)
    return _Style(
        (found.a / scale, found.b / scale, found.c / height, found.d / height, 0.0, 0.0),
        pdfium.FPDFText_GetFontSize(page, number) * height,
        looks_bold(font, str(pdfium.FPDFText_GetFontWeight(page, number))),
        looks_slanted(font),
        mode,
        alpha.value / 255 if is_filled else 1.0,
        is_filled and min(one.value for one in (red, green, blue)) >= 255 * WHITE,
    )


def _runs(letters: list[_Letter]) -> Iterator[list[_Letter]]:
    """Letters that touch, in the order of the file."""
    group: list[_Letter] = []
    for letter in letters:
        if group and not _touch(group[0], group[-1], letter):
            yield group
            group = []
        group.append(letter)
    if group:
        yield group


def _touch(first: _Letter, last: _Letter, letter: _Letter) -> bool:
    if letter.style is not last.style and letter.style != last.style:
        return False
    along, up, *_ = last.style.matrix
    right = (letter.x - last.x) * along + (letter.y - last.y) * up
    over = (letter.y - first.y) * along - (letter.x - first.x) * up
    size = last.style.size
    is_ligature = abs(right) < TOUCHING * size  # its parts share a place
    return (is_ligature or abs(right - last.end) <= TOUCHING * size) and abs(over) <= _LINES * size


def _put(group: list[_Letter], pen: Pen) -> None:
    first, last, style = group[0], group[-1], group[0].style
    text = clean("".join(letter.text for letter in group))
    if not text:
        return
    along, up, *rest = style.matrix
    end = (last.x - first.x) * along + (last.y - first.y) * up + last.end
    matrix = multiply((along, up, rest[0], rest[1], first.x, first.y), pen.base)
    run = Run(text, 0.0, end, 0.0, style.size, style.bold, style.italic)
    pen.place(run, matrix, mode=style.mode, alpha=style.alpha, is_white=style.is_white)
