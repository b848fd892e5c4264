"""PowerPoint's tables, SmartArt and charts, from their XML."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from qa_bot.loaders.html.markup import local
from qa_bot.loaders.office import drawn_text
from qa_bot.loaders.opendocument.tables import header_rows
from qa_bot.loaders.slides.slide import Line
from qa_bot.loaders.table_grid import Grid
from qa_bot.loaders.table_shape import spread
from qa_bot.loaders.writing import one_line

if TYPE_CHECKING:
    from lxml import etree

_MOST_POINTS = 5000  # of a diagram or a chart


def table_of(table: etree._Element) -> Grid:
    """A table (``a:tbl``) laid out."""
    texts: list[list[str]] = []
    merged: dict[tuple[int, int], tuple[int, int]] = {}
    above: dict[int, str] = {}  # column → the text of the cell over several rows
    for at, row in enumerate(one for one in table if local(one.tag) == "tr"):
        line: list[str] = []
        for cell in (one for one in row if local(one.tag) == "tc"):
            column = len(line)
            if cell.get("hMerge") in ("1", "true"):
                line.append(line[-1] if line and len(line[-1]) <= 60 else "")
                continue
            if cell.get("vMerge") in ("1", "true"):
                line.append(above.get(column, ""))
                continue
            text = one_line(" ".join(drawn_text(one) for one in cell.iter("{*}p")))
            high, wide = _count(cell, "rowSpan"), _count(cell, "gridSpan")
            if (high, wide) != (1, 1):
                merged[at, column] = (high, wide)
            above[column] = text if high > 1 and len(spread(text, 2)[1]) else ""
            line.append(text)
        texts.append(line)
    width = max(map(len, texts), default=0)
    texts = [line + [""] * (width - len(line)) for line in texts]
    merged = {
        (row, column): (min(high, len(texts) - row), min(wide, width - column))
        for (row, column), (high, wide) in merged.items()
    }
    properties = next((one for one in table if local(one.tag) == "tblPr"), None)
    is_told = properties is not None and properties.get("firstRow") in ("1", "true")
    has_header = is_told and len(texts) > 1 and len([text for text in texts[0] if text]) > 1
    heads = max(header_rows(texts, merged), int(has_header))
    return Grid(texts, range(heads), merged)


def _count(cell: etree._Element, name: str) -> int:
    value = cell.get(name) or ""
    return min(max(int(value[:5]), 1), 1000) if value.isdecimal() else 1


def diagram_lines(data: etree._Element) -> list[Line]:
    """The texts of SmartArt, each below what it belongs to."""
    texts: dict[str, str] = {}
    waiting: list[tuple[str, int]] = []  # names with their levels, the next one last
    for point in data.iter("{*}pt"):
        name, kind = point.get("modelId") or "", point.get("type") or "node"
        if kind == "doc":
            waiting.append((name, -1))
        if kind in ("node", "asst"):
            texts[name] = one_line(" ".join(drawn_text(one) for one in point.iter("{*}p")))
    waiting = [*((name, 0) for name in reversed(texts)), *waiting]
    below = _below(data)
    found: list[Line] = []
    done: set[str] = set()
    while waiting and len(done) <= _MOST_POINTS:
        name, level = waiting.pop()
        if name in done:
            continue
        done.add(name)
        if texts.get(name):
            found.append(Line(texts[name], max(level, 0), "-"))
        waiting += [(child, level + 1) for _, child in sorted(below.get(name, ()), reverse=True)]
    return found


def _below(data: etree._Element) -> dict[str, list[tuple[int, str]]]:
    """What belongs to each point of a diagram, with its place among the others."""
    below: dict[str, list[tuple[int, str]]] = {}
    for link in data.iter("{*}cxn"):
        if (link.get("type") or "parOf") == "parOf":
            order = link.get("srcOrd") or ""
            place = int(order[:6]) if order.isdecimal() else 0
            below.setdefault(link.get("srcId") or "", []).append((place, link.get("destId") or ""))
    return below


def chart_lines(chart: etree._Element) -> Iterator[Line]:
    """The titles of a chart and of its axes."""
    for title in chart.iter("{*}title"):
        if text := one_line(" ".join(drawn_text(one) for one in title.iter("{*}p"))):
            yield Line(text)


def chart_table(chart: etree._Element) -> Grid | None:
    """The numbers that a chart is drawn from, as they lie in the file; None without any."""
    heads: list[str] = [""]
    columns: list[dict[int, str]] = []
    names: dict[int, str] = {}
    for series in chart.iter("{*}ser"):
        parts = {local(one.tag): one for one in series}
        heads.append(" ".join(_points(parts.get("tx")).values()))
        for at, text in _points(parts.get("cat")).items():
            names.setdefault(at, text)
        columns.append(_points(parts.get("val")))
    places = sorted({at for column in columns for at in column})
    if not places or not names:
        return None
    rows = [[names.get(at, ""), *(column.get(at, "") for column in columns)] for at in places]
    return Grid([heads, *rows], {0})


def _points(part: etree._Element | None) -> dict[int, str]:
    found: dict[int, str] = {}
    for point in part.iter("{*}pt") if part is not None else ():
        at = point.get("idx") or ""
        if at.isdecimal() and len(found) < _MOST_POINTS:
            found[int(at[:6])] = one_line(" ".join(one.text or "" for one in point.iter("{*}v")))
    return found
