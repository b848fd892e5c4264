"""Bytes → markup → a tree: HTML however broken, and XML that fetches nothing."""

from __future__ import annotations

import codecs
import re
from html.entities import html5
from typing import TYPE_CHECKING

from qa_bot.loaders.decoding import decode
from qa_bot.loaders.writing import one_line
from qa_bot.text import normalise_line_ends

if TYPE_CHECKING:
    from lxml import etree

_HEAD = 4096  # bytes in which a page says its encoding
_META = re.compile(rb"<meta[^>]{0,400}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_PROLOG = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})")
_MARKS = (  # the longer ones first
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHARSETS = {  # Python's name of what a page declares → what browsers take it for
    **{f"cp{page}": f"cp{page}" for page in (866, 874, 949, *range(1250, 1259))},
    **{f"iso8859-{part}": f"iso8859-{part}" for part in (*range(2, 9), 10, *range(13, 17))},
    **dict.fromkeys(("utf-16", "utf-16-le", "utf-16-be", "utf-8"), "utf-8"),  # seen, so not 16
    **dict.fromkeys(("iso8859-1", "ascii"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk", "gb18030"), "gb18030"),
    **dict.fromkeys(("iso8859-11", "tis-620"), "cp874"),
    **dict.fromkeys(("shift_jis", "cp932"), "cp932"),
    "iso8859-9": "cp1254",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    **{name: name for name in ("koi8-r", "koi8-u", "mac-roman", "euc_jp", "iso2022_jp")},
}

_CONTROLS = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127], " ")
_PAGE_END = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)
_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,40};)")
_XML_ENTITIES = frozenset(("amp;", "lt;", "gt;", "quot;", "apos;"))


def decode_page(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Decode a page as its byte-order mark or its own words say, or else by its bytes."""
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "")
    if not encoding:
        named = _PROLOG.match(data[:_HEAD]) or _META.search(data[:_HEAD])
        encoding = _charset(named[1].decode("ascii")) if named else ""
    try:
        text = data.decode(encoding or "utf-8")
    except UnicodeDecodeError:
        return decode(data)
    if "\x00" in text and not encoding:
        return decode(data)  # UTF-16 without a mark, perhaps
    if encoding.startswith(("cp125", "iso8859")) and not data.isascii():
        # Bytes of such an encoding are hardly ever UTF-8 by chance.
        try:
            return normalise_line_ends(data.decode("utf-8")), (f"is UTF-8, not {encoding}",)
        except UnicodeDecodeError:
            pass
    return normalise_line_ends(text), ()


def _charset(label: str) -> str:
    try:
        return _CHARSETS.get(codecs.lookup(label).name, "")
    except LookupError:
        return ""


def parse_xml(data: bytes) -> etree._Element:
    """Parse XML; nothing outside it is ever fetched, and entities of its own are refused.

    Raises:
        SyntaxError: It is not well-formed (lxml's XMLSyntaxError).
        ValueError: It declares entities.
    """
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    root = etree.fromstring(data, parser)
    types = root.getroottree().docinfo.internalDTD
    if types is not None and any(True for _ in types.iterentities()):
        raise ValueError("declares XML entities: refused")
    return root


def parse_html(source: str) -> tuple[etree._Element | None, tuple[str, ...]]:
    """Parse HTML, however broken, and say what had to be left out; None where it is empty."""
    from lxml import etree

    # libxml2 drops all that follows the end of the page; browsers show it.
    source = _PAGE_END.sub("", source.translate(_CONTROLS))
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=True)
    root = etree.fromstring(source.encode("utf-8", "replace"), parser)
    limits = any(error.type_name == "ERR_RESOURCE_LIMIT" for error in parser.error_log)
    return root, ("nested too deep: its end is left out",) if limits else ()


def is_element(name: str) -> bool:
    """Whether HTML has an element of that name."""
    from lxml.html import defs

    return name in defs.tags


def parse_xhtml(source: str) -> tuple[etree._Element | None, tuple[str, ...]]:
    """Parse XHTML as XML, where an empty ``<title/>`` is legal, or else as HTML."""
    spelled = _NAMED.sub(_spell, source.translate(_CONTROLS))
    spelled = re.sub(r"\A\s*<\?xml[^>]*\?>", "", spelled)  # it names the bytes' encoding
    try:
        return parse_xml(spelled.encode("utf-8", "replace")), ()
    except SyntaxError:
        return parse_html(source)


def _spell(entity: re.Match[str]) -> str:
    known = entity[1] not in _XML_ENTITIES and html5.get(entity[1])
    return "".join(f"&#{ord(character)};" for character in known) if known else entity[0]


def title_of(root: etree._Element) -> str:
    """What ``<title>`` says; "" where there is none."""
    for element in root.iter("{*}title"):
        parent = element.getparent()
        is_drawing = parent is not None and local(parent.tag) == "svg"
        if not is_drawing and (title := one_line(element.text or "")):
            return title
    return ""


def local(name: object) -> str:
    """A tag's or attribute's name without its namespace; "" for comments and the like."""
    return name.rpartition("}")[2] if isinstance(name, str) else ""
