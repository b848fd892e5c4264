"""Matrices and boxes of a PDF page, in points."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

Matrix = tuple[float, float, float, float, float, float]
Box = tuple[float, float, float, float]
"""``(left, bottom, right, top)``."""

BENEATH = 10_000.0
"""Points by which text in another direction is put under its page, so many times its turn."""

IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def matrix_of(operands: Sequence[Any]) -> Matrix:
    """The matrix that six numbers give."""
    a, b, c, d, e, f = (float(number) for number in operands[:6])
    return (a, b, c, d, e, f)


def multiply(m: Sequence[float], n: Matrix) -> Matrix:
    """First ``m``, then ``n``."""
    return (
        m[0] * n[0] + m[1] * n[2],
        m[0] * n[1] + m[1] * n[3],
        m[2] * n[0] + m[3] * n[2],
        m[2] * n[1] + m[3] * n[3],
        m[4] * n[0] + m[5] * n[2] + n[4],
        m[4] * n[1] + m[5] * n[3] + n[5],
    )


def apply(m: Matrix, x: float, y: float) -> tuple[float, float]:
    """Where the point goes."""
    return m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]


def turned(turn: int, *points: float) -> tuple[float, float, float, float]:
    """Start and end of a baseline, seen with its letters upright: ``x0, x1, y, y``."""
    x0, y0, x1, y1 = points
    if turn == 1:
        return y0, y1, -x0, -x1
    if turn == 2:
        return -x0, -x1, -y0, -y1
    return -y0, -y1, x0, x1


def around(points: Iterable[tuple[float, float]]) -> Box:
    """The smallest box that holds all points."""
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def holds(box: Box, x: float, y: float, margin: float = 0.0) -> bool:
    """Whether a point lies in a box, or not further from it than ``margin``."""
    return box[0] - margin <= x <= box[2] + margin and box[1] - margin <= y <= box[3] + margin


def overlap(a: Box, b: Box) -> Box:
    """What both boxes hold; its right is left of its left where that is nothing."""
    return max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])
