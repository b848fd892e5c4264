"""What retrieval and the reader say of each question of the domains, kept as numbers.

``python -m training.gather --data ../shared/training --out FOLDER`` builds each domain's index
and writes a line for each question; a domain that is there already is left as it is.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qa_bot import Index, build_index, open_index
from qa_bot.asking.judging import READ, Judged, judge, sentence_scores
from qa_bot.asking.naming import absent_names
from qa_bot.asking.retrieval import WEIGHTS, rank
from qa_bot.models.embedding import DEFAULT_MODEL
from qa_bot.models.reader import DEFAULT_READER
from qa_bot.records import Passage, Span
from qa_bot.text import CELLS, text_digest
from training.domains import Asked, Domain, domains

KEPT = 12  # candidates of a question


def write(domain: Domain, documents: Path) -> None:
    """Write the domain's files."""
    for name, text in domain.files.items():
        (documents / name).write_text(text, encoding="utf-8")


def spans_of(asked: Asked, text: str) -> list[Span]:
    """Where the answers stand in their document."""
    found = []
    for answer, around in asked.places:
        pattern = r"\s+".join(map(re.escape, answer.split()))
        if not pattern:
            continue
        places = [match.span() for match in re.finditer(pattern, text)]
        if len(places) > 1:
            near = re.sub(r"\W+", "", around)
            places = [
                (start, end)
                for start, end in places
                if near in re.sub(r"\W+", "", text[max(0, start - 400) : end + 400])
                and _is_near(near, re.sub(r"\W+", "", text[max(0, start - 60) : end + 60]))
            ] or places[:1]
        found += places
    return found


def _is_near(near: str, text: str) -> bool:
    size = max(6, len(near) // 2)
    return any(near[n : n + size] in text for n in range(0, max(1, len(near) - size + 1), 4))


def row_of(asked: Asked, domain: str, index: Index, reader: object) -> dict[str, Any]:
    """The numbers of one question."""
    scope = [asked.document] if asked.document else None
    ranking = rank(asked.question, index, KEPT, scope)
    judged = judge(ranking, reader, at_once=True)  # type: ignore[arg-type]
    order = {id(one.candidate): n for n, one in enumerate(judged)}
    gold = spans_of(asked, index.document(asked.source).text) if asked.places else []
    rows = []
    for place, candidate in enumerate(ranking.candidates[: max(KEPT, READ)]):
        one = judged[order[id(candidate)]]
        rows.append(_candidate(one, place, asked, gold))
    return {
        "domain": domain,
        "question": asked.question,
        "answerable": bool(asked.places),
        "placed": bool(gold),
        "one": bool(asked.document),
        "candidates": rows,
    }


def _candidate(one: Judged, place: int, asked: Asked, gold: Sequence[Span]) -> dict[str, Any]:
    candidate, passage = one.candidate, one.candidate.passage
    sentences = WEIGHTS.sentence_evidence(candidate)
    likely = sentence_scores(one)
    best = max(range(len(likely)), key=likely.__getitem__) if likely else -1
    return {
        "place": place,
        "right": passage.document_id == asked.source and meets(passage, gold),
        "cosine": candidate.cosine,
        "coverage": candidate.coverage,
        "bm25": candidate.bm25,
        "evidence": WEIGHTS.evidence(candidate),
        "sentence": max(sentences, default=candidate.cosine),
        "sentence_coverage": max((held for _, held in candidate.sentences), default=0.0),
        "above": candidate.above,
        "either": candidate.either,
        "margin": one.reading.margin if one.reading is not None else None,
        "span": bool(one.reading is not None and one.reading.span),
        "absent": len(absent_names(asked.question, passage)),
        "table": passage.text.count(CELLS) > 1,
        "length": len(passage.text),
        "digest": text_digest(" ".join(passage.text.split())),
        "marked": _marked(passage, best, gold),
    }


def meets(passage: Passage, gold: Sequence[Span]) -> bool:
    """Whether a passage shares text with one of the answers' places."""
    return any(passage.start < end and start < passage.end for start, end in gold)


def _marked(passage: Passage, best: int, gold: Sequence[Span]) -> bool:
    if best < 0:
        return False
    sentence = passage.sentences[best]
    return any(sentence.start < end and start < sentence.end for start, end in gold)


def main() -> None:
    """Gather the numbers of all domains."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/training"))
    parser.add_argument("--out", type=Path, default=Path("training/run/domains"))
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--only", nargs="*", help="domains; all where none is named")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for domain in domains(arguments.data):
        file = arguments.out / f"{domain.name}.jsonl"
        if file.exists() or (arguments.only and domain.name not in arguments.only):
            continue
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as scratch:
            documents, folder = Path(scratch, "documents"), Path(scratch, "index")
            documents.mkdir()
            write(domain, documents)
            build_index(documents, folder, model=arguments.model)
            with open_index(folder) as index:
                rows = [row_of(one, domain.name, index, DEFAULT_READER) for one in domain.asked]
                passages = sum(one.passages for one in index.documents())
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        asked = sum(row["answerable"] for row in rows)
        placed = sum(row["placed"] for row in rows)
        seconds = time.monotonic() - began
        print(
            f"{domain.name}: {len(domain.files)} files, {passages} passages, {asked} answerable "
            f"({placed} placed), {len(rows) - asked} not; {seconds:.0f} s",
            file=sys.stderr,
            flush=True,
        )


if __name__ == "__main__":
    main()
