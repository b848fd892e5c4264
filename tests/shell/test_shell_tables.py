"""Tables in the shell: drawn for a person, with tabs in a pipe, with offsets as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console
from tabled import HEBREW, HOSTILE, INCOME, TOWNS, Texts, answer_with, loaded, quote_of_cell

from qa_bot.records import Document, Quote
from qa_bot.shell import answers, console
from qa_bot.tables import Cell, Table


def drawn(
    document: Document, quote: Quote, monkeypatch: pytest.MonkeyPatch, width: int = 80
) -> str:
    """What a terminal of that width gets."""
    terminal = Console(force_terminal=True, width=width, record=True, highlight=False, emoji=False)
    for module in (answers, console):
        monkeypatch.setattr(module, "out", terminal)
    answers.print_answer(answer_with(quote), Texts(document))
    return terminal.export_text(styles=True)


def test_a_terminal_gets_a_table_with_the_cell_emphasised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    document = loaded(tmp_path, "income.html", INCOME)
    text = drawn(document, quote_of_cell(document, "24,512"), monkeypatch)
    plain = Console(width=80).render_str("").plain + text
    assert "Operating expenses › Research · As reported › 2022: \x1b[1m24,512" in plain
    assert "\x1b[1;4m     24,512\x1b[0m" in plain, "at the right of its column"
    assert "27,195" in plain
    assert "What follows is taken from the books." in plain
    assert "Statements of income ($ in millions)" in plain
    capsys.readouterr()


def test_a_long_table_is_shown_around_the_marked_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    document = loaded(tmp_path, "towns.csv", TOWNS)
    text = drawn(document, quote_of_cell(document, "31.5"), monkeypatch)
    assert [f"Town {number} " in text for number in (18, 19, 23, 24)] == [False, True, True, False]
    assert "⋯ 18 more" in text
    assert "⋯ 17 more" in text
    capsys.readouterr()


def test_of_a_wide_table_the_columns_that_fit_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["Place", *(f"c{number}" for number in range(1, 2000))]
    row = ["here", *(f"v{number}" for number in range(1, 2000))]
    document = loaded(tmp_path, "wide.csv", f"{','.join(names)}\n{','.join(row)}\n")
    text = drawn(document, quote_of_cell(document, "v1234"), monkeypatch)
    assert "here · c1234: " in text
    assert "of 2,000 columns" in text
    assert "c1233" in text
    table = [line for line in text.splitlines() if "here" in line][-1]
    assert len(Console(width=200).render_str(table).plain) < 200
    capsys.readouterr()


def test_a_pipe_gets_the_quotes_rows_with_tabs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = loaded(tmp_path, "towns.csv", TOWNS)
    start = document.text.index("Town: Town 20")
    end = document.text.index("\n", document.text.index("Town: Town 21"))
    quote = quote_of_cell(document, "31.5", span=(start, end))
    answers.print_answer(answer_with(quote), Texts(document))
    assert capsys.readouterr().out.splitlines()[:3] == [
        "Town\tAnimal\tBells\tWeight in kg",
        "Town 20\tstork\t20\t30.0",
        "Town 21\totter\t21\t31.5",
    ]


def test_a_pipe_gets_lines_that_are_in_no_cell_too(capsys: pytest.CaptureFixture[str]) -> None:
    text = "Item | 2021\nAll amounts exclude tax.\nRent | 5"
    cells = (
        Cell("header", 0, 4, 0, 0),
        Cell("header", 7, 11, 0, 1),
        Cell("label", 37, 41, 1, 0),
        Cell("value", 44, 45, 1, 1),
    )
    document = Document("n.txt", "n", text, (), (), tables=(Table(0, 45, 2, 2, cells),))
    answers.print_answer(answer_with(quote_of_cell(document, "5", span=(0, 45))), Texts(document))
    assert "All amounts exclude tax." in capsys.readouterr().out


def test_a_table_can_give_a_terminal_no_orders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text, words in (
        ("bell.csv", "Name,Much\n[bold]x[/],\x1b[31m7\x07\ny,8\n", "8"),
        ("hostile.html", HOSTILE, "=1+1"),
        ("prices.html", HEBREW, "11.20"),
    ):
        document = loaded(tmp_path, name, text)
        shown = drawn(document, quote_of_cell(document, words), monkeypatch)
        assert "\x1b[31m" not in shown
        assert "\x07" not in shown
        assert ("[bold]x[/]" in shown) == (name == "bell.csv")
    capsys.readouterr()


def test_json_says_of_each_cell_where_it_stands_and_what_it_says(tmp_path: Path) -> None:
    document = loaded(tmp_path, "income.html", INCOME)
    answer = answer_with(quote_of_cell(document, "24,512"))
    told = json.loads(json.dumps(answers.answer_as_json(answer, Texts(document))))
    table = told["quotes"][0]["table"]
    assert table["rows"] == [4]
    assert table["cell"]["text"] == "24,512"
    assert {cell["kind"] for cell in table["table"]["cells"]} == {
        "header",
        "label",
        "group",
        "value",
    }
    for cell in table["table"]["cells"]:
        assert document.text[cell["start"] : cell["end"]] == cell["text"]
