"""Text files that are tables: each line a record, its fields between tabs, bars or colons.

Many programs export such files as ``.txt``. Only a text all of whose lines have the same fields is
one, since a false table would be worse than lines: prose is never cut so evenly.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import StringIO

from qa_bot.loaders.writing import one_line

LEAST = 5  # records
_SHARE = 0.95  # of the lines have as many fields
_SAMPLE = 200  # lines that decide whether the others are looked at
# What parts fields, and how many a line has at least: commas and colons stand in sentences, too.
_FEWEST = {"\t": 2, "\t+": 2, "|": 2, ";": 2, ",": 3, ":": 3}
_PROSE = 0.2  # of the lines hold sentences, or are as long as a paragraph
_LONG = 200  # characters
_SENTENCE = re.compile(r"[^\W\d_]{2,}[)\"”’]?[.!?](?:\s|$)|。")
_LISTED = 0.3  # of the lines begin like items of a list, clauses or what somebody says
_ITEM = re.compile(
    r"\s*(?:[-*+•–·]|\(?[^\W\d_]{1,3}[.)]|\(?\d+(?:\.\d+)*[.)]|\d+(?:\.\d+)+"
    r"|[^\W\d_][\w .'-]{0,30}:)\s*+(?:\t|\||$)"
)
_RULE = re.compile(r"[\s|+:]*+(?:[-=_~*]{3,}+[\s|+:]*+)+")  # drawn
_QUOTED = "\t,;"  # programs that write these may put a field in quotation marks
_RUN = "\t+"  # tabs that line columns up
_NOT_FROM_NOTES = ","  # a note may be a sentence
_COMMENT = "#"
_CLOCK = re.compile(r"\b\d{1,2}:\d\d\b")
_TIMED = 0.2  # of the lines tell a time: a log


@dataclass(frozen=True, slots=True)
class Delimited:
    """What a file says: lines of notes above its rows, and the rows.

    ``is_named``: the first row is from a note, or has a line drawn below it, and names the
    columns; otherwise it may do so. A note among the rows is a row of one cell.
    """

    notes: tuple[str, ...]
    rows: list[list[str]]
    is_named: bool


def delimited(text: str) -> Delimited | None:
    """The rows of a text that is a table as a whole; None of any other."""
    written = [line for line in text.split("\n") if line.strip()]
    lines = [line for line in written if not _RULE.fullmatch(line)]
    records = [line for line in lines if not line.startswith(_COMMENT)]
    if len(records) < LEAST or _are_text(records[:_SAMPLE]) or _are_text(records):
        return None
    for delimiter in _FEWEST:
        if delimiter == "\t" and all("\t\t" in line for line in records):
            continue  # they line columns up
        width = _width(records[:_SAMPLE], delimiter)
        if width and _width(records, delimiter) == width:
            found = _rows(lines, delimiter, width)
            below = written[written.index(records[0]) + 1]
            is_ruled = _RULE.fullmatch(below) is not None
            return replace(found, is_named=found.is_named or is_ruled)
    return None


def _are_text(records: Sequence[str]) -> bool:
    """Whether lines hold sentences, or are items, clauses, or what somebody says."""
    prose = sum(len(line) > _LONG or bool(_SENTENCE.search(line)) for line in records)
    listed = sum(bool(_ITEM.match(line)) for line in records)
    return prose > _PROSE * len(records) or listed > _LISTED * len(records)


def _width(records: Sequence[str], delimiter: str) -> int:
    """The fields of nearly every record; 0 where they differ."""
    if delimiter == ":" and sum(map(bool, map(_CLOCK.search, records))) > _TIMED * len(records):
        return 0
    widths = Counter(len(_fields(line, delimiter)) for line in records)
    width, times = widths.most_common(1)[0]
    return width if width >= _FEWEST[delimiter] and times >= _SHARE * len(records) else 0


def _fields(line: str, delimiter: str) -> list[str]:
    if delimiter == _RUN:
        found = re.split(_RUN, line.strip())
    elif delimiter in _QUOTED and '"' in line:
        try:
            found = next(csv.reader(StringIO(line), delimiter=delimiter, strict=True))
        except csv.Error:
            found = line.split(delimiter)
    else:
        found = line.split(delimiter)
    return [one_line(field) for field in found]


def _rows(lines: Sequence[str], delimiter: str, width: int) -> Delimited:
    first = next(n for n, line in enumerate(lines) if not line.startswith(_COMMENT))
    notes = [line.lstrip(_COMMENT) for line in lines[:first]]
    rows: list[list[str]] = []
    for place in reversed(range(len(notes) if delimiter not in _NOT_FROM_NOTES else 0)):
        names = _fields(notes[place], delimiter)
        if len(names) == width and all(names):
            rows.append(names)
            del notes[place]
            break
    is_named = bool(rows)
    for line in lines[first:]:
        is_note = line.startswith(_COMMENT)
        rows.append([one_line(line.lstrip(_COMMENT))] if is_note else _fields(line, delimiter))
    return Delimited(tuple(filter(None, map(one_line, notes))), rows, is_named)
