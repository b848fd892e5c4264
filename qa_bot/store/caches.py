"""The FAISS and tantivy caches of one build: made from the database, sealed, verified.

Each build has a folder of its own, ``caches/<uuid>-<generation>``, that is
complete before the build is committed and never changes afterwards. So what a
reader opens always fits the build it reads; a crash leaves at most a folder
that nothing names; and a folder may be deleted at any time. A seal with the
sha256 of every file, written last, tells a whole cache from a damaged one
(FAISS loads a flipped bit silently).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qa_bot.store import rows, schema
from qa_bot.store.lexical import Lexicon
from qa_bot.store.vectors import (
    SAMPLE,
    FlatVectors,
    ListedVectors,
    VectorEngine,
    list_count,
    load_vectors,
)
from qa_bot.store.vocabulary import Vocabulary, written_words

FOLDER = "caches"
VERSION = 4  # of what is put into the caches
_VECTORS, _WORDS, _SEAL = "vectors.faiss", "words", "seal.json"
_WRITTEN = "written"  # the vocabulary
_OURS = re.compile(r"[0-9a-f]+-\d+|\.making-.*")  # what else is there is the user's
BLOCK = 10_000  # rows read from the database at a time
_STALE_SHARE = 0.2  # of deleted passages, which BM25 counts until the caches are made afresh


@dataclass(frozen=True, slots=True)
class Caches:
    """Both searchable halves of one build, and its words as they are written."""

    vectors: VectorEngine
    lexicon: Lexicon
    vocabulary: Vocabulary


@dataclass(frozen=True, slots=True)
class _Age:
    """How far caches are from those that would be made afresh; kept in their seal."""

    since: int = 0  # highest id of a passage when they were made afresh
    gone: int = 0  # passages removed since then


def folder_of(folder: Path, meta: dict[str, str]) -> Path:
    """Where the caches of the build that ``meta`` describes belong."""
    return folder / FOLDER / f"{meta['uuid']}-{meta['generation']}"


def open_or_build(folder: Path, connection: sqlite3.Connection) -> Caches:
    """Open the caches of the build that ``connection`` sees; make them where they are missing.

    Where the folder can't be written they are made in memory.
    """
    meta = schema.read_meta(connection)
    target = folder_of(folder, meta)
    languages = rows.languages(connection)
    if is_sealed(target):
        try:
            return _open(target, languages, mapped=True)
        except (OSError, ValueError, RuntimeError):
            pass  # deleted under our eyes, or a folder where tantivy may not put its lock
    try:
        build(target, connection, None)
        return _open(target, languages, mapped=True)
    except (OSError, ValueError, RuntimeError):
        caches = Caches(_no_vectors(connection), Lexicon(None, languages), Vocabulary(None))
        _fill(caches, connection)
        return caches


def build(target: Path, connection: sqlite3.Connection, previous: Path | None) -> None:
    """Write and seal the caches of what ``connection`` sees, from the previous build's if sound."""
    target.parent.mkdir(parents=True, exist_ok=True)
    wanted = rows.passage_ids(connection)
    with _scratch(target) as scratch:
        caches, age = None, _Age()
        if previous is not None and is_sealed(previous):
            with suppress(OSError, ValueError, RuntimeError):
                held = load_vectors(previous / _VECTORS, mapped=True)
                age = _aged(previous, held, wanted)
                if not _is_worn(held, age, wanted):
                    _copy(previous, scratch)
                    caches = _open(scratch, (), mapped=False)
        if caches is None:
            caches = _empty(scratch, connection)
            age = _Age(int(wanted.max(initial=0)))
        _fill(caches, connection)
        caches.vectors.save(scratch / _VECTORS)
        _seal(scratch, age)


def remove_others(folder: Path, keep: Path) -> None:
    """Delete the caches of earlier and unfinished builds."""
    for other in (folder / FOLDER).glob("*"):
        if other != keep and _OURS.fullmatch(other.name):
            shutil.rmtree(other, ignore_errors=True)


def is_sealed(target: Path) -> bool:
    """Whether every file of the cache is there and as it was written."""
    try:
        seal = json.loads((target / _SEAL).read_text())
        files = dict(seal["files"])
        return seal["version"] == VERSION and all(
            _sha256(target / name) == digest for name, digest in files.items()
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _open(target: Path, languages: Iterable[str], *, mapped: bool) -> Caches:
    vectors = load_vectors(target / _VECTORS, mapped=mapped)
    return Caches(vectors, Lexicon(target / _WORDS, languages), Vocabulary(target / _WRITTEN))


def _empty(scratch: Path, connection: sqlite3.Connection) -> Caches:
    shutil.rmtree(scratch, ignore_errors=True)
    for name in (_WORDS, _WRITTEN):
        (scratch / name).mkdir(parents=True)
    vocabulary = Vocabulary(scratch / _WRITTEN)
    return Caches(_no_vectors(connection), Lexicon(scratch / _WORDS), vocabulary)


def _no_vectors(connection: sqlite3.Connection) -> VectorEngine:
    """An empty engine that suits the number of passages."""
    dimension = int(schema.read_meta(connection)["dimension"])
    flat = FlatVectors(dimension)
    ids = rows.passage_ids(connection)
    if flat.suits(len(ids)):
        return flat
    size = min(len(ids), SAMPLE * list_count(len(ids)))
    drawn = np.sort(np.random.default_rng(0).choice(ids, size, replace=False))
    sample = np.empty((size, dimension), np.float32)
    for start, block in zip(range(0, size, BLOCK), _blocks(drawn), strict=True):
        found = rows.vectors_of(connection, block.tolist())
        sample[start : start + len(block)] = [found[number].passage for number in block.tolist()]
    return ListedVectors(dimension, sample, len(ids))


def _fill(caches: Caches, connection: sqlite3.Connection) -> None:
    """Bring the caches to exactly the passages that the connection sees."""
    vectors, lexicon = caches.vectors, caches.lexicon
    wanted = rows.passage_ids(connection)
    held = vectors.ids()
    vectors.remove(np.setdiff1d(held, wanted))
    for block in _blocks(np.setdiff1d(wanted, held)):
        found = rows.vectors_of(connection, block.tolist())
        vectors.add(block, np.stack([found[number].passage for number in block.tolist()]))
    held = lexicon.ids()
    written: set[str] = set()
    lexicon.update(
        np.setdiff1d(held, wanted).tolist(),
        _noting_words(_texts(connection, np.setdiff1d(wanted, held)), written),
    )
    caches.vocabulary.add(written)


def _texts(connection: sqlite3.Connection, ids: npt.NDArray[np.int64]) -> Iterator[rows.Searchable]:
    for block in _blocks(ids):
        yield from rows.searchable_text(connection, block.tolist())


def _noting_words(texts: Iterable[rows.Searchable], written: set[str]) -> Iterator[rows.Searchable]:
    for row in texts:
        written.update(written_words(" ".join((row.title, row.headings, row.text))))
        yield row


def _blocks(ids: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.int64]]:
    for start in range(0, len(ids), BLOCK):
        yield ids[start : start + BLOCK]


def _aged(previous: Path, held: VectorEngine, wanted: npt.NDArray[np.int64]) -> _Age:
    """The age of copied caches once they hold exactly what is wanted."""
    seal = json.loads((previous / _SEAL).read_text())
    gone = len(np.setdiff1d(held.ids(), wanted))
    return _Age(seal.get("since", 0), seal.get("gone", 0) + gone)


def _is_worn(held: VectorEngine, age: _Age, wanted: npt.NDArray[np.int64]) -> bool:
    added = int(np.count_nonzero(wanted > age.since))
    is_stale = age.gone > _STALE_SHARE * (len(wanted) + age.gone)
    return is_stale or not held.suits(len(wanted), added)


def _copy(previous: Path, scratch: Path) -> None:
    """Copy a cache. tantivy's segments never change, so they are shared where links work."""
    for name in (_WORDS, _WRITTEN):
        shutil.copytree(previous / name, scratch / name, copy_function=_link_segment)
    shutil.copy(previous / _VECTORS, scratch / _VECTORS)


def _link_segment(source: str, target: str) -> None:
    name = Path(source).name
    if name.startswith(".") or name == "meta.json":
        shutil.copy(source, target)
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copy(source, target)


@contextmanager
def _scratch(target: Path) -> Iterator[Path]:
    """A folder that becomes ``target`` if all goes well, and vanishes otherwise."""
    scratch = Path(tempfile.mkdtemp(prefix=".making-", dir=target.parent))
    try:
        yield scratch
        shutil.rmtree(target, ignore_errors=True)
        scratch.replace(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _seal(scratch: Path, age: _Age) -> None:
    files = {
        str(file.relative_to(scratch)): _sha256(file)
        for file in sorted(scratch.rglob("*"))
        if file.is_file() and file.suffix != ".lock"
    }
    seal = {"version": VERSION, **asdict(age), "files": files}
    (scratch / _SEAL).write_text(json.dumps(seal, indent=1))


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
