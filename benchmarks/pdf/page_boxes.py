"""How well quotes are found on the pages of PDFs: their boxes, read back by pdfium.

``python -m benchmarks.pdf.page_boxes`` takes passages of the shared PDFs, asks where each
and one of its sentences stand, and reads what stands inside those boxes. It writes
its section of RESULTS.md. ``--details`` prints what was wrong.
"""

from __future__ import annotations

import argparse
import random
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from statistics import median

import pypdfium2  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from benchmarks.pdf.reading import MAX_TOKENS, PDFS
from benchmarks.results import save_section
from qa_bot.building.passages import split_document
from qa_bot.loaders.pdf.load import load_pdf
from qa_bot.pages.view import Box, PageViewer
from qa_bot.records import Passage
from qa_bot.text import CELLS

SEED = 0
WIDTH = 1200  # pixels of a drawn page
SENTENCES = "a sentence of each"
UNIT = 1_000_000  # that sides of boxes are measured in

Letter = tuple[str, float, float]
"""A character, and the middle of its ink in the page's own coordinates."""


@dataclass
class Measured:
    """What became of all quotes, and how long requests took, in seconds."""

    asked: Counter[str] = field(default_factory=Counter)  # kind of quote → how many
    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)  # kind of failure
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    bad: list[str] = field(default_factory=list)


def sampled(paths: Sequence[Path], count: int) -> dict[Path, list[Passage]]:
    """Passages of all files, drawn at random from all that there are."""
    found = [
        (path, passage)
        for path in paths
        for passage in split_document(
            load_pdf(path, path.name),
            lambda texts: [len(text) // 4 + 1 for text in texts],
            MAX_TOKENS,
        )
    ]
    chosen: dict[Path, list[Passage]] = defaultdict(list)
    for path, passage in random.Random(SEED).sample(found, min(count, len(found))):  # noqa: S311
        chosen[path].append(passage)
    return chosen


class Reader:
    """What stands inside boxes on the pages of a file, by pdfium alone."""

    def __init__(self, path: Path) -> None:
        self._document = pypdfium2.PdfDocument(path)
        self._letters = lru_cache(self._read)

    def letters(self, number: int) -> list[Letter]:
        """The characters of a page, from 1."""
        return self._letters(number)

    def text(self, boxes: Iterable[Box]) -> str:
        """The characters whose middle is in a box, box by box, each once."""
        seen: set[tuple[int, int]] = set()
        text = ""
        for box in boxes:
            (left, low), (right, high) = self._corners(box)
            for index, (letter, x, y) in enumerate(self._letters(box.page)):
                if left <= x <= right and low <= y <= high and (box.page, index) not in seen:
                    seen.add((box.page, index))
                    text += letter
        return text

    def _corners(self, box: Box) -> tuple[tuple[float, float], tuple[float, float]]:
        xs, ys = [], []
        page = self._document[box.page - 1]
        for across, down in ((box.left, box.top), (box.right, box.bottom)):
            x, y = pdfium.c_double(), pdfium.c_double()
            place = round(across * UNIT), round(down * UNIT)
            pdfium.FPDF_DeviceToPage(page, 0, 0, UNIT, UNIT, 0, *place, x, y)
            xs.append(x.value)
            ys.append(y.value)
        return (min(xs), min(ys)), (max(xs), max(ys))

    def _read(self, number: int) -> list[Letter]:
        text = self._document[number - 1].get_textpage()
        letters = []
        for index in range(text.count_chars()):
            left, low, right, high = text.get_charbox(index)
            letter = chr(pdfium.FPDFText_GetUnicode(text, index))
            letters.append((letter, (left + right) / 2, (low + high) / 2))
        return letters


def plain(text: str) -> str:
    """A text without white space, hyphens, bullets and the lines between cells."""
    return "".join(
        one
        for one in unicodedata.normalize("NFKC", text)
        if not one.isspace()
        and unicodedata.category(one) not in {"Pd", "Cc", "Cf", "Cn", "Co"}
        and one not in "|•●■▪◆➢➤✓✔❖►‣∙−"
    )


def failure(wanted: str, found: str) -> str:
    """What is wrong with a text that was read back."""
    if not found:
        return "not found"
    if Counter(wanted) == Counter(found):
        return "in another order"
    if Counter(wanted) <= Counter(found):
        return "more than was quoted"
    return "less than was quoted" if Counter(found) <= Counter(wanted) else "something else"


def measure(path: Path, passages: Iterable[Passage], viewer: PageViewer, into: Measured) -> None:
    """Ask for the boxes of each passage and of its middle sentence, and read them back."""
    reader = Reader(path)
    drawn: set[int] = set()
    for passage in passages:
        numbers = [page.number for page in passage.pages]
        sentence = passage.sentences[len(passage.sentences) // 2]
        part = (sentence.start - passage.start, sentence.end - passage.start)
        for order in ("first", "following"):
            began = time.perf_counter()
            marks = viewer.boxes(path, numbers, passage.text, [part])
            is_known = order == "first" and drawn.issuperset(numbers)
            into.seconds["following" if is_known else order].append(time.perf_counter() - began)
        drawn |= set(numbers)
        began = time.perf_counter()
        viewer.draw(path, numbers[0], WIDTH)
        into.seconds["draw"].append(time.perf_counter() - began)
        kind = "tables" if CELLS in passage.text else "text"
        if len(numbers) > 1:
            kind = "over a page break"
        for name, wanted, boxes in (
            (kind, passage.text, marks.whole),
            (SENTENCES, passage.text[slice(*part)], marks.parts[0]),
        ):
            _judge(into, name, wanted, reader.text(boxes), f"{path.stem} {numbers}")


def _judge(into: Measured, kind: str, wanted: str, found: str, where: str) -> None:
    into.asked[kind] += 1
    if plain(wanted) == plain(found):
        into.right[kind] += 1
        return
    why = failure(plain(wanted), plain(found))
    if kind != SENTENCES:
        into.wrong[why] += 1
    into.bad.append(f"{where} {kind}: {why}\n  quoted {wanted!r}\n  boxed  {found!r}")


def _rows(measured: Measured) -> Iterator[str]:
    yield "| quotes | | boxed exactly |"
    yield "|---|---:|---:|"

    def row(kind: str) -> str:
        share = measured.right[kind] / measured.asked[kind]
        return f"| {kind} | {measured.asked[kind]} | {share:.3f} |"

    kinds = [kind for kind in measured.asked if kind != SENTENCES]
    whole, right = (
        sum(counts[kind] for kind in kinds) for counts in (measured.asked, measured.right)
    )
    for kind in sorted(kinds):
        yield row(kind)
    yield f"| **all**, to reach: 0.95 | {whole} | **{right / whole:.3f}** |"
    yield row(SENTENCES)
    yield ""
    listed = ", ".join(f"{why} {count}" for why, count in measured.wrong.most_common())
    yield f"What was wrong: {listed or 'nothing'}."
    yield ""
    yield "| request | median | 95 % of them under |"
    yield "|---|---:|---:|"
    names = {
        "start": "the first of all, the process being started",
        "first": "boxes of a passage, on pages not seen before",
        "following": "boxes of a passage, on pages seen before",
        "draw": f"a page, {WIDTH:,} pixels wide",
    }
    for name, meaning in names.items():
        times = sorted(measured.seconds[name])
        late = times[int(0.95 * len(times))]
        yield f"| {meaning} | {1000 * median(times):.0f} ms | {1000 * late:.0f} ms |"


def main() -> None:
    """Measure, print, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--count", type=int, default=300, help="of passages; others than 300 only print"
    )
    parser.add_argument("--details", action="store_true", help="print what went wrong, too")
    arguments = parser.parse_args()
    paths = sorted(PDFS.glob("*.pdf"))
    if not paths:
        raise SystemExit(f"no PDFs in {PDFS} (see benchmarks/README.md)")
    chosen = sampled(paths, arguments.count)
    measured = Measured()
    with PageViewer() as viewer:
        began = time.perf_counter()
        viewer.draw(paths[0], 1, WIDTH)
        measured.seconds["start"].append(time.perf_counter() - began)
        for path, passages in sorted(chosen.items()):
            measure(path, passages, viewer, measured)
    lines = list(_rows(measured))
    print("\n".join(lines))
    if arguments.details:
        print("\n".join(measured.bad))
    if arguments.count == parser.get_default("count"):
        heading = (
            "## Quotes on their pages\n\nMade by `python -m benchmarks.pdf.page_boxes`: passages of"
        )
        about = f"{heading} the shared PDFs, seed {SEED}; what is boxed is read back by pdfium."
        save_section("page_boxes", "\n".join((about, "", *lines)))


if __name__ == "__main__":
    main()
