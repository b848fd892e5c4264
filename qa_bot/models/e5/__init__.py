"""multilingual-e5-small, out of the data file of the package that carries it.

In: that package's file, whose code is never run. Out: its weights and tokenizer, or a
sentence-transformers model.
``file`` reads it, ``pieces`` cuts texts as the model was trained on, ``weights`` are unpacked, and
``network`` is the model for torch.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from qa_bot.errors import ModelError
from qa_bot.models.e5.file import DIGEST, NAME, PROMPTS, ModelFile, published_file, read_file
from qa_bot.models.e5.pieces import PieceTokenizer
from qa_bot.models.engine.standing_in import Run

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["DIGEST", "NAME", "PROMPTS", "is_installed", "load_model", "open_file"]


def is_installed() -> bool:
    """Whether the package is there, in the version that is read."""
    try:
        return published_file().is_file()
    except ModelError:
        return False


@lru_cache(maxsize=1)
def open_file() -> tuple[ModelFile, PieceTokenizer]:
    """The published file, checked, and what cuts texts into its pieces; once for the process.

    Raises:
        ModelError: The package is missing or another one, or its file isn't the published one.
    """
    file = read_file(published_file())
    return file, PieceTokenizer(file.vocabulary)


def load_model(run: Run | None = None) -> SentenceTransformer:
    """The model in full precision, with its prompts; about a second.

    Args:
        run: What runs its layers in torch's stead.

    Raises:
        ModelError: The package is missing or another one, or its file isn't the published one.
    """
    from qa_bot.models.e5.network import make_model

    return make_model(*open_file(), PROMPTS, run)
