"""What is shown on top of a page: the values of form fields, and text boxes put there later.

Notes that open on a click, and comments on a highlight, are not on the page and not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qa_bot.loaders.pdf.geometry import Box, Matrix, apply, around

if TYPE_CHECKING:
    from pypdf import PageObject

MAX_ON_TOP = 5_000  # of one page
_NOT_SHOWN = 2 | 32  # flags: hidden, not to be viewed
_PUSH_BUTTON = 1 << 16
_MARGIN = 2.0  # points between a field's edge and its text


@dataclass(frozen=True, slots=True)
class OnTop:
    """Either a form that is drawn through ``matrix``, or text in a box."""

    box: Box
    form: Any = None
    matrix: Matrix = (1, 0, 0, 1, 0, 0)
    text: str = ""


def on_top(page: PageObject) -> Iterator[OnTop]:
    """The fields and text boxes of a page, in the order of the file."""
    annotations = page.get("/Annots")
    for item in list(annotations.get_object() if annotations is not None else ())[:MAX_ON_TOP]:
        try:
            shown = _shown(item.get_object())
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, ZeroDivisionError):
            continue  # a damaged field costs that field only
        if shown is not None:
            yield shown


def _shown(note: Any) -> OnTop | None:  # noqa: ANN401 - any object of the file
    kind = note.get("/Subtype")
    if kind not in ("/Widget", "/FreeText") or int(note.get("/F", 0)) & _NOT_SHOWN:
        return None
    left, bottom, right, top = (float(number) for number in note["/Rect"])
    box = (min(left, right), min(bottom, top), max(left, right), max(bottom, top))
    sort = _inherited(note, "/FT")
    if sort == "/Btn":
        if int(_inherited(note, "/Ff") or 0) & _PUSH_BUTTON:
            return None
        return OnTop(box, text="☐" if note.get("/AS", "/Off") == "/Off" else "☒")
    if kind == "/Widget" and sort not in ("/Tx", "/Ch"):
        return None
    form = note.get("/AP", {}).get("/N")
    form = form.get_object() if form is not None else None
    if form is not None and "/BBox" in form:
        return OnTop(box, form, _fitted(form, box))
    text = note.get("/Contents") if kind == "/FreeText" else _inherited(note, "/V")
    return OnTop(box, text=str(text)) if text else None


def _inherited(note: Any, key: str) -> Any:  # noqa: ANN401
    """An entry of a field, or of the nearest one above it."""
    for _ in range(20):
        if key in note or "/Parent" not in note:
            return note.get(key)
        note = note["/Parent"]
    return None


def _fitted(form: Any, box: Box) -> Matrix:  # noqa: ANN401
    """The matrix that puts a form's own box onto the given one."""
    left, bottom, right, top = (float(number) for number in form["/BBox"])
    own = [float(number) for number in form.get("/Matrix", (1, 0, 0, 1, 0, 0))]
    matrix = (own[0], own[1], own[2], own[3], own[4], own[5])
    corners = ((left, bottom), (right, bottom), (right, top), (left, top))
    x0, y0, x1, y1 = around(apply(matrix, *corner) for corner in corners)
    a, d = (box[2] - box[0]) / (x1 - x0), (box[3] - box[1]) / (y1 - y0)
    return (a, 0, 0, d, box[0] - a * x0, box[1] - d * y0)


def place_of(shown: OnTop) -> tuple[float, float, float]:
    """Where the text of a field without a picture of its own begins, and its size in points."""
    height = shown.box[3] - shown.box[1]
    lines = max(1, shown.text.count("\n") + 1)
    size = min(11.0, 0.8 * height / lines)
    above = 0.1 if shown.text in "☐☒" else 0.3
    first = shown.box[3] - _MARGIN - size if lines > 1 else shown.box[1] + above * height
    return shown.box[0] + _MARGIN, first, size
