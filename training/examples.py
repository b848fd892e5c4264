"""A question with a passage that answers it, and what all the training sets need for making one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from qa_bot.models.reader import WINDOW
from qa_bot.records import Span
from qa_bot.sentences import sentence_spans

HELD_OUT = 8  # one document in so many is never trained on
LONGEST = WINDOW  # characters of a passage; a longer one is cut to the sentences around the answer


def is_held_out(document: str) -> bool:
    """Whether a document is kept for choosing, fitting and calibrating.

    By its name alone: several of the sources take from the same encyclopaedia.
    """
    name = document.replace("_", " ").casefold().encode()
    return int.from_bytes(hashlib.sha256(name).digest()[:4]) % HELD_OUT == 0


@dataclass(frozen=True, slots=True)
class Example:
    """A question and a passage that answers it.

    Where ``exact``, each of ``answers`` is an answer's own span in ``text``;
    elsewhere it is a sentence that holds it. Without any, the passage is one that
    people who looked for an answer found none in. ``beside`` are other passages of
    its document that do not answer, the likeliest first; without any, near passages
    are looked for among those of all examples.
    """

    source: str
    document: str  # examples of one document are held out together
    heading: str  # of the passage; may be empty
    question: str
    text: str
    answers: tuple[Span, ...]
    exact: bool
    table: bool = False  # a header and rows, one on each line
    beside: tuple[str, ...] = ()

    @property
    def held_out(self) -> bool:
        """Whether the example is kept for choosing, fitting and calibrating."""
        return is_held_out(self.document)

    @property
    def sentences(self) -> list[Span]:
        """The text's sentences; of a table, its rows."""
        if self.table:
            return [match.span() for match in re.finditer(".+", self.text)]
        return sentence_spans(self.text)

    @property
    def answer_texts(self) -> set[str]:
        """The answers' words, in lower case."""
        return {self.text[start:end].lower() for start, end in self.answers}


def shortened(example: Example) -> Example:
    """The example with a long passage cut to the sentences around its answer."""
    if len(example.text) <= LONGEST:
        return example
    sentences = sentence_spans(example.text)
    first, last = example.answers[0] if example.answers else (0, 1)
    inside = [n for n, (start, end) in enumerate(sentences) if end > first and start < last]
    low, high = (inside[0], inside[-1]) if inside else (0, 0)
    while True:  # one sentence more on each side, as long as they fit
        wider = max(low - 1, 0), min(high + 1, len(sentences) - 1)
        length = sentences[wider[1]][1] - sentences[wider[0]][0]
        if wider == (low, high) or length > LONGEST:
            break
        low, high = wider
    start, end = sentences[low][0], min(sentences[high][1], sentences[low][0] + 2 * LONGEST)
    kept = tuple((a - start, b - start) for a, b in example.answers if start <= a and b <= end)
    return replace(example, text=example.text[start:end], answers=kept)


def trimmed(text: str, start: int, length: int) -> Span:
    """The span without blanks at its edges."""
    end = start + length
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def ordered(spans: set[Span]) -> tuple[Span, ...]:
    """Those that hold anything, in their order."""
    return tuple(sorted(span for span in spans if span[0] < span[1]))


def joined(
    sentences: Sequence[str], answering: set[int], between: str = " "
) -> tuple[str, tuple[Span, ...]]:
    """One text out of sentences, and the spans of some of them."""
    text, spans = "", []
    for number, sentence in enumerate(sentences):
        start = len(text) + (len(between) if text else 0)
        text = f"{text}{between}{sentence}" if text else sentence
        if number in answering:
            spans.append((start, len(text)))
    return text, tuple(spans)


def around(sizes: Sequence[int], wanted: Sequence[int], longest: int = LONGEST) -> range | None:
    """The numbers of the pieces around those wanted that fit together; None where none do."""
    low, high = min(wanted), max(wanted) + 1
    total = sum(sizes[low:high]) + high - low
    if total > longest:
        return None
    grown = True
    while grown:
        grown = False
        if low > 0 and total + sizes[low - 1] < longest:
            low, total, grown = low - 1, total + sizes[low - 1] + 1, True
        if high < len(sizes) and total + sizes[high] < longest:
            high, total, grown = high + 1, total + sizes[high] + 1, True
    return range(low, high)
