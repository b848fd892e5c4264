"""Operators that paint: ruled lines for tables, and what decides whether text can be seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from qa_bot.loaders.pdf.geometry import apply, overlap
from qa_bot.loaders.pdf.pen import Operands, Pen, Rule
from qa_bot.loaders.pdf.sight import BLACK, colour_of, is_off, space_of

MAX_RULES = 200_000  # of one page


def _rectangle(pen: Pen, operands: Operands) -> None:
    x, y, width, height = (float(number) for number in operands[:4])
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    pen.sight.extend(pen.state.matrix, *corners)
    pen.sight.rectangles += 1
    if min(abs(width), abs(height)) <= 2:
        _rule(pen, corners[0], corners[2])
    else:
        for a, b in zip(corners, [*corners[1:], corners[0]], strict=True):
            _rule(pen, a, b)


def _start(pen: Pen, operands: Operands) -> None:
    pen.at = (float(operands[0]), float(operands[1]))


def _line(pen: Pen, operands: Operands) -> None:
    to = (float(operands[0]), float(operands[1]))
    pen.sight.extend(pen.state.matrix, pen.at, to)
    _rule(pen, pen.at, to)
    pen.at = to


def _curve(pen: Pen, operands: Operands) -> None:
    numbers = [float(number) for number in operands]
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    pen.sight.extend(pen.state.matrix, pen.at, *points)
    pen.at = points[-1]


def _rule(pen: Pen, a: tuple[float, float], b: tuple[float, float]) -> None:
    (xa, ya), (xb, yb) = apply(pen.state.matrix, *a), apply(pen.state.matrix, *b)
    width, height = abs(xa - xb), abs(ya - yb)
    if min(width, height) <= 2 and max(width, height) >= 4:
        pen.path.append(Rule(min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb)))


def _clip(pen: Pen, _: Operands) -> None:
    pen.clips = True  # when the path ends


def _end(pen: Pen, _: Operands = ()) -> None:
    ink, path = pen.state.ink, pen.sight.path
    if pen.clips and path:
        is_box = len(path) == pen.sight.rectangles == 1
        clip = overlap(path[0], ink.clip) if is_box and ink.clip is not None else None
        pen.state.ink = replace(ink, clip=clip)
    pen.clips = False
    pen.path = []
    pen.sight.end_path()


def _fill(pen: Pen, _: Operands) -> None:
    ink = pen.state.ink
    pen.sight.fill(ink.fill, ink.alpha, ink.clip if ink.is_plain else None, drawn=len(pen.drawn))
    _stroke(pen, ())


def _stroke(pen: Pen, _: Operands) -> None:
    pen.paints += 1
    if len(pen.rules) < MAX_RULES:
        pen.rules += pen.path
    _end(pen)


def _shade(pen: Pen, _: Operands) -> None:
    pen.sight.everywhere = True


def _inline_picture(pen: Pen, _: Operands) -> None:
    pen.images += 1
    pen.sight.picture(pen.state.matrix)


def _device_colour(pen: Pen, operands: Operands) -> None:
    pen.state.ink = replace(pen.state.ink, fill=colour_of(operands, ""), space="")


def _colour_space(pen: Pen, operands: Operands) -> None:
    space = space_of(operands, pen.resources)
    pen.state.ink = replace(pen.state.ink, fill=None if space else BLACK, space=space)


def _colour(pen: Pen, operands: Operands) -> None:
    ink = pen.state.ink
    pen.state.ink = replace(ink, fill=colour_of(operands, ink.space))


def _settings(pen: Pen, operands: Operands) -> None:
    named = pen.resources.get("/ExtGState")
    found = named.get_object().get(operands[0]) if named is not None else None
    found = found.get_object() if found is not None else {}
    ink = pen.state.ink
    if "/ca" in found:
        ink = replace(ink, alpha=float(found["/ca"]))
    if "/BM" in found or "/SMask" in found:
        blend, mask = found.get("/BM", "/Normal"), found.get("/SMask", "/None")
        ink = replace(ink, is_plain=blend in ("/Normal", "/Compatible") and mask == "/None")
    pen.state.ink = ink


def _begin_mark(pen: Pen, operands: Operands) -> None:
    is_hidden = False
    if len(operands) > 1 and operands[0] == "/OC":
        named = pen.resources.get("/Properties")
        layer = named.get_object().raw_get(operands[1]) if named is not None else None
        is_hidden = is_off(layer, pen.off)
    pen.layers.append(is_hidden)


def _end_mark(pen: Pen, _: Operands) -> None:
    if pen.layers:
        pen.layers.pop()


PAINTING: dict[bytes, Callable[[Pen, Operands], None]] = {
    b"re": _rectangle,
    b"m": _start,
    b"l": _line,
    **dict.fromkeys((b"c", b"v", b"y"), _curve),
    **dict.fromkeys((b"W", b"W*"), _clip),
    b"n": _end,
    **dict.fromkeys((b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*"), _fill),
    **dict.fromkeys((b"S", b"s"), _stroke),
    b"sh": _shade,
    b"INLINE IMAGE": _inline_picture,
    **dict.fromkeys((b"g", b"rg", b"k"), _device_colour),
    b"cs": _colour_space,
    **dict.fromkeys((b"sc", b"scn"), _colour),
    b"gs": _settings,
    **dict.fromkeys((b"BMC", b"BDC"), _begin_mark),
    b"EMC": _end_mark,
}
