"""What the database looks like: its tables, its format, and what it says of itself."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from qa_bot.errors import IndexDamagedError, IndexFormatError, IndexStateError

FILE = "qa_bot.sqlite"
FORMAT = 7
DIGEST = "[0-9a-f]" * 16  # what a digest looks like
BUSY_MS = 2_000  # how long a second writer waits before it says so

TABLES = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL,
    staged INTEGER NOT NULL,       -- 1 until the build that read it is published
    title TEXT NOT NULL,
    digest TEXT NOT NULL,          -- of the text, as text.text_digest
    characters INTEGER NOT NULL,   -- of the text
    pages INTEGER NOT NULL,        -- of the file; 0 where it has none
    language TEXT NOT NULL,        -- a code, or '' where it isn't known
    file_hash TEXT NOT NULL,
    recipe TEXT NOT NULL,          -- what read, cut and embedded it
    stamp TEXT NOT NULL,           -- of the file: its size, modified, inode, checked; of a
                                   -- member of another file none: that file has one
    warnings TEXT NOT NULL,        -- JSON [text, …]
    indexed_at TEXT NOT NULL,
    UNIQUE (path, staged)
);
CREATE INDEX IF NOT EXISTS documents_by_digest ON documents (digest);
CREATE TABLE IF NOT EXISTS pieces (    -- of texts, end to end
    document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    start INTEGER NOT NULL,
    text TEXT NOT NULL,
    blocks TEXT NOT NULL,          -- JSON [[kind, start, end], …]: those that touch the piece
    pages TEXT NOT NULL,           -- JSON [[label, number, count, kind, start, end], …]: likewise
    PRIMARY KEY (document, start)
);
CREATE TABLE IF NOT EXISTS tables (
    document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    shape TEXT NOT NULL,           -- JSON [rows, columns, caption's [start, end], unit's]
    headers BLOB NOT NULL,         -- cells, as tables.py packs them
    PRIMARY KEY (document, ordinal)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS table_parts (  -- a few rows each
    document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,      -- tables.ordinal
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    cells BLOB NOT NULL,
    PRIMARY KEY (document, ordinal, start)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS scans (     -- pages that were recognised
    document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    page INTEGER NOT NULL,         -- from 1
    shape TEXT NOT NULL,           -- JSON [width, height, turn]
    words BLOB NOT NULL,           -- where they stand, as scans.py packs them
    PRIMARY KEY (document, page)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS former_texts (
    digest TEXT PRIMARY KEY CHECK (digest GLOB '{DIGEST}'),  -- a document's, once
    path TEXT NOT NULL             -- of that document, the last known
) WITHOUT ROWID;
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
    pages TEXT NOT NULL,           -- JSON [[label, number, count, kind], …]
    sentences TEXT NOT NULL,       -- JSON [[start, end, paragraph], …]
    context TEXT NOT NULL,         -- JSON [[start, end], …]
    vector BLOB NOT NULL           -- vectors.key
);
CREATE INDEX IF NOT EXISTS passages_by_document ON passages (document);
CREATE INDEX IF NOT EXISTS passages_by_vector ON passages (vector);
CREATE TABLE IF NOT EXISTS vectors (
    key BLOB PRIMARY KEY,          -- hash of the model and the embedded text
    passage BLOB NOT NULL,         -- float16 (d,)
    sentences BLOB NOT NULL,       -- int8 (s, d)
    checksum INTEGER NOT NULL      -- CRC-32 of both
);
CREATE TABLE IF NOT EXISTS containers (  -- files that hold other documents
    path TEXT PRIMARY KEY,
    file_hash TEXT NOT NULL,
    recipe TEXT NOT NULL,          -- what went through it
    stamp TEXT NOT NULL,
    hidden INTEGER NOT NULL        -- members that are ignored, as hidden files are
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS problems (
    path TEXT NOT NULL,
    kind TEXT NOT NULL,            -- unreadable, skipped or unsupported
    reason TEXT NOT NULL,
    file_hash TEXT NOT NULL,       -- of an unreadable file: not read again until it changes
    recipe TEXT NOT NULL,
    stamp TEXT NOT NULL
);
INSERT OR IGNORE INTO meta VALUES ('format', '{FORMAT}'), ('uuid', lower(hex(randomblob(4))));
COMMIT;
"""  # noqa: S608 - a number of our own

_META = {  # what each value looks like; some become part of a file's name
    "format": r"\d+",  # first: a newer one may not have the others
    "uuid": r"[0-9a-f]+",
    "generation": r"\d+",
    "dimension": r"\d+",
    "model": ".+",
    "fingerprint": ".+",
    "built_at": ".+",
    "hidden": r"\d+",
}


def check_meta(connection: sqlite3.Connection, folder: Path) -> None:
    """Make sure that the database is one of ours, of this format.

    Raises:
        IndexDamagedError, IndexFormatError
    """
    meta = read_meta(connection)
    keys = list(_META) if "generation" in meta else ["format", "uuid"]  # before the first build
    for key in keys:
        if not re.fullmatch(_META[key], meta.get(key, "")):
            raise IndexDamagedError(folder, f"no valid {key}")
        if key == "format" and int(meta[key]) != FORMAT:
            newer = int(meta[key]) > FORMAT
            cure = "upgrade, or run `qa-bot index --rebuild`"
            if not newer:
                cure = "run `qa-bot index`, which makes it anew"
            raise IndexFormatError(
                f"The index in {folder} was made by {'a newer' if newer else 'an older'} qa_bot "
                f"(format {meta[key]}, this one reads {FORMAT}): {cure}."
            )


def is_older(folder: Path) -> bool:
    """Whether there is a database of an older format, which only a rebuild can use."""
    if not (folder / FILE).is_file():
        return False
    connection = sqlite3.connect(folder / FILE, timeout=BUSY_MS / 1000)
    try:
        meta = read_meta(connection)
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return False
    finally:
        connection.close()
    return re.fullmatch(r"\d+", meta.get("format", "")) is not None and int(meta["format"]) < FORMAT


def former_model(folder: Path) -> str | None:
    """The model of the index in a folder, whatever its format; None where it can't be told."""
    if not (folder / FILE).is_file():
        return None
    connection = sqlite3.connect(folder / FILE, timeout=BUSY_MS / 1000)
    try:
        return read_meta(connection).get("model")
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return None
    finally:
        connection.close()


def is_usable(folder: Path) -> bool:
    """Whether a build can go on from what is there: nothing, or a whole database of this format."""
    file = folder / FILE
    return not file.exists() or (file.is_file() and _is_sound(file))


def _is_sound(file: Path) -> bool:
    shape = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
    fresh = sqlite3.connect(":memory:")
    fresh.executescript(TABLES)
    ours = fresh.execute(shape).fetchall()
    fresh.close()
    connection = sqlite3.connect(file, timeout=BUSY_MS / 1000)
    try:
        check_meta(connection, file.parent)
        connection.execute("SELECT * FROM documents").fetchone()
        connection.execute("SELECT * FROM problems").fetchall()
        connection.execute("SELECT * FROM former_texts").fetchall()
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


def take_place(source: Path, folder: Path) -> None:
    """Let the whole database in ``source`` replace the one in ``folder``, whatever that is."""
    with closing(sqlite3.connect(source / FILE, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    try:
        if (folder / FILE).is_dir():  # nothing of ours, so not ours to delete
            (folder / FILE).rename(folder / f"{FILE}.{time.time_ns()}")
        for name in (f"{FILE}-wal", f"{FILE}-shm"):  # else they would be taken for the new one's
            (folder / name).unlink(missing_ok=True)
        (source / FILE).replace(folder / FILE)
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)  # the name is on the disk before the build is told to be done
        finally:
            os.close(handle)
    except OSError as error:
        raise IndexStateError(
            f"The new index in {folder} can't take the place of the old one ({error.strerror})."
        ) from error
    shutil.rmtree(source, ignore_errors=True)


def read_meta(connection: sqlite3.Connection) -> dict[str, str]:
    """Everything the index says about itself: format, uuid, generation, model, …."""
    return dict(connection.execute("SELECT key, value FROM meta"))


def write_meta(connection: sqlite3.Connection, values: dict[str, str]) -> None:
    """Set some of the values that ``read_meta`` returns."""
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())


def documents_folder(index: Path, meta: dict[str, str]) -> Path | None:
    """The folder that the index was built from, also where both have moved together."""
    if "documents" not in meta:  # made of ready-made passages
        return None
    beside = index / meta["documents_from_here"]
    return beside if beside.is_dir() else Path(meta["documents"])


def name_documents_folder(connection: sqlite3.Connection, index: Path, documents: Path) -> None:
    """Remember where the documents are, in both ways that ``documents_folder`` tries."""
    write_meta(connection, documents_named(index, documents))


def documents_named(index: Path, documents: Path) -> dict[str, str]:
    """What is remembered of where the documents are; nothing where it is no valid text."""
    values = {
        "documents": os.path.abspath(documents),
        "documents_from_here": os.path.relpath(documents, index),
    }
    return values if all(value.isprintable() for value in values.values()) else {}
