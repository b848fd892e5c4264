"""The reader's network: tokens of a question and a passage → where the answer starts and ends.

A BERT encoder of six layers with a span head, whose first position stands for
"no answer" (Devlin et al. 2019, section 4.3). Its word embeddings are those of the
packaged embedding model, so that only the layers above them are kept with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa_bot.models.minilm import tokenizer_of
from qa_bot.records import Span

if TYPE_CHECKING:
    import torch

LONGEST_QUESTION = 64  # tokens; what follows is not read
LONGEST_HEADING = 32
LONGEST = 384  # tokens altogether
NO_ANSWER = 0  # the position of [CLS]


@dataclass(frozen=True, slots=True)
class Encoded:
    """One question with one passage, as the network reads them.

    ``ids[first:first + len(offsets)]`` are the passage's tokens, and
    ``offsets`` where they stand in its text.
    """

    ids: list[int]
    question_end: int  # tokens from here on are of the second kind
    first: int
    offsets: list[Span]


class Encoder:
    """Cuts texts into the tokens of the packaged model."""

    def __init__(self, folder: Path) -> None:
        self._tokenizer = tokenizer_of(folder)
        self._cls, self._sep, self._colon = map(self.id_of, ("[CLS]", "[SEP]", ":"))

    def id_of(self, token: str) -> int:
        """The number of a token of the model's vocabulary."""
        number = self._tokenizer.token_to_id(token)
        if number is None:
            raise KeyError(token)
        return number

    def encode(self, question: str, pairs: Sequence[tuple[str, str]]) -> list[Encoded]:
        """The question with each ``(heading, passage text)``."""
        texts = [question, *(text for pair in pairs for text in pair)]
        cut = self._tokenizer.encode_batch(texts, add_special_tokens=False)
        asked = [self._cls, *cut[0].ids[:LONGEST_QUESTION], self._sep]
        found = []
        for heading, passage in zip(cut[1::2], cut[2::2], strict=True):
            path = [*heading.ids[:LONGEST_HEADING], self._colon] if heading.ids else []
            first = len(asked) + len(path)
            room = LONGEST - first - 1
            ids = [*asked, *path, *passage.ids[:room], self._sep]
            found.append(Encoded(ids, len(asked), first, list(passage.offsets[:room])))
        return found


def make_network(folder: Path) -> Any:  # noqa: ANN401 - torch is imported late
    """The network, its encoder started from the packaged embedding model."""
    import torch
    from transformers import AttentionInterface, AttentionMaskInterface, BertModel
    from transformers.masking_utils import eager_mask
    from transformers.utils import logging

    AttentionInterface.register("plain", _plain_attention)
    AttentionMaskInterface.register("plain", eager_mask)  # without it, padding is not masked
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]

    class Network(torch.nn.Module):
        """``forward`` gives the logits of start and end, ``(batch, tokens, 2)``."""

        def __init__(self) -> None:
            super().__init__()
            self.encoder = BertModel.from_pretrained(
                folder,
                add_pooling_layer=False,
                attn_implementation="plain",
                local_files_only=True,
                use_safetensors=True,
            )
            self.span = torch.nn.Linear(self.encoder.config.hidden_size, 2)

        def forward(self, ids: torch.Tensor, kinds: torch.Tensor, mask: torch.Tensor) -> Any:  # noqa: ANN401
            states = self.encoder(ids, attention_mask=mask, token_type_ids=kinds)
            return self.span(states.last_hidden_state).float()

    before = logging.get_verbosity()
    # No report that the packaged model's pooler isn't used.
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        return Network()
    finally:
        logging.set_verbosity(before)


def _plain_attention(
    module: Any,  # noqa: ANN401, ARG001 - the signature that transformers calls
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    **_: object,
) -> tuple[torch.Tensor, None]:
    """Attention as two products, without dropout, for ``(batch, heads, tokens, size)``.

    On a CPU's bfloat16, torch's fused kernel takes five times as long backwards.
    """
    scores = query @ key.transpose(-1, -2) * (scaling or query.shape[-1] ** -0.5)
    if attention_mask is not None:
        scores = scores + attention_mask
    weights = scores.softmax(dim=-1).to(value.dtype)
    return (weights @ value).transpose(1, 2).contiguous(), None


def collate(batch: Sequence[Encoded]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Ids, kinds and mask, each ``(batch, tokens)``."""
    import torch

    width = max(len(one.ids) for one in batch)
    ids = torch.zeros((len(batch), width), dtype=torch.long)
    kinds, mask = torch.zeros_like(ids), torch.zeros_like(ids)
    for row, one in enumerate(batch):
        ids[row, : len(one.ids)] = torch.tensor(one.ids)
        kinds[row, one.question_end : len(one.ids)] = 1
        mask[row, : len(one.ids)] = 1
    return ids, kinds, mask
