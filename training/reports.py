"""TAT-QA, FinQA, ConvFinQA and AIT-QA: questions on annual reports, on their tables above all."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from qa_bot.records import Span
from training.contracts import lines
from training.detokenise import detokenise
from training.examples import LONGEST, Example, around, joined
from training.table_text import Table, header_rows, piece, tidy

EXACT = 150  # characters of the longest answer that is learned by its first and last word
EVIDENCE_ROWS = 2  # of a calculation; where there are more, it is the table that answers
About = tuple[str, str, str, str]  # source, document, heading, question

_PARAGRAPH = 350  # characters; a shorter one is read with its neighbours
_CALCULATIONS = 900  # of TAT-QA, more than half of which are


def reports(folder: Path) -> Iterator[Example]:
    """The examples of all four; ``folder`` is the one of all training sets."""
    yield from _tatqa(folder / "tatqa")
    yield from _finqa(folder / "finqa", "finqa")
    yield from _finqa(folder / "finqa", "convfinqa")
    yield from _aitqa(folder / "finqa")


def _tatqa(folder: Path) -> Iterator[Example]:
    documents = {row["document"]: row for row in lines(folder / "documents.jsonl.gz")}
    seen: set[tuple[str, str]] = set()
    calculated = 0
    for row in lines(folder / "questions.jsonl.gz"):
        held = documents[row["document"]]
        report = held["report"] or row["document"]
        heading = re.sub("[-_]", " ", held["report"] or "").title()
        question = row["standalone"] or row["question"]
        key = row["document"], question.lower()
        if (row["history"] and not row["standalone"]) or key in seen:
            continue
        seen.add(key)
        table = tidy(held["table"])
        if row["kind"] == "arithmetic":
            calculated += 1
            if calculated > _CALCULATIONS:
                continue
        if row["cells"] and row["kind"] != "count":
            found = _on_table(
                ("tatqa", report, heading, question),
                table,
                row["cells"],
                headers=header_rows(table),
                calculated=row["kind"] == "arithmetic",
            )
            if found:
                yield found
        elif row["spans"]:
            spans: dict[int, set[Span]] = {}
            for one in row["spans"]:
                place = (one["start"], one["start"] + len(one["text"]))
                spans.setdefault(one["paragraph"], set()).add(place)
            if len(spans) == 1:
                ((number, places),) = spans.items()
                about = "tatqa", report, heading, question
                yield _on_text(about, held["paragraphs"], number, places)


def _on_text(about: About, paragraphs: Sequence[str], number: int, places: set[Span]) -> Example:
    """The paragraph, a short one with its neighbours, and the others beside it."""
    shown = range(number, number + 1)
    if len(paragraphs[number]) < _PARAGRAPH:
        shown = around([len(one) + 1 for one in paragraphs], [number], 2 * _PARAGRAPH) or shown
    text, spans = joined([paragraphs[n] for n in shown], {number - shown[0]}, "\n\n")
    start = spans[0][0]
    others = [one for n, one in enumerate(paragraphs) if n not in shown and len(one) > 60]
    return Example(
        *about,
        text,
        tuple(sorted((start + a, start + b) for a, b in places)),
        max(b - a for a, b in places) <= EXACT,
        beside=tuple(one[:LONGEST] for one in others),
    )


def _on_table(
    about: About,
    table: Table,
    cells: Sequence[Sequence[int]],
    *,
    headers: int,
    calculated: bool = False,
) -> Example | None:
    """The rows around the cells that answer; of a calculation, the rows that it rests on."""
    _, document, _, question = about
    chance = random.Random(f"{document} {question}")
    wanted = sorted({row for row, _ in cells})
    if not wanted or len(wanted) > EVIDENCE_ROWS or max(wanted) >= len(table):
        return None
    shown = piece(table, headers, wanted, chance)
    if shown is None:
        return None
    if calculated:
        answers = {shown.rows[row] for row in wanted if row in shown.rows}
    else:
        places = [(row, column) for row, column in cells]
        answers = {shown.cells[place] for place in places if place in shown.cells}
    if not answers:
        return None
    return Example(*about, shown.text, tuple(sorted(answers)), not calculated, table=True)


def _finqa(folder: Path, name: str) -> Iterator[Example]:
    """Their text is lower-cased, which the reader's tokens are anyway, and cut into tokens."""
    documents = {row["document"]: row for row in lines(folder / f"{name}-documents.jsonl.gz")}
    for row in lines(folder / f"{name}-questions.jsonl.gz"):
        held = documents[row["document"]]
        company, year = re.sub("^(Single|Double)_", "", row["document"]).split("/")[:2]
        about = "finqa", f"{company}/{year}", f"{company} {year}", _written(row["question"])
        table = [[_written(cell) for cell in line] for line in tidy(held["table"])]
        found = None
        if row["history"]:
            continue  # a question that leans on the one before
        if row.get("lookup") and row["cells"]:
            found = _on_table(about, table, row["cells"], headers=1)
        elif row.get("rows"):
            cells = [(number, 0) for number in row["rows"]]
            found = _on_table(about, table, cells, calculated=True, headers=1)
        elif row.get("sentences"):
            sentences = [_written(one) for one in [*held["before"], *held["after"]]]
            shown = around([len(one) for one in sentences], row["sentences"])
            if shown:
                text, spans = joined(
                    [sentences[n] for n in shown], {n - shown[0] for n in row["sentences"]}
                )
                found = Example(*about, text, spans, exact=False)
        if found:
            yield found


def _written(text: str) -> str:
    """The text as people write it; the apostrophe was lost when the set was made."""
    mended = re.sub(r"(?<=\w) 2019s\b", "’s", text).strip("\\n ")
    mended = re.sub(r"(?<=\d)\.0$", "", mended)  # of a whole number in a cell
    return detokenise(mended, [])[0]


def _aitqa(folder: Path) -> Iterator[Example]:
    tables = {row["id"]: _whole(row) for row in lines(folder / "aitqa-tables.jsonl.gz")}
    for row in lines(folder / "aitqa-questions.jsonl.gz"):
        table, headers, places, shift = tables[row["table"]]
        cells = [(places[number], column + shift) for number, column in row["cells"]]
        about = "aitqa", row["table"], "", row["question"]
        found = _on_table(about, table, cells, headers=headers)
        if found:
            yield found


def _whole(row: dict[str, Any]) -> tuple[list[list[str]], int, list[int], int]:
    """The table with its headers in rows of their own, and groups of rows in theirs.

    How many rows are headers, where each row of data stands, and how many columns are names.
    """
    shift = 1 if row["row_header"] else 0
    depth = max(map(len, row["column_header"]), default=0)
    levels = [[*path, *[""] * (depth - len(path))] for path in row["column_header"]]
    table = [[*[""] * shift, *(path[level] for path in levels)] for level in range(depth)]
    places: list[int] = []
    above: list[str] = []
    for number, values in enumerate(row["data"]):
        path = row["row_header"][number] if number < len(row["row_header"]) else [""] * shift
        for level, name in enumerate(path[:-1]):
            if path[: level + 1] != above[: level + 1]:
                table.append([name, *[""] * len(values)])
        above = path[:-1]
        places.append(len(table))
        table.append([*path[-1:], *values])
    return tidy(table), depth, places, shift
