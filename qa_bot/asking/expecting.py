"""What kind of thing a question expects, and whether a text has any: a name, an amount, a year."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa_bot.asking.asked import periods
from qa_bot.text import is_stop_word, words

_WHO_IS = re.compile(
    r"\s*who(?:['’]s|\s+(?:is|was|are|were))\s+(?:currently\s+|now\s+)?(?:the|our|your|its|their|my)"
    r"\s+(?P<role>[^?]+?)\s*\?*\s*",
    re.IGNORECASE,
)
_NO_ROLE = frozenset(
    """
    that who whom which to allowed responsible liable entitled required able eligible person people
    one ones those party parties customer group target audience owner owners for
    """.split()
)
_PRICE = re.compile(
    r"\b(?:(?:what|how much)\s+(?:do|does|did|will|would)\b[^?]*\bcosts?"
    r"(?=\s*(?:\?|$|per\b|each\b|a\b|to\b|in\b|for\b))"
    r"|how much\b[^?]*\b(?:pay|paid|charged?|earns?|earned)\b"
    r"|(?:what|how (?:much|high))\s+(?:is|are|was|were)\s+(?:the|a|an|its|their|our)\s+"
    r"(?:[\w-]+\s+){0,3}(?:price|fee|fine|rent|salary|charge|deposit|wage)s?\b)",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"\d|[$€£¥₹]|\b(?:free|nothing|gratis|unpaid|waived|euros?|dollars?|pounds?|cents?|francs?"
    r"|yen|yuan|rupees?|kron\w+|pence|guineas?|shillings?|coins?|pieces|percent|per cent|half"
    r"|thousands?|millions?|billions?|hundreds?|no (?:charge|fee|cost|rent|salary|deposit))\b",
    re.IGNORECASE,
)
_DAYS = frozenset(
    """
    january february march april may june july august september october november december monday
    tuesday wednesday thursday friday saturday sunday i
    """.split()
)
_LONGEST_ROLE = 6  # words
_WORD = re.compile(r"[^\W_][\w’'.-]*")
_OPENS = re.compile(r"(?:^|[.!?:;|\n“\"(*•–-]\s*)$")
_IS = re.compile(r"\s+(?:is|was|are|were|became|has been|,|[A-Z])")


def lacks_kind(question: str, texts: Sequence[str]) -> bool:
    """Whether a passage, and what stands above it, surely has nothing of the kind asked for.

    "Who is the treasurer?" expects a name, "What does a shed cost?" an amount; of other
    questions nothing is said.
    """
    if match := _WHO_IS.fullmatch(question):
        role = words(match["role"])
        if len(role) <= _LONGEST_ROLE and _NO_ROLE.isdisjoint(word.lower() for word in role):
            return not any(_has_name(text, {word.casefold() for word in role}) for text in texts)
    if _PRICE.search(question):
        return not any(_AMOUNT.search(text) for text in texts)
    return False


def _has_name(text: str, role: set[str]) -> bool:
    """Whether a text has a word with a capital that isn't due to where it stands."""
    for match in _WORD.finditer(text):
        word = match[0]
        plain = word.strip(".'’-").casefold()
        if not word[0].isupper() or plain in _DAYS or plain in role or is_stop_word(plain):
            continue
        if not _OPENS.search(text, max(0, match.start() - 4), match.start()):
            return True
        if _IS.match(text, match.end()):
            return True
    return False


def of_other_periods(question: str, texts: Sequence[str]) -> list[bool]:
    """Which texts name years or quarters, but not the one asked for, where another text does."""
    wanted = periods(question)
    if not wanted:
        return [False] * len(texts)
    named = [periods(text) for text in texts]
    if not any(wanted <= one for one in named):
        return [False] * len(texts)
    return [bool(one) and wanted.isdisjoint(one) for one in named]
