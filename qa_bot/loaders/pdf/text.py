"""One page of a PDF → its runs of text and ruled lines, upright, the corner at (0, 0)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING

from qa_bot.loaders.pdf.bidi import mirror, prevails
from qa_bot.loaders.pdf.drawing import draw, draw_form
from qa_bot.loaders.pdf.fonts import FontReader
from qa_bot.loaders.pdf.forms import on_top, place_of
from qa_bot.loaders.pdf.geometry import BENEATH, Matrix, multiply
from qa_bot.loaders.pdf.pen import ASKEW, MANY_PATHS, Drawn, Pen, Rule, Run
from qa_bot.loaders.pdf.seen import seen
from qa_bot.loaders.pdf.sight import hidden_layers
from qa_bot.loaders.pdf.vertical import stood_up
from qa_bot.paging import SeenWord

if TYPE_CHECKING:
    from pypdf import PageObject
    from pypdf.generic import RectangleObject


LARGE = 2.5  # times other type
LARGEST_SIDE = 1e6  # points; a page's box beyond is damaged


@dataclass(frozen=True, slots=True)
class PageText:
    """What one page shows, its corner at (0, 0), turned the way a reader sees it."""

    width: float
    height: float
    runs: tuple[Run, ...]
    rules: tuple[Rule, ...]
    is_picture: bool  # whether anything but text is on it: a scan, a drawing
    unreadable: int  # strings in fonts whose letters can't be told
    is_cut: bool = False  # whether damage hides what else it shows
    hidden: int = 0  # letters that a reader doesn't see: white on white, covered, without ink
    is_endless: bool = False  # whether it draws so much in itself that it wasn't followed
    words: tuple[SeenWord, ...] = ()  # of a scan, where they stand on the picture of it
    said: str = ""  # all text that its operators draw, in their order, also what isn't seen


def read_page(
    page: PageObject,
    fonts: dict[int, FontReader],
    letters: Callable[[Pen], None] | None = None,
) -> PageText:
    """Follow a page's operators.

    Args:
        page: The page.
        fonts: What was learnt of each font object; it is added to.
        letters: Draws the page's text with the pen in the place of what its operators
            draw, which give the lines and pictures alone, if they can.
    """
    left, bottom, width, height = _box(page)
    turn = _rotation(page)
    base: Matrix = (1, 0, 0, 1, -left, -bottom)
    if turn == 90:
        base = (0, -1, 1, 0, -bottom, left + width)
    elif turn == 180:
        base = (-1, 0, 0, -1, left + width, bottom + height)
    elif turn == 270:
        base = (0, 1, -1, 0, bottom + height, -left)
    if turn in (90, 270):
        width, height = height, width
    pen = Pen(fonts, base, hidden_layers(page.pdf))
    if letters is None:
        _draw_contents(pen, page)
    else:
        with suppress(Exception):  # then there are no lines
            _draw_contents(pen, page)
        pen.reset(base)
        pen.drawn, pen.unreadable, pen.layers = [], 0, []
        pen.sight.covers = []  # what was painted after which letters isn't known of these
        letters(pen)
    _put_on_top(pen, page)
    visible = seen(pen)
    inside = stood_up(
        [one for one in _once(visible) if one.turn or _is_inside(one.run, width, height)]
    )
    inside = _watermarks_apart(inside)
    runs, rules = _upright(inside, pen.rules, width, height)
    if runs and _main_turn(inside) in (1, 3):
        width, height = height, width
    if prevails(runs):
        runs, rules = mirror(runs, rules, width)
    is_picture = pen.images > 0 or pen.paints > MANY_PATHS
    hidden = _letters(pen.drawn) - _letters(visible) if len(visible) < len(pen.drawn) else 0
    return PageText(
        width,
        height,
        runs,
        rules,
        is_picture,
        pen.unreadable,
        pen.is_cut,
        hidden,
        pen.is_endless,
        said="".join(pen.said),
    )


def _draw_contents(pen: Pen, page: PageObject) -> None:
    contents = page.get("/Contents")
    if contents is not None and contents.get_object() is not None:
        draw(pen, contents.get_object(), page.get("/Resources"), page.pdf)


def _watermarks_apart(drawn: Sequence[Drawn]) -> list[Drawn]:
    """Take large type that other text runs through for what stands at an angle."""
    if not drawn:
        return []
    usual = median(one.run.size for one in drawn)
    return [
        replace(one, turn=ASKEW)
        if one.run.size > LARGE * usual and _crossings(one.run, drawn) > 1
        else one
        for one in drawn
    ]


def _crossings(large: Run, drawn: Sequence[Drawn]) -> int:
    return sum(
        large.x0 < (one.run.x0 + one.run.x1) / 2 < large.x1
        and large.y < one.run.y + 0.3 * one.run.size < large.y + 0.7 * large.size
        for one in drawn
        if one.run is not large and one.run.size < large.size / LARGE
    )


def _is_inside(run: Run, width: float, height: float) -> bool:
    return -5 < run.x0 < width + 5 and -5 < run.y < height + 5


def _letters(drawn: Sequence[Drawn]) -> int:
    return sum(character.isalnum() for one in drawn for character in one.run.text)


def _put_on_top(pen: Pen, page: PageObject) -> None:
    """Draw the fields and text boxes of a page where they stand."""
    for shown in on_top(page):
        if shown.form is None:
            pen.write(shown.text, *place_of(shown))
        else:
            pen.reset(multiply(shown.matrix, pen.base))
            draw_form(pen, shown.form, page.pdf)


def _once(drawn: Sequence[Drawn]) -> Iterator[Drawn]:
    """Leave out what is drawn again in the same place: a shadow, or poor man's bold."""
    known: dict[str, list[Run]] = {}
    for one in drawn:
        run = one.run
        near = 0.12 * run.size
        before = known.setdefault(run.text, [])
        if not any(abs(run.x0 - b.x0) <= near and abs(run.y - b.y) <= near for b in before[-20:]):
            before.append(run)
            yield one


def _box(page: PageObject) -> tuple[float, float, float, float]:
    """Left, bottom, width and height of what is shown; a letter page's where that is damaged."""
    for name in ("cropbox", "mediabox"):
        try:
            box: RectangleObject = getattr(page, name)
            sides = (float(box.left), float(box.bottom), float(box.width), float(box.height))
        except (ArithmeticError, AttributeError, IndexError, TypeError, ValueError):
            continue
        if min(sides[2:]) > 0 and all(abs(side) < LARGEST_SIDE for side in sides):
            return sides
    return 0.0, 0.0, 612.0, 792.0


def _rotation(page: PageObject) -> int:
    try:
        return page.rotation % 360
    except (AttributeError, TypeError, ValueError):
        return 0


def _main_turn(drawn: Sequence[Drawn]) -> int:
    counts = Counter[int]()
    for one in drawn:
        counts[one.turn] += len(one.run.text)
    del counts[ASKEW]
    return counts.most_common(1)[0][0] if counts else 0


def _upright(
    drawn: Sequence[Drawn], rules: Sequence[Rule], width: float, height: float
) -> tuple[tuple[Run, ...], tuple[Rule, ...]]:
    """The page turned so that most of its text is upright; text that still isn't comes last."""
    turn = _main_turn(drawn)
    upright = (0.0, 0.0)
    shift = {0: upright, 1: (0.0, width), 2: (width, height), 3: (height, 0.0), ASKEW: upright}
    runs = [_moved(one.run, *shift[turn]) for one in drawn if one.turn == turn]
    others = sorted({one.turn for one in drawn} - {turn})
    for other in others:  # beneath the page, so that no line of it is joined with theirs
        runs += [
            _moved(one.run, *shift[other], dy=-BENEATH * (other + 1))
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
