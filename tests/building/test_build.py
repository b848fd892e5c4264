"""The life of an index: what a build reads, embeds, keeps, says, and never breaks."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import paragraphs, unstale, write

from benchmarks.hashing import HashEmbedder
from qa_bot import (
    Answer,
    Index,
    IndexBusyError,
    IndexFormatError,
    IndexModelError,
    IndexNotFoundError,
    Progress,
    Receipt,
    answer,
    build_index,
    open_index,
    retrieve,
)
from qa_bot.models.embedding import MULTILINGUAL_MODEL, SentenceTransformerEmbedder, Vectors
from qa_bot.records import Health, Span
from qa_bot.store import schema

QUESTIONS = ["Where was otter number 3 seen?", "heron warden morning bell", "hut 2", "zebra page"]


class Forbidden(HashEmbedder):
    """An embedder that may not be asked for anything."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        raise AssertionError(texts)

    def encode_passages(
        self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]
    ) -> Iterator[tuple[int, Vectors, Vectors]]:
        raise AssertionError(texts, sentences)


def build(documents: Path, folder: Path, embedder: HashEmbedder | None = None) -> Receipt:
    return build_index(documents, folder, model=embedder or HashEmbedder())


def ask(folder: Path) -> list[Answer]:
    with open_index(folder, model=HashEmbedder()) as index:
        return [unstale(answer(question, index, k=8)) for question in QUESTIONS]


def column(folder: Path, query: str) -> list[object]:
    connection = sqlite3.connect(folder / "qa_bot.sqlite")
    found = [row[0] for row in connection.execute(query)]
    connection.close()
    return found


def generation(folder: Path) -> object:
    return column(folder, "SELECT value FROM meta WHERE key = 'generation'")[0]


@pytest.fixture
def zoo(documents: Path) -> Path:
    write(
        documents,
        otters=paragraphs("otter", 6),
        herons=paragraphs("heron", 5),
        small__moths=paragraphs("moth", 4),
    )
    return documents


def test_a_first_build_adds_everything(zoo: Path, folder: Path) -> None:
    embedder = HashEmbedder()
    receipt = build(zoo, folder, embedder)
    assert receipt.added == ("herons.txt", "otters.txt", "small/moths.txt")
    assert (receipt.changed, receipt.reprocessed, receipt.removed) == ((), (), ())
    assert (receipt.health.unreadable, receipt.health.warnings) == ((), ())
    assert (receipt.documents, receipt.passages, receipt.embedded) == (3, 15, 15)
    assert receipt.reused == 0
    assert not receipt.nothing_changed
    assert len(embedder.encoded) == 15
    assert receipt.seconds > 0


def test_a_second_build_does_nothing_and_needs_no_model(zoo: Path, folder: Path) -> None:
    build(zoo, folder)
    before, answers = generation(folder), ask(folder)
    receipt = build(zoo, folder, Forbidden())
    assert receipt.nothing_changed
    assert (receipt.embedded, receipt.reused, receipt.passages) == (0, 0, 15)
    assert generation(folder) == before
    assert ask(folder) == answers


def test_a_touched_file_is_not_a_changed_one(zoo: Path, folder: Path) -> None:
    build(zoo, folder)
    os.utime(zoo / "otters.txt", (1, 1))
    assert build(zoo, folder, Forbidden()).nothing_changed


def test_after_an_edit_only_new_passages_are_embedded(zoo: Path, folder: Path) -> None:
    build(zoo, folder)
    text = (zoo / "otters.txt").read_text()
    write(zoo, otters=text.replace("number 2 was seen", "number 2 was never seen"))
    embedder = HashEmbedder()
    receipt = build(zoo, folder, embedder)
    assert receipt.changed == ("otters.txt",)
    assert (receipt.added, receipt.reprocessed, receipt.removed) == ((), (), ())
    assert (receipt.embedded, receipt.reused, receipt.passages) == (1, 5, 15)
    assert [text[:33] for text in embedder.encoded] == ["otters\nThe otter number 2 was nev"]


def test_under_an_edited_heading_passages_are_embedded_again_and_no_others(
    zoo: Path, folder: Path
) -> None:
    text = (
        f"# Zoo\n\n## Otters\n\n{paragraphs('otter', 2)}\n\n## Moths\n\n{paragraphs('moth', 2)}\n"
    )
    (zoo / "small" / "guide.md").write_text(text)
    build(zoo, folder)
    (zoo / "small" / "guide.md").write_text(text.replace("## Moths", "## Moths at night"))
    embedder = HashEmbedder()
    assert build(zoo, folder, embedder).embedded == 2
    assert [one.split("\n")[0] for one in embedder.encoded] == ["guide › Zoo › Moths at night"] * 2


def test_a_removed_file_is_gone(zoo: Path, folder: Path) -> None:
    build(zoo, folder)
    (zoo / "herons.txt").unlink()
    receipt = build(zoo, folder, Forbidden())
    assert receipt.removed == ("herons.txt",)
    assert (receipt.documents, receipt.passages, receipt.embedded) == (2, 10, 0)
    with open_index(folder, model=HashEmbedder()) as index:
        assert [summary.id for summary in index.documents()] == ["otters.txt", "small/moths.txt"]
        hits = retrieve("heron warden", index, k=50)
        assert {hit.passage.document_id for hit in hits} == {"otters.txt", "small/moths.txt"}
        assert answer("heron", index).unknown_words == ("heron",)


@pytest.mark.parametrize("edit", ["change", "remove"])
def test_a_small_edit_leaves_no_trace_of_the_old_text(zoo: Path, folder: Path, edit: str) -> None:
    # Few enough passages go that the old caches are kept and brought up to date.
    write(zoo, many=paragraphs("zebra", 40), gone=paragraphs("quagga", 2))
    build(zoo, folder)
    if edit == "remove":
        (zoo / "gone.txt").unlink()
    else:
        write(zoo, gone="Nothing is left of them but a drawing in the hall.")
    build(zoo, folder)
    with open_index(folder, model=HashEmbedder()) as index:
        hits = retrieve("quagga number 1 near the quagga hill", index, k=100)
        assert hits
        assert not any("quagga" in hit.passage.text for hit in hits)
        assert answer("quagga", index).unknown_words == ("quagga",)
        assert index.lexicon.ids().tolist() == index.vectors.ids().tolist()
        assert len(index.lexicon.ids()) == index.passage_count


def test_a_moved_file_keeps_its_vectors(zoo: Path, folder: Path) -> None:
    build(zoo, folder)
    (zoo / "herons.txt").rename(zoo / "small" / "herons.txt")
    embedder = HashEmbedder()
    receipt = build(zoo, folder, embedder)
    assert receipt.renamed == (("herons.txt", "small/herons.txt"),)
    assert (receipt.embedded, receipt.reused) == (0, 5)
    assert embedder.encoded == []
    with open_index(folder, model=HashEmbedder()) as index:
        assert retrieve("heron", index, k=1, documents=["small/herons.txt"])


@pytest.mark.parametrize("suffix", ["txt", "md"])
def test_a_renamed_file_is_found_by_its_new_name_alone(
    zoo: Path, folder: Path, suffix: str
) -> None:
    (zoo / f"wading.{suffix}").write_text(f"# Birds of the lake\n\n{paragraphs('heron', 2)}\n")
    build(zoo, folder)
    (zoo / f"wading.{suffix}").rename(zoo / f"stilts.{suffix}")
    receipt = build(zoo, folder)
    assert receipt.renamed == ((f"wading.{suffix}", f"stilts.{suffix}"),)
    with open_index(folder, model=HashEmbedder()) as index:
        assert index.lexicon.holds("stilt")
        assert not index.lexicon.holds("wade")


def test_the_same_text_in_the_same_place_twice_is_embedded_once(zoo: Path, folder: Path) -> None:
    shutil.copy(zoo / "otters.txt", zoo / "small" / "otters.txt")
    receipt = build(zoo, folder)
    assert (receipt.passages, receipt.embedded, receipt.reused) == (21, 15, 6)


def test_passage_ids_are_never_used_again_and_old_vectors_go(zoo: Path, folder: Path) -> None:
    build(zoo, folder)
    first = column(folder, "SELECT id FROM passages")
    text = (zoo / "otters.txt").read_text()
    for name in ("otters", "herons"):
        (zoo / f"{name}.txt").unlink()
    build(zoo, folder)
    assert column(folder, "SELECT count(*) FROM vectors") == [4]
    write(zoo, otters=text)
    receipt = build(zoo, folder)
    assert receipt.embedded == 6
    second = column(folder, "SELECT p.id FROM passages p JOIN documents d ON d.id = p.document"
                            " WHERE d.path = 'otters.txt'")  # fmt: skip
    assert len(second) == 6
    assert not set(first) & set(second)
    build_index(zoo, folder, model=HashEmbedder(), rebuild=True)
    third = column(folder, "SELECT id FROM passages")
    assert not set(first + second) & set(third)
    assert column(folder, "SELECT count(*) FROM vectors") == [10]
    assert column(folder, "SELECT count(*) FROM passages WHERE vector NOT IN"
                          " (SELECT key FROM vectors)") == [0]  # fmt: skip


def test_an_unreadable_file_is_reported_and_stops_nothing(zoo: Path, folder: Path) -> None:
    (zoo / "binary.txt").write_bytes(b"MZ\0\0\1\2" * 50)
    (zoo / "empty.md").touch()
    (zoo / "gone.txt").symlink_to("nowhere.txt")
    (zoo / "loop.txt").symlink_to("loop.txt")
    for _ in range(2):
        receipt = build(zoo, folder)
        reasons = {problem.document_id: problem.reason for problem in receipt.health.unreadable}
        assert list(reasons) == ["binary.txt", "empty.md", "gone.txt", "loop.txt"]
        assert "NUL" in reasons["binary.txt"]
        assert all(reason and "\n" not in reason for reason in reasons.values())
        assert receipt.documents == 3
    with open_index(folder, model=HashEmbedder()) as index:
        assert index.health().unreadable == receipt.health.unreadable


def test_a_document_that_became_unreadable_is_gone_until_it_is_mended(
    zoo: Path, folder: Path
) -> None:
    build(zoo, folder)
    text = (zoo / "otters.txt").read_bytes()
    (zoo / "otters.txt").write_bytes(b"\0" + text)
    receipt = build(zoo, folder)
    assert receipt.removed == ("otters.txt",)
    assert [problem.document_id for problem in receipt.health.unreadable] == ["otters.txt"]
    (zoo / "otters.txt").write_bytes(text)
    receipt = build(zoo, folder)
    assert (receipt.added, receipt.health.unreadable) == (("otters.txt",), ())


def test_whatever_is_not_read_is_named(zoo: Path, folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    write(outside, private="Nobody has shared this.")
    (zoo / "table.xyz").write_bytes(b"PK")
    (zoo / "stolen.txt").symlink_to(outside / "private.txt")
    (zoo / "elsewhere").symlink_to(outside)
    os.mkfifo(zoo / "pipe.txt")
    Path(os.fsdecode(os.fsencode(zoo) + b"/caf\xe9.txt")).write_text("A name in Latin-1.")
    receipt = build(zoo, folder)
    assert [(problem.document_id, problem.reason) for problem in receipt.health.warnings] == [
        ("caf?.txt", "skipped: its name is not valid text; rename it"),
        ("elsewhere", "skipped: a link to a folder"),
        ("pipe.txt", "skipped: not a regular file"),
        ("stolen.txt", "skipped: a link out of the documents folder"),
    ]
    assert receipt.health.unsupported == ("table.xyz",)
    assert receipt.documents == 3
    assert receipt.health.unreadable == ()
    assert build(zoo, folder).health.warnings == receipt.health.warnings


def test_a_link_inside_the_documents_is_a_file_like_any_other(zoo: Path, folder: Path) -> None:
    (zoo / "again.txt").symlink_to(zoo / "small" / "moths.txt")
    linked = zoo.with_name("linked")
    linked.symlink_to(zoo)
    receipt = build(linked, folder)
    assert "again.txt" in receipt.added
    assert receipt.health.warnings == ()


def test_hidden_files_and_lock_files_are_ignored(zoo: Path, folder: Path) -> None:
    write(zoo, **{".hidden": "x", "~$otters": "x", ".git__config": "x", "small__.cache__y": "x"})
    receipt = build(zoo, folder)
    assert len(receipt.added) == 3
    assert receipt.health == Health(hidden=4)


def test_suffixes_are_read_in_any_case(documents: Path, folder: Path) -> None:
    (documents / "A.TXT").write_text("Otters sleep.")
    (documents / "b.Md").write_text("# Herons\n\nHerons stand.")
    assert build(documents, folder).added == ("A.TXT", "b.Md")


def test_text_that_is_not_english_is_warned_about(
    documents: Path, folder: Path, model: SentenceTransformerEmbedder
) -> None:
    write(
        documents,
        deutsch="Die Mitgliedstaaten stimmen ihre Ziele miteinander ab und üben gemeinsam, "
        "damit ihre Streitkräfte im Ernstfall zusammenarbeiten können. Nicht jeder Staat gibt "
        "gleich viel Geld für die Verteidigung aus, weshalb manche Vorhaben nur langsam "
        "vorankommen. Trotzdem gilt das Bündnis als verlässlich.",
        english="The otter sleeps at the bank of the river and wakes only at night. " * 4,
    )
    receipt = build_index(documents, folder, model=model)
    (warning,) = receipt.health.warnings
    assert warning.document_id == "deutsch.txt"
    assert f"--model {MULTILINGUAL_MODEL}" in warning.reason
    assert "multilingual" in warning.reason
    again = build_index(documents, folder)
    assert again.nothing_changed
    assert again.health.warnings == receipt.health.warnings


def test_each_document_keeps_the_language_that_it_is_in(documents: Path, folder: Path) -> None:
    texts = {
        "heizung.txt": "Der Vermieter muss die Heizung im Winter in Ordnung halten.",
        "loyer.txt": "Le locataire paie son loyer avant le cinq de chaque mois.",
        "numbers.txt": "12 | 30 | 44",
    }
    for name, text in texts.items():
        (documents / name).write_text(text, "utf-8")
    build(documents, folder)
    with open_index(folder, model=HashEmbedder()) as index:
        languages = {summary.id: summary.language for summary in index.documents()}
        assert languages == {"heizung.txt": "de", "loyer.txt": "fr", "numbers.txt": ""}
        assert index.document("heizung.txt").language == "de"
        assert index.excerpt("loyer.txt", 0, 9).language == "fr"
        passages = [hit.passage for hit in retrieve("Heizung", index)]
        assert {one.document_id: one.language for one in passages} == languages


def test_an_index_of_an_older_format_is_made_anew(zoo: Path, folder: Path) -> None:
    build(zoo, folder)
    before = rounded(folder)
    with closing(sqlite3.connect(folder / schema.FILE)) as connection:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'format'", (schema.FORMAT - 1,))
        connection.execute("DROP TABLE problems")
        connection.commit()
    with pytest.raises(IndexFormatError, match="older qa_bot"):
        open_index(folder, model=HashEmbedder())
    receipt = build(zoo, folder)
    assert (len(receipt.added), receipt.remade) == (3, True)
    assert rounded(folder) == before
    assert not build(zoo, folder).remade


def test_rebuilding_embeds_everything_anew(zoo: Path, folder: Path) -> None:
    build(zoo, folder)
    before = rounded(folder)
    embedder = HashEmbedder()
    receipt = build_index(zoo, folder, model=embedder, rebuild=True)
    assert receipt.reprocessed == ("herons.txt", "otters.txt", "small/moths.txt")
    assert (receipt.added, receipt.removed, receipt.reused) == ((), (), 0)
    assert receipt.embedded == len(embedder.encoded) == 15
    assert rounded(folder) == before


def test_another_model_embeds_everything_and_the_old_one_is_refused(
    zoo: Path, folder: Path
) -> None:
    build(zoo, folder)
    other = HashEmbedder("other", dimension=24)
    receipt = build(zoo, folder, other)
    assert receipt.reprocessed == ("herons.txt", "otters.txt", "small/moths.txt")
    assert receipt.embedded == len(other.encoded) == 15
    with open_index(folder, model=other) as index:
        assert index.model == "other"
        assert retrieve("otter", index)
    with pytest.raises(IndexModelError) as caught:
        open_index(folder, model=HashEmbedder())
    old = HashEmbedder().fingerprint
    for part in (f"other ({other.fingerprint})", f"hash ({old})", "qa-bot index --model hash"):
        assert part in str(caught.value)
    assert column(folder, "SELECT count(*) FROM vectors") == [15]


def test_the_index_keeps_its_model(
    documents: Path, folder: Path, model: SentenceTransformerEmbedder
) -> None:
    write(documents, otters="Otters sleep in rivers, and wake at night.")
    build_index(documents, folder)
    assert build_index(documents, folder).nothing_changed
    with open_index(folder) as index:
        assert index.embedder is model
        assert index.model == "all-MiniLM-L6-v2"


@pytest.mark.parametrize("rebuild", [False, True])
@pytest.mark.parametrize("fail_after", [0, 7])
def test_a_build_that_fails_changes_nothing(
    zoo: Path, folder: Path, fail_after: int, rebuild: bool
) -> None:
    build(zoo, folder)
    before, number = ask(folder), generation(folder)
    write(zoo, zebras=paragraphs("zebra", 9), otters="Otters are gone.")
    (zoo / "herons.txt").unlink()
    with open_index(folder, model=HashEmbedder()) as index:
        with pytest.raises(RuntimeError, match="the embedder broke"):
            build_index(zoo, folder, model=HashEmbedder(fail_after=fail_after), rebuild=rebuild)
        assert [unstale(answer(question, index, k=8)) for question in QUESTIONS] == before
    assert ask(folder) == before
    assert generation(folder) == number
    receipt = build(zoo, folder)
    assert (receipt.added, receipt.changed) == (("zebras.txt",), ("otters.txt",))
    assert receipt.removed == ("herons.txt",)


def test_a_first_build_that_fails_leaves_no_index(zoo: Path, folder: Path) -> None:
    with pytest.raises(RuntimeError, match="the embedder broke"):
        build(zoo, folder, HashEmbedder(fail_after=3))
    with pytest.raises(IndexNotFoundError):
        open_index(folder, model=HashEmbedder())
    assert build(zoo, folder).embedded == 15


def test_stopping_a_build_changes_nothing(zoo: Path, folder: Path) -> None:
    build(zoo, folder)
    before = ask(folder)
    write(zoo, zebras=paragraphs("zebra", 20))

    def stop(progress: Progress) -> None:
        if progress.stage == "saving":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_index(zoo, folder, model=HashEmbedder(), on_progress=stop)
    assert ask(folder) == before


@pytest.mark.parametrize("rebuild", [False, True])
def test_a_second_build_is_told_that_one_is_running(zoo: Path, folder: Path, rebuild: bool) -> None:
    build(zoo, folder)
    before = ask(folder)
    write(zoo, zebras=paragraphs("zebra", 20))
    reached, go_on = threading.Event(), threading.Event()
    receipts: list[Receipt] = []

    def wait(progress: Progress) -> None:
        if progress.stage == "embedding":
            reached.set()
            assert go_on.wait(30)

    def first() -> None:
        receipts.append(build_index(zoo, folder, model=HashEmbedder(), on_progress=wait))

    thread = threading.Thread(target=first)
    thread.start()
    assert reached.wait(30)
    began = time.monotonic()
    with pytest.raises(IndexBusyError, match="wait for it"):
        build_index(zoo, folder, model=HashEmbedder(), rebuild=rebuild)
    assert time.monotonic() - began < 5
    assert ask(folder) == before  # readers are not kept waiting
    go_on.set()
    thread.join(30)
    assert receipts[0].added == ("zebras.txt",)
    assert ask(folder) != before


def test_an_open_index_goes_on_answering_from_its_build(zoo: Path, folder: Path) -> None:
    build(zoo, folder)

    def asked(index: Index) -> list[object]:
        everything = [retrieve(question, index, k=50) for question in QUESTIONS]
        answers = [unstale(answer(question, index)) for question in QUESTIONS]
        texts = [index.document(summary.id) for summary in index.documents()]
        return [everything, answers, texts]

    with open_index(folder, model=HashEmbedder()) as index:
        before = asked(index)
        texts = {file.name: file.read_text() for file in zoo.glob("*.txt")}
        shutil.rmtree(zoo)
        zoo.mkdir()
        write(zoo, zebras=paragraphs("zebra", 7))
        build_index(zoo, folder, model=HashEmbedder(), rebuild=True)
        assert asked(index) == before
        with open_index(folder, model=HashEmbedder()) as later:
            assert [summary.id for summary in later.documents()] == ["zebras.txt"]
            assert answer("otter", later).unknown_words == ("otter",)
        assert asked(index) == before
        assert index.document("otters.txt").text == texts["otters.txt"]


def test_an_open_index_does_not_hold_up_a_build(zoo: Path, folder: Path) -> None:
    build(zoo, folder)
    with open_index(folder, model=HashEmbedder()):
        times = []
        for count in (1, 2, 3):  # the quickest, since the machine may be busy
            write(zoo, zebras=paragraphs("zebra", count))
            times.append(build(zoo, folder).seconds)
        assert min(times) < 1.5


def test_progress_only_grows_and_ends_complete(zoo: Path, folder: Path) -> None:
    seen: list[Progress] = []
    build_index(zoo, folder, model=HashEmbedder(), on_progress=seen.append)
    assert {progress.stage for progress in seen} == {"loading", "reading", "embedding", "saving"}
    *work, saving = seen
    assert saving.stage == "saving"
    for one, other in pairwise(work):
        assert one.files_read <= other.files_read <= other.files == 3
        assert one.embedded <= other.embedded <= other.passages <= 15
    assert (work[-1].files_read, work[-1].embedded, work[-1].done) == (3, 15, 1.0)


def rounded(folder: Path) -> list[list[tuple[str, int, float]]]:
    with open_index(folder, model=HashEmbedder()) as index:
        return [
            [
                (hit.passage.document_id, hit.passage.start, round(hit.score, 5))
                for hit in retrieve(question, index, k=20)
            ]
            for question in QUESTIONS
        ]


def add(documents: Path) -> None:
    write(documents, zebras=paragraphs("zebra", 8), small__gnus=paragraphs("gnu", 3))


def replace_most(documents: Path) -> None:
    add(documents)
    (documents / "otters.txt").unlink()
    write(documents, herons=paragraphs("egret", 5))


@pytest.mark.parametrize("edit", [add, replace_most])
def test_an_updated_index_ranks_like_a_fresh_one(
    zoo: Path, folder: Path, tmp_path: Path, edit: Callable[[Path], None]
) -> None:
    build(zoo, folder)
    edit(zoo)
    build(zoo, folder)
    fresh = tmp_path / "fresh"
    build(zoo, fresh)
    for updated, new in zip(rounded(folder), rounded(fresh), strict=True):
        assert sorted(updated) == sorted(new)
        assert [score for *_, score in updated] == [score for *_, score in new]


def test_sealed_files_are_shared_between_builds_not_changed(zoo: Path, folder: Path) -> None:
    build(zoo, folder)
    kept = folder.with_name("kept")
    shutil.copytree(folder, kept, copy_function=os.link)  # the very same files
    before = ask(kept)
    write(zoo, zebras=paragraphs("zebra", 2))
    # Only the caches: SQLite's own file is written in place.
    shutil.copy(folder / "qa_bot.sqlite", kept / "copy")
    (kept / "qa_bot.sqlite").unlink()
    (kept / "copy").rename(kept / "qa_bot.sqlite")
    build(zoo, folder)
    assert ask(kept) == before


def test_an_index_may_be_moved_and_copied(zoo: Path, folder: Path) -> None:
    build(zoo, folder)
    before = ask(folder)
    moved = folder.with_name("moved to: ö #1?%20")
    folder.rename(moved)
    assert ask(moved) == before
    assert build(zoo, moved, Forbidden()).nothing_changed


class Squeamish(HashEmbedder):
    """Its tokenizer takes offence at a word."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        if any("otter" in text for text in texts):
            raise TypeError("TextEncodeInput must be Union[TextInputSequence, …]\nand more")
        return super().count_tokens(texts)


def test_a_text_that_a_tokenizer_refuses_is_named_and_stops_no_other(
    documents: Path, folder: Path
) -> None:
    write(documents, a="An otter.", b="A heron.")
    receipt = build_index(documents, folder, model=Squeamish())
    assert [problem.document_id for problem in receipt.health.unreadable] == ["a.txt"]
    assert "TextEncodeInput" in receipt.health.unreadable[0].reason
    assert "\n" not in receipt.health.unreadable[0].reason
    with open_index(folder, model=Squeamish()) as index:
        assert [document.id for document in index.documents()] == ["b.txt"]
    write(documents, a="A badger.")
    assert build_index(documents, folder, model=Squeamish()).added == ("a.txt",)


def test_what_a_new_models_tokenizer_refuses_is_not_kept_with_the_old_models_vectors(
    documents: Path, folder: Path
) -> None:
    write(documents, a="An otter.", b="A heron.")
    build(documents, folder)
    other = Squeamish("other")
    receipt = build_index(documents, folder, model=other)
    assert receipt.removed == ("a.txt",)
    with open_index(folder, model=other) as index:
        assert [document.id for document in index.documents()] == ["b.txt"]
    assert build_index(documents, folder, model=other).nothing_changed


def test_a_broken_installation_is_no_files_fault(documents: Path, folder: Path) -> None:
    class Broken(HashEmbedder):
        def count_tokens(self, texts: Sequence[str]) -> list[int]:
            assert texts
            raise ImportError("libtorch_cpu.so: cannot open shared object file")

    write(documents, a="An otter.", b="A heron.")
    with pytest.raises(ImportError, match="libtorch_cpu"):
        build_index(documents, folder, model=Broken())


def test_much_is_begun_with_a_few_small_files_that_can_be_asked_while_the_rest_is_read(
    documents: Path, folder: Path
) -> None:
    write(documents, **{f"moth{number:02}": paragraphs(f"moth{number}", 2) for number in range(60)})
    held: list[int] = []

    def look(_: Progress) -> None:
        with suppress(IndexNotFoundError), open_index(folder, model=HashEmbedder()) as index:
            held.append(len(index.documents()))

    receipt = build_index(documents, folder, model=HashEmbedder(), on_progress=look, early=True)
    assert 0 < held[0] < 60
    assert (receipt.documents, receipt.passages, receipt.embedded) == (60, 120, 120)
    assert receipt.added == tuple(f"moth{number:02}.txt" for number in range(60))
    again = build_index(documents, folder, model=Forbidden(), early=True)
    assert again.nothing_changed
