"""Whatever a document holds: its spans keep their promises, and what was written is found."""

from __future__ import annotations

import csv
import html
import io
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from dataclasses import field as made_by
from email.message import EmailMessage
from pathlib import Path

import docx
import pytest
from fpdf import FPDF
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.upkeep.invariants import broken
from benchmarks.upkeep.zipping import zipped
from qa_bot.building.passages import split_document
from qa_bot.errors import UnreadableDocumentError
from qa_bot.loaders import load_document
from qa_bot.loaders.decoding import without_terminal_codes
from qa_bot.records import Block, Document, Page, PageSpan, Passage, Section, Sentence

Cells = list[list[str]]


@dataclass(frozen=True)
class Part:
    """A piece of a document, before it is written in some format."""

    kind: str  # heading, paragraph, list, table, odd
    texts: list[str]  # of a heading or paragraph one, of a list its items
    level: int = 1
    rows: Cells = made_by(default_factory=list)


LETTERS = "abdegklmnoprstuvwz"
PLAIN = st.text(LETTERS, min_size=1, max_size=12)
SCRIPTS = st.sampled_from(
    [
        "Müller",
        "naïve",
        "שלום",
        "עולם",
        "مرحبا",
        "獺在河裡睡覺",
        "カワウソ",
        "हिन्दी",
        "Ωμέγα",
        "Łódź",
    ]
)
LONG = st.sampled_from(["x" * 400, "獺" * 250, "ab" * 90])
MARKED = st.sampled_from(
    ["e.g.", "U.S.", "“Why?”", "(2019)", "3.14", "1,000", "end.", "Dr.", "§", "&", "…"]
)
WORD = PLAIN | PLAIN | SCRIPTS | MARKED | LONG
SENTENCE = st.lists(WORD, min_size=1, max_size=25).map(" ".join)
ODD = st.text(max_size=60) | st.sampled_from(
    ["\u202etfel\u202c", "\u200b\u00ad\ufeff", "\x01\x07\x1b[0m\x7f\x85", "\u2028\u2029",
     "e" + "\u0301" * 60, "🦦👩\u200d👧", "\ufffd\uffff", "=====", "| a | b |", "<b>&amp;</b>",
     "- ", "1. ", "\t\t", "...", "\f", "--"]
)  # fmt: skip


def parts(word: st.SearchStrategy[str], most: int = 12) -> st.SearchStrategy[list[Part]]:
    """Documents as lists of parts, their texts made of such words."""
    text = st.lists(word, min_size=1, max_size=30).map(" ".join)
    short = st.lists(word, min_size=1, max_size=4).map(" ".join)
    rows = st.integers(2, 4).flatmap(
        lambda n: st.lists(
            st.lists(short | st.just(""), min_size=n, max_size=n), min_size=1, max_size=5
        )
    )
    return st.lists(
        st.builds(Part, st.just("heading"), short.map(lambda one: [one]), st.integers(1, 6))
        | st.builds(Part, st.just("paragraph"), text.map(lambda one: [one]))
        | st.builds(Part, st.just("paragraph"), text.map(lambda one: [one]))
        | st.builds(Part, st.just("list"), st.lists(short, min_size=1, max_size=5))
        | st.builds(Part, st.just("table"), st.just([]), rows=rows)
        | st.builds(Part, st.just("odd"), ODD.map(lambda one: [one])),
        max_size=most,
    )


def count_words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def load(data: bytes, suffix: str) -> Document | None:
    """Read a file of these bytes; None where it holds no text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"made{suffix}"
        path.write_bytes(data)
        try:
            return load_document(path, path.name)
        except UnreadableDocumentError as error:
            allowed = (
                "contains no text",
                "the file is empty",
                "holds NUL",
                "not text in any known",
            )
            assert error.reason.startswith(allowed)  # noqa: PT017
            return None


def check(document: Document | None, most: int) -> None:
    """Every invariant, for passages of at most so many words."""
    if document is None:
        return
    passages = split_document(document, count_words, most)
    assert list(broken(document, passages)) == []
    for passage in passages:
        sizes = count_words([document.text[s.start : s.end] for s in passage.sentences])
        assert sum(sizes) <= most or len(sizes) == 1


def check_words(document: Document | None, given_parts: Sequence[Part]) -> None:
    """Every word of a paragraph is in the text."""
    for part in given_parts:
        if part.kind == "paragraph":
            text = document.text if document is not None else ""
            assert [word for word in part.texts[0].split() if word not in text] == []


def stable(examples: int) -> settings:
    """The same examples in every run."""
    return settings(max_examples=examples, derandomize=True)


MOST = st.sampled_from([3, 12, 60])


def as_text(given_parts: Sequence[Part]) -> bytes:
    lines: list[str] = []
    for part in given_parts:
        match part.kind:
            case "list":
                lines.append("\n".join(f"- {item}" for item in part.texts))
            case "table":
                lines.append("\n".join("   ".join(row) for row in part.rows))
            case _:
                lines += part.texts
    return "\n\n".join(lines).encode("utf-8", "replace")


@stable(100)
@given(parts(WORD), MOST)
def test_plain_text(given_parts: list[Part], most: int) -> None:
    data = as_text(given_parts)
    document = load(data, ".txt")
    check(document, most)
    if document is not None and b"\0" not in data:  # which may be UTF-16 without a mark
        kept = data.decode().replace("\r\n", "\n").replace("\r", "\n")
        assert document.text == without_terminal_codes(kept.removeprefix("\ufeff"))


def as_markdown(given_parts: Sequence[Part]) -> bytes:
    lines: list[str] = []
    for part in given_parts:
        match part.kind:
            case "heading":
                lines.append(f"{'#' * part.level} {part.texts[0]}")
            case "list":
                lines.append("\n".join(f"{i}. {item}" for i, item in enumerate(part.texts)))
            case "table":
                rows = [f"| {' | '.join(row)} |" for row in part.rows]
                rows.insert(1, "|" + " - |" * len(part.rows[0]))
                lines.append("\n".join(rows))
            case _:
                lines += part.texts
    return "\n\n".join(lines).encode("utf-8", "replace")


@stable(70)
@given(parts(WORD), MOST)
def test_markdown(given_parts: list[Part], most: int) -> None:
    document = load(as_markdown(given_parts), ".md")
    check(document, most)
    if not any(part.kind == "odd" for part in given_parts):  # which may begin markup
        check_words(document, given_parts)


@stable(70)
@given(st.lists(st.lists(SENTENCE | ODD | st.just(""), max_size=5), max_size=8), MOST)
def test_csv(rows: Cells, most: int) -> None:
    stream = io.StringIO()
    csv.writer(stream).writerows(rows)
    document = load(stream.getvalue().encode("utf-8", "replace"), ".csv")
    check(document, most)


@stable(70)
@given(st.lists(st.lists(SENTENCE, min_size=2, max_size=2), min_size=2, max_size=8))
def test_every_word_of_a_csv_is_kept(rows: Cells) -> None:
    stream = io.StringIO()
    csv.writer(stream).writerows(rows)
    document = load(stream.getvalue().encode(), ".csv")
    check_words(document, [Part("paragraph", [cell]) for row in rows for cell in row])


def as_html(given_parts: Sequence[Part], *, is_xml: bool = False) -> str:
    """The body of a page; of XML, without what it can't hold."""
    lines: list[str] = []
    for number, part in enumerate(given_parts):
        texts = [html.escape(text) for text in part.texts]
        if is_xml:
            texts = ["".join(c for c in text if c.isprintable()) for text in texts]
        match part.kind:
            case "heading":
                lines.append(f'<h{part.level} id="h{number}">{texts[0]}</h{part.level}>')
            case "list":
                lines.append(f"<ul>{''.join(f'<li>{text}</li>' for text in texts)}</ul>")
            case "table":
                cells = [[f"<td>{html.escape(cell)}</td>" for cell in row] for row in part.rows]
                rows = "".join(f"<tr>{''.join(row)}</tr>" for row in cells)
                lines.append(f"<table>{rows}</table>")
            case _:
                lines.append(f"<p>{texts[0]}</p>")
    return "".join(lines)


@stable(70)
@given(parts(WORD), MOST)
def test_html(given_parts: list[Part], most: int) -> None:
    page = f"<!DOCTYPE html><body>{as_html(given_parts)}</body>"
    document = load(page.encode("utf-8", "replace"), ".html")
    check(document, most)
    check_words(document, given_parts)


PAGE = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>{}</body></html>'


@stable(50)
@given(st.lists(parts(WORD, 6), min_size=1, max_size=3), MOST, st.booleans())
def test_epub(pages: list[list[Part]], most: int, with_contents: bool) -> None:
    items = "".join(
        f'<item id="p{i}" href="{i}.xhtml" media-type="application/xhtml+xml"/>'
        for i in range(len(pages))
    )
    order = "".join(f'<itemref idref="p{i}"/>' for i in range(len(pages)))
    links = "".join(
        f'<li><a href="{i}.xhtml#h{n}">{html.escape(part.texts[0])}</a></li>'
        for i, page in enumerate(pages)
        for n, part in enumerate(page)
        if part.kind == "heading"
    )
    nav = '<item id="n" href="n.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
    package = (
        f"<package><metadata/><manifest>{items}{nav if with_contents else ''}</manifest>"
        f"<spine>{order}</spine></package>"
    )
    members = {
        "mimetype": b"application/epub+zip",
        "META-INF/container.xml": b'<container><rootfile full-path="p.opf"/></container>',
        "p.opf": package.encode(),
        "n.xhtml": PAGE.format(f"<nav><ol>{links}</ol></nav>").encode(),
    }
    for i, page in enumerate(pages):
        members[f"{i}.xhtml"] = PAGE.format(as_html(page, is_xml=True)).encode("utf-8", "replace")
    document = load(zipped(members), ".epub")
    check(document, most)
    check_words(document, [part for page in pages for part in page])


def as_word(given_parts: Sequence[Part]) -> bytes:
    document = docx.Document()
    for part in given_parts:
        texts = ["".join(c for c in text if c.isprintable()) for text in part.texts]
        match part.kind:
            case "heading":
                document.add_heading(texts[0], part.level)
            case "list":
                for text in texts:
                    document.add_paragraph(text, "List Number")
            case "table":
                table = document.add_table(0, len(part.rows[0]))
                for row in part.rows:
                    for cell, text in zip(table.add_row().cells, row, strict=True):
                        cell.text = text
            case _:
                document.add_paragraph(texts[0])
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


@stable(18)
@given(parts(WORD, 8), MOST)
def test_word(given_parts: list[Part], most: int) -> None:
    document = load(as_word(given_parts), ".docx")
    check(document, most)
    check_words(document, given_parts)


def as_mail(given_parts: Sequence[Part], *, is_html: bool) -> bytes:
    mail = EmailMessage()
    mail["From"] = "Anna <anna@lake.example>"
    mail["Subject"] = "Herons"
    if is_html:
        mail.set_content(as_html(given_parts).encode("utf-8", "replace").decode(), subtype="html")
    else:
        mail.set_content(as_text(given_parts).decode())
    return mail.as_bytes()


@stable(60)
@given(parts(WORD), MOST, st.booleans())
def test_mail(given_parts: list[Part], most: int, is_html: bool) -> None:
    document = load(as_mail(given_parts, is_html=is_html), ".eml")
    check(document, most)
    if is_html or not any(part.kind == "odd" for part in given_parts):
        check_words(document, given_parts)


def as_pdf(given_parts: Sequence[Part]) -> bytes:
    pdf = FPDF()
    pdf.add_page()
    for part in given_parts:
        pdf.set_font("Times", "B" if part.kind == "heading" else "", 20 - 2 * part.level)
        texts = ["".join(c for c in text if c.isprintable()) for text in part.texts]
        texts = [text.encode("latin-1", "replace").decode("latin-1") for text in texts]
        match part.kind:
            case "heading":
                pdf.start_section(texts[0], part.level - 1, strict=False)
                pdf.multi_cell(0, text=texts[0], new_x="LMARGIN", new_y="NEXT")
            case "list":
                for text in texts:
                    pdf.multi_cell(0, text=f"- {text}", new_x="LMARGIN", new_y="NEXT")
            case "table":
                with pdf.table() as table:
                    for cells in part.rows:
                        row = table.row()
                        for cell in cells:
                            row.cell(cell)
            case _:
                pdf.multi_cell(0, text=texts[0], new_x="LMARGIN", new_y="NEXT")
                pdf.ln(4)
    return bytes(pdf.output())


@stable(50)
@given(parts(PLAIN), MOST)
def test_pdf(given_parts: list[Part], most: int) -> None:
    document = load(as_pdf(given_parts), ".pdf")
    check(document, most)
    if not any(part.kind == "odd" for part in given_parts):
        check_words(document, given_parts)


TEXT = "Herons\n\nThey wait. Then they strike.\n\nSee the otters"
WHOLE = Document(
    id="a.txt",
    title="Herons",
    text=TEXT,
    sections=(Section((), 0, len(TEXT)), Section(("Herons",), 0, len(TEXT))),
    blocks=(Block("heading", 0, 6), Block("paragraph", 8, 36), Block("link", 38, len(TEXT))),
    pages=(PageSpan(Page("1", 1), 0, 20), PageSpan(Page("2", 2), 20, len(TEXT))),
)
(PASSAGE,) = split_document(WHOLE, count_words, 60)

HEADING, PROSE, LINK = WHOLE.blocks
ROOT = WHOLE.sections[0]


def sections(*spans: tuple[str, int, int]) -> Document:
    """The document with these sections under the whole."""
    made = (Section(tuple(path.split("/")), start, end) for path, start, end in spans)
    return replace(WHOLE, sections=(ROOT, *made))


def forged(document: Document, **values: str) -> Document:
    """A document that its own class would not have made so."""
    other = replace(document)
    for name, value in values.items():
        object.__setattr__(other, name, value)
    return other


Wrong = tuple[Document, Passage]
WRONG: dict[str, Wrong] = {
    "not the whole": (replace(WHOLE, sections=(Section((), 0, 3),)), PASSAGE),
    "cross": (sections(("a", 0, 36), ("a/b", 8, 40)), PASSAGE),
    "enclosing": (sections(("a", 0, len(TEXT)), ("b", 8, len(TEXT))), PASSAGE),
    "inside Block": (sections(("b", 9, len(TEXT))), PASSAGE),
    "in no block": (replace(WHOLE, blocks=(PROSE, LINK)), PASSAGE),
    "a block out of order": (replace(WHOLE, blocks=(LINK, PROSE, HEADING)), PASSAGE),
    "edge": (replace(WHOLE, blocks=(HEADING, Block("paragraph", 7, 36), LINK)), PASSAGE),
    "on no page": (replace(WHOLE, pages=WHOLE.pages[1:]), PASSAGE),
    "after the last page": (replace(WHOLE, pages=WHOLE.pages[:1]), PASSAGE),
    "a page out of order": (replace(WHOLE, pages=WHOLE.pages[::-1]), PASSAGE),
    "other pages": (WHOLE, replace(PASSAGE, pages=())),
    "its part of the text": (WHOLE, replace(PASSAGE, text="They wait")),
    "stands in": (WHOLE, replace(PASSAGE, section=())),
    "a heading in a passage": (WHOLE, replace(PASSAGE, start=0, text=TEXT[:36])),
    "a link in a passage": (WHOLE, replace(PASSAGE, end=len(TEXT), text=TEXT[8:])),
    "in no passage": (WHOLE, replace(PASSAGE, end=18, text=TEXT[8:18])),
    "in no sentence": (WHOLE, replace(PASSAGE, sentences=PASSAGE.sentences[:1])),
    "out of the passage": (WHOLE, replace(PASSAGE, sentences=(Sentence(0, 36, 1),))),
    "does not stand before": (WHOLE, replace(PASSAGE, context=((38, 40),))),
    "from inside": (WHOLE, replace(PASSAGE, context=((8, 10),))),
    "no title": (replace(WHOLE, title="x" * 900), PASSAGE),
    "not valid text": (forged(WHOLE, title="\ud800"), PASSAGE),
    "the warning": (replace(WHOLE, warnings=("ValueError: x",)), PASSAGE),
}


def test_a_document_that_keeps_its_promises_passes() -> None:
    assert list(broken(WHOLE, [PASSAGE])) == []


@pytest.mark.parametrize("what", WRONG)
def test_every_broken_promise_is_noticed(what: str) -> None:
    """Or the tests above could not fail."""
    document, passage = WRONG[what]
    assert any(what in why for why in broken(document, [passage]))


def test_no_white_space_stands_at_the_edge_of_a_row_with_empty_cells() -> None:
    rows = [["Year", "Nests", "Young"], ["", "14", "31"], ["2022", "17", ""], ["", "9", ""]]
    document = load(as_pdf([Part("table", [], rows=rows)]), ".pdf")
    assert document is not None
    shown = [document.text[block.start : block.end] for block in document.blocks]
    assert shown[1:] == ["| 14 | 31", "2022 | 17", "| 9"]
    check(document, 60)


@given(st.text(st.characters(), max_size=80), st.text(st.characters(), max_size=20))
def test_whatever_a_loader_makes_a_document_of_it_is_valid_unicode(text: str, heading: str) -> None:
    whole = Section((), 0, len(text))
    document = Document("a.txt", heading, text, (whole, replace(whole, path=(heading,))), ())
    assert len(document.text) == len(text)
    for made, given_text in ((document.text, text), (document.sections[1].path[0], heading)):
        made.encode()
        assert all(a in (b, "\ufffd") for a, b in zip(made, given_text, strict=True))


@pytest.mark.parametrize("suffix", [".txt", ".md", ".html", ".csv"])
@settings(max_examples=50)
@given(text=st.text(st.characters(), max_size=200))
def test_arbitrary_code_points_are_read_or_refused(suffix: str, text: str) -> None:
    document = load(text.encode("utf-8", "surrogatepass"), suffix)
    check(document, 60)
    if document is not None:
        document.text.encode()
