"""Quote sheets: each form is read back by its own reader, and holds the quotes as they are."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import docx
import pytest
from docx.enum.text import WD_COLOR_INDEX
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from quoting import HARD_TEXTS, block_quotes, held, quote_of, shown, uncelled

from qa_bot.errors import UsageError
from qa_bot.keeping.quote_sheet import Form, Sheet, make_quote_sheet
from qa_bot.records import Answer, Quote, Span

MADE = datetime(2026, 11, 5, 14, 20, tzinfo=UTC)
FORMS: tuple[Form, ...] = ("markdown", "csv", "docx")


def answer_of(*quotes: Quote, question: str = "Why?") -> Answer:
    return Answer(question, bool(quotes), 0.934 if quotes else 0.125, (), quotes)


def markdown_of(answers: Sequence[Answer], **options: object) -> str:
    sheet = make_quote_sheet(answers, "markdown", made=MADE, **options)  # type: ignore[arg-type]
    return sheet.content.decode("utf-8")


def rows_of(answers: Sequence[Answer], **options: object) -> list[dict[str, str]]:
    sheet = make_quote_sheet(answers, "csv", made=MADE, **options)  # type: ignore[arg-type]
    text = io.StringIO(sheet.content.decode("utf-8-sig"), newline="")
    return list(csv.DictReader(text, strict=True))


def paragraphs_of(answers: Sequence[Answer], **options: object) -> list[docx.text.Paragraph]:
    sheet = make_quote_sheet(answers, "docx", made=MADE, **options)  # type: ignore[arg-type]
    return list(docx.Document(io.BytesIO(sheet.content)).paragraphs)


def quoted(paragraphs: Sequence[docx.text.Paragraph]) -> list[docx.text.Paragraph]:
    return [one for one in paragraphs if one.style.name == "Quote"]


NOT_IN_XML = "[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]"


@pytest.mark.parametrize("text", HARD_TEXTS)
def test_a_quote_read_back_from_markdown_is_the_quote_with_its_sentence_bold(text: str) -> None:
    letters = [at for at, character in enumerate(text) if character.isalnum()]
    start, end = letters[0], letters[-1] + 1
    (block,) = block_quotes(markdown_of([answer_of(quote_of(text, [(start, end)]))]))
    assert shown(block[0]) == (f"“{held(text)}”", ((start + 1, end + 1),))
    noted = "".join(shown(one)[0] for one in block[2:])
    assert noted.startswith("\ufffd stands for what Markdown can't hold: U+") == (
        held(text) != text
    )


@pytest.mark.parametrize("text", HARD_TEXTS)
def test_a_quote_read_back_from_csv_is_the_quote(text: str) -> None:
    marked = [(0, 3), (4, 6)]
    (row,) = rows_of([answer_of(quote_of(text, marked))])
    written = re.sub("[\ud800-\udfff]", "\ufffd", text)
    assert uncelled(row["quote"]) == written
    assert uncelled(row["answering_sentence"]) == written[0:3]
    assert uncelled(row["second_answering_sentence"]) == written[4:6]
    assert ("U+D83D" in row["note"]) == (written != text)
    apostrophe = row["quote"] != written
    assert ("An apostrophe" in row["note"] and " quote" in row["note"]) == apostrophe


@pytest.mark.parametrize("text", HARD_TEXTS)
def test_a_quote_read_back_from_a_word_file_is_the_quote_with_its_sentence_marked(
    text: str,
) -> None:
    start, end = len(text) // 3, len(text) * 2 // 3
    paragraphs = paragraphs_of([answer_of(quote_of(text, [(start, end)]))])
    (paragraph,) = quoted(paragraphs)
    can_hold = re.sub(NOT_IN_XML, "\ufffd", text)
    assert paragraph.text == can_hold
    marked = [run for run in paragraph.runs if run.bold]
    assert "".join(run.text for run in marked) == can_hold[start:end]
    assert all(run.font.highlight_color == WD_COLOR_INDEX.YELLOW for run in marked)
    notes = [one.text for one in paragraphs if "can't hold" in one.text]
    assert len(notes) == (can_hold != text)


@settings(max_examples=30)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text_comes_back_from_every_form(text: str) -> None:
    answers = [answer_of(quote_of(text, [(0, len(text))]))]
    (block,) = block_quotes(markdown_of(answers))
    assert shown(block[0])[0] == f"“{held(text)}”"
    assert uncelled(rows_of(answers)[0]["quote"]) == text
    (paragraph,) = quoted(paragraphs_of(answers))
    assert paragraph.text == re.sub(NOT_IN_XML, "\ufffd", text)


@given(st.text("'=+-@a\t\n ＝"))
def test_no_cell_begins_like_a_formula_and_each_can_be_told_back(text: str) -> None:
    (row,) = rows_of([answer_of(quote_of(text), question=text)], title=text, link=lambda _: text)
    for name in ("quote", "question", "link", "sheet"):
        assert uncelled(row[name]) == text
    assert not any(cell[:1] and cell[0] in "=+-@\t\r\n＝＋－＠" for cell in row.values())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text", HARD_TEXTS)
def test_hard_text_anywhere_else_never_fails(form: Form, text: str) -> None:
    sheet = make_quote_sheet(
        [answer_of(quote_of(text), question=text), answer_of(question=text)],
        form,
        made=MADE,
        title=text * 20,
        link=lambda _: text,
        context=lambda _: [text],
    )
    assert re.fullmatch(r"[a-z0-9-]{1,77}\.(md|csv|docx)", sheet.name)
    if form == "markdown":
        sheet.content.decode()
    if form == "docx":
        docx.Document(io.BytesIO(sheet.content))


CONVERSATION = [
    answer_of(
        quote_of("First. It is so. Last.", [(7, 16)]),
        quote_of("Also\nso.", stale=True),
        question="Is it # so?",
    ),
    answer_of(question="Who knows?"),
]
OPTIONS = {
    "title": "My *notes*",
    "link": lambda citation: f"/source?at={citation.start}&to={citation.end}",
    "context": lambda quote: ["Lead-in:", "| head |"] if quote.stale else [],
}
WHERE = "Notes › A › B, ¶ 2, p. iv (6 of 107)"


def test_markdown_shows_title_time_questions_quotes_places_and_what_is_not_found() -> None:
    told, links, level = [], [], ""
    for token in MarkdownIt("commonmark").parse(markdown_of(CONVERSATION, **OPTIONS)):
        if token.type.endswith("_open"):
            level = "quote" if token.type == "blockquote_open" else level
            level = token.tag if token.type == "heading_open" else level
        if token.type in {"blockquote_close", "heading_close"}:
            level = ""
        if token.type == "inline":
            told.append((level, shown(token)[0]))
            links += [one.attrGet("href") for one in token.children or [] if one.attrs]
    assert told == [
        ("h1", "My *notes*"),
        ("", "Made 2026-11-05 14:20 UTC"),
        ("h2", "1. Is it # so?"),
        ("", "Sure. Confidence 0.93"),
        ("quote", "“First. It is so. Last.”"),
        ("quote", f"— {WHERE} (notes/a.pdf)"),
        ("", "Context: “Lead-in:”"),
        ("", "Context: “| head |”"),
        ("quote", "“Also\nso.”"),
        ("quote", f"— {WHERE} (notes/a.pdf)"),
        ("", "Changed since indexed"),
        ("h2", "2. Who knows?"),
        ("", "Nothing here answers this clearly."),
    ]
    assert links == ["/source?at=100&to=122", "/source?at=100&to=108"]


def test_a_word_file_shows_title_time_questions_quotes_places_and_what_is_not_found() -> None:
    paragraphs = paragraphs_of(CONVERSATION, **OPTIONS)
    assert [(one.style.name, one.text) for one in paragraphs] == [
        ("Title", "My *notes*"),
        ("Normal", "Made 2026-11-05 14:20 UTC"),
        ("Heading 1", "1. Is it # so?"),
        ("Normal", "Sure. Confidence 0.93"),
        ("Quote", "First. It is so. Last."),
        ("Normal", f"— {WHERE} (notes/a.pdf)"),
        ("Normal", "/source?at=100&to=122"),
        ("Normal", "Context: “Lead-in:”"),
        ("Normal", "Context: “| head |”"),
        ("Quote", "Also\nso."),
        ("Normal", f"— {WHERE} (notes/a.pdf)"),
        ("Normal", "/source?at=100&to=108"),
        ("Normal", "Changed since indexed"),
        ("Heading 1", "2. Who knows?"),
        ("Normal", "Nothing here answers this clearly."),
    ]
    assert [run.text for run in paragraphs[4].runs if run.bold] == ["It is so."]


def test_csv_has_a_line_for_each_quote_and_each_question_without() -> None:
    first, second, third = rows_of(CONVERSATION, **OPTIONS)
    assert first == {
        "number": "1",
        "question": "Is it # so?",
        "found": "yes",
        "confidence": "0.9340",
        "place": "1",
        "quote": "First. It is so. Last.",
        "answering_sentence": "It is so.",
        "second_answering_sentence": "",
        "answering_row": "",
        "answering_column": "",
        "answering_cell": "",
        "table": "",
        "context": "",
        "citation": WHERE,
        "document": "notes/a.pdf",
        "link": "/source?at=100&to=122",
        "changed_since_indexed": "no",
        "note": "",
        "sheet": "My *notes*",
        "made": "2026-11-05 14:20 UTC",
    }
    assert (second["place"], second["quote"]) == ("2", "Also\nso.")
    assert (second["context"], second["changed_since_indexed"]) == ("Lead-in:\n\n| head |", "yes")
    assert (third["number"], third["found"], third["quote"]) == ("2", "no", "")
    assert third["note"] == "Nothing here answers this clearly."


def test_text_from_right_to_left_is_set_so_in_a_word_file() -> None:
    texts = ["123 שלום (abc)", "مرحبا", "abc שלום", "123"]
    paragraphs = quoted(paragraphs_of([answer_of(quote_of(text, [(0, 3)])) for text in texts]))
    from_right = [one._p.pPr.find(qn("w:bidi")) is not None for one in paragraphs]
    assert from_right == [True, True, False, False]
    assert [bool(one.runs[0].font.rtl) for one in paragraphs] == from_right
    assert all(one.runs[0].font.cs_bold for one in paragraphs)


def test_a_file_says_what_it_is_and_when_it_was_made() -> None:
    sheets = [make_quote_sheet([], form, made=MADE, title="../Über: Notes/") for form in FORMS]
    assert [sheet.name for sheet in sheets] == [
        f"uber-notes-2026-11-05-1420.{suffix}" for suffix in ("md", "csv", "docx")
    ]
    assert [sheet.media_type.split(";")[0].split("/")[0] for sheet in sheets] == [
        "text",
        "text",
        "application",
    ]
    east = MADE.astimezone(timezone(timedelta(hours=2)))
    word = make_quote_sheet([], "docx", made=east, title="日本" * 200)
    assert word.name == "quote-sheet-2026-11-05-1620.docx"
    properties = docx.Document(io.BytesIO(word.content)).core_properties
    assert (properties.created, properties.modified) == (MADE, MADE)
    assert properties.title == ("日本" * 200)[:255]
    assert zipfile.ZipFile(io.BytesIO(word.content)).testzip() is None


def test_touching_sentences_are_marked_as_one_in_markdown_and_kept_apart_in_csv() -> None:
    spans: list[Span] = [(5, 9), (0, 5)]
    answers = [answer_of(quote_of("One. Two. Three.", spans))]
    (block,) = block_quotes(markdown_of(answers))
    assert shown(block[0])[1] == ((1, 10),)
    (row,) = rows_of(answers)
    assert (row["answering_sentence"], row["second_answering_sentence"]) == ("One. ", "Two.")
    (paragraph,) = quoted(paragraphs_of(answers))
    assert "".join(run.text for run in paragraph.runs if run.bold) == "One. Two."


def test_an_unknown_form_is_a_wrong_call() -> None:
    make: Callable[..., Sheet] = make_quote_sheet
    with pytest.raises(UsageError, match="no form 'pdf': name markdown, csv, docx"):
        make([], "pdf", made=MADE)


GERMAN = "Die Bibliothek ist montags geschlossen, an den übrigen Tagen öffnet sie um neun Uhr."
TOLD = [
    "This may answer it: confidence 0.40. Searched for “library” and “Monday”, too. "
    "No document mentions: quux. Nothing here mentions: 2.2.",
    "Sure. Confidence 0.93. Searched for “library” and “Monday”, too.",
]


def told_answers() -> list[Answer]:
    plain = quote_of(GERMAN)
    quote = replace(plain, passage=replace(plain.passage, language="de"))
    asked = "When does the libary open, and what is the quux under clause 2.2 of its rules?"
    found = replace(
        answer_of(quote, question=asked), searched_too=("library", "Monday"), reader="any"
    )
    may = replace(
        found, found=False, confidence=0.4, missing=("quux", "2.2"), unknown_words=("quux",)
    )
    return [may, found]


def test_every_form_says_what_is_missing_what_was_searched_for_and_the_other_language() -> None:
    answers = told_answers()
    assert [answer.verdict for answer in answers] == ["possible", "answered"]
    markdown = MarkdownIt("commonmark").parse(markdown_of(answers))
    blocks = [shown(token)[0] for token in markdown if token.type == "inline"]
    paragraphs = [one.text for one in paragraphs_of(answers)]
    for texts in (blocks, paragraphs):
        assert [one for one in texts if one in TOLD] == TOLD
        assert texts.count("In German") == len(answers)
    assert [row["note"] for row in rows_of(answers)] == [
        f"{TOLD[0]} In German.",
        "Searched for “library” and “Monday”, too. In German.",
    ]


def test_a_sheet_says_how_a_follow_up_was_understood_and_that_a_navigation_is_no_answer() -> None:
    told, unsure = told_answers()[::-1]
    followed = replace(told, searched_too=(), understood_as="When does the library open?")
    leading = replace(unsure, confidence=0.0, navigation="about", message="How it opens.")
    texts = [one.text for one in paragraphs_of([followed, leading])]
    assert "Sure. Confidence 0.93. Understood as: “When does the library open?”." in texts
    assert "How it opens." in texts
    assert not any("may answer" in text for text in texts)
