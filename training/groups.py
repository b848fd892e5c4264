"""Examples → groups of sequences that are learned together, the same for the same seed."""

from __future__ import annotations

import itertools
import random
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from qa_bot.models.reader_network import NO_ANSWER, Encoded, Encoder
from qa_bot.records import Span
from qa_bot.sentences import sentence_spans
from training.examples import Example
from training.lookalikes import lookalike
from training.negatives import Vocabulary, swapped, without_answer
from training.sets import TABLES

# How often an example of each source is seen in one round through the data.
SEEN = {
    "new_wiki": 0.6,
    "reddit": 0.25,
    "amazon_reviews": 0.25,
    "qamr": 0.15,
    "nq": 0.6,
    "selqa": 0.6,
    "clapnq": 1.0,
    "medquad": 0.25,
    "fairytale": 0.25,
    "cuad": 1.5,
    "tatqa": 1.5,
    "finqa": 2.0,
    "aitqa": 2.0,
    "wikitables": 2.0,
    "fetaqa": 1.0,
    "squad2": 0.5,
    "condaqa": 0.3,
    "molweni": 0.3,
    "govuk": 1.5,
    TABLES: 0.4,
}
# The same of questions that people found no answer to.
UNANSWERABLE_SEEN = {
    "clapnq": 1.5,
    "squad2": 3.0,
    "condaqa": 1.5,
    "cuad": 0.8,
    "molweni": 0.5,
    "govuk": 2.0,
}
HEADING = 0.6  # how often the heading is shown, where there is one
NEIGHBOUR = 0.15  # how often a neighbouring passage's sentences stand beside the answer's
HIDDEN = 0.15  # of the passage's tokens in every second sequence, so that it isn't learned by heart
# Kinds of negatives: a near passage, the passage without its answer, a swapped question,
# and one about something that only looks like what it was about.
KINDS = {"near": 0.4, "deleted": 0.12, "swapped": 0.32, "lookalike": 0.16}
# Of a table: another name stands in another row, which answers, so that none is swapped.
TABLE_KINDS = {"near": 0.25, "deleted": 0.35, "lookalike": 0.4}
CHUNK = 16  # batches among which groups of like length are brought together


@dataclass(frozen=True, slots=True)
class Target:
    """The tokens that an answer may start and end at; ``[0]`` where there is none."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]


NOTHING = Target((NO_ANSWER,), (NO_ANSWER,))


@dataclass(frozen=True, slots=True)
class Group:
    """A question with a passage that answers it, first, and often one that does not.

    Of an example that has no answer there is its passage alone.
    """

    sequences: tuple[Encoded, ...]
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Material:
    """What groups are made of; ``near[i]`` are numbers of hard negatives of example ``i``."""

    examples: Sequence[Example]
    near: Sequence[Sequence[int]]
    encoder: Encoder
    vocabulary: Vocabulary

    def others(self, number: int, usable: Container[int]) -> list[Example]:
        """Examples with near passages that do not answer this one, the nearest first.

        Those beside it in its own document, or else those of other documents that are usable.
        """
        example = self.examples[number]
        if example.beside:
            return [replace(example, text=text, answers=(), beside=()) for text in example.beside]
        return [self.examples[m] for m in self.near[number] if m in usable]


def batches(
    material: Material,
    *,
    size: int,
    seed: int,
    first: int = 0,
    without: Container[str] = (),
    share: tuple[int, int] = (0, 1),
) -> Iterator[list[Group]]:
    """Endless batches of so many groups, from the ``first`` one on.

    With a ``share`` ``(n, of)`` only those of every ``of``-th run of ``CHUNK``, from run ``n`` on.

    Nothing of a held-out document, or of a source that a run does ``without``, is in a
    batch, as a negative neither.
    """
    numbers = [
        n
        for n, example in enumerate(material.examples)
        if not example.held_out and example.source not in without
    ]
    usable = set(numbers)
    runs = _runs(material.examples, numbers, size, seed)
    for number, (key, drawn) in enumerate(runs):
        if number < first // CHUNK or number % share[1] != share[0]:
            continue
        chance = random.Random(key)
        groups = [
            make_group(
                material.examples[n],
                material.others(n, usable),
                material.encoder,
                material.vocabulary,
                chance,
            )
            for n in drawn
        ]
        groups.sort(key=lambda group: max(len(one.ids) for one in group.sequences))
        cut = [groups[place : place + size] for place in range(0, len(groups), size)]
        chance.shuffle(cut)
        yield from cut[first % CHUNK if number == first // CHUNK else 0 :]


def _runs(
    examples: Sequence[Example], numbers: Sequence[int], size: int, seed: int
) -> Iterator[tuple[str, list[int]]]:
    """Endless runs of the examples of ``CHUNK`` batches, each with a seed of its own."""
    for turn in itertools.count():
        order = random.Random(f"{seed} {turn}")
        drawn = [n for n in numbers for _ in range(_times(examples[n], order))]
        order.shuffle(drawn)
        step = size * CHUNK
        for start in range(0, len(drawn) - step + 1, step):
            yield f"{seed} {turn} {start}", drawn[start : start + step]


def _times(example: Example, chance: random.Random) -> int:
    seen = SEEN if example.answers else UNANSWERABLE_SEEN
    whole, rest = divmod(seen.get(example.source, 1), 1)
    return int(whole) + (chance.random() < rest)


def make_group(
    example: Example,
    others: Sequence[Example],
    encoder: Encoder,
    vocabulary: Vocabulary,
    chance: random.Random,
) -> Group:
    """The example as a positive, with noise, and one negative where one can be had."""
    heading = example.heading if chance.random() < HEADING else ""
    text, answers = example.text, example.answers
    if not answers:
        return Group(tuple(encoder.encode(example.question, [(heading, text)])), (NOTHING,))
    if others and not example.table and chance.random() < NEIGHBOUR:
        text, answers = _beside(text, answers, chance.choice(others).text, chance)
    positive = encoder.encode(example.question, [(heading, text)])[0]
    target = target_of(positive, answers, exact=example.exact)
    if target is None:  # the answer lies beyond what is read
        return Group((positive,), (NOTHING,))
    negative = negative_of(example, heading, others, encoder, vocabulary, chance)
    mask = encoder.id_of("[MASK]")
    positive = hidden(positive, target, mask, chance)
    if negative is None:
        return Group((positive,), (target,))
    return Group((positive, hidden(negative, NOTHING, mask, chance)), (target, NOTHING))


def hidden(encoded: Encoded, target: Target, mask: int, chance: random.Random) -> Encoded:
    """The sequence with some of its passage's tokens hidden, but none of the answer's."""
    if chance.random() < 0.5:
        return encoded
    kept = range(min(target.starts), max(target.ends) + 1)
    inside = range(encoded.first, encoded.first + len(encoded.offsets))
    ids = [
        mask if place in inside and place not in kept and chance.random() < HIDDEN else token
        for place, token in enumerate(encoded.ids)
    ]
    return replace(encoded, ids=ids)


def negative_of(
    example: Example,
    heading: str,
    others: Sequence[Example],
    encoder: Encoder,
    vocabulary: Vocabulary,
    chance: random.Random,
    wanted: Mapping[str, float] | None = None,
) -> Encoded | None:
    """A sequence without an answer, of one of the kinds, or None where none can be had."""
    possible = wanted or (TABLE_KINDS if example.table else KINDS)
    if example.source == "qamr":  # its questions mean little without their sentence
        possible = {kind: share for kind, share in possible.items() if kind == "swapped"}
        if chance.random() < 0.5:
            return None
    kinds, weights = list(possible), list(possible.values())
    while kinds:
        kind = chance.choices(kinds, weights)[0]
        place = kinds.index(kind)
        del kinds[place], weights[place]
        if kind == "near" and others:
            # The nearest are met most often, as they are when answering.
            other = others[min(int(chance.expovariate(0.4)), len(others) - 1)]
            shown = other.heading if chance.random() < HEADING else ""
            return encoder.encode(example.question, [(shown, other.text)])[0]
        if kind == "deleted" and (rest := without_answer(example)):
            return encoder.encode(example.question, [(heading, rest)])[0]
        if kind == "swapped" and (asked := swapped(example, others, vocabulary, chance)):
            return encoder.encode(asked, [(heading, example.text)])[0]
        if kind == "lookalike" and (asked := lookalike(example, heading, others, chance)):
            return encoder.encode(asked, [(heading, example.text)])[0]
    return None


def _beside(
    text: str, answers: Sequence[Span], other: str, chance: random.Random
) -> tuple[str, tuple[Span, ...]]:
    """The text with a few sentences of another one before or after it."""
    sentences = sentence_spans(other)[: chance.randint(1, 3)]
    added = other[sentences[0][0] : sentences[-1][1]][:400] if sentences else ""
    if not added or len(text) > 1_000 or chance.random() < 0.5:
        return f"{text} {added}".strip(), tuple(answers)
    shift = len(added) + 1
    return f"{added} {text}", tuple((start + shift, end + shift) for start, end in answers)


def target_of(encoded: Encoded, answers: Sequence[Span], *, exact: bool) -> Target | None:
    """The tokens of the answers: their first and last, or, of a sentence, any."""
    starts, ends = [], []
    for start, end in answers:
        inside = [
            encoded.first + n
            for n, (low, high) in enumerate(encoded.offsets)
            if low < end and high > start
        ]
        if inside:
            starts += inside[:1] if exact else inside
            ends += inside[-1:] if exact else inside
    return Target(tuple(starts), tuple(ends)) if starts else None
