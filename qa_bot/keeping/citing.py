"""A citation as text to paste, with the words it cites: plain, Markdown, BibTeX."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Literal
from urllib.parse import quote as percent_encoded

from qa_bot.errors import UsageError
from qa_bot.markdown import NOT_IN_MARKDOWN, markdown_text, replaced
from qa_bot.records import Citation, Quote, Span

Style = Literal["plain", "markdown", "bibtex"]

_NOT_IN_BIBTEX = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

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


def replaced_note(texts: Sequence[str], unholdable: re.Pattern[str], holder: str) -> str:
    """The sentence that says which characters ``replaced`` took out; "" where none."""
    lost = sorted({character for text in texts for character in unholdable.findall(text)})
    if not lost:
        return ""
    named = ", ".join(f"U+{ord(character):04X}" for character in lost)
    return f"\N{REPLACEMENT CHARACTER} stands for what {holder} can't hold: {named}."
