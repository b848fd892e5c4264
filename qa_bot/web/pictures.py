"""Drawn pages over HTTP: one that whoever asks has already isn't drawn or sent again.

A browser or program has to ask each time, since its rights may have ended meanwhile.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.responses import Response

from qa_bot import __version__
from qa_bot.pages.view import Form, PageViewer

KEPT = "private, no-cache"
"""May be kept by whoever asked, and has to be asked for again."""


def picture(
    viewer: PageViewer, file: Path, number: int, width: int, form: Form, had: str
) -> Response:
    """A page of a file that who asks may see, or 304.

    Args:
        viewer: Draws it.
        file: The PDF.
        number: The page's, from 1.
        width: In pixels.
        form: Of the picture.
        had: The request's ``If-None-Match``; "" for none.

    Raises:
        PageViewError: It can't be drawn.
    """
    tag = _tag(file, f"{number} {width} {form} {__version__}")
    headers = {"Cache-Control": KEPT} | ({"ETag": tag} if tag else {})
    if tag and tag in {one.strip().removeprefix("W/") for one in had.split(",")}:
        return Response(status_code=304, headers=headers)
    drawing = viewer.draw(file, number, width, form)
    return Response(drawing.data, media_type=drawing.media_type, headers=headers)


def _tag(file: Path, drawn: str) -> str:
    """Another one for other bytes or another picture of them; "" where they can't be read."""
    try:
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256")
    except OSError:
        return ""  # drawing it says why
    digest.update(f"\n{drawn}".encode())
    return f'"{digest.hexdigest()[:32]}"'
