"""A citation as text to paste, with the words it cites: plain, Markdown, BibTeX."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Literal
from urllib.parse import quote as percent_encoded

from qa_bot.errors import UsageError
from qa_bot.records import Citation, Quote, Span

Style = Literal["plain", "markdown", "bibtex"]

NOT_IN_MARKDOWN = re.compile("[\x00\ud800-\udfff]")
_NOT_IN_BIBTEX = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

_MEANS_SOMETHING = re.compile(r"[\\`*_\[\]<>&~|$^{}#]")  # anywhere, in CommonMark or on GitHub
_BEGINS_SOMETHING = re.compile(r"^(?:[=+:%-]|[0-9]+[.)])", re.MULTILINE)  # a list, a heading, …
_LEADING_BLANK = re.compile(r"^[ \t]", re.MULTILINE)
_LINK_SAFE = "/#?&=:,;@!$'*+%~"

_TEX = str.maketrans(
    {
        "\\": r"{\textbackslash}",
        "{": r"{\textbraceleft}",  # BibTeX counts braces, escaped or not
        "}": r"{\textbraceright}",
        "~": r"{\textasciitilde}",
        "^": r"{\textasciicircum}",
        "<": r"{\textless}",
        ">": r"{\textgreater}",
        "|": r"{\textbar}",
        "`": r"{\textasciigrave}",
        **{character: f"\\{character}" for character in "$&#_%"},
    }
)


def cite(cited: Quote | Citation, style: Style = "plain", *, link: str = "") -> str:
    """A citation as text to paste; of a quote, with its whole text before it.

    The quoted text goes in exactly. What a style can't hold (U+0000 and lone
    surrogates in Markdown, control characters in BibTeX) is shown as U+FFFD, and
    a note says so. In Markdown and BibTeX, what means something there is escaped.

    Args:
        cited: A quote, or its citation alone.
        style: ``plain``: “text” — Title › Section, ¶ 2 (file.pdf). ``markdown``: a
            block quote. ``bibtex``: an ``@misc`` entry whose key follows from the
            title, the document's text and the place.
        link: An address that opens the place, as the caller's server has it.

    Raises:
        UsageError: There is no such style.
    """
    citation = cited.citation if isinstance(cited, Quote) else cited
    text = cited.text if isinstance(cited, Quote) else None
    if style == "plain":
        parts = [] if text is None else [f"“{text}”", "—"]
        return " ".join([*parts, place(citation)]) + (f"\n{link}" if link else "")
    if style == "markdown":
        if text is not None:
            return markdown_quote(text, citation, link=link)
        return markdown_citation(citation, link)
    if style == "bibtex":
        return _bibtex(citation, text, link)
    raise UsageError(f"There is no style {style!r}: name plain, markdown or bibtex.")


def place(citation: Citation) -> str:
    """What a person needs to find it again: Title › Section, ¶ 2, p. 6 (folder/file.pdf)."""
    return f"{citation} ({citation.document_id})"


def markdown_quote(
    text: str, citation: Citation, marked: Iterable[Span] = (), link: str = ""
) -> str:
    """A block quote: the text in quotation marks, then its citation and what had to be replaced.

    Args:
        text: Any text; a CommonMark renderer shows exactly it.
        citation: Where it stands.
        marked: What is set bold: disjoint spans of ``text``, in its order.
        link: What the citation leads to.
    """
    lines = [f"“{markdown_text(text, marked)}”", f"— {markdown_citation(citation, link)}"]
    if said := replaced_note((text, place(citation)), NOT_IN_MARKDOWN, "Markdown"):
        lines.append(said)
    return block_quote(lines)


def block_quote(blocks: Iterable[str]) -> str:
    """Blocks of Markdown as those of a block quote."""
    return "\n>\n".join("> " + block.replace("\n", "\n> ") for block in blocks)


def markdown_citation(citation: Citation, link: str = "") -> str:
    """``place`` in Markdown, as a link where there is one; for the middle of a line."""
    shown = markdown_text(place(citation), one_line=True)
    if not link:
        return shown
    target = percent_encoded(link, safe=_LINK_SAFE, errors="replace").replace("&", "&amp;")
    return f"[{shown}]({target})"


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


def _bibtex(citation: Citation, text: str | None, link: str) -> str:
    """An ``@misc`` entry; the quoted text is its ``annote``, in quotation marks."""
    where = str(citation)[len(citation.title) :].removeprefix(" › " if citation.section else ", ")
    note = f"{where}; text {citation.digest}, characters {citation.start}–{citation.end}"
    texts = (citation.title, citation.document_id, note, text or "")
    if said := replaced_note(texts, _NOT_IN_BIBTEX, "BibTeX"):
        note = f"{note}. {said}"
    fields = {
        "title": f"{{{_in_tex(citation.title)}}}",  # in two pairs of braces: keeps its capitals
        "howpublished": _in_tex(citation.document_id),
        "note": _in_tex(note),
    }
    if link:
        fields["url"] = percent_encoded(link, safe=_LINK_SAFE, errors="replace")
    if text is not None:
        fields["annote"] = f"“{_in_tex(text)}”"
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
    return f"@misc{{{_key(citation)},\n{lines}}}"


def _in_tex(text: str) -> str:
    return replaced(text, _NOT_IN_BIBTEX).translate(_TEX)


def _key(citation: Citation) -> str:
    """ASCII, and the same for the same place in the same text, however its file is called."""
    name = slug(citation.title, 30) or "document"
    digest = re.sub("[^0-9A-Za-z]", "", citation.digest)[:8]
    return f"{name}-{digest}-{citation.start}-{citation.end}"


def slug(text: str, longest: int) -> str:
    """The words of a text in lower-case ASCII with hyphens; "" where it has no such letters."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "-".join(re.findall("[a-z0-9]+", plain.lower()))[:longest].strip("-")


def replaced(text: str, unholdable: re.Pattern[str]) -> str:
    """The text with U+FFFD in the place of each character that can't be held."""
    return unholdable.sub("\N{REPLACEMENT CHARACTER}", text)


def replaced_note(texts: Sequence[str], unholdable: re.Pattern[str], holder: str) -> str:
    """The sentence that says which characters ``replaced`` took out; "" where none."""
    lost = sorted({character for text in texts for character in unholdable.findall(text)})
    if not lost:
        return ""
    named = ", ".join(f"U+{ord(character):04X}" for character in lost)
    return f"\N{REPLACEMENT CHARACTER} stands for what {holder} can't hold: {named}."
