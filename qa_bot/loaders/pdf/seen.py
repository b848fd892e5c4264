"""Which of the text that a page draws a reader sees.

What nobody sees is not quoted: white on white, see-through, covered, in a layer
that is off, drawn without ink. The text of a scan is drawn without ink, too, over
its picture, and counts.
"""

from __future__ import annotations

from qa_bot.loaders.pdf.geometry import Box
from qa_bot.loaders.pdf.pen import MANY_PATHS, Drawn, Pen


def seen(pen: Pen) -> list[Drawn]:
    """What a reader sees of all that was drawn, in that order."""
    inked = [drawn for drawn in pen.drawn if not drawn.hidden]
    if len(inked) < len(pen.drawn):
        is_scan = len(inked) * 2 < len(pen.drawn)
        inked = [drawn for drawn in pen.drawn if _is_inked(pen, drawn, is_scan=is_scan)]
    shown = [drawn for drawn in inked if not drawn.unseen and not _is_white_on_white(pen, drawn)]
    covered = {
        id(drawn)
        for drawn in shown
        if not drawn.hidden and pen.sight.is_covered(drawn.box, drawn.number)
    }
    # Text under a page-size box and a picture of itself is what was recognised in it.
    if len(covered) * 2 > len(shown):
        return shown
    return [drawn for drawn in shown if id(drawn) not in covered]


def _is_inked(pen: Pen, drawn: Drawn, *, is_scan: bool) -> bool:
    """Whether a run is drawn with ink, or repeats what is: a scan, letters as outlines."""
    if not drawn.hidden:
        return True
    middle = _middle(drawn.box)
    if pen.sight.is_on_picture(*middle):
        return is_scan
    return (is_scan and pen.paints > MANY_PATHS) or pen.sight.is_on_ink(*middle)


def _is_white_on_white(pen: Pen, drawn: Drawn) -> bool:
    """White text counts where anything is painted, be it later: outlines repeat it then."""
    return drawn.is_white and not pen.sight.is_on_ink(*_middle(drawn.box))


def _middle(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
