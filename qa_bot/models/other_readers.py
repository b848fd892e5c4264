"""Readers that somebody else trained: question-answering models and cross-encoders."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from qa_bot.errors import ModelError
from qa_bot.models.model_folders import model_folder
from qa_bot.models.reader import Logits, Reader, Reading, interpret
from qa_bot.models.reader_network import LONGEST, LONGEST_QUESTION, Encoded
from qa_bot.records import Passage

# Nothing is fetched, and code that comes with a model is refused without asking.
_SAFELY = {"local_files_only": True, "trust_remote_code": False}


def load_reader(name: str) -> Reader:
    """A reader by name: an extractive question-answering model, or a cross-encoder.

    Nothing is downloaded, and code that comes with a model is never run. The
    weight of its scores and the confidence with it are guesses, not fitted to
    it: measure before trusting them.

    Args:
        name: A folder, or a name that is in the local Hugging Face cache.

    Raises:
        ModelError: It isn't there, can't be loaded, or is neither.
    """
    from transformers import AutoConfig

    folder = model_folder(name, "--reader")
    config = _explained(name, lambda: AutoConfig.from_pretrained(folder, **_SAFELY))
    kinds = " ".join(config.architectures or ())
    if "ForQuestionAnswering" in kinds:
        return QuestionAnsweringReader(name, folder)
    if "ForSequenceClassification" in kinds and config.num_labels == 1:
        return CrossEncoderReader(name, folder)
    raise ModelError(
        f"{name} is neither a question-answering model nor a cross-encoder with one score "
        f"(but {kinds or 'of no known kind'})."
    )


def _explained(name: str, work: Callable[[], Any], failed: str = "be loaded") -> Any:  # noqa: ANN401 - torch is imported late
    try:
        return work()
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(f"The reader {name!r} can't {failed}: {lines[0]}") from error


class QuestionAnsweringReader:
    """An ``AutoModelForQuestionAnswering``; safe to share by threads."""

    def __init__(self, name: str, folder: Path) -> None:
        from transformers import AutoModelForQuestionAnswering, AutoTokenizer

        self.name = name
        self._tokenizer: Any = _explained(
            name, lambda: AutoTokenizer.from_pretrained(folder, **_SAFELY)
        )
        if not self._tokenizer.is_fast:
            raise ModelError(f"The reader {name!r} has no fast tokenizer, which tells places.")
        self._model: Any = _explained(
            name,
            lambda: AutoModelForQuestionAnswering.from_pretrained(
                folder, use_safetensors=True, **_SAFELY
            ).eval(),
        )
        self._lock = threading.Lock()

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        """One reading for each passage, in their order.

        Raises:
            ModelError: The model fails on them.
        """
        found: list[Reading] = _explained(
            self.name, lambda: self._read(question, passages) if passages else [], "read"
        )
        return found

    def _read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        import torch

        with self._lock, torch.inference_mode():
            asked = self._tokenizer(
                question, add_special_tokens=False, return_offsets_mapping=True
            ).offset_mapping[:LONGEST_QUESTION]
            cut = self._tokenizer(
                [question[: asked[-1][1]] if asked else ""] * len(passages),
                [one.text for one in passages],
                truncation="only_second",
                max_length=min(LONGEST, self._tokenizer.model_max_length),
                padding=True,
                return_offsets_mapping=True,
                return_tensors="pt",
            )
            offsets = cut.pop("offset_mapping").tolist()
            output = self._model(**cut)
        logits = torch.stack([output.start_logits, output.end_logits], dim=-1).float().numpy()
        return [
            self._reading(passage, cut.sequence_ids(row), offsets[row], logits[row])
            for row, passage in enumerate(passages)
        ]

    def _reading(
        self, passage: Passage, kinds: list[int | None], offsets: list[list[int]], logits: Logits
    ) -> Reading:
        inside = [n for n, kind in enumerate(kinds) if kind == 1]
        first = inside[0] if inside else 0
        places = [(offsets[n][0], offsets[n][1]) for n in inside]
        spans = [(s.start - passage.start, s.end - passage.start) for s in passage.sentences]
        return interpret(Encoded([], 0, first, places), logits, spans)


class CrossEncoderReader:
    """A sentence-transformers ``CrossEncoder``: it orders passages and finds no words in them."""

    def __init__(self, name: str, folder: Path) -> None:
        from sentence_transformers import CrossEncoder

        self.name = name
        self._model: Any = _explained(
            name,
            lambda: CrossEncoder(
                str(folder),
                model_kwargs={"use_safetensors": True},
                **_SAFELY,
            ),
        )
        self._lock = threading.Lock()

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        """One reading for each passage, in their order.

        Raises:
            ModelError: The model fails on them.
        """
        scores = _explained(self.name, lambda: self._scores(question, passages), "read")
        return [Reading(float(score)) for score in np.asarray(scores).reshape(-1)]

    def _scores(self, question: str, passages: Sequence[Passage]) -> Any:  # noqa: ANN401
        import torch

        if not passages:
            return ()
        with self._lock:
            return self._model.predict(
                [(question, one.text) for one in passages],
                activation_fn=torch.nn.Identity(),
                show_progress_bar=False,
            )
