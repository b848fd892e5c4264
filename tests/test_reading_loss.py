"""The measure of reading: what is lost, invented, glued or torn is found, and nothing else."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import docx
import pytest

from benchmarks.pdf.oracle import OracleLine
from benchmarks.reading.independent import read_all, running_heads
from benchmarks.reading.loss import figures, files_in, measure, table
from benchmarks.reading.words import Reading, compare, words_of
from qa_bot.loaders import load_document

PAGE = (
    "<html><nav>Home Shop</nav><body><h1>Boats</h1><p>The ferry to <b>Norderney</b> leaves at "
    "nine, weather permitting.</p><ol><li>Buy a ticket</li><li>Board early</li></ol>"
    "<table><tr><th>Deck</th><th>Seats</th></tr><tr><td rowspan='2'>Upper</td><td>40</td></tr>"
    "<tr><td>60 m<sup>2</sup></td></tr></table></body></html>"
)


def word_file(path: Path) -> None:
    file = docx.Document()
    file.add_paragraph("The harbour master keeps the keys of both sheds.")
    grid = file.add_table(1, 2)
    grid.cell(0, 0).text, grid.cell(0, 1).text = "Berth", "Depth 3 m"
    file.sections[0].footer.paragraphs[0].text = "Printed in Emden"
    file.save(str(path))


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


SMALL: dict[str, Callable[[Path], None]] = {
    "a.html": lambda path: write(path, PAGE),
    "b.md": lambda path: write(path, "# Tides\n\nHigh water is *soon*.\n\n<p>Low later.</p>\n"),
    "c.txt": lambda path: write(path, "The lamp is lit at dusk.\n\n1. By hand\n2. By wire\n"),
    "d.csv": lambda path: write(path, "name,length\nEms,371 km\nHase,170 km\n"),
    "e.docx": word_file,
}


@pytest.mark.parametrize("name", SMALL)
def test_a_planted_loss_invention_and_glue_are_reported_and_nothing_else(
    tmp_path: Path, name: str
) -> None:
    if name.endswith(".md") and shutil.which("pandoc") is None:
        pytest.skip("pandoc alone reads Markdown without its marks")
    SMALL[name](tmp_path / name)
    text = load_document(tmp_path / name, name).text
    readings, problems = read_all(tmp_path / name)
    assert readings, problems
    assert compare(text, readings).wrong == 0
    first, second, third = [word for word in text.split() if word.isalpha() and len(word) > 2][:3]
    without = compare(text.replace(third, "", 1), readings)
    assert without.lost == Counter(words_of(third))
    assert without.wrong == 1
    assert f"[{third.casefold()}]" in without.examples[0]
    assert compare(f"{text} zeppelin", readings).invented == {"zeppelin": 1}
    if f"{first} {second}" in text:
        glued = compare(text.replace(f"{first} {second}", first + second, 1), readings)
        assert glued.glued == {(first + second).casefold(): 1}
        assert glued.wrong == 1
    torn = compare(text.replace(third, f"{third[:1]} {third[1:]}", 1), readings)
    assert torn.torn == {third.casefold(): 1}
    assert torn.wrong == 1


def test_what_only_one_of_two_readers_has_is_neither_lost_nor_invented() -> None:
    readings = [Reading("one", "red green blue"), Reading("other", "red green", again="red")]
    assert compare("red green", readings).wrong == 0
    assert compare("red red green blue", readings).wrong == 0
    assert compare("green blue", readings).lost == {"red": 1}


def test_a_greek_letter_that_others_drop_is_no_loss_of_the_rest() -> None:
    assert compare("for 25μs", [Reading("one", "for 25s")]).wrong == 0
    assert compare("for μ", [Reading("one", "for 25s")]).wrong == 2


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("the first coefficient of it", "the rst coe cient of it"),
        ("call ⟨name⟩ or ⟨other thing⟩", "call hnamei or hother thingi"),
        ("a package¹ is here", "a package1 is here"),
        ("1 10 a package¹⁰ is here", "1 10 a package10 is here"),
        ("a 0123456789 b", "a 0 1 2 3 4 5 6 7 8 9 b"),
    ],
)
def test_what_others_misread_in_known_ways_is_not_lost(ours: str, theirs: str) -> None:
    loss = compare(ours, [Reading("one", theirs)])
    assert not (loss.lost + loss.torn).total()


@pytest.mark.parametrize(
    ("ours", "theirs", "lost"),
    [
        ("the coefficient", "the coe cient rst", "rst"),
        ("call name", "call hnamei", "hnamei"),
        ("a package", "a package1", "package1"),
    ],
)
def test_what_we_do_not_have_stays_lost(ours: str, theirs: str, lost: str) -> None:
    assert compare(ours, [Reading("one", theirs)]).lost == {lost: 1}


def test_running_heads_that_change_with_the_section_are_found() -> None:
    """Not what stands deeper, nor what opens one page alone."""
    titles = ["5.1. Ropes", "5.2. Tar", "5.3. Sails", "5.4. Oars"]
    pages = [
        [OracleLine(f"CHAPTER 5. BASICS {title}", 800, 0), OracleLine("A rope is laid.", 700, 9)]
        for title in titles
    ]
    odd = [OracleLine("The end of it all", 800, 0), OracleLine("CHAPTER 5. BASICS again", 500, 9)]
    heads = running_heads([*pages, odd, []])
    assert [head.text if head else "" for head in heads] == [
        *(f"CHAPTER 5. BASICS {title}" for title in titles),
        "",
        "",
    ]


def test_the_order_of_words_counts_apart() -> None:
    loss = compare("c d a b", [Reading("one", "a b c d")])
    assert (loss.wrong, loss.pairs, loss.kept_pairs) == (0, 3, 2)


def test_spelling_that_is_the_same_to_a_reader_is_the_same() -> None:
    assert words_of("ﬁne co\u00adop well-\nknown 10⁻³ Don’t") == words_of(
        "fine coop wellknown 10 3 don't"
    )


def test_files_are_found_by_format_and_figures_kept(tmp_path: Path) -> None:
    for name, make in SMALL.items():
        make(tmp_path / name)
    (tmp_path / "empty.txt").write_text(" ")
    (tmp_path / "other.xyz").write_text("not read")
    paths = files_in([tmp_path])
    assert [path.name for path in paths] == [*SMALL, "empty.txt"]
    report = measure(paths)
    assert [Path(path).name for path in report.refused] == ["empty.txt"]
    rows = list(table(report))
    assert sum(row.startswith("| .") for row in rows) == len(SMALL)
    assert rows[-1].startswith("| all but .pdf | 5 |")
    assert len(json.loads(json.dumps(figures(report)))["files"]) == len(SMALL)


@pytest.mark.skipif(shutil.which("pandoc") is None, reason="pandoc is not installed")
def test_a_page_is_read_by_two_readers_that_are_not_ours(tmp_path: Path) -> None:
    write(tmp_path / "a.html", PAGE)
    readings, _ = read_all(tmp_path / "a.html")
    assert [reading.reader for reading in readings] == ["pandoc", "html.parser"]
    assert "Home" not in readings[1].text
    assert "Home" in readings[1].beside
