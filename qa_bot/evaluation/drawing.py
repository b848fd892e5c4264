"""An evaluation as a picture: the risk–coverage curve and the confidences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qa_bot.errors import NotInstalledError, QaBotError, UsageError
from qa_bot.evaluation.outcomes import Evaluation

_ANSWERED, _UNANSWERED, _INK = "#2b6cb0", "#c05621", "#444444"


def check_drawing(path: Path) -> None:
    """Make sure that a picture can be drawn into a file of this name.

    Raises:
        NotInstalledError: matplotlib isn't there.
        UsageError: The suffix is none of a picture that it draws.
    """
    try:
        import matplotlib.figure  # noqa: F401
        from matplotlib.backend_bases import FigureCanvasBase
    except ImportError as error:
        raise NotInstalledError("matplotlib", "--plot") from error
    kinds = FigureCanvasBase.get_supported_filetypes()
    if path.suffix.lower().removeprefix(".") not in kinds:
        listed = ", ".join(f".{kind}" for kind in sorted(kinds))
        raise UsageError(f"{path} can't be drawn: its name must end in one of {listed}.")


def draw(evaluation: Evaluation, path: Path) -> None:
    """Draw the picture into a file, whose suffix says of what kind it is.

    Raises:
        NotInstalledError: matplotlib isn't there.
        UsageError: The suffix is none of a picture that matplotlib draws.
        QaBotError: The file can't be written.
    """
    check_drawing(path)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    picture = Figure(figsize=(10, 4), dpi=150, layout="constrained")
    FigureCanvasAgg(picture)  # so that no screen is needed
    left, right = picture.subplots(1, 2)
    _draw_curve(evaluation, left)
    _draw_confidences(evaluation, right)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
        axes.set_axisbelow(True)
    try:
        picture.savefig(path)
    except (OSError, ValueError, RuntimeError) as error:  # of .pgf, without LaTeX
        raise QaBotError(f"{path} can't be written ({' '.join(str(error).split())}).") from error


def _draw_curve(evaluation: Evaluation, axes: Any) -> None:  # noqa: ANN401
    coverage = [0.0, *(x for x, _ in evaluation.risk_coverage)]
    risk = [evaluation.risk_coverage[0][1], *(y for _, y in evaluation.risk_coverage)]
    axes.plot(coverage, risk, color=_ANSWERED)
    area = evaluation.summary.aurc.value
    axes.fill_between(coverage, risk, color=_ANSWERED, alpha=0.12, label=f"area {area:.3f}")
    used = sum(one.found for one in evaluation.outcomes) / len(evaluation.outcomes)
    axes.axvline(used, color=_INK, linestyle="--", linewidth=1)
    axes.annotate(
        f"threshold {evaluation.threshold:g}",
        (used, 1),
        xycoords=("data", "axes fraction"),
        xytext=(-4, -4),
        textcoords="offset points",
        ha="right",
        va="top",
        rotation=90,
        color=_INK,
        fontsize=8,
    )
    axes.set(
        title="Risk and coverage",
        xlabel="share of the questions answered, the surest first",
        ylabel="share of those that are wrong",
        xlim=(0, 1),
        ylim=(0, max(*risk, 0.05) * 1.1),
    )
    axes.legend(frameon=False, loc="upper left")


def _draw_confidences(evaluation: Evaluation, axes: Any) -> None:  # noqa: ANN401
    bins = [n / 20 for n in range(21)]
    kinds = (
        (True, "the documents answer", _ANSWERED),
        (False, "they don't", _UNANSWERED),
    )
    groups = [
        (
            [one.confidence for one in evaluation.outcomes if one.question.answered is answered],
            label,
            colour,
        )
        for answered, label, colour in kinds
    ]
    shown = [group for group in groups if group[0]]
    axes.hist(
        [values for values, _, _ in shown],
        bins,
        stacked=True,
        color=[colour for _, _, colour in shown],
        label=[label for _, label, _ in shown],
    )
    axes.axvline(evaluation.threshold, color=_INK, linestyle="--", linewidth=1)
    axes.set(title="Confidence", xlabel="confidence", ylabel="questions", xlim=(0, 1))
    axes.legend(frameon=False, loc="upper left")
