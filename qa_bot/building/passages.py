"""Document → passages: whole paragraphs and sentences of one section each."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate, groupby, pairwise
from typing import Literal

from qa_bot.records import Block, BlockKind, Document, Page, Passage, Section, Sentence, Span
from qa_bot.sentences import sentence_spans

VERSION = 8
"""Raised whenever a document is cut, or its passages embedded, differently: indexes redo it."""

TokenCounter = Callable[[Sequence[str]], list[int]]
"""Texts → the number of the model's tokens in each, special tokens left out."""

LONGEST = 254  # tokens, also where the model reads more: what is quoted is to be read at a glance
SHORT = 30  # tokens; a shorter paragraph says too little on its own and joins its neighbour
LIST = 3  # sentences: a lead-in and two items; such a list is found by itself
LONGEST_TOKEN = 20  # characters, on average; a tokenizer may take a huge unknown word for one token


_TABLE = ("caption", "table_header", "table_row")
_UnitKind = Literal["text", "list", "table", "caption", "code"]

Run = tuple[int, int]
"""``(first, stop)`` of sentences that follow each other in a unit."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """A paragraph, a list with what introduces it, a table: what stays together if it fits."""

    kind: _UnitKind
    sentences: tuple[Sentence, ...]
    tokens: tuple[int, ...]  # of each sentence
    needs: tuple[tuple[Run, ...], ...]  # of each sentence: the lead-in; the caption, the header

    @property
    def size(self) -> int:
        return sum(self.tokens)

    @property
    def paragraph(self) -> int:
        return self.sentences[-1].paragraph

    def __add__(self, after: _Unit) -> _Unit:
        shift = len(self.sentences)
        moved = tuple(
            tuple((first + shift, stop + shift) for first, stop in runs) for runs in after.needs
        )
        return _Unit(
            after.kind,
            self.sentences + after.sentences,
            self.tokens + after.tokens,
            self.needs + moved,
        )


def split_document(
    document: Document, count_tokens: TokenCounter, max_tokens: int
) -> list[Passage]:
    """Cut a document into passages of at most ``max_tokens`` tokens, in reading order.

    A passage never crosses a section. A paragraph is one passage; one that is
    too long is cut between sentences into parts of similar size; a short one
    joins the next one, or the one before where it ends a section or a page, but no
    list another list. A list stays with the paragraph
    that introduces it, and a table with its caption and header; where they don't
    fit in one passage, each of the others names the lead-in, or the caption and
    the header of its rows, as its ``context``. A row is cut only where it alone is too long. Two
    tables in a row are never in one passage, nor is a figure's caption with
    other text. Headings and links to other pages are in no passage; all other
    text is in exactly one.
    """

    def count(texts: Sequence[str]) -> list[int]:
        tokens = count_tokens(texts)
        return [
            max(n, 1, len(text) // LONGEST_TOKEN) for n, text in zip(tokens, texts, strict=True)
        ]

    passages: list[Passage] = []
    page_starts = [span.start for span in document.pages]
    for section, blocks in _by_section(document):
        units = _units(document, blocks, count, max_tokens)
        for group in _join_short(units, max_tokens, page_starts):
            passages.extend(
                _passage(document, section, sentences, context)
                for sentences, context in _cut(group, max_tokens)
            )
    return passages


def _by_section(document: Document) -> Iterator[tuple[Section, list[list[Block]]]]:
    """The blocks right under each section, in runs that no heading or link interrupts."""
    starts = [section.start for section in document.sections]
    mine: dict[int, list[Block]] = {}
    for block in document.blocks:
        index = bisect_right(starts, block.start) - 1
        while document.sections[index].end < block.end:
            index -= 1
        mine.setdefault(index, []).append(block)
    for index, blocks in sorted(mine.items()):
        runs = [
            list(run)
            for quotable, run in groupby(
                blocks, lambda block: block.kind not in ("heading", "link")
            )
            if quotable
        ]
        if runs:
            yield document.sections[index], runs


def _units(
    document: Document, runs: Sequence[Sequence[Block]], count_tokens: TokenCounter, max_tokens: int
) -> list[list[_Unit]]:
    """Each run's paragraphs, with their sentences counted in one call for the whole section."""
    text, shapes = document.text, list(_number_paragraphs(document, runs))
    spans = [span for shape in shapes for span in shape.spans]
    counts = iter(count_tokens([text[start:end] for start, end in spans]))
    units: list[list[_Unit]] = [[] for _ in runs]
    for shape in shapes:
        sentences: list[Sentence] = []
        tokens: list[int] = []
        owners: list[int] = []
        for (start, end), owner in zip(shape.spans, shape.owners, strict=True):
            count = next(counts)
            if count <= max_tokens:
                pieces, sizes = [(start, end)], [count]
            else:
                pieces = _cut_at_spaces(text, (start, end), count, max_tokens, count_tokens)
                sizes = count_tokens([text[a:b] for a, b in pieces])
            sentences += [Sentence(a, b, shape.paragraph) for a, b in pieces]
            tokens += sizes
            owners += [owner] * len(pieces)
        needs = _needs(shape.kind, [shape.kinds[owner] for owner in owners], owners)
        units[shape.run].append(_Unit(shape.kind, tuple(sentences), tuple(tokens), tuple(needs)))
    return units


@dataclass(frozen=True, slots=True)
class _Shape:
    run: int
    paragraph: int
    kind: _UnitKind
    kinds: list[BlockKind]
    spans: list[Span]
    owners: list[int]  # of each span: which of the blocks it is in


def _number_paragraphs(document: Document, runs: Sequence[Sequence[Block]]) -> Iterator[_Shape]:
    """Group blocks into paragraphs, numbered through the section from 1.

    A list, or a table, counts as part of the paragraph right before it, and so
    does a table right after that list; where none is there, as one itself.
    """
    sentences = partial(_sentences, document)
    number = 0
    for index, run in enumerate(runs):
        pending: list[Block] = []
        before: _UnitKind | None = None
        for block, after in [*pairwise(run), (run[-1], None)]:
            pending.append(block)
            if after is not None and _belong_together(document.text, block, after):
                continue
            kinds = [part.kind for part in pending]
            kind = _unit_kind(kinds)
            if kind != "table" or before not in ("text", "list"):
                number += 1
            pairs = [(span, i) for i, part in enumerate(pending) for span in sentences(part)]
            spans, owners = [span for span, _ in pairs], [owner for _, owner in pairs]
            yield _Shape(index, number, kind, kinds, spans, owners)
            pending, before = [], kind


def _belong_together(text: str, block: Block, after: Block) -> bool:
    adjoin = text.count("\n", block.end, after.start) == 1
    if after.kind == "list_item":
        return block.kind in ("list_item", "paragraph") or (block.kind == "code" and adjoin)
    if after.kind == "code":
        return block.kind in ("list_item", "code") and adjoin
    return adjoin and block.kind in _TABLE and after.kind in _TABLE


def _unit_kind(kinds: Sequence[BlockKind]) -> _UnitKind:
    if kinds[-1] in _TABLE:
        return "caption" if set(kinds) == {"caption"} else "table"
    if "list_item" in kinds:
        return "list"
    return "code" if kinds[0] == "code" else "text"


def _needs(
    kind: _UnitKind, kinds: Sequence[BlockKind], owners: Sequence[int]
) -> list[tuple[Run, ...]]:
    """The other sentences that each one needs so that it can be understood.

    Args:
        kind: Of the unit.
        kinds: Of the block of each of its sentences.
        owners: Which block that is.
    """
    if kind == "list" and kinds[0] == "paragraph":
        lead = owners.count(owners[0])
        return [()] * lead + [((lead - 1, lead),)] * (len(kinds) - lead)
    if kind != "table":
        return [()] * len(kinds)
    runs: list[tuple[BlockKind, Run]] = []
    for name, group in groupby(range(len(kinds)), kinds.__getitem__):
        numbers = list(group)
        runs.append((name, (numbers[0], numbers[-1] + 1)))
    captions = tuple(run for name, run in runs if name == "caption")
    needs: list[tuple[Run, ...]] = []
    header: tuple[Run, ...] = ()
    for name, (first, stop) in runs:
        if name == "table_header":
            header = ((first, stop),)
        of_rows = captions + header
        mine = () if name == "caption" else captions if name == "table_header" else of_rows
        needs += [mine] * (stop - first)
    return needs


def _sentences(document: Document, block: Block) -> list[Span]:
    if block.kind in ("code", "table_header", "table_row"):
        return [(block.start, block.end)]
    return [
        (block.start + start, block.start + end)
        for start, end in sentence_spans(document.text[block.start : block.end], document.language)
    ]


def _cut_at_spaces(
    text: str, span: Span, tokens: int, max_tokens: int, count_tokens: TokenCounter
) -> list[Span]:
    """Cut a sentence of too many tokens between words, or anywhere where it has no spaces."""
    start, end = span
    step = max(1, (end - start) * max_tokens // (tokens + 1))
    while True:
        pieces = list(_steps(text, start, end, step))
        if step == 1 or max(count_tokens([text[a:b] for a, b in pieces])) <= max_tokens:
            return pieces
        step = step * 3 // 4 or 1


def _steps(text: str, start: int, end: int, step: int) -> Iterator[Span]:
    while start < end:
        cut = min(start + step, end)
        if cut < end:
            space = max(text.rfind(" ", start, cut), text.rfind("\n", start, cut))
            cut = space if space > start else cut
        yield start, cut
        start = cut
        while start < end and text[start].isspace():
            start += 1


def _join_short(
    runs: Sequence[Sequence[_Unit]], max_tokens: int, page_starts: Sequence[int]
) -> Iterator[_Unit]:
    """Join each short paragraph with the next one, or with the one before.

    With the one before goes what is still short at the end of a run or of a page: a
    signature isn't of the letter that begins on the next page.
    """

    def page_of(sentence: Sentence) -> int:
        return bisect_right(page_starts, sentence.start)

    def join_back(joined: list[_Unit]) -> None:
        if len(joined) > 1 and _are_joined(joined[-2], joined[-1], max_tokens, is_last=True):
            joined[-2:] = [joined[-2] + joined[-1]]

    for run in runs:
        joined: list[_Unit] = []
        for unit in run:
            if len(joined) > 1:
                before, last = joined[-2].sentences[-1], joined[-1].sentences[-1]
                if page_of(before) == page_of(last) < page_of(unit.sentences[0]):
                    join_back(joined)
            if joined and _are_joined(joined[-1], unit, max_tokens, is_last=unit is run[-1]):
                joined[-1] += unit
            else:
                joined.append(unit)
        join_back(joined)
        yield from joined


def _are_joined(before: _Unit, unit: _Unit, max_tokens: int, *, is_last: bool) -> bool:
    kinds = (before.kind, unit.kind)
    if "caption" in kinds or kinds in (("table", "table"), ("list", "code")):
        return False
    if kinds == ("list", "list") and min(len(before.sentences), len(unit.sentences)) >= LIST:
        return False
    fit = before.size + unit.size <= max_tokens
    if unit.kind == "table" and unit.paragraph == before.paragraph:
        return before.size < SHORT or (fit and unit.size < SHORT)
    return fit and (before.size < SHORT or (is_last and unit.size < SHORT))


def _cut(unit: _Unit, max_tokens: int) -> Iterator[tuple[Sequence[Sentence], tuple[Span, ...]]]:
    """The unit's sentences in parts of similar size, each with the context it needs.

    No part ends with a sentence that the next one needs, if that one fits.
    """
    # Counting the whole part could give a token or two more than its sentences do.
    parts = -(-unit.size // max_tokens)
    goal = unit.size / parts if parts else 0.0
    ends = list(accumulate(unit.tokens))
    start, begun = 0, 0
    for i, _ in enumerate(unit.sentences):
        if i + 1 < len(unit.sentences) and ends[i + 1] - begun <= max_tokens:
            leads = any(first <= i < stop for first, stop in unit.needs[i + 1])
            if leads or ends[i] - begun < goal:
                continue
        yield unit.sentences[start : i + 1], tuple(_context(unit, start, i + 1))
        start, begun = i + 1, ends[i]


def _context(unit: _Unit, start: int, stop: int) -> Iterator[Span]:
    """What the sentences from ``start`` to ``stop`` need and don't hold."""
    for first, end in sorted({run for runs in unit.needs[start:stop] for run in runs}):
        outside = (first, min(end, start)) if first < start else (max(first, stop), end)
        if outside[0] < outside[1]:
            yield unit.sentences[outside[0]].start, unit.sentences[outside[1] - 1].end


def _passage(
    document: Document, section: Section, sentences: Sequence[Sentence], context: tuple[Span, ...]
) -> Passage:
    start, end = sentences[0].start, sentences[-1].end
    return Passage(
        document_id=document.id,
        title=document.title,
        section=section.path,
        start=start,
        end=end,
        text=document.text[start:end],
        paragraph=sentences[0].paragraph,
        pages=pages_of(document, start, end),
        sentences=tuple(sentences),
        context=context,
        anchor=section.anchor,
        language=document.language,
    )


def pages_of(document: Document, start: int, end: int) -> tuple[Page, ...]:
    """The pages that the span stands on, in order; empty where the format has none."""
    first = bisect_right(document.pages, start, key=lambda span: span.end)
    stop = bisect_left(document.pages, end, first, key=lambda span: span.start)
    return tuple(span.page for span in document.pages[first:stop])


def whole_passage(document: Document, section: Section, start: int, end: int) -> Passage:
    """A ready-made passage: the given span, with its sentences found (for benchmarks)."""
    spans = sentence_spans(document.text[start:end], document.language)
    sentences = tuple(Sentence(start + a, start + b, 1) for a, b in spans)
    return replace(
        _passage(document, section, sentences, ()),
        start=start,
        end=end,
        text=document.text[start:end],
    )
