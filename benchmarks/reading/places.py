"""Sections, slides, times and cell ranges of 20 files, beside what a person saw in each.

``python -m benchmarks.reading.places FOLDER…`` looks for the files of ``places.jsonl`` there and
below, by their bytes, reads them, and names each section and each place that is another one.

A line of the list has ``file`` and ``sha256`` (its first 16 digits), ``sections`` (all paths, or
the first ones where ``more`` is true), and ``places``: words, and where a line with them is cited.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from qa_bot.loaders import load_document
from qa_bot.paging import pages_named
from qa_bot.records import Document

LIST = Path(__file__).with_suffix(".jsonl")

Listed = dict[str, Any]


def listed() -> list[Listed]:
    """What was seen, file by file."""
    return [json.loads(line) for line in LIST.read_text("utf-8").splitlines()]


def digest(path: Path) -> str:
    """The first digits of a file's sha256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def faults(document: Document, seen: Listed) -> Iterator[str]:
    """What is another section, or another place, than a person saw."""
    paths = [list(one.path) for one in document.sections[1:]]
    wanted = seen["sections"]
    if (paths[: len(wanted)] if seen.get("more") else paths) != wanted:
        yield f"sections {paths}"
    for words, where in seen["places"]:
        at = document.text.find(words)
        here = [one.page for one in document.pages if one.start <= at < one.end]
        found = pages_named(here) if here else "nowhere"
        if found != where:
            yield f"{words!r} at {found}, not {where}"


def find(places: Sequence[Path]) -> dict[str, Path]:
    """The listed files that are in these folders and below, by their digest."""
    names = {seen["file"] for seen in listed()}
    files = (file for place in places for file in place.rglob("*") if file.is_file())
    return {digest(file): file for file in files if file.name in names}


def main() -> None:
    """Measure and print; end with 1 where anything is another."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("places", nargs="+", type=Path, help="folders")
    found = find(parser.parse_args().places)
    wrong = 0
    for seen in listed():
        path = found.get(seen["sha256"])
        if path is None:
            print(f"{seen['file']}: not there")
            continue
        said = list(faults(load_document(path, path.name), seen))
        count = len(seen["sections"]), len(seen["places"])
        print(f"{seen['file']}: {count[0]} sections, {count[1]} places: {said or 'right'}")
        wrong += bool(said)
    there = sum(seen["sha256"] in found for seen in listed())
    print(f"{there - wrong} of {there} files right")
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
