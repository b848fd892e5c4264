"""Requests that no quote answers, by a few rules: what is asked for, and of what.

Only what is asked in one of these forms, and nothing else, is a request: "Summarise this report."
is one, "Summarise the differences between good and bad bots." is a question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_POLITE = (
    r"\s*(?:(?:please|could\s+you|can\s+you|would\s+you|will\s+you|i\s+want\s+you\s+to|now|ok(?:ay)?"
    r"|so|and|well|hi|hello|hey)[,\s]+)*(?:please\s+)?"
)
_END = r"[\s,]*(?:please|now|for\s+me|to\s+me)?\s*[.?!]*\s*"
_THING = r"document|documents|file|files|report|article|paper|text|pdf"
# A document may be one of these, and as well tell of one: "this contract", but not "the contract".
_WORK = (
    r"book|manual|policy|contract|handbook|guide|guidelines|rules|act|law|regulations?|agreement"
    r"|plan|strategy|memo|minutes|letter|presentation|slides|notes|thesis|study|statement|brochure"
)
_THIS = (
    rf"(?:this|that|the|these|my|our|it|here)(?:\s+(?:whole|entire|same))?(?:\s+(?:{_THING}))?"
    rf"|(?:this|these|my|our)\s+(?:{_WORK})"
)
_OF = r"(?:\s+(?:of|in|for|about|on|from|does)\s+(?P<of>.+?)(?:\s+(?:have|has|contain))?)"

_OPENING = r"(?:summari[sz]e|sum\s+up|show|open|read|go\s+to|display|quote)(?:\s+me)?\s+"


def _form(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"{_POLITE}(?:{pattern}){_END}", re.IGNORECASE | re.DOTALL)


Kind = Literal[
    "courtesy", "help", "documents", "size", "about", "outline", "section", "list", "comparison"
]
RULES: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "courtesy",
        re.compile(
            r"\s*(?:(?:hi|hiya|hello|hey|greetings|good\s+(?:morning|afternoon|evening|day|night)"
            r"|thanks?(?:\s+you)?|thank\s+you|thx|cheers|bye|goodbye|see\s+you|great|perfect|nice"
            r"|ok|okay|cool|awesome|got\s+it|i\s+see|well\s+done|how\s+are\s+you|yes|no|sure|wow"
            r"|alright|all\s+right|understood|never\s+mind|(?:that|this|it)\s+helps|(?:very\s+)?helpful"
            r"|(?:that|this|it)(?:['’]s|\s+is|\s+was)\s+(?:(?:very|really|quite|so)\s+)?"
            r"(?:all|helpful|great|good|fine|clear|nice|perfect|it))\b"
            r"(?:\s+(?:there|bot|all|very\s+much|so\s+much|a\s+lot|again|later|job|work|today))*"
            r"(?:\s+for\s+(?:your|the)\s+(?:help|answer|answers))?[\s,.!?;:–-]*)+",
            re.IGNORECASE,
        ),
    ),
    (
        "help",
        _form(
            r"help(?:\s+me)?|what\s+(?:can|do)\s+you\s+do|what\s+are\s+you(?:\s+able\s+to\s+do)?"
            r"|who\s+are\s+you|who\s+(?:made|built|created|wrote|developed)\s+you"
            r"|what(?:['’]s|\s+is)\s+your\s+name"
            r"|how\s+(?:do\s+you|does\s+this(?:\s+(?:bot|app|chat|tool))?)\s+work"
            r"|how\s+(?:do|can)\s+i\s+use\s+(?:you|this(?:\s+(?:bot|app|chat|tool))?)"
            r"|what\s+can\s+i\s+ask(?:\s+you)?"
            r"|how\s+can\s+you\s+help(?:\s+me)?|are\s+you\s+(?:an?\s+)?(?:bot|ai|robot|human|chatgpt)"
        ),
    ),
    (
        "documents",
        _form(
            r"(?:list|show|name|give|tell)(?:\s+me)?(?:\s+all)?(?:\s+of)?(?:\s+(?:the|my|your|our))?"
            r"(?:\s+(?:indexed|available|loaded))?\s+(?:documents|files|reports|sources)"
            r"(?:\s+(?:you\s+have|available|there\s+are|in\s+the\s+index))?"
            r"|(?:what|which)\s+(?:documents|files|reports|sources)\s+(?:do\s+you\s+have"
            r"|are\s+(?:there|indexed|available|loaded|in\s+the\s+index)|can\s+you\s+(?:read|search|see)"
            r"|have\s+you\s+(?:got|read)|do\s+you\s+know)"
        ),
    ),
    (
        "size",
        _form(
            r"how\s+many\s+(?P<unit>pages|documents|files)"
            r"(?:\s+(?:are\s+(?:there|indexed)|do\s+you\s+have)(?:\s+in\s+(?P<of>.+?))?)?"
            r"|how\s+many\s+pages\s+(?:(?:does|do|has)\s+(?P<of2>.+?)(?:\s+have)?"
            r"|(?:is|are)\s+(?P<of3>.+?)(?:\s+long)?|(?:are\s+)?in\s+(?P<of4>.+?))"
            r"|how\s+(?P<long>long)\s+is\s+(?P<of5>.+?)"
        ),
    ),
    (
        "section",
        _form(
            rf"{_OPENING}(?:the\s+)?(?:(?:section|chapter|part)\s+(?:on|about|called|named|titled)"
            r"\s+(?P<what>.+?)|(?!(?:an?|this|that|each|any)\b)(?P<what2>.+?)\s+(?:section|chapter))"
        ),
    ),
    (
        "about",
        _form(
            rf"what(?:['’]s|\s+is|\s+are)\s+(?P<of>{_THIS}|.+?)\s+(?:all\s+)?about"
            rf"|what\s+does\s+(?P<of4>.+?)\s+(?P<cover>cover|say)"
            r"|(?:summari[sz]e|sum\s+up|(?P<describe>describe))\s+(?P<of2>.+?)"
            rf"|(?:(?:give|show|write|make)(?:\s+me)?\s+)?(?:an?|the)\s+(?:short\s+|brief\s+|quick\s+)?"
            rf"(?:summary|overview|abstract){_OF.replace('<of>', '<of3>')}?"
            r"|(?:tl;?dr|summary|overview|abstract)"
        ),
    ),
    (
        "outline",
        _form(
            r"(?:(?:show|give|list|what(?:['’]s|\s+is|\s+are))(?:\s+me)?\s+)?(?:all\s+)?(?:the\s+|an\s+)?"
            r"(?:(?:outline|table\s+of\s+contents|sections|chapters|headings)"
            rf"(?:\s+are\s+there)?{_OF}?|(?:structure|contents){_OF.replace('<of>', '<of5>')})"
            r"|(?:what|which)\s+(?:sections|chapters|headings)\s+(?:are\s+(?:there|in\s+(?P<of2>.+?))"
            r"|does\s+(?P<of3>.+?)\s+have)"
            r"|how\s+is\s+(?P<of4>.+?)\s+(?:organi[sz]ed|structured)"
        ),
    ),
    (
        "list",
        _form(
            r"(?:(?:list|enumerate|name\s+(?:me\s+)?(?=all|the\s[^?.!]*s\b))(?:\s+me)?"
            r"|(?:show|give)(?:\s+me)?\s+(?:a\s+list\s+of|all))"
            r"\s*(?:all|each)?(?:\s+of)?(?:\s*\bthe)?(?:\s+(?:main|key|major|various))?"
            r"\s+(?P<what>(?!its\b|their\b|his\b|her\b)[^?.!]+?)(?:\s+(?:in|of|from)\s+(?P<of>(?:this|that|the)\s+(?:document|report"
            r"|article|file|paper|text|pdf)|[^?.!]+\.\w{2,5}))?"
        ),
    ),
    (
        "comparison",
        _form(
            r"compare\s+(?P<a>.+?)\s+(?:and|with|to|against|versus|vs\.?)\s+(?P<b>.+?)"
            r"(?:\s+(?:on|regarding|about|in\s+terms\s+of|with\s+regard\s+to|as\s+to|for)\s+(?P<what>.+?))?"
            r"|what\s+do\s+(?P<a2>.+?)\s+and\s+(?P<b2>.+?)\s+(?:each\s+)?say\s+(?:about|on)\s+(?P<what2>.+?)"
        ),
    ),
)
"""A kind of request and its forms; the first that fits the whole of a question counts."""

_OPENED = re.compile(rf"{_POLITE}{_OPENING}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. ``of`` is what the request calls a document, "" where it names none.

    ``what`` is what is to be listed or compared, ``sides`` the documents that are compared.
    ``is_loose`` says that its words ask for something else where they name no document: "What does
    the policy cover?", "How long is it?".
    """

    kind: Kind
    of: str = ""
    what: str = ""
    sides: tuple[str, ...] = ()
    counts_documents: bool = False  # "how many documents", where else pages are meant
    is_loose: bool = False


def request_of(question: str) -> Request | None:
    """The request that a question is, or None, which is nearly always."""
    if len(question) > 200:
        return None
    for kind, form in RULES:
        match = form.fullmatch(question)
        if match is None:
            continue
        named = {name.rstrip("2345"): value for name, value in match.groupdict().items() if value}
        sides = (named["a"], named["b"]) if "a" in named else ()
        counts = kind == "size" and named.get("unit", "pages").lower() != "pages"
        loose = not named.keys().isdisjoint(("long", "cover", "describe"))
        return Request(kind, named.get("of", ""), named.get("what", ""), sides, counts, loose)
    return None


def opens_place(question: str) -> bool:
    """Whether a question that names a place asks for it to be shown, not what it says."""
    return _OPENED.match(question) is not None


def leads_on(question: str) -> bool:
    """Whether a question has no subject that later ones may lean on: "Thanks", "Summarise this"."""
    request = request_of(question)
    if request is None or request.kind in ("list", "comparison"):
        return False
    if request.kind in ("courtesy", "help", "documents"):
        return True
    return is_this(request.of) and (says_document(request.of) or not request.is_loose)


def is_this(name: str) -> bool:
    """Whether a name means the document that is spoken of, or the only one."""
    return re.fullmatch(rf"\s*(?:all\s+of\s+)?(?:{_THIS}|{_THING})?\s*", name, re.I) is not None


def is_pronoun(name: str) -> bool:
    """Whether a name may as well mean anything else that was spoken of: "it", "this"."""
    return re.fullmatch(r"\s*(?:this|that|these|it|here|the|my|our)\s*", name, re.I) is not None


def says_document(name: str) -> bool:
    """Whether a name says that it is one of a document: "the EPA report", "epa.pdf"."""
    return re.search(rf"\b(?:{_THING}|\w+\.\w{{2,5}})\b", name, re.I) is not None


def says_work(name: str) -> bool:
    """Whether a name may be one of a document: "the travel policy"; "a policy" is none."""
    if re.match(r"\s*(?:an?|each|every|any|some|one)\b", name, re.I):
        return False
    return says_document(name) or re.search(rf"\b(?:{_WORK})\b", name, re.I) is not None
