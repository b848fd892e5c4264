"""WikiTableQuestions and FeTaQA: questions on tables of an encyclopaedia."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from training.contracts import lines
from training.examples import Example
from training.table_text import piece, tidy

# Words of questions that compare or count, so that no row says its own answer.
COMPARES = re.compile(
    r"\b(most|least|more|less|fewer|fewest|than|first|last|latest|earliest|next|previous|before"
    r"|after|above|below|total|only|how many times|difference|consecutive|between|same|other"
    r"|besides|average|both|either|or|top|bottom|final|number of|best|worst|biggest|listed"
    r"|\w{3,}est|\w{3,}ier)\b"
)
_SUPPORTING = 3  # rows, at most, that a free answer rests on


def wikipedia_tables(folder: Path) -> Iterator[Example]:
    """Questions that look a cell up, and free answers with their rows.

    The tables of the first set's own test part are left for measuring, and so are their pages.
    """
    tables = {row["table"]: row for row in lines(folder / "wtq-tables.jsonl.gz")}
    asked = list(lines(folder / "wtq-questions.jsonl.gz"))
    measured = {tables[row["table"]]["title"] for row in asked if row["split"] == "test"}
    yield from _looked_up(tables, asked, measured)
    yield from _free(folder / "fetaqa-questions.jsonl.gz", measured)


def _looked_up(
    tables: Mapping[str, Any], asked: Iterable[dict[str, Any]], measured: set[str]
) -> Iterator[Example]:
    for row in asked:
        held = tables[row["table"]]
        title = held["title"]
        if title in measured or not row["one_row"] or COMPARES.search(row["question"]):
            continue
        table = tidy([held["header"], *held["rows"]])
        cells = [(number + 1, column) for number, column in row["cells"]]
        found = piece(table, 1, [cells[0][0]], random.Random(row["id"]))
        answers = found and tuple(sorted(found.cells[one] for one in cells if one in found.cells))
        if found and answers:
            about = "wikitables", title, title, row["question"]
            yield Example(*about, found.text, answers, exact=True, table=True)


def _free(file: Path, measured: set[str]) -> Iterator[Example]:
    for row in lines(file):
        table = tidy([row["header"], *row["rows"]])
        wanted = sorted({number + 1 for number, _ in row["cells"]})
        title = row["title"]
        if title in measured or COMPARES.search(row["question"].lower()):
            continue
        if not 0 < len(wanted) <= _SUPPORTING or wanted[-1] >= len(table):
            continue
        found = piece(table, 1, wanted, random.Random(row["id"]))
        if found:
            spans = tuple(found.rows[number] for number in wanted if number in found.rows)
            heading = f"{title} > {row['section']}" if row["section"] else title
            if spans:
                about = "fetaqa", title, heading, row["question"]
                yield Example(*about, found.text, spans, exact=False, table=True)
