"""Words of a question that are mistyped: those of the documents that they are near to."""

from __future__ import annotations

import re
from dataclasses import dataclass

from qa_bot.store.analysis import content, stems
from qa_bot.store.opening import Index
from qa_bot.store.vocabulary import SHORTEST
from qa_bot.text import STOP_WORDS, is_stop_word, without_possessive

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_SHORTEST_NAME = 5  # letters
_LONG = 8  # letters of a word that may have two edits
_BESIDE = re.compile(r"[-/.&_]?\d|[-/&_]\w")  # what makes a word part of a code


@dataclass(frozen=True, slots=True)
class Spelled:
    """A question as it is searched for; ``instead`` are its words that were not typed so.

    Where it isn't sure, a word may be another that the documents don't have: nitrite is no
    nitrate, though only a letter lies between them.
    """

    question: str
    instead: tuple[str, ...] = ()
    is_sure: bool = True


def spelled(question: str, index: Index) -> Spelled:
    """Put words of the documents for those of a question that occur in none and are mistyped.

    Codes, numbers and short names stay, and so does a word that the embedding model knows as
    a whole: it is one, though the documents don't have it.
    """
    found: list[str] = []
    parts: list[str] = []
    end, is_sure = 0, True
    index.lexicon.expect(question)
    for match in _WORD.finditer(question):
        word = match[0]
        if _is_in_code(question, match) or (right := _right(word, match.start(), index)) is None:
            continue
        parts += [question[end : match.start()], right]
        end = match.end()
        if not is_stop_word(right):
            found.append(right)
            is_sure = is_sure and _is_slip(match[0].lower(), right.lower())
    return Spelled("".join((*parts, question[end:])), tuple(dict.fromkeys(found)), is_sure)


def _is_slip(written: str, meant: str) -> bool:
    """Whether two neighbours are swapped, or a letter stands twice that should once, or so."""
    if sorted(written) == sorted(meant):
        return True
    longer, shorter = sorted((written, meant), key=len, reverse=True)
    twice = (n for n in range(1, len(longer)) if longer[n] == longer[n - 1])
    return any(longer[:n] + longer[n + 1 :] == shorter for n in twice)


def _is_in_code(question: str, match: re.Match[str]) -> bool:
    before = question[max(0, match.start() - 1) : match.start()]
    return (
        before.isdigit() or before in {"-", "/", "_"} or bool(_BESIDE.match(question, match.end()))
    )


def _right(word: str, start: int, index: Index) -> str | None:
    """What was meant by a word, or None where it is right, or nothing is near it."""
    word = without_possessive(word)
    is_name = word[0].isupper() and start > 0
    least = _SHORTEST_NAME if is_name else SHORTEST
    if len(word) < least or not word.isalpha() or is_stop_word(word):
        return None
    if word.isupper() or (not word.islower() and word[1:] != word[1:].lower()):
        return None
    if _is_held(word, index) or not all(content(word, one) for one in index.lexicon.languages):
        return None
    plain = word if is_name else word.lower()
    if index.embedder.count_tokens([word]) == [1]:
        return None
    if not is_name and (swapped := _stop_word(plain)):
        return swapped
    for edits in (1, 2) if len(word) >= _LONG else (1,):
        if near := _held(index.vocabulary.near(plain, edits), index):
            return _likeliest(plain, near, index, is_name=is_name)
    return None


def _stop_word(word: str) -> str | None:
    """The grammar word of which two neighbours are swapped: "waht" is "what"."""
    swaps = (word[:n] + word[n + 1] + word[n] + word[n + 2 :] for n in range(len(word) - 1))
    return next((swap for swap in swaps if swap in STOP_WORDS), None)


def _held(near: list[str], index: Index) -> list[str]:
    return [word for word in near if _is_held(word, index)]


def _is_held(word: str, index: Index) -> bool:
    lexicon = index.lexicon
    forms = {term for one in lexicon.languages for term in stems(word, one)}
    return any(lexicon.holds(term) for term in forms)


def _likeliest(word: str, near: list[str], index: Index, *, is_name: bool) -> str | None:
    """One that begins alike, the most frequent; of a name, one that begins alike only."""
    weights = index.lexicon.terms(" ".join(near))

    def order(other: str) -> tuple[bool, bool, float, str]:
        rarity = min((weights.get(term, 0.0) for term in stems(other)), default=0.0)
        return other[0] != word[0], sorted(other) != sorted(word), rarity, other

    best = min(near, key=order)
    return None if is_name and best[0] != word[0] else best
