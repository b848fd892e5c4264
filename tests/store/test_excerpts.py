"""Parts of a document, read without the rest: the whole document is the oracle."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.hashing import HashEmbedder
from qa_bot import Document, Excerpt, Index, Passage, UnknownDocumentError, open_index
from qa_bot.building.build import index_passages
from qa_bot.building.passages import split_document
from qa_bot.errors import IndexDamagedError
from qa_bot.loaders.markdown import parse_markdown
from qa_bot.records import Block, Page, PageSpan, Section, Span
from qa_bot.store import pieces
from qa_bot.store.database import explain_errors
from qa_bot.store.schema import FILE, TABLES
from qa_bot.tables import Table

MARKDOWN = """# Otters 🦦

Otters live in rivers; the cafe\u0301 keeps two. 𝔒𝔱𝔱𝔢𝔯𝔰 sleep on their backs.

## Food

- fish 🐟🐟🐟
- crabs

### Winter

They fast.

## Weights

| animal | kilograms |
|---|---|
| otter 🦦 | 9 |
| moth | 0 |
"""
LENGTHS = (1, 2, 7, 64, 1_000)  # of pieces


def sample(document_id: str) -> Document:
    """A document with headings, a list, a table, pages (one of them empty), and odd letters."""
    made = parse_markdown(MARKDOWN, document_id)
    cuts = (0, 17, 17, 90, len(made.text))
    pages = tuple(
        PageSpan(Page(f"p{n}", n, 6), start, end)
        for n, (start, end) in enumerate(pairwise(cuts), 1)
    )
    return replace(made, pages=pages)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """The sample in pieces of each length, named by it."""
    folder = tmp_path_factory.mktemp("excerpts")
    with pytest.MonkeyPatch.context() as patch:

        def cut() -> Iterator[tuple[Document, Sequence[Passage]]]:
            for length in LENGTHS:
                patch.setattr(pieces, "LENGTH", length)
                made = sample(str(length))
                yield (
                    made,
                    split_document(made, lambda texts: [len(text.split()) for text in texts], 20),
                )

        index_passages(cut(), folder, HashEmbedder())
    with open_index(folder, model=HashEmbedder()) as opened:
        yield opened


def expected(document: Document, start: int, end: int) -> Excerpt:
    """The same, by way of the whole document."""
    start = min(max(start, 0), len(document.text))
    end = min(max(end, start), len(document.text))

    def shares(one: Block | PageSpan | Table) -> bool:
        return bool(set(range(one.start, one.end)) & set(range(start, end)))

    return Excerpt(
        document_id=document.id,
        title=document.title,
        digest=document.digest,
        characters=len(document.text),
        pages=6,
        start=start,
        end=end,
        text=document.text[start:end],
        blocks=tuple(filter(shares, document.blocks)),
        page_spans=tuple(filter(shares, document.pages)),
        tables=tuple(one.within(start, end) for one in filter(shares, document.tables)),
    )


offsets = st.integers(-3, len(sample("").text) + 3)


@given(st.sampled_from(LENGTHS), offsets, offsets)
def test_an_excerpt_is_a_slice_of_the_whole_document(
    index: Index, length: int, start: int, end: int
) -> None:
    whole = sample(str(length))
    assert index.document(whole.id) == whole
    assert index.excerpt(whole.id, start, end) == expected(whole, start, end)


@given(st.sampled_from(LENGTHS), st.lists(st.tuples(offsets, offsets)))
def test_slices_are_those_of_the_whole_text(index: Index, length: int, spans: list[Span]) -> None:
    whole = sample(str(length))
    wanted = [expected(whole, *span).text for span in spans]
    assert index.slices(whole.id, spans) == wanted


@given(offsets, offsets)
def test_sections_come_without_the_text(index: Index, start: int, end: int) -> None:
    whole = sample("64")
    assert len(whole.sections) == 4
    assert index.sections("64") == whole.sections
    clipped = expected(whole, start, end)
    part = set(range(clipped.start, clipped.end))
    assert index.sections("64", (start, end)) == tuple(
        section for section in whole.sections if part & set(range(section.start, section.end))
    )


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.lists(st.integers(0, 40), max_size=12),
    st.integers(1, 9),
    st.tuples(st.integers(0, 40), st.integers(0, 40)),
)
def test_any_text_blocks_and_pages_come_back_from_pieces_of_any_length(
    text: str, marks: list[int], length: int, span: Span
) -> None:
    """Also empty ones, gaps, and those that reach over many pieces."""
    cuts = sorted({min(mark, len(text)) for mark in marks} | {min(span), len(text)})
    cuts = [min(cut, len(text)) for cut in cuts]
    pairs = list(pairwise(cuts))
    empty = [(cuts[0], cuts[0])] if cuts[0] in {0, len(text)} else []
    blocks = tuple(Block("paragraph", *pair) for pair in [*empty, *pairs[::2]])
    pages = tuple(PageSpan(Page("", n), *pair) for n, pair in enumerate([*empty, *pairs], 1))
    made = Document("a", "T", text, (Section((), 0, len(text)),), blocks, pages)
    connection = sqlite3.connect(":memory:")
    connection.executescript(TABLES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "LENGTH", length)
        pieces.save_pieces(connection, 1, made)
    whole = pieces.read_whole(connection, 1, len(text))
    assert (whole.text, whole.blocks, whole.pages) == (text, blocks, pages)
    start, end = (min(offset, len(text)) for offset in sorted(span))
    part = pieces.read_part(connection, 1, start, end)
    wanted = expected(made, start, end)
    assert (part.text, part.blocks, part.pages) == (wanted.text, wanted.blocks, wanted.page_spans)
    connection.close()


def test_a_part_of_an_unknown_document_is_refused(index: Index) -> None:
    for name in ("8", "", "\udce9"):
        with pytest.raises(UnknownDocumentError):
            index.excerpt(name, 0, 10)
        with pytest.raises(UnknownDocumentError):
            index.slices(name, [])
        with pytest.raises(UnknownDocumentError):
            index.sections(name)


def test_pieces_that_are_gone_are_damage_not_silence(index: Index, tmp_path: Path) -> None:
    with (
        sqlite3.connect(index.folder / FILE) as stored,
        sqlite3.connect(tmp_path / FILE) as copy,
    ):
        stored.backup(copy)
    copy.execute("DELETE FROM pieces WHERE document = 3 AND start BETWEEN 20 AND 40")
    end = len(sample("").text)
    assert pieces.read_slice(copy, 3, 0, 21) == sample("").text[:21]
    for start in (0, 15, 22, 36):
        for read in (pieces.read_part, pieces.read_slice):
            with (
                pytest.raises(IndexDamagedError, match="pieces of a text are missing"),
                explain_errors(tmp_path),
            ):
                read(copy, 3, start, end)
    with pytest.raises(IndexDamagedError), explain_errors(tmp_path):
        pieces.read_whole(copy, 3, end)
    copy.close()
    stored.close()
