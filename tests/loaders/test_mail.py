"""Mails: headers to ask for, the text as it is read, history parted, attachments by themselves."""

from __future__ import annotations

import mailbox
import struct
from email.message import EmailMessage
from pathlib import Path

import pytest
from conftest import blocks, outline

from benchmarks.upkeep.nested_specimens import outlook_file
from qa_bot.errors import UnreadableDocumentError
from qa_bot.loaders import load_document
from qa_bot.loaders.containers import members_of
from qa_bot.loaders.mail.history import part_history
from qa_bot.records import Document

PLAIN = """Hi Bob,

The roof costs 12,000 euros:

- slate, 9,000
- copper, 3,000

Anna

On Mon, 4 Mar 2024 at 10:12, Bob Hill <bob@hill.org>
wrote:

> What does it cost?
>
> > I need a roof.
> Bob
--\x20
Anna Berg, Roofers Ltd
"""


def mail(text: str = PLAIN, subject: str = "Offer for the roof") -> EmailMessage:
    made = EmailMessage()
    made["From"] = "Änna Berg <anna@roofers.org>"
    made["To"] = "Bob Hill <bob@hill.org>"
    made["Date"] = "Tue, 05 Mar 2024 14:03:11 +0100"
    made["Subject"] = subject
    made.set_content(text)
    return made


def load(folder: Path, data: bytes | EmailMessage, name: str = "offer.eml") -> Document:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.as_bytes())
    return load_document(path, name)


def test_headers_text_and_history_each_have_their_place(tmp_path: Path) -> None:
    document = load(tmp_path, mail())
    assert document.title == "Offer for the roof"
    assert blocks(document) == [
        "From: Änna Berg <anna@roofers.org>",
        "To: Bob Hill <bob@hill.org>",
        "Date: Tue, 05 Mar 2024 14:03:11 +0100",
        "Subject: Offer for the roof",
        "Hi Bob,",
        "The roof costs 12,000 euros:",
        "- slate, 9,000",
        "- copper, 3,000",
        "Anna",
        "--\nAnna Berg, Roofers Ltd",
        "On Mon, 4 Mar 2024 at 10:12, Bob Hill <bob@hill.org> wrote:",
        "What does it cost?",
        "I need a roof.\nBob",
    ]
    assert outline(document) == ["On Mon, 4 Mar 2024 at 10:12, Bob Hill <bob@hill.org> wrote:"]


def test_a_quotation_that_is_answered_stays_where_it_is() -> None:
    text = "> Which colour?\nRed.\n> When?\nOn Monday.\n"
    assert part_history(text).own == text
    assert part_history("> only a quotation\n").earlier == ""


@pytest.mark.parametrize(
    "divider",
    [
        "-----Original Message-----\nFrom: Bob\nSent: Monday\n",
        "From: Bob\nSent: Monday\nTo: Anna\nSubject: Roof\n",
        "---------- Forwarded message ---------\nFrom: Bob\n",
        "-----Ursprüngliche Nachricht-----\nVon: Bob\n",
    ],
)
def test_history_without_marks_begins_at_its_divider(divider: str) -> None:
    parted = part_history(f"It costs 5 euros.\n\n{divider}\nWhat does it cost?")
    assert parted.own.strip() == "It costs 5 euros."
    assert parted.earlier.endswith("What does it cost?")


def test_a_page_is_read_where_plain_text_says_less(tmp_path: Path) -> None:
    made = mail("See the page.")
    page = (
        "<style>p {color: red}</style><script>alert(1)</script><p>The roof costs 12,000 euros and "
        "takes four weeks.</p><img src='http://127.0.0.1:9/x'><div class='gmail_quote'>On Monday "
        "Bob wrote:<blockquote>What does it cost?</blockquote></div>"
    )
    made.add_alternative(page, subtype="html")
    document = load(tmp_path, made)
    assert "See the page" not in document.text
    assert blocks(document)[4:] == [
        "The roof costs 12,000 euros and takes four weeks.",
        "Earlier messages",
        "On Monday Bob wrote:",
        "What does it cost?",
    ]


def test_attachments_are_members_and_pictures_of_the_text_are_hidden(tmp_path: Path) -> None:
    made = mail()
    made.add_attachment(b"Pay in 30 days.", "text", "plain", filename="terms/of: 1.txt")
    made.add_attachment(mail("Inner text.", "Inner"))
    made.add_attachment(b"%PDF-", "application", "pdf", filename="=?utf-8?q?Pr=C3=BCfung?=.pdf")
    logo = EmailMessage()
    logo.set_content(b"x", "image", "png", disposition="inline", cid="<1>", filename="logo.png")
    made.attach(logo)
    load(tmp_path, made)
    members = {one.name: b"".join(one.chunks()) for one in members_of(tmp_path / "offer.eml")}
    assert list(members) == ["terms-of: 1.txt", "Inner.eml", "Prüfung.pdf", ".logo.png"]
    assert members["terms-of: 1.txt"] == b"Pay in 30 days."
    assert b"Inner text." in members["Inner.eml"]


def test_flowed_lines_are_joined(tmp_path: Path) -> None:
    data = (
        b"Subject: x\nContent-Type: text/plain; format=flowed; charset=utf-8\n\n"
        b"One paragraph that \ngoes on.\nAnother line.\n"
    )
    assert blocks(load(tmp_path, data))[1:] == ["One paragraph that goes on.\nAnother line."]


def test_broken_charsets_and_headers_cost_nothing(tmp_path: Path) -> None:
    data = (
        b"Subject: =?nonsense?q?caf=E9?= caf\xc3\xa9\nFrom: =?utf-8?b?!!?=\nDate: never\n"
        b"Content-Type: text/plain; charset=nonsense\n\nCaf\xc3\xa9 closes at nine.\n"
    )
    assert "Café closes at nine." in load(tmp_path, data).text
    with pytest.raises(UnreadableDocumentError, match="not a mail: it begins with no header"):
        load(tmp_path, b"\nno header at all\n")
    with pytest.raises(UnreadableDocumentError, match="it is a PDF"):
        load(tmp_path, b"%PDF-1.4 and so on")


def test_a_mailbox_holds_its_mails_under_stable_names(tmp_path: Path) -> None:
    path = tmp_path / "in.mbox"
    box = mailbox.mbox(str(path))
    for subject in ("Roof", "Wall", "Roof"):
        box.add(mail(f"About the {subject}.\n\nFrom here on it is quoted.\n", subject))
    box.flush()
    box.close()
    read = {one.name: b"".join(one.chunks()) for one in members_of(path)}
    assert list(read) == [
        "2024-03-05 Roof.eml",
        "2024-03-05 Wall.eml",
        "2024-03-05 Roof (2).eml",
    ]
    for name, data in read.items():
        document = load(tmp_path, data, "one.eml")
        assert document.title in name
        assert "From here on it is quoted." in document.text


def test_outlooks_own_files_are_read_as_mails(tmp_path: Path) -> None:
    def text(words: str) -> bytes:
        return words.encode("utf-16-le")

    sent = struct.pack("<HHIQ", 0x0040, 0x0039, 6, 133_541_282_000_000_000)
    path = tmp_path / "offer.msg"
    path.write_bytes(
        outlook_file(
            {
                "__properties_version1.0": bytes(32) + sent,
                "__substg1.0_0037001F": text("Offer for the roof"),
                "__substg1.0_0C1A001F": text("Änna Berg"),
                "__substg1.0_5D01001F": text("anna@roofers.org"),
                "__substg1.0_0E04001F": text("Bob Hill"),
                "__substg1.0_1000001F": text(PLAIN),
            }
        )
    )
    document = load_document(path, path.name)
    assert blocks(document)[:5] == [
        "From: Änna Berg <anna@roofers.org>",
        "To: Bob Hill",
        "Date: Tue, 05 Mar 2024 16:03:20 +0000",
        "Subject: Offer for the roof",
        "Hi Bob,",
    ]
    assert "The roof costs 12,000 euros:" in document.text
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(UnreadableDocumentError, match="damaged, or no mail of Outlook"):
        load_document(path, path.name)


@pytest.mark.parametrize(
    ("number", "page", "encoding", "words"),
    [
        (0x3FFD, 1251, "cp1251", "Крыша стоит дорого"),
        (0x3FDE, 950, "big5", "屋頂很貴"),
        (0x3FDE, 20866, "koi8_r", "Крыша"),
        (0x3FFD, 65001, "utf-8", "Dächer"),
        (0x3FFD, 9999, "cp1252", "Dächer"),  # no code page at all
    ],
)
def test_outlooks_older_files_are_read_in_their_code_page(
    tmp_path: Path, number: int, page: int, encoding: str, words: str
) -> None:
    said = struct.pack("<HHIQ", 0x0003, number, 6, page)
    path = tmp_path / "offer.msg"
    path.write_bytes(
        outlook_file(
            {
                "__properties_version1.0": bytes(32) + said,
                "__substg1.0_0037001E": words.encode(encoding),
                "__substg1.0_0C1A001E": words.encode(encoding),
                "__substg1.0_0C1F001E": b"/O=LAKE/OU=FIRST/CN=RECIPIENTS/CN=ANNA@LAKE",
                "__substg1.0_1000001E": words.encode(encoding),
            }
        )
    )
    assert blocks(load_document(path, path.name)) == [
        f"From: {words}",
        f"Subject: {words}",
        words,
    ]


def test_a_header_of_very_many_encoded_words_does_not_cost_the_mail(tmp_path: Path) -> None:
    words = b"=?utf-8?q?a?= " * 20_000  # Python takes minutes for them
    document = load(tmp_path, b"Subject: Nests\nTo: " + words + b"\n\nHerons wait for fish.\n")
    assert (document.title, document.text.split("\n\n")[-1]) == ("Nests", "Herons wait for fish.")
