"""`verify` over 10,000 documents: what it makes of true, changed and made-up quotes, and its time.

Run with ``python -m benchmarks.quality.verifying [--documents 10000]``. Each document has three
paragraphs drawn from SQuADshifts (Wikipedia, Reddit, reviews), so that many stand in several;
vectors mean nothing here, as ``verify`` looks at none.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.datasets import SHARED, need_data
from benchmarks.hashing import HashEmbedder
from benchmarks.quality.quote_changes import drawn, made_up, respaced, with_a_word_changed
from benchmarks.results import save_section
from qa_bot import Index, Verification, build_index, open_index, verify

EACH = 200  # quotes of each kind


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one kind of quote: the share with the right result, and how long it took."""

    name: str
    right: float
    seconds: list[float]

    def row(self) -> str:
        """A line of the table."""
        p50, p95 = np.percentile(self.seconds, [50, 95])
        return (
            f"| {self.name} | {self.right:.3f} | {p50:.3f} | {p95:.3f} | {max(self.seconds):.3f} |"
        )


def _paragraphs() -> list[str]:
    found = []
    for file in sorted((SHARED / "training" / "squadshifts").glob("*.json")):
        for article in json.loads(file.read_text(encoding="utf-8"))["data"]:
            found += [paragraph["context"] for paragraph in article["paragraphs"]]
    return found


def _asked(
    name: str, quotes: list[str], index: Index, is_right: Callable[[int, Verification], bool]
) -> Outcome:
    seconds, right = [], 0
    for number, quote in enumerate(quotes):
        begun = time.perf_counter()
        found = verify(quote, index)
        seconds.append(time.perf_counter() - begun)
        right += is_right(number, found)
    return Outcome(name, right / len(quotes), seconds)


def measure(paragraphs: list[str], index: Index) -> list[Outcome]:
    """What becomes of quotes drawn from the paragraphs."""
    draw = random.Random(26)  # noqa: S311 - the same for each run
    long = [one for one in paragraphs if len(one.split()) >= 20]
    others = sorted({word for one in long[:2_000] for word in one.split() if word.isalpha()})
    true = [respaced(drawn(draw.choice(long), draw), draw) for _ in range(EACH)]
    changed = [
        with_a_word_changed(drawn(draw.choice(long), draw), others, draw) for _ in range(EACH)
    ]
    invented = [made_up(others, draw) for _ in range(EACH)]

    def is_named(number: int, found: Verification) -> bool:
        one = changed[number]
        return found.verdict == "near" and any(
            [one.text[slice(*each.given)] for each in match.differences] == [one.given]
            for match in found.matches
        )

    return [
        _asked(
            "true, white space, quotation marks and line breaks changed: verified",
            true,
            index,
            lambda _, found: found.verdict == "verified",
        ),
        _asked(
            "one word changed: near, and the word named",
            [one.text for one in changed],
            index,
            is_named,
        ),
        _asked(
            "made up: not verified", invented, index, lambda _, found: found.verdict != "verified"
        ),
    ]


def main() -> None:
    """Build, measure, and write the section of RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--print", action="store_true", help="only print")
    asked = parser.parse_args()
    need_data()
    paragraphs = _paragraphs()
    draw = random.Random(0)  # noqa: S311 - the same for each run
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for number in range(asked.documents):
            file = folder / "documents" / f"{number % 100:02}" / f"{number:05}.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            held = [paragraphs[(3 * number + step) % len(paragraphs)] for step in range(2)]
            file.write_text("\n\n".join([*held, draw.choice(paragraphs)]), encoding="utf-8")
        build_index(folder / "documents", folder / "index", model=HashEmbedder())
        with open_index(folder / "index", model=HashEmbedder()) as index:
            outcomes = measure(paragraphs, index)
            said = f"{asked.documents:,} documents, {index.passage_count:,} passages"
    text = (
        f"## Verifying quotes\n\n`verify` over {said}, {EACH} quotes of 8 to 60 words of each kind"
        " (`quality.verifying`); seconds.\n\n"
        "| quotes | right | median | p95 | longest |\n|---|---|---|---|---|\n"
        + "\n".join(one.row() for one in outcomes)
    )
    print(text)
    if not asked.print:
        save_section("verifying", text)


if __name__ == "__main__":
    main()
