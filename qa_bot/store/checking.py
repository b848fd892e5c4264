"""Whether an index is what it claims: rows, texts, vectors, caches, and the files behind them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import accumulate
from pathlib import Path

import numpy as np

from qa_bot.errors import NoDocumentsError, QaBotError, UnreadableDocumentError
from qa_bot.loaders.files import file_hash_of, find_files
from qa_bot.members import is_member
from qa_bot.records import Check
from qa_bot.store import caches, database, rows, scans, schema, tables
from qa_bot.store.containers import file_versions, recognised_pictures
from qa_bot.store.manifest import FILE, is_sharded, read_manifest, shard_of
from qa_bot.text import text_digest

RECALL_QUESTIONS = 200  # stored vectors that are searched for, to compare with an exact search
NEAREST = 10
CANDIDATES = 100  # that are compared with the stored vectors, as for a question
_SHOWN = 5  # examples of one kind of fault
_ATTEMPTS = 3  # to check a build while others end

OnStep = Callable[[str], None]
IsOurs = Callable[[str], bool]


def check_index(folder: str | Path, on_step: OnStep | None = None) -> Check:
    """Verify everything that an index promises; nothing is changed.

    Args:
        folder: The index's folder; one in shards is checked shard by shard.
        on_step: Told what is being looked at.

    Raises:
        IndexNotFoundError, IndexFormatError, IndexDamagedError: It can't be opened.
    """
    tell = on_step or (lambda _: None)
    target = Path(folder)
    if is_sharded(target):
        return _check_shards(target, tell)
    return _check_one(target, tell)


def _check_shards(index: Path, tell: OnStep) -> Check:
    """Check each shard of the build that was published last; what is found names its shard.

    The recall is that of the shard that has the lowest.
    """
    manifest = read_manifest(index)
    faults: list[str] = []
    outdated: list[str] = []
    recalls: list[float] = []
    count = len(manifest.shards)
    for number, part in enumerate(manifest.shards):

        def is_ours(name: str, number: int = number) -> bool:
            return shard_of(name, count) == number

        def tell_of(step: str, number: int = number) -> None:
            tell(f"shard {number}: {step}")

        place = manifest.place(index, number)
        try:
            checked = _check_one(place, tell_of, is_ours)
            with closing(database.open_reader(place)) as connection:
                built = _build_of(connection)
        except QaBotError as error:
            faults.append(f"shard {number}: {error}")
            continue
        if built != (part.uuid, str(part.generation)):
            faults.append(f"shard {number} is of another build than {FILE} names")
        faults += [f"shard {number}: {fault}" for fault in checked.faults]
        outdated += checked.outdated
        recalls += [] if checked.recall is None else [checked.recall]
    return Check(tuple(faults), tuple(dict.fromkeys(outdated)), min(recalls, default=None))


def _check_one(target: Path, tell: OnStep, is_ours: IsOurs | None = None) -> Check:
    """Check an index; of a shard, ``is_ours`` tells which of the folder's files are its own."""
    with database.explain_errors(target):
        for _ in range(_ATTEMPTS):
            with closing(database.open_reader(target)) as connection:
                checked = _check(target, connection, tell, is_ours)
                whole = not (checked.faults or checked.outdated)
                if whole or _build_of(connection) == _last_build(target):
                    break  # else a build that ended meanwhile may be what was found
    return checked


def _check(
    target: Path, connection: sqlite3.Connection, tell: OnStep, is_ours: IsOurs | None
) -> Check:
    """Verify the build that the connection sees."""
    tell("the database")
    faults = list(_database_faults(connection))
    tell("texts")
    faults += _shortened("a passage isn't the text at its place", _text_faults(connection))
    tell("vectors")
    faults += _shortened("vectors are damaged", _vector_faults(connection))
    tell("caches")
    found, recall = _cache_faults(target, connection, sound=not faults)
    tell("files")
    return Check(tuple(faults + found), tuple(_outdated(target, connection, is_ours)), recall)


def _last_build(folder: Path) -> tuple[str, str]:
    with closing(database.open_reader(folder)) as connection:
        return _build_of(connection)


def _build_of(connection: sqlite3.Connection) -> tuple[str, str]:
    meta = schema.read_meta(connection)
    return meta["uuid"], meta["generation"]


def _shortened(what: str, places: Iterator[str]) -> list[str]:
    found = list(places)
    more = f" and {len(found) - _SHOWN:,} more" if len(found) > _SHOWN else ""
    return [f"{what}: {', '.join(found[:_SHOWN])}{more}"] if found else []


def _database_faults(connection: sqlite3.Connection) -> Iterator[str]:
    for (message,) in connection.execute("PRAGMA integrity_check(5)"):
        if message != "ok":
            yield f"SQLite: {' '.join(str(message).split())}"
    if connection.execute("PRAGMA foreign_key_check").fetchone():
        yield "SQLite: rows without the row that they belong to"
    (lost,) = connection.execute(
        "SELECT count(*) FROM passages p JOIN documents d ON d.id = p.document"
        " WHERE NOT d.staged AND p.vector NOT IN (SELECT key FROM vectors)"
    ).fetchone()
    if lost:
        yield f"{lost:,} passages have no vectors"
    # A connection that only reads leaves CHECK constraints out of its integrity check.
    (odd,) = connection.execute(
        "SELECT count(*) FROM former_texts WHERE digest NOT GLOB ?", (schema.DIGEST,)
    ).fetchone()
    if odd:
        yield f"{odd:,} digests of former texts are damaged"


def _text_faults(connection: sqlite3.Connection) -> Iterator[str]:
    """Documents that aren't the text they were, and passages that aren't slices of theirs."""
    documents = connection.execute(
        "SELECT id, path, digest, characters FROM documents WHERE NOT staged ORDER BY id"
    )
    for number, path, digest, characters in documents:
        text, in_order = _whole_text(connection, number)
        if not in_order or text_digest(text) != digest or len(text) != characters:
            yield f"{path} (its whole text)"
        if not _are_tables_whole(connection, number, len(text)):
            yield f"{path} (its tables)"
        if not _are_scans_whole(connection, path):
            yield f"{path} (where words stand on its pages)"
        slices = connection.execute(
            "SELECT start, end, text, sentences FROM passages WHERE document = ?", (number,)
        )
        for start, end, passage, sentences in slices:
            spans = json.loads(sentences)
            inside = all(start <= a < b <= end for a, b, _ in spans)
            if text[start:end] != passage or not inside or not spans:
                yield f"{path} at {start}"


def _are_tables_whole(connection: sqlite3.Connection, number: int, characters: int) -> bool:
    """Whether all cells of a document's tables can be read, and stand in its text."""
    try:
        found = tables.read_tables(connection, number)
    except (sqlite3.DatabaseError, json.JSONDecodeError):
        return False
    return all(
        0 <= table.start <= cell.start < cell.end <= table.end <= characters
        for table in found
        for cell in table.cells
    )


def _are_scans_whole(connection: sqlite3.Connection, path: str) -> bool:
    """Whether all words of a document's recognised pages can be read."""
    try:
        scans.read_scans(connection, path)
    except (sqlite3.DatabaseError, json.JSONDecodeError):
        return False
    return True


def _whole_text(connection: sqlite3.Connection, number: int) -> tuple[str, bool]:
    """A document's text, and whether its pieces follow each other."""
    found = connection.execute(
        "SELECT start, text FROM pieces WHERE document = ? ORDER BY start", (number,)
    ).fetchall()
    lengths = accumulate((len(text) for _, text in found), initial=0)
    in_order = all(start == place for (start, _), place in zip(found, lengths, strict=False))
    return "".join(text for _, text in found), in_order


def _vector_faults(connection: sqlite3.Connection) -> Iterator[str]:
    dimension = int(schema.read_meta(connection)["dimension"])
    stored = connection.execute("SELECT lower(hex(key)), passage, sentences, checksum FROM vectors")
    for key, passage, sentences, checksum in stored:
        whole = len(passage) == 2 * dimension and len(sentences) % dimension == 0
        if not whole or database.vector_checksum(passage, sentences) != checksum:
            yield key


def _cache_faults(
    folder: Path, connection: sqlite3.Connection, *, sound: bool
) -> tuple[list[str], float | None]:
    """What is wrong with the caches, and the recall of the search for vectors in them."""
    target = caches.folder_of(folder, schema.read_meta(connection))
    if not target.exists():
        return [], None  # deleted, which is allowed: they are made when the index is opened
    if not caches.is_sealed(target):
        return ["the caches are damaged: they will be made anew when the index is opened"], None
    opened = caches.open_or_build(folder, connection)
    wanted = rows.passage_ids(connection)
    faults = [
        f"{name} doesn't hold exactly the passages of the database"
        for name, held in (("FAISS", opened.vectors.ids()), ("tantivy", opened.lexicon.ids()))
        if not np.array_equal(held, wanted)
    ]
    return faults, None if faults or not sound else _recall(opened, connection)


def _recall(opened: caches.Caches, connection: sqlite3.Connection) -> float | None:
    """Share of the exact ten nearest that the search finds, for vectors drawn from the index."""
    ids = rows.passage_ids(connection)
    if not len(ids):
        return None
    drawn = np.random.default_rng(0).choice(ids, min(RECALL_QUESTIONS, len(ids)), replace=False)
    asked = rows.vectors_of(connection, drawn.tolist())
    questions = np.stack([asked[number].passage for number in drawn.tolist()])
    best = np.full((len(drawn), 0), -np.inf, np.float32)
    best_ids = np.empty((len(drawn), 0), np.int64)
    for start in range(0, len(ids), caches.BLOCK):
        block = ids[start : start + caches.BLOCK]
        stored = rows.vectors_of(connection, block.tolist())
        scores = questions @ np.stack([stored[n].passage for n in block.tolist()]).T
        best = np.concatenate([best, scores], axis=1)
        best_ids = np.concatenate([best_ids, np.tile(block, (len(drawn), 1))], axis=1)
        keep = np.argsort(-best, axis=1)[:, :NEAREST]
        best = np.take_along_axis(best, keep, axis=1)
        best_ids = np.take_along_axis(best_ids, keep, axis=1)
    # Equal texts have equal vectors: any of those as near as the tenth is right.
    hits = 0
    for question, scores in zip(questions, best, strict=True):
        found = opened.vectors.search(question, CANDIDATES)
        stored = rows.vectors_of(connection, found)
        near = sorted((float(stored[n].passage @ question) for n in found), reverse=True)
        hits += sum(score >= scores[-1] - 1e-6 for score in near[:NEAREST])
    return hits / best.size


def _outdated(
    folder: Path, connection: sqlite3.Connection, is_ours: IsOurs | None
) -> Iterator[str]:
    """Files that are no longer what was indexed, every one of them hashed; and new ones."""
    meta = schema.read_meta(connection)
    documents = schema.documents_folder(folder, meta)
    if documents is None:
        return
    published = file_versions(connection)
    failed = database.unreadable_versions(connection)
    versions = {name: one.version for name, one in failed.items() if not is_member(name)}
    versions |= published
    try:
        found = find_files(documents)
        found = found if is_ours is None else found.dealt(is_ours)
        pictures = recognised_pictures(connection)
        found = found if pictures else found.without_pictures(pictures)  # OCR wasn't asked for
    except NoDocumentsError as error:
        yield str(error)
        return
    for name, *_ in found.files:
        known = versions.pop(name, None)
        if known is None:
            yield f"{name} is new"
            continue
        try:
            changed = file_hash_of(found.path(name)) != known.file_hash
        except UnreadableDocumentError as error:
            if name in published:
                yield f"{name} can't be read any more ({error.reason})"
            continue
        if changed and (name in published or known.file_hash):
            yield f"{name} was changed"
        elif changed:
            yield f"{name} may be readable now"
    for name in sorted(versions):
        yield f"{name} was deleted"
