"""The bytes of a PDF's strings → characters and their widths."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypdf.generic._font import Font

_HEAVY = re.compile(r"bold|black|heavy|demi|semibd|-bd\b", re.IGNORECASE)
_SLANTED = re.compile(r"italic|oblique", re.IGNORECASE)
_SPACES = re.compile(r"[\s\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
_DROPPED = re.compile(r"[\u200b-\u200d\u2060\ufeff\x00-\x08\x0e-\x1f\x7f]")
_LIGATURES = re.compile(r"[\ufb00-\ufb06]")


def clean(text: str) -> str:
    """Ligatures spelled out, odd spaces made plain, invisible characters dropped."""
    text = _DROPPED.sub("", _SPACES.sub(" ", text))
    return _LIGATURES.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)


class FontReader:
    """Bytes of a show-text operator → characters and their widths in ems."""

    def __init__(self, font: Font) -> None:
        self._font = font
        name = f"{font.name} {font.font_descriptor.name}"
        weight = str(font.font_descriptor.weight)
        self.bold = bool(_HEAVY.search(name)) or (weight.isdigit() and int(weight) >= 600)
        self.italic = bool(_SLANTED.search(name))
        self.space = min(max(float(font.space_width) / 1000, 0.15), 0.5)
        self.unreadable = not font.interpretable
        self._known: dict[str, tuple[str, float]] = {}
        self._is_wide = isinstance(font.encoding, str)

    def read(self, data: bytes | str) -> list[tuple[str, float, bool]]:
        """Each character code: its text, its width in ems, and whether it is byte 32."""
        font = self._font
        if isinstance(data, str):
            data = data.encode("latin-1", "replace")
        if isinstance(font.encoding, str):
            raw = data.decode(font.encoding, "replace")
        else:
            raw = data.decode("latin-1")
        return [(*self._character(code), code == " " and not self._is_wide) for code in raw]

    def _character(self, code: str) -> tuple[str, float]:
        known = self._known.get(code)
        if known is None:
            font = self._font
            text = code
            if isinstance(font.encoding, dict):
                text = font.encoding.get(ord(code), code)
            text = "".join(font.character_map.get(part, part) for part in text)
            widths = font.character_widths
            width = float(widths.get(code, widths.get("default", 500))) / 1000
            known = self._known[code] = (text, width)
        return known
