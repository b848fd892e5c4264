"""SQLite as the truth: what goes in comes out, ids are used once, a reader stays where it is."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qa_bot.building.passages import split_document
from qa_bot.errors import (
    IndexBusyError,
    IndexDamagedError,
    IndexFormatError,
    IndexNotFoundError,
    IndexStateError,
)
from qa_bot.loaders.markdown import parse_markdown
from qa_bot.records import Document, Health, Page, PageSpan, Passage, Problem, Stamp
from qa_bot.store import database, rows, schema
from qa_bot.store.database import FileVersion, Unreadable

MARKDOWN = """# Otters

Otters live in rivers. They sleep on their backs – “afloat”.

## Food

What they eat:

- fish, which they catch at night in the cold water of the upper river near the old mill
- crabs, which they open with a flat stone that they carry with them in a fold of skin

## Food

A second section of that name, which says that otters 🦦 also eat birds.
"""


def document(document_id: str = "a.md", text: str = MARKDOWN) -> Document:
    return parse_markdown(text, document_id)


def cut(made: Document) -> list[Passage]:
    return split_document(made, lambda texts: [len(text.split()) for text in texts], 20)


def save(connection: sqlite3.Connection, made: Document, *, staged: bool = False) -> list[Passage]:
    passages = cut(made)
    keys = [f"{made.id} {passage.start}".encode() for passage in passages]
    database.save_document(
        connection, made, passages, keys, FileVersion("hash", "recipe"), staged=staged
    )
    for key, passage in zip(keys, passages, strict=True):
        sentences = np.ones((len(passage.sentences), 4), np.int8)
        database.save_vectors(connection, key, np.full(4, 0.5, np.float32), sentences)
    return passages


@pytest.fixture
def connection(tmp_path: Path) -> sqlite3.Connection:
    return database.open_writer(tmp_path)


def test_a_document_comes_back_as_it_was(connection: sqlite3.Connection) -> None:
    made = document()
    pages = (PageSpan(Page("iv", 6), 0, 40), PageSpan(Page("5", 7), 40, len(made.text)))
    made = replace(made, pages=pages)
    save(connection, made)
    assert rows.read_document(connection, "a.md") == made
    assert rows.read_document(connection, "a") is None
    assert rows.digests(connection, ["a.md", "b"]) == {"a.md": made.digest}
    (summary,) = rows.document_summaries(connection)
    assert (summary.id, summary.title, summary.digest) == ("a.md", "Otters", made.digest)
    assert (summary.characters, summary.pages) == (len(made.text), 2)
    assert summary.passages == len(cut(made))


def test_passages_and_vectors_come_back_as_they_were(connection: sqlite3.Connection) -> None:
    passages = save(connection, document())
    assert any(passage.context for passage in passages)
    assert [p.section for p in passages].count(("Food",)) >= 2
    ids = rows.passage_ids(connection)
    found = rows.passages_with_ids(connection, ids.tolist())
    assert [found[number] for number in ids.tolist()] == passages
    for number, passage in found.items():
        stored = rows.vectors_of(connection, [number])[number]
        assert stored.passage.tolist() == [0.5] * 4
        assert stored.sentences.shape == (len(passage.sentences), 4)
    texts = list(rows.searchable_text(connection, ids.tolist()))
    assert [one.text for one in texts] == [passage.text for passage in passages]
    assert texts[-1].title.split("\n")[0].startswith("Otters")
    assert texts[-1].headings == "Food"


def test_rows_that_are_gone_are_damage_not_silence(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    save(connection, document())
    for read in (rows.passages_with_ids, rows.vectors_of):
        with (
            pytest.raises(IndexDamagedError, match="1 rows are missing"),
            database.explain_errors(tmp_path),
        ):
            read(connection, [1, 999])


def test_a_passage_id_is_never_used_again(connection: sqlite3.Connection) -> None:
    save(connection, document())
    first = set(rows.passage_ids(connection).tolist())
    save(connection, document(text=MARKDOWN + "\nMore.\n"))
    second = set(rows.passage_ids(connection).tolist())
    database.publish(connection, ["a.md"], [])
    assert rows.passage_ids(connection).tolist() == []
    save(connection, document())
    third = set(rows.passage_ids(connection).tolist())
    assert max(first) < min(second)
    assert max(second) < min(third)


def test_deleting_a_document_leaves_nothing_of_it(connection: sqlite3.Connection) -> None:
    save(connection, document())
    save(connection, document("b.md", "Moths fly."))
    database.publish(connection, ["a.md"], [])
    for table in ("documents", "passages", "vectors"):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,)  # noqa: S608
    for table in ("sections", "pieces"):
        left = connection.execute(f"SELECT DISTINCT document FROM {table}").fetchall()  # noqa: S608
        assert left == [(2,)]


def test_many_keys_are_looked_up_at_once(connection: sqlite3.Connection) -> None:
    keys = [f"{n}".encode() for n in range(2000)]
    for key in keys[::2]:
        database.save_vectors(connection, key, np.ones(4, np.float32), np.ones((1, 4), np.int8))
    assert database.known_keys(connection, keys) == set(keys[::2])


def test_a_folder_name_means_what_is_in_it_and_nothing_else(
    connection: sqlite3.Connection,
) -> None:
    names = "a/one.md a/deep/two.md ab/three.md A/four.md a.md a%/five.md a_/six.md".split()
    for name in names:
        save(connection, document(name, "Text."))
    ids = dict(connection.execute("SELECT path, id FROM documents").fetchall())

    def meant(name: str) -> set[str]:
        chosen = rows.document_ids(connection, name)
        return {path for path, number in ids.items() if number in chosen}

    assert meant("a") == meant("a/") == {"a/one.md", "a/deep/two.md"}
    assert meant("a/deep") == {"a/deep/two.md"}
    assert meant("a.md") == {"a.md"}
    assert meant("a/one.md") == {"a/one.md"}
    assert meant("a%") == {"a%/five.md"}
    assert meant("a_") == {"a_/six.md"}
    for name in ("", "/", "a/on", "one.md", "%", "deep", "a.md/", "\udce9"):
        assert meant(name) == set()


def test_the_health_of_the_files_comes_back_by_name(connection: sqlite3.Connection) -> None:
    save(connection, replace(document(), warnings=("odd",)))
    broken = Unreadable(Problem("b", "broken"), FileVersion("hash", "recipe", Stamp(1, 2, 3, 4)))
    empty = Unreadable(Problem("a", "empty"), FileVersion())
    link = Problem("c", "skipped: a link")
    database.save_health(connection, [broken, empty], [link], ["x.odt"], 2)
    assert rows.read_health(connection) == Health(
        (empty.problem, broken.problem), (Problem("a.md", "odd"), link), ("x.odt",), 2
    )
    assert database.unreadable_versions(connection) == {"a": empty, "b": broken}
    database.save_health(connection, [], [], [], 0)
    assert rows.read_health(connection) == Health(warnings=(Problem("a.md", "odd"),))


def test_what_is_staged_shows_only_when_it_is_published(connection: sqlite3.Connection) -> None:
    save(connection, document())
    ids = rows.passage_ids(connection).tolist()
    newer = document(text="# Newer\n\nIt was rewritten.\n")
    save(connection, newer, staged=True)
    save(connection, document("b.md", "Moths fly."), staged=True)
    assert rows.passage_ids(connection).tolist() == ids
    assert rows.read_document(connection, "a.md") == document()
    assert rows.read_document(connection, "b.md") is None
    assert [one.id for one in rows.document_summaries(connection)] == ["a.md"]
    assert list(rows.digests(connection, ["a.md", "b.md"])) == ["a.md"]
    assert rows.document_ids(connection, "b.md") == []
    assert set(database.file_versions(connection)) == {"a.md"}
    assert set(database.file_versions(connection, staged=True)) == {"a.md", "b.md"}
    database.publish(connection, [], [])
    assert rows.read_document(connection, "a.md") == newer
    assert not set(rows.passage_ids(connection).tolist()) & set(ids)
    assert [one.id for one in rows.document_summaries(connection)] == ["a.md", "b.md"]
    assert database.file_versions(connection, staged=True) == {}


def test_a_renamed_document_keeps_its_passages(connection: sqlite3.Connection) -> None:
    save(connection, document())
    ids = rows.passage_ids(connection).tolist()
    database.publish(connection, [], [("a.md", "b/c.md")])
    assert rows.passage_ids(connection).tolist() == ids
    assert rows.read_document(connection, "b/c.md") == replace(document(), id="b/c.md")


def publish(connection: sqlite3.Connection, generation: int) -> None:
    values = {"dimension": "4", "model": "m", "fingerprint": "f", "built_at": "now", "hidden": "0"}
    schema.write_meta(connection, {"generation": str(generation), **values})


def test_a_reader_goes_on_seeing_one_build(connection: sqlite3.Connection, tmp_path: Path) -> None:
    made = document()
    save(connection, made)
    publish(connection, 1)
    reader = database.open_reader(tmp_path)
    connection.execute("BEGIN IMMEDIATE")
    database.publish(connection, ["a.md"], [])
    publish(connection, 2)
    assert rows.read_document(reader, "a.md") == made
    connection.execute("COMMIT")
    assert rows.read_document(reader, "a.md") == made
    assert schema.read_meta(reader)["generation"] == "1"
    later = database.open_reader(tmp_path)
    assert rows.read_document(later, "a.md") is None
    assert schema.read_meta(later)["generation"] == "2"


def test_a_reader_cannot_write(connection: sqlite3.Connection, tmp_path: Path) -> None:
    publish(connection, 1)
    reader = database.open_reader(tmp_path)
    with pytest.raises(IndexStateError), database.explain_errors(tmp_path):
        publish(reader, 2)


def test_nothing_is_there_before_the_first_build_ends(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    save(connection, document())
    with pytest.raises(IndexNotFoundError):
        database.open_reader(tmp_path)
    with pytest.raises(IndexNotFoundError):
        database.open_reader(tmp_path / "elsewhere")


def test_first_builds_that_start_at_once_agree_on_one_index(tmp_path: Path) -> None:
    def open_one(number: int) -> str:
        folder = tmp_path / str(number // 4)
        folder.mkdir(exist_ok=True)
        try:
            with database.explain_errors(folder):
                made = database.open_writer(folder)
        except IndexBusyError:
            return "busy"
        found = schema.read_meta(made)["uuid"]
        made.close()
        return found

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(open_one, range(80)))
    for start in range(0, 80, 4):
        assert len(set(found[start : start + 4]) - {"busy"}) == 1
    assert len(set(found) - {"busy"}) == 20


def test_a_second_writer_is_told_to_wait(connection: sqlite3.Connection, tmp_path: Path) -> None:
    connection.execute("BEGIN IMMEDIATE")
    second = database.open_writer(tmp_path)
    with pytest.raises(IndexBusyError, match="wait for it"), database.explain_errors(tmp_path):
        second.execute("BEGIN IMMEDIATE")


def test_a_newer_format_is_not_touched(connection: sqlite3.Connection, tmp_path: Path) -> None:
    publish(connection, 1)
    schema.write_meta(connection, {"format": str(schema.FORMAT + 1), "uuid": "new style"})
    for open_it in (database.open_reader, database.open_writer):
        with pytest.raises(IndexFormatError, match="newer qa_bot"):
            open_it(tmp_path)


def test_empty_pages_count_as_pages(connection: sqlite3.Connection) -> None:
    made = document()
    span = PageSpan(Page("ii", 2, count=5), 0, len(made.text))
    save(connection, replace(made, pages=(span,)))
    (summary,) = rows.document_summaries(connection)
    assert summary.pages == 5
