"""The public surface: every name is meant, documented and stable; records are frozen."""

from __future__ import annotations

import inspect
import re
from dataclasses import FrozenInstanceError, fields, is_dataclass
from types import ModuleType

import pytest

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


def test_nothing_public_is_missing_from_the_list() -> None:
    public = {
        name
        for name, item in vars(qa_bot).items()
        if not name.startswith("_") and not isinstance(item, ModuleType)
    }
    assert public | {"__version__"} == set(qa_bot.__all__)


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
