"""Bytes of unknown encoding → text."""

from __future__ import annotations

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE

from qa_bot.text import normalise_line_ends

_ENCODINGS = (
    "utf_16 utf_32 cp1252 cp1250 cp1251 cp1253 cp1254 koi8_r cp932 gb18030 big5 euc_kr euc_jp"
).split()
_SAMPLE = 65_536  # bytes that tell UTF-16 without a mark
_SHORT = 100  # bytes; of a longer file the last one may be lost
_STRAY = 0.05  # of the zeros may stand in the other byte; of all pairs as many have one
_PRINTED = 0.98  # of the characters of a text, at least
_SURELY = 3  # so many characters in UTF-8 for each that isn't: the file is damaged UTF-8
_MOST_LOST = 0.05  # of the characters; a file with more of them is no text
# Of ECMA-48: moves of the cursor, down and to the side; colours, titles of windows and the like.
_DOWN, _ASIDE = re.compile(r"\x1b\[[0-9;]*[BEHf]"), re.compile(r"\x1b\[[0-9;]*[CDG]")
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]P][^\x07\x1b\n]*(?:\x07|\x1b\\)|[()%][0-9A-Za-z]|[=>78DEHMc])"
)
_STRUCK = re.compile(r"([^\n\b])\x08([^\n\b])")  # bold and underlined, as man pages are printed
_MOST_STRUCK = 4  # times
_WESTERN = "cp1252"  # Windows' Western European, a superset of printable Latin-1


def decode(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Decode bytes of unknown encoding; return the text and what to report about it.

    Raises:
        ValueError: The bytes aren't text in any encoding.
    """
    if wide := _wide(data):
        return normalise_line_ends(data.decode(wide, "replace")), (_foreign(wide),)
    try:
        return normalise_line_ends(data.decode("utf-8")), ()
    except UnicodeDecodeError:
        mended = _without_halves(data)
    lost = mended.count("\ufffd")
    if not lost:
        return normalise_line_ends(mended), ()
    warning = f"damaged: {lost:,} of its characters can't be read, and show as \ufffd"
    # Bytes of another encoding are hardly ever UTF-8 by chance.
    are_halves = mended.count("\ufffd") < data.decode("utf-8", "replace").count("\ufffd")
    if are_halves or _SURELY * lost < sum(not one.isascii() for one in mended) - lost:
        return normalise_line_ends(mended), (warning,)
    try:
        text, encoding = _guess(data)
    except ValueError:
        if lost > _MOST_LOST * len(mended):
            raise
        return normalise_line_ends(mended), (warning,)
    return normalise_line_ends(text), (_foreign(encoding),)


def without_terminal_codes(text: str) -> str:
    """The text as a terminal shows it: without codes for colours, nor letters struck twice."""
    if "\x1b" in text:
        text = _ESCAPES.sub("", _ASIDE.sub(" ", _DOWN.sub("\n", text)))
    for _ in range(_MOST_STRUCK if "\b" in text else 0):
        text = _STRUCK.sub(lambda pair: pair[1] if pair[2] == "_" else pair[2], text)
    return text


def _without_halves(data: bytes) -> str:
    """UTF-8 as some programs write it: with halves of surrogate pairs, each in three bytes.

    Two halves that belong together are the character they mean, a lone one is U+FFFD.
    """
    try:
        halves = data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")
    return halves.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def refuse_binary(text: str) -> None:
    """Refuse what decodes and is no text after all.

    Raises:
        ValueError: It holds NUL characters.
    """
    if "\x00" in text:
        raise ValueError("holds NUL characters: a binary file, not text")


def _foreign(encoding: str) -> str:
    return f"not UTF-8: read as {encoding}, check its accents and quotation marks"


def _wide(data: bytes) -> str:
    """The name of UTF-16 in one order or the other, where it is that without saying so; or "".

    Of each character's two bytes, the first or the second is zero in every space, line end
    and English letter, and the other one in hardly any.
    """
    sample = data[:_SAMPLE]
    if len(data) < _SHORT and len(data) % 2:
        return ""
    zeros = sample[0::2].count(0), sample[1::2].count(0)
    few, many = sorted(zeros)
    is_marked = data.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    if is_marked or not many or few > _STRAY * many or many < _STRAY * len(sample) / 2:
        return ""
    narrow = sample.replace(b"\0", b"")
    if narrow.isascii() and narrow.decode().isprintable() and 4 * many < len(sample):
        return ""  # plain letters, with a few zeros between them
    encoding = "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    try:
        text = sample[: len(sample) // 2 * 2].decode(encoding)
    except UnicodeDecodeError:
        return ""
    printed = sum(one.isprintable() or one in "\n\r\t\f" for one in text)
    return encoding if printed >= _PRINTED * len(text) else ""


def _guess(data: bytes) -> tuple[str, str]:
    """The text and its likeliest encoding: the Western one unless another fits better.

    Short texts fit several equally well, and rare encodings would win by chance.
    """
    from charset_normalizer import from_bytes

    matches = from_bytes(data, cp_isolation=_ENCODINGS)
    if not len(matches):
        matches = from_bytes(data)
    best = matches.best()
    if best is None:
        raise ValueError("not text in any known encoding")
    for match in matches:
        ties = match.chaos <= best.chaos and match.coherence >= best.coherence
        if ties and _WESTERN in match.could_be_from_charset:
            return str(match), _WESTERN
    return str(best), best.encoding
