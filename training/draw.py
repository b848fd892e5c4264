"""The log of a run as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_FIGURES = (
    "exact match",
    "f1",
    "sentence, factoid",
    "sentence, explanatory",
    "AUROC, near",
    "AUROC, deleted",
    "AUROC, swapped",
    "AUROC, lookalike",
    "AUROC, people",
)


def draw(rows: list[dict[str, Any]], file: Path) -> None:
    """Loss by step, and the figures on held-out examples beside it.

    Args:
        rows: Lines of the log, in their order; of a step that was repeated, the last counts.
        file: Where the picture goes.
    """
    from matplotlib.figure import Figure

    losses = {row["step"]: row["loss"] for row in rows if "loss" in row}
    scored = {row["step"]: row for row in rows if "f1" in row}
    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(list(losses), list(losses.values()), color="#1a56b0")
    left.set(title="Loss of a group (mean of 50 steps)", xlabel="steps", ylim=(0, None))
    for name in _FIGURES:
        right.plot(list(scored), [row[name] for row in scored.values()], marker=".", label=name)
    right.set(title="Held-out examples, averaged weights", xlabel="steps", ylim=(0.3, 1))
    right.legend(fontsize=8, loc="lower right")
    for axes in (left, right):
        axes.grid(alpha=0.3)
    figure.savefig(file, dpi=110)
