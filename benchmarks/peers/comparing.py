"""qa_bot beside what people would use instead: ``python -m benchmarks.peers``.

The same passages, the same model, the same machine, the same run: every system works
in processes of its own (``worker``), and the speed of all is measured round after
round. Writes RESULTS.md's section, docs/quality.md's table and docs/peers.png.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import numpy as np

import qa_bot
from benchmarks import ROOT
from benchmarks.datasets import SQUAD, need_data
from benchmarks.peers.corpora import (
    Corpus,
    article_corpus,
    fewer,
    multiturn_corpus,
    sampled,
    save_corpus,
    speed_corpus,
    squad_corpus,
)
from benchmarks.peers.environment import JobError, do_job, make_environment
from benchmarks.peers.figures import Comparison, Measured, Round
from benchmarks.peers.plot import plot
from benchmarks.peers.report import results_text, short_table
from benchmarks.peers.systems import SYSTEMS, System
from benchmarks.results import save_section
from qa_bot.models.cores import available_cores

ROUNDS = 5
PASSAGES = 200  # indexed in each round
QUESTIONS = 100  # asked in each round
SQUAD_QUESTIONS = 1_000  # of the half's 2,910: with a dozen systems, all of them take hours
QUALITY = ROOT / "docs" / "quality.md"


def quality_corpora(sample: int) -> list[Corpus]:
    """What ranking is measured on; ``sample`` questions of each, 0 for all."""
    whole = (
        fewer(squad_corpus("squad", SQUAD), SQUAD_QUESTIONS),
        article_corpus(),
        multiturn_corpus("cloud"),
        multiturn_corpus("finance"),
    )
    return [sampled(one, sample) for one in whole]


def measure_quality(systems: Sequence[System], corpora: Sequence[Corpus], scratch: Path) -> None:
    """Save each system's figures as ``scratch/key.quality.json``, where they aren't there yet."""
    files = []
    for corpus in corpora:
        files.append(str(scratch / f"{corpus.name}.json"))
        save_corpus(corpus, Path(files[-1]))

    def measure(system: System) -> None:
        folder, kept = scratch / f"quality, {system.key}", scratch / f"{system.key}.quality.json"
        if kept.exists():
            return
        with _noting(system, "quality"):
            done = do_job(system, "quality", corpora=files, folder=str(folder))
            kept.write_text(json.dumps(done.answers[-1]))
        shutil.rmtree(folder, ignore_errors=True)

    # How long this takes is not measured, so one runs on each core.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(measure, systems))


def measure_round(number: int, systems: Sequence[System], corpus: Corpus, scratch: Path) -> None:
    """One round of speed: index and change, then a cold start and warm questions, of each."""
    file = scratch / "speed.json"
    save_corpus(corpus, file)
    asked = [one.text for one in corpus.questions]
    first = number % len(systems)  # nobody always comes after the same one
    for system in (*systems[first:], *systems[:first]):
        folder, kept = (
            scratch / "speed" / system.module,
            scratch / f"{system.key}.round{number}.json",
        )
        if kept.exists():
            continue
        with _noting(system, f"round {number + 1}"):
            built = do_job(
                system, "index", corpus=str(file), folder=str(folder), round=number
            ).answers[-1]
            cold = do_job(system, "cold", folder=str(folder), questions=asked)
            p50, p95 = np.percentile(cold.answers[-1]["latencies_ms"], (50, 95))
            found = Round(
                number=number,
                passages_per_s=built["passages"] / built["index_s"],
                change_s=built["change_s"],
                peak_mib=built["peak_mib"],
                disk_mib=built["disk_mib"],
                import_s=cold.answers[0]["import_s"],
                first_s=cold.first,
                p50_ms=float(p50),
                p95_ms=float(p95),
            )
            kept.write_text(json.dumps(asdict(found)))
        shutil.rmtree(scratch / "speed", ignore_errors=True)


class _noting:  # noqa: N801 - a context manager, read as a verb
    """Tell what is running and how long it took; a failed job is told and the others go on."""

    def __init__(self, system: System, what: str) -> None:
        self._what = f"{system.key}: {what}"

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> bool:
        failed = kind is not None and issubclass(kind, JobError)
        took = f"{time.perf_counter() - self._began:.0f} s"
        print(f"{self._what}: {f'FAILED: {error}' if failed else took}", flush=True)
        return failed


def measured(systems: Sequence[System], rounds: int, scratch: Path) -> Iterator[Measured]:
    """What the files in ``scratch`` say of each system."""
    for system in systems:
        sizes = do_job(system, "size", distributions=system.distributions).answers[-1]["sizes"]
        quality = scratch / f"{system.key}.quality.json"
        found = [scratch / f"{system.key}.round{number}.json" for number in range(rounds)]
        yield Measured(
            name=system.name,
            setting=system.setting,
            how=system.how,
            sizes=sizes,
            quality=json.loads(quality.read_text()) if quality.is_file() else {},
            rounds=[Round(**json.loads(one.read_text())) for one in found if one.is_file()],
        )


def claim(folder: Path, plan: dict[str, object]) -> None:
    """Make the folder one plan's own, since what lies there is taken to be of this run.

    Raises:
        SystemExit: It holds what was measured otherwise.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "plan.json"
    if kept.exists() and json.loads(kept.read_text()) != plan:
        raise SystemExit(f"{folder} holds figures of another sample or of other code: name another")
    kept.write_text(json.dumps(plan))


def code_digest() -> str:
    """Of all that is measured and measures."""
    files = sorted([*ROOT.glob("qa_bot/**/*.py"), *ROOT.glob("benchmarks/**/*.py")])
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def compare(systems: Sequence[System], rounds: int, sample: int, scratch: Path) -> Comparison:
    """Everything, in one run."""
    corpora = quality_corpora(sample)
    speed = speed_corpus(PASSAGES if not sample else min(sample, PASSAGES), QUESTIONS)
    measure_quality(systems, corpora, scratch)
    for number in range(rounds):
        measure_round(number, systems, speed, scratch)
    return Comparison(
        systems=list(measured(systems, rounds, scratch)),
        questions={one.name: sum(bool(q.relevant) for q in one.questions) for one in corpora},
        passages={one.name: len(one.items) for one in (*corpora, speed)},
        machine=f"{platform.machine()}, {available_cores()} cores",
        version=qa_bot.__version__,
        rounds=rounds,
        sample=sample,
    )


def main() -> None:
    """Measure and save, or save again what ``--raw`` kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of the speed rows")
    parser.add_argument("--sample", type=int, default=0, help="questions of each set; 0 for all")
    parser.add_argument("--only", nargs="*", default=[], help="names of systems, or parts of them")
    parser.add_argument(
        "--work", type=Path, help="a folder for what was measured: an interrupted run goes on"
    )
    parser.add_argument("--raw", type=Path, help="keep all that was measured in this file")
    parser.add_argument("--render", type=Path, help="measure nothing; write what --raw kept")
    arguments = parser.parse_args()
    if arguments.render:
        save_or_say(Comparison.from_json(arguments.render.read_text()))
        return
    need_data()
    make_environment()
    chosen = [
        system
        for system in SYSTEMS
        if not arguments.only or any(part in system.key for part in arguments.only)
    ]
    with ExitStack() as stack:
        scratch = arguments.work
        if scratch is None:
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        claim(scratch, {"sample": arguments.sample, "code": code_digest()})
        found = compare(chosen, arguments.rounds, arguments.sample, scratch)
    if arguments.raw:
        arguments.raw.write_text(json.dumps(asdict(found)))
    print(results_text(found))
    save_or_say(found)


def save_or_say(found: Comparison) -> None:
    """Write RESULTS.md's section, the table of docs/quality.md and the picture, if all was run."""
    if len(found.systems) < len(SYSTEMS) or found.sample or found.rounds < ROUNDS:
        print("\nNot saved: only a run of everything is.")
        return
    plot(found, ROOT / "docs" / "peers.png")
    save_section("peers", results_text(found))
    save_section("peers", short_table(found), QUALITY)


if __name__ == "__main__":
    main()
