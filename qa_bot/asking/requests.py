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
_THING = r"document|documents|file|files|report|article|paper|text|pdf|book|manual|policy|contract"
_THIS = rf"(?:this|that|the|these|my|our|it|here)(?:\s+(?:whole|entire|same))?(?:\s+(?:{_THING}))?"
_OF = r"(?:\s+(?:of|in|for|about|on|from|does)\s+(?P<of>.+?)(?:\s+(?:have|has|contain))?)"


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
            r"|ok|okay|cool|awesome|got\s+it|i\s+see|well\s+done|how\s+are\s+you)"
            r"(?:\s+(?:there|bot|all|very\s+much|so\s+much|a\s+lot|again|later|job|work|today))*"
            r"(?:\s+for\s+(?:your|the)\s+(?:help|answer|answers))?[\s,.!?;:–-]*)+",
            re.IGNORECASE,
        ),
    ),
    (
        "help",
        _form(
            r"help(?:\s+me)?|what\s+(?:can|do)\s+you\s+do|what\s+are\s+you(?:\s+able\s+to\s+do)?"
            r"|who\s+are\s+you|how\s+(?:do|does|can)\s+(?:you|this|it|i\s+use\s+(?:you|this))"
            r"(?:\s+(?:bot|app|chat|tool))?(?:\s+work)?|what\s+can\s+i\s+ask(?:\s+you)?"
            r"|how\s+can\s+you\s+help(?:\s+me)?|are\s+you\s+(?:an?\s+)?(?:bot|ai|robot|human|chatgpt)"
        ),
    ),
    (
        "documents",
        _form(
            r"(?:list|show|name|give|tell)(?:\s+me)?(?:\s+all)?(?:\s+of)?(?:\s+(?:the|my|your|our))?"
            r"(?:\s+(?:indexed|available|loaded))?\s+(?:documents|files|reports|sources)"
            r"(?:\s+(?:you\s+have|available|there\s+are|in\s+the\s+index))?"
            r"|(?:what|which)\s+(?:documents|files|reports|sources)\s+(?:do\s+(?:you|we|i)\s+have"
            r"|are\s+(?:there|indexed|available|loaded|in\s+the\s+index)|can\s+you\s+(?:read|search|see)"
            r"|have\s+you\s+(?:got|read)|do\s+you\s+know)"
        ),
    ),
    (
        "size",
        _form(
            r"how\s+many\s+(?P<unit2>pages|documents|files|reports)"
            r"|how\s+(?:many\s+(?P<unit>pages|documents|files|reports)|long)"
            r"(?:\s+(?:are\s+(?:there|indexed)|is\s+there|do\s+(?:you|we|i)\s+have)(?:\s+in\s+(?P<of>.+?))?"
            r"|\s+(?:does|is|are|has)\s+(?P<of2>.+?)(?:\s+(?:have|has|long))?|\s+in\s+(?P<of3>.+?))"
        ),
    ),
    (
        "about",
        _form(
            rf"what(?:['’]s|\s+is|\s+are|\s+does)\s+(?P<of>{_THIS}|.+?)\s+(?:all\s+)?(?:about|cover|say)"
            r"|(?:summari[sz]e|sum\s+up|describe)\s+(?P<of2>.+?)"
            rf"|(?:(?:give|show|write|make)(?:\s+me)?\s+)?(?:an?|the)\s+(?:short\s+|brief\s+|quick\s+)?"
            rf"(?:summary|overview|abstract){_OF.replace('<of>', '<of3>')}?"
            r"|(?:tl;?dr|summary|overview|abstract)"
        ),
    ),
    (
        "outline",
        _form(
            r"(?:(?:show|give|list|what(?:['’]s|\s+is|\s+are))(?:\s+me)?\s+)?(?:all\s+)?(?:the\s+|an\s+)?"
            r"(?:outline|table\s+of\s+contents|contents|structure|sections|chapters|headings)"
            rf"(?:\s+are\s+there)?{_OF}?"
            r"|(?:what|which)\s+(?:sections|chapters|headings)\s+(?:are\s+(?:there|in\s+(?P<of2>.+?))"
            r"|does\s+(?P<of3>.+?)\s+have)"
            r"|how\s+is\s+(?P<of4>.+?)\s+(?:organi[sz]ed|structured)"
        ),
    ),
    (
        "list",
        _form(
            r"(?:(?:list|enumerate|name)(?:\s+me)?|(?:show|give)(?:\s+me)?\s+(?:a\s+list\s+of|all))"
            r"(?:\s+(?:all|each))?(?:\s+of)?(?:\s+(?:the|its|their))?(?:\s+(?:main|key|major|various))?"
            r"\s+(?P<what>[^?.!]+?)(?:\s+(?:in|of|from)\s+(?P<of>(?:this|that|the)\s+(?:document|report"
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

_OPENED = re.compile(
    rf"{_POLITE}(?:summari[sz]e|sum\s+up|show|open|read|go\s+to|display|quote)(?:\s+me)?\s+", re.I
)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. ``of`` is what the request calls a document, "" where it names none.

    ``what`` is what is to be listed or compared, ``sides`` the documents that are compared.
    """

    kind: Kind
    of: str = ""
    what: str = ""
    sides: tuple[str, ...] = ()
    counts_documents: bool = False  # "how many documents", where else pages are meant


def request_of(question: str) -> Request | None:
    """The request that a question is, or None, which is nearly always."""
    if len(question) > 200:
        return None
    for kind, form in RULES:
        match = form.fullmatch(question)
        if match is None:
            continue
        named = {name.rstrip("234"): value for name, value in match.groupdict().items() if value}
        sides = (named["a"], named["b"]) if "a" in named else ()
        counts = kind == "size" and named.get("unit", "pages").lower() != "pages"
        return Request(kind, named.get("of", ""), named.get("what", ""), sides, counts)
    return None


def opens_place(question: str) -> bool:
    """Whether a question that names a place asks for it to be shown, not what it says."""
    return _OPENED.match(question) is not None


def is_this(name: str) -> bool:
    """Whether a name means the document that is spoken of, or the only one."""
    return re.fullmatch(rf"\s*(?:all\s+of\s+)?(?:{_THIS}|{_THING})?\s*", name, re.I) is not None
