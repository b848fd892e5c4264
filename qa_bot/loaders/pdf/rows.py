"""A page's segments → its lines in reading order, each a line of text, a table row or a link."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from qa_bot.loaders.pdf.columns import reading_order
from qa_bot.loaders.pdf.lines import Segment, join_row, rows
from qa_bot.loaders.pdf.stretched import stretched_rows
from qa_bot.loaders.pdf.tables import header_rows
from qa_bot.loaders.pdf.unruled import laid_out, stretches, whole_rows
from qa_bot.text import CELLS

Role = Literal["text", "row", "link"]

LEADERS = re.compile(
    r"^(?P<title>.*?)\s*(?:(?:\.\s?|…\s?|·\s?|_){3,}\s*(?P<page>\d{1,4}|[ivxlc]+)"
    r"|(?:\.\s?|…\s?|·\s?|_){5,})$"
)
CONTENTS = re.compile(
    r"(?:table of )?contents|inhalt(?:sverzeichnis)?|sommaire|índice", re.IGNORECASE
)
_BULLETS = "☐☑☒•●○◦■□▪▫◆◇➢➤✓✔❖►‣∙·\uf0b7\uf0a7\uf0d8\uf076\uf0fc\uf06e"
MARKER = re.compile(
    rf"(?P<bullet>[{_BULLETS}]|[-–—*o](?=\s))\s*"
    r"|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,5})[.)](?:\s+|$)"
)
_ONLY_MARKER = re.compile(rf"[{_BULLETS}o*–—-]|\(?(?:\d{{1,3}}|[a-zA-Z]|[ivx]{{1,5}})[.)]")
_ALIGNED = 4.0  # points


@dataclass(slots=True)
class Line:
    """A line in reading order, with the column it stands in.

    Of a table's row, the texts of its ``cells``, how many columns each of them is
    over (() where that is one), column and number of rows of those that are ``tall``,
    the left and right edges of the table's ``columns`` where no lines are drawn (()
    where they can't be told), whether it ``opens`` the table and whether it is one of
    those that name the columns.
    """

    part: Segment
    role: Role
    region: int
    left: float
    right: float
    cells: tuple[str, ...] = ()
    reach: tuple[int, ...] = ()
    tall: tuple[tuple[int, int], ...] = ()
    columns: tuple[tuple[float, float], ...] = ()
    opens: bool = False
    is_head: bool = False

    @property
    def text(self) -> str:
        """What it says."""
        return self.part.text


def page_lines(parts: Sequence[Segment], first_region: int) -> list[Line]:
    """All lines of a page; regions are numbered on from ``first_region``."""
    lines: list[Line] = []
    upright = [part for part in parts if not part.is_turned]
    turned = [part for part in parts if part.is_turned]
    regions = [*reading_order(upright), *reading_order(turned)]
    for number, region in enumerate(regions, first_region):
        left = min(part.x0 for part in region)
        right = max(part.x1 for part in region)
        for line in _roles(region):
            line.region, line.left, line.right = number, left, right
            line.role = "link" if line.part.is_askew else line.role
            lines.append(line)
    _mark_contents(lines)
    return lines


def _mark_contents(lines: Sequence[Line]) -> None:
    """Make everything in a contents list a link: entries over several lines, too."""
    leaders = [index for index, line in enumerate(lines) if line.role == "link"]
    if len(leaders) < 4:
        return
    title = next((i for i, line in enumerate(lines) if CONTENTS.fullmatch(line.text)), -1)
    inside = lines[title + 1 : leaders[-1] + 1]
    if len(leaders) >= 0.2 * len(inside):
        for line in inside:
            line.role = "link"


def _roles(region: Sequence[Segment]) -> Iterator[Line]:
    table = rows(region)
    for row in table:
        _join_markers(row)
    stretched = stretched_rows(table)
    leaders = [bool(LEADERS.match(join_row(row).text)) for row in table]
    multiple = [
        _is_table_row(table, i) and not stretched[i] and not leaders[i] for i in range(len(table))
    ]
    table, multiple = whole_rows(table, multiple)
    leaders = [bool(LEADERS.match(join_row(row).text)) for row in table]
    at = 0
    for first, stop in [*stretches(table, multiple), (len(table), len(table))]:
        for row, is_entry in zip(table[at:first], leaders[at:first], strict=True):
            if row[0].cells:
                yield from _ruled(row[0])
            else:
                yield _line(join_row(row), "link" if is_entry else "text")
        if first < stop:
            yield from _unruled(table[first:stop])
        at = stop


def _line(part: Segment, role: Role) -> Line:
    return Line(part, role, 0, 0.0, 0.0)


def _ruled(table: Segment) -> Iterator[Line]:
    lines = []
    for number, cells in enumerate(table.cells):
        text = CELLS.join(cells).rstrip(" |").lstrip()
        line = _line(replace(table, text=text, cells=()), "row")
        line.cells = cells
        line.tall = tuple((column, high) for row, column, high in table.tall if row == number)
        lines.append(line)
    _mark_heads(lines, table.heads)
    yield from lines


def _unruled(table: Sequence[list[Segment]]) -> Iterator[Line]:
    lines = []
    for row, laid in zip(table, laid_out(table), strict=True):
        line = _line(join_row(row), "row")
        line.part = replace(line.part, text=CELLS.join(laid.texts).strip())
        line.cells, line.reach = tuple(laid.texts), tuple(laid.reach)
        line.columns = laid.columns
        lines.append(line)
    bold = [line.part.bold for line in lines]
    _mark_heads(lines, header_rows([line.cells for line in lines], bold, is_ruled=False))
    yield from lines


def _mark_heads(lines: Sequence[Line], heads: Sequence[int]) -> None:
    """Mark header rows; another header further down opens another table."""
    lines[0].opens = True
    for row in heads:
        lines[row].is_head = True
        if row and not lines[row - 1].is_head:
            lines[row].opens = lines[row].cells != lines[0].cells


def _join_markers(row: list[Segment]) -> None:
    """Put a bullet or number together with the text that it marks."""
    while len(row) > 1 and (_ONLY_MARKER.fullmatch(row[0].text)) and not row[1].cells:
        if row[1].x0 - row[0].x1 > 5 * row[1].size:
            return
        row[:2] = [replace(join_row(row[:2]), bold=row[1].bold, italic=row[1].italic)]


def _is_table_row(table: Sequence[list[Segment]], index: int) -> bool:
    """Whether a row's cells stand under or above those of a row near it."""
    row = table[index]
    if len(row) < 2 or row[0].cells:
        return False
    wide = any(b.x0 - a.x1 > 2.5 * a.size for a, b in pairwise(row))
    near = [other for other in table[max(0, index - 4) : index + 5] if other is not row]
    aligned = sum(
        any(_are_aligned(cell, other) for cell in row[1:] for other in line[1:]) for line in near
    )
    return aligned >= 1 and (wide or len(row) > 2 or aligned >= 2)


def _are_aligned(a: Segment, b: Segment) -> bool:
    return (
        abs(a.x0 - b.x0) < _ALIGNED
        or abs(a.x1 - b.x1) < _ALIGNED
        or abs(a.x0 + a.x1 - b.x0 - b.x1) < 2 * _ALIGNED
    )
