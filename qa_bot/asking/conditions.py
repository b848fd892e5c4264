"""What a question demands of a row beside its name: what is denied, bounds, numbers of columns.

"Which church not in Atlanta collects over $25,000?" denies "Atlanta", and sets a bound on the
column of collections; "who got 8 points?" has a number beside the name of a column.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qa_bot.asking.asked import NUMBERS, periods, terms
from qa_bot.text import is_stop_word

_TOKEN = re.compile(
    r"\d+(?:st|nd|rd|th)\b|[$€£]?\d[\d,]*(?:\.\d+)?%?|[^\W\d_]+(?:['’][^\W_]+)*|[,;:?]"
)
_MARKS = "$€£%"  # around numbers
_DENIES = re.compile(
    r"(?:not|cannot|never|no|without|except|excluding|besides|outside|\w+n['’]t)", re.IGNORECASE
)
_ENDS = frozenset("but and who which that while where when however yet or , ; : ?".split())
_PLACES = frozenset("in at on from for with by during of".split())
_VERBS = frozenset("has have had is are was were does do did".split())
_LONGEST = 7  # words that a "not" reaches over
_NEAR = 4  # words between a number and the name of the column that it is of
_NEGATIVE = re.compile(r"\b(?:not|no|non|never|without|except|excluding)\b", re.IGNORECASE)
_AMOUNT = re.compile(r"(?<![\d.])\d[\d,]*(?:\.\d+)?")
_BOUND = re.compile(
    r"\b(?:(?P<over>over|above|more than|greater than|higher than|larger than|longer than|"
    r"exceed(?:s|ed|ing)?|in excess of|at least|(?:no|not) (?:less|fewer) than)"
    r"|under|below|less than|fewer than|lower than|smaller than|shorter than|at most|"
    r"up to|(?:no|not) more than)"
    rf"\s+(?:an? |the )?[$€£]?\s?(?P<number>\d[\d,]*(?:\.\d+)?|{'|'.join(NUMBERS)})"
    r"(?!\w*(?:st|nd|rd|th)\b)",
    re.IGNORECASE,
)
_INCLUDES = re.compile(r"at least|at most|up to|no|not", re.IGNORECASE)
_DECADE = re.compile(r"\b((?:19|20)?\d0)['’]?s\b", re.IGNORECASE)
_ORDINALS = dict(
    zip(
        "first second third fourth fifth sixth seventh eighth ninth tenth".split(),
        NUMBERS.values(),
        strict=True,
    )
)
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)", re.IGNORECASE)
_RANKS = "rank ranking position pos place placing standing"  # columns of places
_NOTHING = re.compile(r"[\s\-–—−.]*|0(?:\.0+)?%?|nil|none|n/?a|no|unknown", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Bound:
    """An amount from ``low`` to ``high``, or not within them.

    It is one of the column that is named near ``place``; without a place, one of a row's years.
    """

    low: float
    high: float
    place: int | None = None
    is_denied: bool = False  # "not over 5"

    def holds(self, text: str) -> bool:
        """Whether an amount in a text, or a year, is so."""
        said = amounts(text) if self.place is not None else _years(text)
        return any((self.low <= one <= self.high) != self.is_denied for one in said)


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a question's words demand; places count its words and marks, from 0.

    ``denied`` are terms that stand behind a "not" and nowhere else, ``numbers`` are terms by
    their place, and ``ranks`` the places of those that say a place in an order: "fifth".
    """

    said: tuple[frozenset[str], ...]  # the terms of each word
    denied: frozenset[str]
    bounds: tuple[Bound, ...]
    numbers: Mapping[int, str]
    ranks: frozenset[int]

    def column(self, place: int, headers: Mapping[int, frozenset[str]]) -> int | None:
        """The one column that is named nearest to a place; None where none is, or two are."""
        asked = frozenset().union(*self.said)
        found: dict[int, float] = {}
        for column, header in headers.items():
            near = [
                abs(at - place) + 0.5 * (at < place)  # "8 points" before "points 8"
                for at, said in enumerate(self.said)
                if said & header and at != place and abs(at - place) <= _NEAR
            ]
            if near:
                found[column] = min(near) - len(header & asked) / len(header)
        best = min(found.values(), default=0.0)
        nearest = [column for column, value in found.items() if value == best]
        if place in self.ranks and (not found or best > 1):  # no "fifth round"
            nearest = [column for column, one in headers.items() if one & terms(_RANKS)] or nearest
        return nearest[0] if len(nearest) == 1 else None


def conditions(question: str) -> Conditions:
    """What a question demands of a row."""
    found = list(_TOKEN.finditer(question))
    tokens = [match.group() for match in found]
    said = [terms(token.strip(_MARKS)) for token in tokens]
    out = _denied(tokens)
    bounds = tuple(_bounds(question, found, out))
    taken = out | {bound.place for bound in bounds}
    numbers = {
        at: number
        for at, token in enumerate(tokens)
        if at not in taken and (number := _number(token))
    }
    denied: frozenset[str] = frozenset().union(*(said[at] for at in out))
    plain = frozenset().union(*(one for at, one in enumerate(said) if at not in out))
    ranks = frozenset(at for at in numbers if _ordinal(tokens[at]))
    return Conditions(tuple(said), denied - plain, bounds, numbers, ranks)


def amounts(text: str) -> Iterator[float]:
    """The amounts in a text, in order, without their signs."""
    for match in _AMOUNT.finditer(text):
        yield float(match.group().replace(",", ""))


def is_negative(text: str) -> bool:
    """Whether a text itself denies something: "not covered"."""
    return bool(_NEGATIVE.search(text))


def _years(text: str) -> Iterator[float]:
    yield from (float(one) for one in periods(text) if one.isdecimal())


def _number(token: str) -> str:
    plain = token.strip(_MARKS)
    return _ordinal(token) or NUMBERS.get(token.lower(), plain if plain[:1].isdecimal() else "")


def _ordinal(token: str) -> str:
    match = _ORDINAL.fullmatch(token)
    return match[1] if match else _ORDINALS.get(token.lower(), "")


def _denied(tokens: Sequence[str]) -> set[int]:
    """The places of the words of content that a "not" reaches over."""
    found: set[int] = set()
    lowered = [token.lower() for token in tokens]
    for at, denying in enumerate(lowered):
        behind = lowered[at + 1] if at + 1 < len(tokens) else ""
        denies = _DENIES.fullmatch(denying) or (denying, behind) == ("other", "than")
        if not denies or behind[:1].isdecimal():  # "No. 5"
            continue
        for place in range(at + 1, min(at + 1 + _LONGEST, len(tokens))):
            word = lowered[place]
            ends = word in _ENDS or (denying == "no" and word in _PLACES)
            if ends or (word in _VERBS and place - 1 in found):
                break
            if not is_stop_word(word):
                found.add(place)
    return found


def _bounds(question: str, tokens: Sequence[re.Match[str]], out: set[int]) -> Iterator[Bound]:
    for match in _BOUND.finditer(question):
        said = match["number"].lower()
        value = float(NUMBERS.get(said, said).replace(",", ""))
        place = next(at for at, one in enumerate(tokens) if one.end() >= match.end("number"))
        includes = bool(_INCLUDES.match(match.group()))
        low, high = -math.inf, math.inf
        if match["over"]:
            low = value if includes else math.nextafter(value, math.inf)
        else:
            high = value if includes else math.nextafter(value, -math.inf)
        yield Bound(low, high, place, place in out)
    for match in _DECADE.finditer(question):
        first = float(match[1]) if len(match[1]) == 4 else 1900 + float(match[1])
        yield Bound(first, first + 9)


class RowConditions:
    """How the rows of a table meet a question's conditions.

    Args:
        question: As asked.
        rows: What each row's cells say, with their columns.
        headers: The terms of each column's headers, where it has some.
        said: The terms of each of those texts.
    """

    def __init__(
        self,
        question: str,
        rows: Mapping[int, Sequence[tuple[int, str]]],
        headers: Mapping[int, frozenset[str]],
        said: Mapping[str, frozenset[str]],
    ) -> None:
        self.asked = conditions(question)
        self.rows, self.said = rows, said
        self.bounds = [
            (bound, None if bound.place is None else self.asked.column(bound.place, headers))
            for bound in self.asked.bounds
        ]
        placed = ((one, self.asked.column(at, headers)) for at, one in self.asked.numbers.items())
        self.numbers = [
            (number, column)
            for number, column in placed
            if column is not None and any(self._has(row, number, column) for row in rows)
        ]
        denied, named = self.asked.denied, frozenset().union(*headers.values())
        held = frozenset().union(*(said[text] for row in rows.values() for _, text in row))
        self.values = denied & (held - named)
        shares = {c: len(one & denied) / len(one) for c, one in headers.items() if one & denied}
        best = max(shares.values(), default=0.0)
        self.empty = [c for c, share in shares.items() if share == best and not self.values]

    def features(self, row: int) -> tuple[float, float, float, float]:
        """``row_denied``, ``column_denied``, ``row_within``, ``row_beside``."""
        return self._denied(row), self._empty(row), self._within(row), self._beside(row)

    def _denied(self, row: int) -> float:
        if not self.values:
            return 0.0
        texts = (text for _, text in self.rows[row] if not is_negative(text))
        held = frozenset().union(*(self.said[text] for text in texts))
        return len(self.values & held) / len(self.values)

    def _empty(self, row: int) -> float:
        told = dict(self.rows[row])
        return _mean(bool(_NOTHING.fullmatch(told.get(column, ""))) for column in self.empty)

    def _within(self, row: int) -> float:
        return _mean(
            any(bound.holds(text) for at, text in self.rows[row] if column in (None, at))
            for bound, column in self.bounds
            if bound.place is None or column is not None
        )

    def _beside(self, row: int) -> float:
        return _mean(self._has(row, number, column) for number, column in self.numbers)

    def _has(self, row: int, number: str, column: int) -> bool:
        forms = {number, *(f"{number}{ending}" for ending in ("st", "nd", "rd", "th"))}
        return any(at == column and forms & self.said[text] for at, text in self.rows[row])


def _mean(are_met: Iterator[bool]) -> float:
    """1 where all conditions are met, -1 where none is, 0 where there are none."""
    found = [1.0 if one else -1.0 for one in are_met]
    return sum(found) / len(found) if found else 0.0
