"""What a reply leads on to: other ways to ask, and replies that are no answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Navigation = Literal[
    "",
    "about",
    "comparison",
    "courtesy",
    "documents",
    "help",
    "list",
    "outline",
    "section",
    "size",
]
"""What kind of reply it is that doesn't answer but leads on; "" for an answer."""


@dataclass(frozen=True, slots=True)
class Option:
    """One of several things that a question may mean, to be asked instead.

    ``answer(option.question, index, documents=option.documents)`` asks it.
    """

    label: str  # "EPA 2022 › Goal 2"
    question: str
    documents: tuple[str, ...]
