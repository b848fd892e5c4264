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

from qa_bot.loaders.pdf_fonts import FontReader, clean

if TYPE_CHECKING:
    from pypdf._protocols import PdfCommonDocProtocol
    from pypdf.generic import DictionaryObject, PdfObject

Matrix = tuple[float, float, float, float, float, float]
Operands = Sequence[Any]

MAX_RUNS = 200_000  # of one page; a page of text has a few thousand
MAX_FORMS = 2_000  # form XObjects drawn by one page
MAX_DEPTH = 12  # of forms within forms
TINY = 2.0  # points; smaller text is a hidden mark, not for reading

_IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


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


@dataclass(frozen=True, slots=True)
class Drawn:
    """A run with how it was drawn."""

    run: Run
    turn: int  # quarter turns anticlockwise
    hidden: bool


@dataclass
class Pen:
    """Follows operators and keeps what they draw. ``base`` maps the page to its corner."""

    fonts: dict[int, FontReader]
    base: Matrix
    drawn: list[Drawn] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    images: int = 0
    paints: int = 0  # paths filled or stroked
    forms: int = 0
    unreadable: int = 0  # strings in fonts whose letters can't be told

    def __post_init__(self) -> None:
        self.state = _State(self.base)
        self.stack: list[_State] = []
        self.text = self.line = _IDENTITY
        self.path: list[Rule] = []
        self.at = (0.0, 0.0)

    def visible(self) -> list[Drawn]:
        """What a reader sees; text drawn invisibly counts where there is little else: OCR."""
        shown = [drawn for drawn in self.drawn if not drawn.hidden]
        return shown if len(shown) * 2 >= len(self.drawn) else self.drawn

    def draw(
        self,
        stream: PdfObject,
        resources: PdfObject | None,
        pdf: PdfCommonDocProtocol | None,
        depth: int = 0,
    ) -> None:
        """Run all operators of a content stream."""
        from pypdf.generic import ContentStream, DictionaryObject

        if not isinstance(stream, ContentStream):
            stream = ContentStream(stream, pdf, "bytes")
        resources = resources.get_object() if resources is not None else None
        if not isinstance(resources, DictionaryObject):
            resources = DictionaryObject()
        for operands, operator in stream.operations:
            if operator == b"Do":
                self._paint(operands, resources, pdf, depth)
            elif operator == b"Tf":
                self._set_font(operands, resources)
            elif (handler := _HANDLERS.get(operator)) is not None:
                try:
                    handler(self, operands)
                except (TypeError, ValueError, IndexError, OverflowError):
                    continue  # a wrong operand spoils one operator, not the page
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
        if form is None or form.get("/Subtype") == "/Image":
            self.images += form is not None
            return
        self.forms += 1
        if depth >= MAX_DEPTH or self.forms > MAX_FORMS:
            return
        outer, stack, text, line = self.state, self.stack, self.text, self.line
        self.state, self.stack = replace(outer), []
        if "/Matrix" in form:
            own = tuple(float(number) for number in form["/Matrix"][:6])
            if len(own) == 6:
                self.state.matrix = _multiply(own, outer.matrix)
        self.draw(form, form.get("/Resources", resources), pdf, depth + 1)
        self.state, self.stack, self.text, self.line = outer, stack, text, line

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
            reader = self.fonts[id(resource)] = FontReader(Font.from_font_resource(resource))
        self.state.font = reader

    def _op_save(self, _: Operands) -> None:
        if len(self.stack) < 1000:
            self.stack.append(replace(self.state))

    def _op_restore(self, _: Operands) -> None:
        if self.stack:
            self.state = self.stack.pop()

    def _op_transform(self, operands: Operands) -> None:
        self.state.matrix = _multiply(_matrix(operands), self.state.matrix)

    def _op_begin(self, _: Operands) -> None:
        self.text = self.line = _IDENTITY

    def _op_place(self, operands: Operands) -> None:
        self.text = self.line = _matrix(operands)

    def _op_move(self, operands: Operands) -> None:
        x, y = float(operands[0]), float(operands[1])
        self.text = self.line = _multiply((1, 0, 0, 1, x, y), self.line)

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
        state, font = self.state, self.state.font
        if font is None or font.unreadable:
            self.unreadable += 1
            return
        pen = started = 0.0  # along the baseline, in text space
        parts: list[str] = []
        gap_limit = 0.5 * font.space * abs(state.size)
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
        self.text = _multiply((1, 0, 0, 1, pen, 0), self.text)

    def _finish(self, parts: list[str], start: float, end: float) -> None:
        state, font = self.state, self.state.font
        text = clean("".join(parts))
        if font is None or not text:
            return
        whole = _multiply(self.text, state.matrix)
        x0, y0 = _apply(whole, start, state.rise)
        x1, y1 = _apply(whole, end, state.rise)
        size = abs(state.size) * math.hypot(whole[2], whole[3])
        if size < TINY or not all(map(math.isfinite, (x0, y0, x1, y1, size))):
            return
        turn = round(math.atan2(whole[1], whole[0]) / (math.pi / 2)) % 4
        bold = font.bold or state.mode == 2
        run = Run(text, x0, x1, y0, size, bold, font.italic, font.space)
        if turn:
            x0, x1, y0, _ = _turned(turn, x0, y0, x1, y1)
            run = replace(run, x0=x0, x1=x1, y=y0)
        self.drawn.append(Drawn(run, turn, state.mode in (3, 7)))

    def _op_rectangle(self, operands: Operands) -> None:
        x, y, width, height = (float(number) for number in operands[:4])
        corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
        if min(abs(width), abs(height)) <= 2:
            self._rule(corners[0], corners[2])
        else:
            for a, b in zip(corners, [*corners[1:], corners[0]], strict=True):
                self._rule(a, b)

    def _op_path_start(self, operands: Operands) -> None:
        self.at = (float(operands[0]), float(operands[1]))

    def _op_path_line(self, operands: Operands) -> None:
        to = (float(operands[0]), float(operands[1]))
        self._rule(self.at, to)
        self.at = to

    def _rule(self, a: tuple[float, float], b: tuple[float, float]) -> None:
        (xa, ya), (xb, yb) = _apply(self.state.matrix, *a), _apply(self.state.matrix, *b)
        width, height = abs(xa - xb), abs(ya - yb)
        if min(width, height) <= 2 and max(width, height) >= 4:
            self.path.append(Rule(min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb)))

    def _op_path_paint(self, _: Operands) -> None:
        self.paints += 1
        if len(self.rules) < MAX_RUNS:
            self.rules += self.path
        self.path = []

    def _op_path_drop(self, _: Operands) -> None:
        self.path = []


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
    b"re": Pen._op_rectangle,
    b"m": Pen._op_path_start,
    b"l": Pen._op_path_line,
    b"n": Pen._op_path_drop,
    **dict.fromkeys((b"S", b"s", b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*"), Pen._op_path_paint),
}


def _matrix(operands: Operands) -> Matrix:
    a, b, c, d, e, f = (float(number) for number in operands[:6])
    return (a, b, c, d, e, f)


def _multiply(m: Sequence[float], n: Matrix) -> Matrix:
    return (
        m[0] * n[0] + m[1] * n[2],
        m[0] * n[1] + m[1] * n[3],
        m[2] * n[0] + m[3] * n[2],
        m[2] * n[1] + m[3] * n[3],
        m[4] * n[0] + m[5] * n[2] + n[4],
        m[4] * n[1] + m[5] * n[3] + n[5],
    )


def _apply(m: Matrix, x: float, y: float) -> tuple[float, float]:
    return m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]


def _turned(turn: int, *points: float) -> tuple[float, float, float, float]:
    """Start and end of a baseline, seen with its letters upright: ``x0, x1, y, y``."""
    x0, y0, x1, y1 = points
    if turn == 1:
        return y0, y1, -x0, -x1
    if turn == 2:
        return -x0, -x1, -y0, -y1
    return -y0, -y1, x0, x1
