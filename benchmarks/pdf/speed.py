"""Parsing speed: the same thousand pages with one process and with two."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

from pypdf import PdfReader

from qa_bot.builds import Limits
from qa_bot.loaders.pool import read_documents
from qa_bot.records import Document

PAGES = 1_000
ROUNDS = 5  # interleaved


def thousand_pages(paths: Sequence[Path]) -> list[tuple[str, Path]]:
    """Files with a thousand pages together, the largest first; small ones come again."""
    sizes: dict[Path, int] = {}
    for path in paths:
        with PdfReader(path) as reader:
            sizes[path] = len(reader.pages)
    chosen = sorted(paths, key=lambda path: -sizes[path])
    pages = sum(sizes.values())
    for path in cycle(sorted(paths, key=lambda path: sizes[path])):
        if pages >= PAGES:
            break
        chosen.append(path)
        pages += sizes[path]
    return [(f"{number}/{path.name}", path) for number, path in enumerate(chosen)]


def measure(paths: Sequence[Path], rounds: int = ROUNDS) -> list[tuple[float, float]]:
    """Pages per second with one process and with two, round by round.

    Raises:
        RuntimeError: A file could not be read.
    """
    files = thousand_pages(paths)
    found = []
    for number in range(rounds):
        speeds = {}
        for processes in (1, 2) if number % 2 == 0 else (2, 1):
            began = time.perf_counter()
            read = list(read_documents(files, Limits(), processes))
            seconds = time.perf_counter() - began
            documents = [one for one in read if isinstance(one, Document)]
            if len(documents) < len(files):
                raise RuntimeError(f"only {len(documents)} of {len(files)} files could be read")
            pages = sum(one.pages[-1].page.count for one in documents)
            speeds[processes] = pages / seconds
        found.append((speeds[1], speeds[2]))
    return found


def rows(speeds: Sequence[tuple[float, float]]) -> list[str]:
    """The table of the speeds."""
    ratios = sorted(two / one for one, two in speeds)
    one = statistics.median(one for one, _ in speeds)
    two = statistics.median(two for _, two in speeds)
    return [
        "| pages per second, one process | two processes | ratio | to reach |",
        "|---:|---:|---:|---:|",
        f"| {one:.0f} | {two:.0f} | {statistics.median(ratios):.2f} × "
        f"(of {', '.join(f'{ratio:.2f}' for ratio in ratios)}) | 1.8 × |",
    ]
