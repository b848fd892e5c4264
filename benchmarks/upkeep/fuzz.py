"""Damaged files by the thousand: each is read, or refused with one clear line.

``python -m benchmarks.upkeep.fuzz`` reads mutants of real files in the worker processes that
read documents, and fails where one hangs, crashes its process, is refused in words that
mean nothing to the file's owner, breaks an invariant, or reaches for the network.
``--make NAME`` writes one mutant again.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import re
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.datasets import SHARED
from benchmarks.results import save_section
from benchmarks.upkeep.invariants import broken, ugly
from benchmarks.upkeep.mutants import PORT, make, name_of
from benchmarks.upkeep.specimens import cut_pdfs, generated, pictures
from qa_bot.building.passages import split_document
from qa_bot.builds import Limits
from qa_bot.loaders import PICTURES
from qa_bot.loaders.containers import Finding
from qa_bot.loaders.pool import Inside, Outcome, Through, read_documents
from qa_bot.records import Document

MAX_TOKENS = 60
WHOLE = 30  # one mutant of so many PDFs is of a whole file, which takes seconds to read
_LARGEST_WHOLE = 300_000  # bytes
_STUCK = 300  # seconds in which one document is cut into passages and checked

# Python imports this at its start: every process that reads documents is watched.
_WATCHMAN = """
import os, sys

def watch(event, arguments):
    if event == "subprocess.Popen" and arguments[0] == "tesseract":  # which pictures need
        return
    if event.startswith(("socket.", "subprocess.", "os.exec", "os.posix_spawn", "os.system")):
        with open(os.environ["QA_BOT_WATCHMAN"], "a") as report:
            report.write(f"{event}\\n")
        raise PermissionError("reading a document needs no such thing")

sys.addaudithook(watch)
"""


@dataclass
class Tally:
    """What became of the mutants, by the format's suffix."""

    read: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    slow: Counter[str] = field(default_factory=Counter)
    crashed: Counter[str] = field(default_factory=Counter)
    hungry: Counter[str] = field(default_factory=Counter)  # needed too much memory
    reasons: Counter[str] = field(default_factory=Counter)  # their names and numbers left out
    failures: list[str] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Count and judge one."""
        if isinstance(outcome, Document):
            self.read[Path(outcome.id).suffix] += 1
            self.failures += [f"{outcome.id}: {why}" for why in _broken(outcome)]
            return
        if isinstance(outcome, Through):
            self.read[Path(outcome.file).suffix] += 1
            return
        if isinstance(outcome, Inside):
            self._add_member(outcome.finding)
            return
        name, reason = outcome.path.name, outcome.reason
        kinds = {"takes longer": self.slow, "crashed": self.crashed, "needs more": self.hungry}
        kind = next((k for start, k in kinds.items() if reason.startswith(start)), self.refused)
        kind[outcome.path.suffix] += 1
        self.reasons[re.sub(r"\S*/\S+|\S+\.x?html|\d[\d,]*", "…", reason)] += 1
        if kind is not self.refused:
            self.failures.append(f"{name}: {reason}")
        if why := ugly(reason):
            self.failures.append(f"{name}: the reason {reason[:200]!r} {why}")

    def _add_member(self, finding: Finding) -> None:
        """Judge what became of a file in a mutant, or of its own text."""
        if finding.document is not None:
            self.failures += [f"{finding.id}: {why}" for why in _broken(finding.document)]
        if finding.reason.startswith(("takes longer", "crashed", "needs more")):
            self.failures.append(f"{finding.id}: {finding.reason}")
        if finding.reason and (why := ugly(finding.reason)):
            self.failures.append(f"{finding.id}: the reason {finding.reason[:200]!r} {why}")


def _broken(document: Document) -> Iterator[str]:
    faulthandler.dump_traceback_later(_STUCK, exit=True)
    passages = split_document(document, _count_words, MAX_TOKENS)
    yield from list(broken(document, passages))[:3]
    if "root:x:0:" in document.text:
        yield "holds a file of this machine"
    faulthandler.cancel_dump_traceback_later()


def _count_words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def sources(*, small: bool) -> dict[str, bytes]:
    """The files to damage: generated ones of every format, and what there is of shared PDFs."""
    files = sorted((SHARED / "pdfs").glob("*.pdf"))
    files = [file for file in files if not small or file.stat().st_size < 200_000][
        : 4 if small else None
    ]
    whole = [] if small else [file for file in files if file.stat().st_size < _LARGEST_WHOLE]
    return {
        **generated(),
        **cut_pdfs(files),
        **{f"{file.stem}-whole.pdf": file.read_bytes() for file in whole},
    }


def names(count: int, seed: int, files: Sequence[str], suffixes: Collection[str] = ()) -> list[str]:
    """Names of mutants: half of them of PDFs, the other half of all other formats alike.

    Args:
        count: How many.
        seed: What their damage is drawn from.
        files: The sources' names.
        suffixes: Of the formats that are damaged, alike and alone; empty for all.
    """
    if suffixes:
        chosen = [file for file in files if Path(file).suffix in suffixes]
        return [name_of(chosen[at % len(chosen)], seed, at) for at in range(count if chosen else 0)]
    others = [file for file in files if not file.endswith(".pdf")]
    whole = [file for file in files if file.endswith("-whole.pdf")]
    pdfs = [file for file in files if file.endswith(".pdf") and file not in whole]
    chosen = []
    for number in range(count):
        half = number // 2
        group = others if number % 2 else whole if whole and half % WHOLE == 0 else pdfs
        place = half // WHOLE if group is whole else half
        chosen.append(name_of(group[place % len(group)], seed, number))
    return chosen


@contextmanager
def watched(folder: Path, port: int = PORT) -> Iterator[list[str]]:
    """Note what processes started meanwhile do beyond reading files, C libraries included.

    Nothing else may knock on the port: who shares it hears others' connections.
    """
    report = folder / "watchman.txt"
    report.touch()
    (folder / "sitecustomize.py").write_text(_WATCHMAN)
    before = os.environ.get("PYTHONPATH")
    os.environ["QA_BOT_WATCHMAN"] = str(report)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(folder), before)))
    seen: list[str] = []
    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        door.bind(("127.0.0.1", port))
        door.listen(100)
        door.setblocking(False)
        try:
            yield seen
        finally:
            del os.environ["QA_BOT_WATCHMAN"], os.environ["PYTHONPATH"]
            if before is not None:
                os.environ["PYTHONPATH"] = before
            seen += [*_knocks(door), *report.read_text().split()]


def _knocks(door: socket.socket) -> Iterator[str]:
    """One for each connection that waits to be answered; none ever is."""
    while True:
        try:
            door.accept()[0].close()
        except BlockingIOError:
            return
        yield "a connection"


def run(
    count: int,
    seed: int,
    limits: Limits,
    *,
    small: bool,
    processes: int | None,
    suffixes: Collection[str] = (),
) -> Tally:
    """Make the mutants, read them, and judge what became of them; pictures with OCR."""
    tally = Tally()
    found = sources(small=small) | (pictures() if set(PICTURES) & set(suffixes) else {})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = []
        for mutant in names(count, seed, list(found), suffixes):
            (folder / mutant).write_bytes(make(mutant, found))
            files.append((mutant, folder / mutant))
        with watched(folder) as seen:
            ocr = "eng" if set(PICTURES) & set(suffixes) else None
            for outcome in read_documents(files, limits, processes, ocr=ocr):
                tally.add(outcome)
        for what, times in Counter(seen).items():
            tally.failures.append(f"a process that reads documents did {times} times: {what}")
        if sum(tally.read.values()) + sum(tally.reasons.values()) != count:
            tally.failures.append("not every mutant came out")
    return tally


def table(tally: Tally) -> str:
    """The tally, for people."""
    columns = (tally.read, tally.refused, tally.slow, tally.hungry, tally.crashed)
    heads = ("mutants", "read", "refused", "too slow", "too large", "crashed")
    lines = ["{:8}{:>9}{:>9}{:>9}{:>10}{:>11}{:>9}".format("format", *heads)]
    formats = sorted({suffix for column in columns for suffix in column})
    for row in [*formats, "all"]:
        counts = [c.total() if row == "all" else c[row] for c in columns]
        lines.append("{:8}{:>9}{:>9}{:>9}{:>10}{:>11}{:>9}".format(row, sum(counts), *counts))
    lines += ["", "reasons:"]
    lines += [f"{times:6}  {reason}" for reason, times in tally.reasons.most_common()]
    lines += ["", f"failures: {len(tally.failures)}", *tally.failures[:100]]
    return "\n".join(lines)


def main() -> None:
    """Print the table; end with 1 where anything failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--mutants", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=20.0, help="that a mutant may take")
    parser.add_argument("--memory", type=int, default=1024, help="MiB that its process may use")
    parser.add_argument("--processes", type=int, default=None)
    parser.add_argument("--small", action="store_true", help="generated files and small PDFs only")
    parser.add_argument("--formats", nargs="+", default=[], help="only these: .xlsx .eml …")
    parser.add_argument("--make", metavar="NAME", help="write this mutant into the current folder")
    asked = parser.parse_args()
    if asked.make:
        Path(asked.make).write_bytes(make(asked.make, sources(small=asked.small) | pictures()))
        return
    began = time.perf_counter()
    limits = Limits(seconds=asked.seconds, memory=asked.memory * 2**20)
    tally = run(
        asked.mutants,
        asked.seed,
        limits,
        small=asked.small,
        processes=asked.processes,
        suffixes=asked.formats,
    )
    print(table(tally))
    print(f"\n{time.perf_counter() - began:.0f} s, seed {asked.seed}")
    if asked.mutants >= 2000 and not asked.small:
        heading = f"## Damaged files: {asked.mutants:,} mutants, seed {asked.seed}"
        save_section("fuzz", f"{heading}\n\n```\n{table(tally)}\n```")
    sys.exit(bool(tally.failures))


if __name__ == "__main__":
    main()
