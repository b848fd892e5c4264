"""One page of a PDF → its runs of text and ruled lines, upright, the corner at (0, 0)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qa_bot.loaders.pdf_drawing import Drawn, Matrix, Pen, Rule, Run
from qa_bot.loaders.pdf_fonts import FontReader

if TYPE_CHECKING:
    from pypdf import PageObject
    from pypdf.generic import RectangleObject


DRAWING = 100  # paths; letters may be drawn as outlines, a frame or a background is no drawing


@dataclass(frozen=True, slots=True)
class PageText:
    """What one page shows, its corner at (0, 0), turned the way a reader sees it."""

    width: float
    height: float
    runs: tuple[Run, ...]
    rules: tuple[Rule, ...]
    is_picture: bool  # whether anything but text is on it: a scan, a drawing
    unreadable: int  # strings in fonts whose letters can't be told


def read_page(page: PageObject, fonts: dict[int, FontReader]) -> PageText:
    """Follow a page's operators. ``fonts`` keeps what was learnt of each font object."""
    box = page.cropbox if _area(page.cropbox) > 0 else page.mediabox
    turn = page.rotation % 360
    left, bottom = float(box.left), float(box.bottom)
    width, height = float(box.width), float(box.height)
    base: Matrix = (1, 0, 0, 1, -left, -bottom)
    if turn == 90:
        base = (0, -1, 1, 0, -bottom, left + width)
    elif turn == 180:
        base = (-1, 0, 0, -1, left + width, bottom + height)
    elif turn == 270:
        base = (0, 1, -1, 0, bottom + height, -left)
    if turn in (90, 270):
        width, height = height, width
    pen = Pen(fonts, base)
    contents = page.get("/Contents")
    if contents is not None and contents.get_object() is not None:
        pen.draw(contents.get_object(), page.get("/Resources"), page.pdf)
    inside = [
        run
        for run in _once(pen.visible())
        if run.turn or (-5 < run.run.x0 < width + 5 and -5 < run.run.y < height + 5)
    ]
    runs, rules = _upright(inside, pen.rules, width, height)
    if runs and inside and _main_turn(inside) in (1, 3):
        width, height = height, width
    is_picture = pen.images > 0 or pen.paints > DRAWING
    return PageText(width, height, runs, rules, is_picture, pen.unreadable)


def _once(drawn: Sequence[Drawn]) -> Iterator[Drawn]:
    """Leave out what is drawn again in the same place: a shadow, or poor man's bold."""
    seen: dict[str, list[Run]] = {}
    for one in drawn:
        run = one.run
        near = 0.12 * run.size
        before = seen.setdefault(run.text, [])
        if not any(abs(run.x0 - b.x0) <= near and abs(run.y - b.y) <= near for b in before[-20:]):
            before.append(run)
            yield one


def _area(box: RectangleObject) -> float:
    return float(box.width) * float(box.height)


def _main_turn(drawn: Sequence[Drawn]) -> int:
    counts = Counter[int]()
    for one in drawn:
        counts[one.turn] += len(one.run.text)
    return counts.most_common(1)[0][0] if counts else 0


def _upright(
    drawn: Sequence[Drawn], rules: Sequence[Rule], width: float, height: float
) -> tuple[tuple[Run, ...], tuple[Rule, ...]]:
    """The page turned so that most of its text is upright; text that still isn't comes last."""
    turn = _main_turn(drawn)
    shift = {0: (0.0, 0.0), 1: (0.0, width), 2: (width, height), 3: (height, 0.0)}
    runs = [_moved(one.run, *shift[turn]) for one in drawn if one.turn == turn]
    others = sorted({one.turn for one in drawn} - {turn})
    for other in others:  # beneath the page, so that no line of it is joined with theirs
        runs += [
            _moved(one.run, *shift[other], dy=-10_000 * (other + 1))
            for one in drawn
            if one.turn == other
        ]
    return tuple(runs), tuple(_turned_rules(rules, turn, width, height))


def _moved(run: Run, x: float, y: float, dy: float = 0.0) -> Run:
    return replace(run, x0=run.x0 + x, x1=run.x1 + x, y=run.y + y + dy) if x or y or dy else run


def _turned_rules(rules: Sequence[Rule], turn: int, width: float, height: float) -> Iterator[Rule]:
    for rule in rules:
        if turn == 0:
            yield rule
        elif turn == 1:
            yield Rule(rule.y0, width - rule.x1, rule.y1, width - rule.x0)
        elif turn == 2:
            yield Rule(width - rule.x1, height - rule.y1, width - rule.x0, height - rule.y0)
        else:
            yield Rule(height - rule.y1, rule.x0, height - rule.y0, rule.x1)
