"""A passage → what is embedded of it: rows of a table behind the header of their columns."""

from __future__ import annotations

from collections.abc import Sequence

from qa_bot.records import Span
from qa_bot.text import CELLS

LONGEST_CONTEXT = 400  # characters; a longer one would leave no room for the rows


def embedded(
    text: str, sentences: Sequence[Span], context: Sequence[str]
) -> tuple[str, list[Span]]:
    """What is embedded, and where its sentences stand in it.

    Rows that continue a table say little without its caption and its header, which stand before
    them. "Header: value" for each cell finds fewer of the right rows (benchmarks/RESULTS.md).

    Args:
        text: Of the passage.
        sentences: Spans of it.
        context: The texts that the passage needs and doesn't hold.
    """
    before = "".join(f"{one}\n" for one in context)
    if CELLS not in text or not 0 < len(before) <= LONGEST_CONTEXT:
        return text, list(sentences)
    return before + text, [(start + len(before), end + len(before)) for start, end in sentences]
