"""How far the builds of several shards are, told as that of one index.

A shard that is built elsewhere says so in a file beside its folder, which all machines see.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from qa_bot.building.progress import OnProgress
from qa_bot.builds import Progress

_STAGES = ("loading", "reading", "embedding", "saving")
_TELL_EVERY = 0.5  # seconds between two reports of one shard
_TOO_EARLY = 2.0  # seconds of work before which no guess is made


def together(
    parts: Mapping[int, Progress], built: Collection[int], shards: int, seconds: float
) -> Progress:
    """The progress of all shards as one.

    Args:
        parts: What the shards that were begun said last; those that are built, too.
        built: Those that are built.
        shards: How many there are. One that was not begun counts as none of its work done.
        seconds: Since the build began.
    """
    told = parts.values()
    done = min(sum(one.done for one in told) / shards, 1.0)
    going = [one.stage for number, one in parts.items() if number not in built]
    is_guessed = seconds > _TOO_EARLY and 0.01 < done < 1
    return Progress(
        min(going, key=_STAGES.index, default="reading" if len(built) < shards else "saving"),
        files=sum(one.files for one in told),
        files_read=sum(one.files_read for one in told),
        pages=sum(one.pages for one in told),
        passages=sum(one.passages for one in told),
        embedded=sum(one.embedded for one in told),
        done=done,
        seconds_left=seconds * (1 - done) / done if is_guessed else None,
        shards=shards,
        shards_built=len(built),
    )


def as_built(last: Progress | None) -> Progress:
    """The progress of a shard that is built: all that it said, and done."""
    return replace(last or Progress("saving"), stage="saving", done=1.0, seconds_left=None)


def _file(work: Path) -> Path:
    return work.with_name(f".progress-{work.name}.json")


def telling(work: Path) -> OnProgress:
    """What writes down how far the build of a shard in ``work`` is."""
    told = 0.0

    def tell(progress: Progress) -> None:
        nonlocal told
        if time.monotonic() - told < _TELL_EVERY:
            return
        told = time.monotonic()
        file = _file(work)
        scratch = file.with_suffix(".new")
        with suppress(OSError):  # a build doesn't fail for want of a report
            scratch.write_text(json.dumps(asdict(progress)))
            scratch.replace(file)

    return tell


def told_of(works: Sequence[Path]) -> dict[int, Progress]:
    """What was written down last, by the numbers of those shards."""
    found = {}
    for number, work in enumerate(works):
        with suppress(OSError, ValueError, TypeError):
            found[number] = Progress(**json.loads(_file(work).read_text()))
    return found


def forget(works: Sequence[Path]) -> None:
    """Delete what was written down."""
    for work in works:
        for file in (_file(work), _file(work).with_suffix(".new")):
            with suppress(OSError):
                file.unlink()
