"""PDF outlines: bookmarks and contents pages against what is printed; headers that change."""

from __future__ import annotations

from pathlib import Path

from conftest import blocks, outline
from fpdf import FPDF

from qa_bot.loaders.pdf.lines import Segment
from qa_bot.loaders.pdf.load import load_pdf
from qa_bot.loaders.pdf.outline import Anchor, Entry, anchor_all, contents_entries
from qa_bot.loaders.pdf.rows import Line, Role
from qa_bot.records import Document

BIRDS = ("Herons", "Storks", "Rails", "Bitterns", "Grebes", "Owls")
PROSE = "The heron stands in the shallow water and waits for fish between the reeds. "


def line(text: str, page: int, y: float, *, x: float = 70, role: Role = "text") -> Line:
    """A line of a page with one column."""
    part = Segment(text, x, x + 5 * len(text), y, 10, False, False, page, y)
    return Line(part, role, page, 70, 500)


def found(titles: list[Entry], lines: list[Line]) -> list[tuple[str, int, int, int]]:
    anchors: list[Anchor] = anchor_all(titles, lines).anchors
    return [(anchor.title, anchor.level, anchor.first, anchor.count) for anchor in anchors]


def test_a_bookmark_without_the_printed_number_finds_its_heading() -> None:
    lines = [
        line("Chapter 2", 0, 700),
        line("Spreadsheets", 0, 680),
        line("Text about imports and spreadsheets.", 0, 650),
        line("2.1 Imports", 0, 600),
        line("More text.", 0, 580),
        line("Appendix B: Notes", 0, 500),
    ]
    titles = [Entry("Spreadsheets", 0, 0, 720), Entry("Imports", 1, 0, 612), Entry("Notes", 0, 0)]
    assert [(title, level, first) for title, level, first, _ in found(titles, lines)] == [
        ("Chapter 2 Spreadsheets", 0, 0),
        ("2.1 Imports", 1, 3),
        ("Appendix B: Notes", 0, 5),
    ]


def test_lines_that_say_which_chapter_it_is_belong_to_the_heading() -> None:
    lines = [
        line("The last words of the chapter before.", 0, 740),
        line("CHAPTER", 0, 720),
        line("SEVEN", 0, 700),
        line("NESTING BOXES", 0, 680),
        line("Text about boxes. The next one is chapter", 0, 650),
        line("Eight", 0, 640),
        line("Owls", 0, 620),
        line("Part II", 1, 700),
        line("Part II. Water", 1, 680),
    ]
    titles = [Entry("Nesting boxes", 0, 0), Entry("Owls", 0, 0), Entry("Part II. Water", 0, 1)]
    assert found(titles, lines) == [
        ("Chapter 7 Nesting boxes", 0, 1, 3),
        ("Owls", 0, 6, 1),
        ("Part II. Water", 0, 7, 2),
    ]


def test_a_contents_entry_finds_a_heading_printed_without_its_number() -> None:
    lines = [line("ABOUT THIS BOOK", 3, 700), line("Text.", 3, 680)]
    assert found([Entry("1 About this book", 0, 3)], lines) == [("1 About this book", 0, 0, 1)]


def contents(*entries: tuple[str, int], page: int = 1) -> list[Line]:
    return [
        line(f"{title} . . . . . . . . . {number}", page, 700 - 12 * at, role="link")
        for at, (title, number) in enumerate(entries)
    ]


def test_an_index_and_a_list_of_figures_are_no_contents() -> None:
    labels = {str(number): number + 4 for number in range(1, 60)}
    chapters = [("1 Birds", 1), ("1.1 Herons", 2), ("2 Fish", 9), ("2.1 Carp", 12), ("3 Reeds", 40)]
    figures = [("A heron", 3), ("A carp", 13)]
    index = [("ash", 30), ("bark", 4), ("cedar", 22), ("dew", 2)]
    lines = contents(*chapters) + contents(*figures, page=2) + contents(*index, page=62)
    titles = [entry.title for entry in contents_entries(lines, labels)]
    assert titles == [title for title, _ in chapters]


def test_chapters_beside_their_part_are_inside_it() -> None:
    labels = {str(number): number + 4 for number in range(1, 60)}
    lines = contents(
        ("Preface", 1),
        ("I Water", 3),
        ("1 Birds", 4),
        ("2 Fish", 9),
        ("II Land", 20),
        ("3 Mice", 21),
        ("4 Foxes", 30),
    )
    levels = {entry.title: entry.level for entry in contents_entries(lines, labels)}
    assert levels == {
        "Preface": 0,
        "I Water": 0,
        "1 Birds": 1,
        "2 Fish": 1,
        "II Land": 0,
        "3 Mice": 1,
        "4 Foxes": 1,
    }


class Manual(FPDF):
    """Each page has the title of its chapter and its number in one header."""

    def header(self) -> None:
        self.set_font("Times", "", 9)
        self.text(20, 12, f"Chapter {self.page_no()}: On {BIRDS[self.page_no() - 1]}")
        self.text(185, 12, str(self.page_no() + 6))


def load(path: Path, pdf: FPDF) -> Document:
    file = path / "made.pdf"
    pdf.output(str(file))
    return load_pdf(file, "made.pdf")


def test_a_heading_has_the_number_that_is_printed_though_its_bookmark_has_none(
    tmp_path: Path,
) -> None:
    pdf = FPDF(unit="pt")
    pdf.set_font("Times", "", 11)
    for number, bird in enumerate(BIRDS[:3], 1):
        pdf.add_page()
        pdf.start_section(bird)
        pdf.text(70, 100, f"{number}  {bird}")
        pdf.text(70, 130, PROSE)
        pdf.start_section("Nests", level=1)
        pdf.text(70, 160, f"{number}.1  Nests")
        pdf.text(70, 190, PROSE)
    document = load(tmp_path, pdf)
    assert outline(document) == [
        path
        for number, bird in enumerate(BIRDS[:3], 1)
        for path in (f"{number} {bird}", f"{number} {bird}/{number}.1 Nests")
    ]


def test_a_header_with_another_title_on_each_page_goes_by_its_page_number(tmp_path: Path) -> None:
    pdf = Manual()
    pdf.set_auto_page_break(auto=False)
    for number in range(6):
        pdf.add_page()
        pdf.set_font("Times", "", 11)
        pdf.set_xy(20, 30)
        pdf.multi_cell(160, 5, f"Page {number} tells of it. " + PROSE * 12)
    document = load(tmp_path, pdf)
    assert "Chapter" not in document.text
    assert [span.page.label for span in document.pages] == [str(n) for n in range(7, 13)]


def test_words_are_parted_though_the_font_has_no_space(tmp_path: Path) -> None:
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Times", "", 10)
    x = 20.0
    words = "Please note that these are not mutually exclusive".split()
    for word in words:  # as TeX does it: no space is drawn, and the gap is a quarter of an em
        pdf.text(x, 30, word)
        x += pdf.get_string_width(word) + 0.25 * 10 / pdf.k
    assert load(tmp_path, pdf).text == " ".join(words)


def test_dots_that_lead_to_a_page_number_do_not_glue_the_words_before_them(tmp_path: Path) -> None:
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Times", "", 10)
    for row in range(5):
        x, y = 20.0, 30 + 6.0 * row
        for word in ("New", "versions", "of", "documents"):
            pdf.text(x, y, word)
            x += pdf.get_string_width(word) + 2.5 / pdf.k
        for _ in range(20):
            pdf.text(x, y, ".")
            x += 5 / pdf.k
        pdf.text(x, y, str(row + 1))
    assert load(tmp_path, pdf).text.count("New versions of documents") == 5
    assert outline(load(tmp_path, pdf)) == []


def test_bookmarks_of_whole_paragraphs_make_no_headings(tmp_path: Path) -> None:
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Times", size=11)
    for bird in ("Herons", "Storks"):
        prose = (PROSE * 2).replace("heron", bird.lower())
        for title in (bird, prose.strip()):
            pdf.start_section(title)
            pdf.multi_cell(0, 6, title, new_x="LMARGIN", new_y="NEXT")
            pdf.ln(6)
    pdf.output(str(tmp_path / "made.pdf"))
    document = load_pdf(tmp_path / "made.pdf", "made.pdf")
    assert outline(document) == ["Herons", "Storks"]
    assert len(blocks(document, "paragraph")) == 2
