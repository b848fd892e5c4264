"""What a question asks for, as far as its words tell: years, quarters, kinds, comparisons."""

from __future__ import annotations

import re

from qa_bot.store.analysis import stems
from qa_bot.text import is_stop_word, without_possessive, words

_YEAR = re.compile(r"(?<![\d.,])((?:19|20)\d\d)(?:\s?[-/–]\s?(\d\d(?:\d\d)?))?(?![\d,]*\d)")
_SHORT_YEAR = re.compile(r"(?:\bFY\s?'?|[’'])(\d\d)\b", re.IGNORECASE)
_LONG_FISCAL = re.compile(r"\bFY\s?((?:19|20)\d\d)\b", re.IGNORECASE)
_FISCAL = re.compile(
    r"\b(?:FY|fiscal(?:\s+years?)?)\s?(?:[’']?\d\d\b|(?=(?:19|20)\d\d))", re.IGNORECASE
)
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_QUARTER = re.compile(r"(?:\bQ([1-4])|\b([1-4])Q)(?!\w*[^\W\d])", re.IGNORECASE)
_NAMED_QUARTER = re.compile(
    r"\b(?:(first|1st)|(second|2nd)|(third|3rd)|(fourth|4th))[ -]quarter\b", re.IGNORECASE
)
_NOTE = re.compile(r"\([^()]*\)")
NUMBERS = dict(
    zip(
        "one two three four five six seven eight nine ten".split(),
        map(str, range(1, 11)),
        strict=True,
    )
)
MOST_WORDS = frozenset(
    "most highest largest greatest biggest longest tallest farthest furthest heaviest maximum max "
    "top best".split()
)
LEAST_WORDS = frozenset(
    "least lowest smallest fewest shortest quickest fastest lightest minimum min worst".split()
)
FIRST_WORDS = frozenset("first earliest oldest".split())
LAST_WORDS = frozenset("last latest newest".split())
_COMPARING = MOST_WORDS | LEAST_WORDS | FIRST_WORDS | LAST_WORDS
_RECKONING = re.compile(
    r"\b(?:average|mean|sum|differences?|differ|ratio|combined|altogether|consecutive|how many "
    r"(?:times|(?:\w+ ){1,4}(?:are|were|have|had|did|do|does|is|was)\b.*(?:listed|there|list))"
    r"|(?:(?:percentage|percent|total|net) )?(?:change|increase|decrease|growth|decline)s? "
    r"(?:in|of|from|between)\b.*\b(?:from|between|over|to)|than|same\b.* as|besides|either|only"
    r"|(?:above|below|before|after|next|previous|previously|preceding|following|prior)"
    r"|(?:larg|high|low|long|short|tall|small|great|bett|old|young|slow|fast|earli|lat|few|heavi"
    r"|bigg|clos|wid|deep|near|strong|cheap)(?:er|est)|more|less|worse|both|each|every"
    r"|compared (?:to|with))\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\b(?:which|what|whose|how (?:many|much)|name|tell me|list|state)\b", re.IGNORECASE
)
_NAMELESS = frozenset("name names number type kind amount value".split())
_ASKS_NUMBER = re.compile(
    r"\b(?:how (?:many|much|large|high|long|big|tall|old)|amounts?|percent(?:age)?|number of"
    r"|rate|value|cost|total|score)\b",
    re.IGNORECASE,
)
_SHARE = re.compile(r"%|\bper\s?cent(?:s|ages?)?\b", re.IGNORECASE)
_ASKS_DATE = re.compile(r"\b(?:when|(?:what|which) (?:year|date|month|day|season))\b", re.I)
_ASKS_NAME = re.compile(
    r"\b(?:who|whom|whose|where|which (?!year|date|month)|what (?:city|country|place|name|team|"
    r"title|type|kind|location|party|person|company|club|position|venue|nation))",
    re.IGNORECASE,
)


def periods(text: str) -> frozenset[str]:
    """The years and quarters that a text names: "FY17" and "fiscal 2017" are "2017"."""
    found: set[str] = set()
    for match in _YEAR.finditer(text):
        year, until = match.groups()
        found.add(year)
        if until:
            found.add(until if len(until) == 4 else year[:2] + until)
    found.update(_LONG_FISCAL.findall(text))
    found.update(f"{'19' if int(two) > 69 else '20'}{two}" for two in _SHORT_YEAR.findall(text))
    found.update(f"q{a or b}" for a, b in _QUARTER.findall(text))
    for groups in _NAMED_QUARTER.findall(text):
        found.update(f"q{number}" for number, word in enumerate(groups, 1) if word)
    return frozenset(found)


def terms(text: str) -> frozenset[str]:
    """What a text says, as search terms, without grammar words; years and quarters in one form.

    "30,000" is one number: it has nothing in common with "6,000".
    """
    plain = _THOUSANDS.sub("", _FISCAL.sub(" ", text))
    kept = [without_possessive(word) for word in words(plain) if not is_stop_word(word)]
    numbers = {NUMBERS[word] for word in map(str.lower, kept) if word in NUMBERS}
    return frozenset(stems(" ".join(kept))) | periods(text) | numbers


def without_notes(text: str) -> str:
    """A name without what stands in brackets: "Net sales (in millions) (a)" is "Net sales"."""
    plain = _NOTE.sub(" ", text).strip()
    return plain if any(map(str.isalpha, plain)) else text


def wanted(question: str) -> str:
    """What the question asks for first: "number", "date", "name", or "" where it doesn't say."""
    kinds = (("date", _ASKS_DATE), ("number", _ASKS_NUMBER), ("name", _ASKS_NAME))
    found = [(match.start(), kind) for kind, form in kinds if (match := form.search(question))]
    return min(found, default=(0, ""))[1]


def wanted_terms(question: str) -> frozenset[str]:
    """The terms of the first words behind "which" that aren't grammar: of "home team"."""
    match = _ASKS.search(question)
    found: list[str] = []
    for word in words(question[match.end() :]) if match else ():
        if is_stop_word(word):
            if found:
                break
        elif word.lower() not in _NAMELESS:
            found.append(word)
    return terms(" ".join(found))


def kind_fits(kind: str, text: str) -> float:
    """Whether a text is what is ``wanted``: 1 where it is, -1 where it isn't, 0 in doubt."""
    is_number = any(map(str.isdigit, text)) and sum(map(str.isalpha, text)) <= 3
    match kind:
        case "date":
            return 1.0 if periods(text) else -1.0
        case "number" if is_number and periods(text) and len(text) <= 4:
            return 0.0  # a year may be a number, but hardly is
        case "number":
            return 1.0 if is_number else -1.0
        case "name":
            return -1.0 if is_number else 1.0
        case _:
            return 0.0


def asks_share(text: str) -> bool:
    """Whether a text is about percent."""
    return bool(_SHARE.search(text))


def asks_to_compare(question: str, names: frozenset[str] = frozenset()) -> bool:
    """Whether no single cell answers: the most of something, a change, a sum.

    Args:
        question: As asked.
        names: Terms of what something is called: "average" in "Average cost" compares nothing.
    """
    if names:
        question = " ".join(word for word in words(question) if not terms(word) & names)
    asked = {word.lower() for word in words(question)}
    return bool(asked & _COMPARING) or bool(_RECKONING.search(question))


def asks_across(question: str) -> bool:
    """Whether it reckons with amounts of several years: "the change from 2018 to 2019"."""
    asked = {word.lower() for word in words(question)}
    return len(periods(question)) > 1 and not asked & _COMPARING
