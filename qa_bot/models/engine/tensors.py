"""A safetensors file → its tensors, in the mapped file until they are used."""

from __future__ import annotations

import hashlib
import json
import mmap
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_KINDS = {"F32": "<f4", "F16": "<f2", "I64": "<i8"}


def digest_of(file: Path) -> str:
    """The file's sha256, in hexadecimal digits.

    Raises:
        OSError: It can't be read.
    """
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Mapped:
    """A file's tensors by name."""

    tensors: dict[str, Array]
    data: mmap.mmap

    def let_go(self) -> None:
        """Give the memory of what was read back; what is needed again is read again."""
        if hasattr(self.data, "madvise") and hasattr(mmap, "MADV_DONTNEED"):
            self.data.madvise(mmap.MADV_DONTNEED)


def map_tensors(file: Path) -> Mapped:
    """The tensors of a file that is what it should be: check its digest first.

    Raises:
        OSError: It can't be read.
        ValueError: It isn't such a file, or not all of one.
    """
    with file.open("rb") as stream:
        # Copies what is written to, so nothing ever is; OpenVINO wants memory that could be.
        data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_COPY)
    start = 8 + int.from_bytes(data[:8], "little")
    described = json.loads(data[8:start])
    if not isinstance(described, dict):
        raise ValueError("it describes no tensors")
    described.pop("__metadata__", None)
    return Mapped({name: _tensor(data, start, one) for name, one in described.items()}, data)


def _tensor(data: mmap.mmap, start: int, described: dict[str, Any]) -> Array:
    try:
        kind, shape = np.dtype(_KINDS[described["dtype"]]), tuple(described["shape"])
        first, last = described["data_offsets"]
    except (KeyError, TypeError) as error:
        raise ValueError(f"a tensor isn't described: {error}") from error
    if last - first != prod(shape) * kind.itemsize:
        raise ValueError("a tensor has another size than its shape")
    return np.frombuffer(data, kind, prod(shape), start + first).reshape(shape)
