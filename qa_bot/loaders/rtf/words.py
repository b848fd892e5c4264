"""RTF cut into its words: groups, control words and text; and which groups hold none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_WORD = re.compile(
    r"\\'(?P<byte>[0-9a-fA-F]{2})|\\(?P<name>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})? ?"
    r"|\\(?P<sign>[^a-zA-Z'])|(?P<brace>[{}])|[\r\n]+|(?P<text>[^\\{}\r\n]+)|\\",
)

SKIPPED = frozenset(  # groups without text that is shown
    "aftncn aftnsep aftnsepc annotationref atndate atnicn atnid atnparent atnref atntime"
    " atrfend atrfstart author background bkmkend bkmkstart blipuid buptim category"
    " colorschememapping colortbl comment company creatim datafield datastore defchp defpap"
    " do doccomm docvar dptxbxtext factoidname falt filetbl fldinst fontemb fontfile formfield"
    " ftncn ftnsep ftnsepc g generator gridtbl hlinkbase keycode keywords latentstyles"
    " levelnumbers leveltext linkval listlevel listname listoverride listoverridetable"
    " listpicture listtable manager mailmerge mmathPr nextfile nonesttables nonshppict objalias"
    " objclass objdata objname objsect objtime oldcprops oldpprops oldsprops oldtprops operator"
    " panose password passwordhash pgp pict pntxta pntxtb printim private propname protend"
    " protstart protusertbl pxe revtbl revtim rsidtbl rxe shppict sn sp staticval subject"
    " svb tc template themedata ts txe tx userprops ud2 wgrffmtfilter windowcaption"
    " writereservation writereservhash xe xform xmlattrname xmlattrvalue xmlclose xmlname"
    " xmlnstbl xmlopen picprop shprslt".split()
)
SHOWN = frozenset(  # groups that a reader may not know, and that hold text
    "shpinst shptxt annotation atnauthor ud nesttableprops pn listtext moveto".split()
)
SPECIAL = {
    "emdash": "—",
    "endash": "–",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "bullet": "•",
    "tab": "\t",
    "line": "\n",
    "lbr": "\n",
    "emspace": " ",
    "enspace": " ",
    "qmspace": " ",
    "zwj": "\u200d",
    "zwnj": "\u200c",
    "softline": "\n",
}
SIGNS = {"~": "\u00a0", "_": "\u2011", "\\": "\\", "{": "{", "}": "}", "\t": " ", "|": "", ":": ""}

CODE_PAGES = {  # of fonts, by the numbers of their character sets
    0: "cp1252",
    77: "mac_roman",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gb18030",
    136: "big5",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
    254: "cp437",
    255: "cp850",
}


class Word(NamedTuple):
    """One piece of RTF: of kind "{", "}", "name", "sign", "byte" or "text"."""

    kind: str
    text: str
    number: int | None = None


def cut(source: str) -> Iterator[Word]:
    """The words of a file that was decoded as Latin-1; binary data is left out."""
    at = 0
    while (found := _WORD.match(source, at)) is not None:
        at = found.end()
        if name := found["name"]:
            number = int(found["number"]) if found["number"] else None
            if name == "bin":
                at += max(number or 0, 0)
            yield Word("name", name, number)
        elif found["brace"]:
            yield Word(found["brace"], "")
        elif found["byte"]:
            yield Word("byte", chr(int(found["byte"], 16)))
        elif sign := found["sign"]:
            yield Word("name", "par") if sign in "\r\n" else Word("sign", sign)
        elif found["text"]:
            yield Word("text", found["text"])


def decoded(data: str, code_page: str) -> str:
    """Bytes, as characters up to 255, by the code page of their font."""
    if data.isascii():
        return data
    try:
        return data.encode("latin-1").decode(code_page, "replace")
    except (LookupError, UnicodeEncodeError):
        return data


def whole_characters(text: str) -> str:
    """The text with the halves of characters, which RTF writes one by one, joined."""
    if not any("\ud800" <= one <= "\udfff" for one in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
