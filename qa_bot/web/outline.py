"""The outline beside a source: the way to where one is, and what lies beside it on that way."""

from __future__ import annotations

from collections.abc import Sequence

from qa_bot.records import Section
from qa_bot.web.escaping import plain

_MOST = 400  # entries; a document with more is opened level by level anyway


def outline_html(sections: Sequence[Section], at: int) -> str:
    """A nested list of sections: all of them, or of many those around a place.

    Args:
        sections: The document's, in reading order.
        at: Offset of the place; the innermost section around it is the current one.
    """
    headed = [section for section in sections if section.path]
    if not headed:
        return ""
    around = [one for one in headed if one.start <= at < one.end]
    current = max(around, key=lambda one: len(one.path), default=None)
    shown = headed if len(headed) <= _MOST else _near(headed, around)
    if len(shown) > _MOST:
        before = sum(one.start <= at for one in shown)
        first = min(max(before - _MOST // 2, 0), len(shown) - _MOST)
        shown = shown[first : first + _MOST]
    items = "".join(_item(one, current) for one in shown)
    return f'<nav class="qa-outline" aria-label="Sections"><ol>{items}</ol></nav>'


def _near(sections: Sequence[Section], around: Sequence[Section]) -> list[Section]:
    """The outermost sections, and of those that hold the place, what is right in them."""
    open_paths = {(), *(one.path for one in around)}
    outermost = min(len(one.path) for one in sections)
    return [one for one in sections if len(one.path) == outermost or one.path[:-1] in open_paths]


def _item(section: Section, current: Section | None) -> str:
    here = ' aria-current="true"' if section is current else ""
    return (
        f'<li style="--depth:{len(section.path) - 1}"><button type="button" class="qa-section"'
        f' value="{section.start}"{here}>{plain(section.path[-1])}</button></li>'
    )
