"""Headings → the section tree; shared by every loader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qa_bot.records import Section


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading found in a document's text. A smaller ``level`` is further out."""

    text: str
    level: int
    start: int
    end: int
    anchor: str = ""


def nest_sections(headings: Sequence[Heading], length: int) -> tuple[Section, ...]:
    """Build the section tree of a text of ``length`` code points.

    Each heading opens a section that lasts until the next heading of the same
    or an outer level. Levels need not be consecutive: a heading goes under the
    nearest earlier one of a smaller level. The first section is the whole
    document, with the path ``()``.
    """
    sections = [Section(path=(), start=0, end=length)]
    open_headings: list[Heading] = []
    for number, heading in enumerate(headings):
        while open_headings and open_headings[-1].level >= heading.level:
            open_headings.pop()
        open_headings.append(heading)
        end = next(
            (later.start for later in headings[number + 1 :] if later.level <= heading.level),
            length,
        )
        path = tuple(outer.text for outer in open_headings)
        sections.append(Section(path=path, start=heading.start, end=end, anchor=heading.anchor))
    return tuple(sections)
