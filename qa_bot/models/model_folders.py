"""The name of a model → the folder on this machine that holds its files → the model.

Nothing is fetched.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from qa_bot.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


def model_folder(name: str, option: str) -> Path:
    """A folder as it is, or the newest copy of a model in the local Hugging Face cache.

    Args:
        name: Of a folder, or as on the Hugging Face hub.
        option: How another model is chosen, for the message.

    Raises:
        ModelError: There is neither.
    """
    if Path(name).is_dir():
        return Path(name).resolve()
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except Exception as error:
        if os.path.isabs(name) or name.startswith((".", "~")):
            raise ModelError(
                f"There is no model folder {name}: choose another model with `{option}`."
            ) from error
        raise ModelError(
            f"Model {name!r} is neither a folder nor in the local model cache: check its "
            f"name, fetch it once with `hf download {name}`, or choose another with `{option}`."
        ) from error


def load_folder(folder: Path, name: str) -> SentenceTransformer:
    """The sentence-transformers model in a folder; code that comes with it is never run.

    Raises:
        ModelError: It is damaged, or no such model.
    """
    from sentence_transformers import SentenceTransformer

    try:
        return SentenceTransformer(
            str(folder),
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        )
    except Exception as error:
        raise ModelError(f"Model {name!r} can't be loaded: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
