"""Interruptions, several processes, stale files: the index stays whole, and says what it knows."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, paragraphs, write
from fpdf import FPDF

from benchmarks.hashing import HashEmbedder
from benchmarks.upkeep.kills import Ranking, kill_builds, ranking, write_version
from qa_bot import IndexBusyError, Limits, answer, build_index, check_index, open_index, retrieve
from qa_bot.building import build, storing
from qa_bot.loaders.pool import read_documents
from qa_bot.store import schema
from qa_bot.store.locks import writing

QUESTION = "Where was otter number 3 seen?"


@pytest.fixture
def zoo(documents: Path) -> Path:
    """Three files of five passages each, last changed long enough ago to be told apart by time."""
    for topic in ("otter", "heron", "moth"):
        write(documents, **{f"{topic}s": paragraphs(topic, 5)})
    age(documents)
    return documents


def age(documents: Path) -> None:
    """Make the files ten seconds older."""
    for file in documents.rglob("*.txt"):
        moment = file.stat().st_mtime - 10
        os.utime(file, (moment, moment))


def interrupt(documents: Path, folder: Path, after: int) -> None:
    """A build that breaks after so many passages."""
    embedder = HashEmbedder(fail_after=after)
    with pytest.raises(RuntimeError, match="broke"):
        build_index(documents, folder, model=embedder)


def test_builds_that_are_killed_leave_the_old_index_or_the_new_one(tmp_path: Path) -> None:
    seen = kill_builds(tmp_path, count=20, seed=1)
    assert seen.total() == 20
    assert {index for _, index in seen} == {"old", "new"}, "killed before and after publishing"


def test_an_interrupted_build_goes_on_where_it_was(
    zoo: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "BATCH", 4)
    interrupt(zoo, folder, after=10)
    with closing(sqlite3.connect(folder / schema.FILE)) as connection:
        assert connection.execute("SELECT count(*) FROM vectors").fetchone() == (8,)
        assert connection.execute("SELECT count(*) FROM documents WHERE staged").fetchone()[0] >= 1
    embedder = HashEmbedder()
    receipt = build_index(zoo, folder, model=embedder)
    assert len(embedder.encoded) == 15 - 8
    assert receipt.added == ("herons.txt", "moths.txt", "otters.txt")
    assert (receipt.embedded, receipt.reused) == (7, 8)
    assert check_index(folder).faults == ()
    build_index(zoo, folder.with_name("fresh"), model=HashEmbedder())
    assert ranking(folder) == ranking(folder.with_name("fresh"))


def test_what_an_interrupted_build_read_is_dropped_where_the_file_has_changed_since(
    zoo: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "BATCH", 4)
    interrupt(zoo, folder, after=13)
    write(zoo, otters=paragraphs("walrus", 2), herons=paragraphs("egret", 2))
    (zoo / "moths.txt").unlink()
    assert build_index(zoo, folder, model=HashEmbedder()).documents == 2
    with closing(sqlite3.connect(folder / schema.FILE)) as connection:
        assert connection.execute("SELECT count(*) FROM documents").fetchone() == (2,)
        assert connection.execute("SELECT count(*) FROM vectors").fetchone() == (4,)
    assert check_index(folder).faults == ()


def staged_and_vectors(folder: Path) -> tuple[int, int]:
    with closing(sqlite3.connect(folder / schema.FILE)) as connection:
        (staged,) = connection.execute("SELECT count(*) FROM documents WHERE staged").fetchone()
        (vectors,) = connection.execute("SELECT count(*) FROM vectors").fetchone()
        return staged, vectors


def test_an_interrupted_change_of_the_model_goes_on_where_it_is_asked_for_again(
    zoo: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "BATCH", 4)
    build_index(zoo, folder, model=HashEmbedder())
    before = ranking(folder)
    with pytest.raises(RuntimeError, match="broke"):
        build_index(zoo, folder, model=HashEmbedder("other", fail_after=10))
    assert ranking(folder) == before, "the old model answers until the new one is done"
    other = HashEmbedder("other")
    assert len(build_index(zoo, folder, model=other).reprocessed) == 3
    assert len(other.encoded) == 15 - 8
    assert staged_and_vectors(folder) == (0, 15)


def test_an_interrupted_change_of_the_model_is_dropped_by_a_build_with_the_old_one(
    zoo: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though it finds nothing else to do; else it would stay in the file for good."""
    monkeypatch.setattr(storing, "BATCH", 4)
    build_index(zoo, folder, model=HashEmbedder())
    before = ranking(folder)
    with pytest.raises(RuntimeError, match="broke"):
        build_index(zoo, folder, model=HashEmbedder("other", fail_after=10))
    assert staged_and_vectors(folder) > (0, 15)
    assert build_index(zoo, folder, model=HashEmbedder()).nothing_changed
    assert staged_and_vectors(folder) == (0, 15)
    assert ranking(folder) == before


@pytest.mark.parametrize("rebuild", [False, True])
def test_an_unusable_database_stays_until_the_one_that_replaces_it_is_done(
    zoo: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, rebuild: bool
) -> None:
    """One of an older format, or a damaged one; an interruption leaves it as it was."""
    monkeypatch.setattr(storing, "BATCH", 4)
    build_index(zoo, folder, model=HashEmbedder())
    before = ranking(folder)
    with closing(sqlite3.connect(folder / schema.FILE)) as connection:
        harm = "'damaged'" if rebuild else str(schema.FORMAT - 1)
        connection.execute(f"UPDATE meta SET value = {harm} WHERE key = 'format'")  # noqa: S608
        connection.commit()
    content = (folder / schema.FILE).read_bytes()
    with pytest.raises(RuntimeError, match="broke"):
        build_index(zoo, folder, model=HashEmbedder(fail_after=10), rebuild=rebuild)
    assert (folder / schema.FILE).read_bytes() == content
    embedder = HashEmbedder()
    receipt = build_index(zoo, folder, model=embedder, rebuild=rebuild)
    assert receipt.remade is not rebuild
    assert len(embedder.encoded) == (15 if rebuild else 15 - 8), "an upgrade goes on"
    assert ranking(folder) == before
    assert check_index(folder).faults == ()
    left = {file.name for file in folder.iterdir() if not file.name.startswith(schema.FILE)}
    assert left == {"build.lock", "caches"}


@pytest.mark.parametrize("left", ["older", "damaged", "file"])
def test_what_an_earlier_replacement_left_is_no_obstacle(
    zoo: Path, folder: Path, left: str
) -> None:
    build_index(zoo, folder, model=HashEmbedder())
    before = ranking(folder)
    with closing(sqlite3.connect(folder / schema.FILE)) as connection:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'format'", (schema.FORMAT - 1,))
        connection.commit()
    beside = folder / build._BESIDE
    if left == "file":
        beside.write_text("in the way")
    else:
        beside.mkdir()
        content = (folder / schema.FILE).read_bytes() if left == "older" else b"no database"
        (beside / schema.FILE).write_bytes(content)
    assert build_index(zoo, folder, model=HashEmbedder()).remade
    assert ranking(folder) == before
    assert not beside.exists()


def test_what_is_not_ours_in_the_index_folder_stays(zoo: Path, folder: Path) -> None:
    theirs = [folder / "replacement", folder / "caches" / "photos", folder / "notes"]
    for one in theirs:
        one.mkdir(parents=True)
        (one / "thesis.txt").write_text("precious")
    for rebuild in (False, True):
        write(zoo, otters=paragraphs("otter", 3 + rebuild))
        build_index(zoo, folder, model=HashEmbedder(), rebuild=rebuild)
        assert all((one / "thesis.txt").read_text() == "precious" for one in theirs)
        ours = [one for one in (folder / "caches").iterdir() if one.name != "photos"]
        assert len(ours) == 1


def test_readers_see_nothing_of_a_build_that_is_not_done(
    zoo: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "BATCH", 2)
    build_index(zoo, folder, model=HashEmbedder())
    before = ranking(folder)
    write(zoo, otters=paragraphs("walrus", 5), zebras=paragraphs("zebra", 5))
    for _ in range(3):
        interrupt(zoo, folder, after=3)
        assert ranking(folder) == before
        assert check_index(folder).faults == ()


def differences(found: Ranking, wanted: Ranking) -> list[object]:
    """The places in which two rankings aren't the same."""
    pairs = zip(itertools.chain(*found), itertools.chain(*wanted), strict=False)
    return [pair for pair in pairs if pair[0] != pair[1]]


def test_readers_never_meet_an_error_or_a_mixture(tmp_path: Path) -> None:
    """Eight readers ask without a pause while the index is built again and again."""
    documents, folder = tmp_path / "documents", tmp_path / "index"
    write_version(documents, 0)
    build_index(documents, folder, model=HashEmbedder())
    allowed = {ranking(folder)}
    stop = threading.Event()
    wrong: list[object] = []

    def read() -> None:
        while not stop.is_set():
            try:
                if (found := ranking(folder)) not in allowed:
                    wrong.append(min((differences(found, one) for one in allowed), key=len))
            except Exception as error:  # noqa: BLE001 - any would be one too many
                wrong.append(error)

    versions = []
    for version in range(1, 6):
        write_version(documents, version)
        fresh = tmp_path / f"fresh-{version}"
        build_index(documents, fresh, model=HashEmbedder())
        allowed.add(ranking(fresh))
        versions.append(version)
    readers = [threading.Thread(target=read) for _ in range(8)]
    for reader in readers:
        reader.start()
    try:
        for version in [*versions, *reversed(versions), *versions, *reversed(versions)]:
            write_version(documents, version)
            build_index(documents, folder, model=HashEmbedder())
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert not wrong, wrong[0]


def run(code: str, *arguments: Path, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


SLOW_BUILD = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # or a test in the background ignores it
from benchmarks.hashing import HashEmbedder
from qa_bot import build_index
from qa_bot.building import storing
storing.BATCH = 2
build_index(sys.argv[1], sys.argv[2], model=HashEmbedder(seconds=0.2),
            on_progress=lambda progress: print(progress, flush=True))
"""


def test_a_second_writer_is_told_who_holds_the_lock_and_a_dead_one_holds_none(
    zoo: Path, folder: Path
) -> None:
    folder.mkdir()
    process = run(SLOW_BUILD, zoo, folder)
    assert process.stdout is not None
    while "passages embedded" not in process.stdout.readline():
        pass
    with pytest.raises(IndexBusyError, match=f"process {process.pid}, since"), writing(folder):
        pass
    process.kill()
    process.communicate()
    assert build_index(zoo, folder, model=HashEmbedder()).documents == 3


def test_ctrl_c_stops_a_build_and_the_next_one_goes_on(zoo: Path, folder: Path) -> None:
    process = run(SLOW_BUILD, zoo, folder)
    assert process.stdout is not None
    while "6 of" not in process.stdout.readline():
        pass
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert errors.rstrip().endswith("KeyboardInterrupt")
    embedder = HashEmbedder()
    build_index(zoo, folder, model=embedder)
    assert len(embedder.encoded) <= 15 - 4
    assert check_index(folder).faults == ()


def test_the_commit_is_on_the_disk_before_it_is_told(folder: Path) -> None:
    """SQLite's FULL: a commit waits for the disk. The caches need not be: a seal tells."""
    from qa_bot.store import database

    folder.mkdir()
    with closing(database.open_writer(folder)) as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_an_unchanged_file_is_not_even_opened(
    zoo: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_index(zoo, folder, model=HashEmbedder())

    def never(path: Path) -> str:
        raise AssertionError(path)

    monkeypatch.setattr("qa_bot.building.changes.file_hash_of", never)
    assert build_index(zoo, folder, model=HashEmbedder()).nothing_changed


def test_where_nothing_changed_no_document_is_even_looked_up(
    zoo: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder as a whole is compared with what it was, so ten thousand files cost no queries."""
    (zoo / "bad.txt").write_bytes(b"\0")
    age(zoo)
    first = build_index(zoo, folder, model=HashEmbedder())

    def never(*_: object) -> None:
        raise AssertionError("the documents were compared one by one")

    monkeypatch.setattr("qa_bot.building.build.update", never)
    again = build_index(zoo, folder, model=HashEmbedder())
    assert again.nothing_changed
    assert (again.documents, again.passages) == (first.documents, first.passages)
    assert again.health == first.health


@pytest.mark.parametrize(
    "change",
    [
        lambda zoo: write(zoo, otters=paragraphs("otter", 6)),
        lambda zoo: write(zoo, zebras="Zebras."),
        lambda zoo: (zoo / "otters.txt").unlink(),
        lambda zoo: (zoo / "otters.txt").rename(zoo / "walruses.txt"),
        lambda zoo: write(zoo, **{".hidden": "x"}),
        lambda zoo: (zoo / "table.xyz").touch(),
        lambda zoo: (zoo / "outside.txt").symlink_to("/etc/hostname"),
        lambda zoo: (zoo / "folder.txt").mkdir(),
        lambda zoo: (zoo / "bad.txt").write_bytes(b"Good now."),
    ],
)
def test_after_any_change_an_index_says_what_a_fresh_one_says(
    zoo: Path, folder: Path, change: Callable[[Path], object]
) -> None:
    (zoo / "bad.txt").write_bytes(b"\0")
    age(zoo)
    build_index(zoo, folder, model=HashEmbedder())
    change(zoo)
    receipts = [
        build_index(zoo, place, model=HashEmbedder())
        for place in (folder, folder.with_name("fresh"))
    ]
    told = [(receipt.documents, receipt.passages, receipt.health) for receipt in receipts]
    assert told[0] == told[1]
    assert ranking(folder) == ranking(folder.with_name("fresh"))
    assert check_index(folder).outdated == ()


def test_what_could_not_be_read_is_tried_again_with_other_limits(zoo: Path, folder: Path) -> None:
    tight = Limits(size=100)
    write(zoo, small="Short.")
    age(zoo)
    for _ in range(2):
        assert build_index(zoo, folder, model=HashEmbedder(), limits=tight).documents == 1
    assert build_index(zoo, folder, model=HashEmbedder()).documents == 4


def test_a_change_that_left_size_and_time_alone_is_noticed_soon_after_a_build(
    documents: Path, folder: Path
) -> None:
    """Within two seconds of being indexed, a file's time doesn't tell a later version."""
    write(documents, a="Otters eat fish.")
    build_index(documents, folder, model=HashEmbedder())
    for text in ("Otters eat figs.", "Otters eat eggs."):
        times = (documents / "a.txt").stat()
        write(documents, a=text)
        os.utime(documents / "a.txt", ns=(times.st_atime_ns, times.st_mtime_ns))
        assert build_index(documents, folder, model=HashEmbedder()).changed == ("a.txt",)


def test_a_touched_file_is_hashed_once_and_not_read(zoo: Path, folder: Path) -> None:
    build_index(zoo, folder, model=HashEmbedder())
    (zoo / "otters.txt").touch()
    age(zoo)
    assert build_index(zoo, folder, model=HashEmbedder()).nothing_changed
    with open_index(folder, model=HashEmbedder()) as index:
        assert index.stale(["otters.txt", "herons.txt"]) == set()
    for _ in range(2):
        assert build_index(zoo, folder, model=HashEmbedder()).nothing_changed


def test_an_unreadable_file_is_not_tried_again_until_it_changes(
    zoo: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (zoo / "bad.txt").write_bytes(b"\0")
    first = build_index(zoo, folder, model=HashEmbedder())
    tried: list[str] = []
    original = storing.Store.__init__

    def read(files: list[tuple[str, Path]], *_: object, **__: object) -> Iterator[object]:
        tried.extend(name for name, _ in files)
        return iter(())

    monkeypatch.setattr("qa_bot.building.updating.read_documents", read)
    assert build_index(zoo, folder, model=HashEmbedder()).health == first.health
    assert tried == []
    (zoo / "bad.txt").write_bytes(b"\0\0")
    build_index(zoo, folder, model=HashEmbedder())
    assert tried == ["bad.txt"]
    assert storing.Store.__init__ is original


def test_a_file_that_changes_while_it_is_read_is_read_again(
    zoo: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else another version's text would be kept under the hash of this one."""
    text = (zoo / "otters.txt").read_text()

    def read(*arguments: Any, **options: Any) -> Iterator[object]:
        (zoo / "otters.txt").write_text("For a moment it said something else entirely.")
        yield from read_documents(*arguments, **options)
        (zoo / "otters.txt").write_text(text)

    monkeypatch.setattr("qa_bot.building.updating.read_documents", read)
    build_index(zoo, folder, model=HashEmbedder())
    monkeypatch.undo()
    with open_index(folder, model=HashEmbedder()) as index:
        assert index.stale(["otters.txt", "herons.txt"]) == {"otters.txt"}
    assert build_index(zoo, folder, model=HashEmbedder()).changed == ("otters.txt",)
    with open_index(folder, model=HashEmbedder()) as index:
        assert index.document("otters.txt").text.strip() == text.strip()


def test_a_passing_failure_removes_nothing_and_is_not_remembered(
    zoo: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_index(zoo, folder, model=HashEmbedder())
    write(zoo, otters=paragraphs("otter", 6), zebras=paragraphs("zebra", 2))

    def fail(_: object) -> None:
        raise BlockingIOError(11, "no more processes")

    monkeypatch.setattr("qa_bot.loaders.pool._start", fail)
    receipt = build_index(zoo, folder, model=HashEmbedder())
    assert (receipt.removed, receipt.documents) == ((), 3)
    assert {one.document_id for one in receipt.health.unreadable} == {"otters.txt", "zebras.txt"}
    monkeypatch.undo()
    receipt = build_index(zoo, folder, model=HashEmbedder())
    assert (receipt.added, receipt.changed) == (("zebras.txt",), ("otters.txt",))
    assert receipt.health.unreadable == ()


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="needs tesseract")
def test_what_was_read_with_ocr_is_read_so_again(documents: Path, folder: Path) -> None:
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Times", size=12)
    pdf.text(20, 60, "Otters sleep on their backs and hold hands.")
    pdf.output(str(documents / "a.pdf"))
    build_index(documents, folder, model=HashEmbedder(), ocr="eng")
    (documents / "a.pdf").rename(documents / "b.pdf")
    for rebuild in (False, True):
        build_index(documents, folder, model=HashEmbedder(), rebuild=rebuild)
        with closing(sqlite3.connect(folder / schema.FILE)) as connection:
            ((recipe,),) = connection.execute("SELECT recipe FROM documents").fetchall()
        assert recipe.endswith("+ocr eng")


def test_the_log_is_emptied_while_an_index_stays_open(zoo: Path, folder: Path) -> None:
    """As in a chat that is never closed."""
    build_index(zoo, folder, model=HashEmbedder())
    log = folder / f"{schema.FILE}-wal"
    index = open_index(folder, model=HashEmbedder())
    for number in range(3):
        write(zoo, **{f"zebra{number}": paragraphs("zebra", 30)})
        build_index(zoo, folder, model=HashEmbedder())
        assert log.stat().st_size > 0
        later = open_index(folder, model=HashEmbedder())
        index.close()
        later.shed_log()
        assert log.stat().st_size == 0
        assert answer(QUESTION, later).hits
        index = later
    index.close()


def test_a_build_that_finds_nothing_to_do_writes_nothing(zoo: Path, folder: Path) -> None:
    (zoo / "bad.txt").write_bytes(b"\0")
    age(zoo)
    build_index(zoo, folder, model=HashEmbedder())
    with open_index(folder, model=HashEmbedder()):
        before = (folder / f"{schema.FILE}-wal").stat().st_size
        for _ in range(3):
            build_index(zoo, folder, model=HashEmbedder())
        assert (folder / f"{schema.FILE}-wal").stat().st_size == before


def test_documents_and_index_may_move_together(zoo: Path, folder: Path) -> None:
    build_index(zoo, folder, model=HashEmbedder())
    home = zoo.parent.rename(zoo.parent.with_name("elsewhere"))
    with open_index(home / "index", model=HashEmbedder()) as index:
        assert index.stale(["otters.txt"]) == set()
    assert check_index(home / "index").outdated == ()


def test_a_renamed_file_is_told_from_a_new_and_a_deleted_one(zoo: Path, folder: Path) -> None:
    (zoo / "guide.md").write_text("# The guide\n\nOtters are shown to visitors at noon.\n")
    build_index(zoo, folder, model=HashEmbedder())
    (zoo / "guide.md").rename(zoo / "leaflet.md")
    (zoo / "otters.txt").rename(zoo / "mammals.txt")
    embedder = HashEmbedder()
    receipt = build_index(zoo, folder, model=embedder)
    assert receipt.renamed == (("guide.md", "leaflet.md"), ("otters.txt", "mammals.txt"))
    assert (receipt.added, receipt.removed) == ((), ())
    tops = {text.split("\n")[0] for text in embedder.encoded}  # what says where they stand
    assert tops == {"leaflet › The guide", "mammals"}
    with open_index(folder, model=HashEmbedder()) as index:
        titles = {one.id: one.title for one in index.documents()}
        assert titles["leaflet.md"] == "The guide"
        assert titles["mammals.txt"] == "mammals"
        assert retrieve("visitors", index, k=1, documents=["leaflet.md"])
        assert index.stale(titles) == set()
    assert check_index(folder).faults == ()


def test_quotes_of_a_changed_or_deleted_file_say_so(zoo: Path, folder: Path) -> None:
    build_index(zoo, folder, model=HashEmbedder())
    with open_index(folder, model=HashEmbedder()) as index:

        def quoted() -> dict[str, bool]:
            reply = answer("otter otter otter", index, reader=None)
            return {quote.citation.document_id: quote.stale for quote in reply.quotes}

        assert quoted() == {"otters.txt": False}
        write(zoo, herons="Something else.")
        assert quoted() == {"otters.txt": False}
        write(zoo, otters=paragraphs("otter", 6))
        assert quoted() == {"otters.txt": True}
        (zoo / "otters.txt").unlink()
        assert quoted() == {"otters.txt": True}


def test_an_open_index_knows_of_a_later_build(zoo: Path, folder: Path) -> None:
    build_index(zoo, folder, model=HashEmbedder())
    with open_index(folder, model=HashEmbedder()) as index:
        assert not index.is_outdated()
        build_index(zoo, folder, model=HashEmbedder())
        assert not index.is_outdated(), "nothing had changed"
        write(zoo, zebras=paragraphs("zebra", 1))
        build_index(zoo, folder, model=HashEmbedder())
        assert index.is_outdated()


@pytest.mark.parametrize(
    ("harm", "fault"),
    [
        ("UPDATE pieces SET text = 'x' || substr(text, 2) WHERE document = 1", "(its whole text)"),
        ("UPDATE pieces SET start = start + 1 WHERE document = 1", "(its whole text)"),
        ("DELETE FROM pieces WHERE document = 1", "(its whole text)"),
        ("UPDATE documents SET characters = 7 WHERE id = 1", "(its whole text)"),
        (
            "PRAGMA ignore_check_constraints = ON; INSERT INTO former_texts VALUES ('x', 'y')",
            "1 digests of former texts are damaged",
        ),
        ("UPDATE passages SET start = start + 1 WHERE id = 2", "isn't the text at its place"),
        ("UPDATE vectors SET passage = zeroblob(length(passage)) WHERE rowid = 1", "vectors are"),
        ("DELETE FROM vectors WHERE rowid = 2", "1 passages have no vectors"),
        ("DELETE FROM passages WHERE id = 3", "FAISS doesn't hold exactly"),
    ],
)
def test_a_check_names_what_is_wrong(zoo: Path, folder: Path, harm: str, fault: str) -> None:
    build_index(zoo, folder, model=HashEmbedder())
    whole = check_index(folder)
    assert (whole.faults, whole.outdated, whole.recall) == ((), (), 1.0)
    with closing(sqlite3.connect(folder / schema.FILE)) as connection:
        connection.executescript(harm)
    assert any(fault in found for found in check_index(folder).faults)
    build_index(zoo, folder, model=HashEmbedder(), rebuild=True)
    assert check_index(folder).faults == ()


def test_a_check_names_the_files_that_are_no_longer_what_was_indexed(
    zoo: Path, folder: Path
) -> None:
    for name in ("bad", "mended", "lost"):
        (zoo / f"{name}.txt").write_bytes(b"\0")
    (zoo / "link.txt").symlink_to("nowhere.txt")
    build_index(zoo, folder, model=HashEmbedder())
    assert check_index(folder).outdated == ()
    (zoo / "mended.txt").write_bytes(b"A text now.")
    (zoo / "lost.txt").unlink()
    (zoo / "link.txt").unlink()
    write(zoo, link="Here it is.")
    times = (zoo / "otters.txt").stat()
    text = (zoo / "otters.txt").read_text()
    (zoo / "otters.txt").write_text(text.replace("otter", "ottar"))
    os.utime(zoo / "otters.txt", ns=(times.st_atime_ns, times.st_mtime_ns))
    (zoo / "herons.txt").unlink()
    write(zoo, zebras="Zebras.")
    assert check_index(folder).outdated == (
        "link.txt may be readable now",
        "mended.txt was changed",
        "otters.txt was changed",
        "zebras.txt is new",
        "herons.txt was deleted",
        "lost.txt was deleted",
    )


@pytest.mark.parametrize("moment", ["caches", "files"])
def test_a_check_during_which_a_build_ends_is_one_of_the_new_build(
    zoo: Path, folder: Path, moment: str
) -> None:
    build_index(zoo, folder, model=HashEmbedder())
    steps: list[str] = []

    def build_once(step: str) -> None:
        if step == moment and step not in steps:
            write(zoo, otters=paragraphs("walrus", 5))
            old = next((folder / "caches").iterdir())
            build_index(zoo, folder, model=HashEmbedder())
            if moment == "caches":  # as if their removal were under way
                (old / "words").mkdir(parents=True)
        steps.append(step)

    checked = check_index(folder, build_once)
    assert (checked.faults, checked.outdated) == ((), ())
    assert steps.count(moment) == 2


def test_a_check_does_not_go_on_for_ever_where_builds_never_end(zoo: Path, folder: Path) -> None:
    build_index(zoo, folder, model=HashEmbedder())
    versions = iter(range(100))

    def build(step: str) -> None:
        if step == "files":
            write(zoo, otters=paragraphs(f"walrus{next(versions)}", 2))
            build_index(zoo, folder, model=HashEmbedder())

    assert check_index(folder, build).outdated == ("otters.txt was changed",)
    assert 1 < next(versions) < 10


def test_the_caches_may_be_deleted_at_any_time(zoo: Path, folder: Path) -> None:
    build_index(zoo, folder, model=HashEmbedder())
    before = ranking(folder)
    shutil.rmtree(folder / "caches")
    assert check_index(folder).faults == ()
    assert ranking(folder) == before


def test_a_rebuild_from_nothing_embeds_even_what_is_there(zoo: Path, folder: Path) -> None:
    build_index(zoo, folder, model=HashEmbedder())
    embedder = HashEmbedder()
    receipt = build_index(zoo, folder, model=embedder, rebuild=True)
    assert (len(embedder.encoded), receipt.reused) == (15, 0)
    assert json.dumps(receipt.reprocessed) == '["herons.txt", "moths.txt", "otters.txt"]'
