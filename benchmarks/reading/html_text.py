"""What a page of HTML says, by Python's own parser, which nothing of qa_bot uses."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

from benchmarks.reading.words import Reading

_INLINE = frozenset(
    """
    a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark nobr q
    rp rt ruby s samp small span strike strong sub sup time tt u var wbr
    """.split()
)
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_NEVER = frozenset(  # shown as no text, or as a part of a program
    "script style template noscript iframe object svg canvas audio video datalist noframes".split()
)
_ASIDE = frozenset(  # what leads elsewhere, what one fills in, what is no longer true
    "title nav aside button select option textarea menu del s strike rt rp dialog".split()
)
_ROLES = frozenset(
    "alertdialog complementary dialog menu menubar navigation search toolbar".split()
)
_CLASSES = frozenset(
    """
    breadcrumb breadcrumbs headerlink linenos lineno mw-editsection navbox skip-link sr-only toc
    toctree-wrapper visually-hidden screen-reader-text
    """.split()
)
_TYPES = frozenset("landmarks page-list pagebreak toc".split())
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_RAISED = str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
_POWER = re.compile(r"[+−-]?\d+")
_MOST = 100  # times that a cell may be told again, for the rows and columns it is over


def html_reading(reader: str, source: str, *, is_page: bool = False) -> Reading:
    """HTML as one reader's text; of a page that has one ``<main>``, what is around it is beside."""
    page = html_text(source, is_page=is_page)
    return replace(page, reader=reader)


def html_text(source: str, *, is_page: bool = False) -> Reading:
    """What the source says, and beside it what is not shown, or shown to lead elsewhere."""
    parser = _Text()
    parser.feed(source)
    parser.close()
    has_main = is_page and parser.mains == 1 and parser.main_has_heading
    kept: list[str] = []
    aside: list[str] = []
    for text, is_aside, in_main in parser.pieces:
        (aside if is_aside or (has_main and not in_main) else kept).append(text)
    return Reading("html.parser", "".join(kept), "".join(aside), "\n".join(parser.again))


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[tuple[str, bool, bool]] = []  # text, whether aside, whether in <main>
        self.again: list[str] = []  # cells over several rows or columns
        self.mains = 0
        self.main_has_heading = False
        self._in_main = False
        self._raised = 0
        self._skipped: list[str] = []  # the element that is left out, and those of its name in it
        self._is_never = False
        self._cells: list[tuple[int, int]] = []  # open ones: first piece, times to tell again

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An empty element."""
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element."""
        self._part(tag)
        said = {name: value or "" for name, value in attrs}
        for name in ("alt", "title", "alttext"):
            if name in said:
                self.again.append(said[name])
        if tag == "main" and not self._skipped:
            self.mains += 1
            self._in_main = True
        if self._in_main and tag == "h1":
            self.main_has_heading = True
        self._raised += tag == "sup"
        if tag in ("td", "th"):
            self._cells.append((len(self.pieces), _span(said) - 1))
        if self._skipped:
            if tag == self._skipped[0] and tag not in _VOID:
                self._skipped.append(tag)
        elif tag not in _VOID and (tag in _NEVER or _is_aside(tag, said)):
            self._skipped, self._is_never = [tag], tag in _NEVER

    def handle_endtag(self, tag: str) -> None:
        """End an element."""
        self._part(tag)
        if tag == "sup":
            self._raised = max(0, self._raised - 1)
        if tag == "main":
            self._in_main = False
        if tag in ("td", "th") and self._cells:
            start, times = self._cells.pop()
            cell = " ".join(text for text, _, _ in self.pieces[start:]) if times else ""
            self.again += [cell] * times
        if self._skipped and tag == self._skipped[0]:
            self._skipped.pop()

    def handle_data(self, data: str) -> None:
        """Take down what the page says."""
        if not self._skipped or not self._is_never:
            said = raise_digits(data) if self._raised else data
            self.pieces.append((said, bool(self._skipped), self._in_main))

    def _part(self, tag: str) -> None:
        if tag not in _INLINE:
            self.pieces.append(("\n", bool(self._skipped), self._in_main))


def raise_digits(text: str) -> str:
    """A power, or a note's number, with raised digits; any other text as it is."""
    return text.translate(_RAISED) if _POWER.fullmatch(text.strip()) else text


def _span(said: dict[str, str]) -> int:
    rows, columns = (said.get(name, "1") for name in ("rowspan", "colspan"))
    times = [int(number) if number.isdecimal() else 1 for number in (rows, columns)]
    return max(1, min(times[0] * times[1], _MOST))


def _is_aside(tag: str, said: dict[str, str]) -> bool:
    types = said.get("epub:type", "").split()
    return (
        (tag in _ASIDE and not (tag == "dialog" and "open" in said))
        or ("hidden" in said and said["hidden"] != "until-found")
        or said.get("aria-hidden") == "true"
        or said.get("role") in _ROLES
        or bool(_HIDDEN.search(said.get("style", "")))
        or not _TYPES.isdisjoint(types)
        or (tag not in ("html", "body", "main", "article")
            and not _CLASSES.isdisjoint(said.get("class", "").split()))
    )  # fmt: skip
