"""``qa-bot eval``: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from qa_bot.errors import UsageError
from qa_bot.shell.console import DOCUMENTS, INDEX, reader_named
from qa_bot.shell.options import Documents, IndexFolder, Json, ReaderName, Strictness


def _output(name: str, text: str) -> Any:  # noqa: ANN401
    return typer.Option(name, metavar="FILE", help=text)


def evaluate(
    questions: Annotated[
        Path | None,
        typer.Argument(
            help="JSON Lines, SQuAD's JSON, or a BEIR folder; the golden questions unless given."
        ),
    ] = None,
    documents: Documents = DOCUMENTS,
    index: IndexFolder = INDEX,
    as_json: Json = False,
    csv: Annotated[Path | None, _output("--csv", "Write a line for each question.")] = None,
    plot: Annotated[
        Path | None, _output("--plot", "Draw risk and coverage, and the confidences.")
    ] = None,
    run: Annotated[Path | None, _output("--run", "Write the rankings as TREC does.")] = None,
    qrels: Annotated[
        Path | None, _output("--qrels", "Write what is relevant as TREC does.")
    ] = None,
    against: Annotated[
        Path | None,
        _output("--compare", "What an earlier --json printed: exit 1 if something got worse."),
    ] = None,
    add: Annotated[
        str | None,
        typer.Option(
            metavar="QUESTION", help="Ask this, and add the answer to the golden questions."
        ),
    ] = None,
    quote: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PHRASE", help="With --add: what the quote must hold; can be repeated."
        ),
    ] = None,
    document: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="With --add: where it must stand; can be repeated."),
    ] = None,
    not_answered: Annotated[
        bool,
        typer.Option("--not-answered", help="With --add: the documents don't answer it."),
    ] = False,
    strictness: Strictness = None,
    reader: ReaderName = None,
) -> None:
    """Measure how good the answers are, on questions whose answers you know."""
    from qa_bot.shell import evaluating  # other commands need none of it

    del documents  # taken so that a script can pass both folders to every command
    outputs = {"csv": csv, "plot": plot, "run": run, "qrels": qrels}
    if add is not None:
        if questions or against or any(outputs.values()):
            raise UsageError("--add takes no file of questions and writes no other file.")
        if not all(one.strip() for one in [*(quote or ()), *(document or ())]):
            raise UsageError("--quote or --document is empty.")
        if not_answered and (quote or document):
            raise UsageError("--not-answered goes with neither --quote nor --document.")
        asking = evaluating.Asking(reader_named(reader), strictness)
        evaluating.add_question(
            add, index, asking, quote or [], document or [], not_answered, as_json
        )
        return
    if quote or document or not_answered:
        raise UsageError("--quote, --document and --not-answered go with --add.")
    asking = evaluating.Asking(reader_named(reader), strictness)
    evaluating.measure(questions, index, asking, outputs, against, as_json)
