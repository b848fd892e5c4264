"""Follow-ups and other requests: ``python -m benchmarks.quality.conversations [--only …]``.

The multi-turn sets with their histories; PACIFIC's held-out conversations beside the questions as
a person wrote them out; questions of their own after an unrelated conversation; how long it takes;
and 60 requests of other kinds (``requests.jsonl``). ``--turns FILE`` writes what became of every
turn of the multi-turn sets, good and bad. Nothing here was fitted on: ``training.fit_following``
takes other documents of PACIFIC. With all parts it writes its section of RESULTS.md.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import qa_bot
from benchmarks import ROOT
from benchmarks.datasets import SHARED, SQUAD, join, need_data, squad
from benchmarks.quality.reading_scores import auroc
from benchmarks.results import save_section
from qa_bot import Answer, Index, Turn, answer
from qa_bot.building.build import index_passages
from qa_bot.models.embedding import DEFAULT_MODEL, load_embedder
from training.conversations import Sample, held_out, is_right, pacific

REQUESTS = Path(__file__).with_name("requests.jsonl")
_LATER = 60  # turns of each multi-turn set whose time is measured
_RESAMPLED = 2_000


def multiturn(name: str, turns: list[dict[str, Any]]) -> Iterator[str]:
    """One of the multi-turn sets: each last question with and without its history."""
    folder = SHARED / "benchmarks" / "multiturn"
    held = [json.loads(line) for line in (folder / f"{name}_passages.jsonl").open()]
    tasks = [json.loads(line) for line in (folder / f"{name}_tasks.jsonl").open()]
    pairs = [join(str(one["id"]), str(one.get("title", "")), [one["text"]]) for one in held]
    with tempfile.TemporaryDirectory() as scratch:
        index_passages(pairs, Path(scratch), load_embedder(DEFAULT_MODEL))
        with qa_bot.open_index(scratch) as index:
            found = [_task(task, index) for task in tasks]
            for way in ("alone", "told"):
                asked = [one for one in found if one["relevant"]]
                later = [one for one in asked if one["turns"]]
                for what, some in (("all", asked), ("with a history", later)):
                    recall = np.mean([one[way]["recall"] for one in some])
                    first = np.mean([one[way]["first"] for one in some])
                    yield (
                        f"| {name}, {what} ({len(some)}), {way}: recall@5, first | ≥ .95, ≥ .92 "
                        f"| {recall:.3f}, {first:.3f} |"
                    )
                yield f"| {name}, {way}: AUROC of confidence | ≥ .88 | {_separates(found, way)} |"
    turns += [{"set": name, **one} for one in found]


def _task(task: dict[str, Any], index: Index) -> dict[str, Any]:
    history = _pairs(task["history"])
    wanted = {str(one) for one in task["relevant"] or ()}
    shown: dict[str, Any] = {
        "question": task["question"],
        "turns": len(history),
        "answerability": task["answerability"],
        "relevant": sorted(wanted),
    }
    for way, told in (("alone", []), ("told", history)):
        reply = answer(task["question"], index, history=told)
        names = [hit.passage.document_id for hit in reply.hits[:5]]
        shown[way] = {
            "understood": reply.understood_as,
            "navigation": reply.navigation,
            "verdict": reply.verdict,
            "confidence": round(reply.confidence, 4),
            "hits": names,
            "first": bool(names) and names[0] in wanted,
            "recall": len(wanted & set(names)) / len(wanted) if wanted else None,
        }
    return shown


def _pairs(history: Sequence[dict[str, str]]) -> list[tuple[str, str]]:
    """Questions with what was said to them."""
    found: list[tuple[str, str]] = []
    for one in history:
        if one["role"] == "user":
            found.append((one["content"], ""))
        elif found:
            found[-1] = (found[-1][0], one["content"])
    return found


def _separates(found: Sequence[dict[str, Any]], way: str) -> str:
    """AUROC of answerable against unanswerable turns, with a bootstrap interval of 95 %."""
    yes, no = (
        [one[way]["confidence"] for one in found if one["answerability"] == kind]
        for kind in ("answerable", "unanswerable")
    )
    chance = random.Random(0)  # noqa: S311
    drawn = [
        auroc(chance.choices(yes, k=len(yes)), chance.choices(no, k=len(no)))
        for _ in range(_RESAMPLED)
    ]
    low, high = np.percentile(drawn, (2.5, 97.5))
    return f"{auroc(yes, no):.3f} ({low:.3f} to {high:.3f}; {len(no)} unanswerable)"


def conversations(most: int) -> Iterator[str]:
    """PACIFIC's held-out contexts: evidence first, with the history and as written out."""
    pages, samples = pacific(SHARED / "training" / "tatqa")
    names = {name for name in pages if held_out(name)}
    asked = [one for one in samples if one.document in names][:most]
    with tempfile.TemporaryDirectory() as root:
        documents, folder = Path(root, "documents"), Path(root, "index")
        documents.mkdir()
        for name in names:
            (documents / name).write_text(pages[name], encoding="utf-8")
        qa_bot.build_index(documents, folder)
        with qa_bot.open_index(folder) as index:
            for where in ("all reports", "its report"):
                scopes = [[one.document] if where == "its report" else None for one in asked]
                told, alone, person = (
                    np.mean(
                        [_is_first(one, reply) for one, reply in zip(asked, those, strict=True)]
                    )
                    for those in _three_ways(asked, scopes, index)
                )
                yield (
                    f"| PACIFIC, {where}, {len(asked)} turns, evidence first: alone, with the "
                    f"history, as a person wrote it out | within .03 | {alone:.3f}, {told:.3f}, "
                    f"{person:.3f} |"
                )


def _three_ways(
    asked: Sequence[Sample], scopes: Sequence[list[str] | None], index: Index
) -> list[list[Answer]]:
    ways = [(one.question, one.history) for one in asked], [(one.question, ()) for one in asked]
    written: list[tuple[str, tuple[Turn, ...]]] = [(one.standalone, ()) for one in asked]
    return [
        [
            answer(question, index, documents=scope, history=history)
            for (question, history), scope in zip(way, scopes, strict=True)
        ]
        for way in (*ways, written)
    ]


def _is_first(sample: Sample, reply: Answer) -> bool:
    return any(
        is_right(sample, hit.passage.document_id, hit.passage.text) for hit in reply.hits[:1]
    )


def standalone(most: int) -> Iterator[str]:
    """Questions of their own after a conversation about something else."""
    collection = squad(SQUAD)
    chance = random.Random(0)  # noqa: S311
    asked = chance.sample(collection.answerable, most)
    with tempfile.TemporaryDirectory() as scratch:
        index_passages(collection.documents, Path(scratch), load_embedder(DEFAULT_MODEL))
        with qa_bot.open_index(scratch) as index:
            pairs = []
            for one in asked:
                others = [q for q in collection.answerable if q.gold[0] != one.gold[0]]
                history = [(q.text, q.answers[0]) for q in chance.sample(others, 2)]
                pairs.append(_pair(one.text, index, history, _is_at(one.gold)))
    yield _told("SQuAD", pairs)
    rows = [json.loads(line) for line in (SHARED / "benchmarks" / "reports.jsonl").open()]
    rows = [row for row in rows if row["quote"]][:most]
    with tempfile.TemporaryDirectory() as scratch:
        qa_bot.build_index(SHARED / "pdfs", scratch)
        with qa_bot.open_index(scratch) as index:
            pairs = []
            for row in rows:
                far = [other for other in rows if other["document"] != row["document"]]
                history = [(each["question"], _phrases(each)[0]) for each in chance.sample(far, 2)]
                pairs.append(_pair(row["question"], index, history, _holds(_phrases(row))))
    yield _told("reports", pairs)


def _phrases(row: dict[str, Any]) -> list[str]:
    quote = row["quote"]
    return quote if isinstance(quote, list) else [quote]


def _is_at(gold: tuple[str, int]) -> Callable[[qa_bot.Passage], bool]:
    return lambda passage: (passage.document_id, passage.start) == gold


def _holds(phrases: Sequence[str]) -> Callable[[qa_bot.Passage], bool]:
    plain = [" ".join(phrase.split()) for phrase in phrases]
    return lambda passage: any(phrase in " ".join(passage.text.split()) for phrase in plain)


def _pair(
    question: str,
    index: Index,
    history: Sequence[tuple[str, str]],
    is_gold: Callable[[qa_bot.Passage], bool],
) -> tuple[bool, bool, bool]:
    """Whether the right passage is first, alone and told; whether the answers are equal."""
    alone, told = answer(question, index), answer(question, index, history=history)
    firsts = [any(is_gold(hit.passage) for hit in one.hits[:1]) for one in (alone, told)]
    return firsts[0], firsts[1], alone == told


def _told(name: str, pairs: Sequence[tuple[bool, bool, bool]]) -> str:
    alone, told, equal = (float(np.mean([one[n] for one in pairs])) for n in range(3))
    return (
        f"| {name}, {len(pairs)} pairs after an unrelated conversation: first alone, first told, "
        f"equal answers | loss ≤ .01 | {alone:.3f}, {told:.3f}, {equal:.3f} |"
    )


def requests() -> Iterator[str]:
    """The 60 requests of other kinds, on the article."""
    rows = [json.loads(line) for line in REQUESTS.read_text(encoding="utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as scratch:
        qa_bot.build_index(ROOT / "documents", scratch)
        with qa_bot.open_index(scratch) as index:
            right = 0
            for row in rows:
                reply = answer(row["question"], index)
                right += reply.navigation == row["kind"]
                if reply.navigation != row["kind"]:
                    print(f"  {row['question']} -> {reply.navigation!r}, not {row['kind']!r}")
    yield f"| {len(rows)} requests: right kind of reply | ≥ .95 | {right / len(rows):.3f} |"


def latency() -> Iterator[str]:
    """Follow-ups beside the same questions alone, in turns, in one process."""
    folder = SHARED / "benchmarks" / "multiturn"
    held = [json.loads(line) for line in (folder / "cloud_passages.jsonl").open()]
    tasks = [json.loads(line) for line in (folder / "cloud_tasks.jsonl").open()]
    tasks = [task for task in tasks if task["history"]][:_LATER]
    pairs = [join(str(one["id"]), "", [one["text"]]) for one in held]
    with tempfile.TemporaryDirectory() as scratch:
        index_passages(pairs, Path(scratch), load_embedder(DEFAULT_MODEL))
        with qa_bot.open_index(scratch) as index:
            answer("warm up", index)
            taken: list[list[float]] = [[], []]
            for task in tasks:
                for way, history in enumerate(([], _pairs(task["history"]))):
                    began = time.perf_counter()
                    answer(task["question"], index, history=history)
                    taken[way].append(1000 * (time.perf_counter() - began))
    alone, told = (float(np.median(one)) for one in taken)
    yield (
        f"| `answer` p50, alone and with a history, {len(tasks)} questions | ≤ 1.6 times "
        f"| {alone:.0f} ms, {told:.0f} ms: {told / alone:.2f} times |"
    )


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    kinds = ("requests", "cloud", "finance", "pacific", "standalone", "latency")
    parser.add_argument("--only", nargs="*", choices=kinds, default=list(kinds))
    parser.add_argument("--most", type=int, default=500, help="questions of each large set")
    parser.add_argument("--turns", type=Path, help="where to write what became of each turn")
    arguments = parser.parse_args()
    need_data()
    turns: list[dict[str, Any]] = []
    parts: dict[str, Callable[[], Iterator[str]]] = {
        "requests": requests,
        "cloud": lambda: multiturn("cloud", turns),
        "finance": lambda: multiturn("finance", turns),
        "pacific": lambda: conversations(arguments.most),
        "standalone": lambda: standalone(arguments.most),
        "latency": latency,
    }
    lines = ["## Conversations", "", "| | to reach | |", "|---|---|---|"]
    print("\n".join(lines), flush=True)
    for kind in arguments.only:
        for line in parts[kind]():
            print(line, flush=True)
            lines.append(line)
    if arguments.turns:
        arguments.turns.write_text(
            "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in turns), encoding="utf-8"
        )
    if set(arguments.only) == set(kinds) and arguments.most >= parser.get_default("most"):
        save_section("conversations", "\n".join(lines))


if __name__ == "__main__":
    main()
