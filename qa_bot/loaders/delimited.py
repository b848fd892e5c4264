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
_FEWEST = {"\t": 2, "\t+": 2, "|": 2, ";": 2, ",": 3, ":": 3, "  ": 2}
_OF_SENTENCES = ",;:"  # they part fields only where lines are no sentences
_ENDS = (".", "!", "?", "。")
_PROSE = 0.2  # of the lines end like sentences, or are as long as a paragraph
_LONG = 200  # characters
_QUOTED = "\t,;"  # programs that write these may put a field in quotation marks
_RUNS = {"\t+": re.compile("\t+"), "  ": re.compile(r"\s{2,}|\t")}  # they line columns up
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
    lines = [line for line in written if any(map(str.isalnum, line))]  # without drawn rules
    records = [line for line in lines if not line.startswith(_COMMENT)]
    if len(records) < LEAST:
        return None
    for delimiter in _FEWEST:
        if delimiter == "\t" and all("\t\t" in line for line in records):
            continue  # they line columns up
        width = _width(records[:_SAMPLE], delimiter)
        if width and _width(records, delimiter) == width:
            found = _rows(lines, delimiter, width)
            is_ruled = written.index(records[0]) + 1 < written.index(records[1])
            return replace(found, is_named=found.is_named or is_ruled)
    return None


def _width(records: Sequence[str], delimiter: str) -> int:
    """The fields of nearly every record; 0 where they differ."""
    if delimiter == ":" and sum(map(bool, map(_CLOCK.search, records))) > _TIMED * len(records):
        return 0
    if delimiter in _OF_SENTENCES:
        prose = sum(line.rstrip().endswith(_ENDS) or len(line) > _LONG for line in records)
        if prose > _PROSE * len(records):
            return 0
    widths = Counter(len(_fields(line, delimiter)) for line in records)
    width, times = widths.most_common(1)[0]
    return width if width >= _FEWEST[delimiter] and times >= _SHARE * len(records) else 0


def _fields(line: str, delimiter: str) -> list[str]:
    if run := _RUNS.get(delimiter):
        found = run.split(line.strip())
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
    for place in reversed(range(len(notes))):
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
