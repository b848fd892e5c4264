"""Letters as PDFs have them: each placed by itself, accents apart, digits raised."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fpdf import FPDF
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
)
from pypdf.generic._font import Font

from qa_bot.building.passages import split_document
from qa_bot.loaders.pdf.accents import on_their_letters
from qa_bot.loaders.pdf.fonts import FontReader, clean, named_letters
from qa_bot.loaders.pdf.load import load_pdf
from qa_bot.loaders.pdf.pen import Run
from qa_bot.records import Document

Drawing = Callable[[FPDF], None]


def made(path: Path, draw: Drawing, font: str = "Helvetica") -> Document:
    """Draw a PDF of one page and load it."""
    pdf = FPDF(unit="pt")
    pdf.set_auto_page_break(auto=False)
    pdf.add_page()
    pdf.set_font(font, size=11)
    draw(pdf)
    pdf.output(str(path / "made.pdf"))
    return load_pdf(path / "made.pdf", "made.pdf")


def one_by_one(pdf: FPDF, text: str, y: float, spacing: float = 0.0) -> None:
    """Draw each letter by itself, and no space."""
    x = 60.0
    for letter in text:
        if letter != " ":
            pdf.text(x, y, letter)
        x += pdf.get_string_width(letter) + spacing


@pytest.mark.parametrize("font", ["Helvetica", "Times", "Courier"])
@pytest.mark.parametrize("spacing", [0.0, 0.3, 2.0, -0.1])
def test_words_are_told_apart_where_no_space_is_drawn(
    tmp_path: Path, font: str, spacing: float
) -> None:
    written = ("The ferry leaves the eastern pier at noon,", "and on Sundays it does not sail.")

    def draw(pdf: FPDF) -> None:
        for number, line in enumerate(written):
            one_by_one(pdf, line, 100 + 14 * number, spacing)

    assert made(tmp_path, draw, font).text == " ".join(written)


@pytest.mark.parametrize("spread", [5.5, 1.1, -0.4])
def test_letters_whose_spacing_is_taken_back_touch(tmp_path: Path, spread: float) -> None:
    """As copies of bitmap fonts are drawn: spacing for all letters, taken back between them."""
    back = 1000 * spread / 11
    drawn = " ".join(
        f"({letter}) {back - (330 if number == 2 else 0):.1f}"
        for number, letter in enumerate("Thepickle")
    )

    def draw(pdf: FPDF) -> None:
        pdf.text(60, 100, "A jar.")
        pdf._out(f"BT /F1 11 Tf {spread} Tc 60 600 Td [{drawn}] TJ ET")

    assert made(tmp_path, draw).text.split() == ["A", "jar.", "The", "pickle"]


ACCENTS = {"é": "´", "è": "`", "ü": "¨", "Ö": "¨", "ç": "¸", "É": "´"}


@pytest.mark.parametrize("first", [True, False], ids=["accent first", "letter first"])
@pytest.mark.parametrize("letter", ACCENTS)
def test_an_accent_over_a_letter_is_the_letters(tmp_path: Path, letter: str, first: bool) -> None:
    bases = {"é": "e", "è": "e", "ü": "u", "Ö": "O", "ç": "c", "É": "E"}

    def draw(pdf: FPDF) -> None:
        x = 60 + pdf.get_string_width("Mr. B")
        pdf.text(60, 100, "Mr. B")
        base, accent = bases[letter], ACCENTS[letter]
        middle = x + (pdf.get_string_width(base) - pdf.get_string_width(accent)) / 2
        rise = 2.0 if letter.isupper() else 0.0
        drawn = [(middle, 100 - rise, accent), (x, 100, base)]
        for place in drawn if first else reversed(drawn):
            pdf.text(*place)
        pdf.text(x + pdf.get_string_width(base), 100, "rard keeps the key.")

    assert made(tmp_path, draw).text == f"Mr. B{letter}rard keeps the key."


@pytest.mark.parametrize("apart", [True, False], ids=["by itself", "after the letter before"])
def test_an_ogonek_may_hang_at_the_end_of_its_letter(apart: bool) -> None:
    before = [Run("nic", 60, 76, 100, 11), Run("˛", 79, 81.5, 100, 11)]
    if not apart:
        before = [Run("nic˛", 60, 81.5, 100, 11)]
    runs = on_their_letters([*before, Run("acy", 76, 92, 100, 11)])
    assert "".join(run.text for run in runs) == "nicący"


def test_a_wide_accent_at_the_end_of_letters_is_the_next_ones() -> None:
    """As in Computer Modern, whose accents are half an em wide."""
    runs = [Run("Vor´", 60, 81.5, 100, 11), Run("osz.", 76.3, 93, 100, 11)]
    assert "".join(run.text for run in on_their_letters(runs)) == "Vorósz."


def test_an_accent_at_the_end_of_a_word_stays_where_none_follows() -> None:
    runs = [Run("home~", 60, 90, 100, 11), Run("next", 95, 110, 100, 11)]
    assert on_their_letters(runs) == runs


def test_accents_that_stand_over_no_letter_stay_as_they_are(tmp_path: Path) -> None:
    text = "Type ` or ´ and then a letter; ~ means home."
    assert made(tmp_path, lambda pdf: pdf.text(60, 100, text)).text == text

    def draw(pdf: FPDF) -> None:
        one_by_one(pdf, text, 100)

    assert made(tmp_path, draw).text == text


def test_an_accent_beside_nothing_harms_nobody() -> None:
    accent, blank = (Run(text, 60, 64, 100, 11) for text in ("~", ""))
    assert on_their_letters([blank, accent, blank]) == [blank, accent, blank]


def beside(pdf: FPDF, *parts: tuple[str, float]) -> None:
    """Draw texts side by side, each so much above the line; what isn't on it is smaller."""
    x = 60.0
    for text, rise in parts:
        pdf.set_font_size(7 if rise else 11)
        pdf.text(x, 100 - rise, text)
        x += pdf.get_string_width(text)


@pytest.mark.parametrize(
    ("parts", "read"),
    [
        ((("A field of 12 m", 0), ("2", 4), (" is enough.", 0)), "A field of 12 m² is enough."),
        ((("About 10", 0), ("-6", 4), (" grams.", 0)), "About 10⁻⁶ grams."),
        ((("On the 21", 0), ("st", 4), (" of May.", 0)), "On the 21st of May."),
        ((("It emits CO", 0), ("2", -2), (" at night.", 0)), "It emits CO2 at night."),
    ],
)
def test_raised_digits_read_as_raised(
    tmp_path: Path, parts: tuple[tuple[str, float], ...], read: str
) -> None:
    assert made(tmp_path, lambda pdf: beside(pdf, *parts)).text == read


def test_a_footnotes_mark_after_a_full_stop_ends_the_sentence(tmp_path: Path) -> None:
    parts = (("The bell weighs 90 kg.", 0), ("3", 4), (" It hangs in the tower.", 0))
    document = made(tmp_path, lambda pdf: beside(pdf, *parts))
    (passage,) = split_document(document, lambda texts: [len(text) for text in texts], 200)
    sentences = [document.text[one.start : one.end] for one in passage.sentences]
    assert sentences == ["The bell weighs 90 kg.³", "It hangs in the tower."]


def cff_font(code_of: dict[str, int]) -> bytes:
    """A font file whose own encoding has these glyphs under these codes."""
    from io import BytesIO

    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.t2CharStringPen import T2CharStringPen

    glyphs = [".notdef", *code_of]
    builder = FontBuilder(1000, isTTF=False)
    builder.setupGlyphOrder(glyphs)
    builder.setupCharacterMap({65: "A"})
    pen = T2CharStringPen(500, None)
    strings = {glyph: pen.getCharString() for glyph in glyphs}
    builder.setupCFF("Made", {}, strings, {})
    builder.setupHorizontalMetrics(dict.fromkeys(glyphs, (500, 0)))
    builder.setupHorizontalHeader()
    builder.setupOS2()
    builder.setupPost()
    top = builder.font["CFF "].cff.topDictIndex[0]
    encoding = [".notdef"] * 256
    for glyph, code in code_of.items():
        encoding[code] = glyph
    top.Encoding = encoding
    file = BytesIO()
    builder.font["CFF "].cff.compile(file, builder.font)
    return file.getvalue()


def described_font(*named: str, is_bitmap: bool = False) -> FontReader:
    """A font that says what its letters are, from A on, by the names of their glyphs."""
    encoding = DictionaryObject(
        {NameObject("/Differences"): ArrayObject([NumberObject(65), *map(NameObject, named)])}
    )
    resource = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Made"),
            NameObject("/Encoding"): encoding,
        }
    )
    font = Font.from_font_resource(resource)
    return FontReader(font, "", named_letters(resource), is_bitmap=is_bitmap)


def test_ligatures_of_fonts_that_say_nothing_are_where_tex_has_them() -> None:
    read = described_font("/A", is_bitmap=True).read(b"di\x1berent o\x0ece su\x1ex")
    assert "".join(text for text, _, _ in read) == "different office suffix"


def test_control_characters_of_other_fonts_are_no_letters(tmp_path: Path) -> None:
    def draw(pdf: FPDF) -> None:
        pdf.text(60, 100, "A jar.")
        pdf._out(r"BT /F1 11 Tf 60 600 Td (Title\013Sub and e\036mail\r) Tj ET")

    assert made(tmp_path, draw).text.split() == ["A", "jar.", "Title", "Sub", "and", "e", "mail"]


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("/zcaron.sc", "ž"),
        ("/T_h", "Th"),
        ("/uni20AC", "€"),
        ("/uni00410301", "A\u0301"),
        ("/u1F514", "🔔"),
        ("/clefs.G", ""),
        ("/slash", "/"),
    ],
)
def test_names_of_glyphs_are_read_by_the_rules_of_their_list(name: str, letters: str) -> None:
    """A name that says no letter, as of a note's head, isn't one."""
    read = described_font("/A", name).read(b"AB")
    assert [text for text, _, _ in read] == ["A", letters]


@pytest.mark.parametrize(
    ("encoding", "read"),
    [
        (NameObject("/MacRomanEncoding"), "AB/C"),
        (NameObject("/WinAnsiEncoding"), "AB/C"),
        (
            DictionaryObject(
                {
                    NameObject("/Differences"): ArrayObject(
                        [NumberObject(65), *map(NameObject, ("/g31", "/Q", "/A"))]
                    )
                }
            ),
            "CQBA",
        ),
        (None, "CABC"),
    ],
    ids=["MacRoman", "WinAnsi", "differences", "none"],
)
def test_what_the_pdf_says_of_letters_goes_before_its_fonts_own_file(
    encoding: NameObject | DictionaryObject | None, read: str
) -> None:
    """The font's own file has C, A and B under the codes of A, B and the slash."""
    stream = DecodedStreamObject()
    stream.set_data(cff_font({"C": 65, "A": 66, "B": 47, "D": 68}))
    stream[NameObject("/Subtype")] = NameObject("/Type1C")
    described = DictionaryObject(
        {
            NameObject("/FontFile3"): stream,
            NameObject("/FontName"): NameObject("/Made"),
            NameObject("/Flags"): NumberObject(32),
        }
    )
    resource = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Made"),
            NameObject("/FontDescriptor"): described,
        }
    )
    if encoding is not None:
        resource[NameObject("/Encoding")] = encoding
    reader = FontReader(Font.from_font_resource(resource), "", named_letters(resource))
    letters = "".join(text for text, _, _ in reader.read(b"AB/C"))
    assert letters == read


@pytest.mark.parametrize(("opening", "parts"), [("the", 1), ("The", 2)])
def test_a_line_pushed_down_by_raised_letters_goes_on_with_its_sentence(
    tmp_path: Path, opening: str, parts: int
) -> None:
    """As browsers print it; a capital at that distance opens a paragraph."""

    def draw(pdf: FPDF) -> None:
        full = "The mill at the lower weir grinds rye from the farms on both sides of the valley"
        y = 80.0
        for distance, line in [
            (13, full), (13, "and"), (30, full), (13, "or"), (30, full),
            (18.5, f"{opening} fourth of May."),
        ]:  # fmt: skip
            y += distance
            pdf.text(60, y, line)

    text = made(tmp_path, draw).text
    assert len(text.split("\n\n")) == 2 + parts


def test_numbers_that_are_no_letters_are_read_as_windows_or_tex_has_them() -> None:
    assert clean("\x88 the heron\x92s nest \x96 caf\xe9\x81") == "• the heron’s nest – café"
