"""Bytes of unknown encoding → text."""

from __future__ import annotations

from qa_bot.text import normalise_line_ends

_ENCODINGS = (
    "utf_16 utf_32 cp1252 cp1250 cp1251 cp1253 cp1254 koi8_r cp932 gb18030 big5 euc_kr euc_jp"
).split()
_SURELY = 3  # so many characters in UTF-8 for each that isn't: the file is damaged UTF-8
_MOST_LOST = 0.05  # of the characters; a file with more of them is no text
_WESTERN = "cp1252"  # Windows' Western European, a superset of printable Latin-1


def decode(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Decode bytes of unknown encoding; return the text and what to report about it.

    Raises:
        ValueError: The bytes aren't text in any encoding.
    """
    try:
        return normalise_line_ends(data.decode("utf-8")), ()
    except UnicodeDecodeError:
        mended = data.decode("utf-8", "replace")
    lost = mended.count("\ufffd")
    warning = f"damaged: {lost:,} of its characters can't be read, and show as \ufffd"
    # Bytes of another encoding are hardly ever UTF-8 by chance.
    if _SURELY * lost < sum(not character.isascii() for character in mended) - lost:
        return normalise_line_ends(mended), (warning,)
    try:
        text, encoding = _guess(data)
    except ValueError:
        if lost > _MOST_LOST * len(mended):
            raise
        return normalise_line_ends(mended), (warning,)
    warning = f"not UTF-8: read as {encoding}, check its accents and quotation marks"
    return normalise_line_ends(text), (warning,)


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
