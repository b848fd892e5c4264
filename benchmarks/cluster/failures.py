"""A cluster whose nodes die: ``python -m benchmarks.cluster.failures``.

A head and three nodes on this machine. Nodes are killed while shards are built and while clients
ask, builds are published while they ask, and what a shard over the cluster costs is measured.
Each answer is compared with that of the same build, open in this process.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.cluster.nodes import Cluster, cluster, namespaces
from benchmarks.results import save_section
from qa_bot import Answer, answer, build_index, check_index, open_index
from qa_bot.errors import UnavailableError
from qa_bot.models.embedding import DEFAULT_MODEL, Embedder, load_embedder
from qa_bot.sharding.building import build_shards
from qa_bot.sharding.cluster import SETTINGS, joined
from qa_bot.sharding.index import ShardedIndex
from qa_bot.sharding.tasks import on_ray
from qa_bot.store.manifest import read_manifest

ANIMALS = (
    "otter heron moth badger finch newt stoat vole lynx crane beaver marten toad hare owl wren"
).split()
QUESTIONS = (
    "Where was the otter number 3 seen?",
    "Which edition of the register lists the heron?",
    "Which edition of the register lists the animals?",
    "What does the moth number 5 return to before the bell is rung?",
)
ABSENT = "Who won the football match in Madrid?"
SHARDS = 4
PARTS = ("building", "overhead", "asking", "publishing", "losing")
_PATIENCE = 300.0  # seconds that a state may take to come about

Said = tuple[str, tuple[str, ...], float]


@dataclass(slots=True)
class Setting:
    """What all parts use: the cluster, a folder, and the model that encodes questions."""

    nodes: Cluster
    work: Path
    model: Embedder
    clients: int
    seconds: float

    @property
    def documents(self) -> Path:
        """The folder of documents."""
        return self.work / "documents"

    @property
    def shards(self) -> Path:
        """The index in shards."""
        return self.work / "shards"

    def served(self) -> ShardedIndex:
        """The shards, served by the cluster; all replicas answer."""
        index = open_index(f"ray://{self.nodes.address}{self.shards}", model=self.model)
        assert isinstance(index, ShardedIndex)
        until(lambda: all(map(all, index.nodes().values())))
        return index

    def expected(self) -> dict[str, Said]:
        """What the build that was published last says, open in this process."""
        with open_index(self.shards, model=self.model) as index:
            return {question: said(answer(question, index, reader=None)) for question in QUESTIONS}


@dataclass(slots=True)
class Taken:
    """What clients got."""

    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    partial: int = 0  # answers that say that some of the documents could not be asked

    def __str__(self) -> str:
        """In words."""
        ordered = sorted(self.seconds)
        told = f"{len(ordered)} answers, {self.partial} partial, {len(self.wrong)} wrong or errors"
        if self.wrong:
            told += f" {sorted(set(self.wrong))[:3]}"
        middle, worst = ordered[len(ordered) // 2], ordered[-1]
        return f"{told}; p50 {1000 * middle:.0f} ms, worst {1000 * worst:.0f} ms"


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=20.0, help="that clients ask, each time")
    parser.add_argument("--paragraphs", type=int, default=20, help="of each of 16 documents")
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=PARTS)
    parser.add_argument(
        "--apart", action="store_true", help="each node in a network namespace of its own (root)"
    )
    parser.add_argument("--section", default="cluster-failures", help="none to only print")
    arguments = parser.parse_args()
    if arguments.apart:
        with namespaces() as head:
            command = [sys.executable, "-m", "benchmarks.cluster.failures", *sys.argv[1:]]
            command.remove("--apart")
            done = subprocess.run(["ip", "netns", "exec", head, *command], check=False)  # noqa: S603, S607
        raise SystemExit(done.returncode)
    os.environ.update(SETTINGS)  # Ray reads them when it is first imported
    model = load_embedder(DEFAULT_MODEL)
    lines = [f"Made by `python -m benchmarks.cluster.failures` on {os.cpu_count()} cores.", ""]
    with tempfile.TemporaryDirectory() as folder, cluster(1, head_cpus=0) as nodes:
        os.environ["RAY_AUTH_TOKEN"] = nodes.environment["RAY_AUTH_TOKEN"]
        setting = Setting(nodes, Path(folder), model, arguments.clients, arguments.seconds)
        write(setting.documents, arguments.paragraphs)
        until(lambda: bool(addresses(nodes)))
        for _ in range(3):
            another(nodes)
        if "building" not in arguments.parts:
            build_shards(setting.documents, setting.shards, SHARDS, model=model)
        for name in arguments.parts:
            lines.append(f"- **{name.capitalize()}**: {_PARTS[name](setting)}")
            print(lines[-1], flush=True)
        joined(nodes.address).shutdown()
    if arguments.section != "none":
        save_section(arguments.section, "## A cluster whose nodes die\n\n" + "\n".join(lines))


def write(documents: Path, count: int, edition: int = 1) -> None:
    """A document about each animal."""
    documents.mkdir(exist_ok=True)
    for animal in ANIMALS:
        paragraphs = [f"Edition {edition} of the register of animals lists the {animal}."]
        paragraphs += [
            f"The {animal} number {n} was seen near the {animal} hill. Its keeper wrote "
            f"that every {animal} of the {n}th kind sleeps through the day, and returns to hut {n} "
            f"before the morning bell is rung by the {animal} warden."
            for n in range(count)
        ]
        (documents / f"{animal}.txt").write_text("\n\n".join(paragraphs))


def said(found: Answer) -> Said:
    """What is compared of an answer."""
    return found.verdict, tuple(one.text for one in found.quotes), round(found.confidence, 5)


def addresses(nodes: Cluster) -> dict[str, str]:
    """The addresses of the nodes that live, by Ray's names; none while there is no cluster yet."""
    try:
        found = joined(nodes.address).nodes()
    except Exception:  # noqa: BLE001 - it is not there yet
        return {}
    return {node["NodeID"]: node["NodeManagerAddress"] for node in found if node["Alive"]}


def until(true: Callable[[], bool]) -> float:
    """Wait for a state; the seconds that it took."""
    began = time.monotonic()
    while not true():
        if time.monotonic() > began + _PATIENCE:
            raise SystemExit("a state that was waited for never came about")
        time.sleep(0.2)
    return time.monotonic() - began


def another(nodes: Cluster) -> None:
    """Start a node and wait for it: those that start at once take the same ports."""
    address = nodes.address_of(nodes.start())
    until(lambda: address in addresses(nodes).values())


def building(setting: Setting) -> str:
    """Kill a node once shards are being built, and compare with one index."""
    build_index(setting.documents, setting.work / "one", model=setting.model)
    killed: list[int] = []

    def strike() -> None:
        until(lambda: len(list(setting.shards.glob("shards/*/qa_bot.sqlite"))) > 2)
        time.sleep(1)
        killed.append(len(list(setting.shards.glob("shards/*/qa_bot.sqlite"))))
        setting.nodes.kill(1)

    killer = threading.Thread(target=strike)
    killer.start()
    began = time.monotonic()
    receipt = build_shards(
        setting.documents, setting.shards, SHARDS, run=on_ray(setting.nodes.address)
    )
    took = time.monotonic() - began
    killer.join()
    with (
        open_index(setting.work / "one", model=setting.model) as one,
        open_index(setting.shards, model=setting.model) as shards,
    ):
        same = [(d.id, d.digest, d.passages) for d in shards.documents()] == [
            (d.id, d.digest, d.passages) for d in one.documents()
        ]
        right = (len(receipt.added), receipt.passages, receipt.embedded + receipt.reused) == (
            len(ANIMALS),
            one.passage_count,
            one.passage_count,
        )
    manifest = read_manifest(setting.shards)
    faults = [
        fault
        for number in range(SHARDS)
        for fault in check_index(manifest.place(setting.shards, number)).faults
    ]
    another(setting.nodes)
    return (
        f"one of three nodes killed after {killed[0]} of {SHARDS} shards were begun; built in "
        f"{took:.0f} s. The same documents, texts and passages as one index: {same}. Receipt: "
        f"{len(receipt.added)} added, {receipt.passages} passages, {receipt.embedded} embedded, "
        f"{receipt.reused} reused, right: {right}. Faults that `check_index` finds: {len(faults)}."
    )


def overhead(setting: Setting) -> str:
    """One shard served by the cluster, beside the same in this process, question by question."""
    place = setting.work / "single"
    build_shards(setting.documents, place, 1, model=setting.model)
    spent: tuple[list[float], list[float]] = [], []
    with (
        open_index(place, model=setting.model) as here,
        open_index(f"ray://{setting.nodes.address}{place}", model=setting.model) as there,
    ):
        for turn in range(120):
            for index, seconds in zip((here, there), spent, strict=True):
                began = time.perf_counter()
                answer(QUESTIONS[turn % len(QUESTIONS)], index, reader=None)
                seconds.append(time.perf_counter() - began)
    first, second = (1000 * statistics.median(seconds[20:]) for seconds in spent)
    return (
        f"one shard, answers by retrieval alone, in turn: p50 {first:.1f} ms in this process, "
        f"{second:.1f} ms over the cluster, {second - first:.1f} ms more."
    )


@contextmanager
def asking(
    setting: Setting, held: list[ShardedIndex], expected: Mapping[str, Mapping[str, Said]]
) -> Iterator[Taken]:
    """Clients that ask the index that is last in ``held``, each answer as of its build."""
    taken = Taken()
    ended = threading.Event()

    def ask() -> None:
        while not ended.is_set():
            for question in QUESTIONS:
                index = held[-1]
                began = time.monotonic()
                try:
                    whole = answer(question, index, reader=None)
                except Exception as error:  # noqa: BLE001 - each is counted
                    taken.wrong.append(f"{type(error).__name__}: {error}")
                    continue
                taken.seconds.append(time.monotonic() - began)
                found = said(whole)
                if "could not be asked" in whole.warning:
                    taken.partial += 1
                elif found != expected[index.meta["generation"]][question]:
                    taken.wrong.append(f"{question}: {found}")

    threads = [threading.Thread(target=ask) for _ in range(setting.clients)]
    for thread in threads:
        thread.start()
    try:
        yield taken
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def killed_while_asking(setting: Setting) -> str:
    """Kill a node with replicas while clients ask."""
    with closing(setting.served()) as index:
        expected = {index.meta["generation"]: setting.expected()}
        with asking(setting, [index], expected) as before:
            time.sleep(setting.seconds / 2)
        with asking(setting, [index], expected) as taken:
            time.sleep(setting.seconds / 4)
            kill(setting, index.nodes()[0][0])
            time.sleep(setting.seconds)
        another(setting.nodes)
        back = until(lambda: all(map(all, index.nodes().values())))
    return (
        f"{setting.clients} clients, nothing killed: {before}. A node killed meanwhile: {taken}. "
        f"All replicas there {back:.0f} s after another node."
    )


def publishing(setting: Setting) -> str:
    """Publish builds while clients ask, each of which changes every document."""
    held = [setting.served()]
    expected = {held[0].meta["generation"]: setting.expected()}
    with asking(setting, held, expected) as taken:
        for edition in (2, 3):
            write(setting.documents, 3, edition)
            build_shards(setting.documents, setting.shards, model=setting.model)
            assert held[-1].is_outdated()
            now = setting.expected()
            index = setting.served()
            expected[index.meta["generation"]] = now
            held.append(index)
            time.sleep(setting.seconds / 4)
    for index in held:
        index.close()
    differ = len({tuple(one.items()) for one in expected.values()})
    return f"two builds published while {setting.clients} clients ask ({differ} ways): {taken}."


def losing(setting: Setting) -> str:
    """Kill both machines that have a shard; start others."""
    with closing(setting.served()) as index:
        places = index.nodes()
        expected = setting.expected()
        gone = set(places[0])
        lost = [number for number, held in places.items() if set(held) <= gone]
        for node in gone:
            kill(setting, node)
        partial, refused, claimed, seconds = 0, 0, 0, []
        for question in (*QUESTIONS, ABSENT) * 2:
            began = time.monotonic()
            try:
                found = answer(question, index, reader=None)
                partial += "could not be asked" in found.warning
                claimed += found.verdict == "absent"
            except UnavailableError:
                refused += 1
            seconds.append(time.monotonic() - began)
        for _ in gone:
            another(setting.nodes)
        back = until(lambda: all(map(all, index.nodes().values())))
        now = {question: said(answer(question, index, reader=None)) for question in QUESTIONS}
        absent = answer(ABSENT, index, reader=None).verdict
    return (
        f"two of three nodes killed, {len(lost)} of {SHARDS} shards without a replica: of ten "
        f"questions {partial} answers that say which share could not be asked, {refused} errors "
        f"that do, {claimed} said to be absent; worst {1000 * max(seconds):.0f} ms. {back:.0f} s "
        f"after two other nodes all is there: answers as before: {now == expected}, and "
        f"what isn't there is {absent}."
    )


def kill(setting: Setting, name: str) -> None:
    """Kill the node that Ray calls so."""
    address = addresses(setting.nodes)[name]
    held = range(len(setting.nodes.nodes))
    setting.nodes.kill(next(n for n in held if setting.nodes.address_of(n) == address))


_PARTS: dict[str, Callable[[Setting], str]] = {
    "building": building,
    "overhead": overhead,
    "asking": killed_while_asking,
    "publishing": publishing,
    "losing": losing,
}


if __name__ == "__main__":
    main()
