"""Text → HTML: the one door that words from outside go through, and marks around spans of them.

Gradio inserts this HTML as it is (``gr.HTML`` neither sanitises nor parses
Markdown or LaTeX).
"""

from __future__ import annotations

from html import escape
from itertools import pairwise

from qa_bot.records import Span

_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


def plain(text: str) -> str:
    """Text that HTML takes for nothing else; half a character (from a file's name, say) is "?".

    Good for an attribute's value in double quotes, too.
    """
    return escape(text.encode("utf-8", "replace").decode("utf-8")).replace("\r", "&#13;")


def name(text: str) -> str:
    """A title or the name of a file: on one line, and what would turn writing round is spelled."""
    shown = "".join(f"⟨U+{ord(one):04X}⟩" if one in _TURNING else one for one in text)
    return f"<bdi>{plain(' '.join(shown.split()))}</bdi>"


def written(language: str) -> str:
    """The attributes of an element of somebody's text: its language, its own direction."""
    known = f' lang="{plain(language)}"' if language else ""
    return f'{known} dir="auto"'


def marked_html(text: str, marks: list[tuple[str, Span]], offset: int = 0) -> str:
    """Escaped text with elements around spans of it.

    Args:
        text: The characters from ``offset`` on.
        marks: Elements ("mark", "span.some-class" or "span.some-class@offset")
            and the span each one encloses. They may nest or cross: an outer one is listed first,
            and is closed and opened again where it must be.
        offset: Where ``text`` stands in the document the spans refer to.
    """
    turns: dict[int, list[int]] = {0: [], len(text): []}  # place → marks that begin or end there
    for number, (_, span) in enumerate(marks):
        start, end = (min(max(point - offset, 0), len(text)) for point in span)
        if start < end:
            turns.setdefault(start, []).append(number)
            turns.setdefault(end, []).append(number)
    pieces: list[str] = []
    open_tags: list[str] = []
    inside: set[int] = set()
    for start, end in pairwise(sorted(turns)):
        inside.symmetric_difference_update(turns[start])
        tags = [marks[number][0] for number in sorted(inside)]
        same = 0
        while same < min(len(tags), len(open_tags)) and tags[same] == open_tags[same]:
            same += 1
        pieces += [_close(tag) for tag in reversed(open_tags[same:])]
        pieces += [_open(tag) for tag in tags[same:]]
        pieces.append(plain(text[start:end]))
        open_tags = tags
    pieces += [_close(tag) for tag in reversed(open_tags)]
    return "".join(pieces)


def _open(tag: str) -> str:
    kind, _, place = tag.partition("@")
    name, _, css_class = kind.partition(".")
    classed = f' class="{css_class}"' if css_class else ""
    placed = f' data-at="{place}"' if place else ""
    return f"<{name}{classed}{placed}>"


def _close(tag: str) -> str:
    return f"</{tag.partition('.')[0]}>"
