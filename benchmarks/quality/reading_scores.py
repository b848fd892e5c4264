"""What the reader is worth: ``python -m benchmarks.quality.reading_scores [--every 1]``.

Right passages, marked sentences, words and abstention, with the reader and
without it, on data that nothing was trained or fitted on. Writes its section of RESULTS.md.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

import qa_bot
from benchmarks import ROOT
from benchmarks.datasets import (
    SHARED,
    SQUAD,
    ArticleQuestion,
    Collection,
    Question,
    article_questions,
    join,
    need_data,
    squad,
)
from benchmarks.results import save_section
from qa_bot import Index
from qa_bot.asking.judging import Judged, confidence, judge, marked_sentences
from qa_bot.asking.retrieval import rank
from qa_bot.building.build import index_passages
from qa_bot.models.embedding import DEFAULT_MODEL, load_embedder
from qa_bot.models.reader import DEFAULT_READER, Reader
from training.scores import calibration_error, exact_match, overlap

# What questions the confidence is to be right about: as it was fitted, four of five have an answer.
MIX = (0.8, 0.1, 0.1)  # answerable, on another article, adversarially unanswerable


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a question."""

    judged: list[Judged]
    confidence: float

    @property
    def marked(self) -> str:
        """The marked sentences of the first passage."""
        passage = self.judged[0].candidate.passage
        return " ".join(
            passage.text[one.start - passage.start : one.end - passage.start]
            for one in marked_sentences(self.judged[0])
        )


def ask(
    question: str, index: Index, reader: Reader | None, documents: Sequence[str] | None = None
) -> Reply:
    """The candidates as ``answer`` orders them, whatever the confidence."""
    judged = judge(rank(question, index, documents=documents), reader)
    return Reply(judged, confidence(judged))


def auroc(higher: Sequence[float], lower: Sequence[float]) -> float:
    """How often one of the higher is above one of the lower."""
    labels = [1] * len(higher) + [0] * len(lower)
    return float(roc_auc_score(labels, [*higher, *lower]))


def squad_rows(every: int, readers: Sequence[Reader | None]) -> list[str]:
    """The SQuAD half: all paragraphs in one index."""
    collection = squad(SQUAD)
    rows: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        index_passages(collection.documents, Path(folder), load_embedder(DEFAULT_MODEL))
        with qa_bot.open_index(folder) as index:
            for reader in readers:
                for name, value in _squad_figures(collection, every, index, reader):
                    rows.setdefault(name, []).append(f"{value:.3f}")
    return [f"| {name} | {' | '.join(values)} |" for name, values in rows.items()]


def _squad_figures(
    collection: Collection, every: int, index: Index, reader: Reader | None
) -> Iterator[tuple[str, float]]:
    asked = collection.answerable[::every]
    hopeless = [one for one in collection.questions if not one.answers][::every]
    replies = [ask(one.text, index, reader) for one in asked]
    right = [is_gold(reply.judged[0], one) for reply, one in zip(replies, asked, strict=True)]
    yield "gold passage first | 0.92", float(np.mean(right))
    marked = [
        any(phrase in reply.marked for phrase in one.answers)
        for reply, one in zip(replies, asked, strict=True)
    ]
    yield "marked sentence holds the answer, open | 0.84", float(np.mean(marked))
    sure = [reply.confidence for reply in replies]
    no = [ask(one.text, index, reader).confidence for one in hopeless]
    yield "answerable against adversarially unanswerable, AUROC | 0.75", auroc(sure, no)
    names = [document.id for document, _ in collection.documents]
    other = [
        ask(one.text, index, reader, [name for name in names if name != one.gold[0]]).confidence
        for one in asked[::4]
    ]
    yield "question on another article, AUROC | 0.985", auroc(sure, other)
    likely = np.array([*sure, *other, *no])
    truth = np.array([*right, *[False] * (len(other) + len(no))])
    counts = np.concatenate(
        [
            np.full(len(of), share / len(of))
            for of, share in zip((sure, other, no), MIX, strict=True)
        ]
    )
    yield (
        "expected calibration error, four of five answerable | 0.05",
        calibration_error(likely, truth, counts),
    )


def is_gold(one: Judged, question: Question) -> bool:
    """Whether a candidate is the paragraph that the question was asked of."""
    passage = one.candidate.passage
    return (passage.document_id, passage.start) == question.gold


def given_rows(every: int, reader: Reader) -> list[str]:
    """The gold paragraph given: exact match and F1, and F1 where it may abstain."""
    collection = squad(SQUAD)
    passages = {
        (document.id, passage.start): passage
        for document, cut in collection.documents
        for passage in cut
    }
    exact, shared, margins, answerable = [], [], [], []
    for one in collection.questions[::every]:
        passage = passages[one.gold]
        (reading,) = reader.read(one.text, [passage])
        answer = passage.text[slice(*reading.span)] if reading.span else ""
        margins.append(reading.margin)
        answerable.append(bool(one.answers))
        exact.append(exact_match(answer, one.answers))
        shared.append(overlap(answer, one.answers))
    yes = np.array(answerable)
    order = np.argsort(margins)[::-1]
    # Answering the first n: their F1, and 1 for each unanswerable one that is left.
    gained = np.cumsum(np.array(shared)[order]) + (~yes).sum() - np.cumsum(~yes[order])
    best = max(float(gained.max()), float((~yes).sum())) / len(yes)
    sure = [m for m, is_yes in zip(margins, answerable, strict=True) if is_yes]
    no = [m for m, is_yes in zip(margins, answerable, strict=True) if not is_yes]
    words = 100 * np.mean(np.array(exact)[yes]), 100 * np.mean(np.array(shared)[yes])
    return [
        f"| paragraph given, answerable: exact match / F1 | 62 / 75 | - "
        f"| {words[0]:.1f} / {words[1]:.1f} |",
        f"| paragraph given, best F1 with no-answer | 66 | - | {100 * best:.1f} |",
        f"| paragraph given, AUROC of the margin | | - | {auroc(sure, no):.3f} |",
    ]


def article_rows(readers: Sequence[Reader | None]) -> list[str]:
    """The public questions on the article."""
    rows: dict[str, list[str]] = {}
    questions = article_questions()
    with tempfile.TemporaryDirectory() as folder:
        qa_bot.build_index(ROOT / "documents", folder)
        with qa_bot.open_index(folder) as index:
            for reader in readers:
                replies = {one.question: ask(one.question, index, reader) for one in questions}
                for name, value in _article_figures(questions, replies):
                    rows.setdefault(name, []).append(f"{value:.3f}")
    return [f"| {name} | {' | '.join(values)} |" for name, values in rows.items()]


def _article_figures(
    questions: Sequence[ArticleQuestion], replies: dict[str, Reply]
) -> list[tuple[str, float]]:
    asked = [one for one in questions if one.quote is not None]
    first = [
        (one.quote or "") in replies[one.question].judged[0].candidate.passage.text for one in asked
    ]
    marked = [(one.quote or "") in replies[one.question].marked for one in asked]
    sure = [replies[one.question].confidence for one in asked]
    no = [replies[one.question].confidence for one in questions if one.quote is None]
    return [
        ("article: phrase in the first passage | 0.90", float(np.mean(first))),
        ("article: phrase in its marked sentence | 0.80", float(np.mean(marked))),
        ("article: answerable against near-topic unanswerable, AUROC | 0.98", auroc(sure, no)),
    ]


def multiturn_rows(readers: Sequence[Reader | None]) -> list[str]:
    """The multi-turn sets, last question alone: answerable turns against unanswerable ones."""
    rows = []
    for name in ("cloud", "finance"):
        folder = SHARED / "benchmarks" / "multiturn"
        held = [json.loads(line) for line in (folder / f"{name}_passages.jsonl").open()]
        tasks = [json.loads(line) for line in (folder / f"{name}_tasks.jsonl").open()]
        pairs = [join(str(one["id"]), str(one.get("title", "")), [one["text"]]) for one in held]
        with tempfile.TemporaryDirectory() as scratch:
            index_passages(pairs, Path(scratch), load_embedder(DEFAULT_MODEL))
            with qa_bot.open_index(scratch) as index:
                firsts, separate = [], []
                for reader in readers:
                    replies = [(task, ask(task["question"], index, reader)) for task in tasks]
                    right = [
                        reply.judged[0].candidate.passage.document_id in map(str, task["relevant"])
                        for task, reply in replies
                        if task["relevant"]
                    ]
                    firsts.append(f"{np.mean(right):.3f}")
                    sure, no = (
                        [
                            reply.confidence
                            for task, reply in replies
                            if task["answerability"] == kind
                        ]
                        for kind in ("answerable", "unanswerable")
                    )
                    separate.append(f"{auroc(sure, no):.3f}")
        rows += [
            f"| {name}, last question alone: a relevant passage first | | {' | '.join(firsts)} |",
            f"| {name}: answerable against unanswerable, AUROC | | {' | '.join(separate)} |",
        ]
    return rows


def speed_rows(reader: Reader) -> list[str]:
    """How long ``answer`` takes on 10,000 passages of about 120 tokens."""
    collection = squad(SQUAD)
    texts = [passage.text for _, cut in collection.documents for passage in cut]
    near = [text for text in texts if 500 < len(text) < 700]
    many = [f"{near[n % len(near)]} Copy {n // len(near)}." for n in range(10_000)]
    with tempfile.TemporaryDirectory() as folder:
        index_passages([join("many", "Many", many)], Path(folder), load_embedder(DEFAULT_MODEL))
        with qa_bot.open_index(folder) as index:
            asked = [one.text for one in collection.answerable[::20]]
            rows = []
            for used in (None, reader):
                found = milliseconds(partial(qa_bot.answer, index=index, reader=used), asked)
                p50, p95 = np.percentile(found, (50, 95))
                rows.append(f"{p50:.0f}/{p95:.0f} ms")
    return [f"| `answer` p50/p95, 10,000 passages | 200/350 ms | {' | '.join(rows)} |"]


def milliseconds(work: Callable[[str], qa_bot.Answer], questions: Sequence[str]) -> list[float]:
    """How long each question takes, the first few left out."""
    found = []
    for question in [*questions[:5], *questions]:
        began = time.perf_counter()
        reply = work(question)
        assert not reply.warning, reply.warning
        found.append(1000 * (time.perf_counter() - began))
    return found[5:]


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="of the SQuAD half's questions")
    parser.add_argument("--speed", action="store_true", help="measure only how long it takes")
    arguments = parser.parse_args()
    need_data()
    readers: list[Reader | None] = [None, DEFAULT_READER]
    head = ["| | to reach | retrieval alone | with the reader |", "|---|---|---|---|"]
    if arguments.speed:
        print("\n".join([*head, *speed_rows(DEFAULT_READER)]))
        return
    lines = ["## Reader", "", *head]
    print("\n".join(lines), flush=True)
    for rows in (
        partial(article_rows, readers),
        partial(given_rows, arguments.every, DEFAULT_READER),
        partial(squad_rows, arguments.every, readers),
        partial(multiturn_rows, readers),
        partial(speed_rows, DEFAULT_READER),
    ):
        found = rows()
        print("\n".join(found), flush=True)
        lines += found
    if arguments.every == 1:
        save_section("reader", "\n".join(lines))


if __name__ == "__main__":
    main()
