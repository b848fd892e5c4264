"""`qa-bot ask` with several questions, from files and pipes, and of a folder without an index."""

from __future__ import annotations

import inspect
import io
import json
import stat
import sys
from pathlib import Path

import pytest
from conftest import Shell, check_failure, write

import qa_bot

OTTERS = "How do otters sleep?"
SENTENCE = "Otters sleep on their backs, holding hands."


@pytest.fixture
def otters(documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of documents without an index, and a cache folder of the user's own."""
    write(documents, otters=f"The otter is a mammal.\n\n{SENTENCE} They wake at dawn.")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.chdir(tmp_path.joinpath("documents", ".."))
    return documents


def test_a_folder_without_an_index_is_asked_by_one_in_the_users_cache(
    shell: Shell, otters: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = shell("ask", "--mark", OTTERS, "--documents", otters)
    assert f"⟦{SENTENCE}⟧" in done.out
    kept = tmp_path / "cache" / "qa_bot"
    assert str(kept) in done.err
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    assert not (tmp_path / "index").exists()

    write(otters, herons="Herons sleep standing on one leg.")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{OTTERS}\n\n".encode())))
    (tmp_path / "more.txt").write_text("How do herons sleep?\n")
    several = shell(
        "ask", "-", "What is the otter?", "--file", tmp_path / "more.txt", "--documents", otters
    )
    asked = [line for line in several.out.splitlines() if line.endswith("?")]
    assert asked == [OTTERS, "What is the otter?", "How do herons sleep?"]
    assert SENTENCE in several.out
    assert "one leg" in several.out
    assert "⟦" not in several.out
    assert len(list(kept.iterdir())) == 1
    lines = shell("ask", OTTERS, "How do herons sleep?", "--documents", otters, "--json").out
    answers = [json.loads(line) for line in lines.splitlines()]
    assert [one["question"] for one in answers] == [OTTERS, "How do herons sleep?"]


def test_an_index_that_is_named_is_not_made(shell: Shell, otters: Path, tmp_path: Path) -> None:
    arguments = ("--documents", otters, "--index", tmp_path / "none")
    assert "run `qa-bot index" in check_failure(shell("ask", OTTERS, *arguments), 1)
    assert not (tmp_path / "cache").exists()


def test_nothing_to_ask_is_a_wrong_call(shell: Shell, otters: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("\n \n")
    for arguments in ([], ["--file", tmp_path / "empty.txt"], [OTTERS, "?!"]):
        check_failure(shell("ask", *arguments, "--documents", otters), 2)


def test_signatures_tell_no_addresses_and_help_no_truth_values(shell: Shell) -> None:
    assert " object at 0x" not in str(inspect.signature(qa_bot.answer))
    assert "<bool>" not in shell("ask", "--help").out
