"""The shell: parse, call the public functions, print, exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

import qa_bot
from qa_bot import UsageError
from qa_bot.building.changes import Options
from qa_bot.sharding.state import shards_of
from qa_bot.sharding.upkeep import bring_up_to_date, place_of
from qa_bot.shell import evaluation, serving, verifying
from qa_bot.shell.asking import Way, answer_all, converse, index_of, questions_given
from qa_bot.shell.console import (
    DOCUMENTS,
    INDEX,
    err,
    out,
    progress_bar,
)
from qa_bot.shell.options import (
    Application,
    ClusterAddress,
    Documents,
    IndexFolder,
    Json,
    Languages,
    Ocr,
    ReaderName,
    Strictness,
)
from qa_bot.shell.reports import print_check, print_receipt, print_shards, print_status
from qa_bot.store.health import status as index_status

app = Application(
    help="Answers questions about your own documents by quoting them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_MIB = 2**20

Seconds = Annotated[
    float, typer.Option("--max-seconds", min=1, help="Seconds that reading one file may take.")
]
Memory = Annotated[
    int, typer.Option("--max-memory", min=256, help="MiB of memory that it may take.")
]
Size = Annotated[int, typer.Option("--max-size", min=1, help="MiB; a larger file is not read.")]
Pages = Annotated[int, typer.Option("--max-pages", min=1, help="A file of more pages is not read.")]
LIMITS = qa_bot.Limits()
SECONDS, MEMORY, SIZE = LIMITS.seconds, LIMITS.memory // _MIB, LIMITS.size // _MIB


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
    shards: Annotated[
        int | None,
        typer.Option(min=1, max=1024, help="Deal the documents to so many shards: for a cluster."),
    ] = None,
    ray: ClusterAddress = "",
    as_json: Json = False,
) -> None:
    """Index the documents, or bring the index up to date.

    Each file is read by a process of its own within the limits below; one that
    needs more is reported, and the others go on.
    """
    if check_golden:  # else none of it is loaded
        from qa_bot.shell import evaluating

        before = evaluating.evaluate_golden(index)
    with _progress() as report:
        receipt = bring_up_to_date(
            documents,
            index,
            model=model,
            options=Options(
                rebuild,
                qa_bot.Limits(max_seconds, max_memory * _MIB, max_size * _MIB, max_pages),
                ocr_languages if ocr else None,
                report,
            ),
            shards=shards,
            cluster=ray,
        )
    golden = evaluating.check_golden(index, before) if check_golden else None
    if as_json:
        shown = asdict(receipt) | ({"golden": golden.as_json()} if golden else {})
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
    else:
        print_receipt(receipt)
        if golden:
            golden.print()
    if golden and golden.worse:
        raise typer.Exit(1)


@app.command()
def ask(
    context: typer.Context,
    questions: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUESTION",
            help="One or several, in plain words; - reads one to a line from standard input. "
            "Without one, on a terminal, a conversation begins.",
        ),
    ] = None,
    documents: Documents = DOCUMENTS,
    index: IndexFolder = INDEX,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="Questions, one to a line.")
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="How many passages to rank.")] = 5,
    document: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only in this document or folder; can be repeated."),
    ] = None,
    strictness: Strictness = None,
    reader: ReaderName = None,
    mark: Annotated[
        bool, typer.Option("--mark", help="Mark the answering sentence ⟦so⟧, in pipes, too.")
    ] = False,
    ray: ClusterAddress = "",
    as_json: Json = False,
) -> None:
    """Answer questions with quotes and citations.

    With --documents alone, where there is no index in the default place, an index of that folder
    is made in the user's cache folder.
    """
    talks = not questions and file is None and not as_json
    talks &= sys.stdin.isatty() and out.is_terminal
    if not (talks or questions or file):
        raise UsageError("No question: give one, or ask on a terminal for a conversation.")
    asked = [] if talks else questions_given(questions or (), file)
    if _is_given(context, "documents") and not _is_given(context, "index") and not index.exists():
        with _progress() as report:
            index = index_of(documents, report)
    place = place_of(index, ray)
    way = Way(k, tuple(document or ()), strictness, reader, mark=mark, as_json=as_json)
    if talks:
        converse(place, way)
    else:
        answer_all(asked, place, way)


def _is_given(context: typer.Context, option: str) -> bool:
    """Whether an option was written in the command rather than left at its default."""
    source = context.get_parameter_source(option)
    return source is not None and source.name != "DEFAULT"


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
    ray: ClusterAddress = "",
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
        shards = shards_of(opened, ray)
    if as_json:
        shown = {
            **asdict(found),
            "shards": [asdict(one) for one in shards],
            "check": asdict(checked) if checked else None,
        }
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
    else:
        print_status(found, index)
        print_shards(shards)
        if checked is not None:
            print_check(checked)
    if checked is not None and checked.faults:
        raise typer.Exit(1)


app.command("eval")(evaluation.evaluate)
app.command("chat")(serving.chat)
app.command("mcp")(serving.mcp)
app.add_typer(serving.users, name="user")
app.add_typer(serving.tokens, name="token")
app.command("verify")(verifying.verify)


@contextmanager
def _progress() -> Iterator[Callable[[qa_bot.Progress], None]]:
    """A line that says how far a build is, on standard error, and only on a terminal."""
    with progress_bar("Looking for changes") as show:

        def report(progress: qa_bot.Progress) -> None:
            counted = progress.stage in ("reading", "embedding")
            show(str(progress), progress.done if counted else None)

        yield report
