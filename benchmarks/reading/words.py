"""Our text beside independent ones: words lost, invented, glued and torn.

Texts are compared as multisets of words, since readers put notes and cells in different
places, and by neighbouring words, which says whether the order is kept. What only one
reader has may be its own mistake: words count as lost where two have them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from benchmarks.reading.alike import match_alike

Key = TypeVar("Key")
Words = Counter[str]

EXAMPLES = 8  # of each kind, that are kept of a file
_RUN = 30  # neighbouring words that may make up one: digits drawn apart, say
_AROUND = 4  # words on each side of an example
_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))
_RAISED = re.compile("[⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")  # one reader glues them to the word, another brackets them
_HYPHEN = re.compile(r"(?<=\w)[-‐‑\ufffe\x02]\s*(?=\w)")  # of the word, or of the line end
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # no spaces between words
_WORD = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+")
_MARKER = re.compile(  # what a list, a heading or a note is numbered with
    r"^\s*(?:[-*•]\s+)?[\[(]?(?:(?:\d{1,4}|[A-Za-z]{1,2}|[ivxlcdmIVXLCDM]{1,7})[.):\]]+)+"
    r"|^\s*[⁰¹²³⁴⁵⁶⁷⁸⁹]+|\s\d{1,3}\.(?=\s)|\[[ivxlcdm]{1,7}\]",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reader that is not ours makes of a file."""

    reader: str
    text: str  # what the file says, in its order
    beside: str = ""  # what may be left out: navigation, hidden text, running headers
    again: str = ""  # what may be said more often: merged cells, the names of columns


@dataclass
class Loss:
    """Counts of words of one file, or of several."""

    files: int = 0
    words: int = 0  # that two readers agree on, or that the only one has
    lost: Words = field(default_factory=Counter)
    invented: Words = field(default_factory=Counter)
    glued: Words = field(default_factory=Counter)  # ours, that are several of theirs
    torn: Words = field(default_factory=Counter)  # theirs, that are several of ours
    numbers: int = 0  # of lists, headings and notes, that no reader wrote out
    left: int = 0  # words left out on purpose
    pairs: int = 0  # neighbouring words that the readers agree on
    kept_pairs: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, other: Loss) -> None:
        """Sum up, all but the examples."""
        for name, value in vars(other).items():
            if name != "examples":
                setattr(self, name, getattr(self, name) + value)

    @property
    def wrong(self) -> int:
        """How many words are not as they should be."""
        return sum(map(Counter.total, (self.lost, self.invented, self.glued, self.torn)))


def words_of(text: str) -> list[str]:
    """The words of a text, spelt in one way.

    Ligatures, case, soft hyphens and raised digits make no difference, nor does a hyphen
    in a word, which a line may have been broken at.
    """
    text = _RAISED.sub(lambda digits: f" {digits[0]} ", text.translate(_UNSEEN))
    text = _HYPHEN.sub("", unicodedata.normalize("NFKC", text))
    return _WORD.findall(text.casefold())


def compare(text: str, readings: Sequence[Reading]) -> Loss:
    """Count what is wrong with our text of a file, by what one or more readers make of it."""
    ours = words_of(text)
    theirs = [words_of(reading.text) for reading in readings]
    beside = [Counter(words_of(reading.beside)) for reading in readings]
    bag = Counter(ours)
    known: Words = Counter()
    for words, aside, reading in zip(theirs, beside, readings, strict=True):
        known |= Counter(words) + aside + Counter(words_of(reading.again))
    agreed = _agreed(map(Counter, theirs))
    lost, extra = agreed - bag, bag - known
    result = Loss(files=1, words=agreed.total())
    match_alike(text, bag, lost, extra)
    _find_glued(theirs, lost, extra, result.glued)
    _find_torn(ours, lost, extra, result.torn)
    markers = Counter(word for mark in _MARKER.findall(text) for word in words_of(mark))
    result.numbers = (extra & markers).total()
    result.lost, result.invented = +lost, extra - markers
    result.left = (_most(beside) - (bag - agreed)).total()
    pairs = _agreed(map(_pairs, theirs))
    result.pairs, result.kept_pairs = pairs.total(), (pairs & _pairs(ours)).total()
    result.examples = [*_examples("lost", theirs, ours, result.lost)]
    result.examples += _examples("torn", theirs, ours, result.torn)
    result.examples += _examples("invented", [ours], _joined(theirs), result.invented)
    result.examples += _examples("glued", [ours], _joined(theirs), result.glued)
    return result


def _joined(texts: Iterable[list[str]]) -> list[str]:
    return [word for words in texts for word in words]


def _agreed(bags: Iterable[Counter[Key]]) -> Counter[Key]:
    """What two have, or the only one; of three the second most."""
    once: Counter[Key] = Counter()
    twice: Counter[Key] = Counter()
    count = 0
    for bag in bags:
        twice |= once & bag
        once |= bag
        count += 1
    return twice if count > 1 else once


def _most(bags: Iterable[Words]) -> Words:
    result: Words = Counter()
    for bag in bags:
        result |= bag
    return result


def _pairs(words: Sequence[str]) -> Counter[tuple[str, str]]:
    return Counter(pairwise(words))


def _runs(words: Sequence[str], wanted: Words) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Neighbouring words, up to thirty, where they make up one of those wanted."""
    longest = max(map(len, wanted), default=0)
    for start in range(len(words) if longest else 0):
        run = words[start]
        for end in range(start + 1, min(start + _RUN, len(words))):
            run += words[end]
            if len(run) > longest:
                break
            if run in wanted:
                yield run, tuple(words[start : end + 1])


def _find_glued(texts: Iterable[list[str]], lost: Words, extra: Words, glued: Words) -> None:
    """Move our words that are several neighbouring ones of theirs, and these, to ``glued``."""
    for words in texts:
        for run, parts in _runs(words, extra):
            if extra[run] > 0 and all(lost[part] > 0 for part in parts):
                extra[run] -= 1
                glued[run] += 1
                lost.subtract(parts)


def _find_torn(ours: list[str], lost: Words, extra: Words, torn: Words) -> None:
    for run, parts in _runs(ours, lost):
        if lost[run] > 0:
            lost[run] -= 1
            torn[run] += 1
            for part in parts:
                extra[part] -= extra[part] > 0


def _examples(
    kind: str, texts: Iterable[list[str]], other: Sequence[str], wanted: Words
) -> Iterator[str]:
    """Words with their neighbours, first those whose neighbours are not so in the other text."""
    if not +wanted:
        return
    known = Counter(pairwise(other))
    found: dict[str, tuple[int, str]] = {}
    for words in texts:
        for at, word in enumerate(words):
            if wanted[word] < 1:
                continue
            before, after = words[max(at - 1, 0) : at], words[at + 1 : at + 2]
            familiar = sum(known[pair] > 0 for pair in pairwise((*before, word, *after)))
            if word not in found or familiar < found[word][0]:
                start = max(at - _AROUND, 0)
                left, right = words[start:at], words[at + 1 : at + 1 + _AROUND]
                found[word] = familiar, " ".join((*left, f"[{word}]", *right))
    for word, count in wanted.most_common(EXAMPLES):
        if word in found:
            times = f" ({count} times)" if count > 1 else ""
            yield f"{kind}{times}: {found[word][1]}"
