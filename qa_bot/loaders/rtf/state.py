"""What holds while RTF is read, and its tables laid out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from qa_bot.loaders.opendocument.tables import header_rows
from qa_bot.loaders.table_grid import Grid
from qa_bot.loaders.table_shape import spread

CONTENTS_ENTRY = re.compile(r"\t\s*(?:\d+|[ivxlc]+)\s*$")
_HEADING = re.compile(r"(?:heading|überschrift|titre|título|titolo|kop)\s?(\d)", re.IGNORECASE)
_HORIZONTAL, _VERTICAL = "clmrg", "clvmrg"


@dataclass(frozen=True, slots=True)
class State:
    """What holds inside a group."""

    into: str = "body"  # where text goes: body, note, edge, comment, marker, title, fonts, styles
    skipped: bool = False
    fallback: int = 1  # characters behind \\u that stand for it
    code_page: str = "cp1252"
    hidden: bool = False
    up: bool = False
    bold: bool = False
    # of the paragraph
    in_table: bool = False
    level: int = 0  # of a heading, from 1; 0 for none
    style: int = 0
    depth: int = 0  # of a list's item


@dataclass(slots=True)
class Flow:
    """Text in the making: of the body, or of something beside it."""

    parts: list[tuple[str, bool]] = field(default_factory=list)  # text, and whether it is bold
    marker: str = ""
    lines: list[str] = field(default_factory=list)  # paragraphs of what is not the body


def level_named(style: str) -> int:
    """The level of a heading by its style's name; -1 for a title, 0 for other text."""
    found = _HEADING.fullmatch(style)
    return int(found[1]) if found else -1 if style == "title" else 0


def laid_out(rows: list[tuple[list[str], list[set[str]]]]) -> Grid:
    """A table's rows, cells over several told in all of them."""
    texts: list[list[str]] = []
    merged: dict[tuple[int, int], tuple[int, int]] = {}
    for at, (cells, flags) in enumerate(rows):
        line: list[str] = []
        for column, text in enumerate(cells):
            said = flags[column] if column < len(flags) else set()
            if _HORIZONTAL in said and line:
                line.append(spread(line[-1], 2)[1])
                start = next(
                    (one for one in range(column - 1, -1, -1) if (at, one) in merged), column - 1
                )
                merged[at, start] = (1, column - start + 1)
            elif _VERTICAL in said and at and column < len(texts[-1]) and not text:
                line.append(spread(texts[-1][column], 2)[1])
                top = next(
                    (one for one in range(at - 1, -1, -1) if (one, column) in merged), at - 1
                )
                merged[top, column] = (at - top + 1, 1)
            else:
                line.append(text)
        texts.append(line)
    width = max(map(len, texts))
    texts = [line + [""] * (width - len(line)) for line in texts]
    return Grid(texts, range(header_rows(texts, merged)), merged)
