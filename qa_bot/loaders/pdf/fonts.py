"""The bytes of a PDF's strings → characters and their widths."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypdf.generic import DictionaryObject
    from pypdf.generic._font import Font

_HEAVY = re.compile(r"bold|black|heavy|demi|semibd|-bd\b", re.IGNORECASE)
_SLANTED = re.compile(r"italic|oblique", re.IGNORECASE)
_SPACES = re.compile(r"[\s\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
_DROPPED = re.compile(
    r"[\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\x00-\x08\x0e-\x1f\x7f]"
)
_LIGATURES = re.compile(r"[\ufb00-\ufb06]")
_NO_LETTER = re.compile(r"[\x80-\x84\x86-\x9f]")  # Unicode has nothing to draw there
_TEX_BULLET = "\x88"  # where TeX's font of signs has it
_HALF = re.compile("[\ud800-\udfff]")
_SHAPED = re.compile("[\ufb1d-\ufdff\ufe70-\ufefc]")

RIGHT_TO_LEFT = "\u0590-\u065f\u066a-\u06ef\u06fa-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
"""Hebrew, Arabic and their neighbours without digits, for a class of a regular expression."""
_IS_RIGHT = re.compile(f"[{RIGHT_TO_LEFT}]")

_CODE_POINTS = re.compile(r"uni((?:[0-9A-F]{4})+)|u([0-9A-F]{4,6})")
_NAME = re.compile(r"/[A-Za-z][\w.]*")

# Bitmap fonts of TeX say nothing of their letters: these are where its two encodings have them.
_TEX_LIGATURES = {
    chr(first + number): letters
    for first in (0x0B, 0x1B)
    for number, letters in enumerate(("ff", "fi", "fl", "ffi", "ffl"))
}

_NAMED_ENCODINGS = ("/MacRomanEncoding", "/WinAnsiEncoding", "/StandardEncoding")

# Encodings of East Asian fonts without a /ToUnicode that pypdf has no codec for.
_CODECS = {
    f"/{name}-{direction}": codec
    for codec, names in {
        "cp949": "KSCms-UHC KSCms-UHC-HW",
        "euc_kr": "KSC-EUC KSCpc-EUC",
        "cp932": "90msp-RKSJ 90pv-RKSJ 83pv-RKSJ Add-RKSJ Ext-RKSJ",
        "euc_jp": "EUC",
        "cp950": "B5pc ETenms-B5",
        "big5hkscs": "HKscs-B5",
        "gbk": "GBKp-EUC",
        "utf-16-be": "UniKS-UTF16 UniJIS2004-UTF16 UniJISX0213-UTF16 UniJISX02132004-UTF16",
    }.items()
    for name in names.split()
    for direction in "HV"
}


def clean(text: str) -> str:
    """Ligatures spelled out, odd spaces made plain, invisible characters dropped.

    Two glyphs may be the two halves of a surrogate pair: together they are one character.
    """
    if _HALF.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = _DROPPED.sub("", _SPACES.sub(" ", text))
    text = _NO_LETTER.sub(_as_windows_has_it, text)
    return _LIGATURES.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)


def _as_windows_has_it(match: re.Match[str]) -> str:
    """What a font without names for its glyphs means by a number that is no letter."""
    if match[0] == _TEX_BULLET:
        return "•"
    return match[0].encode("latin-1").decode("cp1252", "ignore")


def looks_bold(name: str, weight: str) -> bool:
    """Whether a font is a heavy one, by its name or what it says of its weight: "700"."""
    return bool(_HEAVY.search(name)) or (weight.isdigit() and int(weight) >= 600)


def looks_slanted(name: str) -> bool:
    """Whether a font of that name is an italic one."""
    return bool(_SLANTED.search(name))


def letters_of(glyph: str) -> str:
    """The letters of one glyph, as drawn from left to right: shapes and ligatures spelled out."""
    if _SHAPED.search(glyph):
        glyph = unicodedata.normalize("NFKC", glyph).strip()
    glyph = glyph.replace("\u0640", "") if len(glyph) == 1 else glyph  # stretches a word, no letter
    return glyph[::-1] if len(glyph) > 1 and _IS_RIGHT.search(glyph) else glyph


def named_letters(resource: DictionaryObject) -> dict[str, str]:
    """Character code → what the PDF itself says it is, in a Type 1 font without /ToUnicode.

    That goes before what the font's own file says (PDF 1.7, table 114), which is all that
    pypdf takes. Of an encoding that only names differences, these are what it says.
    """
    from pypdf._cmap import _parse_encoding
    from pypdf.generic import ArrayObject, DictionaryObject, NameObject

    encoding = resource.get("/Encoding")
    encoding = encoding.get_object() if encoding is not None else None
    if "/ToUnicode" in resource or resource.get("/Subtype") not in ("/Type1", "/MMType1"):
        return {}
    if isinstance(encoding, DictionaryObject) and "/BaseEncoding" not in encoding:
        said: set[int] = set()
        code = 0
        differences = encoding.get("/Differences")
        differences = differences.get_object() if differences is not None else None
        for one in differences if isinstance(differences, ArrayObject) else ():
            if isinstance(one, int):
                code = one
            else:
                said.add(code)
                code += 1
    elif isinstance(encoding, NameObject) and encoding not in _NAMED_ENCODINGS:
        return {}
    else:
        said = set(range(256)) if encoding is not None else set()
    letters = _parse_encoding(resource)
    if not isinstance(letters, dict):
        return {}
    found = {chr(code): letters.get(code, "") for code in said if 0 <= code < 256}
    # What has no name that is known ("/g31") the font's file may know.
    return {code: text for code, text in found.items() if re.fullmatch(r"[^\x00/].*|/", text)}


def _letters_of_name(name: str) -> str:
    """What a glyph's name says it is, "" where it says none: "zcaron.sc" is "ž", "f_i" "fi".

    By the Adobe Glyph List's rules: what follows a dot tells shapes of one letter apart,
    and an underline joins the parts of a ligature.
    """
    from pypdf._codecs.adobe_glyphs import adobe_glyphs

    letters = ""
    for part in name.removeprefix("/").partition(".")[0].split("_"):
        code = _CODE_POINTS.fullmatch(part)
        if code is None:
            letters += adobe_glyphs.get(f"/{part}", "")
        elif code[1]:
            letters += "".join(chr(int(code[1][n : n + 4], 16)) for n in range(0, len(code[1]), 4))
        else:
            letters += chr(int(code[2], 16)) if int(code[2], 16) < 0x110000 else ""
    return letters


class FontReader:
    """Bytes of a show-text operator → characters and their widths in ems.

    ``encoding`` is its name in the file; where that ends in "V", characters are
    set one under the other, each an em high. ``named`` is what ``named_letters``
    gives for it. ``is_bitmap``: it draws its letters itself and says nothing of them.
    """

    def __init__(
        self,
        font: Font,
        encoding: str = "",
        named: dict[str, str] | None = None,
        *,
        is_bitmap: bool = False,
    ) -> None:
        self._font = font
        self._ligatures = _TEX_LIGATURES if is_bitmap else {}
        self._named = named or {}
        name = f"{font.name} {font.font_descriptor.name}"
        self.bold = looks_bold(name, str(font.font_descriptor.weight))
        self.italic = looks_slanted(name)
        self.space = min(max(float(font.space_width) / 1000, 0.15), 0.5)
        is_coded = encoding in ("/Identity-H", "/Identity-V")  # by the numbers of its glyphs
        self.unreadable = not font.interpretable or (is_coded and not font.character_map)
        self._known: dict[str, tuple[str, float]] = {}
        self.goes_down = encoding.endswith("-V")
        self._encoding = font.encoding
        if not font.character_map and encoding in _CODECS:
            self._encoding = _CODECS[encoding]
        self._is_wide = isinstance(self._encoding, str)

    def read(self, data: bytes | str) -> list[tuple[str, float, bool]]:
        """Each character code: its text, its width in ems, and whether it is byte 32."""
        if isinstance(data, str):
            data = data.encode("latin-1", "replace")
        if isinstance(self._encoding, str):
            raw = data.decode(self._encoding, "replace")
        else:
            raw = data.decode("latin-1")
        return [(*self._character(code), code == " " and not self._is_wide) for code in raw]

    def _character(self, code: str) -> tuple[str, float]:
        known = self._known.get(code)
        if known is None:
            font = self._font
            text = code
            if isinstance(self._encoding, dict):
                text = self._encoding.get(ord(code), code)
            if _NAME.fullmatch(text):  # a name that pypdf doesn't know
                text = font.character_map.get(code) or _letters_of_name(text)
            text = "".join(font.character_map.get(part, part) for part in text)
            text = letters_of(self._named.get(code, text))
            text = self._ligatures.get(text, text)
            widths = font.character_widths
            width = float(widths.get(code, widths.get("default", 500))) / 1000
            known = self._known[code] = (text, width)
        return known
