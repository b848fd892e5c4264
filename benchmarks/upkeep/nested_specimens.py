"""Small files that hold others, and mails, the same bytes each time."""

from __future__ import annotations

import struct
from collections.abc import Mapping

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_SECTOR = 512  # bytes
_STREAM = 4096  # bytes, at least, of each stream: shorter ones would need a second table
_FREE, _LAST, _TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_HEADERS = """From: =?utf-8?q?J=C3=BCrgen?= Reed <reed@lake.example>
To: "Heron, A." <heron@lake.example>, otter@lake.example
Cc: frog@lake.example
Date: Mon, 1 Jan 2024 10:00:00 +0100
Subject: Nests of the lake
Message-ID: <1@lake.example>
MIME-Version: 1.0
"""
_QUOTED = """
On Sun, 31 Dec 2023, A. Heron wrote:
> How many Nests are there?
>
>> Earlier still: none.
"""


def mail(text: str, page: str, attached: bytes) -> bytes:
    """A mail with two forms of its text, an answer's history, a file and a mail attached."""
    from base64 import encodebytes

    return f"""{_HEADERS}Content-Type: multipart/mixed; boundary="outer"

--outer
Content-Type: multipart/alternative; boundary="inner"

--inner
Content-Type: text/plain; charset=utf-8; format=flowed

{text}
{_QUOTED}
--inner
Content-Type: text/html; charset=utf-8

{page}<div class="gmail_quote">Quoted<blockquote type="cite">Nests</blockquote></div>
--inner--
--outer
Content-Type: application/octet-stream; name="table.csv"
Content-Disposition: attachment; filename*=utf-8''t%C3%A4ble.csv
Content-Transfer-Encoding: base64

{encodebytes(attached).decode()}
--outer
Content-Type: message/rfc822

Subject: Inner
From: frog@lake.example

Nests in the reeds.
--outer--
""".encode()


def mailbox(mails: list[bytes]) -> bytes:
    """Mails one after another."""
    begun = b"From reed@lake.example Mon Jan  1 10:00:00 2024\n"
    return b"".join(begun + one.replace(b"\nFrom ", b"\n>From ") + b"\n" for one in mails)


def outlook_mail(text: str, page: str) -> bytes:
    """A mail of Outlook."""
    sent = struct.pack("<HHIQ", 0x0040, 0x0039, 6, 133_541_282_000_000_000)
    return outlook_file(
        {
            "__properties_version1.0": bytes(32) + sent,
            "__substg1.0_0037001F": "Nests of the lake".encode("utf-16-le"),
            "__substg1.0_0C1A001F": "Jürgen Reed".encode("utf-16-le"),
            "__substg1.0_5D01001F": "reed@lake.example".encode("utf-16-le"),
            "__substg1.0_0E04001F": "A. Heron".encode("utf-16-le"),
            "__substg1.0_1000001F": text.encode("utf-16-le"),
            "__substg1.0_10130102": page.encode(),
        }
    )


def outlook_file(streams: Mapping[str, bytes]) -> bytes:
    """A small OLE file of these streams, each filled up with zeros."""
    names = sorted(streams, key=lambda one: (len(one), one.upper()))
    entries = [_entry("Root Entry", 5, -2, 0, 1, -1)]
    sectors: list[bytes] = []
    table: list[int] = []
    for number, name in enumerate(names, 1):
        data = streams[name].ljust(_STREAM, b"\0")
        start, parts = len(sectors), _sectors(data)
        table += [*range(start + 1, start + len(parts)), _LAST]
        sectors += parts
        following = number + 1 if number < len(names) else -1
        entries.append(_entry(name, 2, start, len(data), -1, following))
    first, listed = len(sectors), _sectors(b"".join(entries))
    table += [*range(first + 1, first + len(listed)), _LAST, _TABLE]
    sectors += listed
    fat = struct.pack(f"<{_SECTOR // 4}I", *table, *[_FREE] * (_SECTOR // 4 - len(table)))
    numbers = (0x3E, 3, 0xFFFE, 9, 6, 0, 1, first, 0, _STREAM, -2, 0, -2, 0)
    head = _OLE + bytes(16) + struct.pack("<HHHHH6xIIIIIiIiI", *numbers)
    head += struct.pack("<109i", len(sectors), *[-1] * 108)
    return head + b"".join(sectors) + fat


def _sectors(data: bytes) -> list[bytes]:
    parts = (data[i : i + _SECTOR] for i in range(0, len(data), _SECTOR))
    return [part.ljust(_SECTOR, b"\0") for part in parts]


def _entry(name: str, kind: int, start: int, size: int, child: int, following: int) -> bytes:
    """One entry of the directory; the streams hang one on another."""
    text = name.encode("utf-16-le") + b"\0\0"
    head = text.ljust(64, b"\0") + struct.pack("<HBB3i", len(text), kind, 1, -1, following, child)
    return head + bytes(36) + struct.pack("<iQ", start, size)
