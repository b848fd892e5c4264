"""Accents that are drawn as glyphs of their own, over the letter: put back on it.

Older TeX fonts have no accented letters: "é" is an acute accent, and an "e" drawn under it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace

from qa_bot.loaders.pdf.pen import Run

_COMBINING = dict(
    zip(
        "´`¨ˆ˜¯˘˙˚ˇ¸˝˛^~",
        "\u0301\u0300\u0308\u0302\u0303\u0304\u0306\u0307\u030a\u030c\u0327\u030b\u0328\u0302\u0303",
        strict=True,
    )
)
_UNDOTTED = {"ı": "i", "ȷ": "j"}  # accents take the place of their dots
_REACH = 0.6  # ems that an accent may stand higher than its letter's line: over a capital
_HOOKS = "¸˛"  # hang under a letter, an ogonek at its very end
_WIDTHS = (0.33, 0.5)  # ems of an accent: in most fonts, and in TeX's own


def on_their_letters(runs: Sequence[Run]) -> list[Run]:
    """The runs, each accent that stands over a letter of a neighbour made one with it."""
    found: list[Run] = []
    waiting: Run | None = None  # an accent whose letter may be drawn next
    for run in runs:
        if waiting is not None:
            together = _first_accented(waiting, run) if run.text else None
            if together is None:
                found.append(waiting)
            else:
                run = together  # noqa: PLW2901 - the same letters, one with its accent
            waiting = None
        elif found and run.text:
            for before, accent in _last_apart(found[-1]):
                if (together := _first_accented(accent, run)) is not None:
                    found[-1], run = before, together  # noqa: PLW2901
                    break
        if run.text.strip() not in _COMBINING:
            found.append(run)
        elif found and found[-1].text and (together := _last_accented(found[-1], run)) is not None:
            found[-1] = together
        else:
            waiting = run
    return [*found, waiting] if waiting is not None else found


def _first_accented(accent: Run, run: Run) -> Run | None:
    """The run with the accent on its first letter, if it stands over that one."""
    letter = (run.x1 - run.x0) / len(run.text)
    if not _is_over(accent, run, run.x0, run.x0 + letter):
        return None
    text = _accented(run.text[0], accent)
    return None if text is None else replace(run, text=text + run.text[1:])


def _last_apart(run: Run) -> Iterator[tuple[Run, Run]]:
    """A run that ends with an accent, which may be the next one's: what is before it, and it.

    Once for each width that the accent may have.
    """
    before, accent = run.text[:-1], run.text[-1:]
    if before.strip() and accent in _COMBINING:
        for width in _WIDTHS:
            left = run.x1 - width * run.size
            yield replace(run, text=before, x1=left), replace(run, text=accent, x0=left)


def _last_accented(run: Run, accent: Run) -> Run | None:
    """The run with the accent on its last letter, if it stands over that one."""
    letter = (run.x1 - run.x0) / len(run.text)
    if not _is_over(accent, run, run.x1 - letter, run.x1):
        return None
    text = _accented(run.text[-1], accent)
    return None if text is None else replace(run, text=run.text[:-1] + text)


def _is_over(accent: Run, run: Run, left: float, right: float) -> bool:
    """Whether the accent's middle is well within the letter, on its line or a little higher."""
    middle = (accent.x0 + accent.x1) / 2
    inner = (right - left) / 5
    is_near = 0 <= accent.y - run.y <= _REACH * run.size or abs(accent.y - run.y) < 1
    end = right if accent.text.strip() in _HOOKS else right - inner
    return is_near and left + inner <= middle <= end


def _accented(letter: str, accent: Run) -> str | None:
    """The letter with the accent; None where that is no letter of any alphabet."""
    base = _UNDOTTED.get(letter, letter)
    text = unicodedata.normalize("NFC", base + _COMBINING[accent.text.strip()])
    return text if len(text) == 1 and base.isalpha() else None
