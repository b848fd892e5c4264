"""Passages → what is embedded of them: each behind what says where it stands.

A paragraph of a report rarely repeats what it is about: its title and headings say it. Rows
that continue a table say little without its caption and its header (benchmarks/RESULTS.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from qa_bot.records import Passage, Span
from qa_bot.text import CELLS, name_words

LONGEST_CONTEXT = 400  # characters of a table's caption and header; longer ones are left out
MOST_ABOVE = 64  # tokens of title and headings: they are to say where, not what
LONGEST_PART = 300  # characters of a title or heading; what follows isn't read
_BETWEEN = " › "

Embedded = tuple[str, list[Span]]
"""A text, and the spans of the passage's sentences in it."""


@dataclass(frozen=True, slots=True)
class Meant:
    """A passage's text, the spans of its sentences in it, and what belongs before it.

    ``above`` are the parts of where it stands, outermost first; ``context`` the texts that
    the passage needs and doesn't hold.
    """

    text: str
    sentences: Sequence[Span]
    above: tuple[str, ...]
    context: Sequence[str] = ()


def meant(passage: Passage, context: Sequence[str]) -> Meant:
    """A passage with the texts of its context."""
    sentences = [(s.start - passage.start, s.end - passage.start) for s in passage.sentences]
    above = place(passage.document_id, passage.title, passage.section)
    return Meant(passage.text, sentences, above, context)


def place(document_id: str, title: str, section: Sequence[str]) -> tuple[str, ...]:
    """Where a passage stands, outermost first: the file's name where it says more, title, headings.

    What stands there twice is told once.
    """
    title, *headings = (" ".join(part[:LONGEST_PART].split()) for part in (title, *section))
    named = " ".join(
        word for word in name_words(document_id) if word.casefold() not in title.casefold()
    )
    parts: list[str] = []
    for part in (named, title, *headings):
        if part and part.casefold() not in map(str.casefold, parts):
            parts.append(part)
    return tuple(parts)


def embedded(
    passages: Sequence[Meant], count_tokens: Callable[[Sequence[str]], list[int]], max_tokens: int
) -> Iterator[Embedded]:
    """What is embedded of each passage, and where its sentences stand in it.

    Nothing in front ever takes the place of the passage's own text: where there is no room
    for both, the outermost headings go first. A table's rows stand behind its caption and
    header; "header: value" for each cell finds fewer of the right rows.

    Args:
        passages: Any number.
        count_tokens: The model's tokens in each text, special ones left out.
        max_tokens: Of a text that the model reads.
    """
    contexts = [_context(one) for one in passages]
    texts = [f"{context}{one.text}" for one, context in zip(passages, contexts, strict=True)]
    parts = list(dict.fromkeys(part for one in passages for part in one.above))
    sizes = dict(zip(parts, count_tokens([part + _BETWEEN for part in parts]), strict=True))
    counts = count_tokens(texts)
    for one, context, count in zip(passages, contexts, counts, strict=True):
        room = min(MOST_ABOVE, max_tokens - count)
        ends = accumulate(sizes[part] for part in reversed(one.above))
        fitting = sum(end <= room for end in ends)
        kept = one.above[len(one.above) - fitting :]
        before = (_BETWEEN.join(kept) + "\n" if kept else "") + context
        shift = len(before)
        yield before + one.text, [(start + shift, end + shift) for start, end in one.sentences]


def _context(one: Meant) -> str:
    before = "".join(f"{text}\n" for text in one.context)
    return before if CELLS in one.text and len(before) <= LONGEST_CONTEXT else ""
