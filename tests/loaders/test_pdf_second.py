"""Two readings of a PDF: where they differ the better one is taken, and what is left is said."""

from __future__ import annotations

import random
import time
from functools import partial
from pathlib import Path

import pytest
from fpdf import FPDF
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    StreamObject,
    TextStringObject,
)

from qa_bot.loaders.pdf.lines import segments
from qa_bot.loaders.pdf.load import load_pdf
from qa_bot.loaders.pdf.second_opinion import (
    Opinions,
    could_be_word,
    is_no_language,
    words_of,
)
from qa_bot.loaders.pdf.second_reader import SecondReader
from qa_bot.loaders.pdf.text import read_page

LINES = (
    "The weir keeper opens both gates when the river rises above the second mark.",
    "In winter the office is closed, and the offices of the mill answer for it.",
    "Complaints are sent to the clerk within fourteen days of the flood.",
)


def drawn(path: Path, *pages: tuple[str, ...], turn: int = 0) -> Path:
    """A PDF with a page for each of several texts, a line each."""
    pdf = FPDF(unit="pt")
    pdf.set_auto_page_break(auto=False)
    pdf.set_font("Times", size=11)
    for lines in pages:
        pdf.add_page()
        for number, line in enumerate(lines):
            with pdf.rotation(turn, 300, 400):
                pdf.text(60, 100 + 40 * number, line)
    pdf.output(str(path))
    return path


def without_fonts(path: Path, page: int) -> Path:
    """The file with a page's fonts described in a way that pypdf can't read, and pdfium can."""
    writer = PdfWriter(clone_from=PdfReader(path))
    found = writer.pages[page]["/Resources"]
    assert isinstance(found, DictionaryObject)
    fonts = found["/Font"].get_object()
    assert isinstance(fonts, DictionaryObject)
    found[NameObject("/Font")] = DictionaryObject({name: NameObject("/Broken") for name in fonts})
    writer.write(path)
    return path


@pytest.mark.parametrize("turn", [0, 90, 180, 7])
def test_the_second_reader_finds_the_same_lines_in_the_same_places(
    tmp_path: Path, turn: int
) -> None:
    path = drawn(tmp_path / "made.pdf", LINES, turn=turn)
    page, other = PdfReader(path).pages[0], SecondReader(path, 1)
    first, second = read_page(page, {}), read_page(page, {}, partial(other.draw, 0))
    pairs = zip(segments(first.runs, 0), segments(second.runs, 0), strict=True)
    for one, two in pairs:
        assert two.text == one.text
        if turn != 7:  # there each word has a height of its own
            assert (two.x0, two.y, two.size) == pytest.approx((one.x0, one.y, one.size), abs=0.5)
            assert two.x1 == pytest.approx(one.x1, abs=1.5)
    other.close()


def test_a_page_that_one_reader_loses_is_the_others(tmp_path: Path) -> None:
    path = without_fonts(drawn(tmp_path / "made.pdf", LINES, LINES[::-1]), page=1)
    alone = load_pdf(path, "made.pdf", second=False)
    assert alone.text.count("fourteen days") == 1
    document = load_pdf(path, "made.pdf")
    assert document.text.count("fourteen days") == 2
    assert document.warnings == ()


def compared(ours: str, theirs: str, said: str = "") -> Opinions:
    opinions = Opinions()
    opinions.compare(0, words_of(ours), said, theirs)
    return opinions


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("The keeper opens the gate.", "The keeper opensthe gate."),
        ("The keep er opens", "The keeper opens"),
        ("over\nthe hill and far", "and far over the hill"),
        ("financial office", "ﬁnancial oﬃce"),
        ("the hyphen-\nated word", "the hyphen\ufffeated word"),
        ("déjà vu à Pécs", "de´ja` vu a` Pe´cs"),
        ("set ⟨height⟩ to ⟨width⟩ and ⟨ratio⟩", "set hheighti to hwidthi and hratioi"),
        ("שלום עולם טוב מאוד", "םולש םלוע בוט דואמ"),
        ("anything at all here", ""),
    ],
)
def test_readings_that_spell_the_same_letters_do_not_differ(ours: str, theirs: str) -> None:
    assert not any(one.is_beyond_noise for one in compared(ours, theirs).differences)


def test_what_is_drawn_and_not_seen_is_not_missing() -> None:
    unseen = "Placeholder tooltip overlay"
    assert compared("The gate.", f"The gate. {unseen}", said=unseen).differences == []


def test_the_reading_whose_words_are_known_is_taken() -> None:
    opinions = compared("of the river", "of the river")
    opinions.compare(1, words_of("Vwh oiw khr zdv"), "", "because gates river were raised")
    (one,) = opinions.differences
    assert one.is_beyond_noise
    assert opinions.prefers_second(one)
    opinions.compare(2, words_of("because gates river were raised"), "", "Vwhqq oiwqq khrqq zdvqq")
    assert not opinions.prefers_second(opinions.differences[-1])


def test_words_that_could_be_none_have_no_vowel() -> None:
    words = ("gates", "rhythm", "wkh", "txlfn", "1998", "a1b", "дом", "河流")
    assert [word for word in words if not could_be_word(word)] == ["txlfn", "a1b"]


PROSE = """The committee met in the town hall and heard from the engineer who built the weir.
She said that heavy rain had filled the upper basin within hours, and that nobody could have
closed the gates by hand before midnight. Several neighbours whose cellars were flooded asked
why no siren was sounded; the mayor answered that power had failed across the whole valley
shortly after dusk, and promised batteries for the alarm before the next autumn begins."""


def shifted(text: str) -> str:
    """As a font shows that says each letter is the third one after it."""
    return "".join(
        chr((ord(one) - 97 + 3) % 26 + 97) if "a" <= one <= "z" else one for one in text.lower()
    )


@pytest.mark.parametrize(
    "text",
    [
        PROSE,
        "Der Ausschuss tagte im Rathaus und hörte die Ingenieurin, die das Wehr gebaut hatte. " * 4,
        " ".join(f"bookvol{n}.toc bookvol{n}.out" for n in range(300)),
        "ACGTTGCA GGTACCAT " * 60,
        "12.4 13.5 18.9 " * 200,
        "河流上升到第二标记以上时，守堰人打开两个闸门。" * 20,
    ],
    ids=["English", "German", "file names", "genes", "numbers", "Chinese"],
)
def test_text_is_not_taken_for_no_language(text: str) -> None:
    assert not is_no_language(words_of(text))


def test_letters_that_are_others_are_reported_and_kept(tmp_path: Path) -> None:
    assert is_no_language(words_of(shifted(PROSE)))
    lines = tuple(shifted(PROSE).split("\n"))
    document = load_pdf(drawn(tmp_path / "made.pdf", lines), "made.pdf")
    assert "frpplwwhh" in document.text
    assert any("unreadable text" in warning and "--ocr" in warning for warning in document.warnings)
    few = load_pdf(drawn(tmp_path / "few.pdf", lines, *[tuple(PROSE.split("\n"))] * 9), "few.pdf")
    assert few.warnings == ()


def test_a_file_that_the_second_reader_refuses_costs_nothing(tmp_path: Path) -> None:
    other = SecondReader(tmp_path / "absent.pdf", 1)
    assert other.text(0) == ""
    other.close()


def test_a_layer_that_is_off_stays_so(tmp_path: Path) -> None:
    """Its words are drawn, so that another reader finds them; they aren't missing."""
    path = drawn(tmp_path / "made.pdf", LINES)
    writer = PdfWriter(clone_from=PdfReader(path))
    page = writer.pages[0]
    form = StreamObject()
    form.set_data(
        b"BT /F1 11 Tf 60 300 Td (Confidential draft: the secret price is nine hundred) Tj ET"
    )
    layer = writer._add_object(
        DictionaryObject(
            {
                NameObject("/Type"): NameObject("/OCG"),
                NameObject("/Name"): TextStringObject("Draft"),
            }
        )
    )
    form[NameObject("/Subtype")] = NameObject("/Form")
    form[NameObject("/Type")] = NameObject("/XObject")
    form[NameObject("/BBox")] = ArrayObject([NumberObject(n) for n in (0, 0, 600, 800)])
    form[NameObject("/Resources")] = page["/Resources"]
    form[NameObject("/OC")] = layer
    resources = page["/Resources"]
    assert isinstance(resources, DictionaryObject)
    resources[NameObject("/XObject")] = DictionaryObject(
        {NameObject("/X"): writer._add_object(form)}
    )
    contents = StreamObject()
    held = page.get_contents()
    assert held is not None
    contents.set_data(held.get_data() + b"\n/X Do\n")
    page[NameObject("/Contents")] = writer._add_object(contents)
    off = DictionaryObject({NameObject("/OFF"): ArrayObject([layer])})
    writer.root_object[NameObject("/OCProperties")] = DictionaryObject(
        {NameObject("/OCGs"): ArrayObject([layer]), NameObject("/D"): off}
    )
    writer.write(path)
    document = load_pdf(path, "made.pdf")
    assert "secret" not in document.text
    assert "fourteen days" in document.text


def test_a_file_whose_pages_are_counted_otherwise_gets_no_second_opinion(tmp_path: Path) -> None:
    path = drawn(tmp_path / "made.pdf", LINES)
    other = SecondReader(path, 2)
    assert other.text(0) == ""
    other.close()


def test_many_words_that_differ_take_no_long_time() -> None:
    chance = random.Random(0)  # noqa: S311 - the same for each run
    spelled = ["".join(chance.choices("abcdefghijklmnop", k=23)) for _ in range(4_000)]
    began = time.monotonic()
    compared(" ".join(spelled[:2_000]), " ".join(spelled[2_000:]))
    assert time.monotonic() - began < 20
