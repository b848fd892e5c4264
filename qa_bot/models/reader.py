"""Question and passages → how likely each answers, which sentence does, and with which words."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from qa_bot.errors import ModelError
from qa_bot.models import minilm
from qa_bot.models.cores import has_fast_bfloat16, on_each_core
from qa_bot.models.engine.bert import Bert
from qa_bot.models.engine.openvino_layers import EngineError, Layers
from qa_bot.models.engine.tensors import digest_of, map_tensors
from qa_bot.models.reader_network import NO_ANSWER, Encoded, Encoder, collate, make_network
from qa_bot.records import Passage, Span

FOLDER = Path(__file__).parent / "weights" / "reader"
WINDOW = 1_000  # characters of a passage that are read at once, as in training
LONGEST_ANSWER = 30  # tokens of a span
PART = 3  # passages in one forward pass of torch: fits a core's cache, and pads little
_NOTHING = float("-inf")
_REMEDY = "Installing qa_bot again brings it back."

Logits = npt.NDArray[np.float32]
Forward = Callable[[Sequence[Encoded]], list[Logits]]
"""Logits of each sequence, ``(tokens, 2)``."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader makes of one passage.

    ``margin`` is how much more all spans weigh than "no answer", in log odds.
    ``sentences`` are the log probabilities that the answer starts and ends in
    each sentence, minus infinity for one that wasn't read; ``span`` is the
    likeliest answer, in code points of the passage's text. A reader that only
    scores whole passages leaves these two empty. The margin of a passage that
    holds nothing to read is minus infinity.
    """

    margin: float
    sentences: tuple[float, ...] = ()
    span: Span | None = None


class Reader(Protocol):
    """Reads passages with a question in mind."""

    @property
    def name(self) -> str:
        """What the user calls it."""

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        """One reading for each passage, in their order.

        Raises:
            ModelError: The reader's model can't be used.
        """


class SpanReader:
    """The reader that comes with qa_bot, loaded when first needed; safe to share by threads.

    Args:
        folder: Where its weights are (``training/`` makes them).
    """

    name = "qa_bot"

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._loaded: tuple[Encoder, Forward] | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    def _load(self) -> tuple[Encoder, Forward]:
        with self._lock:
            if self._loaded is None:
                self._loaded = Encoder(minilm.folder()), _forward_of(self.folder)
            return self._loaded

    def warm(self) -> None:
        """Load the network now, rather than at the first question.

        Raises:
            ModelError: Its weights are missing or damaged.
        """
        self._load()

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        """One reading for each passage, in their order."""
        if not passages:
            return []
        encoder, forward = self._load()
        cut = [windows(_sentences(passage)) for passage in passages]
        pieces = [
            (heading_of(passage), passage.text[those[0][0] : those[-1][1]])
            for passage, parts in zip(passages, cut, strict=True)
            for those in parts
        ]
        encoded = encoder.encode(question, pieces)
        found = zip(encoded, forward(encoded), strict=True)
        return [
            together([(those[0][0], interpret(*next(found), _within(those))) for those in parts])
            for parts in cut
        ]


def _sentences(passage: Passage) -> list[Span]:
    """In code points of the passage's text; all of it, where none are known."""
    found = [(one.start - passage.start, one.end - passage.start) for one in passage.sentences]
    return found or [(0, len(passage.text))]


def windows(sentences: Sequence[Span]) -> list[list[Span]]:
    """Sentences, at least one, in runs of at most ``WINDOW`` characters, where each fits in one.

    A reader that was trained on short passages finds answers everywhere in long ones.
    """
    found: list[list[Span]] = []
    for start, end in sentences:
        if not found or end - found[-1][0][0] > WINDOW:
            found.append([])
        found[-1].append((start, end))
    return found


def _within(sentences: Sequence[Span]) -> list[Span]:
    first = sentences[0][0]
    return [(start - first, end - first) for start, end in sentences]


def together(parts: Sequence[tuple[int, Reading]]) -> Reading:
    """One reading of what was read in parts, each with where it starts.

    The passage is worth what its best part is, and has that one's span.
    """
    start, best = max(parts, key=lambda part: part[1].margin)
    span = best.span and (best.span[0] + start, best.span[1] + start)
    return Reading(best.margin, tuple(one for _, part in parts for one in part.sentences), span)


DEFAULT_READER = SpanReader()
"""One for the whole process, so that its network is loaded once."""


def warm(reader: Reader | None) -> None:
    """Load what the reader needs now, rather than at the first question.

    Raises:
        ModelError: It can't be used.
    """
    if isinstance(reader, SpanReader):
        reader.warm()


def heading_of(passage: Passage) -> str:
    """What stands above the passage: the document's title and its headings."""
    return " > ".join(dict.fromkeys([passage.title, *passage.section]))


def _forward_of(folder: Path) -> Forward:
    """What runs the network with those weights: OpenVINO, or torch where that can't.

    Raises:
        ModelError: The weights are missing, damaged, or not this network's.
    """
    bert = _bert(folder)
    try:
        layers = Layers(bert)
    except EngineError:
        network = load_network(folder)
        return lambda encoded: _forward(network, encoded)

    def read(one: Encoded) -> Logits:
        kinds = [int(place >= one.question_end) for place in range(len(one.ids))]
        return layers.run("asking", bert.start(one.ids, kinds))

    def read_all(encoded: Sequence[Encoded]) -> list[Logits]:
        order = _longest_first(encoded)  # so that no core is left with the longest at the end
        found = on_each_core("asking", read, [encoded[n] for n in order], torch=False)
        by_place = dict(zip(order, found, strict=True))
        return [by_place[n] for n in range(len(encoded))]

    return read_all


def _longest_first(encoded: Sequence[Encoded]) -> list[int]:
    return sorted(range(len(encoded)), key=lambda n: -len(encoded[n].ids))


def _bert(folder: Path) -> Bert:
    """The packaged model's embeddings, and the reader's layers above them."""
    packaged = minilm.read_bert()
    ours = _checked(folder, map_tensors)
    learned = {
        f"encoder.{name}": one.shape
        for name, one in packaged.tensors.items()
        if name.startswith("encoder.layer.")
    }
    learned |= {"span.weight": (2, packaged.hidden), "span.bias": (2,)}
    _compare(folder, {name: one.shape for name, one in ours.tensors.items()}, learned)
    tensors = {
        name.removeprefix("encoder."): one.astype(np.float32) for name, one in ours.tensors.items()
    }
    ours.let_go()
    return replace(packaged, tensors={**packaged.tensors, **tensors})


def load_network(folder: Path) -> Any:  # noqa: ANN401 - torch is imported late
    """The network with its trained layers as torch runs it, in the precision that is fast here.

    ``model.sha256`` beside the weights holds their digest.

    Raises:
        ModelError: The weights are missing, damaged, or not this network's.
    """
    import torch
    from safetensors.torch import load_file

    weights = _checked(folder, load_file)
    network = make_network(minilm.folder())
    learned = {
        name: one.shape for name, one in network.named_parameters() if "embeddings" not in name
    }
    _compare(folder, {name: one.shape for name, one in weights.items()}, learned)
    network.load_state_dict(weights, strict=False)
    network.eval()
    if has_fast_bfloat16():
        network.to(torch.bfloat16)
    return network


Loaded = TypeVar("Loaded")


def _checked(folder: Path, load: Callable[[Path], Loaded]) -> Loaded:
    """What ``load`` makes of the weights, which are what their digest says."""
    file = folder / "model.safetensors"
    try:
        digest = (folder / "model.sha256").read_text("ascii").strip()
        found = digest_of(file)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "damaged"
        raise ModelError(f"The reader can't be read from {folder} ({reason}). {_REMEDY}") from error
    if found != digest:
        raise ModelError(f"The reader's weights {file} are damaged. {_REMEDY}")
    try:
        return load(file)
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelError(f"The reader's weights {file} can't be used: {reason}") from error


def _compare(folder: Path, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    if found != wanted:
        file = folder / "model.safetensors"
        raise ModelError(f"The reader's weights {file} are not those of its network.")


def _forward(network: Any, encoded: Sequence[Encoded]) -> list[Logits]:  # noqa: ANN401
    """By torch; every core reads sequences of like length."""
    import torch

    order = _longest_first(encoded)
    parts = [order[n : n + PART] for n in range(0, len(order), PART)]

    def read(part: list[int]) -> Logits:
        with torch.inference_mode():
            logits: Logits = network(*collate([encoded[n] for n in part])).float().numpy()
        return logits

    found: list[Logits] = [np.empty((0, 2), np.float32)] * len(encoded)
    for part, logits in zip(parts, on_each_core("asking", read, parts), strict=True):
        for number, one in zip(part, logits, strict=True):
            found[number] = one
    return found


def interpret(encoded: Encoded, logits: Logits, sentences: Sequence[Span]) -> Reading:
    """Make sense of the logits ``(tokens, 2)`` of one sequence.

    ``sentences`` are spans of the passage's text.
    """
    count = len(encoded.offsets)
    if not count:
        return Reading(_NOTHING, (_NOTHING,) * len(sentences))
    inside = logits[encoded.first : encoded.first + count].astype(np.float64)
    whole = np.logaddexp.reduce(inside, axis=0)
    margin = float((whole - logits[NO_ANSWER]).mean())
    normal = inside - np.logaddexp(whole, logits[NO_ANSWER])
    offsets = np.asarray(encoded.offsets)
    found = []
    for start, end in sentences:
        rows = (offsets[:, 0] < end) & (offsets[:, 1] > start)
        mass = np.logaddexp.reduce(normal[rows], axis=0) if rows.any() else np.full(2, _NOTHING)
        found.append(float(mass.sum()))
    return Reading(margin, tuple(found), best_span(normal, encoded.offsets))


def best_span(logits: npt.NDArray[np.float64], offsets: Sequence[Span]) -> Span:
    """The likeliest span of at most ``LONGEST_ANSWER`` tokens; logits ``(tokens, 2)``."""
    starts, ends = logits[:, 0], logits[:, 1]
    pairs = starts[:, None] + ends[None, :]
    allowed = np.triu(np.ones(pairs.shape, dtype=bool))
    allowed &= ~np.triu(np.ones(pairs.shape, dtype=bool), LONGEST_ANSWER)
    first, last = np.unravel_index(np.where(allowed, pairs, -np.inf).argmax(), pairs.shape)
    return offsets[int(first)][0], offsets[int(last)][1]
