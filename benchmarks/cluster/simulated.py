"""What sizes that were never built would cost: ``python -m benchmarks.cluster.simulated``.

Synthetic vectors and words stand for passages. Recall is that of real lists over drawn clusters.
The time of a shard of five million is that of FAISS over as many random codes in lists of the
size that qa_bot would make, and of tantivy at two smaller sizes. Times are a processor's, so that
other programs don't count. ``docs/cluster.md`` does the sums with them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.results import save_section
from qa_bot.store.lexical import Lexicon
from qa_bot.store.spread import whole
from qa_bot.store.vectors import SAMPLE, FlatVectors, ListedVectors, list_count, probe_count

DIMENSION = 384
SHARD = 5_000_000  # passages
POOL = 100
_WORDS = 60  # of a passage
_VOCABULARY = 200_000

Vectors = npt.NDArray[np.float32]


def main() -> None:
    """Measure, print, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", type=int, default=160_000, help="for the recall; 0: not")
    parser.add_argument("--codes", type=int, default=SHARD, help="for the time of one shard")
    parser.add_argument("--passages", type=int, default=40_000, help="for the time of words")
    parser.add_argument("--section", default="cluster-simulated", help="none to only print")
    arguments = parser.parse_args()
    draw = np.random.default_rng(29)
    lines = ["Made by `python -m benchmarks.cluster.simulated`; times are a processor's.", ""]
    for line in (
        *(recalls(draw, arguments.vectors) if arguments.vectors else ()),
        *([searching(draw, arguments.codes)] if arguments.codes else ()),
        *(words(draw, count) for count in (arguments.passages // 4, arguments.passages) if count),
    ):
        lines.append(f"- {line}")
        print(lines[-1], flush=True)
    if arguments.section != "none":
        text = "\n".join(lines)
        save_section(arguments.section, f"## Sizes that were simulated\n\n{text}")


def unit(vectors: npt.NDArray[np.floating]) -> Vectors:
    """The vectors with length 1."""
    found: Vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return found


def recalls(draw: np.random.Generator, count: int) -> Iterator[str]:
    """How many of the exact nearest are found by lists, in one index and in two shards."""
    topics = unit(draw.standard_normal((2_000, DIMENSION)))
    near = draw.integers(0, len(topics), count)
    vectors = unit(topics[near] + draw.standard_normal((count, DIMENSION)) * 0.06)
    questions = unit(
        vectors[draw.choice(count, 300)] + draw.standard_normal((300, DIMENSION)) * 0.03
    )
    ids = np.arange(count, dtype=np.int64)
    exact = FlatVectors(DIMENSION)
    exact.add(ids, vectors)
    right = [exact.search(question, POOL) for question in questions]
    for shards in (1, 2):
        parts = []
        for number in range(shards):
            own = ids[number::shards]
            sample = vectors[draw.choice(own, min(len(own), SAMPLE * list_count(len(own))), False)]
            part = ListedVectors(DIMENSION, sample, len(own))
            part.add(own, vectors[own])
            parts.append(part)
        hits = {10: 0, POOL: 0}
        for question, wanted in zip(questions, right, strict=True):
            found = np.concatenate([part.search(question, POOL) for part in parts])
            best = found[np.argsort(-(vectors[found] @ question))]
            for k in hits:
                hits[k] += len({*best[:k].tolist()} & {*wanted[:k]})
        at = ", ".join(f"{n / k / len(questions):.4f} at {k}" for k, n in hits.items())
        yield f"Lists over {count:,} vectors in {shards} shards: recall against exact {at}."


def searching(draw: np.random.Generator, count: int) -> str:
    """The time of one search in lists of a shard of that size, filled with random codes."""
    import faiss

    lists = list_count(count)
    quantizer = faiss.IndexFlatIP(DIMENSION)
    quantizer.add(unit(draw.standard_normal((lists, DIMENSION))))
    index: Any = faiss.IndexIVFScalarQuantizer(
        quantizer, DIMENSION, lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
    )
    index.train(unit(draw.standard_normal((2_000, DIMENSION))))  # of the codes alone
    each = count // lists
    for number in range(lists):
        ids = np.arange(number * each, (number + 1) * each, dtype=np.int64)
        codes = draw.integers(0, 256, (each, DIMENSION), dtype=np.uint8)
        index.invlists.add_entries(number, each, faiss.swig_ptr(ids), faiss.swig_ptr(codes))
    index.ntotal = each * lists
    engine = ListedVectors.of(index)
    questions = unit(draw.standard_normal((300, DIMENSION)))
    taken = _timed(lambda number: engine.search(questions[number], POOL), len(questions))
    return (
        f"One search in {index.ntotal:,} codes in {lists:,} lists, {probe_count(lists)} looked "
        f"through: {taken}. The codes take {index.ntotal * (DIMENSION + 8) / 1e9:.2f} GB."
    )


def words(draw: np.random.Generator, count: int) -> str:
    """The time of one search for eight words, and with scores as in a whole."""
    chances = 1 / np.arange(1, _VOCABULARY + 1)
    drawn = draw.choice(_VOCABULARY, (count, _WORDS), p=chances / chances.sum())
    texts = (" ".join(f"w{word}" for word in some) for some in drawn)
    with TemporaryDirectory() as folder:
        lexicon = Lexicon(Path(folder))
        lexicon.update((), ((n, n // 50, "", "", "", text) for n, text in enumerate(texts)))
        asked = [
            [f"w{word}" for word in {*draw.choice(drawn[number], 8).tolist()}]
            for number in draw.integers(0, count, 200)
        ]
        spreads = [whole([lexicon.spread(terms)] * 2) for terms in asked]
        alone = _timed(lambda n: lexicon.search(asked[n], POOL), len(asked))
        part = _timed(lambda n: lexicon.search(asked[n], POOL, spread=spreads[n]), len(asked))
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    return (
        f"One search for eight words in {count:,} passages: {alone}; as a part of a whole: "
        f"{part}. On disk {size / count:.0f} bytes a passage."
    )


def _timed(work: Callable[[int], object], count: int) -> str:
    taken = []
    for number in range(count):
        began = time.thread_time()
        work(number)
        taken.append(1000 * (time.thread_time() - began))
    middle, late, last = np.percentile(taken, (50, 95, 99))
    return f"p50 {middle:.1f} ms, p95 {late:.1f} ms, p99 {last:.1f} ms"


if __name__ == "__main__":
    main()
