"""How a question's own words lean on what was said before: "it", "there", "and in 2022?"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa_bot.store.analysis import content
from qa_bot.text import is_stop_word, words

_PRONOUNS = frozenset("it its itself he him his she her hers they them their theirs".split())
_POINTS = frozenset("this that these those there such here then".split())
_OTHERS = frozenset("another other others else same both former latter ones".split())
_JOINS = re.compile(  # "the plan that pays", "say that it pays": no pointing
    r"\b(?:say|says|said|know|think|believe|mean|means|ensure|sure|show|shows|so|fact|told)\s+that\b"
    r"|\b(?!(?:is|was|are|were|of|in|on|at|by|for|to|from|about|with|than|like|does|did|do|has|had"
    r"|can|will|would|and|or|but|after|before|since|until|during|under|over|into|through)\b)"
    r"[^\W\d_]{2,}\s+that\s+(?=\w)(?!year|month|day|time|period|quarter|date|case|country|one\b)"
    r"|\b(?:is|are|was|were)\s+there\b|\bthere\s+(?:is|are|was|were)\b|^\s*here\s+(?:is|are)\b",
    re.IGNORECASE,
)
_INSIDE = re.compile(  # an antecedent of its own: "why do banks say that they are safe"
    r"\b(?!(?:what|when|where|why|how|who|which|is|are|was|were|does|do|did|can|could|will|would|"
    r"should|has|have|had|and|but|so|or|if|i|you|we|me|the|a|an|to|of|in|on|for|not|also|any|be|"
    r"there|please|tell|about|please)\b)[^\W\d_]{3,}",
    re.IGNORECASE,
)
_OPENS = re.compile(
    r"\s*(?:and|but|or|so|then|also|ok|okay|what\s+about|how\s+about|what\s+of|what\s+else"
    r"|anything\s+else|who\s+else|same\s+for|since\s+when|why\s+not|how\s+so|how\s+come)\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\s*(?:(?:and|but|so|then|also|ok|okay|please)[,\s]+)*(?:what|when|where|why|how|who|whom|which"
    r"|whose|is|are|was|were|does|do|did|can|could|may|must|should|will|would|has|have|had|shall"
    r"|might|am|in\s+what|in\s+which|at\s+what|for\s+what|to\s+what|by\s+how|list|name|tell|give"
    r"|show|explain|describe|define|compare|summari[sz]e|i|i'm|i've|my)\b",
    re.IGNORECASE,
)
_ALWAYS = frozenset(("its", "their", "theirs", "his", "hers"))


@dataclass(frozen=True, slots=True)
class Leaning:
    """What a question's words show; each is a yes or a share in [0, 1].

    ``names`` are the words of it that point to something said before, as they are written.
    """

    pronoun: bool  # "it", "their", with nothing before it in the question that it may mean
    inside: bool  # such a word that may mean something in the question
    points: bool  # "that year", "there", "the same"
    opens: bool  # "and …", "what about …"
    fragment: bool  # no question: "In 2022?", "International sales."
    bare: bool  # no content words at all: "why?"
    short: float  # 1 for one content word, 1/2 for two, …; 1 for none
    names: tuple[str, ...] = ()

    @property
    def refers(self) -> bool:
        """Whether it says that something is meant that it doesn't name."""
        return self.pronoun or self.points or self.opens or self.bare


def leaning(question: str) -> Leaning:
    """Look at a question's words alone."""
    plain = _JOINS.sub(" ", question)
    said = words(plain)
    pronouns = [word for word in said if _bare(word) in _PRONOUNS]
    points = [word for word in said if word.lower() in _POINTS | _OTHERS]
    count = len(dict.fromkeys(content(question)))
    first = plain.lower().find(pronouns[0].lower()) if pronouns else -1
    has_own = first > 0 and _INSIDE.search(_before(plain, pronouns[0])) is not None
    return Leaning(
        pronoun=bool(pronouns) and not has_own,
        inside=bool(pronouns) and has_own,
        points=bool(points),
        opens=_OPENS.match(question) is not None,
        fragment=_ASKS.match(question) is None,
        bare=not any(not is_stop_word(word) for word in words(question)),
        short=1 / max(1, count),
        names=tuple(dict.fromkeys((*pronouns, *points))),
    )


def _bare(word: str) -> str:
    """A word without what is joined to it: "it's" is "it"."""
    return word.lower().replace("’", "'").partition("'")[0]


def _before(text: str, word: str) -> str:
    found = re.search(rf"\b{re.escape(word)}\b", text)
    return text[: found.start()] if found else ""


def shared(terms: Sequence[str], earlier: Sequence[str]) -> float:
    """The share of a question's terms that were said before; 0 where it has none."""
    said = set(earlier)
    return sum(term in said for term in terms) / len(terms) if terms else 0.0
