"""Document → passages: whole paragraphs and sentences of one section each."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby, pairwise

from qa_bot.records import Block, Document, Page, Passage, Section, Sentence, Span
from qa_bot.sentences import sentence_spans

VERSION = 1
"""Raised whenever the same document is cut differently: indexes then cut it anew."""

TokenCounter = Callable[[Sequence[str]], list[int]]
"""Texts → the number of the model's tokens in each, special tokens left out."""

SHORT = 30  # tokens; a shorter paragraph says too little on its own and joins its neighbour
LONGEST_TOKEN = 20  # characters, on average; a tokenizer may take a huge unknown word for one token


@dataclass(frozen=True, slots=True)
class _Unit:
    """A paragraph, or a list with what introduces it: what stays together if it fits."""

    sentences: tuple[Sentence, ...]
    tokens: tuple[int, ...]  # of each sentence
    lead: int = 0  # how many of the first sentences introduce the rest: a lead-in, a header row

    @property
    def size(self) -> int:
        return sum(self.tokens)


def split_document(
    document: Document, count_tokens: TokenCounter, max_tokens: int
) -> list[Passage]:
    """Cut a document into passages of at most ``max_tokens`` tokens, in reading order.

    A passage never crosses a section. A paragraph is one passage; one that is
    too long is cut between sentences into parts of similar size; a short one
    joins its neighbour. A list stays with the paragraph that introduces it, and
    a table with its header row; where they don't fit in one passage, the later
    ones name the lead-in or header as their ``context``. Headings and links to
    other pages are in no passage; all other text is in exactly one.
    """

    def count(texts: Sequence[str]) -> list[int]:
        tokens = count_tokens(texts)
        return [max(n, len(text) // LONGEST_TOKEN) for n, text in zip(tokens, texts, strict=True)]

    passages: list[Passage] = []
    for section, blocks in _by_section(document):
        units = _units(document.text, blocks, count, max_tokens)
        for group in _join_short(units, max_tokens):
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
    text: str, runs: Sequence[Sequence[Block]], count_tokens: TokenCounter, max_tokens: int
) -> list[list[_Unit]]:
    """Each run's paragraphs, with their sentences counted in one call for the whole section."""
    shapes = list(_number_paragraphs(text, runs))
    spans = [span for shape in shapes for span in shape.spans]
    counts = iter(count_tokens([text[start:end] for start, end in spans]))
    units: list[list[_Unit]] = [[] for _ in runs]
    for shape in shapes:
        sentences: list[Sentence] = []
        tokens: list[int] = []
        for start, end in shape.spans:
            count = next(counts)
            if count <= max_tokens:
                pieces, sizes = [(start, end)], [count]
            else:
                pieces = _cut_at_spaces(text, (start, end), count, max_tokens, count_tokens)
                sizes = count_tokens([text[a:b] for a, b in pieces])
            sentences += [Sentence(a, b, shape.paragraph) for a, b in pieces]
            tokens += sizes
        units[shape.run].append(_Unit(tuple(sentences), tuple(tokens), shape.lead))
    return units


@dataclass(frozen=True, slots=True)
class _Shape:
    run: int
    paragraph: int
    spans: list[Span]
    lead: int


def _number_paragraphs(text: str, runs: Sequence[Sequence[Block]]) -> Iterator[_Shape]:
    """Group blocks into paragraphs, numbered through the section from 1.

    A list, or a table, counts as part of the paragraph right before it.
    """
    number = 0
    for index, run in enumerate(runs):
        pending: list[Block] = []
        for block, after in [*pairwise(run), (run[-1], None)]:
            pending.append(block)
            if after is not None and _belong_together(block, after):
                continue
            number += 1
            head = _sentences(text, pending[0])
            rest = [span for later in pending[1:] for span in _sentences(text, later)]
            is_list = len(pending) > 1 and pending[0].kind != "list_item"
            yield _Shape(index, number, head + rest, len(head) if is_list else 0)
            pending = []


def _belong_together(block: Block, after: Block) -> bool:
    if after.kind == "list_item":
        return block.kind in ("list_item", "paragraph")
    return after.kind == block.kind == "table_row"


def _sentences(text: str, block: Block) -> list[Span]:
    if block.kind in ("code", "table_row"):
        return [(block.start, block.end)]
    return [
        (block.start + start, block.start + end)
        for start, end in sentence_spans(text[block.start : block.end])
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


def _join_short(runs: Sequence[Sequence[_Unit]], max_tokens: int) -> Iterator[_Unit]:
    """Join each short paragraph with the next one, or the last one with the one before."""
    for run in runs:
        joined: list[_Unit] = []
        for unit in run:
            before = joined[-1] if joined else None
            last = unit is run[-1]
            if (
                before is not None
                and (before.size < SHORT or (last and unit.size < SHORT))
                and before.size + unit.size <= max_tokens
            ):
                joined[-1] = _Unit(before.sentences + unit.sentences, before.tokens + unit.tokens)
            else:
                joined.append(unit)
        yield from joined


def _cut(unit: _Unit, max_tokens: int) -> Iterator[tuple[Sequence[Sentence], tuple[Span, ...]]]:
    """The unit's sentences in parts of similar size, each with the context it needs."""
    # Counting the whole part could give a token or two more than its sentences do.
    parts = -(-unit.size // max_tokens)
    goal = unit.size / parts if parts else 0.0
    ends = list(accumulate(unit.tokens))
    start, begun = 0, 0
    lead = unit.sentences[: unit.lead]
    for i, _ in enumerate(unit.sentences):
        more = i + 1 < len(unit.sentences)
        full = ends[i] - begun >= goal or (more and ends[i + 1] - begun > max_tokens)
        if more and not full:
            continue
        context: tuple[Span, ...] = ()
        if lead and start >= len(lead):
            context = ((lead[-1].start, lead[-1].end),)
        yield unit.sentences[start : i + 1], context
        start, begun = i + 1, ends[i]


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
    )


def pages_of(document: Document, start: int, end: int) -> tuple[Page, ...]:
    """The pages that the span stands on, in order; empty where the format has none."""
    return tuple(span.page for span in document.pages if span.start < end and start < span.end)


def whole_passage(document: Document, section: Section, start: int, end: int) -> Passage:
    """A ready-made passage: the given span, with its sentences found (for benchmarks)."""
    spans = sentence_spans(document.text[start:end])
    sentences = tuple(Sentence(start + a, start + b, 1) for a, b in spans)
    return replace(
        _passage(document, section, sentences, ()),
        start=start,
        end=end,
        text=document.text[start:end],
    )
