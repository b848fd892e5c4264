"""Files damaged at random, each made again from its name alone.

A mutant's name is ``<source>.<seed>.<number><suffix>``; its damage is drawn from a
generator that the name seeds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import PurePath
from random import Random

from benchmarks.upkeep.zipping import unzipped, zipped

PORT = 47813
"""Local port that documents ask to be fetched from; nothing may ever knock on it."""

OUTSIDE = f"http://127.0.0.1:{PORT}/x"
LOCAL = "file:///etc/passwd"  # that documents ask to be included

_NUMBERS = "0 -1 1 255 65535 65536 2147483647 -2147483648 4294967296 99999999999999999999 1e308 nan"
_ENTITIES = (
    f'<!DOCTYPE x [<!ENTITY y SYSTEM "{LOCAL}">]>',
    f'<!DOCTYPE x SYSTEM "{OUTSIDE}">',
    f'<!DOCTYPE x [<!ENTITY % y SYSTEM "{OUTSIDE}"> %y;]>',
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY y "&a;&a;&a;&a;&a;">]>',
    "&y;",
)
_MARKUP = (
    *_ENTITIES,
    *"< > & &# &#0; &#xD800; &#1114112; </ <!-- --> <![CDATA[ ]]> <?xml ?> <x:y> \" ' =".split(),
    "<div>" * 300,
    "</body></html>",
    "\x00",
)
_TOKENS: dict[str, tuple[str, ...]] = {
    ".pdf": (
        *"/Kids /Count /Prev /Parent /Length /Filter /FlateDecode /LZWDecode".split(),
        *"/ASCII85Decode /Contents /Resources /Font /XObject /Form /Outlines /First /Next".split(),
        *"/Dest /Title /Encoding /Widths /W /Encrypt /Root /Size /Index /ObjStm /XRef".split(),
        *"/ToUnicode obj endobj stream endstream xref trailer startxref %%EOF".split(),
        *"<< >> [ ] ( ) < > null true".split(),
        *"BT ET Tj TJ Tf Td Tm cm re q Q Do BI ID EI R".split(),
        *"beginbfrange endbfrange beginbfchar begincmap".split(),
        "/Prev 0",
        "/Kids [2 0 R]",
        "1 0 R",
        "2 0 R",
        "0 0 R",
        "9999 0 R",
        f"/F << /FS /URL /F ({OUTSIDE}) >>",
        "[" * 300,
        "<<" * 300,
        "(" * 300,
        "\x00",
    ),
    ".docx": (
        *_MARKUP,
        *"<w:p> </w:p> <w:r> </w:r> <w:t> </w:t> <w:tbl> <w:tr> <w:tc> </w:tc> <w:del/>".split(),
        '<w:gridSpan w:val="999999999"/>',
        '<w:outlineLvl w:val="3"/>',
        '<w:footnoteReference w:id="2"/>',
        "<w:sdt><w:sdtContent>" * 60,
    ),
    ".epub": (
        *_MARKUP,
        *"<h1> <p> <table> <tr> <td> <li> <ol> <nav> <a> </a> <pre> <math> <svg>".split(),
        'href="../../x"',
        'idref="a"',
        'properties="nav"',
    ),
    ".html": (
        *_MARKUP,
        *"<h1> <h6> <p> <table> <tr> <td> <li> <ol> <a> </a> <pre> <figure> <figcaption>".split(),
        *"<caption> <dl> <dt> <dd> <sup> <q> <br> <script> <style> <template> <main>".split(),
        '<td rowspan="65535" colspan="1000">',
        '<ol start="-99999999999">',
        '<h1 id="',
        f'<meta charset="utf-16"><base href="{OUTSIDE}">',
    ),
    ".md": (
        *"# ###### --- === ``` ~~~ > - 1. | * ** __ [ ] ( ) ![ ]( < > ` \\ & \t".split(),
        "\n\n",
        "> " * 60,
        "[" * 300,
        "|" * 300,
        "\n---\ntitle: ",
        "\x00",
    ),
    ".csv": (*'" "" , ; | \t \n \r'.split(" "), '"' * 301, "," * 500, "sep=;\n", "\x00"),
    ".eml": (
        *_MARKUP[:6],
        *"--outer --outer-- --inner --inner-- multipart/mixed multipart/digest text/html".split(),
        *"message/rfc822 base64 quoted-printable x-uuencode utf-7 idna punycode =?utf-8?b?".split(),
        *"?= ;filename= filename*0*= charset=utf-16 boundary= format=flowed Subject: Date:".split(),
        "\n\n",
        "\n> ",
        "Content-Type: multipart/mixed; boundary=outer\n\n" * 40,
        "\x00",
    ),
    ".txt": (
        *"CHAPTER I. § 1.1.1 * - • : ... === see".split(),
        *("\n\n", "\t", "\f", "\u2028", "\u202e", "\u0301" * 90, "\U0001f9a6", "\ufeff", "\x85"),
        "x" * 3000,
        ". " * 500,
        "\x00",
    ),
}
_TOKENS[".mbox"] = (*_TOKENS[".eml"], "\nFrom a@b.example Mon Jan  1 10:00:00 2024\n", "\nFrom ")
_OF_OLE = ("\x00\x00", "\xff\xff\xff\xff", "\xfe\xff\xff\xff", "_\x00_\x00", "\x1f\x00")
_TOKENS[".msg"] = (*_TOKENS[".html"], *_OF_OLE)
_TOKENS[".zip"] = (*_TOKENS[".txt"], *_TOKENS[".eml"])
_DATA = (
    *'{ } [ ] " : , null true -1e999 - | > & * !!python/object ? # : ... ---'.split(),
    "[" * 300,
    "- " * 300,
    '{"a":' * 300,
    "\n    ",
    "!!python/object/apply:os.system [true]\n",
    "\x00",
)
_LINES = (
    *"= == * ** - . .. | |=== ---- .... ==== :: [ ] ` ~ # ## \\\\ { } $ % & :: .. ..".split(),
    *(
        "\n\n",
        "\t",
        "\n   ",
        "\n.. include:: /etc/passwd\n",
        "\n.. raw:: html\n   :file: /etc/passwd\n",
    ),
    f"\ninclude::{LOCAL}[]\n",
    f"\n.. image:: {OUTSIDE}\n",
    "\\input{/etc/passwd}",
    "\\begin{itemize}" * 60,
    "\\begin{tabular}{ll}",
    "\\newcommand{\\x}{\\x}",
    "{" * 300,
    "*" * 300,
    "#+BEGIN_QUOTE\n" * 60,
    ".. foo::\n   " * 9,
    "[[" * 100,
    "\x00",
)
_OFFICE = (
    *_MARKUP,
    *"<row> </row> <c> <v>1</v> </c> <f>A1</f> <a:p> <a:t> </a:t> <a:tc> </a:tc> <p:sp>".split(),
    *"<text:p> </text:p> <text:h> <table:table> <table:table-row> <draw:page> <text:list>".split(),
    ' ref="A1:XFD1048576"',
    ' r="ZZZZ99999999"',
    ' table:number-rows-repeated="1048576"',
    ' table:number-columns-repeated="16384"',
    ' table:number-columns-spanned="99999"',
    ' gridSpan="99999"',
    f' Target="{OUTSIDE}" TargetMode="External"',
    "<text:list><text:list-item>" * 60,
    "<p:grpSp>" * 60,
)
_RICH = (
    *r"\par \cell \row \trowd \intbl \pard \b \v \u8364 \uc0 \'e9 { } \* \bin99999 \s1 \f1".split(),
    *(
        r"{\field{\*\fldinst INCLUDETEXT /etc/passwd}",
        "{" * 300,
        "{\\footnote ",
        "\\clvmrg",
        "\x00",
    ),
)
_BYTES = ("\x00", "\xff\xff\xff\xff", "\x01\x00", "\x00\x00", "\xfe\xff\xff\xff")
_TIMES = (*"--> 00:00:01,000 99:99:99.999 <v <c> </c> WEBVTT NOTE 1".split(), "\n\n", "\x00")
_TOKENS |= {
    **dict.fromkeys((".json", ".jsonl", ".yaml", ".ipynb"), _DATA),
    **dict.fromkeys((".rst", ".adoc", ".org", ".tex"), _LINES),
    **dict.fromkeys((".xlsx", ".ods", ".odt", ".odp", ".pptx"), _OFFICE),
    **dict.fromkeys((".srt", ".vtt"), _TIMES),
    ".xml": _MARKUP,
    ".rtf": _RICH,
    **dict.fromkeys((".jpg", ".png", ".tif", ".webp", ".xls", ".xlsb"), _BYTES),
    ".py": (*'def class ( ) [ ] : # """ \' \\ lambda'.split(), "(" * 300, "\n    ", "\x00"),
}
_ZIPPED = (".docx", ".epub", ".odp", ".ods", ".odt", ".pptx", ".xlsb", ".xlsx", ".zip")
_OF_ZIP = ("PK\x01\x02", "PK\x03\x04", "PK\x05\x06", "\xff\xff\xff\xff", "\x00\x00", "\x01\x00")

_Change = Callable[[Random, bytearray, tuple[str, ...]], None]


def name_of(source: str, seed: int, number: int) -> str:
    """The name of a mutant of the file ``source``."""
    path = PurePath(source)
    return f"{path.stem}.{seed}.{number}{path.suffix}"


def make(name: str, sources: Mapping[str, bytes]) -> bytes:
    """The mutant of that name."""
    stem, suffix = PurePath(name).stem, PurePath(name).suffix
    source = sources[stem.rsplit(".", 2)[0] + suffix]
    random = Random(name)  # noqa: S311 - damage has to be repeatable, not secret
    if suffix not in _ZIPPED:
        return _damaged(random, source, _TOKENS[suffix])
    if random.random() < 0.3:
        return _damaged(random, source, _OF_ZIP)
    members = unzipped(source)
    for member in random.sample(sorted(members), random.randint(1, min(3, len(members)))):
        match random.randrange(12):
            case 0:
                del members[member]
            case 1:
                members[member] = members[random.choice(sorted(members))]
            case _:
                members[member] = _damaged(random, members[member], _TOKENS[suffix])
    return zipped(members)


def _damaged(random: Random, source: bytes, tokens: tuple[str, ...]) -> bytes:
    data = bytearray(source)
    for _ in range(random.choice((1, 1, 1, 2, 3, 5, 8, 30))):
        random.choice(_CHANGES)(random, data, tokens)
    return bytes(data)


def damaged(random: Random, source: bytes) -> bytes:
    """A file of no format of ours, damaged at random."""
    return _damaged(random, source, _OF_OLE)


def _range(random: Random, data: bytearray) -> tuple[int, int]:
    """A stretch of the data, short ones more often."""
    start = random.randint(0, len(data))
    length = int(2 ** random.uniform(0, 12)) if data else 0
    return start, min(start + length, len(data))


def _flip(random: Random, data: bytearray, _: tuple[str, ...]) -> None:
    for place in random.choices(range(len(data)), k=random.choice((1, 2, 16))) if data else ():
        data[place] ^= 1 << random.randrange(8)


def _delete(random: Random, data: bytearray, _: tuple[str, ...]) -> None:
    start, end = _range(random, data)
    del data[start:end]


def _duplicate(random: Random, data: bytearray, _: tuple[str, ...]) -> None:
    start, end = _range(random, data)
    data[end:end] = data[start:end] * random.choice((1, 1, 2, 20))


def _move(random: Random, data: bytearray, _: tuple[str, ...]) -> None:
    start, end = _range(random, data)
    piece = data[start:end]
    del data[start:end]
    place = random.randint(0, len(data))
    data[place:place] = piece


def _copy_over(random: Random, data: bytearray, _: tuple[str, ...]) -> None:
    """Write one stretch over another: the length, and so a PDF's offsets, stay right."""
    start, end = _range(random, data)
    place = random.randint(0, len(data) - (end - start))
    data[place : place + end - start] = data[start:end]


def _noise(random: Random, data: bytearray, _: tuple[str, ...]) -> None:
    start, end = _range(random, data)
    data[start:end] = random.randbytes(end - start)


def _truncate(random: Random, data: bytearray, _: tuple[str, ...]) -> None:
    if random.random() < 0.3:
        del data[random.randint(0, len(data)) :]


def _insert_token(random: Random, data: bytearray, tokens: tuple[str, ...]) -> None:
    place = random.randint(0, len(data))
    data[place:place] = _encoded(random, tokens)


def _write_token(random: Random, data: bytearray, tokens: tuple[str, ...]) -> None:
    token = _encoded(random, tokens)
    place = random.randint(0, len(data))
    data[place : place + len(token)] = token


def _swap_token(random: Random, data: bytearray, tokens: tuple[str, ...]) -> None:
    """Put one token where another stands."""
    token = _encoded(random, tokens)
    places = [match.start() for match in re.finditer(re.escape(token), data)]
    if places:
        place = random.choice(places)
        data[place : place + len(token)] = _encoded(random, tokens)


def _change_number(random: Random, data: bytearray, _: tuple[str, ...]) -> None:
    found = list(re.finditer(rb"\d+", data))
    if found:
        match = random.choice(found)
        number = random.choice(_NUMBERS.split()).encode()
        if random.random() < 0.3:
            number = str(int(match[0][:9]) + random.choice((-1, 1, 10))).encode()
        data[match.start() : match.end()] = number


def _encoded(random: Random, tokens: tuple[str, ...]) -> bytes:
    token = random.choice(tokens)
    return token.encode("latin-1" if tokens in (_OF_ZIP, _TOKENS[".msg"]) else "utf-8", "replace")


_CHANGES: tuple[_Change, ...] = (
    _flip, _delete, _duplicate, _move, _copy_over, _noise, _truncate,
    _insert_token, _write_token, _swap_token, _swap_token, _change_number, _change_number,
)  # fmt: skip
