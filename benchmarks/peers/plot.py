"""The picture of ``benchmarks.peers``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.peers.figures import FIGURES, OURS, RATE, Comparison, Measured, mean, median


def plot(found: Comparison, file: Path) -> None:
    """hit@1 on the SQuAD half beside indexing speed; white behind, so that dark pages do, too."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    shown = [one for one in found.systems if one.rounds and mean(one, "squad", "Success@1")]
    shown.sort(key=lambda one: mean(one, "squad", "Success@1") or 0)
    figure, (left, right) = pyplot.subplots(
        1, 2, figsize=(10, 4.2), layout="constrained", sharey=True, facecolor="white"
    )
    panels: tuple[tuple[Any, str, Callable[[Measured], float | None], str], ...] = (
        (left, "hit@1, SQuAD half", lambda one: mean(one, "squad", "Success@1"), "{:.3f}"),
        (
            right,
            "passages indexed per second (logarithmic)",
            lambda one: median(one, FIGURES[RATE]),
            "{:.0f}",
        ),
    )
    for axes, title, value, form in panels:
        for row, one in enumerate(shown):
            amount = value(one) or 0.0
            colour = "#D55E00" if one.name == OURS else "#0072B2"
            filled = colour if one.setting == "best" or one.name == OURS else "white"
            axes.plot(amount, row, "o", color=colour, markerfacecolor=filled, markersize=9)
            axes.annotate(
                form.format(amount), (amount, row), (9, -3), textcoords="offset points", fontsize=9
            )
        axes.set(xlabel=title)
        axes.grid(visible=True, axis="x", alpha=0.3)
        axes.margins(x=0.15)
        axes.spines[["top", "right"]].set_visible(False)
    right.set_xscale("log")
    left.set_yticks(range(len(shown)), [one.label for one in shown])
    figure.savefig(file, dpi=110)
    pyplot.close(figure)
