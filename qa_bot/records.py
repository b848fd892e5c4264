"""What flows through qa_bot: frozen records, no behaviour beyond their invariants.

All offsets are code points into ``Document.text``; ``end`` is exclusive.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from qa_bot.leading import Navigation as Navigation  # noqa: PLC0414
from qa_bot.leading import Option as Option  # noqa: PLC0414
from qa_bot.paging import ONE_LINE, ScannedPage, pages_named
from qa_bot.paging import Page as Page  # noqa: PLC0414 - this is where the others have it from
from qa_bot.paging import PageKind as PageKind  # noqa: PLC0414
from qa_bot.printing import Printed, Quoted
from qa_bot.tables import QuotedTable, Table
from qa_bot.tables import Span as Span  # noqa: PLC0414 - this is where the others have it from
from qa_bot.text import text_digest, valid_unicode

__version__ = "0.1.0"
"""Of qa_bot; evaluations and feedback say which one they are from."""


@dataclass(frozen=True, slots=True)
class PageSpan:
    """The part of a document's text that stands on one page."""

    page: Page
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Section:
    """A node of the section tree.

    Invariant: sections nest or are disjoint, never cross; a section spans its
    heading, its text and its sub-sections.
    """

    path: tuple[str, ...]  # headings, outermost first; () for the document itself
    start: int
    end: int
    anchor: str = ""  # the fragment that opens it in the original file, where there is one


BlockKind = Literal[
    "heading", "paragraph", "list_item", "code", "caption", "table_header", "table_row", "link"
]


@dataclass(frozen=True, slots=True)
class Block:
    """A run of text that a reader sees as one piece.

    The caption, header and rows of one table stand on consecutive lines, a
    blank line apart from everything else, the next table included; a caption
    on its own is a figure's. Code on the line after a list item is part of the
    list. ``link`` marks navigation to other pages: kept in the text, never quoted.
    """

    kind: BlockKind
    start: int
    end: int


@dataclass(frozen=True)
class Document:
    """One file as plain text with its structure.

    Invariants: ``blocks`` are disjoint and in reading order; ``sections[0]`` is
    the whole document with the path ``()``; the others follow in reading order;
    ``tables`` are disjoint and in reading order, and each of their rows is a block.
    Text, title and headings are valid Unicode: half a surrogate pair becomes U+FFFD.
    """

    id: str  # path relative to the documents folder, with "/"
    title: str
    text: str
    sections: tuple[Section, ...]
    blocks: tuple[Block, ...]
    pages: tuple[PageSpan, ...] = ()
    warnings: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    language: str = ""  # a code ("de"), or "" where it isn't known: see ``language_of``
    scans: tuple[ScannedPage, ...] = ()  # recognised pages; of an index, see ``Index.scans``

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", valid_unicode(self.text))
        object.__setattr__(self, "title", valid_unicode(self.title))
        if not all(valid_unicode(name) is name for one in self.sections for name in one.path):
            paths = (tuple(map(valid_unicode, one.path)) for one in self.sections)
            sections = map(lambda one, path: replace(one, path=path), self.sections, paths)
            object.__setattr__(self, "sections", tuple(sections))

    @cached_property
    def digest(self) -> str:
        """First 16 hex digits of the sha256 of the text: names this very content."""
        return text_digest(self.text)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A part of a document's text, read without the rest.

    Invariant: ``index.document(document_id).text[start:end] == text``. ``blocks`` and
    ``page_spans`` are those that share a character with it, and may reach over its ends;
    ``tables`` have the rows that do, with their headers and the group that they are in.
    """

    document_id: str
    title: str
    digest: str  # of the whole text
    characters: int  # of the whole text
    pages: int  # in the file; 0 where it has none
    start: int
    end: int
    text: str
    blocks: tuple[Block, ...]
    page_spans: tuple[PageSpan, ...]
    tables: tuple[Table, ...] = ()
    language: str = ""  # of the whole document


@dataclass(frozen=True, slots=True)
class Named:
    """The document that a digest names.

    ``current``: its text is that very one. ``changed``: it had that text in an
    earlier build. ``gone``: so it had, and the index holds it no longer.
    """

    document_id: str  # the first by name, where several have that text
    state: Literal["current", "changed", "gone"]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage; offsets into the document, ``paragraph`` 1-based in its section."""

    start: int
    end: int
    paragraph: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A slice of one section: the unit that is retrieved and quoted.

    Invariant: ``document.text[start:end] == text``.
    """

    document_id: str
    title: str
    section: tuple[str, ...]  # headings, outermost first
    start: int
    end: int
    text: str
    paragraph: int  # 1-based within its section
    pages: tuple[Page, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    context: tuple[Span, ...] = ()  # what it needs: a list's lead-in, a table's caption, header
    anchor: str = ""
    language: str = ""  # of its document


@dataclass(frozen=True, slots=True)
class Hit(Printed):
    """A retrieved passage. ``score`` in [0, 1], comparable within one question only."""

    passage: Passage
    score: float

    def _printed(self) -> tuple[str, list[Quoted]]:
        one = self.passage
        where = f"{' › '.join((one.title, *one.section))}, ¶ {one.paragraph}"
        return "", [Quoted(one.text, one.start, (), f"{where} ({self.score:.2f})")]


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a quote stands: enough to print, to find it again, and to tell whether it changed."""

    document_id: str
    title: str
    section: tuple[str, ...]
    paragraph: int  # of the first marked sentence, 1-based within the section
    pages: tuple[Page, ...]
    anchor: str
    digest: str  # of the document's text, see ``Document.digest``
    start: int
    end: int

    @classmethod
    def of(
        cls,
        passage: Passage,
        digest: str,
        paragraph: int | None = None,
        marked: Sequence[Span] = (),
    ) -> Citation:
        """Cite a passage; ``paragraph`` is its first one unless given.

        Where each line has a place of its own, the cells of a row say, it is those of ``marked``.
        """
        return cls(
            document_id=passage.document_id,
            title=passage.title,
            section=passage.section,
            paragraph=passage.paragraph if paragraph is None else paragraph,
            pages=_pages_of(passage, marked),
            anchor=passage.anchor,
            digest=digest,
            start=passage.start,
            end=passage.end,
        )

    def __str__(self) -> str:
        """Title › Section › Subsection, ¶ 2, p. iv (6 of 107); or "Costs › Budget, B4:D9"."""
        below = self.section[1:] if self.section[:1] == (self.title,) else self.section
        parts = [" › ".join((self.title, *below))]
        if not (self.pages and self.pages[0].kind in ONE_LINE):
            parts.append(f"¶ {self.paragraph}")
        if self.pages:
            parts.append(pages_named(self.pages))
        return ", ".join(parts)


def _pages_of(passage: Passage, marked: Sequence[Span]) -> tuple[Page, ...]:
    """The pages of a passage, or where each line is one, those of the lines that are marked."""
    pages = passage.pages
    if not (marked and pages and pages[0].kind in ONE_LINE):
        return pages
    lines = [line.span() for line in re.finditer(r"[^\n]+", passage.text)]
    if len(lines) != len(pages):
        return pages
    start = min(span[0] for span in marked) - passage.start
    end = max(span[1] for span in marked) - passage.start
    chosen = (
        page
        for page, (first, last) in zip(pages, lines, strict=True)
        if first < end and start < last
    )
    return tuple(chosen) or pages


@dataclass(frozen=True, slots=True)
class Quote(Printed):
    """A whole passage, verbatim, with its answering sentences marked.

    Invariant: ``index.document(citation.document_id).text[start:end] == text``; ``sentences`` are
    one or two spans in it, ``context`` spans stand before it, or for a caption below its table
    behind it, in order, and are shown above it, never spliced in.
    """

    text: str
    start: int
    end: int
    passage: Passage
    sentences: tuple[Span, ...]
    context: tuple[Span, ...]
    citation: Citation
    stale: bool = False  # the file was changed or deleted since it was indexed
    answer: Span | None = None  # its likeliest words, inside a marked sentence; None: not known
    table: QuotedTable | None = None  # where it is of a table

    @property
    def is_marked(self) -> bool:
        """Whether ``sentences`` are set off; a table's unsure row is just where links lead."""
        return self.table is None or bool(self.table.rows)

    @property
    def marked(self) -> tuple[Span, ...]:
        """The sentences that are set off; () where none is."""
        return self.sentences if self.is_marked else ()

    def _printed(self) -> tuple[str, list[Quoted]]:
        cited = str(self.citation)
        return "", [Quoted(self.text, self.start, self.marked, cited, self.table)]


@dataclass(frozen=True, slots=True)
class Answer(Printed):
    """The reply to one question.

    ``quotes`` holds one to three, best first, also where they only may; ``hits`` is the ranking.
    Invariant: what is ``navigation`` is never ``found``, and may have more quotes.
    """

    question: str
    found: bool  # whether it is sure enough
    confidence: float  # in [0, 1], comparable between questions; the lower of two in one
    hits: tuple[Hit, ...]
    quotes: tuple[Quote, ...]
    unknown_words: tuple[str, ...] = ()  # of the question, that no document holds
    missing: tuple[str, ...] = ()  # names and numbers that the best passage lacks: never found
    searched_too: tuple[str, ...] = ()  # words of the documents, for mistyped ones and names
    stale: tuple[str, ...] = ()  # documents of the hits whose files changed since, or are gone
    warning: str = ""  # why the answer may be worse than it could be
    strictness: float = 0.5  # the confidence that was needed, in [0, 1]
    reader: str = ""  # the name of what read the passages; "" where nothing did
    understood_as: str = ""  # what was searched, where the conversation completed the question
    options: tuple[Option, ...] = ()  # what it may mean, best first; () where that is clear
    navigation: Navigation = ""
    message: str = ""  # what a navigation says in a line, beside what it quotes
    places: tuple[Citation, ...] = ()  # headings or documents that a navigation leads to, in order

    @property
    def verdict(self) -> Literal["answered", "possible", "absent"]:
        """Whether the quotes answer, may answer, or there are none."""
        return "answered" if self.found else "possible" if self.quotes else "absent"

    def _printed(self) -> tuple[str, list[Quoted]]:
        told = {"possible": "This may answer it:", "absent": "Nothing here answers this clearly."}
        quotes = [quoted for one in self.quotes for quoted in one._printed()[1]]
        return told.get(self.verdict, ""), quotes


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the file system says of a file's version, without the file being read."""

    size: int = -1  # bytes; -1 where there is no file
    modified: int = 0  # nanoseconds since the epoch
    inode: int = 0
    checked: int = 0  # when the file was hashed, in such nanoseconds; 0 where it wasn't

    @classmethod
    def of(cls, found: os.stat_result, checked: int = 0) -> Stamp:
        """The stamp of a file that was just looked at."""
        return cls(found.st_size, found.st_mtime_ns, found.st_ino, checked)

    def tells(self, earlier: Stamp) -> bool:
        """Whether the file is surely the version that had the earlier stamp.

        Not where it was hashed within two seconds of a change: a later one may have that time.
        """
        now = self.size, self.modified, self.inode
        then = earlier.size, earlier.modified, earlier.inode
        return now == then and self.size >= 0 and earlier.modified + 2_000_000_000 < earlier.checked


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that could not be read, or was read with a warning."""

    document_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Health:
    """What is wrong with the files of the documents folder, each list sorted by name."""

    unreadable: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()  # read, but not as it should be; or a folder left out
    unsupported: tuple[str, ...] = ()  # names of files of kinds that are not read
    hidden: int = 0  # hidden and temporary files and folders, which are ignored


@dataclass(frozen=True, slots=True)
class Check:
    """What a check of an index found. ``recall`` is of its vector search, in [0, 1], if known."""

    faults: tuple[str, ...]  # the index isn't what it claims: one line each
    outdated: tuple[str, ...]  # files that are no longer what was indexed: the next build's work
    recall: float | None  # share of the exact ten nearest passages that are found


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    """One indexed document, without its text."""

    id: str
    title: str
    digest: str
    characters: int
    passages: int
    pages: int
    indexed_at: str  # ISO 8601, UTC
    warnings: tuple[str, ...] = field(default=())
    language: str = ""  # a code ("de"), or "" where it isn't known
