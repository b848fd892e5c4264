"""A BERT's weights, what its tokens start as, and its layers in numpy: exact, and slow.

Devlin et al. 2019: each layer is attention over all tokens and two products of each token,
both added to what came in and normalised.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qa_bot.models.engine.tensors import Array

Rows = npt.NDArray[np.float32]

LAYER = "encoder.layer.{}."
_ERF = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)


@dataclass(frozen=True, slots=True)
class Codes:
    """A matrix in four bits: a weight is its code less 8, times the scale of its block.

    ``pairs`` ``(rows, blocks, size / 2)`` have two codes a byte, the first in the low half;
    ``scales`` are ``(rows, blocks, 1)``.
    """

    pairs: npt.NDArray[np.uint8]
    scales: Rows


@dataclass(frozen=True, slots=True)
class Bert:
    """The weights of a BERT encoder, in float16 or float32.

    ``words`` looks up the vectors ``(t, hidden)`` of tokens' numbers; ``tensors`` hold the rest
    by transformers' names, and ``codes`` those that are kept in four bits, as they are kept.
    Where ``tensors`` have ``span.weight``, the layers end in that head.
    ``let_go`` gives back the memory of files that they were read from, which are read again
    when they are needed.
    """

    words: Callable[[Sequence[int]], Rows]
    tensors: Mapping[str, Array]
    layers: int
    heads: int
    epsilon: float = 1e-12
    let_go: Callable[[], None] = lambda: None
    codes: Callable[[str], Codes | None] = lambda _: None

    @property
    def hidden(self) -> int:
        """Length of a token's vector."""
        return int(self.tensors["embeddings.LayerNorm.weight"].shape[0])

    @property
    def has_span(self) -> bool:
        """Whether the output is a head's, ``(t, 2)``, rather than the states ``(t, hidden)``."""
        return "span.weight" in self.tensors

    def start(self, ids: Sequence[int], kinds: Sequence[int] = ()) -> Rows:
        """What the layers take of a sequence of tokens, ``(t, hidden)``; all of kind 0, or these.

        Raises:
            IndexError: The sequence is longer than the model knows places.
        """
        places = self.tensors["embeddings.position_embeddings.weight"]
        if len(ids) > len(places):
            raise IndexError(f"{len(ids)} tokens, of at most {len(places)}")
        kind = self.tensors["embeddings.token_type_embeddings.weight"]
        shift = kind[np.asarray(kinds, np.int64)] if kinds else kind[:1]
        return np.asarray(self.words(ids) + places[: len(ids)] + shift, np.float32)


def run_exactly(bert: Bert, start: Rows) -> Rows:
    """The layers' output for one sequence, in float32."""

    def linear(rows: Rows, name: str) -> Rows:
        weight, bias = _float(bert, f"{name}.weight"), _float(bert, f"{name}.bias")
        # Product by product: of whole matrices, threads that wait for each other take longer.
        return np.asarray(np.vecdot(rows[:, None], weight) + bias, np.float32)

    def normal(rows: Rows, name: str) -> Rows:
        centred = rows - rows.mean(axis=1, keepdims=True)
        scale = np.sqrt((centred**2).mean(axis=1, keepdims=True) + bert.epsilon)
        weight, bias = _float(bert, f"{name}.weight"), _float(bert, f"{name}.bias")
        return np.asarray(centred / scale * weight + bias, np.float32)

    states = normal(start, "embeddings.LayerNorm")
    for number in range(bert.layers):
        at = LAYER.format(number)
        query, key, value = (
            linear(states, f"{at}attention.self.{one}")
            .reshape(len(states), bert.heads, -1)
            .transpose(1, 0, 2)
            for one in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 2, 1) * np.float32(query.shape[2] ** -0.5)
        weights = np.exp(scores - scores.max(axis=2, keepdims=True))
        weights /= weights.sum(axis=2, keepdims=True)
        mixed = (weights @ value).transpose(1, 0, 2).reshape(states.shape)
        states = normal(
            states + linear(mixed, f"{at}attention.output.dense"),
            f"{at}attention.output.LayerNorm",
        )
        inner = _gelu(linear(states, f"{at}intermediate.dense"))
        states = normal(states + linear(inner, f"{at}output.dense"), f"{at}output.LayerNorm")
    return linear(states, "span") if bert.has_span else states


def _float(bert: Bert, name: str) -> Rows:
    return np.asarray(bert.tensors[name], np.float32)


def _gelu(rows: Rows) -> Rows:
    """Hendrycks and Gimpel 2016, with the error function of Abramowitz and Stegun 7.1.26."""
    size = np.abs(rows) * np.float32(0.5**0.5)
    part = 1 / (1 + np.float32(0.3275911) * size)
    series = np.zeros_like(part)
    for factor in reversed(_ERF):
        series = (series + np.float32(factor)) * part
    error = np.sign(rows) * (1 - series * np.exp(-size * size))
    return np.asarray(rows * (1 + error) / 2, np.float32)
