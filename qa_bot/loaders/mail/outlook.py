"""Outlook's own files of mails (.msg): their properties, read with olefile, as a mail."""

from __future__ import annotations

import datetime
import struct
from contextlib import suppress
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
_TIME = 0x0040
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
        mail = _mail(file, (), 0)
        said = any(file.exists(f"__substg1.0_{text}") for text in _TEXTS)
        is_rich = not said and file.exists(f"__substg1.0_{_RICH}{_BINARY}")
        return mail, (_UNREAD,) if is_rich else ()


def _mail(file: OleFileIO, place: tuple[str, ...], depth: int) -> Message[str, str]:
    sent = HeaderParser().parsestr(_text(file, place, _HEADERS))
    sender = _text(file, place, _SENDER)
    address = _text(file, place, _SENDER_SMTP) or _text(file, place, _SENDER_ADDRESS)
    known = f"{sender} <{address}>" if "@" in address and address != sender else sender or address
    values = {
        "From": sent.get("From", "") or known,
        "To": sent.get("To", "") or _text(file, place, _TO),
        "Cc": sent.get("Cc", "") or _text(file, place, _CC),
        "Date": sent.get("Date", "") or _date(file, place, depth),
        "Subject": _text(file, place, _SUBJECT),
    }
    mail = MIMEMultipart("mixed")
    for name, value in values.items():
        if said := _clean(str(value)):
            mail[name] = one_line(said)
    body, page = _text(file, place, _BODY), _page(file, place)
    texts = MIMEMultipart("alternative")
    texts.attach(MIMEText(_clean(body), "plain", "utf-8"))
    if page:
        texts.attach(MIMEText(_clean(page), "html", "utf-8"))
    mail.attach(texts)
    for name, data in _attachments(file, place, depth):
        part = MIMEMessage(data) if isinstance(data, Message) else MIMEApplication(data)
        if name:
            part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", name))
        mail.attach(part)
    return mail


def _clean(text: str) -> str:
    return valid_unicode(text).replace("\x00", "")


def _text(file: OleFileIO, place: tuple[str, ...], number: str) -> str:
    """A property's text; "" where there is none."""
    for kind, encoding in ((_UNICODE, "utf-16-le"), (_ANSI, "cp1252")):
        stream = [*place, f"__substg1.0_{number}{kind}"]
        if file.exists(stream):
            data: bytes = file.openstream(stream).read()
            return data.decode(encoding, "replace").rstrip("\x00")
    return ""


def _page(file: OleFileIO, place: tuple[str, ...]) -> str:
    from qa_bot.loaders.html.markup import decode_page

    stream = [*place, f"__substg1.0_{_HTML}{_BINARY}"]
    if file.exists(stream):
        return decode_page(file.openstream(stream).read())[0]
    return _text(file, place, _HTML)


def _date(file: OleFileIO, place: tuple[str, ...], depth: int) -> str:
    """When it was sent, else delivered, as a mail's header says it."""
    data = file.openstream([*place, _PROPERTIES]).read()[_HEAD[min(depth, 1)] :]
    found = {}
    for start in range(0, len(data) - _ENTRY.size + 1, _ENTRY.size):
        kind, number, _, value = _ENTRY.unpack_from(data, start)
        if kind == _TIME:
            found[number] = value
    ticks = found.get(_SENT) or found.get(_DELIVERED)
    try:
        when = _SINCE + datetime.timedelta(microseconds=(ticks or 0) / 10)
        return f"{when:%a, %d %b %Y %H:%M:%S} +0000" if ticks else ""
    except OverflowError:
        return ""


def _attachments(
    file: OleFileIO, place: tuple[str, ...], depth: int
) -> list[tuple[str, bytes | Message[str, str]]]:
    found: list[tuple[str, bytes | Message[str, str]]] = []
    for number in range(_MOST):
        inside = (*place, f"__attach_version1.0_#{number:08X}")
        if not file.exists(list(inside)):
            break
        name = _text(file, inside, _FILE_NAME) or _text(file, inside, _SHORT_NAME)
        name = one_line(_clean(name))
        mail = (*inside, f"__substg1.0_{_DATA}{_STORAGE}")
        data = [*inside, f"__substg1.0_{_DATA}{_BINARY}"]
        if file.exists([*mail, _PROPERTIES]) and depth < _DEEPEST:
            found.append((name, _mail(file, mail, depth + 1)))
        elif file.exists(data):
            found.append((name, file.openstream(data).read()))
    return found
