"""``qa-bot ask`` without a question: a conversation, and only on a terminal."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import ARTICLE, Shell, check_failure
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from qa_bot import Index
from qa_bot.models.reader import DEFAULT_READER
from qa_bot.shell.prompt import NameCompleter, Settings, Talk, talk


def lines(*texts: str) -> Callable[[], str]:
    """What a person types, one line after another."""
    left = list(texts)

    def read() -> str:
        if not left:
            raise EOFError
        return left.pop(0)

    return read


def test_without_a_terminal_a_question_is_needed(shell: Shell) -> None:
    assert "No question" in check_failure(shell("ask"), 2)


def test_a_follow_up_is_told_what_was_asked(
    article: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(reader=DEFAULT_READER)
    talk(article, settings, lines("Why is Iceland important?", "And Poland?", ":quit", "Never?"))
    said = capsys.readouterr().out
    assert "strategic location" in said
    assert "Understood as: Why is Poland important?" in said
    assert "Never" not in said


def test_again_asks_the_last_question_by_itself(article: Index) -> None:
    talking = Talk(article, Settings())
    assert talking.say("Why is Iceland important?")
    assert talking.say("And Poland?")
    assert talking.last is not None
    assert talking.last.understood_as
    assert talking.say(":again")
    assert talking.last.question == "And Poland?"
    assert talking.last.understood_as == ""
    assert [turn.question for turn in talking.turns] == ["Why is Iceland important?", "And Poland?"]


def test_commands_change_how_questions_are_asked(
    article: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    talking = Talk(article, Settings())
    for line in (":k 8", f":documents {ARTICLE}", ":strict 0.9", "", ":help"):
        assert talking.say(line)
    assert talking.settings == Settings(8, (ARTICLE,), 0.9)
    assert talking.say(":documents")
    assert talking.say(":strict")
    assert talking.settings == Settings(8)
    assert not talking.say(":quit")
    assert ARTICLE in capsys.readouterr().out


def test_a_wrong_command_is_told_and_the_conversation_goes_on(
    article: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    talk(article, Settings(), lines(":k none", ":strict 2", ":documents gone.txt", "?", ":k 3"))
    told = capsys.readouterr()
    assert told.err.count("Error:") == 4
    assert "3 passages are ranked." in told.out


def test_commands_and_names_of_documents_are_completed() -> None:
    completer = NameCompleter(["epa/goals.pdf", "dol.pdf"])

    def after(text: str) -> list[str]:
        found = completer.get_completions(Document(text), CompleteEvent())
        return [one.text for one in found]

    assert after(":do") == [":documents"]
    assert after(":documents e") == ["epa/goals.pdf"]
    assert after(":documents dol.pdf ") == ["epa/goals.pdf", "dol.pdf"]
    assert after("What is dol") == []
    assert after(":k ") == []
