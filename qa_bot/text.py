"""Pure functions on strings: line ends, cells, question words, CJK bigrams, language, digests."""

from __future__ import annotations

import hashlib
import re
from itertools import pairwise

from qa_bot.members import own_name

CELLS = " | "
"""What stands between the cells of a table's row."""

STOP_WORDS = frozenset(
    """
    a about above after again all also am an and any are as at be because been before being
    below between both but by can could did do does doing done down during each either else every
    few for from further get gets give given had has have having he her here hers him his how i if
    in into is it its itself just let may me might more most much must my no nor not of off on once
    one only or other our out over own please same shall she should so some such tell than that the
    their them then there these they this those through to too under until up upon us very was we
    were what when where whether which while who whom whose why will with within without would you
    your
    """.split()
)
"""Words that carry grammar, not content; question words among them."""

STAMP = re.compile(
    r"\s*[\[(<]?(?:\d{4}[-/.]\d\d[-/.]\d\d|\d\d?[-/.]\d\d?[-/.]\d{4}|\d\d?:\d\d:\d\d"
    r"|\d\d?/[A-Z][a-z]{2}/\d{4}|[A-Z][a-z]{2}\s+\d\d?\s+\d\d:\d\d)"
)
"""What a line of a log begins with: a date, or a time."""

# Grammar words that other languages in Latin script don't share ("am", "was" are German too).
_ONLY_ENGLISH = frozenset("the of and to is that for with are this by be from or has have".split())
# And of German, Dutch, Nordic, French, Spanish, Portuguese, Italian and Polish, no English words.
_NEVER_ENGLISH = frozenset(
    """
    auf das dem der des die ein eine für ich im ist mit nicht sich sie und von zu
    aan een het niet op te van voor zijn av det det en er et ett for i och og som til
    aux avec ce dans de du elle est la le les ne ou par pas que qui se sur un une
    al con del el esta las los lo más no para pero por su y
    ao com da do dos e em na não nas nos o os uma che di è gli il nel non per più sono
    jest na nie się w z że
    """.split()
).difference(_ONLY_ENGLISH, STOP_WORDS)
_CJK = "぀-ヿ㐀-䶿一-鿿가-힯豈-﫿"
_CJK_RUN = re.compile(f"[{_CJK}]+")
_SPACELESS_RUN = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+")
_CLUSTER = re.compile(  # a character with the marks on it
    "[\u0e40-\u0e44\u0ec0-\u0ec4]?."
    "[\u0e30-\u0e3a\u0e45-\u0e4e\u0eb0-\u0ebc\u0ec8-\u0ece\u102b-\u103e\u17b4-\u17d3]*"
)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_LATIN_LETTER = re.compile(r"[A-Za-z]")
_STRETCH = 400  # code points that a language is told from
_HALF = re.compile("[\ud800-\udfff]")  # of a surrogate pair
_CHUNK = re.compile(r"[^\W_]+")
_NAME_PARTS = re.compile(  # between digits and letters, and in "annualReport" and "GSAReport"
    r"(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)|(?<=[^\W\dA-Z_])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_CODE = 4  # characters of a code in a file's name, such as "10K"
_LONGEST_NAME = 200  # characters of it that are read
_SAYS_NOTHING = frozenset(
    """
    copy doc document draft export file final image img new page pages pdf print scan scanned
    screenshot temp text tmp txt untitled version
    """.split()
)
"""Words in files' names that tell nothing of what is in them."""
_FORMULA = frozenset("=+-@＝＋－＠\t\r\n\0")  # what a spreadsheet's formula may begin with


def normalise_line_ends(text: str) -> str:
    r"""Turn ``\r\n`` and lone ``\r`` into ``\n`` and drop a leading byte-order mark."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def as_cell(text: str) -> str:
    """The text as a cell of a CSV file that no spreadsheet takes for a formula.

    One that begins with =, +, -, @ (wide ones, too), a tab, a line end or U+0000
    gets an apostrophe in front; so does one that has apostrophes before such a
    character already, so that whoever takes one off has the text back.
    """
    return f"'{text}" if text.lstrip("'")[:1] in _FORMULA else text


def words(text: str) -> list[str]:
    """Return the words of ``text`` as written, in order; ``don't`` is one word."""
    return _WORD.findall(text)


def is_stop_word(word: str) -> bool:
    """Whether a word carries grammar only; "what's" and "don't" do."""
    stem = word.lower().replace("’", "'").split("'")[0]
    return stem in STOP_WORDS or stem in {"don", "doesn", "didn", "isn", "aren", "wasn", "weren"}


def without_possessive(word: str) -> str:
    """The word without an English possessive ending: "NATO's" → "NATO"."""
    return word.removesuffix("'s").removesuffix("’s")


def spread_cjk(text: str) -> str:
    """Replace each run of Chinese, Japanese or Korean characters by its bigrams, spaced.

    Those scripts put no spaces between words, and overlapping character pairs
    are the usual search terms for them; so it is with Thai, Lao, Khmer and Burmese, where a
    character has its vowels and tones with it. Other text is returned as it is.
    """
    if text.isascii():
        return text
    return _SPACELESS_RUN.sub(_cluster_bigrams, _CJK_RUN.sub(_bigrams, text))


def _bigrams(run: re.Match[str]) -> str:
    characters = run.group()
    if len(characters) == 1:
        return f" {characters} "
    pairs = (characters[i : i + 2] for i in range(len(characters) - 1))
    return f" {' '.join(pairs)} "


def _cluster_bigrams(run: re.Match[str]) -> str:
    clusters = _CLUSTER.findall(run.group())
    pairs = [f"{one}{other}" for one, other in pairwise(clusters)]
    return f" {' '.join(pairs or clusters)} "


def looks_english(text: str, sample: int = 100_000) -> bool:
    """Guess whether prose is English, from its share of words like "the" and "of".

    English prose has about 20 % of them and other languages in Latin script
    under 2 %. Text is judged piece by piece, and is English unless 30 % of what
    tells anything are in another language. Numbers, code and a few words tell
    nothing.

    Args:
        text: Of a whole document.
        sample: Code points that are looked at, all through the document.
    """
    step = _STRETCH * max(1, -(-len(text) // sample))
    verdicts = [
        verdict
        for start in range(0, len(text), step)
        if (verdict := _is_english(text[start : start + _STRETCH])) is not None
    ]
    return verdicts.count(False) < 0.3 * len(verdicts) or not verdicts


def _is_english(stretch: str) -> bool | None:
    """Whether a stretch of text is English; None where it can't be told."""
    letters = sum(map(str.isalpha, stretch))
    if letters < 40 or letters < 0.8 * len("".join(stretch.split())):
        return None
    if len(_LATIN_LETTER.findall(stretch)) < letters / 2:
        return False
    tokens = words(stretch)
    if len(tokens) < 20:
        return None
    if sum(token.lower() in _ONLY_ENGLISH for token in tokens) >= 0.04 * len(tokens):
        return True
    if sum(token.lower() in _NEVER_ENGLISH for token in tokens) >= 0.08 * len(tokens):
        return False
    # Sentences of yet another language; names, titles and the cells of a form tell nothing.
    is_running = sum(token[0].islower() for token in tokens) >= 0.75 * len(tokens)
    return False if is_running and letters >= 0.9 * len("".join(stretch.split())) else None


def name_words(path: str) -> list[str]:
    """The words of a file's name that say something: "AMCOR_2023_10K.pdf" has three.

    Numbers count only as years, or in a short code; nothing is left of "scan0001" or
    "IMG_2021", where no word is.
    """
    stem = own_name(path)
    stem = stem[: stem.rfind(".")] if "." in stem[1:] else stem
    found: list[str] = []
    says = False
    for chunk in _CHUNK.findall(stem[:_LONGEST_NAME]):
        if len(chunk) <= _CODE and not chunk.isdigit() and not chunk.isalpha():
            found.append(chunk)
            continue
        for word in _NAME_PARTS.split(chunk):
            is_word = word.isalpha() and len(word) > 1 and word.casefold() not in _SAYS_NOTHING
            if is_word or _YEAR.fullmatch(word):
                found.append(word)
                says = says or is_word
    return found if says else []


def valid_unicode(text: str) -> str:
    """The text itself, or as long a one with U+FFFD for each half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return _HALF.sub("\ufffd", text)
    return text


def text_digest(text: str) -> str:
    """First 16 hex digits of the sha256 of ``text`` in UTF-8."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
