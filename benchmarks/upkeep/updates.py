"""What keeping an index up to date costs: nothing changed, one file edited, and everything new.

Run with ``python -m benchmarks.upkeep.updates [--files 10000]``. All figures are ratios
of things measured in turn, several times, in this run.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks.datasets import SQUAD, WIKI, need_data, squad
from benchmarks.results import save_section
from qa_bot import build_index, open_index
from qa_bot.building.passages import split_document
from qa_bot.loaders import load_document
from qa_bot.models.embedding import SentenceTransformerEmbedder, load_embedder

ROUNDS = 5


def seconds(work: Callable[[], object]) -> float:
    """How long something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def write_files(folder: Path, count: int) -> None:
    """Many notes of a sentence or two, old enough to be told apart by their time."""
    texts = [passage.text[:120] for _, cut in squad(WIKI).documents for passage in cut]
    folder.mkdir()
    for number in range(count):
        file = folder / f"{number:05}.txt"
        file.write_text(f"{texts[number % len(texts)]}\n\nThis is note {number}.\n")
        os.utime(file, (time.time() - 60, time.time() - 60))


def look_at(folder: Path) -> None:
    """Read the sizes and times of all files, as any program must."""
    with os.scandir(folder) as listing:
        for entry in listing:
            entry.stat()


def upkeep(folder: Path, count: int, model: SentenceTransformerEmbedder) -> list[str]:
    """Nothing changed, and one file edited, among many."""
    documents, index = folder / "documents", folder / "index"
    write_files(documents, count)
    build_index(documents, index, model=model)

    def idle_round() -> tuple[float, float]:
        least = seconds(lambda: look_at(documents))
        least += seconds(lambda: open_index(index, model=model).close())
        return seconds(lambda: build_index(documents, index, model=model)), least

    idle = [idle_round() for _ in range(ROUNDS)]
    edited, unsure = [], []
    for number in range(ROUNDS):
        (documents / f"{number:05}.txt").write_text(f"The edit of round {number} is short.\n")
        edited.append(seconds(lambda: build_index(documents, index, model=model)))
        unsure.append(idle_round())
    return [
        f"| nothing changed, {count:,} files: against reading sizes and times and opening the index"
        f" | {_median_ratio(idle)} | 1.5 ×, 2 s |",
        "| the same within two seconds of an edit, when times don't tell a later one"
        f" | {_median_ratio(unsure)} | |",
        f"| one file edited among {count:,} | {statistics.median(edited):.2f} s | 3 s |",
    ]


def _median_ratio(rounds: Sequence[tuple[float, float]]) -> str:
    """Of what a build took to what is the least, with the seconds that it took."""
    ratio = statistics.median(ours / least for ours, least in rounds)
    return f"{ratio:.2f} × ({statistics.median(ours for ours, _ in rounds):.2f} s)"


def overhead(folder: Path, model: SentenceTransformerEmbedder) -> str:
    """The whole of ``build_index`` against encoding the same passages and nothing else."""
    documents = folder / "articles"
    documents.mkdir()
    for document, _ in squad(SQUAD).documents:
        (documents / f"{document.id}.txt").write_text(document.text)
    texts, spans = [], []
    for file in sorted(documents.iterdir()):
        document = load_document(file, file.name)
        for passage in split_document(document, model.count_tokens, model.max_tokens):
            texts.append(passage.text)
            spans.append(
                [(s.start - passage.start, s.end - passage.start) for s in passage.sentences]
            )
    ratios = []
    for number in range(ROUNDS):
        bare = seconds(lambda: list(model.encode_passages(texts, spans)))
        whole = seconds(partial(build_index, documents, folder / f"whole-{number}", model=model))
        ratios.append(whole / bare)
    listed = ", ".join(f"{ratio:.2f}" for ratio in sorted(ratios))
    return (
        f"| `build_index` of {len(texts):,} passages of plain text, against encoding them alone"
        f" | {statistics.median(ratios):.2f} × (of {listed}) | 1.15 × |"
    )


def main() -> None:
    """Print the table and save it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    arguments = parser.parse_args()
    need_data()
    model = load_embedder("all-MiniLM-L6-v2")
    model.encode_question("warm up")
    with tempfile.TemporaryDirectory() as scratch:
        rows = [overhead(Path(scratch), model), *upkeep(Path(scratch), arguments.files, model)]
    text = "\n".join(["## Upkeep", "", "| | qa_bot | to reach |", "|---|---|---|", *rows])
    print(text)
    save_section("upkeep", text)


if __name__ == "__main__":
    main()
