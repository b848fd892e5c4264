"""How many of the nearest lists find, and in what time: ``python -m benchmarks.cluster.recall``.

Against exact search, for several numbers of lists that are looked through, in one index and in
two shards: vectors drawn around topics, or real ones, from files of numpy with rows of them.
Times are a processor's.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.cluster.simulated import DIMENSION, POOL, Vectors, unit
from benchmarks.results import save_section
from qa_bot.store.vectors import SAMPLE, ListedVectors, list_count, probe_count

QUESTIONS = 300
PROBES = (96, 128, 192, 256, 384, 512)


def main() -> None:
    """Measure, print, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", nargs="*", type=Path, default=(), help="real ones")
    parser.add_argument("--questions", type=Path, help="real ones, too")
    parser.add_argument("--counts", nargs="*", type=int, default=(60_000, 160_000))
    parser.add_argument("--section", default="cluster-recall", help="none to only print")
    arguments = parser.parse_args()
    draw = np.random.default_rng(29)
    lines = [
        f"Made by `python -m benchmarks.cluster.recall`: {QUESTIONS} questions; share of the ten "
        "and the hundred nearest that is found, and milliseconds for each shard.",
        "",
        "| vectors | shards | lists | searched | @10 | @100 | ms |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for count in arguments.counts:
        if arguments.vectors:
            kind, held = "real", read(arguments.vectors, draw, count)
            questions = read([arguments.questions], draw, QUESTIONS)
        else:
            kind, (held, questions) = "drawn", drawn(draw, count)
        for shards in (1, 2):
            for row in rows(held, questions, shards, draw):
                lines.append(f"| {len(held):,} {kind} | {shards} | {row} |")
                print(lines[-1], flush=True)
    if arguments.section != "none":
        save_section(arguments.section, "## Recall of lists\n\n" + "\n".join(lines))


def drawn(draw: np.random.Generator, count: int) -> tuple[Vectors, Vectors]:
    """Vectors around 2,000 topics, and questions near some of them."""
    topics = unit(draw.standard_normal((2_000, DIMENSION)))
    near = draw.integers(0, len(topics), count)
    held = unit(topics[near] + draw.standard_normal((count, DIMENSION)) * 0.06)
    moved = draw.standard_normal((QUESTIONS, DIMENSION)) * 0.03
    return held, unit(held[draw.choice(count, QUESTIONS)] + moved)


def read(files: Sequence[Path], draw: np.random.Generator, count: int) -> Vectors:
    """So many of the real vectors, by chance."""
    found = np.concatenate([np.load(file).astype(np.float32) for file in files])
    return unit(found[draw.permutation(len(found))[:count]])


def rows(held: Vectors, questions: Vectors, shards: int, draw: np.random.Generator) -> list[str]:
    """A row of the table for each number of lists that are looked through."""
    ids = np.arange(len(held), dtype=np.int64)
    right = [np.argsort(-(held @ question))[:POOL].tolist() for question in questions]
    parts = []
    for number in range(shards):
        own = ids[number::shards]
        size = min(len(own), SAMPLE * list_count(len(own)))
        part = ListedVectors(held.shape[1], held[draw.choice(own, size, False)], len(own))
        part.add(own, held[own])
        parts.append(part)
    lists = list_count(len(held) // shards)
    ours = probe_count(lists)
    return [
        f"{lists:,} | {f'**{probes}**' if probes == ours else probes} | "
        + _found(held, questions, right, parts, probes)
        for probes in sorted({*PROBES, ours, lists})
    ]


def _found(
    held: Vectors,
    questions: Vectors,
    right: Sequence[list[int]],
    parts: Sequence[ListedVectors],
    probes: int,
) -> str:
    for part in parts:
        part.probes = probes
    began = time.thread_time()
    found = [[part.search(question, POOL) for part in parts] for question in questions]
    spent = 1000 * (time.thread_time() - began) / len(questions) / len(parts)
    hits = {10: 0, POOL: 0}
    for question, wanted, some in zip(questions, right, found, strict=True):
        near = np.concatenate(some)
        best = near[np.argsort(-(held[near] @ question))].tolist()
        for k in hits:
            hits[k] += len({*best[:k]} & {*wanted[:k]})
    shares = [f"{n / k / len(questions):.3f}" for k, n in hits.items()]
    return " | ".join((*shares, f"{spent:.2f}"))


if __name__ == "__main__":
    main()
