"""Who asks: the caller of a request, and what a role may do.

The caller is set for a request where it comes in, as a context variable, and read where the
index is opened for it: so no handler on the way can forget to pass it on. None means that
nobody has to log in.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

Role = Literal["reader", "editor"]
Action = Literal["ask", "feedback", "golden", "rebuild", "cancel", "add", "delete", "tokens"]

MAY: dict[Role, frozenset[Action]] = {
    "reader": frozenset({"ask", "feedback"}),
    "editor": frozenset({"ask", "feedback", "golden", "rebuild", "cancel", "add", "delete"}),
}
"""What each role may do. Users and tokens are managed by the command line alone."""
_OF_ALL: frozenset[Action] = frozenset({"golden", "rebuild", "cancel", "add", "delete"})


@dataclass(frozen=True, slots=True)
class Caller:
    """A user or a token. ``folders`` are those that it sees; None means all documents."""

    name: str
    kind: Literal["user", "token"]
    role: Role
    folders: tuple[str, ...] | None = None

    def may(self, action: Action) -> bool:
        """Whether it may do something: who sees only some folders changes nothing for all."""
        return action in MAY[self.role] and not (self.folders is not None and action in _OF_ALL)


current_caller: ContextVar[Caller | None] = ContextVar("current_caller", default=None)
"""Of the request that is answered; None where no log-ins are asked for."""


def may(action: Action) -> bool:
    """Whether who asks now may do something."""
    caller = current_caller.get()
    return caller is None or caller.may(action)


def folders() -> tuple[str, ...] | None:
    """The folders that who asks now sees; None means all."""
    caller = current_caller.get()
    return None if caller is None else caller.folders
