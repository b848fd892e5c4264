"""A page's segments → its lines in reading order, each a line of text, a table row or a link."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from qa_bot.loaders.pdf_columns import reading_order
from qa_bot.loaders.pdf_lines import Segment, join_row, rows

Role = Literal["text", "row", "link"]

LEADERS = re.compile(
    r"^(?P<title>.*?)\s*(?:(?:\.\s?|…\s?|·\s?|_){3,}\s*(?P<page>\d{1,4}|[ivxlc]+)"
    r"|(?:\.\s?|…\s?|·\s?|_){5,})$"
)
CONTENTS = re.compile(
    r"(?:table of )?contents|inhalt(?:sverzeichnis)?|sommaire|índice", re.IGNORECASE
)
_BULLETS = "•●○◦■□▪▫◆◇➢➤✓✔❖►‣∙·\uf0b7\uf0a7\uf0d8\uf076\uf0fc\uf06e"
MARKER = re.compile(
    rf"(?P<bullet>[{_BULLETS}]|[-–—*o](?=\s))\s*"
    r"|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,5})[.)](?:\s+|$)"
)
_ONLY_MARKER = re.compile(rf"[{_BULLETS}o*–—-]|\(?(?:\d{{1,3}}|[a-zA-Z]|[ivx]{{1,5}})[.)]")
_ALIGNED = 4.0  # points


@dataclass(slots=True)
class Line:
    """A line in reading order, with the column it stands in."""

    part: Segment
    role: Role
    region: int
    left: float
    right: float

    @property
    def text(self) -> str:
        """What it says."""
        return self.part.text


def page_lines(parts: Sequence[Segment], first_region: int) -> list[Line]:
    """All lines of a page; regions are numbered on from ``first_region``."""
    lines: list[Line] = []
    for number, region in enumerate(reading_order(parts), first_region):
        left = min(part.x0 for part in region)
        right = max(part.x1 for part in region)
        for part, role in _roles(region):
            lines.append(Line(part, role, number, left, right))
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


def _roles(region: Sequence[Segment]) -> Iterator[tuple[Segment, Role]]:
    table = rows(region)
    for row in table:
        _join_markers(row)
    multiple = [_is_table_row(table, i) for i in range(len(table))]
    leaders = [bool(LEADERS.match(join_row(row).text)) for row in table]
    held: list[list[str]] = []  # cells of the table row that later lines may go on with
    start: list[Segment] = []
    for i, row in enumerate(table):
        if start and multiple[i] is False and (at := _cell_above(start, row, table[i - 1])):
            held[at].append(row[0].text)
            continue
        if start:
            yield _as_row(start, held), "row"
            start, held = [], []
        if row[0].cells:
            for cells in row[0].cells:
                text = " | ".join(cells).rstrip(" |")
                yield replace(row[0], text=text, cells=()), "row"
        elif leaders[i]:
            yield join_row(row), "link"
        elif multiple[i]:
            start, held = row, [[part.text] for part in row]
        else:
            yield join_row(row), "text"
    if start:
        yield _as_row(start, held), "row"


def _as_row(row: Sequence[Segment], cells: Sequence[Sequence[str]]) -> Segment:
    return replace(join_row(row), text=" | ".join(" ".join(cell) for cell in cells))


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


def _cell_above(start: Sequence[Segment], row: Sequence[Segment], before: Sequence[Segment]) -> int:
    """Which cell of the row above a lone line goes on with; 0: none, or not to be told."""
    if len(row) != 1 or row[0].cells or before[0].y - row[0].y > 1.5 * row[0].size:
        return 0
    for at, cell in enumerate(start):
        if at and abs(cell.x0 - row[0].x0) < _ALIGNED and cell.bold == row[0].bold:
            return at
    return 0


def usual_leadings(lines: Sequence[Line]) -> dict[float, float]:
    """For each size of type, the usual distance from line to line within a paragraph."""
    counts: dict[float, Counter[float]] = {}
    for before, after in pairwise(lines):
        if before.role != "text" or after.role != "text" or before.region != after.region:
            continue
        size = round(after.part.size * 2) / 2
        gap = before.part.y - after.part.y
        if 0.8 * size < gap < 2.2 * size and abs(before.part.size - after.part.size) < 0.6:
            counts.setdefault(size, Counter())[round(gap * 2) / 2] += 1
    usual: dict[float, float] = {}
    for size, gaps in counts.items():
        most = max(gaps.values())
        usual[size] = min(gap for gap, count in gaps.items() if count >= 0.5 * most)
    return usual
