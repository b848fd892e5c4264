"""What a check of a quote finds: where a text stands in the documents, and where it differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qa_bot.records import Citation, Span


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a text and the document part; one of the spans may be empty.

    ``given`` is a span of the text that was checked, ``found`` one of the document's text: an
    empty ``given`` stands where words were left out, an empty ``found`` where words were put in.
    """

    given: Span
    found: Span


@dataclass(frozen=True, slots=True)
class Match:
    """A place where a text stands, or nearly.

    Invariant: ``index.document(citation.document_id).text[start:end] == text``, with the
    citation's ``start`` and ``end``. ``differences`` are in order, and there are none where
    every word, number and sign is there.
    """

    text: str
    citation: Citation
    differences: tuple[Difference, ...] = ()
    exact: bool = True  # capitals and punctuation are the same, too; white space never counts
    stale: bool = False  # the file was changed or deleted since it was indexed


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether a text stands in the documents.

    ``verified``: word for word, at each of the ``matches``. ``near``: at the ``matches`` with few
    words different. ``absent``: nowhere, and there are no matches. At most five, best first.
    """

    text: str
    verdict: Literal["verified", "near", "absent"]
    matches: tuple[Match, ...] = ()
