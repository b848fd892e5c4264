"""Drawing operators → runs of text where they stand, and ruled lines.

pypdf finds the objects and decodes streams and fonts; the operators are followed
here, because its own text has no widths, and without the end of each word
neither columns nor table cells can be told from spaces.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qa_bot.loaders.pdf.fonts import FontReader, named_letters
from qa_bot.loaders.pdf.geometry import IDENTITY, matrix_of, multiply
from qa_bot.loaders.pdf.painting import PAINTING
from qa_bot.loaders.pdf.pen import Operands, Pen
from qa_bot.loaders.pdf.sight import is_off
from qa_bot.loaders.pdf.streams import operations

if TYPE_CHECKING:
    from pypdf._protocols import PdfCommonDocProtocol
    from pypdf.generic import DictionaryObject, PdfObject

MAX_RUNS = 200_000  # of one page; a page of text has a few thousand
MAX_FORMS = 2_000  # form XObjects drawn by one page
MAX_DEPTH = 12  # of forms within forms


def draw(
    pen: Pen,
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
    pen.resources = resources
    found, is_cut = operations(stream, pdf)
    pen.is_cut |= is_cut
    for operands, operator in found:
        try:
            if operator == b"Do":
                _draw_object(pen, operands, resources, pdf, depth)
            elif operator == b"Tf":
                _set_font(pen, operands, resources)
            elif (handler := _HANDLERS.get(operator)) is not None:
                handler(pen, operands)
        except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError):
            pass  # a wrong operand spoils one operator, not the page
        if len(pen.drawn) > MAX_RUNS:
            raise EndlessError(f"a page with more than {MAX_RUNS:,} pieces of text")


class EndlessError(ValueError):
    """A page draws more than anybody needs."""


def _draw_object(
    pen: Pen,
    operands: Operands,
    resources: DictionaryObject,
    pdf: PdfCommonDocProtocol | None,
    depth: int,
) -> None:
    objects = resources.get("/XObject")
    form = objects.get_object().get(operands[0]) if objects is not None and operands else None
    form = form.get_object() if form is not None else None
    if form is None:
        return
    is_hidden = is_off(form.get("/OC") and form.raw_get("/OC"), pen.off)
    if form.get("/Subtype") == "/Image":
        if not is_hidden:
            pen.images += 1
            pen.sight.picture(pen.state.matrix)
        return
    layers, pen.layers = pen.layers, [*pen.layers, is_hidden]
    try:
        draw_form(pen, form, pdf, depth)
    finally:
        pen.layers = layers


def draw_form(
    pen: Pen,
    form: Any,  # noqa: ANN401 - a form XObject
    pdf: PdfCommonDocProtocol | None,
    depth: int = 0,
) -> None:
    """Draw a form in the current state, which stays as it is."""
    pen.forms += 1
    if depth >= MAX_DEPTH or pen.forms > MAX_FORMS:
        pen.is_endless = True
        return
    resources = pen.resources
    outer, stack, text, line = pen.state, pen.stack, pen.text, pen.line
    pen.state, pen.stack = replace(outer), []
    if "/Matrix" in form:
        own = tuple(float(number) for number in form["/Matrix"][:6])
        if len(own) == 6:
            pen.state.matrix = multiply(own, outer.matrix)
    try:
        draw(pen, form, form.get("/Resources", resources), pdf, depth + 1)
    finally:
        pen.state, pen.stack, pen.text, pen.line = outer, stack, text, line
        pen.resources = resources


def _set_font(pen: Pen, operands: Operands, resources: DictionaryObject) -> None:
    from pypdf.generic import DictionaryObject
    from pypdf.generic._font import Font

    if len(operands) < 2:
        return
    pen.state.size = float(operands[1])
    fonts = resources.get("/Font")
    resource = fonts.get_object().get(operands[0]) if fonts is not None else None
    resource = resource.get_object() if resource is not None else None
    if not isinstance(resource, DictionaryObject):
        pen.state.font = None
        return
    reader = pen.fonts.get(id(resource))
    if reader is None:
        pen.state.font = None  # unless it can be read
        encoding = str(resource.get("/Encoding", ""))
        font = Font.from_font_resource(resource)
        is_bitmap = resource.get("/Subtype") == "/Type3" and "/ToUnicode" not in resource
        reader = FontReader(font, encoding, named_letters(resource), is_bitmap=is_bitmap)
        pen.fonts[id(resource)] = reader
    pen.state.font = reader


def _save(pen: Pen, _: Operands) -> None:
    if len(pen.stack) < 1000:
        pen.stack.append(replace(pen.state))


def _restore(pen: Pen, _: Operands) -> None:
    if pen.stack:
        pen.state = pen.stack.pop()


def _transform(pen: Pen, operands: Operands) -> None:
    pen.state.matrix = multiply(matrix_of(operands), pen.state.matrix)


def _begin(pen: Pen, _: Operands) -> None:
    pen.text = pen.line = IDENTITY


def _place(pen: Pen, operands: Operands) -> None:
    pen.text = pen.line = matrix_of(operands)


def _move(pen: Pen, operands: Operands) -> None:
    x, y = float(operands[0]), float(operands[1])
    pen.text = pen.line = multiply((1, 0, 0, 1, x, y), pen.line)


def _move_and_set(pen: Pen, operands: Operands) -> None:
    pen.state.leading = -float(operands[1])
    _move(pen, operands)


def _next_line(pen: Pen, _: Operands) -> None:
    _move(pen, (0, -pen.state.leading))


def _show_all(pen: Pen, operands: Operands) -> None:
    pen.show(operands[0])


def _show(pen: Pen, operands: Operands) -> None:
    pen.show([operands[0]])


def _next_and_show(pen: Pen, operands: Operands) -> None:
    _next_line(pen, ())
    pen.show([operands[0]])


def _space_next_and_show(pen: Pen, operands: Operands) -> None:
    pen.state.word_space = float(operands[0])
    pen.state.char_space = float(operands[1])
    _next_line(pen, ())
    pen.show([operands[2]])


def _setter(name: str, convert: Callable[[float], Any] = float) -> Callable[[Pen, Operands], None]:
    def handler(pen: Pen, operands: Operands) -> None:
        setattr(pen.state, name, convert(float(operands[0])))

    return handler


_HANDLERS: dict[bytes, Callable[[Pen, Operands], None]] = {
    b"q": _save,
    b"Q": _restore,
    b"cm": _transform,
    b"BT": _begin,
    b"Tm": _place,
    b"Td": _move,
    b"TD": _move_and_set,
    b"T*": _next_line,
    b"Tj": _show,
    b"TJ": _show_all,
    b"'": _next_and_show,
    b'"': _space_next_and_show,
    b"Tc": _setter("char_space"),
    b"Tw": _setter("word_space"),
    b"TL": _setter("leading"),
    b"Ts": _setter("rise"),
    b"Tz": _setter("scale", lambda number: number / 100),
    b"Tr": _setter("mode", int),
    **PAINTING,
}
