"""What a page's operators draw with and on: the graphics state, runs of text, ruled lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from qa_bot.loaders.pdf.fonts import FontReader, clean
from qa_bot.loaders.pdf.geometry import IDENTITY, Box, Matrix, apply, around, multiply, turned
from qa_bot.loaders.pdf.sight import BLACK, FAINT, WHITE, Colour, Sight

Operands = Sequence[Any]

MANY_PATHS = 100  # letters may be drawn as outlines, a frame or a background is no drawing
STRAIGHT = 0.1  # quarter turns that a baseline may lean
ASKEW = 4  # in place of quarter turns: a watermark, a stamp
TINY = 2.0  # points; smaller text is a hidden mark, not for reading
USUAL_SPACE = 0.3  # ems at most; a font without a space says nothing of its width
_EVERYWHERE: Box = (float("-inf"), float("-inf"), float("inf"), float("inf"))


@dataclass(frozen=True, slots=True)
class Run:
    """Characters drawn side by side. ``y`` is the baseline, upwards; ``x1`` where the pen ends."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool = False
    italic: bool = False
    space: float = 0.25  # width of a space, in ems
    mirrored: bool = False  # on a page read from right to left


@dataclass(frozen=True, slots=True)
class Rule:
    """A ruled line, horizontal or vertical."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def is_vertical(self) -> bool:
        """Whether it is higher than wide."""
        return self.y1 - self.y0 > self.x1 - self.x0


@dataclass(frozen=True, slots=True)
class Ink:
    """The part of the graphics state that says how paths and letters are filled."""

    fill: Colour = BLACK
    space: str = ""  # of the fill's colour, see ``space_of``
    alpha: float = 1.0
    is_plain: bool = True  # covers what is under it: no blending, no mask
    clip: Box | None = _EVERYWHERE  # None where it isn't a rectangle


@dataclass(slots=True)
class State:
    """The graphics state, saved and restored together."""

    matrix: Matrix
    font: FontReader | None = None
    size: float = 0.0
    char_space: float = 0.0
    word_space: float = 0.0
    scale: float = 1.0
    leading: float = 0.0
    rise: float = 0.0
    mode: int = 0
    ink: Ink = field(default_factory=Ink)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A run with how it was drawn."""

    run: Run
    turn: int  # quarter turns anticlockwise; ``ASKEW`` for any other angle
    box: Box
    number: int  # how many runs were drawn before it
    hidden: bool = False  # drawn without ink, as the text that was recognised in a scan
    unseen: bool = False  # see-through, or in a layer that is off
    is_white: bool = False  # and seen only on something darker


@dataclass
class Pen:
    """Draws letters, and keeps what operators draw. ``base`` maps the page to its corner."""

    fonts: dict[int, FontReader]
    base: Matrix
    off: frozenset[int] = frozenset()  # layers that aren't shown
    drawn: list[Drawn] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # all text, also what is too small to be seen
    rules: list[Rule] = field(default_factory=list)
    images: int = 0
    paints: int = 0  # paths filled or stroked
    forms: int = 0
    unreadable: int = 0  # strings in fonts whose letters can't be told
    is_cut: bool = False  # whether damage hides what else it should draw
    is_endless: bool = False  # whether more forms are in each other than anybody needs

    def __post_init__(self) -> None:
        self.state = State(self.base)
        self.stack: list[State] = []
        self.text = self.line = IDENTITY
        self.path: list[Rule] = []
        self.sight = Sight()
        self.layers: list[bool] = []  # whether each marked stretch around is hidden
        self.clips = False
        self.resources: Any = {}
        self.at = (0.0, 0.0)

    def reset(self, matrix: Matrix) -> None:
        """Begin anew, as for another page, and draw through ``matrix``."""
        self.state, self.stack, self.resources = State(matrix), [], {}

    def show(self, items: Sequence[Any]) -> None:
        """Draw strings and gaps; a gap as wide as a word space starts a new run."""
        font = self.state.font
        if font is None or font.unreadable:
            self.unreadable += 1
        elif font.goes_down:
            self._show_down(font, items)
        else:
            self._show_along(font, items)

    def _show_along(self, font: FontReader, items: Sequence[Any]) -> None:
        """Draw characters side by side."""
        state = self.state
        pen = started = 0.0  # along the baseline, in text space
        parts: list[str] = []
        gap_limit = 0.5 * min(font.space, USUAL_SPACE) * abs(state.size) * state.scale
        # Space put behind each letter may be a word's; a gap may take it back, so that they touch.
        spread = state.char_space * state.scale
        is_apart = abs(spread) > gap_limit
        for item in items:
            if isinstance(item, int | float):
                shift = -float(item) / 1000 * state.size * state.scale
                if abs(shift) > gap_limit and parts:
                    self._finish(parts, started, pen)
                    parts = []
                pen += shift
                continue
            if not isinstance(item, bytes | str):
                continue
            if not parts:
                started = pen
            for text, width, is_space in font.read(item):
                parts.append(text)
                step = width * state.size + state.char_space
                if is_space:
                    step += state.word_space
                pen += step * state.scale
                if is_apart:
                    self._finish(parts, started, pen - spread)
                    parts, started = [], pen
        if parts:
            self._finish(parts, started, pen)
        self.text = multiply((1, 0, 0, 1, pen, 0), self.text)

    def _show_down(self, font: FontReader, items: Sequence[Any]) -> None:
        """Draw characters one under the other, the pen above the middle of each."""
        state = self.state
        for item in items:
            if isinstance(item, int | float):
                self.text = multiply((1, 0, 0, 1, 0, -float(item) / 1000 * state.size), self.text)
                continue
            for text, width, _ in font.read(item) if isinstance(item, bytes | str) else ():
                left, down = -width / 2 * state.size, -0.88 * state.size
                after = multiply((1, 0, 0, 1, 0, -state.size - state.char_space), self.text)
                self.text = multiply((1, 0, 0, 1, left, down), self.text)
                self._finish([text], 0.0, width * state.size)
                self.text = after

    def _finish(self, parts: list[str], start: float, end: float) -> None:
        state, font = self.state, self.state.font
        text = clean("".join(parts))
        if font is None or not text:
            return
        self.said.append(text)
        whole = multiply((1, 0, 0, 1, 0, state.rise), multiply(self.text, state.matrix))
        ink, is_filled = state.ink, state.mode == 0
        self.place(
            Run(text, start, end, 0.0, state.size, font.bold, font.italic, font.space),
            whole,
            mode=state.mode,
            alpha=ink.alpha if is_filled else 1.0,
            is_white=is_filled and ink.fill is not None and min(ink.fill) >= WHITE,
        )

    def place(
        self, run: Run, matrix: Matrix, *, mode: int, alpha: float = 1.0, is_white: bool = False
    ) -> None:
        """Put a run on the page whose places and size are those before ``matrix``.

        Args:
            run: It stands on the x axis.
            matrix: From there to the page's corner.
            mode: In which its letters are drawn, as PDFs number them.
            alpha: How opaque they are filled, in [0, 1].
            is_white: Whether they are filled with white.
        """
        x0, y0 = apply(matrix, run.x0, 0)
        x1, y1 = apply(matrix, run.x1, 0)
        size = abs(run.size) * math.hypot(matrix[2], matrix[3])
        if size < TINY or not all(map(math.isfinite, (x0, y0, x1, y1, size))):
            return
        angle = math.atan2(matrix[1], matrix[0]) / (math.pi / 2)
        turn = round(angle) % 4
        rise = 0.7 * run.size  # of a capital
        box = around((apply(matrix, run.x0, 0), apply(matrix, run.x1, rise)))
        bold = run.bold or mode == 2
        placed = replace(run, x0=x0, x1=x1, y=y0, size=size, bold=bold)
        if turn:
            x0, x1, y0, _ = turned(turn, x0, y0, x1, y1)
            placed = replace(placed, x0=x0, x1=x1, y=y0)
        if abs(angle - round(angle)) > STRAIGHT:
            turn = ASKEW
        unseen = any(self.layers) or alpha < FAINT
        self.drawn.append(
            Drawn(placed, turn, box, len(self.drawn), mode in (3, 7), unseen, is_white)
        )

    def write(self, text: str, x: float, y: float, size: float) -> None:
        """Put lines of text on the page as it is in the file, for fields without a picture."""
        for number, line in enumerate(text.splitlines()):
            start = apply(self.base, x, y - 1.2 * number * size)
            end = apply(self.base, x + 0.5 * size * len(line), y - 1.2 * number * size)
            turn = round(math.atan2(end[1] - start[1], end[0] - start[0]) / (math.pi / 2)) % 4
            x0, x1, y0 = start[0], end[0], start[1]
            if turn:
                x0, x1, y0, _ = turned(turn, *start, *end)
            run = Run(clean(line), x0, x1, y0, size)
            self.said.append(run.text)
            box = around((start, end))
            self.drawn.append(Drawn(run, turn, box, len(self.drawn)))
