"""What size costs: building, searching, memory and disk, from 10 thousand to a million passages.

Run with ``python -m benchmarks.upkeep.scale [10000 100000 1000000]``. The texts are real
paragraphs with their names changed from copy to copy; their vectors are those of
the real paragraphs moved at random, since to encode a million passages takes hours.
The questions are real, and so is their encoding.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks import ROOT
from benchmarks.datasets import WIKI, need_data, squad
from benchmarks.results import save_section
from qa_bot import check_index, open_index, retrieve
from qa_bot.building.build import index_passages
from qa_bot.models.embedding import SentenceTransformerEmbedder, Vectors, load_embedder
from qa_bot.records import Block, Document, Passage, Section, Span

SIZES = (10_000, 100_000, 1_000_000)
PER_DOCUMENT = 100  # passages
MOVED = 0.6  # length of what is added at random to the unit vector of a paragraph
QUESTIONS = 300
PLOT = ROOT / "docs" / "scale.png"
_NAME = re.compile(r"\b[A-Z][a-z]{2,}\b")


@dataclass(frozen=True, slots=True)
class Growth:
    """What was measured at one size; times in seconds, sizes in bytes."""

    passages: int
    build: float
    build_memory: int
    disk: int
    open: float
    p50: float
    p95: float
    memory: int  # anonymous, beyond that of the process with its model
    mapped: int  # of files, which the system may drop at any time
    recall: float


class MovedVectors:
    """An ``Embedder`` of copies: the original's vectors, moved at random."""

    def __init__(self, model: SentenceTransformerEmbedder, originals: Vectors) -> None:
        self.name, self.dimension = "moved", model.dimension
        self.fingerprint = f"moved-{model.fingerprint}"
        self.max_tokens = model.max_tokens
        self._model = model
        self._originals = originals
        self._chance = np.random.default_rng(0)
        self.next = 0  # the number of the passage that is encoded next

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """As the model counts."""
        return self._model.count_tokens(texts)

    def encode_question(self, question: str) -> Vectors:
        """As the model encodes it."""
        return self._model.encode_question(question)

    def encode_passages(
        self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]
    ) -> Iterator[tuple[int, Vectors, Vectors]]:
        """Passages in their order, since a copy's number says what it is a copy of."""
        del texts
        for i, spans in enumerate(sentences):
            original = self._originals[self.next % len(self._originals)]
            self.next += 1
            rows = self._chance.standard_normal((1 + len(spans), self.dimension)).astype(np.float32)
            rows *= MOVED / np.linalg.norm(rows, axis=1, keepdims=True)
            rows += original
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            yield i, rows[0], rows[1:]


def load_originals(model: SentenceTransformerEmbedder) -> tuple[list[Passage], Vectors, list[str]]:
    """Real paragraphs, their vectors ``(n, d)``, and questions asked of them."""
    collection = squad(WIKI)
    passages = [passage for _, cut in collection.documents for passage in cut]
    vectors = np.empty((len(passages), model.dimension), np.float32)
    texts = [passage.text for passage in passages]
    for i, vector, _ in model.encode_passages(texts, [[] for _ in texts]):
        vectors[i] = vector
    asked = [question.text for question in collection.answerable]
    return passages, vectors, random.Random(0).sample(asked, QUESTIONS)  # noqa: S311


def copies(originals: Sequence[Passage], count: int) -> Iterator[tuple[Document, list[Passage]]]:
    """Documents of ``PER_DOCUMENT`` copies; a name gives way to another of the same length."""
    names: dict[int, list[str]] = {}
    for name in sorted({name for one in originals for name in _NAME.findall(one.text)}):
        names.setdefault(len(name), []).append(name)
    chance = random.Random(1)  # noqa: S311 - names, not secrets

    def other(match: re.Match[str]) -> str:
        return chance.choice(names[len(match[0])])

    for first in range(0, count, PER_DOCUMENT):
        made: list[Passage] = []
        texts, length = [], 0
        for number in range(first, min(first + PER_DOCUMENT, count)):
            original = originals[number % len(originals)]
            text = original.text
            if number >= len(originals):
                text = _NAME.sub(other, text)
            shift = length - original.start
            made.append(
                replace(
                    original,
                    document_id=f"{first:09}.txt",
                    title=f"Volume {first}",
                    start=length,
                    end=length + len(text),
                    text=text,
                    sentences=tuple(
                        replace(one, start=one.start + shift, end=one.end + shift)
                        for one in original.sentences
                    ),
                )
            )
            texts.append(text)
            length += len(text) + 2
        whole = "\n\n".join(texts)
        blocks = tuple(Block("paragraph", one.start, one.end) for one in made)
        root = Section((), 0, len(whole))
        yield Document(f"{first:09}.txt", f"Volume {first}", whole, (root,), blocks), made


def build(folder: Path, count: int) -> dict[str, float]:
    """Build an index of so many passages in this process."""
    model = load_embedder("all-MiniLM-L6-v2")
    originals, vectors, _ = load_originals(model)
    began = time.perf_counter()
    index_passages(copies(originals, count), folder, MovedVectors(model, vectors))
    return {"build": time.perf_counter() - began, "build_memory": _status("VmHWM")}


def serve(folder: Path) -> dict[str, float]:
    """Ask an index in this process."""
    model = load_embedder("all-MiniLM-L6-v2")
    _, vectors, questions = load_originals(model)
    embedder = MovedVectors(model, vectors)
    before, mapped = _status("RssAnon"), _status("RssFile")
    began = time.perf_counter()
    with open_index(folder, model=embedder) as index:
        opened = time.perf_counter() - began
        times = []
        for question in questions:
            began = time.perf_counter()
            retrieve(question, index, k=5)
            times.append(time.perf_counter() - began)
        ordered = sorted(times[20:])
        return {
            "open": opened,
            "p50": statistics.median(ordered),
            "p95": ordered[int(0.95 * len(ordered))],
            "memory": _status("RssAnon") - before,
            "mapped": _status("RssFile") - mapped,
        }


def _status(name: str) -> int:
    """A figure on this process's memory, in bytes."""
    found = re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def measure(count: int) -> Growth:
    """Build and serve an index, each in a process of its own."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("QA_BOT_SCRATCH")) as scratch:
        folder = Path(scratch) / "index"
        built = _elsewhere("--build", str(count), str(folder))
        served = _elsewhere("--serve", str(count), str(folder))
        disk = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        checked = check_index(folder)
        if checked.faults or checked.recall is None:
            raise SystemExit(f"the index of {count:,} passages is wrong: {checked.faults}")
    figures = {**built, **served}
    for name in ("build_memory", "memory", "mapped"):
        figures[name] = int(figures[name])
    return Growth(passages=count, disk=disk, recall=checked.recall, **figures)  # type: ignore[arg-type]


def _elsewhere(*arguments: str) -> dict[str, float]:
    done = subprocess.run(  # noqa: S603 - this interpreter, this module
        [sys.executable, "-m", "benchmarks.upkeep.scale", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def table(rows: Sequence[Growth]) -> str:
    """The section of RESULTS.md."""
    lines = [
        "## Size",
        "",
        "Real paragraphs with their names changed, real questions, the paragraphs' vectors moved",
        "at random; exact search up to 50,000 passages, inverted lists of 8-bit codes beyond.",
        "",
        "| passages | build (without encoding) | peak memory of it | on disk | open"
        " | `retrieve` p50 / p95 | memory to serve (beyond the model) | files mapped | recall@10 |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {row.passages:,} | {row.build:.0f} s | {row.build_memory / 2**30:.2f} GiB"
        f" | {row.disk / 2**30:.2f} GiB | {row.open:.2f} s"
        f" | {1000 * row.p50:.0f} / {1000 * row.p95:.0f} ms | {row.memory / 2**20:.0f} MiB"
        f" | {row.mapped / 2**20:.0f} MiB | {row.recall:.3f} |"
        for row in rows
    ]
    lines += [
        "",
        "To reach: 25/40, 35/60 and 80/150 ms; recall 0.97 and 1.5 GiB at a million.",
        "",
        "![Time, memory and disk against passages](../docs/scale.png)",
    ]
    return "\n".join(lines)


def plot(rows: Sequence[Growth]) -> None:
    """Growth on logarithmic axes."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    sizes = [row.passages for row in rows]
    for label, values in (
        ("build, without encoding", [row.build for row in rows]),
        ("open", [row.open for row in rows]),
        ("retrieve, p95", [row.p95 for row in rows]),
        ("retrieve, p50", [row.p50 for row in rows]),
    ):
        left.loglog(sizes, values, marker="o", label=label)
    for label, amounts in (
        ("on disk", [row.disk for row in rows]),
        ("peak memory of building", [row.build_memory for row in rows]),
        ("memory to serve, beyond the model", [max(row.memory, 1) for row in rows]),
    ):
        right.loglog(sizes, [amount / 2**20 for amount in amounts], marker="o", label=label)
    for axes, what in ((left, "seconds"), (right, "MiB")):
        axes.set(xlabel="passages", ylabel=what)
        axes.grid(visible=True, which="major", alpha=0.3)
        axes.legend(frameon=False)
    figure.savefig(PLOT, dpi=110)


def main() -> None:
    """Measure each size; print and save the table and the plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=list(SIZES))
    parser.add_argument("--build", nargs=2, metavar=("COUNT", "FOLDER"), help=argparse.SUPPRESS)
    parser.add_argument("--serve", nargs=2, metavar=("COUNT", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    need_data()
    if arguments.build:
        print(json.dumps(build(Path(arguments.build[1]), int(arguments.build[0]))))
        return
    if arguments.serve:
        print(json.dumps(serve(Path(arguments.serve[1]))))
        return
    rows = []
    for count in arguments.sizes:
        rows.append(measure(count))
        print(json.dumps(asdict(rows[-1])), flush=True)
    print(table(rows))
    if arguments.sizes == list(SIZES):
        plot(rows)
        save_section("scale", table(rows))


if __name__ == "__main__":
    main()
