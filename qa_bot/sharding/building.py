"""documents/ → shards: each is built like any index, and all are published together.

A build writes folders of its own, which begin as copies of the last ones, so that nothing that
is published changes. One that was interrupted is gone on with: its folders have the name that
the next build gives them.
"""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from qa_bot.building.build import build, unchanged
from qa_bot.building.changes import Options
from qa_bot.building.progress import OnProgress
from qa_bot.builds import Progress, Receipt
from qa_bot.errors import NoDocumentsError, UsageError
from qa_bot.loaders.files import Found, find_files
from qa_bot.models.embedding import MULTILINGUAL_MODEL, Embedder
from qa_bot.records import DocumentSummary, Health
from qa_bot.sharding.index import healths
from qa_bot.sharding.progress import as_built, together
from qa_bot.store import database, locks, rows, schema
from qa_bot.store.manifest import (
    FOLDER,
    MOST,
    Manifest,
    Part,
    is_sharded,
    publish,
    read_manifest,
    shard_of,
)

_COPY = ".copying-"


@dataclass(frozen=True, slots=True)
class ShardTask:
    """One shard that is to be brought up to date, in ``work``, from ``before`` if that is there."""

    found: Found  # what is to be in it
    work: Path
    before: Path | None
    model: str | Embedder | None
    options: Options = field(default_factory=Options)


@dataclass(frozen=True, slots=True)
class ShardBuilt:
    """What came of a task: the shard, now in ``part.folder``, and its receipt."""

    part: Part
    receipt: Receipt
    model: str
    fingerprint: str


Runner = Callable[[Sequence[ShardTask], OnProgress | None], list[ShardBuilt]]
"""Does all tasks, wherever, and gives what came of them, in the same order."""


def build_shards(
    documents: str | Path,
    index: str | Path,
    shards: int | None = None,
    *,
    model: str | Embedder | None = None,
    options: Options | None = None,
    run: Runner | None = None,
) -> Receipt:
    """Create an index in shards, or bring it up to date: see ``build_index``.

    Args:
        documents: The folder, read recursively.
        index: The folder for the index; created where it is missing.
        shards: Into how many documents are dealt; None keeps the number. Another number than
            before builds everything anew.
        model: A name or folder, or an ``Embedder``; None keeps the index's.
        options: As ``build_index`` takes them one by one.
        run: What does the work; None does one shard after the other, in this process.

    Raises:
        UsageError: The number of shards is none, or there is another index in the folder.
        NoDocumentsError, IndexBusyError, IndexStateError, ModelError
    """
    began = time.monotonic()
    options = options or Options()
    target = Path(index)
    before = read_manifest(target) if is_sharded(target) else None
    count = shards or (len(before.shards) if before else 0)
    if not 0 < count <= MOST:
        raise UsageError(f"{count} shards: give a number from 1 to {MOST}.")
    if (target / schema.FILE).exists():
        raise UsageError(f"The index in {target} is not in shards: give another folder.")
    found = find_files(Path(documents).absolute())  # refuses a folder with nothing to read
    dealt = found.parts(count, lambda name: shard_of(name, count))
    target.mkdir(parents=True, exist_ok=True)
    with locks.writing(target):
        before = read_manifest(target) if is_sharded(target) else None
        plain, on_progress = replace(options, on_progress=None), options.on_progress
        tasks = [
            ShardTask(part, *places, model, plain)
            for part, places in zip(dealt, _places(target.absolute(), before, count), strict=True)
        ]
        built = _of_one_model(tasks, run or run_here, on_progress)
        receipt = _receipt([one.receipt for one in built], time.monotonic() - began)
        if not receipt.documents:
            _refuse(receipt.health, documents)
        parts = tuple(one.part for one in built)
        if before is None or parts != before.shards:
            publish(target, _manifest(before, parts, Path(documents)))
        _remove_others(target, {*parts, *(before.shards if before else ())})
    return receipt


def _places(
    target: Path, before: Manifest | None, count: int
) -> Iterator[tuple[Path, Path | None]]:
    """Where each shard is to be built, and where it is now."""
    generation = before.generation + 1 if before else 1
    same = before is not None and len(before.shards) == count
    for number in range(count):
        now = before.place(target, number) if before and same else None
        yield target / FOLDER / f"{number:04d}-{generation}", now


def _manifest(before: Manifest | None, parts: tuple[Part, ...], documents: Path) -> Manifest:
    return Manifest(
        uuid=before.uuid if before else uuid.uuid4().hex[:8],
        generation=before.generation + 1 if before else 1,
        built_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        documents_folder=str(documents.absolute()),
        shards=parts,
    )


def _of_one_model(
    tasks: Sequence[ShardTask], run: Runner, on_progress: OnProgress | None
) -> list[ShardBuilt]:
    """Build, and where shards of a new index chose different models, by that of all languages."""
    built = run(tasks, on_progress)
    if len({one.fingerprint for one in built}) == 1:
        return built
    other = [n for n, one in enumerate(built) if one.model != MULTILINGUAL_MODEL]
    again = run([replace(tasks[n], model=MULTILINGUAL_MODEL) for n in other], on_progress)
    for number, one in zip(other, again, strict=True):
        receipt = replace(one.receipt, added=built[number].receipt.added, reprocessed=())
        built[number] = replace(one, receipt=receipt)
    return built


def run_here(tasks: Sequence[ShardTask], on_progress: OnProgress | None) -> list[ShardBuilt]:
    """Do the tasks one after the other."""
    began = time.monotonic()
    told: dict[int, Progress] = {}
    built: list[ShardBuilt] = []

    def note(progress: Progress) -> None:
        told[len(built)] = progress
        if on_progress is not None:
            on_progress(together(told, range(len(built)), len(tasks), time.monotonic() - began))

    for task in tasks:
        one = build_shard(task, note)
        told[len(built)] = as_built(told.get(len(built)))
        built.append(one)
    return built


def build_shard(task: ShardTask, on_progress: OnProgress | None = None) -> ShardBuilt:
    """Bring one shard up to date; one that has no news stays where it is, and isn't copied."""
    found = task.found.seen_again()
    is_gone_on_with = task.work.exists()
    before = task.before
    if before is not None and task.options.rebuild and not schema.is_usable(before):
        before = None  # what is to be made anew may be damaged
    if before is not None and not is_gone_on_with:
        if receipt := unchanged(found, before, task.model, task.options):
            return _built(before, receipt)
        _copy(before, task.work)
    task.work.mkdir(parents=True, exist_ok=True)
    options = replace(task.options, on_progress=on_progress)
    receipt = build(found, task.work, task.model, options)
    if is_gone_on_with:
        receipt = _since(before, task.work, receipt)
    if before is not None and _state(before) == _state(task.work):
        shutil.rmtree(task.work)
        return _built(before, receipt)
    return _built(task.work, receipt)


def _built(place: Path, receipt: Receipt) -> ShardBuilt:
    meta, _ = _state(place)
    part = Part(
        folder=place.name,
        uuid=meta["uuid"],
        generation=int(meta["generation"]),
        documents=receipt.documents,
        passages=receipt.passages,
    )
    return ShardBuilt(part, receipt, meta["model"], meta["fingerprint"])


def _since(before: Path | None, work: Path, receipt: Receipt) -> Receipt:
    """A receipt since the last build that was published: one that was ended had done a part."""
    was = {} if before is None else _documents(before)
    now = _documents(work)
    renamed = tuple(pair for pair in receipt.renamed if pair[0] in was)
    changed = {name for name in now.keys() & was.keys() if now[name].digest != was[name].digest}
    changed |= was.keys() & {*receipt.changed}
    added = now.keys() - was.keys() - {new for _, new in renamed}
    fresh = sum(now[name].passages for name in added | changed)
    return replace(
        receipt,
        added=tuple(sorted(added)),
        changed=tuple(sorted(changed)),
        reprocessed=tuple(name for name in receipt.reprocessed if name in was),
        renamed=renamed,
        removed=tuple(sorted(was.keys() - now.keys() - {old for old, _ in renamed})),
        reused=max(receipt.reused, fresh - receipt.embedded),
    )


def _documents(folder: Path) -> dict[str, DocumentSummary]:
    with closing(database.open_reader(folder)) as connection:
        return {one.id: one for one in rows.document_summaries(connection)}


def _state(folder: Path) -> tuple[dict[str, str], Health]:
    """All that tells one build of a shard from another."""
    with closing(database.open_reader(folder)) as connection:
        return schema.read_meta(connection), rows.read_health(connection)


def _copy(before: Path, work: Path) -> None:
    """Copy a shard, so that a copy is there whole or not at all."""
    scratch = work.with_name(f"{_COPY}{work.name}")
    shutil.rmtree(scratch, ignore_errors=True)
    shutil.copytree(before, scratch, ignore=shutil.ignore_patterns("*-shm", "*.lock", ".making-*"))
    scratch.rename(work)


def _receipt(receipts: Sequence[Receipt], seconds: float) -> Receipt:
    """What all shards' builds did, as one."""

    def all_of(name: str) -> tuple[str, ...]:
        return tuple(sorted(one for receipt in receipts for one in getattr(receipt, name)))

    return Receipt(
        added=all_of("added"),
        changed=all_of("changed"),
        reprocessed=all_of("reprocessed"),
        renamed=tuple(sorted(pair for one in receipts for pair in one.renamed)),
        removed=all_of("removed"),
        health=healths(one.health for one in receipts),
        documents=sum(one.documents for one in receipts),
        passages=sum(one.passages for one in receipts),
        embedded=sum(one.embedded for one in receipts),
        reused=sum(one.reused for one in receipts),
        seconds=seconds,
        chosen=next((one.chosen for one in receipts if one.chosen), ""),
    )


def _refuse(health: Health, documents: str | Path) -> None:
    problem = next(iter(health.unreadable), None)
    told = f"; {problem.document_id}: {problem.reason}" if problem else ""
    raise NoDocumentsError(f"None of the files in {documents} can be read{told}.")


def _remove_others(target: Path, keep: Iterable[Part]) -> None:
    """Delete the folders of earlier builds, but for those of the last: some have them open."""
    names = {one.folder for one in keep}
    for other in (target / FOLDER).iterdir():
        if other.name not in names:
            shutil.rmtree(other, ignore_errors=True)
