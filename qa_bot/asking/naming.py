"""Numbers, codes and names that a question turns on, and whether a passage has them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

from qa_bot.asking.codes import code_pattern, days, months
from qa_bot.asking.countries import COUNTRIES, countries, spelled_country
from qa_bot.language import other_language
from qa_bot.records import Passage
from qa_bot.store.analysis import stems
from qa_bot.text import is_stop_word, without_possessive

_TOKEN = re.compile(r"[^\W_]+(?:[-'’./&][^\W_]+)*|\d[\d,.]*\d|\d")
_NUMBER = re.compile(r"\d[\d,.]*")
_CODE = re.compile(r"(?=.*\d)(?=.*[^\W\d_])[\w./-]+")
_PART_OF = "mid early late pre post".split()  # of a year: "mid-2010"
_NO_CODE = re.compile(  # an ordinal, a decade, a unit, a part of a year
    r"\d+(?:st|nd|rd|th)|(?:\d\d)?\d0s|[ckm]?m[23]|\d+(?:km|kg|m|cm|mm|g|h)"
    rf"|(?:{'|'.join(_PART_OF)})-\d+",
    re.IGNORECASE,
)
_SHORT_YEAR = re.compile(r"FY\s?'?(\d\d)\b", re.IGNORECASE)
_SCALES = {"thousand": 3, "million": 6, "billion": 9, "m": 6, "bn": 9, "k": 3}
_SCALED = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s?(thousand|million|billion|bn|m|k)s?\b", re.IGNORECASE)
_ASKED_NUMBER = re.compile(
    r"(?<![\w.,-])\d[\d,]*(?:\.\d+)?(?![\w-])|\b\d+(?=(?:st|nd|rd|th)\b)"
    rf"|(?:{'|'.join(f'(?<={one}-)' for one in _PART_OF)})\d{{4}}\b",
    re.IGNORECASE,
)
_COMPARED = re.compile(r"\b(?:after|before|since|until|between)\s$", re.IGNORECASE)
_BOUND = re.compile(  # a number behind these is compared with, and need not stand there
    r"\b(?:over|above|under|below|than|least|most|exceed\w*|after|before|since|until|beyond|top"
    r"|between|from|to|by|within|around|about|nearly)\s(?:[^\W\d_]+\s){0,1}[$€£]?$"
    r"|\b(?:between|from)\s[\w.,]+\s(?:and|to)\s[$€£]?$",
    re.IGNORECASE,
)
_COUNTS = re.compile(r"(?:\b(?:which|what|the|these|name|list|top|first|last)\s|^)$", re.IGNORECASE)
_FEW = 12
_CARDINALS = "zero one two three four five six seven eight nine ten eleven twelve".split()
_ORDINALS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
).split()
_LONG = 5  # letters of a name that may be part of a word; "Ann" stands in "annual"
_TITLES = frozenset(
    "mr mrs ms miss dr prof sir company corporation corp inc ltd llc plc co group the".split()
)
_MONTHS = (
    "january february march april may june july august september october november december"
).split()
_DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_DATE_WORDS = {name[:3]: name for name in (*_MONTHS, *_DAYS)} | {"sept": "september"}
_VOWELS = frozenset(("", "a", "e", "i", "o", "y", "ia", "ie", "ina", "ine"))  # Anna is no Ann
_COMMON = frozenset(  # nouns that a question may write with a capital, and that name nobody
    """
    period policy procedure process rule rules date dates fee fees rate rates amount number hours
    time times terms price cost costs plan form payment requirements conditions
    """.split()
)
_CAPITALS = frozenset(("de", "lb", "nds"))  # languages in which every noun has one
_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:[.’'\u00a0\u202f ]\d{3})+(?![\d.,]*\d)")  # 1.500
_SHORTEST_ROW = 3  # letters of an abbreviation whose words may have no capitals
_SENTENCE_END = re.compile(r"[.;:!?,()|\n]")
_NEARLY_ALL = 0.7  # of a question's words in capitals: they mark no names


def absent_names(question: str, passage: Passage, context: Sequence[str] = ()) -> list[str]:
    """The numbers, codes and names of a question that are neither in a passage nor above it.

    Numbers count in any form: 1,250,000 is 1.25 million, and FY17 is 2017; those that the
    question only compares with, or counts with ("which 2 states"), don't. A name is a word
    with a capital that doesn't begin the question, or one all in capitals; it counts in its
    plural, as an abbreviation, as a people's name for its country's. Where all nouns have
    capitals, and where the question is in another language than the passage, only codes and
    abbreviations are names. ``context`` are the texts that are shown above the passage.
    """
    text = " ".join((passage.text, passage.title, *passage.section, passage.document_id, *context))
    asked = list(_asked_numbers(question))
    numbers = set(_numbers(text)) if asked else set()
    absent = [shown for shown, value in asked if value not in numbers]
    if absent:  # "401k" is no amount where "401(k)" is meant
        spelled = folded(text)
        absent = [
            shown
            for shown in absent
            if not (_CODE.fullmatch(shown) and code_pattern(folded(shown)).search(spelled))
        ]
    names = list(named(question))
    if names and (passage.language in _CAPITALS or other_language(question, passage.language)):
        names = [kept for words in names if (kept := [one for one in words if _is_code(one)])]
    if not names:
        return absent
    written = _written(text, passage.language, passage.document_id)
    for words in names:
        lacking = [word for word in words if not written.has(word)]
        lacking = written.without_country(words, lacking)
        known = written.abbreviates(words) or _stands_alone(words, lacking, text)
        if lacking and not known and not written.is_common(words, lacking):
            absent += lacking
    return absent


class _Written:
    """What a text says, in the forms in which names are looked for."""

    def __init__(self, text: str, language: str, file_name: str) -> None:
        self.text = text
        self.language = language
        self.spelled = folded(text)
        tokens = [without_possessive(word) for word in _TOKEN.findall(text)]
        self.tokens = {folded(token) for token in tokens}
        self.parts = {part for token in self.tokens for part in re.split(r"[-'’./&]", token)}
        self.joined = {token.replace("-", "") for token in self.tokens if "-" in token}
        self.stems = set(stems(text, language))
        capitals = [token[0] for token in tokens if not is_stop_word(token) and token[0].isupper()]
        self.initials = folded("".join(capitals))
        self.dates = months(text) | days(text)
        named = {COUNTRIES[part] for part in self.tokens | self.parts if part in COUNTRIES}
        self.countries = named | countries(text)
        # A name inside another with a capital is another name; it may be part of a compound.
        within = [token for token in tokens if not token[0].isupper() or "-" in token]
        self.within = folded(" ".join((*within, file_name)))

    def has(self, word: str) -> bool:
        """Whether a name stands there, in one form or another."""
        plain = folded(without_possessive(word))
        if plain in self.tokens or plain in self.parts or self._has_abbreviation(word, plain):
            return True
        if _CODE.fullmatch(word):
            return code_pattern(plain).search(self.spelled) is not None
        if plain.replace("-", "") in self.tokens | self.joined:  # "Email" is "e-mail"
            return True
        if len(plain) >= _LONG and plain in self.within:
            return True
        if "-" in word or "/" in word:
            parts = re.split(r"[-/]", word)
            return all(self.has(part) for part in parts if part[:1].isupper())
        if plain in COUNTRIES:
            return COUNTRIES[plain] in self.countries
        full = _DATE_WORDS.get(plain, plain.removesuffix("s"))  # "Mondays"
        if full in _MONTHS or full in _DAYS:
            short = full in _MONTHS and full[:3] in self.tokens
            return short or full in self.tokens or full[:3] in self.dates
        return self._has_stem(word, plain)

    def _has_stem(self, word: str, plain: str) -> bool:
        """Whether another form of the word is there: "Airlines" is "airline"; Anna is no Ann."""
        stemmed = stems(word, self.language)
        if not stemmed or not set(stemmed) <= self.stems:
            return False
        same = [
            token
            for token in self.tokens
            if token[:3] == plain[:3] and stems(token, self.language) == stemmed
        ]
        return not same or any(not _only_vowels_differ(plain, token) for token in same)

    def _has_abbreviation(self, word: str, plain: str) -> bool:
        letters = plain.replace(".", "").replace("&", "")
        short = word.replace(".", "").isupper() and 2 <= len(letters) <= 6
        return short and (letters in self.initials or self._has_row(letters))

    def _has_row(self, letters: str) -> bool:
        """Whether words in a row, of any case, begin with the letters: "protective equipment"."""
        if len(letters) < _SHORTEST_ROW:
            return False
        for clause in _SENTENCE_END.split(self.spelled):
            said = [one for one in re.findall(r"[^\W\d_]+|\d+", clause) if not is_stop_word(one)]
            if letters in "".join(one[0] for one in said):
                return True
        return False

    def without_country(self, words: Sequence[str], lacking: list[str]) -> list[str]:
        """What is lacking, less a country's name of two words that is there in another form."""
        found = spelled_country([folded(without_possessive(word)) for word in words])
        if found is None or found[1] not in self.countries:
            return lacking
        known = words[found[0] : found[0] + 2]
        return [word for word in lacking if word not in known]

    def is_common(self, words: Sequence[str], lacking: Sequence[str]) -> bool:
        """Whether a name is none: "Notice Period", where the text writes "notice"."""
        small = re.search(rf"\b{re.escape(words[0].lower())}", self.text) is not None
        return small and all(word.lower() in _COMMON for word in lacking)

    def abbreviates(self, words: Sequence[str]) -> bool:
        """Whether the text has the initials of a name of several words, as "CEO"."""
        letters = folded("".join(word[0] for word in words if not is_stop_word(word)))
        return len(letters) > 1 and any(
            token.replace(".", "").casefold() == letters
            for token in re.findall(r"\b(?:[A-Z]\.?){2,6}", self.text)
        )


@lru_cache(maxsize=64)
def _written(text: str, language: str, file_name: str) -> _Written:
    """The same passage is looked at for what is read first, and again for all that is."""
    return _Written(text, language, file_name)


def _stands_alone(words: Sequence[str], lacking: Sequence[str], text: str) -> bool:
    """Whether what is there of a name stands without another in the place of what isn't.

    "Lee" is Harper Lee, but "Ben Vogt" isn't Ann Vogt.
    """
    there = [word for word in words if word not in lacking]
    if not there or any(any(map(str.isdigit, word)) for word in words):
        return False
    for word in there:
        for match in re.finditer(rf"\b{re.escape(without_possessive(word))}\b", text):
            before = re.search(r"([^\W\d_][\w’'-]*)\s$", text[: match.start()])
            after = re.match(r"\s([^\W\d_][\w’'-]*)", text[match.end() :])
            beside = [found[1] for found in (before, after) if found]
            others = [one for one in beside if one[0].isupper() and one not in words]
            if all(len(one) > 1 and is_stop_word(one) for one in others):
                return True
    return False


def named(question: str) -> Iterator[list[str]]:
    """Names and codes: words with a capital, but for the first; words with a digit.

    Words with capitals that follow each other are one name.
    """
    found = list(_TOKEN.finditer(question))
    content = [match[0] for match in found if not is_stop_word(match[0])]
    shouted = sum(word[0].isupper() for word in content[1:]) > _NEARLY_ALL * max(3, len(content))
    name: list[str] = []
    end = -1
    for place, match in enumerate(found):
        word = match[0]
        if not _is_name(word, place, shouted=shouted):
            continue
        if name and (question[end : match.start()].strip() or any(map(str.isdigit, word))):
            yield name
            name = []
        name.append(word)
        end = match.end()
    if name:
        yield name


def _is_name(word: str, place: int, *, shouted: bool) -> bool:
    plain = without_possessive(word).casefold()
    skipped = plain in _TITLES or plain in _ORDINALS or plain in _CARDINALS
    if skipped or _NUMBER.fullmatch(word) or _SHORT_YEAR.fullmatch(word) or is_stop_word(word):
        return False
    if _CODE.fullmatch(word):
        return not is_measure(word)
    is_capital = word[0].isupper() and (place > 0 or (word.isupper() and len(word) > 1))
    return is_capital and not shouted


def is_measure(word: str) -> bool:
    """Whether a word with digits and letters is an amount, an ordinal or a decade: no code."""
    return bool(_NO_CODE.fullmatch(word) or _SCALED.fullmatch(word))


def _is_code(word: str) -> bool:
    """Whether a name is one in any language: with a digit, or all in capitals."""
    return any(map(str.isdigit, word)) or (word.isupper() and len(word) > 1)


def _asked_numbers(question: str) -> Iterator[tuple[str, float]]:
    """The numbers of a question as they are written, with their values."""
    taken: list[tuple[int, int]] = []
    for match in _SCALED.finditer(question):
        taken.append(match.span())
        if not _BOUND.search(question[: match.start()]):
            yield match[0], _scaled(match)
    for match in _SHORT_YEAR.finditer(question):
        taken.append(match.span())
        yield match[0], 2000.0 + int(match[1])
    for match in _ASKED_NUMBER.finditer(question):
        written = match[0].rstrip(",")
        if any(start <= match.start() < end for start, end in taken):
            continue
        before, value = question[: match.start()], _value(written)
        is_year = len(written) == 4 and 1000 < value < 2200
        if not is_year and _BOUND.search(before):
            continue
        if value <= _FEW and _COUNTS.search(before) and question[match.end() :][:1] == " ":
            continue
        if is_year and re.search(
            r"\b(?:after|before|since|until|between)\s$", before, re.IGNORECASE
        ):
            continue
        yield written, value


def _numbers(text: str) -> Iterator[float]:
    for match in re.finditer(r"\d[\d,]*(?:\.\d+)?", text):
        yield _value(match[0])
    for match in _GROUPED.finditer(text):
        yield float("".join(filter(str.isdigit, match[0])))
    for match in _SCALED.finditer(text):
        yield _scaled(match)
    for match in _SHORT_YEAR.finditer(text):
        yield 2000.0 + int(match[1])
    for match in re.finditer(r"\b((?:19|20)\d\d)[-/–](\d\d)\b", text):
        yield float(match[1][:2] + match[2])
    lower = text.casefold()
    for words in (_CARDINALS, _ORDINALS):
        for value, word in enumerate(words):
            if re.search(rf"\b{word}\b", lower):
                yield float(value)


def _scaled(match: re.Match[str]) -> float:
    return round(_value(match[1]) * float(10 ** _SCALES[match[2].lower()]), 4)


def _value(written: str) -> float:
    try:
        return float(written.replace(",", "").rstrip("."))
    except ValueError:
        return -1.0


def folded(text: str) -> str:
    """Without case and accents."""
    if text.isascii():
        return text.casefold()
    spread = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in spread if not unicodedata.combining(character))


def _only_vowels_differ(one: str, other: str) -> bool:
    """Whether two words differ by an ending that makes another name, as Maria and Marie do."""
    shared = next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    return one != other and {one[shared:], other[shared:]} <= _VOWELS
