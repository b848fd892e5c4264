"""Mails: headers, the text itself, and what it quotes of earlier mails after it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from qa_bot.loaders.html.load import PageReader
from qa_bot.loaders.html.markup import parse_html
from qa_bot.loaders.mail.history import earlier_mails, paragraphs, part_history
from qa_bot.loaders.mail.message import (
    Body,
    Part,
    attached,
    attachments,
    bodies,
    file_name,
    header,
    read_file,
)
from qa_bot.loaders.member_files import Member, MemberError
from qa_bot.loaders.writing import Writer, one_line
from qa_bot.records import Document

_HEADERS = ("From", "To", "Cc", "Date")
_ITEM = re.compile(r"^\s*(?:[-*•–]|\d{1,3}[.)])\s+\S")
_LINES = 2  # of items, at least, make a list
_EARLIER = "Earlier messages"
_FORWARDED = re.compile(r"forward|weitergeleitet|transf", re.IGNORECASE)


def load_mail(path: Path, document_id: str) -> Document:
    """Read a mail: its headers as a list, then what it says; its title is its subject.

    What it quotes of earlier mails is a section of its own after that.
    """
    mail, warnings = read_file(path)
    writer = Writer()
    subject = header(mail, "Subject")
    for name, value in _told(mail, subject):
        writer.append("list_item", f"{name}: {value}", tight=True)
    earlier: list[tuple[str, Body]] = []
    for body in bodies(mail):
        warnings = (*warnings, *body.warnings)
        _write(writer, body, earlier)
    for said, body in earlier:
        writer.heading(said or _EARLIER, 1)
        _write_all(writer, body)
    return writer.document(document_id, subject, warnings=tuple(dict.fromkeys(warnings)))


def mail_members(path: Path) -> Iterator[Member]:
    """The files attached to a mail.

    Raises:
        MemberError: It is no mail.
    """
    try:
        mail, _ = read_file(path)
    except ValueError as error:
        raise MemberError(str(error)) from error
    yield from attachments(mail)


def _told(mail: Part, subject: str) -> Iterator[tuple[str, str]]:
    for name in _HEADERS:
        if value := header(mail, name):
            yield name, value
    if subject:
        yield "Subject", subject
    names = [file_name(part) for _, part, is_decoration in attached(mail) if not is_decoration]
    if names := list(filter(None, names)):  # those that the mail gives them
        yield "Attachments", ", ".join(names)


def _write(writer: Writer, body: Body, earlier: list[tuple[str, Body]]) -> None:
    """Write a body's own text; what it quotes after that is kept for later."""
    if body.is_html:
        _write_page(writer, body, earlier)
        return
    parted = part_history(body.text)
    _write_all(writer, Body(parted.own, is_html=False, is_flowed=body.is_flowed))
    if parted.earlier.strip():
        quoted = Body(parted.earlier, is_html=False, is_flowed=body.is_flowed)
        earlier.append((one_line(parted.attribution), quoted))


def _write_all(writer: Writer, body: Body) -> None:
    if body.is_html:
        _write_page(writer, body, None)
        return
    for paragraph in paragraphs(body.text, is_flowed=body.is_flowed):
        lines = paragraph.split("\n")
        if len(lines) >= _LINES and all(map(_ITEM.match, lines)):
            for number, line in enumerate(lines):
                writer.append("list_item", line.strip(), tight=number > 0)
        else:
            writer.append("paragraph", paragraph)


def _write_page(writer: Writer, body: Body, earlier: list[tuple[str, Body]] | None) -> None:
    from lxml import etree

    root, problems = parse_html(body.text)
    if root is None:
        return
    if earlier is not None:
        for element in earlier_mails(root):
            source = etree.tostring(element, encoding="unicode", method="html", with_tail=False)
            earlier.append(("", Body(source, is_html=True, warnings=problems)))
            tail, parent = element.tail, element.getparent()
            if parent is not None:
                kept = etree.SubElement(parent, "span")
                parent.replace(element, kept)
                kept.tail = tail
    PageReader(writer, len(body.text)).read(root)
