"""What to begin with, while nothing has been asked: sections to open, and questions to ask."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from qa_bot.errors import QaBotError
from qa_bot.records import Answer, DocumentSummary, Section
from qa_bot.web.links import SourceLink, link_query

if TYPE_CHECKING:
    from qa_bot import Index

_MOST = 10
_DOCUMENTS = 12  # that are looked through
_QUESTIONS = 4
_SECONDS = 5.0  # after which no more are tried
_NUMBER = re.compile(r"^(?:[0-9]+[.)]?|[A-Z][0-9]*[.)]|[IVX]+[.)]|§\s?[0-9]+)(?:[0-9.]*)\s+")
_MAX_HEADING = 90  # characters


@dataclass(frozen=True, slots=True)
class StartingPoint:
    """A section: its heading without a number, the document's title, and the link that opens it."""

    heading: str
    title: str
    query: str


def starting_points(
    index: Index, documents: Sequence[DocumentSummary]
) -> tuple[StartingPoint, ...]:
    """Sections to begin with, in reading order, of as many documents as there is room for.

    Of each document its outermost headings with two words or more: "Introduction"
    tells nothing. A heading above all others is the title, so the next level counts.
    """
    each = [_points(one, index.sections(one.id)) for one in documents[:_DOCUMENTS]]
    points: dict[str, StartingPoint] = {}
    for turn in zip_longest(*each):
        for point in filter(None, turn):
            points.setdefault(point.heading, point)
    return tuple(points.values())[:_MOST]


def answered(index: Index, ask: Callable[[str], Answer]) -> tuple[str, ...]:
    """Questions about those sections that are answered from them: each was asked to know.

    Args:
        index: Where they are looked for.
        ask: Answers from it.
    """
    until = time.monotonic() + _SECONDS
    found: list[str] = []
    english = [one for one in index.documents() if one.language in ("", "en")]
    for point in starting_points(index, english):
        if len(found) == _QUESTIONS or time.monotonic() > until:
            break
        is_question = point.heading.endswith("?")
        question = point.heading if is_question else f"What is said about {point.heading}?"
        with suppress(QaBotError):
            answer = ask(question)
            sections = [" ".join(quote.passage.section) for quote in answer.quotes[:1]]
            if answer.found and not answer.navigation and point.heading in "".join(sections):
                found.append(question)
    return tuple(found)


def _points(document: DocumentSummary, sections: Sequence[Section]) -> list[StartingPoint]:
    named = [section for section in sections if section.path]
    outermost = min((len(section.path) for section in named), default=0)
    alone = sum(len(section.path) == outermost for section in named) == 1
    level = outermost + 1 if alone and len(named) > 1 else outermost
    points = []
    for section in named:
        heading = _NUMBER.sub("", section.path[-1].strip())
        if len(section.path) == level and " " in heading and len(heading) <= _MAX_HEADING:
            end = min(section.end, section.start + len(section.path[-1]))
            place = SourceLink(document.digest, section.start, end, (), document.id)
            points.append(StartingPoint(heading, document.title, link_query(place)))
    return points
