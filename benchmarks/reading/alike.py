"""Words that others read wrongly, in ways that are known, and we as they are seen.

Each rule takes a word of ours out of what is invented, together with what others make
of it out of what is lost: neither is counted. All need that our word is there and theirs
is what is left of it, so that nothing which we lose is hidden.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

Words = Counter[str]

_GREEK = re.compile("[\u0370-\u03ff]")
_LIGATURE = re.compile("ffi|ffl|ff|fi|fl")
_RAISED = re.compile("([^\\W_⁰¹²³⁴⁵⁶⁷⁸⁹]+)([⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_BRACKETED = re.compile("[⟨〈<]([^⟨⟩〈〉<>\n]{1,60})[⟩〉>]")
_WORD = re.compile(r"[^\W_]+")


def match_alike(text: str, bag: Words, lost: Words, extra: Words) -> None:
    """Take out of both counts what is the same word, read in two ways.

    Args:
        text: Ours.
        bag: Its words.
        lost: Words that others have more often than we.
        extra: Words that we have more often than others.
    """
    for symbol, bare in _symbols(bag):
        known = min(bag[symbol], lost[bare]) if bare else 0
        extra[symbol] -= min(known, extra[symbol])
        lost[bare] -= known
    for ours, theirs in _note_marks(text):
        if lost[theirs] > 0:
            lost[theirs] -= 1
            extra.subtract(word for word in ours if extra[word] > 0)
    for ours, parts in [*_without_ligature(extra), *_brackets(text)]:
        while _take(ours, extra) and _take(parts, lost):
            extra.subtract(ours)
            lost.subtract(parts)


def _take(wanted: tuple[str, ...], counts: Words) -> bool:
    """Whether all of these are there."""
    return bool(wanted) and all(counts[word] >= count for word, count in Counter(wanted).items())


def _symbols(bag: Words) -> Iterator[tuple[str, str]]:
    """Words that others have without the Greek letters of a font of symbols: "25 μs"."""
    for word in bag:
        if _GREEK.search(word):
            yield word, _GREEK.sub("", word)


def _without_ligature(extra: Words) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Words that others have without a ligature of the font, in pieces: "coe cient", "rst"."""
    for word in list(extra):
        yield (word,), tuple(part for part in _LIGATURE.split(word) if part)


def _brackets(text: str) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Angle brackets of TeX's font of symbols, which others read as h and i: "hnamei"."""
    for inside in set(_BRACKETED.findall(text)):
        words = _WORD.findall(unicodedata.normalize("NFKC", inside).casefold())
        if len(words) == 1:
            yield (words[0],), (f"h{words[0]}i",)
        elif words:
            yield (words[0], words[-1]), (f"h{words[0]}", f"{words[-1]}i")


def _note_marks(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Marks of notes, raised behind a word, which others glue to it: "package1"."""
    for word, mark in _RAISED.findall(text):
        digits = unicodedata.normalize("NFKC", mark)
        yield (word.casefold(), digits), word.casefold() + digits
