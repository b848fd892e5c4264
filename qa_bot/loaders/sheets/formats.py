"""Numbers as their cells show them: "12.5%", "€1,234.50", "2024-03-01", "25:30".

Days are written year first, whatever the order in the sheet, which depends on who opens it.
"""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple

BUILT_IN = {  # the formats that every file has, by their numbers
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    14: "yyyy-mm-dd",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm",
    19: "h:mm:ss",
    20: "h:mm",
    21: "h:mm:ss",
    22: "yyyy-mm-dd h:mm",
    37: "#,##0;(#,##0)",
    38: "#,##0;(#,##0)",
    **dict.fromkeys((39, 40), "#,##0.00;(#,##0.00)"),
    **dict.fromkeys((41, 42), "#,##0;-#,##0;-"),
    **dict.fromkeys((43, 44), "#,##0.00;-#,##0.00;-"),
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss",
    **dict.fromkeys((*range(27, 37), *range(50, 59)), "yyyy-mm-dd"),
}
_FIRST_DAY, _FIRST_DAY_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)
_LAST_DAY = 2_958_466  # the first day after 9999
_PIECE = re.compile(
    r'"([^"]*)"?|\\(.)|[_*].|\[\$([^\]-]*)[^\]]*\]|(\[(?:h+|m+|s+)\])|\[[^\]]*\]'
    r"|(AM/PM|A/P)|(General)|(E[+-])|(.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"\[[<>=]")
_MOST_DIGITS = 30  # behind the point


class Format(NamedTuple):
    """How numbers of one sign are written; or days, where ``days`` isn't ""."""

    before: str
    after: str
    whole: int  # digits before the point, at least
    least: int  # behind it, at least
    most: int  # behind it, at most
    grouped: bool
    scale: int  # the power of ten that the number is multiplied with
    days: str  # the letters of which a day or time is made: "ymd"
    plain: bool  # the number as it is


def shown(value: float, code: str, *, from_1904: bool = False) -> str:
    """A number as its format shows it; one in a format that isn't known, as it is."""
    if not math.isfinite(value):
        return ""
    sections = _sections(code)
    one = sections[0]
    negative = value < 0
    if len(sections) > 1 and negative:
        one, value, negative = sections[1], -value, False
    elif len(sections) > 2 and value == 0:
        one = sections[2]
    if one.days:
        return _moment(value, one, from_1904=from_1904)
    if one.plain:
        text = general(abs(value))
    elif one.whole + one.most < 0:
        text = ""
    else:
        text = _digits(abs(value), one)
    is_nothing = not any(map(str.isdigit, text.replace("0", "")))
    sign = "-" if negative and not is_nothing else ""
    return f"{sign}{one.before}{text}{one.after}".strip()


_LARGE = 1e21  # from which on whole numbers are written with their power of ten


def general(value: float) -> str:
    """A number without a format: at most 15 digits, as sheets hold them."""
    digits = f"{value + 0.0:.15g}"  # which is no minus zero
    return f"{Decimal(digits):f}" if value == int(value) and abs(value) < _LARGE else digits


def _digits(value: float, one: Format) -> str:
    exact = Decimal(repr(value)).scaleb(one.scale)
    if exact.adjusted() > 40:
        return general(value)
    rounded = exact.quantize(Decimal(1).scaleb(-one.most), ROUND_HALF_UP)
    text = f"{rounded:,f}" if one.grouped else f"{rounded:f}"
    whole, _, behind = text.partition(".")
    behind = behind[: one.least] + behind[one.least :].rstrip("0")
    if one.whole == 0 and whole == "0":
        whole = ""  # "#" and "?" show no zero
    whole = whole.rjust(one.whole, "0")
    return f"{whole}.{behind}" if behind else whole


@lru_cache(maxsize=4096)
def _sections(code: str) -> tuple[Format, ...]:
    if _CONDITION.search(code) or not code:
        return (_PLAIN,)
    parts: list[list[tuple[str, str]]] = [[]]
    for piece in _PIECE.finditer(code):
        quoted, escaped, money, elapsed, noon, word, power, mark = piece.groups()
        if mark == ";":
            parts.append([])
        elif quoted is not None or escaped or money is not None:
            parts[-1].append(("text", quoted or escaped or money or ""))
        elif elapsed:
            parts[-1].append(("elapsed", elapsed.strip("[]").lower()))
        elif word:
            parts[-1].append(("general", ""))
        elif power:
            parts[-1].append(("power", ""))
        elif mark or noon:
            parts[-1].append(("mark", mark or ""))
    return tuple(_section(part) for part in parts[:3])


_PLAIN = Format("", "", 1, 0, 0, False, 0, "", True)
_HIDDEN = Format("", "", -1, 0, 0, False, 0, "", False)


def _section(pieces: list[tuple[str, str]]) -> Format:
    marks = "".join(text.lower() for kind, text in pieces if kind == "mark")
    elapsed = "".join(text[0].upper() for kind, text in pieces if kind == "elapsed")
    if elapsed or any(letter in marks for letter in "ymdhs"):
        return _PLAIN._replace(days=elapsed + _moment_letters(marks), plain=False)
    if not pieces:
        return _HIDDEN
    kinds = {kind for kind, _ in pieces}
    if "power" in kinds or "/" in marks or "@" in marks:
        return _PLAIN
    places = [at for at, (kind, text) in enumerate(pieces) if kind == "mark" and text in "0#?"]
    if not places and "general" not in kinds:  # words for a number: "-" for nothing
        return _HIDDEN._replace(before="".join(text for _, text in pieces))
    if "general" in kinds:
        at = next(at for at, (kind, _) in enumerate(pieces) if kind == "general")
        first = last = at
    else:
        first, last = places[0], places[-1]
        if first and pieces[first - 1] == ("mark", "."):
            first -= 1
    if any(kind != "mark" or text not in "0#?,." for kind, text in pieces[first + 1 : last]):
        return _PLAIN  # signs between the digits, as in a telephone number
    before = "".join(text for _, text in pieces[:first])
    rest = "".join(text for _, text in pieces[last + 1 :])
    after = rest.lstrip(",")
    hundred = 2 * (before + after).count("%") if ("mark", "%") in pieces else 0
    if "general" in kinds:
        return _PLAIN._replace(before=before, after=after)
    pattern = "".join(text for _, text in pieces[first : last + 1])
    whole, _, behind = pattern.partition(".")
    return Format(
        before,
        after.removeprefix(".") if after.startswith(".") else after,
        whole.count("0"),
        min(behind.count("0"), _MOST_DIGITS),
        min(sum(behind.count(mark) for mark in "0#?"), _MOST_DIGITS),
        "," in whole,
        hundred - 3 * (len(rest) - len(after)),
        "",
        plain=False,
    )


def _moment_letters(marks: str) -> str:
    """What a format tells of a moment: "m" is a month, "n" a minute; "b" a month by its name."""
    letters = re.findall(r"y+|m+|d+|h+|s+", marks)
    found = []
    for at, run in enumerate(letters):
        letter = run[0]
        if letter == "m":
            near = letters[at - 1 : at] + letters[at + 1 : at + 2]
            if len(run) < 3 and ((at and near[0][0] == "h") or (near and near[-1][0] == "s")):
                letter = "n"
            elif len(run) > 2:
                letter = "b"
        elif letter == "d" and len(run) > 2:
            letter = "w"  # the day of the week
        found.append(letter)
    return "".join(found)


def _moment(value: float, one: Format, *, from_1904: bool) -> str:
    if one.days[0].isupper():
        return duration_text(timedelta(days=value), seconds="s" in one.days)
    if not 0 <= value < _LAST_DAY:
        return general(value)
    moment = (_FIRST_DAY_1904 if from_1904 else _FIRST_DAY) + timedelta(days=value)
    letters = one.days
    if value < 1 and not set("hns").isdisjoint(letters):
        letters = letters.translate(dict.fromkeys(map(ord, "ymbdw")))  # a time, of no day
    # Fractions of a day are no whole seconds.
    moment = (moment + timedelta(microseconds=500_000)).replace(microsecond=0)
    return moment_text(moment, letters)


def moment_text(moment: datetime, letters: str = "ymdhns") -> str:
    """A moment, as far as its format tells it: "2024-03-01 14:30", "Mar 2024", "14:30"."""
    has_month = "m" in letters or "b" in letters
    if "y" in letters and has_month and "d" in letters:
        day = f"{moment:%Y-%m-%d}"
    elif "y" in letters and has_month:
        day = f"{_month(moment)} {moment.year}"
    elif "y" in letters:
        day = str(moment.year)
    elif has_month and "d" in letters:
        day = f"{moment.day} {_month(moment)}"
    elif "b" in letters:
        day = _month(moment)
    else:
        day = f"{moment:%Y-%m-%d}" if "d" in letters or "w" in letters or has_month else ""
    if "h" not in letters and "n" not in letters and "s" not in letters:
        return day
    time = f"{moment:%H:%M:%S}" if "s" in letters else f"{moment:%H:%M}"
    return f"{day} {time}".strip()


def _month(moment: datetime) -> str:
    names = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    return names[moment.month - 1]


def duration_text(duration: timedelta, *, seconds: bool) -> str:
    """A stretch of time: "25:30", with its seconds where they are told."""
    total = round(duration.total_seconds())
    sign, total = ("-" if total < 0 else ""), abs(total)
    text = f"{sign}{total // 3600}:{total // 60 % 60:02}"
    return f"{text}:{total % 60:02}" if seconds else text
