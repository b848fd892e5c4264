"""The parts of a mail: headers, the body that a reader sees, and what is attached."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from mimetypes import guess_extension
from pathlib import Path

from qa_bot.loaders.decoding import decode
from qa_bot.loaders.member_files import Member
from qa_bot.loaders.writing import one_line
from qa_bot.members import shown_name
from qa_bot.text import normalise_line_ends

_DEEPEST = 30  # parts in parts
_MOST_PARTS = 10_000
_LONGEST_HEADER = 100_000  # characters whose encoded words are read; the time grows as the square
_LONGEST_NAME = 100  # characters of a name that is made of a subject
_STUB = 0.5  # of the page's words; plain text with fewer of them only stands in for it
_TAGS = re.compile(r"<(style|script)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>", re.S | re.I)

Part = Message


@dataclass(frozen=True, slots=True)
class Body:
    """A text of a mail."""

    text: str
    is_html: bool
    is_flowed: bool = False  # a blank at a line's end says that the paragraph goes on
    warnings: tuple[str, ...] = ()


def parse_mail(data: bytes) -> Part:
    """A mail out of its bytes; nothing is too broken for Python's parser.

    Raises:
        ValueError: It has neither headers nor parts.
    """
    mail = BytesParser(policy=policy.compat32).parsebytes(data)
    if not mail.keys():
        raise ValueError("not a mail: it begins with no header")
    return mail


def header(mail: Part, name: str) -> str:
    """A header's value on one line, its encoded words read; "" where there is none."""
    value = mail.get(name)
    if value is None:
        return ""
    try:
        is_long = len(str(value)) > _LONGEST_HEADER
        decoded = str(value if is_long else make_header(decode_header(value)))
    except (LookupError, ValueError, MessageError):  # of an encoding that nobody knows, say
        decoded = str(value)
    return one_line(_mended(decoded))


def _mended(text: str) -> str:
    """Text whose raw bytes Python keeps as halves of surrogate pairs, read as what they are."""
    if not any("\udc80" <= one <= "\udcff" for one in text):
        return text
    data = text.encode("utf-8", "surrogateescape")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def date_of(mail: Part) -> str:
    """The day it was sent, as 2024-03-05, or "" where it doesn't say."""
    try:
        return parsedate_to_datetime(header(mail, "Date")).date().isoformat()
    except (TypeError, ValueError, OverflowError):
        return ""


def mail_name(mail: Part, *, dated: bool) -> str:
    """A name for a mail that has none, made of its subject and, where asked for, its day."""
    subject = (
        header(mail, "Subject").replace("/", "-").replace("\\", "-")[:_LONGEST_NAME].strip(" .")
    )
    parts = (date_of(mail) if dated else "", subject or "no subject")
    return shown_name(" ".join(filter(None, parts))) + ".eml"


@dataclass(frozen=True, slots=True)
class Sorted:
    """The parts of a mail: those that a reader sees as its text, and those that are files.

    Of alternatives the others are neither: they say the same.
    """

    shown: list[Part]
    files: list[Part]


def sorted_parts(part: Part, depth: int = 0) -> Sorted:
    """Tell the text of a mail from what is attached to it."""
    children = _children(part) if depth < _DEEPEST else []
    if not children:
        return Sorted([part], []) if _is_text(part) else Sorted([], [part])
    parts = [sorted_parts(child, depth + 1) for child in children[:_MOST_PARTS]]
    files = [one for found in parts for one in found.files]
    if part.get_content_subtype() != "alternative":
        return Sorted([one for found in parts for one in found.shown], files)
    return Sorted(_better([found.shown for found in parts if found.shown]), files)


def bodies(mail: Part) -> list[Body]:
    """The texts that a reader sees, in order: of alternatives the better one."""
    return [body for part in sorted_parts(mail).shown if (body := _body(part)).text.strip()]


def attached(mail: Part) -> Iterator[tuple[str, Part, bool]]:
    """Name, part and whether it is a picture in the text, of all that isn't body."""
    for number, part in enumerate(sorted_parts(mail).files, 1):
        kind = part.get_content_type()
        if kind.startswith("multipart/"):
            continue  # of a mail that breaks off: nothing is in it
        name = file_name(part)
        if kind == "message/rfc822":
            inner = part.get_payload()
            first = inner[0] if isinstance(inner, list) and inner else None
            name = name or (mail_name(first, dated=False) if isinstance(first, Message) else "")
            name = name if name.lower().endswith(".eml") else f"{name or f'mail {number}'}.eml"
        name = name or f"part {number}{guess_extension(kind) or ''}"
        picture = kind.startswith("image/") and "Content-ID" in part
        yield name, part, picture and not _is_attachment(part)


def attachments(mail: Part) -> Iterator[Member]:
    """What is attached; pictures that the text shows are hidden members."""
    for name, part, is_decoration in attached(mail):
        shown = f".{name}" if is_decoration else name

        def chunks(part: Part = part) -> Iterator[bytes]:
            yield bytes_of(part)

        yield Member(shown, chunks=chunks)


def bytes_of(part: Part) -> bytes:
    """The bytes of an attached file; of an attached mail the mail's."""
    inner = part.get_payload()
    if isinstance(inner, list):
        return b"\n".join(one.as_bytes() for one in inner if isinstance(one, Message))
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def file_name(part: Part) -> str:
    """The name that an attachment has in its mail; "" where it has none."""
    try:
        name = part.get_filename() or ""
        decoded = str(make_header(decode_header(name)))
    except (LookupError, ValueError, TypeError, MessageError):
        decoded = str(part.get("Content-Description", ""))
    return shown_name(_mended(decoded).replace("/", "-").replace("\\", "-"))


def _is_attachment(part: Part) -> bool:
    return part.get_content_disposition() == "attachment"


def _is_text(part: Part) -> bool:
    """Whether it is shown as a part of the mail, rather than as a file."""
    is_text = part.get_content_type() in ("text/plain", "text/html")
    return is_text and not _is_attachment(part) and not file_name(part)


def _children(part: Part) -> list[Part]:
    inner = part.get_payload()
    if part.get_content_maintype() != "multipart" or not isinstance(inner, list):
        return []
    return [one for one in inner if isinstance(one, Message)]


def _better(offered: list[list[Part]]) -> list[Part]:
    """Of alternatives the plain one, unless it leaves out most of what the page says."""
    plain = [one for one in offered if all(p.get_content_type() == "text/plain" for p in one)]
    pages = [one for one in offered if one not in plain]
    if not plain or not pages:
        return (plain or pages or [[]])[-1]
    words = sum(len(_body(part).text.split()) for part in plain[-1])
    on_page = sum(len(_TAGS.sub(" ", _body(part).text).split()) for part in pages[-1])
    return pages[-1] if words < _STUB * on_page or _has_table(pages[-1]) else plain[-1]


def _has_table(parts: list[Part]) -> bool:
    """Whether a page has rows that plain text can only hint at."""
    return any(_body(part).text.lower().count("<tr") > 2 for part in parts)


def _body(part: Part) -> Body:
    data = part.get_payload(decode=True)
    data = data if isinstance(data, bytes) else b""
    charset = part.get_content_charset("") or ""
    warnings: tuple[str, ...] = ()
    try:
        text = data.decode(charset or "utf-8")
    except (LookupError, UnicodeError):
        text, warnings = decode(data)
    flowed = str(part.get_param("format", "")).lower() == "flowed"
    is_html = part.get_content_type() == "text/html"
    return Body(normalise_line_ends(text).replace("\x00", ""), is_html, flowed, warnings)


def read_file(path: Path) -> tuple[Part, tuple[str, ...]]:
    """The mail that a file holds, one of Outlook's or as it was sent; and what is missing of it.

    Raises:
        ValueError: It holds none.
    """
    if path.suffix.lower() == ".msg":
        from qa_bot.loaders.mail.outlook import outlook_mail

        return outlook_mail(path)
    return parse_mail(path.read_bytes()), ()
