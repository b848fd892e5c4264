"""Contents lists without leaders, lists of figures and tables, and the index at the back.

All of them lead to other pages: they become links, which are kept and never quoted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa_bot.loaders.pdf.rows import CONTENTS, Line
from qa_bot.text import CELLS

LEAST = 3  # entries
LEAST_INDEX = 8  # entries of an index on one page
MOST_BETWEEN = 2  # lines without a number within a list: entries over several lines
MOST = 0.6  # of an index page's lines, to say it is one
LAST_PART = 0.6  # of the document; an index stands behind this

_LISTS = re.compile(
    r"(?:list|table) of (?:contents|figures|tables|illustrations|charts|boxes|maps|exhibits)"
    r"|(?:figures|tables|exhibits)(?: and (?:figures|tables|exhibits))?"
    r"|(?:abbildungs|tabellen)verzeichnis|table des (?:matières|figures)|目录|目次|차례",
    re.IGNORECASE,
)
_INDEX = re.compile(
    r"(?:(?:subject|general|author|name) )?index"
    r"|(?:stichwort|sach|personen)(?:verzeichnis|register)|索引",
    re.IGNORECASE,
)
_ENTRY = re.compile(r".*[^\W\d_].*?\s(?P<page>\d{1,4}|[ivxlc]{1,7})", re.IGNORECASE)
_PLACES = r"\d{1,4}(?:[-–]\d{1,4})?[a-z]{0,2}"
_INDEXED = re.compile(
    rf".*[^\W\d_].*[,\s]\s*{_PLACES}(?:[,;]\s*{_PLACES})*[.,;]?"
    r"|.*\bsee(?: also)?\s.*|[A-Z]"
    rf"|{_PLACES}(?:[,;]\s*{_PLACES})*",
    re.DOTALL,
)


def mark_navigation(lines: Sequence[Line]) -> None:
    """Make links of the lines of all such lists."""
    for at, line in enumerate(lines):
        if line.role != "text":
            continue
        if not _INDEX.fullmatch(line.text):
            if is_list_title(line):
                _mark_list(lines, at + 1)
        elif at > LAST_PART * len(lines):
            _mark_index(lines, at + 1)


def _mark_list(lines: Sequence[Line], first: int) -> None:
    """Mark the entries that follow, whose numbers go up."""
    entries: list[int] = []
    before = (False, 0)
    for at in range(first, len(lines)):
        line = lines[at]
        last = entries[-1] if entries else first - 1
        if at - last > MOST_BETWEEN + 1 or line.part.page - lines[last].part.page > 1:
            break
        number = None if line.role == "link" else _ENTRY.fullmatch(line.text)
        if line.role == "link" and entries:
            entries.append(at)
        if is_list_title(line):
            break
        if number is None:
            continue
        value = _value(number["page"])
        if value < before:
            break
        before = value
        entries.append(at)
    if len(entries) >= LEAST:
        for line in lines[first : entries[-1] + 1]:
            line.role = "link"


def is_list_title(line: Line) -> bool:
    """Whether a line says that a list of contents, figures or tables, or an index, follows."""
    return any(title.fullmatch(line.text) for title in (CONTENTS, _LISTS, _INDEX))


def _value(number: str) -> tuple[bool, int]:
    """Roman numbers come before the others, whatever they count."""
    return (True, int(number)) if number.isdigit() else (False, 0)


def _mark_index(lines: Sequence[Line], first: int) -> None:
    """Mark what follows on this page, and on the next ones as long as they look like it."""
    at = first
    while at < len(lines):
        page = lines[at].part.page
        stop = at
        while stop < len(lines) and lines[stop].part.page == page:
            stop += 1
        cells = [cell for line in lines[at:stop] for cell in line.text.split(CELLS)]
        found = sum(bool(_INDEXED.fullmatch(cell.strip())) for cell in cells)
        if found < MOST * len(cells) or (at == first and found < LEAST_INDEX):
            return
        for line in lines[at:stop]:
            line.role = "link"
        at = stop
