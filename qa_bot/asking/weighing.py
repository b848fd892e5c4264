"""The fitted numbers: how much each kind of evidence counts, and when an answer is believed.

Those of retrieval (``training/fit_retrieval.py``), and of reading in stages
(``training/fit_stages.py``), lie here, those that weigh a reader's margins beside the reader
(``training/fit_answers.py``), each with what made them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from qa_bot.errors import ModelError
from qa_bot.models.reader import FOLDER

FILE = "answers.json"
RETRIEVAL = Path(__file__).with_name("retrieval.json")
STAGES = Path(__file__).with_name("stages.json")
EVIDENCE = ("sentence", "sentence_coverage", "coverage", "above")
"""What a passage's evidence rests on; ``retrieval.Weights`` says what each is."""
PLAIN = ("sentence", "coverage", "lead")
"""What the confidence rests on where nothing was read; see ``judging.plain_features``."""
ORDER = ("evidence", "margin", "beyond", "absent")
"""What a passage's place rests on; ``judging.Judged`` says what each is."""
VERDICT = ("margin", "lead", "sentence", "either", "absent", "gain", "table")
"""What the confidence in the first passage rests on; see ``judging.features``."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Weights by the names of features; ``answered`` and ``possible`` are confidences in [0, 1].

    The verdict's have a "constant", too.
    """

    order: Mapping[str, float]
    verdict: Mapping[str, float]
    answered: float
    possible: float


@dataclass(frozen=True, slots=True)
class Stages:
    """How many passages are read first, and the confidence from which on that is enough."""

    first: int
    clear: float


@lru_cache(1)
def fitted(folder: Path = FOLDER) -> Numbers:
    """Those that come with qa_bot's reader.

    Raises:
        ModelError: They are missing, damaged, or not those that this version counts with.
    """
    return _read(folder / FILE, "order", ORDER, "verdict", VERDICT)


@lru_cache(1)
def plain(file: Path = RETRIEVAL) -> Numbers:
    """Retrieval's own: ``order`` has its evidence's weights, and nothing was read.

    Raises:
        ModelError: They are missing, damaged, or not those that this version counts with.
    """
    return _read(file, "evidence", EVIDENCE, "plain", PLAIN)


@lru_cache(1)
def stages(file: Path = STAGES) -> Stages:
    """When the passages that are read first decide.

    Raises:
        ModelError: The numbers are missing or damaged.
    """
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        found = Stages(int(kept["first"]), float(kept["clear"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{file} can't be used: {' '.join(str(error).split())}") from error
    if found.first < 1 or not 0 <= found.clear <= 1:
        raise ModelError(f"{file} can't be used: it reads {found.first}, to {found.clear}")
    return found


def _read(
    file: Path, order: str, ordering: Sequence[str], verdict: str, judging: Sequence[str]
) -> Numbers:
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        weights = _weights(kept[order], ordering)
        likely = _weights(kept[verdict], (*judging, "constant"))
        answered, possible = float(kept["answered"]), float(kept["possible"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{file} can't be used: {' '.join(str(error).split())}") from error
    if not 0 <= possible <= answered <= 1:
        raise ModelError(f"{file} can't be used: its thresholds are {possible} and {answered}")
    return Numbers(weights, likely, answered, possible)


def _weights(kept: Mapping[str, object], names: Sequence[str]) -> dict[str, float]:
    if set(kept) != set(names):
        raise ValueError(f"it has numbers for {sorted(kept)}, not for {sorted(names)}")
    found = {name: float(str(kept[name])) for name in names}
    if not all(map(math.isfinite, found.values())):
        raise ValueError("a number in it is none")
    return found
