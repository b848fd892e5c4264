"""Texts → the pieces of the model's vocabulary, and where in the text each stands.

sentencepiece finds the likeliest cut (Kudo 2018), from a description made of the vocabulary.
Its NFKC composes accents, as the model's own did; the file's list knows single characters
only, and is used where it differs.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from qa_bot.models.e5.file import Vocabulary
from qa_bot.records import Span

if TYPE_CHECKING:
    from sentencepiece import SentencePieceProcessor

Tokens = dict[str, list[Any]]

_BLANK = "\u2581"  # stands for a space in a piece
_NORMAL, _UNKNOWN, _CONTROL = 1, 2, 3  # kinds of pieces; no text is cut into those of control


class PieceTokenizer:
    """As much of transformers' tokenizer as embedding takes; safe to share by threads."""

    padding_side = "right"

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._processor, self._replaced = _processor(vocabulary)
        self._lock = threading.Lock()  # sentencepiece
        nothing = (found for found, put in vocabulary.replacements.items() if not put.strip(" "))
        self._blanks = " " + "".join(nothing)

    def num_special_tokens_to_add(self) -> int:
        """How many pieces stand around those of a text."""
        return 2

    def __call__(
        self,
        texts: Sequence[str],
        *,
        add_special_tokens: bool = True,
        return_offsets_mapping: bool = False,
        truncation: bool = False,
        max_length: int | None = None,
        **_: object,
    ) -> dict[str, list[list[Any]]]:
        """``input_ids``, ``attention_mask`` and, where asked for, ``offset_mapping`` of each text.

        The offsets are in code points, without the space before a word; a piece that is
        nothing else, like those around a text, has an empty one.
        """
        around = self.num_special_tokens_to_add() if add_special_tokens else 0
        room = max_length - around if truncation and max_length else None
        cut = self._placed if return_offsets_mapping else self._numbered
        with self._lock:
            found = [(ids[:room], offsets[:room]) for ids, offsets in map(cut, texts)]
        if add_special_tokens:
            start, end = self._vocabulary.start, self._vocabulary.end
            found = [([start, *ids, end], [(0, 0), *offsets, (0, 0)]) for ids, offsets in found]
        encoded: dict[str, list[list[Any]]] = {
            "input_ids": [ids for ids, _ in found],
            "attention_mask": [[1] * len(ids) for ids, _ in found],
        }
        if return_offsets_mapping:
            encoded["offset_mapping"] = [offsets for _, offsets in found]
        return encoded

    def tokenize(self, text: str) -> list[str]:
        """The pieces of a text."""
        return list(self._processor.encode(text.translate(self._replaced), return_type=str))

    def pad(self, encoded: Sequence[Tokens], return_tensors: str = "pt") -> Any:  # noqa: ANN401
        """Ids and mask of all, ``(batch, tokens)``, in torch's tensors."""
        from transformers import BatchEncoding

        width = max(len(one["input_ids"]) for one in encoded)
        ids = np.full((len(encoded), width), self._vocabulary.padding)
        mask = np.zeros_like(ids)
        for row, one in enumerate(encoded):
            count = len(one["input_ids"])
            ids[row, :count] = one["input_ids"]
            mask[row, :count] = one["attention_mask"]
        return BatchEncoding({"input_ids": ids, "attention_mask": mask}, tensor_type=return_tensors)

    def _numbered(self, text: str) -> tuple[list[int], list[Span]]:
        """The pieces' numbers, and no places: those take three times as long."""
        return self._processor.encode(text.translate(self._replaced)), []

    def _placed(self, text: str) -> tuple[list[int], list[Span]]:
        found = self._processor.encode(text.translate(self._replaced), return_type="offset_mapping")
        places = zip(found["pieces"], found["offsets"], strict=True)
        return found["ids"], [
            (end - len(text[start:end].lstrip(self._blanks)), end)
            if piece[0] == _BLANK
            else (start, end)
            for piece, (start, end) in places
        ]


def _processor(vocabulary: Vocabulary) -> tuple[SentencePieceProcessor, dict[int, str]]:
    """What cuts texts, and what is to be replaced in them before, character for character."""
    from sentencepiece import SentencePieceNormalizer, SentencePieceProcessor

    rules = SentencePieceNormalizer(
        rule_name="nmt_nfkc",
        add_dummy_prefix=True,
        escape_whitespaces=True,
        remove_extra_whitespaces=True,
    )
    # Descriptions one after another are read as one.
    described = rules.serialized_model_proto() + _described(vocabulary)
    plain = SentencePieceNormalizer(
        rule_name="nmt_nfkc",
        add_dummy_prefix=False,
        escape_whitespaces=False,
        remove_extra_whitespaces=False,
    )
    replaced = {
        ord(found): put
        for found, put in vocabulary.replacements.items()
        if len(put) == 1 and plain.normalize(found) != put
    }
    lone = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")  # surrogates, which UTF-8 hasn't
    return SentencePieceProcessor(model_proto=described), replaced | lone


def _described(vocabulary: Vocabulary) -> bytes:
    """The vocabulary as sentencepiece's own message, in protocol buffers.

    Every piece is a field 1 of ``length``, its text field 1, its score field 2 and its kind
    field 3 of that; the model's settings are field 2.
    """
    sizes = np.diff(vocabulary.bounds)
    if sizes.max() > 100:  # lengths of one byte
        raise ValueError("a piece is too long")
    count = len(sizes)
    starts = np.concatenate([[0], np.cumsum(sizes + 11)])
    message = np.zeros(starts[-1], np.uint8)
    at = starts[:-1]
    message[at], message[at + 1] = 0x0A, sizes + 9
    message[at + 2], message[at + 3] = 0x0A, sizes
    shift = np.repeat(at + 4 - vocabulary.bounds[:-1], sizes)
    message[np.arange(len(vocabulary.text)) + shift] = vocabulary.text
    after = at + 4 + sizes
    message[after] = 0x15
    message[after[:, None] + np.arange(1, 5)] = vocabulary.scores.view(np.uint8).reshape(count, 4)
    message[after + 5], message[after + 6] = 0x18, _kinds(vocabulary)
    return message.tobytes() + _settings(vocabulary)


def _kinds(vocabulary: Vocabulary) -> Any:  # noqa: ANN401
    kinds = np.full(len(vocabulary.scores), _NORMAL, np.uint8)
    kinds[vocabulary.scores == 0] = _CONTROL  # a piece of text has a probability below one
    kinds[vocabulary.unknown] = _UNKNOWN
    return kinds


def _settings(vocabulary: Vocabulary) -> bytes:
    """That pieces are chosen by their scores, and which are special."""
    special = (vocabulary.unknown, vocabulary.start, vocabulary.end, vocabulary.padding)
    settings = b"\x18\x01" + b"".join(
        bytes([field * 8 % 128 + 128, field * 8 // 128, number])
        for field, number in zip(range(40, 44), special, strict=True)
    )
    return bytes([0x12, len(settings)]) + settings
