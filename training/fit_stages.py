"""How sure the passages that are read first must be, so that reading the others changes nothing.

``python -m training.fit_stages --rows FOLDER`` reads what ``training.gather`` wrote, prints how
many answers would be others, each domain with the threshold that the others give, and writes the
numbers that ``qa_bot`` loads. It comes after ``training.fit_answers``: it rests on its verdict.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np

from qa_bot.asking.judging import ALSO_QUOTED
from qa_bot.asking.settling import MAX_QUOTES
from qa_bot.asking.weighing import ORDER, VERDICT, fitted
from training.fit_answers import Row, confidences, ordered, read, scorer

FIRST = 4  # passages: on two cores, or four, as many as leave none of them idle
VERDICTS = 1 / 200  # of the questions may get another verdict, and as many another first quote
QUOTES = 1 / 100  # … others among the quotes
SHORTEST = 0.5  # the lowest threshold that is tried


class Told(NamedTuple):
    """What reading in stages says of a question, beside what reading all says."""

    clear: float  # confidence after the first stage; -1 where the second is always read
    whole: float  # confidence after both
    is_first: bool  # whether the first quote is the same
    is_all: bool  # whether all quotes are


def told(rows: Sequence[Row], first: int) -> list[Told]:
    """Of each question that has candidates."""
    numbers = fitted()
    score = scorer(ORDER, np.array([numbers.order[name] for name in ORDER]))
    weights = np.array([numbers.verdict[name] for name in (*VERDICT, "constant")])
    asked = [row for row in rows if row["candidates"]]
    some = [{**row, "candidates": row["candidates"][:first]} for row in asked]
    likely = confidences(some, VERDICT, weights, score)
    whole = confidences(asked, VERDICT, weights, score)
    found = []
    for row, few, early, late in zip(asked, some, likely, whole, strict=True):
        one, other = ordered(few, score), ordered(row, score)
        goes_on = len(row["candidates"]) > first and not any(it["table"] for it in one)
        found.append(
            Told(
                float(early) if goes_on else -1.0,
                float(late),
                one[0]["digest"] == other[0]["digest"],
                _quoted(one) == _quoted(other),
            )
        )
    return found


def _quoted(found: Sequence[Row]) -> list[str]:
    least = max(0.0, float(found[0]["margin"] or 0) - ALSO_QUOTED)
    near = [one for one in found[1:] if one["margin"] is not None and one["margin"] >= least]
    return list(dict.fromkeys(one["digest"] for one in (found[0], *near)))[:MAX_QUOTES]


class Cost(NamedTuple):
    """Shares of the questions: read in one stage; with another verdict, first quote, any quote."""

    short: float
    verdicts: float
    firsts: float
    quotes: float


def cost(asked: Sequence[Told], clear: float) -> Cost:
    """What a threshold costs."""
    short = [one for one in asked if one.clear >= clear]
    others = (
        short,
        [one for one in short if _verdict(one.clear) != _verdict(one.whole)],
        [one for one in short if not one.is_first],
        [one for one in short if not one.is_all],
    )
    return Cost(*(len(some) / max(len(asked), 1) for some in others))


def _verdict(confidence: float) -> tuple[bool, bool]:
    numbers = fitted()
    return confidence >= numbers.answered, confidence >= numbers.possible


def threshold(domains: Mapping[str, Sequence[Told]]) -> float:
    """The lowest at which no domain loses more than is allowed, and all together no quotes."""
    for clear in np.arange(round(SHORTEST * 100), 100) / 100:
        costs = [cost(own, float(clear)) for own in domains.values()]
        worst = max(max(one.verdicts, one.firsts) for one in costs)
        if worst <= VERDICTS and np.mean([one.quotes for one in costs]) <= QUOTES:
            return float(clear)
    return 1.0


def main() -> None:
    """Print the table and write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=Path, default=Path("training/run/domains"))
    parser.add_argument("--first", type=int, default=FIRST)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    domains = {name: told(own, arguments.first) for name, own in read(arguments.rows).items()}
    print(f"domain, left out | n | threshold | in one stage, of {arguments.first}")
    for name, own in domains.items():
        clear = threshold({other: of for other, of in domains.items() if other != name})
        found = cost(own, clear)
        print(
            f"{name} | {len(own)} | {clear:.2f} | {found.short:.2f} | verdicts "
            f"{found.verdicts:.4f}, first quotes {found.firsts:.4f}, quotes {found.quotes:.4f}"
        )
    clear = threshold(domains)
    together = cost([one for own in domains.values() for one in own], clear)
    print(f"threshold {clear:.2f}: {together}")
    if arguments.out:
        kept = {
            "first": arguments.first,
            "clear": round(clear, 3),
            "made by": "python -m training.gather; python -m training.fit_stages",
            "of": {name: len(own) for name, own in domains.items()},
            "on": datetime.now(UTC).date().isoformat(),
        }
        arguments.out.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
