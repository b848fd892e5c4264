"""Digests are remembered: a citation leads to its document, also when that has changed since."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from conftest import paragraphs, write

from benchmarks.hashing import HashEmbedder
from qa_bot import Named, Receipt, build_index, check_index, open_index
from qa_bot.store import schema
from qa_bot.text import text_digest


def build(documents: Path, folder: Path, *, rebuild: bool = False) -> Receipt:
    return build_index(documents, folder, model=HashEmbedder(), rebuild=rebuild)


def digests(folder: Path) -> dict[str, str]:
    """The digest of each document, by its id."""
    with open_index(folder, model=HashEmbedder()) as index:
        return {one.id: one.digest for one in index.documents()}


def named(folder: Path, digest: str) -> tuple[str, str] | None:
    with open_index(folder, model=HashEmbedder()) as index:
        found = index.named(digest)
        return None if found is None else (found.document_id, found.state)


def remembered(folder: Path) -> int:
    with closing(sqlite3.connect(folder / schema.FILE)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM former_texts").fetchone()
        return int(count)


@pytest.fixture
def zoo(documents: Path, folder: Path) -> Path:
    """Three documents, indexed."""
    write(documents, herons="Herons fish.", moths="Moths fly.", otters="Otters swim.")
    build(documents, folder)
    return documents


@pytest.mark.usefixtures("zoo")
def test_a_digest_names_the_document_that_has_it(folder: Path) -> None:
    for name, digest in digests(folder).items():
        assert named(folder, digest) == (name, "current")
    for unknown in ("", "0" * 16, "0" * 15, "0" * 17, "G" * 16, "\udce9" * 16, "'", "0\n" * 8):
        assert named(folder, unknown) is None


def test_an_edited_document_is_found_by_all_its_earlier_digests(zoo: Path, folder: Path) -> None:
    versions = [digests(folder)["otters.txt"]]
    for text in ("Otters dive.", "Otters sleep.", "Otters eat."):
        write(zoo, otters=text)
        build(zoo, folder)
        versions.append(digests(folder)["otters.txt"])
    assert len(set(versions)) == 4
    assert [named(folder, one) for one in versions[:-1]] == [("otters.txt", "changed")] * 3
    assert named(folder, versions[-1]) == ("otters.txt", "current")
    write(zoo, otters="Otters swim.")
    build(zoo, folder)
    assert named(folder, versions[0]) == ("otters.txt", "current")
    assert named(folder, versions[3]) == ("otters.txt", "changed")
    assert check_index(folder).faults == ()


def test_a_deleted_document_is_gone_until_it_returns(zoo: Path, folder: Path) -> None:
    digest = digests(folder)["otters.txt"]
    (zoo / "otters.txt").unlink()
    build(zoo, folder)
    assert named(folder, digest) == ("otters.txt", "gone")
    write(zoo, otters="Otters dive.")
    build(zoo, folder)
    assert named(folder, digest) == ("otters.txt", "changed")
    write(zoo, mammals__otters="Otters swim.")
    build(zoo, folder)
    assert named(folder, digest) == ("mammals/otters.txt", "current")


@pytest.mark.parametrize("name", ["otters.txt", "guide.md"])
def test_the_digests_of_a_renamed_document_follow_it(zoo: Path, folder: Path, name: str) -> None:
    """One whose title is its name is read again, one with a title of its own is not."""
    (zoo / name).write_text("# The guide\n\nOtters are shown at noon.\n")
    build(zoo, folder)
    first = digests(folder)[name]
    (zoo / name).write_text("# The guide\n\nOtters are shown at ten.\n")
    build(zoo, folder)
    second = digests(folder)[name]
    new = f"new-{name}"
    (zoo / name).rename(zoo / new)
    assert build(zoo, folder).renamed == ((name, new),)
    assert named(folder, first) == (new, "changed")
    assert named(folder, second) == (new, "current")
    (zoo / new).write_text("# The guide\n\nOtters are shown at six.\n")
    build(zoo, folder)
    assert [named(folder, one) for one in (first, second)] == [(new, "changed")] * 2
    (zoo / new).unlink()
    build(zoo, folder)
    assert [named(folder, one) for one in (first, second)] == [(new, "gone")] * 2


def test_of_equal_texts_the_first_by_name_is_meant(zoo: Path, folder: Path) -> None:
    digest = digests(folder)["otters.txt"]
    write(zoo, beasts="Otters swim.", mammals="Otters swim.")
    build(zoo, folder)
    assert named(folder, digest) == ("beasts.txt", "current")
    write(zoo, beasts="Otters dive.")
    build(zoo, folder)
    assert named(folder, digest) == ("mammals.txt", "current")
    write(zoo, mammals="Otters dive.", otters="Otters dive.")
    build(zoo, folder)
    assert named(folder, digest) == ("mammals.txt", "changed"), "who had it last, the first by name"


def test_a_text_that_moved_into_another_document_is_current_there(zoo: Path, folder: Path) -> None:
    digest = digests(folder)["otters.txt"]
    write(zoo, moths="Otters swim.", otters="Otters dive.")
    build(zoo, folder)
    assert named(folder, digest) == ("moths.txt", "current")


def test_an_open_index_names_what_it_holds(zoo: Path, folder: Path) -> None:
    digest = digests(folder)["otters.txt"]
    with open_index(folder, model=HashEmbedder()) as index:
        (zoo / "otters.txt").unlink()
        build(zoo, folder)
        assert index.named(digest) == Named("otters.txt", "current")
    assert named(folder, digest) == ("otters.txt", "gone")


def test_a_build_that_breaks_forgets_nothing_and_remembers_nothing_early(
    zoo: Path, folder: Path
) -> None:
    digest = digests(folder)["otters.txt"]
    write(zoo, otters=paragraphs("otter", 3))
    with pytest.raises(RuntimeError, match="broke"):
        build_index(zoo, folder, model=HashEmbedder(fail_after=1))
    assert named(folder, digest) == ("otters.txt", "current")
    build(zoo, folder)
    assert named(folder, digest) == ("otters.txt", "changed")


def edited(zoo: Path, folder: Path) -> tuple[str, str, str]:
    """Digests of a text that has changed, of one that is gone, and of one that is there."""
    before = digests(folder)
    write(zoo, otters="Otters dive.")
    (zoo / "moths.txt").unlink()
    build(zoo, folder)
    return before["otters.txt"], before["moths.txt"], before["herons.txt"]


def test_a_rebuild_keeps_what_is_remembered_and_adds_nothing(zoo: Path, folder: Path) -> None:
    changed, gone, current = edited(zoo, folder)
    assert remembered(folder) == 2
    build(zoo, folder, rebuild=True)
    assert named(folder, changed) == ("otters.txt", "changed")
    assert named(folder, gone) == ("moths.txt", "gone")
    assert named(folder, current) == ("herons.txt", "current")
    assert remembered(folder) == 2


@pytest.mark.parametrize(
    ("harm", "rebuild"),
    [
        ("UPDATE meta SET value = value - 1 WHERE key = 'format'", False),
        ("UPDATE meta SET value = value + 1 WHERE key = 'format'", True),
        ("UPDATE meta SET value = 'x' WHERE key = 'format'", True),
        ("DROP TABLE pieces", True),
        ("INSERT INTO former_texts VALUES ('0123456789abcdef', CAST(x'FF' AS TEXT))", True),
        ("PRAGMA ignore_check_constraints = ON; INSERT INTO former_texts VALUES ('x', 'y')", True),
    ],
)
def test_an_index_that_is_made_anew_takes_over_what_can_be_read(
    zoo: Path, folder: Path, harm: str, rebuild: bool
) -> None:
    changed, gone, current = edited(zoo, folder)
    with closing(sqlite3.connect(folder / schema.FILE)) as connection:
        connection.executescript(harm)
    write(zoo, herons="Herons wade.")
    receipt = build(zoo, folder, rebuild=rebuild)
    assert receipt.added == ("herons.txt", "otters.txt"), "made beside the old one"
    assert named(folder, changed) == ("otters.txt", "changed")
    assert named(folder, gone) == ("moths.txt", "gone")
    assert named(folder, current) == ("herons.txt", "changed")
    assert remembered(folder) == 3 + ("0123456789abcdef" in harm), "also one of a garbled path"
    assert check_index(folder).faults == ()


def test_the_texts_of_format_2_are_remembered(documents: Path, folder: Path) -> None:
    """Its documents had their text and digest in one row, and no former texts."""
    folder.mkdir()
    with closing(sqlite3.connect(folder / schema.FILE)) as connection:
        connection.executescript(
            "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);"
            "INSERT INTO meta VALUES ('format', '2'), ('uuid', 'abcd1234');"
            "CREATE TABLE documents (id INTEGER PRIMARY KEY, path TEXT, staged INTEGER, text TEXT,"
            " digest TEXT, UNIQUE (path, staged));"
        )
        texts = [("a.txt", 0, "Same."), ("b.txt", 0, "Same."), ("c.txt", 0, "Old.")]
        connection.executemany(
            "INSERT INTO documents (path, staged, text, digest) VALUES (?, ?, ?, ?)",
            [(*row, text_digest(row[2])) for row in [*texts, ("d.txt", 1, "Staged.")]],
        )
        connection.commit()
    write(documents, c="New.")
    assert build(documents, folder).remade
    assert named(folder, text_digest("Old.")) == ("c.txt", "changed")
    assert named(folder, text_digest("Same.")) == ("a.txt", "gone")
    assert named(folder, text_digest("Staged.")) is None, "nobody can have cited it"


def test_a_database_that_cannot_be_read_is_no_obstacle(zoo: Path, folder: Path) -> None:
    digest = digests(folder)["otters.txt"]
    (folder / schema.FILE).write_bytes(b"no database" * 1_000)
    build(zoo, folder, rebuild=True)
    assert named(folder, digest) == ("otters.txt", "current")
    assert remembered(folder) == 0


def test_whatever_is_done_to_the_files_every_digest_goes_on_naming_a_document(
    documents: Path, folder: Path
) -> None:
    drawn = random.Random(7)  # noqa: S311 - not for secrets
    published: set[str] = set()
    for step in range(8):
        for _ in range(5):
            file = documents / f"{drawn.choice('abcde')}.txt"
            other = documents / f"{drawn.choice('abcde')}.txt"
            if file.exists() and drawn.random() < 0.4:
                file.rename(other) if drawn.random() < 0.7 else file.unlink()
            else:
                file.write_text(f"Animal number {drawn.randrange(12)} swims.")
        write(documents, z="Something to index.")
        build(documents, folder, rebuild=step == 5)
        now = digests(folder)
        published |= set(now.values())
        with open_index(folder, model=HashEmbedder()) as index:
            for digest in published:
                holders = sorted(name for name, held in now.items() if held == digest)
                found = index.named(digest)
                assert found is not None
                if holders:
                    assert found == Named(holders[0], "current")
                else:
                    assert found.state == ("changed" if found.document_id in now else "gone")
    assert len(published) > 10
    assert check_index(folder).faults == ()
