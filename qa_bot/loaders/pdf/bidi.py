"""Hebrew and Arabic: a PDF keeps letters where they stand, here they get the order they're read in.

Text of a page comes as it is drawn, left to right. A page in which those scripts
prevail is turned into its mirror image, so that its columns, indents and cells
stand as those of any other page; within a line, the other direction is turned back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from qa_bot.loaders.pdf.fonts import RIGHT_TO_LEFT
from qa_bot.loaders.pdf.pen import Rule, Run

_ARABIC = "\u0600-\u065f\u066a-\u06ef\u06fa-\u08ff\ufb50-\ufdff\ufe70-\ufefc"
_DIGIT = "0-9\u0660-\u0669\u06f0-\u06f9"
_LEFT = rf"[^\W_{_DIGIT}{RIGHT_TO_LEFT}]"
_IS_RIGHT = re.compile(f"[{RIGHT_TO_LEFT}]")
_IS_ARABIC = re.compile(f"[{_ARABIC}]")
_IS_LEFT = re.compile(_LEFT)
_NUMBER = re.compile(rf"[{_DIGIT}](?:[.,:/\u066b\u066c]?[{_DIGIT}])*")
_NUMBER_BY_HEBREW = re.compile(rf"[%°$€£]*[{_DIGIT}](?:[.,:/+-]?[{_DIGIT}])*[%°$€£]*")
# From a Latin letter or a number to the last one before the script changes.
_LEFT_RUN = re.compile(
    rf"(?:[{_DIGIT}][^\n{RIGHT_TO_LEFT}]*?)?{_LEFT}(?:[^{RIGHT_TO_LEFT}]*(?:{_LEFT}|[{_DIGIT}][%°]?))?"
)
_RIGHT_RUN = re.compile(
    rf"(?P<before>[(\[]?)(?P<run>[{RIGHT_TO_LEFT}](?:(?:(?!{_LEFT}).)*[{RIGHT_TO_LEFT}])?)"
)
_MARK_FIRST = re.compile(
    r"(?:^|\s)[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u064b-\u065f\u0670]"
)
_CLUSTER = re.compile(
    r".[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u064b-\u065f\u0670]*", re.DOTALL
)
_MIRRORED = str.maketrans("()[]{}<>«»‹›", ")(][}{><»«›‹")


def prevails(runs: Sequence[Run]) -> bool:
    """Whether most letters are read from right to left."""
    if not any(_IS_RIGHT.search(run.text) for run in runs):
        return False
    right = left = 0
    for run in runs:
        right += len(_IS_RIGHT.findall(run.text))
        left += len(_IS_LEFT.findall(run.text))
    return right > left


def mirror(
    runs: Sequence[Run], rules: Sequence[Rule], width: float
) -> tuple[tuple[Run, ...], tuple[Rule, ...]]:
    """The mirror image of a page, its text as it is read where it's Hebrew or Arabic."""
    turned = [
        replace(run, text=_reversed(run.text), x0=width - run.x1, x1=width - run.x0, mirrored=True)
        for run in runs
    ]
    steps = [
        after.x0 - before.x0
        for before, after in pairwise(turned)
        if abs(before.y - after.y) < 0.3 * after.size
    ]
    if sum(step < 0 for step in steps) * 2 > len(steps):
        turned.reverse()  # a line's first word first
    lines = [Rule(width - rule.x1, rule.y0, width - rule.x0, rule.y1) for rule in rules]
    return tuple(turned), tuple(lines)


def logical(text: str, *, mirrored: bool) -> str:
    """The text of a line in the order that it is read.

    Args:
        text: As drawn, left to right, or of a mirrored page.
        mirrored: Whether it stands on a mirrored page.
    """
    if not _IS_RIGHT.search(text):
        return _reversed(text) if mirrored else text
    if not mirrored and _IS_LEFT.search(text):
        return _RIGHT_RUN.sub(_turn_right_run, text)
    text = text if mirrored else _reversed(text)
    pieces: list[str] = []
    at = 0
    for match in _LEFT_RUN.finditer(text):
        pieces += [_numbers_back(text[at : match.start()]), _reversed(match[0])]
        at = match.end()
    line = "".join([*pieces, _numbers_back(text[at:])])
    return _unmirrored(line) if _opens_wrong(line) else line


def _turn_right_run(match: re.Match[str]) -> str:
    before, run = match["before"], match["run"]
    if before and sum(map(run.count, "()[]")) % 2:  # its other half is in there
        return _numbers_back(_reversed(before + run))
    return before + _numbers_back(_reversed(run))


def _numbers_back(text: str) -> str:
    pattern = _NUMBER if _IS_ARABIC.search(text) else _NUMBER_BY_HEBREW
    return pattern.sub(lambda match: _reversed(match[0]), text) if text else text


def _reversed(text: str) -> str:
    """Backwards, brackets facing the other way, marks behind their letters."""
    back = text[::-1]
    if _MARK_FIRST.search(back):
        back = "".join(_CLUSTER.findall(text)[::-1])
    return back.translate(_MIRRORED)


def _opens_wrong(line: str) -> bool:
    """Whether a bracket closes before one opens: the font names the mirrored sign."""
    opening, closing = line.find("("), line.find(")")
    return 0 <= closing < opening and line.count("(") == line.count(")")


def _unmirrored(line: str) -> str:
    return line.translate(_MIRRORED)
