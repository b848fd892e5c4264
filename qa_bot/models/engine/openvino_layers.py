"""A BERT's layers, run by OpenVINO."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from queue import SimpleQueue
from types import ModuleType
from typing import Any

import numpy as np

from qa_bot.models.cores import Purpose, available_cores
from qa_bot.models.engine.bert import LAYER, Bert, Rows, run_exactly
from qa_bot.offline import import_openvino

SWITCH = "QA_BOT_ENGINE"
"""The environment's variable that leaves the networks to torch: with the value ``torch``."""

_STEP = 8  # sequences are filled up to a multiple: OpenVINO keeps a megabyte for each length
_MASKED = np.float32(-1e9)
_TOGETHER, _MOST = 512, 8  # tokens and sequences that are run as one: more gain nothing
_AT_ONCE = 8  # sequences of a question: no more than are read for it
_CLOSE = {True: 0.999, False: 0.9999}  # lowest cosine with exact results, in bfloat16 and without
_CHECKED = [*range(101, 5_000, 307)]  # tokens of a sequence that both run; no text has them


class EngineError(Exception):
    """OpenVINO can't run it, or computes something else; the message says why."""


class Layers:
    """A BERT's layers, compiled; safe to share by threads, and by a process that forks.

    Each sequence is run by one thread, alone or with others that fill the same room, so that
    its result hangs neither on what else is run nor on how many ask.

    Args:
        bert: The weights.
        bfloat16: Whether to multiply in bfloat16; None does where this CPU is fast at it.

    Raises:
        EngineError: OpenVINO is missing, or its results aren't the exact ones.
    """

    def __init__(self, bert: Bert, *, bfloat16: bool | None = None) -> None:
        self._bert = bert
        with _explained():
            core = _library().Core()
            wanted = str(core.get_property("CPU", "INFERENCE_PRECISION_HINT"))
        self.bfloat16 = "bfloat16" in wanted if bfloat16 is None else bfloat16
        self._compiled: dict[Purpose, SimpleQueue[Any]] = {}
        self._abandoned: list[object] = []  # a parent's, whose threads they would wait for
        self._process = os.getpid()
        self._lock = threading.Lock()
        start = bert.start(_CHECKED)
        near = _cosine(self.run("asking", start), run_exactly(bert, start))
        if not near >= _CLOSE[self.bfloat16]:  # nor if it is no number
            raise EngineError(f"OpenVINO computes something else here (cosine {near:.5f})")
        bert.let_go()

    def describe(self) -> str:
        """The engine, its version, and how it multiplies."""
        return f"OpenVINO {version()}, {'bfloat16' if self.bfloat16 else 'float32'}"

    def run(self, purpose: Purpose, start: Rows) -> Rows:
        """What the layers make of one sequence: ``(t, hidden)``, or ``(t, 2)`` of a head."""
        return self._run(purpose, [start])[0]

    def run_all(self, purpose: Purpose, starts: Sequence[Rows]) -> list[Rows]:
        """What they make of each of several, one batch after the other."""
        found: dict[int, Rows] = {}
        for batch in batches_of([len(start) for start in starts]):
            found.update(zip(batch, self._run(purpose, [starts[n] for n in batch]), strict=True))
        return [found[number] for number in range(len(starts))]

    def _run(self, purpose: Purpose, starts: Sequence[Rows]) -> list[Rows]:
        """Sequences that fill the same room."""
        room = _room(len(starts[0]))
        rows = np.zeros((len(starts), room, starts[0].shape[1]), np.float32)
        mask = np.zeros((len(starts), 1, 1, room), np.float32)
        for number, start in enumerate(starts):
            rows[number, : len(start)] = start
            mask[number, ..., len(start) :] = _MASKED
        free = self._requests(purpose)
        request = free.get()
        try:
            found: Rows = request.infer([rows, mask], share_inputs=True)[0]
        finally:
            free.put(request)
        return [states[: len(start)] for states, start in zip(found, starts, strict=True)]

    def _requests(self, purpose: Purpose) -> SimpleQueue[Any]:
        with self._lock:
            if self._process != os.getpid():  # forked: none of the parent's threads are here
                self._abandoned.append(self._compiled)
                self._compiled = {}
                self._process = os.getpid()
            if purpose not in self._compiled:
                self._compiled[purpose] = self._compile(purpose)
            return self._compiled[purpose]

    def _compile(self, purpose: Purpose) -> SimpleQueue[Any]:
        streams = available_cores() if purpose == "building" else min(available_cores(), _AT_ONCE)
        free: SimpleQueue[Any] = SimpleQueue()
        with _explained():
            compiled = (
                _library()
                .Core()
                .compile_model(
                    _graph(self._bert, in_codes=purpose == "asking" and self.bfloat16),
                    "CPU",
                    {
                        "INFERENCE_PRECISION_HINT": "bf16" if self.bfloat16 else "f32",
                        "NUM_STREAMS": streams,
                        "INFERENCE_NUM_THREADS": streams,  # one for each sequence
                        "ENABLE_CPU_PINNING": False,
                    },
                )
            )
            for _ in range(streams):
                free.put(compiled.create_infer_request())
        return free


def batches_of(counts: Sequence[int]) -> list[list[int]]:
    """Which of the sequences of those lengths to run together, the longest first.

    Those of a batch fill the same room: so each has the bits that it has alone. OpenVINO keeps
    what it made for each size of a batch, so there are few.
    """
    alike: dict[int, list[int]] = {}
    for number in sorted(range(len(counts)), key=lambda n: -counts[n]):
        alike.setdefault(_room(counts[number]), []).append(number)
    batches = []
    for room, numbers in alike.items():
        most = _power_of_two(min(_MOST, max(1, _TOGETHER // room)))
        at = 0
        while at < len(numbers):
            size = min(most, _power_of_two(len(numbers) - at))
            batches.append(numbers[at : at + size])
            at += size
    return batches


def _power_of_two(most: int) -> int:
    """The highest that isn't above."""
    return 1 << (most.bit_length() - 1)


def _room(count: int) -> int:
    """What a sequence of so many tokens is filled up to."""
    return -(-count // _STEP) * _STEP


def version() -> str | None:
    """OpenVINO's version; None where it isn't installed, can't be loaded, or is switched off."""
    try:
        found: str = _library().__version__
    except EngineError:
        return None
    return found.split("-", maxsplit=1)[0]


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except EngineError:
        raise
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise EngineError(f"OpenVINO can't run it: {reason}") from error


def _library() -> ModuleType:
    if os.environ.get(SWITCH) == "torch":
        raise EngineError(f"OpenVINO is switched off by {SWITCH}")
    return _imported()


def _imported() -> ModuleType:
    try:
        return import_openvino()
    except Exception as error:  # a library that another system was made for, say
        raise EngineError(f"OpenVINO can't be loaded: {error}") from error


def _graph(bert: Bert, *, in_codes: bool = False) -> Any:  # noqa: ANN401 - OpenVINO is imported late
    """The layers as OpenVINO's model, of what they start from ``(n, t, hidden)`` and a mask.

    Args:
        bert: The weights.
        in_codes: Whether those that have codes are given as these. OpenVINO keeps what it is
            given beside what it makes of it, and so an eighth as much; a run takes a tenth longer.
    """
    library = _library()
    op = library.opset13

    def constant(name: str) -> Any:  # noqa: ANN401
        values = np.ascontiguousarray(bert.tensors[name], np.float32)
        return op.constant(values, shared_memory=values.flags.writeable)

    def whole(*numbers: int) -> Any:  # noqa: ANN401
        return op.constant(np.array(numbers, np.int64))

    def matrix(name: str) -> Any:  # noqa: ANN401
        codes = bert.codes(name) if in_codes else None
        if codes is None:
            return constant(name)
        rows, blocks, half = codes.pairs.shape
        shape = library.Shape([rows, blocks, 2 * half])
        pairs = np.ascontiguousarray(codes.pairs)
        tensor = library.Tensor(pairs, shape, library.Type.u4)
        numbers = op.convert(library.op.Constant(tensor, shared_memory=False), np.float32)
        centred = op.subtract(numbers, op.constant(np.full((1, 1, 1), 8, np.float32)))
        weights = op.multiply(centred, op.constant(codes.scales))
        return op.reshape(weights, whole(rows, 2 * blocks * half), False)

    def linear(rows: Any, name: str) -> Any:  # noqa: ANN401
        product = op.matmul(rows, matrix(f"{name}.weight"), False, True)
        return op.add(product, constant(f"{name}.bias"))

    def normal(rows: Any, name: str) -> Any:  # noqa: ANN401
        centred = op.mvn(rows, whole(-1), True, bert.epsilon, "inside_sqrt")
        return op.add(op.multiply(centred, constant(f"{name}.weight")), constant(f"{name}.bias"))

    size = bert.hidden // bert.heads

    def by_head(rows: Any) -> Any:  # noqa: ANN401
        return op.transpose(
            op.reshape(rows, whole(0, 0, bert.heads, size), True), whole(0, 2, 1, 3)
        )

    start = op.parameter([-1, -1, bert.hidden], np.float32, name="start")
    mask = op.parameter([-1, 1, 1, -1], np.float32, name="mask")
    states = normal(start, "embeddings.LayerNorm")
    for number in range(bert.layers):
        at = LAYER.format(number)
        query, key, value = (
            by_head(linear(states, f"{at}attention.self.{one}"))
            for one in ("query", "key", "value")
        )
        scores = op.multiply(
            op.matmul(query, key, False, True), op.constant(np.float32(size**-0.5))
        )
        weights = op.softmax(op.add(scores, mask), -1)
        mixed = op.transpose(op.matmul(weights, value, False, False), whole(0, 2, 1, 3))
        mixed = op.reshape(mixed, whole(0, 0, bert.hidden), True)
        added = op.add(states, linear(mixed, f"{at}attention.output.dense"))
        states = normal(added, f"{at}attention.output.LayerNorm")
        inner = op.gelu(linear(states, f"{at}intermediate.dense"), "erf")
        added = op.add(states, linear(inner, f"{at}output.dense"))
        states = normal(added, f"{at}output.LayerNorm")
    out = linear(states, "span") if bert.has_span else states
    return library.Model([out], [start, mask], "layers")


def _cosine(rows: Rows, others: Rows) -> float:
    product = float((rows * others).sum())
    return product / float(np.linalg.norm(rows) * np.linalg.norm(others) or 1)
