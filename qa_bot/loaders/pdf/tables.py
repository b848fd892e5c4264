"""Ruled tables: cells found from the lines drawn around them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from qa_bot.loaders.pdf.amounts import is_amount
from qa_bot.loaders.pdf.lines import Segment, join_row, rows, segments
from qa_bot.loaders.pdf.pen import Rule, Run
from qa_bot.loaders.table_shape import first_row_is, headers_over_amounts, kind_of

NEAR = 3.0  # points between lines that are meant to touch
MAX_HEADS = 4  # rows; more in bold are a bold table
MAX_RULES = 4_000  # more is a drawing

_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, slots=True)
class _Grid:
    xs: list[float]  # left to right
    ys: list[float]  # top to bottom
    dividers: list[Rule]  # what is drawn upright between the first edge and the last one
    partial: list[Rule]  # what is drawn across it and is no edge: below some of the columns only

    def cell(self, x: float, y: float) -> tuple[int, int] | None:
        column = bisect_right(self.xs, x) - 1
        row = bisect_right([-edge for edge in self.ys], -y) - 1
        if 0 <= column < len(self.xs) - 1 and 0 <= row < len(self.ys) - 1:
            return row, column
        return None

    def is_left(self, run: Run, column: int) -> bool:
        """Whether a text reaches out of its column."""
        left, right = self.xs[column] - 2 * NEAR, self.xs[column + 1] + 2 * NEAR
        return run.x0 < left or run.x1 > right

    def lines_below(self, row: int, column: int) -> list[float]:
        """Where lines part a row's cell of one column, from the top down."""
        left, right = self.xs[column], self.xs[column + 1]
        covered: dict[float, float] = {}
        for rule in self.partial:
            at = (rule.y0 + rule.y1) / 2
            if self.ys[row + 1] + NEAR < at < self.ys[row] - NEAR:
                near = next((other for other in covered if abs(other - at) <= NEAR), at)
                length = min(rule.x1, right) - max(rule.x0, left)
                covered[near] = covered.get(near, 0.0) + max(0.0, length)
        enough = 0.9 * (right - left)
        return sorted((at for at, length in covered.items() if length >= enough), reverse=True)

    def is_undivided(self, row: int) -> bool:
        """Whether no line between columns goes through most of a row's height."""
        high, low = self.ys[row], self.ys[row + 1]
        covered = (min(rule.y1, high) - max(rule.y0, low) for rule in self.dividers)
        return all(length < 0.5 * (high - low) for length in covered)


def take_tables(
    runs: Sequence[Run], rules: Sequence[Rule], page: int
) -> tuple[list[Segment], list[Run]]:
    """Ruled tables, each as one segment with its cells; and the runs that are in none."""
    tables: list[Segment] = []
    rest = list(runs)
    for grid in _grids(rules):
        cells: dict[tuple[int, int], list[Run]] = {}
        outside: list[Run] = []
        for run in rest:
            at = grid.cell((run.x0 + run.x1) / 2, run.y + 0.3 * run.size)
            if at is None:
                outside.append(run)
            else:
                cells.setdefault(at, []).append(run)
        _join_undivided(grid, cells)
        title = _take_title(cells)
        if (table := _table(grid, cells, page)) is not None:
            baselines = sorted({run.y for run in title})
            tables.append(replace(table, title=tuple(baselines)))
            rest = outside + title
    return tables, rest


def _grids(rules: Sequence[Rule]) -> list[_Grid]:
    """Groups of rules that touch, with at least two columns and two rows."""
    if not rules or len(rules) > MAX_RULES:
        return []
    groups: list[list[Rule]] = []
    boxes: list[list[float]] = []
    for rule in sorted(rules, key=lambda rule: -rule.y1):
        touching = [i for i, box in enumerate(boxes) if _touches(rule, box)]
        group = [rule]
        box = [rule.x0, rule.y0, rule.x1, rule.y1]
        for i in reversed(touching):
            group += groups.pop(i)
            other = boxes.pop(i)
            box = [*map(min, box[:2], other[:2]), *map(max, box[2:], other[2:])]
        groups.append(group)
        boxes.append(box)
    grids = []
    for group, box in zip(groups, boxes, strict=True):
        width, height = box[2] - box[0], box[3] - box[1]
        xs = _edges(group, vertical=True, needed=min(0.35 * height, 60))
        ys = _edges(group, vertical=False, needed=0.9 * width)
        if len(xs) >= 2 and len(ys) >= 2:
            xs, ys = _closed(xs, box[0], box[2]), _closed(ys, box[1], box[3])
            if len(xs) >= 3 and len(ys) >= 3:
                inside = range(round(xs[0] + NEAR), round(xs[-1] - NEAR))
                upright = [r for r in group if r.is_vertical and round(r.x0) in inside]
                flat = [r for r in group if not r.is_vertical and not _is_at(r, ys)]
                grids.append(_Grid(xs, ys[::-1], upright, flat))
    return grids


def _is_at(rule: Rule, edges: Sequence[float]) -> bool:
    return any(abs((rule.y0 + rule.y1) / 2 - edge) <= 2 * NEAR for edge in edges)


def _closed(edges: list[float], low: float, high: float) -> list[float]:
    """Edges with the outermost ones, which are often not drawn."""
    before = [low] if edges[0] - low > 2 * NEAR else []
    after = [high] if high - edges[-1] > 2 * NEAR else []
    return before + edges + after


def _touches(rule: Rule, box: Sequence[float]) -> bool:
    return (
        rule.x0 <= box[2] + NEAR
        and rule.x1 >= box[0] - NEAR
        and rule.y0 <= box[3] + NEAR
        and rule.y1 >= box[1] - NEAR
    )


def _edges(group: Sequence[Rule], *, vertical: bool, needed: float) -> list[float]:
    """Where rules of one direction lie, if together they are as long as ``needed``."""
    lines: list[tuple[float, float]] = []
    for rule in group:
        if rule.is_vertical == vertical:
            middle = (rule.x0 + rule.x1) / 2 if vertical else (rule.y0 + rule.y1) / 2
            length = rule.y1 - rule.y0 if vertical else rule.x1 - rule.x0
            lines.append((middle, length))
    edges: list[float] = []
    total = 0.0
    for at, length in [*sorted(lines), (float("inf"), 0.0)]:
        if edges and at - edges[-1] <= NEAR:
            total += length
            continue
        if edges and total < needed:
            edges.pop()
        if at != float("inf"):
            edges.append(at)
        total = length
    return edges


def _join_undivided(grid: _Grid, cells: dict[tuple[int, int], list[Run]]) -> None:
    """Put together what stands in rows that are drawn as one cell over all columns.

    Only where most rows are divided: else the lines between columns are just not drawn.
    """
    rows = {row for row, _ in cells}
    undivided = {row for row in rows if grid.is_undivided(row)}
    if 2 * len(undivided) >= len(rows):
        return
    for row in undivided:
        filled = sorted(at for at in cells if at[0] == row)
        cells[filled[0]] = [run for at in filled for run in cells.pop(at)]


def _take_title(cells: dict[tuple[int, int], list[Run]]) -> list[Run]:
    """Take the first rows that are one cell over all columns: the table's title."""
    title: list[Run] = []
    columns = {column for _, column in cells}
    while len({row for row, _ in cells}) > 2 and len(columns) > 1:
        first = min(row for row, _ in cells)
        filled = [at for at in cells if at[0] == first]
        if len(filled) > 1:
            break
        title += cells.pop(filled[0])
    return title


def _table(grid: _Grid, cells: dict[tuple[int, int], list[Run]], page: int) -> Segment | None:
    columns = {column for _, column in cells}
    if len(columns) < 2 or len({row for row, _ in cells}) < 2:
        return None
    table: list[tuple[str, ...]] = []
    bold: list[bool] = []
    tall: list[tuple[int, int, int]] = []
    for row in range(len(grid.ys) - 1):
        first = len(table)
        inside = [cells.get((row, column), ()) for column in sorted(columns)]
        lines = [grid.lines_below(row, column) for column in sorted(columns)]
        if any(grid.is_left(run, at) for at in columns for run in cells.get((row, at), ())):
            lines = [[] for _ in columns]  # text with a table inside it
        for part in (part for whole in _parted(inside, lines) for part in _rows_of(whole)):
            texts = [_cell_text(runs, page) for runs in part]
            if any(texts):
                table.append(tuple(texts))
                bold.append(all(run.bold for runs in part for run in runs))
        most = max(map(len, lines))
        if (high := len(table) - first) > 1:
            over = [at for at, own in enumerate(lines) if len(own) < most and table[first][at]]
            tall += [(first, at, high) for at in over]
    filled = sum(bool(text) for row in table for text in row)
    words = max(len(text.split()) for row in table for text in row)
    if len(table) < 2 or filled < 0.3 * len(table) * len(columns) or words > 250:
        return None  # a frame around text, a chart
    runs = [run for group in cells.values() for run in group]
    size = sorted(run.size for run in runs)[len(runs) // 2]
    return Segment(
        text=" ".join(text for row in table for text in row if text),
        x0=grid.xs[0],
        x1=grid.xs[-1],
        y=max(run.y for run in runs),
        size=size,
        bold=False,
        italic=False,
        page=page,
        low=min(run.y for run in runs),
        cells=tuple(table),
        tall=tuple(tall),
        heads=header_rows(table, bold, is_ruled=True),
    )


def _parted(
    cells: Sequence[Sequence[Run]], lines: Sequence[Sequence[float]]
) -> list[list[list[Run]]]:
    """The rows between the lines that part most columns of one; a cell over them is the first's."""
    most = max(lines, key=len)
    if not most or 2 * sum(len(own) == len(most) for own in lines) <= len(lines):
        return [[list(runs) for runs in cells]]
    rows: list[list[list[Run]]] = [[[] for _ in cells] for _ in range(len(most) + 1)]
    for column, (runs, own) in enumerate(zip(cells, lines, strict=True)):
        for run in runs:
            below = sum(run.y + 0.3 * run.size < at for at in own)
            rows[below if len(own) == len(most) else 0][column].append(run)
    return rows


def _rows_of(cells: Sequence[Sequence[Run]]) -> list[list[list[Run]]]:
    """The rows that stand between two lines: several, where each line of text is one.

    It is one where a column has an amount on each of several lines, and every other column
    with several lines has the same ones.
    """
    lines = [sorted({round(run.y) for run in runs}, reverse=True) for runs in cells]
    most = max(lines, key=len)
    has_amounts = any(
        len(heights) == len(most) > 1
        and all(
            is_amount(_text_at(runs, height)) and _YEAR.fullmatch(_text_at(runs, height)) is None
            for height in heights
        )
        for runs, heights in zip(cells, lines, strict=True)
    )
    together = all(set(heights) <= set(most) for heights in lines if len(heights) > 1)
    if not (has_amounts and together and len(lines[0]) == len(most)):
        return [[list(runs) for runs in cells]]
    return [
        [
            [run for run in runs if (round(run.y) if round(run.y) in most else most[0]) == height]
            for runs in cells
        ]
        for height in most
    ]


def _text_at(runs: Sequence[Run], height: int) -> str:
    return "".join(run.text for run in runs if round(run.y) == height).strip()


def header_rows(
    table: Sequence[Sequence[str]], bold: Sequence[bool], *, is_ruled: bool
) -> tuple[int, ...]:
    """The rows that name the columns of those below them.

    Names in bold type above other rows do, further down too, where the same
    lines hold several tables. Where the first row isn't bold it is left to what
    the cells hold; what is all text needs lines to be taken for a table.
    """
    runs = [
        range(rows[0], rows[-1] + 1)
        for is_bold, group in groupby(range(len(table)), bold.__getitem__)
        if is_bold and (rows := _without_group(table, list(group)))
    ]
    most = MAX_HEADS if is_ruled else 2
    heads = [
        row
        for run in runs
        if run.stop < len(table) and len(run) <= most
        if all(map(_are_names, table[run.start : run.stop]))
        or (run.start == 0 and not _has_labels(table[0]))
        for row in run
    ]
    if over := headers_over_amounts(table):
        return tuple(sorted({*heads, *over}))
    if 0 in heads or bold[0]:
        return tuple(heads)
    shape = first_row_is(table)
    is_wide = max(map(len, table)) > 2
    is_header = shape == "header" or (shape == "unclear" and is_ruled and is_wide)
    return (0, *heads) if is_header else tuple(heads)


def _without_group(table: Sequence[Sequence[str]], rows: Sequence[int]) -> Sequence[int]:
    """Bold rows without a last one that is alone where another has its corner: a group's name."""
    alone = [at for at in rows if table[at][0] and not any(table[at][1:])]
    if len(rows) > 1 and alone[-1:] == [rows[-1]] and len(alone) == 1:
        has_corner = any(table[at][0] for at in rows[:-1])
        return rows[:-1] if has_corner or table[rows[-1]][0].endswith(":") else rows
    return rows


def _are_names(cells: Sequence[str]) -> bool:
    """Whether a row has names for its columns: a total has numbers, a group's name is alone."""
    kinds = [kind for cell in cells if (kind := kind_of(cell)) != "nothing"]
    return len(kinds) > 1 and set(kinds) == {"text"} and not _has_labels(cells)


def _has_labels(cells: Sequence[str]) -> bool:
    """Whether it names the values beside its cells, as in a form: "Name: | Ann"."""
    return any(cell.endswith(":") for cell in cells)


def _cell_text(runs: Sequence[Run], page: int) -> str:
    return " ".join(join_row(row).text for row in rows(segments(runs, page)))
