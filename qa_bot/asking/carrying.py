"""What of a conversation a question may lean on: earlier questions, topic words, a changed year."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from qa_bot.asking.countries import COUNTRIES
from qa_bot.asking.leaning import leaning
from qa_bot.asking.requests import leads_on
from qa_bot.store.analysis import content
from qa_bot.store.opening import Index
from qa_bot.text import is_stop_word, words
from qa_bot.turns import Turn

TURNS = 8  # the latest of a conversation; what was said before them is forgotten
TOPIC_WORDS = 6
# What a word of a turn counts, of what one of the turn after it does: see training/README.md.
_FADES = 0.3
_QUOTED = 0.4  # what a word of a quote counts, of what a question's does
_NAMED = 1.5  # what a name counts, of what another word does
_LONGEST_CARRIED = 300  # characters of an earlier question
_LONGEST_QUOTED = 1_500  # characters of a quote that are looked at

_LEAD = re.compile(
    r"\s*(?:(?:and|but|or|so|then|also|ok|okay|what|how|about|of|same|the\s+same|is\s+it)[,\s]+)*"
    r"(?P<joint>(?:in|for|on|at|of|from|between|during|by|with|to)\s+)?(?P<thing>[^?？]+?)"
    r"\s*[?？.!]*\s*",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(?:FY\s?'?\d\d\b|(?:FY\s?)?(?:19|20)\d\d)\b", re.IGNORECASE)
_QUARTER = re.compile(r"\b(?:Q[1-4]|(?:first|second|third|fourth|last)\s+quarter)\b", re.IGNORECASE)
_MONTH = re.compile(
    r"\b(?:January|February|March|April|May|June|July|August|September|October|November"
    r"|December)\b"
)
_NAME = re.compile(r"\b[A-Z][\w’'&.-]*(?:\s+(?:of\s+(?:the\s+)?)?[A-Z][\w’'&.-]*)*")
_LONGEST_THING = 6  # words of what may take the place of its like
_DATES = (_YEAR, _QUARTER, _MONTH)

Way = Literal["alone", "instead", "previous", "topic"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question as it may be meant, and in what way it was completed.

    ``question`` is what is asked; ``context`` are words of the conversation that are searched
    with it, and that a passage need not have.
    """

    way: Way
    question: str
    context: str = ""

    @property
    def text(self) -> str:
        """All that is searched."""
        return f"{self.context} {self.question}".strip()


def completed(question: str, history: Sequence[Turn], index: Index) -> Candidate | None:
    """The likeliest way in which a question is meant if it leans on a conversation, or None.

    With its like changed in the last question; where it has no words of content ("Why?"), behind
    the last question; else behind the words that tell what is spoken of. On conversations that
    people had about reports, those words find as much as the question written out by a person,
    and half as much again as the last question does (``training/README.md``).
    """
    # What only led on ("Thanks", "What is this document about?") is nothing to lean on.
    questions = [turn for turn in history if not leads_on(turn.question)]
    latest = written_out(questions[-TURNS:])
    if not latest:
        return None
    if (put := instead(question, latest[-1].question)) is not None:
        return Candidate("instead", put)
    topic = topic_words(question, latest, index)
    if leaning(question).bare or not topic:
        return Candidate("previous", question, latest[-1].question[-_LONGEST_CARRIED:])
    return Candidate("topic", question, " ".join(topic))


def written_out(history: Sequence[Turn]) -> list[Turn]:
    """The turns, with what changes a year, place or name of the question before it put there.

    "And in 2022?" after "What were sales in 2021?" counts as "What were sales in 2022?".
    """
    found: list[Turn] = []
    for turn in history:
        asked = instead(turn.question, found[-1].question) if found else None
        if asked is None:
            found.append(turn)
        else:
            found.append(Turn(asked, turn.answer_text, turn.documents, turn.sections))
    return found


def instead(question: str, previous: str) -> str | None:
    """The previous question with what this one names in the place of its like.

    Only where the question is no more than that: "And in 2022?", "What about Poland?". None
    where there is no like, or nothing changes.
    """
    asked = leaning(question)
    if not (asked.fragment or asked.opens) or asked.pronoun:
        return None
    match = _LEAD.fullmatch(question)
    if match is None or not 0 < len(words(match["thing"])) <= _LONGEST_THING:
        return None
    thing = match["thing"].strip()
    for pattern in _DATES:
        if put := _dates(pattern, thing, previous):
            return put
    if any(pattern.search(thing) for pattern in _DATES):
        return None
    return _named(thing, previous)


def _dates(pattern: re.Pattern[str], thing: str, previous: str) -> str | None:
    """The dates of one kind that a question is about, in the place of the last one's."""
    new, old = pattern.findall(thing), list(pattern.finditer(previous))
    rest = pattern.sub(" ", thing)
    is_date = bool(new) and all(is_stop_word(word) for word in words(rest))
    if not is_date or not old or (len(new) != len(old) and len(old) > 1 and len(new) > 1):
        return None
    if len(new) == len(old):
        parts, end = [], 0
        for match, value in zip(old, new, strict=True):
            parts += [previous[end : match.start()], value]
            end = match.end()
        put = "".join((*parts, previous[end:]))
    else:
        put = f"{previous[: old[0].start()]}{' and '.join(new)}{previous[old[-1].end() :]}"
    return None if put == previous else put


def _named(thing: str, previous: str) -> str | None:
    """A name in the place of the one that the last question has; a country in a country's."""
    if not _NAME.fullmatch(thing):
        return None
    named = [match for match in _NAME.finditer(previous) if match.start() > 0]
    if _is_country(thing):
        named = [match for match in named if _is_country(match[0])] or named
    if len(named) != 1 or named[0][0] == thing:
        return None
    (match,) = named
    own = re.search(r"['’]s$", match[0])
    return f"{previous[: match.start()]}{thing}{own[0] if own else ''}{previous[match.end() :]}"


def _is_country(name: str) -> bool:
    return re.sub(r"['’]s$", "", name).casefold() in COUNTRIES


def topic_words(question: str, history: Sequence[Turn], index: Index) -> list[str]:
    """The words that tell most of what a conversation is about, as they were written.

    Rare words and names of the questions and quotes, those of later turns before those of
    earlier ones; none that the question has itself, nor one that no document holds.
    """
    own = set(content(question))
    weights: dict[str, float] = {}
    written: dict[str, str] = {}
    for back, turn in enumerate(reversed(history)):
        quoted = turn.answer_text[:_LONGEST_QUOTED]
        for text, worth in ((turn.question, 1.0), (quoted, _QUOTED)):
            for word in dict.fromkeys(words(text)):
                term = " ".join(content(word))
                if not term or " " in term or term in own:
                    continue
                named = _NAMED if word[:1].isupper() and not text.startswith(word) else 1.0
                written.setdefault(term, word)
                weights[term] = weights.get(term, 0.0) + worth * named * _FADES**back
    lexicon = index.lexicon
    rarity = lexicon.terms(" ".join(written.values())) if written else {}
    found = {
        term: weight * rarity[term]
        for term, weight in weights.items()
        if term in rarity and lexicon.holds(term)
    }
    best = sorted(found, key=lambda term: (-found[term], term))[:TOPIC_WORDS]
    return [written[term] for term in written if term in best]
