"""Where a quote stands, as the fragment of a URL: what a citation links to.

The page sends these back when a citation is clicked, so a link carries all
that is needed to show the source, and nothing is remembered between the two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, quote

from qa_bot.records import Document, Span

_SPAN = re.compile(r"(\d{1,12})-(\d{1,12})")
_MAX_LENGTH = 4_000  # longer than any link this module writes
_MAX_SENTENCES = 8


@dataclass(frozen=True, slots=True)
class SourceLink:
    """A passage of a document and the sentences marked in it; offsets into the document.

    ``digest`` names the text the offsets were taken from (see ``Document.digest``).
    """

    document_id: str
    digest: str
    start: int
    end: int
    sentences: tuple[Span, ...] = ()

    def fits(self, document: Document) -> bool:
        """Whether the offsets were taken from this very text and lie inside it."""
        spans = ((self.start, self.end), *self.sentences)
        return self.digest == document.digest and all(
            0 <= start < end <= len(document.text) for start, end in spans
        )


def link_fragment(link: SourceLink) -> str:
    """``#source=…``: the inverse of ``parse_fragment``."""
    marks = ",".join(f"{start}-{end}" for start, end in link.sentences)
    return (
        f"#source={quote(link.document_id, safe='/', errors='replace')}"
        f"&text={link.digest}&at={link.start}-{link.end}&mark={marks}"
    )


def parse_fragment(fragment: object) -> SourceLink | None:
    """The link in a fragment, or None where it is anything else: it comes from the browser."""
    if not isinstance(fragment, str) or len(fragment) > _MAX_LENGTH:
        return None
    fields = parse_qs(fragment.removeprefix("#"))
    document_id = fields.get("source", [""])[0]
    passage = _spans(fields.get("at", [""])[0])
    if not document_id or len(passage) != 1:
        return None
    sentences = _spans(fields.get("mark", [""])[0])[:_MAX_SENTENCES]
    return SourceLink(document_id, fields.get("text", [""])[0], *passage[0], sentences)


def _spans(text: str) -> tuple[Span, ...]:
    matches = (_SPAN.fullmatch(part) for part in text.split(","))
    return tuple((int(match[1]), int(match[2])) for match in matches if match)
