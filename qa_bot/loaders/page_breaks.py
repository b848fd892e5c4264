"""Plain text that was set for a printer: form feeds, with headers and footers around them.

RFCs and old manuals break their pages so, in the middle of sentences.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_DIGITS = re.compile(r"\d+")
_ENDS = (".", "!", "?", ":", ";", "”", '"', ")")


def without_page_breaks(text: str) -> str:
    """The text with its pages joined: form feeds go, and lines that repeat beside them.

    The first and the last line of a page do, where three pages have the same, but for the
    numbers in them, or all but the first page; on two pages the numbers have to differ.
    A sentence goes on over the break.
    """
    pages = [page.strip("\n").split("\n") for page in text.split("\f")]
    if len(pages) < 2:
        return text
    for at_top in (True, False):
        edges = [_edge(page, at_top=at_top) for page in pages]
        repeated = _repeated(edges)
        for page, (place, line) in zip(pages, edges, strict=True):
            if line and _key(line) in repeated:
                page[place : place + 1] = []
    joined = ""
    for page in pages:
        body = "\n".join(page).strip("\n")
        if joined and body.strip():
            goes_on = not joined.rstrip().endswith(_ENDS) and body.lstrip()[:1].islower()
            joined = joined.rstrip() + ("\n" if goes_on else "\n\n") + body
        else:
            joined += body
    return f"{joined}\n" if joined else ""


def _edge(page: Sequence[str], *, at_top: bool) -> tuple[int, str]:
    """The first or last line that is not blank, with its place; (0, "") where there is none."""
    filled = [(number, line) for number, line in enumerate(page) if line.strip()]
    return (filled[0] if at_top else filled[-1]) if filled else (0, "")


def _repeated(edges: Sequence[tuple[int, str]]) -> set[str]:
    lines = [line for _, line in edges if line]
    often = Counter(map(_key, lines))
    counted = Counter(_key(line) for line in set(lines) if _DIGITS.search(line))
    needed = max(2, min(3, len(lines) - 1)) if len(lines) > 2 else 3
    return {key for key, count in often.items() if count >= needed or counted[key] >= 2}


def _key(line: str) -> str:
    return _DIGITS.sub("#", " ".join(line.split()))
