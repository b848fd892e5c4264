"""One step of learning: the loss of a batch of groups, and its gradients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch.nn import functional

from qa_bot.models.reader_network import NO_ANSWER, collate
from training.groups import Group

PAIR_WEIGHT = 0.5  # of telling right from wrong passages, against 1 for finding the span


def group_loss(network: Any, groups: Sequence[Group], device: torch.device) -> torch.Tensor:
    """Sum over groups of the negative log-likelihoods of spans, and of the right order.

    A span's likelihood is summed over all the tokens that it may start and end
    at (Clark & Gardner 2018, section 3.1), with "no answer" as one more place.
    Within a group the passage that answers has to have the higher margin over it.
    """
    sequences = [one for group in groups for one in group.sequences]
    targets = [one for group in groups for one in group.targets]
    ids, kinds, mask = (tensor.to(device) for tensor in collate(sequences))
    logits = network(ids, kinds, mask)
    allowed = torch.zeros(ids.shape, dtype=torch.bool)
    wanted = torch.zeros((*ids.shape, 2), dtype=torch.bool)
    for row, (one, target) in enumerate(zip(sequences, targets, strict=True)):
        allowed[row, NO_ANSWER] = True
        allowed[row, one.first : one.first + len(one.offsets)] = True
        wanted[row, list(target.starts), 0] = True
        wanted[row, list(target.ends), 1] = True
    logits = logits.masked_fill(~allowed.to(device)[..., None], -1e4)
    spread = functional.log_softmax(logits, dim=1)
    likely = torch.logsumexp(spread.masked_fill(~wanted.to(device), -1e4), dim=1)
    spans = -likely.sum(dim=1) / 2
    margins = margin(logits)
    pairs, row = [], 0
    for group in groups:
        if len(group.sequences) == 2:
            pairs.append(margins[row] - margins[row + 1])
        row += len(group.sequences)
    ordered = functional.softplus(-torch.stack(pairs)).sum() if pairs else spans.new_zeros(())
    return spans.sum() + PAIR_WEIGHT * ordered


def margin(logits: torch.Tensor) -> torch.Tensor:
    """How much more all spans weigh than "no answer", ``(batch,)``; logits are masked."""
    weights = torch.logsumexp(logits[:, 1:], dim=1) - logits[:, NO_ANSWER]
    return weights.sum(dim=1) / 2


class Stepper:
    """Sums gradients over parts of a batch, one part on each core.

    On a CPU that is faster than all cores sharing one product, and the sum is
    made in a fixed order, so that a run can be repeated.
    """

    def __init__(self, network: Any, device: torch.device, workers: int, part: int) -> None:
        self.network = network
        self.device = device
        self.part = part  # groups that are learned at once
        self.parameters = [one for one in network.parameters() if one.requires_grad]
        self._pool = ThreadPoolExecutor(workers, initializer=_one_thread if workers > 1 else None)

    def step(self, groups: Sequence[Group]) -> float:
        """Set the gradients for a batch; its mean loss of a group."""
        parts = [groups[n : n + self.part] for n in range(0, len(groups), self.part)]
        total = 0.0
        sums: list[torch.Tensor] = []
        for loss, gradients in self._each(parts):
            total += loss
            if sums:
                torch._foreach_add_(sums, gradients)
            else:
                sums = [one.clone() for one in gradients]
        torch._foreach_div_(sums, len(groups))
        for parameter, gradient in zip(self.parameters, sums, strict=True):
            parameter.grad = gradient
        return total / len(groups)

    def _each(self, parts: Sequence[Sequence[Group]]) -> Iterator[tuple[float, list[torch.Tensor]]]:
        yield from self._pool.map(self._gradients, parts)

    def _gradients(self, groups: Sequence[Group]) -> tuple[float, list[torch.Tensor]]:
        with torch.autocast(self.device.type, torch.bfloat16):
            loss = group_loss(self.network, groups, self.device)
        return float(loss.detach()), list(torch.autograd.grad(loss, self.parameters))


def _one_thread() -> None:
    torch.set_num_threads(1)
