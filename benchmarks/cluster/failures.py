"""A cluster whose nodes die: ``python -m benchmarks.cluster.failures``.

Two nodes on this machine. One is killed while shards are built; one is killed while clients ask;
an index is published while they ask. What each client got is compared with one index.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.cluster.nodes import Cluster, cluster
from benchmarks.results import save_section
from qa_bot import Index, build_index, open_index, retrieve
from qa_bot.models.embedding import DEFAULT_MODEL, Embedder, load_embedder
from qa_bot.sharding.building import build_shards
from qa_bot.sharding.cluster import SETTINGS, joined
from qa_bot.sharding.tasks import on_ray

QUESTIONS = ("Where was otter number 3 seen?", "When is the heron bell rung?", "What eats moths?")
ANIMALS = ("otter", "heron", "moth", "badger", "finch", "newt", "stoat", "vole")


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=40.0, help="that clients ask")
    parser.add_argument("--paragraphs", type=int, default=60, help="of each of eight documents")
    parser.add_argument("--section", default="cluster-failures", help="none to only print")
    arguments = parser.parse_args()
    os.environ.update(SETTINGS)  # Ray reads them when it is first imported
    model = load_embedder(DEFAULT_MODEL)
    with tempfile.TemporaryDirectory() as folder, cluster(2) as nodes:
        os.environ["RAY_AUTH_TOKEN"] = nodes.environment["RAY_AUTH_TOKEN"]
        work = Path(folder)
        write(work / "documents", arguments.paragraphs)
        build_index(work / "documents", work / "one", model=model)
        _until(lambda: alive(nodes) == 2)
        lines = [
            f"Made by `python -m benchmarks.cluster.failures` on {os.cpu_count()} cores.",
            "",
            killed_while_building(nodes, work, model),
            overhead(nodes, work, model),
            killed_while_asking(nodes, work, model, arguments.clients, arguments.seconds),
        ]
        joined(nodes.address).shutdown()
    print("\n".join(lines))
    if arguments.section != "none":
        save_section(arguments.section, "## A cluster whose nodes die\n\n" + "\n".join(lines))


def write(documents: Path, count: int) -> None:
    """A document about each animal."""
    documents.mkdir(exist_ok=True)
    for animal in ANIMALS:
        paragraphs = (
            f"The {animal} number {n} was seen near the {animal} hill. Its keeper wrote "
            f"that every {animal} of the {n}th kind sleeps through the day, and returns to hut {n} "
            f"before the morning bell is rung by the {animal} warden."
            for n in range(count)
        )
        (documents / f"{animal}.txt").write_text("\n\n".join(paragraphs))


def alive(nodes: Cluster) -> int:
    """How many nodes answer; 0 while there is no cluster yet."""
    try:
        return sum(node["Alive"] for node in joined(nodes.address).nodes())
    except Exception:  # noqa: BLE001 - it is not there yet
        return 0


def _until(true: Callable[[], bool]) -> None:
    while not true():
        time.sleep(0.2)


def killed_while_building(nodes: Cluster, work: Path, model: Embedder) -> str:
    """Kill the second node once shards are being built."""

    def kill() -> None:
        _until(lambda: len(list((work / "shards").glob("shards/*/qa_bot.sqlite"))) > 1)
        nodes.kill(1)

    killer = threading.Thread(target=kill)
    killer.start()
    receipt = build_shards(work / "documents", work / "shards", 4, run=on_ray(nodes.address))
    killer.join()
    with (
        open_index(work / "one", model=model) as one,
        open_index(work / "shards", model=model) as shards,
    ):
        same = [(d.id, d.digest, d.passages) for d in shards.documents()] == [
            (d.id, d.digest, d.passages) for d in one.documents()
        ]
    nodes.start()
    _until(lambda: alive(nodes) == 2)
    whole = same and len(receipt.added) == len(ANIMALS)
    return f"- A node killed while four shards were built: all there, once: {whole}."


def overhead(nodes: Cluster, work: Path, model: Embedder) -> str:
    """One shard served by the cluster, beside the same in this process, question by question."""
    build_shards(work / "documents", work / "single", 1, model=model)
    spent: tuple[list[float], list[float]] = [], []
    with (
        open_index(work / "single", model=model) as here,
        open_index(f"ray://{nodes.address}{work / 'single'}", model=model) as there,
    ):
        for turn in range(100):
            for index, seconds in zip((here, there), spent, strict=True):
                began = time.perf_counter()
                retrieve(QUESTIONS[turn % len(QUESTIONS)], index)
                seconds.append(time.perf_counter() - began)
    first, second = (1000 * statistics.median(seconds) for seconds in spent)
    return f"- One shard: p50 {first:.1f} ms in this process, {second:.1f} ms over the cluster."


def killed_while_asking(
    nodes: Cluster, work: Path, model: Embedder, clients: int, seconds: float
) -> str:
    """Kill the node that was started last while clients ask, and publish another build."""
    with open_index(work / "one", model=model) as one:
        expected = {q: [hit.passage for hit in retrieve(q, one)] for q in QUESTIONS}
    taken: list[float] = []
    wrong: list[str] = []
    ended = time.monotonic() + seconds

    def ask(index: Index) -> None:
        while time.monotonic() < ended:
            for question in QUESTIONS:
                began = time.monotonic()
                try:
                    found = [hit.passage for hit in retrieve(question, index)]
                except Exception as error:  # noqa: BLE001 - each is counted
                    wrong.append(f"{type(error).__name__}: {error}")
                else:
                    taken.append(time.monotonic() - began)
                    if found != expected[question]:
                        wrong.append(question)

    with open_index(f"ray://{nodes.address}{work / 'shards'}", model=model) as index:
        _until(lambda: all(all(places) for places in index.nodes().values()))  # type: ignore[attr-defined]
        threads = [threading.Thread(target=ask, args=(index,)) for _ in range(clients)]
        for thread in threads:
            thread.start()
        time.sleep(seconds / 4)
        nodes.kill(len(nodes.nodes) - 1)
        (work / "documents" / "otter.txt").write_text("The otter has moved.")
        build_shards(work / "documents", work / "shards", model=model)
        for thread in threads:
            thread.join()
    taken.sort()
    return (
        f"- {clients} clients for {seconds:.0f} s, a node killed and another build published "
        f"meanwhile: {len(taken)} answers as of the build that was opened, {len(wrong)} others "
        f"{sorted(set(wrong))[:3]}; p50 {1000 * taken[len(taken) // 2]:.0f} ms, "
        f"worst {1000 * taken[-1]:.0f} ms."
    )


if __name__ == "__main__":
    main()
