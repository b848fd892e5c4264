"""Rows of the database → records: everything that is read from an index.

Lists of ids travel as one JSON parameter, since SQLite limits their number.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from qa_bot.members import INSIDE
from qa_bot.records import (
    Document,
    DocumentSummary,
    Excerpt,
    Health,
    Page,
    Passage,
    Problem,
    Section,
    Sentence,
    Span,
    Stamp,
)
from qa_bot.store import pieces, tables
from qa_bot.tables import Table
from qa_bot.text import name_words

_PASSAGES = """
SELECT p.id, d.path, d.title, s.path, p.start, p.end, p.text, p.paragraph, p.pages, p.sentences,
       p.context, s.anchor, d.language
FROM passages p
JOIN documents d ON d.id = p.document
JOIN sections s ON s.document = p.document AND s.ordinal = p.section
WHERE p.id IN (SELECT value FROM json_each(?))
"""

Ids = npt.NDArray[np.int64]
_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class PassageVectors:
    """A passage's vectors: float32 ``(d,)``, stored in 16 bit, and int8 ``(sentences, d)``."""

    passage: npt.NDArray[np.float32]
    sentences: npt.NDArray[np.int8]


class Placed(NamedTuple):
    """Where a passage stands: its document's internal id and name, its headings, its start."""

    number: int
    document: int
    name: str
    title: str
    path: tuple[str, ...]
    start: int


class Searchable(NamedTuple):
    """A passage's words by where they stand; ``title`` has those of the file's name, too."""

    number: int
    document: int
    language: str
    title: str
    headings: str
    text: str


def passage_ids(connection: sqlite3.Connection, documents: Iterable[int] | None = None) -> Ids:
    """Ids of all published passages, or of those documents', ascending."""
    if documents is None:
        rows = connection.execute(
            "SELECT id FROM passages"
            " WHERE document NOT IN (SELECT id FROM documents WHERE staged) ORDER BY id"
        )
    else:
        rows = connection.execute(
            "SELECT id FROM passages WHERE document IN (SELECT value FROM json_each(?))"
            " ORDER BY id",
            (json.dumps(list(documents)),),
        )
    return np.fromiter((row[0] for row in rows), dtype=np.int64)


def passage_ids_within(connection: sqlite3.Connection, path: str, span: Span) -> list[int] | None:
    """Ids of a stored document's passages that share text with a span, in reading order."""
    if (row := _number_and_length(connection, path)) is None:
        return None
    found = connection.execute(
        "SELECT id FROM passages WHERE document = ? AND start < ? AND end > ? ORDER BY start",
        (row[0], span[1], span[0]),
    )
    return [number for (number,) in found]


def passages_with_ids(connection: sqlite3.Connection, ids: Iterable[int]) -> dict[int, Passage]:
    """The passages with those ids."""
    wanted = list(ids)
    rows = connection.execute(_PASSAGES, (json.dumps(wanted),))
    return _all_of(wanted, {row[0]: _passage(row) for row in rows})


def _all_of(wanted: Iterable[int], found: dict[int, _Row]) -> dict[int, _Row]:
    if missing := set(wanted) - found.keys():
        raise sqlite3.DatabaseError(f"{len(missing)} rows are missing")
    return found


def _passage(row: Sequence[Any]) -> Passage:
    _, path, title, section, start, end, text, paragraph, pages, sentences, context, *rest = row
    anchor, language = rest
    return Passage(
        document_id=path,
        title=title,
        section=tuple(json.loads(section)),
        start=start,
        end=end,
        text=text,
        paragraph=paragraph,
        pages=tuple(Page(*page) for page in json.loads(pages)),
        sentences=tuple(Sentence(*sentence) for sentence in json.loads(sentences)),
        context=tuple((a, b) for a, b in json.loads(context)),
        anchor=anchor,
        language=language,
    )


def places_of(connection: sqlite3.Connection, ids: Iterable[int]) -> list[Placed]:
    """Where those passages stand, by document and in reading order."""
    found = connection.execute(
        "SELECT p.id, p.document, d.path, d.title, s.path, p.start FROM passages p"
        " JOIN documents d ON d.id = p.document"
        " JOIN sections s ON s.document = p.document AND s.ordinal = p.section"
        " WHERE p.id IN (SELECT value FROM json_each(?)) ORDER BY d.path, p.start",
        (json.dumps(list(ids)),),
    )
    return [
        Placed(number, document, name, title, tuple(json.loads(path)), start)
        for number, document, name, title, path, start in found
    ]


def staged_without_vectors(
    connection: sqlite3.Connection,
) -> Iterator[tuple[bytes, Passage, list[str]]]:
    """``(key of its vectors, passage, texts that it needs)`` of what was staged without vectors."""
    found = connection.execute(
        "SELECT min(p.id), p.vector, p.document FROM passages p"
        " JOIN documents d ON d.id = p.document"
        " WHERE d.staged AND p.vector NOT IN (SELECT key FROM vectors) GROUP BY p.vector"
    )
    for number, key, document in found.fetchall():
        passage = passages_with_ids(connection, [number])[number]
        yield key, passage, [pieces.read_slice(connection, document, *s) for s in passage.context]


def searchable_text(connection: sqlite3.Connection, ids: Iterable[int]) -> Iterator[Searchable]:
    """What is searched for words, of each of those passages."""
    found = connection.execute(
        "SELECT p.id, p.document, d.language, d.path, d.title, s.path, p.text FROM passages p"
        " JOIN documents d ON d.id = p.document"
        " JOIN sections s ON s.document = p.document AND s.ordinal = p.section"
        " WHERE p.id IN (SELECT value FROM json_each(?)) ORDER BY p.id",
        (json.dumps(list(ids)),),
    )
    for number, document, language, name, title, path, text in found:
        named = " ".join((title, *name_words(name)))
        yield Searchable(number, document, language, named, "\n".join(json.loads(path)), text)


def languages(connection: sqlite3.Connection) -> list[str]:
    """The languages that published documents are in, in order; "" among them if it isn't known."""
    found = connection.execute("SELECT DISTINCT language FROM documents WHERE NOT staged")
    return sorted(language for (language,) in found)


def vectors_of(connection: sqlite3.Connection, ids: Iterable[int]) -> dict[int, PassageVectors]:
    """The stored vectors of passages."""
    wanted = list(ids)
    rows = connection.execute(
        "SELECT p.id, v.passage, v.sentences FROM passages p JOIN vectors v ON v.key = p.vector"
        " WHERE p.id IN (SELECT value FROM json_each(?))",
        (json.dumps(wanted),),
    )
    found = {}
    for number, passage, sentences in rows:
        vector = np.frombuffer(passage, dtype=np.float16).astype(np.float32)
        codes = np.frombuffer(sentences, dtype=np.int8).reshape(-1, len(vector))
        found[number] = PassageVectors(vector, codes)
    return _all_of(wanted, found)


def read_document(connection: sqlite3.Connection, path: str) -> Document | None:
    """The stored document with its whole text, or None."""
    row = connection.execute(
        "SELECT id, title, characters, warnings, language FROM documents"
        " WHERE path = ? AND NOT staged",
        (_storable(path),),
    ).fetchone()
    if row is None:
        return None
    number, title, characters, warnings, language = row
    whole = pieces.read_whole(connection, number, characters)
    return Document(
        id=path,
        title=title,
        text=whole.text,
        sections=_sections(connection, number),
        blocks=whole.blocks,
        pages=whole.pages,
        warnings=tuple(json.loads(warnings)),
        tables=tables.read_tables(connection, number),
        language=language,
    )


def read_tables(
    connection: sqlite3.Connection, path: str, span: Span | None
) -> tuple[Table, ...] | None:
    """The tables of a stored document, or those of their rows that share text with a span."""
    if (row := _number_and_length(connection, path)) is None:
        return None
    number, characters = row
    return tables.read_tables(connection, number, span and _clipped(*span, characters))


def read_excerpt(connection: sqlite3.Connection, path: str, start: int, end: int) -> Excerpt | None:
    """What stands in a range of a stored document, clipped to its text; or None."""
    row = connection.execute(
        "SELECT id, title, digest, characters, pages, language FROM documents"
        " WHERE path = ? AND NOT staged",
        (_storable(path),),
    ).fetchone()
    if row is None:
        return None
    number, title, digest, characters, pages, language = row
    start, end = _clipped(start, end, characters)
    part = pieces.read_part(connection, number, start, end)
    return Excerpt(
        document_id=path,
        title=title,
        digest=digest,
        characters=characters,
        pages=pages,
        start=start,
        end=end,
        text=part.text,
        blocks=part.blocks,
        page_spans=part.pages,
        tables=tables.read_tables(connection, number, (start, end)),
        language=language,
    )


def read_slices(
    connection: sqlite3.Connection, path: str, spans: Iterable[Span]
) -> list[str] | None:
    """The texts of some spans of a stored document, each clipped to its text; or None."""
    if (row := _number_and_length(connection, path)) is None:
        return None
    number, characters = row
    return [
        pieces.read_slice(connection, number, *_clipped(start, end, characters))
        for start, end in spans
    ]


def read_sections(
    connection: sqlite3.Connection, path: str, span: Span | None
) -> tuple[Section, ...] | None:
    """The sections of a stored document that share text with a span, or all of them; or None."""
    if (row := _number_and_length(connection, path)) is None:
        return None
    number, characters = row
    return _sections(connection, number, span and _clipped(*span, characters))


def _number_and_length(connection: sqlite3.Connection, path: str) -> tuple[int, int] | None:
    found: tuple[int, int] | None = connection.execute(
        "SELECT id, characters FROM documents WHERE path = ? AND NOT staged", (_storable(path),)
    ).fetchone()
    return found


def _clipped(start: int, end: int, characters: int) -> Span:
    start = min(max(start, 0), characters)
    return start, min(max(end, start), characters)


def _sections(
    connection: sqlite3.Connection, number: int, span: Span | None = None
) -> tuple[Section, ...]:
    found = connection.execute(
        "SELECT path, start, end, anchor FROM sections WHERE document = :document"
        " AND (:start IS NULL OR max(start, :start) < min(end, :end)) ORDER BY ordinal",
        {"document": number, "start": span and span[0], "end": span and span[1]},
    )
    return tuple(Section(tuple(json.loads(path)), *rest) for path, *rest in found)


def document_summaries(connection: sqlite3.Connection) -> tuple[DocumentSummary, ...]:
    """All documents without their texts, by id."""
    found = connection.execute(
        "SELECT d.path, d.title, d.digest, d.characters,"
        " (SELECT count(*) FROM passages p WHERE p.document = d.id),"
        " d.pages, d.indexed_at, d.warnings, d.language"
        " FROM documents d WHERE NOT d.staged ORDER BY d.path"
    )
    return tuple(
        DocumentSummary(*row, tuple(json.loads(warnings)), language)  # type: ignore[call-arg]
        for *row, warnings, language in found
    )


def passage_count(connection: sqlite3.Connection) -> int:
    """How many passages are published."""
    (count,) = connection.execute(
        "SELECT count(*) FROM passages"
        " WHERE document NOT IN (SELECT id FROM documents WHERE staged)"
    ).fetchone()
    return int(count)


def document_count(connection: sqlite3.Connection) -> int:
    """How many documents are published."""
    (count,) = connection.execute("SELECT count(*) FROM documents WHERE NOT staged").fetchone()
    return int(count)


def document_ids(connection: sqlite3.Connection, name: str) -> list[int]:
    """Ids of the document of that name, and of all documents in the folder or file of that name."""
    name = _storable(name)
    folder, inside = name.rstrip("/") + "/", name + INSIDE
    rows = connection.execute(
        "SELECT id FROM documents WHERE NOT staged"
        " AND (path = ? OR substr(path, 1, ?) = ? OR substr(path, 1, ?) = ?)",
        (name, len(folder), folder, len(inside), inside),
    )
    return [number for (number,) in rows]


def _storable(name: str) -> str:
    """Replace what SQLite can't take (half a surrogate pair, as from an odd file name)."""
    return name.encode("utf-8", "replace").decode()


def file_versions(
    connection: sqlite3.Connection, paths: Iterable[str]
) -> dict[str, tuple[Stamp, str]]:
    """The stamp and the hash of each file of the documents folder, as it was indexed."""
    rows = connection.execute(
        "SELECT path, stamp, file_hash FROM documents"
        " WHERE NOT staged AND path IN (SELECT value FROM json_each(:paths))"
        " UNION ALL SELECT path, stamp, file_hash FROM containers"
        " WHERE path IN (SELECT value FROM json_each(:paths))",
        {"paths": json.dumps(list(paths))},
    )
    return {path: (Stamp(*map(int, stamp.split())), file_hash) for path, stamp, file_hash in rows}


def digests(connection: sqlite3.Connection, paths: Iterable[str]) -> dict[str, str]:
    """Digest of each document's text, by path."""
    rows = connection.execute(
        "SELECT path, digest FROM documents"
        " WHERE NOT staged AND path IN (SELECT value FROM json_each(?))",
        (json.dumps(list(paths)),),
    )
    return dict(rows.fetchall())


def read_health(connection: sqlite3.Connection) -> Health:
    """What the last build could not read, or only with a warning, and what it left out."""
    found: dict[str, list[Problem]] = {"unreadable": [], "skipped": [], "unsupported": []}
    rows = connection.execute("SELECT path, reason, kind FROM problems ORDER BY path, reason")
    for path, reason, kind in rows:
        found[kind].append(Problem(path, reason))
    warned = connection.execute(
        "SELECT d.path, w.value FROM documents d, json_each(d.warnings) w"
        " WHERE NOT d.staged AND d.warnings != '[]'"
    )
    warnings = [*found["skipped"], *(Problem(path, reason) for path, reason in warned)]
    hidden = connection.execute("SELECT value FROM meta WHERE key = 'hidden'").fetchone()
    return Health(
        unreadable=tuple(found["unreadable"]),
        warnings=tuple(sorted(warnings, key=lambda one: (one.document_id, one.reason))),
        unsupported=tuple(problem.document_id for problem in found["unsupported"]),
        hidden=int(hidden[0]) if hidden else 0,
    )
