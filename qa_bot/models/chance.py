"""The cosine of texts that have nothing to do with each other: where a model's evidence begins.

About 0 for most models, 0.74 for multilingual-e5-small, whose cosines lie in a narrow band.
"""

from __future__ import annotations

import numpy as np

from qa_bot.models import e5
from qa_bot.models.embedding import DEFAULT_MODEL, Embedder

_KNOWN = {DEFAULT_MODEL: 0.0, e5.NAME: 0.74}  # of questions and passages of training's texts
_UNRELATED = (
    "The harbour was dredged twice after the storm.",
    "Enzymes break the starch down within an hour.",
    "Her second novel won a prize in Lisbon.",
    "The contract may be ended with three months' notice.",
    "Press and hold the button until the light turns green.",
    "Net sales fell by four percent in the last quarter.",
    "The comet will be seen low in the west at dusk.",
    "Knead the dough, and let it rest under a cloth.",
)
_MOST = 0.95
_measured: dict[str, float] = {}  # by fingerprint


def chance_of(embedder: Embedder) -> float:
    """What the model's cosines begin at, in [0, 0.95]; measured once of one that we don't know."""
    if (known := _KNOWN.get(embedder.name)) is not None:
        return known
    if embedder.fingerprint not in _measured:
        _measured[embedder.fingerprint] = measured(embedder)
    return _measured[embedder.fingerprint]


def measured(embedder: Embedder) -> float:
    """The mean cosine of a few sentences, as questions, with the others, as passages."""
    encoded = embedder.encode_passages(_UNRELATED, [[(0, len(text))] for text in _UNRELATED])
    passages = {i: vector for i, vector, _ in encoded}
    questions = [embedder.encode_question(text) for text in _UNRELATED]
    pairs = [
        float(question @ passages[j])
        for i, question in enumerate(questions)
        for j in passages
        if i != j
    ]
    return min(max(float(np.mean(pairs)), 0.0), _MOST)
