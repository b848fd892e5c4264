"""Any text as Markdown that CommonMark renders as exactly this text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from qa_bot.tables import Span

NOT_IN_MARKDOWN = re.compile("[\x00\ud800-\udfff]")
_MEANS_SOMETHING = re.compile(r"[\\`*_\[\]<>&~|$^{}#]")  # anywhere, in CommonMark or on GitHub
_BEGINS_SOMETHING = re.compile(r"^(?:[=+:%-]|[0-9]+[.)])", re.MULTILINE)  # a list, a heading, …
_LEADING_BLANK = re.compile(r"^[ \t]", re.MULTILINE)


def markdown_text(
    text: str, marked: Iterable[Span] = (), *, one_line: bool = False, in_cell: bool = False
) -> str:
    """Markdown that CommonMark renders as exactly this text; put something before and after it.

    Neither white space nor a line end may be the first or last of a paragraph,
    hence the something. Line ends become hard breaks.

    Args:
        text: Any text; U+0000 and lone surrogates become U+FFFD.
        marked: What is set bold: disjoint spans of ``text``, in its order. A control
            character at the edge of one stays outside of it.
        one_line: For a heading, say: line ends become character references.
        in_cell: For a cell of a table, where no block can begin; on one line, too.
    """
    text = replaced(text, NOT_IN_MARKDOWN)
    pieces = [_MEANS_SOMETHING.sub(r"\\\g<0>", character) for character in text]
    for match in () if in_cell else _BEGINS_SOMETHING.finditer(text):
        pieces[match.end() - 1] = f"\\{text[match.end() - 1]}"
    for match in _LEADING_BLANK.finditer(text):
        pieces[match.start()] = _reference(match[0])
    for at, character in enumerate(text):
        if character == "\r" or ((one_line or in_cell) and character == "\n"):
            pieces[at] = _reference(character)
        elif character == "\n":
            pieces[at] = "\\\n"
    for start, end in _joined(marked):
        _set_bold(pieces, text, start, end)
    return "".join(pieces)


def _joined(spans: Iterable[Span]) -> list[Span]:
    """The spans, with those that touch made one: between ``**`` and ``**`` there must be text."""
    joined: list[Span] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _set_bold(pieces: list[str], text: str, start: int, end: int) -> None:
    """Put asterisks around a span so that they open and close, whatever stands beside them.

    CommonMark asks for a letter inside them, or else for a blank or punctuation
    outside (there is none around a bracketed sentence in Chinese, say): a
    character reference begins and ends with punctuation, and shows the same.
    """
    while start < end and not _may_touch(text[start - 1 : start], text[start]):
        start += 1
    while start < end and not _may_touch(text[end : end + 1], text[end - 1]):
        end -= 1
    if start == end:
        return
    for inner, outer in ((start, start - 1), (end - 1, end)):
        if text[inner].isspace():
            pieces[inner] = _reference(text[inner])
        if not text[inner].isalnum() and 0 <= outer < len(text) and not _parts(text[outer]):
            pieces[outer] = _reference(text[outer])
    pieces[start] = f"**{pieces[start]}"
    pieces[end - 1] = f"{pieces[end - 1]}**"


def _may_touch(outer: str, inner: str) -> bool:
    """Whether asterisks can stand between two characters; ``outer`` is "" at the text's edge."""
    return inner.isalnum() or (
        _has_reference(inner) and (not outer or _parts(outer) or _has_reference(outer))
    )


def _parts(character: str) -> bool:
    """Whether a character counts as a blank or punctuation in every version of CommonMark."""
    return character in " \t\n" or unicodedata.category(character).startswith("P")


def _has_reference(character: str) -> bool:
    """Whether renderers take a numeric reference to it; they don't for control characters."""
    return character in "\t\n\f\r" or unicodedata.category(character) not in ("Cc", "Cn", "Cs")


def _reference(character: str) -> str:
    return f"&#{ord(character)};"


def replaced(text: str, unholdable: re.Pattern[str]) -> str:
    """The text with U+FFFD in the place of each character that can't be held."""
    return unholdable.sub("\N{REPLACEMENT CHARACTER}", text)
