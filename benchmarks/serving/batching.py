"""Whether it pays to run the sequences of several questions together.

Run with ``python -m benchmarks.serving.batching``. The reader's layers run one sequence, or
several as one batch, in one stream with one thread, as the server does on each core; by turns, in
processor time. Sequences of one batch have the same length here, which is the best case.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np

from benchmarks.results import save_section
from qa_bot.models.engine import openvino_layers
from qa_bot.models.engine.bert import Rows
from qa_bot.models.reader import FOLDER, _bert

LENGTHS = {"a question": 16, "a passage with its question": 128, "a long one": 248}
BATCHES = (1, 2, 4, 8)
ROUNDS = 15


def compiled(bfloat16: bool) -> Any:  # noqa: ANN401 - OpenVINO is imported late
    """The layers for batches of any size, in one stream with one thread."""
    library = openvino_layers._library()
    model = openvino_layers._graph(_bert(FOLDER))
    hidden = _bert(FOLDER).hidden
    rows, mask = library.PartialShape([-1, -1, hidden]), library.PartialShape([-1, 1, 1, -1])
    model.reshape({0: rows, 1: mask})
    settings = {
        "INFERENCE_PRECISION_HINT": "bf16" if bfloat16 else "f32",
        "NUM_STREAMS": 1,
        "INFERENCE_NUM_THREADS": 1,
        "ENABLE_CPU_PINNING": False,
    }
    return library.Core().compile_model(model, "CPU", settings).create_infer_request()


def run(request: Any, rows: Rows) -> Rows:  # noqa: ANN401
    """What the layers make of a batch ``(n, t, hidden)``."""
    mask = np.zeros((len(rows), 1, 1, rows.shape[1]), np.float32)
    found: Rows = np.array(request.infer([rows, mask], share_inputs=True)[0])
    return found


def measure(request: Any, length: int) -> tuple[dict[int, float], dict[int, bool]]:  # noqa: ANN401
    """Milliseconds of processor time for a sequence, and whether it comes out the same."""
    bert = _bert(FOLDER)
    ids = np.random.default_rng(0).integers(1_000, 20_000, (max(BATCHES), length))
    rows = np.stack([bert.start(one.tolist()) for one in ids])
    alone = np.concatenate([run(request, rows[at : at + 1]) for at in range(len(rows))])
    same = dict.fromkeys(BATCHES, True)
    took: dict[int, list[float]] = {size: [] for size in BATCHES}
    for _ in range(ROUNDS):
        for size in BATCHES:
            began = time.process_time()
            parts = [run(request, rows[at : at + size]) for at in range(0, len(rows), size)]
            took[size].append((time.process_time() - began) * 1000 / len(rows))
            same[size] &= bool(np.array_equal(np.concatenate(parts), alone))
    return {size: statistics.median(times) for size, times in took.items()}, same


def main() -> None:
    """Measure, and write the section."""
    layers = openvino_layers.Layers(_bert(FOLDER))
    lines = [
        "## Serving: questions together or one by one",
        "",
        "Made by `python -m benchmarks.serving.batching`: the reader's layers in "
        f"{layers.describe()}, one stream with one thread, {ROUNDS} rounds by turns. Milliseconds "
        "of processor time for each sequence; in brackets how many times as many come out in a "
        "second as one by one.",
        "",
        "| tokens | " + " | ".join(f"{size} together" for size in BATCHES) + " | the same bits |",
        "|---|" + "---:|" * len(BATCHES) + "---|",
    ]
    request = compiled(layers.bfloat16)
    for name, length in LENGTHS.items():
        took, same = measure(request, length)
        cells = [f"{took[size]:.2f} ({took[1] / took[size]:.2f})" for size in BATCHES]
        told = "yes" if all(same.values()) else "no"
        lines.append(f"| {name}: {length} | " + " | ".join(cells) + f" | {told} |")
    text = "\n".join(lines)
    print(text)
    save_section("serving-batching", text)


if __name__ == "__main__":
    main()
