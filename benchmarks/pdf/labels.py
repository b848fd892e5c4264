"""Printed page labels: PDFs made here whose pages say which label they bear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import PageLabelStyle

from qa_bot.building.passages import split_document
from qa_bot.loaders.pdf.load import load_pdf
from qa_bot.records import Citation

ROMAN = "i ii iii iv v vi vii viii ix x xi xii".split()
PROSE = (
    "The ferry left the harbour before dawn and crossed the strait in four hours. "
    "Its captain kept a diary of the weather, which the museum has printed in full. "
)


@dataclass(frozen=True, slots=True)
class Numbering:
    """How a made document is numbered: the label of each page, and where the label is said."""

    name: str
    labels: tuple[str, ...]
    breaks: tuple[tuple[int, PageLabelStyle, str, int], ...] = ()  # index, style, prefix, start
    footer: str = ""  # with {} for the label; empty: nothing is printed


def numberings() -> list[Numbering]:
    """Roman front matter, offset starts, prefixes; as page labels, printed, or both."""
    front = (*ROMAN[:6], *map(str, range(1, 15)))
    offset = tuple(map(str, range(101, 121)))
    annex = (*map(str, range(1, 13)), *(f"A-{n}" for n in range(1, 9)))
    roman, decimal = PageLabelStyle.LOWER_ROMAN, PageLabelStyle.NUMBER
    front_breaks = ((0, roman, "", 1), (6, decimal, "", 1))
    return [
        Numbering("roman front matter, labels", front, front_breaks),
        Numbering("roman front matter, labels and footer", front, front_breaks, "{}"),
        Numbering("roman front matter, footer only", front, footer="{}"),
        Numbering("roman front matter, footer only, in words", front, footer="Page {}"),
        Numbering("starts at 101, labels", offset, ((0, decimal, "", 101),)),
        Numbering("starts at 101, footer only", offset, footer="- {} -"),
        Numbering(
            "annex A-1 …, labels", annex, ((0, decimal, "", 1), (12, decimal, "A-", 1)), "{}"
        ),
    ]


def make(numbering: Numbering, file: Path) -> None:
    """Write the PDF: each page holds sentences of its own that go on over the page's end."""
    pdf = FPDF()
    pdf.set_auto_page_break(auto=False)
    breaks = {index: (style, prefix, start) for index, style, prefix, start in numbering.breaks}
    for index, label in enumerate(numbering.labels):
        pdf.add_page()
        if index in breaks:
            style, prefix, start = breaks[index]
            pdf.set_page_label(style, prefix or None, start)
        pdf.set_font("Times", "", 11)
        for paragraph in range(4):
            pdf.set_xy(20, 25 + 45 * paragraph)
            pdf.multi_cell(165, 5, f"This is leaf {index + 1} of the diary. {_prose(index)}")
        if numbering.footer:
            pdf.set_font("Times", "", 9)
            pdf.text(100, 285, numbering.footer.format(label))
    pdf.output(str(file))


def _prose(index: int) -> str:
    """Three times the prose, begun elsewhere on each page: equal first lines would be headers."""
    words = PROSE.split() * 3
    start = 5 * index % len(words)
    return " ".join((*words[start:], *words[:start]))


def score(folder: Path) -> tuple[int, int, str, list[str]]:
    """Passages, those with the right label, a citation as an example, and what went wrong."""
    asked = right = 0
    example, bad = "", []
    for number, numbering in enumerate(numberings()):
        file = folder / f"labels-{number}.pdf"
        make(numbering, file)
        document = load_pdf(file, file.name)
        for passage in split_document(document, _tokens, 200):
            page = passage.pages[0]
            leaf = int(passage.text.split("This is leaf ")[1].split()[0])
            citation = str(Citation.of(passage, document.digest))
            asked += 1
            if page.label == numbering.labels[leaf - 1] and _named(numbering, leaf) in citation:
                right += 1
            else:
                bad.append(f"{numbering.name}, leaf {leaf}: {citation}")
            if not example and page.label == "iv":
                example = citation.rpartition(", ")[2]
    return asked, right, example, bad


def _named(numbering: Numbering, leaf: int) -> str:
    label, count = numbering.labels[leaf - 1], len(numbering.labels)
    return f"{leaf}" if label == str(leaf) else f"{label} ({leaf} of {count})"


def _tokens(texts: Sequence[str]) -> list[int]:
    return [len(text) // 4 + 1 for text in texts]
