"""Layers of the engine in the place of transformers' own, in a sentence-transformers model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from qa_bot.models.engine.bert import Rows

Run = Callable[[Sequence[Sequence[int]]], Sequence[Rows]]
"""The numbers of each sequence's tokens → their states, ``(t, hidden)``."""


def as_module(run: Run, config: Any) -> Any:  # noqa: ANN401 - torch is imported late
    """A torch module that is called as transformers' BERT is, and gives what ``run`` does.

    Args:
        run: Is given the sequences of a batch without what they are filled up with.
        config: What the model's other modules ask it for.
    """
    import torch
    from transformers.modeling_outputs import BaseModelOutput

    class StandingIn(torch.nn.Module):
        """``forward`` takes ids ``(n, t)`` and a mask of them, whose places are on the left."""

        def __init__(self) -> None:
            super().__init__()
            self.config = config
            self.device = torch.device("cpu")

        def forward(
            self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None, **_: object
        ) -> BaseModelOutput:
            width = input_ids.shape[1]
            counts = [width] * len(input_ids)
            if attention_mask is not None:
                counts = attention_mask.sum(dim=1).tolist()
            pairs = zip(input_ids.tolist(), counts, strict=True)
            states_of_each = run([ids[:count] for ids, count in pairs])
            found = [torch.from_numpy(states) for states in states_of_each]  # the same memory
            if len(found) == 1 and counts[0] == width:
                return BaseModelOutput(last_hidden_state=found[0][None])
            states = torch.nn.utils.rnn.pad_sequence(found, batch_first=True)
            missing = width - states.shape[1]
            return BaseModelOutput(
                last_hidden_state=torch.nn.functional.pad(states, (0, 0, 0, missing))
            )

    return StandingIn().eval()


def replace_network(model: Any, run: Run) -> None:  # noqa: ANN401 - a SentenceTransformer
    """Let the engine run the layers of a model's first module; its own weights are let go."""
    first = model[0]
    network = first.auto_model
    (name,) = (name for name, one in first.named_children() if one is network)
    setattr(first, name, as_module(run, network.config))
