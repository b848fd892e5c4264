"""Whatever is thrown at it: one line that says what to do, and an index that still answers."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import ROOT, paragraphs, unstale, write

from benchmarks.hashing import HashEmbedder
from qa_bot import (
    Answer,
    EmptyQuestionError,
    Index,
    IndexDamagedError,
    IndexFormatError,
    IndexNotFoundError,
    IndexStateError,
    NoDocumentsError,
    QaBotError,
    UsageError,
    answer,
    build_index,
    open_index,
    retrieve,
)

FILE = "qa_bot.sqlite"
QUESTION = "Where was otter number 3 seen?"


def check_message(error: BaseException) -> str:
    """What every error promises: of our own kind, one line, a sentence, no trace."""
    assert isinstance(error, QaBotError)
    message = str(error)
    assert message
    assert "\n" not in message
    assert "Traceback" not in message
    assert message.endswith((".", ")"))
    return message


def ask(folder: Path) -> Answer:
    with open_index(folder, model=HashEmbedder()) as index:
        return unstale(answer(QUESTION, index))


@pytest.fixture
def built(documents: Path, folder: Path) -> Path:
    write(documents, a=paragraphs("otter", 6), b=paragraphs("heron", 6))
    build_index(documents, folder, model=HashEmbedder())
    return folder


@pytest.fixture
def index(built: Path) -> Iterator[Index]:
    with open_index(built, model=HashEmbedder()) as opened:
        yield opened


@pytest.mark.parametrize("question", ["", "   ", "\n\t\r", "?", "…!?“”", "\x00\x1b", "🦦", "_"])
def test_a_question_without_words(index: Index, question: str) -> None:
    with pytest.raises(EmptyQuestionError) as caught:
        answer(question, index)
    check_message(caught.value)


@pytest.mark.parametrize(
    "question",
    [
        "otter " * 16_667,
        "o" * 100_000,
        "otter\x00\x01\x07\x1b[31m\x7f\x85 number 3",
        'otter "AND (NOT) -number text:3 ~2 ^9 * /x/ \\ [a TO b] {',
        "otter'; DROP TABLE passages; --",
        "<script>alert(1)</script> otter",
        "％ｏｔｔｅｒ　３",
        "e\u0301\u0301\u0301 otter " + "\u0301" * 500,
        "\u202eretto\u202c otter \ufeff\u200b",
        "عضو hermelín 獺 วิดีโอ",
        "0",
    ],
)
def test_a_strange_question_is_answered_like_any_other(index: Index, question: str) -> None:
    found = answer(question, index)
    assert found.question == question
    assert 0 <= found.confidence <= 1
    assert len(found.hits) == 5
    plain = answer(question, index, reader=None).hits  # what has the numbers asked for goes first
    assert {hit.passage for hit in retrieve(question, index)} == {hit.passage for hit in plain}
    assert answer(QUESTION, index).hits  # nothing is the worse for it


def test_no_passages_cannot_be_asked_for(index: Index) -> None:
    with pytest.raises(UsageError) as caught:
        answer(QUESTION, index, k=0)
    check_message(caught.value)


def nothing(_: Path) -> None:
    """An empty folder."""


def only_unreadable(documents: Path) -> None:
    (documents / "a.txt").write_bytes(b"\0\1\2")
    (documents / "b.md").touch()


def only_unknown(documents: Path) -> None:
    (documents / "a.xyz").write_bytes(b"PK")
    (documents / ".hidden.txt").write_text("Hidden.")


def no_folder(documents: Path) -> None:
    documents.rmdir()


def a_file(documents: Path) -> None:
    documents.rmdir()
    documents.write_text("Not a folder.")


@pytest.mark.parametrize("prepare", [nothing, only_unreadable, only_unknown, no_folder, a_file])
@pytest.mark.parametrize("rebuild", [False, True])
def test_nothing_to_read_leaves_the_index_unharmed(
    built: Path, documents: Path, prepare: Callable[[Path], None], rebuild: bool
) -> None:
    before = ask(built)
    shutil.rmtree(documents)
    documents.mkdir()
    prepare(documents)
    with pytest.raises(NoDocumentsError) as caught:
        build_index(documents, built, model=HashEmbedder(), rebuild=rebuild)
    assert str(documents) in check_message(caught.value)
    assert ask(built) == before
    with pytest.raises(NoDocumentsError):
        build_index(documents, built.with_name("new"), model=HashEmbedder())
    with pytest.raises(IndexNotFoundError):
        open_index(built.with_name("new"), model=HashEmbedder())


def garbage(file: Path) -> None:
    file.write_bytes(b"This is no database. " * 500)


def zero_bytes(file: Path) -> None:
    file.write_bytes(b"")


def half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def only_its_header(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100])


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()
    (file / "something").touch()


def zeros_inside(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[4096:] = bytes(len(data) - 4096)
    file.write_bytes(data)


def a_broken_index(file: Path) -> None:
    """Change a key in an index of SQLite's, so that its row is not found there any more."""
    connection = sqlite3.connect(file)
    (root,) = connection.execute(
        "SELECT rootpage FROM sqlite_master WHERE name = 'passages_by_vector'"
    ).fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    (key,) = connection.execute("SELECT vector FROM passages").fetchone()
    connection.close()
    data = bytearray(file.read_bytes())
    place = data.index(key, (root - 1) * size, root * size)
    data[place + 8] ^= 1
    file.write_bytes(data)


def somebody_elses(file: Path) -> None:
    file.unlink()
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.commit()
    connection.close()


DAMAGE = [
    garbage, zero_bytes, half, only_its_header, a_folder, zeros_inside, somebody_elses
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_index_says_how_to_repair_it(
    built: Path, documents: Path, damage: Callable[[Path], None]
) -> None:
    before = ask(built)
    damage(built / FILE)
    with pytest.raises(IndexDamagedError) as caught:
        ask(built)
    message = check_message(caught.value)
    assert "qa-bot index --rebuild" in message
    assert str(built) in message
    if damage is not zero_bytes:  # which is as good as no index yet
        with pytest.raises(IndexDamagedError, match="qa-bot index --rebuild"):
            build_index(documents, built, model=HashEmbedder())
    receipt = build_index(documents, built, model=HashEmbedder(), rebuild=True)
    assert receipt.documents == 2
    assert ask(built) == before


def test_rebuilding_repairs_what_only_a_thorough_check_finds(built: Path, documents: Path) -> None:
    before = ask(built)
    a_broken_index(built / FILE)
    build_index(documents, built, model=HashEmbedder(), rebuild=True)
    assert ask(built) == before
    connection = sqlite3.connect(built / FILE)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE passages SET sentences = '[[1, 2'",
        "UPDATE passages SET vector = x'00' WHERE id > 3",
        "UPDATE passages SET text = CAST(x'ff41' AS TEXT)",
        "DELETE FROM sections",
        "DROP TABLE vectors",
        "UPDATE meta SET value = '../../elsewhere' WHERE key = 'uuid'",
        "UPDATE meta SET value = 'many' WHERE key = 'dimension'",
        "UPDATE meta SET value = 'one' WHERE key = 'format'",
        "DELETE FROM meta WHERE key = 'model'",
    ],
)
def test_rows_that_make_no_sense_are_damage(built: Path, documents: Path, spoil: str) -> None:
    before = ask(built)
    connection = sqlite3.connect(built / FILE)
    connection.execute(spoil)
    connection.commit()
    connection.close()
    for cached in (True, False):
        if not cached:
            shutil.rmtree(built / "caches")
        with pytest.raises(IndexDamagedError) as caught:
            ask(built)
        check_message(caught.value)
    build_index(documents, built, model=HashEmbedder(), rebuild=True)
    assert ask(built) == before


def test_an_index_of_a_newer_format_is_left_alone(built: Path, documents: Path) -> None:
    before = ask(built)
    connection = sqlite3.connect(built / FILE)
    connection.execute("UPDATE meta SET value = '99' WHERE key = 'format'")
    connection.commit()
    connection.close()
    for attempt in (
        lambda: open_index(built),
        lambda: build_index(documents, built, model=HashEmbedder()),
    ):
        with pytest.raises(IndexFormatError, match="format 99") as caught:
            attempt()
        check_message(caught.value)
    build_index(documents, built, model=HashEmbedder(), rebuild=True)
    assert ask(built) == before


def test_an_index_path_that_is_a_file(documents: Path, tmp_path: Path) -> None:
    write(documents, a="Otters sleep.")
    file = tmp_path / "file"
    file.write_text("mine")
    for path in (file, file / "below"):
        with pytest.raises(IndexStateError) as caught:
            build_index(documents, path, model=HashEmbedder())
        assert str(path) in check_message(caught.value)
        with pytest.raises(IndexNotFoundError) as missing:
            open_index(path, model=HashEmbedder())
        check_message(missing.value)
    assert file.read_text() == "mine"


def test_caches_that_cannot_be_made_do_not_matter_to_questions(built: Path) -> None:
    before = ask(built)
    shutil.rmtree(built / "caches")
    (built / "caches").write_text("in the way")
    assert ask(built) == before


def test_caches_that_cannot_be_written_stop_a_build(built: Path, documents: Path) -> None:
    before = ask(built)
    shutil.rmtree(built / "caches")
    (built / "caches").write_text("in the way")
    write(documents, c=paragraphs("moth", 3))
    with pytest.raises(IndexStateError, match="as it was before") as caught:
        build_index(documents, built, model=HashEmbedder())
    check_message(caught.value)
    assert ask(built) == before


PRELUDE = """
import json, os, resource, sys
from pathlib import Path
sys.path[:0] = [sys.argv[1], sys.argv[2]]
from conftest import paragraphs, unstale, write

from benchmarks.hashing import HashEmbedder
from qa_bot import QaBotError, answer, build_index, open_index

def ask(folder):
    with open_index(folder, model=HashEmbedder()) as index:
        found = answer("Where was otter number 3 seen?", index)
        return [round(found.confidence, 6), [hit.passage.text for hit in found.hits]]

folder = Path(sys.argv[3])
write(folder / "documents", a=paragraphs("otter", 6), b=paragraphs("heron", 6))
build_index(folder / "documents", folder / "index", model=HashEmbedder())
before = ask(folder / "index")
said = {}
"""


def run(script: str, folder: Path) -> dict[str, str]:
    """Run a script in a process of its own, and return what it said."""
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + script, str(ROOT), str(ROOT / "tests"), str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(said, dict)
    return said


READ_ONLY = """
documents, index = folder / "documents", folder / "index"
for path in [folder, *folder.rglob("*")]:
    path.chmod(0o555 if path.is_dir() else 0o444)
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
said["asked"] = "same" if ask(index) == before else "different"
try:
    build_index(documents, index, model=HashEmbedder())
except QaBotError as error:
    said["build"] = f"{type(error).__name__}: {error}"
try:
    build_index(documents, folder / "new", model=HashEmbedder())
except QaBotError as error:
    said["new"] = f"{type(error).__name__}: {error}"
said["still"] = "same" if ask(index) == before else "different"
print(json.dumps(said))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_a_folder_that_may_only_be_read_answers_and_is_not_built() -> None:
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are private
        folder = Path(name)
        try:
            said = run(READ_ONLY, folder)
        finally:
            for path in [folder, *folder.rglob("*")]:
                if path.is_dir():
                    path.chmod(0o755)
    assert said["asked"] == said["still"] == "same"
    assert said["build"].startswith("IndexStateError: ")
    assert said["new"].startswith("IndexStateError: ")
    assert all("permission" in said[key].lower() for key in ("build", "new"))


UNREADABLE = """
documents = folder / "documents"
write(documents, closed__c=paragraphs("moth", 1), d="Zebras run.")
(documents / "d.txt").chmod(0)
(documents / "closed").chmod(0)
for path in [folder, folder / "index", *(folder / "index").rglob("*")]:
    path.chmod(0o777)
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
receipt = build_index(documents, folder / "index", model=HashEmbedder())
said["added"] = ", ".join(receipt.added)
said["unreadable"] = "; ".join(f"{p.document_id}: {p.reason}" for p in receipt.health.unreadable)
said["warnings"] = "; ".join(f"{p.document_id}: {p.reason}" for p in receipt.health.warnings)
try:
    build_index(documents / "closed", folder / "index", model=HashEmbedder())
except QaBotError as error:
    said["closed"] = f"{type(error).__name__}: {error}"
print(json.dumps(said))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_files_and_folders_that_may_not_be_read_are_named() -> None:
    with tempfile.TemporaryDirectory() as name:
        try:
            said = run(UNREADABLE, Path(name))
        finally:
            (Path(name) / "documents" / "closed").chmod(0o755)
    assert said["added"] == ""
    assert said["unreadable"] == "d.txt: Permission denied"
    assert said["warnings"] == "closed: skipped: the folder can't be read (Permission denied)"
    assert said["closed"].startswith("NoDocumentsError: The folder ")
    assert "Permission denied" in said["closed"]


FULL = """
write(folder / "documents", c=paragraphs("moth", 150))
for limit in (0, 1000, 5000, 20_000, 60_000, 120_000, 200_000, 300_000, 500_000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        build_index(folder / "documents", folder / "index", model=HashEmbedder())
        said[limit] = "built"
    except QaBotError as error:
        said[limit] = f"{type(error).__name__}: {error}"
    if said[limit] != "built":
        assert ask(folder / "index") == before, limit
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    if said[limit] == "built":
        break
    assert ask(folder / "index") == before, limit
unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
write(folder / "documents", d=paragraphs("zebra", 150))
before = ask(folder / "index")
for limit in (0, 100, 1500, 5000):
    def fill_the_disk(progress):  # when SQLite has written, and the caches have not
        if progress.stage == "saving":
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        build_index(folder / "documents", folder / "index", model=HashEmbedder(),
                    on_progress=fill_the_disk)
        said[f"late {limit}"] = "built"
    except QaBotError as error:
        said[f"late {limit}"] = f"{type(error).__name__}: {error}"
    assert ask(folder / "index") == before, limit
    resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert ask(folder / "index") == before, limit
said["last"] = str(build_index(folder / "documents", folder / "index", model=HashEmbedder()))
print(json.dumps(said))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit to a file's size there")
def test_a_full_disk_stops_a_build_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    said = run(FULL, tmp_path)
    assert "documents=4" in said.pop("last")
    failures = [message for message in said.values() if message != "built"]
    assert len(failures) >= 7
    assert "built" not in [said[f"late {limit}"] for limit in (0, 100, 1500, 5000)]
    for message in failures:
        assert message.startswith("IndexStateError: "), message
        assert "\n" not in message
        assert "as it was before" in message


def test_the_environment_is_left_as_it_was(built: Path) -> None:
    before = dict(os.environ)
    ask(built)
    assert dict(os.environ) == before


def test_a_question_that_is_not_valid_text_is_answered(article: Index) -> None:
    reply = answer("Why is Iceland\udce9 important?", article)
    assert reply.quotes
