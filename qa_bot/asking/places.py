"""The place that a question names, looked up: the passages under that heading, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qa_bot.asking.place_names import (
    PlaceName,
    heading_terms,
    is_heading_of,
    line_of,
    mentions,
    named_place,
)
from qa_bot.records import Passage, Sentence
from qa_bot.store.analysis import stems
from qa_bot.store.opening import Index
from qa_bot.store.rows import Placed
from qa_bot.text import name_words

_LOOKED_AT = 1_000  # passages whose headings may be the one meant
_READ = 200  # passages that may hold a numbered line
_MOST_LISTS = 3  # that may have the item that is asked for
_FIRM = frozenset(("section", "article", "chapter", "appendix"))  # who names one means a place
_WHERE = ("headings", "text")


@dataclass(frozen=True, slots=True)
class Found:
    """What stands at a place: for each place that may be meant its passages' ids, in order.

    ``itself`` tells whether the question asks for the place and nothing else.
    """

    name: PlaceName
    places: tuple[tuple[int, ...], ...] = ()
    itself: bool = False

    def is_missing(self, passage: Passage) -> bool:
        """Whether the place is named, and neither found nor mentioned in the passage."""
        firm = self.name.kind in _FIRM and not self.name.title
        return firm and not self.places and not mentions(passage.text, self.name)

    def sentences(self, passage: Passage) -> list[Sentence]:
        """What answers in one of its passages: the numbered line's sentences, or the first."""
        return self.line(passage)[:2] or list(passage.sentences[:1])

    def line(self, passage: Passage) -> list[Sentence]:
        """The sentences of the numbered line that is the place; none where it is no line."""
        line = line_of(passage.text, self.name)
        if line is None:
            return []
        start, end = line[0] + passage.start, line[1] + passage.start
        inside = [one for one in passage.sentences if start <= one.start < end]
        return inside or [one for one in passage.sentences if one.end > start][:1]


def find_place(question: str, index: Index, documents: Sequence[str] | None = None) -> Found | None:
    """Look up the place that a question names; None where it names none.

    A few words that ask nothing are a place only where they are a heading.

    Raises:
        UnknownDocumentError
    """
    name = named_place(question)
    if name is None:
        return None
    scope = None if documents is None else index.scope(documents)[0]
    under = _under_heading(name, index, scope) or _at_line(name, index, scope)
    if not under and not name.kind:
        return None
    if named := [place for place in under if _is_of(name, place)]:
        under = named
    groups: dict[tuple[int, tuple[str, ...]], list[int]] = {}
    for place in under:
        groups.setdefault((place.document, _own_path(name, place)), []).append(place.number)
    if name.kind == "item" and len(groups) > _MOST_LISTS:
        return None  # a step 3 is in many a list
    itself = not name.rest or bool(named)
    return Found(name, tuple(tuple(group) for group in groups.values()), itself)


def _is_of(name: PlaceName, place: Placed) -> bool:
    """Whether what else the question says names the document, and nothing else."""
    return bool(name.rest) and name.rest <= set(
        stems(" ".join((place.title, *name_words(place.name))))
    )


def _own_path(name: PlaceName, place: Placed) -> tuple[str, ...]:
    """The headings down to the place's own; all of them where it is a line of the text."""
    for depth, heading in enumerate(place.path, 1):
        if is_heading_of(heading, name):
            return place.path[:depth]
    return place.path


def _under_heading(name: PlaceName, index: Index, scope: list[int] | None) -> list[Placed]:
    kind = stems(name.kind)
    for terms in heading_terms(name, index.lexicon.languages):
        numbers = index.lexicon.holding(
            "headings", dict.fromkeys(terms), {*kind, *name.rest}, _LOOKED_AT, scope
        )
        under = _matching(name, index.places(numbers))
        if under and len(numbers) == _LOOKED_AT:  # there may be more of these sections
            held = {place.document for place in under[:_READ]}
            among = [one for one in sorted(held) if scope is None or one in scope]
            numbers = index.lexicon.holding(
                "headings", dict.fromkeys(terms), (), 10 * _LOOKED_AT, among
            )
            under = _matching(name, index.places(numbers))
        if under:
            return under
    return []


def _matching(name: PlaceName, places: Sequence[Placed]) -> list[Placed]:
    """Those under the place's heading."""
    return [
        place for place in places if any(is_heading_of(heading, name) for heading in place.path)
    ]


def _at_line(name: PlaceName, index: Index, scope: list[int] | None) -> list[Placed]:
    """The passages in which a numbered line opens the place: "2.2 A late fee …"."""
    if not name.number or name.number.isalpha():
        return []
    numbers: dict[int, None] = {}
    above, _, _ = name.number.partition(".")
    helping = {*stems(name.number), *name.rest}
    for where, required in zip(_WHERE, ([above], stems(name.number)), strict=True):
        found = index.lexicon.holding(where, dict.fromkeys(required), helping, _READ, scope)
        numbers.update(dict.fromkeys(found))
    passages = index.passages(numbers)
    holding = [number for number, one in passages.items() if line_of(one.text, name)]
    return index.places(holding)
