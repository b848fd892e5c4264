"""The caches may be lost, damaged or left over: the answers stay the same."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import faiss
import numpy as np
import pytest
from conftest import paragraphs, write

from benchmarks.hashing import HashEmbedder
from qa_bot import Answer, answer, build_index, check_index, open_index
from qa_bot.store import caches, checking, rows, vectors
from qa_bot.store.vectors import Vectors

QUESTIONS = [
    "Where was otter number 3 seen?",
    "What does the heron warden ring?",
    "moth hut 2",
    "Which page?",
]


@pytest.fixture
def built(documents: Path, folder: Path) -> Path:
    write(documents, a=paragraphs("otter", 6), b=paragraphs("heron", 6), c=paragraphs("moth", 4))
    build_index(documents, folder, model=HashEmbedder())
    return folder


def answers(folder: Path) -> list[Answer]:
    with open_index(folder, model=HashEmbedder()) as index:
        return [answer(question, index, k=8) for question in QUESTIONS]


def rounded(folder: Path) -> list[list[tuple[str, int, float]]]:
    """Without what depends on the order in which passages were stored."""
    return [
        [(hit.passage.document_id, hit.passage.start, round(hit.score, 5)) for hit in reply.hits]
        for reply in answers(folder)
    ]


def cache_of(folder: Path) -> Path:
    (found,) = (folder / caches.FOLDER).iterdir()
    return found


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def test_a_build_writes_what_faiss_reads(built: Path, documents: Path) -> None:
    write(documents, d=paragraphs("zebra", 3), a=paragraphs("otter", 5))
    build_index(documents, built, model=HashEmbedder())
    read = faiss.read_index(str(cache_of(built) / "vectors.faiss"))
    assert isinstance(read, faiss.IndexIDMap2)
    assert isinstance(faiss.downcast_index(read.index), faiss.IndexFlatIP)
    with open_index(built, model=HashEmbedder()) as index:
        assert isinstance(index.vectors, vectors.MappedVectors)
        ids = index.vectors.ids()
        held = np.sort(faiss.vector_to_array(read.id_map))
        assert held.tolist() == ids.tolist() == rows.passage_ids(index._connection).tolist()
        stored = rows.vectors_of(index._connection, ids.tolist())
        for number in ids.tolist():
            np.testing.assert_array_equal(read.reconstruct(number), stored[number].passage)
            assert index.vectors.search(stored[number].passage, 1) == [number]


@pytest.mark.parametrize("lost", ["vectors.faiss", "words", "words/meta.json", "seal.json", "."])
def test_a_lost_cache_is_made_again(built: Path, lost: str) -> None:
    before = answers(built)
    remove(cache_of(built) / lost)
    assert answers(built) == before
    assert caches.is_sealed(cache_of(built))
    assert answers(built) == before


def test_the_whole_folder_of_caches_may_go(built: Path) -> None:
    before = answers(built)
    shutil.rmtree(built / caches.FOLDER)
    assert answers(built) == before


def flip(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 4]) + data[middle + 1 :]


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "a flipped bit": flip,
    "half of it": lambda data: data[: len(data) // 2],
    "nothing left": lambda _: b"",
    "garbage": lambda data: b"\xff" * len(data),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_to_any_file_is_noticed(built: Path, damage: str) -> None:
    before = answers(built)
    names = [
        file.relative_to(cache_of(built))
        for file in sorted(cache_of(built).rglob("*"))
        if file.is_file() and file.suffix != ".lock"
    ]
    assert {"vectors.faiss", "seal.json"} <= {file.name for file in names}
    assert len(names) > 5
    for name in names:
        file = cache_of(built) / name
        if not file.exists():  # another name, now that it was made again
            file = max(cache_of(built).rglob(f"*{name.suffix}"))
        data = file.read_bytes()
        if not data or DAMAGE[damage](data) == data:
            continue
        file.unlink()  # it may be shared with another folder
        file.write_bytes(DAMAGE[damage](data))
        assert not caches.is_sealed(cache_of(built))
        assert answers(built) == before, name
        assert caches.is_sealed(cache_of(built))


def test_a_cache_of_another_make_is_made_again(built: Path) -> None:
    before = answers(built)
    seal = cache_of(built) / "seal.json"
    seal.write_text(seal.read_text().replace(f'"version": {caches.VERSION}', '"version": 0'))
    assert not caches.is_sealed(cache_of(built))
    assert answers(built) == before


def test_a_damaged_cache_is_not_built_upon(built: Path, documents: Path, tmp_path: Path) -> None:
    file = cache_of(built) / "vectors.faiss"
    file.write_bytes(flip(file.read_bytes()))
    write(documents, d=paragraphs("zebra", 3))
    build_index(documents, built, model=HashEmbedder())
    fresh = tmp_path / "fresh"
    build_index(documents, fresh, model=HashEmbedder())
    assert rounded(built) == rounded(fresh)


def test_the_next_build_removes_what_unfinished_ones_left(built: Path, documents: Path) -> None:
    before = answers(built)
    kept = cache_of(built)
    for name in (".making-1234", "00000000-7", "deadbeef-1"):
        (built / caches.FOLDER / name / "words").mkdir(parents=True)
        (built / caches.FOLDER / name / "vectors.faiss").write_bytes(b"half")
    assert build_index(documents, built, model=HashEmbedder()).nothing_changed
    assert cache_of(built) == kept
    assert answers(built) == before


def test_a_half_made_folder_in_the_place_of_the_next_build_is_replaced(
    built: Path, documents: Path
) -> None:
    uuid, _, generation = cache_of(built).name.partition("-")
    squatter = built / caches.FOLDER / f"{uuid}-{int(generation) + 1}"
    squatter.mkdir()
    (squatter / "junk").touch()
    write(documents, d=paragraphs("zebra", 3))
    build_index(documents, built, model=HashEmbedder())
    assert cache_of(built) == squatter
    assert caches.is_sealed(squatter)
    assert not (squatter / "junk").exists()


def test_later_builds_leave_the_caches_of_an_open_index_alone(built: Path, documents: Path) -> None:
    with open_index(built, model=HashEmbedder()) as index:
        before = [answer(question, index, k=8).hits for question in QUESTIONS]
        for n in range(3):
            write(documents, **{f"extra{n}": paragraphs(f"zebra{n}", 4)})
            build_index(documents, built, model=HashEmbedder())
        (documents / "a.txt").unlink()
        build_index(documents, built, model=HashEmbedder())
        assert [answer(question, index, k=8).hits for question in QUESTIONS] == before


class TopicEmbedder(HashEmbedder):
    """Otters lie in one half of the dimensions, in clusters, and moths in the other."""

    def encode_question(self, question: str) -> Vectors:
        """The cluster is that of the number in the text; the rest is chance."""
        half = self.dimension // 2
        number = int((re.findall(r"\d+", question) or ["0"])[0]) % 25
        centre = np.zeros(self.dimension)
        first = half if "moth" in question else 0
        centre[first : first + half] = np.random.default_rng(number).standard_normal(half)
        vector = centre + 2.0 * super().encode_question(question)
        unit: Vectors = (vector / np.linalg.norm(vector)).astype(np.float32)
        return unit


def test_lists_are_placed_anew_before_texts_on_other_subjects_are_lost_in_them(
    documents: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "EXACT_UP_TO", 300)
    monkeypatch.setattr(vectors, "probe_count", lambda _: 4)
    monkeypatch.setattr(checking, "CANDIDATES", 20)
    embedder = TopicEmbedder(dimension=48)
    write(documents, a=paragraphs("otter", 400))
    build_index(documents, folder, model=embedder)
    for count in (40, 400):
        write(documents, b=paragraphs("moth", count))
        build_index(documents, folder, model=embedder)
        recall = check_index(folder).recall
        assert recall is not None
        assert recall >= 0.9


def test_words_are_counted_afresh_once_a_fifth_has_gone_bit_by_bit(
    documents: Path, folder: Path
) -> None:
    """BM25 counts what was deleted until then."""
    for number in range(20):
        write(documents, **{f"f{number}": paragraphs("heron" if number % 2 else "otter", 5)})
    build_index(documents, folder, model=HashEmbedder())
    for number in range(12):
        write(documents, **{f"f{number}": paragraphs("moth", 5)})
        build_index(documents, folder, model=HashEmbedder())
    fresh = folder.with_name("fresh")
    build_index(documents, fresh, model=HashEmbedder())
    with (
        open_index(folder, model=HashEmbedder()) as worn,
        open_index(fresh, model=HashEmbedder()) as new,
    ):
        for word in ("otter", "moth", "heron"):
            (idf,), (exact,) = (i.lexicon.terms(word).values() for i in (worn, new))
            assert idf == pytest.approx(exact, rel=0.3)


def test_a_large_index_is_searched_by_lists_and_a_shrunken_one_exactly_again(
    documents: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "EXACT_UP_TO", 100)
    kinds = []
    for count in (90, 130, 140, 600, 60):
        write(documents, a=paragraphs("otter", count))
        build_index(documents, folder, model=HashEmbedder())
        with open_index(folder, model=HashEmbedder()) as index:
            assert len(index.vectors.ids()) == count
            kinds.append(type(index.vectors).__name__)
            assert all(answer(question, index).hits for question in QUESTIONS)
        checked = check_index(folder)
        assert checked.faults == ()
        assert checked.recall is not None
        assert checked.recall > 0.9
    assert kinds == ["MappedVectors", *["ListedVectors"] * 3, "MappedVectors"]
