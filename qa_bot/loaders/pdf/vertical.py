"""Chinese and Japanese set from top to bottom: lines that go down, read from the right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from qa_bot.loaders.pdf.pen import Drawn

DOWN = 3  # quarter turns of a line that goes down
LEAST = 20  # characters drawn one by one
_IDEOGRAPH = re.compile("[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\ufe10-\ufe4f\uff00-\uffef]")


def stood_up(drawn: Sequence[Drawn]) -> list[Drawn]:
    """Give characters that stand one under the other the turn of a line that goes down."""
    single = [one for one in drawn if one.turn == 0 and _IDEOGRAPH.fullmatch(one.run.text.strip())]
    if len(single) < LEAST or len(single) < 0.3 * len(drawn):
        return list(drawn)
    places = {_cell(one, 0, 0) for one in single}
    down = sum(_has(places, one, 0, -1) for one in single)
    if down < 0.5 * len(single) or down < 2 * sum(_has(places, one, 1, 0) for one in single):
        return list(drawn)
    chosen = {id(one) for one in drawn if one.turn == 0 and len(one.run.text.strip()) == 1}
    turned = [_turned_down(one) for one in drawn if id(one) in chosen or one.turn == DOWN]
    return [
        *_by_line(turned),
        *(one for one in drawn if id(one) not in chosen and one.turn != DOWN),
    ]


def _cell(one: Drawn, right: int, up: int) -> tuple[int, int]:
    """Where a character's neighbour stands, in half ems."""
    step = one.run.size / 2
    return round(one.run.x0 / step) + 2 * right, round(one.run.y / step) + 2 * up


def _has(places: set[tuple[int, int]], one: Drawn, right: int, up: int) -> bool:
    x, y = _cell(one, right, up)
    near = (-1, 0, 1)
    return any((x + a, y + b) in places for a in near for b in near if not a * right and not b * up)


def _by_line(turned: Sequence[Drawn]) -> list[Drawn]:
    """In reading order: the rightmost line first, each from its top."""
    lines: list[list[Drawn]] = []
    for one in sorted(turned, key=lambda one: -one.run.y):
        if lines and lines[-1][0].run.y - one.run.y < 0.5 * one.run.size:
            lines[-1].append(one)
        else:
            lines.append([one])
    return [one for line in lines for one in sorted(line, key=lambda one: one.run.x0)]


def _turned_down(one: Drawn) -> Drawn:
    """As if drawn along a line that goes down: ``x`` is how far down, ``y`` how far right."""
    if one.turn == DOWN:
        return one
    run = one.run
    top, bottom = run.y + 0.88 * run.size, run.y - 0.12 * run.size
    moved = replace(run, x0=-top, x1=-bottom, y=run.x0 + 0.12 * run.size)
    return replace(one, run=moved, turn=DOWN)
