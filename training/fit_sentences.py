"""Fit how much retrieval's evidence for a sentence counts beside the reader's.

``python -m training.fit_sentences`` prints the share of answers in the best sentence of their
passage for each weight; ``qa_bot.asking.judging`` holds the one chosen. The questions on half
of the held-out documents choose, the others confirm.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.datasets import join
from qa_bot import Index, open_index
from qa_bot.asking.judging import READ
from qa_bot.asking.retrieval import WEIGHTS, Candidate, rank
from qa_bot.building.build import index_passages
from qa_bot.models.embedding import DEFAULT_MODEL, load_embedder
from qa_bot.models.reader import Reading, SpanReader
from training.examples import Example
from training.prose_sets import prose

ASKED = {"new_wiki": 700, "fairytale": 350}  # questions of a source
OTHERS = 250
TRIED = 0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 1000.0

Case = tuple[Example, Candidate, Reading]
"""A question with the passage that answers it, and what the reader makes of that."""


def build(examples: Sequence[Example], folder: Path) -> None:
    """An index of the held-out passages, among all others of the Wikipedia part."""
    texts: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for example in examples:
        if example.held_out or example.source == "new_wiki":
            texts[example.source, example.document][example.text] = None
    headings = {(one.source, one.document): one.heading for one in examples}
    pairs = [
        join(f"{source}/{document}", headings[source, document].split(" > ")[0], list(held))
        for (source, document), held in texts.items()
    ]
    index_passages(pairs, folder, load_embedder(DEFAULT_MODEL))


def cases(examples: Sequence[Example], index: Index) -> Iterator[Case]:
    """Held-out questions whose own passage, whole, is among those that are read."""
    chance, reader = random.Random(0), SpanReader()
    by_source: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        if example.held_out and example.answers and example.source != "qamr":
            by_source[example.source].append(example)
    for source, found in by_source.items():
        chance.shuffle(found)
        for example in found[: ASKED.get(source, OTHERS)]:
            candidates = rank(example.question, index, READ).candidates[:READ]
            whole = [one for one in candidates if one.passage.text == example.text]
            if whole:
                (reading,) = reader.read(example.question, [whole[0].passage])
                yield example, whole[0], reading


def chooses(example: Example) -> bool:
    """Whether a question helps to choose, or to confirm; those on one document do the same."""
    return zlib.crc32(f"{example.source}/{example.document}".encode()) % 2 == 0


def hits(chosen: Sequence[Case], weight: float) -> float:
    """Share of the answers in the best sentence of their passage."""
    found = []
    for example, candidate, reading in chosen:
        evidence = WEIGHTS.sentence_evidence(candidate)
        pairs = zip(reading.sentences, evidence, strict=True)
        best = candidate.passage.sentences[
            int(np.argmax([log + weight * one for log, one in pairs]))
        ]
        start, end = best.start - candidate.passage.start, best.end - candidate.passage.start
        found.append(any(a < end and b > start for a, b in example.answers))
    return float(np.mean(found))


def main() -> None:
    """Print the shares for each weight, of both halves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/training"))
    arguments = parser.parse_args()
    examples = list(prose(arguments.data))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        build(examples, folder)
        with open_index(folder) as index:
            found = list(cases(examples, index))
    halves = [[case for case in found if chooses(case[0]) is half] for half in (True, False)]
    for weight in TRIED:
        shares = [hits(half, weight) for half in halves]
        print(f"sentence weight {weight:g}: {shares[0]:.4f}, confirmed {shares[1]:.4f}", flush=True)


if __name__ == "__main__":
    main()
