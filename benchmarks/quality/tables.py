"""Which row and cell of a table are marked: ``python -m benchmarks.quality.tables``.

Questions on tables that nothing was fitted on, asked of their own table: look-ups and comparisons
of WikiTableQuestions' test split, AIT-QA's and TAT-QA's held-out tables (TAT-QA's with the text
around them), and the shared reports', asked of all of them. Writes its section of RESULTS.md.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import qa_bot
from benchmarks.datasets import SHARED, need_data
from benchmarks.results import save_section
from qa_bot import Index, Quote
from qa_bot.asking.asked import terms
from qa_bot.asking.cell_features import scored
from qa_bot.asking.cells import load_model, probabilities
from qa_bot.asking.judging import judge
from qa_bot.asking.retrieval import rank
from qa_bot.asking.same_table import same_table
from qa_bot.models.reader import DEFAULT_READER
from training.fit_cells import write
from training.table_questions import TableQuestion, aitqa, gold, tatqa, wikitables

REPORTS = SHARED / "benchmarks" / "reports.jsonl"
CELLS = Path(__file__).with_name("table_cells.jsonl")  # questions on cells of the shared PDFs
PDFS = SHARED / "pdfs"

# A question with one of these is no look-up: it orders, counts or compares. Of those that ask
# how many, a few look a number up; most count rows, and their answer stands in a cell by chance.
NO_LOOKUP = re.compile(
    r"\b(?:most|least|more|less|fewer|than|first|last|next|previous(?:ly)?|prior|before|after|"
    r"preced\w+|follow\w+|above|below|besides|either|or|total|average|many|number of|"
    r"times|difference|consecutive|top|bottom|final|best|worst|better|worse|only|same|other|another|both|"
    r"(?:long|high|low|old|new|young|larg|small|great|earli|lat|short|fast|bigg|clos|few|tall|"
    r"heavi|deep|strong|near|slow|wid)(?:er|est))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Marked:
    """What came of a question: which of it is right."""

    row: bool  # the likeliest row, set off or not
    set_off: bool  # the row, since it is sure enough
    likeliest: bool  # the likeliest cell, shown or not
    shown: bool
    cell: bool  # shown, and right
    of_header: bool = False  # what answers names a column: "in which year was it larger?"


def is_lookup(question: str) -> bool:
    """Whether a question just names what it wants."""
    return not NO_LOOKUP.search(question)


def marked(one: TableQuestion, index: Index) -> Marked | None:
    """What is marked of a question's own table; None where its cell isn't in the record."""
    whole = index.document(one.document)
    right = {cell for table in whole.tables for cell in gold(one, table, whole.text)}
    if not right:
        return None
    spans = {cell.span for cell in right}
    of_header = all(cell.kind == "header" for cell in right)
    answer = qa_bot.answer(one.question, index, documents=[one.document], strictness=0.0)
    if not answer.quotes:
        return Marked(
            row=False,
            set_off=False,
            likeliest=False,
            shown=False,
            cell=False,
            of_header=of_header,
        )
    quote = answer.quotes[0]
    is_shown = quote.table is not None and quote.table.cell is not None
    return Marked(
        row=any(start <= a < end for start, end in quote.sentences for a, _ in spans),
        set_off=quote.is_marked,
        likeliest=_likeliest(one, index) in spans,
        shown=is_shown,
        cell=is_shown and quote.answer in spans,
        of_header=of_header,
    )


def _likeliest(one: TableQuestion, index: Index) -> tuple[int, int] | None:
    document = one.document
    judged = judge(rank(one.question, index, documents=[document]), DEFAULT_READER)
    same = same_table(judged[0], judged, index)
    if same is None:
        return None
    found = scored(
        one.question, same.passages, same.table, lambda spans: index.slices(document, spans)
    )
    if found is None:
        return None
    likely = probabilities(found, load_model().weights)
    return found.cells[max(range(len(likely)), key=likely.__getitem__)].span


def by_overlap(one: TableQuestion) -> bool:
    """Whether the row with most of the question's rare words is the one that answers."""
    asked = terms(one.question)
    rows = [terms(" ".join(row)) for row in one.grid]
    counts: dict[str, int] = {}
    for row in rows:
        for term in row & asked:
            counts[term] = counts.get(term, 0) + 1
    body = range(max(one.heads, 1), len(rows))
    best = max(body, key=lambda at: (sum(1 / counts[t] for t in rows[at] & asked), -at))
    return best in {row for row, _ in one.places}


def table_rows(questions: dict[str, list[TableQuestion]]) -> tuple[list[str], list[Marked]]:
    """The figures of each set, and all that was marked."""
    lines = [
        "| | questions | row by overlap | likeliest row | row set off | of those wrong "
        "| likeliest cell | cell shown | of those wrong |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    everything: list[Marked] = []
    with tempfile.TemporaryDirectory() as scratch:
        documents, folder = Path(scratch, "documents"), Path(scratch, "index")
        write((one for some in questions.values() for one in some), documents)
        qa_bot.build_index(documents, folder)
        with qa_bot.open_index(folder) as index:
            for name, some in questions.items():
                pairs = [(one, known) for one in some if (known := marked(one, index))]
                everything += [known for _, known in pairs]
                for of_header in (False, True):
                    part = [pair for pair in pairs if pair[1].of_header == of_header]
                    if part:
                        said = f"{name}, a header answers" if of_header else name
                        lines.append(_line(said, len(some), part))
    return lines, everything


def _line(name: str, asked: int, pairs: Sequence[tuple[TableQuestion, Marked]]) -> str:
    overlap = _share(by_overlap(one) for one, _ in pairs)
    for one, known in pairs:
        if not known.row and not known.of_header:
            print(f"{name}: {one.question} -> row {sorted(one.places)[0][0]} of {one.table}")
    found = [known for _, known in pairs]
    return f"| {name} | {len(found)} of {asked} | {overlap:.3f} | {_row(found)} |"


def _row(found: Sequence[Marked]) -> str:
    shown = [one for one in found if one.shown]
    set_off = [one for one in found if one.set_off]
    return " | ".join(
        (
            f"{_share(one.row for one in found):.3f}",
            f"{len(set_off) / max(len(found), 1):.3f}",
            f"{_share(not one.row for one in set_off):.3f}",
            f"{_share(one.likeliest for one in found):.3f}",
            f"{len(shown) / max(len(found), 1):.3f}",
            f"{_share(not one.cell for one in shown):.3f}",
        )
    )


def _share(flags: Iterator[bool] | Sequence[bool]) -> float:
    known = [*map(float, flags)]
    return sum(known) / len(known) if known else 0.0


def report_rows(index: Index) -> Iterator[str]:
    """The questions on the shared reports, of all of them at once."""
    yield "| reports.jsonl | questions | right passage first | phrase in what is marked |"
    yield "|---|---:|---:|---:|"
    rows = [json.loads(line) for line in REPORTS.read_text("utf-8").splitlines()]
    for kind in ("table", "number"):
        mine = [row for row in rows if row["kind"] == kind]
        first = marks = 0
        for row in mine:
            wanted = row["quote"] if isinstance(row["quote"], list) else [row["quote"]]
            answer = qa_bot.answer(row["question"], index, strictness=0.0)
            quote = answer.quotes[0] if answer.quotes else None
            if quote is None or quote.citation.document_id != row["document"]:
                continue
            said = [_plain(phrase) for phrase in wanted]
            first += any(phrase in _plain(quote.text) for phrase in said)
            texts = index.slices(row["document"], quote.sentences)
            marks += quote.is_marked and any(phrase in _plain(" ".join(texts)) for phrase in said)
        yield f"| {kind} | {len(mine)} | {first / len(mine):.2f} | {marks / len(mine):.2f} |"


def cell_rows(index: Index) -> Iterator[str]:
    """The questions on cells of the shared PDFs, looked up by eye on the drawn pages.

    ``row`` is a phrase of the right row, or of what stands around it where a report tells the
    same again in another table; ``cell`` is what the right cell says.
    """
    rows = [json.loads(line) for line in CELLS.read_text("utf-8").splitlines()]
    right = in_row = wrong = 0
    for row in rows:
        answer = qa_bot.answer(row["question"], index, strictness=0.0)
        quote = answer.quotes[0] if answer.quotes else None
        if quote is None:
            continue
        lines = index.slices(row["document"], quote.sentences)
        is_there = (
            quote.citation.document_id == row["document"]
            and _plain(row["row"]) in _plain(quote.text)
            and any(_plain(row["cell"]) in _plain(text) for text in lines)
        )
        in_row += is_there
        said = _bold(quote, index)
        is_right = is_there and said is not None and _plain(said) == _plain(row["cell"])
        right += is_right
        wrong += said is not None and not is_right
        if not is_right:
            print(f"{'wrong' if said else 'none'}: {row['question']} -> {said!r}, row {is_there}")
    yield "| questions on cells of the PDFs | bold cell right | row right | wrong cell bold |"
    yield "|---:|---:|---:|---:|"
    yield f"| {len(rows)} | {right / len(rows):.2f} | {in_row / len(rows):.2f} | {wrong} |"


def _bold(quote: Quote, index: Index) -> str | None:
    if quote.table is None or quote.table.cell is None:
        return None
    return index.slices(quote.citation.document_id, [quote.table.cell.span])[0]


def _plain(text: str) -> str:
    return "".join(
        character for character in text.lower() if not character.isspace() and character != "|"
    )


def held_out_questions(folder: Path, most: int) -> dict[str, list[TableQuestion]]:
    """Nothing was fitted on these."""
    wiki = [one for one in wikitables(folder) if one.held_out]
    kinds: dict[str, Callable[[TableQuestion], bool]] = {
        "WikiTableQuestions, look-ups": lambda one: is_lookup(one.question),
        "WikiTableQuestions, superlatives and comparisons": lambda one: not is_lookup(one.question),
    }
    found = {name: [one for one in wiki if fits(one)] for name, fits in kinds.items()}
    found["AIT-QA"] = [one for one in aitqa(folder) if one.held_out]
    found["TAT-QA"] = [one for one in tatqa(folder) if one.held_out]
    chance = random.Random(0)  # noqa: S311 - which questions are asked, again each time
    return {
        name: chance.sample(some, most) if len(some) > most else some
        for name, some in found.items()
    }


def main() -> None:
    """Measure, print, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=500, help="questions of each set")
    arguments = parser.parse_args()
    need_data()
    lines, everything = table_rows(held_out_questions(SHARED / "training", arguments.most))
    shown = [one for one in everything if one.shown]
    wrong = _share(not one.cell for one in shown)
    lines += ["", f"Of {len(shown)} cells shown in all, {wrong:.3f} are wrong.", ""]
    with tempfile.TemporaryDirectory() as scratch:
        qa_bot.build_index(PDFS, Path(scratch))
        with qa_bot.open_index(Path(scratch)) as index:
            lines += [*report_rows(index), ""]
            if CELLS.is_file():
                lines += cell_rows(index)
    text = "\n".join(["## Rows and cells of tables", "", *lines])
    print(text)
    save_section("tables", text)


if __name__ == "__main__":
    main()
