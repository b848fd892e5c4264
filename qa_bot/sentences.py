"""Splits plain text into sentences by rule.

Punctuation proposes a boundary; the word before it and the word after it decide.
Where both readings are possible the text stays whole: a quote that is a sentence
too long still makes sense, half a sentence does not.
"""

from __future__ import annotations

import re
import unicodedata

from qa_bot.abbreviations import Abbreviations, abbreviations_of
from qa_bot.record_lines import record_starts
from qa_bot.records import Span

# Every quantifier that could run on is possessive or bounded: time is linear in the text.
_BREAK = re.compile(
    r"""
    (?P<stop> [.!?…؟۔।॥։።‼⁇⁈⁉]++ | (?P<wide>[。！？｡]++) )
    (?P<closers> (?: ["'”’»›)\]}*_」』】）〉》] | \[[\w ,?–-]{1,25}\] | [⁰¹²³⁴-⁹]
                   | [ \xa0\u202f]»(?!\w) | [\u200e\u200f\u061c] )*+ )
    | (?P<gap> \n\s*+ )
    | (?P<heading> ^[#]{1,6}[ \t][^\n]*+ )
    """,
    re.VERBOSE | re.MULTILINE,
)
_LIST_MARKER = re.compile(r"(?:[-*+•‣◦▪●○■□]|#{1,6}|\(?\d{1,2}[.)]|[a-z]\))\s")
# The word after a boundary, behind at most two groups of opening marks, dashes or symbols.
_NEXT = re.compile(
    r"\s++(?:(?:_|[^\w\s,;:.!?)\]}…]){1,6}\s?){0,2}+"
    r"(?P<word>(?:[^\W_][\u0300-\u036f]{0,2}+){1,30})(?P<dot>\.?)"
)
_ASIDE = re.compile(r"\s++\([^()]{1,100}+\)[.,;:]")  # belongs to the sentence before it
_MIXED_CASE = re.compile(r"[a-z]{1,2}[A-Z]")  # iPhone, mRNA: may open a sentence
_LAST_WORD = re.compile(r"(?<![\d'’])(?:[^\W\d_]+\.)*[^\W\d_]+$")  # none in "1960s", "it's"
_DOTTED = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]{1,3}|[^\W\d_]{1,3}(?:\.[^\W\d_])+")  # U.S, Ph.D
# "1", "2.1.3", "(b" or "iv": the number of what follows, where a sentence or a list opens.
_NUMBERING = re.compile(
    r"(?:^|[:;]\s)[\W_]{0,4}(?:\d{1,3}(?:\.\d{1,3}){0,4}|[^\W\d_]|[ivxIVX]{1,4})\)?$"
)
_ROMAN = re.compile(r"[IVXLC]{2,}|[VX]")
_ORDINAL = re.compile(r"(?<![\d.,:/])\d{1,2}$|(?<!\w)[IVXLC]+$")
_LOOK_BACK = 40  # code points: longer than any abbreviation
# Accents written apart, and vowels above Arabic and Hebrew letters: they part no word.
_MARKS = re.compile("[\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670]")


_TIMES = frozenset({"a.m", "p.m"})
_AFTER_TIME = frozenset(
    (
        "Monday Tuesday Wednesday Thursday Friday Saturday Sunday "
        "EST EDT ET CST CDT CT MST MDT PST PDT PT GMT BST UTC CET CEST Eastern Pacific"
    ).split()
)


def sentence_spans(text: str, language: str = "") -> list[Span]:
    """Find the sentences of a text.

    A line break alone never ends a sentence; an empty line, a heading mark, a
    list marker on the next line or, where lines are records, another one does.

    Args:
        text: Plain text, usually one paragraph.
        language: Its code, as ``language_of`` tells it; "" counts as English.

    Returns:
        Spans in reading order, disjoint and without outer whitespace; together
        they hold every character that is not whitespace.
    """
    spans: list[Span] = []
    start = 0
    all_lower = text.islower()  # then case says nothing about where a sentence opens
    known = abbreviations_of(language)
    records = frozenset(record_starts(text))
    for match in _BREAK.finditer(text):
        if match["stop"] is not None:
            is_boundary = _ends_sentence(text, start, match, known, all_lower=all_lower)
        elif match["gap"] is not None:
            is_boundary = (
                match["gap"].count("\n") > 1
                or match.start() + 1 in records
                or bool(_LIST_MARKER.match(text, match.end()))
            )
        else:
            is_boundary = True
        if is_boundary:
            _append_trimmed(spans, text, start, match.end())
            start = match.end()
    _append_trimmed(spans, text, start, len(text))
    return spans


def _append_trimmed(spans: list[Span], text: str, start: int, end: int) -> None:
    chunk = text[start:end]
    if trimmed := chunk.strip():
        start += len(chunk) - len(chunk.lstrip())
        spans.append((start, start + len(trimmed)))


def _ends_sentence(
    text: str, start: int, stop: re.Match[str], known: Abbreviations, *, all_lower: bool
) -> bool:
    """Whether the sentence opened at ``start`` ends with ``stop``."""
    if stop["wide"]:
        after = text[stop.end() : stop.end() + 1]
        return not stop["closers"] or after.isspace() or after in tuple("「『（“‘《")
    following = _NEXT.match(text, stop.end())
    if following is None or _ASIDE.match(text, stop.end()):
        return False
    word = _MARKS.sub("", following["word"])
    before = text[max(start, stop.start() - _LOOK_BACK) : stop.start()].lstrip()
    before = unicodedata.normalize("NFC", before)
    if _goes_on(word, before, stop, all_lower=all_lower):
        return False
    if stop["stop"] != ".":
        return True
    before = _MARKS.sub("", before)
    if _NUMBERING.search(before):
        return False
    last = _LAST_WORD.search(before)
    opening = unicodedata.normalize("NFC", following["word"]).lower()
    is_opening = opening in known.openings and not following["dot"]
    if known.ordinals and _ORDINAL.search(before):
        return is_opening
    return last is None or _word_ends_sentence(
        last[0], word, known, is_opening=is_opening, is_closed=bool(stop["closers"])
    )


def _goes_on(word: str, before: str, stop: re.Match[str], *, all_lower: bool) -> bool:
    """Whether the case of the word after a stop says that the sentence goes on."""
    if not _has_case(word[0]):  # it says nothing, but three dots may stand for more of a list
        return stop["stop"] in ("…", "...") and stop["closers"].startswith((")", "]"))
    if not word[0].islower() or all_lower or _MIXED_CASE.match(word):
        return False
    # After 다 or أ a Latin word may open a sentence as it is written: "있다. debian-installer …".
    return not before or _has_case(before[-1]) or not before[-1].isalpha()


def _has_case(character: str) -> bool:
    return not character.isalpha() or character.lower() != character.upper()


def _word_ends_sentence(
    last: str, word: str, known: Abbreviations, *, is_opening: bool, is_closed: bool
) -> bool:
    """Whether the full stop after ``last`` ends a sentence, given that ``word`` follows."""
    if last.isupper() and word.isupper() and len(word) > 1 and last not in known.inside:
        last = last.capitalize()  # "MRS. ORR:", as in a transcript
    if last.lower() in _TIMES:
        return word not in _AFTER_TIME
    if _is_in(last, known.inside):
        return is_closed and is_opening
    if _is_in(last, known.before_number):
        return not (word[0].isdigit() or _ROMAN.fullmatch(word))
    is_initial = len(last) == 1 and (last.isupper() or known.letters)
    if is_initial or _is_in(last, known.either) or _DOTTED.fullmatch(last):
        return is_opening
    return True


def _is_in(word: str, words: frozenset[str]) -> bool:
    return word in words or word.lower() in words
