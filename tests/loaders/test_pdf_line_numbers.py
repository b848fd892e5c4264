"""Numbers of lines in the margin are no text; numbers of rows and entries are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path

import pytest
from fpdf import FPDF

from qa_bot.loaders.pdf.load import load_pdf
from qa_bot.records import Document

SPEECH = (
    "The clerk read the petition of the ferrymen to",
    "the whole council, and nobody objected to its",
    "being printed.",
    "",
    "Mr. Oakes asked whether the landing stage had",
    "been inspected since the spring. The surveyor",
    "said that he had been there twice, and that two",
    "of the piles were rotten below the water line.",
    "",
    "The council resolved that the stage be closed",
    "until both piles are replaced at the cost of the",
    "harbour fund.",
)
TABLE = ("1|Corve|1305|19", "2|Holt|998|17", "3|Elst|733|29", "4|Amber|512|11", "5|Lund|480|8")
CONTENTS = tuple(
    f"{number}|{name} of the northern harbour and its piers|{10 + 3 * number}"
    for number, name in enumerate(
        ("History", "Plan", "Cost", "Law", "Tides", "Fish", "Trade", "Pilots", "Tolls"), 1
    )
)
SHOPPING = tuple(
    f"{number}|{thing}"
    for number, thing in enumerate(
        ("rye bread", "salt", "two onions", "a lamp", "wool", "a rope", "nails", "tar", "soap"), 1
    )
)


STEPS = tuple(
    f"{number}|{step}"
    for number, step in enumerate(
        (
            "remove the four screws at the back of the case",
            "lift the cover carefully off the main housing",
            "unplug the ribbon cable from its socket below",
            "slide the old board out along both metal rails",
            "clean the contacts with the brush that is enclosed",
            "push the new board in until both clips are shut",
            "plug the ribbon cable in with the red edge left",
            "put the cover back and press it on the housing",
            "tighten the four screws at the back of the case",
        ),
        1,
    )
)


def numbered(lines: Sequence[str]) -> list[str]:
    return [f"{number}|{line}" for number, line in enumerate(lines, 1)]


def each_fifth(lines: Sequence[str]) -> list[str]:
    """As poems and laws have them: empty lines don't count."""
    counts = accumulate(bool(line) for line in lines)
    shown = (str(n) if line and n % 5 == 0 else "" for n, line in zip(counts, lines, strict=True))
    return [f"{number}|{line}" for number, line in zip(shown, lines, strict=True)]


def made(folder: Path, *pages: Sequence[str], size: float = 12, right: bool = False) -> Document:
    """A PDF whose lines are cells at fixed places; the first is set as margin numbers are."""
    pdf = FPDF(unit="pt")
    pdf.set_auto_page_break(auto=False)
    for lines in pages:
        pdf.add_page()
        for row, line in enumerate(lines):
            number, *cells = line.split("|")
            pdf.set_font("Times", size=size)
            left = 520 if right else 90 - pdf.get_string_width(number)
            pdf.text(left, 150 + 24 * row, number)
            pdf.set_font("Times", size=12)
            for place, cell in enumerate(cells):
                apart = 140 if len(cells) > 2 else 330
                pdf.text(120 + apart * place, 150 + 24 * row, cell)
    pdf.output(str(folder / "made.pdf"))
    return load_pdf(folder / "made.pdf", "made.pdf")


TEXT = "\n\n".join(" ".join(part.split("|")) for part in "|".join(SPEECH).split("||"))


@pytest.mark.parametrize("size", [12, 7])
@pytest.mark.parametrize("right", [False, True], ids=["left", "right"])
@pytest.mark.parametrize("number", [numbered, each_fifth])
def test_numbers_of_lines_are_left_out(
    tmp_path: Path, number: Callable[[Sequence[str]], list[str]], right: bool, size: float
) -> None:
    document = made(tmp_path, number([*SPEECH, "", *SPEECH]), size=size, right=right)
    assert document.text == f"{TEXT}\n\n{TEXT}"


def test_a_page_with_few_lines_has_its_numbers_where_the_others_do(tmp_path: Path) -> None:
    document = made(tmp_path, numbered(SPEECH), numbered(SPEECH[:3]))
    assert document.text == f"{TEXT}\n\n{TEXT.split(chr(10))[0]}"


def test_a_text_that_goes_on_to_the_next_page_is_one_paragraph(tmp_path: Path) -> None:
    document = made(tmp_path, numbered(SPEECH[:7] * 2)[:-1], numbered([*SPEECH[6:], *SPEECH]))
    assert "The surveyor said that he had been there twice" in document.text


@pytest.mark.parametrize(
    "lines",
    [TABLE, TABLE + TABLE[::-1], CONTENTS, SHOPPING, STEPS],
    ids=["table", "back", "contents", "list", "steps"],
)
def test_numbers_of_rows_and_entries_stay(tmp_path: Path, lines: Sequence[str]) -> None:
    text = made(tmp_path, lines).text
    assert all(line.split("|")[0] in text.split() for line in lines)
    assert text.split() == " ".join(lines).replace("|", " | " if " | " in text else " ").split()
