"""One step of learning: the loss of a batch of groups, and its gradients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from qa_bot.models.reader_network import NO_ANSWER
from training.groups import Group

PAIR_WEIGHT = 0.5  # of telling right from wrong passages, against 1 for finding the span


@dataclass(frozen=True, slots=True)
class Batch:
    """Groups as arrays, which go quickly from process to process and to a device.

    ``ids`` are ``(sequences, tokens)``, padded with 0; ``bounds`` of each sequence are where
    its second kind of tokens starts, where its passage does, where that ends, and its length;
    ``wanted``, ``(sequences, tokens, 2)``, says where its answers start and end. ``pairs``
    are the rows of each group's right and wrong sequence, ``(pairs, 2)``.
    """

    ids: npt.NDArray[np.int32]
    bounds: npt.NDArray[np.int64]
    wanted: npt.NDArray[np.bool_]
    pairs: npt.NDArray[np.int64]


def batch_of(groups: Sequence[Group]) -> Batch:
    """The groups' sequences, one below another."""
    sequences = [one for group in groups for one in group.sequences]
    targets = [one for group in groups for one in group.targets]
    width = max(len(one.ids) for one in sequences)
    ids = np.zeros((len(sequences), width), np.int32)
    wanted = np.zeros((len(sequences), width, 2), np.bool_)
    for row, (one, target) in enumerate(zip(sequences, targets, strict=True)):
        ids[row, : len(one.ids)] = one.ids
        wanted[row, list(target.starts), 0] = True
        wanted[row, list(target.ends), 1] = True
    bounds = [
        (one.question_end, one.first, one.first + len(one.offsets), len(one.ids))
        for one in sequences
    ]
    pairs, row = [], 0
    for group in groups:
        if len(group.sequences) == 2:
            pairs.append((row, row + 1))
        row += len(group.sequences)
    return Batch(ids, np.array(bounds), wanted, np.array(pairs, np.int64).reshape(-1, 2))


def batch_loss(network: Any, batch: Batch, device: torch.device) -> torch.Tensor:
    """Sum over groups of the negative log-likelihoods of spans, and of the right order.

    A span's likelihood is summed over all the tokens that it may start and end
    at (Clark & Gardner 2018, section 3.1), with "no answer" as one more place.
    Within a group the passage that answers has to have the higher margin over it.
    """
    ids, bounds, wanted, pairs = (
        torch.from_numpy(one).to(device)
        for one in (batch.ids, batch.bounds, batch.wanted, batch.pairs)
    )
    places = torch.arange(ids.shape[1], device=device)[None]
    second, first, last, length = (one[:, None] for one in bounds.unbind(1))
    mask = places < length
    logits = network(ids.long(), ((places >= second) & mask).long(), mask.long())
    allowed = ((places >= first) & (places < last)) | (places == NO_ANSWER)
    logits = logits.masked_fill(~allowed[..., None], -1e4)
    spread = functional.log_softmax(logits, dim=1)
    likely = torch.logsumexp(spread.masked_fill(~wanted, -1e4), dim=1)
    margins = margin(logits)[pairs]
    ordered = functional.softplus(margins[:, 1] - margins[:, 0]).sum()
    return -likely.sum() / 2 + PAIR_WEIGHT * ordered


def group_loss(network: Any, groups: Sequence[Group], device: torch.device) -> torch.Tensor:
    """The loss of groups that are learned at once."""
    return batch_loss(network, batch_of(groups), device)


def margin(logits: torch.Tensor) -> torch.Tensor:
    """How much more all spans weigh than "no answer", ``(batch,)``; logits are masked."""
    weights = torch.logsumexp(logits[:, 1:], dim=1) - logits[:, NO_ANSWER]
    return weights.sum(dim=1) / 2


class Stepper:
    """Sums gradients over parts of a batch, one part on each core.

    On a CPU that is faster than all cores sharing one product, and the sum is
    made in a fixed order, so that a run can be repeated.
    """

    def __init__(self, network: Any, device: torch.device, workers: int) -> None:
        self.network = network
        self.device = device
        self.parameters = [one for one in network.parameters() if one.requires_grad]
        self._pool = ThreadPoolExecutor(workers, initializer=_one_thread if workers > 1 else None)

    def step(self, parts: Sequence[Batch], count: int) -> torch.Tensor:
        """Set the gradients for a batch of so many groups; its mean loss of a group."""
        total = torch.zeros((), device=self.device)
        sums: list[torch.Tensor] = []
        for loss, gradients in self._each(parts):
            total += loss
            if sums:
                torch._foreach_add_(sums, gradients)
            else:
                sums = [one.clone() for one in gradients]
        torch._foreach_div_(sums, count)
        for parameter, gradient in zip(self.parameters, sums, strict=True):
            parameter.grad = gradient
        return total / count

    def _each(self, parts: Sequence[Batch]) -> Iterator[tuple[torch.Tensor, list[torch.Tensor]]]:
        if len(parts) == 1:
            yield self._gradients(parts[0])
        else:
            yield from self._pool.map(self._gradients, parts)

    def _gradients(self, batch: Batch) -> tuple[torch.Tensor, list[torch.Tensor]]:
        with torch.autocast(self.device.type, torch.bfloat16):
            loss = batch_loss(self.network, batch, self.device)
        return loss.detach(), list(torch.autograd.grad(loss, self.parameters))


def _one_thread() -> None:
    torch.set_num_threads(1)
