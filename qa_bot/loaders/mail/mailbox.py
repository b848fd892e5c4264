"""A mailbox: mails one after another in one file, each after a line that begins with "From "."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import policy
from email.parser import BytesHeaderParser
from functools import partial
from pathlib import Path

from qa_bot.loaders.mail.message import mail_name
from qa_bot.loaders.member_files import Member, MemberError

_SEPARATOR = re.compile(rb"From \S.*\d{2}:\d{2}")  # its line has the time at which it came
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)
_HEAD = 65_536  # bytes in which a mail's headers are looked for
_BETWEEN = (b"\n", b"\r\n")


def mailbox_members(path: Path) -> Iterator[Member]:
    """Each mail of a mailbox, named by its day and subject: these stay when others are deleted.

    Raises:
        MemberError: It is no mailbox.
    """
    parser = BytesHeaderParser(policy=policy.compat32)
    with path.open("rb") as file:
        for start, end in mail_spans(path):
            file.seek(start)
            head = file.read(min(_HEAD, end - start))
            mail = parser.parsebytes(head)
            yield Member(
                mail_name(mail, dated=True), end - start, "", partial(_read, path, start, end)
            )


def mail_spans(path: Path) -> Iterator[tuple[int, int]]:
    """Where each mail begins and ends, in bytes, without the line that parts it from the others."""
    start, place, is_first, before = -1, 0, True, b"\n"
    with path.open("rb") as file:
        for line in file:
            if before in _BETWEEN and line.startswith(b"From ") and _SEPARATOR.match(line):
                if start >= 0:
                    yield start, place
                start = place + len(line)
            elif is_first and line.strip():
                raise MemberError('not a mailbox: it begins with no line "From …"')
            is_first = is_first and not line.strip()
            before = line
            place += len(line)
    if start >= 0:
        yield start, place


def _read(path: Path, start: int, end: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        yield _ESCAPED.sub(rb"\1", file.read(end - start))
