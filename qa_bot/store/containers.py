"""Files that hold other documents: which version of each the last build went through."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import astuple, dataclass

from qa_bot.loaders import PICTURES
from qa_bot.members import is_member
from qa_bot.records import Problem, Stamp
from qa_bot.store import database
from qa_bot.store.database import FileVersion


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that holds others, as it was gone through."""

    version: FileVersion
    hidden: int = 0  # members that nobody sees, or are only there for a while


def opened_files(connection: sqlite3.Connection) -> dict[str, Opened]:
    """The files that hold others, by their paths."""
    found = connection.execute("SELECT path, file_hash, recipe, stamp, hidden FROM containers")
    return {
        path: Opened(FileVersion(file_hash, recipe, Stamp(*map(int, stamp.split()))), hidden)
        for path, file_hash, recipe, stamp, hidden in found
    }


def file_versions(connection: sqlite3.Connection) -> dict[str, FileVersion]:
    """Every file of the documents folder that was read, by its path."""
    documents = database.file_versions(connection)
    opened = {path: one.version for path, one in opened_files(connection).items()}
    return {path: one for path, one in documents.items() if not is_member(path)} | opened


def recognised_pictures(connection: sqlite3.Connection) -> dict[str, Stamp]:
    """The pictures of the folder that OCR found text in, as they were."""
    found = connection.execute("SELECT path, stamp FROM documents WHERE NOT staged")
    return {
        path: Stamp(*map(int, stamp.split()))
        for path, stamp in found
        if path.lower().endswith(PICTURES) and not is_member(path)
    }


def save_opened(connection: sqlite3.Connection, opened: Mapping[str, Opened]) -> None:
    """Replace what is stored of the files that hold others."""
    connection.execute("DELETE FROM containers")
    connection.executemany(
        "INSERT INTO containers VALUES (?, ?, ?, ?, ?)",
        [
            (
                path,
                one.version.file_hash,
                one.version.recipe,
                " ".join(map(str, astuple(one.version.stamp))),
                one.hidden,
            )
            for path, one in opened.items()
        ],
    )


def left_out(connection: sqlite3.Connection) -> list[tuple[str, Problem]]:
    """What the last build left out, of the folder and of files that hold others: kind, which."""
    found = connection.execute(
        "SELECT kind, path, reason FROM problems WHERE kind IN ('skipped', 'unsupported')"
    )
    return [(kind, Problem(path, reason)) for kind, path, reason in found]
