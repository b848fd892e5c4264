"""EPUB: pages in reading order, sections from the book's navigation, nothing trusted."""

from __future__ import annotations

import re
import zipfile
from itertools import pairwise
from pathlib import Path

import pytest
from books import EPUB2, EPUB3, NAV, NCX, ONE, TWO, package, write
from conftest import outline

from qa_bot.loaders import archive
from qa_bot.loaders.ebook import load_ebook
from qa_bot.records import Document


@pytest.fixture(params=["navigation document", "ncx"])
def book(request: pytest.FixtureRequest, tmp_path: Path) -> Document:
    """The same book as EPUB 3 and as EPUB 2."""
    pages = {"text__one": ONE, "OPS/text/two b.xhtml": TWO}
    if request.param == "ncx":
        opf = package(EPUB2, 'toc="ncx"')
        path = write(tmp_path / "tea.epub", opf, **pages, **{"OPS/toc.ncx": NCX})
    else:
        path = write(tmp_path / "tea.epub", package(EPUB3), **pages, nav=NAV)
    return load_ebook(path, "books/tea.epub")


def test_the_navigation_makes_the_outline(book: Document) -> None:
    assert outline(book) == [
        "Part I",
        "Part I/1. The Leaf",
        "Part I/1. The Leaf/Chapter 1",
        "Part I/1. The Leaf/Soil & rain",
        "Part I/1. The Leaf/Soil & rain/Sun",
        "Part I/2. The Pot",
    ]
    assert book.title == "On Tea"


def test_sections_start_where_the_navigation_leads(book: Document) -> None:
    texts = {section.path[-1]: book.text[section.start : section.end].strip()
             for section in book.sections[1:]}  # fmt: skip
    assert texts["Soil & rain"] == "It rains.\n\nSun\n\nIt shines.\n\n1 In spring."
    assert texts["2. The Pot"] == "2. The Pot\n\nPots break.\n\nSo do cups."
    anchors = [section.anchor for section in book.sections[1:]]
    assert anchors[3:] == [
        "OPS/text/one.xhtml#soil",
        "OPS/text/one.xhtml#sun",
        "OPS/text/two b.xhtml",
    ]


def test_pages_are_read_once_in_order_without_page_numbers(book: Document) -> None:
    assert book.text == (
        "Chapter 1\n\nThe Leaf\n\nLeaves grow.¹\n\nIt rains.\n\nSun\n\nIt shines.\n\n"
        "1 In spring.\n\n2. The Pot\n\nPots break.\n\nSo do cups."
    )
    for one, other in pairwise(book.sections):
        assert other.start >= one.end or other.end <= one.end


def test_entries_that_lead_nowhere_are_reported(tmp_path: Path) -> None:
    pages = {"text__one": ONE, "OPS/text/two b.xhtml": TWO}
    path = write(tmp_path / "tea.epub", package(EPUB3), **pages, nav=NAV)
    warnings = load_ebook(path, "tea.epub").warnings
    assert warnings == ("1 of 5 entries of its contents lead nowhere",)


def test_a_book_without_navigation_has_its_headings(tmp_path: Path) -> None:
    pages = {"text__one": ONE, "OPS/text/two b.xhtml": TWO}
    document = load_ebook(write(tmp_path / "x.epub", package(title=""), **pages), "a/my_book.epub")
    assert outline(document) == [
        "Chapter 1",
        "Chapter 1/The Leaf",
        "Chapter 1/The Leaf/Sun",
        "2. The Pot",
    ]
    assert document.title == "my book"


def test_a_contents_page_is_never_quoted(tmp_path: Path) -> None:
    guide = '<guide><reference type="toc" href="text/two%20b.xhtml#top"/></guide>'
    pages = {"text__one": ONE, "OPS/text/two b.xhtml": TWO}
    document = load_ebook(write(tmp_path / "x.epub", package(guide=guide), **pages), "x.epub")
    last = [block.kind for block in document.blocks][-3:]
    assert last == ["link"] * 3
    assert outline(document)[-1] == "Chapter 1/The Leaf/Sun"


def test_a_page_that_is_missing_costs_only_itself(tmp_path: Path) -> None:
    document = load_ebook(write(tmp_path / "x.epub", package(), text__one=ONE), "x.epub")
    assert document.text.startswith("Chapter 1")
    assert document.warnings == ("damaged: OPS/text/two b.xhtml is missing",)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "missing"),
        ({"text__one": ONE, "META-INF/encryption.xml": (
            '<encryption><CipherReference URI="OPS/text/one.xhtml"/></encryption>')}, "DRM"),
    ],
)  # fmt: skip
def test_unreadable_books_are_refused(tmp_path: Path, files: dict[str, str], reason: str) -> None:
    path = write(tmp_path / "x.epub", package(), **files)
    with pytest.raises(ValueError, match=reason):
        load_ebook(path, "x.epub")


@pytest.mark.parametrize("data", [b"", b"not a zip file", b"PK\x03\x04" + b"\0" * 100])
def test_a_damaged_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.epub"
    path.write_bytes(data)
    with pytest.raises(ValueError, match="not a zip file"):
        load_ebook(path, "x.epub")


@pytest.mark.parametrize(
    ("local", "central", "value", "reason"),
    [
        (8, 10, 9, "packed with Deflate64, which can't be unpacked"),
        (8, 10, 77, "packed with method 77, which can't be unpacked"),
        (6, 8, 0x20, "packed as a patch"),
        (6, 8, 0x40, "^encrypted"),
        (4, 6, 99, "newer version of zip"),
    ],
)
def test_a_zip_that_python_does_not_unpack_is_refused_with_the_exact_reason(
    tmp_path: Path, local: int, central: int, value: int, reason: str
) -> None:
    """Fields of each member's headers, at these places behind their marks, are changed."""
    path = write(tmp_path / "x.epub", package(), text__one=ONE)
    data = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
        for found in re.finditer(re.escape(mark), bytes(data)):
            data[found.start() + place : found.start() + place + 2] = value.to_bytes(2, "little")
    path.write_bytes(data)
    with pytest.raises(ValueError, match=reason):
        load_ebook(path, "x.epub")


@pytest.mark.parametrize(
    ("method", "name"), [(zipfile.ZIP_BZIP2, "bzip2"), (zipfile.ZIP_LZMA, "LZMA")]
)
def test_other_ways_of_packing_are_named(tmp_path: Path, method: int, name: str) -> None:
    path = tmp_path / "x.epub"
    with (
        zipfile.ZipFile(write(tmp_path / "y.epub", package(), text__one=ONE)) as plain,
        zipfile.ZipFile(path, "w", method) as packed,
    ):
        for member in plain.namelist():
            packed.writestr(member, plain.read(member))
    with pytest.raises(ValueError, match=f"packed with {name}, which can't be unpacked"):
        load_ebook(path, "x.epub")


def test_a_zip_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.epub"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.txt", "a")
    with pytest.raises(ValueError, match="not an EPUB"):
        load_ebook(path, "x.epub")


def test_decompression_bombs_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    path = write(tmp_path / "x.epub", package(), text__one=b"\0" * 3 * 2**20)
    with pytest.raises(ValueError, match="too tightly"):
        load_ebook(path, "x.epub")


def test_books_that_unpack_to_too_much_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "x.epub", package(), text__one=ONE)
    monkeypatch.setattr(archive, "MAX_UNPACKED", 1000)
    with pytest.raises(ValueError, match="unpacks to more"):
        load_ebook(path, "x.epub")


def test_a_member_that_lies_about_its_size_is_not_unpacked_further(tmp_path: Path) -> None:
    path = write(tmp_path / "x.epub", package(), text__one=ONE + " " * 100_000)
    size = (len(ONE) + 100_000).to_bytes(4, "little")
    data = path.read_bytes()
    assert data.count(size) == 2  # in the member's own header, and in the directory
    path.write_bytes(data.replace(size, (1000).to_bytes(4, "little")))
    with pytest.raises(ValueError, match="can't be unpacked"):
        load_ebook(path, "x.epub")


def test_no_entity_and_nothing_outside_the_book_is_read(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    bomb = package().replace("<package", '<!DOCTYPE package [<!ENTITY a "b">]><package', 1)
    with pytest.raises(ValueError, match="entities"):
        load_ebook(write(tmp_path / "x.epub", bomb, text__one=ONE), "x.epub")
    outside = package().replace("text/one.xhtml", "../../../secret.txt")
    with pytest.raises(ValueError, match="missing"):
        load_ebook(write(tmp_path / "y.epub", outside), "y.epub")


def test_a_book_without_contents_and_headings_is_read(tmp_path: Path) -> None:
    pages = {"text__one": "<html><body><p>Leaves grow.</body></html>", "OPS/text/two b.xhtml": TWO}
    document = load_ebook(write(tmp_path / "tea.epub", package(), **pages), "tea.epub")
    assert document.text.startswith("Leaves grow.")
    pages["OPS/text/two b.xhtml"] = "<html><body><p>Pots break.</body></html>"
    document = load_ebook(write(tmp_path / "tea.epub", package(), **pages), "tea.epub")
    assert outline(document) == []


def test_contents_without_bounds_make_no_endless_paths(tmp_path: Path) -> None:
    links = "".join(f"<ol><li><a href='text/one.xhtml#n{n}'>{'x' * 900}</a>" for n in range(200))
    page = "<html><body>" + "".join(f"<p id='n{n}'>Tea {n}.</p>" for n in range(200))
    nav = '<item id="n" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>'
    files = {"nav": f"<html><body><nav>{links}", "text__one": page}
    document = load_ebook(write(tmp_path / "x.epub", package(nav), **files), "x.epub")
    assert len(document.sections) == 201
    assert max(len(section.path) for section in document.sections) == 12
    assert {len(label) for section in document.sections for label in section.path} == {300}
