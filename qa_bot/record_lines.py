"""Which lines of a paragraph are records: "AFN:971:Afghani", "Phone: 555 0142", a row of columns.

Text is wrapped where a line is full; records end where they end. So lines are records only where
they have the same shape, and one that text hasn't: a shape that it may have by chance needs
lines that stop although the next one's first word had room.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from qa_bot.text import is_stop_word, words

LEAST = 3  # lines
_SHARE = 0.8  # of the lines have the shape
_RUNNING = 0.3  # of the lines end with a word that only carries grammar
_NARROW = 45  # characters; text is wrapped at more
_FORM = 0.6  # of the lines of forms have labels; others part them, or go on
_EARLY = 0.6  # of the line ends came before the line was full

_COLUMNS = re.compile(r".*?\S(?:\t\s*| {3,})(?=\S)")
_TIME = re.compile(r"\s*\d{1,2}[:.]\d\d(?![\d.:])")  # a programme's
_LABEL = re.compile(r"\s{0,8}[^\W_][^:=\n]{0,39}?(?:\s*:(?!//)|\s=\s)")
_ANY_WORD = re.compile(r"\w")
_MARKS = (":", "|", ";", ",")  # between the fields of a record


def record_starts(text: str) -> list[int]:
    """Where each record begins, in code points, if the lines of a paragraph are records.

    A line that hasn't their shape goes on with the one before. Empty where they are no records:
    text that is wrapped, verse, addresses.
    """
    places, lines, start = [], [], 0
    for line in text.split("\n"):
        if line.strip():
            places.append(start)
            lines.append(line.rstrip())
        start += len(line) + 1
    if len(lines) < LEAST:
        return []
    are_records = _records(lines)
    if not any(are_records):
        return []
    # A drawn rule between two records is part of neither.
    starts = zip(places, lines, are_records, strict=True)
    return [place for place, line, is_one in starts if is_one or not _ANY_WORD.search(line)]


def form_starts(lines: Sequence[str]) -> list[int]:
    """Which lines begin a form, where several follow each other: its first label comes again.

    ``[0]`` where the lines are one form, or none.
    """
    if len(lines) < 2 * LEAST or not _end_early(lines):
        return [0]
    labels = [_named(line) for line in lines]
    starts = [place for place, label in enumerate(labels) if label and label == labels[0]]
    enough = sum(map(bool, labels)) >= _FORM * len(lines)
    forms = [labels[a:b] for a, b in pairwise([*starts, len(lines)])]
    if starts[:1] != [0] or len(starts) < 2 or not enough or min(map(len, forms)) < 2:
        return [0]
    return starts


def _named(line: str) -> str:
    found = _LABEL.match(line)
    return " ".join(found[0].split()) if found else ""


def _records(lines: Sequence[str]) -> list[bool]:
    """Which lines are records; none where they are text."""
    if _run_on(lines):
        return [False] * len(lines)
    end_early = _end_early(lines)
    shapes = [_COLUMNS, _TIME, *([_LABEL] if end_early else [])]
    for shape in shapes:
        found = [shape.match(line) is not None for line in lines]
        if sum(found) >= _SHARE * len(lines):
            return found
    for mark in _MARKS:
        counts = [line.count(mark) for line in lines]
        usual, times = Counter(counts).most_common(1)[0]
        if times < _SHARE * len(lines) or usual < 1 + (mark == ","):
            continue
        if end_early or (usual > 1 and mark != ","):  # not by chance, as in sentences
            return [count == usual for count in counts]
    return [False] * len(lines)


def _run_on(lines: Sequence[str]) -> bool:
    """Whether lines end in the midst of a sentence: "The bus leaves at" / "10:30 and the train"."""
    last = [words(line)[-1:] for line in lines[:-1] if line[-1].islower()]
    return sum(is_stop_word(word[0]) for word in last if word) > _RUNNING * len(lines)


def _end_early(lines: Sequence[str]) -> bool:
    """Whether most lines stop although the first word of the next one would have fitted."""
    width = max(map(len, lines))
    if width <= _NARROW:
        return True
    early = sum(len(line) + 1 + len(after.split()[0]) <= width for line, after in pairwise(lines))
    return early >= _EARLY * (len(lines) - 1)
