"""Passages that look as if they answered a question, and questions that a passage only seems to.

The passages are what retrieval puts first and is wrong about; the questions are
made from real ones by swapping a name, a number or a word, or by turning one round.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from benchmarks.datasets import join
from benchmarks.hashing import HashEmbedder
from qa_bot import open_index
from qa_bot.building.build import index_passages
from qa_bot.store.analysis import stems
from qa_bot.text import is_stop_word
from training.examples import Example

POOL = 36  # passages by BM25, of which the wrong ones are looked for
NEAREST = 12  # wrong passages that are kept for each question
_NUMBER = re.compile(r"\d[\d,.]*\d|\d")
_NAME = re.compile(
    r"(?<![.!?]\s)(?<!^)\b[A-Z][\w’'-]+(?:\s(?:(?:of|the|de|von|and)\s)?[A-Z][\w’'-]+)*"
)
_VERB = re.compile(r"\b(is|are|was|were|did|does|do|can|could|has|have|had|will|would|should)\b")
_OPPOSITES = """
most least / more less / more fewer / first last / before after / increase decrease
increased decreased / largest smallest / larger smaller / highest lowest / higher lower
longest shortest / longer shorter / oldest youngest / older newer / best worst / better worse
north south / northern southern / east west / eastern western / up down / above below / left right
win lose / won lost / begin end / began ended / start stop / started stopped / join leave
joined left / open close / opened closed / buy sell / bought sold / male female / man woman
men women / father mother / son daughter / brother sister / husband wife / boy girl / king queen
early late / earlier later / rich poor / strong weak / hot cold / hard easy / good bad / big small
new old / high low / always never / with without / inside outside
minimum maximum / positive negative / public private / rural urban / legal illegal
possible impossible / support oppose / supported opposed / accept reject / accepted rejected
allow forbid / allowed forbidden / include exclude / included excluded / success failure
advantage disadvantage / like dislike / love hate / over under / near far / fast slow
""".replace("\n", " / ").split(" / ")
OPPOSITE = {
    one: other
    for pair in _OPPOSITES
    if len(pair.split()) == 2
    for one, other in (pair.split(), pair.split()[::-1])
}
_ENDINGS = ("tion", "ing", "ed", "ly", "er", "est", "s", "")


def hard_negatives(examples: Sequence[Example], cache: Path) -> list[list[int]]:
    """For each example, others whose passages are near its question but do not answer it.

    Numbers of examples, nearest first; none for an example without an answer, or with
    passages beside it.
    Kept in a file, since it takes minutes.
    """
    numbers = [number for number, one in enumerate(examples) if one.answers and not one.beside]
    chosen = [examples[number] for number in numbers]
    found: list[list[int]] = [[] for _ in examples]
    for number, near in zip(numbers, _kept(chosen, cache), strict=True):
        found[number] = [numbers[place] for place in near]
    return found


def _kept(examples: Sequence[Example], cache: Path) -> list[list[int]]:
    texts = "\n".join(one.question + one.text for one in examples)
    key = hashlib.sha256(f"{POOL} {NEAREST}\n{texts}".encode()).hexdigest()
    if cache.exists():
        kept = json.loads(cache.read_text())
        if kept["key"] == key:
            found: list[list[int]] = kept["found"]
            return found
    found = _retrieved(examples)
    cache.parent.mkdir(parents=True, exist_ok=True)
    fresh = cache.with_suffix(".new")  # what is there when a run is stopped is complete
    fresh.write_text(json.dumps({"key": key, "found": found}))
    os.replace(fresh, cache)
    return found


def _retrieved(examples: Sequence[Example]) -> list[list[int]]:
    owners: dict[str, int] = {}  # of each text, its first example
    for number, example in enumerate(examples):
        owners.setdefault(example.text, number)
    embedder = HashEmbedder()  # only the words are searched
    with tempfile.TemporaryDirectory() as folder:
        index_passages([join("all", "all", list(owners))], Path(folder), embedder)
        with open_index(folder, model=embedder) as index:
            placed = sorted(
                index.passages(index.vectors.ids().tolist()).items(), key=lambda one: one[1].start
            )
            owner = dict(zip((n for n, _ in placed), owners.values(), strict=True))
            lexicon = index.lexicon
            return [
                _wrong(
                    example,
                    [owner[n] for n in lexicon.search(lexicon.terms(example.question), POOL)],
                    examples,
                )
                for example in examples
            ]


def _wrong(example: Example, near: Sequence[int], examples: Sequence[Example]) -> list[int]:
    return [n for n in near if not may_answer(example, examples[n].text)][:NEAREST]


def may_answer(example: Example, text: str) -> bool:
    """Whether a text holds the answer's words, or is the passage itself (or a part of it)."""
    return is_cutting(example, text) or _holds_words(example, text)


def is_cutting(example: Example, text: str) -> bool:
    """Whether a text is the passage, or overlaps it: long ones are cut in several ways."""
    return example.text[:100] in text or text[:100] in example.text


def _holds_words(example: Example, text: str) -> bool:
    lower = text.lower()
    return example.exact and any(answer in lower for answer in example.answer_texts)


def without_answer(example: Example) -> str | None:
    """The passage without the sentences that answer; None where nothing useful is left."""
    kept = [
        example.text[start:end]
        for start, end in example.sentences
        if not any(a < end and b > start for a, b in example.answers)
    ]
    rest = ("\n" if example.table else " ").join(kept)
    return rest if len(kept) > 1 and not _holds_words(example, rest) else None


def swapped(
    example: Example, others: Sequence[Example], vocabulary: Vocabulary, chance: random.Random
) -> str | None:
    """A question that the example's passage seems to answer, and doesn't; None where none is found.

    Some of these are answered after all, or are no English; most are neither.
    """
    ways = [_swap_name, _swap_number, _swap_opposite, _negate, _swap_word]
    weights = [4, 3, 4, 1, 2]
    while ways:
        way = chance.choices(ways, weights)[0]
        found = way(example, others, vocabulary, chance)
        if found is not None and found != example.question:
            return found
        place = ways.index(way)
        del ways[place], weights[place]
    return None


def _replace(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]


def _pick(
    example: Example,
    others: Sequence[Example],
    pattern: re.Pattern[str],
    chance: random.Random,
) -> str | None:
    """Replace what matches in the question by another match, of its passage or of a near one."""
    matches = list(pattern.finditer(example.question))
    if not matches:
        return None
    match = chance.choice(matches)
    near = [example.text] * 2 + [other.text for other in others[:4]]
    source = chance.choice(near)
    found = {m[0] for m in pattern.finditer(source)}
    usable = sorted(
        one
        for one in found
        if one.lower() not in example.question.lower() and match[0].lower() not in one.lower()
    )
    return _replace(example.question, match, chance.choice(usable)) if usable else None


def _swap_name(
    example: Example, others: Sequence[Example], _: Vocabulary, chance: random.Random
) -> str | None:
    return _pick(example, others, _NAME, chance)


def _swap_number(
    example: Example, others: Sequence[Example], _: Vocabulary, chance: random.Random
) -> str | None:
    found = _pick(example, others, _NUMBER, chance)
    if found is None and (match := _NUMBER.search(example.question)) and match[0].isdigit():
        moved = int(match[0]) + chance.choice([-20, -10, -3, -2, -1, 1, 2, 3, 10, 20])
        return _replace(example.question, match, str(abs(moved)))
    return found


def _swap_opposite(
    example: Example, _: Sequence[Example], __: Vocabulary, chance: random.Random
) -> str | None:
    matches = [  # "How long" asks the same as "How short"
        match
        for match in re.finditer(r"(?<!\b[Hh]ow )\b[a-z]+", example.question)
        if match[0] in OPPOSITE
    ]
    if not matches:
        return None
    match = chance.choice(matches)
    return _replace(example.question, match, OPPOSITE[match[0]])


def _negate(
    example: Example, _: Sequence[Example], __: Vocabulary, chance: random.Random
) -> str | None:
    match = _VERB.search(example.question)
    if match is None or " not " in example.question or "n't" in example.question:
        return None
    return _replace(example.question, match, f"{match[0]} {chance.choice(['not', 'never'])}")


def _swap_word(
    example: Example, _: Sequence[Example], vocabulary: Vocabulary, chance: random.Random
) -> str | None:
    """Another content word with the same ending, of any question of the same source."""
    matches = [
        match
        for match in re.finditer(r"\b[a-z]{4,}\b", example.question)
        if not is_stop_word(match[0])
    ]
    if not matches:
        return None
    match = chance.choice(matches)
    held = set(stems(example.text))
    usable = vocabulary[example.source, _ending(match[0])]
    for _attempt in range(20):
        word = chance.choice(usable)
        if not held & set(stems(word)):
            return _replace(example.question, match, word)
    return None


Vocabulary = dict[tuple[str, str], list[str]]  # by source and ending


def vocabulary_of(examples: Sequence[Example]) -> Vocabulary:
    """The content words of the questions that are not held out, each as often as it occurs."""
    found: Vocabulary = defaultdict(list)
    for example in examples:
        if example.held_out:
            continue
        for word in re.findall(r"\b[a-z]{4,}\b", example.question):
            if not is_stop_word(word):
                found[example.source, _ending(word)].append(word)
    return found


def _ending(word: str) -> str:
    return next(ending for ending in _ENDINGS if word.endswith(ending))
