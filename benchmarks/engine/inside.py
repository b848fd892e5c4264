"""What reading in stages, and bfloat16, change: ``python -m benchmarks.engine.inside``.

Both ways of each question, and of each passage, alternate in one process, by the processor's
time; so the ratios hold on a machine that others use, too.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmarks.datasets import SQUAD, need_data, squad
from benchmarks.results import save_section
from qa_bot import Index, Passage, Reading, answer, open_index
from qa_bot.building.build import index_passages
from qa_bot.models import packaged
from qa_bot.models.embedding import DEFAULT_MODEL, load_embedder
from qa_bot.models.engine.openvino_layers import Layers, batches_of
from qa_bot.models.packaged import Packaged
from qa_bot.models.pooling import unit
from qa_bot.models.reader import DEFAULT_READER

Result = TypeVar("Result")


def main() -> None:
    """Measure, print, and write the lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=20, help="of SQuAD's questions")
    parser.add_argument("--section", default="engine-inside", help="none to only print")
    arguments = parser.parse_args()
    need_data()
    collection = squad(SQUAD)
    questions = collection.questions[:: arguments.every]
    with tempfile.TemporaryDirectory() as scratch:
        index_passages(collection.documents, Path(scratch), load_embedder(DEFAULT_MODEL))
        with open_index(scratch) as index:
            lines = [
                f"Made by `python -m benchmarks.engine.inside --every {arguments.every}`.",
                "",
                stages_line([one.text for one in questions], index),
            ]
    texts = [passage.text for _, cut in collection.documents for passage in cut][:200]
    model = packaged.load(DEFAULT_MODEL)
    assert model, packaged.why_not(DEFAULT_MODEL)
    lines += ["", filling_line(texts, model), "", precision_line(texts, model)]
    print("\n".join(lines))
    if arguments.section != "none":
        save_section(arguments.section, "\n".join(lines))


class AtOnce:
    """The reader that comes along, given all passages at once, as any other reader is."""

    name = "at once"

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        """One reading each."""
        return DEFAULT_READER.read(question, passages)


def timed(work: Callable[..., Result], *arguments: object) -> tuple[float, Result]:
    """Seconds of the processor, and what came of it."""
    began = time.process_time()
    found = work(*arguments)
    return time.process_time() - began, found


def stages_line(questions: Sequence[str], index: Index) -> str:
    """How many answers of reading in stages are others than of reading all at once."""
    ways = [partial(answer, index=index, reader=one) for one in (DEFAULT_READER, AtOnce())]
    costs = np.zeros(2)
    changed = {"verdicts": 0, "first quotes": 0, "lists of quotes": 0}
    ways[0](questions[0])
    for question in questions:
        timings = [timed(way, question) for way in ways]
        costs += [cost for cost, _ in timings]
        staged, full = (found for _, found in timings)
        quotes, others = ([quote.passage for quote in one.quotes] for one in (staged, full))
        changed["verdicts"] += staged.verdict != full.verdict
        changed["first quotes"] += quotes[:1] != others[:1]
        changed["lists of quotes"] += quotes != others
    told = ", ".join(f"{count} {what}" for what, count in changed.items())
    return (
        f"Reading in stages, {len(questions)} questions of SQuAD, half of them unanswerable: "
        f"{told} are others than of eight passages read at once; `answer` takes "
        f"{costs[0] / costs[1]:.2f} of the time."
    )


def filling_line(texts: Sequence[str], model: Packaged) -> str:
    """What of the encoded tokens is filling, by OpenVINO's batches and by torch's."""
    counts = np.array([len(model.cut(text)) for text in texts])
    batches = batches_of(counts.tolist())
    ours = sum(len(one) * -(-int(counts[one].max()) // 8) * 8 for one in batches)
    longest = np.sort(counts)[::-1]
    eights = [longest[first : first + 8] for first in range(0, len(texts), 8)]
    torch = sum(len(one) * int(one[0]) for one in eights)
    return (
        f"Filling, {len(texts)} paragraphs of {counts.mean():.0f} tokens: "
        f"{1 - counts.sum() / ours:.3f} of what is encoded (in torch's batches of eight: "
        f"{1 - counts.sum() / torch:.3f})."
    )


def precision_line(texts: Sequence[str], model: Packaged) -> str:
    """Passages in bfloat16, where this processor has it, and in float32."""
    if not model.layers.bfloat16:
        return "bfloat16: this processor has none."
    ways = [model.layers, Layers(model.bert, bfloat16=False)]
    starts = [model.bert.start(model.cut(text)) for text in texts]
    for way in ways:
        way.run_all("building", starts[:50])
    costs, near = [], []
    for start in starts:
        timings = [timed(way.run, "building", start) for way in ways]
        costs.append([cost for cost, _ in timings])
        means = unit(np.stack([states.mean(axis=0) for _, states in timings]))
        near.append(float(means[0] @ means[1]))
    fast, plain = np.median(costs, axis=0)
    return (
        f"bfloat16 switched off, {len(texts)} paragraphs, one by one: {plain / fast:.2f} × the "
        f"time; the lowest cosine of the two vectors of a text is {min(near):.5f}."
    )


if __name__ == "__main__":
    main()
