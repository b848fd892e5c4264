"""Follow-ups and other requests: ``python -m benchmarks.quality.conversations [--only …]``.

The multi-turn sets with their histories; PACIFIC's held-out conversations beside the questions as
a person wrote them out; questions of their own after an unrelated conversation; how long it takes;
and 60 requests of other kinds (``requests.jsonl``). ``--turns FILE`` writes what became of every
turn of the multi-turn sets, good and bad. Nothing here was fitted on: ``training.fit_following``
takes other documents of PACIFIC. Indexes are kept in ``--indexes``, where it is given. With all
parts it writes its section of RESULTS.md, with some turns of each kind.
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
from qa_bot.asking.following import as_turns, understand
from qa_bot.asking.retrieval import readable
from qa_bot.building.build import index_passages
from qa_bot.models.embedding import DEFAULT_MODEL, load_embedder
from training.conversations import Sample, held_out, is_right, pacific

MULTITURN = SHARED / "benchmarks" / "multiturn"
REQUESTS = Path(__file__).with_name("requests.jsonl")
_LATER = 60  # turns of each multi-turn set whose time is measured
_RESAMPLED = 2_000


def multiturn(name: str, turns: list[dict[str, Any]], root: Path) -> Iterator[str]:
    """One of the multi-turn sets: each last question with and without its history."""
    lines = (MULTITURN / f"{name}_tasks.jsonl").read_text(encoding="utf-8").splitlines()
    with qa_bot.open_index(_passages(name, root)) as index:
        found = [_task(json.loads(line), index) for line in lines]
    turns += [{"set": name, **one} for one in found]
    for way in ("alone", "told"):
        asked = [one for one in found if one["relevant"]]
        later = [one for one in asked if one["turns"]]
        for what, some in (("all", asked), ("with a history", later)):
            recall, any_, first = (
                np.mean([one[way][figure] for one in some]) for figure in ("recall", "any", "first")
            )
            yield (
                f"| {name}, {what} ({len(some)}), {way}: recall@5, first; any right in five "
                f"| ≥ .95, ≥ .92 | {recall:.3f}, {first:.3f}; {any_:.3f} |"
            )
        yield f"| {name}, {way}: AUROC of confidence | ≥ .88 | {_separates(found, way)} |"


def _passages(name: str, root: Path) -> Path:
    """The index of a multi-turn set, each of its passages a document."""
    folder = root / name
    if not folder.exists():
        lines = (MULTITURN / f"{name}_passages.jsonl").read_text(encoding="utf-8").splitlines()
        held = map(json.loads, lines)
        pairs = [join(str(one["id"]), str(one.get("title", "")), [one["text"]]) for one in held]
        index_passages(pairs, folder, load_embedder(DEFAULT_MODEL))
    return folder


def examples(turns: Sequence[dict[str, Any]], most: int = 4) -> Iterator[str]:
    """Turns that the conversation helped, that it harmed, and that were wrong in both ways."""
    kinds: dict[str, Callable[[dict[str, Any]], bool]] = {
        "Helped": lambda one: one["told"]["first"] and not one["alone"]["first"],
        "Harmed": lambda one: one["alone"]["first"] and not one["told"]["first"],
        "Wrong in both ways": lambda one: not one["alone"]["first"] and not one["told"]["first"],
    }
    asked = [one for one in turns if one["relevant"] and one["turns"]]
    for kind, fits in kinds.items():
        some = [one for one in asked if fits(one)]
        yield f"\n{kind} ({len(some)} of {len(asked)} with a history), for example:\n"
        for one in some[:most]:
            meant = one["told"]["understood"]
            searched = f"searched as “{meant}”" if meant else "asked alone"
            found = "" if one["told"]["first"] else f"; first was `{one['told']['hits'][:1]}`"
            yield f"- {one['set']}: “{' '.join(one['question'].split())}” — {searched}{found}"


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
            "any": not wanted.isdisjoint(names),
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


def conversations(most: int, root: Path) -> Iterator[str]:
    """PACIFIC's held-out contexts: evidence first, with the history and as written out."""
    pages, samples = pacific(SHARED / "training" / "tatqa")
    names = {name for name in pages if held_out(name)}
    asked = [one for one in samples if one.document in names]
    asked = [one for one in asked if any(map(str.isalnum, one.question))][:most]
    documents, folder = root / "pacific-documents", root / "pacific"
    documents.mkdir(exist_ok=True)
    for name in names:
        (documents / name).write_text(pages[name], encoding="utf-8")
    qa_bot.build_index(documents, folder)
    with qa_bot.open_index(folder) as index:
        for where in ("all reports", "its report"):
            scopes = [[one.document] if where == "its report" else None for one in asked]
            told, alone, person = (
                np.mean([_is_first(one, reply) for one, reply in zip(asked, those, strict=True)])
                for those in _three_ways(asked, scopes, index)
            )
            yield (
                f"| PACIFIC, {where} ({len(names)}), {len(asked)} turns, evidence first: alone, "
                f"with the history, as a person wrote it out | within .03 "
                f"| {alone:.3f}, {told:.3f}, {person:.3f} |"
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


def standalone(most: int, root: Path) -> Iterator[str]:
    """Questions of their own after a conversation about something else."""
    collection = squad(SQUAD)
    chance = random.Random(0)  # noqa: S311
    asked = chance.sample(collection.answerable, most)
    if not (root / "squad").exists():
        index_passages(collection.documents, root / "squad", load_embedder(DEFAULT_MODEL))
    with qa_bot.open_index(root / "squad") as index:
        pairs = []
        for one in asked:
            others = [q for q in collection.answerable if q.gold[0] != one.gold[0]]
            history = [(q.text, q.answers[0]) for q in chance.sample(others, 2)]
            pairs.append(_pair(one.text, index, history, _is_at(one.gold)))
    yield _told("SQuAD", pairs)
    lines = (SHARED / "benchmarks" / "reports.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["quote"]][:most]
    qa_bot.build_index(SHARED / "pdfs", root / "pdfs")
    with qa_bot.open_index(root / "pdfs") as index:
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
) -> tuple[bool, bool] | None:
    """Whether the right passage is first, alone and told; None where nothing of it changes.

    Nothing does where it is taken to stand alone, which is how it is answered without a history.
    """
    if understand(readable(question), as_turns(history), index).candidate.way == "alone":
        return None
    alone, told = answer(question, index), answer(question, index, history=history)
    first, second = (any(is_gold(hit.passage) for hit in one.hits[:1]) for one in (alone, told))
    return first, second


def _told(name: str, pairs: Sequence[tuple[bool, bool] | None]) -> str:
    changed = [one for one in pairs if one is not None]
    lost = sum(first - second for first, second in changed)
    return (
        f"| {name}, {len(pairs)} pairs after an unrelated conversation: share taken to lean; first "
        f"places lost | loss ≤ .01 | {len(changed) / len(pairs):.3f}; {lost / len(pairs):.3f} |"
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


def latency(root: Path) -> Iterator[str]:
    """Follow-ups beside the same questions alone, in turns, in one process."""
    lines = (MULTITURN / "cloud_tasks.jsonl").read_text(encoding="utf-8").splitlines()
    tasks = [task for task in map(json.loads, lines) if task["history"]][:_LATER]
    with qa_bot.open_index(_passages("cloud", root)) as index:
        answer("warm up", index)
        taken: list[list[float]] = [[], []]
        for task in tasks:
            for way, history in enumerate(([], _pairs(task["history"]))):
                began = time.process_time()
                answer(task["question"], index, history=history)
                taken[way].append(1000 * (time.process_time() - began))
    alone, told = (float(np.median(one)) for one in taken)
    yield (
        f"| `answer`, median of the processor's time, alone and with a history, {len(tasks)} "
        f"questions in turns | ≤ 1.6 times "
        f"| {alone:.0f} ms, {told:.0f} ms: {told / alone:.2f} times |"
    )


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    kinds = ("requests", "cloud", "finance", "latency", "standalone", "pacific")
    parser.add_argument("--only", nargs="*", choices=kinds, default=list(kinds))
    parser.add_argument("--most", type=int, default=500, help="questions of each large set")
    parser.add_argument("--turns", type=Path, help="where to write what became of each turn")
    parser.add_argument("--indexes", type=Path, help="where indexes are kept between runs")
    arguments = parser.parse_args()
    need_data()
    turns: list[dict[str, Any]] = []
    lines = ["## Conversations", "", "| | to reach | |", "|---|---|---|"]
    print("\n".join(lines), flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        root = arguments.indexes or Path(scratch)
        parts: dict[str, Callable[[], Iterator[str]]] = {
            "requests": requests,
            "cloud": lambda: multiturn("cloud", turns, root),
            "finance": lambda: multiturn("finance", turns, root),
            "latency": lambda: latency(root),
            "standalone": lambda: standalone(arguments.most, root),
            "pacific": lambda: conversations(arguments.most // 5, root),
        }
        for kind in arguments.only:
            for line in parts[kind]():
                print(line, flush=True)
                lines.append(line)
    lines += examples(turns) if turns else ()
    if arguments.turns:
        arguments.turns.write_text(
            "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in turns), encoding="utf-8"
        )
    if set(arguments.only) == set(kinds) and arguments.most >= parser.get_default("most"):
        save_section("conversations", "\n".join(lines))


if __name__ == "__main__":
    main()
