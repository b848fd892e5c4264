"""What the commands share: options, the two consoles, progress, and text that can't give orders."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text
from typer.core import TyperCommand

from qa_bot import Index
from qa_bot.errors import ModelError, UsageError
from qa_bot.models.other_readers import load_reader
from qa_bot.models.reader import DEFAULT_READER, Reader, warm
from qa_bot.records import Span

out = Console(highlight=False, emoji=False)
err = Console(stderr=True, highlight=False, emoji=False)

Documents = Annotated[
    Path, typer.Option("--documents", metavar="DIR", help="The folder with your documents.")
]
IndexFolder = Annotated[
    Path, typer.Option("--index", metavar="DIR", help="The folder for the index.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Strictness = Annotated[
    float | None,
    typer.Option(
        min=0, max=1, help="The confidence that an answer must have; the fitted one unless given."
    ),
]
ReaderName = Annotated[
    str | None,
    typer.Option(
        "--reader",
        metavar="NAME",
        help="Another reader: a question-answering model or cross-encoder; none for no reader.",
    ),
]
Ocr = Annotated[
    bool,
    typer.Option(
        "--ocr", help="Recognise the text of scanned pages; needs qa-bot[ocr] or tesseract."
    ),
]
Languages = Annotated[
    str,
    typer.Option("--ocr-languages", metavar="CODES", help="As tesseract names them: eng+deu, say."),
]
ClusterAddress = Annotated[
    str,
    typer.Option(
        "--ray",
        metavar="HOST:PORT",
        help="The Ray cluster that has the index's shards; this machine is a part of it.",
    ),
]
DOCUMENTS, INDEX = Path("documents"), Path("index")
MOST_INPUT = 1_000_000  # characters that are read of a file of questions, or of a quote

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # could move a terminal's cursor, or worse


_Function = TypeVar("_Function", bound=Callable[..., Any])


class _Command(TyperCommand):
    """A command whose help doesn't tell that a flag is a truth value."""

    def get_params(self, ctx: Any) -> list[Any]:  # noqa: ANN401 - as Typer has it
        """Its options and arguments."""
        params = super().get_params(ctx)
        for one in params:
            if getattr(one, "is_flag", False):
                one.metavar = ""
        return list(params)


class Application(typer.Typer):
    """The command line; each command is told of in the same way."""

    def command(  # type: ignore[override]  # the options of one that is added are its own
        self, name: str | None = None
    ) -> Callable[[_Function], _Function]:
        """Add a command."""
        return super().command(name, cls=_Command)


def count(number: int, noun: str) -> str:
    """1 document, 1,200 documents."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def reader_named(name: str | None) -> Reader | None:
    """The reader that ``--reader`` means.

    Raises:
        ModelError: It can't be loaded.
    """
    if name is None:
        return DEFAULT_READER
    return None if name == "none" else load_reader(name)


def read_input(file: Path | None) -> str:
    """What a file says, or standard input where there is none; at most a million characters.

    Raises:
        UsageError: It can't be read, or isn't text in UTF-8.
    """
    name = "standard input" if file is None else str(file)
    try:
        if file is None:
            read = sys.stdin.buffer.read(4 * MOST_INPUT + 1)
        else:
            with file.open("rb") as stream:
                read = stream.read(4 * MOST_INPUT + 1)
        text = read.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{name} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} isn't text in UTF-8.") from error
    if len(text) > MOST_INPUT:
        raise UsageError(f"{name} is longer than {MOST_INPUT:,} characters.")
    return text


def load_both(index: Index, reader: Reader | None) -> None:
    """Load the embedding model and the reader at once, each on a core of its own.

    Raises:
        ModelError: The embedding model can't be used; of a reader that can't, answers tell.
    """

    def load_reader() -> None:
        with suppress(ModelError):
            warm(reader)

    other = Thread(target=load_reader)
    other.start()
    try:
        index.warm()
    finally:
        other.join()


def harmless(text: str) -> str:
    """The text without what could give a terminal orders."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def print_text(
    text: str,
    style: str = "",
    bold: Iterable[Span] = (),
    underlined: Iterable[Span] = (),
    indent: int = 0,
) -> None:
    """Style and wrap for a person; into a pipe or a file, print it exactly as it stands."""
    if not out.is_terminal:
        typer.echo(text, color=True)  # "color" leaves escape sequences alone
        return
    shown = Text(harmless(text), style=style)
    for start, end in bold:
        shown.stylize("bold", start, end)
    for start, end in underlined:
        shown.stylize("underline", start, end)
    out.print(Padding(shown, (0, 0, 0, indent), expand=False) if indent else shown)


@contextmanager
def progress_bar(first: str) -> Iterator[Callable[[str, float | None], None]]:
    """A line that says how far something is, on standard error, and only on a terminal.

    Call what it yields with a description and the share that is done, in [0, 1],
    or None where it can't be told.
    """
    columns = BarColumn(bar_width=20), TextColumn("{task.description}", markup=False)
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bars:
        task = bars.add_task(first, total=None)

        def show(description: str, share: float | None) -> None:
            total = None if share is None else 1.0
            bars.update(task, description=description, total=total, completed=share or 0.0)

        yield show
