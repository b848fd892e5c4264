"""Builds that are killed at random moments, and what is left of the index each time.

Run with ``python -m benchmarks.upkeep.kills [--count 200] [--seed 0]``. Each build is a
process that is killed with SIGKILL; afterwards the index must be what it claims,
and answer as before or as after the build, nothing in between. Every other kill
is aimed at the moment when the new index takes the old one's place: that is a
short part of a build, and the one that matters most.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks import ROOT
from benchmarks.hashing import HashEmbedder
from benchmarks.results import save_section
from qa_bot import build_index, check_index, open_index, retrieve
from qa_bot.errors import IndexNotFoundError

QUESTIONS = ("Where was otter number 3 seen?", "heron warden morning bell", "hut 2")
FILES = 12
READY, SAVING, BUILT = "ready", "saving", "built"  # what a build has said last
PACED_EVERY = 10  # kills after which a build is timed again
_BUILD = """
import sys
import faiss, tantivy  # loading them is no part of the saving
from benchmarks.hashing import HashEmbedder
from qa_bot import build_index
from qa_bot.building import storing
storing.BATCH = 8
print("ready", flush=True)
build_index(sys.argv[1], sys.argv[2], model=HashEmbedder(seconds=0.002),
            on_progress=lambda now: now.stage == "saving" and print("saving", flush=True))
print("built", flush=True)
"""

Ranking = tuple[tuple[tuple[str, int, float], ...], ...]


@dataclass(frozen=True, slots=True)
class Pace:
    """When a build that nobody kills gets where, in seconds after it was ready."""

    saving: float
    built: float


def write_version(documents: Path, version: int) -> None:
    """Write the files of a version: some stay, some change, some come and go."""
    documents.mkdir(exist_ok=True)
    for old in documents.glob("*.txt"):
        old.unlink()
    for number in range(FILES):
        if (number + version) % 4 == 0:
            continue
        edition = version if number % 2 else 0
        topic = ("otter", "heron", "moth")[number % 3]
        (documents / f"{topic}-{number}.txt").write_text(
            "\n\n".join(
                f"The {topic} number {n} was seen near hill {number} in year {edition}. Its keeper "
                f"wrote on page {n} that every {topic} of the {n}th kind sleeps through the day, "
                f"and returns to hut {n} before the morning bell is rung by the {topic} warden."
                for n in range(6)
            )
        )


def ranking(index: Path) -> Ranking:
    """What the index answers; () where there is none yet."""
    try:
        with open_index(index, model=HashEmbedder()) as opened:
            return tuple(
                tuple(
                    (hit.passage.document_id, hit.passage.start, round(hit.score, 5))
                    for hit in retrieve(question, opened, k=10)
                )
                for question in QUESTIONS
            )
    except IndexNotFoundError:
        return ()


def kill_builds(folder: Path, count: int, seed: int) -> Counter[tuple[str, str]]:
    """Kill so many builds; count in which stage, and which index answered: "old" or "new".

    Raises:
        AssertionError: An index was damaged, or answered neither as before nor as after.
    """
    chance = random.Random(seed)  # noqa: S311 - moments, not secrets
    documents, index = folder / "documents", folder / "index"
    seen: Counter[tuple[str, str]] = Counter()
    old: Ranking = ()
    for number in range(count):
        write_version(documents, number + 1)
        fresh = folder / f"fresh-{number}"
        build_index(documents, fresh, model=HashEmbedder())
        new = ranking(fresh)
        if number % PACED_EVERY == 0:
            pace = _pace(documents, index, folder / "timed")
        # Where the machine became slower than its pace was, later moments are tried.
        is_early = not any(answered == "new" for _, answered in seen)
        slower = 1 + 0.15 * number if is_early else 1.0
        if number % 2:
            delay = chance.uniform(0, 1.1 * pace.built) * slower
            stage = _kill_one(documents, index, READY, delay)
        else:
            delay = chance.uniform(0.4, 1.3) * (pace.built - pace.saving) * slower
            stage = _kill_one(documents, index, SAVING, delay)
        now = ranking(index)
        assert now in (old, new), f"build {number}: neither the old index nor the new one"
        if now:
            checked = check_index(index)
            assert not checked.faults, f"build {number}: {checked.faults}"
        seen[stage, "old" if now == old else "new"] += 1
        build_index(documents, index, model=HashEmbedder())
        assert ranking(index) == new, f"build {number}: the next one didn't mend it"
        assert not check_index(index).faults
        old = new
        shutil.rmtree(fresh)
    return seen


def _start(documents: Path, index: Path) -> subprocess.Popen[str]:
    """A build that is ready to begin."""
    process = subprocess.Popen(  # noqa: S603 - this interpreter, code of our own
        [sys.executable, "-c", _BUILD, str(documents), str(index)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    _await(process, READY)
    return process


def _await(process: subprocess.Popen[str], stage: str) -> None:
    assert process.stdout is not None
    assert f"{stage}\n" in iter(process.stdout.readline, ""), f"it ended before it was {stage}"


def _pace(documents: Path, index: Path, copy: Path) -> Pace:
    """How fast the next build would be, found out on a copy of the index."""
    if index.exists():
        shutil.copytree(index, copy)
    process = _start(documents, copy)
    began = time.monotonic()
    _await(process, SAVING)
    saving = time.monotonic() - began
    _await(process, BUILT)
    pace = Pace(saving, time.monotonic() - began)
    process.communicate()
    shutil.rmtree(copy)
    return pace


def _kill_one(documents: Path, index: Path, stage: str, delay: float) -> str:
    """Start a build and kill it so many seconds after a stage; return the stage it was in."""
    process = _start(documents, index)
    if stage != READY:
        _await(process, stage)
    with suppress(subprocess.TimeoutExpired):
        process.wait(delay)
    process.kill()
    assert process.wait() in (0, -signal.SIGKILL), "it failed by itself"
    assert process.stdout is not None
    said = process.stdout.read().split()
    process.stdout.close()
    return said[-1] if said else stage


def table(seen: Counter[tuple[str, str]]) -> str:
    """The counts in Markdown."""
    names = {READY: "reading and embedding", SAVING: "saving", BUILT: "its process ended, built"}
    rows = [
        f"| {name} | {seen[stage, 'old']} | {seen[stage, 'new']} |" for stage, name in names.items()
    ]
    head = ["| killed while | the old index answered | the new one |", "|---|---:|---:|"]
    return "\n".join(head + rows)


def main() -> None:
    """Print how many builds were killed, and what answered."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seen = kill_builds(Path(folder), arguments.count, arguments.seed)
    text = (
        f"{arguments.count} builds killed with SIGKILL at random moments, every other one near its "
        f"commit; never\nanything else answered, and no fault was found.\n\n{table(seen)}"
    )
    print(text)
    if arguments.count >= 200:
        save_section("kills", f"## Killed builds\n\n{text}")


if __name__ == "__main__":
    main()
