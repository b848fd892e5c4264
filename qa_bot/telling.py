"""What is told of an answer beside its quotes: how sure it is, and what it lacks."""

from __future__ import annotations

from typing import Literal

from qa_bot.records import Answer

_SURE = 0.85  # the confidence from which on an answer is called sure


def sureness(answer: Answer) -> Literal["Sure", "Likely", "May answer", "Not clear"]:
    """The confidence in words."""
    if answer.found:
        return "Sure" if answer.confidence >= _SURE else "Likely"
    return "May answer" if answer.quotes else "Not clear"


def lacking(answer: Answer) -> tuple[str, ...]:
    """What the best passage lacks, but for the words that no document holds."""
    unknown = {word.casefold() for word in answer.unknown_words}
    return tuple(word for word in answer.missing if word.casefold() not in unknown)
