"""Tables made by rule, with questions on their cells.

What a table is about comes from a list of themes; the names in it come from the training
sets' own texts, so that no two tables speak of the same things. Rows are written as the
loaders write them: ``a | b`` below a header, or ``Column: a | Column: b``.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from qa_bot.text import CELLS
from training.examples import Example
from training.sets import DOMAINS, TABLES, load_examples

COUNT = 700
ASKED = 3  # questions on each table
ROWS = 3, 12
SHARED = 4  # names that numbered rows share
KEYED = 0.5  # how many tables repeat the column's name in each cell
BACKWARDS = 0.25  # how many questions give a cell and ask for the row's name
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{3,}(?: [A-Z][a-z]{3,})?\b")
_MONTHS = (
    "January February March April May June July August September October November December"
).split()
_STATES = "open closed planned approved delayed cancelled complete pending rejected".split()


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its names, what its cells hold, and how it is asked for.

    ``questions`` hold ``{}`` for the row's name; ``backwards`` holds the row's kind and
    the cell, and may be empty.
    """

    names: tuple[str, ...]
    cell: Callable[[random.Random, Sequence[str]], str]
    questions: tuple[str, ...]
    backwards: str = ""


def _number(low: int, high: int) -> Callable[[random.Random, Sequence[str]], str]:
    return lambda chance, _: f"{chance.randint(low, high):,}"


def _decimal(chance: random.Random, _: Sequence[str]) -> str:
    return f"{chance.uniform(0.5, 99):.1f}"


def _person(chance: random.Random, names: Sequence[str]) -> str:
    first, last = (one.split()[0] for one in chance.sample(names, 2))
    return chance.choice([f"{first} {last}", f"{first[0]}. {last}", f"Dr {last}"])


def _day(chance: random.Random, _: Sequence[str]) -> str:
    day, month, year = chance.randint(1, 28), chance.randint(1, 12), chance.randint(1990, 2030)
    return chance.choice(
        [
            f"{day} {_MONTHS[month - 1]} {year}",
            f"{year}-{month:02}-{day:02}",
            f"{day}.{month}.{year}",
        ]
    )


def _place(chance: random.Random, names: Sequence[str]) -> str:
    return chance.choice(names)


def _money(chance: random.Random, _: Sequence[str]) -> str:
    amount = chance.choice([chance.randint(3, 900), chance.randint(1, 900) * 1_000])
    return chance.choice([f"${amount:,}", f"€ {amount:,}", f"{amount:,} EUR"])


_COLUMNS = (
    Column(
        ("Population", "Inhabitants", "Residents"),
        _number(300, 900_000),
        ("What is the population of {}?", "How many people live in {}?"),
        "Which {} has a population of {}?",
    ),
    Column(
        ("Founded", "Opened", "Established", "Built in"),
        lambda chance, _: str(chance.randint(1650, 2023)),
        ("When was {} founded?", "In what year was {} opened?", "When was {} established?"),
        "Which {} dates from {}?",
    ),
    Column(
        ("Director", "Head", "Manager", "Contact", "Responsible", "Chair"),
        _person,
        ("Who is in charge of {}?", "Who is responsible for {}?", "Who is the head of {}?"),
        "Which {} is led by {}?",
    ),
    Column(
        ("Price", "Cost", "Budget", "Fee", "Amount"),
        _money,
        ("How much does {} cost?", "What is the price of {}?", "What is the budget for {}?"),
        "Which {} costs {}?",
    ),
    Column(
        ("Length in km", "Height (m)", "Weight (kg)", "Distance, km", "Depth in m"),
        _decimal,
        ("How long is {}?", "What figure is given for {}?", "How large is {}?"),
    ),
    Column(
        ("Duration in minutes", "Time (min)", "Minutes"),
        _number(2, 240),
        (
            "How many minutes does {} take?",
            "How long does it take to {}?",
            "How long does {} take?",
        ),
        "Which {} takes {} minutes?",
    ),
    Column(
        ("Deadline", "Due", "Date", "Delivery", "Expires"),
        _day,
        ("When is {} due?", "What is the deadline for {}?", "On what date is {}?"),
        "Which {} is due on {}?",
    ),
    Column(
        ("Status", "State"),
        lambda chance, _: chance.choice(_STATES),
        ("What is the status of {}?", "What state is {} in?"),
    ),
    Column(
        ("Share (%)", "Rate, per cent", "Growth in %", "Turnout (%)"),
        _decimal,
        ("What percentage does {} have?", "What is the rate for {}?", "What share has {}?"),
    ),
    Column(
        ("Region", "Location", "Country", "Seat", "Place"),
        _place,
        ("Where is {}?", "In which region does {} lie?", "Where is {} located?"),
    ),
    Column(
        ("Members", "Employees", "Staff", "Seats", "Vehicles", "Beds"),
        _number(2, 20_000),
        ("How many {column} does {} have?", "How many {column} are there in {}?"),
        "Which {} has {} {column}?",
    ),
)
_KINDS = (
    "City Company Project Site Station Department Product Ship School River Museum Office Team "
    "Programme Island Bridge Contract Supplier Route Village"
).split()


def all_examples(folder: Path) -> list[Example]:
    """The training sets in a folder, and tables made from them."""
    found = load_examples(folder)
    named = [one for one in found if one.source not in DOMAINS["government"]]
    return [*found, *tables(named), *tables(named, seed=3, numbered=True)]


def tables(
    examples: Sequence[Example], seed: int = 0, *, held_out: bool = False, numbered: bool = False
) -> Iterator[Example]:
    """Questions on tables that bear names from the examples' texts; the same for a seed.

    The names are those of the texts that are not held out, or those that are in no other.
    Where rows are ``numbered``, several share a name and are told apart by its number.
    """
    names = sorted(_names(examples, held_out) - (_names(examples, False) if held_out else set()))
    chance = random.Random(seed)
    for number in range(COUNT):
        yield from _asked(f"{number}", names, chance, numbered)


def _names(examples: Sequence[Example], held_out: bool) -> set[str]:
    texts = (one.text for one in examples if one.held_out == held_out)
    return {name for text in texts for name in _NAME.findall(text)}


def _numbered(names: Sequence[str], count: int, chance: random.Random) -> list[str]:
    few = [name.split()[0] for name in chance.sample(names, SHARED)]
    every = [f"{name} {number}" for name in few for number in range(1, 100)]
    return chance.sample(every, count)


def _asked(
    document: str, names: Sequence[str], chance: random.Random, numbered: bool
) -> Iterator[Example]:
    """The questions on one table."""
    kind, count = chance.choice(_KINDS), chance.randint(*ROWS)
    columns = chance.sample(_COLUMNS, chance.randint(1, 4))
    heads = [chance.choice(column.names) for column in columns]
    keys = _numbered(names, count, chance) if numbered else chance.sample(names, count)
    cells = [[column.cell(chance, names) for column in columns] for _ in keys]
    rows = [[key, *row] for key, row in zip(keys, cells, strict=True)]
    text, places = _written([kind, *heads], rows, chance)
    heading = chance.choice(["", f"{kind}s", f"Table {chance.randint(1, 30)}"])
    for _ in range(ASKED):
        row, place = chance.randrange(count), chance.randrange(len(columns))
        column, cell = columns[place], cells[row][place]
        unit = heads[place].lower()
        answer = places[row][place + 1]
        unique = sum(other[place] == cell for other in cells) == 1
        if column.backwards and unique and chance.random() < BACKWARDS:
            asked = column.backwards.replace("{column}", unit).format(kind.lower(), cell)
            answer = places[row][0]
        else:
            named = chance.choice([f"What is the {unit} of {{}}?", *column.questions])
            asked = named.replace("{column}", unit).format(keys[row])
        yield Example(TABLES, document, heading, asked, text, (answer,), True, table=True)


def _written(
    heads: Sequence[str], rows: Sequence[Sequence[str]], chance: random.Random
) -> tuple[str, list[list[tuple[int, int]]]]:
    """The table's text, and where each cell stands in it."""
    keyed = chance.random() < KEYED
    text, places = CELLS.join(heads), []
    for row in rows:
        text += "\n"
        spans = []
        for number, (head, cell) in enumerate(zip(heads, row, strict=True)):
            text += (CELLS if number else "") + (f"{head}: " if keyed else "")
            spans.append((len(text), len(text) + len(cell)))
            text += cell
        places.append(spans)
    return text, places
