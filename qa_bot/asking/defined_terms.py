"""Names for which a document says another word: "Upjohn Inc. (“Customer”)".

A contract names its parties once, and speaks of "the Customer" from then on. A question that
names one is asked in the contract's own words, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qa_bot.asking.naming import named
from qa_bot.store.analysis import stems
from qa_bot.store.opening import Index
from qa_bot.text import without_possessive

_LOOKED_AT = 60  # passages that have the name
_MOST = 20  # documents that define it
_APART = 240  # characters between a name and its definition: what the party is, and where
_QUOTED = r"[\"“”„«']\s*(?P<word>[^\W\d_][\w&.’'-]*(?:\s[\w&.’'-]+){0,3}?)\s*[\"“”»']"
_DEFINES = (  # (the "Customer"), hereinafter called "Customer"
    rf"(?:\(\s*(?!collectively|together|each|both|all\b)[^()\"“”„«]{{0,60}}?{_QUOTED}[^()]{{0,60}}\)"
    rf"|\bherein\s?after\b[^()\"“”;.]{{0,40}}{_QUOTED.replace('word', 'other')})"
)
DEFINITION = re.compile(_DEFINES)
_ANOTHER = re.compile(r"\b(?:and|between|with|or)\s+(?:the\s+)?[^\W\d_a-z]|;")  # another party
_FOLLOWS = re.compile(  # the rest of a company's name, and what it is
    r"(?:[\s,]+[A-Z][\w&.’'-]*)*\.?\s*(?:,.*|(?:having|whose|located|with|of)\b.*)?", re.DOTALL
)
_IN_LONGER = re.compile(r"(?<![.\n] )\b[A-Z][\w&’'-]*[ \n]$")
_ARTICLE = re.compile(r"\bthe\s*[\"“”„«']?\s*$", re.IGNORECASE)
_ASIDE = re.compile(r"\([^()\"“”„«]*\)")
_CONTRACT = frozenset("agreement contract party parties date term terms".split())


@dataclass(frozen=True, slots=True)
class InOwnWords:
    """A question in the words of the documents that define a name of it."""

    question: str
    documents: tuple[str, ...]
    words: tuple[str, ...]  # that stand for names


def in_own_words(
    question: str, index: Index, documents: Sequence[str] | None = None
) -> InOwnWords | None:
    """Put the words that documents define for them in the place of a question's names.

    Args:
        question: As it was asked.
        index: From ``open_index``.
        documents: Only what these define: exact document ids or folders.

    Returns:
        The question so, with the documents in whose words it is; None where none of its names
        is defined, or documents disagree.

    Raises:
        UnknownDocumentError
    """
    scope = None if documents is None else index.scope(documents)[0]
    defined: dict[str, dict[str, str]] = {}
    for written in named(question):
        name = " ".join([*written[:-1], without_possessive(written[-1])])
        for document, word in _definitions(name, index, scope).items():
            defined.setdefault(document, {})[name] = word
    if not defined or len(defined) > _MOST:
        return None
    asked = {document: _said(question, words) for document, words in defined.items()}
    if len(set(asked.values())) != 1:
        return None
    used = dict.fromkeys(word for words in defined.values() for word in words.values())
    return InOwnWords(next(iter(asked.values())), tuple(asked), tuple(used))


def _definitions(name: str, index: Index, scope: Sequence[int] | None) -> dict[str, str]:
    """By document, the word that stands for a name."""
    found: dict[str, str] = {}
    numbers = index.lexicon.holding("text", dict.fromkeys(stems(name)), (), _LOOKED_AT, scope)
    for passage in index.passages(numbers).values():
        word = defined_word(name, passage.text)
        if word is not None:
            found.setdefault(passage.document_id, word)
    return found


def defined_word(name: str, text: str) -> str | None:
    """The word that a text defines for a name, with its article; None where it defines none.

    ``defined_word("Upjohn", 'Upjohn Inc., a company (the "Customer")')`` is "the Customer".
    """
    start = r"[\s,]+".join(map(re.escape, name.split()))
    pattern = rf"(?<!\w){start}(?!\w)(?P<between>.{{0,{_APART}}}?){_DEFINES}"
    for match in re.finditer(pattern, text, re.DOTALL):
        between = _ASIDE.sub("", match["between"])
        if "(" in between or _ANOTHER.search(between) or not _FOLLOWS.fullmatch(between):
            continue
        if _IN_LONGER.search(text[: match.start()]):
            continue
        of = "word" if match["word"] else "other"
        word = match[of]
        if _is_same(word, name) or word[0].islower() or word.split()[-1].lower() in _CONTRACT:
            return None  # it speaks of it by its name
        has_article = _ARTICLE.search(text[: match.start(of)]) is not None
        return f"the {word}" if has_article else word
    return None


def _is_same(word: str, name: str) -> bool:
    """Whether a word only shortens the name: "Pfizer" for Pfizer Inc."""
    return set(word.casefold().split()) <= set(name.casefold().split())


def _said(question: str, words: Mapping[str, str]) -> str:
    for name in sorted(words, key=len, reverse=True):
        pattern = rf"(?:\bthe\s+)?(?<!\w){re.escape(name)}(?!\w)"
        question = words[name].join(re.split(pattern, question))
    return question
