"""Builds that are killed at random moments, and what is left of the index each time.

Run with ``python -m benchmarks.kills [--count 200] [--seed 0]``. Each build is a
process that is killed with SIGKILL; afterwards the index must be what it claims,
and answer as before or as after the build, nothing in between.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.hashing import HashEmbedder
from benchmarks.results import save_section
from qa_bot import build_index, check_index, open_index, retrieve
from qa_bot.errors import IndexNotFoundError

ROOT = Path(__file__).parents[1]
QUESTIONS = ("Where was otter number 3 seen?", "heron warden morning bell", "hut 2")
FILES = 12
_BUILD = """
import sys
from benchmarks.hashing import HashEmbedder
from qa_bot import build_index, storing
storing.BATCH = 8
print("ready", flush=True)
build_index(sys.argv[1], sys.argv[2], model=HashEmbedder(seconds=0.002))
"""

Ranking = tuple[tuple[tuple[str, int, float], ...], ...]


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


def kill_builds(folder: Path, count: int, seed: int) -> Counter[str]:
    """Kill so many builds, and count what answered afterwards: the old index or the new one.

    Raises:
        AssertionError: An index was damaged, or answered neither as before nor as after.
    """
    chance = random.Random(seed)  # noqa: S311 - moments, not secrets
    documents, index = folder / "documents", folder / "index"
    seen: Counter[str] = Counter()
    old: Ranking = ()
    longest = 1.0
    for number in range(count):
        write_version(documents, number + 1)
        fresh = folder / f"fresh-{number}"
        build_index(documents, fresh, model=HashEmbedder())
        new = ranking(fresh)
        longest = max(longest, _kill_one(documents, index, chance.uniform(0, longest)))
        now = ranking(index)
        assert now in (old, new), f"build {number}: neither the old index nor the new one"
        if now:
            checked = check_index(index)
            assert not checked.faults, f"build {number}: {checked.faults}"
        seen["old" if now == old else "new"] += 1
        build_index(documents, index, model=HashEmbedder())
        assert ranking(index) == new, f"build {number}: the next one didn't mend it"
        assert not check_index(index).faults
        old = new
    return seen


def _kill_one(documents: Path, index: Path, delay: float) -> float:
    """Start a build and kill it after so many seconds; how long it took where it was faster."""
    process = subprocess.Popen(  # noqa: S603 - this interpreter, code of our own
        [sys.executable, "-c", _BUILD, str(documents), str(index)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    began = time.monotonic()
    try:
        process.wait(delay)
        return (time.monotonic() - began) / 2  # it was done: kill sooner
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return delay * 1.3
    finally:
        process.communicate()


def main() -> None:
    """Print how many builds were killed, and what answered."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seen = kill_builds(Path(folder), arguments.count, arguments.seed)
    text = (
        f"{arguments.count} builds killed with SIGKILL at random moments: {seen['old']} times the\n"
        f"old index answered, {seen['new']} times the new one, never anything else; no fault found."
    )
    print(text)
    if arguments.count >= 200:
        save_section("kills", f"## Killed builds\n\n{text}")


if __name__ == "__main__":
    main()
