"""Pages as pictures, and boxes around quotes: read back by pdfium, and compared with the ink."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import matplotlib as mpl
import pytest
from conftest import lines
from fpdf import FPDF
from PIL import Image, ImageDraw
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DecodedStreamObject, NameObject, RectangleObject

from benchmarks.pdf.page_boxes import Reader, plain
from qa_bot.errors import PageViewError
from qa_bot.loaders.pdf.load import load_pdf
from qa_bot.pages.view import Box, Drawing, Marks, PageViewer
from qa_bot.pages.worker import MAX_PIXELS, MAX_SIDE

HERON = "The heron stands in the shallow water and waits for fish that pass between the reeds."
STRIKE = "Its neck is folded until it strikes, and the strike takes a tenth of a second."

Draw = Callable[[FPDF], None]


@pytest.fixture(scope="module")
def viewer() -> Iterator[PageViewer]:
    """One viewer for all tests that don't break it."""
    with PageViewer(seconds=60) as viewer:
        yield viewer


def made(path: Path, draw: Draw) -> Path:
    """Draw a PDF."""
    pdf = FPDF()
    pdf.set_auto_page_break(auto=False)
    pdf.set_font("Times", "", 11)
    draw(pdf)
    pdf.output(str(path / "made.pdf"))
    return path / "made.pdf"


def one_line(pdf: FPDF) -> None:
    pdf.add_page()
    pdf.text(20, 30, HERON)


def two_lines(pdf: FPDF) -> None:
    pdf.add_page()
    lines(pdf, ["Otters sleep.", STRIKE])


def rewritten(file: Path, change: Callable[[PdfWriter], None]) -> Path:
    """A copy of a PDF with something changed."""
    writer = PdfWriter(clone_from=PdfReader(file))
    change(writer)
    writer.write(file.with_name("changed.pdf"))
    return file.with_name("changed.pdf")


def quoted(file: Path, opening: str, closing: str) -> tuple[str, list[int]]:
    """What the loader extracts between two phrases, and the pages that it stands on."""
    document = load_pdf(file, file.name)
    start = document.text.index(opening)
    end = document.text.index(closing, start) + len(closing)
    pages = [span.page.number for span in document.pages if span.start < end and start < span.end]
    return document.text[start:end], pages


def check(viewer: PageViewer, file: Path, opening: str, closing: str) -> tuple[Box, ...]:
    """The boxes of a quote hold its words and no others."""
    quote, pages = quoted(file, opening, closing)
    marks = viewer.boxes(file, pages, quote)
    assert plain(Reader(file).text(marks.whole)) == plain(quote)
    return marks.whole


def ink(drawing: Drawing, boxes: Sequence[Box] = ()) -> int:
    """How many pixels are dark outside the boxes."""
    picture = Image.open(io.BytesIO(drawing.data)).convert("L")
    assert picture.size == (drawing.width, drawing.height)
    pen = ImageDraw.Draw(picture)
    for box in boxes:
        sides = (box.left, box.top, box.right, box.bottom)
        left, top, right, bottom = (
            side * size for side, size in zip(sides, picture.size * 2, strict=True)
        )
        pen.rectangle((left - 2, top - 1, right + 2, bottom + 1), fill=255)
    return sum(picture.histogram()[:128])


def reason(call: Callable[[], object]) -> str:
    with pytest.raises(PageViewError) as caught:
        call()
    return caught.value.reason


def test_a_line_is_one_box_around_its_words_and_no_others(
    tmp_path: Path, viewer: PageViewer
) -> None:
    file = made(tmp_path, one_line)
    (box,) = check(viewer, file, "The heron", "reeds.")
    assert (box.page, round(box.left * 210), round(box.bottom * 297)) == (1, 20, 31)
    (part,) = check(viewer, file, "shallow water", "and waits")
    assert box.left < part.left < part.right < box.right
    drawing = viewer.draw(file, 1, 1000)
    assert (drawing.width, drawing.height, drawing.pages) == (1000, 1415, 1)
    assert ink(drawing) > 500
    assert ink(drawing, [box]) == 0


def test_a_paragraph_has_a_box_for_each_line_and_hyphens_belong_to_them(
    tmp_path: Path, viewer: PageViewer
) -> None:
    def draw(pdf: FPDF) -> None:
        pdf.add_page()
        lines(pdf, ["The heron stands in the shal-", "low water and waits for fish that", "pass."])

    file = made(tmp_path, draw)
    boxes = check(viewer, file, "The heron", "pass.")
    assert "shallow" in quoted(file, "The heron", "pass.")[0]
    assert len(boxes) == 3
    assert ink(viewer.draw(file, 1, 1000), boxes) == 0


def test_a_quote_goes_on_in_the_next_column_whatever_is_drawn_first(
    tmp_path: Path, viewer: PageViewer
) -> None:
    left = ["The heron stands in the", "shallow water and waits for", "fish that pass between the"]
    right = [
        "reeds of the old river where",
        "nobody has seen it take more",
        "than one of them a day.",
    ]

    others = [f"Otter {number} sleeps in its den all day" for number in range(27)]

    def draw(pdf: FPDF) -> None:
        pdf.add_page()
        rows = zip([*others, *left], [*right, *others], strict=True)
        for number, row in enumerate(rows):  # both columns at a time, as some programs do
            pdf.text(20, 30 + 5 * number, row[0])
            pdf.text(110, 30 + 5 * number, row[1])

    file = made(tmp_path, draw)
    quote, _ = quoted(file, "The heron", "a day.")
    assert "between the reeds" in quote
    boxes = check(viewer, file, "The heron", "a day.")
    assert [box.left < 0.5 for box in boxes] == [True] * 3 + [False] * 3


def test_a_quote_goes_over_a_page_break_with_a_word_and_past_headers(
    tmp_path: Path, viewer: PageViewer
) -> None:
    def draw(pdf: FPDF) -> None:
        for number, bird in enumerate(("Otters", "Owls", "Cranes", "Storks")):
            pdf.add_page()
            pdf.text(20, 10, "The River Report")
            rows = [f"{bird} sleep all day in den {row} by the old river." for row in range(40)]
            if number == 1:
                rows[-1] = "The heron stands all day in the water of one of the old reser-"
            if number == 2:
                rows[0] = "voirs by the river, and the otters of the place sleep in dens."
            lines(pdf, rows)
            pdf.text(100, 287, f"Page {number + 1} of 4")

    file = made(tmp_path, draw)
    quote, pages = quoted(file, "The heron", "by the river,")
    assert "reservoirs" in quote
    assert pages == [2, 3]
    boxes = check(viewer, file, "The heron", "by the river,")
    assert [box.page for box in boxes] == [2, 3]


def test_ligatures_are_found(tmp_path: Path, viewer: PageViewer) -> None:
    def draw(pdf: FPDF) -> None:
        pdf.add_page()
        pdf.add_font("Sans", "", Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")
        pdf.set_font("Sans", "", 11)
        pdf.text(20, 30, "The ﬁrst ﬂood of the year is eﬃcient.")

    file = made(tmp_path, draw)
    (box,) = check(viewer, file, "The", "efficient.")
    marks = viewer.boxes(file, [1], "The first flood of the year is efficient.")
    assert marks.whole == (box,)


def test_cells_of_a_table_are_boxed_one_by_one(tmp_path: Path, viewer: PageViewer) -> None:
    def draw(pdf: FPDF) -> None:
        pdf.add_page()
        for column in range(3):  # column by column, where the loader goes row by row
            for row, name in enumerate(["Bird", "Heron", "Stork", "Crane"]):
                text = ["Bird", "Nests", "Eggs"][column] if row == 0 else f"{row * (column + 3)}"
                pdf.text(20 + 50 * column, 30 + 6 * row, name if column == 0 else text)

    file = made(tmp_path, draw)
    assert "Heron | 4 | 5" in quoted(file, "Heron", "Crane")[0]
    assert len(check(viewer, file, "Heron", "Crane")) == 7


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_boxes_fit_a_page_that_is_turned_and_cropped(
    tmp_path: Path, viewer: PageViewer, turn: int
) -> None:
    def change(writer: PdfWriter) -> None:
        page = writer.pages[0]
        page.cropbox = RectangleObject((40, 500, 500, 800))
        page.rotate(turn)

    file = rewritten(made(tmp_path, one_line), change)
    (box,) = check(viewer, file, "The heron", "reeds.")
    drawing = viewer.draw(file, 1, 800)
    assert drawing.height == pytest.approx(
        800 * (300 / 460 if turn % 180 == 0 else 460 / 300), abs=1
    )
    assert ink(drawing) > 300
    assert ink(drawing, [box]) == 0
    across = (box.right - box.left) * drawing.width > (box.bottom - box.top) * drawing.height
    assert across == (turn % 180 == 0)


def test_a_sentence_that_stands_there_twice_is_told_by_its_passage(
    tmp_path: Path, viewer: PageViewer
) -> None:
    passages = [f"Otters sleep. {STRIKE}", f"Owls are awake. {STRIKE}"]

    def draw(pdf: FPDF) -> None:
        pdf.add_page()
        for number, text in enumerate(passages):
            pdf.text(20, 30 + 50 * number, text)

    file = made(tmp_path, draw)
    spans = [(text.index(STRIKE), len(text)) for text in passages]
    marks = [
        viewer.boxes(file, [1], text, [span]) for text, span in zip(passages, spans, strict=True)
    ]
    first, second = (mark.parts[0][0] for mark in marks)
    assert first.top < 0.2 < second.top
    for mark in marks:
        assert plain(Reader(file).text(mark.parts[0])) == plain(STRIKE)
        assert mark.parts[0][0].top == mark.whole[0].top


@pytest.mark.parametrize(
    "quote",
    [
        "",
        "The stork stands in the shallow water.",
        HERON.replace("shallow ", ""),
        HERON.replace("waits for", "for waits"),
        HERON + " It eats them.",
        HERON[4:].replace("reeds", "reed"),
    ],
)
def test_what_is_not_there_word_for_word_has_no_boxes(
    tmp_path: Path, viewer: PageViewer, quote: str
) -> None:
    marks = viewer.boxes(made(tmp_path, one_line), [1], quote, [(0, 3)])
    assert marks == Marks((), ((),))


def test_a_scan_has_no_boxes(tmp_path: Path, viewer: PageViewer) -> None:
    def draw(pdf: FPDF) -> None:
        pdf.add_page()
        pdf.image(Image.new("L", (100, 100), 40), 20, 20, 100)

    file = made(tmp_path, draw)
    assert viewer.boxes(file, [1], HERON).whole == ()
    assert ink(viewer.draw(file, 1, 500)) > 10_000


def test_files_that_cannot_be_shown_are_refused_with_a_reason(
    tmp_path: Path, viewer: PageViewer
) -> None:
    file = made(tmp_path, one_line)
    locked = rewritten(file, lambda writer: writer.encrypt("secret"))
    damaged = tmp_path / "damaged.pdf"
    damaged.write_bytes(b"%PDF-1.7\nThe heron stands in the shallow water.")
    for path, why in (
        (tmp_path / "gone.pdf", "is no longer there"),
        (locked, "is encrypted, and needs its password"),
        (damaged, "is damaged, or no PDF"),
        (tmp_path, "can't be opened (Is a directory)"),
    ):
        assert reason(partial(viewer.draw, path, 1, 500)) == why
        assert reason(partial(viewer.boxes, path, [1], HERON)) == why
    assert reason(lambda: viewer.draw(file, 2, 500)) == "has no page 2"
    assert reason(lambda: viewer.boxes(file, [0], HERON)) == "has no page 0"


def test_a_file_that_changes_is_read_again(tmp_path: Path, viewer: PageViewer) -> None:
    file = made(tmp_path, one_line)
    assert viewer.boxes(file, [1], HERON).whole
    made(tmp_path, two_lines)
    assert not viewer.boxes(file, [1], HERON).whole
    assert viewer.boxes(file, [1], STRIKE).whole


def test_a_huge_page_is_drawn_smaller(tmp_path: Path, viewer: PageViewer) -> None:
    def change(writer: PdfWriter) -> None:
        writer.pages[0].mediabox = RectangleObject((0, 0, 14_400, 14_000))

    file = rewritten(made(tmp_path, one_line), change)
    drawing = viewer.draw(file, 1, 10**9)
    assert 0.98 * MAX_PIXELS < drawing.width * drawing.height < 1.01 * MAX_PIXELS
    assert max(drawing.width, drawing.height) <= MAX_SIDE


def test_a_page_that_takes_too_long_costs_its_request_only(tmp_path: Path) -> None:
    def change(writer: PdfWriter) -> None:
        stream = DecodedStreamObject()
        stream.set_data(b"0 0 m 600 10 10 800 600 800 c h f\n" * 1_000_000)
        writer.pages[0][NameObject("/Contents")] = writer._add_object(stream)

    file = made(tmp_path, one_line)
    slow = rewritten(file, change)
    with PageViewer(seconds=2) as viewer:
        assert reason(lambda: viewer.draw(slow, 1, 4000)) == "takes longer than 2 s to show"
        assert viewer.boxes(file, [1], HERON).whole


def process_of(viewer: PageViewer) -> int:
    assert viewer._process is not None
    return viewer._process.pid


def test_a_process_that_is_killed_is_replaced_and_the_request_answered(tmp_path: Path) -> None:
    file = made(tmp_path, one_line)
    with PageViewer(seconds=60) as viewer:
        before = viewer.boxes(file, [1], HERON)
        first = process_of(viewer)
        os.kill(first, signal.SIGKILL)
        assert viewer.boxes(file, [1], HERON) == before
        assert process_of(viewer) != first


def test_threads_take_turns(tmp_path: Path, viewer: PageViewer) -> None:
    def draw(pdf: FPDF) -> None:
        for number in range(4):
            pdf.add_page()
            pdf.text(20, 30 + 20 * number, f"{HERON} {number}")

    file = made(tmp_path, draw)
    numbers = [1, 2, 3, 4] * 4
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: viewer.boxes(file, [n], f"{HERON} {n - 1}"), numbers))
    assert [round(mark.whole[0].bottom * 297) for mark in found] == [11 + 20 * n for n in numbers]


def is_running(process: int) -> bool:
    listed = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False
    )
    return bool(listed.stdout.strip()) and not listed.stdout.strip().startswith("Z")


def test_the_process_ends_with_its_viewer(tmp_path: Path) -> None:
    file = made(tmp_path, one_line)
    with PageViewer() as viewer:
        viewer.draw(file, 1, 100)
        process = process_of(viewer)
        assert is_running(process)
    assert not is_running(process)
    assert reason(lambda: viewer.draw(file, 1, 100)) == "can't be shown: the viewer was closed"


def test_the_process_does_not_outlive_its_parent(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from qa_bot.pages.view import PageViewer\n"
        "viewer = PageViewer(); viewer.draw(Path(sys.argv[1]), 1, 100)\n"
        "print(viewer._process.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, made(tmp_path, one_line)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    until = time.monotonic() + 30
    while is_running(int(done.stdout)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_running(int(done.stdout))
