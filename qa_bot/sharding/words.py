"""Words, vectors and spellings of all shards together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from qa_bot.store.analysis import stems, way_of
from qa_bot.store.gathering import Gathered, Wanted
from qa_bot.store.lexical import Lexicon, search_terms, weighed
from qa_bot.store.spread import Spread, joined, whole
from qa_bot.store.vectors import Ids, Vectors
from qa_bot.store.vocabulary import Vocabulary

_KEPT = 100_000  # terms of which it is kept how they are spread


class Whole(Protocol):
    """What asks all shards: a ``ShardedIndex``."""

    @property
    def shard_count(self) -> int:
        """Into how many shards documents are dealt."""

    def ask_all(self, name: str, *arguments: object) -> dict[int, Any]:
        """The same asked of all shards."""

    def ask_of(
        self,
        name: str,
        numbers: Sequence[int] | None,
        arguments: Callable[[list[int] | None], tuple[Any, ...]],
    ) -> dict[int, Any]:
        """What shards say by their own numbers, by those across all; of some, or of all."""

    def numbers(self, shard: int, own: Ids) -> Ids:
        """The numbers across all shards of a shard's own."""

    def gather(self, wanted: Wanted) -> Gathered:
        """The passages that may bear on a question."""


class ShardedLexicon(Lexicon):
    """The words of all shards, as if they were counted in one index."""

    def __init__(self, index: Whole, languages: Iterable[str]) -> None:
        self._whole = index
        self.languages = tuple({way_of(one): one for one in sorted(languages)}.values()) or ("",)
        self._known: dict[str, tuple[Spread, bool]] = {}  # of each term: builds don't change

    def expect(self, question: str) -> None:
        """Ask all shards at once for what will be asked of each of a question's words."""
        self._learned({term for one in self.languages for term in stems(question, one)})

    def spread(self, terms: Iterable[str]) -> Spread:
        """How those terms are spread over all shards."""
        return joined(spread for spread, _ in self._learned(terms).values())

    def _learned(self, terms: Iterable[str]) -> dict[str, tuple[Spread, bool]]:
        """Of each term how it is spread, and whether any passage has it; kept, where all say."""
        wanted = dict.fromkeys(terms)
        known = {term: self._known[term] for term in wanted if term in self._known}
        if not wanted or known.keys() == wanted.keys():
            return known
        new = [term for term in wanted if term not in known]
        told = self._whole.ask_all("lexicon.known", new)
        spread = whole(part for part, _ in told.values())
        held = {term for _, some in told.values() for term in some}
        is_partial = len(told) < self._whole.shard_count
        found = {term: (spread.of(term), term in held or is_partial) for term in new}
        if not is_partial:
            if len(self._known) > _KEPT:
                self._known = {}
            self._known |= found
        return known | found

    def asked(self, question: str) -> dict[str, dict[str, float]]:
        """Search terms by way of analysis, with their weights: see ``Lexicon.asked``."""
        forms = search_terms(question, self.languages)
        spread = self.spread({term for terms in forms.values() for term in terms})
        return weighed(forms, spread.counts(), spread.passages)

    def holds(self, term: str) -> bool:
        """Whether any passage has the term; so too, while a shard that may can't be asked."""
        _, is_held = self._learned([term])[term]
        return is_held

    def search(
        self,
        terms: Iterable[str],
        k: int,
        documents: Sequence[int] | None = None,
        spread: Spread | None = None,
        *,
        tied: bool = False,  # noqa: ARG002 - shards settle their ties themselves: ``gather``
    ) -> dict[int, float]:
        """BM25 of the ``k`` best passages by id."""
        wanted = list(terms)
        spread = spread or self.spread(wanted)
        found = self._whole.ask_of(
            "lexicon.search", documents, lambda inside: (wanted, k, inside, spread)
        )
        return _best(found, k)

    def scores(
        self, terms: Iterable[str], ids: Sequence[int], spread: Spread | None = None
    ) -> dict[int, float]:
        """BM25 of those passages; one that holds none of the terms is left out."""
        wanted = list(terms)
        spread = spread or self.spread(wanted)
        found = self._whole.ask_of("lexicon.scores", ids, lambda inside: (wanted, inside, spread))
        return _best(found, len(ids))

    def held(
        self,
        where: str,
        required: Iterable[str],
        helping: Iterable[str],
        k: int,
        documents: Sequence[int] | None = None,
        spread: Spread | None = None,
    ) -> dict[int, float]:
        """Passages with all required terms in one field: see ``Lexicon.held``."""
        needed, others = list(required), list(helping)
        spread = spread or self.spread([*needed, *others])
        found = self._whole.ask_of(
            "lexicon.held", documents, lambda inside: (where, needed, others, k, inside, spread)
        )
        return _best(found, k)


def _best(found: dict[int, float], k: int) -> dict[int, float]:
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:k])


class ShardedVocabulary(Vocabulary):
    """The words of all shards as they are written."""

    def __init__(self, index: Whole) -> None:
        self._whole = index

    def near(self, word: str, edits: int) -> list[str]:
        """The words that are at most one or two edits from one."""
        found = self._whole.ask_all("vocabulary.near", word, edits)
        return sorted({one for words in found.values() for one in words})


class ShardedVectors:
    """The vectors of all shards; they can't be changed here."""

    def __init__(self, index: Whole) -> None:
        self._whole = index

    def ids(self) -> Ids:
        """The ids they hold, ascending."""
        found = self._whole.ask_all("vectors.ids")
        return np.sort(np.concatenate([self._whole.numbers(*one) for one in found.items()]))

    def search(self, vector: Vectors, k: int, allowed: Ids | None = None) -> list[int]:
        """At most ``k`` ids by falling cosine with ``vector`` ``(d,)``, among ``allowed``."""
        return list(self._whole.gather(Wanted(vector, (), k, passages=allowed)).nearest)

    def add(self, ids: Ids, vectors: Vectors) -> None:  # noqa: ARG002 - of the protocol
        """Not here."""
        raise RuntimeError(f"{len(ids)} vectors can't be added to shards that are only read")

    def remove(self, ids: Ids) -> None:
        """Not here."""
        raise RuntimeError(f"{len(ids)} vectors can't be removed from shards that are only read")

    def save(self, file: Path) -> None:
        """Not here."""
        raise RuntimeError(f"{file.name} can't be written from shards that are only read")

    def suits(self, count: int, added: int) -> bool:  # noqa: ARG002 - of the protocol
        """Each shard has what suits it."""
        return True
