"""``qa-bot ask`` without a question: a conversation on a terminal.

Lines are edited and remembered in memory alone, and names of documents are completed. What is
asked is told to the next question, and nothing of it is kept when the prompt ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory
from rich.markup import escape

import qa_bot
from qa_bot import Answer, Index, QaBotError, Turn, UsageError
from qa_bot.models.reader import Reader
from qa_bot.shell.answers import print_answer
from qa_bot.shell.console import err, out, print_text

COMMANDS = (":k", ":documents", ":strict", ":again", ":quit")
_HELP = (
    "Ask in plain words; a number asks what was offered under it. :k 8 ranks eight passages, "
    ":documents NAME … asks only these (alone: all), :strict 0.9 quotes only what is surer "
    "(alone: as fitted), :again asks the last question by itself, :quit ends (or Ctrl-D)."
)
_TURNS = 50  # that are remembered; later questions look at fewer


@dataclass(frozen=True, slots=True)
class Settings:
    """How questions are asked; ``documents`` is None for all."""

    k: int = 5
    documents: tuple[str, ...] | None = None
    strictness: float | None = None
    reader: Reader | None = None


class NameCompleter(Completer):
    """Completes commands, and after ``:documents`` the names of documents."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterator[Completion]:
        """What the word before the cursor may become."""
        del complete_event
        line = document.text_before_cursor
        if not line.startswith(":"):
            return
        command, blank, rest = line.partition(" ")
        if not blank:
            choices: Sequence[str] = COMMANDS
            begun = command
        elif command == ":documents":
            choices, begun = self.names, rest.rsplit(" ", 1)[-1]
        else:
            return
        for choice in choices:
            if choice.casefold().startswith(begun.casefold()):
                yield Completion(choice, start_position=-len(begun))


class Talk:
    """A conversation: what was asked, and how the next question is. ``say`` takes a line."""

    def __init__(self, index: Index, settings: Settings) -> None:
        self.index = index
        self.settings = settings
        self.turns: list[Turn] = []
        self.last: Answer | None = None

    def say(self, line: str) -> bool:
        """Answer a line, or do what it orders; False where it ends the conversation.

        Raises:
            QaBotError: It can't be done; the conversation goes on as it was.
        """
        line = line.strip()
        if not line:
            return True
        if line.startswith(":"):
            return self._order(line)
        offered = self.last.options if self.last is not None else ()
        if line.isascii() and line.isdigit() and 0 < int(line) <= len(offered):
            chosen = offered[int(line) - 1]
            self._ask(chosen.question, chosen.documents, alone=True)
        else:
            self._ask(line, self.settings.documents)
        return True

    def _ask(self, question: str, documents: Sequence[str] | None, *, alone: bool = False) -> None:
        answer = qa_bot.answer(
            question,
            self.index,
            k=self.settings.k,
            documents=documents,
            reader=self.settings.reader,
            strictness=self.settings.strictness,
            history=() if alone else self.turns,
        )
        self.last = answer
        self.turns = [*self.turns, Turn.of(answer)][-_TURNS:]
        print_answer(answer, self.index)

    def _order(self, line: str) -> bool:
        command, _, rest = line.partition(" ")
        values = rest.split()
        if command == ":quit":
            return False
        if command == ":k":
            self._set_k(values)
        elif command == ":documents":
            self._set_documents(rest)
        elif command == ":strict":
            self._set_strictness(values)
        elif command == ":again" and self.last is not None:
            self.turns = self.turns[:-1]
            self._ask(self.last.question, self.settings.documents, alone=True)
        else:
            print_text(_HELP, "dim")
        return True

    def _set_k(self, values: list[str]) -> None:
        if len(values) != 1 or not values[0].isdecimal() or int(values[0]) < 1:
            raise UsageError(":k needs a whole number, at least 1, as in “:k 8”.")
        self.settings = replace(self.settings, k=int(values[0]))
        print_text(f"{self.settings.k} passages are ranked.", "dim")

    def _set_documents(self, rest: str) -> None:
        held = {one.id for one in self.index.documents()}
        # A name may have blanks in it; several are apart by them.
        names = (rest.strip(),) if rest.strip() in held else tuple(rest.split())
        if names:
            self.index.scope(names)
        self.settings = replace(self.settings, documents=names or None)
        print_text(f"Asked from now on: {', '.join(names) if names else 'all documents'}.", "dim")
        if not names:
            print_text("\n".join(sorted(held)), "dim", indent=2)

    def _set_strictness(self, values: list[str]) -> None:
        try:
            wanted = float(values[0]) if values else None
        except ValueError:
            wanted = -1.0
        if len(values) > 1 or (wanted is not None and not 0 <= wanted <= 1):
            raise UsageError(":strict needs a number from 0 to 1, as in “:strict 0.9”.")
        self.settings = replace(self.settings, strictness=wanted)
        print_text(f"Strictness: {'as fitted' if wanted is None else wanted}.", "dim")


def talk(index: Index, settings: Settings, read: Callable[[], str] | None = None) -> None:
    """Read lines and answer them, until there are no more.

    Args:
        index: Open, with the model loaded.
        settings: To begin with; commands change them.
        read: Gives the next line, or raises EOFError; None reads from the terminal.
    """
    read = read or _reader([one.id for one in index.documents()])
    talking = Talk(index, settings)
    print_text(_HELP, "dim")
    while True:
        try:
            if not talking.say(read()):
                return
        except KeyboardInterrupt:  # a line is given up, not the conversation
            continue
        except EOFError:
            return
        except QaBotError as error:
            err.print(f"[bold red]Error:[/] {escape(' '.join(str(error).split()))}", soft_wrap=True)
        out.print()


def _reader(names: Sequence[str]) -> Callable[[], str]:
    session: PromptSession[str] = PromptSession(
        history=InMemoryHistory(), completer=NameCompleter(names), complete_while_typing=False
    )
    return lambda: session.prompt("› ")
