"""CUAD: questions on contracts, their clauses, and what a contract says nothing about."""

from __future__ import annotations

import gzip
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from qa_bot.building.passages import split_document
from qa_bot.loaders.plain import parse_plain
from qa_bot.models.reader import heading_of
from qa_bot.records import Passage, Span
from qa_bot.store.analysis import stems
from training.examples import Example, shortened

ANSWERED = 50  # questions of one wording that are answered; wordings repeat
UNANSWERED = 25  # and that are not
BESIDE = 5  # passages of the same contract that look like an answer
EXACT = 120  # characters of the longest answer that is a name, a date or an amount
LONGEST_PASSAGE = 256  # tokens, of about four letters
_SHORTEST = 80  # characters of a passage that may be taken for an answer
_KIND = re.compile(r"[A-Za-z][A-Za-z ,&'-]*$")


def lines(file: Path) -> Iterator[dict[str, Any]]:
    """The rows of a packed file with one JSON object on each line."""
    with gzip.open(file, "rt", encoding="utf-8") as stream:
        for line in stream:
            yield json.loads(line)


def contracts(folder: Path) -> Iterator[Example]:
    """Clauses with their questions, and questions with what comes nearest to an answer."""
    asked: dict[tuple[str, bool], int] = defaultdict(int)
    chosen: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in lines(folder / "questions.jsonl.gz"):
        answered = bool(row["answers"])
        if asked[row["question"], answered] < (ANSWERED if answered else UNANSWERED):
            asked[row["question"], answered] += 1
            chosen[row["document"]].append(row)
    for row in lines(folder / "documents.jsonl.gz"):
        if row["document"] in chosen:
            yield from _of_one(row["document"], row["text"], chosen[row["document"]])


def _of_one(name: str, text: str, asked: Sequence[dict[str, Any]]) -> Iterator[Example]:
    """Examples of one contract, its passages cut as qa_bot cuts them."""
    document = replace(parse_plain(text, name), title=_title(name))
    if document.text != text:  # the places of the answers would not be those
        return
    passages = [
        one
        for one in split_document(document, _tokens, LONGEST_PASSAGE)
        if len(one.text) >= _SHORTEST
    ]
    held = [set(stems(one.text)) for one in passages]
    counts = Counter(stem for stems_of_one in held for stem in stems_of_one)
    for row in asked:
        wanted = set(stems(f"{row['question']} {row['category']}"))
        spans = [(one["start"], one["start"] + len(one["text"])) for one in row["answers"]]
        near = sorted(
            (
                (-_weight(wanted & words, counts, len(passages)), place)
                for place, words in enumerate(held)
                if not any(_meets(passages[place], span) for span in spans)
            )
        )
        beside = [passages[place] for _, place in near[:BESIDE]]
        if spans:
            yield from _answered(name, row["question"], spans, passages, beside)
        elif beside:
            yield shortened(
                Example(
                    "cuad",
                    name,
                    heading_of(beside[0]),
                    row["question"],
                    beside[0].text,
                    (),
                    False,
                )
            )


def _answered(
    name: str,
    question: str,
    spans: Sequence[Span],
    passages: Sequence[Passage],
    beside: Sequence[Passage],
) -> Iterator[Example]:
    home = next((one for one in passages if _meets(one, spans[0])), None)
    if home is None:
        return
    inside = {
        (max(start - home.start, 0), min(end, home.end) - home.start)
        for start, end in spans
        if _meets(home, (start, end))
    }
    exact = max(end - start for start, end in inside) <= EXACT
    yield Example(
        "cuad",
        name,
        heading_of(home),
        question,
        home.text,
        tuple(sorted(inside)),
        exact,
        beside=tuple(one.text[:1_000] for one in beside),
    )


def _title(name: str) -> str:
    found = _KIND.search(name.replace("_", " "))
    return found[0].strip(" -").title() if found else ""


def _tokens(texts: Sequence[str]) -> list[int]:
    return [len(text) // 4 + 1 for text in texts]


def _meets(passage: Passage, span: Span) -> bool:
    return passage.start < span[1] and passage.end > span[0]


def _weight(stems_of_one: set[str], counts: Counter[str], total: int) -> float:
    return sum(math.log((total + 1) / counts[stem]) for stem in stems_of_one)
