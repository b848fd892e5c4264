"""Characters of Word's fonts of symbols, where they have one in Unicode."""

from __future__ import annotations

from itertools import chain

_RUNS = {  # of the font Symbol: the first code, and the characters from there on
    0x20: " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_",
    0x61: "αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼",
    0xA0: "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…",
    0xC0: "ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊⟨®©™∑",
    0xF1: "⟩∫",
}
_FONTS = {
    "Symbol": dict(
        chain.from_iterable(enumerate(characters, code) for code, characters in _RUNS.items())
    ),
    "Wingdings": {
        0xE0: "→", 0xFC: "✓", 0xFB: "✗", 0xA8: "☐", 0xFE: "☑", 0xA7: "•", 0xD8: "•"
    },
}  # fmt: skip
_PRIVATE = 0xF000  # where Word puts a font's own codes


def of_code(font: str, code: int) -> str:
    """A character by its code in a font; "" for a picture that no text has."""
    own = code - _PRIVATE
    if 0 <= own < 0x100:
        return _FONTS.get(font.split(" ", maxsplit=1)[0], {}).get(own, "")
    return chr(code) if code < 0xD800 else ""


def in_font(text: str, font: str) -> str:
    """Text as it looks in a font: "m" in Symbol is "μ"."""
    known = _FONTS.get(font.split(" ", maxsplit=1)[0])
    if known is None:
        return text
    return text.translate(known | {code + _PRIVATE: shown for code, shown in known.items()})
