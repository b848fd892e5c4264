"""SQLite: the only truth. Documents with their text, passages, vectors, problems.

One file that changes in one transaction. In WAL mode a build never blocks
readers, and a reader that has begun keeps seeing the index as it was then.
A passage row never changes and its id is never used again; vectors are found
by a key over the model and the text, so that text which moved keeps its own.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
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
from qa_bot.records import Document, Passage, Problem, Section, Stamp
from qa_bot.store import naming, pieces, scans, tables
from qa_bot.store.schema import BUSY_MS, FILE, TABLES, check_meta, read_meta, write_meta

_NO_STAMP = Stamp()


@dataclass(frozen=True, slots=True)
class FileVersion:
    """Which version of a file was read, and what else depends on what was made of it."""

    file_hash: str = ""
    recipe: str = ""  # versions of loaders and cutting, model, OCR
    stamp: Stamp = _NO_STAMP


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that could not be read, and which version of it that was."""

    problem: Problem
    version: FileVersion


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
            if getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                break  # the log is being written, and an immutable file has none
        else:
            return connection
    raise last or sqlite3.OperationalError("unable to open database file")


def empty_log(folder: Path) -> None:
    """Move what is in the write-ahead log into the database, unless a reader still needs it."""
    with (
        suppress(sqlite3.OperationalError),
        closing(sqlite3.connect(folder / FILE, isolation_level=None, timeout=0)) as connection,
    ):
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def file_versions(
    connection: sqlite3.Connection, *, staged: bool = False
) -> dict[str, FileVersion]:
    """What each stored document was made from, by its path."""
    found = connection.execute(
        "SELECT path, file_hash, recipe, stamp FROM documents WHERE staged = ?", (staged,)
    )
    return {path: _version(*rest) for path, *rest in found}


def unreadable_versions(connection: sqlite3.Connection) -> dict[str, Unreadable]:
    """The files that the last build could not read, by their path."""
    found = connection.execute(
        "SELECT path, reason, file_hash, recipe, stamp FROM problems WHERE kind = 'unreadable'"
    )
    return {
        path: Unreadable(Problem(path, reason), _version(*rest)) for path, reason, *rest in found
    }


def _version(file_hash: str, recipe: str, stamp: str) -> FileVersion:
    return FileVersion(file_hash, recipe, Stamp(*map(int, stamp.split())))


def _stamp_row(stamp: Stamp) -> str:
    return " ".join(map(str, astuple(stamp)))


def titles(connection: sqlite3.Connection) -> dict[str, str]:
    """The title of each published document, by its path."""
    return dict(connection.execute("SELECT path, title FROM documents WHERE NOT staged"))


def save_document(
    connection: sqlite3.Connection,
    document: Document,
    passages: Sequence[Passage],
    keys: Sequence[bytes],
    version: FileVersion | None = None,
    *,
    staged: bool = False,
) -> None:
    """Insert a document, or replace what was stored under its path.

    ``keys`` name the passages' vectors, which may be saved later. A staged
    document stands beside the published one until ``publish``.
    """
    version = version or FileVersion()
    connection.execute("DELETE FROM documents WHERE path = ? AND staged = ?", (document.id, staged))
    inserted = connection.execute(
        "INSERT INTO documents VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            document.id,
            staged,
            document.title,
            document.digest,
            len(document.text),
            _page_count(document),
            document.language,
            version.file_hash,
            version.recipe,
            _stamp_row(version.stamp),
            json.dumps(document.warnings),
            datetime.now(UTC).isoformat(timespec="seconds"),
        ),
    )
    number = inserted.lastrowid or 0  # never None after an INSERT
    pieces.save_pieces(connection, number, document)
    tables.save_tables(connection, number, document)
    scans.save_scans(connection, number, document)
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


def _page_count(document: Document) -> int:
    """Of the file; 0 where it has none: a sheet's rows and the times of subtitles are no pages."""
    pages = [span.page for span in document.pages[:1] if span.page.kind in ("", "slide")]
    return max(len(document.pages), pages[0].count) if pages else 0


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


def drop_staged(connection: sqlite3.Connection, keep: Iterable[str]) -> bool:
    """Forget what an interrupted build read, but for those paths; whether there was any."""
    found = connection.execute(
        "DELETE FROM documents WHERE staged AND path NOT IN (SELECT value FROM json_each(?))",
        (json.dumps(list(keep)),),
    )
    return found.rowcount > 0


def has_staged(connection: sqlite3.Connection) -> bool:
    """Whether an interrupted build left anything."""
    return connection.execute("SELECT 1 FROM documents WHERE staged").fetchone() is not None


def staged_passages(connection: sqlite3.Connection) -> int:
    """How many passages are staged."""
    (count,) = connection.execute(
        "SELECT count(*) FROM passages p JOIN documents d ON d.id = p.document WHERE d.staged"
    ).fetchone()
    return int(count)


def publish(
    connection: sqlite3.Connection, removed: Iterable[str], renamed: Iterable[tuple[str, str]]
) -> None:
    """Let staged documents take the place of the published ones of their path.

    Documents of removed paths go, renamed ones get their new path, and vectors
    that nothing uses any more are deleted. Digests are remembered.
    """
    gone = list(removed)
    naming.remember(connection, gone)
    connection.execute(
        "DELETE FROM documents WHERE NOT staged AND"
        " (path IN (SELECT value FROM json_each(?))"
        " OR path IN (SELECT path FROM documents WHERE staged))",
        (json.dumps(gone),),
    )
    connection.executemany(
        "UPDATE documents SET path = ? WHERE path = ? AND NOT staged",
        [(after, before) for before, after in renamed],
    )
    connection.execute("UPDATE documents SET staged = 0 WHERE staged")
    connection.execute("DELETE FROM vectors WHERE key NOT IN (SELECT vector FROM passages)")


def save_stamps(connection: sqlite3.Connection, stamps: Iterable[tuple[str, Stamp]]) -> None:
    """Remember what files that are the same as before look like to the file system now."""
    connection.executemany(
        "UPDATE documents SET stamp = ? WHERE path = ? AND NOT staged",
        [(_stamp_row(stamp), path) for path, stamp in stamps],
    )


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
    blobs = passage.astype(np.float16).tobytes(), sentences.tobytes()
    connection.execute(
        "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)", (key, *blobs, vector_checksum(*blobs))
    )


def vector_checksum(passage: bytes, sentences: bytes) -> int:
    """What is stored beside the vectors of a text, since SQLite has no checksums."""
    return zlib.crc32(sentences, zlib.crc32(passage))


def save_health(
    connection: sqlite3.Connection,
    unreadable: Iterable[Unreadable],
    skipped: Iterable[Problem],
    unsupported: Iterable[str],
    hidden: int,
) -> None:
    """Replace what is stored of the files that are not in the index."""
    connection.execute("DELETE FROM problems")
    entries = [
        (one.problem, "unreadable", one.version)
        for one in sorted(unreadable, key=lambda one: one.problem.document_id)
    ]
    entries += [(problem, "skipped", FileVersion()) for problem in skipped]
    entries += [(Problem(name, ""), "unsupported", FileVersion()) for name in unsupported]
    connection.executemany(
        "INSERT INTO problems VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                problem.document_id,
                kind,
                problem.reason,
                version.file_hash,
                version.recipe,
                _stamp_row(version.stamp),
            )
            for problem, kind, version in entries
        ],
    )
    write_meta(connection, {"hidden": str(hidden)})
