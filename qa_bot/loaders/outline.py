"""Headings → the section tree; shared by every loader."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from qa_bot.loaders.heading_styles import numbers
from qa_bot.records import Section
from qa_bot.text import words

LONGEST_HEADING = 250  # characters
_LONG = 10  # words
_CAPITALISED = 4  # letters; shorter words of a title may be written small
_PARTS = 3  # the level of articles; parts and chapters are further out
_TITLED = 0.8  # of the words that are long enough
_CLOSED = re.compile(r"[.;:!]\W*$")
_NAMED = re.compile(r"(?:article|section|chapter|part|annex|appendix)\s+[\dIVXA-Z]", re.IGNORECASE)
_SENTENCES = re.compile(r"[^\W\d_]{4,}[.!]\s+[\"'“‘(]?[A-Z]")
_VERBS = frozenset(
    """
    are be been can could did do does had has have is may might must shall should was were will
    would
    """.split()
)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading found in a document's text. A smaller ``level`` is further out."""

    text: str
    level: int
    start: int
    end: int
    anchor: str = ""


def is_prose(text: str) -> bool:
    """Whether what is marked as a heading is a sentence, or several, of the text.

    Contracts have clauses in the styles of headings, for their numbers, and outlines made from
    such files list whole paragraphs. What is said in a heading would never be quoted.
    """
    if len(text) > LONGEST_HEADING:
        return True
    if _NAMED.match(text):
        return False
    said = words(text)
    is_sentence = len(said) >= 2 * _LONG or not _VERBS.isdisjoint(word.lower() for word in said)
    if len(said) < _LONG or not is_sentence or _is_in_title_case(said):
        return False
    return bool(_CLOSED.search(text) or _SENTENCES.search(text))


def _is_in_title_case(said: Sequence[str]) -> bool:
    """Whether nearly all words that are long enough are written with a capital, as in titles."""
    long = [word for word in said if len(word) >= _CAPITALISED and word.isalpha()]
    titled = sum(word[0].isupper() and not word.isupper() for word in long)
    return bool(long) and titled >= _TITLED * len(long)


def inside_numbered(headings: Sequence[Heading]) -> list[Heading]:
    """The headings, where none that stands between "9.2" and "9.3" is further out than they are.

    Whatever these look like (a table's name in capitals, an option's), they are of 9.2.
    """
    settled = list(headings)
    last = -1  # the numbered one before
    for i, heading in enumerate(headings):
        number = numbers(heading.text)
        if not number or not number[0]:  # Roman ones count parts, and chapters in them
            continue
        between = settled[last + 1 : i]
        is_part = any(one.level <= _PARTS for one in between)
        if last >= 0 and not is_part and _goes_on(numbers(headings[last].text), number):
            is_first = number[:-1] == numbers(headings[last].text)
            inner = heading.level + (not is_first)
            deeper = max(inner - min((one.level for one in between), default=inner), 0)
            settled[last + 1 : i] = [replace(one, level=one.level + deeper) for one in between]
        last = i
    return settled


def _goes_on(before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    """Whether "9.3" comes after "9.2" or "9.2.4" in counting, or "9.1" after "9"."""
    *above, own = after
    outer = tuple(above)
    if not outer or before[: len(outer)] != outer:
        return False
    counted = before[len(outer)] if len(before) > len(outer) else 0
    return own == counted + 1


def nest_sections(headings: Sequence[Heading], length: int) -> tuple[Section, ...]:
    """Build the section tree of a text of ``length`` code points.

    Each heading opens a section that lasts until the next heading of the same
    or an outer level. Levels need not be consecutive: a heading goes under the
    nearest earlier one of a smaller level. The first section is the whole
    document, with the path ``()``.
    """
    open_headings: list[int] = []
    ends = [length] * len(headings)
    paths: list[tuple[str, ...]] = []
    for number, heading in enumerate(headings):
        while open_headings and headings[open_headings[-1]].level >= heading.level:
            ends[open_headings.pop()] = heading.start
        outer = paths[open_headings[-1]] if open_headings else ()
        paths.append((*outer, heading.text))
        open_headings.append(number)
    return (
        Section(path=(), start=0, end=length),
        *(
            Section(path=path, start=heading.start, end=end, anchor=heading.anchor)
            for heading, path, end in zip(headings, paths, ends, strict=True)
        ),
    )
