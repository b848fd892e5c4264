"""What is counted of one PDF that was read: sections, pages, headers and footers, words."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from benchmarks.pdf.oracle import Oracle, Place, unhidden
from qa_bot.loaders.pdf.ordinals import letters
from qa_bot.records import Document, Passage

PROBE = 40  # letters that a place is recognised by

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SOFT_BREAK = re.compile(r"[\ufffe\x02\u00ad]\s*")
_HYPHENED = re.compile(r"(\w+)[-‐\ufffe\x02\u00ad]\s*(\w+)")
_LINE_END = re.compile(r"(\w+)(?:[-‐]\s*[\r\n]|[\ufffe\x02\u00ad])\s*(\w+)")
_CUT = re.compile(r"([^\W\d_]+)[-‐\u00ad]\s+(?!(?:and|or|to|und|oder|et|ou)\b)([^\W\d_]+)")
_EDGE = re.compile(r"^(?:\d{1,4}|[ivxlc]{1,7})\s+(?=\S{3})|(?<=\S{3})\s+(?:\d{1,4}|[ivxlc]{1,7})$")
_NUMBER = re.compile(
    r"\A(?:(?:chapter|part|appendix|section|kapitel|teil|anhang)\s+)?"
    r"(?:\d{1,3}(?:\.\d+)*[.:]?|[A-Z](?:\.\d+)+[.:]?|[A-Z][.:])\s*",
    re.IGNORECASE,
)


@dataclass
class Score:
    """Counts of one file, or of several; ``bad`` holds examples."""

    page_count: int = 0
    seconds: float = 0.0
    passages: int = 0
    sections: int = 0  # of them with the right path
    hidden_passages: int = 0
    hidden_sections: int = 0
    pages_asked: int = 0
    pages_right: int = 0
    unplaced: int = 0
    characters: int = 0
    furniture: int = 0
    words: int = 0
    broken: int = 0
    glued: int = 0
    rejected: list[str] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)

    def add(self, other: Score) -> None:
        """Sum up."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def score_sections(
    passages: Sequence[Passage],
    oracle: Oracle,
    truth: Sequence[tuple[Place, tuple[str, ...]]],
    *,
    hidden: bool,
    score: Score,
) -> None:
    """Compare each passage's section path with the bookmark path in force where it begins.

    With bookmarks the path has to be theirs. Where they are hidden, headings are
    compared by their letters, and one that is printed with its number may be
    bookmarked without it.
    """
    keys = [place.key() for place, _ in truth]
    for passage, place in _places(oracle, passages):
        if place is None:
            continue
        index = bisect_right(keys, place.key()) - 1
        path = truth[index][1] if index >= 0 else ()
        if hidden:
            if path and letters(path[0]) == letters(passage.title):
                path = path[1:]  # one bookmark around all others, which says the title again
            right = _is_same_path(passage.section, path)
            score.hidden_passages += 1
            score.hidden_sections += right
        else:
            right = passage.section == path
            score.passages += 1
            score.sections += right
        if not right:
            score.bad.append(
                f"{'hidden' if hidden else 'section'} p. {place.page + 1}:"
                f" {' › '.join(passage.section)!r} for {' › '.join(path)!r}: {passage.text[:60]!r}"
            )


def _is_same_path(path: Sequence[str], other: Sequence[str]) -> bool:
    return len(path) == len(other) and all(
        letters(a) == letters(b) or letters(_NUMBER.sub("", a, 1)) == letters(_NUMBER.sub("", b, 1))
        for a, b in zip(path, other, strict=True)
    )


def _places(oracle: Oracle, passages: Sequence[Passage]) -> Iterator[tuple[Passage, Place | None]]:
    """Where each passage begins, on the page that it cites first."""
    last = Place(-1, -1)
    for passage in passages:
        page = passage.pages[0].number - 1
        spelt = letters(passage.text)
        place = None
        for length in (PROBE, 24, 12):
            at = oracle.find(spelt[:length], page, last.at if last.page == page else -1)
            if at is not None:
                place = last = Place(page, at)
                break
        yield passage, place


def score_pages(passages: Sequence[Passage], oracle: Oracle, score: Score) -> None:
    """Whether the first and the last words of each passage stand on the pages it cites."""
    bags = [{letters(word) for word in oracle_words(page.text)} for page in oracle.pages]
    for passage in passages:
        said = [letters(word) for word in _WORD.findall(passage.text)]
        for run, page in (
            (said[:5], passage.pages[0].number - 1),
            (said[-5:], passage.pages[-1].number - 1),
        ):
            probe = "".join(run)
            where = {i for i, found in enumerate(oracle.pages) if probe in found.letters}
            if page not in where:  # cells of a table, words that pdfium reads in another order
                shares = [sum(word in bag for word in run) for bag in bags]
                where |= {i for i, found in enumerate(shares) if found == len(run)}
            if not where:
                score.unplaced += 1
                continue
            score.pages_asked += 1
            score.pages_right += page in where
            if page not in where:
                score.bad.append(f"page {page + 1}, stands on {min(where) + 1}: {' '.join(run)!r}")


def page_texts(document: Document, count: int) -> list[str]:
    """The document's text, page by page."""
    texts = [""] * count
    for span in document.pages:
        texts[span.page.number - 1] = document.text[span.start : span.end]
    return texts


def score_furniture(texts: Sequence[str], oracle: Oracle, score: Score) -> None:
    """Count characters of headers and footers: lines there more often than in the page's text."""
    for number, (text, page, lines) in enumerate(
        zip(texts, oracle.pages, oracle.furniture, strict=True), 1
    ):
        score.characters += len(text)
        ours, theirs = f" {' '.join(text.split())} ", f" {' '.join(page.text.split())} "
        pieces = [piece for line in lines for piece in {line.text, _EDGE.sub("", line.text)}]
        for line, times in Counter(pieces).items():
            needle = f" {' '.join(line.split())} "
            own = theirs.count(needle) - times
            left = max(0, ours.count(needle) - max(own, 0))
            score.furniture += left * len(needle.strip())
            if left:
                score.bad.append(f"furniture p. {number}: {line!r}")


def oracle_words(text: str) -> list[str]:
    """Words as an oracle has them, with those broken at a line end made whole."""
    return _WORD.findall(_SOFT_BREAK.sub("", unhidden(text)))


@dataclass(frozen=True, slots=True)
class _Spelling:
    """How one oracle spells a page and its neighbours; all in letters only."""

    words: set[str]
    pairs: set[str]  # neighbouring words written as one
    joined: set[str]  # words with a hyphen in them, or broken at one
    cut: set[str]  # words broken at a line end


def _spelling(pages: Sequence[str], number: int) -> _Spelling:
    near = pages[max(0, number - 1) : number + 2]
    words = [[letters(word) for word in oracle_words(text)] for text in near]
    return _Spelling(
        {word for page in words for word in page},
        {a + b for page in words for a, b in pairwise(page)},
        {letters(a + b) for a, b in _HYPHENED.findall(" ".join(near))},
        {letters(a + b) for a, b in _LINE_END.findall(" ".join(near))},
    )


def score_words(texts: Sequence[str], oracle: Oracle, score: Score) -> None:
    """Find words broken or glued: two that both oracles write as one, or one that is two to both.

    A hyphen at a line end may be part of the word or not: both are right, as
    long as the word isn't left in two pieces with the hyphen between them.
    """
    pdfium = [page.text for page in oracle.pages]
    for number, text in enumerate(texts):
        both = (_spelling(pdfium, number), _spelling(oracle.poppler, number))
        joined = both[0].joined | both[1].joined
        mine = [letters(word) for word in _WORD.findall(text)]
        score.words += len(mine)
        for a, b in pairwise(mine):
            is_one = all(
                a + b in one.words and not (a in one.words and b in one.words) for one in both
            )
            if is_one and a + b not in joined:
                score.broken += 1
                score.bad.append(f"broken p. {number + 1}: {a!r} {b!r}")
        for left, right in _CUT.findall(text):
            if any(letters(left + right) in one.cut for one in both):
                score.broken += 1
                score.bad.append(f"broken p. {number + 1}: {left!r}- {right!r}")
        for word in mine:
            is_two = all(word not in one.words and word in one.pairs for one in both)
            if is_two and word not in joined:
                score.glued += 1
                score.bad.append(f"glued p. {number + 1}: {word!r}")
