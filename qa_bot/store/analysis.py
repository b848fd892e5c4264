"""Text → search terms, in the way of its language: the same for what is stored and what is asked.

Each document has the analyser of its language, and all share the index's fields; a question is
analysed in each way that the index holds. A field for each language finds a quarter less, since
it weighs a word by how rare it is in that field alone (benchmarks/RESULTS.md).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

from qa_bot.text import is_stop_word, spread_cjk, without_possessive, words

_STEMMERS = {  # language → its stemmer in tantivy
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
_WITH_STOP_WORDS = frozenset(
    "danish dutch finnish french german hungarian italian norwegian portuguese russian spanish "
    "swedish".split()
)
# Written in Latin letters, so that the English stemmer would take them for English words.
_PLAIN = frozenset(
    "af az bs ca cs cy eo et eu ga gl hr id is la lt lv ms pl sk sl sq sw tl uz vi".split()
)
_GRAMMAR = {  # what tantivy has no stop words for
    "ar": re.compile(
        r"(?<!\w)(?:في|من|على|إلى|عن|أن|إن|ما|ماذا|لماذا|كيف|هل|متى|أين|أي|كم|هو|هي|هذا|هذه|ذلك|التي|"
        r"الذي|مع|أو|لا|لم|قد|كان|عند|كل|بين|حتى|إذا|ثم|أنا|بأي)(?!\w)"
    ),
    "ja": re.compile("[ぁ-ゟ]+|何"),  # words of meaning have other characters, too
    "ko": re.compile(r"(?<!\w)(?:무엇|어떻게|어떤|어디|언제|누가|얼마나|얼마|왜|몇)\w{0,4}"),
    "zh": re.compile("为什么|為什麼|什么|什麼|怎[么麼样樣]|哪[些个里]|多少|如何|是否|[吗嗎呢]"),
}
_VOWELS = re.compile("[\u0610-\u061a\u0640\u064b-\u065f\u0670]")  # may be written in Arabic, or not
# Marks that stay apart: vowels of India's scripts, which are part of a word.
_MARKED = re.compile("[\u0300-\u036f\u0900-\u0dff\u0e00-\u0eff\u0f00-\u109f\u1780-\u17ff]")
_HALVES = re.compile("[\uff00-\uffef]+")  # wide Latin letters, narrow Japanese ones


def way_of(language: str) -> str:
    """The way in which a language's text is analysed; several share one. Unknown counts as English.

    Latin words among Chinese ones are English ones at best.
    """
    return language if language in _GRAMMAR else _stemmer(language)


def _stemmer(language: str) -> str:
    return _STEMMERS.get(language, "" if language in _PLAIN else "english")


def stems(text: str, language: str = "") -> list[str]:
    """The search terms of a text, in order, as the index holds them."""
    return _analysed(spread_cjk(_prepared(text)), _stemmer(language))


def content(text: str, language: str = "") -> list[str]:
    """The search terms of a question, in order, without the words that only carry grammar."""
    text = _prepared(text)
    if way_of(language) == "english" and not _MARKED.search(text):
        spread = words(spread_cjk(text))
        return stems(" ".join(without_possessive(one) for one in spread if not is_stop_word(one)))
    if language in _GRAMMAR:
        text = _without_grammar(text, language)
    stemmer = _stemmer(language)
    return _analysed(spread_cjk(text), stemmer, drops=stemmer in _WITH_STOP_WORDS)


def _without_grammar(text: str, language: str) -> str:
    if language != "ja":
        return _GRAMMAR[language].sub(" ", text)
    # Pairs that cross into hiragana stay: "使う" is found by them.
    pairs = spread_cjk(text).split()
    return " ".join(one for one in pairs if not _GRAMMAR["ja"].fullmatch(one))


def _prepared(text: str) -> str:
    if text.isascii():
        return text
    text = unicodedata.normalize("NFC", text)
    text = _HALVES.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    return _VOWELS.sub("", text)


def _analysed(text: str, stemmer: str, *, drops: bool = False) -> list[str]:
    analyser = _analyser(stemmer, drops=drops, marked=bool(_MARKED.search(text)))
    return [str(term) for term in analyser.analyze(text)]


@cache
def _analyser(stemmer: str, *, drops: bool, marked: bool) -> Any:  # noqa: ANN401 - no types
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    marks = Tokenizer.regex(r"[\p{Alphabetic}\p{M}\p{N}]+")
    builder = TextAnalyzerBuilder(marks if marked else Tokenizer.simple())
    steps = [Filter.remove_long(80), Filter.lowercase()]
    if drops:
        steps.append(Filter.stopword(stemmer))
    fold = Filter.ascii_fold()
    if stemmer == "english":
        steps += [fold, Filter.stemmer(stemmer)]
    else:  # the others' stemmers know accents
        steps += [Filter.stemmer(stemmer), fold] if stemmer else [fold]
    for step in steps:
        builder = builder.filter(step)
    return builder.build()
