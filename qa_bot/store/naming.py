"""Which document a digest names, also when its text has changed since it was cited.

A published document's digest is in its own row. One that a build replaces or
removes goes to the table of former texts, with the path that it had last, and
stays there: sixteen characters and a path for each version of a document.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path

from qa_bot.records import Named

_DIGEST = re.compile(r"[0-9a-f]{16}")


def find_named(
    connection: sqlite3.Connection,
    digest: str,
    preferred: str = "",
    seen: Callable[[str], bool] = lambda _: True,
) -> Named | None:
    """The document whose text has, or last had, that digest; None for an unknown one.

    Of several that are seen it is the preferred one, or the first by name.
    """
    if not _DIGEST.fullmatch(digest):
        return None
    now = connection.execute(
        "SELECT path FROM documents WHERE digest = ? AND NOT staged ORDER BY path != ?, path",
        (digest, preferred.encode("utf-8", "replace").decode()),
    )
    for (path,) in now:
        if seen(path):
            return Named(path, "current")
    then = connection.execute(
        "SELECT f.path, d.id IS NOT NULL FROM former_texts f"
        " LEFT JOIN documents d ON d.path = f.path AND NOT d.staged WHERE f.digest = ?",
        (digest,),
    ).fetchone()
    if then is None or not seen(then[0]):
        return None
    return Named(then[0], "changed" if then[1] else "gone")


def remember(connection: sqlite3.Connection, removed: Iterable[str]) -> None:
    """Keep the digests that publishing is about to take away.

    They are those of the removed paths, and of the documents that staged ones
    replace; a text that a staged document has, too, isn't taken away.
    """
    connection.execute(
        "INSERT OR REPLACE INTO former_texts SELECT digest, min(path) FROM documents"
        " WHERE NOT staged AND (path IN (SELECT value FROM json_each(?))"
        " OR path IN (SELECT path FROM documents WHERE staged))"
        " AND digest NOT IN (SELECT digest FROM documents WHERE staged) GROUP BY digest",
        (json.dumps(list(removed)),),
    )


def follow(connection: sqlite3.Connection, renamed: Mapping[str, str]) -> None:
    """Let the former texts of renamed documents be found under the new path."""
    found = connection.execute(
        "SELECT path, digest FROM former_texts WHERE path IN (SELECT value FROM json_each(?))",
        (json.dumps(list(renamed)),),
    ).fetchall()
    connection.executemany(
        "UPDATE former_texts SET path = ? WHERE digest = ?",
        [(renamed[path], digest) for path, digest in found],
    )


def adopt(connection: sqlite3.Connection, file: Path) -> None:
    """Take over the digests of a database that this one is to replace, as far as it can be read."""
    connection.executemany(
        "INSERT OR IGNORE INTO former_texts SELECT :digest, :path"
        " WHERE NOT EXISTS (SELECT 1 FROM documents WHERE digest = :digest AND NOT staged)",
        [{"digest": digest, "path": path} for digest, path in _all_named(file)],
    )


def _all_named(file: Path) -> Iterator[tuple[str, str]]:
    """Each digest in a database of any format, sound or not, with its path, the best one first."""
    if not file.is_file():
        return
    uri = f"{file.absolute().as_uri()}?mode=ro"
    with suppress(sqlite3.Error), closing(sqlite3.connect(uri, uri=True)) as connection:
        connection.text_factory = lambda value: value.decode("utf-8", "replace")
        for query in (
            "SELECT digest, path FROM documents WHERE NOT staged ORDER BY path",
            "SELECT digest, path FROM former_texts",
        ):
            with suppress(sqlite3.Error):  # a table that is damaged, or that its format hasn't
                for digest, path in connection.execute(query):
                    if isinstance(path, str) and _DIGEST.fullmatch(str(digest)):
                        yield digest, path
