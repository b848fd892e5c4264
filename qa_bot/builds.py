"""What a build may cost, how far it is, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qa_bot.records import Health


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a build did. Names are document ids, sorted."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    reprocessed: tuple[str, ...]  # the same files, read anew for a newer qa_bot or another model
    renamed: tuple[tuple[str, str], ...]  # from, to; the text is the same
    removed: tuple[str, ...]
    health: Health
    documents: int  # in the index now
    passages: int  # in the index now
    embedded: int  # passages encoded by this build
    reused: int  # passages of this build whose vectors were already there
    seconds: float
    remade: bool = False  # whether an index of an older format gave way to a new one
    chosen: str = ""  # why a new index has another model than the usual one, and how to choose

    @property
    def nothing_changed(self) -> bool:
        """Whether the index already held exactly these files."""
        return not (self.added or self.changed or self.reprocessed or self.renamed or self.removed)


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may cost; a file that needs more is reported as unreadable."""

    seconds: float = 300.0
    memory: int = 3 * 2**30  # bytes of address space of the process that reads it
    size: int = 256 * 2**20  # bytes of the file
    pages: int = 5_000
    depth: int = 3  # how deep files in files are opened; the next four are for all in one file
    members: int = 100_000
    unpacked: int = 8 * 2**30  # bytes
    nested_seconds: float = 7_200.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a build is; passed to ``on_progress``. Files are read while others are embedded."""

    stage: Literal["loading", "reading", "embedding", "saving"]  # loading: the model
    files: int = 0  # that are to be read
    files_read: int = 0
    pages: int = 0  # that were read
    passages: int = 0  # that are to be embedded, as far as is known yet
    embedded: int = 0  # passages
    done: float = 0.0  # share of the whole work, in [0, 1]
    seconds_left: float | None = None  # about; None where it can't be told yet
    shards: int = 0  # of an index in shards: what stands above is of those that were begun
    shards_built: int = 0

    def __str__(self) -> str:
        """Reading 3 of 15 files, 120 pages; 64 of 512 passages embedded; about 2 min left."""
        if self.stage in ("loading", "saving"):
            told = "Loading the model" if self.stage == "loading" else "Saving"
            return f"{told}; {self._shards()}" if self.shards else told
        parts = [f"Read {self.files:,} files"]
        if self.files_read < self.files:
            parts = [f"Reading {self.files_read:,} of {self.files:,} files"]
        parts[0] += f", {self.pages:,} pages" if self.pages else ""
        if self.passages:
            parts.append(f"{self.embedded:,} of {self.passages:,} passages embedded")
        if self.shards:
            parts.append(self._shards())
        if self.seconds_left is not None:
            minutes = round(self.seconds_left / 60)
            parts.append(f"about {f'{minutes} min' if minutes else 'a minute'} left")
        return "; ".join(parts)

    def _shards(self) -> str:
        return f"{self.shards_built:,} of {self.shards:,} shards built"
