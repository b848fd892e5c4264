"""PDF: pages, headers, broken words, columns, tables, outline; files made here, and real ones."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import ROOT, blocks, lines, outline
from fpdf import FPDF
from fpdf.enums import AccessPermission, EncryptionMethod, PageLabelStyle
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DecodedStreamObject, NameObject

from qa_bot.building.passages import split_document
from qa_bot.loaders.pdf.furniture import find_furniture
from qa_bot.loaders.pdf.lines import Segment
from qa_bot.loaders.pdf.load import load_pdf
from qa_bot.records import Document

SHARED = ROOT.parent / "shared" / "pdfs"
PROSE = (
    "The heron stands in the shallow water and waits for fish that pass between the reeds. "
    "Its neck is folded until it strikes, and the strike takes less than a tenth of a second. "
    "Young birds learn this by watching the old ones for most of their first summer. "
)

Drawing = Callable[[FPDF], None]


class Report(FPDF):
    """A document with a running header and a numbered footer."""

    def header(self) -> None:
        self.set_font("Times", "I", 9)
        self.text(20, 10, "The Heron Report 2024")

    def footer(self) -> None:
        self.set_font("Times", "", 9)
        self.text(100, 287, f"Page {self.page_no()} of 12")


def made(path: Path, draw: Drawing, pdf: FPDF | None = None) -> Document:
    """Draw a PDF and load it."""
    file = path / "made.pdf"
    pdf = pdf or FPDF()
    pdf.set_auto_page_break(auto=False)
    draw(pdf)
    pdf.output(str(file))
    return checked(load_pdf(file, "made.pdf"))


def checked(document: Document) -> Document:
    """What holds of every document: spans cover, nest and never cross."""
    text, blocks, pages = document.text, document.blocks, document.pages
    for block in blocks:
        shown = text[block.start : block.end]
        assert shown
        assert shown == shown.strip()
    assert all(a.end <= b.start for a, b in pairwise(blocks))
    between = [text[a.end : b.start] for a, b in pairwise(blocks)]
    assert all(gap.strip() == "" for gap in between)
    assert [page.start for page in pages[1:]] == [page.end for page in pages[:-1]]
    if pages:
        assert (pages[0].start, pages[-1].end) == (0, len(text))
    for section in document.sections[1:]:
        assert all(
            other.end <= section.start
            or section.end <= other.start
            or (other.start <= section.start and section.end <= other.end)
            or (section.start <= other.start and other.end <= section.end)
            for other in document.sections
        )
    return document


def wrapped(text: str, width: int = 90) -> list[str]:
    """Break text into lines."""
    rows = [""]
    for word in text.split():
        if len(rows[-1]) + len(word) >= width:
            rows.append("")
        rows[-1] = f"{rows[-1]} {word}".strip()
    return rows


def test_lines_become_paragraphs_and_a_gap_parts_them(tmp_path: Path) -> None:
    def draw(pdf: FPDF) -> None:
        pdf.add_page()
        pdf.set_font("Times", "", 11)
        y = lines(pdf, wrapped(PROSE))
        lines(pdf, wrapped(PROSE.replace("heron", "stork")), y=y + 4)

    document = made(tmp_path, draw)
    assert blocks(document, "paragraph") == [
        PROSE.strip(),
        PROSE.replace("heron", "stork").strip(),
    ]


def test_a_first_line_indent_begins_a_paragraph(tmp_path: Path) -> None:
    def draw(pdf: FPDF) -> None:
        pdf.add_page()
        pdf.set_font("Times", "", 11)
        y = 30.0
        for _ in range(3):
            first, *rest = wrapped(PROSE)
            pdf.text(26, y, first)
            y = lines(pdf, rest, y=y + 5)

    assert blocks(made(tmp_path, draw)) == [PROSE.strip()] * 3


def test_headers_footers_and_page_numbers_go_and_sentences_cross_pages(tmp_path: Path) -> None:
    def draw(pdf: FPDF) -> None:
        rows = wrapped(PROSE * 36)
        for start in range(0, len(rows), 25):
            pdf.add_page()
            pdf.set_font("Times", "", 11)
            lines(pdf, rows[start : start + 25])

    document = made(tmp_path, draw, Report())
    assert document.text == (PROSE * 36).strip()
    assert len(document.pages) == len({page.page.number for page in document.pages}) == 5
    passages = split_document(document, lambda texts: [len(text) // 4 for text in texts], 60)
    crossing = [passage for passage in passages if len(passage.pages) > 1]
    assert crossing
    assert all(passage.pages[1].number == passage.pages[0].number + 1 for passage in crossing)


def test_labels_are_the_files_own(tmp_path: Path) -> None:
    def draw(pdf: FPDF) -> None:
        for number in range(5):
            pdf.add_page()
            if number == 0:
                pdf.set_page_label(label_style=PageLabelStyle.LOWER_ROMAN)
            if number == 3:
                pdf.set_page_label(label_style=PageLabelStyle.NUMBER, label_start=1)
            pdf.set_font("Times", "", 11)
            pdf.text(20, 30, f"Sheet {'abcde'[number]} says something of its own.")

    document = made(tmp_path, draw)
    found = [(page.page.label, page.page.number) for page in document.pages]
    assert found == [("i", 1), ("ii", 2), ("iii", 3), ("1", 4), ("2", 5)]


def test_labels_are_the_printed_numbers_where_the_file_has_none(tmp_path: Path) -> None:
    printed = ["", "ii", "iii", "iv", "1", "2", "3", "", "5"]

    def draw(pdf: FPDF) -> None:
        for number, label in enumerate(printed):
            pdf.add_page()
            pdf.set_font("Times", "", 11)
            pdf.text(20, 30, f"Sheet {'abcdefghi'[number]} says something of its own.")
            if label:
                pdf.text(105, 285, label)

    document = made(tmp_path, draw)
    labels = [page.page.label for page in document.pages]
    assert labels == ["1", "ii", "iii", "iv", "1", "2", "3", "4", "5"]
    assert "\niv" not in document.text


def test_words_broken_at_line_ends_are_made_whole(tmp_path: Path) -> None:
    def draw(pdf: FPDF) -> None:
        pdf.add_page()
        pdf.set_font("Times", "", 11)
        y = lines(
            pdf, ["The performance of a well-known heron is given in the long-", "term study."]
        )
        y = lines(
            pdf, ["Some of it is long-term work, and perfor-", "mance is what counts."], y=y + 5
        )
        lines(pdf, ["Of self-", "taught birds, taught by none, it says nothing at all."], y=y + 5)

    assert blocks(made(tmp_path, draw)) == [
        "The performance of a well-known heron is given in the long-term study.",
        "Some of it is long-term work, and performance is what counts.",
        "Of self-taught birds, taught by none, it says nothing at all.",
    ]


def test_two_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    left = wrapped(PROSE * 4, 42)
    right = wrapped(PROSE.replace("heron", "stork") * 4, 42)

    def draw(pdf: FPDF) -> None:
        pdf.add_page()
        pdf.set_font("Times", "B", 16)
        pdf.text(20, 25, "A title that goes over both of the two columns of the page")
        pdf.set_font("Times", "", 11)
        for number, (a, b) in enumerate(zip(left, right, strict=True)):
            pdf.text(20, 40 + 5 * number, a)
            pdf.text(112, 40 + 5 * number, b)

    document = made(tmp_path, draw)
    assert blocks(document)[1:] == [
        (PROSE * 4).strip(),
        (PROSE.replace("heron", "stork") * 4).strip(),
    ]


def sized(pdf: FPDF, *parts: tuple[str, int, str]) -> None:
    """Draw headings and text: style, size, text."""
    y = 30.0
    for style, size, text in parts:
        pdf.set_font("Helvetica", style, size)
        y = lines(pdf, wrapped(text), y=y + (4 if style else 0)) + 3


def test_headings_are_inferred_from_size_and_weight(tmp_path: Path) -> None:
    def draw(pdf: FPDF) -> None:
        pdf.add_page()
        sized(
            pdf,
            ("B", 24, "All about herons"),
            ("B", 16, "Where they live"),
            ("", 10, PROSE),
            ("B", 12, "In summer"),
            ("", 10, PROSE),
            ("B", 12, "In winter"),
            ("", 10, PROSE),
            ("B", 16, "What they eat"),
            ("", 10, PROSE),
        )

    document = made(tmp_path, draw)
    assert document.title == "All about herons"
    assert outline(document) == [
        "Where they live",
        "Where they live/In summer",
        "Where they live/In winter",
        "What they eat",
    ]
    assert len(blocks(document, "heading")) == 4


def test_bookmarks_are_anchored_and_those_that_stand_nowhere_are_reported(tmp_path: Path) -> None:
    def draw(pdf: FPDF) -> None:
        pdf.add_page()
        pdf.start_section("report_part_07.indd")
        for title, level in (("1 Habitat", 1), ("1.1 Rivers", 2), ("2 Food", 1)):
            pdf.set_y(pdf.get_y() + 20)
            pdf.start_section(title, level)
            pdf.set_font("Times", "", 11)
            y = pdf.get_y()
            pdf.text(20, y + 6, title.replace(" ", ".  ", 1))
            lines(pdf, wrapped(PROSE), y=y + 14)
            pdf.set_y(y + 40)

    document = made(tmp_path, draw)
    assert outline(document) == ["1 Habitat", "1 Habitat/1.1 Rivers", "2 Food"]
    assert blocks(document, "heading") == ["1. Habitat", "1.1. Rivers", "2. Food"]
    assert any("report_part_07.indd" in warning for warning in document.warnings)


def test_of_two_lines_alike_a_bookmark_takes_the_one_it_points_to(tmp_path: Path) -> None:
    def draw(pdf: FPDF) -> None:
        pdf.add_page()
        pdf.set_font("Times", "", 11)
        for number in range(3):
            y = 40 + 60 * number
            if number == 1:
                pdf.set_y(y - 6)
                pdf.start_section("Summary")
            pdf.text(20, y, "Summary")
            lines(pdf, wrapped(f"Number {number}. {PROSE}"), y=y + 8)

    document = made(tmp_path, draw)
    section = document.sections[1]
    assert document.text[section.start : section.end].startswith("Summary\n\nNumber 1")


def contents(pdf: FPDF) -> None:
    titles = [("1 Habitat", 2), ("1.1 Rivers", 2), ("1.2 Lakes", 3), ("2 Food", 3), ("2.1 Fish", 4)]
    pdf.add_page()
    pdf.set_font("Times", "", 11)
    pdf.text(20, 20, "Contents")
    for number, (title, page) in enumerate(titles):
        indent = 20 if "." not in title else 28
        pdf.text(indent, 30 + 6 * number, f"{title} {'.' * 60} {page}")
    for page in (2, 3, 4):
        pdf.add_page()
        y = 30.0
        for title, on in titles:
            if on == page:
                pdf.text(20, y, title)
                y = lines(pdf, wrapped(PROSE), y=y + 8) + 8


def test_a_contents_page_gives_the_outline_and_is_never_quoted(tmp_path: Path) -> None:
    document = made(tmp_path, contents)
    assert outline(document) == [
        "1 Habitat",
        "1 Habitat/1.1 Rivers",
        "1 Habitat/1.2 Lakes",
        "2 Food",
        "2 Food/2.1 Fish",
    ]
    assert len(blocks(document, "link")) == 6  # the word "Contents", too
    passages = split_document(document, lambda texts: [len(text) // 4 for text in texts], 200)
    assert not any("....." in passage.text for passage in passages)


def test_list_items_are_blocks_of_their_own(tmp_path: Path) -> None:
    def draw(pdf: FPDF) -> None:
        pdf.add_page()
        pdf.set_font("Times", "", 11)
        y = lines(pdf, ["A heron eats:"])
        pdf.text(24, y, "-")
        y = lines(pdf, ["small fish, which it swallows whole,", "head first, and"], x=30, y=y)
        pdf.text(24, y, "-")
        lines(pdf, ["frogs."], x=30, y=y)

    document = made(tmp_path, draw)
    assert blocks(document, "list_item") == [
        "- small fish, which it swallows whole, head first, and",
        "- frogs.",
    ]


def test_a_ruled_table_keeps_its_rows_and_wrapped_cells_together(tmp_path: Path) -> None:
    def draw(pdf: FPDF) -> None:
        pdf.add_page()
        pdf.set_font("Times", "", 11)
        pdf.text(20, 20, "What was counted is in the table:")
        pdf.set_xy(20, 30)
        rows = [
            ("Bird", "Year", "Number"),
            ("Grey heron of the northern lakes and of the rivers", "2023", "41"),
            ("Stork", "2024", "7"),
        ]
        with pdf.table(rows, col_widths=(40, 30, 30), width=100):
            pass

    document = made(tmp_path, draw)
    assert blocks(document, "table_header") == ["Bird | Year | Number"]
    assert blocks(document, "table_row") == [
        "Grey heron of the northern lakes and of the rivers | 2023 | 41",
        "Stork | 2024 | 7",
    ]


def test_an_unruled_table_is_found_by_its_columns(tmp_path: Path) -> None:
    def draw(pdf: FPDF) -> None:
        pdf.add_page()
        pdf.set_font("Times", "", 11)
        for number, row in enumerate((("Bird", "Number"), ("Heron", "41"), ("Stork", "7"))):
            pdf.text(20, 30 + 6 * number, row[0])
            pdf.text(90, 30 + 6 * number, row[1])

    document = made(tmp_path, draw)
    assert blocks(document, "table_header") == ["Bird | Number"]
    assert blocks(document, "table_row") == ["Heron | 41", "Stork | 7"]


def test_an_empty_cell_of_an_unruled_table_is_left_empty(tmp_path: Path) -> None:
    rows = (("Bird", "Spring", "Autumn"), ("Heron", "41", "12"), ("Stork", "", "7"), ("Owl", "3"))

    def draw(pdf: FPDF) -> None:
        pdf.add_page()
        pdf.set_font("Times", "", 11)
        for number, row in enumerate(rows):
            for column, text in enumerate(row):
                pdf.text(20 + 60 * column, 30 + 6 * number, text)

    document = made(tmp_path, draw)
    assert blocks(document, "table_header") == ["Bird | Spring | Autumn"]
    assert blocks(document, "table_row") == ["Heron | 41 | 12", "Stork |  | 7", "Owl | 3"]


def test_a_caption_between_two_tables_belongs_to_the_lower_one(tmp_path: Path) -> None:
    rows = (("Bird", "Number"), ("Heron", "41"), ("Stork", "7"))

    def draw(pdf: FPDF) -> None:
        pdf.add_page()
        pdf.set_font("Times", "", 11)
        for caption in ("Counted were these birds.", "Table 2. Birds"):
            pdf.cell(text=caption, new_x="LMARGIN", new_y="NEXT")
            with pdf.table(rows):
                pass
            pdf.ln(8)

    table = "\n".join(map(" | ".join, rows))
    assert made(tmp_path, draw).text.split("\n\n") == [
        "Counted were these birds.",
        table,
        f"Table 2. Birds\n{table}",
    ]


def test_a_title_in_the_lines_of_a_table_is_its_caption(tmp_path: Path) -> None:
    def draw(pdf: FPDF) -> None:
        pdf.add_page()
        pdf.set_font("Times", "", 11)
        with pdf.table() as table:
            table.row().cell("Birds of the lake", colspan=2)
            for cells in (("Bird", "Number"), ("Heron", "41"), ("Stork", "7")):
                table.row(cells)

    document = made(tmp_path, draw)
    assert blocks(document, "caption") == ["Birds of the lake"]
    assert document.text == "Birds of the lake\nBird | Number\nHeron | 41\nStork | 7"


def test_two_tables_are_two_and_a_form_has_no_header(tmp_path: Path) -> None:
    def draw(pdf: FPDF) -> None:
        pdf.add_page()
        pdf.set_font("Times", "", 11)
        pdf.cell(text="Table 1. Birds", new_x="LMARGIN", new_y="NEXT")
        with pdf.table((("Bird", "Number"), ("Heron", "41"), ("Stork", "7"))):
            pass
        pdf.ln(8)
        with pdf.table((("Name:", "Ann"), ("Hut:", "12")), first_row_as_headings=False):
            pass

    assert made(tmp_path, draw).text.split("\n\n") == [
        "Table 1. Birds\nBird | Number\nHeron | 41\nStork | 7",
        "Name: | Ann\nHut: | 12",
    ]


def test_pages_without_text_are_reported(tmp_path: Path) -> None:
    def draw(pdf: FPDF) -> None:
        picture = Image.new("L", (40, 40), 200)
        for number in range(6):
            pdf.add_page()
            if number in (1, 3, 4):
                pdf.image(picture, 20, 20, 100)
            elif number != 2:  # the third page is blank, and no scan
                pdf.set_font("Times", "", 11)
                pdf.text(20, 30, PROSE[:80])

    document = made(tmp_path, draw)
    assert [warning for warning in document.warnings if "scanned" in warning] == [
        "no text on pages 2, 4–5: scanned, or a picture; `qa-bot index --ocr` reads it"
    ]


@pytest.mark.parametrize("method", [EncryptionMethod.AES_128, EncryptionMethod.AES_256])
def test_an_encrypted_file_is_read_unless_it_needs_a_password(
    tmp_path: Path, method: EncryptionMethod
) -> None:
    def draw(pdf: FPDF) -> None:
        pdf.add_page()
        pdf.set_font("Times", "", 11)
        pdf.text(20, 30, "Nobody may print this.")

    for password in ("", "secret"):
        pdf = FPDF()
        pdf.set_encryption(
            "owner", password, encryption_method=method, permissions=AccessPermission.none()
        )
        if password:
            with pytest.raises(ValueError, match=r"^encrypted: "):
                made(tmp_path, draw, pdf)
        else:
            assert made(tmp_path, draw, pdf).text == "Nobody may print this."


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_turned_pages_are_read_as_they_are_shown(tmp_path: Path, turn: int) -> None:
    def draw(pdf: FPDF) -> None:
        pdf.add_page()
        pdf.set_font("Times", "", 11)
        lines(pdf, wrapped(PROSE))

    upright = made(tmp_path, draw)
    writer = PdfWriter(clone_from=PdfReader(tmp_path / "made.pdf"))
    writer.pages[0].rotate(turn)  # the reader sees it lying: its text is turned back
    writer.write(tmp_path / "turned.pdf")
    assert checked(load_pdf(tmp_path / "turned.pdf", "turned.pdf")).text == upright.text


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", b"no PDF at all", b"%PDF-1.4\n%%EOF\n"])
def test_damaged_files_raise_ordinary_errors(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "bad.pdf").write_bytes(data)
    with pytest.raises(Exception, match=r"\S"):
        load_pdf(tmp_path / "bad.pdf", "bad.pdf")


def test_text_drawn_twice_for_a_shadow_is_read_once(tmp_path: Path) -> None:
    def draw(pdf: FPDF) -> None:
        pdf.add_page()
        pdf.set_font("Times", "", 11)
        for shift in (0.0, 0.0, 0.3):
            pdf.text(20 + shift, 30, "The heron stands in the reeds.")

    assert made(tmp_path, draw).text == "The heron stands in the reeds."


def test_a_file_without_text_is_read_as_nothing(tmp_path: Path) -> None:
    document = made(tmp_path, lambda pdf: pdf.add_page())
    assert (document.text, document.pages, document.blocks) == ("", (), ())


def test_a_damaged_page_costs_that_page_only(tmp_path: Path) -> None:
    def draw(pdf: FPDF) -> None:
        for bird in ("heron", "stork", "crane"):
            pdf.add_page()
            pdf.set_font("Times", "", 11)
            pdf.text(20, 60, f"The {bird} stands in the reeds.")

    made(tmp_path, draw)
    writer = PdfWriter(clone_from=PdfReader(tmp_path / "made.pdf"))
    broken = DecodedStreamObject()
    broken.set_data(b"BT /F1 12 Tf <zz> ]]> (open")
    writer.pages[1][NameObject("/Contents")] = writer._add_object(broken)
    writer.write(tmp_path / "broken.pdf")
    document = checked(load_pdf(tmp_path / "broken.pdf", "broken.pdf"))
    assert "heron" in document.text
    assert "crane" in document.text
    assert document.warnings == ("damaged, and left out: page 2",)


def test_a_label_that_comes_in_other_places_too_is_no_header() -> None:
    def part(text: str, y: float, page: int) -> Segment:
        return Segment(text, 20, 100, y, 10, bold=False, italic=False, page=page, low=y)

    pages = [
        [part("Header", 780, i), part("Results", 740, i), part("Results", 400, i)] for i in range(5)
    ]
    gone = find_furniture(pages, [800.0] * 5).segments
    assert [part.text for page in pages for part in page if id(part) in gone] == ["Header"] * 5


@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared")
def test_a_real_report_has_its_bookmarks_and_its_footers_numbers() -> None:
    document = checked(load_pdf(SHARED / "NARA2022.pdf", "NARA2022.pdf"))
    assert len(document.sections) == 31
    assert "National Archives and Records Administration\n" not in document.text
    report = checked(load_pdf(SHARED / "20071231X02009.pdf", "a.pdf"))
    assert ("Factual Information", "Pilot Information") in [s.path for s in report.sections]
    assert "Page 2 of 4" not in report.text
