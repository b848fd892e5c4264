"""The panel in which a quote is checked → HTML; every word is escaped."""

from __future__ import annotations

from itertools import pairwise

import qa_bot
from qa_bot.errors import QaBotError
from qa_bot.records import Span
from qa_bot.verification import Match, Verification
from qa_bot.web.citations import citation_html
from qa_bot.web.escaping import marked_html, plain
from qa_bot.web.links import SourceLink
from qa_bot.web.service import Service

MOST = 20_000  # characters, as many as are checked
_SAID = {
    "verified": "Verified: word for word.",
    "near": "Near: it stands there, but for what is marked.",
    "absent": "Not found in the documents.",
}


def open_html() -> str:
    """The button that opens the panel."""
    return (
        '<button type="button" class="qa-quiet qa-open-checking" aria-expanded="false"'
        ' aria-controls="qa-checking" aria-label="Check a quote">Check'
        '<span class="qa-wide">&nbsp;a quote</span></button>'
    )


def form_html() -> str:
    """The panel: a text to paste, and what comes of it."""
    return (
        '<header><div class="qa-source-title"><h2>Check a quote</h2>'
        "<p>Paste a text: does it stand in your documents, word for word?</p></div>"
        '<button type="button" class="qa-close" aria-label="Close" title="Close (Esc)">×</button>'
        '</header><div class="qa-check-form">'
        f'<textarea id="qa-checked-text" rows="5" maxlength="{MOST}" aria-label="Text to check"'
        ' placeholder="“…”"></textarea>'
        '<button type="button" class="qa-check">Check</button></div>'
    )


def checked_html(service: Service, text: str) -> str:
    """What a check of a text finds, or why there is none."""
    try:
        with service.snapshot() as index:
            found = qa_bot.verify(text, index)
            slices = {
                match: index.slices(
                    match.citation.document_id, [one.found for one in match.differences]
                )
                for match in found.matches
            }
    except QaBotError as error:
        return f'<p class="qa-error" role="status">{plain(str(error))}</p>'
    shown = "".join(_match(found, match, slices[match]) for match in found.matches)
    said = f'<p class="qa-none">{_SAID[found.verdict]}</p>'
    return f'<div class="qa-verified" role="status">{said}{shown}</div>'


def _match(found: Verification, match: Match, theirs: list[str]) -> str:
    citation = match.citation
    span = citation.start, citation.end
    marks = [("mark.qa-differs", one.found) for one in match.differences]
    link = SourceLink(citation.digest, *span, _without(span, marks), citation.document_id)
    lines = "".join(
        f"<li>{_difference(found.text[slice(*one.given)], stands)}</li>"
        for one, stands in zip(match.differences, theirs, strict=True)
    )
    note = ""
    if not match.differences and not match.exact:
        note = '<p class="qa-hint">Capitals or punctuation differ.</p>'
    badge = '<span class="qa-badge">changed since indexed</span>' if match.stale else ""
    return (
        f'<figure class="qa-quote"><blockquote class="qa-text" dir="auto">'
        f"{marked_html(match.text, marks, citation.start)}</blockquote>"
        + (f'<ul class="qa-differences">{lines}</ul>' if lines else "")
        + f"{note}<figcaption>{citation_html(citation, link)}"
        f"{badge}</figcaption></figure>"
    )


def _without(span: Span, marks: list[tuple[str, Span]]) -> tuple[Span, ...]:
    """The parts of a span between marks, at most eight."""
    edges = [span[0], *(edge for _, one in marks for edge in one), span[1]]
    parts = list(pairwise(edges))[::2]
    return tuple(part for part in parts if part[0] < part[1])[:8]


def _difference(given: str, stands: str) -> str:
    given, stands = (plain(" ".join(one.split())) for one in (given, stands))
    if not given:
        return f"Left out: <b>{stands}</b>"
    if not stands:
        return f"Put in: <del>{given}</del>"
    return f"<del>{given}</del> stands for <b>{stands}</b>"
