"""Numbers, codes and names that a question turns on, and whether a passage has them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from qa_bot.records import Passage
from qa_bot.text import is_stop_word, without_possessive

_TOKEN = re.compile(r"[^\W_]+(?:[-'’./&][^\W_]+)*|\d[\d,.]*\d|\d")
_NUMBER = re.compile(r"\d[\d,.]*")
_CODE = re.compile(r"(?=.*\d)(?=.*[^\W\d_])[\w./-]+")
_SHORT_YEAR = re.compile(r"FY\s?'?(\d\d)\b", re.IGNORECASE)
_SCALES = {"thousand": 3, "million": 6, "billion": 9, "m": 6, "bn": 9, "k": 3}
_SCALED = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s?(thousand|million|billion|bn|m|k)\b", re.IGNORECASE)
_LONG = 5  # letters of a name that may be part of a word; "Ann" stands in "annual"
_WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()


def absent_names(question: str, passage: Passage, context: Sequence[str] = ()) -> list[str]:
    """The numbers, codes and names of a question that are neither in a passage nor above it.

    Numbers count in any form: 1,250,000 is 1.25 million, and FY17 is 2017. A name is a word
    with a capital that doesn't begin the question, or one all in capitals. ``context`` are the
    texts that are shown above the passage.
    """
    text = " ".join((passage.text, passage.title, *passage.section, passage.document_id, *context))
    spelled = text.casefold()
    tokens = {without_possessive(word).casefold() for word in _TOKEN.findall(text)}
    parts = {part for token in tokens for part in re.split(r"[-'’./&]", token)}
    asked = list(_asked_numbers(question))
    numbers = set(_numbers(text)) if asked else set()
    absent = [shown for shown, value in asked if value not in numbers]
    for word in _named(question):
        plain = without_possessive(word).casefold()
        is_part = len(plain) >= _LONG and plain in spelled  # of a compound, a plural, a file's name
        if plain not in tokens and plain not in parts and not is_part:
            absent.append(word)
    return absent


def _named(question: str) -> Iterator[str]:
    """Names and codes: words with a capital, but for the first; words with a digit."""
    for place, word in enumerate(_TOKEN.findall(question)):
        if _NUMBER.fullmatch(word) or _SHORT_YEAR.fullmatch(word) or is_stop_word(word):
            continue
        is_code = bool(_CODE.fullmatch(word))
        is_capital = word[0].isupper() and (place > 0 or (word.isupper() and len(word) > 1))
        if is_code or is_capital:
            yield word


def _asked_numbers(question: str) -> Iterator[tuple[str, float]]:
    """The numbers of a question as they are written, with their values."""
    taken: list[tuple[int, int]] = []
    for match in _SCALED.finditer(question):
        taken.append(match.span())
        yield match[0], _scaled(match)
    for match in _SHORT_YEAR.finditer(question):
        taken.append(match.span())
        yield match[0], 2000.0 + int(match[1])
    for match in re.finditer(r"(?<![\w.,-])\d[\d,]*(?:\.\d+)?(?![\w-])", question):
        if not any(start <= match.start() < end for start, end in taken):
            yield match[0], _value(match[0])


def _numbers(text: str) -> Iterator[float]:
    for match in re.finditer(r"\d[\d,]*(?:\.\d+)?", text):
        yield _value(match[0])
    for match in _SCALED.finditer(text):
        yield _scaled(match)
    for match in _SHORT_YEAR.finditer(text):
        yield 2000.0 + int(match[1])
    for match in re.finditer(r"\b((?:19|20)\d\d)[-/–](\d\d)\b", text):
        yield float(match[1][:2] + match[2])
    lower = text.casefold()
    for value, word in enumerate(_WORDS):
        if re.search(rf"\b{word}\b", lower):
            yield float(value)


def _scaled(match: re.Match[str]) -> float:
    return round(_value(match[1]) * float(10 ** _SCALES[match[2].lower()]), 4)


def _value(written: str) -> float:
    try:
        return float(written.replace(",", "").rstrip("."))
    except ValueError:
        return -1.0
