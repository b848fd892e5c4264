"""Real documents: agency reports, annual reports, manuals. Is the right passage first?

``python -m benchmarks.quality.documents [--model NAME] [--save]`` asks `retrieve` and `answer`
the same questions in one run. Nothing was chosen by any of them.
"""

from __future__ import annotations

import argparse
import gzip
import html
import json
import re
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

import qa_bot
from benchmarks.datasets import SHARED, need_data
from benchmarks.results import save_section
from qa_bot import Index, Passage, Quote
from qa_bot.models.embedding import DEFAULT_MODEL

FOLDER = SHARED / "benchmarks"
AMONG = 5
DRAWS = 2_000  # of a bootstrap interval

IsRight = Callable[[Passage], bool]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, where it is asked, and which passages are right; none where nothing answers.

    Questions of one ``group`` (paraphrases) count as one.
    """

    question: str
    documents: tuple[str, ...] | None
    is_right: IsRight | None
    group: str
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where the right passage of a question stands, by `retrieve` and by `answer`."""

    group: str
    retrieved: int  # counted from 1; 0 where it is not among the first five
    answered: int
    verdict: str
    confidence: float
    marked: bool  # whether what is marked in the first quote holds the phrase
    answerable: bool


def plain(text: str) -> str:
    """Letters and digits alone, without case: how a phrase is looked for in extracted text."""
    return re.sub(r"\W+", "", text).casefold()


def _lines(file: Path) -> list[dict[str, Any]]:
    held = file.read_bytes()
    text = gzip.decompress(held) if file.suffix == ".gz" else held
    return [json.loads(line) for line in text.decode().splitlines()]


def reports() -> list[Asked]:
    """The questions on the agency reports."""
    found = []
    for row in _lines(FOLDER / "reports.jsonl"):
        quote = row["quote"]
        phrases = tuple([quote] if isinstance(quote, str) else quote or ())
        found.append(
            Asked(
                str(row["question"]),
                None,
                _holds(str(row["document"]), phrases) if phrases else None,
                str(row["question"]),
                phrases,
            )
        )
    return found


def _holds(document: str, phrases: Sequence[str]) -> IsRight:
    wanted = [plain(phrase) for phrase in phrases]
    return lambda passage: (
        passage.document_id == document and any(one in plain(passage.text) for one in wanted)
    )


def filings(*, named: bool) -> list[Asked]:
    """FinQA's questions on annual reports: of its own report, or of all with its name in front."""
    found = []
    for row in _lines(FOLDER / "annual-reports" / "questions.jsonl.gz"):
        if row["kind"] == "finqa":
            document = str(row["document"])
            name = document.split("_", maxsplit=1)[0]
            question = f"{name}: {row['question']}" if named else str(row["question"])
            scope = None if named else (document,)
            right = _on_page(document, int(str(row["page"])))
            found.append(Asked(question, scope, right, question))
    return found


def _on_page(document: str, page: int) -> IsRight:
    return lambda passage: (
        passage.document_id == document and any(one.number == page for one in passage.pages)
    )


def manuals(folder: Path) -> list[Asked]:
    """Write a file for each section of the manuals; the questions on them."""
    rows = list(_lines(FOLDER / "device-manuals" / "documents.jsonl.gz"))
    titles = {(str(row["manual"]), str(row["section_id"])): str(row["title"]) for row in rows}
    texts: dict[str, str] = {}
    for number, row in enumerate(rows):
        manual = str(row["manual"])
        above = str(row["path"] or "").split(">")[:-1]
        path = [titles[manual, one] for one in above if (manual, one) in titles]
        text = " ".join(map(str, row["text"]))
        name = f"{manual}/{number:04}.html"
        texts[name] = plain(text)
        headings = "".join(
            f"<h{level}>{html.escape(one)}</h{level}>"
            for level, one in enumerate([*path, str(row["title"])][-5:], 1)
        )
        (folder / manual).mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(
            f"<title>{html.escape(manual)}</title>{headings}<p>{html.escape(text)}</p>"
        )
    found = []
    for row in _lines(FOLDER / "device-manuals" / "questions.jsonl.gz"):
        sentences = [plain(str(one)) for one in row["sentences"] or row["answers"]]
        right = {
            name
            for name, text in texts.items()
            if name.startswith(f"{row['manual']}/")
            and any(len(one) > 10 and one in text for one in sentences)
        }
        if right:
            group = f"{row['manual']} {row['answers']}"
            is_right = _in(frozenset(right))
            found.append(Asked(str(row["question"]), (f"{row['manual']}",), is_right, group))
    return found


def _in(names: frozenset[str]) -> IsRight:
    return lambda passage: passage.document_id in names


def places(asked: Sequence[Asked], index: Index, *, read: bool = True) -> list[Place]:
    """Ask them all."""
    found = []
    for one in asked:
        scope = list(one.documents) if one.documents else None
        hits = qa_bot.retrieve(one.question, index, AMONG, scope)
        retrieved = _place(one, [hit.passage for hit in hits])
        if not read:
            found.append(Place(one.group, retrieved, 0, "", 0.0, False, one.is_right is not None))
            continue
        told = qa_bot.answer(one.question, index, k=AMONG, documents=scope)
        quoted = (
            told.quotes
            or qa_bot.answer(one.question, index, k=AMONG, documents=scope, strictness=0).quotes
        )
        found.append(
            Place(
                one.group,
                retrieved,
                _place(one, [hit.passage for hit in told.hits]),
                told.verdict,
                told.confidence,
                _is_marked(one, quoted[:1], index),
                one.is_right is not None,
            )
        )
    return found


def _place(one: Asked, passages: Sequence[Passage]) -> int:
    if one.is_right is None:
        return 0
    return next((n for n, passage in enumerate(passages, 1) if one.is_right(passage)), 0)


def _is_marked(one: Asked, quotes: Sequence[Quote], index: Index) -> bool:
    wanted = [plain(phrase) for phrase in one.phrases]
    for quote in quotes:
        slices = index.slices(quote.citation.document_id, quote.sentences)
        text = plain(" ".join(slices))
        return any(phrase in text for phrase in wanted)
    return False


def share(found: Sequence[Place], is_so: Callable[[Place], bool]) -> tuple[float, float, float]:
    """The mean over groups, with its 95 % interval by bootstrap."""
    groups: dict[str, list[float]] = defaultdict(list)
    for one in found:
        groups[one.group].append(float(is_so(one)))
    values = np.array([np.mean(group) for group in groups.values()])
    drawn = np.random.default_rng(0).choice(values, (DRAWS, len(values))).mean(axis=1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(values.mean()), float(low), float(high)


def _is_within(by: str, most: int, one: Place) -> bool:
    return 0 < int(getattr(one, by)) <= most


def row(name: str, found: Sequence[Place]) -> str:
    """A row of the table: first and among five, by `retrieve` and by `answer`."""
    asked = [one for one in found if one.answerable]
    cells = [
        share(asked, partial(_is_within, by, most))
        for by in ("retrieved", "answered")
        for most in (1, AMONG)
    ]
    told = [f"{mean:.3f} ({low:.2f} to {high:.2f})" for mean, low, high in cells]
    groups = len({one.group for one in asked})
    return f"| {name} | {groups} | " + " | ".join(told) + " |"


def verdicts(found: Sequence[Place]) -> list[str]:
    """What is believed of the reports' questions."""
    asked = [one for one in found if one.answerable]
    others = [one for one in found if not one.answerable]
    answered = [one for one in asked if one.verdict == "answered"]
    possible = [one for one in asked if one.verdict == "possible"]
    right = [one.answered == 1 for one in asked]
    labels = right + [False] * len(others)
    likely = [one.confidence for one in (*asked, *others)]
    return [
        f"- marked sentence right {np.mean([one.marked for one in asked]):.3f}",
        f"- answered {len(answered) / len(asked):.3f}, answered or possible "
        f"{(len(answered) + len(possible)) / len(asked):.3f}",
        f"- of the answered ones right {np.mean([one.answered == 1 for one in answered]):.3f}",
        f"- of {len(others)} unanswerable ones answered "
        f"{sum(one.verdict == 'answered' for one in others)}, absent "
        f"{sum(one.verdict == 'absent' for one in others)}",
        f"- AUROC of the confidence {roc_auc_score(labels, likely):.3f}",
    ]


def main() -> None:
    """Ask all of them, print the table, and save it if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--only", nargs="*", default=["reports", "filings", "manuals"])
    parser.add_argument("--no-reader", action="store_true")
    parser.add_argument("--save", action="store_true")
    arguments = parser.parse_args()
    need_data()
    lines = [
        f"Model {arguments.model}. In brackets: 95 % intervals by bootstrap over questions.",
        "",
        "| set | questions | `retrieve`: first | among five | `answer`: first | among five |",
        "|---|---|---|---|---|---|",
    ]
    told: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, folder, sets in _sets(Path(scratch)):
            if name not in arguments.only:
                continue
            where = Path(scratch, f"{name}-index")
            qa_bot.build_index(folder, where, model=arguments.model)
            with qa_bot.open_index(where) as index:
                for title, asked in sets():
                    found = places(asked, index, read=not arguments.no_reader)
                    lines.append(row(title, found))
                    print(lines[-1], flush=True)
                    if any(not one.answerable for one in found) and not arguments.no_reader:
                        told = verdicts(found)
    text = "\n".join(["## Real documents", "", *lines, "", "The reports:", "", *told])
    print(text)
    if arguments.save:
        save_section("documents", text)


def _sets(scratch: Path) -> Iterator[tuple[str, Path, Callable[[], list[tuple[str, list[Asked]]]]]]:
    yield "reports", SHARED / "pdfs", lambda: [("agency reports", reports())]
    yield (
        "filings",
        filings_alone(scratch / "filings"),
        lambda: [
            ("annual reports, of one", filings(named=False)),
            ("annual reports, of all, named", filings(named=True)),
        ],
    )
    folder = scratch / "manuals"
    asked = manuals(folder)
    yield "manuals", folder, lambda: [("device manuals, a file a section", asked)]


def filings_alone(folder: Path) -> Path:
    """Copy the annual reports into a new folder."""
    folder.mkdir()
    for file in (FOLDER / "annual-reports" / "pdfs").glob("*.pdf"):
        shutil.copy(file, folder)
    return folder


if __name__ == "__main__":
    main()
