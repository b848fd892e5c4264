"""Fit how much the words of a question count in the row of a table, on tables made by rule.

``python -m training.fit_rows`` prints the share of answers in the row that is marked, for
each weight. Half of the tables choose, the other half confirm; their names are those of
held-out texts, and in half of them rows share a name and are told apart by a number.
"""

from __future__ import annotations

import argparse
import html
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from qa_bot import Index, build_index, open_index
from qa_bot.asking.judging import READ, Judged, sentence_scores, texts
from qa_bot.asking.retrieval import rank
from qa_bot.models.reader import DEFAULT_READER
from qa_bot.text import CELLS
from training.examples import Example
from training.sets import load_examples
from training.tables import tables

WEIGHTS = 0.0, 2.0, 4.0, 8.0, 12.0, 16.0, 20.0, 24.0, 30.0, 40.0


def write(examples: Sequence[Example], documents: Path) -> None:
    """Write each table as a page of its own."""
    for one in examples:
        cells = [line.split(CELLS) for line in one.text.split("\n")]
        rows = ["".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in cells]
        head, *body = (f"<tr>{row}</tr>" for row in rows)
        table = f"<table><thead>{head.replace('td>', 'th>')}</thead>{''.join(body)}</table>"
        title = html.escape(one.heading or "List")
        (documents / f"{one.document}.html").write_text(f"<title>{title}</title>{table}")


def row_of(example: Example) -> str:
    """The line that holds the answer."""
    start, end = example.answers[0]
    first = example.text.rfind("\n", 0, start) + 1
    last = example.text.find("\n", end)
    return example.text[first : None if last < 0 else last]


def read(examples: Sequence[Example], index: Index) -> Iterator[tuple[bool, Judged, int]]:
    """For each question, whether it chooses, and the passage and place of the row that answers."""
    for one in examples:
        ranking = rank(one.question, index, READ, [f"{one.document}.html"])
        passages = [candidate.passage for candidate in ranking.candidates[:READ]]
        readings = DEFAULT_READER.read(one.question, passages)
        row = row_of(one)
        for candidate, reading in zip(ranking.candidates, readings, strict=False):
            lines = texts(candidate.passage)
            if row in lines:
                yield "choosing" in one.document, Judged(candidate, reading), lines.index(row)
                break


def main() -> None:
    """Print the share of rows that are marked rightly, for each weight and half."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/training"))
    parser.add_argument("--tables", type=int, default=150, help="in each half, of each kind")
    arguments = parser.parse_args()
    examples = load_examples(arguments.data)
    asked = [
        replace(one, document=f"{half}-{numbered}-{one.document}")
        for numbered in (False, True)
        for one in tables(examples, seed=1 + numbered, held_out=True, numbered=numbered)
        for half in ["choosing" if int(one.document) < arguments.tables else "confirming"]
        if int(one.document) < 2 * arguments.tables
    ]
    with tempfile.TemporaryDirectory() as scratch:
        documents, folder = Path(scratch, "documents"), Path(scratch, "index")
        documents.mkdir()
        write(asked, documents)
        build_index(documents, folder)
        with open_index(folder) as index:
            found = list(read(asked, index))
    print(len(asked), "questions,", len(found), "with their row among what is read")
    for weight in WEIGHTS:
        shares = [
            np.mean(
                [
                    int(np.argmax(sentence_scores(one, weight))) == place
                    for chooses, one, place in found
                    if chooses == half
                ]
            )
            for half in (True, False)
        ]
        print(f"row weight {weight:g}: {shares[0]:.4f}, confirmed {shares[1]:.4f}")


if __name__ == "__main__":
    main()
