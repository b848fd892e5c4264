"""The public surface: every name is meant, documented and stable; records are frozen."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from dataclasses import FrozenInstanceError, fields, is_dataclass
from pathlib import Path

import pytest
from conftest import ROOT

import qa_bot
from qa_bot import errors, records

ERRORS = [
    item
    for item in vars(errors).values()
    if inspect.isclass(item) and item.__module__ == errors.__name__
]
RECORDS = [item for item in vars(records).values() if is_dataclass(item) and isinstance(item, type)]


def test_the_list_of_names_is_sorted_and_without_repetition() -> None:
    assert qa_bot.__all__ == sorted(set(qa_bot.__all__))


def test_every_name_is_in_one_list_for_all_who_look_for_it() -> None:
    """What is loaded when it is first asked for, what type checkers see, and ``dir``."""
    tree = ast.parse(Path(qa_bot.__file__).read_text(encoding="utf-8"))
    checked = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.name: str(node.module).removeprefix("qa_bot.")
        for node in checked.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == qa_bot._PLACES
    assert set(seen) == set(qa_bot.__all__)
    assert set(qa_bot.__all__) <= set(dir(qa_bot))


def test_what_is_not_there_is_told_as_ever() -> None:
    with pytest.raises(AttributeError, match="module 'qa_bot' has no attribute 'answers'"):
        _ = qa_bot.answers  # type: ignore[attr-defined]


def test_importing_the_package_imports_no_room() -> None:
    code = "import sys, qa_bot; print(*(m for m in sys.modules if m[:7] in ('qa_bot.', 'numpy')))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert not done.stdout.split()


@pytest.mark.parametrize("name", qa_bot.__all__)
def test_a_public_name_is_there_and_documented(name: str) -> None:
    item = getattr(qa_bot, name)
    if name == "__version__":
        assert re.fullmatch(r"\d+\.\d+\.\d+", item)
        return
    assert item.__name__ == name
    written = item.__doc__ or ""
    assert written.strip()
    assert not written.startswith(f"{name}("), "a docstring of its own, not the dataclass's"


@pytest.mark.parametrize("name", qa_bot.__all__)
def test_the_public_members_of_a_public_class_are_documented(name: str) -> None:
    item = getattr(qa_bot, name)
    members = vars(item).items() if inspect.isclass(item) else ()
    for member, value in members:
        is_code = inspect.isfunction(value) or isinstance(value, property)
        if is_code and not member.startswith("_"):
            assert value.__doc__, f"{name}.{member}"


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_is_documented_public_and_in_the_tree(error: type[Exception]) -> None:
    assert issubclass(error, errors.QaBotError)
    assert error.__doc__
    assert getattr(qa_bot, error.__name__) is error


def test_the_drawn_tree_of_errors_is_the_real_one() -> None:
    drawn: dict[str, str] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").split("::")[1].splitlines():
        if match := re.match(r"    ([│├└─ ]*)(\w+Error)\b", line):
            depth = len(match[1]) // 4
            above[depth:] = [match[2]]
            drawn[match[2]] = above[depth - 1] if depth else "Exception"
    assert drawn == {error.__name__: error.__bases__[0].__name__ for error in ERRORS}


def test_messages_are_one_line_that_says_what_to_do() -> None:
    assert str(qa_bot.EmptyQuestionError()) == "The question is empty: ask something, in words."
    assert "`qa-bot status`" in str(qa_bot.UnknownDocumentError("a.txt"))


@pytest.mark.parametrize("record", RECORDS)
def test_records_cannot_be_changed(record: type) -> None:
    instance: object = object.__new__(record)
    for field in fields(record):
        with pytest.raises(FrozenInstanceError):
            setattr(instance, field.name, None)


def test_equal_documents_have_equal_digests_and_changed_ones_do_not() -> None:
    one, same, other = (
        qa_bot.Document(name, "T", text, (qa_bot.Section((), 0, 1),), ())
        for name, text in [("a.txt", "x"), ("b.txt", "x"), ("a.txt", "y")]
    )
    assert one.digest == same.digest != other.digest
    assert re.fullmatch(r"[0-9a-f]{16}", one.digest)


@pytest.mark.parametrize(
    ("pages", "printed"),
    [
        ((), "T › A › B, ¶ 2"),
        ((qa_bot.Page("iv", 6),), "T › A › B, ¶ 2, p. iv (6)"),
        ((qa_bot.Page("7", 7), qa_bot.Page("8", 8)), "T › A › B, ¶ 2, pp. 7–8"),
        ((qa_bot.Page("", 7), qa_bot.Page("", 8), qa_bot.Page("", 9)), "T › A › B, ¶ 2, pp. 7–9"),
    ],
)
def test_a_citation_prints_where_a_quote_stands(
    pages: tuple[qa_bot.Page, ...], printed: str
) -> None:
    citation = qa_bot.Citation("a.pdf", "T", ("A", "B"), 2, pages, "b", "0" * 16, 0, 5)
    assert str(citation) == printed
