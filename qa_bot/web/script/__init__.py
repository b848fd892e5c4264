"""The page's script: one file for each thing it serves, joined in this order when it is served.

``page`` holds what all share, ``begin`` starts it; between them each file keeps its own state
and adds to ``clicked`` what its elements do. There is no build step.
"""

from __future__ import annotations

from pathlib import Path

FILES = (
    "page",
    "refused",
    "palette",
    "memory",
    "conversation",
    "source",
    "layout",
    "checking",
    "documents",
    "adding",
    "keys",
    "begin",
)


def joined() -> str:
    """All of it, as the body of one function."""
    folder = Path(__file__).parent
    return "\n".join((folder / f"{name}.js").read_text(encoding="utf-8") for name in FILES)
