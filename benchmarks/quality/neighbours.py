"""Wrong neighbours: another number, year, role, code, name or place than is in the documents.

``python -m benchmarks.quality.neighbours`` asks 60 questions on ten small documents of our own,
``neighbours.jsonl``: 30 that they answer, and for each one that turns on something beside it.
It prints what is answered wrongly, and how many of the 30 are answered. Nothing was fitted on it.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import qa_bot

FILE = Path(__file__).with_suffix(".jsonl")


def questions() -> Iterator[tuple[str, str, str | None]]:
    """Each question with its kind, and the phrase that answers; None where nothing does."""
    for line in FILE.read_text(encoding="utf-8").splitlines():
        for asked in json.loads(line)["asked"]:
            yield asked["kind"], asked["question"], asked["phrase"]
            yield asked["kind"], asked["neighbour"], None


def write(folder: Path) -> None:
    """Write the documents."""
    for line in FILE.read_text(encoding="utf-8").splitlines():
        document = json.loads(line)
        (folder / document["file"]).write_text(document["text"], encoding="utf-8")


def main() -> None:
    """Ask all questions, and print what went wrong."""
    counts = dict.fromkeys(("answerable", "answered", "possible", "asked", "wrongly"), 0)
    with tempfile.TemporaryDirectory() as root:
        documents, folder = Path(root, "documents"), Path(root, "index")
        documents.mkdir()
        write(documents)
        qa_bot.build_index(documents, folder)
        with qa_bot.open_index(folder) as index:
            for kind, question, phrase in questions():
                answer = qa_bot.answer(question, index)
                is_right = phrase is not None and any(
                    phrase in quote.text for quote in answer.quotes[:1]
                )
                counts["asked"] += 1
                counts["answerable"] += phrase is not None
                counts["answered"] += answer.found and is_right
                counts["possible"] += answer.verdict == "possible" and is_right
                counts["wrongly"] += answer.found and not is_right
                if answer.found != (phrase is not None) or (phrase and not is_right):
                    told = f"{answer.verdict} {answer.confidence:.2f}"
                    first = answer.quotes[0].text[:60] if answer.quotes else ""
                    print(f"{kind:7} {question} -> {told}: {first!r} {answer.missing}")
    print(
        f"answered wrongly: {counts['wrongly']} of {counts['asked']}; of {counts['answerable']} "
        f"answerable ones {counts['answered']} answered, {counts['possible']} possible"
    )


if __name__ == "__main__":
    main()
