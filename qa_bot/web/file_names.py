"""Names of files: made such as every system takes and every visitor can read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from qa_bot.loaders import SUFFIXES

MOST_NAME_BYTES = 200  # file systems take 255, encrypted ones fewer
_JOINERS = "\u200c\u200d"  # zero width non-joiner and joiner: scripts and emoji need them
_FORBIDDEN = re.compile(r'[<>:"|?*]')  # on Windows
_AT_START = re.compile(r"^(?:[\s.]|~\$)+")  # what begins so is hidden, or a lock of Office
_AT_END = re.compile(r"[\s.]+$")
_DEVICES = frozenset(
    {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}
    | {f"{port}{digit}" for port in ("COM", "LPT") for digit in "0123456789¹²³"}
)


def kinds() -> str:
    """The suffixes that are read: ".csv, .docx and .txt"."""
    *others, last = SUFFIXES
    return f"{', '.join(others)} and {last}"


def clean_name(name: str) -> str:
    """A file's name that every system takes and every visitor can read.

    Without folders, control characters and what turns writing round, composed
    (NFC), neither hidden nor a device's on Windows, of at most
    ``MOST_NAME_BYTES`` bytes with its suffix kept, and never empty. A clean
    name stays as it is.
    """
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join(one for one in last if one.isspace() or _is_seen(one))
    composed = unicodedata.normalize("NFC", " ".join(shown.split()))
    bare = _AT_END.sub("", _AT_START.sub("", _FORBIDDEN.sub("_", composed)))
    stem, suffix = split_suffix(bare)
    if not stem.strip(_JOINERS + " "):
        stem = "document"
    if stem.partition(".")[0].rstrip().upper() in _DEVICES:
        stem = f"_{stem}"
    return _shortened(stem, suffix)


def _is_seen(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character) not in ("Cc", "Cf", "Cs")


def split_suffix(name: str) -> tuple[str, str]:
    """The stem, and the suffix if it is one that is read, else ""."""
    dot = max(name.rfind("."), 0)
    return (name[:dot], name[dot:]) if name[dot:].lower() in SUFFIXES else (name, "")


def _shortened(stem: str, suffix: str, number: str = "") -> str:
    most = MOST_NAME_BYTES - len(f"{number}{suffix}".encode())
    stem = stem[:most]
    while len(stem.encode()) > most:
        stem = stem[:-1]
    return f"{_AT_END.sub('', stem)}{number}{suffix}"


def numbered(name: str) -> Iterator[str]:
    """``report.pdf`` → ``report (2).pdf``, ``report (3).pdf`` and so on."""
    stem, suffix = split_suffix(name)
    number = 2
    while True:
        yield _shortened(stem, suffix, f" ({number})")
        number += 1
