"""A member of a file that holds others, before anything is made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace


class MemberError(Exception):
    """A file that holds others, or one member of it, can't be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file inside another.

    ``name`` is shown, never a path of this machine. ``chunks`` gives its bytes; it raises
    ``MemberError`` where they can't be had.
    """

    name: str
    size: int = 0  # bytes, as far as the container says
    problem: str = ""  # why it can't be read, where that is known beforehand
    chunks: Callable[[], Iterator[bytes]] = lambda: iter(())

    def named(self, name: str) -> Member:
        """The same under another name."""
        return self if name == self.name else replace(self, name=name)
