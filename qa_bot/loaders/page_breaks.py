"""Plain text that was set for a printer: its pages, with headers and footers around them.

RFCs and old manuals break their pages so, in the middle of sentences: with form feeds, or
with empty lines alone where each page has the same number of lines.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

_DIGITS = re.compile(r"\d+")
_SHAPE = re.compile(r"\S\s{3,}\S|\bpage\s+\d|^\W*\d+\W*$", re.IGNORECASE)  # columns, "[Page 3]"
_ENDS = (".", "!", "?", ":", ";", "”", '"', ")")
_LEAST = 3  # pages whose edge is alike, but for the number of the page
_SHORTEST = 50  # lines of a page that no form feed ends
_GO_ON = 2  # sentences that go on over the ends of such pages: records of a form have none
_EMPTY = 4  # lines around its header and footer, at least
_REGULAR = 0.8  # of such pages have the same number of lines
_WRAPPED = 25  # characters of a line that goes on in the next one, at least

Place = tuple[int, int, str]
"""A page, the number of a line in it, and the line."""


def without_page_breaks(text: str) -> str:
    """The text with its pages joined: their ends go, and headers and footers with them.

    These are the first and last lines of three pages (or of all but the first) that are
    set in columns or hold a page's number, and are the same but for a number that counts
    the pages. One copy of each stands at the end. A sentence goes on over the break.
    """
    pages = [page.strip("\n").split("\n") for page in _with_form_feeds(text).split("\f")]
    if len(pages) < _LEAST:
        return text
    gone = [*_repeated(pages, first=True), *_repeated(pages, first=False)]
    at: dict[int, set[int]] = defaultdict(set)
    for page, number, _ in gone:
        at[page].add(number)
    parts: list[str] = []  # bodies of pages, and what stands between them
    for page, lines in enumerate(pages):
        body = "\n".join(line for n, line in enumerate(lines) if n not in at[page]).strip("\n")
        if not body.strip():
            continue
        if parts:
            parts[-1] = parts[-1].rstrip()
            last = parts[-1].rpartition("\n")[2]
            parts.append("\n" if _is_open(last, body) else "\n\n")
        parts.append(body)
    once = {_key(line): line for _, _, line in reversed(gone)}
    return "\n\n".join(["".join(parts), *reversed(once.values())]).strip("\n") + "\n"


def _with_form_feeds(text: str) -> str:
    """The text with its pages' ends marked, where lines that are alike come at equal distances."""
    lines = text.split("\n")
    if "\f" in text or len(lines) < _LEAST * _SHORTEST:
        return text
    runs = _edges(lines)
    steps = Counter(after[0] - run[0] for run, after in pairwise(runs))
    step, count = steps.most_common(1)[0] if steps else (0, 0)
    if step < _SHORTEST or count < max(_LEAST, _REGULAR * (len(runs) - 1)):
        return text
    if sum(_goes_on(lines, run) for run in runs) < _GO_ON:
        return text
    for run in runs:
        lines[run[-1]] = f"\f\n{lines[run[-1]]}"
    return "\n".join(lines)


def _edges(lines: Sequence[str]) -> list[list[int]]:
    """The lines between each two pages that are headers or footers, by what is alike elsewhere."""
    known = Counter(_key(line) for line in lines if _SHAPE.search(line))
    runs: list[list[int]] = []  # the headers and footers between two pages
    edges: list[int] = []
    empty = 0
    for number, line in enumerate([*lines, "end"]):
        if not line.strip():
            empty += 1
        elif number < len(lines) and known[_key(line)] > _LEAST:
            edges.append(number)
        else:
            if edges and empty >= _EMPTY:
                runs.append(edges)
            edges, empty = [], 0
    return runs


def _goes_on(lines: Sequence[str], run: Sequence[int]) -> bool:
    """Whether a sentence goes on from the page before these lines to the one after."""
    above, below = run[0] - 1, run[-1] + 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    while below < len(lines) and not lines[below].strip():
        below += 1
    return above >= 0 and below < len(lines) and _is_open(lines[above], lines[below])


def _is_open(last: str, body: str) -> bool:
    """Whether a page's last line goes on in the next page."""
    last = last.rstrip()
    return len(last) >= _WRAPPED and not last.endswith(_ENDS) and body.lstrip()[:1].islower()


def _repeated(pages: Sequence[Sequence[str]], *, first: bool) -> Iterator[Place]:
    """The edges of pages that are headers, or footers; never all that a page holds."""
    alike: dict[str, list[Place]] = defaultdict(list)
    for page, lines in enumerate(pages):
        filled = [number for number, line in enumerate(lines) if line.strip()]
        if len(filled) > 1:
            number = filled[0 if first else -1]
            if _SHAPE.search(lines[number]):
                alike[_key(lines[number])].append((page, number, lines[number]))
    filled_pages = sum(any(line.strip() for line in page) for page in pages)
    needed = min(_LEAST, max(filled_pages - 1, 2))  # the last page may end with a form feed, too
    for places in alike.values():
        if len(places) >= needed and _counts_at_most(places):
            yield from places


def _counts_at_most(places: Sequence[Place]) -> bool:
    """Whether each number in the lines stays the same, or grows as the pages do."""
    rows = [[int(digits[:9]) for digits in _DIGITS.findall(line)] for _, _, line in places]
    steps = [page for page, _, _ in places]
    for column in zip(*rows, strict=True):
        grows = {value - page for value, page in zip(column, steps, strict=True)}
        if len(set(column)) > 1 and len(grows) > 1:
            return False
    return True


def _key(line: str) -> str:
    return _DIGITS.sub("\0", " ".join(line.split()))
