"""Amounts in a table's row: drawn together with their neighbours, or apart from their own signs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from qa_bot.loaders.pdf.lines import Segment
from qa_bot.loaders.table_shape import kind_of

_SIGN = r"(?:US|C|A|HK)?[$€£¥]"
_AMOUNT = rf"(?:{_SIGN}\s?)?[(-]?\s?(?:{_SIGN}\s?)?\d[\d,.]*\s?[)%]{{0,2}}"
_NOTHING = "[—–-]"
_SEVERAL = re.compile(rf"(?:(?:{_AMOUNT}|{_SIGN}|{_NOTHING})\s*)+")
_EACH = re.compile(rf"{_AMOUNT}|{_SIGN}|{_NOTHING}")
_MARKED = re.compile(r"[$€£¥,.()%—–]")
_OPENS = re.compile(rf"{_SIGN}\s?\(?|\(")
_CLOSES = re.compile(r"[)%]{1,2}")
_APART = 3.0  # ems between dashes that stand in two columns
_REACH = 6.0  # ems from a sign to its number


def is_amount(text: str) -> bool:
    """Whether a cell holds a number, or the dash that stands for none."""
    return kind_of(text) == "number" or bool(re.fullmatch(rf"{_SIGN}?\s?{_NOTHING}\)?", text))


def by_cell(row: Sequence[Segment]) -> list[Segment]:
    """A row's segments, one for each cell: amounts that touch apart, signs with theirs."""
    parts = [piece for part in row for piece in _apart(part)]
    joined: list[Segment] = []
    for part in parts:
        last = joined[-1] if joined else None
        if last is not None and part.x0 - last.x1 < _REACH * part.size:
            if _OPENS.fullmatch(last.text) and is_amount(part.text):
                space = "" if last.text.endswith("(") else " "
                joined[-1] = replace(part, text=f"{last.text}{space}{part.text}")
                continue
            if _CLOSES.fullmatch(part.text) and any(map(str.isdigit, last.text)):
                joined[-1] = replace(last, text=last.text + part.text)
                continue
        joined.append(part)
    return joined


def _apart(part: Segment) -> Iterator[Segment]:
    """The amounts of a segment that holds several, each about where it stands."""
    text = part.text
    found = list(_EACH.finditer(text)) if _SEVERAL.fullmatch(text) else []
    if len(found) < 2 or not all(_MARKED.search(one[0]) for one in found):
        yield part
        return
    if not any(map(str.isdigit, text)):
        if part.width < _APART * part.size or len(found) > 2:
            yield part
            return
        yield replace(part, text=found[0][0], x1=part.x0 + part.size)
        yield replace(part, text=found[1][0], x0=part.x1 - part.size)
        return
    step = part.width / len(text)
    for one in found:
        start, stop = one.start(), one.start() + len(one[0].rstrip())
        yield replace(
            part, text=one[0].strip(), x0=part.x0 + step * start, x1=part.x0 + step * stop
        )
