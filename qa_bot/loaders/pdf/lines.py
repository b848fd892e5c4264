"""Runs of text → segments: the stretches of one line that belong together."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from qa_bot.loaders.pdf.accents import on_their_letters
from qa_bot.loaders.pdf.bidi import logical
from qa_bot.loaders.pdf.geometry import BENEATH
from qa_bot.loaders.pdf.pen import Run
from qa_bot.loaders.writing import raised

GAP = 1.05  # ems between two segments of one line; less is a space
SAME_LINE = 0.3  # ems up or down
SMALL = 0.85  # times the line's size: what may be raised or lowered
RISE = 0.15  # ems that a superscript stands above the line
POPULAR = 5  # lines that begin at the same place: the left edge of a column


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a line: a whole line of a column, or a table cell's.

    ``cells`` is set for a ruled table, which takes part in a page's layout as
    one segment from its top ``y`` down to ``low``; ``tall`` has row, column and number of
    rows of cells over several, ``heads`` are the rows of it that name its columns, and
    ``title`` the baselines of the title in its grid.
    """

    text: str
    x0: float
    x1: float
    y: float  # the baseline, upwards
    size: float
    bold: bool
    italic: bool
    page: int  # index
    low: float
    cells: tuple[tuple[str, ...], ...] = ()
    tall: tuple[tuple[int, int, int], ...] = ()
    heads: tuple[int, ...] = ()
    title: tuple[float, ...] = ()

    @property
    def is_turned(self) -> bool:
        """Whether it runs in another direction than its page: up a margin, say."""
        return self.y < -BENEATH / 2

    @property
    def is_askew(self) -> bool:
        """Whether it stands at an angle, as watermarks and stamps do."""
        return self.y < -4.5 * BENEATH

    @property
    def width(self) -> float:
        """From the first character's left to the last one's right."""
        return self.x1 - self.x0


def segments(runs: Sequence[Run], page: int) -> list[Segment]:
    """Join runs drawn side by side, in whatever order they were drawn."""
    groups: list[list[Run]] = []
    for run in on_their_letters(runs):
        if not run.text.strip():
            if groups and _continues(groups[-1][-1], run) and run.x0 >= groups[-1][-1].x0:
                last = groups[-1][-1]
                groups[-1][-1] = replace(last, text=f"{last.text} ", x1=max(last.x1, run.x1))
            continue
        if groups and _continues(groups[-1][-1], run) and not _ends_entry(groups[-1], run):
            groups[-1].append(run)
        else:
            groups.append([run])
    groups = _merge(groups)
    return [segment(group, page) for group in groups]


def _continues(last: Run, run: Run) -> bool:
    size = max(last.size, run.size)
    reach = SAME_LINE if min(last.size, run.size) > SMALL * size else 0.6  # raised or lowered
    return abs(last.y - run.y) <= reach * size and -0.4 * size <= run.x0 - last.x1 <= GAP * size


def _ends_entry(group: Sequence[Run], run: Run) -> bool:
    """Whether a contents entry ends here: what follows its page number is another column."""
    is_number = group[-1].text.strip().isdigit() or group[-1].text.rstrip()[-1:].isdigit()
    return is_number and any("...." in before.text for before in group) and run.text[:1].isalpha()


def _merge(groups: list[list[Run]]) -> list[list[Run]]:
    """Join groups of one line that touch, though other text was drawn between them."""
    groups.sort(key=lambda group: (-round(group[0].y), group[0].x0))
    edges = Counter(round(group[0].x0 / 2) for group in groups)
    merged: list[list[Run]] = []
    for group in groups:
        if edges[round(group[0].x0 / 2)] >= POPULAR:
            merged.append(group)  # where lines of a column begin
            continue
        for other in reversed(merged[-12:]):
            if _continues(other[-1], group[0]) and group[0].x0 >= other[0].x0:
                other.extend(group)
                break
            if _continues(group[-1], other[0]) and group[0].x0 < other[0].x0:
                other[:0] = group
                break
        else:
            merged.append(group)
    return merged


def segment(runs: Sequence[Run], page: int) -> Segment:
    """One segment of runs that stand side by side, left to right."""
    weights: dict[tuple[float, float], int] = {}
    for run in runs:
        key = (run.size, run.y)
        weights[key] = weights.get(key, 0) + len(run.text)
    size, y = max(weights, key=lambda key: (weights[key], key[0]))
    letters = sum(len(run.text) for run in runs)
    return Segment(
        text=_spell([_raised(run, size, y) for run in runs]),
        x0=min(run.x0 for run in runs),
        x1=max(_pen_end(run) for run in runs),
        y=y,
        size=size,
        bold=sum(len(run.text) for run in runs if run.bold) > 0.95 * letters,
        italic=sum(len(run.text) for run in runs if run.italic) > 0.95 * letters,
        page=page,
        low=y,
    )


def _raised(run: Run, size: float, y: float) -> Run:
    """A run of a line of that size and baseline, digits that stand above it as superscripts."""
    if run.size > SMALL * size or run.y - y < RISE * size:
        return run
    characters = run.text.strip()
    return replace(run, text=run.text.replace(characters, raised(characters), 1))


def _pen_end(run: Run) -> float:
    """Where the ink ends: a space at the end has none."""
    spaces = len(run.text) - len(run.text.rstrip())
    return run.x1 - spaces * run.space * run.size if spaces else run.x1


def _spell(runs: Sequence[Run]) -> str:
    """The text of runs side by side, a space where the gap is one."""
    gaps = [after.x0 - before.x1 for before, after in pairwise(runs)]
    single = sum(len(run.text.strip()) == 1 and run.text.strip().isalnum() for run in runs)
    usual = 0.0
    if single >= 4 and single > 0.6 * len(runs):  # l e t t e r  b y  l e t t e r
        usual = 1.7 * median(gaps)  # of all: where letters touch, the wide ones are the spaces
    parts = [runs[0].text]
    for before, after, gap in zip(runs, runs[1:], gaps, strict=False):
        size = min(before.size, after.size)
        limit = max(0.5 * min(before.space, after.space, 0.3) * size, usual)
        if _is_drawn_over(before, after, gap):
            parts[-1] = parts[-1][:-1]
        if gap > limit and not parts[-1].endswith(" ") and not after.text.startswith(" "):
            parts.append(" ")
        parts.append(after.text)
    text = logical(" ".join("".join(parts).split()), mirrored=runs[0].mirrored)
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _is_drawn_over(before: Run, after: Run, gap: float) -> bool:
    """Whether a word goes on where a space begins: a soft hyphen that isn't shown."""
    blank = before.space * before.size
    is_end = before.text[-1:] == " " and before.text[-2:-1].isalpha()
    goes_on = after.text[:1].islower() or after.text[:1] in ("-", "\u2010")
    return is_end and goes_on and abs(gap + blank) < 0.03 * blank


def rows(parts: Iterable[Segment]) -> list[list[Segment]]:
    """Segments of the same baseline together, from the top; each row left to right."""
    found: list[list[Segment]] = []
    for part in sorted(parts, key=lambda part: (-part.y, part.x0)):
        row = found[-1] if found else None
        if (
            row is not None
            and not part.cells
            and not row[0].cells
            and abs(row[0].y - part.y) <= SAME_LINE * min(row[0].size, part.size)
        ):
            row.append(part)
        else:
            found.append([part])
    for row in found:
        row.sort(key=lambda part: part.x0)
    return found


def join_row(row: Sequence[Segment]) -> Segment:
    """The segments of a row as one line of text."""
    if len(row) == 1:
        return row[0]
    longest = max(row, key=lambda part: len(part.text))
    return replace(
        longest,
        text=" ".join(part.text for part in row),
        x0=row[0].x0,
        x1=max(part.x1 for part in row),
        y=row[0].y,
        bold=all(part.bold for part in row),
        italic=all(part.italic for part in row),
    )
