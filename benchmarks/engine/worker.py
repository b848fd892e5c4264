"""Works for ``benchmarks.engine`` in a process of its own, with whichever qa_bot it is given.

Run by its path, so that only public names of that qa_bot are used. Each line of standard input
is a JSON list, a task with its arguments; each line of output what it took and what came of it.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import qa_bot

indexes: dict[str, qa_bot.Index] = {}


def opened(folder: str) -> qa_bot.Index:
    """The index, kept open."""
    if folder not in indexes:
        indexes[folder] = qa_bot.open_index(folder)
    return indexes[folder]


def answer(folder: str, question: str) -> list[Any]:
    """The verdict and where the first quote stands."""
    found = qa_bot.answer(question, opened(folder))
    first = found.quotes[0] if found.quotes else None
    return [found.verdict, [first.passage.document_id, first.start] if first else None]


def retrieve(folder: str, question: str) -> list[Any]:
    """Where the hits stand."""
    hits = qa_bot.retrieve(question, opened(folder))
    return [[hit.passage.document_id, hit.passage.start] for hit in hits]


def build(documents: str, model: str) -> int:
    """How many passages were embedded."""
    with tempfile.TemporaryDirectory() as folder:
        return qa_bot.build_index(documents, Path(folder, "index"), model=model).embedded


TASKS: dict[str, Callable[..., Any]] = {"answer": answer, "retrieve": retrieve, "build": build}


def main() -> None:
    """Until the input ends."""
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        wall, cpu = time.perf_counter(), time.process_time()
        found = TASKS[name](*arguments)
        told = {
            "wall": time.perf_counter() - wall,
            "cpu": time.process_time() - cpu,
            "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "found": found,
        }
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
