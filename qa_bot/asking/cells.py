"""A question and a table's passage → which row answers, and which cell of it.

Each cell that may answer gets a score, a weighted sum of a few features that say how the
question fits its row, its column and itself, and what the reader makes of them; the scores are
made into probabilities of the likeliest cells of the table that were found. The weights, and the
probabilities that a row and a cell need to be marked, are data: ``cells.json``
(``training/fit_cells.py``).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from qa_bot.asking.asked import asks_across, asks_to_compare
from qa_bot.asking.cell_features import FEATURES, Scored
from qa_bot.errors import ModelError
from qa_bot.tables import Cell, QuotedTable

_HEADER = FEATURES.index("header_asked")
_HEADER_PERIOD = FEATURES.index("header_period")
COMPARED = 30  # cells that share the probability: those beyond only dilute it
_DATA = Path(__file__).with_name("cells.json")


@dataclass(frozen=True, slots=True)
class Model:
    """The weight of each feature, and how likely a row and a cell must be to be marked.

    Where a question compares or reckons, no cell is marked; and other weights hold, but where
    it reckons with amounts of one row.
    """

    weights: tuple[float, ...]
    row_at: float
    cell_at: float
    comparing: tuple[float, ...]
    comparing_row_at: float


@cache
def load_model(file: Path = _DATA) -> Model:
    """The fitted numbers.

    Raises:
        ModelError: The file is missing, damaged, or of other features.
    """
    try:
        data = json.loads(file.read_text("utf-8"))
        single, comparing = data["weights"], data["comparing"]
        found = Model(
            tuple(float(single[name]) for name in FEATURES),
            float(data["row_at"]),
            float(data["cell_at"]),
            tuple(float(comparing[name]) for name in FEATURES),
            float(data["comparing_row_at"]),
        )
        is_sound = len(single) == len(comparing) == len(FEATURES)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"The numbers for tables can't be read from {file}.") from error
    limits = (found.row_at, found.cell_at, found.comparing_row_at)
    is_sound &= all(map(math.isfinite, (*found.weights, *found.comparing)))
    if not is_sound or not all(0 < limit <= 1 for limit in limits):
        raise ModelError(f"The numbers for tables in {file} are damaged.")
    return found


def probabilities(found: Scored, weights: Sequence[float]) -> list[float]:
    """How likely each cell answers, in [0, 1]; together they are 1."""
    return shares(
        math.fsum(weight * value for weight, value in zip(weights, values, strict=True))
        for values in found.features
    )


def shares(sums: Iterable[float]) -> list[float]:
    """Softmax over the ``COMPARED`` highest; the others have none.

    A table of hundreds of cells, each next to impossible, would make the right one less likely
    than a small table does.
    """
    values = list(sums)
    ordered = sorted(values, reverse=True)
    best, least = ordered[0], ordered[:COMPARED][-1]
    odds = [math.exp(value - best) if value >= least else 0.0 for value in values]
    total = math.fsum(odds)
    return [one / total for one in odds]


def is_told(values: Sequence[float], cells_of_row: int) -> bool:
    """Whether a cell's column is told: by a header that the question names, or by there being one.

    Args:
        values: The cell's features.
        cells_of_row: How many cells of its row may answer, its label included.
    """
    return cells_of_row <= 2 or values[_HEADER] > 0


def choose(
    question: str, found: Scored, model: Model | None = None, *, deciding: int | None = None
) -> tuple[tuple[int, ...], QuotedTable]:
    """The likeliest row, and the table with the rows and the cell to mark: none that isn't sure.

    Args:
        question: As asked.
        found: The cells that may answer.
        model: Other numbers than those that come along.
        deciding: The row that is known to have the most or the least of what is asked for.
    """
    if deciding is not None and deciding in found.rows:
        return (deciding,), _quoted(found, deciding, None)
    model = model or load_model()
    likely = probabilities(found, model.weights)
    row_at = model.row_at
    is_single = not asks_to_compare(question, found.names[_best(likely)])
    if not is_single and not (asks_across(question) and _is_across(found, _best(likely))):
        likely, row_at = probabilities(found, model.comparing), model.comparing_row_at
    rows: dict[int, float] = {}
    for cell, value in zip(found.cells, likely, strict=True):
        rows[cell.row] = rows.get(cell.row, 0.0) + value
    row = max(rows, key=lambda row: (rows[row], -row))
    best = _best(likely)
    cell = found.cells[best]
    told = is_told(found.features[best], sum(one.row == cell.row for one in found.cells))
    if likely[best] >= model.cell_at and told and is_single:
        return (cell.row,), _quoted(found, cell.row, cell)
    table = _quoted(found, row, None)
    return (row,), table if rows[row] >= row_at else replace(table, rows=(), labels=())


def _is_across(found: Scored, best: int) -> bool:
    """Whether several of a cell's row are of the question's years: they are reckoned with."""
    cells = zip(found.cells, found.features, strict=True)
    return (
        sum(
            cell.row == found.cells[best].row and values[_HEADER_PERIOD] > 0
            for cell, values in cells
        )
        > 1
    )


def _best(likely: Sequence[float]) -> int:
    return max(range(len(likely)), key=lambda at: (likely[at], -at))


def _quoted(found: Scored, row: int, cell: Cell | None) -> QuotedTable:
    passage = found.rows[row].passage.candidate.passage
    table = found.table.within(passage.start, passage.end)
    values = (one for one in table.cells if one.row == row and one.kind == "value")
    named = cell or next(values, None)
    return QuotedTable(
        table,
        (row,),
        cell,
        tuple(one.span for one in table.headers(cell)) if cell else (),
        tuple(one.span for one in table.labels(named)) if named else (),
    )
