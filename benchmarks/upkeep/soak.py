"""A watched folder that somebody edits all the time, while others ask without a pause.

Run with ``python -m benchmarks.upkeep.soak [--minutes 0.5] [--seed 0]``. Everything runs
as in ``qa-bot chat --watch``, but for the page and the model. Each passage that is
shown must stand in its file as that is now, or be marked as stale, unless the file
was changed after the question was asked. Memory, open files and the index's own
folder must not grow.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import shutil
import statistics
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.hashing import HashEmbedder
from benchmarks.results import save_section
from qa_bot import check_index, open_index
from qa_bot.web import watching
from qa_bot.web.replying import Reply
from qa_bot.web.service import Service

READERS = 3
FILES = 30  # about so many are kept
TOPICS = ("otter", "heron", "moth", "zebra")
SAMPLED_EVERY = 0.5  # seconds
SETTLED_WITHIN = 60.0  # seconds after the last edit
MAY_GROW = 1.1  # times, from the second quarter of the time to the last


@dataclass(frozen=True, slots=True)
class Sample:
    """What the process and the index took at one moment."""

    memory: int  # bytes, resident
    handles: int  # open files
    caches: int  # folders of caches
    disk: int  # bytes of the index's folder


@dataclass(slots=True)
class Soak:
    """What was done, and what went wrong."""

    edits: int = 0
    answers: int = 0
    passages: int = 0  # that were shown
    stale: int = 0  # of those, marked
    builds: int = 0  # that were published
    wrong: list[str] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)


class Editor:
    """Edits a folder of documents at random, and remembers when it last touched each file."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.touched: dict[str, float] = {}  # by document id, monotonic seconds
        self._folder = folder
        self._chance = random.Random(seed)  # noqa: S311 - edits, not secrets
        self._version = 0

    def edit(self) -> None:
        """Do something to a file."""
        files = [file for file in self._folder.rglob("*.txt") if file.is_file()]
        if len(files) < FILES // 2 or (len(files) < FILES and self._chance.random() < 0.3):
            self._write(self._new_name())
            return
        file = self._chance.choice(files)
        kinds = [self._write, self._save, self._extend, self._truncate, self._empty]
        kinds += [self._rename, self._swap, self._lock, self._delete]
        self._chance.choice(kinds)(file)
        if self._chance.random() < 0.01:
            self._start_over()

    @contextmanager
    def _touching(self, *files: Path) -> Iterator[None]:
        """Note the moment twice: what is shown in between may be either version."""
        names = [file.relative_to(self._folder).as_posix() for file in files]
        self.touched |= dict.fromkeys(names, float("inf"))
        yield
        self.touched |= dict.fromkeys(names, time.monotonic())

    def _new_name(self) -> Path:
        folder = self._chance.choice(("", "", "deep", "deep/deeper"))
        number = self._chance.randrange(10 * FILES)
        return self._folder / folder / f"{self._chance.choice(TOPICS)}-{number}.txt"

    def _text(self) -> str:
        """Some paragraphs, none of which any file held before."""
        self._version += 1
        topic = self._chance.choice(TOPICS)
        return "\n\n".join(
            f"The {topic} of edition {self._version} was seen near hill {n}. Its keeper wrote on "
            f"page {n} of volume {self._version} that every {topic} sleeps through the day."
            for n in range(self._chance.randrange(1, 6))
        )

    def _write(self, file: Path) -> None:
        with self._touching(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(self._text())

    def _save(self, file: Path) -> None:
        """As careful editors do: another file takes its place."""
        with self._touching(file):
            beside = file.with_suffix(".tmp")
            beside.write_text(self._text())
            beside.replace(file)

    def _extend(self, file: Path) -> None:
        with self._touching(file), file.open("a") as stream:
            stream.write("\n\n" + self._text())

    def _truncate(self, file: Path) -> None:
        with self._touching(file):
            os.truncate(file, file.stat().st_size // 2)

    def _empty(self, file: Path) -> None:
        with self._touching(file):
            os.truncate(file, 0)

    def _rename(self, file: Path) -> None:
        new = self._new_name()
        with self._touching(file, new):
            new.parent.mkdir(parents=True, exist_ok=True)
            file.replace(new)

    def _swap(self, file: Path) -> None:
        other = self._chance.choice([*file.parent.glob("*.txt")])
        with self._touching(file, other):
            beside = file.with_suffix(".tmp")
            file.rename(beside)
            if other != file:
                other.rename(file)
            beside.rename(other)

    def _lock(self, file: Path) -> None:
        with self._touching(file):
            file.chmod(self._chance.choice((0o000, 0o644)))

    def _delete(self, file: Path) -> None:
        with self._touching(file):
            file.unlink()

    def _start_over(self) -> None:
        """The whole folder is deleted and made again."""
        files = [file for file in self._folder.rglob("*.txt") if file.is_file()]
        with self._touching(*files):
            shutil.rmtree(self._folder)
            self._folder.mkdir()
        self._write(self._new_name())


def soak(folder: Path, seconds: float, seed: int) -> Soak:
    """Edit, serve and ask for so many seconds, then let things settle."""
    watching.QUIET, watching.LONGEST, watching.LOOK = 200, 2_000, 500
    documents, index = folder / "documents", folder / "index"
    documents.mkdir()
    editor, report, stop = Editor(documents, seed), Soak(), threading.Event()
    for _ in range(FILES):
        editor.edit()
    embedder = HashEmbedder()
    service = Service(documents, index, model=embedder)
    service.refresh(requested=False)
    done = threading.Event()
    watcher = threading.Thread(target=watching.watch, args=(documents, index, service, done))
    works: list[Callable[[], None]] = [
        lambda: _edit(editor, report, random.Random(seed + 1)),  # noqa: S311
        lambda: _sample(index, service, embedder, report),
        *[lambda: _ask(documents, service, editor, report)] * READERS,
    ]
    threads = [threading.Thread(target=_repeat, args=(work, report, stop)) for work in works]
    for thread in (watcher, *threads):
        thread.start()
    stop.wait(seconds)
    stop.set()
    for thread in threads:
        thread.join()
    _settle(documents, index, service, report)
    done.set()
    watcher.join()
    report.wrong += _growth(report.samples)
    return report


def _repeat(work: Callable[[], None], report: Soak, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            work()
        except Exception:  # noqa: BLE001 - any would be one too many
            report.wrong.append(traceback.format_exc())


def _edit(editor: Editor, report: Soak, chance: random.Random) -> None:
    for _ in range(chance.randrange(1, 8)):
        editor.edit()
        report.edits += 1
    time.sleep(chance.expovariate(1.0))


def _ask(documents: Path, service: Service, editor: Editor, report: Soak) -> None:
    topic = TOPICS[report.answers % len(TOPICS)]
    asked = time.monotonic()
    reply = service.ask(f"Where was the {topic} of edition {report.answers % 500} seen?")
    shown = [(hit.passage.document_id, hit.passage.text) for hit in reply.answer.hits]
    shown += [(quote.citation.document_id, quote.text) for quote in reply.answer.quotes]
    _compare_with_index(reply, service, report)
    stale = {quote.citation.document_id for quote in reply.answer.quotes if quote.stale}
    if stale != {one.citation.document_id for one in reply.answer.quotes} & {*reply.answer.stale}:
        report.wrong.append(f"quotes and answer don't agree on what is stale: {reply.answer}")
    for name, text in shown:
        marked = name in reply.answer.stale
        report.stale += marked
        lost = not marked and text not in _present(documents / name)
        if lost and editor.touched.get(name, 0.0) < asked:  # in this order: it may be edited now
            report.wrong.append(f"{name} doesn't hold, and nothing says so: {text}")
    report.answers += 1
    report.passages += len(shown)


def _compare_with_index(reply: Reply, service: Service, report: Soak) -> None:
    """What is shown stands in the text that its digest names, as long as the index holds that."""
    with service.snapshot() as index:
        for passage in (hit.passage for hit in reply.answer.hits):
            named = index.named(reply.digests[passage.document_id])
            if named is None:
                report.wrong.append(f"a digest of {passage.document_id} was forgotten")
            elif named.state == "current":
                (held,) = index.slices(named.document_id, [(passage.start, passage.end)])
                if held != passage.text:
                    report.wrong.append(f"{named.document_id} wasn't indexed with: {passage.text}")


def _present(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""


def _sample(index: Path, service: Service, embedder: HashEmbedder, report: Soak) -> None:
    time.sleep(SAMPLED_EVERY)
    embedder.encoded.clear()  # it remembers all texts
    gc.collect()
    status = Path("/proc/self/status").read_text()
    held = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    files = [Path(parent, name) for parent, _, names in os.walk(index) for name in names]
    report.samples.append(
        Sample(
            memory=int(held.split()[1]) * 1024,
            handles=len(os.listdir("/proc/self/fd")),
            caches=len([*(index / "caches").glob("*")]),
            disk=sum(map(_size, files)),
        )
    )
    problem = service.status.problem
    if problem and not problem.startswith(("There is no folder", "No documents in", "None of")):
        report.wrong.append(f"the page says: {problem}")


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # a build has just removed it
        return 0


def _settle(documents: Path, index: Path, service: Service, report: Soak) -> None:
    """Once nobody edits any more, the index holds what the folder holds, and is whole."""
    deadline = time.monotonic() + SETTLED_WITHIN
    while True:
        time.sleep(SAMPLED_EVERY)
        checked = check_index(index)
        if not (service.status.busy or checked.faults or checked.outdated):
            break
        if time.monotonic() > deadline:
            report.wrong.append(f"it doesn't settle: {checked} {service.status.problem}")
            break
    service.ask("Where was the otter seen?")  # the one that answers is the newest
    holdings = service.status.holdings
    held = {one.id: one.digest for one in holdings.documents} if holdings else {}
    with open_index(index, model=HashEmbedder()) as newest:
        report.builds = int(newest.meta["generation"])
        if held != {one.id: one.digest for one in newest.documents()}:
            report.wrong.append("an older build answers")
    for name in held:
        if not (documents / name).is_file():
            report.wrong.append(f"{name} is held, and isn't there")


def _growth(samples: list[Sample]) -> list[str]:
    """What grew from the second quarter of the time to the last, by more than chance."""
    quarter = len(samples) // 4
    if not quarter:
        return []
    found = []
    # While one index takes the place of another both are open, each with a dozen files: so the
    # fewest handles of each quarter are compared, which a leak raises as well.
    for name, spare in (("memory", 16 * 2**20), ("handles", 8), ("caches", 2), ("disk", 2**22)):
        typical = min if name == "handles" else statistics.median
        values = [getattr(sample, name) for sample in samples]
        before, after = typical(values[quarter : 2 * quarter]), typical(values[-quarter:])
        if after > MAY_GROW * before + spare:
            found.append(f"{name} grew from {before:,} to {after:,}")
    return found


def main() -> None:
    """Print what was done, and what went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = soak(Path(folder), arguments.minutes * 60, arguments.seed)
    quarter = max(1, len(report.samples) // 4)
    rows = []
    for name, unit in (("memory", 2**20), ("handles", 1), ("caches", 1), ("disk", 2**10)):
        values = [getattr(sample, name) / unit for sample in report.samples]
        figures = (
            statistics.median(values[quarter : 2 * quarter]),
            statistics.median(values[-quarter:]),
            max(values),
        )
        rows.append(f"| {name} | {' | '.join(f'{figure:,.0f}' for figure in figures)} |")
    wrong = "\n".join(f"- {one}" for one in report.wrong[:20]) or "Nothing was wrong."
    text = "\n".join(
        [
            f"{arguments.minutes:g} minutes, seed {arguments.seed}: {report.edits:,} edits, "
            f"{report.builds:,} builds published, {report.answers:,} questions answered\nwith "
            f"{report.passages:,} passages, {report.stale:,} of them marked as stale. {wrong}",
            "",
            "| | second quarter | last quarter | most |",
            "|---|---:|---:|---:|",
            *rows,
            "",
            "Memory in MiB, disk in KiB; handles are open files, caches folders in the index.",
        ]
    )
    print(text)
    if arguments.minutes >= 5 and not report.wrong:
        save_section("soak", f"## A watched folder, edited without a pause\n\n{text}")
    if report.wrong:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
