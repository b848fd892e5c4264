"""Which of a passage's sentences stand beside each other, and what a question says of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile
from typing import Literal

from qa_bot.record_lines import record_starts
from qa_bot.text import CELLS, STAMP, words

Kind = Literal["row", "item", "line", "entry", ""]
"""A table's row, a list's item, a record or a line of a log, an entry ("Status: open"); empty for
prose.
"""

_ITEM = re.compile(r"(?:[-*+•–·]|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,5})[.)])\s")  # a list's marker
_ENTRY = re.compile(r"(?P<label>\w[\w /-]{0,40}):\s+\S")
_BETWEEN = re.compile(r"\n\s*\n")  # paragraphs
_SAME_WORD = 5  # letters that two words must share to be forms of one: "attended", "attendees"
_ENDING = 3  # letters by which each may go on
_CLOSES = re.compile(
    r"(?:(?:yours|very) \w+|(?:yours )?(?:sincerely|faithfully|truly)(?: yours)?"
    r"|(?:(?:kind|best|warm)(?:est)? )?(?:regards|wishes)|mit (?:freundlichen|besten) grüßen"
    r"|(?:bien )?cordialement|atentamente)[,.]?",
    re.IGNORECASE,
)
_ASKS = ("?", "？", "؟")
_AFTER_MARK = "\"'”’»)]*_ "  # may stand after a question mark
# Of a letter: what it asks somebody to do.
_REQUEST = re.compile(
    r"(?:[A-Z]\w+(?:\s[A-Z]\w+)?,\s+(?:please\s+)?|[Pp]lease\s+)"
    r"(?P<asks>[Cc]an|[Cc]ould|[Ww]ould|[Ww]ill)\s+you\b(?P<please>\s+(?:please|kindly)\b)?"
)
_ASKS_ADDRESSEE = re.compile(
    r"\bto whom\b|\bwho(?:m)?\b.*\b(?:addressed|sent|written) to\b|\b(?:addressee|recipient)s?\b",
    re.IGNORECASE,
)
_LONGEST = 200  # characters of an item or a line; a longer one is prose
_PROSE_ENDS = (".", "!", "?", '."', ".)", ".”")


def are_siblings(text: str, sentences: Sequence[str]) -> list[Kind]:
    """What each of a passage's sentences is among others of its kind.

    A row is a line of cells among others with as many; an item a short line with a marker;
    a line of a log begins with a date or a time; an entry with a label. Other records ("AFN:971")
    are lines as well.
    """
    lines = {line.strip() for line in text.split("\n")}
    records = {
        block[start:].partition("\n")[0].strip()
        for block in _BETWEEN.split(text)
        for start in record_starts(block)
    }
    alone = [sentence if sentence in lines else "" for sentence in sentences]
    cells = [one.count(CELLS) for one in alone]
    kinds: list[Kind] = []
    for one, count in zip(alone, cells, strict=True):
        is_short = 0 < len(one) <= _LONGEST
        if count and cells.count(count) > 1:
            kinds.append("row")
        elif is_short and STAMP.match(one):
            kinds.append("line")
        elif is_short and _ENTRY.match(one):
            kinds.append("entry")
        elif is_short and one in records:
            kinds.append("line")
        else:
            kinds.append("item" if is_short and _ITEM.match(one) and one[-1] not in ":：" else "")
    return [kind if kind == "row" or kinds.count(kind) > 1 else "" for kind in kinds]


def alone_names(
    kinds: Sequence[Kind], held: Sequence[frozenset[str]], titles: Sequence[bool] = ()
) -> list[bool]:
    """Which items and lines are passed over, since one beside them alone names what is asked.

    It does where it has all of the question's words that any of its kind has, and no other
    has them all. A title above them that has none of these words is passed over as well.
    Rows are left to their table's cells, and entries to their labels.

    Args:
        kinds: Of each sentence, as ``are_siblings`` gives them.
        held: The question's search terms in each.
        titles: Whether each is neither prose nor one of them.
    """
    gone = [False] * len(kinds)
    for kind in ("item", "line"):
        places = [place for place, one in enumerate(kinds) if one == kind]
        every: frozenset[str] = frozenset().union(*(held[place] for place in places))
        full = [place for place in places if held[place] == every]
        if every and len(full) == 1:
            for place in places:
                gone[place] = place != full[0]
            for place, is_title in enumerate(titles):
                gone[place] |= is_title and held[place].isdisjoint(every)
    return gone


def others_labelled(question: str, kinds: Sequence[Kind], sentences: Sequence[str]) -> list[bool]:
    """Which entries are passed over, since another one's label alone is what is asked for.

    Forms of a word count: who "attended" is said by "Attendees: …".
    """
    asked = [word.casefold() for word in words(question)]
    places = [place for place, kind in enumerate(kinds) if kind == "entry"]
    named = [place for place in places if _is_named(sentences[place], asked)]
    return [place in places and named != [place] and len(named) == 1 for place in range(len(kinds))]


def _is_named(sentence: str, asked: Sequence[str]) -> bool:
    entry = _ENTRY.match(sentence)
    label = [word.casefold() for word in words(entry["label"])] if entry else []
    return bool(label) and all(any(_are_forms(one, other) for other in asked) for one in label)


def _are_forms(one: str, other: str) -> bool:
    shared = sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    )
    return one == other or (shared >= _SAME_WORD and max(len(one), len(other)) <= shared + _ENDING)


def in_other_forms(
    kinds: Sequence[Kind], paragraphs: Sequence[int], held: Sequence[frozenset[str]]
) -> list[bool]:
    """Which entries are passed over, since another form alone is about what is asked.

    Forms are paragraphs of entries ("Name: …", "Phone: …"). One of them is meant where it has
    all of the question's words that any has, and no other has them all.

    Args:
        kinds: Of each sentence, as ``are_siblings`` gives them.
        paragraphs: The paragraph that each is of.
        held: The question's search terms in each.
    """
    forms: dict[int, list[int]] = {}
    for place, (kind, paragraph) in enumerate(zip(kinds, paragraphs, strict=True)):
        if kind == "entry":
            forms.setdefault(paragraph, []).append(place)
    terms = {
        paragraph: frozenset[str]().union(*(held[place] for place in places))
        for paragraph, places in forms.items()
        if len(places) > 1
    }
    every = frozenset[str]().union(*terms.values())
    meant = [paragraph for paragraph, own in terms.items() if own == every]
    is_told = len(terms) > 1 and len(meant) == 1
    return [
        is_told and kind == "entry" and paragraph != meant[0]
        for kind, paragraph in zip(kinds, paragraphs, strict=True)
    ]


def signatures(question: str, sentences: Sequence[str]) -> list[bool]:
    """Which sentences only say whom a letter is from, where a question asks whom it is for.

    Those are its closing ("Yours faithfully,") and what stands below.
    """
    closes = [bool(_CLOSES.fullmatch(sentence)) for sentence in sentences]
    if not _ASKS_ADDRESSEE.search(question) or not any(closes):
        return [False] * len(sentences)
    return [any(closes[max(0, place - 1) : place + 1]) for place in range(len(sentences))]


def leads_to_answer(sentence: str, after: str) -> bool:
    """Whether a sentence is a question that the one after it answers, as in a list of questions.

    What a letter asks somebody to do ("Ingo, can you tell them?") is no such question, nor is one
    that nothing but a closing follows.
    """
    if not sentence.rstrip(_AFTER_MARK).endswith(_ASKS) or not after:
        return False
    request = _REQUEST.match(sentence)
    is_request = request is not None and (request.start("asks") > 0 or request["please"])
    return not is_request and not _CLOSES.fullmatch(after.partition("\n")[0].strip())


def is_prose(sentence: str) -> bool:
    """Whether a sentence is a whole one: it has an opening, a full stop, and no marker."""
    opens = sentence[:1].isupper() or not sentence[:1].isascii()
    return opens and sentence.endswith(_PROSE_ENDS) and not _ITEM.match(sentence)
