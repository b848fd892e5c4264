"""The engine beside the commit before it: ``python -m benchmarks.engine --before COMMIT``.

Cold commands alternate between both, each in a process of its own; warm work alternates
question by question between two processes. Ratios are of medians, by wall clock and by the
processor's time, which says more on a machine that others use, too.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import ROOT
from benchmarks.datasets import SQUAD, article_questions, need_data, squad
from benchmarks.results import save_section
from benchmarks.upkeep.scale import MovedVectors, copies, load_originals
from qa_bot.building.build import index_passages
from qa_bot.models import e5
from qa_bot.models.embedding import DEFAULT_MODEL, MULTILINGUAL_MODEL, load_embedder

ARTICLE = ROOT / "documents"
QUESTION = "Why is Iceland important?"
BEFORE = "38eb69b"
QUIET = 10  # seconds without another MiB


class Cost(NamedTuple):
    """Seconds by wall clock, seconds of processor, MiB at the peak."""

    wall: float
    cpu: float
    mib: float


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", default=BEFORE, help="the commit to compare with")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--files", type=int, default=10_000, help="of the unchanged folder")
    parser.add_argument("--passages", type=int, default=100_000, help="of the large index")
    parser.add_argument("--section", default="engine", help="of RESULTS.md; none to only print")
    arguments = parser.parse_args()
    need_data()
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        trees = stack.enter_context(_worktree(arguments.before, work)), ROOT
        lines = [
            f"Made by `python -m benchmarks.engine --before {arguments.before}` on "
            f"{os.cpu_count()} cores; medians of {arguments.rounds} interleaved rounds.",
            "",
            "| | before | now | ratio by wall clock | ratio by processor |",
            "|---|---|---|---|---|",
            *cold_rows(trees, work, arguments.rounds, arguments.files),
            large_row(ROOT, work, arguments.rounds, arguments.passages),
            chat_row(trees, work),
            *warm_rows(trees, work, arguments.rounds),
        ]
    print("\n".join(lines))
    if arguments.section != "none":
        save_section(arguments.section, "\n".join(lines))


@contextmanager
def _worktree(commit: str, work: Path) -> Iterator[Path]:
    """The code of a commit, beside ours."""
    folder = work / "before"
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--detach", "-q", str(folder), commit], check=True)  # noqa: S603
    try:
        yield folder
    finally:
        subprocess.run([*git, "remove", "--force", str(folder)], check=True)  # noqa: S603


def cold_rows(trees: Sequence[Path], work: Path, rounds: int, files: int) -> Iterator[str]:
    """A command from a cold shell."""
    models = [DEFAULT_MODEL, *([MULTILINGUAL_MODEL] if e5.is_installed() else [])]
    for model in models:
        for number, tree in enumerate(trees):
            _command(tree, "index", ARTICLE, work / f"{model}-{number}", "--model", model)
        command = ["ask", QUESTION]
        yield _cold(f"`qa-bot ask`, cold, {model}", trees, work, rounds, command, model)
    many = work / "many"
    many.mkdir()
    for number in range(files):
        (many / f"{number}.txt").write_text(f"The keys of hut {number} hang on hook {number * 7}.")
    for number, tree in enumerate(trees):
        _command(tree, "index", many, work / f"many-{number}", "--model", DEFAULT_MODEL)
    what = f"`qa-bot index`, nothing changed, {files:,} files"
    yield _cold(what, trees, work, rounds, ["index", "--documents", str(many)], "many")


def large_row(tree: Path, work: Path, rounds: int, passages: int) -> str:
    """A question from a cold shell, of an index of copies whose vectors are moved at random.

    Of the code that it is run by alone: the other one may not read this index.
    """
    model = load_embedder(DEFAULT_MODEL)
    originals, vectors, _ = load_originals(model)
    moved = MovedVectors(model, vectors)
    moved.name, moved.fingerprint = model.name, model.fingerprint  # so that a shell can ask it
    index_passages(copies(originals, passages), work / "large", moved)
    question = "When was the first hospital of the city built?"
    command = [sys.executable, "-m", "qa_bot", "ask", question, "--index", str(work / "large")]
    _, *costs = (_run(command, tree) for _ in range(rounds + 1))
    told = _told(_median(costs))
    return f"| `qa-bot ask`, cold, among {passages:,} passages | | {told} | | |"


def chat_row(trees: Sequence[Path], work: Path) -> str:
    """What a chat server holds once nothing more comes, and what importing Gradio alone does."""
    held = []
    for number, tree in enumerate(trees):
        places = ["--documents", str(ARTICLE), "--index", str(work / f"{DEFAULT_MODEL}-{number}")]
        port = _free_port()
        chat = ["-m", "qa_bot", "chat", "--no-open", "--port", str(port)]
        held.append(_idle([*chat, *places], tree, f"http://127.0.0.1:{port}/"))
    alone = _idle(["-c", "import gradio, time; time.sleep(3600)"], ROOT, "")
    return (
        f"| idle chat server (Gradio imported alone: {alone:.0f} MiB) | {held[0]:.0f} MiB "
        f"| {held[1]:.0f} MiB | {held[1] / held[0]:.2f} of the memory | |"
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _idle(arguments: Sequence[str], tree: Path, page: str) -> float:
    """MiB that a process holds when it has stopped taking more and its page, if any, is up."""
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=tree,
    )
    try:
        seen: list[float] = []
        while len(seen) < QUIET or max(seen[-QUIET:]) - min(seen[-QUIET:]) > 1 or not _is_up(page):
            time.sleep(1)
            assert process.poll() is None, arguments
            status = Path(f"/proc/{process.pid}/status").read_text()
            seen.append(int(status.partition("VmRSS:")[2].split()[0]) / 1024)
        return seen[-1]
    finally:
        process.terminate()
        process.wait()


def _is_up(page: str) -> bool:
    if not page:
        return True
    try:
        with urllib.request.urlopen(page, timeout=5) as found:  # noqa: S310 - our own address
            return bool(found.status == 200)
    except OSError:
        return False


def _command(tree: Path, name: str, documents: Path, index: Path, *more: str) -> None:
    places = ["--documents", str(documents), "--index", str(index)]
    command = [sys.executable, "-m", "qa_bot", name, *places, *more]
    subprocess.run(command, check=True, capture_output=True, cwd=tree)  # noqa: S603


def _cold(
    what: str, trees: Sequence[Path], work: Path, rounds: int, command: list[str], index: str
) -> str:
    costs: list[list[Cost]] = [[], []]
    for turn in range(rounds + 1):
        for number, tree in enumerate(trees):
            place = ["--index", str(work / f"{index}-{number}")]
            cost = _run([sys.executable, "-m", "qa_bot", *command, *place], tree)
            if turn:  # the first one reads files from the disk
                costs[number].append(cost)
    return _row(what, *costs)


def _run(command: list[str], tree: Path) -> Cost:
    began = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tree
    )
    _, status, used = os.wait4(process.pid, 0)
    assert not status, command
    process.returncode = 0
    wall = time.perf_counter() - began
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def _row(what: str, before: Sequence[Cost], now: Sequence[Cost]) -> str:
    old, new = _median(before), _median(now)
    return (
        f"| {what} | {_told(old)} | {_told(new)} | {new.wall / old.wall:.2f} "
        f"| {new.cpu / old.cpu:.2f} |"
    )


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(*map(statistics.median, zip(*costs, strict=True)))


def _told(cost: Cost) -> str:
    return f"{cost.wall:.3f} s, {cost.mib:.0f} MiB"


class Worker:
    """A process with one of the two trees' qa_bot."""

    def __init__(self, tree: Path) -> None:
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, str(Path(__file__).with_name("worker.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=dict(os.environ) | {"PYTHONPATH": str(tree)},
        )

    def __call__(self, *task: str) -> tuple[Cost, Any]:
        """Cost and result of a task."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(task) + "\n")
        self.process.stdin.flush()
        told = json.loads(self.process.stdout.readline())
        return Cost(told["wall"], told["cpu"], told["mib"]), told["found"]

    def close(self) -> None:
        """Let it end."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def warm_rows(trees: Sequence[Path], work: Path, rounds: int) -> Iterator[str]:
    """What a process takes that has its models loaded."""
    workers = [Worker(tree) for tree in trees]
    questions = [one.question for one in article_questions()]
    try:
        for task in ("retrieve", "answer"):
            costs, differ = _alternate(workers, task, work, questions, rounds)
            yield _row(f"`{task}`, the article's {len(questions)} questions", *costs)
            yield f"| … of which other results | {differ} of {len(questions)} | | | |"
        yield from _built(workers, work / "texts", rounds)
    finally:
        for worker in workers:
            worker.close()


def _built(workers: Sequence[Worker], texts: Path, rounds: int) -> Iterator[str]:
    """The 16 articles of SQuAD's half, in which each may cut other passages."""
    texts.mkdir()
    for number, (document, _) in enumerate(squad(SQUAD).documents):
        (texts / f"{number}.txt").write_text(document.text)
    counts = [worker("build", str(texts), DEFAULT_MODEL)[1] for worker in workers]
    costs: list[list[Cost]] = [[], []]
    for _ in range(rounds):
        for number, worker in enumerate(workers):
            costs[number].append(worker("build", str(texts), DEFAULT_MODEL)[0])
    before, now = counts
    yield _row(f"`build_index` of {before} passages before, {now} now", *costs)
    pace = [count / _median(own).wall for count, own in zip(counts, costs, strict=True)]
    told = f"{pace[0]:.0f} | {pace[1]:.0f} | {pace[1] / pace[0]:.2f} × | |"
    yield f"| … passages a second | {told}"


def _alternate(
    workers: Sequence[Worker], task: str, work: Path, questions: Sequence[str], rounds: int
) -> tuple[list[list[Cost]], int]:
    """Costs of each, and how many questions have other results."""
    costs: list[list[Cost]] = [[], []]
    differ = 0
    for turn in range(rounds + 1):
        for question in questions:
            results = []
            for number, worker in enumerate(workers):
                cost, found = worker(task, str(work / f"{DEFAULT_MODEL}-{number}"), question)
                results.append(found)
                if turn:
                    costs[number].append(cost)
            differ += bool(not turn and results[0] != results[1])
    return costs, differ


if __name__ == "__main__":
    main()
