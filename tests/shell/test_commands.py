"""The shell: what it prints where, and its exit codes."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ARTICLE, ROOT, Done, Shell, check_failure, write
from rich.console import Console

import qa_bot
from benchmarks.hashing import HashEmbedder
from qa_bot import Answer, Index, answer, build_index, open_index
from qa_bot.loaders.decoding import without_terminal_codes
from qa_bot.models.embedding import SentenceTransformerEmbedder
from qa_bot.models.reader import SpanReader
from qa_bot.shell import answers, console

QUESTION = "How do limited budgets affect partnerships?"


def process(*arguments: str | Path, encoding: str = "utf-8") -> Done:
    """Run the command line as the user does, into pipes."""
    done = subprocess.run(
        [sys.executable, "-m", "qa_bot", *map(str, arguments)],
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        check=False,
        timeout=120,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def test_the_version_and_the_help(shell: Shell) -> None:
    assert shell("--version") == (0, f"qa-bot {qa_bot.__version__}\n", "")
    done = shell("--help")
    assert done.code == 0
    for command in ("index", "ask", "chat", "status", "eval"):
        assert re.search(rf"^\W*{command}\b", done.out, re.MULTILINE)
        assert "--index" in shell(command, "--help").out
    assert shell("bake").code == 2
    assert shell("ask").code == 2


def test_it_runs_as_a_module_and_starts_quickly() -> None:
    assert process("--version") == (0, f"qa-bot {qa_bot.__version__}\n", "")


def test_a_folder_is_indexed_asked_and_described(
    shell: Shell, documents: Path, folder: Path
) -> None:
    write(
        documents,
        otters="Otters sleep on their backs and hold hands, so that none drifts away.",
        herons="Herons stand on one leg in the shallow water and wait for fish.",
    )
    (documents / "bad.txt").write_bytes(b"\0")
    for name in ("letter.doc", "notes.doc", "scan.PNG", "table.xyz"):
        (documents / name).write_bytes(b"PK")
    places = ("--documents", documents, "--index", folder)
    done = shell("index", *places)
    assert done.code == 0
    assert done.out.startswith(
        "2 added; 1 unreadable. The index holds 2 documents in 2 passages (2 embedded, 0 reused,"
    )
    assert done.err.splitlines() == [
        "unreadable bad.txt: holds NUL characters: a binary file, not text",
        "unsupported 4 files not read: letter.doc, notes.doc, scan.PNG, table.xyz",
        "letter.doc: save it as .docx or .pdf",
        "scan.PNG: text in pictures is read with `qa-bot index --ocr` (needs `pip install "
        "qa-bot[ocr]`, or tesseract)",
    ]
    for name in ("bad.txt", "letter.doc", "notes.doc", "scan.PNG", "table.xyz"):
        (documents / name).unlink()
    again = shell("index", *places)
    assert again.out.startswith("Nothing changed. The index holds 2 documents in 2 passages")
    assert (again.code, again.err) == (0, "")
    assert shell("index", *places, "--rebuild").out.startswith("2 read anew.")

    asked = shell("ask", "How do otters sleep?", *places)
    assert asked == (
        0,
        "Otters sleep on their backs and hold hands, so that none drifts away.\n— otters, ¶ 1\n",
        "",
    )
    described = shell("status", *places)
    assert (described.code, described.err) == (0, "")
    assert described.out.startswith("2 documents, 2 passages\n")
    assert shell("status", "--index", folder) == described, "it knows its folder"
    for part in (
        f"Folder     {documents} → {folder}\n",
        "Model      all-MiniLM-L6-v2\n",
        "  herons.txt: 1 passage, English\n",
        "  otters.txt: 1 passage, English\n",
    ):
        assert part in described.out


def test_an_answer_is_printed_verbatim_with_its_citation(
    shell: Shell, article: Index, article_folder: Path
) -> None:
    done = shell("ask", QUESTION, "--index", article_folder)
    found = answer(QUESTION, article)
    expected = "\n".join(f"{quote.text}\n— {quote.citation}\n" for quote in found.quotes)
    assert done == (0, expected, "")
    assert max(map(len, done.out.splitlines())) > 200  # not wrapped


def test_a_pipe_gets_the_quote_as_it_stands(article: Index, article_folder: Path) -> None:
    done = process("ask", QUESTION, "--index", article_folder)
    assert (done.code, done.err) == (0, "")
    for quote in answer(QUESTION, article).quotes:
        assert quote.text in done.out
        assert f"— {quote.citation}\n" in done.out


def check_shape(printed: Any, record: Any) -> None:
    """Every field of a record, down to the last, and no other."""
    if dataclasses.is_dataclass(record):
        told = ["verdict"] if isinstance(record, Answer) else []
        assert list(printed) == [*told, *(field.name for field in dataclasses.fields(record))]
        for field in dataclasses.fields(record):
            check_shape(printed[field.name], getattr(record, field.name))
    elif isinstance(record, tuple):
        assert len(printed) == len(record)
        for one, other in zip(printed, record, strict=True):
            check_shape(one, other)
    else:
        assert printed == record


@pytest.mark.parametrize("question", [QUESTION, "How do I bake bread?", "Was ist „東京“?"])
def test_json_holds_every_field_of_the_answer(
    shell: Shell, article: Index, article_folder: Path, question: str
) -> None:
    done = shell("ask", question, "--index", article_folder, "--json", "-k", "3")
    assert (done.code, done.err) == (0, "")
    found = answer(question, article, k=3)
    check_shape(json.loads(done.out), found)
    printed_verdict = json.loads(done.out)["verdict"]
    assert question in done.out  # not escaped
    assert printed_verdict == found.verdict
    assert found.found == (question == QUESTION)


def test_no_answer_is_no_error(shell: Shell, article_folder: Path) -> None:
    done = shell("ask", "How do I bake bread?", "--index", article_folder)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "Nothing here answers this clearly."
    assert lines[1] == "No document mentions: bake, bread."
    assert re.fullmatch(
        r"Closest \(not an answer: confidence 0\.0\d, too low for one that may be; "
        r"sure from 0\.\d\d on, which --strictness changes\):",
        lines[3],
    )
    assert len(lines) == 10  # three places, each with the start of its passage
    assert all(line.startswith("— Strengthening Security") for line in lines[4::2])


def test_no_strictness_is_offered_where_what_is_asked_for_is_missing(
    shell: Shell, documents: Path, folder: Path
) -> None:
    write(documents, boats="The ferry leaves at nine.\n\nOtters sleep on their backs.")
    build_index(documents, folder)
    asked = ("ask", "What is the airspeed record of Zorblatt 4711?", "--index", folder)
    with open_index(folder) as index:
        found = answer(asked[1], index)
    assert (found.verdict, bool(found.missing)) == ("absent", True)
    said = shell(*asked).out
    assert "keeps it from being one at any --strictness" in said
    assert "which --strictness changes" not in said
    lax = shell(*asked, "--strictness", "0").out
    assert lax.startswith("This may answer it:\n"), "not even then is it an answer"


@pytest.mark.parametrize("question", ["", "  ", "?!"])
def test_an_empty_question_is_a_wrong_call(shell: Shell, tmp_path: Path, question: str) -> None:
    message = check_failure(shell("ask", question, "--index", tmp_path), 2)
    assert "The question is empty" in message


def test_a_missing_index_says_what_to_run(shell: Shell, tmp_path: Path) -> None:
    for command in (("ask", "Who?"), ("status",)):
        message = check_failure(shell(*command, "--index", tmp_path / "none"), 1)
        assert f"`qa-bot index --index {tmp_path / 'none'}`" in message


def test_a_missing_index_in_a_process_of_its_own(tmp_path: Path) -> None:
    message = check_failure(process("ask", "Who?", "--index", tmp_path / "none"), 1)
    assert "`qa-bot index --index " in message


def test_missing_documents_say_what_to_do(shell: Shell, tmp_path: Path) -> None:
    places = ("--documents", tmp_path / "[red]none", "--index", tmp_path / "index")
    message = check_failure(shell("index", *places), 1)
    assert f"There is no folder {tmp_path}/[red]none: create it" in message


def test_a_damaged_index_says_how_to_repair_it(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "qa_bot.sqlite").write_bytes(b"garbage" * 999)
    message = check_failure(shell("status", "--index", tmp_path), 1)
    assert "`qa-bot index --rebuild --index " in message


def test_an_index_of_a_model_that_is_not_there(shell: Shell, documents: Path, folder: Path) -> None:
    write(documents, a="Otters sleep.")
    build_index(documents, folder, model=HashEmbedder("nobody/no-such-model"))
    for command in (("ask", "Who?"), ("status",)):
        message = check_failure(shell(*command, "--index", folder), 1)
        assert "`hf download nobody/no-such-model`" in message


def test_only_the_named_documents_are_asked(
    shell: Shell, tmp_path: Path, documents: Path, model: SentenceTransformerEmbedder
) -> None:
    for name in ("a/one", "a/two", "ab/three", "four"):
        write(documents, **{name: f"Otters sleep on their backs, says the book {name}."})
    folder = tmp_path / "index"
    build_index(documents, folder, model=model)

    def asked(*options: str) -> set[str]:
        done = shell("ask", "How do otters sleep?", "--index", folder, "--json", *options)
        assert done.code == 0
        return {hit["passage"]["document_id"] for hit in json.loads(done.out)["hits"]}

    assert asked() == {"a/one.txt", "a/two.txt", "ab/three.txt", "four.txt"}
    assert asked("--document", "a") == {"a/one.txt", "a/two.txt"}
    assert asked("--document", "ab", "--document", "four.txt") == {"ab/three.txt", "four.txt"}
    assert len(asked("-k", "1")) == 1
    assert len(asked("-k", "3", "--document", "a")) == 2
    done = shell("ask", "Who?", "--index", folder, "--document", "a", "--document", "b")
    assert "No document or folder 'b'" in check_failure(done, 2)
    assert shell("ask", "Who?", "--index", folder, "-k", "0").code == 2


def test_a_taken_port_is_one_line(shell: Shell, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = shell("chat", "--port", port, "--no-open", "--index", tmp_path / "index")
    assert f"Port {port} is taken" in check_failure(done, 1)


MARKUP = (
    "Otters [bold]sleep[/bold] on their [/] backs [red, say :otter: :warning: the [link=x]wardens"
    " \\[of] the\triver,  and\x0cnobody \x9b31mknows\x1b[0m\x07 why they never drift far away."
)


@pytest.fixture(scope="module")
def marked_up(tmp_path_factory: pytest.TempPathFactory, model: SentenceTransformerEmbedder) -> Path:
    """An index of one file that is full of what a terminal might take for orders."""
    documents = tmp_path_factory.mktemp("markup")
    (documents / "[red]otters[bold] :smile:.txt").write_text(MARKUP)
    (documents / "[bold]bad.txt").write_bytes(b"\0")
    build_index(documents, documents / ".index", model=model)
    return documents / ".index"


def test_text_that_looks_like_markup_is_printed_as_it_is(shell: Shell, marked_up: Path) -> None:
    done = shell("ask", "How do otters sleep?", "--index", marked_up)
    shown = without_terminal_codes(MARKUP)
    assert done == (0, f"{shown}\n— [red]otters[bold] :smile:, ¶ 1\n", "")
    nearest = shell("ask", "Who bakes [/] bread?", "--index", marked_up).out
    assert "— [red]otters[bold] :smile:, ¶ 1\n" in nearest
    status = shell("status", "--index", marked_up).out
    assert "  [red]otters[bold] :smile:.txt: 1 passage, English\n" in status
    assert "unreadable [bold]bad.txt: holds NUL characters" in status
    done = shell("ask", "Who?", "--index", marked_up, "--document", "[/red] :smile:")
    assert "'[/red] :smile:'" in check_failure(done, 2)


def test_on_a_terminal_a_document_cannot_give_orders(
    shell: Shell, marked_up: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Console(force_terminal=True, color_system="standard", width=80, emoji=False)
    monkeypatch.setattr(console, "out", terminal)
    out = shell("ask", "How do otters sleep?", "--index", marked_up).out
    assert "\x1b[1m" in out  # the marked sentence is bold
    assert "\x9b" not in out
    assert "\x07" not in out
    assert "\x0c" not in out
    plain = re.sub(r"\x1b\[[\d;]*m", "", out)
    assert "[bold]sleep[/bold] on their [/] backs [red" in " ".join(plain.split())
    assert all(line.startswith("  ") for line in plain.splitlines()[:-1])
    assert max(map(len, plain.splitlines())) <= 80


def test_a_terminal_is_told_how_sure_an_answer_is(
    shell: Shell, marked_up: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Console(force_terminal=True, color_system=None, width=80, emoji=False)
    monkeypatch.setattr(console, "out", terminal)
    monkeypatch.setattr(answers, "out", terminal)
    said = shell("ask", "How do otters sleep?", "--index", marked_up).out
    assert said.splitlines()[-1].strip() in {"Sure.", "Likely."}
    said = shell("ask", "How do the otters of Borneo sleep?", "--index", marked_up).out
    assert "No document mentions: Borneo." in said
    assert "Sure." not in said


def test_a_pipe_that_takes_only_ascii_gets_question_marks(article_folder: Path) -> None:
    done = process("status", "--index", article_folder, encoding="ascii")
    assert (done.code, done.err) == (0, "")
    assert f"  {ARTICLE}: 60 passages, English\n" in done.out
    assert f"documents ? {article_folder}\n" in done.out


def test_a_reader_that_leaves_is_no_disaster(article_folder: Path) -> None:
    command = f'"{sys.executable}" -m qa_bot status --index "{article_folder}" | true'
    done = subprocess.run(  # noqa: S602
        command, shell=True, capture_output=True, text=True, cwd=ROOT, check=False, timeout=120
    )
    assert "Traceback" not in done.stderr


def test_the_answer_in_json_is_what_python_gets(
    shell: Shell, article_folder: Path, article: Index
) -> None:
    done = shell("ask", QUESTION, "--index", article_folder, "--json")
    with open_index(article_folder) as index:
        found: Answer = answer(QUESTION, index)
    fields = {"verdict": found.verdict, **dataclasses.asdict(found)}
    assert json.loads(done.out) == json.loads(json.dumps(fields))
    assert found == answer(QUESTION, article)


def test_another_reader_or_none_can_be_asked_for(shell: Shell, article_folder: Path) -> None:
    index = ("--index", article_folder, "--json")
    own = json.loads(shell("ask", QUESTION, *index).out)
    plain = json.loads(shell("ask", QUESTION, *index, "--reader", "none").out)
    assert (own["reader"], plain["reader"]) == ("qa_bot", "")
    assert own["strictness"] != plain["strictness"]
    done = shell("ask", QUESTION, *index, "--reader", "nowhere")
    assert "neither a folder nor in the local model cache" in check_failure(done, 1)


def test_strictness_is_a_probability(shell: Shell, article_folder: Path) -> None:
    index = ("--index", article_folder, "--json")
    for strictness, found in (("0", True), ("1", False)):
        done = shell("ask", QUESTION, *index, "--strictness", strictness)
        assert json.loads(done.out)["found"] is found
    for wrong in ("1.5", "-1", "nan", "much"):
        assert shell("ask", QUESTION, *index, "--strictness", wrong).code == 2


def test_why_the_reader_was_not_used_is_said_on_the_side(
    shell: Shell, article_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "DEFAULT_READER", SpanReader(tmp_path))
    done = shell("ask", QUESTION, "--index", article_folder)
    assert done.code == 0
    assert "Answers go by retrieval alone." in done.err
    assert "retrieval alone" not in done.out
    found = json.loads(shell("ask", QUESTION, "--index", article_folder, "--json").out)
    assert found["warning"].endswith("Answers go by retrieval alone.")
