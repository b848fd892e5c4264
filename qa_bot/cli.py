"""The shell: parse, call the public functions, print, exit code."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from textwrap import shorten
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bars
from rich.text import Text

import qa_bot
from qa_bot import QaBotError, UsageError
from qa_bot.health import Status
from qa_bot.health import status as index_status

app = typer.Typer(
    help="Answers questions about your own documents by quoting them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out = Console(highlight=False, emoji=False)
err = Console(stderr=True, highlight=False, emoji=False)

_MIB = 2**20
_NAMES_SHOWN = 20
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # could move a terminal's cursor, or worse

Documents = Annotated[
    Path, typer.Option("--documents", metavar="DIR", help="The folder with your documents.")
]
IndexFolder = Annotated[
    Path, typer.Option("--index", metavar="DIR", help="The folder for the index.")
]
Seconds = Annotated[
    float, typer.Option("--max-seconds", min=1, help="Seconds that reading one file may take.")
]
Memory = Annotated[
    int, typer.Option("--max-memory", min=256, help="MiB of memory that it may take.")
]
Size = Annotated[int, typer.Option("--max-size", min=1, help="MiB; a larger file is not read.")]
Pages = Annotated[int, typer.Option("--max-pages", min=1, help="A file of more pages is not read.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Ocr = Annotated[
    bool,
    typer.Option("--ocr", help="Recognise the text of scanned PDF pages; needs tesseract."),
]
Languages = Annotated[
    str,
    typer.Option("--ocr-languages", metavar="CODES", help="As tesseract names them: eng+deu, say."),
]
DOCUMENTS, INDEX, LIMITS = Path("documents"), Path("index"), qa_bot.Limits()
SECONDS, MEMORY, SIZE = LIMITS.seconds, LIMITS.memory // _MIB, LIMITS.size // _MIB


def main() -> None:
    """Run the command line; errors become one line and an exit code (2: usage, 1: the rest)."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a character it can't write is no reason to fail
        sys.stdout.reconfigure(errors="replace")
    try:
        app()
    except UsageError as error:
        _fail(error, 2)
    except QaBotError as error:
        _fail(error, 1)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has left; nothing is wrong
        sys.exit(1)


def _fail(error: QaBotError, code: int) -> None:
    err.print(f"[bold red]Error:[/] {escape(' '.join(str(error).split()))}", soft_wrap=True)
    sys.exit(code)


def _version(wanted: bool) -> None:
    if wanted:
        out.print(f"qa-bot {qa_bot.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    pass


@app.command()
def index(
    documents: Documents = DOCUMENTS,
    index: IndexFolder = INDEX,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Start from nothing; also repairs a damaged index.")
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A sentence-transformers model: a name or a folder."),
    ] = None,
    ocr: Ocr = False,
    ocr_languages: Languages = "eng",
    max_seconds: Seconds = SECONDS,
    max_memory: Memory = MEMORY,
    max_size: Size = SIZE,
    max_pages: Pages = LIMITS.pages,
    as_json: Json = False,
) -> None:
    """Index the documents, or bring the index up to date.

    Each file is read by a process of its own within the limits below; one that
    needs more is reported, and the others go on.
    """
    with _progress() as report:
        receipt = qa_bot.build_index(
            documents,
            index,
            model=model,
            rebuild=rebuild,
            limits=qa_bot.Limits(max_seconds, max_memory * _MIB, max_size * _MIB, max_pages),
            ocr=ocr_languages if ocr else None,
            on_progress=report,
        )
    if as_json:
        typer.echo(json.dumps(asdict(receipt), ensure_ascii=False, indent=2))
    else:
        _print_receipt(receipt)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="In plain words.")],
    documents: Documents = DOCUMENTS,
    index: IndexFolder = INDEX,
    k: Annotated[int, typer.Option("-k", min=1, help="How many passages to rank.")] = 5,
    document: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only in this document or folder; can be repeated."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Answer a question with quotes and citations."""
    del documents  # taken so that a script can pass both folders to every command
    if not any(character.isalnum() for character in question):
        raise qa_bot.EmptyQuestionError
    with qa_bot.open_index(index) as opened:
        if document:
            opened.scope(document)  # a wrong name is told before the model is loaded
        with err.status("Loading the model …"):
            opened.warm()
        answer = qa_bot.answer(question, opened, k=k, documents=document or None)
        if as_json:
            typer.echo(json.dumps(asdict(answer), ensure_ascii=False, indent=2))
            return
        _print_answer(answer, lambda document_id: opened.document(document_id).text)


@app.command()
def chat(
    documents: Documents = DOCUMENTS,
    index: IndexFolder = INDEX,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 7860,
    open_browser: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in your browser.")
    ] = True,
    watch: Annotated[
        bool, typer.Option("--watch", help="Keep the index in step with the folder.")
    ] = False,
    ocr: Ocr = False,
    ocr_languages: Languages = "eng",
) -> None:
    """Serve the web chat, bringing the index up to date first."""
    from qa_bot.web.app import serve

    serve(
        documents,
        index,
        host=host,
        port=port,
        open_browser=open_browser,
        ocr=ocr_languages if ocr else None,
        watched=watch,
    )


@app.command()
def status(
    documents: Documents = DOCUMENTS,
    index: IndexFolder = INDEX,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Verify texts, vectors and caches, and hash every file. Exit 1 if wrong.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what is indexed, and what is wrong with any file."""
    checked = None
    if check:
        with err.status("Checking …") as line:
            checked = qa_bot.check_index(index, lambda step: line.update(f"Checking {step} …"))
    with qa_bot.open_index(index) as opened:
        found = index_status(opened)
    if as_json:
        shown = {**asdict(found), "check": asdict(checked) if checked else None}
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
    else:
        _print_status(found, documents, index)
        if checked is not None:
            _print_check(checked)
    if checked is not None and checked.faults:
        raise typer.Exit(1)


def _print_check(checked: qa_bot.Check) -> None:
    for fault in checked.faults:
        _print_text(f"fault: {fault}", "red")
    for change in checked.outdated:
        _print_text(f"outdated: {change}", "yellow")
    verdict = "Checked: the index is what it claims"
    if checked.faults:
        verdict = "Checked: something is wrong; `qa-bot index --rebuild` makes it anew"
    elif checked.outdated:
        verdict += ", but `qa-bot index` has work to do"
    recall = (
        "" if checked.recall is None else f" Recall of the vector search: {checked.recall:.3f}."
    )
    out.print(f"{verdict}.{recall}", soft_wrap=True)


def _print_status(found: Status, documents: Path, index: Path) -> None:
    held = f"{_count(len(found.documents), 'document')}, {_count(found.passages, 'passage')}"
    out.print(f"[bold]{held}[/]")
    out.print(f"Folder     {escape(str(documents))} → {escape(str(index))}", soft_wrap=True)
    out.print(f"Model      {escape(found.model)}", soft_wrap=True)
    built = datetime.fromisoformat(found.built_at).astimezone()
    out.print(f"Built      {built:%Y-%m-%d %H:%M %Z}")
    out.print(f"On disk    {found.bytes / 1e6:.1f} MB")
    for summary in found.documents:
        size = _count(summary.passages, "passage")
        if summary.pages:
            size = f"{_count(summary.pages, 'page')}, {size}"
        out.print(f"  {escape(summary.id)}: {size}", soft_wrap=True)
    _print_health(found.health, out)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _print_health(health: qa_bot.Health, console: Console) -> None:
    """What is wrong with the files, one line each; what is left out on purpose, in one line."""
    for colour, what, problems in (
        ("red", "unreadable", health.unreadable),
        ("yellow", "warning", health.warnings),
    ):
        for problem in problems:
            console.print(
                f"[{colour}]{what}[/] {escape(problem.document_id)}: {escape(problem.reason)}",
                soft_wrap=True,
            )
    if health.unsupported:
        names = ", ".join(health.unsupported[:_NAMES_SHOWN])
        more = len(health.unsupported) - _NAMES_SHOWN
        console.print(
            f"[yellow]unsupported[/] {_count(len(health.unsupported), 'file')} not read: "
            f"{escape(names)}{f' and {more:,} more' if more > 0 else ''}",
            soft_wrap=True,
        )
    if health.hidden:
        console.print(f"[dim]{_count(health.hidden, 'hidden or temporary file')} ignored[/]")


@contextmanager
def _progress() -> Iterator[Callable[[qa_bot.Progress], None]]:
    """A line that says how far a build is, on standard error, and only on a terminal."""
    columns = BarColumn(bar_width=20), TextColumn("{task.description}")
    with Bars(*columns, console=err, transient=True, disable=not err.is_terminal) as bars:
        task = bars.add_task("Looking for changes", total=None)

        def report(progress: qa_bot.Progress) -> None:
            counted = progress.stage in ("reading", "embedding")
            bars.update(
                task,
                description=str(progress),
                total=1.0 if counted else None,
                completed=progress.done,
            )

        yield report


def _print_receipt(receipt: qa_bot.Receipt) -> None:
    parts = [
        f"{len(names)} {what}"
        for names, what in (
            (receipt.added, "added"),
            (receipt.changed, "changed"),
            (receipt.reprocessed, "read anew"),
            (receipt.renamed, "renamed"),
            (receipt.removed, "removed"),
        )
        if names
    ]
    if receipt.remade:
        out.print("The index was of an older format and has been made anew.")
    count = len(receipt.health.unreadable)
    unreadable = f"; {count} unreadable" if count else ""
    out.print(
        f"{', '.join(parts) if parts else 'Nothing changed'}{unreadable}. The index holds "
        f"{_count(receipt.documents, 'document')} in {_count(receipt.passages, 'passage')} "
        f"({receipt.embedded} embedded, {receipt.reused} reused, {receipt.seconds:.1f} s).",
        soft_wrap=True,
    )
    _print_health(receipt.health, err)


def _print_answer(answer: qa_bot.Answer, text_of: Callable[[str], str]) -> None:
    if not answer.found:
        out.print("[bold]The documents don't answer this.[/]")
        if answer.unknown_words:
            listed = ", ".join(escape(word) for word in answer.unknown_words)
            out.print(f"No document mentions: {listed}.")
        if answer.hits:
            out.print("\n[dim]Nearest passages (not an answer):[/]")
        for hit in answer.hits[:3]:
            place = " › ".join((hit.passage.title, *hit.passage.section))
            _print_text(f"— {place}, ¶ {hit.passage.paragraph}", "dim")
            _print_text(shorten(hit.passage.text, 160, placeholder=" …"), "dim", indent=2)
        return
    for number, quote in enumerate(answer.quotes):
        if number:
            out.print()
        for start, end in quote.context:
            _print_text(text_of(quote.citation.document_id)[start:end], "dim", indent=2)
        marked = [(start - quote.start, end - quote.start) for start, end in quote.sentences]
        _print_text(quote.text, bold=marked, indent=2)
        _print_text(f"— {quote.citation}", "cyan")
        if quote.stale:
            _print_text("  The file was changed or deleted since it was indexed.", "yellow")


def _print_text(
    text: str, style: str = "", bold: Iterable[tuple[int, int]] = (), indent: int = 0
) -> None:
    """Style and wrap for a person; into a pipe or a file, print it exactly as it stands."""
    if not out.is_terminal:
        typer.echo(text, color=True)  # "color" leaves escape sequences alone
        return
    shown = Text(_CONTROL.sub("\N{REPLACEMENT CHARACTER}", text), style=style)
    for start, end in bold:
        shown.stylize("bold", start, end)
    out.print(Padding(shown, (0, 0, 0, indent), expand=False) if indent else shown)
