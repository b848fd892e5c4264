"""What a question calls a place in a document: "section 5", "clause 1.2(b)", "chapter Safety"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from qa_bot.store.analysis import stems
from qa_bot.text import is_stop_word, words

KINDS: dict[str, str] = {}  # a word for a kind of place → what it is: "clause" is a "section"
for _kind, _written in (
    (
        "section",
        "section sections sec clause clauses subsection subclause sub-clause paragraph para"
        " abschnitt absatz ziffer klausel paragraf paragraphe clausule sección seccion"
        " cláusula clausula párrafo parrafo apartado §",
    ),
    ("article", "article articles art artikel artículo articulo"),
    ("chapter", "chapter chapters kapitel chapitre capítulo capitulo"),
    ("part", "part teil partie parte"),
    ("appendix", "appendix annex annexe schedule exhibit anhang anlage annexe anexo apéndice"),
    ("rule", "rule regel règle regla"),
    ("item", "item point punkt punto step schritt étape paso"),
):
    KINDS.update(dict.fromkeys(_written.split(), _kind))

_NUMBER = r"\d{1,4}(?:\.\d{1,3}){0,5}[a-z]?"
_ITEMS = r"(?:\s?\((?:[a-z]{1,4}|\d{1,3})\)){0,3}"
_SPELLED = dict(
    zip(
        "one two three four five six seven eight nine ten eleven twelve".split(),
        map(str, range(1, 13)),
        strict=True,
    )
)
_KIND = "|".join(sorted((re.escape(one) for one in KINDS if one != "§"), key=len, reverse=True))
_ASKED_NUMBER = re.compile(
    rf"(?:\b(?P<kind>{_KIND})\.?\s?(?:no\.?\s|nr\.?\s|number\s)?|(?P<sign>§{{1,2}})\s?)"
    rf"(?P<number>(?:{_NUMBER}|[ivxlc]{{1,7}}|[a-z]|{'|'.join(_SPELLED)})(?![\w-])(?!\.\d))"
    rf"(?P<items>{_ITEMS})",
    re.IGNORECASE,
)
_CODE = re.compile(r"(?<![\w-])(?=[\w./-]*\d)(?=[\w./-]*[A-Z])[A-Z]{1,8}[-_/]\d[\w./-]*\b")
_WORD = r"[\w’'-]+"
_TITLE_WORDS = rf"[\"“„«‘']?\s?(?P<title>[^\W\d_a-z][\w’'-]*(?:[ ,]+{_WORD}){{0,9}}?)\s?[\"”“»’']?"
_ASKED_TITLE = re.compile(
    rf"\b(?P<kind>(?i:{_KIND}))\s(?:(?i:called|titled|named|entitled)\s)?{_TITLE_WORDS}"
    r"(?=\s+(?i:say|says|about|contain|cover|mean|state|regulate|deal)\b|[?.!]|$)"
)
_TITLE_BEFORE = re.compile(
    rf"\b(?i:the)\s[\"“]?(?P<title>[A-Z][\w’'-]*(?:[ ,]+{_WORD}){{0,6}}?)[\"”]?"
    rf"\s(?P<kind>(?i:{_KIND}))\b"
)
_CAN = re.compile(r"\s+(?:can|could|do|did|have|had|must|need|should|am|was|find)\b")
_AFTER_ONE = re.compile(  # what follows a Roman one, and never the pronoun "I"
    r"\s*(?:$|[^\w\s]|(?:say|says|said|about|contain|contains|cover|covers|mean|means|state|states"
    r"|regulate|regulates|deal|deals|apply|applies|require|requires|forbid|forbids|allow|allows"
    r"|is|of|and|or|sur|sobre|über|zu)\b)",
    re.IGNORECASE,
)
_ALSO_VERBS = frozenset(("schedule", "exhibit"))
_BEFORE_NOUN = re.compile(  # what makes "schedule" a noun
    r"(?:^|\b(?:in|of|under|see|does|do|read|show|quote|the|this|per|from|with|about|is|and|or"
    r"|what's|summari[sz]e|according to|set out in)\s+)$",
    re.IGNORECASE,
)
_MONTH = re.compile(
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b|januar|februar|märz|mai|juni|juli|oktober"
    r"|dezember|janvier|février|mars|avril|juin|juillet|août|septembre|octobre|novembre|décembre"
    r"|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre)"
    r"\.?(?:\s+(?:de\s+)?\d{4}|\s*$|\s*[–—:,-])",
    re.IGNORECASE,
)
_COUNTED = frozenset(  # what is counted more often than it heads a section
    """
    men women people children boys girls days weeks months years hours minutes seconds ways tips
    things reasons mistakes questions steps ideas facts lessons percent euros dollars pounds
    """.split()
)
_SMALL = 9  # "4 Experimental Results" are section 4; "10 Common Mistakes" are ten
_HEADING = re.compile(
    rf"\s*(?:(?P<kind>{_KIND})\.?\s|(?P<sign>§{{1,2}})\s?)?"
    rf"(?P<number>{_NUMBER}|[ivxlc]{{1,7}}|[a-z])(?:(?P<mark>[.):])|(?=\s|[–—:-]|$))"
    r"\s*[–—:.-]?\s*(?P<title>.*)",
    re.IGNORECASE | re.DOTALL,
)
_LINE = r"(?:^[ \t]*|(?<=[.;:])[ \t]+)(?:§\s?)?"  # where a numbered line, or sentence, opens
_ROMAN = re.compile(r"(?=[ivxlc])(?:c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})", re.IGNORECASE)
_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_FILLING = frozenset(
    """
    what whats what's is are was does do did say says said state states stated in about the a an of
    contain contains contained cover covers covered regulate regulates deal deals with under tell
    tells me us show read quote give please can you could summarise summarize summary content
    contents provide provides provision provisions text wording full whole there written mean means
    happen happens happened forbid forbids prohibit prohibits allow allows permit permits require
    requires where find it
    was sagt steht sagen in dem der die das im worum geht es um inhalt von lautet wie zeige mir
    que qué dit dice la le l les el los de des du di parle trata contient contiene quoi cuál cual
    quel quelle est es sur sobre y a qu se
    """.split()
)


@dataclass(frozen=True, slots=True)
class PlaceName:
    """A place as a question names it.

    Either a number ("5", "2.2", "iv"), with the items below it ("b"), a code or a title says
    which one. ``rest`` are the words of the question that say something else, as terms: none
    where it asks for the place itself.
    """

    shown: str  # as written
    kind: str = ""  # one of the values of KINDS; "" for a code, or a heading alone
    number: str = ""
    items: tuple[str, ...] = ()
    code: str = ""
    title: str = ""
    rest: frozenset[str] = frozenset()


def named_place(question: str) -> PlaceName | None:
    """The place that a question names, or None; the first where it names several."""
    if numbers := list(_ASKED_NUMBER.finditer(question)):
        places = (_numbered(question, match) for match in numbers)
        return next((place for place in places if place), None)
    if match := _CODE.search(question):
        return PlaceName(match[0], code=match[0].rstrip("./-"), rest=_rest(question, match))
    for form in (_ASKED_TITLE, _TITLE_BEFORE):
        match = form.search(question)
        if match and form is _ASKED_TITLE and _is_verb(question, match):
            continue
        if match and any(word[0].isupper() for word in words(match["title"])):
            kind = KINDS[match["kind"].lower()]
            return PlaceName(match[0], kind, title=match["title"], rest=_rest(question, match))
    return _bare_heading(question)


def _numbered(question: str, match: re.Match[str]) -> PlaceName | None:
    kind = "section" if match["sign"] else KINDS[match["kind"].lower()]
    written = match["number"]
    number = _SPELLED.get(written.lower(), written.lower())
    is_letter = number.isalpha() and len(number) == 1
    if is_letter and (kind != "appendix" or not written.isupper()) and not _is_place(written, kind):
        return None  # "part a", "section i"
    if number.isalpha() and len(number) > 1 and not (written.isupper() and roman(number)):
        return None  # "section mix"
    if kind == "item" and number.isalpha():
        return None
    if written == "I" and _is_pronoun(question, match):
        return None  # "in which section I can …"
    if not match["sign"] and _is_verb(question, match):
        return None  # "schedule two days off"
    items = tuple(re.findall(r"\((\w+)\)", match["items"].lower()))
    shown = match[0].strip()
    return PlaceName(shown, kind, number, items, rest=_rest(question, match))


def _is_pronoun(question: str, match: re.Match[str]) -> bool:
    """Whether an "I" is who asks, as in "the schedule I received"."""
    if match["kind"] and match["kind"][0].islower():
        return _AFTER_ONE.match(question, match.end()) is None
    return _CAN.match(question, match.end()) is not None


def _is_verb(question: str, match: re.Match[str]) -> bool:
    """Whether a word for a place is a verb here, as in "can I schedule 2 visits"."""
    kind = match["kind"]
    if kind.lower() not in _ALSO_VERBS:
        return False
    number = match.groupdict().get("number") or ""
    is_spelled = number.lower() in _SPELLED and not number[0].isupper()
    before = question[: match.start()]
    is_noun = _BEFORE_NOUN.search(before) is not None or (bool(before) and kind[0].isupper())
    return is_spelled or not is_noun


def _is_place(written: str, kind: str) -> bool:
    """Whether a single capital letter can be a place's name: "Part B", "Chapter V"."""
    return written.isupper() and (kind in ("part", "chapter", "section", "article"))


def _bare_heading(question: str) -> PlaceName | None:
    """A few words that ask nothing may be a heading, as the chat offers them."""
    said = words(question)
    asks = question.rstrip().endswith(("?", "？", "؟", "."))
    if asks or not 0 < len(said) <= 12 or not question[:1].isupper():
        return None
    return PlaceName(question.strip(), title=question.strip())


def _rest(question: str, match: re.Match[str]) -> frozenset[str]:
    left = question[: match.start()] + " " + question[match.end() :]
    said = [word.lower().replace("’", "'") for word in words(left)]
    said = [part for word in said for part in (word.split("'") if len(word) > 3 else [word])]
    return frozenset(stems(" ".join(w for w in said if w not in _FILLING and len(w) > 1)))


def roman(text: str) -> int:
    """The value of a Roman numeral up to 399, or 0."""
    if not _ROMAN.fullmatch(text):
        return 0
    values = [_VALUES[letter] for letter in text.lower()]
    return sum(
        -value if value < after else value
        for value, after in zip(values, [*values[1:], 0], strict=True)
    )


def heading_terms(place: PlaceName, languages: Sequence[str] = ("",)) -> list[list[str]]:
    """Terms that the heading of the place must have: each list is one way to write it.

    ``languages`` are those whose ways of making terms the index has.
    """
    if place.title:
        return [stems(place.title, language) for language in languages]
    if place.code:
        return [stems(place.code)]
    ways = [stems(place.number)]
    if place.number.isdigit() and 0 < int(place.number) < 100:
        ways.append([_as_roman(int(place.number))])
    if value := roman(place.number):
        ways.append([str(value)])
    return ways


def _as_roman(value: int) -> str:
    found = ""
    for worth, letters in zip(
        (90, 50, 40, 10, 9, 5, 4, 1), "xc l xl x ix v iv i".split(), strict=True
    ):
        while value >= worth:
            found, value = found + letters, value - worth
    return found


def is_heading_of(heading: str, place: PlaceName) -> bool:
    """Whether a heading is that of the place: "5. Charges" is section 5, and chapter 5."""
    if place.code:
        return re.match(rf"\W*{re.escape(place.code)}(?![\w])(?!-\d)", heading, re.I) is not None
    match = _HEADING.fullmatch(heading)
    if place.title:
        wanted = stems(place.title)
        plain = match["title"] if match else ""
        return bool(wanted) and (
            stems(heading) == wanted or (plain != "" and stems(plain) == wanted)
        )
    if match is None:
        return False
    written = match["number"].lower()
    kind = "section" if match["sign"] else KINDS.get((match["kind"] or "").lower(), "")
    if kind and kind != place.kind:
        return False
    if not kind and place.kind in ("appendix", "item"):
        return False
    if not kind and written.isalpha() and match["title"] and not match["mark"]:
        return False  # "A survey" is no section A
    if not kind and written.isdigit() and _counts_or_dates(written, match["mark"], match["title"]):
        return False
    return written == place.number or _same_value(written, place.number)


def _counts_or_dates(number: str, mark: str | None, title: str) -> bool:
    """Whether a heading's number is a day, as in "5 March 2024", or counts: "12 Angry Men"."""
    if _MONTH.match(title):
        return mark is None or re.search(r"\d{4}", title) is not None
    if mark is not None or not title:
        return False
    if title[0].islower():
        return True  # "30 days after delivery"
    phrase = [word.lower() for word in takewhile(lambda word: not is_stop_word(word), words(title))]
    if not phrase:
        return False
    is_plural = phrase[-1].endswith("s") and not phrase[-1].endswith(("ss", "us", "is"))
    is_counted = not _COUNTED.isdisjoint(phrase[:3]) and int(number) > 1
    return is_counted or (is_plural and len(phrase) > 1 and int(number) > _SMALL)


def _same_value(one: str, other: str) -> bool:
    if one.isdigit() and other.isdigit():
        return int(one) == int(other)
    values = [int(text) if text.isdigit() else roman(text) for text in (one, other)]
    return values[0] == values[1] > 0


def line_of(text: str, place: PlaceName) -> tuple[int, int] | None:
    """The stretch of a text that a numbered line opens, such as "2.2 A late fee …", or None.

    It ends before the next numbered line of its level; with items, it is that item's.
    """
    is_listed = place.kind in ("item", "rule")  # "3." in a list is step 3, and no section
    if not place.number or place.number.isalpha():
        return None
    if "." not in place.number and not place.items and not is_listed:
        return None
    mark = r"[.):]" if is_listed else r"[.):]?"
    own = rf"(?!{re.escape(place.number)}\.)"  # 2.2.1 is part of 2.2
    opening = re.search(rf"{_LINE}{re.escape(place.number)}{mark}[ \t]", text, re.MULTILINE)
    if opening is None:
        return None
    following = re.compile(rf"{_LINE}{own}{_NUMBER}[.):]?[ \t]+[^\W\d_]", re.MULTILINE)
    after = following.search(text, opening.end())
    start, end = opening.start(), after.start() if after else len(text)
    for item in place.items:
        found = re.search(rf"^[ \t]*\(?{re.escape(item)}[.)][ \t]", text[start:end], re.M | re.I)
        if found is None:
            break
        rest = re.search(r"^[ \t]*\(?\w{1,4}[.)][ \t]", text[start + found.end() : end], re.M)
        end = start + found.end() + rest.start() if rest else end
        start += found.start()
    return start, end


def mentions(text: str, place: PlaceName) -> bool:
    """Whether a text names the place, as in "see section 5"."""
    return any(
        KINDS.get((match["kind"] or "§").lower()) == place.kind
        and match["number"].lower() == place.number
        for match in _ASKED_NUMBER.finditer(text)
    )
