"""A folder of very many files, in one index and in shards: ``python -m benchmarks.cluster.many``.

Small files of several kinds in many folders, some of them empty or broken, are built as one index
and by a cluster of two nodes; each build is a process of its own, so that its memory is. A build
over the cluster is interrupted half-way and gone on with. Vectors are drawn from hashes, so that
what is measured is all but the embedding; ``--model`` takes the usual model.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cluster.failures import addresses, another, until
from benchmarks.cluster.nodes import ROOT, Cluster, below, cluster
from benchmarks.results import save_section
from qa_bot import build_index
from qa_bot.building.changes import Options
from qa_bot.builds import Progress
from qa_bot.models.embedding import DEFAULT_MODEL, Embedder, Vectors
from qa_bot.records import Span
from qa_bot.sharding.building import build_shards
from qa_bot.sharding.cluster import SETTINGS, joined
from qa_bot.sharding.tasks import on_ray

PER_FOLDER = 1_000
_BROKEN = 200  # one file of so many can't be read
_KINDS = ("txt", "md", "html", "txt")
_SIGHTINGS = "otter heron moth badger finch newt stoat vole lynx crane beaver marten".split()
_LOOK = 0.5  # seconds between two looks at memory


class DrawnVectors:
    """An ``Embedder`` that costs next to nothing: a vector is drawn by its text's checksum."""

    name, fingerprint = "drawn", "drawn-1"
    dimension, max_tokens = 384, 200

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Words."""
        return [len(text.split()) for text in texts]

    def encode_question(self, question: str) -> Vectors:
        """A unit vector."""
        vector: Vectors = self._drawn(question, 1)[0]
        return vector

    def encode_passages(
        self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]
    ) -> Iterator[tuple[int, Vectors, Vectors]]:
        """Unit vectors of each passage and its sentences."""
        for i, (text, spans) in enumerate(zip(texts, sentences, strict=True)):
            drawn = self._drawn(text, 1 + len(spans))
            yield i, drawn[0], drawn[1:]

    def _drawn(self, text: str, count: int) -> Vectors:
        chance = np.random.Generator(np.random.SFC64(zlib.crc32(text.encode())))
        rows: Vectors = chance.standard_normal((count, self.dimension), np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows


def name_of(number: int) -> str:
    """What file is called so many: broken ones are Word's by name."""
    kind = "docx" if is_broken(number) else _KINDS[number % len(_KINDS)]
    return f"{number // PER_FOLDER:04d}/note {number:07d}.{kind}"


def is_broken(number: int) -> bool:
    """Whether a file has to be reported: half of these are empty, half no documents of Word."""
    return number % _BROKEN == _BROKEN - 1


def text_of(number: int) -> str:
    """Two short paragraphs in which no other file is the same."""
    animal = _SIGHTINGS[number % len(_SIGHTINGS)]
    head = f"Sighting {number}"
    body = (
        f"The {animal} number {number} was seen near the mill on day {number % 365 + 1}. Its "
        f"keeper wrote in register {number // 97} that it returned to hut {number % 1013} "
        "before dusk."
    )
    if name_of(number).endswith("html"):
        return f"<!doctype html><title>{head}</title><h1>{head}</h1><p>{body}</p>"
    return f"# {head}\n\n{body}\n" if name_of(number).endswith("md") else f"{head}\n\n{body}\n"


def write_files(folder: Path, count: int) -> None:
    """The files; those that are there are left as they are."""
    for number in range(count):
        file = folder / name_of(number)
        if number % PER_FOLDER == 0:
            file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists():
            continue
        broken = "" if number % (2 * _BROKEN) == _BROKEN - 1 else "no document"
        file.write_text(broken if is_broken(number) else text_of(number))


class Memory:
    """The most memory of each kind of process below some, in MiB, by looking now and then."""

    def __init__(self, *roots: int) -> None:
        self._roots = roots
        self.most: Counter[str] = Counter()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(_LOOK):
            for process in [one for root in self._roots for one in below(root)]:
                with suppress(OSError):
                    held = Path(f"/proc/{process}/status").read_text()
                    told = Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ")
                    if found := re.search(r"^VmHWM:\s+(\d+) kB", held, re.MULTILINE):
                        kind = _kind(told.decode(errors="replace"), process in self._roots)
                        self.most[kind] = max(self.most[kind], int(found[1]) // 1024)

    def __str__(self) -> str:
        """In words."""
        kinds = ("driver", "build of a shard", "reader")
        return ", ".join(f"{kind} {self.most[kind]} MiB" for kind in kinds if self.most[kind])


def _kind(command: str, is_root: bool) -> str:
    if "benchmarks.cluster.many" in command:
        return "driver" if is_root else "other"
    if "qa_bot.loaders.worker" in command:
        return "reader"
    return "build of a shard" if "ray::_build" in command else "other"


def drive(arguments: argparse.Namespace) -> None:
    """One build in this process; what came of it is the last line that it prints."""
    model: Embedder | str = DEFAULT_MODEL if arguments.model else DrawnVectors()
    documents, index = arguments.folder / "documents", arguments.folder / arguments.drive
    seen: list[float] = []
    began = printed = time.monotonic()

    def tell(progress: Progress) -> None:
        nonlocal printed
        seen.append(progress.done)
        if time.monotonic() - printed >= _LOOK:
            printed = time.monotonic()
            print(json.dumps({"done": progress.done, "told": str(progress)}), flush=True)

    try:
        if arguments.drive == "one":
            receipt = build_index(documents, index, model=model, on_progress=tell)
        else:
            receipt = build_shards(
                documents,
                index,
                arguments.shards,
                model=model,
                options=Options(on_progress=tell),
                run=on_ray(arguments.ray),
            )
    except KeyboardInterrupt:
        print(json.dumps({"interrupted": time.monotonic() - began}), flush=True)
        return
    took = time.monotonic() - began
    numbers = range(arguments.files)
    whole = [name_of(number) for number in numbers if not is_broken(number)]
    broken = [name_of(number) for number in numbers if is_broken(number)]
    reported = [one.document_id for one in receipt.health.unreadable]
    print(
        json.dumps(
            {
                "seconds": took,
                "told": len(seen),
                "documents": receipt.documents,
                "passages": receipt.passages,
                "embedded": receipt.embedded,
                "reused": receipt.reused,
                "nothing changed": receipt.nothing_changed,
                "added": len(receipt.added),
                "added right": list(receipt.added) == sorted(whole),
                "changed": receipt.changed,
                "reported right": reported == sorted(broken),
            }
        )
    )


class Runs:
    """Builds, one after the other, each in a process of its own."""

    def __init__(self, arguments: argparse.Namespace, nodes: Cluster | None = None) -> None:
        self._arguments = arguments
        self._nodes = nodes

    def build(self, interrupt_at: float = 2.0) -> tuple[dict[str, Any], Memory]:
        """One build; at a share of the work, or after ``--minutes``, it gets what Ctrl+C sends."""
        given = self._arguments
        kind, address = ("shards", self._nodes.address) if self._nodes else ("one", "")
        command = [sys.executable, "-m", "benchmarks.cluster.many", "--drive", kind]
        command += ["--folder", str(given.folder), "--files", str(given.files)]
        command += ["--shards", str(given.shards), "--ray", address, *["--model"] * given.model]
        environment = self._nodes.environment if self._nodes else os.environ
        with subprocess.Popen(  # noqa: S603 - this module
            command, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT
        ) as process:
            nodes = [one.pid for one in self._nodes.nodes] if self._nodes else []
            with Memory(process.pid, *nodes) as memory:
                assert process.stdout is not None
                said: dict[str, Any] = {}
                struck, ends = 0.0, time.monotonic() + 60 * given.minutes
                for line in process.stdout:
                    said = json.loads(line)
                    if "told" in said and "done" in said:
                        print(f"  {said['told']}", file=sys.stderr, flush=True)
                    is_late = time.monotonic() > ends or said.get("done", 0) >= interrupt_at
                    if is_late and not struck:
                        process.send_signal(signal.SIGINT)
                        struck = time.monotonic()
            if process.wait() or "done" in said:
                raise SystemExit(f"a build failed: {said}")
            if struck:
                said["ended after"] = time.monotonic() - struck
        return said, memory


def edit(folder: Path, number: int = 0) -> None:
    """Change one file."""
    (folder / name_of(number)).write_text(
        text_of(number).replace("mill", f"tower {time.time_ns()}")
    )


def in_one(arguments: argparse.Namespace) -> Iterator[str]:
    """As one index: built, again, and with one file edited."""
    yield from built("One index", Runs(arguments), arguments, interrupt_at=0.0)


def in_shards(arguments: argparse.Namespace) -> Iterator[str]:
    """By a cluster: interrupted, gone on with, again, and with one file edited."""
    with cluster(1, head_cpus=0) as nodes:
        os.environ["RAY_AUTH_TOKEN"] = nodes.environment["RAY_AUTH_TOKEN"]
        until(lambda: bool(addresses(nodes)))
        for _ in range(2):
            another(nodes)
        joined(nodes.address).shutdown()
        name = f"{arguments.shards} shards, two nodes"
        yield from built(name, Runs(arguments, nodes), arguments, arguments.interrupt)


def built(
    name: str, runs: Runs, arguments: argparse.Namespace, interrupt_at: float
) -> Iterator[str]:
    """What each of the builds did."""
    if interrupt_at and not arguments.go_on:
        said, memory = runs.build(interrupt_at)
        yield _told(name, said, memory, arguments.files)
    said, memory = runs.build()
    is_whole = not arguments.go_on and not interrupt_at
    yield _told(name, said, memory, arguments.files if is_whole else 0)
    if "interrupted" in said:
        return
    said, memory = runs.build()
    yield _told_again(name, said, memory)
    edit(arguments.folder / "documents")
    said, memory = runs.build()
    yield (
        f"{name}, one file edited: {said['seconds']:.1f} s; changed {said['changed']}. Most "
        f"memory: {memory}."
    )


def _told(name: str, said: dict[str, Any], memory: Memory, files: int) -> str:
    if "interrupted" in said:
        return (
            f"{name}: interrupted after {said['interrupted']:.0f} s, ended "
            f"{said['ended after']:.1f} s after Ctrl+C. Most memory: {memory}."
        )
    speed = f", {files / said['seconds']:.0f} files/s" if files else " since it was gone on with"
    return (
        f"{name}: {said['seconds']:.0f} s{speed}; {said['documents']:,} documents, "
        f"{said['passages']:,} passages, {said['embedded']:,} embedded, {said['reused']:,} reused; "
        f"receipt names just what was added: {said['added right']}; every broken file reported, "
        f"and no other: {said['reported right']}; told {said['told']} times. "
        f"Most memory: {memory}."
    )


def _told_again(name: str, said: dict[str, Any], memory: Memory) -> str:
    return (
        f"{name}, again: {said['seconds']:.1f} s, nothing changed: {said['nothing changed']}, the "
        f"same files reported: {said['reported right']}. Most memory: {memory}."
    )


@contextmanager
def _place(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def main() -> None:
    """Measure, print, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--interrupt", type=float, default=0.4, help="share of the work; 0: not")
    parser.add_argument(
        "--minutes", type=float, default=1e9, help="after which a build ends as by Ctrl+C"
    )
    parser.add_argument("--go-on", action="store_true", help="with what is in --folder")
    parser.add_argument("--parts", nargs="*", choices=("one", "shards"), default=("one", "shards"))
    parser.add_argument("--folder", type=Path, help="kept, with what is built in it")
    parser.add_argument("--model", action="store_true", help="the usual one")
    parser.add_argument("--section", default="cluster-many", help="none to only print")
    parser.add_argument("--drive", choices=("one", "shards"), help=argparse.SUPPRESS)
    parser.add_argument("--ray", default="", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    os.environ.update(SETTINGS)  # Ray reads them when it is first imported
    if arguments.drive:
        drive(arguments)
        return
    lines = [f"Made by `python -m benchmarks.cluster.many --files {arguments.files}`.", ""]
    with _place(arguments.folder) as arguments.folder:
        write_files(arguments.folder / "documents", arguments.files)
        for part in arguments.parts:
            if not arguments.go_on:
                shutil.rmtree(arguments.folder / part, ignore_errors=True)
            for line in {"one": in_one, "shards": in_shards}[part](arguments):
                lines.append(f"- {line}")
                print(lines[-1], flush=True)
    if arguments.section != "none":
        save_section(arguments.section, "## Very many files\n\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
