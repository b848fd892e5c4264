"""An index in shards answers like one index, and says when it could not ask all of it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from conftest import Shell, check_failure, paragraphs, unstale, write

from benchmarks.hashing import HashEmbedder
from qa_bot import (
    Answer,
    Index,
    Turn,
    answer,
    build_index,
    check_index,
    open_index,
    retrieve,
    verify,
)
from qa_bot.building.changes import Options
from qa_bot.building.progress import OnProgress
from qa_bot.builds import Progress
from qa_bot.errors import (
    IndexDamagedError,
    IndexNotFoundError,
    NoDocumentsError,
    UnavailableError,
    UnknownDocumentError,
    UsageError,
)
from qa_bot.models.embedding import Embedder
from qa_bot.sharding.building import ShardBuilt, ShardTask, build_shards, run_here
from qa_bot.sharding.index import ShardedIndex
from qa_bot.sharding.opening import limited
from qa_bot.sharding.shards import Call, Shards
from qa_bot.store.gathering import Wanted
from qa_bot.store.lexical import Lexicon
from qa_bot.store.manifest import read_manifest, shard_of
from qa_bot.store.spread import whole

QUESTIONS = [
    "Where was the otter number 2 seen?",
    "What does the heron of the 3rd kind eat at night?",
    "When is the morning bell rung?",
    "Who keeps the bees at the abbey?",
    "Where was the oter seen?",  # mistyped
    "Who won the football match in Madrid?",  # in no document
]
ABSENT = QUESTIONS[-1]


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Documents of very different lengths, in two folders."""
    folder = tmp_path_factory.mktemp("texts")
    write(
        folder,
        animals__otter=paragraphs("otter", 6),
        animals__heron=paragraphs("heron", 4),
        animals__moth="Moths fly at night. The moth warden rings no bell.",
        people__abbey="The bees at the abbey are kept by brother Anselm, who sells their honey.",
        people__hut="The keeper of the hut writes letters on Sundays.",
        note="The morning bell is rung at six.",
    )
    return folder


@pytest.fixture(scope="module")
def single(texts: Path, model: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documents in one index."""
    folder = tmp_path_factory.mktemp("single") / "index"
    build_index(texts, folder, model=model)
    return folder


@pytest.fixture(scope="module")
def four(texts: Path, model: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documents in four shards."""
    folder = tmp_path_factory.mktemp("four") / "index"
    build_shards(texts, folder, 4, model=model)
    return folder


@pytest.mark.parametrize("scope", [None, ["animals"]])
def test_answers_are_those_of_one_index(
    single: Path, four: Path, model: Embedder, scope: list[str] | None
) -> None:
    with open_index(single, model=model) as one, open_index(four, model=model) as shards:
        held = [part.passages for part in read_manifest(four).shards]
        assert max(held) > 2 * min(held), "shards are to differ, so that averages do"
        assert shards.documents()[0].id == one.documents()[0].id
        assert shards.passage_count == one.passage_count
        for question in QUESTIONS:
            expected = retrieve(question, one, 20, scope)
            found = retrieve(question, shards, 20, scope)
            assert [hit.passage for hit in found] == [hit.passage for hit in expected]
            assert [hit.score for hit in found] == pytest.approx(
                [hit.score for hit in expected], abs=1e-5
            )
            whole_answer = answer(question, one, documents=scope)
            assert unstale(answer(question, shards, documents=scope)) == unstale(whole_answer)
        sentence = "The moth warden rings no bell."
        assert verify(sentence, shards) == verify(sentence, one)


def test_what_ties_for_the_last_places_is_the_same_in_every_build(
    documents: Path, tmp_path: Path
) -> None:
    """The texts are alike, so that neither vectors nor words tell most of them apart."""
    model = HashEmbedder()
    alike = {f"note_{n:02}": "The otter sleeps in the hut." for n in range(24)}
    write(documents, **alike, heron="The otter and the heron sleep in the hut by the river.")
    build_index(documents, tmp_path / "one", model=model)
    for count in (2, 5):
        build_shards(documents, tmp_path / str(count), count, model=model)
    write(documents, note_00="Something else.")
    build_index(documents, tmp_path / "again", model=model)
    write(documents, note_00=alike["note_00"])
    build_index(documents, tmp_path / "again", model=model)  # so it is numbered last
    found: dict[tuple[int, str], set[tuple[str, ...]]] = {}
    for name in ("one", "again", "2", "5"):
        with open_index(tmp_path / name, model=model) as index:
            for pool in (1, 3, 8):
                gathered = index.gather(Wanted(model.encode_question("otter"), ("otter",), pool))
                for way in ("nearest", "worded"):
                    names = tuple(one.name for one in index.places(getattr(gathered, way)))
                    found.setdefault((pool, way), set()).add(names)
    assert [len(builds) for builds in found.values()] == [1] * 6
    assert found[3, "worded"] == {("note_00.txt", "note_01.txt", "note_02.txt")}


def test_words_of_a_part_weigh_what_they_do_in_the_whole() -> None:
    rows = [
        (n, n, "en", "", "", " ".join(["river"] * (n % 3) + ["otter"] * (n % 2) + ["hill"] * n))
        for n in range(1, 13)
    ]
    everything, first, second = Lexicon(None, ["en"]), Lexicon(None, ["en"]), Lexicon(None, ["en"])
    everything.update((), rows)
    first.update((), rows[:9])
    second.update((), rows[9:])
    terms = everything.terms("otter river hill")
    spread = whole([first.spread(terms), second.spread(terms)])
    found = first.search(terms, 12, spread=spread) | second.search(terms, 12, spread=spread)
    assert found == pytest.approx(everything.search(terms, 12), rel=1e-5)
    apart = first.search(terms, 12) | second.search(terms, 12)
    assert apart != pytest.approx(found, rel=1e-2)


def test_only_the_shard_that_changed_is_replaced_and_readers_keep_theirs(
    texts: Path, documents: Path, folder: Path, model: Embedder
) -> None:
    for file in texts.rglob("*.txt"):
        (documents / file.name).write_text(file.read_text())
    build_shards(documents, folder, 3, model=model)
    before = read_manifest(folder)
    with open_index(folder, model=model) as index:
        (documents / "note.txt").write_text("The morning bell is rung at seven.")
        receipt = build_shards(documents, folder)
        now = read_manifest(folder)
        number = shard_of("note.txt", 3)
        assert receipt.changed == ("note.txt",)
        changed = [n for n in range(3) if now.versions[n] != before.versions[n]]
        assert changed == [number]
        assert index.is_outdated()
        assert "at six" in retrieve("When is the morning bell rung?", index)[0].passage.text
    with open_index(folder, model=model) as index:
        assert "at seven" in retrieve("When is the morning bell rung?", index)[0].passage.text
    assert build_shards(documents, folder).nothing_changed
    assert read_manifest(folder).versions == now.versions


@pytest.mark.parametrize("built", [0, 1])
def test_a_build_that_was_interrupted_changes_nothing_and_is_gone_on_with(
    texts: Path, folder: Path, model: Embedder, built: int
) -> None:
    def stop(progress: Progress) -> None:
        if progress.stage == "saving" and progress.shards_built == built:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_shards(texts, folder, 2, model=model, options=Options(on_progress=stop))
    with pytest.raises(IndexNotFoundError):
        open_index(folder, model=model)
    receipt = build_shards(texts, folder, 2, model=model)
    assert receipt.documents == len(receipt.added) == 6
    assert receipt.embedded + receipt.reused == receipt.passages
    assert receipt.reused > 0, "what was embedded before it was interrupted"


def test_what_has_no_news_is_not_even_copied(documents: Path, folder: Path) -> None:
    write(documents, **{f"bee_{n}": paragraphs("bee", 2) for n in range(9)})
    for file in documents.iterdir():  # times of more than two seconds ago tell versions apart
        os.utime(file, (1e9, 1e9))
    (documents / "broken.docx").write_bytes(b"no document")
    os.utime(documents / "broken.docx", (1e9, 1e9))
    (documents / ".hidden").touch()
    first = build_shards(documents, folder, 3, model=HashEmbedder())
    for part in (folder / "shards").iterdir():
        os.mkfifo(part / "pipe")  # no copy of it can be made
    again = build_shards(documents, folder, model=HashEmbedder())
    assert again.nothing_changed
    assert (again.documents, again.passages) == (first.documents, first.passages)
    assert again.health == first.health
    assert (len(again.health.unreadable), again.health.hidden) == (1, 1)


def test_files_that_change_or_go_before_their_shard_is_built_are_taken_as_they_are(
    documents: Path, folder: Path
) -> None:
    write(documents, bees="The bees are kept by Anselm.", bell="The bell is rung at six.")
    build_shards(documents, folder, 2, model=HashEmbedder())
    write(documents, moth="The moth is at the mill.", owl="The owl is at the well.")

    def later(tasks: Sequence[ShardTask], on_progress: OnProgress | None) -> list[ShardBuilt]:
        (documents / "moth.txt").unlink()
        write(documents, owl="The owl has left for the abbey.")
        return run_here(tasks, on_progress)

    receipt = build_shards(documents, folder, model=HashEmbedder(), run=later)
    assert (receipt.added, receipt.health.unreadable) == (("owl.txt",), ())
    assert build_shards(documents, folder, model=HashEmbedder()).nothing_changed
    with open_index(folder, model=HashEmbedder()) as index:
        found = retrieve("Where is the owl?", index)
        assert "The owl has left for the abbey." in [hit.passage.text for hit in found]


def test_a_shard_of_another_build_is_refused(texts: Path, folder: Path, model: Embedder) -> None:
    build_shards(texts, folder, 2, model=model)
    build_index(texts, read_manifest(folder).place(folder, 0), model=model, rebuild=True)
    with pytest.raises(IndexDamagedError, match="another build"):
        open_index(folder, model=model)


def test_a_damaged_shard_is_made_anew_by_a_rebuild_alone(
    texts: Path, folder: Path, model: Embedder
) -> None:
    built = build_shards(texts, folder, 2, model=model)
    file = read_manifest(folder).place(folder, 0) / "qa_bot.sqlite"
    file.write_bytes(b"no database" * 1000)
    with pytest.raises(IndexDamagedError):
        build_shards(texts, folder, model=model)
    again = build_shards(texts, folder, model=model, options=Options(rebuild=True))
    assert (again.documents, again.passages) == (built.documents, built.passages)
    with open_index(folder, model=model) as index:
        assert [hit.passage.text for hit in retrieve(QUESTIONS[2], index)]


def test_what_is_no_way_to_build_shards_is_told(
    texts: Path, single: Path, four: Path, folder: Path, documents: Path, model: Embedder
) -> None:
    with pytest.raises(UsageError, match="not in shards"):
        build_shards(texts, single, 2, model=model)
    with pytest.raises(UsageError, match="in shards"):
        build_index(texts, four, model=model)
    with pytest.raises(UsageError, match="0 shards"):
        build_shards(texts, folder, model=model)
    with pytest.raises(NoDocumentsError):
        build_shards(documents, folder, 2, model=model)


class Losing:
    """Shards of which some can't be asked."""

    def __init__(self, shards: Shards, lost: set[int]) -> None:
        self.shards, self.lost = shards, lost

    def ask(self, calls: Mapping[int, Call]) -> dict[int, Any]:
        return self.shards.ask({n: call for n, call in calls.items() if n not in self.lost})

    def nodes(self) -> dict[int, list[str]]:
        return self.shards.nodes()

    def close(self) -> None:
        self.shards.close()


def test_a_shard_that_cannot_be_asked_is_told_and_nothing_is_said_to_be_absent(
    four: Path, model: Embedder
) -> None:
    with open_index(four, model=model) as index:
        assert isinstance(index, ShardedIndex)
        lost: set[int] = set()
        partial = ShardedIndex(four, index.manifest, Losing(index._shards, lost), model)
        lost.add(shard_of("people/abbey.txt", 4))
        share = index._share(lost)
        assert 0 < share < 1
        found = answer("When is the morning bell rung?", partial)
        assert found.found
        assert found.warning.startswith(f"{share:.0%} of the documents")
        with pytest.raises(UnavailableError) as told:
            answer(ABSENT, partial)
        assert told.value.share == pytest.approx(share)
        with pytest.raises(UnavailableError):
            retrieve("When is the morning bell rung?", partial)
        with pytest.raises(UnavailableError):
            partial.document("people/abbey.txt")
        lost.update(range(4))
        with pytest.raises(UnavailableError, match="100%"):
            answer("When is the morning bell rung?", partial)
        lost.clear()
        assert answer(ABSENT, partial).verdict == "absent"
        assert "Anselm" in answer("Who keeps the bees at the abbey?", partial).quotes[0].text


def test_who_sees_some_folders_gets_what_one_index_gives_of_them(
    single: Path, four: Path, model: Embedder
) -> None:
    with open_index(single, model=model) as one, open_index(four, model=model) as shards:
        part, parts = limited(one, ("animals",)), limited(shards, ("animals",))
        assert [d.id for d in parts.documents()] == [d.id for d in part.documents()]
        for question in QUESTIONS:
            assert [hit.passage for hit in retrieve(question, parts)] == [
                hit.passage for hit in retrieve(question, part)
            ]
            assert unstale(answer(question, parts)) == unstale(answer(question, part))
        with pytest.raises(UnknownDocumentError):
            parts.document("people/abbey.txt")
        with pytest.raises(UnknownDocumentError):
            retrieve("bees", parts, documents=["people"])


def test_tables_languages_conversations_and_verdicts_are_those_of_one_index(
    documents: Path, tmp_path: Path, model: Embedder
) -> None:
    prices = "".join(f"part {n},{n + 7},shelf {n % 9}\n" for n in range(120))
    (documents / "prices.csv").write_text(f"item,price in euros,place\nhammer,12,hall\n{prices}")
    write(
        documents,
        leave="Employees get 25 days of leave a year.\n\nInterns get 11 days of leave a year.",
        abtei="Die Bienen der Abtei hält Bruder Anselm. Er verkauft ihren Honig im Sommer.",
        bell="The morning bell is rung at six.",
    )
    build_index(documents, tmp_path / "one", model=model)
    build_shards(documents, tmp_path / "shards", 3, model=model)
    asked = [
        ABSENT,
        "What does the part 100 cost?",
        "Wer hält die Bienen der Abtei?",
        "How many days of leave do employees get?",
        "And interns?",
        "Which documents are there?",
    ]
    said: list[Answer] = []
    with (
        open_index(tmp_path / "one", model=model) as one,
        open_index(tmp_path / "shards", model=model) as shards,
    ):
        for question in asked:
            turns = [Turn.of(reply) for reply in said]
            expected = unstale(answer(question, one, history=turns))
            assert unstale(answer(question, shards, history=turns)) == expected
            said.append(expected)
    assert len({one.verdict for one in said}) > 1
    assert said[1].quotes[0].table is not None
    assert "Anselm" in said[2].quotes[0].text
    assert said[4].understood_as
    assert "11 days" in said[4].quotes[0].text
    assert said[5].navigation


def test_shards_have_all_that_an_index_has() -> None:
    own = {name for name, held in vars(Index).items() if callable(held) and name[0] != "_"}
    assert own - vars(ShardedIndex).keys() <= {"warm"}


def test_the_command_line_builds_shards_and_tells_of_them(
    texts: Path, single: Path, folder: Path, shell: Shell
) -> None:
    done = shell("index", "--documents", texts, "--index", folder, "--shards", "2")
    assert done.code == 0, done.err
    assert "6 added" in done.out
    told = shell("status", "--index", folder).out
    assert [line.split()[:2] for line in told.splitlines() if line.startswith("Shard")] == [
        ["Shard", "0"],
        ["Shard", "1"],
    ]
    assert "kept by brother Anselm" in shell("ask", "--index", folder, "Who keeps the bees?").out
    again = shell("index", "--documents", texts, "--index", folder)
    assert "Nothing changed" in again.out
    told = check_failure(shell("index", "--index", single, "--ray", "127.0.0.1:1"), 2)
    assert "not in shards" in told


def test_a_check_looks_through_every_shard(
    texts: Path, documents: Path, folder: Path, model: Embedder, shell: Shell
) -> None:
    for file in texts.rglob("*.txt"):
        (documents / file.name).write_text(file.read_text())
    build_shards(documents, folder, 3, model=model)
    whole_index = check_index(folder)
    assert (whole_index.faults, whole_index.outdated) == ((), ())
    assert whole_index.recall == 1.0
    assert "is what it claims" in shell("status", "--index", folder, "--check").out

    (documents / "note.txt").write_text("The morning bell is rung at seven.")
    write(documents, new="The new note.")
    assert sorted(check_index(folder).outdated) == ["new.txt is new", "note.txt was changed"]

    number = shard_of("abbey.txt", 3)
    place = read_manifest(folder).place(folder, number)
    with closing(sqlite3.connect(place / "qa_bot.sqlite")) as connection, connection:
        connection.execute("UPDATE passages SET text = 'forged' WHERE text LIKE '%Anselm%'")
    assert (
        f"fault: shard {number}: a passage isn't"
        in shell("status", "--index", folder, "--check").out
    )
    shutil.rmtree(place)
    assert f"shard {number}" in check_index(folder).faults[0]
