"""The file's weights → a BERT that sentence-transformers runs.

The table of words is nine tenths of the model; it stays in four bits in the mapped file, and
the rows that a text needs are unpacked when it is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qa_bot.errors import ModelError
from qa_bot.models.e5.file import BLOCK, BLOCK_BYTES, ModelFile
from qa_bot.models.e5.pieces import PieceTokenizer
from qa_bot.models.e5.weights import blocks, read_weights
from qa_bot.models.engine.standing_in import Run, as_module

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers import BertConfig


def make_model(
    file: ModelFile, tokenizer: PieceTokenizer, prompts: Mapping[str, str], run: Run | None
) -> SentenceTransformer:
    """The model, with mean pooling, in float32; its layers run by ``run`` where that is given.

    Raises:
        ModelError: The file's tensors are not those of such a network.
    """
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling

    try:
        network = as_module(run, _settings(file)) if run else _network(file)
        reading = _reading_module(network, tokenizer)
    except (KeyError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(f"The model's weights can't be used: {reason}") from error
    modules = [reading, Pooling(file.shape.hidden), Normalize()]
    return SentenceTransformer(modules=modules, prompts=dict(prompts))


def _settings(file: ModelFile) -> BertConfig:
    from transformers import BertConfig

    shape = file.shape
    return BertConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.inner,
        max_position_embeddings=shape.positions,
        type_vocab_size=shape.kinds,
        layer_norm_eps=shape.epsilon,
        pad_token_id=file.vocabulary.padding,
    )


def _network(file: ModelFile) -> Any:  # noqa: ANN401 - torch is imported late
    import torch
    from transformers import BertModel

    shape = file.shape
    with torch.device("meta"):  # takes no memory, and no time for random weights
        network: Any = BertModel(_settings(file), add_pooling_layer=False)
    embeddings, words = network.embeddings, torch.from_numpy(blocks(file.tensors["emb.word"]))
    embeddings.word_embeddings = _word_table(words.reshape(shape.vocabulary, -1, BLOCK_BYTES))
    embeddings.position_ids = torch.arange(shape.positions)[None]
    embeddings.token_type_ids = torch.zeros((1, shape.positions), dtype=torch.long)
    weights = {name: torch.from_numpy(one) for name, one in read_weights(file).items()}
    network.load_state_dict(weights, assign=True)
    return network.requires_grad_(requires_grad=False).eval()


def unpack(packed: torch.Tensor) -> torch.Tensor:
    """Like ``weights.unpack``, on the device where the blocks are."""
    import torch

    scales = packed[..., :2].contiguous().view(torch.float16).float()
    codes, half = packed[..., 2:], BLOCK // 2
    weights = torch.empty((*packed.shape[:-1], BLOCK), device=packed.device)
    weights[..., :half], weights[..., half:] = codes & 15, codes >> 4
    return weights.sub_(8).mul_(scales)


def _word_table(packed: torch.Tensor) -> torch.nn.Module:
    import torch

    class WordTable(torch.nn.Module):
        """``forward`` gives the vectors ``(…, hidden)`` of pieces' numbers ``(…)``."""

        packed: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("packed", packed, persistent=False)

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            return unpack(self.packed[ids]).flatten(-2)

    return WordTable()


def _reading_module(network: Any, tokenizer: PieceTokenizer) -> torch.nn.Module:  # noqa: ANN401
    import torch

    class Reading(torch.nn.Module):
        """The first module of a sentence-transformers model: texts → states of their tokens."""

        def __init__(self) -> None:
            super().__init__()
            self.network = network
            self.tokenizer = tokenizer
            self.max_seq_length = network.config.max_position_embeddings

        def preprocess(
            self, inputs: Sequence[str], prompt: str | None = None, **_: object
        ) -> dict[str, torch.Tensor]:
            """What ``forward`` takes."""
            texts = [(prompt or "") + text for text in inputs]
            encoded = tokenizer(texts, truncation=True, max_length=self.max_seq_length)
            rows = [
                {name: values[i] for name, values in encoded.items()} for i in range(len(texts))
            ]
            return dict(tokenizer.pad(rows))

        def forward(self, features: dict[str, Any], **_: object) -> dict[str, Any]:
            states = self.network(features["input_ids"], attention_mask=features["attention_mask"])
            return features | {"token_embeddings": states.last_hidden_state}

    return Reading()
