"""The shell: parse, call the public functions, print, exit code."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

import qa_bot
from qa_bot import QaBotError, UsageError
from qa_bot.language import language_name
from qa_bot.shell import evaluation
from qa_bot.shell.answers import answer_as_json, print_answer
from qa_bot.shell.console import (
    DOCUMENTS,
    INDEX,
    Documents,
    IndexFolder,
    Json,
    ReaderName,
    Strictness,
    count,
    err,
    load_both,
    out,
    print_text,
    progress_bar,
    reader_named,
)
from qa_bot.store.health import Status
from qa_bot.store.health import status as index_status

app = typer.Typer(
    help="Answers questions about your own documents by quoting them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_MIB = 2**20
_NAMES_SHOWN = 20

Seconds = Annotated[
    float, typer.Option("--max-seconds", min=1, help="Seconds that reading one file may take.")
]
Memory = Annotated[
    int, typer.Option("--max-memory", min=256, help="MiB of memory that it may take.")
]
Size = Annotated[int, typer.Option("--max-size", min=1, help="MiB; a larger file is not read.")]
Pages = Annotated[int, typer.Option("--max-pages", min=1, help="A file of more pages is not read.")]
Ocr = Annotated[
    bool,
    typer.Option("--ocr", help="Recognise the text of scanned PDF pages; needs tesseract."),
]
Languages = Annotated[
    str,
    typer.Option("--ocr-languages", metavar="CODES", help="As tesseract names them: eng+deu, say."),
]
LIMITS = qa_bot.Limits()
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
    check_golden: Annotated[
        bool,
        typer.Option(
            "--check-golden",
            help="Say which golden answers (qa-bot eval --add) changed. Exit 1 if any is worse, "
            "2 if there are none.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Index the documents, or bring the index up to date.

    Each file is read by a process of its own within the limits below; one that
    needs more is reported, and the others go on.
    """
    before = evaluation.evaluate_golden(index) if check_golden else None
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
    golden = evaluation.check_golden(index, before) if check_golden else None
    if as_json:
        shown = asdict(receipt) | ({"golden": golden.as_json()} if golden else {})
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
    else:
        _print_receipt(receipt)
        if golden:
            golden.print()
    if golden and golden.worse:
        raise typer.Exit(1)


@app.command()
def ask(
    question: Annotated[
        str | None,
        typer.Argument(help="In plain words; without one, on a terminal, a conversation begins."),
    ] = None,
    documents: Documents = DOCUMENTS,
    index: IndexFolder = INDEX,
    k: Annotated[int, typer.Option("-k", min=1, help="How many passages to rank.")] = 5,
    document: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only in this document or folder; can be repeated."),
    ] = None,
    strictness: Strictness = None,
    reader: ReaderName = None,
    as_json: Json = False,
) -> None:
    """Answer a question with quotes and citations."""
    del documents  # taken so that a script can pass both folders to every command
    if question is None and (as_json or not (sys.stdin.isatty() and out.is_terminal)):
        raise UsageError("No question: give one, or ask on a terminal for a conversation.")
    if question is not None and not any(character.isalnum() for character in question):
        raise qa_bot.EmptyQuestionError
    with qa_bot.open_index(index) as opened:
        if document:
            opened.scope(document)  # a wrong name is told before the model is loaded
        with err.status("Loading the models …"):
            used = reader_named(reader)
            load_both(opened, used)
        if question is None:
            from qa_bot.shell.prompt import Settings, talk

            talk(opened, Settings(k, tuple(document) if document else None, strictness, used))
            return
        with err.status("Looking …"):
            answer = qa_bot.answer(
                question,
                opened,
                k=k,
                documents=document or None,
                reader=used,
                strictness=strictness,
            )
        if as_json:
            typer.echo(json.dumps(answer_as_json(answer, opened), ensure_ascii=False, indent=2))
            return
        print_answer(answer, opened)


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
    strictness: Strictness = None,
    reader: ReaderName = None,
    allow_uploads: Annotated[
        bool,
        typer.Option(
            "--allow-uploads",
            help="Anyone who can open the page may add and delete documents.",
        ),
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
        reader=reader_named(reader),
        strictness=strictness,
        watched=watch,
        allow_uploads=allow_uploads,
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
    del documents  # taken so that a script can pass both folders to every command
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
        _print_status(found, index)
        if checked is not None:
            _print_check(checked)
    if checked is not None and checked.faults:
        raise typer.Exit(1)


app.command("eval")(evaluation.evaluate)


def _print_check(checked: qa_bot.Check) -> None:
    for fault in checked.faults:
        print_text(f"fault: {fault}", "red")
    for change in checked.outdated:
        print_text(f"outdated: {change}", "yellow")
    verdict = "Checked: the index is what it claims"
    if checked.faults:
        verdict = "Checked: something is wrong; `qa-bot index --rebuild` makes it anew"
    elif checked.outdated:
        verdict += ", but `qa-bot index` has work to do"
    recall = (
        "" if checked.recall is None else f" Recall of the vector search: {checked.recall:.3f}."
    )
    out.print(f"{verdict}.{recall}", soft_wrap=True)


def _print_status(found: Status, index: Path) -> None:
    held = f"{count(len(found.documents), 'document')}, {count(found.passages, 'passage')}"
    out.print(f"[bold]{held}[/]")
    folder = found.documents_folder or "(none: made of ready-made passages)"
    out.print(f"Folder     {escape(folder)} → {escape(str(index))}", soft_wrap=True)
    out.print(f"Model      {escape(found.model)}", soft_wrap=True)
    if found.engine:
        out.print(f"Engine     {escape(found.engine)}", soft_wrap=True)
    built = datetime.fromisoformat(found.built_at).astimezone()
    out.print(f"Built      {built:%Y-%m-%d %H:%M %Z}")
    out.print(f"On disk    {found.bytes / 1e6:.1f} MB")
    for summary in found.documents:
        size = count(summary.passages, "passage")
        if summary.pages:
            size = f"{count(summary.pages, 'page')}, {size}"
        if summary.language:
            size += f", {language_name(summary.language)}"
        out.print(f"  {escape(summary.id)}: {size}", soft_wrap=True)
    _print_health(found.health, out)


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
            f"[yellow]unsupported[/] {count(len(health.unsupported), 'file')} not read: "
            f"{escape(names)}{f' and {more:,} more' if more > 0 else ''}",
            soft_wrap=True,
        )
    if health.hidden:
        console.print(f"[dim]{count(health.hidden, 'hidden or temporary file')} ignored[/]")


@contextmanager
def _progress() -> Iterator[Callable[[qa_bot.Progress], None]]:
    """A line that says how far a build is, on standard error, and only on a terminal."""
    with progress_bar("Looking for changes") as show:

        def report(progress: qa_bot.Progress) -> None:
            counted = progress.stage in ("reading", "embedding")
            show(str(progress), progress.done if counted else None)

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
    if receipt.chosen:
        print_text(receipt.chosen)
    failed = len(receipt.health.unreadable)
    unreadable = f"; {failed} unreadable" if failed else ""
    out.print(
        f"{', '.join(parts) if parts else 'Nothing changed'}{unreadable}. The index holds "
        f"{count(receipt.documents, 'document')} in {count(receipt.passages, 'passage')} "
        f"({receipt.embedded} embedded, {receipt.reused} reused, {receipt.seconds:.1f} s).",
        soft_wrap=True,
    )
    _print_health(receipt.health, err)
