"""Where ``qa-bot`` begins: a plain ``ask`` is asked at once, all else goes through Typer.

Typer and what it validates options with take a third of the time in which an answer is there.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.markup import escape

from qa_bot.errors import QaBotError, UsageError
from qa_bot.shell.asking import Way, answer_all, questions_given
from qa_bot.shell.console import INDEX, err


def main() -> None:
    """Run the command line; errors become one line and an exit code (2: usage, 1: the rest)."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a character it can't write is no reason to fail
        sys.stdout.reconfigure(errors="replace")
    try:
        if plain := plain_ask(sys.argv[1:]):
            questions, index, way = plain
            answer_all(questions_given(questions, None), index, way)
        else:
            from qa_bot.shell.commands import app

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


def plain_ask(arguments: Sequence[str]) -> tuple[list[str], Path, Way] | None:
    """What is asked, and how, by ``ask`` with its commonest options; None of any other call."""
    if not arguments or arguments[0] != "ask":
        return None
    questions: list[str] = []
    index, flags = INDEX, {"--mark": False, "--json": False}
    rest = iter(arguments[1:])
    for one in rest:
        if one == "--index":
            value = next(rest, "-")
            if value.startswith("-"):
                return None
            index = Path(value)
        elif one in flags:
            flags[one] = True
        elif one.startswith("-"):
            return None
        else:
            questions.append(one)
    way = Way(mark=flags["--mark"], as_json=flags["--json"])
    return (questions, index, way) if questions else None
