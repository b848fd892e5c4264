"""What the commands' options are called, and how each command is told of: Typer's part."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperCommand

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
