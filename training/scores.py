"""How good a reader is on examples that it was not trained on."""

from __future__ import annotations

import random
import re
import string
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from qa_bot.models.reader import Reading, interpret
from qa_bot.models.reader_network import Encoded, collate
from qa_bot.records import Span
from training.examples import Example
from training.groups import KINDS, SEEN, TABLE_KINDS, Material, negative_of, target_of

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def read_all(
    network: Any,
    sequences: Sequence[Encoded],
    sentences: Sequence[Sequence[Span]],
    device: torch.device,
    part: int = 16,
) -> list[Reading]:
    """Read many sequences, those of like length together."""
    order = sorted(range(len(sequences)), key=lambda n: len(sequences[n].ids))
    found: dict[int, Reading] = {}
    for start in range(0, len(order), part):
        chosen = order[start : start + part]
        ids, kinds, mask = (one.to(device) for one in collate([sequences[n] for n in chosen]))
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16):
            logits = network(ids, kinds, mask).float().cpu().numpy()
        for row, number in enumerate(chosen):
            found[number] = interpret(sequences[number], logits[row], sentences[number])
    return [found[number] for number in range(len(sequences))]


def normalised(answer: str) -> list[str]:
    """The words of an answer as SQuAD's own evaluation compares them."""
    return _ARTICLES.sub(" ", answer.lower().translate(_PUNCTUATION)).split()


def exact_match(answer: str, wanted: Sequence[str]) -> float:
    """1 where the answer is one of those wanted, else 0 (Rajpurkar et al. 2016)."""
    return float(any(normalised(answer) == normalised(one) for one in wanted))


def overlap(answer: str, wanted: Sequence[str]) -> float:
    """The highest F1 of the words shared with one of those wanted."""
    return max((_f1(normalised(answer), normalised(one)) for one in wanted), default=0.0)


def _f1(found: list[str], wanted: list[str]) -> float:
    if not found or not wanted:
        return float(found == wanted)
    shared = sum((Counter(found) & Counter(wanted)).values())
    return 2 * shared / (len(found) + len(wanted))


@dataclass(frozen=True, slots=True)
class Trial:
    """A held-out example, and a sequence of the same question or passage that has no answer."""

    example: Example
    kind: str  # of the negative
    positive: Encoded
    negative: Encoded


def trials(material: Material, count: int) -> list[Trial]:
    """So many held-out examples of each source, each with every kind of negative in turn."""
    chance = random.Random(0)
    examples, encoder = material.examples, material.encoder
    found: list[Trial] = []
    for source in SEEN:
        mine = [n for n, one in enumerate(examples) if one.source == source and one.held_out]
        chance.shuffle(mine)
        empty = [examples[n] for n in mine if not examples[n].answers]
        for place, n in enumerate([n for n in mine if examples[n].answers][:count]):
            example, others = examples[n], material.others(n, range(len(examples)))
            positive = encoder.encode(example.question, [(example.heading, example.text)])[0]
            if not target_of(positive, example.answers, exact=True):
                continue
            kinds = list(TABLE_KINDS if example.table else KINDS)
            kind = kinds[place % len(kinds)]
            negative = negative_of(
                example, example.heading, others, encoder, material.vocabulary, chance, {kind: 1.0}
            )
            if empty and place % 2:  # what people found no answer to, as often as all others
                other, kind = empty.pop(), "people"
                negative = encoder.encode(other.question, [(other.heading, other.text)])[0]
            if negative is not None:
                found.append(Trial(example, kind, positive, negative))
    return found


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a trial; ``exact`` and ``f1`` are None where only a sentence is known."""

    source: str
    kind: str
    exact: float | None
    f1: float | None
    sentence: float
    margins: tuple[float, float]  # of the passage that answers, and of the other one


def outcomes(chosen: Sequence[Trial], network: Any, device: torch.device) -> list[Outcome]:
    """One of each trial, in their order."""
    sentences = [trial.example.sentences for trial in chosen]
    right = read_all(network, [trial.positive for trial in chosen], sentences, device)
    wrong = read_all(network, [trial.negative for trial in chosen], [()] * len(chosen), device)
    found = []
    for trial, spans, positive, negative in zip(chosen, sentences, right, wrong, strict=True):
        example = trial.example
        exact = f1 = None
        if example.exact and positive.span:
            wanted = [example.text[start:end] for start, end in example.answers]
            answer = example.text[slice(*positive.span)]
            exact, f1 = exact_match(answer, wanted), overlap(answer, wanted)
        start, end = spans[int(np.argmax(positive.sentences))]
        hit = float(any(a < end and b > start for a, b in example.answers))
        margins = positive.margin, negative.margin
        found.append(Outcome(example.source, trial.kind, exact, f1, hit, margins))
    return found


def scores(found: Sequence[Outcome]) -> dict[str, float]:
    """Shares in [0, 1], by what they are of."""
    shares = {
        "exact match": _mean(one.exact for one in found),
        "f1": _mean(one.f1 for one in found),
        "sentence, factoid": _mean(one.sentence for one in found if one.exact is not None),
        "sentence, explanatory": _mean(one.sentence for one in found if one.exact is None),
    }
    for kind in sorted({one.kind for one in found}):
        shares[f"AUROC, {kind}"] = _auroc([one for one in found if one.kind == kind])
    return shares


def by_source(found: Sequence[Outcome]) -> dict[str, dict[str, float]]:
    """The same figures of each source, with how many trials it has."""
    shares = {}
    for source in dict.fromkeys(one.source for one in found):
        mine = [one for one in found if one.source == source]
        shares[source] = {
            "trials": len(mine),
            "exact match": _mean(one.exact for one in mine),
            "f1": _mean(one.f1 for one in mine),
            "sentence": _mean(one.sentence for one in mine),
            "AUROC": _auroc(mine),
        }
    return shares


def _mean(values: Iterable[float | None]) -> float:
    known = [one for one in values if one is not None]
    return float(np.mean(known)) if known else float("nan")


def _auroc(found: Sequence[Outcome]) -> float:
    labels = [1] * len(found) + [0] * len(found)
    both = [one.margins[0] for one in found] + [one.margins[1] for one in found]
    return float(roc_auc_score(labels, both))


def calibration_error(
    likely: NDArray[Any], right: NDArray[Any], counts: NDArray[Any] | None = None, bins: int = 10
) -> float:
    """Expected calibration error over bins of equal width (Naeini et al. 2015).

    ``counts`` says how often each question counts; None counts each once.
    """
    counts = np.ones(len(likely)) if counts is None else counts
    places = np.minimum((likely * bins).astype(int), bins - 1)
    gaps = [abs(float((counts * (likely - right))[places == n].sum())) for n in range(bins)]
    return sum(gaps) / float(counts.sum())
