"""What contracts say of themselves where they open: ``python -m benchmarks.quality.openings``.

Questions of CUAD on a contract's name, parties, dates, and beside them on its law and renewal, each
asked of its own contract. The contracts are of the training sets; nothing was fitted on them but
the reader.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.datasets import SHARED
from qa_bot import Index, answer, build_index, open_index

FOLDER = SHARED / "training" / "cuad"
CATEGORIES = (
    *("Document Name", "Parties", "Agreement Date", "Effective Date"),
    *("Governing Law", "Renewal Term"),
)
LONGEST = 60_000  # characters of a contract
_START = 60  # characters of an answer that have to stand in what is quoted


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contracts", type=int, default=24)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    texts = {row["document"]: row["text"] for row in _lines("documents")}
    rows = [row for row in _lines("questions") if row["category"] in CATEGORIES]
    named = [
        row["document"]
        for row in rows
        if row["category"] == "Parties" and row["answers"] and len(texts[row["document"]]) < LONGEST
    ]
    chosen = random.Random(arguments.seed).sample(named, arguments.contracts)  # noqa: S311
    names = {document: f"contract-{number}.txt" for number, document in enumerate(chosen)}
    counts: dict[str, list[int]] = defaultdict(lambda: [0] * 5)
    with tempfile.TemporaryDirectory() as folder:
        documents = Path(folder, "documents")
        documents.mkdir()
        for document, name in names.items():
            (documents / name).write_text(texts[document], encoding="utf-8")
        build_index(documents, Path(folder, "index"))
        with open_index(Path(folder, "index")) as index:
            for row in rows:
                if row["document"] in names:
                    found = outcome(row, names[row["document"]], index)
                    own = counts[row["category"]]
                    own[:] = (one + more for one, more in zip(own, found, strict=True))
    print("| asked for | questions | first quote right | marked right | sure | sure of none |")
    print("|---|---:|---:|---:|---:|---:|")
    for name in CATEGORIES:
        print(f"| {name} | {' | '.join(map(str, counts[name]))} |")


def outcome(row: dict[str, Any], name: str, index: Index) -> tuple[int, int, int, int, int]:
    """Of a question: whether it has an answer; if so, what became of it; else, whether one came."""
    found = answer(row["question"], index, documents=[name])
    is_sure = int(found.verdict == "answered")
    if not row["answers"]:
        return 0, 0, 0, 0, is_sure
    quote = found.quotes[0] if found.quotes else None
    if quote is None:
        return 1, 0, 0, is_sure, 0
    text = index.document(name).text
    marked = _plain(" ".join(text[start:end] for start, end in quote.sentences))
    wanted = [_plain(one["text"])[:_START] for one in row["answers"]]
    is_first = any(one in _plain(quote.text) for one in wanted)
    return 1, int(is_first), int(any(one in marked for one in wanted)), is_sure, 0


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()


def _lines(name: str) -> Iterator[dict[str, Any]]:
    with gzip.open(FOLDER / f"{name}.jsonl.gz", "rt", encoding="utf-8") as stream:
        yield from map(json.loads, stream)


if __name__ == "__main__":
    main()
