"""The core figures: ``make bench`` prints them and writes its section of RESULTS.md.

Everything is measured in one run on the same passages with the same model:
what a script with plain dense vectors does, BM25 alone, and this project.
"""

from __future__ import annotations

import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from sentence_transformers import SentenceTransformer
from sklearn.metrics import roc_auc_score

import qa_bot
from benchmarks import ROOT
from benchmarks.datasets import (
    ARTICLE_QUESTIONS,
    SQUAD,
    ArticleQuestion,
    Collection,
    article_questions,
    need_data,
    squad,
)
from benchmarks.results import save_section
from qa_bot import Answer, Index, Passage
from qa_bot.building.build import index_passages
from qa_bot.models.cores import available_cores, has_fast_bfloat16
from qa_bot.models.embedding import DEFAULT_MODEL, load_embedder

ROUNDS = 5  # interleaved, for ratios of speed

Ranker = Callable[[str], Sequence[Passage]]


def main() -> None:
    """Measure, print, and write the table."""
    need_data()
    load_embedder(DEFAULT_MODEL).encode_question("warm up")
    with tempfile.TemporaryDirectory() as folder:
        lines = [
            f"Made by `make bench` on {platform.machine()}, {available_cores()} cores, "
            f"bfloat16 instructions: {'yes' if has_fast_bfloat16() else 'no'}, "
            f"qa_bot {qa_bot.__version__}. Speeds are ratios within this run.",
            "",
            *_squad_rows(squad(SQUAD), Path(folder, "squad")),
            *_article_rows(Path(folder, "article")),
            *_speed_rows(squad(SQUAD)),
        ]
    text = "\n".join(lines)
    print(text)
    save_section("core", text)


def _squad_rows(collection: Collection, folder: Path) -> Iterable[str]:
    index_passages(collection.documents, folder, load_embedder(DEFAULT_MODEL))
    questions = collection.answerable
    yield f"## SQuAD 2.0, half of dev: {len(questions):,} answerable questions"
    yield ""
    yield "| gold paragraph among the passages | hit@1 | hit@5 | MRR |"
    yield "|---|---|---|---|"
    with qa_bot.open_index(folder) as index:
        for name, ranker in (
            ("dense only, what a plain FAISS script does", _dense(index)),
            ("BM25 only (tantivy)", _lexical(index)),
            (
                "**qa_bot, `retrieve`**",
                lambda question: [h.passage for h in qa_bot.retrieve(question, index)],
            ),
        ):
            ranks = [
                _rank(
                    ((p.document_id, p.start) == question.gold for p in ranker(question.text)),
                )
                for question in questions
            ]
            yield (
                f"| {name} | {_share(rank == 1 for rank in ranks):.3f} "
                f"| {_share(rank <= 5 for rank in ranks):.3f} "
                f"| {statistics.mean(1 / rank for rank in ranks):.3f} |"
            )
        marked = [
            _holds_any(qa_bot.answer(question.text, index, reader=None), question.answers, index)
            for question in questions[::5]
        ]
    yield f"| marked sentence(s) hold an answer, every fifth question | {_share(marked):.3f} | | |"
    yield ""
    yield "MRR counts the first five only. Targets: 0.845, 0.965, 0.90; dense only 0.666, 0.895."
    yield ""


def _dense(index: Index) -> Ranker:
    def ranker(question: str) -> list[Passage]:
        ids = index.vectors.search(index.embedder.encode_question(question), 5)
        found = index.passages(ids)
        return [found[number] for number in ids]

    return ranker


def _lexical(index: Index) -> Ranker:
    def ranker(question: str) -> list[Passage]:
        ids = list(index.lexicon.search(index.lexicon.terms(question), 5))
        found = index.passages(ids)
        return [found[number] for number in ids]

    return ranker


def _rank(matches: Iterable[bool]) -> float:
    return next((n for n, match in enumerate(matches, 1) if match), float("inf"))


def _share(flags: Iterable[bool]) -> float:
    return statistics.mean(map(float, flags))


def _holds_any(answer: Answer, phrases: Sequence[str], index: Index) -> bool:
    return any(_marks(answer, phrase, index) for phrase in phrases)


def _marks(answer: Answer, phrase: str, index: Index) -> bool:
    """Whether a marked sentence of the first quote holds the phrase."""
    for quote in answer.quotes[:1]:
        text = index.document(quote.citation.document_id).text
        return any(phrase in text[start:end] for start, end in quote.marked)
    return False


def _article_rows(folder: Path) -> Iterable[str]:
    qa_bot.build_index(ROOT / "documents", folder)
    rows = article_questions(ARTICLE_QUESTIONS)
    asked = [row for row in rows if row.quote is not None]
    with qa_bot.open_index(folder) as index:
        answers = {row.question: qa_bot.answer(row.question, index, reader=None) for row in rows}
        hits = {row.question: qa_bot.retrieve(row.question, index) for row in rows}
        dense = _dense(index)
        plain = {row.question: dense(row.question) for row in asked}
        marked = _share(_article_marked(row, index) for row in asked)
        shown = _share(_marks(answers[row.question], row.quote or "", index) for row in asked)
    yield f"## The article: {len(asked)} answerable public questions, {len(rows) - len(asked)} not"
    yield ""
    yield "| | dense only | qa_bot, retrieval alone | to reach |"
    yield "|---|---|---|---|"
    for n, name, target in ((1, "in the top passage", 0.83), (3, "in the top 3", 0.96)):
        naive = _share(
            any((row.quote or "") in p.text for p in plain[row.question][:n]) for row in asked
        )
        ours = _share(
            any((row.quote or "") in h.passage.text for h in hits[row.question][:n])
            for row in asked
        )
        yield f"| quoted phrase {name} | {naive:.2f} | {ours:.2f} | {target} |"
    count = statistics.mean(
        len(answers[row.question].quotes[0].sentences)
        for row in asked
        if answers[row.question].found
    )
    yield f"| phrase inside the marked sentence(s) of the first passage | | {marked:.2f} | 0.65 |"
    yield f"| the same, unanswered questions counted as wrong | | {shown:.2f} | |"
    yield f"| sentences marked, mean | | {count:.2f} | at most 2 |"
    auroc = roc_auc_score(
        [row.quote is not None for row in rows], [answers[row.question].confidence for row in rows]
    )
    yield f"| AUROC of `confidence`, answerable against not | | {auroc:.3f} | 0.90 |"
    for name, chosen in (("answerable, found", asked), ("unanswerable, found all the same", None)):
        group = chosen or [row for row in rows if row.quote is None]
        yield f"| {name} | | {_share(answers[row.question].found for row in group):.2f} | |"
    yield ""
    sections = _share(
        any(heading in row.sections for heading in hits[row.question][0].passage.section)
        or (not row.sections and not hits[row.question][0].passage.section)
        for row in asked
    )
    yield f"Section of the top passage right: {sections:.2f}."
    yield ""


def _article_marked(row: ArticleQuestion, index: Index) -> bool:
    """Whether the marks of the best passage hold the phrase, whatever the confidence."""
    from qa_bot.asking.judging import judge, marked_sentences
    from qa_bot.asking.retrieval import rank

    best = judge(rank(row.question, index), None)[0]
    text = index.document(best.candidate.passage.document_id).text
    return any((row.quote or "") in text[s.start : s.end] for s in marked_sentences(best))


def _speed_rows(collection: Collection) -> Iterable[str]:
    """Interleaved rounds: a plain fp32 encode of the texts, against indexing them whole."""
    embedder = load_embedder(DEFAULT_MODEL)
    plain_model = SentenceTransformer(str(embedder.folder), local_files_only=True)
    pairs = list(collection.documents)
    texts = [passage.text for _, passages in pairs for passage in passages]
    ratios = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            plain_model.encode(texts, show_progress_bar=False)
            plain = time.perf_counter() - began
            began = time.perf_counter()
            index_passages(pairs, Path(folder), embedder)
            ratios.append(plain / (time.perf_counter() - began))
    latencies = []
    with tempfile.TemporaryDirectory() as folder:
        qa_bot.build_index(ROOT / "documents", folder)
        with qa_bot.open_index(folder) as index:
            for row in article_questions(ARTICLE_QUESTIONS) * 5:
                began = time.perf_counter()
                qa_bot.retrieve(row.question, index)
                latencies.append(1000 * (time.perf_counter() - began))
    p50, p95 = np.percentile(latencies, (50, 95))
    yield "## Speed"
    yield ""
    yield "| | qa_bot | to reach |"
    yield "|---|---|---|"
    yield (
        "| passages indexed (encoded with their sentences, stored, both caches written) per "
        f"second, against a plain fp32 `model.encode` of the same texts | "
        f"{statistics.median(ratios):.2f} × (of {', '.join(f'{r:.2f}' for r in sorted(ratios))}) "
        "| 2.0 × |"
    )
    latency = f"p50 {p50:.1f} ms, p95 {p95:.1f} ms"
    yield f"| `retrieve` on the article, model warm | {latency} | p50 25 ms |"


if __name__ == "__main__":
    main()
