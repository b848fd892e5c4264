"""Elements of Word's XML: what stands in a container, whatever is around it; fields, symbols."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from qa_bot.loaders.html.markup import local
from qa_bot.loaders.word.styles import child, value
from qa_bot.loaders.word.symbols import of_code

if TYPE_CHECKING:
    from lxml import etree

WRAPPERS = frozenset(  # what stands around text and says nothing about it
    "bdo customXml dir fldSimple hyperlink ins moveTo sdtContent smartTag".split()
)
_COUNTERS = re.compile(r"\s*(?:PAGE|NUMPAGES|SECTIONPAGES)\b")
_COUNTER = "\ufffc"  # stands for the number of a page, or of all
_PAGE = r"(?:\b(?:page|pages|p\.|pg\.|seite|s\.|página|pág\.|pagina|pag\.|strona|стр\.)\s*)?"
_OF = r"\s*(?:of|von|de|di|sur|van|z|из|/|\||–|-)\s*"
_COUNTED = re.compile(  # "Page 3 of 7", "3 | P a g e"
    rf"{_PAGE}{_COUNTER}(?:{_OF}{_COUNTER}|\s*\|\s*P\s?a\s?g\s?e\b)?", re.IGNORECASE
)
_TYPED = re.compile(  # a page's number, alone
    r"(?:page|seite|p\.|s\.)?\s*\d{1,3}(?:\s*(?:of|von|de|/|\||–|-)\s*\d{1,4})?\W*",
    re.IGNORECASE,
)
_SEPARATORS = " \t|·•–—-/,;"


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
    code = value(element, "char") or ""
    is_code = re.fullmatch(r"[0-9A-Fa-f]{4,8}", code)
    return of_code(value(element, "font") or "", int(code[-4:], 16)) if is_code else ""


def mark_page_counters(part: etree._Element) -> None:
    """Mark the numbers of pages, which are the same on no two of them, in a header or footer."""
    for field in part.iter("{*}fldSimple"):
        if _COUNTERS.match(value(field, "instr") or ""):
            _replace_words(list(field.iter("{*}t")))
    for paragraph in part.iter("{*}p"):
        instruction, shown, is_shown = "", [], False
        for element in paragraph.iter("{*}fldChar", "{*}instrText", "{*}t"):
            name = local(element.tag)
            if name == "instrText":
                instruction += element.text or ""
            elif name == "t":
                shown += [element] if is_shown else []
            elif (kind := value(element, "fldCharType")) == "begin":
                instruction, shown, is_shown = "", [], False
            elif kind == "separate":
                is_shown = True
            else:
                if _COUNTERS.match(instruction):
                    _replace_words(shown)
                instruction, shown, is_shown = "", [], False


def _replace_words(texts: Sequence[etree._Element]) -> None:
    for number, text in enumerate(texts):
        text.text = "" if number else _COUNTER


def without_counters(line: str) -> str:
    """A line of a header or footer without what was marked, and what says that it counts pages."""
    if _COUNTER in line:
        parts = (part.strip(_SEPARATORS) for part in _COUNTED.split(line))
        line = " | ".join(part for part in parts if any(map(str.isalnum, part)))
    return "" if _TYPED.fullmatch(line) else line
