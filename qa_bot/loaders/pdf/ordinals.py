"""What headings are numbered with, "3.1" or "Chapter 3": bookmarks often leave it out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from qa_bot.loaders.pdf.rows import Line

_WORD = (
    r"(?P<word>chapter|part|book|title|section|article|appendix|annex|kapitel|teil|abschnitt"
    r"|anhang|chapitre|partie|annexe|capítulo|parte)"
)
ORDINAL = re.compile(
    rf"{_WORD}?\s*"
    r"(?P<number>(?:\d{1,3}|[ivxlc]{1,7}|[A-Z])(?:\.\d{1,3})*)(?:[.:)]|\s*[-–—])?(?:\s+|$)",
    re.IGNORECASE,
)
_SPELLED = dict(
    zip(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
        " fifteen sixteen seventeen eighteen nineteen twenty".split(),
        map(str, range(1, 21)),
        strict=True,
    )
)
_ALONE = re.compile(
    rf"{_WORD}\s+(?P<number>\d{{1,3}}|[IVXLC]{{1,7}}|[A-Z]|(?i:{'|'.join(_SPELLED)}))[.:]?",
    re.IGNORECASE,
)


def letters(text: str) -> str:
    """What has to agree for two titles to be the same: letters and digits only."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    return "".join(character for character in folded if character.isalnum())


def ordinal_letters(text: str) -> tuple[int, ...]:
    """After how many letters a title may begin: none, "Chapter", "Chapter 3"."""
    match = ORDINAL.match(text)
    if match is None:
        return (0,)
    word, number = len(letters(match["word"] or "")), len(letters(match["number"]))
    return (0, word, word + number) if word else (0, number)


def numbered(title: str, line: str, skipped: int) -> str:
    """A title behind the number that the line has before it, so many letters.

    One that says its number itself is left as it is.
    """
    match = ORDINAL.match(line)
    if not skipped or match is None or is_numbered(title):
        return title
    is_word_alone = bool(match["word"]) and skipped == len(letters(match["word"]))
    printed = line[: match.end("word") if is_word_alone else match.end()].strip()
    return f"{printed} {title}"


def chapter_above(lines: Sequence[Line], first: int) -> tuple[int, str]:
    """The lines right above a title that say nothing but its number: how many, and "Chapter 7".

    No lines, and nothing, where there are none.
    """
    region = lines[first].region
    said = ""
    for count in (1, 2):
        at = first - count
        if at < 0 or lines[at].region != region or lines[at].role != "text":
            break
        said = f"{lines[at].text.strip()} {said}".strip()
        if match := _ALONE.fullmatch(said):
            number = _SPELLED.get(match["number"].lower(), match["number"])
            return count, f"{match['word'].capitalize()} {number}"
    return 0, ""


def is_numbered(title: str) -> bool:
    """Whether a title says its number itself."""
    match = ORDINAL.match(title)
    return match is not None and bool(match["word"] or match["number"][0].isdecimal())
