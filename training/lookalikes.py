"""Questions about something that only looks like what a passage is about: another year, role, name.

What the question turns on stands in the passage or above it; what takes its place stands in
neither, so that nothing there answers.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

from qa_bot.text import CELLS
from training.examples import Example

_YEAR = re.compile(r"(?<![\d.,])(?:19|20)\d\d(?![\d%]|[.,]\d)")
_CODE = re.compile(r"(?<![\d.,$£€])\d{1,3}(?:\.\d{1,2})?(?![\d%]|[.,]\d)|\b[A-Z]{1,4}-\d+\b")
_NAME = re.compile(
    r"(?<![.!?]\s)(?<!^)\b[A-Z][\w’'-]+(?:\s(?:(?:of|the|de|von|and)\s)?[A-Z][\w’'-]+)*"
)
_ALIKE = tuple(
    tuple(line.split(" / "))
    for line in """
CEO / CFO / COO / CTO / CIO
chief executive officer / chief financial officer / chief operating officer / chief risk officer
chairman / vice chairman / president / vice president / secretary / treasurer / director
manager / assistant / supervisor / deputy / inspector / auditor
buyer / seller / agent / broker
licensor / licensee / sublicensee
lessor / lessee
landlord / tenant
supplier / distributor / reseller / manufacturer
employer / employee / contractor
author / editor / publisher / translator / illustrator
producer / composer / screenwriter / cinematographer
captain / coach / goalkeeper / referee
mother / father / sister / brother / uncle / aunt / grandmother / grandfather
January / February / April / June / July / August / September / October / November / December
Monday / Tuesday / Wednesday / Thursday / Friday / Saturday / Sunday
first quarter / second quarter / third quarter / fourth quarter
Q1 / Q2 / Q3 / Q4
north / south / east / west
gold / silver / bronze
operating income / net income / gross profit / operating expenses
assets / liabilities / equity
""".strip().split("\n")
)
_GROUP = {one.lower(): group for group in _ALIKE for one in group}
_ROLE = re.compile(
    r"\b(?:" + "|".join(sorted(map(re.escape, _GROUP), key=len, reverse=True)) + r")\b",
    re.IGNORECASE,
)


def lookalike(
    example: Example, heading: str, others: Sequence[Example], chance: random.Random
) -> str | None:
    """The question with one such thing replaced; None where it names none of the passage.

    ``heading`` is what stands above the passage where the question is asked, and may be empty.
    """
    held = f"{heading}\n{example.text}".lower()
    ways: list[Callable[[], str | None]] = [
        lambda: _replaced(example.question, _YEAR, held, chance, _years),
        lambda: _replaced(example.question, _ROLE, held, chance, _roles),
        lambda: _replaced(example.question, _CODE, held, chance, _codes),
        lambda: _replaced(example.question, _NAME, held, chance, lambda _: _names(others)),
    ]
    if example.table:
        ways.append(lambda: _label_replaced(example, others, held, chance))
    chance.shuffle(ways)
    return next((found for way in ways if (found := way())), None)


def _replaced(
    question: str,
    pattern: re.Pattern[str],
    held: str,
    chance: random.Random,
    alike: Callable[[str], Sequence[str]],
) -> str | None:
    matches = [match for match in pattern.finditer(question) if _stands(match[0].lower(), held)]
    if not matches:
        return None
    match = chance.choice(matches)
    known = f"{held}\n{question.lower()}"
    usable = [one for one in alike(match[0]) if one and not _stands(one.lower(), known)]
    if not usable:
        return None
    return question[: match.start()] + chance.choice(usable) + question[match.end() :]


def _stands(words: str, text: str) -> bool:
    return bool(re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text))


def _years(year: str) -> list[str]:
    return [str(int(year) + by) for by in (-10, -3, -2, -1, -1, 1, 1, 2, 3, 10)]


def _codes(code: str) -> list[str]:
    last = re.search(r"\d+$", code)
    if last is None:
        return []
    start, number = code[: last.start()], int(last[0])
    return [f"{start}{number + by}" for by in (-10, -2, -1, 1, 2, 10) if number + by > 0]


def _roles(role: str) -> list[str]:
    found = [one for one in _GROUP[role.lower()] if one.lower() != role.lower()]
    return [one.lower() if role.islower() else one for one in found]


def _names(others: Sequence[Example]) -> list[str]:
    return sorted({name for other in others[:4] for name in _NAME.findall(other.text)})


def _labels(example: Example) -> list[str]:
    """What the rows are called."""
    rows = example.text.split("\n")[1:]
    firsts = (row.split(CELLS)[0].split(": ")[-1].strip() for row in rows)
    return [one for one in firsts if re.search("[A-Za-z]{4}", one)]


def _label_replaced(
    example: Example, others: Sequence[Example], held: str, chance: random.Random
) -> str | None:
    """Ask for the row of another table."""
    question = example.question
    named = [one for one in _labels(example) if one.lower() in question.lower()]
    usable = [
        label
        for other in others[:4]
        if other.table
        for label in _labels(other)
        if not _stands(label.lower(), held)
    ]
    if not named or not usable:
        return None
    label = max(named, key=len)
    start = question.lower().index(label.lower())
    other = chance.choice(usable)
    other = other.lower() if question.islower() else other
    return question[:start] + other + question[start + len(label) :]
