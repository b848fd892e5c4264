"""How words are spread over an index: what makes BM25 of a part the same as in the whole.

tantivy counts words in one index only. Where an index is a part of a whole, the rarity of a
word is put right by a boost, which is a factor of its score, and the average length, which is
none, in tantivy's own explanation of the score.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

FIELDS = {"text": 1.0, "headings": 0.3, "title": 0.3}
"""How much a word counts by where it stands; the title has the words of the file's name, too."""

_FIELD = re.compile(r"Term\(field=(\d+),")
_FIRST = 2  # tantivy's number of the first of FIELDS, behind the two of ids


@dataclass(frozen=True, slots=True)
class Spread:
    """In how many passages terms are, and how long those are."""

    passages: int
    counted: int  # with those that are deleted, which the search counts until they are merged away
    lengths: Mapping[str, float]  # by field: words in it, in all passages together
    holding: Mapping[str, Mapping[str, int]]  # by field and term: passages that hold it

    def rarity(self, field: str, term: str) -> float:
        """The inverse document frequency that the search goes by; above 0."""
        count = self.holding[field][term]
        return math.log(1 + (self.counted - count + 0.5) / (count + 0.5))

    def counts(self) -> dict[str, int]:
        """In how many passages' texts each term is."""
        return {term: min(count, self.passages) for term, count in self.holding["text"].items()}

    def of(self, term: str) -> Spread:
        """That of one term."""
        holding = {field: {term: counts[term]} for field, counts in self.holding.items()}
        return replace(self, holding=holding)

    def average(self, field: str) -> float:
        """How many words a passage has in a field."""
        return self.lengths.get(field, 0.0) / max(self.counted, 1)


def whole(parts: Iterable[Spread]) -> Spread:
    """The spread over all parts, of the same terms."""
    spreads = list(parts)
    return Spread(
        passages=sum(one.passages for one in spreads),
        counted=sum(one.counted for one in spreads),
        lengths={
            field: math.fsum(one.lengths.get(field, 0.0) for one in spreads) for field in FIELDS
        },
        holding={
            field: {
                term: sum(one.holding[field][term] for one in spreads)
                for term in (spreads[0].holding[field] if spreads else ())
            }
            for field in FIELDS
        },
    )


def joined(spreads: Iterable[Spread]) -> Spread:
    """The spread of several terms, each of which was asked of the same passages."""
    found = list(spreads)
    if not found:
        return whole(())
    return replace(
        found[0],
        holding={
            field: {term: n for one in found for term, n in one.holding[field].items()}
            for field in FIELDS
        },
    )


def words_in(explanation: str) -> tuple[int, float]:
    """How many passages count, and how many words they have: of one term's explained score."""
    values = dict(_values(json.loads(explanation)))
    return int(values["N"]), values["N"] * values["avgdl"]


def as_in(spread: Spread, explanation: str) -> float:
    """An explained score with the average lengths of the whole."""
    return _corrected(json.loads(explanation), spread)


def _corrected(node: dict[str, Any], spread: Spread) -> float:
    details = node.get("details", ())
    if not node["description"].startswith("TermQuery"):
        if node["description"].startswith("Boost"):
            (inner,) = details
            return float(node["value"]) * _corrected(inner, spread) / float(inner["value"])
        return math.fsum(_corrected(one, spread) for one in details)
    found = _FIELD.search(node["context"][0])
    if found is None:
        raise ValueError(f"an explained score without its field: {node['context']}")
    average = spread.average(list(FIELDS)[int(found[1]) - _FIRST])
    held = dict(_values(node))
    here, there = (
        held["freq"] + held["k1"] * (1 - held["b"] + held["b"] * held["dl"] / length)
        for length in (held["avgdl"], average)
    )
    return float(node["value"]) * here / there


def _values(node: dict[str, Any]) -> Iterable[tuple[str, float]]:
    """The numbers of an explanation, by the names that begin their descriptions."""
    yield node["description"].partition(",")[0], float(node["value"])
    for one in node.get("details", ()):
        yield from _values(one)
