"""Splits plain text into sentences by rule.

Punctuation proposes a boundary; the word before it and the word after it decide.
Where both readings are possible the text stays whole: a quote that is a sentence
too long still makes sense, half a sentence does not.
"""

from __future__ import annotations

import re

from qa_bot.records import Span

# Every quantifier that could run on is possessive or bounded: time is linear in the text.
_BREAK = re.compile(
    r"""
    (?P<stop> [.!?…؟۔।॥։።‼⁇⁈⁉]++ | (?P<wide>[。！？｡]++) )
    (?P<closers> (?: ["'”’»›)\]}*_」』】）〉》] | \[[\w ,?–-]{1,25}\] | [⁰¹²³⁴-⁹] )*+ )
    | (?P<gap> \n\s*+ )
    | (?P<heading> ^[#]{1,6}[ \t][^\n]*+ )
    """,
    re.VERBOSE | re.MULTILINE,
)
_LIST_MARKER = re.compile(r"(?:[-*+•‣◦▪●○■□]|#{1,6}|\(?\d{1,2}[.)]|[a-z]\))\s")
# The word after a boundary, behind at most two groups of opening marks, dashes or symbols.
_NEXT = re.compile(
    r"\s++(?:(?:_|[^\w\s,;:.!?)\]}…]){1,6}\s?){0,2}+(?P<word>[^\W_]{1,30})(?P<dot>\.?)"
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
_LOOK_BACK = 40  # code points: longer than any abbreviation


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# A lower-case entry matches in any case, a capitalised one only as it stands.
_INSIDE = _words(  # never ends a sentence
    """
    Adm Brig Capt Cmdr Col Cpl Dr Dra Ft Gen Gov Hon Hr Lt Maj Messrs Mme Mr Mrs Ms Mt Mx
    Pres Prof Pvt Rep Rev Sen Sgt Sra Supt approx bzw ca cf dept e.g eg esp evtl ggf i.e ie
    incl v vgl viz vs
    """
)
_BEFORE_NUMBER = _words(  # does not end a sentence before a number
    """
    Abb Abs Apr Aug Dec Feb Jan Jul Jun Mar Nov Oct Sep Sept app art arts ch chap cl eq eqs
    ex fig figs fol lib no nos nr op par para pg pl pp pt ref sec secs sect tab tel vol vols
    """
)
_EITHER = _words(  # ends a sentence where the next word looks like an opening, see _OPENINGS
    "Ave Blvd Bros Co Corp Inc Jr Llc Ltd Rd Sr St Ste al b c d ed eds est ft lb lbs n oz p s u z"
)
_OPENINGS = _words(
    """
    a according after all although among an and another are as at because before both but by can
    could despite did does during each even eventually every few finally for from he her here
    his how however i if in instead is it its later many meanwhile moreover most my nevertheless
    no nobody not on once one only or other our several she since so some such that the their
    then there therefore these they this those though through thus to today two under unlike
    until was we were what when where which while who why with would you your
    """
)
_TIMES = frozenset({"a.m", "p.m"})
_AFTER_TIME = _words(
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday "
    "EST EDT ET CST CDT CT MST MDT PST PDT PT GMT BST UTC CET CEST Eastern Pacific"
)


def sentence_spans(text: str) -> list[Span]:
    """Find the sentences of a text.

    A line break alone never ends a sentence; an empty line, a heading mark or a
    list marker on the next line does.

    Args:
        text: Plain text, usually one paragraph.

    Returns:
        Spans in reading order, disjoint and without outer whitespace; together
        they hold every character that is not whitespace.
    """
    spans: list[Span] = []
    start = 0
    all_lower = text.islower()  # then case says nothing about where a sentence opens
    for match in _BREAK.finditer(text):
        if match["stop"] is not None:
            is_boundary = _ends_sentence(text, start, match, all_lower=all_lower)
        elif match["gap"] is not None:
            is_boundary = match["gap"].count("\n") > 1 or bool(
                _LIST_MARKER.match(text, match.end())
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


def _ends_sentence(text: str, start: int, stop: re.Match[str], *, all_lower: bool) -> bool:
    """Whether the sentence opened at ``start`` ends with ``stop``."""
    if stop["wide"]:
        after = text[stop.end() : stop.end() + 1]
        return not stop["closers"] or after.isspace() or after in tuple("「『（“‘《")
    following = _NEXT.match(text, stop.end())
    if following is None or _ASIDE.match(text, stop.end()):
        return False
    word = following["word"]
    if word[0].islower() and not all_lower and not _MIXED_CASE.match(word):
        return False
    if stop["stop"] != ".":
        return True
    before = text[max(start, stop.start() - _LOOK_BACK) : stop.start()].lstrip()
    if _NUMBERING.search(before):
        return False
    last = _LAST_WORD.search(before)
    is_opening = word.lower() in _OPENINGS and not following["dot"]
    return last is None or _word_ends_sentence(
        last[0], word, is_opening=is_opening, is_closed=bool(stop["closers"])
    )


def _word_ends_sentence(last: str, word: str, *, is_opening: bool, is_closed: bool) -> bool:
    """Whether the full stop after ``last`` ends a sentence, given that ``word`` follows."""
    if last.isupper() and word.isupper() and len(word) > 1:
        last = last.capitalize()  # "MRS. ORR:", as in a transcript
    if last.lower() in _TIMES:
        return word not in _AFTER_TIME
    if _is_in(last, _INSIDE):
        return is_closed and is_opening
    if _is_in(last, _BEFORE_NUMBER):
        return not (word[0].isdigit() or _ROMAN.fullmatch(word))
    is_initial = len(last) == 1 and last.isupper()
    if is_initial or _is_in(last, _EITHER) or _DOTTED.fullmatch(last):
        return is_opening
    return True


def _is_in(word: str, words: frozenset[str]) -> bool:
    return word in words or word.lower() in words
