"""Parts of Office's files (Excel, PowerPoint): found by their relationships, not by their names."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa_bot.loaders.archive import Archive
from qa_bot.loaders.html.markup import local
from qa_bot.loaders.writing import one_line, raised

if TYPE_CHECKING:
    from lxml import etree

_NO_TITLES = frozenset(("powerpoint presentation", "presentation", "untitled", "title"))


@dataclass(frozen=True, slots=True)
class Related:
    """A part that another one names. What lies outside of the file is never among them."""

    kind: str  # the last word of its type: "worksheet", "comments"
    id: str
    name: str  # of the member


def related(archive: Archive, name: str) -> list[Related]:
    """The parts that a part names and that are there; of the whole file for ""."""
    folder, file = posixpath.split(name)
    links = posixpath.join(folder, "_rels", f"{file}.rels")
    names = frozenset(archive.names)
    if links not in names:
        return []
    found = []
    for link in archive.read_xml(links):
        target = link.get("Target")
        if target and link.get("TargetMode") != "External":
            part = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            if part in names:
                kind = posixpath.basename(link.get("Type") or "")
                found.append(Related(kind, link.get("Id") or "", part))
    return found


def main_part(archive: Archive) -> str:
    """The name of the part that all others hang on.

    Raises:
        ValueError: There is none.
    """
    found = [one.name for one in related(archive, "") if one.kind == "officeDocument"]
    if not found:
        raise ValueError("damaged: its main part is missing")
    return found[-1]


def title_of(archive: Archive) -> str:
    """What the file says is its title; "" where that is nothing, or only what programs write."""
    for one in related(archive, ""):
        if one.kind == "core-properties":
            try:
                titles = list(archive.read_xml(one.name).iter("{*}title"))
            except ValueError:
                return ""
            title = one_line((titles[0].text or "") if titles else "")
            return "" if title.casefold() in _NO_TITLES else title
    return ""


def attribute(element: etree._Element, name: str) -> str:
    """An attribute's value, whatever its namespace; "" where it isn't there."""
    return next((str(held) for key, held in element.attrib.items() if local(key) == name), "")


def drawn_text(paragraph: etree._Element) -> str:
    """The text of a paragraph in a drawing or on a slide (DrawingML's ``a:p``)."""
    return "".join(_runs(paragraph))


def _runs(paragraph: etree._Element) -> Iterator[str]:
    for element in paragraph:
        match local(element.tag):
            case "r" | "fld":
                properties = next((one for one in element if local(one.tag) == "rPr"), None)
                text = "".join(one.text or "" for one in element if local(one.tag) == "t")
                height = properties.get("baseline") if properties is not None else None
                is_raised = (
                    height is not None and height.lstrip("-").isdecimal() and int(height) > 0
                )
                yield raised(text) if is_raised else text
            case "br":
                yield "\n"
            case "AlternateContent":
                chosen = [one for one in element if local(one.tag) == "Choice"] or list(element)
                yield from _runs(chosen[0]) if chosen else ()
            case "m" | "oMath" | "oMathPara":
                yield "".join(one.text or "" for one in element.iter("{*}t"))
