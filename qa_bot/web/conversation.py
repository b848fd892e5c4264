"""One visitor's questions and answers: in memory while the page is open, never written down."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

import qa_bot
from qa_bot.web.replying import Compared, Reply
from qa_bot.web.service import Holdings

TURNS_KEPT = 1_000  # of a conversation, for the quote sheet
_TOLD = 20  # of them that the next question may lean on

# Turns of earlier visits may still be on a page: no number is ever given twice.
_numbers = itertools.count(int(time.time() * 1_000))


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its reply; None while it waits, and where it was stopped or failed."""

    number: int
    question: str
    reply: Reply | None = None
    alone: bool = False  # whether it was asked without what was said before it
    documents: tuple[str, ...] | None = None  # that it alone is asked of; None: those chosen
    compared: tuple[Compared, ...] = ()  # in place of a reply, where documents were compared

    @property
    def replies(self) -> tuple[Reply, ...]:
        """All that came of it: one reply, or one of each document that was compared."""
        if self.reply is not None:
            return (self.reply,)
        return tuple(each.reply for each in self.compared)


class Conversation:
    """What a visitor has asked, and whom: Gradio hands the same one to each of their events."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.asked: Turn | None = None  # the question that is being answered
        self.editing: int | None = None  # the turn that the next question replaces
        self.chosen: frozenset[str] | None = None  # documents to ask; None: all but ``left_out``
        self.left_out: frozenset[str] = frozenset()
        self.sought = ""  # what the list of documents is filtered by
        self.order = "folder"
        self.first = 0  # the row of the list from which on rows are sent
        self.toggled: frozenset[str] = frozenset()  # folders of it that were opened, or closed
        self.newest_list = 0  # the number of the page's request that said so
        self.listed: Holdings | None = None  # what the list on the page was made of

    def begin(
        self, question: str, *, alone: bool = False, documents: Iterable[str] | None = None
    ) -> Turn:
        """Ask a question, in place of the one that is being edited, if any."""
        number = self.editing
        if number is None:
            number = next(_numbers)
        self.editing = None
        named = None if documents is None else tuple(documents)
        self.asked = Turn(number, question, None, alone, named)
        return self.asked

    def finish(self, asked: Turn, reply: Reply | None, compared: tuple[Compared, ...] = ()) -> bool:
        """Keep the reply; False where the question was stopped meanwhile."""
        if self.asked is not asked:
            return False
        self.asked = None
        self._keep(replace(asked, reply=reply, compared=compared))
        return True

    def history(self, asked: Turn) -> tuple[qa_bot.Turn, ...]:
        """What was answered before a question, as it may lean on; nothing where it stands alone."""
        if asked.alone:
            return ()
        before = itertools.takewhile(lambda turn: turn.number != asked.number, self.turns)
        return tuple(qa_bot.Turn.of(turn.reply.answer) for turn in before if turn.reply)[-_TOLD:]

    def stop(self) -> Turn | None:
        """Wait no longer for the question that is being answered; returns it."""
        asked, self.asked = self.asked, None
        if asked is not None:
            self._keep(asked)
        return asked

    def undo(self) -> Turn | None:
        """Take the last question back; returns it."""
        self.editing = None
        return self.turns.pop() if self.turns and self.asked is None else None

    def edit(self, number: int) -> Turn | None:
        """Let the next question replace this one; returns it, if it is there."""
        turn = self.turn(number)
        self.editing = None if turn is None else number
        return turn

    def turn(self, number: int) -> Turn | None:
        """The turn of that number."""
        return next((turn for turn in self.turns if turn.number == number), None)

    def choose(self, names: Iterable[str], held: frozenset[str], *, wanted: bool) -> None:
        """Ask these documents too, or no longer; ``held`` are all there are.

        Who leaves some out of all of them means those that are added later, too;
        who has left out all and then takes some means only these.
        """
        named = held.intersection(names)
        if self.chosen is not None:
            self.chosen = self.chosen | named if wanted else self.chosen - named
            if self.chosen >= held:
                self.chosen, self.left_out = None, frozenset()
            return
        self.left_out = self.left_out - named if wanted else self.left_out | named
        if self.left_out >= held:
            self.chosen = frozenset()

    def scope(self, held: frozenset[str]) -> frozenset[str] | None:
        """Those of the documents that are to be asked; None: all."""
        if self.chosen is not None:
            return self.chosen & held
        return held - self.left_out if self.left_out & held else None

    def recall(self) -> None:
        """Forget all turns that are answered, to take back others."""
        self.turns, self.editing = [], None

    def recall_turn(
        self, question: str, reply: Reply | None, compared: tuple[Compared, ...] = ()
    ) -> Turn:
        """Take back a turn that was kept elsewhere, as the last one."""
        turn = Turn(next(_numbers), question, reply, compared=compared)
        self._keep(turn)
        return turn

    def _keep(self, turn: Turn) -> None:
        places = [place for place, one in enumerate(self.turns) if one.number == turn.number]
        if places:
            self.turns[places[0]] = turn
        else:
            self.turns = [*self.turns, turn][-TURNS_KEPT:]
