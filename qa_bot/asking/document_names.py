"""The document that a question names, and what is asked of it.

"In DEN08WA042, how far could one see?", "What is the notice period under the Acme agreement?":
the passages of that document don't repeat what it is called, so it is looked up, and the rest of
the question asked of it alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa_bot.asking.codes import code_pattern
from qa_bot.asking.naming import folded, is_measure
from qa_bot.records import Span
from qa_bot.store.analysis import content, stems
from qa_bot.store.opening import Index
from qa_bot.store.rows import Placed
from qa_bot.text import is_stop_word, name_words, without_possessive, words

OPENING = 1_500  # characters in which a document says what it is
_LOOKED_AT = 100  # passages whose documents may be the one meant
_MOST = 10  # documents that a name may stand for
_LONGEST = 100  # characters of a name

_KINDS = frozenset(  # of documents that are called by what their opening says
    """
    report agreement contract lease invoice letter memo memorandum filing minutes certificate
    case order statement
    """.split()
)
_TITLED = _KINDS | frozenset(  # … and those that only a title or file name names
    """
    plan policy article paper study manual guide handbook document notice budget strategy review
    audit brief form file book proposal specification survey charter protocol transcript
    presentation spreadsheet thesis account accounts
    """.split()
)
_LABELS = frozenset("no number nr accident ref reference id ticket file".split())

_BEFORE = r"(?:in|according\s+to|under|per|as\s+per|from|within)"
_LEADING = re.compile(
    rf"{_BEFORE}\s+(?P<name>[^,?]{{3,{_LONGEST}}}),\s+(?P<rest>.+)"
    rf"|(?P<label>[^:?]{{3,{_LONGEST}}}):\s+(?P<asked>.+)",
    re.IGNORECASE | re.DOTALL,
)
_PREPOSITION = re.compile(r"\s(?:in|according\s+to|under|per|from|of|for)\s", re.IGNORECASE)
_LEADS_TO = re.compile(  # a code: "of accident no. "
    r"\b(?:(?:in|of|for|under|on|from|to|by)\s+)?(?:the\s+)?(?:[^\W\d_]+\s+)?(?:no\.?\s+|number\s+)?$",
    re.IGNORECASE,
)
_CODE = re.compile(r"(?<![\w$€£,.])[^\W_]+(?:[-/.][^\W_]+)*(?!,\d)")
_SHORTEST = 5  # characters of a code, three of them digits; without a letter or mark six
_AMOUNT = re.compile(r"\d{1,5}|\d+\.\d+")
_ASKS = re.compile(r"\s*(?:wh|how|is|are|was|were|do|does|did|can|may|has|have|had)", re.IGNORECASE)
_TIME = re.compile(  # a year, years, a date: many documents are of it
    r"(?:19|20)\d\d(?:[-/–.](?:(?:19|20)\d\d|\d\d?(?:[-/.]\d\d?)?))?|\d\d?[-/.]\d\d?[-/.]\d{2,4}"
)


@dataclass(frozen=True, slots=True)
class Named:
    """The documents that a question names, by id, and what it asks of them."""

    documents: tuple[str, ...]
    question: str


def named_documents(
    question: str, index: Index, documents: Sequence[str] | None = None
) -> Named | None:
    """Find out whether a question names documents of the index.

    It does by a code that stands in the opening of one document alone, or by a phrase such as
    "the 2013 report" whose words are all in a document's title or file name; a report, contract
    and their like may also be called by a name or year of its opening.

    Args:
        question: As it was asked.
        index: From ``open_index``.
        documents: Only these: exact document ids or folders.

    Returns:
        The documents, with the question less their name; None where it names none.

    Raises:
        UnknownDocumentError
    """
    scope = None if documents is None else index.scope(documents)[0]
    for name, rest, is_label in _mentions(question):
        if not content(rest):
            continue
        found = _called(name, index, scope, is_label=is_label)
        if found:
            return Named(found, rest)
    return None


def _mentions(question: str) -> Iterator[tuple[str, str, bool]]:
    """What may name a document, the question without it, and whether it stands as a label."""
    match = _LEADING.fullmatch(question.strip())
    if match and match["name"]:
        yield match["name"], _begun(match["rest"]), False
    elif match and not _ASKS.match(match["label"]):
        yield match["label"], _begun(match["asked"]), True
    stem = question.rstrip(" ?")
    for match in reversed(list(_PREPOSITION.finditer(stem))):
        if len(stem) - match.end() <= _LONGEST:
            yield stem[match.end() :], f"{stem[: match.start()].rstrip(' ,;')}?", False
    for start, end in _codes(question):
        before = _LEADS_TO.sub("", question[:start])
        yield question[start:end], " ".join(f"{before} {question[end:]}".split()), False


def _begun(question: str) -> str:
    return question[0].upper() + question[1:]


def _codes(text: str) -> Iterator[Span]:
    for match in _CODE.finditer(text):
        word = without_possessive(match[0])
        if len(word) < _SHORTEST or sum(map(str.isdigit, word)) < 3:
            continue
        if not (_TIME.fullmatch(word) or _AMOUNT.fullmatch(word) or is_measure(word)):
            yield match.start(), match.start() + len(word)


def _called(
    name: str, index: Index, scope: Sequence[int] | None, *, is_label: bool
) -> tuple[str, ...]:
    """The documents that are called so."""
    said = [without_possessive(word) for word in re.findall(r"[^\s,;()\"“”]+", name)]
    said = [word.strip(".'’") for word in said]
    codes = [name[start:end] for start, end in _codes(name)]
    kinds = [word.casefold() for word in said if word.casefold() in _TITLED]
    own = [word for word in said if not _is_general(word)]
    if not own or not (is_label or _ends_in_kind(said, codes)):
        return ()
    # "In the filing's risk section" asks for a place in one.
    may_open = bool(codes) or any(kind in _KINDS for kind in kinds)
    terms = dict.fromkeys(index.lexicon.terms(" ".join(own)))
    numbers = dict.fromkeys(index.lexicon.search(terms, _LOOKED_AT, scope))
    for term in terms:
        numbers |= dict.fromkeys(index.lexicon.holding("title", [term], (), _LOOKED_AT, scope))
    held = {place.name: place for place in index.places(numbers)}
    found = [one for one, place in held.items() if _is_called(own, place, index, opens=may_open)]
    if codes and len(found) != 1:
        return ()
    return tuple(found) if len(found) <= _MOST else ()


def _is_general(word: str) -> bool:
    plain = word.casefold()
    return is_stop_word(plain) or plain in _TITLED or plain in _LABELS or not plain


def _ends_in_kind(said: Sequence[str], codes: Sequence[str]) -> bool:
    """Whether a phrase ends in a code or in a kind of document, with a year behind it or not."""
    kept = list(said)
    while kept and kept[-1][:1].isdigit() and kept[-1] not in codes:
        kept.pop()
    return bool(kept) and (kept[-1] in codes or kept[-1].casefold() in _TITLED)


def _is_called(own: Sequence[str], place: Placed, index: Index, *, opens: bool) -> bool:
    title = " ".join((place.title, place.name, *name_words(place.name)))
    titled = _Said(title)
    lacking = [word for word in own if not titled.has(word)]
    if not lacking:
        return True
    named = all(word[0].isupper() or word[0].isdigit() for word in lacking)
    if not (opens and named):
        return False
    text = "".join(index.slices(place.name, [(0, OPENING)]))
    opening = _Said(text)
    return all(opening.has(word) and not _is_listed(word, text) for word in lacking)


def _is_listed(word: str, text: str) -> bool:
    """Whether a code stands among others of its form, as those of a price list do."""
    if not (wanted := [word[start:end] for start, end in _codes(word)]):
        return False
    found = {folded(text[start:end]) for start, end in _codes(text)}
    return any(
        _form(one) == _form(folded(code)) and one != folded(code)
        for code in wanted
        for one in found
    )


def _form(code: str) -> str:
    """A code with a letter for each letter and a digit for each digit."""
    return re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "0", code))


class _Said:
    """A text in the forms in which a name's words are looked for."""

    def __init__(self, text: str) -> None:
        self.folded = folded(text)
        self.tokens = {folded(without_possessive(word)) for word in words(text)}
        self.stems = set(stems(text))

    def has(self, word: str) -> bool:
        if any(map(str.isdigit, word)):
            return code_pattern(folded(word)).search(self.folded) is not None
        return folded(word) in self.tokens or set(stems(word)) <= self.stems
