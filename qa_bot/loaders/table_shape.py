"""The shape of a table: merged cells laid out, and whether its first row names the columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Literal

_LONGEST_NAME = 60  # characters; a longer cell names no column
_LONGEST_REPEATED = 60  # characters; a longer merged cell is told once
_SAMPLE = 50  # rows that are looked at
_MOST = 0.7  # of a column's cells, to say what the column holds
_YEAR = re.compile(r"(?:FY\s?)?(?:19|20)\d\d(?:[-/\u2013]\d\d(?:\d\d)?)?", re.IGNORECASE)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_DATE = re.compile(
    rf"(?:fy|fiscal|q[1-4]|as of|at)?\s?'?(?:{_YEAR.pattern}|{_MONTH}(?:\s\d\d?)?,?"
    rf"(?:\s?(?:19|20)?\d\d)?|\d\d?\s{_MONTH}(?:\s(?:19|20)\d\d)?)(?:\s?[(*¹²³ae)]+)?",
    re.IGNORECASE,
)
_CORNER = re.compile(r"\(.*\)|in (?:thousands|millions|billions)\b.*|[$€£¥].*", re.IGNORECASE)
_ONLY_SIGN = re.compile(r"[$€£¥₹]|[A-Z]{2,3}[$€£¥]")  # "€" over amounts in euros
_MOST_NAMING = 4  # rows of a header told by merged cells
_GROUPS = 4  # rows at most that name groups before a row with values
_ANY_LETTER = re.compile(r"[^\W\d_]")
_CURRENCY = (
    "AED AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF ILS INR JPY KRW MXN NOK NZD PLN RMB RUB SAR "
    "SEK SGD TRY USD ZAR"
).replace(" ", "|")
_UNIT = (
    r"(?:%|\u00b0?[A-Za-z\u00b5\u03a9]{1,3}\u00b2?(?:/[A-Za-z]{1,3}\u00b2?)?(?:\([A-Z]\))?"
    r"|million|billion)"
)
_QUANTITY = rf"\d[\d.,'\s]*+{_UNIT}?"
# One, or a few side by side: "400 V, 50 Hz", "3 x 16 A"; "1-3 km" may name a column. What could
# run on is possessive or bounded: time is linear in the text.
_AMOUNT = re.compile(
    rf"[^\w]*+(?:(?:{_CURRENCY})\s?)?{_QUANTITY}"
    rf"(?:\s?[,x\u00d7/\u00b1]\s?{_QUANTITY}){{0,3}}[^\w]*+"
)
_ADDRESS = re.compile(r"\S+@\S+\.\S+|https?://\S+|www\.\S+", re.IGNORECASE)
_TRUTH = re.compile(r"true|false|yes|no", re.IGNORECASE)

_Kind = Literal["nothing", "number", "address", "truth", "text"]


def spread(text: str, columns: int) -> list[str]:
    """A merged cell's text for each of the columns it is over, so that none shifts."""
    return [text] + [text if len(text) <= _LONGEST_REPEATED else ""] * (columns - 1)


def kind_of(cell: str) -> _Kind:
    """What a cell holds: "8 km" is a number, "–" is nothing."""
    if not any(map(str.isalnum, cell)):
        return "nothing"
    if _ADDRESS.fullmatch(cell):
        return "address"
    if _TRUTH.fullmatch(cell):
        return "truth"
    is_number = not _ANY_LETTER.search(cell) or _AMOUNT.fullmatch(cell)
    return "number" if is_number else "text"


def is_date(cell: str) -> bool:
    """Whether a cell is a year, a month, a quarter or a day: "FY 2017", "March 31, 2012"."""
    return bool(_DATE.fullmatch(cell))


def first_row_is(rows: Sequence[Sequence[str]]) -> Literal["header", "unclear", "row"]:
    """Whether the first row names the columns, as far as the cells' texts tell.

    It does where text stands over a column of numbers, addresses or truth
    values, or years stand side by side, or the corner alone is empty; it is
    ``unclear`` where everything is text. A row of values, or of words that come
    again below, is a row like the others, and so is the first one of a table
    whose first column names the values beside it: "Name: | Ann".
    """
    rows = rows[: _SAMPLE + 1]
    if len(rows) < 2:
        return "row"
    first, body = rows[0], rows[1:]
    width = max(map(len, rows))
    names = [cell for cell in first if kind_of(cell) != "nothing"]
    corner = bool(first) and kind_of(first[0]) == "nothing"
    if (
        width < 2
        or len(names) + corner < max(len(first) - 1, 2)
        or any(len(name) > _LONGEST_NAME or name.endswith(":") for name in names)
        or len(set(names)) < len(names)
        or any(_holds(body, column, name) for column, name in enumerate(first) if name)
    ):
        return "row"
    if _are_years(first, body):
        return "header"
    if any(kind_of(name) != "text" for name in names):
        return "row"
    if corner and len(names) == width - 1:
        return "header"
    if any(_kind_of_column(body, column) not in ("text", "") for column in range(len(first))):
        return "header"
    return "row" if width == 2 and _is_mixed(body) else "unclear"


def headers_over_amounts(rows: Sequence[Sequence[str]]) -> list[int]:
    """The rows that name columns of amounts, where these have texts, years or dates above them.

    A header may be of several rows ("Year ended June 30" over "2023" and "2022"); another one
    further down has nothing where the rows' names stand. Empty where columns hold no amounts.
    """
    found: list[int] = []
    run: list[int] = []
    for at, row in enumerate(rows):
        if _may_name_amounts(row, is_first=not found and len(run) == at):
            run.append(at)
            continue
        is_body = sum(kind_of(cell) == "number" for cell in row[1:]) > 0 and any(row[:1])
        filled = [column for row in run for column, cell in enumerate(rows[row]) if cell and column]
        if is_body or (run and not any(row[1:]) and _is_body_near(rows, at)):
            found += run if any(filled) else []
        run = []
    return found


def headers_over_names(rows: Sequence[Sequence[str]]) -> int:
    """How many rows, from the first, name columns of amounts and leave the corner free.

    "Fiscal" stands over "2019 | 2018", and that over "(in millions)"; 0 where none surely does.
    """
    over = headers_over_amounts(rows)
    count = next((number for number, row in enumerate([*over, -1]) if row != number), 0)
    own = rows[1:count] if _groups_years(rows[:count]) else rows[:count]
    return count if all(_may_name_amounts(row, is_first=False) for row in own) else 0


def _groups_years(head: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names groups of the years below it, and may have a name in its corner.

    "Full rate | Single | Single" over "€ | 2006 | 2007": a name over several columns.
    """
    if len(head) < 2:
        return False
    groups = [cell for cell in head[0][1:] if cell]
    years = [cell for cell in head[1][1:] if cell and not _ONLY_SIGN.fullmatch(cell)]
    return len(set(groups)) < len(groups) and len(years) > 1 and all(map(is_date, years))


def headers_by_merges(
    rows: Sequence[Sequence[str]], merged: Mapping[tuple[int, int], tuple[int, int]]
) -> int:
    """How many rows, from the first, name the columns, as far as merged cells tell.

    They do where the corner is as high as they are together and a name beside it is over several
    columns: "Weekdays" over "Morning | Evening". 0 where that isn't so, or one holds amounts.
    """
    high = merged.get((0, 0), (1, 1))[0]
    is_over = any(at == 0 < column and reach[1] > 1 for (at, column), reach in merged.items())
    if not (1 < high <= _MOST_NAMING and high < len(rows) and is_over):
        return 0
    names = (cell for row in rows[:high] for cell in row if cell)
    return high if all(kind_of(cell) == "text" or is_date(cell) for cell in names) else 0


def _is_body_near(rows: Sequence[Sequence[str]], at: int) -> bool:
    """Whether a row of amounts comes soon after the name of a group."""
    return any(
        any(kind_of(cell) == "number" for cell in row[1:]) and any(row[:1])
        for row in rows[at + 1 : at + _GROUPS]
    )


def _may_name_amounts(row: Sequence[str], *, is_first: bool) -> bool:
    """Whether nothing in a row is an amount, nor its name but for a corner: "(in millions)"."""
    others = [cell for cell in row[1:] if cell and not _ONLY_SIGN.fullmatch(cell)]
    if not all(_DATE.fullmatch(cell) or kind_of(cell) == "text" for cell in others):
        return False
    if any(len(cell) > _LONGEST_NAME for cell in others):
        return False
    corner = row[0] if row else ""
    if not corner or _CORNER.fullmatch(corner):
        return True
    return is_first and bool(others) and not corner.endswith(":")


def _column(rows: Sequence[Sequence[str]], column: int) -> Iterator[str]:
    return (row[column] for row in rows if column < len(row))


def _holds(body: Sequence[Sequence[str]], column: int, name: str) -> bool:
    """Whether a column has the same text below, or only codes of the same make as it."""
    cells = [cell for cell in _column(body, column) if cell]
    if name in cells:
        return True
    make = _make(name)
    return "9" in make and len(cells) > 1 and all(_make(cell) == make for cell in cells)


def _make(cell: str) -> str:
    """How a code is made: "AB-17" and "CD-4" are both "A-9"."""
    return re.sub(r"\d+", "9", re.sub(r"[^\W\d_]+", "A", cell))


def _are_years(first: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Whether two or more years stand side by side and other columns have words."""
    years = [i for i, cell in enumerate(first) if _YEAR.fullmatch(cell)]
    if len(years) < 2 or any(b - a > 2 for a, b in pairwise(years)):
        return False
    others = [cell for i, cell in enumerate(first) if i not in years]
    if any(kind_of(cell) == "number" for cell in others):
        return False
    return not any(_YEAR.fullmatch(cell) for column in years for cell in _column(body, column))


def _kind_of_column(body: Sequence[Sequence[str]], column: int) -> str:
    """What most of a column's cells hold; "" where that differs."""
    kinds = Counter(map(kind_of, _column(body, column)))
    del kinds["nothing"]
    most, count = max(kinds.items(), key=lambda pair: pair[1], default=("", 0))
    return most if count >= _MOST * kinds.total() else ""


def _is_mixed(body: Sequence[Sequence[str]]) -> bool:
    """Whether the second column holds now this, now that: the first one says what."""
    labels = _column(body, 0)
    return _kind_of_column(body, 1) == "" or any(label.endswith(":") for label in labels)
