"""Fit which row and cell of a table answer a question (``qa_bot/asking/cells.json``).

``python -m training.fit_cells`` reads each question's table as an index holds it, takes the
passage with the row that answers, and fits the features' weights so that the cells that answer
are likeliest. What a row and a cell need to be marked is chosen on folds that the weights were
not fitted on: as low as leaves ``WRONG`` of what is shown wrong, twice that for rows, each
source counting alike. Tables that are held out are neither fitted nor chosen on.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qa_bot import Index, build_index, open_index
from qa_bot.asking.asked import asks_to_compare
from qa_bot.asking.cell_features import FEATURES, Scored, scored
from qa_bot.asking.cells import is_told, shares
from qa_bot.asking.judging import judge
from qa_bot.asking.retrieval import rank
from qa_bot.asking.same_table import TablePassages, same_table
from qa_bot.models.reader import DEFAULT_READER
from qa_bot.tables import Span
from training.sets import load_examples
from training.table_questions import (
    SEED,
    TableQuestion,
    aitqa,
    by_rule,
    gold,
    tatqa,
    wikitables,
)
from training.tables import tables

FOLDS = 5
MOST = 1_600  # questions of each source that name what they want; of others half as many
WRONG = 0.05  # of the cells that are shown
FEWEST = 20  # of a source's cells that are shown, to say how many are wrong
MEASURED = ("wikitables", "tatqa", "aitqa")  # those by rule are easier than people's
PENALTY = 0.1  # on the weights' squares
FILE = Path(__file__).parents[1] / "qa_bot/asking/cells.json"

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Case:
    """A question's cells: features ``(cells, features)``, the row of each, which answer."""

    source: str
    table: str
    compares: bool
    features: Array
    rows: npt.NDArray[np.int64]
    right: npt.NDArray[np.bool_]


def write(questions: Iterable[TableQuestion], documents: Path) -> None:
    """Write each table as a page of its own, once."""
    documents.mkdir(parents=True, exist_ok=True)
    for one in questions:
        file = documents / one.document
        if not file.exists():
            file.write_text(one.page, "utf-8")


@dataclass(frozen=True, slots=True)
class Read:
    """A question with the candidates that have rows of its table, and the spans that answer."""

    asked: TableQuestion
    same: TablePassages
    text: str
    right: frozenset[Span]

    @property
    def scored(self) -> Scored | None:
        """Its cells."""
        return scored(self.asked.question, self.same.passages, self.same.table, self._slices)

    def _slices(self, spans: Sequence[Span]) -> list[str]:
        return [self.text[start:end] for start, end in spans]


def read(questions: Iterable[TableQuestion], index: Index) -> Iterator[Read]:
    """Each question asked of its document, as ``answer`` does it."""
    for one in questions:
        whole = index.document(one.document)
        right = {cell.span for table in whole.tables for cell in gold(one, table, whole.text)}
        judged = judge(rank(one.question, index, documents=[one.document]), DEFAULT_READER)
        holding = (same for each in judged if (same := same_table(each, judged, index)))
        found = next(
            (s for s in holding if any(s.table.start <= a < s.table.end for a, _ in right)), None
        )
        if found is not None:
            yield Read(one, found, whole.text, frozenset(right))


def cases(found: Iterable[Read]) -> Iterator[Case]:
    """Of each question whose row is in a passage that was found."""
    for one in found:
        held = one.scored
        if held is None:
            continue
        features = np.array(held.features)
        mask = np.array([cell.span in one.right for cell in held.cells])
        if mask.any() and not _is_chance(one.asked, features, mask):
            yield Case(
                one.asked.source,
                one.asked.table,
                asks_to_compare(one.asked.question),
                features,
                np.array([cell.row for cell in held.cells]),
                mask,
            )


def _is_chance(one: TableQuestion, features: Array, right: npt.NDArray[np.bool_]) -> bool:
    """Whether a question counts rows, and its answer only happens to stand in a cell as well."""
    counts = re.search(r"\b(?:how many|number of)\b", one.question, re.IGNORECASE)
    named = features[right][:, FEATURES.index("header_asked")].max() > 0
    return one.source == "wikitables" and bool(counts) and not named


def fitted(found: Sequence[Case]) -> Array:
    """The weights, ``(features,)``, under which the right cells are likeliest."""
    from scipy.optimize import minimize

    sources = [one.source for one in found]
    shares = {source: len(found) / len(set(sources)) / sources.count(source) for source in sources}

    def loss(weights: Array) -> tuple[float, Array]:
        total, slope = PENALTY * float(weights @ weights), 2 * PENALTY * weights
        for one in found:
            likely = _softmax(one.features @ weights)
            right = likely * one.right
            mass = max(float(right.sum()), 1e-12)
            share = shares[one.source]
            total -= share * float(np.log(mass))
            slope = slope - share * ((right / mass - likely) @ one.features)
        return total, slope

    result = minimize(loss, np.zeros(len(FEATURES)), jac=True, method="L-BFGS-B")
    weights: Array = result.x
    return weights


def _softmax(values: Array) -> Array:
    odds = np.exp(values - values.max())
    likely: Array = odds / odds.sum()
    return likely


def outcomes(found: Sequence[Case], weights: Array) -> list[tuple[float, bool, float, bool]]:
    """For each: how likely its best cell is, whether it is right; the same of its best row.

    A cell whose column isn't told is never shown: its likelihood counts as 0.
    """
    made = []
    for one in found:
        likely = np.array(shares((one.features @ weights).tolist()))
        best = int(likely.argmax())
        rows = {row: float(likely[one.rows == row].sum()) for row in set(one.rows.tolist())}
        row = max(rows, key=lambda row: (rows[row], -row))
        told = is_told(one.features[best], int((one.rows == one.rows[best]).sum()))
        made.append(
            (
                float(likely[best]) * told,
                bool(one.right[best]),
                rows[row],
                bool(one.right[one.rows == row].any()),
            )
        )
    return made


def threshold(sources: Iterable[Sequence[tuple[float, bool]]], wrong: float) -> float:
    """The lowest probability from which on at most so many are wrong: of each source's the mean.

    Of no source with ``FEWEST`` of them half as many again; 1 where that holds nowhere. What users
    ask is like one source more than like another, and nobody knows which.
    """
    found = list(sources)
    for at in sorted({likely for pairs in found for likely, _ in pairs}):
        shown = [[not right for likely, right in pairs if likely >= at] for pairs in found]
        shares = [float(np.mean(one)) for one in shown if len(one) >= FEWEST]
        if shares and np.mean(shares) <= wrong and max(shares) <= 1.5 * wrong:
            return at
    return 1.0


def all_questions(folder: Path) -> list[TableQuestion]:
    """What is fitted on."""
    made = [
        one
        for one in by_rule([*tables(load_examples(folder), seed=1, held_out=True)])
        if min(row for row, _ in one.places) and ": " not in one.grid[0][0]
    ]
    chance = random.Random(SEED)
    kept = []
    for source in (wikitables(folder), tatqa(folder), aitqa(folder), made[: MOST // 4]):
        mine = [one for one in source if not one.held_out]
        for compares, most in ((False, MOST), (True, MOST // 2)):
            some = [one for one in mine if asks_to_compare(one.question) == compares]
            kept += chance.sample(some, min(most, len(some)))
    return kept


def _named(weights: Array) -> dict[str, float]:
    return {name: round(float(one), 3) for name, one in zip(FEATURES, weights, strict=True)}


def main() -> None:
    """Fit, print, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/training"))
    parser.add_argument("--out", type=Path, default=FILE)
    arguments = parser.parse_args()
    questions = all_questions(arguments.data)
    with tempfile.TemporaryDirectory() as scratch:
        documents, folder = Path(scratch, "documents"), Path(scratch, "index")
        write(questions, documents)
        build_index(documents, folder)
        with open_index(folder) as index:
            found = list(cases(read(questions, index)))
    save(found, len(questions), arguments.out)


def save(found: Sequence[Case], asked: int, out: Path) -> None:
    """Fit the weights, choose the thresholds across folds, print both, and write them."""
    names = sorted({one.table for one in found})
    random.Random(SEED).shuffle(names)
    fold = {name: number % FOLDS for number, name in enumerate(names)}
    made: dict[str, list[tuple[float, bool, float, bool]]] = {}
    for compares in (False, True):
        mine = [one for one in found if one.compares == compares]
        for number in range(FOLDS):
            weights = fitted([one for one in mine if fold[one.table] != number])
            kept = [one for one in mine if fold[one.table] == number]
            for one, outcome in zip(kept, outcomes(kept, weights), strict=True):
                made.setdefault(f"{one.source}{', compared' * compares}", []).append(outcome)
    single = [made[name] for name in MEASURED if name in made]
    compared = [outcomes for name, outcomes in made.items() if "compared" in name]
    cell_at = threshold([[(o[0], o[1]) for o in one] for one in single], WRONG)
    row_at = threshold([[(o[2], o[3]) for o in one] for one in single], 2 * WRONG)
    comparing_row_at = threshold([[(o[2], o[3]) for o in one] for one in compared], 2 * WRONG)
    print(f"{asked} questions, {len(found)} with their row in a passage")
    for name, pairs in made.items():
        shown = [pair for pair in pairs if pair[0] >= cell_at]
        rows = [pair for pair in pairs if pair[2] >= row_at]
        wrong = [
            float(np.mean([not ok for ok in some] or [False]))
            for some in ([o[1] for o in shown], [o[3] for o in rows])
        ]
        print(
            f"{name}: {len(pairs)}, cell {np.mean([o[1] for o in pairs]):.3f}, "
            f"row {np.mean([o[3] for o in pairs]):.3f}; shown {len(shown) / len(pairs):.3f}, "
            f"wrong {wrong[0]:.3f}; rows shown "
            f"{len(rows) / len(pairs):.3f}, wrong {wrong[1]:.3f}"
        )
    weights, comparing = (
        fitted([one for one in found if one.compares == compares]) for compares in (False, True)
    )
    data = {
        "made": {
            "by": "python -m training.fit_cells",
            "of": "wikitables, tatqa, aitqa, tables by rule; those held out left out",
            "seed": SEED,
            "cases": len(found),
            "on": date.today().isoformat(),
        },
        "weights": _named(weights),
        "row_at": round(row_at, 3),
        "cell_at": round(cell_at, 3),
        "comparing": _named(comparing),
        "comparing_row_at": round(comparing_row_at, 3),
    }
    print(json.dumps(data, indent=1))
    out.write_text(json.dumps(data, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
