"""The file's weights by the names that transformers has for them, unpacked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from qa_bot.errors import ModelError
from qa_bot.models.e5.file import BLOCK, BLOCK_BYTES, ModelFile, Shape, Tensor
from qa_bot.models.engine.bert import Bert, Rows

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


def read_bert(file: ModelFile) -> Bert:
    """The model; rows of its table of words are unpacked when they are looked up.

    Raises:
        ModelError: The file's tensors are not those of such a network.
    """
    shape = file.shape
    try:
        packed = blocks(file.tensors["emb.word"]).reshape(shape.vocabulary, -1, BLOCK_BYTES)
        tensors = unpacked(file)
    except (KeyError, ValueError) as error:
        raise ModelError(f"The model's weights can't be used: {error}") from error

    def words(ids: Sequence[int]) -> Rows:
        return unpack(packed[np.asarray(ids, np.int64)]).reshape(len(ids), shape.hidden)

    return Bert(words, tensors, shape.layers, shape.heads, shape.epsilon)


def unpacked(file: ModelFile) -> dict[str, Rows]:
    """All but the table of words, in float32.

    Raises:
        KeyError, ValueError: The file's tensors are not those of such a network.
    """
    names = _EMBEDDINGS | {
        f"l{n}.{ours}.{part[0]}": f"encoder.layer.{n}.{theirs}.{part}"
        for n in range(file.shape.layers)
        for ours, theirs in _LAYER.items()
        for part in ("weight", "bias")
    }
    return {theirs: _tensor(file, ours, theirs) for ours, theirs in names.items()}


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
    scales = np.ascontiguousarray(packed[..., :2]).view("<f2").astype(np.float32)
    codes, half = packed[..., 2:], BLOCK // 2
    weights = np.empty((*packed.shape[:-1], BLOCK), np.float32)
    weights[..., :half], weights[..., half:] = codes & 15, codes >> 4
    weights -= 8
    weights *= scales
    return weights
