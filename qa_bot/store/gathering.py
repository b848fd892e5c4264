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
    found = vectors.search(wanted.vector, pool + 1, allowed)  # one more tells whether any tie
    bm25 = worded | lexicon.scores(terms, [n for n in found if n not in worded], spread)
    cosines = _cosines(wanted.vector, stored(sorted({*found, *bm25})))
    near = {number: cosines[number][0] for number in found}
    look = len(found)
    while pool < look == len(near) and look <= pool + MOST_TIED and _ends_tied(near, pool):
        look *= 4
        more = vectors.search(wanted.vector, look, allowed)
        cosines |= _cosines(wanted.vector, stored([n for n in more if n not in cosines]))
        near = {number: cosines[number][0] for number in more}
    nearest = best(near, pool, in_order)
    kept = {*nearest, *worded}
    if look > pool + 1:
        bm25 |= lexicon.scores(terms, [n for n in nearest if n not in bm25], spread)
    return Gathered(
        nearest=tuple(nearest),
        worded=tuple(worded),
        bm25={number: score for number, score in bm25.items() if number in kept},
        cosines={number: cosines[number] for number in sorted(kept)},
    )


def _ends_tied(scores: Mapping[int, float], k: int) -> bool:
    """Whether the last of all ties with the ``k``-th: then more may."""
    ordered = sorted(scores.values(), reverse=True)
    return are_tied(ordered[k - 1], ordered[-1])


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
