"""Quotes as people paste them: true ones with changed white space, others with a word changed."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import NamedTuple

_WORD = re.compile(r"\S+")
_QUOTES = str.maketrans("“”’‘", "\"\"''")


class Changed(NamedTuple):
    """A text with one word changed, and both words."""

    text: str
    given: str
    found: str


def drawn(text: str, draw: random.Random, least: int = 8, most: int = 60) -> str:
    """Some words of a text, one after the other, as they stand."""
    places = list(_WORD.finditer(text))
    count = min(draw.randint(least, most), len(places))
    first = draw.randrange(len(places) - count + 1)
    return text[places[first].start() : places[first + count - 1].end()]


def respaced(quote: str, draw: random.Random) -> str:
    """The same words on other lines, with other blanks and quotation marks, some broken."""
    spaces = [" ", "  ", "\n", "\r\n", "\t", "\N{NO-BREAK SPACE}", " \n "]
    pieces = []
    for word in quote.translate(_QUOTES).split():
        if word.isalpha() and len(word) > 7 and draw.random() < 0.1:
            middle = draw.randint(3, len(word) - 3)
            word = f"{word[:middle]}-\n{word[middle:]}"  # noqa: PLW2901 - as a page breaks it
        pieces += [word, draw.choice(spaces)]
    return "".join(pieces[:-1])


def with_a_word_changed(quote: str, others: Sequence[str], draw: random.Random) -> Changed:
    """One word that carries letters or digits is another one of ``others``."""
    words = [match for match in _WORD.finditer(quote) if match[0].isalnum()]
    place = draw.choice(words)
    given = draw.choice([one for one in others if one.casefold() != place[0].casefold()])
    return Changed(quote[: place.start()] + given + quote[place.end() :], given, place[0])


def made_up(others: Sequence[str], draw: random.Random) -> str:
    """Words in no order that anybody wrote them in."""
    return " ".join(draw.choice(others) for _ in range(draw.randint(8, 40)))
