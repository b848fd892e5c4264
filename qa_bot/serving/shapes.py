"""What the HTTP API takes and gives, as JSON has it.

Replies are the package's own records, with what a program at a distance lacks beside them: how
a citation reads, and the link that opens the quote in the page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from qa_bot.records import (
    Answer,
    Citation,
    DocumentSummary,
    Health,
    Hit,
    Page,
    Passage,
    Quote,
    Section,
)
from qa_bot.store.opening import Index
from qa_bot.tables import Cell, QuotedTable, Table
from qa_bot.verification import Match, Verification
from qa_bot.web.links import SourceLink, link_query, quote_link

MOST_CHARACTERS = 2_000  # of a question; what follows would not be read
MOST_PASSAGES = 50
MOST_DOCUMENTS = 100  # named in one request
MOST_VERIFIED = 20_000  # characters
MOST_TEXT = 100_000  # characters that are read at once
MOST_LISTED = 1_000
MOST_TURNS = 50  # of a conversation; the last few are read
MOST_SAID = 50_000  # characters of what was said to an earlier question
Name = Annotated[str, Field(min_length=1, max_length=1_024)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)  # "5" and true are no numbers


class RetrieveRequest(_Request):
    """A question, and where to look."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"question": "Why is Iceland important?"}]}
    )
    question: str = Field(max_length=MOST_CHARACTERS, description="In plain words.")
    k: int = Field(5, ge=1, le=MOST_PASSAGES, description="At most so many passages.")
    documents: list[Name] | None = Field(
        None, max_length=MOST_DOCUMENTS, description="Only from these: exact ids or folders."
    )


class Said(_Request):
    """A question that was asked before, and what was said to it."""

    question: str = Field(max_length=MOST_CHARACTERS)
    text: str = Field("", max_length=MOST_SAID, description="The quotes, say; may be empty.")


class AnswerRequest(RetrieveRequest):
    """A question, where to look, how sure an answer has to be, and what was said before."""

    strictness: float | None = Field(None, ge=0, le=1)
    history: list[Said] = Field(
        [],
        max_length=MOST_TURNS,
        description="The conversation so far, oldest first: a question may lean on it.",
    )


class VerifyRequest(_Request):
    """A text that is claimed to be a quote."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "its strategic location enables surveillance"}]},
    )
    text: str = Field(max_length=MOST_VERIFIED, description="The words to look for.")
    documents: list[Name] | None = Field(
        None, max_length=MOST_DOCUMENTS, description="Only in these: exact ids or folders."
    )


def extended(record: type, name: str, **more: Any) -> type[BaseModel]:  # noqa: ANN401 - types
    """The schema of a record that is told with more beside its fields."""
    hints = get_type_hints(record)
    told: dict[str, Any] = {one.name: (hints[one.name], ...) for one in fields(record)}
    return create_model(name, __doc__=f"A {record.__name__}, and more.", **(told | more))


_Text = Annotated[str, Field(description="What it says.")]
CELL = extended(Cell, "CellTold", text=(_Text, ...))
TABLE = extended(Table, "TableTold", cells=(tuple[CELL, ...], ...))  # type: ignore[valid-type]
QUOTED_TABLE = extended(
    QuotedTable,
    "QuotedTableTold",
    table=(TABLE, ...),
    cell=(CELL | None, ...),
)
_Cited = Annotated[str, Field(description="The citation as it is printed.")]
_Link = Annotated[str, Field(description="Opens it: a query to put behind the page's address.")]
QUOTE = extended(
    Quote,
    "QuoteTold",
    cited=(_Cited, ...),
    link=(_Link, ...),
    table=(QUOTED_TABLE | None, ...),
)
HIT = extended(Hit, "HitTold", digest=(str, ...), link=(_Link, ...))
ANSWER = extended(
    Answer,
    "AnswerTold",
    verdict=(Literal["answered", "possible", "absent"], ...),
    quotes=(tuple[QUOTE, ...], ...),  # type: ignore[valid-type]
)
MATCH = extended(Match, "MatchTold", cited=(_Cited, ...), link=(_Link, ...))
VERIFICATION = extended(
    Verification,
    "VerificationTold",
    matches=(tuple[MATCH, ...], ...),  # type: ignore[valid-type]
)
RETRIEVED = create_model("Retrieved", hits=(list[HIT], ...))  # type: ignore[valid-type]


class Listed(BaseModel):
    """Documents by id, from the one after ``after`` on."""

    documents: list[DocumentSummary]
    total: int
    next: str | None = Field(description="What to pass as `after` for those that follow.")


class Outline(BaseModel):
    """A document's sections, in reading order; the first is the whole document."""

    document_id: str
    digest: str
    sections: list[Section]


class PlacedBox(BaseModel):
    """A line of a quote on a page: sides as shares of its width and height, from the top left."""

    page: int
    left: float
    top: float
    right: float
    bottom: float


class Boxes(BaseModel):
    """Where a span of a PDF's text stands on its pages; none where it can't be found there."""

    document_id: str
    digest: str
    start: int
    end: int
    boxes: list[PlacedBox]


class Permanent(BaseModel):
    """What a permanent link to a quote leads to."""

    document_id: str
    title: str
    section: tuple[str, ...]
    pages: list[Page]
    digest: str
    start: int
    end: int
    text: str
    link: _Link
    stale: bool = Field(description="The file was changed or deleted since it was indexed.")


class IndexHealth(BaseModel):
    """What is indexed, and what is wrong with any file."""

    documents: int
    passages: int
    model: str
    built_at: str
    health: Health


class Alive(BaseModel):
    """How the server is."""

    status: Literal["live", "ready"]


def told_answer(answer: Answer, index: Index) -> dict[str, Any]:
    """An answer as JSON has it: the record, its verdict, links, what a table's cells say."""
    shown: dict[str, Any] = {"verdict": answer.verdict, **asdict(answer)}
    digests = index.digests({hit.passage.document_id for hit in answer.hits})
    shown["hits"] = told_hits(answer.hits, digests)
    for quote, told in zip(answer.quotes, shown["quotes"], strict=True):
        told |= {"cited": str(quote.citation), "link": link_query(quote_link(quote))}
        if quote.table is not None:
            _fill_cells(told["table"], quote.citation.document_id, index)
    return shown


def _fill_cells(told: dict[str, Any], document_id: str, index: Index) -> None:
    cells = [*told["table"]["cells"], *filter(None, [told["cell"]])]
    spans = [(cell["start"], cell["end"]) for cell in cells]
    for cell, text in zip(cells, index.slices(document_id, spans), strict=True):
        cell["text"] = text


def told_verification(found: Verification) -> dict[str, Any]:
    """What a check found as JSON has it: the record, with links to where the text stands."""
    shown = asdict(found)
    for match, told in zip(found.matches, shown["matches"], strict=True):
        told |= {"cited": str(match.citation), "link": citation_link(match.citation)}
    return shown


def citation_link(citation: Citation) -> str:
    """What opens the place of a citation in the page."""
    span = citation.start, citation.end
    return link_query(SourceLink(citation.digest, *span, document_id=citation.document_id))


def told_hits(hits: Iterable[Hit], digests: dict[str, str]) -> list[dict[str, Any]]:
    """Hits as JSON has them, with the digests of their documents' texts."""
    told = []
    for hit in hits:
        digest = digests[hit.passage.document_id]
        told.append(asdict(hit) | {"digest": digest, "link": passage_link(hit.passage, digest)})
    return told


def passage_link(passage: Passage, digest: str) -> str:
    """What opens a passage in the page."""
    link = SourceLink(digest, passage.start, passage.end, document_id=passage.document_id)
    return link_query(link)
