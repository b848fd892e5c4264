"""Where a quote stands, as the query of a URL: what a citation links to, and what can be sent on.

The page sends these back when a citation is clicked, so a link carries all
that is needed to show the source, and nothing is remembered between the two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs
from urllib.parse import quote as percent_encoded

from qa_bot.records import Quote, Span

_SPAN = re.compile(r"(\d{1,12})-(\d{1,12})")
_QUOTE = re.compile(r"([0-9a-f]{16}):(\d{1,12}-\d{1,12})")
MOST = 40_000  # characters of a passage, far more than any has
_MAX_LENGTH = 15_000  # longer than any link this module writes
_MAX_SENTENCES = 8


@dataclass(frozen=True, slots=True)
class SourceLink:
    """A passage of a text and the sentences marked in it; of a table the cell that answers, too.

    ``digest`` names the text that the offsets were taken from (see ``Document.digest``),
    ``document_id`` the document that is meant where several have it; "" is the first.
    """

    digest: str
    start: int
    end: int
    sentences: tuple[Span, ...] = ()
    document_id: str = ""
    cell: Span | None = None

    def fits(self, characters: int) -> bool:
        """Whether it is a passage of a text of so many characters, and its sentences in it."""
        parts = (*self.sentences, *([self.cell] if self.cell else []))
        inside = (self.start <= start < end <= self.end for start, end in parts)
        short = 0 < self.end - self.start <= MOST
        return self.start >= 0 and self.end <= characters and short and all(inside)


def quote_link(quote: Quote) -> SourceLink:
    """Where a quote stands, with what is set off in it: no row of a table that isn't sure."""
    citation = quote.citation
    cell = quote.table.cell.span if quote.table and quote.table.cell else None
    return SourceLink(
        citation.digest, quote.start, quote.end, quote.marked, citation.document_id, cell
    )


def link_query(link: SourceLink) -> str:
    """``?quote=<digest>:<start>-<end>&mark=…&cell=…&in=…``: the inverse of ``parse_query``."""
    marks = ",".join(f"{start}-{end}" for start, end in link.sentences)
    marked = f"&mark={marks}" if marks else ""
    named = (
        f"&in={percent_encoded(link.document_id, safe='/', errors='replace')}"
        if link.document_id
        else ""
    )
    cell = f"&cell={link.cell[0]}-{link.cell[1]}" if link.cell else ""
    return f"?quote={link.digest}:{link.start}-{link.end}{marked}{cell}{named}"


def parse_query(query: object) -> SourceLink | None:
    """The link in a query, or None where it is anything else: it comes from the browser."""
    if not isinstance(query, str) or len(query) > _MAX_LENGTH:
        return None
    fields = parse_qs(query.removeprefix("?"))
    found = _QUOTE.fullmatch(fields.get("quote", [""])[0])
    if found is None:
        return None
    ((start, end),) = _spans(found[2])
    sentences = _spans(fields.get("mark", [""])[0])[:_MAX_SENTENCES]
    cell = next(iter(_spans(fields.get("cell", [""])[0])), None)
    return SourceLink(found[1], start, end, sentences, fields.get("in", [""])[0], cell)


def _spans(text: str) -> tuple[Span, ...]:
    matches = (_SPAN.fullmatch(part) for part in text.split(","))
    return tuple((int(match[1]), int(match[2])) for match in matches if match)
