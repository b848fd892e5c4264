"""What names of files say: their kind, and whether they are to be left alone."""

from __future__ import annotations

HIDDEN_STARTS = (".", "~$")
TEMPORARY = ("~", ".tmp", ".crdownload", ".part", ".swp", "thumbs.db", "desktop.ini")
_BESIDE = "__MACOSX"  # a folder of archives, with what another system keeps beside files


def suffix_of(name: str) -> str:
    """The suffix, with its dot, in lower case; "" where there is none."""
    last = name.rsplit("/", 1)[-1]
    dot = last.rfind(".")
    return last[dot:].lower() if dot > 0 else ""


def is_hidden(name: str) -> bool:
    """Whether a member of an archive is one that nobody sees, or is only there for a while."""
    *folders, last = name.split("/")
    hidden = (
        part.startswith(HIDDEN_STARTS) for part in (*folders, last) if part not in (".", "..")
    )
    return any(hidden) or _BESIDE in folders or last.lower().endswith(TEMPORARY)
