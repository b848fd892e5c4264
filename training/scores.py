"""How good a reader is on examples that it was not trained on."""

from __future__ import annotations

import random
import re
import string
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

from qa_bot.models.reader import Reading, interpret
from qa_bot.models.reader_network import Encoded, Encoder, collate
from qa_bot.records import Span
from training.examples import Example
from training.groups import KINDS, SEEN, negative_of, target_of
from training.negatives import Vocabulary

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


def trials(
    examples: Sequence[Example],
    near: Sequence[Sequence[int]],
    encoder: Encoder,
    vocabulary: Vocabulary,
    count: int,
) -> list[Trial]:
    """So many held-out examples of each source, each with every kind of negative in turn."""
    chance = random.Random(0)
    found: list[Trial] = []
    for source in SEEN:
        chosen = [
            n
            for n, one in enumerate(examples)
            if one.held_out and one.answers and one.source == source
        ]
        chance.shuffle(chosen)
        for place, n in enumerate(chosen[:count]):
            example, others = examples[n], [examples[m] for m in near[n]]
            kind = list(KINDS)[place % len(KINDS)]
            positive = encoder.encode(example.question, [(example.heading, example.text)])[0]
            negative = negative_of(
                example, example.heading, others, encoder, vocabulary, chance, [kind]
            )
            if negative is not None and target_of(positive, example.answers, exact=True):
                found.append(Trial(example, kind, positive, negative))
    return found


def scores(chosen: Sequence[Trial], network: Any, device: torch.device) -> dict[str, float]:
    """Shares in [0, 1], by what they are of."""
    sentences = [trial.example.sentences for trial in chosen]
    right = read_all(network, [trial.positive for trial in chosen], sentences, device)
    wrong = read_all(network, [trial.negative for trial in chosen], [()] * len(chosen), device)
    found: dict[str, list[float]] = defaultdict(list)
    margins: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for trial, spans, positive, negative in zip(chosen, sentences, right, wrong, strict=True):
        example = trial.example
        if example.exact and positive.span:
            wanted = [example.text[start:end] for start, end in example.answers]
            answer = example.text[slice(*positive.span)]
            found["exact match"].append(exact_match(answer, wanted))
            found["f1"].append(overlap(answer, wanted))
        start, end = spans[int(np.argmax(positive.sentences))]
        hit = float(any(a < end and b > start for a, b in example.answers))
        found[f"sentence, {'factoid' if example.exact else 'explanatory'}"].append(hit)
        margins[trial.kind].append((positive.margin, negative.margin))
    shares = {name: float(np.mean(values)) for name, values in sorted(found.items())}
    for kind, pairs in sorted(margins.items()):
        shares[f"order, {kind}"] = float(np.mean([a > b for a, b in pairs]))
        labels = [1] * len(pairs) + [0] * len(pairs)
        both = [a for a, _ in pairs] + [b for _, b in pairs]
        shares[f"AUROC, {kind}"] = float(roc_auc_score(labels, both))
    return shares
