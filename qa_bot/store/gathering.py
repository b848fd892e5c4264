"""What an index has near a question, before anything is compared: by vectors and by words.

It is gathered from a whole index, or from each of its shards, and then together taken for one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qa_bot.models.embedding import dequantise
from qa_bot.store.lexical import Lexicon
from qa_bot.store.rows import PassageVectors
from qa_bot.store.spread import Spread
from qa_bot.store.ties import MOST_TIED, InOrder, are_tied, best
from qa_bot.store.vectors import VectorEngine

Vector = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: at most ``pool`` passages by each way.

    ``documents`` and ``passages`` are internal ids, where only some are asked; ``among``, where
    they are the passages themselves that are asked, and not whole documents. ``spread`` is that
    of a whole of which the index is a part.
    """

    vector: Vector  # of the question, (d,)
    terms: tuple[str, ...]
    pool: int
    documents: Sequence[int] | None = None
    passages: Ids | None = None
    among: Sequence[int] | None = None
    spread: Spread | None = None


@dataclass(frozen=True, slots=True)
class Gathered:
    """Passages by internal id."""

    nearest: tuple[int, ...]  # by vectors, best first
    worded: tuple[int, ...]  # by words, best first
    bm25: Mapping[int, float]  # of either, where one holds a term
    cosines: Mapping[int, tuple[float, tuple[float, ...]]]  # of the passage, and of each sentence


def gather(
    wanted: Wanted,
    vectors: VectorEngine,
    lexicon: Lexicon,
    stored: Callable[[Iterable[int]], dict[int, PassageVectors]],
    in_order: InOrder,
) -> Gathered:
    """Gather from one index; ``stored`` reads its vectors, ``in_order`` where passages stand."""
    terms, spread, pool = wanted.terms, wanted.spread, wanted.pool
    if wanted.among is None:
        allowed = wanted.passages
        scores = lexicon.search(terms, pool, wanted.documents, spread, tied=True)
    else:
        among = list(wanted.among)
        allowed = np.asarray(among, np.int64)
        scores = lexicon.scores(terms, among, spread)
    worded = {number: scores[number] for number in best(scores, pool, in_order)}
    near = _nearest(wanted.vector, vectors, pool, allowed, stored)
    nearest = best({number: both[0] for number, both in near.items()}, pool, in_order)
    rest = [number for number in nearest if number not in worded]
    bm25 = worded | lexicon.scores(terms, rest, spread)
    cosines = near | _cosines(wanted.vector, stored(sorted(bm25.keys() - near.keys())))
    kept = sorted({*nearest, *bm25})
    return Gathered(
        tuple(nearest), tuple(worded), bm25, {number: cosines[number] for number in kept}
    )


def _nearest(
    vector: Vector,
    vectors: VectorEngine,
    pool: int,
    allowed: Ids | None,
    stored: Callable[[Iterable[int]], dict[int, PassageVectors]],
) -> dict[int, tuple[float, tuple[float, ...]]]:
    """Cosines of the ``pool`` nearest passages, and of those that tie with the last of them."""
    look = pool + 1
    while True:
        found = vectors.search(vector, look, allowed)
        cosines = _cosines(vector, stored(found))
        ordered = sorted((both[0] for both in cosines.values()), reverse=True)
        may_be_more = len(found) == look and are_tied(ordered[pool - 1], ordered[-1])
        if not may_be_more or look > pool + MOST_TIED:
            return cosines
        look *= 4


def together(parts: Iterable[Gathered], pool: int, in_order: InOrder) -> Gathered:
    """What of several parts is gathered from the whole; no passage is in two of them."""
    found = list(parts)
    cosines = {number: both for one in found for number, both in one.cosines.items()}
    bm25 = {number: score for one in found for number, score in one.bm25.items()}
    near = {number: cosines[number][0] for one in found for number in one.nearest}
    nearest = best(near, pool, in_order)
    scores = {number: bm25[number] for one in found for number in one.worded}
    worded = best(scores, pool, in_order)
    kept = dict.fromkeys((*worded, *nearest))
    return Gathered(
        nearest=tuple(nearest),
        worded=tuple(worded),
        bm25={number: bm25[number] for number in kept if number in bm25},
        cosines={number: cosines[number] for number in sorted(kept)},
    )


def _cosines(
    vector: Vector, stored: Mapping[int, PassageVectors]
) -> dict[int, tuple[float, tuple[float, ...]]]:
    """Cosine of the question with each passage and with each of its sentences."""
    if not stored:
        return {}
    ids = sorted(stored)
    # One product for all sentences: 200 small ones would cost more than the searches.
    codes = dequantise(np.concatenate([stored[number].sentences for number in ids]))
    sentences = np.vecdot(codes, vector).tolist()
    found = {}
    start = 0
    for number in ids:
        end = start + len(stored[number].sentences)
        cosine = float(stored[number].passage @ vector)
        found[number] = cosine, tuple(sentences[start:end])
        start = end
    return found
