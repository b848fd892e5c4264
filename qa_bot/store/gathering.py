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
) -> Gathered:
    """Gather from one index; ``stored`` reads its vectors."""
    terms, spread = wanted.terms, wanted.spread
    if wanted.among is None:
        nearest = vectors.search(wanted.vector, wanted.pool, wanted.passages)
        worded = lexicon.search(terms, wanted.pool, wanted.documents, spread)
    else:
        among = list(wanted.among)
        nearest = vectors.search(wanted.vector, wanted.pool, np.asarray(among, np.int64))
        worded = dict(list(lexicon.scores(terms, among, spread).items())[: wanted.pool])
    rest = [number for number in nearest if number not in worded]
    bm25 = worded | lexicon.scores(terms, rest, spread)
    cosines = _cosines(wanted.vector, stored(sorted({*nearest, *bm25})))
    return Gathered(tuple(nearest), tuple(worded), bm25, cosines)


def together(parts: Iterable[Gathered], pool: int) -> Gathered:
    """What of several parts is gathered from the whole; no passage is in two of them."""
    found = list(parts)
    cosines = {number: both for one in found for number, both in one.cosines.items()}
    bm25 = {number: score for one in found for number, score in one.bm25.items()}
    nearest = [number for one in found for number in one.nearest]
    nearest = sorted(nearest, key=lambda number: -cosines[number][0])[:pool]
    worded = [number for one in found for number in one.worded]
    worded = sorted(worded, key=lambda number: -bm25[number])[:pool]
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
