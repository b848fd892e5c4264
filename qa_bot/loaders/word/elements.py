"""Elements of Word's XML: what stands in a container, whatever is put around it, and symbols."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from qa_bot.loaders.html.markup import local
from qa_bot.loaders.word.styles import child, value

if TYPE_CHECKING:
    from lxml import etree

WRAPPERS = frozenset(  # what stands around text and says nothing about it
    "bdo customXml dir fldSimple hyperlink ins moveTo sdtContent smartTag".split()
)
_SYMBOLS = {  # of the fonts Symbol and Wingdings, by their last two hex digits
    "Symbol": dict(
        zip(
            "61 62 67 64 65 6C 6D 70 73 57 44 A3 B3 B0 B1 B4 B7 B9 AE DE A5".split(),
            "αβγδελμπσΩΔ≤≥°±×•≠→⇒∞",
            strict=True,
        )
    ),
    "Wingdings": {"E0": "→", "FC": "✓", "FB": "✗", "A8": "☐", "FE": "☑", "A7": "•", "D8": "•"},
}


def blocks(
    container: etree._Element, *names: str, in_contents: bool = False
) -> Iterator[tuple[etree._Element, bool]]:
    """The paragraphs and tables (or rows, or cells) in a container, whatever is around them.

    With each one, whether it belongs to a table of contents.
    """
    names = names or ("p", "tbl", "altChunk")
    for element in container:
        name = local(element.tag)
        if name in names:
            yield element, in_contents
        elif name == "sdt":
            content = child(element, "sdtContent")
            gallery = child(element, "sdtPr", "docPartObj", "docPartGallery")
            is_contents = value(gallery) == "Table of Contents"
            if content is not None:
                yield from blocks(content, *names, in_contents=in_contents or is_contents)
        elif name == "AlternateContent":
            yield from blocks(alternative(element), *names, in_contents=in_contents)
        elif name in WRAPPERS:
            yield from blocks(element, *names, in_contents=in_contents)


def alternative(element: etree._Element) -> etree._Element:
    """Of two versions of the same thing, the newer one."""
    choice = child(element, "Choice")
    fallback = child(element, "Fallback")
    chosen = choice if choice is not None else fallback
    return element if chosen is None else chosen


def text_boxes(drawing: etree._Element) -> Iterator[etree._Element]:
    """The contents of the text boxes in a drawing."""
    for element in drawing:
        name = local(element.tag)
        if name == "txbxContent":
            yield element
        elif name == "AlternateContent":
            yield from text_boxes(alternative(element))
        elif name:
            yield from text_boxes(element)


def is_deleted_row(row: etree._Element) -> bool:
    """Whether a table's row is gone in the last revision."""
    return child(row, "trPr", "del") is not None


def symbol(element: etree._Element) -> str:
    """A character of a font of symbols, where it has one in Unicode."""
    code = (value(element, "char") or "")[-4:].upper()
    font = (value(element, "font") or "").split(" ")[0]
    if code.startswith("F0"):
        return _SYMBOLS.get(font, {}).get(code[2:], "")
    return chr(int(code, 16)) if re.fullmatch(r"[0-9A-C][0-9A-F]{3}", code) else ""
