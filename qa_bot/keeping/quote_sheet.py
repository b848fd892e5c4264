"""A conversation as a file to keep: Markdown, CSV or Word, each quote as it stands."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from qa_bot.errors import UsageError
from qa_bot.keeping.citing import (
    NOT_IN_MARKDOWN,
    markdown_quote,
    markdown_text,
    place,
    replaced,
    replaced_note,
    slug,
)
from qa_bot.keeping.tables import markdown_table_quote, marked_spans, parts_around, write_word_table
from qa_bot.language import other_language
from qa_bot.records import Answer, Citation, Quote, Span
from qa_bot.table_view import TableView, reads_from_right, tab_separated
from qa_bot.telling import lacking, sureness
from qa_bot.text import as_cell

Form = Literal["markdown", "csv", "docx"]

_UNSURE = {
    "possible": "This may answer it: confidence {:.2f}.",
    "absent": "Nothing here answers this clearly.",
}
_STALE = "Changed since indexed"
_NOT_IN_UTF8 = re.compile("[\ud800-\udfff]")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LONGEST_PROPERTY = 255  # characters of a Word file's title among its properties

_COLUMNS = (
    "number",
    "question",
    "found",
    "confidence",
    "place",
    "quote",
    "answering_sentence",
    "second_answering_sentence",
    "answering_row",
    "answering_column",
    "answering_cell",
    "table",
    "context",
    "citation",
    "document",
    "link",
    "changed_since_indexed",
    "note",
    "sheet",
    "made",
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file to save or serve; ``name`` is ASCII, without folders."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class _Contents:
    """What every form shows."""

    title: str
    made: datetime
    answers: tuple[Answer, ...]
    link: Callable[[Citation], str]
    context: Callable[[Quote], Sequence[str]]
    table: Callable[[Quote], TableView | None]

    @property
    def made_on(self) -> str:
        """2026-11-05 14:20 UTC."""
        return f"{self.made:%Y-%m-%d %H:%M %Z}".strip()

    def table_of(self, quote: Quote) -> TableView | None:
        """The table that a quote is of, where all of it can be shown as one."""
        view = self.table(quote)
        return None if view is None or view.is_narrow or view.loose else view

    def context_of(self, quote: Quote) -> list[str]:
        """The texts of a quote's context but for those that its table has."""
        texts, view = list(self.context(quote)), self.table_of(quote)
        if view is None or len(texts) != len(quote.context):
            return texts
        return [
            text for text, span in zip(texts, quote.context, strict=True) if not view.shows(span)
        ]


def make_quote_sheet(
    answers: Iterable[Answer],
    form: Form,
    *,
    made: datetime,
    title: str = "Quote sheet",
    link: Callable[[Citation], str] | None = None,
    context: Callable[[Quote], Sequence[str]] | None = None,
    table: Callable[[Quote], TableView | None] | None = None,
) -> Sheet:
    """Put the questions of a conversation with their quotes into a file.

    A quote read back from the file is the quote's text exactly: in Markdown what
    a CommonMark renderer shows between the quotation marks, in Word the text of
    the paragraph in the style "Quote", in CSV the cell. Where it is shown as a
    table (see ``table``), its rows are those of a table there, cell by cell. Two
    things are said in a note of the entry: U+FFFD stands for a character that the form can't hold
    (U+0000 in Markdown, most control characters in Word, lone surrogates
    anywhere), and in CSV an apostrophe stands before a text that a spreadsheet
    would run as a formula (see ``text.as_cell``).

    Args:
        answers: In the order of the conversation.
        form: ``markdown``, ``csv`` (one line for each quote, in UTF-8 with the mark
            that spreadsheets want) or ``docx``.
        made: When the sheet was made; printed as it is, with its time zone if it has one.
        title: Stands on top, and gives the file its name.
        link: The address of a quote's place; "" for none.
        context: The texts of a quote's context spans, shown above it.
        table: The table that a quote is of, from ``view_table``: in Markdown and Word it
            then stands there as a table with the quote's rows; in CSV they are in the column
            "table", as lines of cells with tabs between them.

    Raises:
        UsageError: There is no such form.
    """
    contents = _Contents(
        title,
        made,
        tuple(answers),
        link or (lambda _: ""),
        context or (lambda _: ()),
        table or (lambda _: None),
    )
    writers: dict[str, tuple[Callable[[_Contents], bytes], str, str]] = {
        "markdown": (_markdown, "md", "text/markdown;charset=utf-8"),
        "csv": (_csv, "csv", "text/csv;charset=utf-8"),
        "docx": (
            _docx,
            "docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
    }
    if form not in writers:
        raise UsageError(f"There is no form {form!r}: name {', '.join(writers)}.")
    write, suffix, media_type = writers[form]
    name = f"{slug(title, 60) or 'quote-sheet'}-{made:%Y-%m-%d-%H%M}.{suffix}"
    return Sheet(name, media_type, write(contents))


def _said(answer: Answer) -> str:
    """What is said of an answer above its quotes."""
    if answer.found:
        said = f"{sureness(answer)}. Confidence {answer.confidence:.2f}"
        return ". ".join((said, *_beside(answer)))
    if answer.navigation:
        return answer.message
    said = _UNSURE[answer.verdict].format(answer.confidence)
    return " ".join((said, *_beside(answer)))


def _beside(answer: Answer) -> Iterator[str]:
    """What was searched for in place of other words, and what isn't there."""
    if answer.understood_as:
        yield f"Understood as: “{answer.understood_as}”."
    if answer.searched_too:
        words = " and ".join(f"“{word}”" for word in answer.searched_too)
        yield f"Searched for {words}, too."
    if answer.found:
        return
    if answer.unknown_words:
        yield f"No document mentions: {', '.join(answer.unknown_words)}."
    if lacking(answer):
        yield f"Nothing here mentions: {', '.join(lacking(answer))}."


def _below(answer: Answer, quote: Quote) -> Iterator[str]:
    """What is said under a quote."""
    if language := other_language(answer.question, quote.passage.language):
        yield f"In {language}"
    if quote.stale:
        yield _STALE


def _markdown(contents: _Contents) -> bytes:
    """Blocks a blank line apart."""
    title = contents.title
    blocks = [f"# {markdown_text(title, one_line=True)}", f"Made {contents.made_on}"]
    for number, answer in enumerate(contents.answers, 1):
        blocks.append(f"## {number}. {markdown_text(answer.question, one_line=True)}")
        blocks.append(markdown_text(_said(answer), one_line=True))
        for quote in answer.quotes:
            context = contents.context_of(quote)
            blocks += [f"Context: “{markdown_text(text)}”" for text in context]
            link = contents.link(quote.citation)
            if (view := contents.table_of(quote)) is not None:
                blocks.append(markdown_table_quote(quote, view, link))
            else:
                blocks.append(markdown_quote(quote.text, quote.citation, marked_spans(quote), link))
            blocks += _below(answer, quote)
            blocks.append(replaced_note(context, NOT_IN_MARKDOWN, "Markdown"))
        blocks.append(replaced_note([answer.question], NOT_IN_MARKDOWN, "Markdown"))
    return ("\n\n".join(filter(None, blocks)) + "\n").encode()


def _csv(contents: _Contents) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS)  # ends lines with \r\n, so quotes both in cells
    writer.writeheader()
    for number, answer in enumerate(contents.answers, 1):
        for cells in _rows(contents, answer):
            row = {"number": str(number), "sheet": contents.title, "made": contents.made_on}
            writer.writerow(_safe_row({**row, **cells}))
    return text.getvalue().encode("utf-8-sig")


def _rows(contents: _Contents, answer: Answer) -> Iterator[dict[str, str]]:
    """One for each quote; one for a question that nothing was found for."""
    asked = {
        "question": answer.question,
        "found": {"answered": "yes", "possible": "maybe", "absent": "no"}[answer.verdict],
        "confidence": f"{answer.confidence:.4f}",
    }
    said = " ".join(_beside(answer)) if answer.found else _said(answer)
    if not answer.quotes:
        yield {**asked, "note": said}
    for rank, quote in enumerate(answer.quotes, 1):
        sentences = [quote.text[start:end] for start, end in marked_spans(quote)]
        view = contents.table_of(quote)
        language = other_language(answer.question, quote.passage.language)
        row, column, cell = (view.named if view else None) or ("", "", "")
        yield {
            **asked,
            "place": str(rank),
            "quote": quote.text,
            **dict(
                zip(("answering_sentence", "second_answering_sentence"), sentences, strict=False)
            ),
            "answering_row": row,
            "answering_column": column,
            "answering_cell": cell,
            "table": tab_separated(view, [*view.head, *view.own]) if view else "",
            "context": "\n\n".join(contents.context(quote)),
            "citation": str(quote.citation),
            "document": quote.citation.document_id,
            "link": contents.link(quote.citation),
            "changed_since_indexed": "yes" if quote.stale else "no",
            "note": " ".join(filter(None, (said, f"In {language}." if language else ""))),
        }


def _safe_row(cells: dict[str, str]) -> dict[str, str]:
    """The cells as they are written, and what had to be done to them among the notes."""
    safe = {name: as_cell(replaced(text, _NOT_IN_UTF8)) for name, text in cells.items()}
    notes = [safe.get("note", ""), replaced_note([*cells.values()], _NOT_IN_UTF8, "UTF-8")]
    if put := [name for name, text in cells.items() if len(safe[name]) > len(text)]:
        notes.append(
            f"An apostrophe that isn't in the text keeps it from running: {' '.join(put)}."
        )
    return {**safe, "note": " ".join(filter(None, notes))}


def _docx(contents: _Contents) -> bytes:
    from docx import Document

    document: Any = Document()
    properties = document.core_properties
    made = contents.made if contents.made.tzinfo is None else contents.made.astimezone(UTC)
    properties.created = properties.modified = made.replace(tzinfo=None)
    properties.author, properties.comments = "qa_bot", ""
    properties.title = replaced(contents.title, _NOT_IN_XML)[:_LONGEST_PROPERTY]
    _write(document.add_heading(level=0), contents.title)
    _write(document.add_paragraph(), f"Made {contents.made_on}")
    for number, answer in enumerate(contents.answers, 1):
        _write(document.add_heading(level=1), f"{number}. {answer.question}")
        _write(document.add_paragraph(), _said(answer))
        for quote in answer.quotes:
            _write_quote(document, contents, answer, quote)
        if note := replaced_note([answer.question], _NOT_IN_XML, "a Word file"):
            _write(document.add_paragraph(), note)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _write_quote(
    document: Any,  # noqa: ANN401
    contents: _Contents,
    answer: Answer,
    quote: Quote,
) -> None:
    context = contents.context_of(quote)
    for text in context:
        _write(document.add_paragraph(), f"Context: “{text}”")
    if (view := contents.table_of(quote)) is not None:
        _write_table_quote(document, quote, view)
    else:
        _write(document.add_paragraph(style="Quote"), quote.text, marked_spans(quote))
    below = [f"— {place(quote.citation)}", contents.link(quote.citation), *_below(answer, quote)]
    below.append(replaced_note([quote.text, *context, *below], _NOT_IN_XML, "a Word file"))
    for text in filter(None, below):
        _write(document.add_paragraph(), text)


def _write_table_quote(document: Any, quote: Quote, view: TableView) -> None:  # noqa: ANN401
    """What answers in a line, then the table, with the quote's text before and after it."""
    before, after = parts_around(quote, view)
    if view.headline is not None:
        said, value = view.headline
        _write(document.add_paragraph(), said, [value])
    if before:
        _write(document.add_paragraph(style="Quote"), *before)
    if view.title:
        _write(document.add_paragraph(style="Caption"), view.title)
    write_word_table(document, view, _write)
    if after:
        _write(document.add_paragraph(style="Quote"), *after)


def _write(paragraph: Any, text: str, marked: Iterable[Span] = ()) -> None:  # noqa: ANN401
    """Write a text into an empty paragraph, what is marked in bold and highlighted."""
    from docx.enum.text import WD_COLOR_INDEX
    from docx.oxml import OxmlElement

    text = replaced(text, _NOT_IN_XML)
    from_right = bool(reads_from_right(text))
    if from_right:
        paragraph._p.get_or_add_pPr().append(OxmlElement("w:bidi"))
    at = 0
    for start, end in [*marked, (len(text), len(text))]:
        for stretch, is_marked in ((text[at:start], False), (text[max(at, start) : end], True)):
            # python-docx would turn a carriage return into a line break.
            for part in filter(None, re.split("(\r)", stretch)):
                run = paragraph.add_run("" if part == "\r" else part)
                if part == "\r":
                    run.add_text(part)
                if from_right:
                    run.font.rtl = True
                if is_marked:
                    run.bold = run.font.cs_bold = True  # the second one for Arabic, Hebrew, …
                    run.font.highlight_color = WD_COLOR_INDEX.YELLOW
        at = max(at, end)
