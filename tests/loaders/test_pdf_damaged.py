"""Damaged and hostile PDFs: what can be read is read, and what is lost is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import outline

from qa_bot.errors import UnreadableDocumentError
from qa_bot.loaders import load_document
from qa_bot.records import Document

SENTENCE = b"BT /F1 12 Tf 72 700 Td (Otters sleep in the river.) Tj ET\n"
MORE = b"BT /F1 12 Tf 72 600 Td (Herons wait for fish.) Tj ET\n"

Objects = dict[int, bytes]


def stream(data: bytes, entries: bytes = b"", length: int = -1) -> bytes:
    size = len(data) if length < 0 else length
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (size, entries, data)


def page(entries: bytes = b"/MediaBox [0 0 612 792]", contents: int = 4) -> bytes:
    fonts = b"/Resources << /Font << /F1 5 0 R >> /XObject << /X 6 0 R >> >>"
    return b"<< /Type /Page /Parent 2 0 R /Contents %d 0 R %s %s >>" % (contents, fonts, entries)


def pdf(changed: Objects, trailer: bytes = b"") -> bytes:
    """A file of one page with a sentence, some of its objects replaced."""
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R /Outlines 7 0 R >>",
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: page(),
        4: stream(SENTENCE),
        5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        7: b"<< /Type /Outlines >>",
        **changed,
    }
    data = bytearray(b"%PDF-1.5\n")
    offsets = {}
    for number, held in objects.items():
        offsets[number] = len(data)
        data += b"%d 0 obj\n%s\nendobj\n" % (number, held)
    place, size = len(data), max(objects) + 1
    data += b"xref\n0 %d\n" % size
    for number in range(size):
        data += b"%010d %05d %c \n" % (
            offsets.get(number, 0),
            0 if number in offsets else 65535,
            b"n" if number in offsets else b"f",
        )
    data += b"trailer\n<< /Size %d /Root 1 0 R %s >>\n" % (size, trailer)
    return bytes(data + b"startxref\n%d\n%%%%EOF\n" % place)


def load(folder: Path, data: bytes, *, second: bool = True) -> Document:
    path = folder / "made.pdf"
    path.write_bytes(data)
    return load_document(path, path.name, second=second)


def refused(folder: Path, data: bytes) -> str:
    with pytest.raises(UnreadableDocumentError) as caught:
        load(folder, data)
    return caught.value.reason


def test_the_file_that_is_damaged_below_is_whole(tmp_path: Path) -> None:
    document = load(tmp_path, pdf({}))
    assert document.text == "Otters sleep in the river."
    assert document.warnings == ()


@pytest.mark.parametrize("damage", [b"]", b"(", b"\xff 1 2 >", b"<zz>", b"1e5e5 )"])
def test_what_stands_before_the_damage_is_read(tmp_path: Path, damage: bytes) -> None:
    document = load(tmp_path, pdf({4: stream(SENTENCE + damage + b"\n" + MORE)}))
    assert document.text.startswith("Otters sleep in the river.")
    is_whole = "Herons wait for fish." in document.text
    assert is_whole or document.warnings == ("damaged, and read in part: all pages",)


def test_a_page_of_nothing_but_damage_is_left_out(tmp_path: Path) -> None:
    kids = b"<< /Type /Pages /Kids [3 0 R 8 0 R] /Count 2 >>"
    document = load(tmp_path, pdf({2: kids, 8: page(contents=9), 9: stream(b"] ) >")}))
    assert document.text == "Otters sleep in the river."
    assert document.warnings == ("damaged, and left out: page 2",)
    assert refused(tmp_path, pdf({4: stream(b"] ) >")})) == (
        "damaged: none of its pages can be read"
    )


@pytest.mark.parametrize(
    "form",
    [stream(b"] ) >", b"/Subtype /Form"), b"42", b"[1 2]", b"<< /Subtype /Form >>", b"6 0 R",
     stream(b"/X Do /X Do", b"/Subtype /Form"), stream(b"", b"/Subtype /Form /Matrix 7")]
)  # fmt: skip
def test_a_damaged_form_costs_nothing_else(tmp_path: Path, form: bytes) -> None:
    document = load(tmp_path, pdf({4: stream(SENTENCE + b"/X Do\n" + MORE), 6: form}))
    assert document.text == "Otters sleep in the river.\n\nHerons wait for fish."


def test_a_damaged_font_costs_its_own_text(tmp_path: Path) -> None:
    fonts = page().replace(b"/F1 5 0 R", b"/F1 5 0 R /F2 8 0 R /F3 9 0 R")
    broken = b"<< /Type /Font /Subtype /Type0 /BaseFont /X /DescendantFonts [42] >>"
    text = SENTENCE + MORE.replace(b"/F1", b"/F2") + MORE.replace(b"/F1", b"/F3")
    file = pdf({3: fonts, 4: stream(text), 8: broken, 9: b"7"})
    assert load(tmp_path, file, second=False).text == "Otters sleep in the river."


def test_what_a_damaged_font_costs_another_reader_may_give(tmp_path: Path) -> None:
    fonts = page().replace(b"/F1 5 0 R", b"/F1 5 0 R /F3 9 0 R")
    text = SENTENCE + MORE.replace(b"/F1", b"/F3")
    document = load(tmp_path, pdf({3: fonts, 4: stream(text), 9: b"7"}))
    assert document.text == "Otters sleep in the river.\n\nHerons wait for fish."


@pytest.mark.parametrize(
    "entries",
    [b"", b"/MediaBox [0 0 nan inf]", b"/MediaBox [0 0 0 0]", b"/MediaBox (x)", b"/CropBox null",
     b"/MediaBox [-1e300 -1e300 1e300 1e300]", b"/MediaBox [0 0 612 792] /Rotate (x)"],
)  # fmt: skip
def test_a_page_whose_box_is_damaged_is_read(tmp_path: Path, entries: bytes) -> None:
    assert load(tmp_path, pdf({3: page(entries)})).text == "Otters sleep in the river."


def bookmark(number: int, entries: bytes) -> Objects:
    return {number: b"<< /Title (Otters sleep in the river.) /Dest [3 0 R /Fit] %s >>" % entries}


def test_bookmarks_that_go_round_in_circles_are_read_once(tmp_path: Path) -> None:
    root = {7: b"<< /Type /Outlines /First 8 0 R /Last 8 0 R >>"}
    document = load(tmp_path, pdf({**root, **bookmark(8, b"/Next 8 0 R /First 8 0 R")}))
    assert outline(document) == ["Otters sleep in the river."]


def test_bookmarks_beyond_all_bounds_cost_only_themselves(tmp_path: Path) -> None:
    chain: Objects = {7: b"<< /Type /Outlines /First 100 0 R /Last 100 0 R >>"}
    for number in range(100, 400):
        chain |= bookmark(number, b"/First %d 0 R" % (number + 1))
    document = load(tmp_path, pdf({**chain, **bookmark(400, b"")}))
    assert document.text == "Otters sleep in the river."
    assert document.warnings == ("damaged bookmarks, left out",)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({2: b"<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 2 >>"},
         "damaged: its pages can't be found"),
        ({2: b"<< /Type /Pages /Kids [] /Count 0 >>"}, "it has no pages"),
        ({2: b"<< /Type /Pages /Kids [20 0 R] /Count 1 >>",
          **{n: b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % (n + 1) for n in range(20, 300)},
          300: page()}, "damaged: it goes round in circles, or holds far too much"),
        ({2: b"<< /Type /Pages /Kids [%s] /Count 6000 >>" % (b"3 0 R " * 6000)},
         "6,000 pages, more than 5,000"),
    ],
)  # fmt: skip
def test_pages_that_make_no_sense_are_refused(tmp_path: Path, changed: Objects, said: str) -> None:
    assert refused(tmp_path, pdf(changed)) == said


@pytest.mark.parametrize("trailer", [b"/Prev 0", b"/Prev 9", b"/Prev 99999999999"])
def test_a_wrong_link_to_earlier_versions_does_no_harm(tmp_path: Path, trailer: bytes) -> None:
    assert load(tmp_path, pdf({}, trailer)).text == "Otters sleep in the river."


def test_versions_that_lead_to_each_other_do_no_harm(tmp_path: Path) -> None:
    data = pdf({}, b"/Prev 0000000000")
    place = data.rindex(b"xref\n0 ")
    looped = data.replace(b"/Prev 0000000000", b"/Prev %010d" % place)
    assert load(tmp_path, looped).text == "Otters sleep in the river."


@pytest.mark.parametrize("length", [10**10, 0, 7])
def test_a_stream_of_another_length_than_it_says_costs_little(tmp_path: Path, length: int) -> None:
    path = tmp_path / "made.pdf"
    path.write_bytes(pdf({4: stream(SENTENCE, length=length)}))
    try:
        assert "Otters" in load_document(path, path.name).text
    except UnreadableDocumentError as error:
        assert error.reason.startswith(("damaged: ", "contains no text"))  # noqa: PT017


def test_encryption_of_an_unknown_kind_is_named(tmp_path: Path) -> None:
    lock = {8: b"<< /Filter /Standard /V 99 /R 99 /O (x) /U (x) /P -1 >>"}
    data = pdf(lock, b"/Encrypt 8 0 R /ID [<00> <00>]")
    assert refused(tmp_path, data) == "encrypted in a way that can't be read"


def test_a_file_outside_is_not_fetched(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_bytes(SENTENCE)
    outside = b"/F (%s)" % str(tmp_path / "secret.txt").encode()
    assert refused(tmp_path, pdf({4: stream(b"", outside)})) == "contains no text"


def mapped(letters: dict[int, bytes]) -> bytes:
    """A /ToUnicode map: character codes → what each says it is, in UTF-16."""
    lines = b"\n".join(b"<%02x> <%s>" % (code, utf16) for code, utf16 in letters.items())
    return stream(
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        b"1 begincodespacerange <00> <ff> endcodespacerange\n"
        b"%d beginbfchar\n%s\nendbfchar endcmap end end" % (len(letters), lines)
    )


@pytest.mark.parametrize(
    ("halves", "shown"),
    [(b"~ is a wave", "\ufffd is a wave"), (b"~^ is an otter", "🦦 is an otter")],
)
def test_half_a_character_is_shown_as_missing_and_two_halves_are_one(
    tmp_path: Path, halves: bytes, shown: str
) -> None:
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 8 0 R >>"
    half = {ord("~"): b"d83e", ord("^"): b"dda6"}
    text = b"BT /F1 12 Tf 72 700 Td (%s, seen on Monday.) Tj ET\n" % halves
    document = load(tmp_path, pdf({4: stream(text), 5: font, 8: mapped(half)}))
    assert document.text == f"{shown}, seen on Monday."
