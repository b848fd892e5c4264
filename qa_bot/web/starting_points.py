"""What to begin with, while nothing has been asked: headings of the documents' own sections."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest

from qa_bot.records import Section

_SHOWN = 6
_NUMBER = re.compile(r"^(?:[0-9]+[.)]?|[A-Z][0-9]*[.)]|[IVX]+[.)]|§\s?[0-9]+)(?:[0-9.]*)\s+")
_MAX_HEADING = 90  # characters


def starting_points(documents: Sequence[Sequence[Section]]) -> tuple[str, ...]:
    """Section headings to begin with, in reading order, of as many documents as there is room for.

    Of each document its outermost headings with two words or more: "Introduction"
    asks nothing. A heading above all others is the title, so the next level counts.
    """
    turns = zip_longest(*map(_headings, documents))
    points = dict.fromkeys(heading for turn in turns for heading in turn if heading)
    return tuple(points)[:_SHOWN]


def _headings(sections: Sequence[Section]) -> list[str]:
    paths = [section.path for section in sections if section.path]
    outermost = min(map(len, paths), default=0)
    alone = sum(len(path) == outermost for path in paths) == 1
    level = outermost + 1 if alone and len(paths) > 1 else outermost
    headings = [_NUMBER.sub("", path[-1].strip()) for path in paths if len(path) == level]
    return [heading for heading in headings if " " in heading and len(heading) <= _MAX_HEADING]
