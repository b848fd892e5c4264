"""Pictures of pages: recognised where OCR is asked for, and else said to need it."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np
import pypdfium2  # type: ignore[import-untyped]
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks.hashing import HashEmbedder
from benchmarks.upkeep import mutants
from qa_bot import build_index, check_index, open_index
from qa_bot.builds import Receipt
from qa_bot.errors import UnreadableDocumentError
from qa_bot.loaders import load_document
from qa_bot.loaders.picture import write_pages
from qa_bot.pages.view import PageViewer

needs_tesseract = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="needs tesseract: apt-get install tesseract-ocr"
)
pytestmark = pytest.mark.xdist_group("ocr")  # tesseract wants a core for each of its pages

FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf"
HERON = ["The heron stands in the shallow water", "and waits for fish between the reeds."]
STORK = ["A stork returns to the same nest each", "spring, and mends it for its eggs."]


def page(lines: list[str]) -> Image.Image:
    """Lines as a scanner at 150 dpi sees them."""
    made = Image.new("L", (700, 100 + 50 * len(lines)), 255)
    draw = ImageDraw.Draw(made)
    for number, line in enumerate(lines):
        draw.text((30, 40 + 50 * number), line, 0, ImageFont.truetype(FONT, 28))
    return made


@needs_tesseract
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_the_words_of_a_picture_are_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"heron{suffix}"
    page(HERON).save(path)
    document = load_document(path, path.name, ocr="eng")
    assert document.text.split() == " ".join(HERON).split()
    assert document.warnings == ("recognised by OCR, may hold errors: all pages",)
    assert [span.page.number for span in document.pages] == [1]


@needs_tesseract
def test_each_picture_of_a_tiff_is_a_page(tmp_path: Path) -> None:
    path = tmp_path / "scan.tiff"
    page(HERON).save(path, save_all=True, append_images=[page(STORK)], dpi=(150, 150))
    document = load_document(path, path.name, ocr="eng")
    pages = [(one.page.number, document.text[one.start : one.end]) for one in document.pages]
    assert [number for number, _ in pages] == [1, 2]
    assert "heron" in pages[0][1]
    assert "stork" in pages[1][1]
    with PageViewer(seconds=60) as viewer:
        drawn = viewer.draw(path, 2, 350)
        assert (drawn.pages, drawn.width, drawn.height) == (2, 350, 100)
        assert viewer.boxes(path, [1], "The heron").whole == (), "nothing says where it stands"
        (box,) = viewer.boxes(path, [2], "A stork returns", scans=document.scans[1:]).whole
        assert box.page == 2


def inked(picture: Image.Image) -> NDArray[np.bool_]:
    return np.asarray(picture) < 128


@needs_tesseract
@pytest.mark.parametrize("turn", [0, 90, 180])
def test_a_quote_is_boxed_on_the_picture_as_it_lies(tmp_path: Path, turn: int) -> None:
    path = tmp_path / "birds.png"
    page([*HERON, "", *STORK]).rotate(turn, expand=True).save(path)
    (wanted, other) = (
        inked(page(lines).rotate(turn, expand=True))
        for lines in ([*HERON, "", "", ""], ["", "", "", *STORK])
    )
    document = load_document(path, path.name, ocr="eng")
    start = document.text.index("The heron")
    quote = document.text[start : document.text.index("reeds.") + 6]
    assert quote.split() == " ".join(HERON).split()
    with PageViewer(seconds=60) as viewer:
        boxes = viewer.boxes(path, [1], quote, scans=document.scans).whole
    boxed = np.zeros_like(wanted)
    height, width = boxed.shape
    for box in boxes:
        rows = slice(round(box.top * height), round(box.bottom * height))
        boxed[rows, round(box.left * width) : round(box.right * width)] = True
    assert len(boxes) == 2, "one for each line"
    assert (wanted & boxed).sum() > 0.97 * wanted.sum()
    assert not (other & boxed).any()


def test_pictures_of_every_make_become_pages(tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6  # its top is at the right
    made = page(HERON)
    clear = Image.new("RGBA", made.size, (0, 0, 0, 0))
    kinds = {
        "grey.png": (made, {}),
        "bits.tif": (made.convert("1"), {}),
        "deep.png": (made.convert("I").point(lambda value: value * 256).convert("I;16"), {}),
        "print.jpg": (made.convert("CMYK"), {}),
        "index.png": (made.convert("P"), {}),
        "clear.webp": (clear, {"lossless": True}),
        "turned.jpg": (made, {"exif": turned}),
    }
    for name, (picture, options) in kinds.items():
        picture.save(tmp_path / name, **options)  # type: ignore[arg-type]
        write_pages(tmp_path / name, tmp_path / "pages.pdf", 10)
        with pypdfium2.PdfDocument(tmp_path / "pages.pdf") as pdf:
            width, height = pdf[0].get_size()
            drawn = pdf[0].render(scale=1, grayscale=True).to_numpy()
        assert (width < height) == (name == "turned.jpg"), name
        assert drawn.mean() > (254 if name == "clear.webp" else 200), name


def test_damaged_pictures_are_refused_in_our_words(tmp_path: Path) -> None:
    page(HERON).save(tmp_path / "a.png")
    page(HERON).save(tmp_path / "a.tiff", compression="tiff_lzw")
    page(HERON).convert("L").resize((300, 200)).save(tmp_path / "a.tif")  # as it is, not packed
    page(HERON).save(tmp_path / "a.jpg")
    page(HERON).save(tmp_path / "a.webp")
    for suffix in ("png", "tif", "tiff", "jpg", "webp"):
        source = (tmp_path / f"a.{suffix}").read_bytes()
        for number in range(50):
            generator = random.Random(number)  # noqa: S311 - the same damage in every run
            path = tmp_path / f"damaged.{suffix}"
            path.write_bytes(mutants.damaged(generator, source))
            said = "damaged: "
            try:
                write_pages(path, tmp_path / "pages.pdf", 10)
            except ValueError as error:
                said = str(error)
            assert said.startswith(("damaged: ", "larger than 200")) or "more than 10" in said


def test_without_ocr_pictures_are_of_a_kind_that_is_not_read(documents: Path, folder: Path) -> None:
    (documents / "a.txt").write_text("Otters sleep.")
    page(HERON).save(documents / "heron.png")
    embedder = HashEmbedder()

    def build(ocr: str | None = None) -> Receipt:
        return build_index(documents, folder, model=embedder, ocr=ocr)

    assert build().health.unsupported == ("heron.png",)
    assert build().nothing_changed
    assert check_index(folder).outdated == ()
    with pytest.raises(UnreadableDocumentError, match="its text is read with"):
        load_document(documents / "heron.png", "heron.png")
    if shutil.which("tesseract") is None:
        return
    receipt = build("eng")
    assert (receipt.added, receipt.health.unsupported) == (("heron.png",), ())
    assert build().nothing_changed  # what was recognised is kept
    (documents / "heron.png").rename(documents / "bird.png")
    assert build().renamed == (("heron.png", "bird.png"),)
    with open_index(folder, model=embedder) as index:
        assert "heron stands" in index.document("bird.png").text
        (scan,) = index.scans("bird.png", [1])
        assert [word.text for word in scan.words] == " ".join(HERON).split()
    (documents / "bird.png").write_bytes(b"\x89PNG\r\n of another picture")
    assert build().health.unreadable[0].document_id == "bird.png"
