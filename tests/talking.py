"""Two conversations of ten turns, told to Python, the prompt and the chat alike."""

from __future__ import annotations

from pathlib import Path

REPORTS = {
    "harbour.md": """# Harbour Authority, annual report

## Staff and wages

The Harbour Authority employed 412 people in 2021. In 2022 it employed 388 people, since two ferry
lines closed.

## Dredging

Dredging of the northern channel cost 3.2 million euros in 2021. The dredger Marlin did the work
between March and June.

The dredger Marlin is owned by the shipping company Brandt and Sons, which rents it out by the week.

## Safety

Nine accidents were reported, five of them on the container quay. New lamps were put up there.
""",
    "library.md": """# City Library, annual report

## Staff and wages

The City Library employed 96 people in 2021. In 2022 it employed 104 people, most of the new ones
in the branch by the station.

## Lending

Readers borrowed 1.1 million items in 2021, a tenth more than in the year before. Audio books grew
most of all.

## Opening hours

The main building opens at nine and closes at eight. It is closed on Sundays, since no money was
granted for guards.
""",
    "zoo.md": """# Zoological Garden, annual report

## Staff and wages

The Zoological Garden employed 203 people in 2021. In 2022 it employed 215 people.

## Elephants

The elephant calf Tamika was born in August. She weighed 97 kilograms and is fed by the keeper
Ines Falk.

## Visitors

The garden had 640,000 visitors, of whom a third came in the school holidays.
""",
}

OVER_REPORTS = [
    ("How many people did the Harbour Authority employ in 2021?", "412 people"),
    ("And in 2022?", "388 people"),
    ("Why?", "two ferry lines closed"),
    ("What about the City Library?", "104 people"),
    ("When does it open?", "opens at nine"),
    ("Why is it closed on Sundays?", "no money was granted"),
    ("How heavy was the elephant calf Tamika?", "97 kilograms"),
    ("Who feeds her?", "Ines Falk"),
    ("Which dredger worked in the northern channel?", "Marlin"),
    ("Who owns it?", "Brandt and Sons"),
]
"""Questions, and what the first quote says to each."""

ABOUT_ARTICLE = [
    ("Why is Iceland important?", "early warning capabilities"),
    ("What is the Enhanced Forward Presence?", "multinational battlegroups"),
    ("Where are its battlegroups?", "the Baltic states"),
    ("Who leads them there?", "Canada, and Germany"),
    ("What is this document about?", "cornerstone of collective security"),
    ("How do limited budgets affect partnerships?", "readiness"),
    ("Thanks!", "I quote them"),
    ("Why is that a problem?", "financial"),
    ("What do diplomatic initiatives often involve?", "security-building measures"),
    ("What do they reduce?", "misunderstandings"),
]


def write_reports(folder: Path) -> None:
    """Write the three reports of ``OVER_REPORTS``."""
    for name, text in REPORTS.items():
        (folder / name).write_text(text, encoding="utf-8")
