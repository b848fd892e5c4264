"""What a mail quotes of earlier ones, told from what it says itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml import etree

_QUOTED = re.compile(r"^ ?>")
_MARKS = re.compile(r"^(?:[ ]?>)+ ?")
_SIGNATURE = re.compile(r"^-- ?$")
_DIVIDER = re.compile(
    r"^[-_ ]{2,}\s*(?:original(?: message)?|forwarded message|ursprüngliche nachricht"
    r"|weitergeleitete nachricht|message (?:d'origine|transféré)|mensaje original"
    r"|messaggio originale|oorspronkelijk bericht)\b.*$",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"^\*?(from|von|de|da|van|sent|gesendet|envoyé|date|datum|to|an|à)\*? ?:", re.I
)
_HEADERS = 3  # such lines in a row, at least, begin an earlier mail
_LINES_ABOVE = 3  # in which "On …, Anna wrote:" stands
_LONGEST_AFTER = 300  # characters of the mail's own text after what it quotes, at most


@dataclass(frozen=True, slots=True)
class Parted:
    """A mail's own text; what it quotes after it; and the line that says whose that is."""

    own: str
    attribution: str = ""
    earlier: str = ""


def part_history(text: str) -> Parted:
    """Part a plain text where an earlier mail begins that nothing follows but a signature.

    Quotations that answers stand between stay where they are.
    """
    lines = text.split("\n")
    start = _divider(lines)
    quoted = _trailing_quotation(lines)
    if quoted is not None and (start is None or quoted.start < start):
        first = _attribution(lines, quoted.start)
        said = " ".join(" ".join(lines[first : quoted.start]).split())
        own = [*lines[:first], *lines[quoted.stop :]]
        return Parted("\n".join(own), said, "\n".join(map(unmarked, lines[quoted])))
    if start is None or not any(line.strip() for line in lines[:start]):
        return Parted(text)
    said = lines[start].strip("-_ \t") if _DIVIDER.match(lines[start]) else ""
    rest = lines[start + 1 :] if said else lines[start:]
    return Parted("\n".join(lines[:start]), said, "\n".join(map(unmarked, rest)))


def _divider(lines: list[str]) -> int | None:
    for number, line in enumerate(lines):
        heads = lines[number : number + _HEADERS]
        if _DIVIDER.match(line) or (len(heads) == _HEADERS and all(map(_HEADER.match, heads))):
            return number
    return None


def _trailing_quotation(lines: list[str]) -> slice | None:
    """The lines of the quotation that the text ends with, a signature aside."""
    end = next((i for i, line in enumerate(lines) if _SIGNATURE.match(line)), len(lines))
    last = end if any(_QUOTED.match(line) for line in lines[:end]) else len(lines)
    while last and not lines[last - 1].strip():
        last -= 1
    start = last
    while start and (_QUOTED.match(lines[start - 1]) or not lines[start - 1].strip()):
        start -= 1
    while start < last and not lines[start].strip():
        start += 1
    is_one = start < last and any(line.strip() for line in lines[:start])
    return slice(start, last) if is_one else None


def _attribution(lines: list[str], quoted: int) -> int:
    """Where the lines begin that say whose mail is quoted; the quotation's place if none do."""
    first = quoted
    while first and quoted - first < _LINES_ABOVE and lines[first - 1].strip():
        first -= 1
    above = " ".join(lines[first:quoted]).strip()
    blank = quoted
    while blank and not lines[blank - 1].strip():
        blank -= 1
    if not above and blank < quoted:
        return _attribution([*lines[:blank], *lines[quoted:]], blank) if blank else quoted
    return first if above.endswith(":") and (first == 0 or not lines[first - 1].strip()) else quoted


def unmarked(line: str) -> str:
    """A line without the marks of a quotation."""
    return _MARKS.sub("", line)


def paragraphs(text: str, *, is_flowed: bool) -> list[str]:
    """The paragraphs of a plain text; a quotation among them is one, with its mark at the start."""
    found = []
    blocks = (list(lines) for filled, lines in groupby(text.split("\n"), _is_filled) if filled)
    for block in blocks:
        for is_quoted, lines in groupby(block, lambda line: bool(_QUOTED.match(line))):
            shown = [unmarked(line) if is_quoted else line for line in lines]
            joined = _unfolded(shown) if is_flowed else "\n".join(line.rstrip() for line in shown)
            if joined.strip():
                found.append(f"> {joined.strip()}" if is_quoted else joined.strip())
    return found


def _is_filled(line: str) -> bool:
    return bool(unmarked(line).strip())


def _unfolded(lines: list[str]) -> str:
    """Lines joined where a blank at the end says that the paragraph goes on."""
    text = ""
    for line in lines:
        text += line.removeprefix(" ")
        text += "" if line.endswith(" ") and not _SIGNATURE.match(line) else "\n"
    return text.strip()


def earlier_mails(root: etree._Element) -> list[etree._Element]:
    """The elements of a page that quote earlier mails, where its own text stands before them."""
    from lxml import etree

    found: list[etree._Element] = []
    before = after = 0
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        said = element.tail if event == "end" else element.text
        if event == "start" and _is_history(element):
            found.append(element)
            walk.skip_subtree()
            said = ""
        length = len((said or "").strip())
        before, after = (before, after + length) if found else (before + length, after)
    return found if before and after <= _LONGEST_AFTER else []


def _is_history(element: etree._Element) -> bool:
    names = f"{element.get('class') or ''} {element.get('id') or ''}".lower().split()
    known = {"gmail_quote", "yahoo_quoted", "protonmail_quote", "moz-forward-container"}
    is_cited = str(element.tag).endswith("blockquote") and element.get("type") == "cite"
    return is_cited or bool(known & set(names))
