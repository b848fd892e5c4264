"""SQLite: the only truth. Documents with their text, passages, vectors, problems.

One file that changes in one transaction. In WAL mode a build never blocks
readers, and a reader that has begun keeps seeing the index as it was then.
A passage row never changes and its id is never used again; vectors are found
by a key over the model and the text, so that text which moved keeps its own.
"""

from __future__ import annotations

import json
import re
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
    IndexFormatError,
    IndexNotFoundError,
    IndexStateError,
)
from qa_bot.records import (
    Document,
    Passage,
    Problem,
    Section,
)

FILE = "qa_bot.sqlite"
FORMAT = 1
BUSY_MS = 2_000  # how long a second writer waits before it says so

_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    digest TEXT NOT NULL,
    file_hash TEXT NOT NULL,
    recipe TEXT NOT NULL,          -- what read, cut and embedded it
    blocks TEXT NOT NULL,          -- JSON [[kind, start, end], …]
    pages TEXT NOT NULL,           -- JSON [[label, number, start, end], …]
    indexed_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS sections (
    document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    path TEXT NOT NULL,            -- JSON [heading, …], outermost first
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    anchor TEXT NOT NULL,
    PRIMARY KEY (document, ordinal)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    section INTEGER NOT NULL,      -- sections.ordinal
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    text TEXT NOT NULL,
    paragraph INTEGER NOT NULL,
    pages TEXT NOT NULL,           -- JSON [[label, number], …]
    sentences TEXT NOT NULL,       -- JSON [[start, end, paragraph], …]
    context TEXT NOT NULL,         -- JSON [[start, end], …]
    vector BLOB NOT NULL           -- vectors.key
);
CREATE INDEX IF NOT EXISTS passages_by_document ON passages (document);
CREATE INDEX IF NOT EXISTS passages_by_vector ON passages (vector);
CREATE TABLE IF NOT EXISTS vectors (
    key BLOB PRIMARY KEY,          -- hash of the model and the embedded text
    passage BLOB NOT NULL,         -- float32 (d,)
    sentences BLOB NOT NULL        -- int8 (s, d)
);
CREATE TABLE IF NOT EXISTS problems (
    path TEXT NOT NULL,
    reason TEXT NOT NULL,
    unreadable INTEGER NOT NULL
);
INSERT OR IGNORE INTO meta VALUES ('format', '{FORMAT}'), ('uuid', lower(hex(randomblob(4))));
COMMIT;
"""  # noqa: S608 - a number of our own


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
            connection.executescript(_SCHEMA)  # another first build may just have done it
        _check_meta(connection, folder)
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
        _check_meta(connection, folder)
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


_META = {  # what each value looks like; some become part of a file's name
    "format": r"\d+",  # first: a newer one may not have the others
    "uuid": r"[0-9a-f]+",
    "generation": r"\d+",
    "dimension": r"\d+",
    "model": ".+",
    "fingerprint": ".+",
    "built_at": ".+",
}


def _check_meta(connection: sqlite3.Connection, folder: Path) -> None:
    meta = read_meta(connection)
    keys = list(_META) if "generation" in meta else ["format", "uuid"]  # before the first build
    for key in keys:
        if not re.fullmatch(_META[key], meta.get(key, "")):
            raise IndexDamagedError(folder, f"no valid {key}")
        if key == "format" and int(meta[key]) > FORMAT:
            raise IndexFormatError(
                f"The index in {folder} was made by a newer qa_bot (format {meta[key]}, this one "
                f"reads {FORMAT}): upgrade, or run `qa-bot index --rebuild`."
            )


def is_sound(folder: Path) -> bool:
    """Whether a build can go on from the database: it is ours, whole, and not a newer one."""
    shape = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
    fresh = sqlite3.connect(":memory:")
    fresh.executescript(_SCHEMA)
    ours = fresh.execute(shape).fetchall()
    fresh.close()
    connection = sqlite3.connect(folder / FILE, timeout=BUSY_MS / 1000)
    try:
        _check_meta(connection, folder)
        document_states(connection)
        connection.execute("SELECT * FROM problems").fetchall()
        return connection.execute(shape).fetchall() == ours and connection.execute(
            "PRAGMA integrity_check(1)"
        ).fetchone() == ("ok",)
    except (IndexStateError, UnicodeDecodeError):
        return False
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise
        return False
    finally:
        connection.close()


def read_meta(connection: sqlite3.Connection) -> dict[str, str]:
    """Everything the index says about itself: format, uuid, generation, model, …."""
    return dict(connection.execute("SELECT key, value FROM meta"))


def write_meta(connection: sqlite3.Connection, values: dict[str, str]) -> None:
    """Set some of the values that ``read_meta`` returns."""
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())


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
        json.dumps([(p.page.label, p.page.number, p.start, p.end) for p in document.pages]),
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


def save_problems(
    connection: sqlite3.Connection, unreadable: Iterable[Problem], warnings: Iterable[Problem]
) -> None:
    """Replace the list of files that could not be read, or only with a warning."""
    connection.execute("DELETE FROM problems")
    for problems, flag in ((unreadable, 1), (warnings, 0)):
        connection.executemany(
            "INSERT INTO problems VALUES (?, ?, ?)",
            [(problem.document_id, problem.reason, flag) for problem in problems],
        )
