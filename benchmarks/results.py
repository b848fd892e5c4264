"""RESULTS.md: one section for each benchmark, which that benchmark alone replaces."""

from __future__ import annotations

import re
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")


def save_section(name: str, text: str, file: Path = RESULTS) -> None:
    """Replace what stands between the markers of ``name``; a new section goes to the end."""
    opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
    section = f"{opening}\n{text.strip()}\n{closing}\n"
    before = file.read_text() if file.is_file() else "# Results\n"
    found = re.compile(f"{re.escape(opening)}.*{re.escape(closing)}\n", re.DOTALL)
    after, count = found.subn(lambda _: section, before)
    file.write_text(after if count else f"{before.rstrip()}\n\n{section}")
