"""What stands in an OpenDocument paragraph: its text, and what hangs on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qa_bot.loaders.html.markup import local
from qa_bot.loaders.office import attribute
from qa_bot.loaders.opendocument.package import Package
from qa_bot.loaders.writing import numeral, one_line, raised

if TYPE_CHECKING:
    from lxml import etree

_UNSEEN = frozenset(  # what is in the file for programs, or stands in another place
    "annotation-end tracked-changes forms sequence-decls variable-decls user-field-decls title"
    " desc hidden-text hidden-paragraph note-citation ruby-text script object object-ole image"
    " alphabetical-index-mark toc-mark user-index-mark bookmark reference-mark change page-number"
    " page-count".split()
)
_MOST_SPACES = 1000


@dataclass(slots=True)
class Beside:
    """What paragraphs hold beside their text, in the order in which it comes."""

    footnotes: list[str] = field(default_factory=list)
    endnotes: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    boxes: list[etree._Element] = field(default_factory=list)  # of text, and tables in frames
    numbers: dict[str, int] = field(default_factory=lambda: {"footnote": 0, "endnote": 0})


def text_of(element: etree._Element, package: Package, beside: Beside) -> str:
    """The text of a paragraph, its line breaks kept."""
    return "".join(_parts(element, package, beside))


def lines_of(container: etree._Element, package: Package, beside: Beside) -> list[str]:
    """The paragraphs of a cell, a note or a comment, each on one line."""
    own = (one for one in container.iter("{*}p", "{*}h") if _holder(one) is container)
    lines = (one_line(text_of(one, package, beside)) for one in own)
    return [line for line in lines if line]


_HOLDERS = frozenset(("annotation", "note-body", "text-box", "table-cell", "covered-table-cell"))


def _holder(element: etree._Element) -> etree._Element | None:
    """What a paragraph is in: the nearest cell, note, comment or box, or else the outermost."""
    outer: etree._Element | None = None
    for outer in element.iterancestors():
        if local(outer.tag) in _HOLDERS:
            return outer
    return outer


def _parts(  # noqa: C901 - one case for each kind of element
    element: etree._Element, package: Package, beside: Beside
) -> Iterator[str]:
    yield (element.text or "").replace("\n", " ")
    for child in element:
        name = local(child.tag)
        if name == "s":
            count = attribute(child, "c")
            yield " " * (min(int(count[:6]), _MOST_SPACES) if count.isdecimal() else 1)
        elif name == "tab":
            yield " "
        elif name == "line-break":
            yield "\n"
        elif name == "span":
            style = attribute(child, "style-name")
            if package.property("text", style, "display") != "none":
                text = "".join(_parts(child, package, beside))
                position = package.property("text", style, "text-position")
                yield raised(text) if position.startswith("super") or _is_up(position) else text
        elif name == "note":
            yield _note(child, package, beside)
        elif name == "annotation":
            beside.comments.append(_comment(child, package, beside))
        elif name in ("frame", "custom-shape", "rect", "g"):
            beside.boxes.append(child)
        elif name and name not in _UNSEEN:
            yield from _parts(child, package, beside)
        yield (child.tail or "").replace("\n", " ")


def _is_up(position: str) -> bool:
    """Whether text stands above the line: "33% 58%"."""
    share = position.partition("%")[0]
    return share.isdecimal() and int(share) > 0


def _note(note: etree._Element, package: Package, beside: Beside) -> str:
    kind = attribute(note, "note-class")
    kind = kind if kind in beside.numbers else "footnote"
    beside.numbers[kind] += 1
    mark = numeral(beside.numbers[kind], "1" if kind == "footnote" else "i")
    mark = raised(mark) if kind == "footnote" else f"[{mark}]"
    lines = [
        line
        for body in note
        if local(body.tag) == "note-body"
        for line in lines_of(body, package, beside)
    ]
    if lines:
        told = beside.footnotes if kind == "footnote" else beside.endnotes
        told.append(f"{mark} {' '.join(lines)}")
    return mark


def _comment(annotation: etree._Element, package: Package, beside: Beside) -> str:
    author = next((one_line(one.text or "") for one in annotation.iter("{*}creator")), "")
    words = " ".join(lines_of(annotation, package, beside))
    return f"{author}: {words}" if author and words else words
