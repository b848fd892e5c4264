"""A question for the most or the least → the row of a table that has it.

A rule, since it either compares all rows of a table in the one column that is meant, or says
nothing: where it can't be sure of the column, or the question has conditions, no row is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from qa_bot.asking.asked import (
    FIRST_WORDS,
    LAST_WORDS,
    LEAST_WORDS,
    MOST_WORDS,
    terms,
    without_notes,
)
from qa_bot.tables import Cell, Span, Table
from qa_bot.text import words

MOST_ROWS = 2_000  # of a table; nobody compares more by eye, to see that it is so

_MOST = frozenset("most highest largest greatest biggest maximum max".split())
_LEAST = frozenset("least lowest smallest fewest minimum min".split())
# What makes a superlative another question: of a place in the order, of a bound, of a time.
_OTHER = re.compile(
    r"\b(?:at (?:most|least)|most (?:recent|of|common)\w*|first|last|earliest|latest|second|third|"
    r"fourth|fifth|\d+(?:st|nd|rd|th)|top|two|three|four|five|not|than|other|besides|except|after|"
    r"before|between|without|total|average|sum|combined|difference|consecutive|or)\b",
    re.IGNORECASE,
)
_TOTAL = frozenset("total totals sum all average mean overall subtotal combined turnout".split())
_RANKS = "rank ranking position pos place standing"  # the highest is the least
_AMOUNT = re.compile(
    r"\s*[$€£¥]?\s*(?P<minus>[(−–-]?)\s*[$€£¥]?\s*"
    r"(?P<number>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)\s*"
    r"(?:%|per\s?cent)?\s*\)?\s*(?:\[\w+\]|[*†‡])?\s*"
)

_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_BELOW_NOUGHT = re.compile(r"\s*(?:\(.*\d.*\)|[^\w(]*[-−–]\s?[$€£¥]?\s?\d)")  # (900), −$5


def asks_extreme(question: str) -> bool:
    """Whether a question asks for the most or the least, and for nothing beside it."""
    asked = {word.casefold() for word in words(question)}
    return len(asked & (_MOST | _LEAST)) == 1 and not _OTHER.search(question)


def deciding_row(
    question: str, table: Table, slices: Callable[[Sequence[Span]], list[str]]
) -> int | None:
    """The row with the most, or the least, of what a question names.

    Args:
        question: As asked.
        table: With all its rows.
        slices: Tells what stands in spans of its document.

    Returns:
        Its number in the table; None where several have it, or where the question asks for
        anything else: a place in the order, rows that fulfil a condition, no column by name.
    """
    if not asks_extreme(question):
        return None
    spans = [cell.span for cell in table.cells]
    texts = dict(zip(spans, slices(spans), strict=True))
    column = _column(question, table, texts)
    if column is None:
        return None
    amounts = _amounts(table, column, texts)
    if amounts is None:
        return None
    wants_most = any(word.casefold() in _MOST for word in words(question))
    best = (max if wants_most else min)(amounts.values())
    rows = [row for row, amount in amounts.items() if amount == best]
    return rows[0] if len(rows) == 1 else None


def outer_row(question: str, rows: Iterable[int]) -> int | None:
    """Where a question asks for the first or the last, the row that stands so."""
    asked = {word.lower() for word in words(question)}
    if asked & FIRST_WORDS:
        return min(rows)
    return max(rows) if asked & LAST_WORDS else None


def extreme_rows(
    question: str, cells: Sequence[Cell], texts: Mapping[Span, str], fits: Mapping[int, float]
) -> set[int]:
    """Where a question asks for the most or the least, the rows that have it, of those at hand.

    Args:
        question: As asked.
        cells: Of the rows that are compared.
        texts: What they say.
        fits: By column, how well its name fits; the one that fits best and has numbers counts.
    """
    asked = {word.lower() for word in words(question)}
    if not asked & (MOST_WORDS | LEAST_WORDS):
        return set()
    columns: dict[int, list[tuple[float, int]]] = {}
    for cell in cells:
        number = _NUMBER.search(texts[cell.span])
        if cell.kind == "value" and number:
            value = float(number.group().replace(",", ""))
            if _BELOW_NOUGHT.match(texts[cell.span]):
                value = -value
            columns.setdefault(cell.column, []).append((value, cell.row))
    rows = {cell.row for cell in cells}
    full = [column for column, some in columns.items() if 2 * len(some) >= len(rows)]
    if not full:
        return set()
    column = columns[max(full, key=lambda at: (fits[at], -at))]
    best = (max if asked & MOST_WORDS else min)(value for value, _ in column)
    return {row for value, row in column if value == best}


def _column(question: str, table: Table, texts: dict[Span, str]) -> int | None:
    """The one column whose header the question names; None where it names a row or two columns."""
    asked = terms(question) - terms(" ".join(_MOST | _LEAST))
    values = [cell for cell in table.cells if cell.kind == "value"]
    headers = {column: _headed(table, column, texts) for column in {one.column for one in values}}
    named = frozenset().union(*headers.values())
    rows = (cell for cell in table.cells if cell.kind in ("value", "label", "group"))
    if any(terms(texts[cell.span]) & asked - named for cell in rows):
        return None
    shares = {
        column: len(said & asked) / len(said)
        for column, said in headers.items()
        if said & asked and not said & terms(_RANKS) and _amounts(table, column, texts)
    }
    best = max(shares.values(), default=0.0)
    found = [column for column, share in shares.items() if share == best]
    return found[0] if len(found) == 1 else None


def _headed(table: Table, column: int, texts: dict[Span, str]) -> frozenset[str]:
    first = next(one for one in table.cells if one.column == column and one.kind == "value")
    said = (terms(without_notes(texts[one.span])) for one in table.headers(first))
    return frozenset().union(*said)


def _amounts(table: Table, column: int, texts: dict[Span, str]) -> dict[int, float] | None:
    """The amount of each row, totals left out; None where a row has none that can be compared."""
    found: dict[int, float] = {}
    rows = {cell.row for cell in table.cells if cell.kind == "value"}
    for row in rows:
        cells = table.of_row(row)
        if _names_total(cells[0], texts):
            continue
        mine = [cell for cell in cells if cell.column == column and cell.columns == 1]
        match = _AMOUNT.fullmatch(texts[mine[0].span]) if mine else None
        if match is None:
            return None
        value = float(match["number"].replace(",", ""))
        found[row] = -value if match["minus"] else value
    return found if len(found) > 1 else None


def _names_total(first: Cell, texts: dict[Span, str]) -> bool:
    return bool({word.casefold() for word in words(texts[first.span])} & _TOTAL)
