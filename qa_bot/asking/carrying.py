"""What of a conversation a question may lean on: earlier questions, topic words, a changed year."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from qa_bot.asking.called import called_so
from qa_bot.asking.countries import COUNTRIES
from qa_bot.asking.leaning import leaning
from qa_bot.asking.requests import leads_on, request_of
from qa_bot.records import Span
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
    r"\s*(?P<lead>(?:(?:and|but|or|so|then|also|ok|okay|what|how|about|of|that|same|the\s+same|is\s+it)[,\s]+)*)"
    r"(?P<joint>(?:in|for|on|at|of|from|between|during|by|with|to|about|regarding)\s+)?"
    r"(?P<thing>[^?？]+?)"
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
_ONE_NAME = re.compile(  # "Wage and Hour Division": alone it is one name, in a question maybe two
    r"[A-Z][\w’'&.-]*(?:\s+(?:(?:of|and|for)\s+(?:the\s+)?)?[A-Z][\w’'&.-]*)*"
)
_FURTHER = re.compile(
    r"\s(?:in|on|at|for|from|between|during|by|with|to|about|since|until|under|per)\s",
    re.IGNORECASE,
)
_QUESTION_WORD = re.compile(r"(?:how|what|which|whose?|whom|when|where|why)\b", re.IGNORECASE)
_LONGEST_THING = 6  # words of what may take the place of its like
_LONGEST_CALLED = 4  # words of what a document is called
_MOST_CHAINED = 3  # questions that lean each on the one before
_DATES = (_YEAR, _QUARTER, _MONTH)
_PLACES = frozenset(("in", "at", "from", "to"))  # "In Ohio?" is no like of "Mr. Smith"
_PERIODS = frozenset("year years fiscal fy quarter quarters month months".split())

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
    latest = written_out(questions[-TURNS:], index)
    if not latest:
        return None
    put = instead(question, latest[-1].question, index)
    if put is not None and not leaning(put).refers:
        return Candidate("instead", put)
    asked = put or question  # "What was its amount in 2022?" leans on what was said before it
    topic = topic_words(asked, latest, index)
    if leaning(asked).bare or not topic:
        return Candidate("previous", asked, _chained(latest)[-_LONGEST_CARRIED:])
    return Candidate("topic", asked, " ".join(topic))


def _chained(latest: Sequence[Turn]) -> str:
    """The last question, behind those before it that it leans on: "What did it cost? Who paid?"."""
    chain = [latest[-1].question]
    for turn in reversed(latest[-_MOST_CHAINED:-1]):
        if not leaning(chain[0]).refers:
            break
        chain.insert(0, turn.question)
    return " ".join(chain)


def written_out(history: Sequence[Turn], index: Index) -> list[Turn]:
    """The turns, with what changes a year, place or name of the question before it put there.

    "And in 2022?" after "What were sales in 2021?" counts as "What were sales in 2022?".
    """
    found: list[Turn] = []
    for turn in history:
        asked = instead(turn.question, found[-1].question, index) if found else None
        if asked is None:
            found.append(turn)
        else:
            found.append(Turn(asked, turn.answer_text, turn.documents, turn.sections))
    return found


def instead(question: str, previous: str, index: Index) -> str | None:
    """The previous question with what this one names in the place of its like.

    Only where the question is no more than that: "And in 2022?", "What about Poland?". Likes are
    dates, names, what documents are called, and what documents are compared on. None where there
    is no like, or nothing changes.
    """
    asked = leaning(question)
    if not (asked.fragment or asked.opens) or asked.pronoun:
        return None
    match = _LEAD.fullmatch(question)
    if match is None or not 0 < len(words(match["thing"])) <= _LONGEST_THING:
        return None
    if _QUESTION_WORD.match(match["thing"]):  # "For how many weeks?" has no like
        return None
    thing, joint = match["thing"].strip(), _joint(match)
    for pattern in _DATES:
        if put := _dates(pattern, thing, previous):
            return put
    if any(pattern.search(thing) for pattern in _DATES):
        return None if leaning(previous).fragment else _dated(joint, thing, previous)
    return (
        _compared(thing, joint, previous)
        or _called(thing, previous, index)
        or (_named(thing, joint, previous) if _may_be_named(match) else None)
        or _joined(thing, joint, previous)
    )


def _joint(match: re.Match[str]) -> str:
    """The preposition before a thing: "about" in "and about it", and none in "what about it"."""
    if match["joint"]:
        return match["joint"].strip().lower()
    lead = ["", *match["lead"].lower().split()]
    joins = lead[-1] in ("about", "of") and lead[-2] not in ("what", "how")
    return lead[-1] if joins and len(lead) > 1 else ""


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


def _dated(joint: str, thing: str, previous: str) -> str | None:
    """The last question with the dates that it lacks: "And in 2022?" after "What were sales?"."""
    rest = thing
    for pattern in _DATES:
        if pattern.search(thing) and pattern.search(previous):
            return None  # nothing changes, or it can't be told what does
        rest = pattern.sub(" ", rest)
    if not all(is_stop_word(word) or word.lower() in _PERIODS for word in words(rest)):
        return None
    return " ".join(filter(None, (previous.rstrip(" ?？.!"), joint, f"{thing}?")))


def _compared(thing: str, joint: str, previous: str) -> str | None:
    """A comparison of the same documents on something else."""
    request = request_of(previous)
    if request is None or request.kind != "comparison" or joint not in ("on", "about", "regarding"):
        return None
    start, found, end = previous.rpartition(request.what or "?")
    if not request.what:
        return f"{previous.rstrip(' ?.!')} on {thing}"
    return f"{start}{thing}{end}" if found and request.what != thing else None


def _called(thing: str, previous: str, index: Index) -> str | None:
    """A document in the place of the one that the last question calls by a part of its title."""
    named = re.fullmatch(r"(?:the\s+)?(?P<name>.+)", thing, re.IGNORECASE)
    if named is None or len(words(thing)) > _LONGEST_CALLED + 1:
        return None
    held = index.documents()
    asked = called_so(named["name"], held)
    if len(asked) != 1:
        return None
    for start, end in _phrases(previous):
        found = called_so(previous[start:end], held)
        if len(found) == 1:
            put = re.sub(r"['’]s$", "", named["name"])
            return None if found == asked else f"{previous[:start]}{put}{previous[end:]}"
    return None


def _phrases(previous: str) -> Iterator[Span]:
    """What may be called a document: a few words behind "the", or a name; the longest first."""
    tokens = [match.span() for match in re.finditer(r"[\w’'&.-]*\w", previous)]
    for place, (start, _) in enumerate(tokens[1:], 1):
        behind = previous[slice(*tokens[place - 1])].lower() == "the"
        if not behind and not previous[start].isupper():
            continue
        for _, end in reversed(tokens[place : place + _LONGEST_CALLED]):
            if not is_stop_word(previous[start:end].rsplit(maxsplit=1)[-1]):
                yield start, end


def _may_be_named(match: re.Match[str]) -> bool:
    """Whether a capital letter says that a thing is a name; that of a lone first word doesn't."""
    thing = match["thing"]
    is_first = match.start("thing") == len(match[0]) - len(match[0].lstrip())
    return not is_first or " " in thing or thing.isupper() or _is_country(thing)


def _named(thing: str, joint: str, previous: str) -> str | None:
    """A name in the place of the one that the last question has; a country in a country's.

    Of several, the one behind the same preposition.
    """
    bare = re.sub(r"^the\s+|['’]s$", "", thing, flags=re.IGNORECASE)
    if not _ONE_NAME.fullmatch(bare):
        return None
    named = [match for match in _NAME.finditer(previous) if match.start() > 0]
    countries = [match for match in named if _is_country(match[0])]
    if _is_country(bare) and countries:
        named = countries
    elif joint in _PLACES or (joint and len(named) > 1):
        behind = re.compile(rf"\b{joint}\s+(?:the\s+)?$", re.IGNORECASE)
        named = [match for match in named if behind.search(previous[: match.start()])]
    if len(named) != 1 or named[0][0] == bare:
        return None
    (match,) = named
    before, own = previous[: match.start()], re.search(r"['’]s$", match[0])
    article = thing.lower().startswith("the ") and not re.search(r"\bthe\s+$", before, re.I)
    return f"{before}{'the ' * article}{bare}{own[0] if own else ''}{previous[match.end() :]}"


def _joined(thing: str, joint: str, previous: str) -> str | None:
    """What stands behind a preposition in the place of what stands so at the question's end.

    "And about floods?" after "What is done about fires?"; where nothing stands so, behind it. What
    follows behind another preposition stays: "And for lead?" after "… for zinc in water?".
    """
    before = leaning(previous)
    if not joint or leaning(thing).refers or before.refers or before.fragment:
        return None
    plain = previous.rstrip(" ?？.!")
    kept, found, rest = plain.rpartition(f" {joint} ")
    further = _FURTHER.search(rest)
    old, after = (rest[: further.start()], rest[further.start() :]) if further else (rest, "")
    if found and len(words(old)) <= _LONGEST_THING:
        return f"{kept} {joint} {thing}{after}?" if old.casefold() != thing.casefold() else None
    return f"{plain} {joint} {thing}?"


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
