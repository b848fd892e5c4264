"""Codes, amounts with a unit, and dates as texts write them, each in every form."""

from __future__ import annotations

import re

_GROUP = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)*")
_MARKS = r"[-–/.(&]"  # between a code's letters and digits
_CLOCK = re.compile(r"(\d{1,2})([ap])\.?m")
_COUNTED = re.compile(r"(\d+)[-–]?([^\W\d_]{3,})")  # "30-day"
_PART = re.compile(r"([qh])(\d)")  # "Q3", "H1"
_ORDINALS = {
    "1": "(?:first|1st)",
    "2": "(?:second|2nd)",
    "3": "(?:third|3rd)",
    "4": "(?:fourth|4th)",
}
_CARDINALS = "zero one two three four five six seven eight nine ten eleven twelve".split()
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_DAYS = "mon tue wed thu fri sat sun".split()
_DATE = re.compile(
    r"(?<![\w-])(?:\d{4}-(\d\d)(?:-\d\d)?|(\d{1,2})[./](\d{1,2})[./]\d{2,4})(?![\w-])"
)
_DAY = r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?:s|rs|urs|day|sday|nesday|rsday|urday)?"
_DAY_NAME = re.compile(rf"\b{_DAY}\b\.?(?:\s?(?:[-–—]|to|through|until|till)\s?{_DAY}\b)?")


def code_pattern(code: str) -> re.Pattern[str]:
    """What finds a code, folded, in a folded text: with other marks, and with none.

    "ab-1042" is "ab1042", and "iso9001" is "iso 9001"; marks between digits stay, so that
    "a1-7" is no "a17". An amount stands before its unit, "30-day" is "30 days"; "9am" is 9:00,
    and "q3" the third quarter.
    """
    forms = [rf"{_form(code)}s?"]  # "MP3s"
    if match := _CLOCK.fullmatch(code):
        hour, half = int(match[1]), match[2]
        forms.append(rf"0?{hour}(?:[:.]00)?\s?{half}\.?m")
        forms.append(rf"0?{hour % 12 + (12 if half == 'p' else 0)}[:.]00(?!\s?[ap]\.?m)")
    if match := _COUNTED.fullmatch(code):
        number = match[1]
        spelled = _CARDINALS[int(number)] if int(number) < len(_CARDINALS) else number
        unit = re.escape(match[2].removesuffix("s"))
        forms.append(rf"(?:{number}|{spelled})(?:\s|[-–])?{unit}s?")
    if match := _PART.fullmatch(code):
        whole = "quarter" if match[1] == "q" else "half"
        forms.append(rf"{_ORDINALS.get(match[2], match[2])}[\s-]{whole}|{whole}\s{match[2]}")
    if code == "24x7":
        forms.append("24/7")
    return re.compile(rf"(?<![^\W_])(?<!\d[.,-])(?:{'|'.join(forms)})(?![^\W_])(?![-.,/]\d)")


def _form(code: str) -> str:
    found = list(_GROUP.finditer(code))
    pattern = ""
    for place, match in enumerate(found):
        if place:
            before = found[place - 1][0]
            digits = before[-1].isdigit() and match[0][0].isdigit()
            is_word = max(map(len, filter(str.isalpha, (before, match[0]))), default=0) > 1
            space = r"|\s" if is_word else ""
            pattern += _MARKS if digits else rf"(?:{_MARKS}{space})?"
        pattern += re.escape(match[0])
    return pattern


def months(text: str) -> set[str]:
    """The months of a text's dates in digits: "2024-03-05" is in "mar".

    Where day and month may be swapped, "3/5/2024" is in both.
    """
    found = {int(number) for match in _DATE.finditer(text) for number in match.groups() if number}
    return {_MONTHS[number - 1] for number in found if 1 <= number <= len(_MONTHS)}


def days(text: str) -> set[str]:
    """The days of the week that a text names, in three letters; "Mon–Wed" has "tue", too."""
    found: set[str] = set()
    for match in _DAY_NAME.finditer(text):
        first = _DAYS.index(match[1].lower())
        last = _DAYS.index(match[2].lower()) if match[2] else first
        found.update(_DAYS[place % 7] for place in range(first, first + (last - first) % 7 + 1))
    return found
