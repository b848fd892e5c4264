"""`qa-bot verify`, as a person and a script use it."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from conftest import Shell, check_failure

QUOTE = "despite Iceland's limited\nmilitary forces"


def test_the_three_results_are_told_with_place_and_difference(
    shell: Shell, article_folder: Path
) -> None:
    done = shell("verify", QUOTE, "--index", article_folder)
    assert done.code == 0
    assert "Verified word for word." in done.out
    assert "Despite Iceland’s limited military forces" in done.out
    assert "Case Studies of Notable Military Partnerships with NATO Allies, ¶ 2" in done.out
    near = shell("verify", "Despite Iceland's huge military forces", "--index", article_folder)
    assert "Near" in near.out
    assert "“huge” stands for “limited”" in near.out
    absent = shell("verify", "frigates of Lake Constance", "--index", article_folder)
    assert (absent.code, absent.out) == (0, "Not found in the documents.\n")


def test_the_quote_may_come_from_a_file_or_standard_input(
    shell: Shell, article_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "quote.txt").write_text(QUOTE, encoding="utf-8-sig")
    for arguments in (["--file", tmp_path / "quote.txt"], ["-"]):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(QUOTE.encode())))
        done = shell("verify", *arguments, "--json", "--index", article_folder)
        found = json.loads(done.out)
        assert found["verdict"] == "verified"
        assert found["matches"][0]["citation"]["paragraph"] == 2


def test_what_cannot_be_read_or_checked_is_one_line(
    shell: Shell, article_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "odd.txt").write_bytes(b"\xff\xfe\x00")
    for arguments in (["--file", tmp_path / "odd.txt"], ["--file", tmp_path / "none"], ["“”"], []):
        check_failure(shell("verify", *arguments, "--index", article_folder), 2)
