"""The file's weights by the names that transformers has for them, unpacked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from qa_bot.errors import ModelError
from qa_bot.models.e5.file import BLOCK_BYTES, ModelFile, Shape, Tensor
from qa_bot.models.engine.bert import Bert, Codes, Rows

_EMBEDDINGS = {
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_MATRICES = ("query.weight", "key.weight", "value.weight", "dense.weight")


@dataclass(frozen=True, slots=True)
class Weights(Mapping[str, Rows]):
    """All but the table of words, in float32; a layer's matrices are unpacked at each look.

    Twelve layers of them take 85 MB, which nobody needs whole.
    """

    file: ModelFile
    names: Mapping[str, str]  # transformers' → the file's
    kept: Mapping[str, Rows]  # what is unpacked already

    def __getitem__(self, name: str) -> Rows:
        kept = self.kept.get(name)
        return _tensor(self.file, self.names[name], name) if kept is None else kept

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def codes(self, name: str) -> Codes | None:
        """A matrix as it is stored; None where it isn't in four bits."""
        tensor = self.file.tensors[self.names[name]]
        if not tensor.packed:
            return None
        packed = blocks(tensor).reshape(_shape(self.file.shape, name)[0], -1, BLOCK_BYTES)
        even, odd = packed[..., 2::2], packed[..., 3::2]
        first, second = even & 15 | (odd & 15) << 4, even >> 4 | odd & 240  # codes 0-15, 16-31
        pairs = np.concatenate([first, second], axis=-1)
        return Codes(pairs, _scales(packed))


def read_bert(file: ModelFile) -> Bert:
    """The model; rows of its table of words are unpacked when they are looked up.

    Raises:
        ModelError: The file's tensors are not those of such a network.
    """
    shape = file.shape
    try:
        packed = blocks(file.tensors["emb.word"]).reshape(shape.vocabulary, -1, BLOCK_BYTES)
        tensors = read_weights(file)
    except (KeyError, ValueError) as error:
        raise ModelError(f"The model's weights can't be used: {error}") from error

    def words(ids: Sequence[int]) -> Rows:
        return unpack(packed[np.asarray(ids, np.int64)]).reshape(len(ids), shape.hidden)

    return Bert(words, tensors, shape.layers, shape.heads, shape.epsilon, codes=tensors.codes)


def read_weights(file: ModelFile) -> Weights:
    """All but the table of words.

    Raises:
        KeyError, ValueError: The file's tensors are not those of such a network.
    """
    names = {theirs: ours for ours, theirs in _EMBEDDINGS.items()} | {
        f"encoder.layer.{n}.{theirs}.{part}": f"l{n}.{ours}.{part[0]}"
        for n in range(file.shape.layers)
        for ours, theirs in _LAYER.items()
        for part in ("weight", "bias")
    }
    for theirs, ours in names.items():
        if file.tensors[ours].count != prod(_shape(file.shape, theirs)):
            raise ValueError(f"{ours} has another size")
    small = {name: ours for name, ours in names.items() if not name.endswith(_MATRICES)}
    kept = {name: _tensor(file, ours, name) for name, ours in small.items()}
    return Weights(file, names, kept)


def _tensor(file: ModelFile, ours: str, theirs: str) -> Rows:
    tensor = file.tensors[ours]
    flat = (
        unpack(blocks(tensor)).ravel()
        if tensor.packed
        else np.frombuffer(tensor.data, np.float32).copy()
    )
    return flat.reshape(_shape(file.shape, theirs))


def _shape(of: Shape, name: str) -> tuple[int, ...]:
    matrices = {
        "embeddings.position_embeddings.weight": (of.positions, of.hidden),
        "embeddings.token_type_embeddings.weight": (of.kinds, of.hidden),
    }
    if name in matrices:
        return matrices[name]
    rows = of.inner if "intermediate" in name else of.hidden
    if name.endswith("bias") or "LayerNorm" in name:
        return (rows,)
    is_last = name.endswith("output.dense.weight") and "attention" not in name
    return rows, of.inner if is_last else of.hidden


def blocks(tensor: Tensor) -> npt.NDArray[np.uint8]:
    """The tensor's blocks, ``(n, 18)`` in bytes."""
    return np.frombuffer(tensor.data, np.uint8).reshape(-1, BLOCK_BYTES)


def unpack(packed: npt.NDArray[np.uint8]) -> Rows:
    """Blocks of weights ``(…, 18)`` in bytes → ``(…, 32)`` in float32.

    A block is a scale in float16, then the weights' codes: the first 16 in the low halves of
    the bytes, the others in the high ones; code 8 stands for 0.
    """
    weights = _codes(packed).astype(np.float32)
    weights -= 8
    weights *= _scales(packed)
    return weights


def _scales(packed: npt.NDArray[np.uint8]) -> Rows:
    return np.ascontiguousarray(packed[..., :2]).view("<f2").astype(np.float32)


def _codes(packed: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.concatenate([packed[..., 2:] & 15, packed[..., 2:] >> 4], axis=-1)
