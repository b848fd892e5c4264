"""`qa-bot verify`: whether a quote is one."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

import qa_bot
from qa_bot.shell.console import DOCUMENTS, INDEX, print_text, read_input
from qa_bot.shell.options import Documents, IndexFolder, Json
from qa_bot.verification import Match, Verification


def verify(
    text: Annotated[str, typer.Argument(help="The quote to check; - reads standard input.")] = "",
    documents: Documents = DOCUMENTS,
    index: IndexFolder = INDEX,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="A text file with the quote.")
    ] = None,
    document: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only in this document or folder; can be repeated."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check whether a quote stands in the documents word for word, and where."""
    del documents  # taken so that a script can pass both folders to every command
    given = text if file is None and text != "-" else read_input(file)
    with qa_bot.open_index(index) as opened:
        found = qa_bot.verify(given, opened, document or None)
        if as_json:
            typer.echo(json.dumps(asdict(found), ensure_ascii=False, indent=2))
            return
        _print(found, opened)


def _print(found: Verification, index: qa_bot.Index) -> None:
    said = {
        "verified": "Verified word for word.",
        "near": "Near: this stands there, but for what differs.",
        "absent": "Not found in the documents.",
    }
    print_text(said[found.verdict], bold=[(0, 200)])
    for match in found.matches:
        start = match.citation.start
        marked = [(one.found[0] - start, one.found[1] - start) for one in match.differences]
        print_text("")
        print_text(match.text, bold=marked, indent=2)
        print_text(f"— {match.citation}", "cyan")
        for line in _differences(found, match, index):
            print_text(line, indent=2)
        if match.stale:
            print_text("  The file was changed or deleted since it was indexed.", "yellow")
        elif not match.differences and not match.exact:
            print_text("  Capitals or punctuation differ.", "dim")


def _differences(found: Verification, match: Match, index: qa_bot.Index) -> list[str]:
    """What differs, one line for each place."""
    name = match.citation.document_id
    theirs = index.slices(name, [one.found for one in match.differences])
    lines = []
    for one, words in zip(match.differences, theirs, strict=True):
        given, stands = (" ".join(each.split()) for each in (found.text[slice(*one.given)], words))
        if not given:
            lines.append(f"Left out: “{stands}”")
        elif not stands:
            lines.append(f"Put in: “{given}”")
        else:
            lines.append(f"“{given}” stands for “{stands}”")
    return lines
