"""Two texts word by word: where one stands in the other, at the fewest words that differ.

Words are compared without case, white space, punctuation and the form of their quotation marks.
Numbers keep their decimal marks, and signs that change what is said stay: currencies, per cent,
a minus, the brackets of a negative amount.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple
from unicodedata import normalize

import numpy as np
import numpy.typing as npt

from qa_bot.records import Span

_MARKS = (  # that are put on the letter before
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc"
    "\u0900-\u0903\u093a-\u094f\u0981-\u0983\u09bc-\u09cd\u0a3c-\u0a4d\u0abc-\u0acd\u0b3c-\u0b4d"
    "\u0bbe-\u0bcd\u0c3e-\u0c4d\u0cbe-\u0ccd\u0d3e-\u0d4d\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
    "\u0eb1-\u0ebc\u0ec8-\u0ece\u102b-\u103e\u17b4-\u17d3\u1ab0-\u1aff\u20d0-\u20ff\ufe20-\ufe2f"
)
_UNSEEN = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"  # also inside a word
_SPACELESS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_LETTER = rf"[^\W\d_{_SPACELESS}]"
_TOKEN = re.compile(
    rf"(?P<spaceless>[{_SPACELESS}][{_MARKS}]*)"
    r"|(?P<number>\d+(?:[.,'’]\d+)*)"
    rf"|(?P<word>{_LETTER}(?:{_LETTER}|[{_MARKS}{_UNSEEN}])*"
    rf"(?:['’ʼ]{_LETTER}(?:{_LETTER}|[{_MARKS}{_UNSEEN}])*)*)"
    r"|(?P<sign>[%‰$€£¥¢+±×÷=<>≤≥≠≈°§]|(?<![\w.,-])[-−–](?=[$€£¥]?\.?\d)"
    r"|\((?=[$€£¥]?[\d.,]+\)))"
)
_DROPPED = re.compile(f"[{_UNSEEN}]")
_LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
    | {"’": "'", "ʼ": "'", "−": "-", "–": "-"}
    | {chr(0xFF01 + step): chr(0x21 + step) for step in range(94)}
)
_BROKEN = re.compile(r"[-\u00ad\u2010]\s+(?=[^\W\d_])")


class Token(NamedTuple):
    """A word, number or sign: as it is compared, and where it stands."""

    text: str
    start: int
    end: int
    broken: bool = False  # a word that a hyphen at the end of a line parts from its rest


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where a text stands in another: ``span`` of the other's characters.

    ``parted`` are the places where they differ, as spans of both, in order; ``edits`` is the
    number of words that were changed, left out or put in.
    """

    span: Span
    parted: tuple[tuple[Span, Span], ...]
    edits: int


def tokens(text: str, offset: int = 0) -> list[Token]:
    """What is compared of a text, in order; ``offset`` is where the text stands in a longer one."""
    found = []
    for match in _TOKEN.finditer(text):
        said = match[0]
        if not said.isascii():
            said = normalize("NFC", _DROPPED.sub("", said)).translate(_LIGATURES)
        broken = match.lastgroup == "word" and _BROKEN.match(text, match.end()) is not None
        start, end = match.start() + offset, match.end() + offset
        found.append(Token(said.casefold(), start, end, broken))
    return found


def holds(given: Sequence[Token], other: Sequence[Token]) -> list[int]:
    """Where all of ``given`` stands in the other, token for token: indexes of its first one."""
    if not given:
        return []
    wanted = [one.text for one in given]
    texts = [one.text for one in other]
    first, count = wanted[0], len(wanted)
    return [at for at, one in enumerate(texts) if one == first and texts[at : at + count] == wanted]


def align(given: Sequence[Token], other: Sequence[Token]) -> Alignment | None:
    """The place in the other where the fewest tokens of ``given`` differ; None if one is empty."""
    if not given or not other:
        return None
    own, theirs = _numbered(given, other)
    costs = _costs(own, theirs)
    first, last, steps = _path(costs, own, theirs)
    if first == last:
        return None
    groups = list(_groups(steps, first))
    return Alignment(
        (other[first].start, other[last - 1].end),
        tuple((_span(given, one), _span(other, two)) for one, two in groups),
        sum(max(one.stop - one.start, two.stop - two.start) for one, two in groups),
    )


class _Numbered(NamedTuple):
    """Tokens as numbers, equal for equal texts; ``joined`` for a broken one with the next."""

    single: npt.NDArray[np.int32]  # (tokens,)
    joined: npt.NDArray[np.int32]  # (tokens,), below 0 and unlike any other where not broken


def _numbered(given: Sequence[Token], other: Sequence[Token]) -> tuple[_Numbered, _Numbered]:
    numbers: dict[str, int] = {}

    def of(held: Sequence[Token], none: int) -> _Numbered:
        joined = np.full(len(held), none, np.int32)
        for at, (one, following) in enumerate(pairwise(held)):
            if one.broken:
                joined[at] = numbers.setdefault(one.text + following.text, len(numbers))
        single = [numbers.setdefault(one.text, len(numbers)) for one in held]
        return _Numbered(np.array(single, np.int32), joined)

    return of(given, -1), of(other, -2)


def _costs(own: _Numbered, theirs: _Numbered) -> npt.NDArray[np.int16]:
    """``(len(own) + 1, len(theirs) + 1)``: what the first i cost, ending at the j-th token."""
    rows, columns = len(own.single), len(theirs.single)
    steps = np.arange(columns + 1, dtype=np.int16)
    costs = np.zeros((rows + 1, columns + 1), np.int16)
    for row in range(1, rows + 1):
        number = own.single[row - 1]
        best = costs[row - 1] + 1  # this token is in the text alone
        np.minimum(best[1:], costs[row - 1, :-1] + (theirs.single != number), out=best[1:])
        if (halves := theirs.joined[:-1] == number).any():
            best[2:][halves] = np.minimum(best[2:], costs[row - 1, :-2])[halves]
        if row > 1 and own.joined[row - 2] >= 0:
            whole = theirs.single == own.joined[row - 2]
            best[1:][whole] = np.minimum(best[1:], costs[row - 2, :-1])[whole]
        # Tokens that only the other has: each costs one, carried on from the left.
        costs[row] = np.minimum.accumulate(best - steps) + steps
    return costs


_Step = tuple[int, int, bool]  # tokens gone through on each side, and whether they agree


def _path(
    costs: npt.NDArray[np.int16], own: _Numbered, theirs: _Numbered
) -> tuple[int, int, list[_Step]]:
    """First and last index in the other, and the steps from one to the other."""
    row, column = len(own.single), int(costs[-1].argmin())
    least = int(costs[-1, column])
    for _ in range(least):  # words that differ at the end are changed ones rather than put in
        if column < len(theirs.single) and costs[-1, column + 1] == least:
            column += 1
    last = column
    steps: list[_Step] = []
    while row > 0:
        step = _step(costs, own, theirs, row, column)
        steps.append(step)
        row, column = row - step[0], column - step[1]
    return column, last, steps[::-1]


def _step(
    costs: npt.NDArray[np.int16], own: _Numbered, theirs: _Numbered, row: int, column: int
) -> _Step:
    """The step that leads to a place at its cost; agreeing words before changed ones."""
    cost = costs[row, column]
    same = column > 0 and own.single[row - 1] == theirs.single[column - 1]
    if same and cost == costs[row - 1, column - 1]:
        return 1, 1, True
    halves = column > 1 and theirs.joined[column - 2] == own.single[row - 1]
    if halves and cost == costs[row - 1, column - 2]:
        return 1, 2, True
    halves = row > 1 and column > 0 and own.joined[row - 2] == theirs.single[column - 1]
    if halves and cost == costs[row - 2, column - 1]:
        return 2, 1, True
    if column > 0 and cost == costs[row - 1, column - 1] + 1:
        return 1, 1, False
    return (1, 0, False) if cost == costs[row - 1, column] + 1 else (0, 1, False)


def _groups(steps: Sequence[_Step], first: int) -> Iterator[tuple[slice, slice]]:
    """Runs of steps that don't agree, as slices of both sides; one of them may be empty."""
    own, theirs = 0, first  # the next of each side
    begun: tuple[int, int] | None = None
    for ours, others, same in steps:
        if same and begun is not None:
            yield slice(begun[0], own), slice(begun[1], theirs)
            begun = None
        if not same and begun is None:
            begun = own, theirs
        own, theirs = own + ours, theirs + others
    if begun is not None:
        yield slice(begun[0], own), slice(begun[1], theirs)


def _span(held: Sequence[Token], part: slice) -> Span:
    """Where tokens stand; for none of them, the place behind the one before."""
    if part.start < part.stop:
        return held[part.start].start, held[part.stop - 1].end
    at = held[part.start - 1].end if part.start else held[0].start
    return at, at
