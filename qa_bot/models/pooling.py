"""States of tokens → a text's vector, and its sentences'."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from qa_bot.records import Span

Vectors = npt.NDArray[np.float32]


def mean_inside(
    states: Vectors, offsets: npt.NDArray[np.int_], spans: Sequence[Span], shift: int
) -> Vectors:
    """Mean of the tokens' states inside each span, as unit rows; zero rows where there is none.

    ``offsets`` ``(t, 2)`` count from the prompt's start, which is ``shift``
    before the text's; special tokens have empty ones.
    """
    bounds = np.asarray(spans, dtype=np.int64).reshape(-1, 2) + shift
    real = offsets[:, 1] > offsets[:, 0]
    inside = (offsets[None, :, 0] >= bounds[:, :1]) & (offsets[None, :, 1] <= bounds[:, 1:]) & real
    return unit(inside.astype(np.float32) @ states)


def mean_of(states: Vectors) -> Vectors:
    """A text's vector, from the states of all its tokens."""
    vector: Vectors = unit(states.mean(axis=0, keepdims=True))[0]
    return vector


def unit(rows: Vectors) -> Vectors:
    """The rows with length 1; zero rows stay."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Vectors = np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)
    return unit
