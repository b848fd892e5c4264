"""Two questions in one: "Who is the chair and when was the club founded?"."""

from __future__ import annotations

import re

from qa_bot.text import is_stop_word, words

MOST_PARTS = 3
_HELPS = "is|are|was|were|does|do|did|can|could|may|must|should|will|would|has|have|had|shall|might"
_THING = "the|a|an|it|they|this|that|these|those|there|we|i|you|he|she|our|your|its|their|my|any"
_OPENS = (  # what a question of its own begins with
    rf"(?:(?:what|when|where|why|how|whom|which|whose)\s+(?:{_HELPS})\b"
    r"|(?:who|how\s+(?:many|much|long|often|old|far|large|big|high))\s+\w"
    rf"|(?:{_HELPS})\s+(?:{_THING})\b|(?:which|what|whose)\s+\w+\s+(?:\w+\s+)?(?:{_HELPS})\b)"
)
_BETWEEN = re.compile(
    rf"(?:\s*[?？]+\s*(?:(?:and|also|then)\s+)*|\s*[,;]?\s+and\s+(?:also\s+)?)(?={_OPENS})",
    re.IGNORECASE,
)
_ASKS = re.compile(
    rf"\s*(?:(?:and|so|please|then)[,\s]+)*(?:what|when|where|why|how|who|whom|which|whose|{_HELPS})\b",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"\s*(?:what|who)\s+(?:is|are|was|were)\s+(?P<thing>(?!(?:it|they|this|that|there)\b)[^?,]+?)\s*",
    re.IGNORECASE,
)
_INSTEAD = re.compile(r"\b(?:it|they|them|he|she|him)\b", re.IGNORECASE)
_OWN = re.compile(r"\b(?:its|their|his)\b", re.IGNORECASE)
_PAIRS = re.compile(r"\b(?:between|both)\b", re.IGNORECASE)  # "and" belongs to them
_LONGEST_THING = 8  # words


def parts(question: str) -> list[str]:
    """The questions in a question, each to be answered by itself; alone, where it is one.

    What the first one asks about ("What is a lien?") stands in the others for "it". Where it
    can't be told what "it" is, the question stays whole.
    """
    found = [part.strip() for part in _BETWEEN.split(question) if part.strip(" ?？.")]
    if not 1 < len(found) <= MOST_PARTS or not _ASKS.match(found[0]):
        return [question]
    if not all(map(_says_something, found)) or _PAIRS.search(found[0]):
        return [question]
    about = _ABOUT.fullmatch(found[0].rstrip(" ?？"))
    thing = about["thing"] if about and len(words(about["thing"])) <= _LONGEST_THING else ""
    whole = [found[0]]
    for part in found[1:]:
        refers = _INSTEAD.search(part) or _OWN.search(part)
        if refers and not thing:
            return [question]
        named = _INSTEAD.sub(lambda _: thing, part, count=1)
        whole.append(_OWN.sub(lambda _: f"{thing}'s", named, count=1))
    return [part if part.endswith(("?", "？")) else f"{part}?" for part in whole]


def _says_something(part: str) -> bool:
    said = words(part)
    ends_open = bool(said) and bool(re.fullmatch("what|when|where|why|how|who", said[-1].lower()))
    return not ends_open and any(not is_stop_word(word) for word in said)
