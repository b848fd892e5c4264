"""Texts → unit vectors, with sentence-transformers; the packaged models' layers by OpenVINO.

A passage and its sentences are encoded in one pass: a sentence's vector is the
mean of its tokens' vectors inside the passage ("late" pooling), so that
sentence evidence costs nothing extra.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from qa_bot.errors import ModelError
from qa_bot.models import e5, minilm, packaged
from qa_bot.models.cores import has_fast_bfloat16, on_each_core
from qa_bot.models.engine.openvino_layers import batches_of
from qa_bot.models.engine.standing_in import replace_network
from qa_bot.models.engine.tensors import digest_of
from qa_bot.models.model_folders import load_folder, model_folder
from qa_bot.models.packaged import Packaged
from qa_bot.models.pooling import mean_inside, mean_of, unit
from qa_bot.records import Span

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

DEFAULT_MODEL = minilm.NAME
MULTILINGUAL_MODEL = e5.NAME

_RECIPE = "late-mean-1"  # how vectors are made from the model's output; part of the fingerprint
_BATCH = 8  # passages per forward pass of torch on a CPU: fits its cache and pads little
_GPU_BATCH = 128

Vectors = npt.NDArray[np.float32]


class Embedder(Protocol):
    """What the index needs of an embedding model. Vectors are float32 of length 1."""

    @property
    def name(self) -> str:
        """What the user calls the model."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same text would get another vector."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    @property
    def max_tokens(self) -> int:
        """Tokens of a passage that the model reads, special tokens left out."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens in each text, special tokens left out."""

    def encode_passages(
        self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]
    ) -> Iterator[tuple[int, Vectors, Vectors]]:
        """Yield, in any order, ``(i, passage (d,), sentences (len(sentences[i]), d))``.

        ``sentences[i]`` are spans of ``texts[i]``.
        """

    def encode_question(self, question: str) -> Vectors:
        """The question's vector, ``(d,)``."""


class SentenceTransformerEmbedder:
    """A sentence-transformers model, loaded when first needed; safe to share by threads.

    The layers of the packaged models are run by OpenVINO, which gives the same vectors, where
    that can be had; those of any other, and of all that is built on a GPU, by torch. A question
    of a packaged model needs nothing but them, so that asking imports no sentence-transformers.

    Args:
        name: ``all-MiniLM-L6-v2`` (the packaged default), ``multilingual-e5-small``
            (packaged, too), a folder, or a name that is already in the local
            Hugging Face cache. Nothing is downloaded, and code that comes with
            a model is never run.
    """

    def __init__(self, name: str = DEFAULT_MODEL) -> None:
        self.name = name
        self._lock = threading.RLock()
        self._loaded: SentenceTransformer | None = None
        self._gpu = threading.Lock()  # one batch at a time

    @cached_property
    def folder(self) -> Path:
        """Where the model's files are."""
        if self.name == DEFAULT_MODEL:
            return minilm.folder()
        return model_folder(self.name, "qa-bot index --model")

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits over the weights and the way vectors are made from them."""
        with self._lock:
            digest = hashlib.sha256(_RECIPE.encode())
            if self.name == DEFAULT_MODEL:
                digest.update(bytes.fromhex(minilm.DIGEST))
            elif self.name == e5.NAME:
                digest.update(bytes.fromhex(e5.DIGEST))
            else:
                for file in sorted(self.folder.rglob("*.safetensors")):
                    digest.update(bytes.fromhex(_sha256(file)))
            return digest.hexdigest()[:16]

    @property
    def engine(self) -> str:
        """What runs the model, and why not OpenVINO where it could; loads the model for that.

        Raises:
            ModelError: It is missing or damaged.
        """
        if found := self._packaged:
            return found.layers.describe()
        return "torch" + (f" ({reason})" if (reason := packaged.why_not(self.name)) else "")

    @property
    def _packaged(self) -> Packaged | None:
        return packaged.load(self.name)

    @property
    def _engine(self) -> Packaged | None:
        """What runs the layers for passages; None where torch does."""
        return None if _has_gpu() else self._packaged

    @property
    def model(self) -> SentenceTransformer:
        """What embeds passages. The first call imports torch, which takes seconds.

        Raises:
            ModelError: It is missing, damaged, or not a safetensors model.
        """
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> SentenceTransformer:
        _keep_offline()
        run = partial(found.run_all, "building") if (found := self._engine) else None
        if self.name == DEFAULT_MODEL and run is None:
            minilm.check_weights(self.folder / "model.safetensors")
        if self.name == e5.NAME:
            model = e5.load_model(run)
        else:
            model = load_folder(self.folder, self.name)
            if run is not None:
                replace_network(model, run)
        if run is None and _in_bfloat16(model):
            _round_products(model)
        return model.eval()

    @cached_property
    def dimension(self) -> int:
        """Length of a vector."""
        dimension: int = self.encode_question("dimension").size
        return dimension

    @cached_property
    def max_tokens(self) -> int:
        """Tokens of a passage that the model reads, special tokens and prompt left out."""
        if found := self._packaged:
            limit, special = found.longest, packaged.SPECIAL
        else:
            special = self.model.tokenizer.num_special_tokens_to_add()
            limit = int(self.model.max_seq_length or 512)
        return limit - special - self.count_tokens([self._prompt])[0]

    @cached_property
    def _prompt(self) -> str:
        """What the model wants in front of a passage ("passage: "), often nothing."""
        prompts = self._prompts
        return next((found for key in ("document", "passage") if (found := prompts.get(key))), "")

    @property
    def _prompts(self) -> Mapping[str, str]:
        found = self._packaged
        return found.prompts if found else dict(self.model.prompts)  # type: ignore[arg-type] # no None

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens in each text, special tokens left out."""
        if not texts:
            return []
        if found := self._packaged:
            return found.count(texts)
        with self._lock:
            encoded = self.model.tokenizer(
                list(texts), add_special_tokens=False, truncation=False, verbose=False
            )
        return [len(ids) for ids in encoded["input_ids"]]

    def encode_question(self, question: str) -> Vectors:
        """The question's vector, ``(d,)``."""
        prompt = self._prompts.get("query") or ""
        if found := self._packaged:
            return mean_of(found.run("asking", found.cut(prompt + question)))
        tokens = self._tokenise([question], prompt)
        # Without encode_query, which takes a millisecond to find out what it was given.
        ((vector, _),) = next(on_each_core("asking", self._forward, [tokens]))
        return vector

    def encode_passages(
        self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]
    ) -> Iterator[tuple[int, Vectors, Vectors]]:
        """Yield ``(i, passage (d,), sentences (len(sentences[i]), d))``, most tokens first.

        Each core encodes batches of its own: that is faster than all cores sharing one, and
        leaves no core idle while Python prepares the next.
        """
        waiting: list[tuple[int, Vectors, Vectors]] = []
        for i, passage, pooled in self._encode(texts, sentences):
            if pooled.any(axis=1).all():
                yield i, passage, pooled
            else:
                waiting.append((i, passage, pooled))
        # Sentences beyond what the model read of their passage are encoded on their own.
        places = [
            (pooled, row, texts[i][slice(*sentences[i][row])])
            for i, _, pooled in waiting
            for row in np.flatnonzero(~pooled.any(axis=1)).tolist()
        ]
        alone = [text for _, _, text in places]
        for number, vector, _ in self._encode(alone, [()] * len(alone)):
            pooled, row, _ = places[number]
            pooled[row] = vector
        yield from waiting

    def _encode(
        self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]
    ) -> Iterator[tuple[int, Vectors, Vectors]]:
        """Like ``encode_passages``, with zero rows for sentences that the model didn't read."""
        if not texts:
            return
        tokens = self._tokenise(texts, self._prompt)

        def encode(batch: list[int]) -> list[tuple[int, Vectors, Vectors]]:
            states = self._forward([tokens[i] for i in batch])
            return [
                (i, passage, self._pool(rows, tokens[i]["offset_mapping"], sentences[i]))
                for i, (passage, rows) in zip(batch, states, strict=True)
            ]

        batches = self._batches([len(one["input_ids"]) for one in tokens])
        for encoded in on_each_core("building", encode, batches):
            yield from encoded

    def _batches(self, counts: Sequence[int]) -> list[list[int]]:
        """Which passages go through the model together, by their numbers of tokens."""
        if self._engine:
            return batches_of(counts)
        order = sorted(range(len(counts)), key=lambda i: -counts[i])
        size = _BATCH if self._on_cpu else _GPU_BATCH
        return [order[start : start + size] for start in range(0, len(order), size)]

    @property
    def _on_cpu(self) -> bool:
        return bool(self.model.device.type == "cpu")

    def _tokenise(self, texts: Sequence[str], prompt: str) -> list[dict[str, list[Any]]]:
        """Each text's tokens, special ones and the prompt's included, with their offsets."""
        with self._lock:  # a tokenizer can't be used by two threads at once
            encoded = self.model.tokenizer(
                [prompt + text for text in texts],
                return_offsets_mapping=True,
                truncation=True,
                max_length=self.model.max_seq_length,
            )
        return [{name: rows[i] for name, rows in encoded.items()} for i in range(len(texts))]

    def _forward(self, tokens: list[dict[str, list[Any]]]) -> list[tuple[Vectors, Vectors]]:
        """Passage vector ``(d,)`` and the states of the tokens ``(t, d)``, of each text."""
        import torch

        model = self.model
        padded = model.tokenizer.pad(
            [{k: v for k, v in one.items() if k != "offset_mapping"} for one in tokens],
            return_tensors="pt",
        ).to(model.device)
        with nullcontext() if self._on_cpu else self._gpu, torch.inference_mode(), _autocast(model):
            output = model(dict(padded))
        passages = unit(_numpy(output["sentence_embedding"]))
        states = _numpy(output["token_embeddings"])
        left = model.tokenizer.padding_side == "left"
        counts = [len(one["input_ids"]) for one in tokens]
        return [
            (passage, rows[-count:] if left else rows[:count])
            for passage, rows, count in zip(passages, states, counts, strict=True)
        ]

    def _pool(self, states: Vectors, offsets: list[Span], spans: Sequence[Span]) -> Vectors:
        """Unit vectors of the sentences, ``(len(spans), d)``; zero rows where none can be had."""
        if states.shape[1] != self.dimension:  # the model projects after pooling
            return np.zeros((len(spans), self.dimension), np.float32)
        return mean_inside(states, np.asarray(offsets), spans, len(self._prompt))


@lru_cache(maxsize=4)
def load_embedder(name: str) -> SentenceTransformerEmbedder:
    """The embedder of that name; one for the whole process, so that a model is loaded once."""
    return SentenceTransformerEmbedder(name)


def quantise(vectors: Vectors) -> npt.NDArray[np.int8]:
    """Store unit vectors in 8 bits; only their directions survive."""
    peak = np.abs(vectors).max(axis=1, keepdims=True, initial=1e-9)
    codes: npt.NDArray[np.int8] = np.rint(vectors / peak * 127).astype(np.int8)
    return codes


def dequantise(codes: npt.NDArray[np.int8]) -> Vectors:
    """Unit vectors from their 8-bit codes."""
    return unit(codes.astype(np.float32))


@lru_cache(maxsize=1)
def _has_gpu() -> bool:
    """Whether torch has a GPU of NVIDIA's; it isn't imported where there is none."""
    if not (any(Path("/dev").glob("nvidia[0-9]*")) or shutil.which("nvidia-smi")):
        return False
    import torch

    return bool(torch.cuda.is_available())


def _keep_offline() -> None:
    """Before transformers is imported, which reads this then."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]


def _in_bfloat16(model: SentenceTransformer) -> bool:
    """Whether the hardware multiplies bfloat16 fast."""
    kind = model.device.type
    return kind == "cuda" or (kind == "cpu" and has_fast_bfloat16())


def _round_products(model: SentenceTransformer) -> None:
    """Round now what autocast would round again for every batch, to the same values.

    It saves a seventh of a question's time, and half of those weights' memory.
    """
    import torch

    for module in model.modules():
        if isinstance(module, torch.nn.Linear):
            module.to(torch.bfloat16)


def _autocast(model: SentenceTransformer) -> Any:  # noqa: ANN401 - torch has no public name for it
    """Bfloat16 where the hardware multiplies it; elsewhere full precision."""
    import torch

    return torch.autocast(model.device.type, torch.bfloat16, enabled=_in_bfloat16(model))


def _numpy(tensor: Any) -> Vectors:  # noqa: ANN401 - a torch.Tensor, not imported here
    return np.asarray(tensor.detach().float().cpu().numpy(), dtype=np.float32)


def _sha256(file: Path) -> str:
    try:
        return digest_of(file)
    except OSError as error:
        raise ModelError(f"The model's file {file.name} can't be read: {error.strerror}") from error
