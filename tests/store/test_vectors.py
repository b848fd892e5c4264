"""FAISS against brute force: the same ids, in the same order."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_bot.store.vectors import (
    FlatVectors,
    Ids,
    ListedVectors,
    MappedVectors,
    Vectors,
    load_vectors,
)

DIMENSION = 6


def unit_rows(seed: int, count: int) -> Vectors:
    rows = np.random.default_rng(seed).standard_normal((count, DIMENSION))
    unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def ids_of(numbers: set[int] | list[int]) -> Ids:
    return np.array(sorted(numbers), dtype=np.int64)


def brute_force(
    held: dict[int, npt.NDArray[np.float32]],
    vector: Vectors,
    k: int,
    allowed: set[int] | None = None,
) -> list[int]:
    cosines = {
        number: float(row @ vector)
        for number, row in held.items()
        if allowed is None or number in allowed
    }
    return sorted(cosines, key=lambda number: -cosines[number])[:k]


def filled(held: dict[int, npt.NDArray[np.float32]]) -> FlatVectors:
    engine = FlatVectors(DIMENSION)
    if held:
        engine.add(np.array(list(held), dtype=np.int64), np.stack(list(held.values())))
    return engine


numbers = st.sets(st.integers(1, 2**40), max_size=40)


@given(numbers, st.integers(0, 2**32 - 1), st.integers(1, 50), st.data())
def test_search_equals_brute_force(
    wanted: set[int], seed: int, k: int, data: st.DataObject
) -> None:
    ids = data.draw(st.permutations(sorted(wanted)))
    held = dict(zip(ids, unit_rows(seed, len(ids)), strict=True))
    vector = unit_rows(seed + 1, 1)[0]
    engine = filled(held)
    assert engine.search(vector, k) == brute_force(held, vector, k)
    allowed = data.draw(st.sets(st.sampled_from(sorted(wanted)))) if wanted else set()
    stranger = 2**41
    for among in (allowed, allowed | {stranger}):
        found = engine.search(vector, k, ids_of(among))
        assert found == brute_force(held, vector, k, among)
    assert engine.ids().tolist() == sorted(wanted)


@given(numbers, st.integers(0, 2**32 - 1), st.data())
def test_what_is_removed_is_never_found_again(
    wanted: set[int], seed: int, data: st.DataObject
) -> None:
    held = dict(zip(sorted(wanted), unit_rows(seed, len(wanted)), strict=True))
    engine = filled(held)
    gone = data.draw(st.sets(st.sampled_from(sorted(wanted)))) if wanted else set()
    engine.remove(ids_of(gone))
    left = {number: row for number, row in held.items() if number not in gone}
    late = {2**42 + n: row for n, row in enumerate(unit_rows(seed + 2, 3))}
    engine.add(ids_of(list(late)), np.stack(list(late.values())))
    left |= late
    vector = unit_rows(seed + 1, 1)[0]
    assert engine.search(vector, 50) == brute_force(left, vector, 50)
    assert engine.ids().tolist() == sorted(left)


def test_a_saved_file_finds_the_same(tmp_path: Path) -> None:
    held = dict(zip(range(7, 507), unit_rows(3, 500), strict=True))
    engine = filled(held)
    engine.remove(ids_of(list(range(7, 107))))
    engine.save(tmp_path / "vectors")
    loaded = load_vectors(tmp_path / "vectors", mapped=False)
    left = {number: row for number, row in held.items() if number >= 107}
    for vector in unit_rows(4, 20):
        assert loaded.search(vector, 9) == engine.search(vector, 9) == brute_force(left, vector, 9)
        allowed = set(range(200, 230))
        found = loaded.search(vector, 9, ids_of(allowed))
        assert found == brute_force(left, vector, 9, allowed)
    assert loaded.ids().tolist() == list(range(107, 507))
    loaded.remove(ids_of([107]))
    loaded.add(ids_of([9]), unit_rows(5, 1))
    assert loaded.ids().tolist() == [9, *range(108, 507)]


def test_a_file_of_faiss_finds_the_same_read_by_numpy(tmp_path: Path) -> None:
    """More vectors than are compared at once, and of a number that no power of two divides."""
    held = dict(zip(range(2**40, 2**40 + 1_301), unit_rows(6, 1_301), strict=True))
    filled(held).save(tmp_path / "vectors")
    by_numpy = load_vectors(tmp_path / "vectors", mapped=True)
    by_faiss = load_vectors(tmp_path / "vectors", mapped=False)
    assert (type(by_numpy), type(by_faiss)) == (MappedVectors, FlatVectors)
    assert by_numpy.ids().tolist() == by_faiss.ids().tolist() == list(held)
    allowed = ids_of([*range(2**40 + 5, 2**40 + 1_200, 3), 7])
    for vector in unit_rows(7, 20):
        for k in (1, 9, 2_000):
            assert by_numpy.search(vector, k) == by_faiss.search(vector, k)
            assert by_numpy.search(vector, k, allowed) == by_faiss.search(vector, k, allowed)
    with pytest.raises(RuntimeError, match="only read"):
        by_numpy.add(ids_of([1]), unit_rows(8, 1))


@pytest.mark.parametrize("kind", ["another measure", "no map back", "other codes", "empty"])
def test_any_other_file_is_read_by_faiss(tmp_path: Path, kind: str) -> None:
    flat = {
        "another measure": faiss.IndexFlatL2(DIMENSION),
        "other codes": faiss.IndexScalarQuantizer(
            DIMENSION, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        ),
    }.get(kind, faiss.IndexFlatIP(DIMENSION))
    index = (faiss.IndexIDMap if kind == "no map back" else faiss.IndexIDMap2)(flat)
    rows, ids = unit_rows(9, 30), ids_of(list(range(5, 35)))
    if kind != "empty":
        index.add_with_ids(rows, ids)
    faiss.write_index(index, str(tmp_path / "vectors"))
    loaded = load_vectors(tmp_path / "vectors", mapped=True)
    assert isinstance(loaded, FlatVectors)
    if kind != "empty":
        assert loaded.ids().tolist() == ids.tolist()
        assert loaded.search(rows[4], 1) == [9]


def test_a_file_that_is_cut_or_says_another_number_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "vectors"
    filled(dict(zip(range(30), unit_rows(9, 30), strict=True))).save(file)
    whole = file.read_bytes()
    for damaged in (whole[:-1], whole[:60], whole[:8] + b"\xff" + whole[9:-200]):
        file.write_bytes(damaged)
        with pytest.raises(RuntimeError):  # FAISS's own
            load_vectors(file, mapped=True)


def test_an_empty_engine_finds_nothing() -> None:
    engine = FlatVectors(DIMENSION)
    vector = unit_rows(1, 1)[0]
    assert engine.search(vector, 5) == []
    assert engine.search(vector, 5, ids_of([1, 2])) == []
    assert filled({1: vector}).search(vector, 5, ids_of([])) == []
    engine.add(ids_of([]), np.empty((0, DIMENSION), np.float32))
    engine.remove(ids_of([]))
    assert engine.ids().tolist() == []


def listed(count: int) -> tuple[dict[int, npt.NDArray[np.float32]], ListedVectors]:
    """Vectors in a few clusters, as texts have them, in inverted lists."""
    centres = unit_rows(1, 40)[np.random.default_rng(2).integers(0, 40, count)]
    rows = centres + 0.2 * unit_rows(3, count)
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    held = dict(zip(range(7, 7 + count), rows, strict=True))
    engine = ListedVectors(DIMENSION, rows, count)
    engine.add(ids_of(list(held)), rows)
    return held, engine


def test_inverted_lists_find_what_brute_force_finds_but_for_rounding(tmp_path: Path) -> None:
    held, engine = listed(5_000)
    engine.save(tmp_path / "vectors")
    for searched in (engine, load_vectors(tmp_path / "vectors", mapped=True)):
        assert searched.ids().tolist() == list(held)
        found = right = 0
        for vector in unit_rows(5, 50):
            best = brute_force(held, vector, 10)
            found += len(set(searched.search(vector, 100)) & set(best))
            right += len(best)
            allowed = set(range(100, 400, 3))
            among = searched.search(vector, 10, ids_of(allowed))
            assert set(among) <= allowed
            assert len(among) == 10
        assert found >= 0.97 * right


def test_inverted_lists_forget_and_learn(tmp_path: Path) -> None:
    held, engine = listed(2_000)
    engine.remove(ids_of(list(range(7, 1_007))))
    assert engine.ids().tolist() == list(range(1_007, 2_007))
    engine.save(tmp_path / "vectors")
    again = load_vectors(tmp_path / "vectors", mapped=False)
    again.add(ids_of([3]), held[7][None, :])
    assert again.search(held[7], 1) == [3]
    assert 7 not in again.search(held[7], 50)
