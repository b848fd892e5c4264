"""A copy of a PDF with passages highlighted: real annotations, each with a note.

Only the worker's process uses this: pypdf reads what strangers wrote.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Area = Sequence[float]
"""``left, top, right, bottom``: shares of the page as it is shown, in [0, 1]."""

_COLOUR = "ffe48c"


class LockedError(Exception):
    """The file is encrypted: a copy of it can't be written."""


def annotated(file: Path, notes: Sequence[dict[str, Any]]) -> bytes:
    """The PDF with its highlights; the file itself stays as it is.

    Args:
        file: A PDF.
        notes: Each with the ``page`` (from 1), ``areas``, and the ``text`` of its note.

    Raises:
        LockedError: It is encrypted.
        Exception: Whatever pypdf raises on a damaged file.
    """
    from pypdf import PdfReader, PdfWriter

    reader = PdfReader(file)
    if reader.is_encrypted:
        raise LockedError
    writer = PdfWriter(clone_from=reader)
    for note in notes:
        page = writer.pages[note["page"] - 1]
        corners = [_corners(page, area) for area in note["areas"]]
        if corners:
            writer.add_annotation(note["page"] - 1, _highlight(corners, str(note["text"])))
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def _highlight(corners: Sequence[tuple[float, float, float, float]], text: str) -> Any:  # noqa: ANN401
    from pypdf.annotations import Highlight
    from pypdf.generic import ArrayObject, FloatObject, NameObject, TextStringObject

    quads = [
        value
        for left, bottom, right, top in corners
        for value in (left, top, right, top, left, bottom, right, bottom)
    ]
    around = (
        min(one[0] for one in corners),
        min(one[1] for one in corners),
        max(one[2] for one in corners),
        max(one[3] for one in corners),
    )
    made = Highlight(
        rect=around,
        quad_points=ArrayObject(map(FloatObject, quads)),
        highlight_color=_COLOUR,
        printing=True,
    )
    made[NameObject("/Contents")] = TextStringObject(text)
    return made


def _corners(page: Any, area: Area) -> tuple[float, float, float, float]:  # noqa: ANN401
    """``left, bottom, right, top`` in the page's own coordinates of an area that is shown."""
    (x, y), (u, v) = (_point(page, *point) for point in ((area[0], area[1]), (area[2], area[3])))
    return min(x, u), min(y, v), max(x, u), max(y, v)


def _point(page: Any, across: float, down: float) -> tuple[float, float]:  # noqa: ANN401
    box = page.cropbox
    left, bottom = float(box.left), float(box.bottom)
    width, height = float(box.right) - left, float(box.top) - bottom
    turn = page.rotation % 360
    if turn == 90:
        return left + down * width, bottom + across * height
    if turn == 180:
        return left + (1 - across) * width, bottom + down * height
    if turn == 270:
        return left + (1 - down) * width, bottom + (1 - across) * height
    return left + across * width, bottom + (1 - down) * height
