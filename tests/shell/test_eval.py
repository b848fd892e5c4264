"""``qa-bot eval`` and ``qa-bot index --check-golden``: what they print, write and exit with."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from statistics import mean

import ir_measures
import pytest
from conftest import DOCUMENTS, QUESTIONS, Shell, check_failure, write

from qa_bot import Index, build_index, evaluate, open_index, read_questions
from qa_bot.evaluation import drawing, exports, report
from qa_bot.evaluation.golden import FILE
from qa_bot.models.embedding import SentenceTransformerEmbedder

OTTERS = "Otters sleep on their backs and hold hands, so that none drifts away at night."


@pytest.fixture
def zoo(documents: Path, folder: Path, model: SentenceTransformerEmbedder) -> Path:
    """An index of two small documents."""
    write(documents, otters=OTTERS, herons="Herons stand on one leg in the shallow water.")
    build_index(documents, folder, model=model)
    return folder


def test_a_file_of_questions_is_evaluated_and_written_in_every_format(
    shell: Shell, article_folder: Path, article: Index, tmp_path: Path
) -> None:
    files = {name: tmp_path / f"out.{name}" for name in ("csv", "plot", "run", "qrels")}
    files["plot"] = tmp_path / "out.png"
    options = [part for name, file in files.items() for part in (f"--{name}", file)]
    done = shell("eval", QUESTIONS, "--index", article_folder, *options)
    assert (done.code, done.err) == (0, "")
    found = evaluate(read_questions(QUESTIONS), article)
    lines = done.out.splitlines()
    assert lines[0] == (
        "40 questions, 30 of which the documents answer. 1 document, 60 passages, all-MiniLM-L6-v2."
    )
    hit, marked = found.summary.hit_at_1, found.summary.marked
    rows = {line[:33].strip(): line[33:].split() for line in lines}
    assert rows["hit@1"] == [f"{hit.value:.3f}", f"{hit.low:.3f}–{hit.high:.3f}", "30"]
    assert rows["marked sentence holds the quote"][0] == f"{marked.value:.3f}"
    failures = found.failures
    assert f"Not as wanted: {len(failures)} questions" in lines
    assert 2 < len(failures) <= 20
    for outcome in failures:
        assert outcome.question.text in lines
        assert f"  {outcome.failure}" in lines
    rows_written = list(csv.DictReader(files["csv"].open(encoding="utf-8", newline="")))
    assert [row["question"] for row in rows_written] == [
        one.question.text for one in found.outcomes
    ]
    assert [row["failure"] for row in rows_written] == [one.failure for one in found.outcomes]
    assert files["run"].read_text() == exports.as_run(found)
    assert files["qrels"].read_text() == exports.as_qrels(found)
    assert files["plot"].read_bytes().startswith(b"\x89PNG")


def test_long_lists_are_cut_on_the_screen_only(shell: Shell, zoo: Path, tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    lines = [{"question": f"Who sleeps {n} times?", "quote": "gone"} for n in range(25)]
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    done = shell("eval", file, "--index", zoo)
    assert done.code == 0
    assert "25 questions may be out of date: the index doesn't hold what is wanted." in done.out
    assert done.out.count("  and 5 more; --json and --csv list all\n") == 2
    shown = json.loads(shell("eval", file, "--index", zoo, "--json").out)
    problems = {outcome["problem"] for outcome in shown["outcomes"]}
    assert (problems, len(shown["outcomes"])) == ({"the quote occurs nowhere"}, 25)


def test_comparing_exits_1_where_something_got_worse_and_0_where_not(
    shell: Shell, zoo: Path, documents: Path, tmp_path: Path
) -> None:
    questions, earlier = tmp_path / "questions.jsonl", tmp_path / "earlier.json"
    questions.write_text(
        '{"question": "How do otters sleep?", "quote": "on their backs"}\n'
        '{"question": "How do herons stand?", "document": "herons"}\n'
        '{"question": "How do I bake bread?", "quote": null}\n'
    )
    first = shell("eval", questions, "--index", zoo, "--json")
    assert first.code == 0
    earlier.write_text(first.out)
    same = shell("eval", questions, "--index", zoo, "--compare", earlier)
    assert (same.code, same.out.splitlines()[-1]) == (0, "Nothing is worse beyond noise.")
    write(documents, otters="Seals eat herring.")
    assert shell("index", "--documents", documents, "--index", zoo).code == 0
    worse = shell("eval", questions, "--index", zoo, "--compare", earlier)
    assert worse.code == 1
    assert "Worse: 1 question\n  How do otters sleep?\n    found → not found; " in worse.out
    assert worse.out.splitlines()[-1].startswith("Worse beyond noise: hit@1, MRR@10,")
    shown = shell("eval", questions, "--index", zoo, "--compare", earlier, "--json")
    comparison = json.loads(shown.out)["comparison"]
    assert (shown.code, comparison["regressed"], comparison["compared"]) == (1, True, 3)
    assert [change["verdict"] for change in comparison["changes"]] == ["worse"]


def test_a_golden_question_is_added_as_it_is_answered(shell: Shell, zoo: Path) -> None:
    assert "no golden questions in" in check_failure(shell("eval", "--index", zoo), 2)
    done = shell("eval", "--add", "How do otters sleep?", "--index", zoo)
    line = {"question": "How do otters sleep?", "quote": OTTERS, "document": "otters.txt"}
    assert done == (
        0,
        f"{OTTERS}\n— otters, ¶ 1\n\nAdded to {zoo / FILE}:\n{json.dumps(line)}\n",
        "",
    )
    assert json.loads((zoo / FILE).read_text()) == line
    again = shell("eval", "--add", "how do otters  sleep?", "--quote", "hold hands", "--index", zoo)
    assert again.out.endswith(f"It replaces:\n{json.dumps(line)}\n")
    line |= {"question": "how do otters sleep?", "quote": "hold hands"}
    assert json.loads((zoo / FILE).read_text()) == line
    bread = shell("eval", "--add", "How do I bake bread?", "--index", zoo, "--json")
    assert json.loads(bread.out)["question"]["answered"] is False
    added = shell("eval", "--add", "Do herons stand?", "--not-answered", "--index", zoo)
    assert "not yet as wanted: quoted, though the documents don't answer it." in added.out
    done = shell("eval", "--index", zoo)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("3 questions, 1 of which the documents answer.")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--add", "Who?", "--quote", "no such phrase"], "the quote occurs nowhere"),
        (["--add", "Who?", "--document", "none"], "no document 'none'"),
        (["--add", " "], "The question is empty"),
        (["--add", "Who?", "--quote", " "], "is empty"),
        (["--add", "Who?", "--quote", "x", "--not-answered"], "--not-answered goes with neither"),
        (["--add", "Who?", QUESTIONS], "--add takes no file"),
        (["--quote", "x"], "go with --add"),
        (["none.jsonl"], "none.jsonl can't be read"),
        ([QUESTIONS, "--compare", QUESTIONS], "is not an evaluation"),
        ([QUESTIONS, "--csv", "none/a.csv"], "There is no folder none for a.csv"),
        ([QUESTIONS, "--plot", "/"], "is a folder"),
    ],
)
def test_a_wrong_call_is_one_line_and_changes_nothing(
    shell: Shell, zoo: Path, arguments: list[str | Path], said: str
) -> None:
    assert said in check_failure(shell("eval", *arguments, "--index", zoo), 2)
    assert not (zoo / FILE).exists()


def test_a_missing_package_is_one_line_before_the_work(
    shell: Shell, article_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for package, options in (
        ("ir_measures", ()),
        ("matplotlib.figure", ("--plot", tmp_path / "a.png")),
    ):
        with monkeypatch.context() as patched:
            patched.setitem(sys.modules, package, None)
            done = shell("eval", QUESTIONS, "--index", article_folder, *options)
        assert "run `pip install 'qa-bot[eval]'`" in check_failure(done, 1)


@pytest.mark.parametrize("name", ["a.xyz", "a", "png"])
def test_a_picture_of_an_unknown_kind_is_one_line_before_the_work(
    shell: Shell, tmp_path: Path, name: str
) -> None:
    done = shell("eval", QUESTIONS, "--index", tmp_path / "none", "--plot", tmp_path / name)
    assert f"{name} can't be drawn: its name must end in one of .avif" in check_failure(done, 2)
    drawing.check_drawing(tmp_path / "a.PNG")


def test_the_report_is_there_though_a_file_cannot_be_written(shell: Shell, zoo: Path) -> None:
    question = '{"question": "How do otters sleep?", "quote": "on their backs"}'
    (zoo / FILE).write_text(question)
    for options, start in (((), "1 question, 1 of"), (("--json",), "{")):
        done = shell("eval", "--index", zoo, "--csv", "/dev/full", *options)
        assert (done.code, done.err.count("\n")) == (1, 1)
        assert "/dev/full can't be written (No space left" in done.err
        assert done.out.startswith(start)


def test_no_input_is_written_over_and_no_file_twice(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "index").mkdir()
    (tmp_path / "qrels").mkdir()
    texts = {
        "q.jsonl": '{"question": "Who?", "page": 1}',
        "e.json": "{}",
        f"index/{FILE}": "{}",
        "queries.jsonl": '{"_id": "1", "text": "Who?"}',
        "qrels/test.tsv": "1\ta\t1",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "link").symlink_to("q.jsonl")
    for arguments in (
        ("q.jsonl", "--csv", "q.jsonl"),
        ("q.jsonl", "--run", tmp_path / "index" / ".." / "q.jsonl"),
        ("q.jsonl", "--qrels", "link"),
        ("q.jsonl", "--compare", "e.json", "--csv", "e.json"),
        ("q.jsonl", "--csv", f"index/{FILE}"),
        (".", "--run", "queries.jsonl"),
        (".", "--qrels", "qrels/test.tsv"),
        ("qrels/test.tsv", "--run", "queries.jsonl"),
        ("q.jsonl", "--run", "new", "--qrels", "./new"),
    ):
        assert "name another file" in check_failure(shell("eval", *arguments), 2)
    assert {name: (tmp_path / name).read_text() for name in texts} == texts
    assert not (tmp_path / "new").exists()


def test_what_cannot_be_compared_is_said_before_the_work(
    shell: Shell, zoo: Path, tmp_path: Path
) -> None:
    questions, earlier = tmp_path / "questions.jsonl", tmp_path / "earlier.json"
    questions.write_text('{"question": "How do otters sleep?", "quote": "on their backs"}')
    earlier.write_text(shell("eval", questions, "--index", zoo, "--json").out)
    for line, said in (
        ('{"question": "How do otters sleep?", "quote": "hold hands"}', "something else is wanted"),
        ('{"question": "Who are they?", "quote": "hold hands"}', "asked none of these questions"),
    ):
        questions.write_text(line)
        arguments = ("--index", tmp_path / "none", "--compare", earlier)
        assert said in check_failure(shell("eval", questions, *arguments), 2)


def test_names_that_c_strings_cannot_hold_are_evaluated_and_written(
    shell: Shell, zoo: Path, tmp_path: Path
) -> None:
    file = tmp_path / "questions.jsonl"
    lines = [
        {"question": "How do otters sleep?", "document": ["otters", "\ud800", "\udc00"]},
        {"question": "How do herons stand?", "id": "a\0b", "document": ["herons", "a\0b"]},
        {"question": "How do herons fly?", "id": "a\0c", "document": "a\0c"},
        {"question": "How do herons nest?", "id": "\udfff", "quote": "one leg"},
    ]
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    run, qrels = tmp_path / "out.run", tmp_path / "out.qrels"
    done = shell("eval", file, "--index", zoo, "--json", "--run", run, "--qrels", qrels)
    assert (done.code, done.err) == (0, "")
    ranks = [one["ranks"] for one in json.loads(done.out)["outcomes"]]
    assert [one["hit_at_1"] for one in ranks] == [1, 1, 0, 1]
    (tmp_path / "e.json").write_text(done.out)
    again = shell("eval", file, "--index", zoo, "--compare", tmp_path / "e.json")
    assert "e.json: 4 questions\n" in again.out
    recomputed = ir_measures.calc_aggregate(
        [ir_measures.nDCG @ 10],
        list(ir_measures.read_trec_qrels(str(qrels))),
        list(ir_measures.read_trec_run(str(run))),
    )
    assert recomputed[ir_measures.nDCG @ 10] == pytest.approx(mean(one["ndcg"] for one in ranks))
    names = [line.split() for line in qrels.read_text().splitlines()]
    assert [row[2] for row in names[:3]] == ["otters.txt", "%ED%A0%80", "%ED%B0%80"]
    assert {row[0] for row in names[3:]} == {"a%00b", "a%00c", "%ED%BF%BF"}


def test_a_build_says_which_golden_answers_changed(
    shell: Shell, zoo: Path, documents: Path
) -> None:
    places = ("--documents", documents, "--index", zoo)
    write(documents, newts="Newts swim.")
    nothing = shell("index", *places, "--check-golden")
    assert "There are no golden questions in" in check_failure(nothing, 2)
    with open_index(zoo) as index:
        assert len(index.documents()) == 2
    (documents / "newts.txt").unlink()
    for question in ("How do otters sleep?", "How do herons stand?"):
        assert shell("eval", "--add", question, "--index", zoo).code == 0
    done = shell("index", *places, "--check-golden", "--rebuild")
    assert done.code == 0
    assert "\n2 golden questions: none changed, 2 as wanted.\n" in done.out
    write(documents, otters="Seals eat herring.")
    worse = shell("index", *places, "--check-golden")
    assert worse.code == 1
    assert "\n2 golden questions: 1 changed, 1 as wanted.\n" in worse.out
    assert "Worse: 1 question\n  How do otters sleep?\n" in worse.out
    still = shell("index", *places, "--check-golden", "--json")  # not worse than before
    assert still.code == 0
    assert json.loads(still.out)["golden"]["failures"] == [
        {"question": "How do otters sleep?", "failure": "the quote occurs nowhere in this document"}
    ]
    (zoo / "qa_bot.sqlite").write_bytes(b"garbage" * 999)  # so that there is no before
    anew = shell("index", *places, "--check-golden", "--rebuild")
    assert anew.code == 1
    assert "2 golden questions: no earlier index to compare with, 1 as wanted." in anew.out


def test_a_damaged_line_of_the_golden_questions_stops_before_the_build(
    shell: Shell, zoo: Path
) -> None:
    (zoo / FILE).write_text("{")
    done = shell("index", "--documents", DOCUMENTS, "--index", zoo, "--check-golden")
    assert "golden.jsonl, line 1: not JSON" in check_failure(done, 2)
    with open_index(zoo) as index:
        assert len(index.documents()) == 2


def test_what_may_answer_is_told_from_what_does_not(
    shell: Shell, zoo: Path, tmp_path: Path
) -> None:
    file = tmp_path / "questions.jsonl"
    asked = {
        "How do otters sleep?": "answered",
        "Why do the 77 otters sleep in 1931?": "possible",  # of years and numbers nothing is said
        "How do I bake bread?": "absent",
    }
    file.write_text("".join(f"{json.dumps({'question': q, 'quote': None})}\n" for q in asked))
    shown = json.loads(shell("eval", file, "--index", zoo, "--json").out)
    assert {one["question"]["text"]: one["verdict"] for one in shown["outcomes"]} == asked
    said = shell("eval", file, "--index", zoo).out
    assert (
        f"Answered: 1, from confidence {shown['threshold']:g} on. Not found: 2, of which 1 with "
        "quotes that may answer and 1 with none.\n"
    ) in said
    earlier = tmp_path / "earlier.json"
    for one in shown["outcomes"]:
        del one["verdict"]
    earlier.write_text(json.dumps(shown))
    found = exports.read_evaluation(earlier)
    (line,) = [text for _, text in report.report_lines(found) if "from confidence" in text]
    assert line.endswith("what is less sure counts as not found.")
