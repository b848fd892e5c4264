"""Outlook's own files of mails (.msg): their properties, read with olefile, as a mail."""

from __future__ import annotations

import codecs
import datetime
import struct
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from email.message import Message
from email.mime.application import MIMEApplication
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.parser import HeaderParser
from pathlib import Path
from typing import TYPE_CHECKING

from qa_bot.loaders.writing import one_line
from qa_bot.text import valid_unicode

if TYPE_CHECKING:
    from olefile import OleFileIO

_SUBJECT, _BODY, _HTML, _RICH = "0037", "1000", "1013", "1009"
_HEADERS, _TO, _CC = "007D", "0E04", "0E03"
_SENDER, _SENDER_ADDRESS, _SENDER_SMTP = "0C1A", "0C1F", "5D01"
_SENT, _DELIVERED = 0x0039, 0x0E06
_FILE_NAME, _SHORT_NAME, _DATA = "3707", "3704", "3701"
_UNICODE, _ANSI, _BINARY, _STORAGE = "001F", "001E", "0102", "000D"
_INTEGER, _TIME = 0x0003, 0x0040
_CODE_PAGES = (0x3FFD, 0x3FDE)  # properties: of the mail's texts, else of the one it came as
_WESTERN = "cp1252"
_OTHER_PAGES = {  # of Windows' code pages, those that Python calls otherwise
    10000: "mac_roman",
    20127: "ascii",
    20866: "koi8_r",
    20932: "euc_jp",
    20936: "gb2312",
    21866: "koi8_u",
    **{28590 + part: f"iso8859_{part}" for part in (*range(1, 10), 13, 15)},
    50220: "iso2022_jp",
    50221: "iso2022_jp",
    50225: "iso2022_kr",
    51932: "euc_jp",
    51949: "euc_kr",
    52936: "hz",
    54936: "gb18030",
    65001: "utf_8",
}
_TEXTS = [f"{_BODY}{_UNICODE}", f"{_BODY}{_ANSI}", f"{_HTML}{_BINARY}", f"{_HTML}{_UNICODE}"]
_UNREAD = "its text is kept as rich text alone, which is not read: only its headers are"
_PROPERTIES = "__properties_version1.0"
_ENTRY = struct.Struct("<HHIQ")  # type and number of a property, flags, value
_HEAD = {0: 32, 1: 24}  # bytes before the properties: of a mail, of one in another
_SINCE = datetime.datetime(1601, 1, 1, tzinfo=datetime.UTC)
_DEEPEST = 5
_MOST = 1_000  # attachments


def outlook_mail(path: Path) -> tuple[Message[str, str], tuple[str, ...]]:
    """The mail of a file, with its attachments; a mail attached to it is one of them.

    With it comes what is to be said of what isn't read.

    Raises:
        ValueError: It isn't one of Outlook's.
    """
    data = path.read_bytes()
    with suppress(OSError, IndexError, TypeError, ValueError, struct.error):  # of damaged ones
        return _read(data)
    raise ValueError("damaged, or no mail of Outlook")


def _read(data: bytes) -> tuple[Message[str, str], tuple[str, ...]]:
    import olefile

    with olefile.OleFileIO(data) as file:
        mail = _mail(_opened(file, (), 0))
        said = any(file.exists(f"__substg1.0_{text}") for text in _TEXTS)
        is_rich = not said and file.exists(f"__substg1.0_{_RICH}{_BINARY}")
        return mail, (_UNREAD,) if is_rich else ()


@dataclass(frozen=True, slots=True)
class _Stored:
    """A mail or an attachment, which is a folder of the file with a stream for each property."""

    file: OleFileIO
    place: tuple[str, ...]
    depth: int  # of the mail; 0 for the file itself
    numbers: Mapping[tuple[int, int], int]  # (number, type) of the mail's properties → value
    encoding: str  # of texts that aren't Unicode

    def stream(self, name: str) -> bytes | None:
        """A property's bytes, by its number and type; None where it isn't there."""
        path = [*self.place, f"__substg1.0_{name}"]
        return self.file.openstream(path).read() if self.file.exists(path) else None

    def text(self, number: str) -> str:
        """A property's text; "" where there is none."""
        for kind, encoding in ((_UNICODE, "utf-16-le"), (_ANSI, self.encoding)):
            data = self.stream(f"{number}{kind}")
            if data is not None:
                return data.decode(encoding, "replace").rstrip("\x00")
        return ""


def _opened(file: OleFileIO, place: tuple[str, ...], depth: int) -> _Stored:
    """A mail of the file, its properties of fixed length read."""
    data = file.openstream([*place, _PROPERTIES]).read()[_HEAD[min(depth, 1)] :]
    entries = (
        _ENTRY.unpack_from(data, start)
        for start in range(0, len(data) - _ENTRY.size + 1, _ENTRY.size)
    )
    numbers = {(number, kind): value for kind, number, _, value in entries}
    pages = (numbers.get((one, _INTEGER), 0) & 0xFFFFFFFF for one in _CODE_PAGES)
    encoding = next(filter(None, map(_encoding, pages)), _WESTERN)
    return _Stored(file, place, depth, numbers, encoding)


def _encoding(page: int) -> str:
    """Python's name of one of Windows' code pages; "" where it knows none."""
    name = _OTHER_PAGES.get(page) or f"cp{page}"
    try:
        return codecs.lookup(name).name
    except LookupError:
        return ""


def _mail(stored: _Stored) -> Message[str, str]:
    sent = HeaderParser().parsestr(stored.text(_HEADERS))
    sender = stored.text(_SENDER)
    address = stored.text(_SENDER_SMTP) or stored.text(_SENDER_ADDRESS)
    is_address = "@" in address and not address.startswith("/")  # "/O=…": a name within Exchange
    known = f"{sender} <{address}>" if is_address and address != sender else sender or address
    values = {
        "From": sent.get("From", "") or known,
        "To": sent.get("To", "") or stored.text(_TO),
        "Cc": sent.get("Cc", "") or stored.text(_CC),
        "Date": sent.get("Date", "") or _date(stored),
        "Subject": stored.text(_SUBJECT),
    }
    mail = MIMEMultipart("mixed")
    for name, value in values.items():
        if said := _clean(str(value)):
            mail[name] = one_line(said)
    body, page = stored.text(_BODY), _page(stored)
    texts = MIMEMultipart("alternative")
    texts.attach(MIMEText(_clean(body), "plain", "utf-8"))
    if page:
        texts.attach(MIMEText(_clean(page), "html", "utf-8"))
    mail.attach(texts)
    for name, data in _attachments(stored):
        part = MIMEMessage(data) if isinstance(data, Message) else MIMEApplication(data)
        if name:
            part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", name))
        mail.attach(part)
    return mail


def _clean(text: str) -> str:
    return valid_unicode(text).replace("\x00", "")


def _page(stored: _Stored) -> str:
    from qa_bot.loaders.html.markup import decode_page

    data = stored.stream(f"{_HTML}{_BINARY}")
    return stored.text(_HTML) if data is None else decode_page(data)[0]


def _date(stored: _Stored) -> str:
    """When it was sent, else delivered, as a mail's header says it."""
    ticks = stored.numbers.get((_SENT, _TIME)) or stored.numbers.get((_DELIVERED, _TIME))
    try:
        when = _SINCE + datetime.timedelta(microseconds=(ticks or 0) / 10)
        return f"{when:%a, %d %b %Y %H:%M:%S} +0000" if ticks else ""
    except OverflowError:
        return ""


def _attachments(stored: _Stored) -> list[tuple[str, bytes | Message[str, str]]]:
    found: list[tuple[str, bytes | Message[str, str]]] = []
    for number in range(_MOST):
        place = (*stored.place, f"__attach_version1.0_#{number:08X}")
        if not stored.file.exists(list(place)):
            break
        inside = replace(stored, place=place)
        name = one_line(_clean(inside.text(_FILE_NAME) or inside.text(_SHORT_NAME)))
        mail = (*place, f"__substg1.0_{_DATA}{_STORAGE}")
        if stored.file.exists([*mail, _PROPERTIES]) and stored.depth < _DEEPEST:
            found.append((name, _mail(_opened(stored.file, mail, stored.depth + 1))))
        elif (data := inside.stream(f"{_DATA}{_BINARY}")) is not None:
            found.append((name, data))
    return found
