"""Which of a passage's sentences stand beside each other, and what a question says of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from qa_bot.text import CELLS, STAMP, words

Kind = Literal["row", "item", "line", ""]
"""A table's row, a list's item, a line of a log; empty for prose."""

_ITEM = re.compile(r"(?:[-*+•–·]|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,5})[.)])\s")  # a list's marker
_LONGEST = 200  # characters of an item or a line; a longer one is prose
_WHAT_IS = re.compile(
    r"\s*what\s+(?:(?:is|are)\s+meant\s+by\s+(?:(?:an?|the)\s+)?(?P<meant>.+?)"
    r"|does\s+(?:(?:an?|the)\s+)?(?P<means>.+?)\s+mean|(?:is|was)\s+an?\s+(?P<is>.+?))\s*\?*\s*",
    re.IGNORECASE,
)
_ARTICLES = frozenset({"a", "an", "the"})
_SAYS_WHAT = frozenset({"is", "are", "was", "means", "mean", "denotes", "refers", "shall"})
_PROSE_ENDS = (".", "!", "?", '."', ".)", ".”")


def are_siblings(text: str, sentences: Sequence[str]) -> list[Kind]:
    """What each of a passage's sentences is among others of its kind.

    A row is a line of cells among others with as many; an item a short line with a marker;
    a line of a log begins with a date or a time.
    """
    lines = {line.strip() for line in text.split("\n")}
    alone = [sentence if sentence in lines else "" for sentence in sentences]
    cells = [one.count(CELLS) for one in alone]
    kinds: list[Kind] = []
    for one, count in zip(alone, cells, strict=True):
        is_short = 0 < len(one) <= _LONGEST
        if count and cells.count(count) > 1:
            kinds.append("row")
        elif is_short and STAMP.match(one):
            kinds.append("line")
        else:
            kinds.append("item" if is_short and _ITEM.match(one) and one[-1] not in ":：" else "")
    return [kind if kind == "row" or kinds.count(kind) > 1 else "" for kind in kinds]


def alone_names(kinds: Sequence[Kind], held: Sequence[frozenset[str]]) -> list[bool]:
    """Which items and lines are passed over, since one beside them alone names what is asked.

    It does where it has all of the question's words that any of its kind has, and no other
    has them all. Rows are left to their table's cells.

    Args:
        kinds: Of each sentence, as ``are_siblings`` gives them.
        held: The question's search terms in each.
    """
    gone = [False] * len(kinds)
    for kind in ("item", "line"):
        places = [place for place, one in enumerate(kinds) if one == kind]
        every: frozenset[str] = frozenset().union(*(held[place] for place in places))
        full = [place for place in places if held[place] == every]
        if every and len(full) == 1:
            for place in places:
                gone[place] = place != full[0]
    return gone


def defines(question: str, sentence: str) -> bool:
    """Whether a question asks what something is ("What is a quay?"), and a sentence says it.

    It begins with what is asked for: "A quay is …". What only has these words says how things
    are with it.
    """
    asked = _WHAT_IS.fullmatch(question)
    if asked is None:
        return False
    term = [word.casefold() for word in words(asked["meant"] or asked["means"] or asked["is"])]
    said = [word.casefold() for word in words(sentence)[: len(term) + 2]]
    if said and said[0] in _ARTICLES:
        said = said[1:]
    after = said[len(term) : len(term) + 1]
    return bool(term) and said[: len(term)] == term and set(after) <= _SAYS_WHAT and bool(after)


def is_prose(sentence: str) -> bool:
    """Whether a sentence is a whole one: it has an opening, a full stop, and no marker."""
    opens = sentence[:1].isupper() or not sentence[:1].isascii()
    return opens and sentence.endswith(_PROSE_ENDS) and not _ITEM.match(sentence)
