"""Turns text that was cut into tokens ("the `` season '' , ") back into what people write."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from qa_bot.records import Span

# Each match becomes its replacement, padded with nothing.
_SIGNS = {
    "``": '"',
    "''": '"',
    "-LRB-": "(",
    "-RRB-": ")",
    "-LSB-": "[",
    "-RSB-": "]",
}
_SIGN = re.compile("|".join(map(re.escape, _SIGNS)))
_SPACE = re.compile(
    r" (?=[,.;:?!%)\]](?:\s|$)|n't\b|'(?:s|re|ve|d|ll|m)\b|'(?:\s|$)|''|-RRB-|-RSB-)"
    r"|(?<=[(\[$£€#]) | (?=- \w)|(?<=\w -) (?=\w)|(?<=``) |(?<=-LRB-) |(?<=-LSB-) "
)


def detokenise(text: str, spans: Sequence[Span]) -> tuple[str, list[Span]]:
    """The text as people write it, and where some spans of it are now."""
    pieces = list(text)
    for match in _SPACE.finditer(text):
        pieces[match.start()] = ""
    for match in _SIGN.finditer(text):
        pieces[match.start() : match.end()] = [_SIGNS[match[0]]] + [""] * (len(match[0]) - 1)
    places = [0, *itertools.accumulate(len(piece) for piece in pieces)]
    return "".join(pieces), [(places[start], places[end]) for start, end in spans]
