"""Headings that only a page's own list of contents tells, where its markup has none."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING

from qa_bot.loaders.html.markup import local
from qa_bot.loaders.html.parts import heading_level
from qa_bot.loaders.writing import DEEPEST, one_line

if TYPE_CHECKING:
    from lxml import etree

_LEAST = 3  # headings that a list of contents names
_NEAR = 12  # elements from an anchor to the heading that it stands at
_LONGEST = 300  # characters of a heading
_OUTERMOST = 2  # the first level is the page's own title
_NUMBER = re.compile(r"(?:\d{1,3}(?:\.\d{1,3})*|[A-Z](?:\.\d{1,3})*|[IVXLC]{1,6})[.)]?\s+")
_MOST_PARTS = 64  # elements in a heading
_DEEPEST = 256
_MAY_HEAD = frozenset("p div center header section".split())
_NOT_IN = frozenset("li dt dd table pre figure".split())


def listed_headings(root: etree._Element) -> dict[etree._Element, int]:
    """The elements that links within the page lead to and name word for word, with their levels.

    Some generators write headings as ``<div class="title">``, which says nothing to a program;
    the list of contents that they write above does. Empty where the markup has headings
    (one may be the page's title), and where fewer than three are named.
    """
    if sum(heading_level(one, local(one.tag)) > 0 for one in root.iter("{*}*")) > 1:
        return {}
    names = _names(root)
    found: dict[etree._Element, int] = {}  # → how deep its anchor lies
    wanted: set[str] = set()
    left = depth = 0
    for element in root.iter("{*}*"):
        anchor = element.get("id") or element.get("name") or ""
        if anchor in names:
            wanted, left = names[anchor], _NEAR
            depth = sum(1 for _ in islice(element.iterancestors(), _DEEPEST))
        if left > 0:
            left -= 1
            if local(element.tag).lower() in _MAY_HEAD and _is_named(element, wanted):
                found[_with_number(element)] = depth
                left = 0
    if len(found) < _LEAST:
        return {}
    depths = sorted(set(found.values()))
    return {one: min(_OUTERMOST + depths.index(at), DEEPEST) for one, at in found.items()}


def _names(root: etree._Element) -> dict[str, set[str]]:
    """Each place of the page that links lead to → their words, without a number before them."""
    names: dict[str, set[str]] = defaultdict(set)
    for link in root.iter("{*}a"):
        href = link.get("href") or ""
        words = _unnumbered("".join(link.itertext()))
        if href.startswith("#") and any(map(str.isalpha, words)) and len(words) <= _LONGEST:
            names[href[1:]].add(words)
    return dict(names)


def _unnumbered(text: str) -> str:
    return _NUMBER.sub("", one_line(text), count=1).casefold()


def _is_named(element: etree._Element, names: set[str]) -> bool:
    """Whether all that a block says is one of the names, and it is neither an item nor a link."""
    parts = list(islice(element.iter("{*}*"), _MOST_PARTS + 1))
    if len(parts) > _MOST_PARTS or any((one.get("href") or "").startswith("#") for one in parts):
        return False
    around = islice(element.iterancestors(), _DEEPEST)
    is_item = any(local(one.tag).lower() in _NOT_IN for one in around)
    return not is_item and _unnumbered("".join(element.itertext())) in names


def _with_number(element: etree._Element) -> etree._Element:
    """The element, or what holds just it and its number, as "2.1" stands in a box of its own."""
    around, before = element.getparent(), element.getprevious()
    if around is None or before is None or element.getnext() is not None:
        return element
    if before.getprevious() is not None or len(before) > _MOST_PARTS:
        return element
    is_number = _NUMBER.fullmatch(f"{one_line(''.join(before.itertext()))} ") is not None
    return around if is_number and not (around.text or "").strip() else element
