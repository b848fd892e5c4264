"""What the elements of a page are: shown or not, heading, block, table of data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from qa_bot.loaders.html.markup import local
from qa_bot.loaders.writing import one_line

if TYPE_CHECKING:
    from lxml import etree

BLOCKS = frozenset(
    """
    address article aside blockquote body caption center dd details dialog dir div dl dt fieldset
    figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu ol
    p pre section summary table tbody td tfoot th thead tr ul
    """.split()
)
_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
LIST_PARTS = frozenset("ul ol menu dir dl li dt dd".split())
_PAGE = frozenset("html body main article".split())
_UNSEEN = frozenset(  # never shown, or shown as no text; or (del, s) shown as no longer true
    """
    annotation annotation-xml area audio base button canvas col colgroup datalist del embed frame
    frameset head iframe input link meta nav noframes noscript object option param rp rt s script
    select source strike style svg template textarea title track video
    """.split()
)
_UNSEEN_ROLES = frozenset(
    "alertdialog complementary dialog menu menubar navigation search toolbar tooltip".split()
)
_UNSEEN_CLASSES = frozenset(  # of widespread site builders
    """
    anchorjs-link breadcrumb breadcrumbs headerlink lineno linenos mw-editsection mw-jump-link
    navbox pagenum pageno screen-reader-text skip-link sr-only toc visually-hidden
    """.split()
)
_UNSEEN_TYPES = frozenset("landmarks page-list pagebreak toc".split())  # epub:type
_UNSEEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_NOTE = re.compile(r"\b(?:admonition|callout|caution|footnote|important|note|tip|warning)\b")
_HEADING_MARKS = frozenset(("", "#", "¶", "§", "🔗"))
_EPUB_TYPE = "{http://www.idpf.org/2007/ops}type"
_MOST = 2**31
_LONGEST_DATUM = 200  # characters; a longer text beside another one is a column of a page


def is_unseen(element: etree._Element, tag: str, *, asides: bool, in_heading: bool) -> bool:
    """Whether nothing in an element is shown, or only what leads elsewhere.

    What stands in an ``<aside>`` is content where ``asides`` says so, and in a note.
    """
    if tag in _UNSEEN:
        return tag != "button" or not in_heading
    if not element.attrib and tag not in ("aside", "dialog"):
        return False
    if tag == "aside" and not asides:
        kind = f"{element.get('role') or ''} {element.get('class') or ''}"
        if not _NOTE.search(kind):
            return True
    return (
        _is_hidden(element, tag)
        or element.get("role") in _UNSEEN_ROLES
        or not _UNSEEN_TYPES.isdisjoint(_types(element))
        or (tag not in _PAGE and not _UNSEEN_CLASSES.isdisjoint(_classes(element)))
        or (in_heading and _is_heading_mark(element, tag))
    )


def _is_hidden(element: etree._Element, tag: str) -> bool:
    hidden = element.get("hidden")
    return (
        (hidden is not None and hidden != "until-found")
        or element.get("aria-hidden") == "true"
        or (tag == "dialog" and element.get("open") is None)
        or bool(_UNSEEN_STYLE.search(element.get("style") or ""))
    )


def _types(element: etree._Element) -> list[str]:
    return (element.get("epub:type") or element.get(_EPUB_TYPE) or "").split()


def _classes(element: etree._Element) -> list[str]:
    return (element.get("class") or "").split()


def _is_heading_mark(element: etree._Element, tag: str) -> bool:
    """Whether this is the "¶" or "#" behind a heading that links to the heading itself."""
    if tag != "a" or not (element.get("href") or "").startswith("#"):
        return False
    return one_line("".join(element.itertext())) in _HEADING_MARKS


def is_bold(element: etree._Element, tag: str) -> bool:
    """Whether all that a paragraph says is bold."""
    if tag not in ("p", "div") or (element.text or "").strip():
        return False
    parts = [part for part in element if isinstance(part.tag, str)]
    names = {local(part.tag).lower() for part in parts}
    is_plain = any((part.tail or "").strip() for part in element)
    return not is_plain and names <= {"b", "strong", "br"} and bool(names & {"b", "strong"})


def is_told_beside(image: etree._Element, words: str) -> bool:
    """Whether a sign's words are told in the next cell, as "[Note]" is before "Note"."""
    cell = next(image.iterancestors("{*}td"), None)
    after = cell.getnext() if cell is not None else None
    if after is None:
        return False
    return one_line("".join(after.itertext())).casefold() == words.strip("[]").casefold()


def is_raised(element: etree._Element, tag: str) -> bool:
    """Whether an element is superscript."""
    return tag == "sup" or (tag == "a" and "noteref" in _types(element))


def is_power(element: etree._Element) -> bool:
    """Whether an element of a formula is a power."""
    parent = element.getparent()
    return parent is not None and local(parent.tag) == "msup" and parent.index(element) == 1


def formula_marks(element: etree._Element, tag: str) -> tuple[str, str]:
    """What is written before and after a part of a formula: 1 over 2 reads (1)/(2), not 12."""
    before, after = {"mfrac": ("(", ")"), "msqrt": ("√(", ")")}.get(tag, ("", ""))
    parent = element.getparent()
    if parent is not None and local(parent.tag) == "mfrac" and parent.index(element) == 0:
        after += ")/("
    return before, after


def heading_level(element: etree._Element, tag: str) -> int:
    """The level of a heading, from 1; 0 for other elements."""
    if tag in _HEADINGS:
        return int(tag[1])
    if element.get("role") == "heading":
        return min(max(number(element.get("aria-level")) or 2, 1), 9)
    return 0


def is_data(table: etree._Element) -> bool:
    """Whether a table holds rows of data; many only put parts of a page beside each other."""
    if table.get("role") in ("presentation", "none"):
        return False
    rows: list[list[etree._Element]] = []
    for element in table.iterdescendants():
        tag = local(element.tag)
        if tag in _HEADINGS or tag in ("table", "pre"):
            return False
        if tag == "tr":
            rows.append([child for child in element if local(child.tag) in ("td", "th")])
    columns = max(map(len, rows), default=0)
    if columns < 2 or (columns == 2 and _has_picture_beside(rows)):
        return False
    return any(local(cell.tag) == "th" for row in rows for cell in row) or not _is_prose(rows)


def _is_prose(rows: Sequence[Sequence[etree._Element]]) -> bool:
    """Whether no two cells stand side by side, or just two of one row, one of them a long text."""
    texts = [[one_line("".join(cell.itertext())) for cell in row] for row in rows]
    filled = [said for row in texts if (said := [text for text in row if text])]
    if all(len(row) == 1 for row in filled):
        return True
    return len(filled) == 1 and len(filled[0]) == 2 and max(map(len, filled[0])) > _LONGEST_DATUM


def _has_picture_beside(rows: Sequence[Sequence[etree._Element]]) -> bool:
    """Whether the first column is one picture, as the sign of a note is, and no text."""
    first, *others = (row for row in rows if row)
    pictures = sum(local(part.tag) == "img" for part in first[0].iter())
    is_over_all = span(first[0].get("rowspan"), len(rows)) >= len(rows) > 1
    is_alone = not one_line("".join(first[0].itertext())) and all(len(row) == 1 for row in others)
    return bool(pictures) and is_over_all and is_alone


def number(text: str | None) -> int | None:
    """A whole number, or None."""
    digits = (text or "").strip()
    if not re.fullmatch(r"-?[0-9]{1,10}", digits):
        return None
    return max(-_MOST, min(int(digits), _MOST))


def span(text: str | None, everything: int) -> int:
    """How many rows or columns a cell is over; "0" is all that follow."""
    count = number(text)
    return everything if count == 0 else max(1, count or 1)
