"""What the tools of the MCP server give: short, for a model, with where all of it stands."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from qa_bot.records import Answer, Citation, Hit, Passage, Quote
from qa_bot.store.opening import Index
from qa_bot.verification import Match
from qa_bot.web.links import SourceLink, link_query

SCHEME = "qa-bot"


class FoundPassage(BaseModel):
    """A passage as it stands in its document."""

    text: str = Field(description="Verbatim.")
    citation: str = Field(description="Title › Section, ¶, page.")
    document_id: str
    section: list[str] = Field(description="Headings, outermost first.")
    pages: list[str] = Field(description="As they are printed, or numbered.")
    digest: str = Field(description="Of the document's text: names this very version.")
    start: int = Field(description="In code points of the document's text.")
    end: int
    uri: str = Field(description="The resource that holds it.")
    url: str = Field(description="Opens it for a person; empty where no page is served.")


class FoundQuote(FoundPassage):
    """A quote, with what in it answers."""

    answering: list[str] = Field(description="The sentences or rows of it that answer, verbatim.")
    words: str = Field(description="The words or the cell that most likely answer; may be empty.")
    context: list[str] = Field(description="What it needs: a caption, a header, a lead-in.")
    stale: bool = Field(description="The file was changed or deleted since it was indexed.")


class Passages(BaseModel):
    """The passages nearest to a query, best first: near, which isn't to say that they answer."""

    passages: list[FoundPassage]


class ToolAnswer(BaseModel):
    """Quotes that answer, that only may, or none."""

    verdict: Literal["answered", "possible", "absent"]
    confidence: float = Field(ge=0, le=1)
    quotes: list[FoundQuote]
    missing: list[str] = Field(description="Names and numbers asked about that aren't there.")
    unknown_words: list[str] = Field(description="Words that no document holds.")
    searched_too: list[str] = Field(
        description="Words put for mistyped ones, and for names that the documents define."
    )
    understood_as: str = Field(description="What was searched, where history completed it.")
    message: str = Field(description="What is said where it is no answer but leads on.")
    places: list[str] = Field(description="Headings or documents that it leads to.")
    warning: str


class FoundMatch(BaseModel):
    """A place where a text stands, or nearly."""

    text: str = Field(description="What stands there, verbatim.")
    citation: str
    document_id: str
    digest: str
    start: int
    end: int
    uri: str
    url: str
    exact: bool = Field(description="Capitals and punctuation are the same, too.")
    differences: list[str] = Field(description="“given” → “found”, where they part.")
    stale: bool


class QuoteCheck(BaseModel):
    """Whether a text is a real quote."""

    verdict: Literal["verified", "near", "absent"]
    matches: list[FoundMatch]


class SectionText(BaseModel):
    """The text of a section, or as much of it as is given at once."""

    document_id: str
    title: str
    section: list[str]
    digest: str
    start: int
    end: int
    text: str
    next_start: int | None = Field(description="Where to read on; null at the section's end.")
    sections: list[list[str]] = Field(description="Sections directly below.")


class ListedDocument(BaseModel):
    """A document."""

    document_id: str
    title: str
    digest: str
    characters: int
    pages: int = Field(description="0 where it has none.")
    language: str
    indexed_at: str


class DocumentList(BaseModel):
    """Documents by id."""

    documents: list[ListedDocument]
    total: int
    next_after: str | None = Field(description="What to pass as `after` for more; null: no more.")


class SearchResult(BaseModel):
    """One result of ``search``."""

    id: str
    title: str
    url: str


class SearchResults(BaseModel):
    """What ``search`` gives."""

    results: list[SearchResult]


class Fetched(BaseModel):
    """What ``fetch`` gives."""

    id: str
    title: str
    text: str
    url: str
    metadata: dict[str, str]


def uri_of(digest: str, start: int, end: int) -> str:
    """The resource that holds a span of a text."""
    return f"{SCHEME}://quote/{digest}/{start}-{end}"


def found_passage(hit: Hit, digest: str, base: str) -> FoundPassage:
    """A hit as the tools give it; ``base`` is the page's address, or ""."""
    passage = hit.passage
    return FoundPassage(**_placed(passage, Citation.of(passage, digest), base))


def found_quote(quote: Quote, index: Index, base: str) -> FoundQuote:
    """A quote as the tools give it."""
    text, first = quote.text, quote.start
    words = quote.answer
    context = index.slices(quote.citation.document_id, quote.context) if quote.context else []
    return FoundQuote(
        **_placed(quote.passage, quote.citation, base),
        answering=[text[start - first : end - first] for start, end in quote.marked],
        words=text[words[0] - first : words[1] - first] if words else "",
        context=context,
        stale=quote.stale,
    )


def found_match(match: Match, given: str, base: str) -> FoundMatch:
    """A place where a text stands, as the tools give it."""
    citation, text = match.citation, match.text
    digest, start, end = citation.digest, citation.start, citation.end
    link = SourceLink(digest, start, end, document_id=citation.document_id)
    return FoundMatch(
        text=text,
        citation=str(citation),
        document_id=citation.document_id,
        digest=digest,
        start=start,
        end=end,
        uri=uri_of(digest, start, end),
        url=f"{base}{link_query(link)}" if base else "",
        exact=match.exact,
        differences=[
            f"“{given[slice(*one.given)]}” → “{text[one.found[0] - start : one.found[1] - start]}”"
            for one in match.differences
        ],
        stale=match.stale,
    )


def _placed(passage: Passage, citation: Citation, base: str) -> dict[str, Any]:
    digest, start, end = citation.digest, passage.start, passage.end
    link = SourceLink(digest, start, end, document_id=passage.document_id)
    return {
        "text": passage.text,
        "citation": str(citation),
        "document_id": passage.document_id,
        "section": list(passage.section),
        "pages": [page.label or str(page.number) for page in passage.pages],
        "digest": digest,
        "start": start,
        "end": end,
        "uri": uri_of(digest, start, end),
        "url": f"{base}{link_query(link)}" if base else "",
    }


def above(reply: Answer) -> str:
    """What is said before the quotes."""
    said = f"Understood as: {reply.understood_as}\n\n" if reply.understood_as else ""
    if reply.navigation:
        lines = [reply.message, *(f"- {one} ({one.document_id})" for one in reply.places)]
        return said + "\n".join(lines) + "\n\n"
    said += {
        "answered": "",
        "possible": "These may answer it; it isn't sure.\n\n",
        "absent": "Nothing in the documents answers this clearly.",
    }[reply.verdict]
    lacking = ", ".join(dict.fromkeys((*reply.missing, *reply.unknown_words)))
    return said + (f"\nNot in the documents: {lacking}.\n\n" if lacking and not reply.found else "")


def shown(one: FoundPassage) -> str:
    """A passage with what stands above it, and its citation, as text."""
    above = one.context if isinstance(one, FoundQuote) else []
    return "\n".join((*above, f"“{one.text}”", f"— {one.citation} ({one.document_id})"))
