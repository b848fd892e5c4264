"""An answer as the shell prints it: quotes with their citations, tables, the nearest passages."""

from __future__ import annotations

from dataclasses import asdict
from textwrap import shorten
from typing import Any

from rich.markup import escape
from rich.padding import Padding

from qa_bot.language import other_language
from qa_bot.records import Answer, Quote
from qa_bot.shell.console import err, harmless, out, print_text
from qa_bot.shell.tables import tabbed, table_for
from qa_bot.table_reading import TextSource, view_table
from qa_bot.table_view import TableView, text_around
from qa_bot.telling import lacking, sureness


def answer_as_json(answer: Answer, source: TextSource) -> dict[str, Any]:
    """An answer as JSON has it: its verdict, the record, what each cell of a quoted table says."""
    shown = {"verdict": answer.verdict, **asdict(answer)}
    for quote, told in zip(answer.quotes, shown["quotes"], strict=True):
        if quote.table is None:
            continue
        table = told["table"]["table"]
        cells = [*table["cells"], *filter(None, [told["table"]["cell"]])]
        spans = [(cell["start"], cell["end"]) for cell in cells]
        for cell, text in zip(cells, source.slices(quote.citation.document_id, spans), strict=True):
            cell["text"] = text
    return shown


def print_answer(answer: Answer, source: TextSource) -> None:
    """The quotes with their citations, or that there are none, with the nearest passages.

    ``source`` gives the texts and tables of what is quoted; an ``Index`` does.
    """
    _print_above(answer)
    _print_places(answer)
    for number, quote in enumerate(answer.quotes):
        if number:
            out.print()
        name, view = quote.citation.document_id, view_table(quote, source)
        for context in quote.context:
            if view is None or not view.shows(context):
                (text,) = source.slices(name, [context])
                print_text(text, "dim", indent=2)
        if view is None or view.loose or (view.is_narrow and not out.is_terminal):
            _print_quote(quote)
        else:
            _print_table_quote(quote, view)
        language = other_language(answer.question, quote.passage.language)
        print_text(f"— {quote.citation}{f' (in {language})' if language else ''}", "cyan")
        if quote.stale:
            print_text("  The file was changed or deleted since it was indexed.", "yellow")
    if answer.found and out.is_terminal:  # a pipe gets the quotes alone
        print_text(f"  {sureness(answer)}.", "dim")
    _print_options(answer)


def _print_places(answer: Answer) -> None:
    """The headings, or documents, that a navigation leads to."""
    for place in answer.places:
        print_text(
            place.section[-1] if place.section else place.title, indent=2 * len(place.section)
        )


def _print_options(answer: Answer) -> None:
    """What the question may mean, with numbers that the prompt takes."""
    if answer.options:
        print_text("In which?", "bold")
    for number, option in enumerate(answer.options, 1):
        print_text(f"{number}  {option.label}", indent=2)


def _print_quote(quote: Quote) -> None:
    marked = [(start - quote.start, end - quote.start) for start, end in quote.marked]
    words = [(quote.answer[0] - quote.start, quote.answer[1] - quote.start)] if quote.answer else []
    print_text(quote.text, bold=marked, underlined=words, indent=2)


def _print_table_quote(quote: Quote, view: TableView) -> None:
    """What answers in a line, then the table; into a pipe the quote's rows with tabs in them."""
    before, after = text_around(view, quote.text, quote.start)
    _print_part(quote, *before)
    if out.is_terminal:
        if view.headline is not None:
            said, value = view.headline
            print_text(said, bold=[value], indent=2)
        if view.title:
            print_text(view.title, "dim", indent=2)
        shown, left_out = table_for(view, out.width - 4)
        out.print(Padding(shown, (0, 0, 0, 2), expand=False))
        if left_out:
            print_text(left_out, "dim", indent=2)
    else:
        print_text("\n".join(tabbed(view)))
    _print_part(quote, *after)


def _print_part(quote: Quote, start: int, end: int) -> None:
    """Text beside a table, with what is marked in it."""
    if start < end:
        marked = [(max(a, start) - start, min(b, end) - start) for a, b in quote.marked]
        print_text(
            quote.text[start - quote.start : end - quote.start],
            bold=[(a, b) for a, b in marked if a < b],
            indent=2,
        )


def _print_above(answer: Answer) -> None:
    """What is said before the quotes: little, where they answer."""
    if answer.warning:
        err.print(f"[yellow]{escape(harmless(answer.warning))}[/]", soft_wrap=True)
    if answer.understood_as:
        print_text(f"Understood as: {answer.understood_as}", "dim")
    if answer.navigation:
        print_text(answer.message, "bold")
        return
    if answer.searched_too:
        out.print(f"[dim]Searched for {_listed(answer.searched_too)}, too.[/]", soft_wrap=True)
    if not answer.found:
        _print_unsure(answer)


def _print_unsure(answer: Answer) -> None:
    may = "This may answer it:" if answer.quotes else "Nothing here answers this clearly."
    out.print(f"[bold]{may}[/]")
    if answer.unknown_words:
        out.print(f"No document mentions: {_listed(answer.unknown_words)}.")
    if lacking(answer):
        out.print(f"Nothing here mentions: {_listed(lacking(answer))}.")
    if answer.quotes:
        out.print()
    elif answer.hits:
        out.print(f"\n[dim]Closest ({_why_none(answer)}):[/]", soft_wrap=True)
    for hit in () if answer.quotes else answer.hits[:3]:
        place = " › ".join((hit.passage.title, *hit.passage.section))
        print_text(f"— {place}, ¶ {hit.passage.paragraph}", "dim")
        print_text(shorten(hit.passage.text, 160, placeholder=" …"), "dim", indent=2)


def _why_none(answer: Answer) -> str:
    """Why nothing is quoted, not even as what may answer, and what would change that."""
    sure = f"not an answer: confidence {answer.confidence:.2f}, too low for one that may be"
    if answer.missing:  # then not even with a strictness of 0
        return f"{sure}; what isn't mentioned keeps it from being one at any --strictness"
    return f"{sure}; sure from {answer.strictness:.2f} on, which --strictness changes"


def _listed(said: tuple[str, ...]) -> str:
    return ", ".join(escape(harmless(word)) for word in said)
