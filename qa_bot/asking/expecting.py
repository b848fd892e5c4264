"""What kind of thing a question expects, and whether a text has any: a name, an amount, a year."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from itertools import takewhile

from qa_bot.asking.asked import periods
from qa_bot.store.analysis import stems
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
    r"(?:[\w-]+\s+){0,3}(?:price|fee|fine|rent|salary|charge|deposit|wage)s?"
    r"(?=\s*(?:[?.!,]|$|(?:for|of|per|to|in|on|at|a|an|each|if|when|from|after|during)\b)))",
    re.IGNORECASE,
)
# A number that is no year, and that counts nothing else: in "312 metres" it counts metres.
_BARE = (
    r"(?<![\w.,/-])(?!(?:1[5-9]|20)\d\d(?![\d,]))\d[\d.,]*(?!\w)(?=\s*(?:$|[^\w\s]|(?:a|an|and|at|by|each"
    r"|extra|for|from|if|in|more|on|or|per|plus|to|when|yearly|monthly|weekly|daily|annually)\b))"
)
_BEHIND_ROLE = frozenset("of for in at on to from with".split())
_AMOUNT = re.compile(
    rf"{_BARE}|[$€£¥₹]|\b(?:free|nothing|gratis|unpaid|waived|euros?|dollars?|pounds?|cents?|francs?"
    r"|yen|yuan|rupees?|kron\w+|pence|guineas?|shillings?|coins?|pieces|percent|per cent|half"
    r"|thousands?|millions?|billions?|hundreds?|no (?:charge|fee|cost|rent|salary|deposit))\b",
    re.IGNORECASE,
)
_IS_VERB = re.compile(r"\b(?:is|are|was|were|will be)\b\s*", re.IGNORECASE)
_DETERMINED = re.compile(
    r"(?:always\s+|usually\s+|normally\s+|either\s+)?"
    r"(?:your|the|a|an|our|their|his|her|its|any|all|each|every)\s+"
    r"(?!(?:person|people|one|ones|member|members|same)\b)[^\W\d_]",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[.;:!?|\n]")
_DAYS = frozenset(
    """
    january february march april may june july august september october november december monday
    tuesday wednesday thursday friday saturday sunday i
    """.split()
)
_LONGEST_ROLE = 6  # words
_DATE_OR_CODE = re.compile(
    r"(?<![\w-])(?:\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}|[A-Z][A-Za-z]{0,9}-\d+)(?![\w-])"
)
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
        is_role = len(role) <= _LONGEST_ROLE and _NO_ROLE.isdisjoint(map(str.lower, role))
        if is_role and role[-1].lower() not in _BEHIND_ROLE:  # "Who is the policy aimed at?"
            if any(_is_told(role, text) for text in texts):
                return False
            named = any(_has_name(text, {word.casefold() for word in role}) for text in texts)
            return not named or not _names_role(role, texts)
    if _PRICE.search(question):
        return not any(_AMOUNT.search(text) for text in texts)
    return False


def _is_told(role: Sequence[str], text: str) -> bool:
    """Whether a text says who has a role without a name: "The first contact is your manager."."""
    wanted = _wanted(role)
    if not wanted:
        return False
    for clause in _CLAUSE.split(text):
        for verb in _IS_VERB.finditer(clause):
            left, right = words(clause[: verb.start()]), clause[verb.end() :]
            if not left or not _DETERMINED.match(right):
                continue
            if wanted <= set(stems(" ".join(left))):
                return True
            near = words(right)[: len(role) + 2]
            if wanted <= set(stems(" ".join(near))) and not is_stop_word(left[-1]):
                return True
    return False


def _wanted(role: Sequence[str]) -> set[str]:
    """The terms of a role's own words: those of "treasurer" in "treasurer of the club"."""
    before = takewhile(lambda word: word.lower() not in _BEHIND_ROLE, role)
    return {stem for word in before if not is_stop_word(word) for stem in stems(word)}


def _names_role(role: Sequence[str], texts: Sequence[str]) -> bool:
    """Whether a role is told by one of its words: a director is no treasurer."""
    wanted = _wanted(role)
    return not wanted or not wanted.isdisjoint(stem for text in texts for stem in stems(text))


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


def of_others(question: str, texts: Sequence[str]) -> list[bool]:
    """Which texts name another year, quarter, date or code than the question, where one has it."""
    by_period = _of_others(periods(question), [periods(text) for text in texts])
    exact = [_exact(text) for text in (question, *texts)]
    kinds = {_shape(one) for one in exact[0]}
    by_name = _of_others(
        exact[0], [{one for one in found if _shape(one) in kinds} for found in exact[1:]]
    )
    return [one or other for one, other in zip(by_period, by_name, strict=True)]


def _of_others(wanted: Set[str], named: Sequence[Set[str]]) -> list[bool]:
    if not wanted or not any(wanted <= one for one in named):
        return [False] * len(named)
    return [bool(one) and wanted.isdisjoint(one) for one in named]


def _exact(text: str) -> set[str]:
    return {match[0] for match in _DATE_OR_CODE.finditer(text)}


def _shape(name: str) -> str:
    """What dates, or codes, of one kind have in common: BUG-17 and BUG-203 are "BUG-9"."""
    return re.sub(r"\d+", "9", name)
