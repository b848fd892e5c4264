"""Tables of every format, from the file to ``Quote.context``: a quoted row can be understood."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from itertools import count, cycle
from pathlib import Path

import docx
import pytest
from conftest import blocks
from docx.oxml import OxmlElement
from fpdf import FPDF

from qa_bot import answer, build_index, open_index
from qa_bot.building.passages import split_document
from qa_bot.loaders import load_document
from qa_bot.loaders.captions import caption_of
from qa_bot.loaders.table_shape import first_row_is, kind_of
from qa_bot.models.embedding import SentenceTransformerEmbedder
from qa_bot.records import Document, Passage

CAPTION = "Table 4. Water birds counted in the reserve"
HEADER = ["Bird", "Lake", "Spring", "Autumn", "Keeper"]
BIRDS = "heron stork crane coot egret".split()
KEEPERS = "Ann Bob Eve Ivy Joe Kim".split()
ROWS = [
    [f"{BIRDS[i % 5]} {i}", f"Lake {i % 7}", f"{100 + i}", f"{200 + i}" * (i % 9 < 8), keeper]
    for i, keeper in zip(range(60), cycle(KEEPERS), strict=False)
]
BEFORE = "The reserve has been counted every year since the dam was built by the village. " * 3
AFTER = "Nobody has counted the frogs, although there are many, because they hide too well. " * 3


def html(path: Path) -> None:
    path.write_text(f"<title>Birds</title><body>{_body()}", encoding="utf-8")


def _body() -> str:
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in ROWS)
    head = "".join(f"<th>{cell}</th>" for cell in HEADER)
    return (
        f"<p>{BEFORE}</p><table><caption>{CAPTION}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table><p>{AFTER}</p>"
    )


def epub(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as book:
        book.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="book.opf"/></rootfiles></container>',
        )
        book.writestr(
            "book.opf",
            '<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="a" href="a.xhtml"'
            ' media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/></spine>'
            "</package>",
        )
        book.writestr(
            "a.xhtml", f'<html xmlns="http://www.w3.org/1999/xhtml"><body>{_body()}</body></html>'
        )


def markdown(path: Path) -> None:
    lines = [HEADER, ["---"] * len(HEADER), *ROWS]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    path.write_text(f"{BEFORE}\n\n{CAPTION}\n\n{table}\n\n{AFTER}\n", encoding="utf-8")


def table_file(path: Path) -> None:
    lines = [[CAPTION], HEADER, *ROWS]
    path.write_text("\n".join(";".join(line) for line in lines), encoding="utf-8")


def word(path: Path) -> None:
    file = docx.Document()
    file.add_paragraph(BEFORE)
    file.add_paragraph(CAPTION, "Caption")
    table = file.add_table(len(ROWS) + 1, len(HEADER))
    for cells, texts in zip(table.rows, [HEADER, *ROWS], strict=True):
        for cell, text in zip(cells.cells, texts, strict=True):
            cell.text = text
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    file.add_paragraph(AFTER)
    file.save(str(path))


def pdf(path: Path) -> None:
    file = FPDF()
    file.set_font("Times", "", 11)
    file.add_page()
    file.multi_cell(0, text=BEFORE, new_x="LMARGIN", new_y="NEXT")
    file.ln(6)
    file.cell(text=CAPTION, new_x="LMARGIN", new_y="NEXT")
    file.ln(2)
    with file.table([HEADER, *ROWS]):
        pass
    file.ln(6)
    file.multi_cell(0, text=AFTER, new_x="LMARGIN", new_y="NEXT")
    file.output(str(path))


FORMATS: dict[str, Callable[[Path], None]] = {
    "html": html,
    "epub": epub,
    "md": markdown,
    "csv": table_file,
    "docx": word,
    "pdf": pdf,
}


def count_tokens(texts: list[str] | tuple[str, ...]) -> list[int]:
    return [len(text.split()) for text in texts]


@pytest.fixture(params=FORMATS)
def document(request: pytest.FixtureRequest, tmp_path: Path) -> Document:
    """A document with the table of birds, in each format."""
    path = tmp_path / f"birds.{request.param}"
    FORMATS[request.param](path)
    return load_document(path, path.name)


def passages_of(document: Document) -> list[Passage]:
    """The passages of a model that reads sixty words."""
    return split_document(document, lambda texts: count_tokens([*texts]), 60)


def context(document: Document, passage: Passage) -> str:
    return "\n".join(document.text[start:end] for start, end in passage.context)


def shown(row: list[str], document: Document) -> str:
    """A row as it reads in a document."""
    if document.id.endswith(".csv"):
        named = zip(HEADER, row, strict=True)
        return " | ".join(f"{name}: {cell}" for name, cell in named if cell)
    return " | ".join(row)


def test_every_part_of_the_table_is_known_for_what_it_is(document: Document) -> None:
    assert blocks(document, "caption") == [CAPTION]
    assert set(blocks(document, "table_header")) == {" | ".join(HEADER)}
    assert blocks(document, "table_row") == [shown(row, document) for row in ROWS]
    assert len(blocks(document, "paragraph")) in (0, 2)


def test_each_row_is_whole_in_exactly_one_passage(document: Document) -> None:
    passages = passages_of(document)
    for row in ROWS:
        line = shown(row, document)
        assert sum(line in passage.text.split("\n") for passage in passages) == 1


def test_each_passage_of_rows_has_or_names_the_header_and_the_caption(document: Document) -> None:
    header = " | ".join(HEADER)
    rows = {shown(row, document) for row in ROWS}
    held = 0
    for passage in passages_of(document):
        if rows.isdisjoint(passage.text.split("\n")):
            assert not passage.context
            continue
        held += 1
        around = f"{context(document, passage)}\n{passage.text}".split("\n")
        row = next(number for number, line in enumerate(around) if line in rows)
        assert {CAPTION, header} <= set(around[:row])
    assert held > 5


def test_a_table_counts_as_part_of_the_paragraph_before_it(document: Document) -> None:
    passages = passages_of(document)
    of_rows = [passage for passage in passages if " | " in passage.text]
    assert {passage.paragraph for passage in of_rows} == {1}
    if not document.id.endswith(".csv"):
        assert passages[-1].text.startswith("Nobody")
        assert passages[-1].paragraph == 2


def test_an_answer_shows_the_header_and_caption_of_the_row_it_marks(
    tmp_path: Path, model: SentenceTransformerEmbedder
) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    html(documents / "birds.html")
    build_index(documents, tmp_path / "index", model=model)
    with open_index(tmp_path / "index", model=model) as index:
        found = answer("Who keeps crane 52 at Lake 3?", index)
        quote = found.quotes[0]
        text = index.document("birds.html").text
        marked = [text[start:end] for start, end in quote.sentences]
        assert " | ".join(ROWS[52]) in marked
        assert [text[start:end] for start, end in quote.context] == [CAPTION, " | ".join(HEADER)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Table 3. Birds", "table"),
        ("TABLE 3.01A", "table"),
        ("Table IV: Birds", "table"),
        ("Tabelle 2 – Vögel", "table"),
        ("Table A-1 Birds of the lake", "table"),
        ("Figure 2. A heron", "figure"),
        ("Fig. 2.1: A heron", "figure"),
        ("Table 3 shows birds.", ""),
        ("Figure 2 and Table 3 show birds.", ""),
        ("Tables are made of wood.", ""),
        ("Table of contents", ""),
        ("Table manners matter.", ""),
        ("table 3. Birds", ""),
        ("Figure 2. " + "A heron stands. " * 20, ""),
    ],
)
def test_a_caption_is_known_by_its_label(text: str, kind: str) -> None:
    assert caption_of(text) == kind


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("1,024", "number"),
        ("≥75%", "number"),
        ("$272 million", "number"),
        ("8 km", "number"),
        ("2024-01-31", "number"),
        ("–*", "nothing"),
        ("", "nothing"),
        ("Yes", "truth"),
        ("a@b.example", "address"),
        ("https://a.example/b", "address"),
        ("Lake 3", "text"),
        ("tea", "text"),
    ],
)
def test_what_a_cell_holds(cell: str, kind: str) -> None:
    assert kind_of(cell) == kind


def test_whether_the_first_row_is_a_header_does_not_depend_on_the_order_of_the_others() -> None:
    for table, shape in [
        (["Bird|Lake", "heron|12", "stork|14", "crane|11"], "header"),
        (["|North|South", "heron|a|b", "stork|c|d"], "header"),
        (["Bird|FY 2020|FY 2021", "heron|12|14", "stork|11|12"], "header"),
        (["Bird|Lake|Keeper", "heron|Blue|Ann", "stork|Red|Bob"], "unclear"),
        (["Name|Ann", "Age|30", "City|Rome"], "row"),
        (["heron|Blue|Ann", "stork|Red|Ann", "heron|Green|Eve"], "row"),
        (["1|2", "3|4"], "row"),
        (["Name:|Ann", "City:|Rome"], "row"),
    ]:
        first, *others = [line.split("|") for line in table]
        for _, turn in zip(count(), range(len(others)), strict=False):
            assert first_row_is([first, *others[turn:], *others[:turn]]) == shape
