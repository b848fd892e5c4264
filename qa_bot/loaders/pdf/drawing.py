"""Drawing operators → runs of text where they stand, and ruled lines.

pypdf finds the objects and decodes streams and fonts; the operators are followed
here, because its own text has no widths, and without the end of each word
neither columns nor table cells can be told from spaces.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from qa_bot.loaders.pdf.fonts import FontReader, clean
from qa_bot.loaders.pdf.geometry import (
    IDENTITY,
    Box,
    Matrix,
    apply,
    around,
    matrix_of,
    multiply,
    turned,
)
from qa_bot.loaders.pdf.painting import PAINTING, Ink, Operands, Rule
from qa_bot.loaders.pdf.sight import FAINT, WHITE, Sight, is_off
from qa_bot.loaders.pdf.streams import operations

if TYPE_CHECKING:
    from pypdf._protocols import PdfCommonDocProtocol
    from pypdf.generic import DictionaryObject, PdfObject

MAX_RUNS = 200_000  # of one page; a page of text has a few thousand
MAX_FORMS = 2_000  # form XObjects drawn by one page
MAX_DEPTH = 12  # of forms within forms
MANY_PATHS = 100  # letters may be drawn as outlines, a frame or a background is no drawing
STRAIGHT = 0.1  # quarter turns that a baseline may lean
ASKEW = 4  # in place of quarter turns: a watermark, a stamp
TINY = 2.0  # points; smaller text is a hidden mark, not for reading
USUAL_SPACE = 0.3  # ems at most; a font without a space says nothing of its width


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


@dataclass(slots=True)
class _State:
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
    """Follows operators and keeps what they draw. ``base`` maps the page to its corner."""

    fonts: dict[int, FontReader]
    base: Matrix
    off: frozenset[int] = frozenset()  # layers that aren't shown
    drawn: list[Drawn] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    images: int = 0
    paints: int = 0  # paths filled or stroked
    forms: int = 0
    unreadable: int = 0  # strings in fonts whose letters can't be told
    is_cut: bool = False  # whether damage hides what else it should draw

    def __post_init__(self) -> None:
        self.state = _State(self.base)
        self.stack: list[_State] = []
        self.text = self.line = IDENTITY
        self.path: list[Rule] = []
        self.sight = Sight()
        self.layers: list[bool] = []  # whether each marked stretch around is hidden
        self.clips = False
        self.resources: Any = {}
        self.at = (0.0, 0.0)

    def reset(self, matrix: Matrix) -> None:
        """Begin anew, as for another page, and draw through ``matrix``."""
        self.state, self.stack, self.resources = _State(matrix), [], {}

    def draw(
        self,
        stream: PdfObject,
        resources: PdfObject | None,
        pdf: PdfCommonDocProtocol | None,
        depth: int = 0,
    ) -> None:
        """Run all operators of a content stream."""
        from pypdf.generic import DictionaryObject

        resources = resources.get_object() if resources is not None else None
        if not isinstance(resources, DictionaryObject):
            resources = DictionaryObject()
        self.resources = resources
        found, is_cut = operations(stream, pdf)
        self.is_cut |= is_cut
        for operands, operator in found:
            try:
                if operator == b"Do":
                    self._paint(operands, resources, pdf, depth)
                elif operator == b"Tf":
                    self._set_font(operands, resources)
                elif (handler := _HANDLERS.get(operator)) is not None:
                    handler(self, operands)
            except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError):
                pass  # a wrong operand spoils one operator, not the page
            if len(self.drawn) > MAX_RUNS:
                raise ValueError(f"a page with more than {MAX_RUNS:,} pieces of text")

    def _paint(
        self,
        operands: Operands,
        resources: DictionaryObject,
        pdf: PdfCommonDocProtocol | None,
        depth: int,
    ) -> None:
        objects = resources.get("/XObject")
        form = objects.get_object().get(operands[0]) if objects is not None and operands else None
        form = form.get_object() if form is not None else None
        if form is None or is_off(form.get("/OC") and form.raw_get("/OC"), self.off):
            return
        if form.get("/Subtype") == "/Image":
            self.images += 1
            self.sight.picture(self.state.matrix)
            return
        self.put(form, pdf, depth)

    def put(
        self,
        form: Any,  # noqa: ANN401 - a form XObject
        pdf: PdfCommonDocProtocol | None,
        depth: int = 0,
    ) -> None:
        """Draw a form in the current state, which stays as it is."""
        self.forms += 1
        if depth >= MAX_DEPTH or self.forms > MAX_FORMS:
            return
        resources = self.resources
        outer, stack, text, line = self.state, self.stack, self.text, self.line
        self.state, self.stack = replace(outer), []
        if "/Matrix" in form:
            own = tuple(float(number) for number in form["/Matrix"][:6])
            if len(own) == 6:
                self.state.matrix = multiply(own, outer.matrix)
        try:
            self.draw(form, form.get("/Resources", resources), pdf, depth + 1)
        finally:
            self.state, self.stack, self.text, self.line = outer, stack, text, line
            self.resources = resources

    def _set_font(self, operands: Operands, resources: DictionaryObject) -> None:
        from pypdf.generic import DictionaryObject
        from pypdf.generic._font import Font

        if len(operands) < 2:
            return
        self.state.size = float(operands[1])
        fonts = resources.get("/Font")
        resource = fonts.get_object().get(operands[0]) if fonts is not None else None
        resource = resource.get_object() if resource is not None else None
        if not isinstance(resource, DictionaryObject):
            self.state.font = None
            return
        reader = self.fonts.get(id(resource))
        if reader is None:
            self.state.font = None  # unless it can be read
            encoding = str(resource.get("/Encoding", ""))
            reader = FontReader(Font.from_font_resource(resource), encoding)
            self.fonts[id(resource)] = reader
        self.state.font = reader

    def _op_save(self, _: Operands) -> None:
        if len(self.stack) < 1000:
            self.stack.append(replace(self.state))

    def _op_restore(self, _: Operands) -> None:
        if self.stack:
            self.state = self.stack.pop()

    def _op_transform(self, operands: Operands) -> None:
        self.state.matrix = multiply(matrix_of(operands), self.state.matrix)

    def _op_begin(self, _: Operands) -> None:
        self.text = self.line = IDENTITY

    def _op_place(self, operands: Operands) -> None:
        self.text = self.line = matrix_of(operands)

    def _op_move(self, operands: Operands) -> None:
        x, y = float(operands[0]), float(operands[1])
        self.text = self.line = multiply((1, 0, 0, 1, x, y), self.line)

    def _op_move_and_set(self, operands: Operands) -> None:
        self.state.leading = -float(operands[1])
        self._op_move(operands)

    def _op_next_line(self, _: Operands) -> None:
        self._op_move((0, -self.state.leading))

    def _op_show_all(self, operands: Operands) -> None:
        self._show(operands[0])

    def _op_show(self, operands: Operands) -> None:
        self._show([operands[0]])

    def _op_next_and_show(self, operands: Operands) -> None:
        self._op_next_line(())
        self._show([operands[0]])

    def _op_space_next_and_show(self, operands: Operands) -> None:
        self.state.word_space = float(operands[0])
        self.state.char_space = float(operands[1])
        self._op_next_line(())
        self._show([operands[2]])

    def _show(self, items: Sequence[Any]) -> None:
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
        gap_limit = 0.5 * min(font.space, USUAL_SPACE) * abs(state.size)
        for item in items:
            if isinstance(item, int | float):
                shift = -float(item) / 1000 * state.size * state.scale
                if abs(shift) > gap_limit * state.scale and parts:
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
        whole = multiply(self.text, state.matrix)
        x0, y0 = apply(whole, start, state.rise)
        x1, y1 = apply(whole, end, state.rise)
        size = abs(state.size) * math.hypot(whole[2], whole[3])
        if size < TINY or not all(map(math.isfinite, (x0, y0, x1, y1, size))):
            return
        angle = math.atan2(whole[1], whole[0]) / (math.pi / 2)
        turn = round(angle) % 4
        bold = font.bold or state.mode == 2
        run = Run(text, x0, x1, y0, size, bold, font.italic, font.space)
        rise = 0.7 * state.size  # of a capital
        box = around((apply(whole, start, state.rise), apply(whole, end, state.rise + rise)))
        if turn:
            x0, x1, y0, _ = turned(turn, x0, y0, x1, y1)
            run = replace(run, x0=x0, x1=x1, y=y0)
        if abs(angle - round(angle)) > STRAIGHT:
            turn = ASKEW
        ink, is_filled = state.ink, state.mode == 0
        unseen = any(self.layers) or (is_filled and ink.alpha < FAINT)
        is_white = is_filled and ink.fill is not None and min(ink.fill) >= WHITE
        self.drawn.append(
            Drawn(run, turn, box, len(self.drawn), state.mode in (3, 7), unseen, is_white)
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
            box = around((start, end))
            self.drawn.append(Drawn(run, turn, box, len(self.drawn)))


def _setter(name: str, convert: Callable[[float], Any] = float) -> Callable[[Pen, Operands], None]:
    def handler(pen: Pen, operands: Operands) -> None:
        setattr(pen.state, name, convert(float(operands[0])))

    return handler


_HANDLERS: dict[bytes, Callable[[Pen, Operands], None]] = {
    b"q": Pen._op_save,
    b"Q": Pen._op_restore,
    b"cm": Pen._op_transform,
    b"BT": Pen._op_begin,
    b"Tm": Pen._op_place,
    b"Td": Pen._op_move,
    b"TD": Pen._op_move_and_set,
    b"T*": Pen._op_next_line,
    b"Tj": Pen._op_show,
    b"TJ": Pen._op_show_all,
    b"'": Pen._op_next_and_show,
    b'"': Pen._op_space_next_and_show,
    b"Tc": _setter("char_space"),
    b"Tw": _setter("word_space"),
    b"TL": _setter("leading"),
    b"Ts": _setter("rise"),
    b"Tz": _setter("scale", lambda number: number / 100),
    b"Tr": _setter("mode", int),
    **PAINTING,
}
