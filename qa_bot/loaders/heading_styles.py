"""How a line of plain text looks as a heading: numbered, "Chapter …", CAPITALS, Title Case."""

from __future__ import annotations

import re
from typing import Literal

from qa_bot.text import words

# A word must follow: "* * *" is no item.
MARKER = re.compile(r"\s*(?:[-*+•‣◦▪–]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)])\s+\S*\w")
_MONTHS = (
    "januar jänner january februar february mars märz march april maj mai may juni june juli "
    "july august september oktober october november december dezember desember ledna února března "
    "dubna května června července srpna září října listopadu prosince tammikuuta helmikuuta "
    "maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta "
    "marraskuuta joulukuuta"
).split()
_NUMBER = re.compile(  # not of a day: "3. Oktober"
    rf"(?!\d{{1,2}}[.)]\s*(?i:{'|'.join(_MONTHS)})\b)"
    r"(?:§\s*)?(?P<number>\d{1,3}(?:\.\d{1,3})*)(?P<mark>[.)]?)\s+"
)
_ROMAN = re.compile(r"(?P<number>[IVX]{1,5})\.\s+(?=[^\W\d_a-z])")
_ROMANS = "I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI XVII XVIII XIX XX".split()
KEYWORD = re.compile(  # "Section 3 applies" and "Book a table" are sentences
    r"(?i:(?P<word>part|book|title|chapter|appendix|annex|schedule|article|section))\s+"
    r"(?:\d+(?:\.\d+)*|(?i:[ivxlc]+)|[A-Z])\b(?!\s+[a-z])"
)
_KEYWORD_LEVEL = {"part": 1, "book": 1, "title": 1, "chapter": 2, "article": 3, "section": 3}
_CAPITALS, _TITLE_CASE, SENTENCE_CASE = 4, 5, 6
_NUMBER_BASE = 4  # "1" is as far out as Title Case, "1.1" as sentence case; "I." as CAPITALS
_MAX_STOPPED = 8  # words of a heading that ends with a full stop
STRONG = frozenset({"hashed", "numbered", "stopped", "keyword", "capitals", "underlined"})

Style = Literal[
    "hashed", "underlined", "numbered", "stopped", "keyword", "capitals", "title", "sentence",
    "either",
]  # fmt: skip
"""How a heading looks; "stopped" is numbered, and ends with a full stop."""


def may_be_stopped(text: str) -> bool:
    """Whether a line with a full stop may be a heading: "2. Fees." and "Section 5. Fees." may."""
    opening = _NUMBER.match(text) or KEYWORD.match(text)
    name = text[opening.end() :].lstrip(" .:–—-") if opening else ""
    if not name or not text.endswith(".") or re.search(r"[.!?;:]\s", name):
        return False
    is_short = len(words(name)) <= _MAX_STOPPED
    return is_short and (
        len(words(name)) <= 2 or style_of(name)[0] in ("title", "capitals", "either")
    )


def style_of(text: str) -> tuple[Style | None, int]:
    """A heading's style and level, the outermost 1; None for what looks like none."""
    if number := _NUMBER.match(text):
        rest = text[number.end() :]
        if rest[:1].isalpha() and (number["mark"] or not rest[0].islower()):
            return "numbered", _NUMBER_BASE + number["number"].count(".") + 1
    if (roman := _ROMAN.match(text)) and roman["number"] in _ROMANS:
        return "numbered", _CAPITALS
    if match := KEYWORD.match(text):
        return "keyword", _KEYWORD_LEVEL.get(match["word"].lower(), 2)
    if not text[0].isupper() or MARKER.match(text):
        return None, 0
    letters = [character for character in text if character.isalpha()]
    if len(letters) >= 4 and all(character.isupper() for character in letters):
        return "capitals", _CAPITALS
    telling = [word for word in words(text)[1:] if len(word) >= 4 and word[0].isalpha()]
    if not telling:
        return "either", _TITLE_CASE
    capitalised = sum(word[0].isupper() for word in telling)
    if capitalised >= 0.6 * len(telling):
        return "title", _TITLE_CASE
    return "sentence", SENTENCE_CASE


def numbers(text: str) -> tuple[int, ...]:
    """The number a text opens with: (2, 1) for "2.1", (0, 2) for "II.", () for none."""
    if match := _NUMBER.match(text):
        return tuple(int(number) for number in match["number"].split("."))
    match = _ROMAN.match(text)
    return (0, _ROMANS.index(match["number"]) + 1) if match and match["number"] in _ROMANS else ()


def comes_next(text: str, after: str) -> bool:
    """Whether the second line's number is the one after the first line's."""
    before = numbers(text)
    return bool(before) and numbers(after) == (*before[:-1], before[-1] + 1)
