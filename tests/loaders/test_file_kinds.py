"""A file that is not what its suffix says is named for what it is."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from benchmarks.upkeep.specimens import generated
from benchmarks.upkeep.zipping import zipped
from qa_bot.errors import UnreadableDocumentError
from qa_bot.loaders import LOADERS, PICTURES, SUFFIXES, load_document
from qa_bot.telling import cure

SPECIMENS = {Path(name).suffix: data for name, data in generated().items()}
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
OFFICE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)


def reason(folder: Path, suffix: str, data: bytes) -> str:
    path = folder / f"file{suffix}"
    path.write_bytes(data)
    with pytest.raises(UnreadableDocumentError) as caught:
        load_document(path, path.name)
    return caught.value.reason


@pytest.mark.parametrize(
    ("suffix", "data", "said"),
    [
        (".docx", SPECIMENS[".pdf"], "not a Word file (it is a PDF)"),
        (".docx", SPECIMENS[".epub"], "not a Word file (it is an EPUB)"),
        (".docx", SPECIMENS[".html"], "not a Word file (it is an HTML page)"),
        (".docx", SPECIMENS[".txt"], "not a Word file (it is plain text)"),
        (".docx", zipped({"xl/workbook.xml": b"<a/>"}), "not a Word file (it is an Excel file)"),
        (".docx", PICTURE, "not a Word file (it is a picture)"),
        (".epub", SPECIMENS[".docx"], "not an EPUB (it is a Word file)"),
        (".pdf", SPECIMENS[".docx"], "not a PDF (it is a Word file)"),
        (".pdf", SPECIMENS[".html"], "not a PDF (it is an HTML page)"),
        (".pdf", "Only ménu text.".encode() * 400, "not a PDF (it is plain text)"),
        (".txt", SPECIMENS[".pdf"], "not plain text (it is a PDF)"),
        (".txt", b"{\\rtf1\\ansi Otters sleep.}", "not plain text (it is an RTF file)"),
        (".md", SPECIMENS[".docx"], "not Markdown (it is a Word file)"),
        (".html", gzip.compress(b"<p>Otters", mtime=0),
         "not an HTML page (it is a compressed file)"),
        (".csv", zipped({"a.txt": b"a"}), "not a CSV table (it is a zip file)"),
        (".csv", OFFICE,
         "not a CSV table (it is an Office file of before 2007, or one with a password)"),
    ],
)  # fmt: skip
def test_the_reason_says_what_a_file_is(
    tmp_path: Path, suffix: str, data: bytes, said: str
) -> None:
    assert reason(tmp_path, suffix, data) == said


@pytest.mark.parametrize("suffix", LOADERS)
def test_an_empty_file_is_called_empty(tmp_path: Path, suffix: str) -> None:
    assert reason(tmp_path, suffix, b"") == "the file is empty"


@pytest.mark.parametrize("suffix", [".docx", ".epub"])
def test_what_its_loader_knows_better_is_left_to_it(tmp_path: Path, suffix: str) -> None:
    damaged = SPECIMENS[suffix][:-300]
    assert reason(tmp_path, suffix, damaged).startswith("damaged: ")
    assert "password" in reason(tmp_path, suffix, OFFICE)


@pytest.mark.parametrize("data", [b"\n\n" + SPECIMENS[".pdf"], SPECIMENS[".pdf"][9:]])
def test_a_pdf_may_begin_late_or_lack_its_mark(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.pdf").write_bytes(data)
    assert "Nests" in load_document(tmp_path / "a.pdf", "a.pdf").text


@pytest.mark.parametrize("text", ["PK is a code.", "GIF, PNG", "<html><p>x", "%PDF is a mark"])
def test_text_that_resembles_a_mark_is_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.txt").write_text(text)
    assert load_document(tmp_path / "a.txt", "a.txt").text == text


def test_a_title_fits_on_a_line(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(f"<title>{'Otters ' * 1000}</title><p>Sleep.")
    title = load_document(tmp_path / "a.html", "a.html").title
    assert title.startswith("Otters Otters")
    assert len(title) == 300


def test_many_warnings_are_summed_up(tmp_path: Path) -> None:
    items = "".join(
        f'<item id="i{n}" href="\u202e{n}.xhtml" media-type="text/html"/>' for n in range(100)
    )
    order = "".join(f'<itemref idref="i{n}"/>' for n in range(100))
    package = f"<package><manifest>{items}</manifest><spine>{order}</spine></package>"
    members = {
        "META-INF/container.xml": b'<container><rootfile full-path="p.opf"/></container>',
        "p.opf": package.encode(),
        "\u202e0.xhtml": b"<p>Otters</p>",
    }
    (tmp_path / "a.epub").write_bytes(zipped(members))
    document = load_document(tmp_path / "a.epub", "a.epub")
    assert document.text == "Otters"
    assert len(document.warnings) == 20
    assert document.warnings[-1] == "and 80 more such warnings"
    assert all(warning.isprintable() for warning in document.warnings)


def test_what_a_parser_says_is_not_passed_on(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(SPECIMENS[".docx"][:2000])
    assert reason(tmp_path, ".pdf", b"%PDF-1.7\n" + bytes(range(256)) * 9) == (
        "damaged: its pages can't be found"
    )


def test_what_helps_is_told_of_pictures_and_of_no_file_that_is_read() -> None:
    for suffix in SUFFIXES:
        assert ("--ocr" in cure(f"a{suffix.upper()}")) == (suffix in PICTURES)
    assert cure("letter.doc") == "save it as .docx or .pdf"
    assert cure("doc") == cure("a.xyz") == ""
