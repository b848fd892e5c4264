"""SQLite: the only truth. Documents with their text, passages, vectors, problems.

One file that changes in one transaction. In WAL mode a build never blocks
readers, and a reader that has begun keeps seeing the index as it was then.
A passage row never changes and its id is never used again; vectors are found
by a key over the model and the text, so that text which moved keeps its own.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qa_bot.errors import (
    IndexBusyError,
    IndexDamagedError,
    IndexNotFoundError,
    IndexStateError,
)
from qa_bot.records import Document, Health, Passage, Section
from qa_bot.schema import BUSY_MS, FILE, TABLES, check_meta, read_meta, write_meta


@dataclass(frozen=True, slots=True)
class DocumentState:
    """What an indexed document was made from."""

    id: int
    file_hash: str
    recipe: str

    def made_from(self, file_hash: str, recipe: str) -> bool:
        """Whether it is what that file gives today."""
        return (self.file_hash, self.recipe) == (file_hash, recipe)


@contextmanager
def explain_errors(folder: Path) -> Iterator[None]:
    """Turn SQLite's errors into this package's, with what to do about them."""
    try:
        yield
    except (json.JSONDecodeError, UnicodeDecodeError) as error:  # SQLite has no checksums
        raise IndexDamagedError(folder, "unreadable values") from error
    except sqlite3.ProgrammingError as error:  # above all: used after it was closed
        raise IndexStateError(f"The index in {folder} can't be used: {error}") from error
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "") or ""
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise IndexBusyError(
                f"Another build is writing the index in {folder}: wait for it, then try again."
            ) from error
        if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
            raise IndexStateError(
                f"The index in {folder} can't be opened or written: check its permissions."
            ) from error
        if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
            raise IndexStateError(
                f"Writing the index in {folder} failed ({error}): is the disk full? "
                "The index is as it was before."
            ) from error
        raise IndexDamagedError(folder, str(error).splitlines()[0]) from error


def open_writer(folder: Path) -> sqlite3.Connection:
    """Open the database for a build, creating it if there is none."""
    _refuse_folder(folder)
    connection = sqlite3.connect(
        folder / FILE, isolation_level=None, timeout=BUSY_MS / 1000, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA foreign_keys = ON")
        if not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            connection.executescript(TABLES)  # another first build may just have done it
        check_meta(connection, folder)
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(folder: Path) -> sqlite3.Connection:
    """Open the database at its last build and stay there.

    The connection holds a read transaction, so whatever is built later, it
    goes on showing one and the same build.

    Raises:
        IndexNotFoundError, IndexFormatError, IndexDamagedError
    """
    file = folder / FILE
    if not file.exists():
        raise IndexNotFoundError(folder)
    _refuse_folder(folder)
    connection = _connect_reader(file)
    try:
        check_meta(connection, folder)
        if "generation" not in read_meta(connection):
            raise IndexNotFoundError(folder)  # a first build was interrupted
    except BaseException:
        connection.close()
        raise
    return connection


def _refuse_folder(folder: Path) -> None:
    if (folder / FILE).is_dir():
        raise IndexDamagedError(folder, f"{FILE} is a folder")


def _connect_reader(file: Path) -> sqlite3.Connection:
    """Open read-only; where the folder can't be written either, as an immutable file."""
    last: sqlite3.Error | None = None
    for options in ("mode=ro", "mode=ro&immutable=1"):
        connection = sqlite3.connect(
            f"{file.absolute().as_uri()}?{options}",
            uri=True,
            isolation_level=None,
            timeout=BUSY_MS / 1000,
            check_same_thread=False,
        )
        try:
            connection.execute("BEGIN")
            connection.execute("SELECT 1 FROM meta").fetchone()
        except sqlite3.DatabaseError as error:
            connection.close()
            last = error
        else:
            return connection
    raise last or sqlite3.OperationalError("unable to open database file")


def document_states(connection: sqlite3.Connection) -> dict[str, DocumentState]:
    """What each indexed document was made from, by its path."""
    rows = connection.execute("SELECT path, id, file_hash, recipe FROM documents")
    return {path: DocumentState(*rest) for path, *rest in rows}


def save_document(
    connection: sqlite3.Connection,
    document: Document,
    passages: Sequence[Passage],
    keys: Sequence[bytes],
    file_hash: str,
    recipe: str,
) -> None:
    """Insert a document, or replace what was stored under its path.

    ``keys`` name the passages' vectors; those may be saved later in the same
    transaction.
    """
    row = (
        document.title,
        document.text,
        document.digest,
        file_hash,
        recipe,
        json.dumps([astuple(block) for block in document.blocks]),
        json.dumps([(*astuple(p.page), p.start, p.end) for p in document.pages]),
        datetime.now(UTC).isoformat(timespec="seconds"),
    )
    connection.execute(
        "INSERT INTO documents (path, title, text, digest, file_hash, recipe, blocks, pages,"
        " indexed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET"
        " title = excluded.title, text = excluded.text, digest = excluded.digest,"
        " file_hash = excluded.file_hash, recipe = excluded.recipe, blocks = excluded.blocks,"
        " pages = excluded.pages, indexed_at = excluded.indexed_at",
        (document.id, *row),
    )
    (number,) = connection.execute(
        "SELECT id FROM documents WHERE path = ?", (document.id,)
    ).fetchone()
    connection.execute("DELETE FROM passages WHERE document = ?", (number,))
    connection.execute("DELETE FROM sections WHERE document = ?", (number,))
    connection.executemany(
        "INSERT INTO sections VALUES (?, ?, ?, ?, ?, ?)",
        [
            (number, i, json.dumps(section.path), section.start, section.end, section.anchor)
            for i, section in enumerate(document.sections)
        ],
    )
    connection.executemany(
        "INSERT INTO passages (document, section, start, end, text, paragraph, pages, sentences,"
        " context, vector) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (number, *_passage_row(passage, ordinal), key)
            for passage, ordinal, key in zip(
                passages, _ordinals(document.sections, passages), keys, strict=True
            )
        ],
    )


def _ordinals(sections: Sequence[Section], passages: Iterable[Passage]) -> Iterator[int]:
    """The innermost section around each passage; passages are in reading order."""
    starts = [section.start for section in sections]
    for passage in passages:
        ordinal = bisect_right(starts, passage.start) - 1
        while sections[ordinal].path != passage.section or passage.start >= sections[ordinal].end:
            ordinal -= 1
        yield ordinal


def _passage_row(passage: Passage, ordinal: int) -> tuple[Any, ...]:
    return (
        ordinal,
        passage.start,
        passage.end,
        passage.text,
        passage.paragraph,
        json.dumps([astuple(page) for page in passage.pages]),
        json.dumps([astuple(sentence) for sentence in passage.sentences]),
        json.dumps(passage.context),
    )


def delete_documents(connection: sqlite3.Connection, paths: Iterable[str]) -> None:
    """Remove documents with their passages; their vectors stay until ``purge_vectors``."""
    connection.executemany("DELETE FROM documents WHERE path = ?", [(path,) for path in paths])


def known_keys(connection: sqlite3.Connection, keys: Sequence[bytes]) -> set[bytes]:
    """Which of the keys have vectors."""
    found: set[bytes] = set()
    for start in range(0, len(keys), 500):
        part = keys[start : start + 500]
        marks = ",".join("?" * len(part))
        rows = connection.execute(f"SELECT key FROM vectors WHERE key IN ({marks})", part)  # noqa: S608
        found.update(key for (key,) in rows)
    return found


def save_vectors(
    connection: sqlite3.Connection,
    key: bytes,
    passage: npt.NDArray[np.float32],
    sentences: npt.NDArray[np.int8],
) -> None:
    """Store the vectors of one text."""
    connection.execute(
        "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)",
        (key, passage.tobytes(), sentences.tobytes()),
    )


def purge_vectors(connection: sqlite3.Connection) -> None:
    """Delete the vectors that no passage uses any more."""
    connection.execute("DELETE FROM vectors WHERE key NOT IN (SELECT vector FROM passages)")


def save_health(connection: sqlite3.Connection, health: Health) -> None:
    """Replace what is stored of the files that could not be read, or only with a warning."""
    connection.execute("DELETE FROM problems")
    lists = (
        ("unreadable", [(problem.document_id, problem.reason) for problem in health.unreadable]),
        ("warning", [(problem.document_id, problem.reason) for problem in health.warnings]),
        ("unsupported", [(name, "") for name in health.unsupported]),
    )
    for kind, found in lists:
        connection.executemany(
            "INSERT INTO problems VALUES (?, ?, ?)", [(*entry, kind) for entry in found]
        )
    write_meta(connection, {"hidden": str(health.hidden)})
