"""Which shards belong together: one file, published last and at once.

A shard's folder is never written again once a manifest names it: a build writes folders of its
own. So what was opened stays what it was, wherever and whenever a shard of it is opened again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from qa_bot.errors import IndexDamagedError, IndexFormatError, IndexNotFoundError
from qa_bot.members import file_of

FILE = "shards.json"
FORMAT = 1
FOLDER = "shards"
_NAME = re.compile(r"\d{4}-\d+")
MOST = 1024  # shards


@dataclass(frozen=True, slots=True)
class Part:
    """A shard as it was published: its folder's name, which build of it that is, what it holds."""

    folder: str
    uuid: str
    generation: int
    documents: int
    passages: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """The shards of one build, in the order in which documents are dealt to them."""

    uuid: str
    generation: int
    built_at: str  # ISO 8601, UTC
    documents_folder: str  # absolute; "" where it was made of ready-made passages
    shards: tuple[Part, ...]

    def place(self, index: Path, number: int) -> Path:
        """The folder of a shard."""
        return index / FOLDER / self.shards[number].folder

    @property
    def versions(self) -> tuple[tuple[str, int], ...]:
        """What tells whether anything that is read has changed, wherever it stands now."""
        return tuple((one.uuid, one.generation) for one in self.shards)

    @property
    def documents(self) -> int:
        """In all shards."""
        return sum(one.documents for one in self.shards)


def shard_of(document_id: str, shards: int) -> int:
    """To which shard a document is dealt: with the file that it lies in, and always the same."""
    name = file_of(document_id).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(name).digest()[:8]) % shards


def is_sharded(index: Path) -> bool:
    """Whether a folder holds an index in shards."""
    return (index / FILE).is_file()


def read_manifest(index: Path) -> Manifest:
    """What was published last.

    Raises:
        IndexNotFoundError, IndexFormatError, IndexDamagedError
    """
    try:
        held = json.loads((index / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise IndexNotFoundError(index) from error
    except (OSError, ValueError) as error:
        raise IndexDamagedError(index, f"{FILE} can't be read") from error
    try:
        if held["format"] > FORMAT:
            raise IndexFormatError(f"The index in {index} was made by a newer qa_bot: upgrade.")
        manifest = Manifest(
            uuid=str(held["uuid"]),
            generation=int(held["generation"]),
            built_at=str(held["built_at"]),
            documents_folder=str(held["documents_folder"]),
            shards=tuple(Part(**one) for one in held["shards"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise IndexDamagedError(index, f"{FILE} isn't whole") from error
    sound = all(_NAME.fullmatch(str(one.folder)) for one in manifest.shards)
    if not manifest.shards or not sound:
        raise IndexDamagedError(index, f"{FILE} names no shards")
    return manifest


def publish(index: Path, manifest: Manifest) -> None:
    """Let a manifest take the place of the last one: readers see the one or the other."""
    scratch = index / f".{FILE}"
    with scratch.open("w", encoding="utf-8") as stream:
        json.dump({"format": FORMAT, **asdict(manifest)}, stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    scratch.replace(index / FILE)
    handle = os.open(index, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
