"""A plain ``ask`` goes past Typer, and is what it is through it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import Shell

from qa_bot.shell.asking import Way
from qa_bot.shell.entry import plain_ask


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (["ask", "Who?"], (["Who?"], Path("index"), Way())),
        (
            ["ask", "Who?", "And why?", "--json"],
            (["Who?", "And why?"], Path("index"), Way(as_json=True)),
        ),
        (["ask", "--index", "there", "Who?", "--mark"], (["Who?"], Path("there"), Way(mark=True))),
        (["ask"], None),
        (["ask", "-"], None),
        (["ask", "--help"], None),
        (["ask", "Who?", "--index"], None),
        (["ask", "Who?", "--index", "--json"], None),
        (["ask", "Who?", "--reader", "none"], None),
        (["ask", "Who?", "--", "-why"], None),
        (["status"], None),
        ([], None),
    ],
)
def test_only_what_is_surely_meant_goes_past_typer(arguments: Sequence[str], asked: object) -> None:
    assert plain_ask(arguments) == asked


def test_both_ways_print_the_same(shell: Shell, article_folder: Path) -> None:
    for more in ((), ("--json",), ("--mark",)):
        plain = ("ask", "What is a CSBM?", "--index", str(article_folder), *more)
        assert plain_ask(plain)
        through_typer = (*plain, "-k", "5")
        assert not plain_ask(through_typer)
        assert shell(*plain) == shell(*through_typer)


def test_both_ways_refuse_alike(shell: Shell, tmp_path: Path) -> None:
    for question, index in (("?!", "."), ("Who?", str(tmp_path / "nowhere"))):
        plain = shell("ask", question, "--index", index)
        assert plain == shell("ask", question, "--index", index, "-k", "5")
        assert plain.code
