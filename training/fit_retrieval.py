"""Fit what counts as evidence of retrieval, on many kinds of text, each judged by the others.

``python -m training.fit_retrieval --rows FOLDER`` indexes each domain with both models that come
with qa_bot, asks it, keeps the candidates' numbers in ``FOLDER``, and prints how the right
passage fares under each choice of weights; ``--out`` writes the chosen ones, and the confidence
of answers that nobody read, into a copy of ``qa_bot/asking/retrieval.json``.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qa_bot import Index, build_index, open_index
from qa_bot.asking.judging import READ
from qa_bot.asking.retrieval import POOL, WEIGHTS, Candidate, Weights, rank
from qa_bot.asking.weighing import EVIDENCE, PLAIN
from qa_bot.models.embedding import DEFAULT_MODEL, MULTILINGUAL_MODEL
from qa_bot.text import text_digest
from training.domains import Asked, Domain, domains
from training.fit_answers import (
    Row,
    as_retrieved,
    fit_verdict,
    left_out,
    possible_from,
    threshold_of,
)
from training.gather import meets, spans_of, write

GRID = (
    (1.0, 2.0, 3.0),  # of the best sentence's evidence
    (0.3, 0.4, 0.5),  # of the question's words in that
    (0.2, 0.3, 0.45),  # of its words in the passage
    (0.0, 0.2, 0.3, 0.4, 0.6),  # of those that only title and headings have
)

Array = npt.NDArray[np.float64]
Asking = tuple[list[Candidate], Array]
"""A question's candidates, and which of them are right."""


def asked(domain: Domain, index: Index) -> list[dict[str, Any]]:
    """The numbers of each question's candidates, but where its answer's place isn't known."""
    found = []
    for one in domain.asked:
        gold = spans_of(one, index.document(one.source).text) if one.places else []
        if one.places and not gold:
            continue
        scope = [one.document] if one.document else None
        candidates = rank(one.question, index, POOL, scope).candidates
        found.append(
            {
                "answerable": bool(one.places),
                "candidates": [_numbers(each, one, gold) for each in candidates],
            }
        )
    return found


def _numbers(candidate: Candidate, one: Asked, gold: Sequence[tuple[int, int]]) -> dict[str, Any]:
    passage = candidate.passage
    return {
        "right": passage.document_id == one.source and meets(passage, gold),
        "cosine": round(candidate.cosine, 4),
        "sentences": [[round(a, 4), round(b, 4)] for a, b in candidate.sentences],
        "coverage": round(candidate.coverage, 4),
        "either": round(candidate.either, 4),
        "digest": text_digest(" ".join(passage.text.split())),
    }


def gather(model: str, data: Path, folder: Path) -> None:
    """Write the numbers of each domain; one that is there already is left as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    for domain in domains(data):
        file = folder / f"{domain.name}.json.gz"
        if file.exists():
            continue
        with tempfile.TemporaryDirectory() as scratch:
            documents, where = Path(scratch, "documents"), Path(scratch, "index")
            documents.mkdir()
            write(domain, documents)
            build_index(documents, where, model=model)
            with open_index(where) as index:
                rows = asked(domain, index)
        file.write_bytes(gzip.compress(json.dumps(rows).encode()))
        print(f"{model}: {domain.name}, {len(rows)} questions", file=sys.stderr, flush=True)


def read(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The numbers of each domain."""
    return {
        file.name.split(".")[0]: json.loads(gzip.decompress(file.read_bytes()))
        for file in sorted(folder.glob("*.json.gz"))
    }


def evidence(one: Mapping[str, Any], weights: Weights) -> float:
    """As ``Weights.evidence``, of what was kept of a candidate."""
    best = max(
        (near + weights.sentence_coverage * held for near, held in one["sentences"]),
        default=one["cosine"],
    )
    dense = (one["cosine"] + weights.sentence * best) / (1 + weights.sentence)
    beyond = one["either"] - one["coverage"]
    return float(dense + weights.coverage * one["coverage"] + weights.above * beyond)


def shares(rows: Sequence[Mapping[str, Any]], weights: Weights) -> Array:
    """Of the answerable questions: the right passage first, among five, among those read."""
    hits = []
    for row in rows:
        if row["answerable"] and row["candidates"]:
            ordered = sorted(row["candidates"], key=lambda one: -evidence(one, weights))
            right = [one["right"] for one in ordered]
            hits.append([any(right[:most]) for most in (1, 5, READ)])
    return np.asarray(np.mean(np.array(hits, float), axis=0))


def as_rows(rows: Sequence[Mapping[str, Any]], weights: Weights) -> list[Row]:
    """In the form that ``fit_answers`` fits a confidence on, in the order of the evidence."""
    found = []
    for row in rows:
        kept = [
            one
            | {
                "evidence": evidence(one, weights),
                "sentence": max(
                    (a + weights.sentence_coverage * b for a, b in one["sentences"]),
                    default=one["cosine"],
                ),
            }
            for one in row["candidates"]
        ]
        kept.sort(key=lambda one: -one["evidence"])
        found.append(
            {
                "answerable": row["answerable"],
                "placed": row["answerable"],
                "candidates": kept[:READ],
            }
        )
    return found


def main() -> None:
    """Gather what isn't there, print the tables, and write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/training"))
    parser.add_argument("--rows", type=Path, default=Path("training/run/retrieval"))
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    models = (DEFAULT_MODEL, MULTILINGUAL_MODEL)
    for model in models:
        gather(model, arguments.data, arguments.rows / model)
    rows = {model: read(arguments.rows / model) for model in models}
    tried = [replace(WEIGHTS, **dict(zip(EVIDENCE, one, strict=True))) for one in product(*GRID)]
    table = {
        weights: {
            (model, name): shares(own, weights)
            for model, of_model in rows.items()
            for name, own in of_model.items()
        }
        for weights in tried
    }
    names = sorted({name for of_model in rows.values() for name in of_model})
    print("domain | model | as it is | left out: first, among five, among those read")
    for name in names:
        best = choose(table, without=name)
        for model in models:
            now, then = table[WEIGHTS][model, name], table[best][model, name]
            print(f"{name} | {model} | {_told(now)} | {_told(then)}")
    chosen = choose(table)
    for model in models:
        mean = np.mean([table[chosen][model, name] for name in names], axis=0)
        print(f"{model}, all domains, {chosen}: {_told(mean)}")
    if arguments.out:
        plain = {
            f"{model} {name}": as_rows(own, chosen)
            for model, of_model in rows.items()
            for name, own in of_model.items()
        }
        arguments.out.write_text(json.dumps(_made(chosen, plain), indent=1) + "\n")


def choose(table: Mapping[Weights, Mapping[Any, Array]], without: str = "") -> Weights:
    """The weights by which most is first, among five and among those read, every domain alike."""

    def mean(weights: Weights) -> float:
        kept = [one for (_, name), one in table[weights].items() if name != without]
        return float(np.mean(kept))

    return max(table, key=mean)


def _told(numbers: Array) -> str:
    return " ".join(f"{one:.3f}" for one in numbers)


def _made(weights: Weights, plain: Mapping[str, list[Row]]) -> dict[str, Any]:
    held = left_out(plain, PLAIN, as_retrieved)
    verdict = fit_verdict(plain, PLAIN, as_retrieved)
    return {
        "evidence": {name: getattr(weights, name) for name in EVIDENCE},
        "plain": dict(zip((*PLAIN, "constant"), verdict.round(4).tolist(), strict=True)),
        "answered": round(threshold_of(held), 3),
        "possible": round(possible_from(held), 3),
        "made by": "python -m training.fit_retrieval",
        "of": {name: len(own) for name, own in plain.items()},
        "on": datetime.now(UTC).date().isoformat(),
    }


if __name__ == "__main__":
    main()
