"""Which row and cell of a table are marked, and when none is."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from qa_bot import Index, Quote, answer, build_index, open_index
from qa_bot.asking.asked import asks_to_compare, periods, terms, wanted
from qa_bot.asking.cell_features import FEATURES
from qa_bot.asking.cells import load_model
from qa_bot.asking.judging import judge
from qa_bot.asking.retrieval import rank
from qa_bot.asking.same_table import MOST, same_table
from qa_bot.errors import ModelError
from qa_bot.keeping.quote_sheet import make_quote_sheet
from qa_bot.keeping.tables import marked_spans

CATCH = """
<title>Harbour statistics</title>
<table><caption>Landings by port, in tonnes</caption>
<tr><td></td><td>FY 2016</td><td>FY 2017</td><td>FY 2018</td></tr>
<tr><td>Herring:</td><td></td><td></td><td></td></tr>
<tr><td>Landed at Marbrough</td><td>4,120</td><td>4,310</td><td>3,985</td></tr>
<tr><td>Landed at Tollness</td><td>1,870</td><td>1,655</td><td>1,702</td></tr>
<tr><td>Mackerel:</td><td></td><td></td><td></td></tr>
<tr><td>Landed at Marbrough</td><td>2,205</td><td>2,390</td><td>2,511</td></tr>
<tr><td>Landed at Tollness</td><td>960</td><td>1,015</td><td>877</td></tr>
</table>
"""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder = tmp_path_factory.mktemp("cells")
    (folder / "documents").mkdir()
    (folder / "documents/catch.html").write_text(CATCH)
    build_index(folder / "documents", folder / "index")
    with open_index(folder / "index") as opened:
        yield opened


def quoted(question: str, index: Index) -> Quote:
    return answer(question, index, strictness=0.0).quotes[0]


def texts(index: Index, *spans: tuple[int, int] | None) -> list[str]:
    return index.slices("catch.html", [span for span in spans if span])


@pytest.mark.parametrize(
    ("question", "cell", "labels", "header"),
    [
        (
            "How much herring was landed at Marbrough in FY 2017?",
            "4,310",
            ["Herring:", "Landed at Marbrough"],
            "FY 2017",
        ),
    ],
)
def test_the_cell_of_the_row_and_year_asked_for_is_marked(
    question: str, cell: str, labels: list[str], header: str, index: Index
) -> None:
    quote = quoted(question, index)
    assert quote.table is not None
    assert texts(index, quote.answer) == [cell]
    assert texts(index, *quote.table.labels) == labels
    assert texts(index, *quote.table.headers) == [header]
    assert cell in texts(index, *quote.sentences)[0]


@pytest.mark.parametrize(
    ("question", "line", "cell"),
    [
        (
            "How much mackerel was landed at Tollness in fiscal 2016?",
            "Landed at Tollness | 960 | 1,015 | 877",
            "960",
        ),
        (
            "Herring landed at Tollness, FY18",
            "Landed at Tollness | 1,870 | 1,655 | 1,702",
            "1,702",
        ),
    ],
)
def test_rows_of_the_same_name_are_told_apart_by_their_group(
    question: str, line: str, cell: str, index: Index
) -> None:
    quote = quoted(question, index)
    assert texts(index, *quote.sentences) == [line]
    assert texts(index, quote.answer) in ([cell], [])


def test_where_no_column_is_named_the_row_is_marked_and_no_cell(index: Index) -> None:
    quote = quoted("How much mackerel was landed at Marbrough?", index)
    assert quote.table is not None
    assert (quote.answer, quote.table.cell) == (None, None)
    assert texts(index, *quote.sentences) == ["Landed at Marbrough | 2,205 | 2,390 | 2,511"]


@pytest.mark.parametrize(
    "question",
    [
        "Where was the most herring landed in FY 2017?",
        "What was the change in herring landed at Tollness between FY 2016 and FY 2018?",
    ],
)
def test_what_no_single_cell_answers_has_no_cell_in_bold(question: str, index: Index) -> None:
    quote = quoted(question, index)
    assert quote.answer is None


def test_of_a_change_over_years_the_row_that_decides_is_marked_and_no_cell(index: Index) -> None:
    quote = quoted("What was the change in herring landed at Marbrough from FY16 to FY18?", index)
    assert quote.is_marked
    assert texts(index, *quote.sentences) == ["Landed at Marbrough | 4,120 | 4,310 | 3,985"]
    assert quote.answer is None
    # Years that head no column are no amounts to reckon with.
    quote = quoted("What was the change in herring landed at Marbrough from 2011 to 2012?", index)
    assert not quote.is_marked


@pytest.mark.parametrize(
    "question", ["What is FY 2017?", "Which year is FY 2018?", "Herring?", "Mackerel:"]
)
def test_headers_and_names_of_groups_are_never_marked(question: str, index: Index) -> None:
    quote = quoted(question, index)
    for line in texts(index, *quote.sentences):
        assert line.startswith("Landed at")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("FY17 target", {"2017"}),
        ("fiscal 2017", {"2017"}),
        ("Q3 FY2018", {"q3", "2018"}),
        ("third quarter of 2016", {"q3", "2016"}),
        ("2010–11", {"2010", "2011"}),
        ("$1,999.50 of 2,017 boxes", set()),
        ("in '98", {"1998"}),
    ],
)
def test_years_and_quarters_have_one_form(text: str, found: set[str]) -> None:
    assert periods(text) == found


def test_how_a_fiscal_year_is_written_makes_no_difference() -> None:
    forms = ("FY 2017 target", "fiscal 2017 target", "FY17 target", "fiscal year 2017: target")
    assert {terms(form) for form in forms} == {frozenset({"2017", "target"})}
    assert "fiscal" in terms("Which fiscal year is it?")


def test_a_number_with_thousands_has_no_part_in_common_with_another() -> None:
    assert terms("30,000") & terms("a rent of 30,000 in 2019")
    assert not terms("30,000") & terms("6,000")


def test_a_row_that_is_one_text_over_all_columns_answers_by_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents/ferries.html").write_text(FERRIES)
    build_index(tmp_path / "documents", tmp_path / "index")
    with open_index(tmp_path / "index") as opened:
        quote = answer("When is the harbour shut?", opened, strictness=0.0).quotes[0]
        (line,) = opened.slices("ferries.html", quote.sentences)
    assert line == "The harbour is shut at Christmas."


FERRIES = """<title>Harbour timetable</title><table>
<tr><td rowspan="2">Ferry</td><td colspan="2">Weekdays</td><td>Sunday</td></tr>
<tr><td>Out</td><td>Back</td><td>All day</td></tr>
<tr><td>Alby</td><td>07–09</td><td>16–19</td><td>shut</td></tr>
<tr><td>Corve</td><td>08–11</td><td>15–20</td><td>10–18</td></tr>
<tr><td colspan="4">The harbour is shut at Christmas.</td></tr></table>"""


def test_what_a_question_asks_for_first_counts() -> None:
    assert wanted("Which rider has a total of nine points?") == "name"
    assert wanted("How many points has the rider who won?") == "number"
    assert wanted("In what year did the team join?") == "date"
    assert wanted("Tell me of the harbour") == ""


def test_look_ups_are_no_comparisons() -> None:
    assert asks_to_compare("Which port landed more than Tollness?")
    assert not asks_to_compare("What was the catch at Tollness in 2017?")


def test_numbers_that_are_not_those_of_the_features_are_refused(tmp_path: Path) -> None:
    weights = dict.fromkeys(FEATURES, 1.0)
    thresholds = {"row_at": 0.5, "cell_at": 0.9, "comparing_row_at": 0.5}
    good = {"weights": weights, "comparing": weights, **thresholds}
    for name, data in {
        "missing": {**good, "weights": {}},
        "more": {**good, "weights": {**weights, "other": 1.0}},
        "range": {**good, "cell_at": 0},
        "nan": {**good, "weights": dict.fromkeys(FEATURES, float("nan"))},
    }.items():
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps(data))
        with pytest.raises(ModelError):
            load_model(file)
    file = tmp_path / "good.json"
    file.write_text(json.dumps(good))
    assert load_model(file).cell_at == 0.9


def test_a_loss_is_less_than_nothing(tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    rows = (("2018", "250"), ("2019", "(900)"), ("2020", "40"), ("2021", "610"), ("2022", "−950"))
    text = "".join(f"{year},{value}\n" for year, value in rows)
    (tmp_path / "documents/years.csv").write_text(f"Year,Net income or loss\n{text}")
    build_index(tmp_path / "documents", tmp_path / "index")
    with open_index(tmp_path / "index") as opened:
        quote = quoted("Which year had the lowest net income or loss?", opened)
        marked = opened.slices("years.csv", quote.sentences)
    assert any("2022" in line for line in marked)


def test_of_a_very_long_question_what_is_read_is_looked_at(index: Index) -> None:
    began = time.monotonic()
    quoted("herring landed at Tollness " + "change in " * 20_000, index)
    assert time.monotonic() - began < 10


def registers() -> str:
    """A long table, whose rows are many passages: boats, their harbours and their crews."""
    names = [
        f"{a}{b}" for a in ("Mar", "Tol", "Cor", "Sel", "Bran") for b in ("wick", "ness", "by")
    ]
    rows = "".join(
        f"<tr><td>Vessel {first} {second}</td><td>{10 + 3 * i + 7 * j}</td><td>{60 - i - j}</td>"
        f"<td>Moored along the quay of {second}, as a boat of the herring fleet.</td></tr>"
        for i, first in enumerate(names)
        for j, second in enumerate(names)
        if i < j
    )
    return (
        "<title>Boats</title><table><tr><th>Vessel</th><th>Crew</th><th>Length</th><th>Place</th>"
        f"</tr>{rows}</table>"
    )


@pytest.fixture(scope="module")
def boats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder = tmp_path_factory.mktemp("boats")
    (folder / "documents").mkdir()
    (folder / "documents/boats.html").write_text(registers())
    build_index(folder / "documents", folder / "index")
    with open_index(folder / "index") as opened:
        yield opened


@pytest.mark.parametrize(
    ("vessel", "crew"),
    [("Corness Selby", "108"), ("Marwick Branwick", "94")],
)
def test_rows_are_compared_across_the_passages_of_their_table(
    boats: Index, vessel: str, crew: str
) -> None:
    found = answer(f"How many crew has the vessel {vessel}?", boats, strictness=0.0)
    (first,) = found.quotes  # once, however many of its passages would answer about as well
    (line,) = boats.slices("boats.html", first.sentences)
    assert line.startswith(f"Vessel {vessel} | {crew} |")
    assert first.table is not None
    assert first.passage == found.hits[0].passage
    assert all(first.start <= start < first.end for start, _ in first.sentences)
    own = {cell.row for cell in first.table.table.cells if cell.kind != "header"}
    assert own == {c.row for c in first.table.table.cells if first.start <= c.start < first.end}


def test_passages_of_the_table_that_are_no_candidates_are_compared_too(boats: Index) -> None:
    question = "How many crew has the vessel Marwick Branwick?"
    judged = judge(rank(question, boats), None)
    (line,) = (one for one in judged if "Vessel Marwick Branwick |" in one.candidate.passage.text)
    alone = [next(one for one in judged if one is not line)]
    same = same_table(alone[0], alone, boats)
    assert same is not None
    assert same.passages[0] is alone[0]
    assert len(same.passages) == MOST
    assert line.candidate.passage in [one.candidate.passage for one in same.passages]
    assert len({one.candidate.passage.start for one in same.passages}) == MOST
    rows = {cell.row for cell in same.table.cells if cell.kind == "value"}
    assert len(rows) > len(alone[0].candidate.passage.sentences)


def test_a_word_of_a_rows_name_compares_nothing() -> None:
    names = terms("Average cost of a berth")
    assert asks_to_compare("What was the average cost of a berth?")
    assert not asks_to_compare("What was the average cost of a berth in 2016?", names)
    assert asks_to_compare("Which berth had the highest average cost?", names)


UNSURE = """<title>Ferries</title><table><tr><th>Ferry</th><th>Out</th><th>Back</th></tr>
<tr><td>Alby</td><td>07:10</td><td>16:40</td></tr><tr><td>Corve</td><td>08:15</td><td>17:05</td>
</tr><tr><td>Selby</td><td>09:20</td><td>18:30</td></tr><tr><td>Thorn</td><td>07:25</td>
<td>17:40</td></tr><tr><td>Wick</td><td>08:05</td><td>16:55</td></tr></table>"""


def test_where_no_row_is_sure_none_is_marked_and_the_citation_still_has_a_place(
    tmp_path: Path,
) -> None:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents/ferries.html").write_text(UNSURE)
    build_index(tmp_path / "documents", tmp_path / "index")
    with open_index(tmp_path / "index") as opened:
        unsure = answer("When does the ferry go?", opened, strictness=0.0)
        quote = unsure.quotes[0]
        assert quote.table is not None
        assert quote.table.rows == ()
        assert not quote.is_marked
        assert quote.answer is None
        (place,) = quote.sentences
        assert quote.start <= place[0] < place[1] <= quote.end
        assert marked_spans(quote) == []
        made = datetime(2026, 11, 28, tzinfo=UTC)
        sheet = make_quote_sheet([unsure], "csv", made=made).content.decode("utf-8-sig")
        (row,) = csv.DictReader(io.StringIO(sheet))
        assert (row["quote"], row["answering_sentence"]) == (quote.text, "")
        sure = answer("When does the ferry Corve go out?", opened, strictness=0.0).quotes[0]
        assert sure.is_marked
        assert marked_spans(sure) != []
